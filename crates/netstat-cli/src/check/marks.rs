//! What is kept of the sockets of an earlier look: no more than the checks compare with.

use super::evidence::SocketKey;
use super::{retransmission, stalled};
use netstat_model::{Protocol, Socket, TcpInfo, TcpState};
use std::time::Duration;

/// What of the course of a connection is compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course {
    pub(crate) bytes_acked: Option<u64>,
    pub(crate) bytes_received: Option<u64>,
    /// Segments sent again.
    pub(crate) again: Option<u32>,
    /// Segments sent, those with data where that is known.
    pub(crate) segments: Option<u32>,
    /// Whether the window that is offered to the peer was zero.
    pub(crate) offered_none: bool,
    /// Whether the system tells if data moves.
    pub(crate) told: bool,
}

impl Course {
    pub(crate) fn of(tcp: &TcpInfo) -> Self {
        Self {
            bytes_acked: tcp.bytes_acked,
            bytes_received: tcp.bytes_received,
            again: tcp.total_retransmits,
            segments: tcp.data_segs_out.or(tcp.segs_out),
            offered_none: tcp.recv_window == Some(0),
            told: tcp.bytes_acked.is_some() && tcp.last_ack_received.is_some(),
        }
    }
}

/// What a socket was like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) state: Option<TcpState>,
    pub(crate) recv_queue: Option<u32>,
    pub(crate) send_queue: Option<u32>,
    /// Packets it had thrown away.
    pub(crate) drops: Option<u32>,
    pub(crate) course: Option<Course>,
}

impl Mark {
    fn of(socket: &Socket) -> Self {
        Self {
            state: socket.state,
            recv_queue: socket.recv_queue,
            send_queue: socket.send_queue,
            drops: socket.memory.as_ref().and_then(|memory| memory.drops),
            course: socket.tcp.as_deref().map(Course::of),
        }
    }

    /// Takes out of the same socket, as it is now, what no check can use: most of a socket's size is the course of
    /// connections that nothing happened to.
    pub(crate) fn lighten(&self, now: &mut Socket) {
        if now.protocol == Protocol::Tcp {
            now.memory = None;
        }
        // The course tells the age of what waits in CLOSE_WAIT.
        let is_used = now.state == Some(TcpState::CloseWait)
            || retransmission::sent_again(self, now).is_some()
            || stalled::stalled(self, now, Duration::ZERO).is_some();
        if !is_used && self.course.is_some_and(|course| course.told) {
            now.tcp = None;
        }
    }
}

/// Marks of all sockets of a look. A list in order takes half the space of a map.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    list: Vec<(SocketKey, Mark)>,
}

impl Marks {
    /// Adds a socket; one that comes again is as it was when it came last.
    pub(crate) fn add(&mut self, socket: &Socket) {
        self.list.push((SocketKey::of(socket), Mark::of(socket)));
    }

    /// To be called once all are there.
    pub(crate) fn sort(&mut self) {
        self.list.sort_by(|(one, _), (other, _)| one.cmp(other));
    }

    /// What this socket was like.
    pub(crate) fn get(&self, socket: &Socket) -> Option<&Mark> {
        let key = SocketKey::of(socket);
        let after = self.list.partition_point(|(known, _)| *known <= key);
        self.list.get(after.checked_sub(1)?).filter(|(known, _)| *known == key).map(|(_, mark)| mark)
    }
}

impl<'a> FromIterator<&'a Socket> for Marks {
    fn from_iter<T: IntoIterator<Item = &'a Socket>>(sockets: T) -> Self {
        let mut marks = Self::default();
        sockets.into_iter().for_each(|socket| marks.add(socket));
        marks.sort();
        marks
    }
}

#[cfg(test)]
mod tests;
