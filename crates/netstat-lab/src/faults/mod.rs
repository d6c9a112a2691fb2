//! Faults that an operator meets, made on purpose in a private namespace, each beside a healthy scene that looks like
//! it at a glance. A scene is there when its constructor returns, stays (or goes on) until it is dropped, and needs no
//! sleeping: what it promises is what the kernel was seen to be in.
//!
//! | fault | healthy look-alike |
//! |---|---|
//! | [`TimeWaitPile`] to one peer, [`HeldPorts`] and [`BoundPorts`] of a narrow range | the same numbers spread over many peers, or with room left |
//! | [`Churn`] with few TIME_WAIT buckets | [`Churn`] with many |
//! | [`CloseWaitLeak`] | [`CloseWaitTraffic`] |
//! | [`Queue::full`], [`Queue::with_cookies`] | [`Queue::busy`] |
//! | [`Unanswered`] and [`HalfOpen`] in number | a few of them, [`Deferred`] in number |
//! | [`Transfer`] to a host that loses or ignores what it gets, [`Unread`] | [`Transfer`] to one that does not, [`SlowReader`] |
//! | [`Datagrams::unread`], [`Tracked::nearly_full`] | [`Datagrams::read`], [`Datagrams::recovered`], [`Tracked::few`] |
//! | [`Program::implant`] | [`Program::in_its_place`] |
//!
//! A listener that other machines reach, or do not, is a [`listener`](crate::Namespace::listener).

mod close_wait;
mod connecting;
mod datagrams;
mod ongoing;
mod ports;
mod program;
mod queue;
mod tracked;
mod transfer;

pub use close_wait::{CloseWaitLeak, CloseWaitTraffic};
pub use connecting::{Deferred, HalfOpen, Unanswered};
pub use datagrams::Datagrams;
pub use ports::{BoundPorts, Churn, HeldPorts, TimeWaitPile, narrow_port_range};
pub use program::Program;
pub use queue::Queue;
pub use tracked::Tracked;
pub use transfer::{Receiver, SlowReader, Transfer, Unread};

use crate::error::{Doing, Result};
use crate::namespace::Namespace;
use crate::socket;
use crate::{Family, Protocol};
use rustix::process::{Resource, Rlimit};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

/// The address that this machine has in the network of the scenes, `10.88.0.0/16`. All addresses of that network are
/// answered here too, over the loopback interface, but they are no loopback addresses: the kernel does not treat them
/// as such (it reuses TIME_WAIT sooner between those), and no program should.
pub const HERE: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 1);

/// One of the machines of that network, by number.
pub fn neighbour(number: usize) -> Ipv4Addr {
    let [.., high, low] = number.to_be_bytes();
    Ipv4Addr::new(10, 88, high.saturating_add(1), low)
}

/// Makes the network, once or again, and lets this process hold as many sockets as it may.
fn prepare(namespace: &Namespace) -> Result<()> {
    namespace.ip(&format!(
        "addr replace {HERE}/32 dev lo\nroute replace local 10.88.0.0/16 dev lo src {HERE}\n"
    ))?;
    allow_descriptors()
}

fn allow_descriptors() -> Result<()> {
    let hard = rustix::process::getrlimit(Resource::Nofile).maximum;
    rustix::process::setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard })
        .doing(|| "raise the limit of open files".into())
}

/// A listener of every neighbour at once, on the first free port from 18080 on: no well-known one, and outside of those
/// that the kernel chooses, of which it would take one.
fn server() -> Result<(TcpListener, u16)> {
    for port in 18_080..18_180 {
        match TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)) {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            other => return Ok((other.doing(|| format!("listen on port {port}"))?, port)),
        }
    }
    Err(crate::LabError::failed("listen", "a hundred ports are in use"))
}

/// A connection and its other end.
fn connect(listener: &TcpListener, to: SocketAddr) -> Result<(TcpStream, TcpStream)> {
    let near = TcpStream::connect(to).doing(|| format!("connect to {to}"))?;
    let (far, _) = listener.accept().doing(|| "accept".into())?;
    Ok((near, far))
}

/// The same from an address of the caller's choice.
fn connect_from(from: Ipv4Addr, listener: &TcpListener, to: SocketAddr) -> Result<(TcpStream, TcpStream)> {
    let near = socket::open(Protocol::Tcp, Family::V4, false)?;
    socket::bind(&near, (from, 0).into())?;
    socket::connect(&near, to)?;
    let (far, _) = listener.accept().doing(|| "accept".into())?;
    socket::wait_for_state(&near, crate::TcpState::Established)?;
    Ok((near.into(), far))
}

/// Reads until the other end closed, so that what this end does next comes second.
fn read_to_end(stream: &mut TcpStream) -> Result<()> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).doing(|| "wait for the other end to close".into())?;
    Ok(())
}
