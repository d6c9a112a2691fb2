//! A ring buffer of records that BPF programs fill (`BPF_MAP_TYPE_RINGBUF`, Linux 5.8).
//!
//! The reader has two numbers: up to where it has read, and up to where it has let go. Only the latter stands in the
//! shared memory, so a record stays until what became of it is safe.
#![expect(unsafe_code, reason = "the buffer is memory shared with the kernel")]

use crate::linux::mapping::Mapping;
use rustix::fd::OwnedFd;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes before each record: its length and flags, and where its page is.
const HEADER: u64 = 8;

/// Flags in the length: the record is being written; it was given up.
const BUSY: u32 = 1 << 31;
const DISCARDED: u32 = 1 << 30;

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
        let read = number(&released).load(Ordering::Acquire);
        Ok(Self { released, written, page, size: size.into(), read })
    }

    /// Passes on the records that were not read yet, up to one that is still being written.
    pub(super) fn read(&mut self, each: &mut dyn FnMut(&[u8])) {
        let written = number(&self.written).load(Ordering::Acquire);
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

    /// Up to where it was read.
    pub(super) fn place(&self) -> u64 {
        self.read
    }

    /// Goes on with what is behind a place that an earlier reader told, and may not have let go of. Answers whether nothing of
    /// that is missing; otherwise everything that is there is read.
    pub(super) fn go_on_behind(&mut self, place: u64) -> bool {
        let released = number(&self.released).load(Ordering::Acquire);
        let written = number(&self.written).load(Ordering::Acquire);
        let is_there = (released..=written).contains(&place) && place.is_multiple_of(8);
        if is_there {
            self.read = place;
        }
        is_there
    }

    /// Lets go of what was read.
    pub(super) fn release(&mut self) {
        number(&self.released).store(self.read, Ordering::Release);
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

/// Returns the number at the begin of a mapping.
fn number(mapping: &Mapping) -> &AtomicU64 {
    // SAFETY: a mapping begins at a page and is at least one long; others, in the kernel too, use atomic operations.
    unsafe { mapping.at.cast().as_ref() }
}
