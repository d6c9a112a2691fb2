//! The checks (`inet_diag_bc_audit`) and the interpreter (`inet_diag_bc_run`) of the kernel, to test programs without one.

use super::{AF_INET, AF_INET6, D_COND, D_GE, D_LE, JMP, OPERATION, S_COND, S_GE, S_LE};
use netstat_model::{Family, IpEndpoint, Socket, SocketRef};
use std::net::IpAddr;

const AF_UNSPEC: u8 = 0;

/// The length of `struct inet_diag_hostcond` without the address.
const HOST_CONDITION: usize = 8;

/// The part of `struct inet_diag_entry` that programs test. An IPv4 address is in the first four bytes.
#[derive(Debug, Clone)]
pub(in crate::filter) struct Entry {
    pub(in crate::filter) family: u8,
    pub(in crate::filter) local: [u8; 16],
    pub(in crate::filter) remote: [u8; 16],
    pub(in crate::filter) local_port: u16,
    pub(in crate::filter) remote_port: u16,
}

impl Entry {
    /// Returns the entry that the kernel has for a socket of the model.
    pub(in crate::filter) fn of(socket: &Socket) -> Self {
        let (socket, family) = (SocketRef::from(socket).ip().unwrap(), socket.family.unwrap());
        let address = |end: IpEndpoint| {
            let mut bytes = [0; 16];
            match (family, end.address) {
                (Family::V4, IpAddr::V4(v4)) => bytes[..4].copy_from_slice(&v4.octets()),
                (Family::V6, IpAddr::V4(v4)) => bytes = v4.to_ipv6_mapped().octets(),
                (Family::V6, IpAddr::V6(v6)) => bytes = v6.octets(),
                (Family::V4, IpAddr::V6(v6)) => panic!("an IPv4 socket at {v6}"),
            }
            bytes
        };
        Self {
            family: if family == Family::V4 { AF_INET } else { AF_INET6 },
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

/// Runs the program on an entry: returns true if the kernel passes the socket on.
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

/// An instruction of a program.
struct Operation {
    code: u8,
    yes: usize,
    no: usize,
}

fn operation(bytes: &[u8]) -> Option<Operation> {
    let [code, yes, low, high] = *bytes.first_chunk()?;
    Some(Operation { code, yes: yes.into(), no: u16::from_ne_bytes([low, high]).into() })
}

/// Returns true if the kernel accepts the program. Operations that the assembler never uses (marks, devices, control
/// groups, equality) are always refused here.
pub(in crate::filter) fn audit(program: &[u8]) -> bool {
    if program.len() < OPERATION {
        return false;
    }
    let mut rest = program;
    while !rest.is_empty() {
        let Some(next) = operation(rest) else { return false };
        let argument = rest.get(OPERATION..).unwrap_or_default();
        let shortest = match next.code {
            S_COND | D_COND => match argument {
                [family, prefix, ..] if argument.len() >= HOST_CONDITION => {
                    let address: u8 = match *family {
                        AF_UNSPEC => 0,
                        AF_INET => 4,
                        AF_INET6 => 16,
                        _ => return false,
                    };
                    if *prefix > 8 * address {
                        return false;
                    }
                    OPERATION + HOST_CONDITION + usize::from(address)
                }
                _ => return false,
            },
            S_GE | S_LE | D_GE | D_LE => 2 * OPERATION,
            JMP => OPERATION,
            _ => return false,
        };
        let fits = |jump: usize| jump >= shortest && jump <= rest.len() + 4 && jump.is_multiple_of(4);
        if shortest > rest.len() || !fits(next.no) || !fits(next.yes) {
            return false;
        }
        if next.no < rest.len() && !is_start(program, rest.len() - next.no) {
            return false;
        }
        let Some(after) = rest.get(next.yes..) else { return false };
        rest = after;
    }
    true
}

/// Returns true if an operation begins this many bytes before the end (`valid_cc` of the kernel).
fn is_start(program: &[u8], from_end: usize) -> bool {
    let mut rest = program;
    loop {
        if from_end >= rest.len() {
            return from_end == rest.len();
        }
        let Some(next) = operation(rest) else { return false };
        if next.yes < OPERATION || !next.yes.is_multiple_of(4) {
            return false;
        }
        let Some(after) = rest.get(next.yes..) else { return false };
        rest = after;
    }
}
