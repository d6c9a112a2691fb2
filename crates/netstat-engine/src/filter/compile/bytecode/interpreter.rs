//! The kernel's interpreter (`inet_diag_bc_run`), to test programs without a kernel.

use super::{AF_INET, AF_INET6, AF_UNSPEC, D_COND, D_GE, D_LE, JMP, S_COND, S_GE, S_LE, audit, operation};
use netstat_model::{Endpoint, Family, Socket};
use std::net::IpAddr;

/// `struct inet_diag_entry`, as far as programs look at it. The first four bytes of an address are all of it for IPv4.
#[derive(Debug, Clone)]
pub(in crate::filter) struct Entry {
    pub(in crate::filter) family: u8,
    pub(in crate::filter) local: [u8; 16],
    pub(in crate::filter) remote: [u8; 16],
    pub(in crate::filter) local_port: u16,
    pub(in crate::filter) remote_port: u16,
}

impl Entry {
    /// What the kernel has for a socket that the model has so.
    pub(in crate::filter) fn of(socket: &Socket) -> Self {
        let address = |end: Endpoint| {
            let mut bytes = [0; 16];
            match (socket.family, end.address) {
                (Family::V4, IpAddr::V4(v4)) => bytes[..4].copy_from_slice(&v4.octets()),
                (Family::V6, IpAddr::V4(v4)) => bytes = v4.to_ipv6_mapped().octets(),
                (Family::V6, IpAddr::V6(v6)) => bytes = v6.octets(),
                (Family::V4, IpAddr::V6(v6)) => panic!("an IPv4 socket at {v6}"),
            }
            bytes
        };
        Self {
            family: if socket.family == Family::V4 { AF_INET } else { AF_INET6 },
            local: address(socket.local),
            remote: socket.remote.map_or([0; 16], address),
            local_port: socket.local.port,
            remote_port: socket.remote.map_or(0, |end| end.port),
        }
    }
}

fn same_bits(a: &[u8], b: &[u8], bits: u8) -> bool {
    let bit = |bytes: &[u8], at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
    (0..usize::from(bits)).all(|at| bit(a, at) == bit(b, at))
}

/// Whether the kernel lets the socket through.
pub(in crate::filter) fn accepts(program: &[u8], entry: &Entry) -> bool {
    assert!(audit(program), "the kernel would refuse {program:?}");
    let mut left = isize::try_from(program.len()).unwrap();
    while left > 0 {
        let bytes = &program[program.len() - left.unsigned_abs()..];
        let next = operation(bytes).unwrap();
        let port = || u16::from_ne_bytes([bytes[6], bytes[7]]);
        let holds = match next.code {
            JMP => false,
            S_GE => entry.local_port >= port(),
            S_LE => entry.local_port <= port(),
            D_GE => entry.remote_port >= port(),
            D_LE => entry.remote_port <= port(),
            S_COND | D_COND => {
                let (address, own) = if next.code == S_COND {
                    (&entry.local, entry.local_port)
                } else {
                    (&entry.remote, entry.remote_port)
                };
                let (family, prefix) = (bytes[4], bytes[5]);
                let wanted_port = i32::from_ne_bytes(bytes[8..12].try_into().unwrap());
                let wanted = &bytes[12..];
                if wanted_port != -1 && wanted_port != i32::from(own) {
                    false
                } else if family != AF_UNSPEC && family != entry.family {
                    let mapped =
                        entry.family == AF_INET6 && address[..10] == [0; 10] && address[10..12] == [255; 2];
                    family == AF_INET && mapped && same_bits(&address[12..], wanted, prefix)
                } else {
                    same_bits(address, wanted, prefix)
                }
            }
            other => panic!("operation {other}"),
        };
        left -= isize::try_from(if holds { next.yes } else { next.no }).unwrap();
    }
    left == 0
}
