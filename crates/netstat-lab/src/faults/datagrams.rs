//! A UDP socket that gets more than it reads, and one that reads what it gets.

use super::ongoing::Ongoing;
use crate::error::{Doing, Result};
use crate::namespace::Namespace;
use rustix::net::sockopt;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// Datagrams to one socket, without end.
#[derive(Debug)]
pub struct Datagrams {
    /// The socket that gets them.
    pub receiver: SocketAddr,
    ongoing: Ongoing,
}

impl Datagrams {
    /// Nobody reads: the buffer of the socket is full, and the kernel drops the rest.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    pub fn unread(_namespace: &Namespace) -> Result<Self> {
        Self::start(false)
    }

    /// All are read.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    pub fn read(_namespace: &Namespace) -> Result<Self> {
        Self::start(true)
    }

    fn start(reads: bool) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).doing(|| "bind".into())?;
        sockopt::set_socket_recv_buffer_size(&socket, 4_096).doing(|| "set SO_RCVBUF".into())?;
        let receiver = socket.local_addr().doing(|| "read the address of a socket".into())?;
        let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).doing(|| "bind".into())?;
        let ongoing = Ongoing::start("datagrams", Duration::from_millis(1), move || {
            sender.send_to(&[0; 512], receiver).doing(|| "send a datagram".into())?;
            if reads {
                socket.recv(&mut [0; 512]).doing(|| "read a datagram".into())?;
            }
            Ok(())
        })?;
        ongoing.more_rounds(64)?;
        Ok(Self { receiver, ongoing })
    }

    /// Waits until so many further were sent.
    ///
    /// # Errors
    ///
    /// When one could not be sent.
    pub fn go_on(&self, datagrams: u64) -> Result<()> {
        self.ongoing.more_rounds(datagrams)
    }
}
