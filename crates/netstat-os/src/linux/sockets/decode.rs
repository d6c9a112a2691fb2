//! Rows of sock_diag: `struct inet_diag_msg` and its attributes.

use super::{AF_INET, AF_INET6, SOCKET_ID};
use super::{INET_DIAG_CONG, INET_DIAG_INFO, INET_DIAG_SKMEMINFO, INET_DIAG_TCLASS, INET_DIAG_TOS};
use crate::linux::tcp_info::{decode_age, decode_memory, decode_tcp_info};
use crate::linux::wire;
use netstat_model::{
    Brief, Endpoint, Family, Holder, NoOwner, Ownership, Protocol, Socket, SocketId, TcpState, Timer,
    TimerKind,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

pub(super) const INET_DIAG_SKV6ONLY: u16 = 11;
pub(super) const INET_DIAG_MARK: u16 = 15;
pub(super) const INET_DIAG_CGROUP_ID: u16 = 21;

/// A socket without a cookie says so with all bits set.
pub(super) const NO_COOKIE: u64 = u64::MAX;

/// The state of a TCP row. A closed socket is in no table but that of the bound ones.
pub(super) fn decode_state(number: u8) -> TcpState {
    match number {
        1 => TcpState::Established,
        2 => TcpState::SynSent,
        3 | 12 => TcpState::SynReceived,
        4 => TcpState::FinWait1,
        5 => TcpState::FinWait2,
        6 => TcpState::TimeWait,
        7 | 13 => TcpState::Bound,
        8 => TcpState::CloseWait,
        9 => TcpState::LastAck,
        10 => TcpState::Listen,
        11 => TcpState::Closing,
        other => TcpState::Unknown(other),
    }
}

/// The state of a row by the kernel's number, and its remote end where it has one.
pub(in crate::linux) fn state_and_remote(
    protocol: Protocol,
    state: u8,
    remote: Endpoint,
) -> (Option<TcpState>, Option<Endpoint>) {
    let state = (protocol == Protocol::Tcp).then(|| decode_state(state));
    let has_peer = match state {
        Some(state) => !matches!(state, TcpState::Listen | TcpState::Bound),
        None => remote.port != 0 || !remote.address.is_unspecified(),
    };
    (state, has_peer.then_some(remote))
}

/// What a running timer waits for, by the kernel's number; `None` where none runs.
pub(in crate::linux) fn decode_timer_kind(number: u8) -> Option<TimerKind> {
    match number {
        1 => Some(TimerKind::Retransmit),
        2 => Some(TimerKind::KeepAlive),
        3 => Some(TimerKind::TimeWait),
        4 => Some(TimerKind::Probe),
        _ => None,
    }
}

/// `struct inet_diag_msg`: four bytes, the socket ID, five 32-bit numbers.
pub(super) const MESSAGE: usize = 4 + SOCKET_ID + 20;

/// A row of the table in brief; `None` when it is too short or of a family this program does not know.
#[doc(alias = "inet_diag_msg")]
pub(super) fn decode_brief(bytes: &[u8], protocol: Protocol) -> Option<Brief> {
    let fixed: &[u8; MESSAGE] = bytes.first_chunk()?;
    let family = match fixed[0] {
        AF_INET => Family::V4,
        AF_INET6 => Family::V6,
        _ => return None,
    };
    let interface = wire::u32_at(fixed, 40)?;
    let local = decode_endpoint(fixed, family, 4, 8, interface)?;
    let remote = decode_endpoint(fixed, family, 6, 24, interface)?;
    let (state, remote) = state_and_remote(protocol, fixed[1], remote);
    let cookie = u64::from(wire::u32_at(fixed, 44)?) | u64::from(wire::u32_at(fixed, 48)?) << 32;
    let inode = wire::u32_at(fixed, 68)?;
    let v6_only = if family == Family::V6 && remote.is_none() {
        wire::attributes(&bytes[MESSAGE..])
            .find(|(kind, _)| *kind == INET_DIAG_SKV6ONLY)
            .and_then(|(_, value)| decode_flag(value))
    } else {
        None
    };
    Some(Brief {
        protocol,
        family,
        local,
        remote,
        state,
        v6_only,
        id: SocketId {
            inode: (inode != 0).then_some(u64::from(inode)),
            cookie: (cookie != NO_COOKIE && cookie != 0).then_some(cookie),
        },
        holder: if inode == 0 { Holder::Nobody(NoOwner::NoProcess) } else { Holder::NotRead },
    })
}

fn decode_flag(value: &[u8]) -> Option<bool> {
    wire::u8_at(value, 0).map(|flag| flag != 0)
}

/// A row of the table with all that it has; `None` as above.
pub(in crate::linux) fn decode_socket(bytes: &[u8], protocol: Protocol) -> Option<Socket> {
    let brief = decode_brief(bytes, protocol)?;
    let fixed: &[u8; MESSAGE] = bytes.first_chunk()?;
    let (inode, interface) = (wire::u32_at(fixed, 68)?, wire::u32_at(fixed, 40)?);
    let mut socket = Socket::from(&brief);
    // What no descriptor holds has no user either: the kernel fills in 0.
    socket.uid = (inode != 0).then_some(wire::u32_at(fixed, 64)?);
    socket.recv_queue = Some(wire::u32_at(fixed, 56)?);
    socket.send_queue = Some(wire::u32_at(fixed, 60)?);
    socket.interface = (interface != 0).then_some(interface);
    socket.timer = decode_timer(fixed[2], fixed[3], wire::u32_at(fixed, 52)?);
    if inode == 0 {
        socket.ownership = Ownership::Unowned(NoOwner::NoProcess);
    }
    let (mut tos, mut tclass) = (None, None);
    for (kind, value) in wire::attributes(&bytes[MESSAGE..]) {
        match kind {
            INET_DIAG_TOS => tos = wire::u8_at(value, 0),
            INET_DIAG_TCLASS => tclass = wire::u8_at(value, 0),
            INET_DIAG_INFO if was_connected(socket.state) => {
                socket.tcp = Some(Box::new(decode_tcp_info(value)));
                socket.age = is_established(socket.state).then(|| decode_age(value)).flatten();
            }
            INET_DIAG_SKMEMINFO => socket.memory = Some(Box::new(decode_memory(value))),
            INET_DIAG_MARK => socket.mark = wire::u32_at(value, 0),
            INET_DIAG_CGROUP_ID => {
                // Zero is a socket of no group that is left.
                socket.cgroup_id =
                    wire::array_at(value, 0).map(u64::from_ne_bytes).filter(|&group| group != 0);
            }
            INET_DIAG_SKV6ONLY => socket.v6_only = decode_flag(value),
            INET_DIAG_CONG => {
                let name = value.split(|&byte| byte == 0).next().unwrap_or_default();
                socket.congestion =
                    std::str::from_utf8(name).ok().filter(|name| !name.is_empty()).map(Box::from);
            }
            _ => {}
        }
    }
    // An IPv6 socket reports both; the one of the traffic it carries counts.
    let carries_v4 = socket.remote.unwrap_or(socket.local).address.is_ipv4();
    socket.traffic_class = if carries_v4 { tos } else { tclass };
    Some(socket)
}

fn decode_endpoint(
    bytes: &[u8],
    family: Family,
    port: usize,
    address: usize,
    interface: u32,
) -> Option<Endpoint> {
    let port = wire::be16_at(bytes, port)?;
    let address = match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from(wire::array_at::<4>(bytes, address)?)),
        Family::V6 => IpAddr::V6(Ipv6Addr::from(wire::array_at::<16>(bytes, address)?)),
    };
    Some(Endpoint::new(address, port, interface))
}

fn decode_timer(kind: u8, retransmits: u8, expires: u32) -> Option<Timer> {
    let kind = decode_timer_kind(kind)?;
    Some(Timer { kind, expires_in: Duration::from_millis(u64::from(expires)), retransmits })
}

/// Whether `struct tcp_info` has a meaning: the kernel also sends it for listeners, with other things in its fields.
fn was_connected(state: Option<TcpState>) -> bool {
    state == Some(TcpState::SynSent) || is_established(state)
}

/// Whether the handshake is over, and the socket is not a mere time-wait block.
fn is_established(state: Option<TcpState>) -> bool {
    use TcpState::{CloseWait, Closing, Established, FinWait1, FinWait2, LastAck};
    matches!(state, Some(Established | FinWait1 | FinWait2 | CloseWait | Closing | LastAck))
}
