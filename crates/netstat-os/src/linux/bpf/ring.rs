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

/// The most bytes that are mapped at a time, but for a record that is larger. What is mapped counts as memory of this process.
const WINDOW: u64 = 1 << 20;

/// The buffer, and how far it was read.
pub(super) struct Ring {
    file: OwnedFd,
    /// Up to where the reader has let go.
    released: Mapping,
    /// Up to where the kernel has written.
    written: Mapping,
    /// Bytes of a page. Behind one page each for the two numbers come the data, twice in a row, so that no record is broken in
    /// two.
    page: u64,
    /// Bytes of the data, a power of two.
    size: u64,
    /// Up to where it was read.
    read: u64,
}

impl Ring {
    /// Opens a buffer of `size` bytes.
    pub(super) fn new(file: OwnedFd, size: u32) -> io::Result<Self> {
        let page = rustix::param::page_size();
        let released = Mapping::new(&file, 0, page, libc::PROT_READ | libc::PROT_WRITE)?;
        let written = Mapping::new(&file, page, page, libc::PROT_READ)?;
        let read = number(&released).load(Ordering::Acquire);
        Ok(Self { file, released, written, page: page as u64, size: size.into(), read })
    }

    /// Passes on the records that were not read yet, up to one that is still being written.
    ///
    /// # Errors
    /// When the system has no memory to map the buffer: the rest is read the next time. When what is there is no record:
    /// nothing of what is written is read then.
    pub(super) fn read(&mut self, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let mut wanted = WINDOW;
        loop {
            let written = number(&self.written).load(Ordering::Acquire);
            let length = written.saturating_sub(self.read).min(wanted).min(self.size);
            if length < HEADER {
                return Ok(());
            }
            let window = self.map(length)?;
            match self.read_window(&window, each) {
                Stop::End => {}
                Stop::Busy => return Ok(()),
                Stop::Needs(bytes) if bytes <= written.saturating_sub(self.read).min(self.size) => {
                    wanted = bytes.max(WINDOW);
                }
                Stop::Needs(_) => {
                    self.read = written;
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
        }
    }

    /// Maps so many bytes from where it was read on.
    fn map(&self, length: u64) -> io::Result<Window> {
        let from = self.read % self.size;
        let before = from % self.page;
        let offset = usize::try_from(2 * self.page + from - before);
        let (Ok(offset), Ok(before), Ok(length)) = (offset, usize::try_from(before), usize::try_from(length))
        else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mapping = Mapping::new(&self.file, offset, before + length, libc::PROT_READ)?;
        Ok(Window { mapping, before, length })
    }

    fn read_window(&mut self, window: &Window, each: &mut dyn FnMut(&[u8])) -> Stop {
        let mut at = 0;
        loop {
            let Some(header) = window.at(at, HEADER) else { return Stop::End };
            // SAFETY: the header lies in the mapping at a multiple of 8; the kernel writes its length atomically.
            let length =
                unsafe { header.cast::<std::sync::atomic::AtomicU32>().as_ref() }.load(Ordering::Acquire);
            if length & BUSY != 0 {
                return Stop::Busy;
            }
            let bytes = u64::from(length & !(BUSY | DISCARDED));
            let Some(record) = window.at(at + HEADER, bytes) else {
                return if at == 0 { Stop::Needs(HEADER + bytes) } else { Stop::End };
            };
            if length & DISCARDED == 0
                && let Ok(length) = usize::try_from(bytes)
            {
                // SAFETY: `at` has checked that so many bytes lie in the mapping. The kernel does not change a record that is
                // no longer being written until it was let go, which takes `&mut self`.
                each(unsafe { std::slice::from_raw_parts(record.as_ptr(), length) });
            }
            let whole = (HEADER + bytes).next_multiple_of(8);
            at += whole;
            self.read += whole;
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
}

/// Why no further record of a window was read.
enum Stop {
    /// The window ends.
    End,
    /// The next record is still being written.
    Busy,
    /// The first record is larger than the window: so many bytes are needed.
    Needs(u64),
}

/// A part of the data that is mapped.
struct Window {
    mapping: Mapping,
    /// Bytes before it, from the start of its page on.
    before: usize,
    length: usize,
}

impl Window {
    /// Returns the place of so many bytes, if they lie in the window.
    fn at(&self, from: u64, bytes: u64) -> Option<NonNull<u8>> {
        let (from, bytes) = (usize::try_from(from).ok()?, usize::try_from(bytes).ok()?);
        if from.checked_add(bytes)? > self.length {
            return None;
        }
        // SAFETY: the mapping has `before` and `length` bytes, and this is no further.
        Some(unsafe { self.mapping.at.add(self.before + from) })
    }
}

/// Returns the number at the start of a mapping.
fn number(mapping: &Mapping) -> &AtomicU64 {
    // SAFETY: a mapping begins at a page and is at least one long; others, in the kernel too, use atomic operations.
    unsafe { mapping.at.cast().as_ref() }
}
