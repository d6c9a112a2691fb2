//! The socket table, from `GetExtendedTcpTable` and `GetExtendedUdpTable`.
//!
//! A dual-stack socket has a row in the table of either family, so no row stands for more than one here.

use super::memory::{array_at, rows, u32_at, u64_at};
use super::source::{Question, Source};
use crate::model::{Endpoint, Family, NoOwner, Ownership, Protocol, Socket, TcpState};
use crate::query::{Kinds, SocketQuery};
use crate::{Answer, Error, Operation, Warning};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[cfg(test)]
mod tests;

/// Where the fields of a row are.
#[derive(Debug, Clone, Copy)]
struct Layout {
    protocol: Protocol,
    family: Family,
    size: usize,
    local: End,
    /// UDP rows have none.
    remote: Option<End>,
    state: Option<usize>,
    pid: usize,
    created: usize,
}

/// Where the fields of one end are.
#[derive(Debug, Clone, Copy)]
struct End {
    address: usize,
    /// IPv4 has none.
    scope: Option<usize>,
    port: usize,
}

/// Every row of these tables is aligned to eight bytes, and the count before them has four.
const FIRST_ROW: usize = 8;

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
};

#[doc(alias = "MIB_UDPROW_OWNER_MODULE")]
const UDP_V4: Layout = Layout {
    protocol: Protocol::Udp,
    family: Family::V4,
    size: 160,
    local: End { address: 0, scope: None, port: 4 },
    remote: None,
    state: None,
    pid: 8,
    created: 16,
};

#[doc(alias = "MIB_UDP6ROW_OWNER_MODULE")]
const UDP_V6: Layout = Layout {
    protocol: Protocol::Udp,
    family: Family::V6,
    size: 176,
    local: End { address: 0, scope: Some(16), port: 20 },
    remote: None,
    state: None,
    pid: 24,
    created: 32,
};

const LAYOUTS: [Layout; 4] = [TCP_V4, TCP_V6, UDP_V4, UDP_V6];

/// The sockets of the query.
pub(super) fn sockets(source: &dyn Source, query: &SocketQuery) -> Result<Answer<Vec<Socket>>, Error> {
    let mut answer = Answer::whole(Vec::new());
    for layout in LAYOUTS {
        // An IPv4 connection may be in the table of IPv6, by its mapped address.
        let kinds = match layout.family {
            Family::V4 => Kinds::of(layout.protocol, Family::V4),
            Family::V6 => Kinds::of(layout.protocol, Family::V4) | Kinds::of(layout.protocol, Family::V6),
        };
        if !query.kinds.intersects(kinds) {
            continue;
        }
        let question = match layout.protocol {
            Protocol::Tcp => Question::TcpTable(layout.family),
            Protocol::Udp => Question::UdpTable(layout.family),
        };
        let table = source.ask(&question).map_err(|error| Error::new(Operation::ListSockets, error))?;
        let (sockets, odd) = decode_table(table.bytes(), &layout);
        answer.data.extend(sockets.filter(|socket| query.selects(socket)));
        if odd > 0 {
            let what = match layout.protocol {
                Protocol::Tcp => "table of TCP sockets",
                Protocol::Udp => "table of UDP sockets",
            };
            answer.warnings.push(Warning::OddMessages { what, count: odd });
        }
    }
    Ok(answer)
}

/// Any bytes as each of the tables.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    for layout in &LAYOUTS {
        decode_table(bytes, layout).0.for_each(drop);
    }
}

/// The rows of a table, and how many it says to have and does not.
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

fn decode_end(row: &[u8], family: Family, end: End) -> Option<Endpoint> {
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
