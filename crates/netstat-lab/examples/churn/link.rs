//! One connection over loopback.

use crate::log::{GRACE, Log, Span, now};
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
use std::io;
use std::net::SocketAddrV4;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// A listener.
pub(crate) struct Door {
    pub(crate) socket: OwnedFd,
    pub(crate) address: SocketAddrV4,
}

fn socket() -> io::Result<OwnedFd> {
    let socket = net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    // Closing resets the connection, so that it is gone at once at both ends.
    sockopt::set_socket_linger(&socket, Some(Duration::ZERO))?;
    Ok(socket)
}

impl Door {
    /// A listener that stays, held by this process.
    pub(crate) fn open(address: SocketAddrV4, log: &mut Log) -> io::Result<Self> {
        let from = now();
        let door = Self { socket: socket()?, address };
        net::bind(&door.socket, &address)?;
        net::listen(&door.socket, 512)?;
        let id = format!("listener-{address}");
        let anywhere = SocketAddrV4::new([0, 0, 0, 0].into(), 0);
        log.row(&id, address, anywhere, "LISTEN", Span::since(from));
        log.own(&id, std::process::id(), Span::since(from));
        Ok(door)
    }
}

/// Both ends of a connection. The far one may have been given away.
pub(crate) struct Link {
    pub(crate) near: OwnedFd,
    pub(crate) far: Option<OwnedFd>,
    pub(crate) near_address: SocketAddrV4,
    pub(crate) far_address: SocketAddrV4,
    /// When it began to exist: the earliest and the latest time.
    pub(crate) may_from: u64,
    pub(crate) must_from: u64,
    /// The process that holds the far end, and since when.
    pub(crate) far_owners: Vec<(u32, Span)>,
    /// Other processes that hold the near end.
    pub(crate) near_owners: Vec<(u32, Span)>,
}

impl Link {
    /// Connects from this address. Port 0 means any port.
    pub(crate) fn open(door: &Door, from: SocketAddrV4) -> io::Result<Self> {
        let near = socket()?;
        net::bind(&near, &from)?;
        let may_from = now();
        net::connect(&near, &door.address)?;
        let far = net::accept_with(&door.socket, SocketFlags::CLOEXEC)?;
        sockopt::set_socket_linger(&far, Some(Duration::ZERO))?;
        let must_from = now();
        let address = net::getsockname(&near)?;
        let near_address = SocketAddrV4::try_from(address)?;
        let me = (std::process::id(), Span::since(may_from));
        Ok(Self {
            near,
            far: Some(far),
            near_address,
            far_address: door.address,
            may_from,
            must_from,
            far_owners: vec![me],
            near_owners: vec![me],
        })
    }

    fn write(&self, log: &mut Log, must_to: u64, may_to: u64) {
        let (may_from, must_from) = (self.may_from, self.must_from);
        let span = Span { may_from, must_from, must_to, may_to };
        let ends = [
            ("near", self.near_address, self.far_address, &self.near_owners),
            ("far", self.far_address, self.near_address, &self.far_owners),
        ];
        for (end, local, remote, owners) in ends {
            // The pair of addresses is used repeatedly; the time tells these uses apart.
            let id = format!("{end}-{}-{may_from}", self.near_address);
            log.row(&id, local, remote, "ESTABLISHED", span);
            for &(pid, owned) in owners {
                let (must_to, may_to) = (owned.must_to.min(must_to), owned.may_to.min(may_to));
                log.own(&id, pid, Span { must_to, may_to, ..owned });
            }
        }
    }

    /// Closes what is left here, which resets the connection, and logs when it existed.
    pub(crate) fn close(mut self, log: &mut Log) {
        let must_to = now();
        let far = self.far.take();
        // Disconnecting removes it from the table, even while others have a copy of the descriptor.
        let _ = net::connect_unspec(&self.near);
        drop(far);
        self.write(log, must_to, now().saturating_add(GRACE));
    }

    /// Logs that it existed to the end.
    pub(crate) fn stay(self, log: &mut Log) {
        self.write(log, crate::log::NEVER, crate::log::NEVER);
    }
}
