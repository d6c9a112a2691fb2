//! Values of the registry.
#![expect(unsafe_code, reason = "no safe crate reads a whole registry key together with its errors")]

use super::error_of;
use crate::windows::memory::Memory;
use std::{io, ptr};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_MORE_DATA, ERROR_NO_MORE_ITEMS, NO_ERROR};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_ENUMERATE_SUB_KEYS, KEY_QUERY_VALUE, REG_SAM_FLAGS, RegCloseKey,
    RegEnumKeyExW, RegEnumValueW, RegOpenKeyExW, RegQueryValueExW,
};
use windows_sys::core::w;

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
        Self::open_for(path, KEY_QUERY_VALUE)
    }

    fn open_for(path: &str, rights: REG_SAM_FLAGS) -> io::Result<Self> {
        let path: Vec<u16> = path.encode_utf16().chain([0]).collect();
        let mut key = ptr::null_mut();
        // SAFETY: the path ends in a zero, and the pointer to the key is valid.
        match unsafe { RegOpenKeyExW(HKEY_LOCAL_MACHINE, path.as_ptr(), 0, rights, &mut key) } {
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
        pack(&mut packed, name.get(..units as usize), data.get(..bytes as usize));
        index += 1;
    }
}

/// Adds a value: the length of its name in bytes, the name, the length of its data, the data.
fn pack(packed: &mut Vec<u8>, name: Option<&[u16]>, data: Option<&[u8]>) {
    let name: Vec<u8> = name.unwrap_or_default().iter().flat_map(|unit| unit.to_le_bytes()).collect();
    for part in [name.as_slice(), data.unwrap_or_default()] {
        packed.extend_from_slice(&u32::try_from(part.len()).unwrap_or(0).to_le_bytes());
        packed.extend_from_slice(part);
    }
}

/// The key of the class of network adapters.
const ADAPTERS: &str = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e972-e325-11ce-bfc1-08002be10318}";

/// Reads the setting `*NetworkDirect` of each network adapter that has it, packed.
pub(super) fn network_direct() -> io::Result<Memory> {
    let class = Key::open_for(ADAPTERS, KEY_ENUMERATE_SUB_KEYS)?;
    let mut packed = Vec::new();
    for index in 0.. {
        let mut name = [0u16; 256];
        let mut units = u32::try_from(name.len()).unwrap_or(0);
        // SAFETY: the key is open, and the buffer has as many units as stated.
        let error = unsafe {
            let name = name.as_mut_ptr();
            let null = ptr::null_mut();
            RegEnumKeyExW(
                class.0,
                index,
                name,
                &mut units,
                ptr::null(),
                null,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        match error {
            NO_ERROR => {}
            ERROR_NO_MORE_ITEMS => break,
            error => return Err(error_of(error)),
        }
        let name = name.get(..units as usize).unwrap_or_default();
        // The keys of adapters are numbers of four digits. Others are of the class, and only administrators may open some.
        let is_adapter = name.len() == 4 && name.iter().all(|unit| (0x30..=0x39).contains(unit));
        if !is_adapter {
            continue;
        }
        let adapter = Key::open(&format!(r"{ADAPTERS}\{}", String::from_utf16_lossy(name)))?;
        let mut data = [0u8; 64];
        let mut bytes = u32::try_from(data.len()).unwrap_or(0);
        // SAFETY: the key is open, the name ends in a zero, and the buffer has as many bytes as stated.
        let error = unsafe {
            let value = w!("*NetworkDirect");
            RegQueryValueExW(adapter.0, value, ptr::null(), ptr::null_mut(), data.as_mut_ptr(), &mut bytes)
        };
        match error {
            NO_ERROR => pack(&mut packed, Some(name), data.get(..bytes as usize)),
            ERROR_FILE_NOT_FOUND => {}
            error => return Err(error_of(error)),
        }
    }
    Ok(Memory::flat(packed))
}
