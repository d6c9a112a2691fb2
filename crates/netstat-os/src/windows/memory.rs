//! What a function of Windows wrote into memory, and reading of it. Nothing here trusts a length or a pointer.

use std::ffi::OsString;
use std::io;

/// The memory that an answer was written to. Answers may point into themselves, so where it lay belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Memory {
    address: u64,
    bytes: Vec<u8>,
}

impl Memory {
    /// The bytes that lay at an address.
    pub(crate) fn new(address: u64, bytes: Vec<u8>) -> Self {
        Self { address, bytes }
    }

    /// Bytes without pointers.
    pub(crate) fn flat(bytes: Vec<u8>) -> Self {
        Self::new(0, bytes)
    }

    /// With eight bytes more before it.
    pub(crate) fn after(self, first: u64) -> Self {
        let bytes = [first.to_le_bytes().as_slice(), &self.bytes].concat();
        Self { address: self.address.wrapping_sub(8), bytes }
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As it stands in a recording: the address, then the bytes.
    pub(super) fn to_recording(&self) -> Vec<u8> {
        [self.address.to_le_bytes().as_slice(), &self.bytes].concat()
    }

    /// From a recording.
    pub(super) fn from_recording(recorded: &[u8]) -> io::Result<Self> {
        let (address, bytes) = recorded.split_first_chunk().ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self::new(u64::from_le_bytes(*address), bytes.to_vec()))
    }

    /// What lies where a pointer of the answer leads, to the end of the answer; `None` where it leads out of it.
    pub(crate) fn at(&self, pointer: u64) -> Option<&[u8]> {
        self.bytes.get(usize::try_from(pointer.checked_sub(self.address)?).ok()?..)
    }

    /// The UTF-16 text that a pointer leads to, up to its zero; `None` for no pointer and for a text without an end.
    pub(crate) fn text_at(&self, pointer: u64) -> Option<OsString> {
        let units: Vec<u16> = units(self.at(pointer)?).collect();
        let end = units.iter().position(|&unit| unit == 0)?;
        Some(text(units.get(..end)?))
    }
}

/// The 16-bit units of some bytes.
pub(crate) fn units(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks_exact(2).filter_map(|pair| Some(u16::from_le_bytes(pair.try_into().ok()?)))
}

/// Text of Windows: UTF-16 in which surrogates need not come in pairs.
#[cfg(windows)]
pub(crate) fn text(units: &[u16]) -> OsString {
    std::os::windows::ffi::OsStringExt::from_wide(units)
}

/// As above, where only tests of the decoders run: lone surrogates are replaced.
#[cfg(not(windows))]
pub(crate) fn text(units: &[u16]) -> OsString {
    String::from_utf16_lossy(units).into()
}

/// The bytes of an array at an offset.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}

/// A `BYTE` or a `BOOLEAN` at an offset.
pub(crate) fn u8_at(bytes: &[u8], offset: usize) -> Option<u8> {
    bytes.get(offset).copied()
}

/// A `u16` at an offset.
pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    array_at(bytes, offset).map(u16::from_le_bytes)
}

/// A `DWORD` at an offset.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    array_at(bytes, offset).map(u32::from_le_bytes)
}

/// A `ULONG64`, a `FILETIME` or a pointer at an offset.
pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    array_at(bytes, offset).map(u64::from_le_bytes)
}

/// The rows of a table: a count, then from `first` on so many rows of `size` bytes. The second part of the answer is
/// how many of them the table says to have and does not.
pub(crate) fn rows(table: &[u8], first: usize, size: usize) -> (impl Iterator<Item = &[u8]>, u64) {
    let count = u32_at(table, 0).unwrap_or(0) as usize;
    let whole = table.get(first..).unwrap_or_default().chunks_exact(size);
    let lacking = count.saturating_sub(whole.len()) as u64;
    (whole.take(count), lacking)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pointer_leads_into_the_answer_or_nowhere() {
        let memory = Memory::new(0x1000, b"a\0b\0\0\0c\0".to_vec());
        assert_eq!(memory.text_at(0x1000).unwrap(), "ab");
        assert_eq!(memory.text_at(0x1002).unwrap(), "b");
        assert_eq!(memory.text_at(0x1006), None, "it has no end");
        assert_eq!((memory.at(0xfff), memory.at(0), memory.at(u64::MAX)), (None, None, None));
        assert_eq!(memory.at(0x1008), Some(&[][..]));
        assert_eq!(memory.at(0x1009), None);
        assert_eq!(Memory::from_recording(&memory.to_recording()).unwrap(), memory);
        assert!(Memory::from_recording(&[0; 7]).is_err());
    }

    #[test]
    fn rows_are_as_many_as_there_are() {
        let table = [3, 0, 0, 0, 1, 2, 3, 4, 5];
        let (rows, lacking) = rows(&table, 4, 2);
        assert_eq!((rows.collect::<Vec<_>>(), lacking), (vec![&[1, 2][..], &[3, 4]], 1));
    }

    proptest! {
        #[test]
        fn no_bytes_and_no_pointer_panic(address: u64, bytes: Vec<u8>, pointer: u64, near in 0u64..64) {
            let memory = Memory::new(address, bytes);
            let _ = (memory.text_at(pointer), memory.text_at(address.wrapping_add(near)));
            let (rows, _) = rows(memory.bytes(), 8, 5);
            prop_assert!(rows.count() <= memory.bytes().len());
        }
    }
}
