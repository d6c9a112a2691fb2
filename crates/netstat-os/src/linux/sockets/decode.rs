//! Decoders for the rows of sock_diag: `struct inet_diag_msg` and its attributes.

use crate::linux::tcp_info::{decode_age, decode_memory, decode_tcp_info};
use crate::linux::tcp_state::{decode_timer_kind, state_and_remote};
use crate::linux::wire;
use netstat_model::{
    Family, Holder, IpEndpoint, NoOwner, Socket, SocketId, SocketRef, TcpFields, TcpInfo, TcpState, Timer,
    Transport,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

pub(super) const AF_INET: u8 = 2;
pub(super) const AF_INET6: u8 = 10;

/// The length of `struct inet_diag_sockid`.
pub(super) const SOCKET_ID: usize = 48;

pub(super) const INET_DIAG_INFO: u16 = 2;
pub(super) const INET_DIAG_CONG: u16 = 4;
pub(super) const INET_DIAG_TOS: u16 = 5;
pub(super) const INET_DIAG_TCLASS: u16 = 6;
pub(super) const INET_DIAG_SKMEMINFO: u16 = 7;
pub(super) const INET_DIAG_SKV6ONLY: u16 = 11;
pub(super) const INET_DIAG_MARK: u16 = 15;
pub(super) const INET_DIAG_CGROUP_ID: u16 = 21;

/// The cookie of a socket that has none.
pub(super) const NO_COOKIE: u64 = u64::MAX;

/// `struct inet_diag_msg`: four bytes, the socket ID, five 32-bit numbers.
pub(super) const MESSAGE: usize = 4 + SOCKET_ID + 20;

/// Decodes the head of a row: ends, state and identity. Returns `None` if the row is too short or of an unknown address
/// family.
#[doc(alias = "inet_diag_msg")]
// A call for each row of a large table costs one instruction in forty of the whole program.
#[inline(always)]
pub(super) fn decode_head(bytes: &[u8], protocol: Transport) -> Option<SocketRef<'static>> {
    let fixed: &[u8; MESSAGE] = bytes.first_chunk()?;
    let family = match fixed[0] {
        AF_INET => Family::V4,
        AF_INET6 => Family::V6,
        _ => return None,
    };
    let interface = wire::u32_at(fixed, 40)?;
    let local = decode_endpoint(fixed, family, 4, 8, interface)?;
    let remote = decode_endpoint(fixed, family, 6, 24, interface)?;
    let inode = wire::u32_at(fixed, 68)?;
    let id = SocketId { inode: (inode != 0).then_some(u64::from(inode)), cookie: decode_cookie(fixed) };
    let holder = if inode == 0 { Holder::Nobody(NoOwner::NoProcess) } else { Holder::NotRead };
    let mut socket = SocketRef::bare(protocol, family, local, id, holder);
    (socket.state, socket.remote) = state_and_remote(protocol, fixed[1], remote);
    // It matters only for a socket without a peer.
    if family == Family::V6 && socket.remote.is_none() {
        socket.v6_only = wire::attributes(&bytes[MESSAGE..])
            .find(|(kind, _)| *kind == INET_DIAG_SKV6ONLY)
            .and_then(|(_, value)| decode_flag(value));
    }
    Some(socket)
}

fn decode_cookie(fixed: &[u8; MESSAGE]) -> Option<u64> {
    let cookie = u64::from(wire::u32_at(fixed, 44)?) | u64::from(wire::u32_at(fixed, 48)?) << 32;
    (cookie != NO_COOKIE && cookie != 0).then_some(cookie)
}

/// A socket that was destroyed: its cookie, its ends, and `struct tcp_info`. It has the ends of a connection and the state of
/// a closed socket.
pub(in crate::linux) type Destroyed<'a> = (u64, IpEndpoint, IpEndpoint, Option<&'a [u8]>);

/// Decodes a message about a TCP socket that was destroyed.
pub(in crate::linux) fn decode_destroyed(bytes: &[u8]) -> Option<Destroyed<'_>> {
    let fixed: &[u8; MESSAGE] = bytes.first_chunk()?;
    let family = match fixed[0] {
        AF_INET => Family::V4,
        AF_INET6 => Family::V6,
        _ => return None,
    };
    let interface = wire::u32_at(fixed, 40)?;
    let local = decode_endpoint(fixed, family, 4, 8, interface)?;
    let remote = decode_endpoint(fixed, family, 6, 24, interface)?;
    let cookie = decode_cookie(fixed)?;
    let info = wire::attributes(&bytes[MESSAGE..]).find(|(kind, _)| *kind == INET_DIAG_INFO);
    Some((cookie, local, remote, info.map(|(_, info)| info)))
}

