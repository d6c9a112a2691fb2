//! The system calls without a safe wrapper: a new network namespace, a TUN device, `TCP_INFO`,
//! `TCP_DEFER_ACCEPT`, `IP_TRANSPARENT`, `IP_RECVERR`, control data, `wait4`.
#![expect(unsafe_code, reason = "rustix has no safe call for network namespaces and TUN devices")]

use rustix::fs::{Mode, OFlags};
use rustix::thread::UnshareFlags;
use std::ffi::c_short;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// Moves the calling thread to a new network namespace. Needs `CAP_SYS_ADMIN`.
pub(crate) fn unshare_network() -> io::Result<()> {
    // SAFETY: CLONE_NEWNET replaces the network namespace of this thread only. Descriptors, memory and signal
    // handlers stay shared, so nothing that Rust code relies on changes under another thread.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }.map_err(io::Error::from)
}

/// Gives the calling thread mounts of its own. Needs `CAP_SYS_ADMIN`.
pub(crate) fn unshare_mounts() -> io::Result<()> {
    // SAFETY: CLONE_NEWNS replaces the mounts of this thread only, and with them the folder that paths are relative to, which
    // stays the same one. Descriptors, memory and signal handlers stay shared.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) }.map_err(io::Error::from)
}

/// Makes a TUN device (IP packets without a header before them) in the namespace of the calling thread. It
/// exists until the descriptor is closed. The descriptor is non-blocking. Needs `CAP_NET_ADMIN`.
pub(crate) fn open_tun(name: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let tun = rustix::fs::open("/dev/net/tun", flags, Mode::empty())?;
    // SAFETY: ifreq is plain old data of integers, pointers and unions of them; all zeroes is a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    let room = request.ifr_name.len() - 1;
    for (slot, byte) in request.ifr_name.iter_mut().take(room).zip(name.bytes()) {
        *slot = libc::c_char::from_ne_bytes([byte]);
    }
    request.ifr_ifru.ifru_flags =
        c_short::try_from(libc::IFF_TUN | libc::IFF_NO_PI).map_err(io::Error::other)?;
    // SAFETY: TUNSETIFF reads and writes one ifreq; `request` is one, lives through the call, and its name ends
    // with a zero byte because the last slot is never written.
    if unsafe { libc::ioctl(tun.as_raw_fd(), libc::TUNSETIFF as _, &raw mut request) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(tun)
}

/// Reads the kernel's number of a TCP socket's state (`tcpi_state`).
pub(crate) fn tcp_state_number(socket: BorrowedFd<'_>) -> io::Result<u8> {
    let [state, ..] = tcp_info(socket)?;
    Ok(state)
}

/// Reads how often in a row a timer of a TCP socket expired without an answer (`tcpi_backoff`); with a zero window, that
/// of the window probes.
pub(crate) fn tcp_backoff(socket: BorrowedFd<'_>) -> io::Result<u8> {
    let [.., backoff] = tcp_info(socket)?;
    Ok(backoff)
}

/// The first bytes of `tcp_info`: state, state of congestion, retransmits, probes, backoff.
fn tcp_info(socket: BorrowedFd<'_>) -> io::Result<[u8; 5]> {
    let mut info = [0_u8; 5];
    let mut length: libc::socklen_t = 5;
    // SAFETY: the kernel writes at most `length` bytes to `info`, which has that many, and the length to `length`; both
    // live through the call. The kernel truncates what does not fit.
    let answer = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    match (answer, length) {
        (0, 5) => Ok(info),
        (0, _) => Err(io::Error::other("TCP_INFO is too short")),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Makes a listener queue connections only once the client has sent data, for up to this many seconds.
pub(crate) fn defer_accept(listener: BorrowedFd<'_>, seconds: i32) -> io::Result<()> {
    set_option(listener, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, seconds)
}

/// Lets a socket take packets for any address that a TPROXY rule gives it. Needs `CAP_NET_ADMIN`.
pub(crate) fn make_transparent(socket: BorrowedFd<'_>) -> io::Result<()> {
    set_option(socket, libc::IPPROTO_IP, libc::IP_TRANSPARENT, 1)
}

/// Makes a packet socket join a link-layer group of an interface.
pub(crate) fn join_link_group(socket: BorrowedFd<'_>, interface: i32, address: [u8; 6]) -> io::Result<()> {
    let [a, b, c, d, e, f] = address;
    let request = libc::packet_mreq {
        mr_ifindex: interface,
        // `PACKET_MR_MULTICAST`, which libc has in another type.
        mr_type: 0,
        mr_alen: 6,
        mr_address: [a, b, c, d, e, f, 0, 0],
    };
    set_option(socket, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, request)
}

fn set_option<T: Copy>(socket: BorrowedFd<'_>, level: i32, name: i32, value: T) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0);
    // SAFETY: the kernel reads `length` bytes of `value`, which is plain old data and lives through the call.
    let answer =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), length) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Lets the kernel keep what comes back for datagrams in the queue of errors of a socket.
pub(crate) fn keep_errors(socket: BorrowedFd<'_>, v6: bool) -> io::Result<()> {
    let (level, name) =
        if v6 { (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) } else { (libc::IPPROTO_IP, libc::IP_RECVERR) };
    set_option(socket, level, name, 1_i32)
}

/// Sends on a connected socket, with a type of service as control data.
pub(crate) fn send_with_service(socket: BorrowedFd<'_>, bytes: &[u8], v6: bool) -> io::Result<usize> {
    #[repr(C, align(8))]
    struct Control([u8; 24]);
    let (level, name) =
        if v6 { (libc::IPPROTO_IPV6, libc::IPV6_TCLASS) } else { (libc::IPPROTO_IP, libc::IP_TOS) };
    let size = u32::try_from(size_of::<i32>()).unwrap_or(0);
    let mut control = Control([0; 24]);
    let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: msghdr is plain old data of integers and pointers; all zeroes is a valid value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    (message.msg_iov, message.msg_iovlen) = (&raw mut part, 1);
    message.msg_control = control.0.as_mut_ptr().cast();
    // SAFETY: these only compute sizes, which are those of one int on any machine: no more than the room above.
    let (space, length) = unsafe { (libc::CMSG_SPACE(size), libc::CMSG_LEN(size)) };
    message.msg_controllen = space as _;
    // SAFETY: the first header lies at the begin of `control`, which is aligned and has room for it and for an int behind it.
    unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = level;
        (*header).cmsg_type = name;
        (*header).cmsg_len = length as _;
        libc::CMSG_DATA(header).cast::<i32>().write_unaligned(8);
    }
    // SAFETY: the kernel reads what `message` points to, all of which lives through the call, and writes nothing.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, 0) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Waits for a child and returns its wait status and resource usage.
pub(crate) fn wait_for_child(pid: libc::pid_t) -> io::Result<(i32, libc::rusage)> {
    loop {
        let mut status = 0;
        // SAFETY: rusage is plain old data of integers; all zeroes is a valid value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel writes one int and one rusage, both of which live through the call.
        if unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) } == pid {
            return Ok((status, usage));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
