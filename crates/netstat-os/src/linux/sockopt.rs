//! What is asked of a socket and rustix has no call for.
#![expect(
    unsafe_code,
    reason = "rustix has no getsockopt(2) and setsockopt(2) for any option, no bind(2) to interfaces, and no ioctl(2) that \
              makes a descriptor"
)]

use crate::contract::PacketTest;
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

/// Sets an option of a socket.
///
/// # Errors
/// That of setsockopt(2).
pub(super) fn set(socket: BorrowedFd<'_>, level: i32, name: i32, value: &[u8]) -> io::Result<()> {
    let length = libc::socklen_t::try_from(value.len()).map_err(io::Error::other)?;
    // SAFETY: the kernel reads `length` bytes of `value`, which has that many and lives through the call. No option is set by
    // this function that holds an address.
    let answer = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value.as_ptr().cast(), length) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Lets a program of classic BPF say which packets a socket gets, and how much of each.
///
/// # Errors
/// That of setsockopt(2): EINVAL for a program that the kernel does not accept.
pub(super) fn attach_filter(socket: BorrowedFd<'_>, program: &[PacketTest]) -> io::Result<()> {
    let mut code: Vec<libc::sock_filter> = program
        .iter()
        .map(|test| libc::sock_filter { code: test.code, jt: test.if_true, jf: test.if_false, k: test.value })
        .collect();
    let program = libc::sock_fprog {
        len: libc::c_ushort::try_from(code.len()).map_err(io::Error::other)?,
        filter: code.as_mut_ptr(),
    };
    let length = libc::socklen_t::try_from(size_of::<libc::sock_fprog>()).map_err(io::Error::other)?;
    // SAFETY: the kernel reads the structure and as many instructions as it says; both live through the call.
    let answer = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            length,
        )
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Begins to give a packet socket the packets of every interface, of every protocol.
///
/// # Errors
/// That of bind(2).
pub(super) fn bind_to_all_interfaces(socket: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: all zeros is a valid address, of no protocol and no interface.
    let mut address = unsafe { std::mem::zeroed::<libc::sockaddr_ll>() };
    let number = |number: i32| u16::try_from(number).map_err(io::Error::other);
    address.sll_family = number(libc::AF_PACKET)?;
    address.sll_protocol = number(libc::ETH_P_ALL)?.to_be();
    let length = libc::socklen_t::try_from(size_of::<libc::sockaddr_ll>()).map_err(io::Error::other)?;
    // SAFETY: the address is of this length and lives through the call.
    let answer = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
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
