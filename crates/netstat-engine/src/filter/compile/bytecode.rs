//! Programs for the socket dumps of the kernel (`INET_DIAG_REQ_BYTECODE`): conditions on addresses and ports, each of
//! which jumps forward. Only operations that every kernel with `sock_diag` supports are used.

use crate::filter::expression::Join;
use netstat_model::Prefix;
use std::net::{IpAddr, Ipv6Addr};

/// One end of a socket. The kernel calls the local one S (source), the remote one D (destination).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Local,
    Remote,
}

impl End {
    /// Returns the operation for this end.
    fn of(self, local: u8, remote: u8) -> u8 {
        match self {
            Self::Local => local,
            Self::Remote => remote,
        }
    }
}

/// A condition that the kernel can test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Code {
    Always,
    Never,
    AtLeast(End, u16),
    AtMost(End, u16),
    /// The address is in the block. A block of IPv4 includes mapped addresses of IPv6 sockets; so does one of IPv6 that
    /// contains mapped addresses.
    In(End, Prefix),
    /// The address is an IPv4-mapped one of an IPv6 socket.
    Mapped(End),
    Not(Box<Code>),
    Joined(Join, Vec<Code>),
}

impl Code {
    pub(super) fn not(self) -> Self {
        match self {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    pub(super) fn all(members: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(Join::All, members)
    }

    pub(super) fn any(members: impl IntoIterator<Item = Self>) -> Self {
        Self::joined(Join::Any, members)
    }

    pub(super) fn joined(join: Join, members: impl IntoIterator<Item = Self>) -> Self {
        let (neutral, decisive) = match join {
            Join::All => (Self::Always, Self::Never),
            Join::Any => (Self::Never, Self::Always),
        };
        let mut needed = Vec::new();
        for member in members {
            if member == decisive {
                return decisive;
            }
            if member != neutral {
                needed.push(member);
            }
        }
        match needed.len() {
            0 => neutral,
            1 => needed.swap_remove(0),
            _ => Self::Joined(join, needed),
        }
    }
}

pub(super) const JMP: u8 = 1;
pub(super) const S_GE: u8 = 2;
pub(super) const S_LE: u8 = 3;
pub(super) const D_GE: u8 = 4;
pub(super) const D_LE: u8 = 5;
pub(super) const S_COND: u8 = 7;
pub(super) const D_COND: u8 = 8;

pub(super) const AF_INET: u8 = 2;
pub(super) const AF_INET6: u8 = 10;

/// The length of an operation (`struct inet_diag_bc_op`) without its argument.
const OPERATION: usize = 4;

/// The longest program, in bytes, that is worth running for every socket, under a lock.
pub(super) const LONGEST: usize = 16 << 10;

/// Assembles a program; `None` if it would be empty or too long.
///
/// The kernel accepts a socket when the program ends at its very end, and rejects it when it ends four bytes beyond.
pub(super) fn assemble(code: &Code) -> Option<Box<[u8]>> {
    if *code == Code::Always {
        return None;
    }
    let mut program = Assembler { operations: Vec::new(), length: 0 };
    program.put(code, ACCEPT, REJECT)?;
    Some(program.operations.into_iter().rev().flatten().collect())
}

/// A position in the program, as the number of bytes from there to the end.
type Place = isize;

const ACCEPT: Place = 0;
const REJECT: Place = -4;

/// Assembles a program from its end, so that the targets of all jumps are known.
struct Assembler {
    operations: Vec<Vec<u8>>,
    length: usize,
}

impl Assembler {
    fn here(&self) -> Option<Place> {
        Place::try_from(self.length).ok()
    }

    /// Puts code in front, which continues at one of two positions.
    fn put(&mut self, code: &Code, accept: Place, reject: Place) -> Option<()> {
        match code {
            Code::Always => self.go_on(accept),
            Code::Never => self.jump(reject),
            Code::AtLeast(end, port) => self.port(end.of(S_GE, D_GE), *port, accept, reject),
            Code::AtMost(end, port) => self.port(end.of(S_LE, D_LE), *port, accept, reject),
            Code::In(end, network) => match network.address {
                IpAddr::V4(v4) => self.host(*end, AF_INET, network.length, &v4.octets(), accept, reject),
                IpAddr::V6(v6) => self.host(*end, AF_INET6, network.length, &v6.octets(), accept, reject),
            },
            Code::Mapped(end) => {
                let start = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0);
                self.host(*end, AF_INET6, 96, &start.octets(), accept, reject)
            }
            Code::Not(inner) => self.put(inner, reject, accept),
            Code::Joined(join, members) => {
                let (mut accept, mut reject) = (accept, reject);
                for member in members.iter().rev() {
                    self.put(member, accept, reject)?;
                    // The member before this one goes on here unless it decides.
                    match join {
                        Join::All => accept = self.here()?,
                        Join::Any => reject = self.here()?,
                    }
                }
                Some(())
            }
        }
    }

    fn port(&mut self, operation: u8, port: u16, accept: Place, reject: Place) -> Option<()> {
        let [low, high] = port.to_ne_bytes();
        self.condition(operation, &[0, 0, low, high], accept, reject)
    }

    fn host(
        &mut self,
        end: End,
        family: u8,
        prefix: u8,
        address: &[u8],
        accept: Place,
        reject: Place,
    ) -> Option<()> {
        let mut argument = vec![family, prefix, 0, 0];
        // Port -1 stands for any port.
        argument.extend_from_slice(&(-1i32).to_ne_bytes());
        argument.extend_from_slice(address);
        self.condition(end.of(S_COND, D_COND), &argument, accept, reject)
    }

    /// Puts an operation that falls through if it holds, and jumps to `reject` otherwise.
    fn condition(&mut self, operation: u8, argument: &[u8], accept: Place, reject: Place) -> Option<()> {
        self.go_on(accept)?;
        let length = OPERATION + argument.len();
        let after = self.here()?;
        let yes = u8::try_from(length).ok()?;
        let no = u16::try_from(Place::from(yes) + after - reject).ok()?;
        let [low, high] = no.to_ne_bytes();
        let mut bytes = vec![operation, yes, low, high];
        bytes.extend_from_slice(argument);
        self.push(bytes)
    }

    /// Continues at a position, which takes no operation if that is the next one.
    fn go_on(&mut self, place: Place) -> Option<()> {
        if place == self.here()? { Some(()) } else { self.jump(place) }
    }

    fn jump(&mut self, place: Place) -> Option<()> {
        let no = u16::try_from(4 + self.here()? - place).ok()?;
        let [low, high] = no.to_ne_bytes();
        self.push(vec![JMP, 4, low, high])
    }

    fn push(&mut self, operation: Vec<u8>) -> Option<()> {
        self.length += operation.len();
        self.operations.push(operation);
        (self.length <= LONGEST).then_some(())
    }
}

#[cfg(test)]
#[path = "../tests/interpreter.rs"]
pub(in crate::filter) mod interpreter;
