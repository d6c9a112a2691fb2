//! What is kept of the sockets of an earlier look: the fields that later looks are compared with.

use netstat_model::{SocketKey, SocketRef, TcpInfo, TcpState};

/// The compared fields of `struct tcp_info`.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// Bytes that the peer has acknowledged.
    pub bytes_acked: Option<u64>,
    /// Bytes received.
    pub bytes_received: Option<u64>,
    /// Segments sent again, in all.
    pub again: Option<u32>,
    /// Segments sent, those with data where that is known.
    pub segments: Option<u32>,
    /// Whether the window offered to the peer was zero.
    pub offered_none: bool,
    /// Whether the system reports if data moves.
    pub told: bool,
}

impl Course {
    pub fn of(tcp: &TcpInfo) -> Self {
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

/// The compared fields of a socket.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    pub state: Option<TcpState>,
    pub recv_queue: Option<u32>,
    pub send_queue: Option<u32>,
    /// Packets it had dropped.
    pub drops: Option<u32>,
    pub course: Option<Course>,
}

impl Mark {
    fn of(socket: &SocketRef<'_>) -> Self {
        Self {
            state: socket.state,
            recv_queue: socket.recv_queue(),
            send_queue: socket.send_queue(),
            drops: socket.memory().and_then(|memory| memory.drops),
            course: socket.tcp().as_ref().map(Course::of),
        }
    }

    /// Returns what a connection sent since, if some of it was sent again.
    pub fn sent_again(&self, now: &SocketRef<'_>) -> Option<SentAgain> {
        let (then, now) = (self.course?, Course::of(&now.tcp()?));
        // Both counters wrap.
        let again = now.again?.wrapping_sub(then.again?);
        let segments = now.segments?.wrapping_sub(then.segments?);
        (again > 0).then_some(SentAgain { again, segments })
    }

    /// Returns whether a connection had data to deliver both times, none of which was acknowledged in between.
    pub fn is_undelivered(&self, now: &SocketRef<'_>) -> bool {
        let (Some(then), Some(tcp)) = (self.course, now.tcp()) else { return false };
        has_data(self.send_queue)
            && has_data(now.send_queue())
            && tcp.bytes_acked.is_some()
            && tcp.bytes_acked == then.bytes_acked
    }

    /// Returns whether received data filled the buffer of a connection both times, and the program read none of it.
    pub fn is_unread(&self, now: &SocketRef<'_>) -> bool {
        let (Some(then), Some(tcp)) = (self.course, now.tcp()) else { return false };
        has_data(self.recv_queue)
            && then.offered_none
            && has_data(now.recv_queue())
            && tcp.recv_window == Some(0)
            && tcp.bytes_received.is_some()
            && tcp.bytes_received == then.bytes_received
    }
}

fn has_data(queue: Option<u32>) -> bool {
    queue.is_some_and(|queue| queue > 0)
}

/// Segments that a connection sent between two looks.
#[derive(Debug, Clone, Copy)]
pub struct SentAgain {
    /// Those that were sent again.
    pub again: u32,
    /// All of them, those with data where that is known.
    pub segments: u32,
}

/// Marks of all sockets of a look. A sorted list takes half the memory of a map.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    list: Vec<(SocketKey, Mark)>,
}

impl Marks {
    /// Adds a socket; where one comes twice, the last counts.
    pub fn add(&mut self, socket: &SocketRef<'_>) {
        self.list.push((SocketKey::of(socket), Mark::of(socket)));
    }

    /// Sorts the list. Call after the last [`Self::add`].
    pub fn sort(&mut self) {
        self.list.sort_by(|(one, _), (other, _)| one.cmp(other));
    }

    /// Returns the mark of this socket.
    pub fn get(&self, socket: &SocketRef<'_>) -> Option<&Mark> {
        let key = SocketKey::of(socket);
        let after = self.list.partition_point(|(known, _)| *known <= key);
        self.list.get(after.checked_sub(1)?).filter(|(known, _)| *known == key).map(|(_, mark)| mark)
    }
}

impl<'a> FromIterator<SocketRef<'a>> for Marks {
    fn from_iter<T: IntoIterator<Item = SocketRef<'a>>>(sockets: T) -> Self {
        let mut marks = Self::default();
        sockets.into_iter().for_each(|socket| marks.add(&socket));
        marks.sort();
        marks
    }
}

#[cfg(test)]
mod tests;
