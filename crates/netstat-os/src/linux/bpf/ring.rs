//! A ring buffer of records that BPF programs fill (`BPF_MAP_TYPE_RINGBUF`, Linux 5.8).
//!
//! The reader has two numbers: up to where it has read, and up to where it has let go. Only the latter stands in the
//! shared memory, so a record stays until what became of it is safe.
#![expect(unsafe_code, reason = "the buffer is memory shared with the kernel")]

use rustix::fd::{AsRawFd, OwnedFd};
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes before each record: its length and flags, and where its page is.
const HEADER: u64 = 8;

/// Flags in the length: the record is being written; it was given up.
const BUSY: u32 = 1 << 31;
const DISCARDED: u32 = 1 << 30;

/// A mapping of shared memory.
struct Mapping {
    at: NonNull<u8>,
    length: usize,
}

impl Mapping {
    fn new(of: &OwnedFd, offset: usize, length: usize, protection: i32) -> io::Result<Self> {
        let offset = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        // SAFETY: a new mapping at a place that the kernel chooses touches no other memory.
        let at = unsafe {
            libc::mmap(std::ptr::null_mut(), length, protection, libc::MAP_SHARED, of.as_raw_fd(), offset)
        };
        match NonNull::new(at.cast::<u8>()) {
            Some(place) if at != libc::MAP_FAILED => Ok(Self { at: place, length }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Returns the number at the begin of the mapping, which has room for one.
    fn number(&self) -> &AtomicU64 {
        // SAFETY: a mapping begins at a page and is at least one long; others, in the kernel too, use atomic operations.
        unsafe { self.at.cast().as_ref() }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is of this length, and nothing borrows from it any more.
        unsafe { libc::munmap(self.at.as_ptr().cast(), self.length) };
    }
}

/// The buffer, and how far it was read.
pub(super) struct Ring {
    /// Up to where the reader has let go.
    released: Mapping,
    /// Up to where the kernel has written, then the data, twice in a row so that no record is broken in two.
    written: Mapping,
    /// Bytes of a page, which lies before the data.
    page: usize,
    /// Bytes of the data, a power of two.
    size: u64,
    /// Up to where it was read.
    read: u64,
}

// SAFETY: the mappings belong to this value alone, and memory may be used from any thread.
unsafe impl Send for Ring {}

impl Ring {
    /// Maps a buffer of `size` bytes.
    pub(super) fn new(of: &OwnedFd, size: u32) -> io::Result<Self> {
        let page = rustix::param::page_size();
        let data = usize::try_from(size)
            .ok()
            .and_then(|size| size.checked_mul(2))
            .ok_or(io::ErrorKind::InvalidInput)?;
        let released = Mapping::new(of, 0, page, libc::PROT_READ | libc::PROT_WRITE)?;
        let written = Mapping::new(of, page, page + data, libc::PROT_READ)?;
        let read = released.number().load(Ordering::Acquire);
        Ok(Self { released, written, page, size: size.into(), read })
    }

    /// Passes on the records that were not read yet, up to one that is still being written.
    pub(super) fn read(&mut self, each: &mut dyn FnMut(&[u8])) {
        let written = self.written.number().load(Ordering::Acquire);
        while self.read < written {
            let Some(header) = self.at(self.read, HEADER) else { return };
            // SAFETY: the header lies in the mapping at a multiple of 8; the kernel writes its length atomically.
            let length =
                unsafe { header.cast::<std::sync::atomic::AtomicU32>().as_ref() }.load(Ordering::Acquire);
            if length & BUSY != 0 {
                return;
            }
            let bytes = u64::from(length & !(BUSY | DISCARDED));
            if length & DISCARDED == 0
                && let (Some(record), Ok(length)) =
                    (self.at(self.read + HEADER, bytes), usize::try_from(bytes))
            {
                // SAFETY: `at` has checked that so many bytes lie in the mapping. The kernel does not change a record
                // that is no longer being written until it was let go, which takes `&mut self`.
                each(unsafe { std::slice::from_raw_parts(record.as_ptr(), length) });
            }
            self.read += (HEADER + bytes).next_multiple_of(8);
        }
    }

    /// Lets go of what was read.
    pub(super) fn release(&mut self) {
        self.released.number().store(self.read, Ordering::Release);
    }

    /// Returns the place of so many bytes from a position on, if they lie in the mapping.
    fn at(&self, position: u64, bytes: u64) -> Option<NonNull<u8>> {
        let from = position % self.size;
        if from + bytes > 2 * self.size {
            return None;
        }
        let from = self.page + usize::try_from(from).ok()?;
        // SAFETY: the mapping has a page and twice `size` bytes, and this is no further.
        Some(unsafe { self.written.at.add(from) })
    }
}
