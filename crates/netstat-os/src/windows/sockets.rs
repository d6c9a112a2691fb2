//! The socket table, from `GetExtendedTcpTable` and `GetExtendedUdpTable`.
//!
//! A dual-stack socket has a row in the table of each family, so no row stands for two sockets.

use super::bound;
use super::memory::{u32_at, u64_at};
use super::mib_table::{FIRST_ROW, rows};
use super::modules::module;
use super::offload::Offloads;
use super::source::{Question, Source};
use super::tcp_info::{self, ConnectionStats};
use super::templates::Templates;
use super::udp_peers::Peers;
#[cfg(any(test, fuzzing))]
use layout::LAYOUTS;
use layout::{Layout, TCP_V4, TCP_V6, UDP_V4, UDP_V6, decode_end};
use netstat_model::query::{Fields, Kinds, SocketQuery, States};
use netstat_model::{
    Answer, Endpoint, Error, Family, IpEndpoint, NoOwner, Operation, Ownership, Socket, TcpState, Transport,
    Warning, WindowsSocket,
};
use std::time::Duration;

pub(super) mod layout;
#[cfg(test)]
pub(super) mod tests;

/// Returns the sockets that the query selects.
pub(super) fn sockets(source: &dyn Source, query: &SocketQuery) -> Result<Answer<Vec<Socket>>, Error> {
    let mut answer = Answer::whole(Vec::new());
    let mut beyond = Beyond::read(source, query);
    let mut v6_peers = None;
    // UDP over IPv6 comes first: its peers tell which peers of IPv4 rows are ends of IPv6 addresses.
    for layout in [TCP_V4, TCP_V6, UDP_V6, UDP_V4] {
        // The IPv6 table may contain IPv4 connections, by their mapped addresses.
        let v4 = Kinds::of(layout.protocol, Family::V4);
        let kinds =
            if layout.family == Family::V4 { v4 } else { v4 | Kinds::of(layout.protocol, Family::V6) };
        if !query.kinds.intersects(kinds) {
            continue;
        }
        let question = match layout.protocol {
            Transport::Tcp => Question::TcpTable(layout.family),
            Transport::Udp => Question::UdpTable(layout.family),
        };
        let table = source.ask(&question).map_err(|error| Error::new(Operation::ListSockets, error))?;
        let (rows, odd) = rows(table.bytes(), FIRST_ROW, layout.size);
        if odd > 0 {
            let what = match layout.protocol {
                Transport::Tcp => "table of TCP sockets",
                Transport::Udp => "table of UDP sockets",
            };
            answer.warnings.push(Warning::OddMessages { what, count: odd });
        }
        let peers = (layout.protocol == Transport::Udp)
            .then(|| Peers::read(source, &layout, table.bytes(), &mut answer.warnings));
        beyond.begin(source, &layout, &mut answer.warnings);
        for row in rows {
            let Some(mut socket) = decode_row(row, &layout) else { continue };
            if let Some(peers) = &peers {
                let twin: Option<&Peers> = v6_peers.as_ref().filter(|_| layout.family == Family::V4);
                let is_twins =
                    |&peer: &IpEndpoint| twin.is_some_and(|twin| twin.is_end_of(peer, row, &layout));
                let peer = peers.of(row, &layout).filter(|peer| !is_twins(peer));
                socket.remote = peer.map(Endpoint::Ip);
            }
            if query.selects(&socket) {
                beyond.fill(source, &mut socket, row, &layout);
                answer.data.push(socket);
            }
        }
        if layout.family == Family::V6 && layout.protocol == Transport::Udp {
            v6_peers = peers;
        }
    }
    if query.states.contains(States::BOUND) {
        for family in [Family::V4, Family::V6] {
            if query.kinds.contains(Kinds::of(Transport::Tcp, family)) {
                answer.data.extend(bound::sockets(source, family, &mut answer.warnings));
            }
        }
    }
    answer.warnings.extend(beyond.stats.warning());
    Ok(answer)
}

/// What the query asks for beyond the table.
struct Beyond {
    fields: Fields,
    reads_tcp_info: bool,
    offloads: Offloads,
    templates: Templates,
    stats: ConnectionStats,
    /// The time of day, a `FILETIME`: hundreds of nanoseconds.
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
            templates: Templates::default(),
            stats: ConnectionStats::default(),
            now: now.and_then(|time| u64_at(time.bytes(), 0)),
        }
    }

    /// Reads what comes as one answer for a whole table.
    fn begin(&mut self, source: &dyn Source, layout: &Layout, warnings: &mut Vec<Warning>) {
        if self.fields.contains(Fields::OFFLOAD) && layout.protocol == Transport::Tcp {
            self.offloads = Offloads::read(source, layout.family, warnings);
        }
        // The answer is about both families.
        if self.fields.contains(Fields::TEMPLATE)
            && layout.protocol == Transport::Tcp
            && !self.templates.is_read()
        {
            self.templates = Templates::read(source, warnings);
        }
    }

    fn fill(&mut self, source: &dyn Source, socket: &mut Socket, row: &[u8], layout: &Layout) {
        let ends = tcp_info::ends(row, layout.family).filter(|_| layout.protocol == Transport::Tcp);
        if self.fields.intersects(Fields::OFFLOAD | Fields::MODULE | Fields::TEMPLATE) {
            let owned =
                matches!(socket.ownership, Ownership::Listed { .. }) && self.fields.contains(Fields::MODULE);
            socket.windows = Some(Box::new(WindowsSocket {
                offload: ends.and_then(|ends| self.offloads.of(ends, layout.family)),
                template: self.templates.of(socket),
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
            self.stats.fill(source, socket, ends, state);
        }
    }
}

/// Decodes any bytes as each of the tables.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    for layout in &LAYOUTS {
        decode_table(bytes, layout).0.for_each(drop);
    }
}

/// Decodes the rows of a table. Also returns how many are missing from what the count says.
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
            socket.remote = Some(decode_end(row, layout.family, end)?.into());
        }
    }
    socket.ownership = match u32_at(row, layout.pid)? {
        0 => Ownership::Unowned(NoOwner::NoProcess),
        pid => Ownership::Listed { pid, since: u64_at(row, layout.created)? },
    };
    Some(socket)
}

/// Converts a `MIB_TCP_STATE`.
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
