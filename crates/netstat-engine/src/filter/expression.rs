//! A filter as a tree.

use super::glob::Glob;
use super::ports::Ports;
use super::quantity::{Comparison, Quantity};
use crate::enrich::{Country, Reach};
use netstat_model::query::States;
use netstat_model::{Family, Prefix, Protocol};

/// Which end of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The end here.
    Local,
    /// The other end.
    Remote,
    /// One of the two, whichever.
    Either,
}

/// One question about one socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// A port is in the set.
    Port(Side, Ports),
    /// An address is in one of the blocks; at least one block.
    Host(Side, Box<[Prefix]>),
    /// The TCP state is in the set, which is not empty. UDP has no state.
    State(States),
    /// The transport protocol, over whatever family.
    Protocol(Protocol),
    /// The socket serves the family. A dual-stack listener serves both.
    Family(Family),
    /// How far the remote address reaches.
    Reach(Reach),
    /// The remote address is of one of these countries; at least one.
    Country(Box<[Country]>),
    /// The remote address is of one of these autonomous systems; at least one number.
    NetworkNumber(Box<[u32]>),
    /// The remote address is of an autonomous system of such a name. The pattern is in small letters, and letter case
    /// does not count.
    NetworkName(Glob),
    /// A process with one of these numbers holds it; at least one number.
    Pid(Box<[u32]>),
    /// A process of such a name holds it.
    Process(Glob),
    /// A process that runs such a file holds it.
    Path(Glob),
    /// A process of such a service holds it.
    Unit(Glob),
    /// One of these users made it; at least one number.
    User(Box<[u32]>),
    /// A number compares so.
    Number(Quantity, Comparison, u64),
}

/// Tests and how they are joined. `All` and `Any` have two members at least and no member of their own kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Expression {
    Test(Test),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

impl Expression {
    /// All of these, of which there is one at least.
    pub(super) fn all(members: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(members.len());
        for member in members {
            match member {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            1 => flat.swap_remove(0),
            _ => Self::All(flat),
        }
    }

    /// Any of these, of which there is one at least.
    pub(super) fn any(members: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(members.len());
        for member in members {
            match member {
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            1 => flat.swap_remove(0),
            _ => Self::Any(flat),
        }
    }

    pub(super) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Calls with every test.
    pub(super) fn each(&self, call: &mut dyn FnMut(&Test)) {
        match self {
            Self::Test(test) => call(test),
            Self::Not(inner) => inner.each(call),
            Self::All(members) | Self::Any(members) => members.iter().for_each(|member| member.each(call)),
        }
    }
}
