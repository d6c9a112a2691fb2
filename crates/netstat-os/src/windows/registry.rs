//! Values of a registry key, as [`Question::RegistryValues`] returns them.
//!
//! [`Question::RegistryValues`]: super::source::Question::RegistryValues

use super::memory::{text_before_zero, text_of, u32_at};
use std::ffi::OsString;

/// A value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) name: OsString,
    pub(super) data: &'a [u8],
}

impl Value<'_> {
    /// Reads a `REG_DWORD`.
    pub(super) fn number(&self) -> Option<u32> {
        u32_at(self.data, 0).filter(|_| self.data.len() == 4)
    }

    /// Reads a `REG_SZ`.
    pub(super) fn text(&self) -> OsString {
        text_before_zero(self.data)
    }
}

/// Hands each value of a key to `take`. They are packed: the length of the name in bytes, the name in UTF-16, the length
/// of the data, the data. Returns how many were refused; a value that is cut off counts as one.
pub(super) fn decode_values(mut packed: &[u8], mut take: impl FnMut(&Value<'_>) -> bool) -> u64 {
    let mut refused = 0;
    while !packed.is_empty() {
        let Some((value, rest)) = decode_value(packed) else { return refused + 1 };
        refused += u64::from(!take(&value));
        packed = rest;
    }
    refused
}

fn decode_value(packed: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (name, rest) = split(packed)?;
    let (data, rest) = split(rest)?;
    Some((Value { name: text_of(name), data }, rest))
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    bytes.get(4..)?.split_at_checked(u32_at(bytes, 0)? as usize)
}
