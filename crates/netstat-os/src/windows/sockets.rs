//! The socket table, from `GetExtendedTcpTable` and `GetExtendedUdpTable`.
//!
//! A dual-stack socket has a row in the table of either family, so no row stands for more than one here.

use super::bound;
use super::memory::{array_at, rows, u32_at, u64_at};
use super::modules::module;
use super::offload::Offloads;
use super::source::{Question, Source};
use super::tcp_info::{self, Courses};
use super::udp_peers::Peers;
use netstat_model::query::{Fields, Kinds, SocketQuery, States};
use netstat_model::{Answer, Error, Operation, Warning};
use netstat_model::{Endpoint, Family, NoOwner, Ownership, Protocol, Socket, TcpState, WindowsSocket};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Where the fields of a row are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) protocol: Protocol,
    pub(super) family: Family,
    pub(super) size: usize,
    pub(super) local: End,
    /// UDP rows have none.
    remote: Option<End>,
    state: Option<usize>,
    pub(super) pid: usize,
    pub(super) created: usize,
    /// The longer rows of the table of UDP that is not documented.
    pub(super) peer: Option<Peer>,
}

/// The remote end in a longer row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub(super) row_size: usize,
    pub(super) end: End,
}

/// Where the fields of one end are.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) address: usize,
    /// IPv4 has none.
    scope: Option<usize>,
    pub(super) port: usize,
}

/// Every row of these tables is aligned to eight bytes, and the count before them has four.
pub(super) const FIRST_ROW: usize = 8;

#[doc(alias = "MIB_TCPROW_OWNER_MODULE")]
const TCP_V4: Layout = Layout {
    protocol: Protocol::Tcp,
    family: Family::V4,
    size: 160,
    local: End { address: 4, scope: None, port: 8 },
    remote: Some(End { address: 12, scope: None, port: 16 }),
    state: Some(0),
    pid: 20,
    created: 24,
    peer: None,
};

#[doc(alias = "MIB_TCP6ROW_OWNER_MODULE")]
const TCP_V6: Layout = Layout {
    protocol: Protocol::Tcp,
    family: Family::V6,
    size: 192,
    local: End { address: 0, scope: Some(16), port: 20 },
    remote: Some(End { address: 24, scope: Some(40), port: 44 }),
    state: Some(48),
    pid: 52,
    created: 56,
    peer: None,
};

#[doc(alias = "MIB_UDPROW_OWNER_MODULE")]
pub(super) const UDP_V4: Layout = Layout {
    protocol: Protocol::Udp,
    family: Family::V4,
    size: 160,
    local: End { address: 0, scope: None, port: 4 },
    remote: None,
    state: None,
    pid: 8,
    created: 16,
    peer: Some(Peer { row_size: 168, end: End { address: 160, scope: None, port: 164 } }),
};

#[doc(alias = "MIB_UDP6ROW_OWNER_MODULE")]
pub(super) const UDP_V6: Layout = Layout {
    protocol: Protocol::Udp,
    family: Family::V6,
    size: 176,
    local: End { address: 0, scope: Some(16), port: 20 },
    remote: None,
    state: None,
    pid: 24,
    created: 32,
    peer: Some(Peer { row_size: 200, end: End { address: 176, scope: Some(192), port: 196 } }),
};

#[cfg(any(test, fuzzing))]
const LAYOUTS: [Layout; 4] = [TCP_V4, TCP_V6, UDP_V4, UDP_V6];

/// The sockets of the query.
pub(super) fn sockets(source: &dyn Source, query: &SocketQuery) -> Result<Answer<Vec<Socket>>, Error> {
    let mut answer = Answer::whole(Vec::new());
    let mut beyond = Beyond::read(source, query);
    let mut v6_peers = None;
    // IPv6 first, because its UDP peers tell which of IPv4 are none.
    for layout in [TCP_V4, TCP_V6, UDP_V6, UDP_V4] {
        // An IPv4 connection may be in the table of IPv6, by its mapped address.
        let v4 = Kinds::of(layout.protocol, Family::V4);
        let kinds =
            if layout.family == Family::V4 { v4 } else { v4 | Kinds::of(layout.protocol, Family::V6) };
        if !query.kinds.intersects(kinds) {
            continue;
        }
        let question = match layout.protocol {
            Protocol::Tcp => Question::TcpTable(layout.family),
            Protocol::Udp => Question::UdpTable(layout.family),
        };
        let table = source.ask(&question).map_err(|error| Error::new(Operation::ListSockets, error))?;
        let (rows, odd) = rows(table.bytes(), FIRST_ROW, layout.size);
        if odd > 0 {
            let what = match layout.protocol {
                Protocol::Tcp => "table of TCP sockets",
                Protocol::Udp => "table of UDP sockets",
            };
            answer.warnings.push(Warning::OddMessages { what, count: odd });
        }
        let peers = (layout.protocol == Protocol::Udp)
            .then(|| Peers::read(source, &layout, table.bytes(), &mut answer.warnings));
        beyond.begin(source, &layout, &mut answer.warnings);
        for row in rows {
            let Some(mut socket) = decode_row(row, &layout) else { continue };
            if let Some(peers) = &peers {
                socket.remote = peers.of(row, &layout).filter(|&peer| {
                    let twin: Option<&Peers> = v6_peers.as_ref().filter(|_| layout.family == Family::V4);
                    !twin.is_some_and(|twin| twin.is_end_of(peer, (row, &layout), &UDP_V6))
                });
            }
            if query.selects(&socket) {
                beyond.fill(source, &mut socket, row, &layout);
                answer.data.push(socket);
            }
        }
        if layout.family == Family::V6 && layout.protocol == Protocol::Udp {
            v6_peers = peers;
        }
    }
    if query.states.contains(States::BOUND) {
        for family in [Family::V4, Family::V6] {
            if query.kinds.contains(Kinds::of(Protocol::Tcp, family)) {
                answer.data.extend(bound::sockets(source, family, &mut answer.warnings));
            }
        }
    }
    answer.warnings.extend(beyond.courses.warning());
    Ok(answer)
}

