//! A UDP socket that receives more than its program reads, and one whose program reads everything.

use super::ongoing::Ongoing;
use crate::error::{Doing, LabError, Result};
use crate::namespace::Namespace;
use crate::witness;
use rustix::net::sockopt;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// A continuous stream of datagrams to one socket.
#[derive(Debug)]
pub struct Datagrams {
    /// The receiving socket.
    pub receiver: SocketAddr,
    _ongoing: Ongoing,
}

impl Datagrams {
    /// Nobody reads: the buffer of the socket is full, and the kernel drops the rest.
    pub fn unread(_namespace: &Namespace) -> Result<Self> {
        Self::start(false, 0)
    }

    /// Everything is read.
    pub fn read(_namespace: &Namespace) -> Result<Self> {
        Self::start(true, 0)
    }

    /// Everything is read, but the buffer overflowed once before this returned.
    pub fn recovered(_namespace: &Namespace) -> Result<Self> {
        let scene = Self::start(true, 64)?;
        match witness::counter("Udp", "RcvbufErrors")? {
            0 => Err(LabError::failed("overflow the buffer of a socket", "nothing was dropped")),
            _ => Ok(scene),
        }
    }

    fn start(reads: bool, too_many: usize) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).doing(|| "bind".into())?;
        sockopt::set_socket_recv_buffer_size(&socket, 4_096).doing(|| "set SO_RCVBUF".into())?;
        let receiver = socket.local_addr().doing(|| "read the address of a socket".into())?;
        let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).doing(|| "bind".into())?;
        for _ in 0..too_many {
            sender.send_to(&[0; 512], receiver).doing(|| "send a datagram".into())?;
        }
        socket.set_nonblocking(true).doing(|| "set O_NONBLOCK".into())?;
        while socket.recv(&mut [0; 512]).is_ok() {}
        socket.set_nonblocking(false).doing(|| "clear O_NONBLOCK".into())?;
        let ongoing = Ongoing::start("datagrams", Duration::from_millis(1), move || {
            sender.send_to(&[0; 512], receiver).doing(|| "send a datagram".into())?;
            if reads {
                socket.recv(&mut [0; 512]).doing(|| "read a datagram".into())?;
            }
            Ok(())
        })?;
        ongoing.more_rounds(64)?;
        Ok(Self { receiver, _ongoing: ongoing })
    }
}
