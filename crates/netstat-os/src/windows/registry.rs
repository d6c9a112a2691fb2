//! Values of a key of the registry, as [`Question::RegistryValues`] answers them.
//!
//! [`Question::RegistryValues`]: super::source::Question::RegistryValues

use super::memory::{text, u32_at, units};
use std::ffi::OsString;

/// A value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) name: OsString,
    pub(super) data: &'a [u8],
}

/// Hands over the values of a key, which come packed: the length of the name in bytes, the name as UTF-16, the length
/// of the data, the data. Answers how many were not taken; what is cut off counts as one.
pub(super) fn decode_values(mut packed: &[u8], mut take: impl FnMut(&Value<'_>) -> bool) -> u64 {
    let mut odd = 0;
    while !packed.is_empty() {
        let Some((value, rest)) = decode_value(packed) else { return odd + 1 };
        odd += u64::from(!take(&value));
        packed = rest;
    }
    odd
}

impl Value<'_> {
    /// A `REG_DWORD`.
    pub(super) fn number(&self) -> Option<u32> {
        u32_at(self.data, 0).filter(|_| self.data.len() == 4)
    }

    /// A `REG_SZ`, to its zero.
    pub(super) fn text(&self) -> OsString {
        text(&units(self.data).take_while(|&unit| unit != 0).collect::<Vec<_>>())
    }
}

fn decode_value(packed: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (name, rest) = split(packed)?;
    let (data, rest) = split(rest)?;
    Some((Value { name: text(&units(name).collect::<Vec<_>>()), data }, rest))
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    bytes.get(4..)?.split_at_checked(u32_at(bytes, 0)? as usize)
}
