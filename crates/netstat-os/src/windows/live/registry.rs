//! Values of the registry.
#![expect(unsafe_code, reason = "no safe crate reads a whole registry key together with its errors")]

use super::error_of;
use crate::windows::memory::Memory;
use std::io;
use std::ptr;
use windows_sys::Win32::Foundation::{ERROR_MORE_DATA, ERROR_NO_MORE_ITEMS, NO_ERROR};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_QUERY_VALUE, RegCloseKey, RegEnumValueW, RegOpenKeyExW, RegQueryInfoKeyW,
};

/// How often a value may have grown between two calls.
const ATTEMPTS: usize = 20;

/// An open key, closed in the end.
struct Key(HKEY);

impl Key {
    fn open(path: &str) -> io::Result<Self> {
        let path: Vec<u16> = path.encode_utf16().chain([0]).collect();
        let mut key = ptr::null_mut();
        // SAFETY: the path ends in a zero, and the place for the key is valid.
        match unsafe { RegOpenKeyExW(HKEY_LOCAL_MACHINE, path.as_ptr(), 0, KEY_QUERY_VALUE, &mut key) } {
            NO_ERROR => Ok(Self(key)),
            error => Err(error_of(error)),
        }
    }

    /// Room for the longest name, in units, and for the longest data, in bytes.
    fn room(&self) -> io::Result<(Vec<u16>, Vec<u8>)> {
        let (mut name, mut data) = (0, 0);
        let none = ptr::null_mut();
        let none_text = ptr::null_mut();
        // SAFETY: the key is open, and the places for the two lengths are valid.
        let error = unsafe {
            RegQueryInfoKeyW(
                self.0,
                none_text,
                none,
                ptr::null(),
                none,
                none,
                none,
                none,
                &mut name,
                &mut data,
                none,
                ptr::null_mut(),
            )
        };
        match error {
            NO_ERROR => Ok((vec![0; name as usize + 1], vec![0; data as usize])),
            error => Err(error_of(error)),
        }
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the key is open, and closed once.
        unsafe { RegCloseKey(self.0) };
    }
}

/// All values of a key below `HKEY_LOCAL_MACHINE`, packed.
pub(super) fn values(path: &str) -> io::Result<Memory> {
    let key = Key::open(path)?;
    for _ in 0..ATTEMPTS {
        if let Some(packed) = pack(&key)? {
            return Ok(Memory::flat(packed));
        }
    }
    Err(error_of(ERROR_MORE_DATA))
}

/// The values; `None` where one has grown meanwhile.
fn pack(key: &Key) -> io::Result<Option<Vec<u8>>> {
    let (mut name, mut data) = key.room()?;
    let mut packed = Vec::new();
    for index in 0.. {
        let mut units = u32::try_from(name.len()).unwrap_or(u32::MAX);
        let mut bytes = u32::try_from(data.len()).unwrap_or(u32::MAX);
        // SAFETY: both buffers have as much room as is said, and the answer says how much was used.
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
            ERROR_NO_MORE_ITEMS => break,
            ERROR_MORE_DATA => return Ok(None),
            error => return Err(error_of(error)),
        }
        packed.extend_from_slice(&units.saturating_mul(2).to_le_bytes());
        packed.extend(name.iter().take(units as usize).flat_map(|unit| unit.to_le_bytes()));
        packed.extend_from_slice(&bytes.to_le_bytes());
        packed.extend(data.iter().take(bytes as usize));
    }
    Ok(Some(packed))
}
