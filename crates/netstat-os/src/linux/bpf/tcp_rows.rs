//! What the program that lists TCP sockets is told, and what it writes: `bpf/tcp.h`.

use crate::linux::tcp_state::{decode_timer_kind, state_and_remote};
use netstat_model::{
    Family, Holder, IpEndpoint, NoOwner, Socket, SocketId, SocketRef, TcpFields, TcpInfo, Timer, Transport,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Bytes of `struct tcp_head` and of `struct tcp_details`.
const HEAD: usize = 24;
const DETAILS: usize = 40;

/// `enum tcp_flags`.
const IS_V6_ONLY: u8 = 1;
const HAS_COURSE: u8 = 2;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// The state in which a socket without a peer takes or refuses IPv4.
const TCP_LISTEN: u8 = 10;

/// What is wanted of each socket, and of which sockets: fixed when the program is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TcpSettings {
    /// Fields of the course of a connection.
    pub(crate) fields: TcpFields,
    /// A bit for each state, by the numbers of the kernel.
    pub(crate) states: u32,
    /// Whether users, queues, timers, marks and control groups are wanted.
    pub(crate) details: bool,
    /// Whether ages are wanted among the details.
    pub(crate) ages: bool,
}

impl TcpSettings {
    /// Encodes `struct tcp_settings`, with the nanoseconds of a tick of the kernel's clock.
    pub(crate) fn to_bytes(self, tick: u32) -> [u8; 24] {
        let mut bytes = [0; 24];
        let numbers = [self.states, self.has_details().into(), self.ages.into(), tick];
        let words = self.fields.bits().to_ne_bytes().into_iter();
        let all = words.chain(numbers.into_iter().flat_map(u32::to_ne_bytes));
        bytes.iter_mut().zip(all).for_each(|(byte, of)| *byte = of);
        bytes
    }

    fn has_details(self) -> bool {
        self.details || self.ages
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TcpRow<'a> {
    /// Ends, state and identity.
    pub(crate) head: SocketRef<'static>,
    /// By the number of sock_diag; 0 where none is running.
    timer: u8,
    /// The interface that the socket is bound to; 0 where it is bound to none.
    interface: u32,
    details: Option<&'a [u8; DETAILS]>,
    /// The wanted fields of the course of the connection.
    course: Option<&'a [[u8; 8]]>,
}

/// Decodes the rows of a piece, until `each` wants no more. Returns whether the piece consists of whole rows, as far as it was
/// read.
pub(crate) fn decode_tcp_rows(
    mut piece: &[u8],
    settings: TcpSettings,
    each: &mut dyn FnMut(&TcpRow<'_>) -> bool,
) -> bool {
    while !piece.is_empty() {
        let Some((row, rest)) = decode_row(piece, settings) else { return false };
        if !each(&row) {
            return true;
        }
        piece = rest;
    }
    true
}

/// Decodes the head of a socket and its addresses, and nothing else. Returns it and what follows it.
pub(super) fn decode_head_of(bytes: &[u8]) -> Option<(SocketRef<'static>, &[u8])> {
    let nothing = TcpSettings { fields: TcpFields::empty(), states: 0, details: false, ages: false };
    decode_row(bytes, nothing).map(|(row, rest)| (row.head, rest))
}

/// Decodes the first row. Returns it and what follows it.
#[inline(always)]
fn decode_row(bytes: &[u8], settings: TcpSettings) -> Option<(TcpRow<'_>, &[u8])> {
    let (head, mut rest) = bytes.split_first_chunk::<HEAD>()?;
    let (mut details, mut course) = (None, None);
    if settings.has_details() {
        let (of_socket, after) = rest.split_first_chunk::<DETAILS>()?;
        details = Some(of_socket);
        rest = after;
    }
    if !settings.fields.is_empty() {
        let (of_connection, after) = rest.split_at_checked(8 * settings.fields.count())?;
        course = (head[2] & HAS_COURSE != 0).then_some(of_connection.as_chunks().0);
        rest = after;
    }
    let (family, local, remote, rest) = match head[0] {
        AF_INET => {
            let (local, rest) = rest.split_first_chunk::<4>()?;
            let (remote, rest) = rest.split_first_chunk::<4>()?;
            (Family::V4, Ipv4Addr::from(*local).into(), Ipv4Addr::from(*remote).into(), rest)
        }
        AF_INET6 => {
            let (local, rest) = rest.split_first_chunk::<16>()?;
            let (remote, rest) = rest.split_first_chunk::<16>()?;
            (Family::V6, IpAddr::from(Ipv6Addr::from(*local)), IpAddr::from(Ipv6Addr::from(*remote)), rest)
        }
        _ => return None,
    };
    let interface = word(head, 4);
    let inode = word(head, 8);
    let cookie = u64::from(word(head, 16)) | u64::from(word(head, 20)) << 32;
    let local = IpEndpoint::new(local, u16::from_ne_bytes([head[12], head[13]]), interface);
    let remote = IpEndpoint::new(remote, u16::from_be_bytes([head[14], head[15]]), interface);
    let id =
        SocketId { inode: (inode != 0).then_some(u64::from(inode)), cookie: (cookie != 0).then_some(cookie) };
    let holder = if inode == 0 { Holder::Nobody(NoOwner::NoProcess) } else { Holder::NotRead };
    let mut socket = SocketRef::bare(Transport::Tcp, family, local, id, holder);
    (socket.state, socket.remote) = state_and_remote(Transport::Tcp, head[1], remote);
    if family == Family::V6 && head[1] == TCP_LISTEN {
        socket.v6_only = Some(head[2] & IS_V6_ONLY != 0);
    }
    Some((TcpRow { head: socket, timer: head[3], interface, details, course }, rest))
}

/// Reads four bytes; 0 beyond the end.
#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_ne_bytes(*bytes))
}

impl TcpRow<'_> {
    /// Adds the details to the socket that was made from the head.
    ///
    /// `spare` is the course of another connection, with the same fields: its memory is used again.
    pub(crate) fn add_details(
        &self,
        wanted: TcpFields,
        socket: &mut Socket,
        spare: &mut Option<Box<TcpInfo>>,
    ) {
        if let Some(course) = self.course
            && !wanted.is_empty()
        {
            let mut info = spare.take().unwrap_or_default();
            let mut numbers = course.iter().map(|number| u64::from_ne_bytes(*number));
            info.set_numbers(wanted, |_| numbers.next().filter(|&number| number != u64::MAX));
            socket.tcp = Some(info);
        }
        let Some(details) = self.details else { return };
        let number = |at| word(details, at);
        // A socket that no descriptor holds has no user in most kernels.
        socket.uid = Some(number(0)).filter(|&uid| socket.id.inode.is_some() || uid != 0);
        (socket.recv_queue, socket.send_queue) = (Some(number(4)), Some(number(8)));
        socket.interface = Some(self.interface).filter(|&index| index != 0);
        let expires_in = Duration::from_millis(number(12).into());
        let retransmits = details[32];
        socket.timer = decode_timer_kind(self.timer).map(|kind| Timer { kind, expires_in, retransmits });
        socket.mark = Some(number(16));
        let age = Some(number(20)).filter(|&age| age != u32::MAX);
        socket.age = age.map(|age| Duration::from_millis(age.into()));
        let cgroup = u64::from(number(24)) | u64::from(number(28)) << 32;
        // 0 means that the group is gone.
        socket.cgroup_id = Some(cgroup).filter(|&cgroup| cgroup != 0);
    }
}

#[cfg(test)]
mod tests;
