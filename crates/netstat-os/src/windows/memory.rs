//! Memory that a function of Windows wrote, and checked reads from it: no length and no pointer in it is trusted.

use netstat_model::Family;
use std::ffi::OsString;
use std::io;
use std::net::IpAddr;

/// The bytes of an answer and the address they lay at, because answers may point into themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Memory {
    address: u64,
    bytes: Vec<u8>,
}

impl Memory {
    /// Bytes that lay at an address.
    pub(crate) fn new(address: u64, bytes: Vec<u8>) -> Self {
        Self { address, bytes }
    }

    /// Bytes without pointers.
    #[cfg(any(windows, test))]
    pub(crate) fn flat(bytes: Vec<u8>) -> Self {
        Self::new(0, bytes)
    }

    /// The same with eight bytes put before it.
    #[cfg(any(windows, test))]
    pub(crate) fn after(self, first: u64) -> Self {
        let bytes = [first.to_le_bytes().as_slice(), &self.bytes].concat();
        Self { address: self.address.wrapping_sub(8), bytes }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The form of a recording: the address, then the bytes.
    #[cfg(any(windows, test))]
    pub(super) fn to_recording(&self) -> Vec<u8> {
        [self.address.to_le_bytes().as_slice(), &self.bytes].concat()
    }

    /// Reads the form of a recording.
    pub(super) fn from_recording(recorded: &[u8]) -> io::Result<Self> {
        let (address, bytes) = recorded.split_first_chunk().ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self::new(u64::from_le_bytes(*address), bytes.to_vec()))
    }

    /// Follows a pointer. Returns the bytes from there to the end; `None` if it points outside.
    pub(crate) fn at(&self, pointer: u64) -> Option<&[u8]> {
        self.bytes.get(usize::try_from(pointer.checked_sub(self.address)?).ok()?..)
    }

    /// Follows a pointer to zero-terminated UTF-16. `None` if it points outside or the zero is missing.
    pub(crate) fn text_at(&self, pointer: u64) -> Option<OsString> {
        let units: Vec<u16> = units(self.at(pointer)?).collect();
        let end = units.iter().position(|&unit| unit == 0)?;
        Some(text(units.get(..end)?))
    }
}

/// The UTF-16 units of some bytes.
pub(crate) fn units(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks_exact(2).filter_map(|pair| Some(u16::from_le_bytes(pair.try_into().ok()?)))
}

/// Converts UTF-16, in which surrogates need not come in pairs.
#[cfg(windows)]
pub(crate) fn text(units: &[u16]) -> OsString {
    std::os::windows::ffi::OsStringExt::from_wide(units)
}

/// Converts UTF-16. Replaces lone surrogates, which no text of other systems can have.
#[cfg(not(windows))]
pub(crate) fn text(units: &[u16]) -> OsString {
    String::from_utf16_lossy(units).into()
}

/// Converts bytes of UTF-16, all of them.
pub(super) fn text_of(bytes: &[u8]) -> OsString {
    text(&units(bytes).collect::<Vec<_>>())
}

/// Converts bytes of UTF-16 up to the first zero.
pub(super) fn text_before_zero(bytes: &[u8]) -> OsString {
    text(&units(bytes).take_while(|&unit| unit != 0).collect::<Vec<_>>())
}

pub(crate) fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}

/// Reads a `BYTE` or a `BOOLEAN` at an offset.
pub(crate) fn u8_at(bytes: &[u8], offset: usize) -> Option<u8> {
    bytes.get(offset).copied()
}

/// Reads a `USHORT` at an offset.
pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    array_at(bytes, offset).map(u16::from_le_bytes)
}

/// Reads a `DWORD` at an offset.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    array_at(bytes, offset).map(u32::from_le_bytes)
}

/// Reads a `ULONG64`, a `FILETIME` or a pointer at an offset.
pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    array_at(bytes, offset).map(u64::from_le_bytes)
}

pub(super) fn address_at(bytes: &[u8], family: Family, offset: usize) -> Option<IpAddr> {
    Some(match family {
        Family::V4 => IpAddr::from(array_at::<4>(bytes, offset)?),
        Family::V6 => IpAddr::from(array_at::<16>(bytes, offset)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pointer_leads_into_the_answer_or_is_refused() {
        let memory = Memory::new(0x1000, b"a\0b\0\0\0c\0".to_vec());
        assert_eq!(memory.text_at(0x1000).unwrap(), "ab");
        assert_eq!(memory.text_at(0x1002).unwrap(), "b");
        assert_eq!(memory.text_at(0x1006), None, "no zero ends it");
        assert_eq!((memory.at(0xfff), memory.at(0), memory.at(u64::MAX)), (None, None, None));
        assert_eq!(memory.at(0x1008), Some(&[][..]));
        assert_eq!(memory.at(0x1009), None);
        assert_eq!(Memory::from_recording(&memory.to_recording()).unwrap(), memory);
        assert!(Memory::from_recording(&[0; 7]).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_and_no_pointer_panic(address: u64, bytes: Vec<u8>, pointer: u64, near in 0u64..64) {
            let memory = Memory::new(address, bytes);
            let _ = (memory.text_at(pointer), memory.text_at(address.wrapping_add(near)));
        }
    }
}
