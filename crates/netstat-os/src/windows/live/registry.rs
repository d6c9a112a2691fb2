//! Values of the registry.
#![expect(unsafe_code, reason = "no safe crate reads a whole registry key together with its errors")]

use super::error_of;
use crate::windows::memory::Memory;
use std::{io, ptr};
use windows_sys::Win32::Foundation::{ERROR_MORE_DATA, ERROR_NO_MORE_ITEMS, NO_ERROR};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_QUERY_VALUE, RegCloseKey, RegEnumValueW, RegOpenKeyExW,
};

/// The longest name of a value in UTF-16 units, with its terminating zero.
const NAME_UNITS: usize = 16_384;

/// Size of the first buffer for data in bytes.
const FIRST: usize = 4096;

/// Limit for the size of a value in bytes.
const LARGEST: usize = 1 << 26;

/// An open key, closed on drop.
struct Key(HKEY);

impl Key {
    /// Opens a key below `HKEY_LOCAL_MACHINE`.
    fn open(path: &str) -> io::Result<Self> {
        let path: Vec<u16> = path.encode_utf16().chain([0]).collect();
        let mut key = ptr::null_mut();
        // SAFETY: the path ends in a zero, and the pointer to the key is valid.
        match unsafe { RegOpenKeyExW(HKEY_LOCAL_MACHINE, path.as_ptr(), 0, KEY_QUERY_VALUE, &mut key) } {
            NO_ERROR => Ok(Self(key)),
            error => Err(error_of(error)),
        }
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the key is open and has no other owner.
        unsafe { RegCloseKey(self.0) };
    }
}

/// Reads all values of a key below `HKEY_LOCAL_MACHINE`, packed.
pub(super) fn values(path: &str) -> io::Result<Memory> {
    let key = Key::open(path)?;
    let (mut name, mut data) = (vec![0u16; NAME_UNITS], vec![0u8; FIRST]);
    let mut packed = Vec::new();
    let mut index = 0;
    loop {
        let mut units = u32::try_from(name.len()).unwrap_or(u32::MAX);
        let mut bytes = u32::try_from(data.len()).unwrap_or(u32::MAX);
        // SAFETY: the key is open, and both buffers are as long as stated.
        let error = unsafe {
            RegEnumValueW(
                key.0,
                index,
                name.as_mut_ptr(),
                &mut units,
                ptr::null(),
                ptr::null_mut(),
                data.as_mut_ptr(),
                &mut bytes,
            )
        };
        match error {
            NO_ERROR => {}
            ERROR_NO_MORE_ITEMS => return Ok(Memory::flat(packed)),
            // The same value again, with a larger buffer.
            ERROR_MORE_DATA if data.len() < LARGEST => {
                data.resize((bytes as usize).max(data.len() * 2).min(LARGEST), 0);
                continue;
            }
            error => return Err(error_of(error)),
        }
        packed.extend_from_slice(&units.saturating_mul(2).to_le_bytes());
        packed.extend(name.iter().take(units as usize).flat_map(|unit| unit.to_le_bytes()));
        packed.extend_from_slice(&bytes.to_le_bytes());
        packed.extend(data.iter().take(bytes as usize));
        index += 1;
    }
}
