//! Memory that is shared with the kernel: the buffers that BPF programs and packet sockets fill.
#![expect(unsafe_code, reason = "mmap(2) and munmap(2) are unsafe by nature")]

use rustix::fd::{AsFd, AsRawFd};
use std::io;
use std::ptr::NonNull;

/// A mapping of shared memory, which begins at a page and is at least one long.
pub(super) struct Mapping {
    /// Its begin.
    pub(super) at: NonNull<u8>,
    /// Its bytes.
    pub(super) length: usize,
}

impl Mapping {
    /// Maps so many bytes of a file or socket.
    ///
    /// # Errors
    /// That of mmap(2).
    pub(super) fn new(of: impl AsFd, offset: usize, length: usize, protection: i32) -> io::Result<Self> {
        let offset = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let file = of.as_fd().as_raw_fd();
        // SAFETY: a new mapping at a place that the kernel chooses touches no other memory.
        let at =
            unsafe { libc::mmap(std::ptr::null_mut(), length, protection, libc::MAP_SHARED, file, offset) };
        match NonNull::new(at.cast::<u8>()) {
            Some(place) if at != libc::MAP_FAILED => Ok(Self { at: place, length }),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is of this length, and nothing borrows from it any more.
        unsafe { libc::munmap(self.at.as_ptr().cast(), self.length) };
    }
}

// SAFETY: the mapping belongs to this value alone, and memory may be used from any thread.
unsafe impl Send for Mapping {}