/// What is asked for beyond the table.
struct Beyond {
    fields: Fields,
    reads_tcp_info: bool,
    offloads: Offloads,
    courses: Courses,
    /// A FILETIME.
    now: Option<u64>,
}

impl Beyond {
    fn read(source: &dyn Source, query: &SocketQuery) -> Self {
        let fields = query.fields;
        let now = fields.contains(Fields::AGE).then(|| source.ask(&Question::Time).ok()).flatten();
        Self {
            fields,
            reads_tcp_info: !query.tcp.is_empty(),
            offloads: Offloads::default(),
            courses: Courses::default(),
            now: now.and_then(|time| u64_at(time.bytes(), 0)),
        }
    }

    /// Reads what is for a whole table.
    fn begin(&mut self, source: &dyn Source, layout: &Layout, warnings: &mut Vec<Warning>) {
        if self.fields.contains(Fields::OFFLOAD) && layout.protocol == Protocol::Tcp {
            self.offloads = Offloads::read(source, layout.family, warnings);
        }
    }

    fn fill(&mut self, source: &dyn Source, socket: &mut Socket, row: &[u8], layout: &Layout) {
        let ends = tcp_info::ends(row, layout.family).filter(|_| layout.protocol == Protocol::Tcp);
        if self.fields.intersects(Fields::OFFLOAD | Fields::MODULE) {
            let owned =
                matches!(socket.ownership, Ownership::Listed { .. }) && self.fields.contains(Fields::MODULE);
            socket.windows = Some(Box::new(WindowsSocket {
                offload: ends.and_then(|ends| self.offloads.of(ends, layout.family)),
                module: owned.then(|| module(source, layout.protocol, layout.family, row)).flatten(),
            }));
        }
        if let (Some(now), Ownership::Listed { since, .. }) = (self.now, &socket.ownership)
            && *since != 0
        {
            socket.age =
                now.checked_sub(*since).map(|hundreds| Duration::from_nanos(hundreds.saturating_mul(100)));
        }
        if let (true, Some(ends), Some(state)) =
            (self.reads_tcp_info, ends, layout.state.and_then(|offset| u32_at(row, offset)))
        {
            self.courses.fill(source, socket, ends, state);
        }
    }
}

/// Any bytes as each of the tables.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    for layout in &LAYOUTS {
        decode_table(bytes, layout).0.for_each(drop);
    }
}

/// The rows of a table, and how many it says to have and does not.
#[cfg(any(test, fuzzing))]
fn decode_table<'a>(table: &'a [u8], layout: &'a Layout) -> (impl Iterator<Item = Socket> + 'a, u64) {
    let (rows, lacking) = rows(table, FIRST_ROW, layout.size);
    (rows.filter_map(|row| decode_row(row, layout)), lacking)
}

fn decode_row(row: &[u8], layout: &Layout) -> Option<Socket> {
    let local = decode_end(row, layout.family, layout.local)?;
    let mut socket = Socket::new(layout.protocol, layout.family, local, None);
    if let Some(offset) = layout.state {
        let state = decode_state(u32_at(row, offset)?);
        socket.state = Some(state);
        if let (Some(end), false) = (layout.remote, matches!(state, TcpState::Listen | TcpState::Bound)) {
            socket.remote = Some(decode_end(row, layout.family, end)?);
        }
    }
    socket.ownership = match u32_at(row, layout.pid)? {
        0 => Ownership::Unowned(NoOwner::NoProcess),
        pid => Ownership::Listed { pid, since: u64_at(row, layout.created)? },
    };
    Some(socket)
}

pub(super) fn decode_end(row: &[u8], family: Family, end: End) -> Option<Endpoint> {
    let address = match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from(array_at::<4>(row, end.address)?)),
        Family::V6 => IpAddr::V6(Ipv6Addr::from(array_at::<16>(row, end.address)?)),
    };
    let scope = end.scope.map_or(Some(0), |offset| u32_at(row, offset))?;
    // The first two of four bytes, in network order.
    let port = u16::from_be_bytes(array_at(row, end.port)?);
    Some(Endpoint::new(address, port, scope))
}

/// The state of a TCP row, by the number of `MIB_TCP_STATE`.
#[doc(alias = "MIB_TCP_STATE")]
pub(super) fn decode_state(number: u32) -> TcpState {
    match number {
        1 => TcpState::Closed,
        2 => TcpState::Listen,
        3 => TcpState::SynSent,
        4 => TcpState::SynReceived,
        5 => TcpState::Established,
        6 => TcpState::FinWait1,
        7 => TcpState::FinWait2,
        8 => TcpState::CloseWait,
        9 => TcpState::Closing,
        10 => TcpState::LastAck,
        11 => TcpState::TimeWait,
        12 => TcpState::DeleteTcb,
        100 => TcpState::Bound,
        other => TcpState::Unknown(u8::try_from(other).unwrap_or(u8::MAX)),
    }
}
