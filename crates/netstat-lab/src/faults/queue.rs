//! Listeners with a full queue, and one that is merely busy.

use super::ongoing::Ongoing;
use super::{HERE, prepare};
use crate::error::{Doing, Result};
use crate::namespace::{Namespace, eventually};
use crate::remote_host::RemoteHost;
use crate::{Family, OUR_V4, Protocol, TcpState, socket};
use rustix::net::SocketFlags;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// A listener and its clients.
#[derive(Debug)]
pub struct Queue {
    /// The address of the listener.
    pub listener: SocketAddr,
    /// The backlog passed to listen(2).
    pub backlog: u16,
    ongoing: Ongoing,
}

impl Queue {
    /// Nobody accepts: the queue is full, and a few more clients keep trying.
    pub fn full(namespace: &Namespace, backlog: u16) -> Result<Self> {
        prepare(namespace)?;
        let (socket, listener) = listen(HERE.into(), backlog)?;
        // The queue holds one more than the backlog.
        let mut accepted_by_kernel = Vec::new();
        for _ in 0..=backlog {
            let near = knock(listener)?;
            socket::wait_for_state(&near, TcpState::Established)?;
            accepted_by_kernel.push(near);
        }
        let mut knocking = VecDeque::new();
        let ongoing = Ongoing::start("clients in vain", Duration::from_millis(20), move || {
            let _held = (&socket, &accepted_by_kernel);
            while knocking.len() >= 4 {
                drop(knocking.pop_front());
            }
            knocking.push_back(knock(listener)?);
            Ok(())
        })?;
        Ok(Self { listener, backlog, ongoing })
    }

    /// Clients come eight at a time and are all accepted before more come: the queue often has entries and never
    /// overflows.
    pub fn busy(namespace: &Namespace, backlog: u16) -> Result<Self> {
        prepare(namespace)?;
        let (socket, listener) = listen(HERE.into(), backlog)?;
        let ongoing = Ongoing::start("clients", Duration::from_millis(1), move || {
            let near: Vec<OwnedFd> = (0..8).map(|_| knock(listener)).collect::<Result<_>>()?;
            for _ in &near {
                let far = eventually("a client in the queue", || {
                    rustix::net::accept_with(&socket, SocketFlags::CLOEXEC).ok()
                })?;
                socket::close_without_trace(far);
            }
            near.into_iter().for_each(socket::close_without_trace);
            Ok(())
        })?;
        Ok(Self { listener, backlog, ongoing })
    }

    /// More clients start to connect than fit into the queue, and none finishes: the kernel answers with SYN cookies.
    pub fn with_cookies(namespace: &Namespace, host: &RemoteHost, backlog: u16) -> Result<Self> {
        namespace.set_sysctl("net/ipv4/tcp_syncookies", "1")?;
        let (socket, listener) = listen(OUR_V4.into(), backlog)?;
        let peer = host.share();
        let mut number = 0_u16;
        let ongoing = Ongoing::start("a flood", Duration::from_millis(2), move || {
            let _held = &socket;
            number = (number + 1) % 10_000;
            peer.send_lone_syn((crate::THEIR_V4, 50_000 + number).into(), listener);
            Ok(())
        })?;
        ongoing.more_rounds(u64::from(backlog) + 8)?;
        Ok(Self { listener, backlog, ongoing })
    }

    /// Waits until this many more clients came (eight at a time where all are accepted).
    pub fn go_on(&self, rounds: u64) -> Result<()> {
        self.ongoing.more_rounds(rounds)
    }
}

fn listen(at: std::net::IpAddr, backlog: u16) -> Result<(OwnedFd, SocketAddr)> {
    let socket = socket::open(Protocol::Tcp, Family::V4, false)?;
    socket::bind(&socket, SocketAddr::new(at, 0))?;
    rustix::net::listen(&socket, backlog.into()).doing(|| "listen".into())?;
    let row = socket::describe(&socket, Protocol::Tcp, Some(TcpState::Listen))?;
    Ok((socket, row.local))
}

fn knock(at: SocketAddr) -> Result<OwnedFd> {
    let near = socket::open(Protocol::Tcp, Family::V4, false)?;
    socket::connect(&near, at)?;
    Ok(near)
}
