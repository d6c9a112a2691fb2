//! Faults that an operator meets, made on purpose in a private namespace, each with a healthy scene that looks like it
//! at a glance. A scene exists once its constructor returns and lasts until it is dropped. It needs no sleeping: it has
//! checked the kernel's state.
//!
//! | fault | healthy look-alike |
//! |---|---|
//! | [`TimeWaitPile`] to one peer, [`HeldPorts`] and [`BoundPorts`] of a narrow range | the same numbers spread over many peers, or with room left |
//! | [`Churn`] with few TIME_WAIT buckets | [`Churn`] with many |
//! | [`CloseWaitLeak`] | [`CloseWaitTraffic`] |
//! | [`Queue::full`], [`Queue::with_cookies`] | [`Queue::busy`] |
//! | [`Unanswered`] and [`HalfOpen`] in number | a few of them, [`Deferred`] in number |
//! | [`Transfer`] to a host that loses or ignores data, [`Unread`] | [`Transfer`] to one that does not, [`SlowReader`] |
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
use crate::{Family, Protocol, socket};
use rustix::process::{Resource, Rlimit};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

/// The address of this machine in the network of the scenes, `10.88.0.0/16`. All addresses of that network are
/// answered here too, over the loopback interface, but they are no loopback addresses: the kernel does not treat them
/// as such (it reuses TIME_WAIT sooner between those), and no program should.
pub const HERE: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 1);

/// Returns the address of a machine of that network by its number.
pub fn neighbour(number: usize) -> Ipv4Addr {
    let [.., high, low] = number.to_be_bytes();
    Ipv4Addr::new(10, 88, high.saturating_add(1), low)
}

/// Makes the network unless it exists, and raises the limit of descriptors as far as permitted.
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

/// Makes a listener on every neighbour's address, on the first free port from 18080 on. That is neither a well-known port
/// nor in the kernel's range of dynamic ports, of which it would take one away.
fn server() -> Result<(TcpListener, u16)> {
    for port in 18_080..18_180 {
        match TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)) {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            other => return Ok((other.doing(|| format!("listen on port {port}"))?, port)),
        }
    }
    Err(crate::LabError::failed("listen", "100 ports are in use"))
}

/// Makes a connection; returns both ends.
fn connect(listener: &TcpListener, to: SocketAddr) -> Result<(TcpStream, TcpStream)> {
    let near = TcpStream::connect(to).doing(|| format!("connect to {to}"))?;
    let (far, _) = listener.accept().doing(|| "accept".into())?;
    Ok((near, far))
}

/// Like [`connect`], from a given address.
fn connect_from(from: Ipv4Addr, listener: &TcpListener, to: SocketAddr) -> Result<(TcpStream, TcpStream)> {
    let near = socket::open(Protocol::Tcp, Family::V4, false)?;
    socket::bind(&near, (from, 0).into())?;
    socket::connect(&near, to)?;
    let (far, _) = listener.accept().doing(|| "accept".into())?;
    socket::wait_for_state(&near, crate::TcpState::Established)?;
    Ok((near.into(), far))
}

/// Reads until the other end has closed, so that this end closes second.
fn read_to_end(stream: &mut TcpStream) -> Result<()> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).doing(|| "wait for the other end to close".into())?;
    Ok(())
}
