//! Programs for the kernel's socket dumps, `INET_DIAG_REQ_BYTECODE`: conditions on addresses and ports, each of which
//! jumps forward. Only operations that every kernel with sock_diag has are used.

use netstat_model::Prefix;
use std::net::{IpAddr, Ipv6Addr};

/// Which end, as the kernel sees it: S is here, D is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Local,
    Remote,
}

/// What the kernel can tell by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Code {
    Always,
    Never,
    AtLeast(End, u16),
    AtMost(End, u16),
    /// For a block of IPv4 also mapped addresses of IPv6 sockets. For one of IPv6, all addresses of IPv6 sockets, the
    /// mapped ones among them where the block has them.
    In(End, Prefix),
    /// An IPv4-mapped address of an IPv6 socket.
    Mapped(End),
    Not(Box<Code>),
    All(Vec<Code>),
    Any(Vec<Code>),
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
        let mut needed = Vec::new();
        for member in members {
            match member {
                Self::Always => {}
                Self::Never => return Self::Never,
                other => needed.push(other),
            }
        }
        match needed.len() {
            0 => Self::Always,
            1 => needed.swap_remove(0),
            _ => Self::All(needed),
        }
    }

    pub(super) fn any(members: impl IntoIterator<Item = Self>) -> Self {
        let mut needed = Vec::new();
        for member in members {
            match member {
                Self::Never => {}
                Self::Always => return Self::Always,
                other => needed.push(other),
            }
        }
        match needed.len() {
            0 => Self::Never,
            1 => needed.swap_remove(0),
            _ => Self::Any(needed),
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

pub(super) const AF_UNSPEC: u8 = 0;
pub(super) const AF_INET: u8 = 2;
pub(super) const AF_INET6: u8 = 10;

/// The length of an operation without its argument.
const OPERATION: usize = 4;

/// `struct inet_diag_hostcond` without the address.
const HOST_CONDITION: usize = 8;

/// The longest program that is worth running for every socket, under a lock.
pub(super) const LONGEST: usize = 16 << 10;

/// The program; `None` for one that would be too long, or empty.
///
/// The kernel accepts a socket when the program ends at its very end, and rejects it when it ends four bytes beyond.
pub(super) fn assemble(code: &Code) -> Option<Box<[u8]>> {
    if *code == Code::Always {
        return None;
    }
    let mut program = Assembler { operations: Vec::new(), length: 0 };
    program.put(code, ACCEPT, REJECT)?;
    let bytes: Vec<u8> = program.operations.into_iter().rev().flatten().collect();
    audit(&bytes).then(|| bytes.into())
}

/// A place in the program, as the number of bytes from there to the end.
type Place = isize;

const ACCEPT: Place = 0;
const REJECT: Place = -4;

/// Puts a program together from its end, where all that is jumped to is known.
struct Assembler {
    operations: Vec<Vec<u8>>,
    length: usize,
}

impl Assembler {
    fn here(&self) -> Option<Place> {
        Place::try_from(self.length).ok()
    }

    /// Puts code before what there is, which goes on at one place or the other.
    fn put(&mut self, code: &Code, accept: Place, reject: Place) -> Option<()> {
        match code {
            Code::Always => self.go_on(accept),
            Code::Never => self.jump(reject),
            Code::AtLeast(end, port) => {
                self.compare(if *end == End::Local { S_GE } else { D_GE }, *port, accept, reject)
            }
            Code::AtMost(end, port) => {
                self.compare(if *end == End::Local { S_LE } else { D_LE }, *port, accept, reject)
            }
            Code::In(end, network) => match network.address {
                IpAddr::V4(address) => {
                    self.host(*end, AF_INET, network.length, &address.octets(), accept, reject)
                }
                IpAddr::V6(address) => {
                    self.host(*end, AF_INET6, network.length, &address.octets(), accept, reject)
                }
            },
            Code::Mapped(end) => {
                let start = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0);
                self.host(*end, AF_INET6, 96, &start.octets(), accept, reject)
            }
            Code::Not(inner) => self.put(inner, reject, accept),
            Code::All(members) => {
                let mut accept = accept;
                for member in members.iter().rev() {
                    self.put(member, accept, reject)?;
                    accept = self.here()?;
                }
                Some(())
            }
            Code::Any(members) => {
                let mut reject = reject;
                for member in members.iter().rev() {
                    self.put(member, accept, reject)?;
                    reject = self.here()?;
                }
                Some(())
            }
        }
    }

    fn compare(&mut self, operation: u8, port: u16, accept: Place, reject: Place) -> Option<()> {
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
        // Any port.
        argument.extend_from_slice(&(-1i32).to_ne_bytes());
        argument.extend_from_slice(address);
        self.condition(if end == End::Local { S_COND } else { D_COND }, &argument, accept, reject)
    }

    /// An operation that falls through where it holds and jumps to `reject` where it does not.
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

    /// Goes to a place, which takes nothing when it is the next one.
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

/// An operation as it stands in a program.
pub(super) struct Operation {
    pub(super) code: u8,
    pub(super) yes: usize,
    pub(super) no: usize,
}

pub(super) fn operation(bytes: &[u8]) -> Option<Operation> {
    let [code, yes, low, high] = *bytes.first_chunk()?;
    Some(Operation { code, yes: yes.into(), no: u16::from_ne_bytes([low, high]).into() })
}

/// Whether the kernel takes the program: what `inet_diag_bc_audit` does. Operations that this file never uses (marks,
/// devices, control groups, equality) are refused here whatever the kernel thinks of them.
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

/// Whether an operation begins at so many bytes from the end: what the kernel's `valid_cc` does.
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

#[cfg(test)]
pub(in crate::filter) mod interpreter;
