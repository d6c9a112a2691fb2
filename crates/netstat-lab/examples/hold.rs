//! Holds connections for `cargo xtask bench`: `hold CONNECTIONS PORT SUBNET`. Opens a listener on 127.0.0.1:PORT and
//! CONNECTIONS connections to it from 127.SUBNET.y.z, both ends in this process, prints `ready`, and keeps them idle
//! until its standard input closes. The first of them has the port PORT - 10000, which no other connection has.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    match linux::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hold: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("hold: runs on Linux only, in network namespaces");
    ExitCode::FAILURE
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
    use rustix::process::{Resource, Rlimit};
    use std::fmt::Display;
    use std::io::{self, Read, Write};
    use std::net::{Ipv4Addr, SocketAddrV4};
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    /// Connections that share a source address: fewer than it has ports.
    const PER_ADDRESS: usize = 20_000;

    fn doing<E: Display>(what: &str) -> impl Fn(E) -> io::Error + '_ {
        move |error| io::Error::other(format!("cannot {what}: {error}"))
    }

    pub(super) fn run() -> io::Result<()> {
        let arguments: Vec<u32> =
            std::env::args().skip(1).map_while(|argument| argument.parse().ok()).collect();
        let [connections, port, subnet] = arguments[..] else {
            return Err(io::Error::other("usage: hold CONNECTIONS PORT SUBNET"));
        };
        let too_large = |_| io::Error::other("a number is too large");
        let port = u16::try_from(port).map_err(too_large)?;
        let subnet = u8::try_from(subnet).map_err(too_large)?;
        let connections = connections as usize;
        allow_descriptors()?;

        let there = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let listener = socket()?;
        sockopt::set_socket_reuseaddr(&listener, true).map_err(doing("reuse an address"))?;
        net::bind(&listener, &there).map_err(doing(&format!("bind to {there}")))?;
        net::listen(&listener, 128).map_err(doing("listen"))?;

        let mut held = Vec::with_capacity(connections * 2);
        for number in 0..connections {
            let near = socket()?;
            // Closing must leave no TIME_WAIT behind.
            let at_once = Some(Duration::ZERO);
            sockopt::set_socket_linger(&near, at_once).map_err(doing("set SO_LINGER"))?;
            let last = u8::try_from(number / PER_ADDRESS + 1).map_err(too_large)?;
            let own_port = if number == 0 { port.saturating_sub(10_000) } else { 0 };
            let here = SocketAddrV4::new(Ipv4Addr::new(127, subnet, 1, last), own_port);
            net::bind(&near, &here).map_err(doing(&format!("bind to {here}")))?;
            net::connect(&near, &there).map_err(doing(&format!("connect {here} to {there}")))?;
            let far = net::accept_with(&listener, SocketFlags::CLOEXEC).map_err(doing("accept"))?;
            sockopt::set_socket_linger(&far, at_once).map_err(doing("set SO_LINGER"))?;
            held.extend([near, far]);
        }
        let mut out = io::stdout();
        out.write_all(b"ready\n")?;
        out.flush()?;
        let mut rest = Vec::new();
        io::stdin().read_to_end(&mut rest)?;
        drop(held);
        Ok(())
    }

    fn socket() -> io::Result<OwnedFd> {
        net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)
            .map_err(doing("make a socket"))
    }

    fn allow_descriptors() -> io::Result<()> {
        let hard = rustix::process::getrlimit(Resource::Nofile).maximum;
        rustix::process::setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard })
            .map_err(doing("raise the limit of descriptors"))
    }
}