fn decode_flag(value: &[u8]) -> Option<bool> {
    wire::u8_at(value, 0).map(|flag| flag != 0)
}

/// Decodes a row with all its details.
#[cfg(any(test, fuzzing))]
pub(in crate::linux) fn decode_socket(bytes: &[u8], protocol: Transport) -> Option<Socket> {
    let mut socket = decode_head(bytes, protocol)?.to_socket();
    decode_details(bytes, TcpFields::all(), &mut socket, &mut None);
    Some(socket)
}

/// Adds the details of a row to its head. The wanted fields of the course of a connection are decoded only for sockets that
/// are or were connected.
///
/// `spare` is the course of another connection, decoded with the same fields: its memory is used again.
pub(super) fn decode_details(
    bytes: &[u8],
    wanted: TcpFields,
    socket: &mut Socket,
    spare: &mut Option<Box<TcpInfo>>,
) {
    let Some(fixed) = bytes.first_chunk::<MESSAGE>() else { return };
    let number = |at| wire::u32_at(fixed, at);
    // A socket that no descriptor holds has no user in most kernels, which fill in 0 then.
    socket.uid = number(64).filter(|&uid| socket.id.inode.is_some() || uid != 0);
    socket.recv_queue = number(56);
    socket.send_queue = number(60);
    socket.interface = number(40).filter(|&index| index != 0);
    socket.timer = number(52).and_then(|expires| decode_timer(fixed[2], fixed[3], expires));
    let (mut tos, mut tclass) = (None, None);
    for (kind, value) in wire::attributes(&bytes[MESSAGE..]) {
        match kind {
            INET_DIAG_TOS => tos = wire::u8_at(value, 0),
            INET_DIAG_TCLASS => tclass = wire::u8_at(value, 0),
            INET_DIAG_INFO if was_connected(socket.state) => {
                socket.tcp = (!wanted.is_empty()).then(|| {
                    let mut info = spare.take().unwrap_or_default();
                    decode_tcp_info(value, wanted, &mut info);
                    info
                });
                socket.age = is_established(socket.state).then(|| decode_age(value)).flatten();
            }
            INET_DIAG_SKMEMINFO => socket.memory = Some(Box::new(decode_memory(value))),
            INET_DIAG_MARK => socket.mark = wire::u32_at(value, 0),
            INET_DIAG_CGROUP_ID => {
                // 0 means that the group is gone.
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
    // An IPv6 socket has both; that of its traffic applies.
    let end = socket.remote.as_ref().unwrap_or(&socket.local).ip();
    let carries_v4 = end.is_some_and(|end| end.address.is_ipv4());
    socket.traffic_class = if carries_v4 { tos } else { tclass };
}

fn decode_endpoint(
    bytes: &[u8],
    family: Family,
    port: usize,
    address: usize,
    interface: u32,
) -> Option<IpEndpoint> {
    let port = wire::be16_at(bytes, port)?;
    let address = match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from(wire::array_at::<4>(bytes, address)?)),
        Family::V6 => IpAddr::V6(Ipv6Addr::from(wire::array_at::<16>(bytes, address)?)),
    };
    Some(IpEndpoint::new(address, port, interface))
}

fn decode_timer(kind: u8, retransmits: u8, expires: u32) -> Option<Timer> {
    let kind = decode_timer_kind(kind)?;
    Some(Timer { kind, expires_in: Duration::from_millis(u64::from(expires)), retransmits })
}

/// Returns whether `struct tcp_info` describes a connection. The kernel also sends it for listeners, with other values in its
/// fields.
fn was_connected(state: Option<TcpState>) -> bool {
    state == Some(TcpState::SynSent) || is_established(state)
}

/// Returns whether the handshake is over, and the socket is not a mere time-wait block.
fn is_established(state: Option<TcpState>) -> bool {
    use TcpState::{CloseWait, Closing, Established, FinWait1, FinWait2, LastAck};
    matches!(state, Some(Established | FinWait1 | FinWait2 | CloseWait | Closing | LastAck))
}

#[cfg(test)]
pub(super) mod tests;
