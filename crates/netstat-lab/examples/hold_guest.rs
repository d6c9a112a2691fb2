//! Sockets for `cargo xtask kernels`, which runs this inside of a guest.
//!
//! - `hold_guest hold`: sockets on loopback in every state that stays, and a child process that shares one of them. Prints
//!   `ready`, and keeps them until its standard input closes.
//! - `hold_guest connect COUNT`: makes that many connections to itself, one after another, and closes them: who connects
//!   closes first. Prints the port of the listener.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["hold"] => linux::hold(),
        ["share"] => linux::share(),
        ["connect", count] => linux::connect(count),
        _ => Err(std::io::Error::other("usage: hold_guest hold | connect COUNT")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hold_guest: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("hold_guest: runs on Linux only");
    ExitCode::FAILURE
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::io::Errno;
    use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
    use std::io::{self, Read, Write};
    use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};

    pub(super) fn hold() -> io::Result<()> {
        let mut held: Vec<OwnedFd> = Vec::new();
        let mut hosts = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        let six = socket(AddressFamily::INET6, SocketType::STREAM, SocketFlags::CLOEXEC).is_ok();
        if six {
            hosts.push((Ipv6Addr::LOCALHOST, 0).into());
        }
        for host in hosts {
            tcp(host, &mut held)?;
            udp(host, &mut held)?;
            held.push(bound(host)?);
        }
        held.push(TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?.into());
        if six {
            dual_stack(&mut held)?;
        }
        connecting(&mut held)?;
        let mut child = shared(&mut held)?;

        let mut out = io::stdout();
        out.write_all(b"ready\n")?;
        out.flush()?;
        io::stdin().read_to_end(&mut Vec::new())?;
        drop(child.stdin.take());
        child.wait().map(drop)
    }

    /// Holds what it inherited until its standard input closes.
    pub(super) fn share() -> io::Result<()> {
        io::stdin().read_to_end(&mut Vec::new()).map(drop)
    }

    pub(super) fn connect(count: &str) -> io::Result<()> {
        let count: u32 = count.parse().map_err(io::Error::other)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let there = listener.local_addr()?;
        println!("{}", there.port());
        for _ in 0..count {
            let mut near = TcpStream::connect(there)?;
            let (mut far, _) = listener.accept()?;
            near.write_all(b"a question")?;
            near.shutdown(Shutdown::Write)?;
            far.read_to_end(&mut Vec::new())?;
            far.write_all(b"an answer")?;
            drop(far);
            near.read_to_end(&mut Vec::new())?;
        }
        Ok(())
    }

    fn socket(family: AddressFamily, kind: SocketType, flags: SocketFlags) -> Result<OwnedFd, Errno> {
        net::socket_with(family, kind, flags, None)
    }

    /// A listener, a connection, one that is half-closed, one in TIME_WAIT, and one with data that nobody reads.
    fn tcp(host: SocketAddr, held: &mut Vec<OwnedFd>) -> io::Result<()> {
        let listener = TcpListener::bind(host)?;
        let pair = || Ok::<_, io::Error>((TcpStream::connect(listener.local_addr()?)?, listener.accept()?.0));
        let open = pair()?;
        let half_closed = pair()?;
        half_closed.0.shutdown(Shutdown::Write)?;
        (&half_closed.1).read_to_end(&mut Vec::new())?;
        let mut closed = pair()?;
        closed.0.shutdown(Shutdown::Write)?;
        closed.1.read_to_end(&mut Vec::new())?;
        drop(closed.1);
        closed.0.read_to_end(&mut Vec::new())?;
        let mut unread = pair()?;
        unread.0.write_all(&[0; 5000])?;
        held.push(listener.into());
        for (near, far) in [open, half_closed, unread] {
            held.extend([near.into(), far.into()]);
        }
        Ok(())
    }

    /// A socket without a peer, and one with a peer.
    fn udp(host: SocketAddr, held: &mut Vec<OwnedFd>) -> io::Result<()> {
        let alone = UdpSocket::bind(host)?;
        let connected = UdpSocket::bind(host)?;
        connected.connect(alone.local_addr()?)?;
        held.extend([alone.into(), connected.into()]);
        Ok(())
    }

    /// A TCP socket that is bound, and neither listens nor is connected.
    fn bound(host: SocketAddr) -> io::Result<OwnedFd> {
        let family = if host.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let bound = socket(family, SocketType::STREAM, SocketFlags::CLOEXEC)?;
        net::bind(&bound, &host)?;
        Ok(bound)
    }

    /// A listener for both families, and a connection to it over IPv4; a listener for IPv6 alone; a UDP socket for both.
    fn dual_stack(held: &mut Vec<OwnedFd>) -> io::Result<()> {
        let both = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0))?;
        let near = TcpStream::connect((Ipv4Addr::LOCALHOST, both.local_addr()?.port()))?;
        let far = both.accept()?.0;
        held.extend([both.into(), near.into(), far.into()]);
        held.push(UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?.into());
        let alone = socket(AddressFamily::INET6, SocketType::STREAM, SocketFlags::CLOEXEC)?;
        sockopt::set_ipv6_v6only(&alone, true)?;
        net::bind(&alone, &SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)))?;
        net::listen(&alone, 16)?;
        held.push(alone);
        Ok(())
    }

    /// A listener whose queue is full, and a connection that it does not answer.
    fn connecting(held: &mut Vec<OwnedFd>) -> io::Result<()> {
        let full = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        net::listen(&full, 0)?;
        let there = net::getsockname(&full)?;
        for _ in 0..3 {
            let near = socket(
                AddressFamily::INET,
                SocketType::STREAM,
                SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            )?;
            match net::connect(&near, &there) {
                Ok(()) | Err(Errno::INPROGRESS) => held.push(near),
                Err(error) => return Err(error.into()),
            }
        }
        held.push(full);
        Ok(())
    }

    /// A listener that a child process holds too.
    fn shared(held: &mut Vec<OwnedFd>) -> io::Result<std::process::Child> {
        let shared = socket(AddressFamily::INET, SocketType::STREAM, SocketFlags::empty())?;
        net::bind(&shared, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        net::listen(&shared, 16)?;
        held.push(shared);
        Command::new(std::env::current_exe()?).arg("share").stdin(Stdio::piped()).spawn()
    }
}
