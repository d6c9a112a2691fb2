//! Reads the options of a socket that have a structure of their own.
#![expect(unsafe_code, reason = "rustix has no getsockopt(2) for any option")]

use rustix::fd::{AsRawFd, BorrowedFd};
use std::io;

/// Reads an option into `into`, which also tells the kernel what is asked for, and returns how many bytes of it the kernel
/// has written.
///
/// # Errors
/// That of getsockopt(2).
pub(super) fn get(socket: BorrowedFd<'_>, level: i32, name: i32, into: &mut [u8]) -> io::Result<usize> {
    let mut length = libc::socklen_t::try_from(into.len()).map_err(io::Error::other)?;
    // SAFETY: the kernel reads and writes at most `length` bytes of `into`, which has that many, and the length; both live
    // through the call.
    let answer = unsafe {
        libc::getsockopt(socket.as_raw_fd(), level, name, into.as_mut_ptr().cast(), &raw mut length)
    };
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(usize::try_from(length).unwrap_or(usize::MAX).min(into.len()))
}
