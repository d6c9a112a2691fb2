//! The least that a dump of the kernel's socket tables can cost: sends the requests it is given, in hexadecimal, one
//! after the other, and receives the answers as netstat does without decoding them. `cargo xtask bench` compares netstat
//! with it.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    for request in std::env::args().skip(1) {
        let Some(request) = linux::bytes(&request) else {
            eprintln!("floor: {request} is not a hexadecimal request");
            return ExitCode::FAILURE;
        };
        if let Err(error) = linux::dump(&request) {
            eprintln!("floor: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("floor: sock_diag exists on Linux only");
    ExitCode::FAILURE
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::io::Errno;
    use rustix::net::netlink::{self, SocketAddrNetlink};
    use rustix::net::{self, RecvFlags, SendFlags};
    use std::io;

    // The buffer sizes of netstat: `crates/netstat-os/src/linux/live.rs`.
    const DATAGRAM: usize = 128 * 1024;
    const SOCKET_BUFFER: usize = 1024 * 1024;

    const HEADER: usize = 16;
    const NLMSG_ERROR: u16 = 2;
    const NLMSG_DONE: u16 = 3;

    pub(super) fn bytes(hex: &str) -> Option<Vec<u8>> {
        let digits: Option<Vec<u8>> =
            hex.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        let (pairs, odd) = digits.as_ref()?.as_chunks::<2>();
        (odd.is_empty() && pairs.len() >= HEADER).then(|| pairs.iter().map(|[h, l]| h << 4 | l).collect())
    }

    pub(super) fn dump(request: &[u8]) -> io::Result<()> {
        let socket = net::socket_with(
            net::AddressFamily::NETLINK,
            net::SocketType::RAW,
            net::SocketFlags::CLOEXEC,
            Some(netlink::SOCK_DIAG),
        )?;
        let _ = net::sockopt::set_socket_recv_buffer_size(&socket, SOCKET_BUFFER);
        net::sendto(&socket, request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        let mut buffer = vec![0u8; DATAGRAM];
        loop {
            let len = match net::recv(&socket, &mut buffer[..], RecvFlags::TRUNC) {
                Err(Errno::INTR) => continue,
                answer => answer?.1,
            };
            let datagram = buffer.get(..len).ok_or(io::ErrorKind::InvalidData)?;
            match first_kind(datagram) {
                Some(NLMSG_DONE) => return Ok(()),
                Some(NLMSG_ERROR) | None => return Err(io::Error::other("the kernel refused the request")),
                Some(_) if has_end(datagram) => return Ok(()),
                Some(_) => {}
            }
        }
    }

    fn first_kind(datagram: &[u8]) -> Option<u16> {
        Some(u16::from_ne_bytes(*datagram.get(4..)?.first_chunk()?))
    }

    /// The kernel may append NLMSG_DONE to the last rows: a message of 20 bytes at the end of a datagram.
    fn has_end(datagram: &[u8]) -> bool {
        const END: usize = HEADER + 4;
        let Some(at) = datagram.len().checked_sub(END) else { return false };
        let Some(tail) = datagram.get(at..) else { return false };
        tail.first_chunk() == Some(&20u32.to_ne_bytes()) && first_kind(tail) == Some(NLMSG_DONE)
    }
}
