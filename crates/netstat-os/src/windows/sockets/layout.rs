//! Offsets of the fields in the rows of each socket table.

use crate::windows::memory::{address_at, array_at, u32_at};
use netstat_model::{Family, IpEndpoint, Transport};

/// The layout of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) protocol: Transport,
    pub(crate) family: Family,
    pub(crate) size: usize,
    pub(crate) local: End,
    /// `None` in UDP rows.
    pub(crate) remote: Option<End>,
    pub(crate) state: Option<usize>,
    pub(crate) pid: usize,
    pub(crate) created: usize,
    /// The longer rows of the undocumented UDP table.
    pub(crate) peer: Option<Peer>,
}

/// The remote endpoint in a longer row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) row_size: usize,
    pub(crate) end: End,
}

/// The layout of an endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) address: usize,
    /// `None` for IPv4.
    pub(crate) scope: Option<usize>,
    pub(crate) port: usize,
}

#[doc(alias = "MIB_TCPROW_OWNER_MODULE")]
pub(crate) const TCP_V4: Layout = Layout {
    protocol: Transport::Tcp,
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
pub(crate) const TCP_V6: Layout = Layout {
    protocol: Transport::Tcp,
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
pub(crate) const UDP_V4: Layout = Layout {
    protocol: Transport::Udp,
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
pub(crate) const UDP_V6: Layout = Layout {
    protocol: Transport::Udp,
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
pub(crate) const LAYOUTS: [Layout; 4] = [TCP_V4, TCP_V6, UDP_V4, UDP_V6];

pub(crate) fn decode_end(row: &[u8], family: Family, end: End) -> Option<IpEndpoint> {
    let address = address_at(row, family, end.address)?;
    let scope = end.scope.map_or(Some(0), |offset| u32_at(row, offset))?;
    // Ports are in network order, in the first two of four bytes.
    let port = u16::from_be_bytes(array_at(row, end.port)?);
    Some(IpEndpoint::new(address, port, scope))
}
