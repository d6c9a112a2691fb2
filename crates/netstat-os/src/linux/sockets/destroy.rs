//! Names one socket to the kernel: `struct inet_diag_req_v2`.

use super::decode::{AF_INET, AF_INET6, SOCKET_ID};
use super::{IPPROTO_TCP, IPPROTO_UDP};
use netstat_model::query::SocketQuery;
use netstat_model::{Family, IpEndpoint, SocketRef, Transport};
use std::net::IpAddr;

/// Returns a request about this socket and no other; `None` for one whose cookie is not known, and for one that is neither TCP
/// nor UDP.
pub(in crate::linux) fn destroy_request(socket: &SocketRef<'_>) -> Option<Vec<u8>> {
    request_with(socket, 0)
}

/// Returns a request about this socket for what a query wants of each; `None` as [`destroy_request`].
pub(in crate::linux) fn identity_request(socket: &SocketRef<'_>, query: &SocketQuery) -> Option<Vec<u8>> {
    request_with(socket, super::extensions(query))
}

fn request_with(socket: &SocketRef<'_>, extensions: u8) -> Option<Vec<u8>> {
    let protocol = match socket.protocol.transport()? {
        Transport::Tcp => IPPROTO_TCP,
        Transport::Udp => IPPROTO_UDP,
    };
    let (family, local, cookie) = (socket.family?, socket.local_ip()?, socket.id.cookie?);
    let remote = socket.remote_ip();
    let interface = socket.interface().unwrap_or(local.scope);
    let address = |end: Option<IpEndpoint>| -> [u8; 16] {
        let mut bytes = [0; 16];
        match (end.map(|end| end.address), family) {
            (None, _) => {}
            (Some(IpAddr::V6(address)), _) => bytes = address.octets(),
            (Some(IpAddr::V4(address)), Family::V6) => bytes = address.to_ipv6_mapped().octets(),
            (Some(IpAddr::V4(address)), Family::V4) => {
                bytes.iter_mut().zip(address.octets()).for_each(|(byte, octet)| *byte = octet);
            }
        }
        bytes
    };
    let mut request = Vec::with_capacity(8 + SOCKET_ID);
    let family = match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    };
    request.extend([family, protocol, extensions, 0]);
    // All states.
    request.extend(u32::MAX.to_ne_bytes());
    request.extend(local.port.to_be_bytes());
    request.extend(remote.map_or(0, |end| end.port).to_be_bytes());
    request.extend(address(Some(local)));
    request.extend(address(remote));
    request.extend(interface.to_ne_bytes());
    // Two numbers, the low half first.
    for half in [cookie & u64::from(u32::MAX), cookie >> 32] {
        request.extend(u32::try_from(half).ok()?.to_ne_bytes());
    }
    Some(request)
}
