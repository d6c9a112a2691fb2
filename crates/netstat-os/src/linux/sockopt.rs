//! What is asked of a socket and rustix has no call for.
#![expect(
    unsafe_code,
    reason = "rustix has no getsockopt(2) for any option, and no ioctl(2) that makes a descriptor"
)]

use rustix::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
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

/// `SIOCGSKNS` of linux/sockios.h. Linux 4.10.
const SIOCGSKNS: libc::Ioctl = 0x894c;

/// Opens the network namespace of a socket.
///
/// # Errors
/// That of ioctl(2): EPERM without `CAP_NET_ADMIN` in the namespace.
pub(super) fn namespace(socket: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    // SAFETY: this request has no argument, and changes nothing.
    let answer = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCGSKNS) };
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(answer) })
}
