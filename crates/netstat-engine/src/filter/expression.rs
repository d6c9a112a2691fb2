//! A filter as a tree.

use super::glob::Glob;
use super::ports::Ports;
use super::quantity::{Comparison, Quantity};
use crate::enrich::{Country, Reach};
use netstat_model::query::{Kinds, States};
use netstat_model::{ApplicationProtocol, EndReason, Family, Prefix, Transport};

/// One end of a socket, or either of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The local end.
    Local,
    /// The remote end.
    Remote,
    /// Either end.
    Either,
}

/// One condition on one socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// The port is in the set.
    Port(Side, Ports),
    /// The address is in one of the blocks; at least one block.
    Host(Side, Box<[Prefix]>),
    /// The address is in the zone of the interface with this index; only link-local addresses are in one.
    Zone(Side, u32),
    /// The TCP state is in the set, which is not empty. UDP has no state.
    State(States),
    /// The transport protocol, over either family.
    Protocol(Transport),
    /// The socket is of one of these kinds; at least one.
    Kinds(Kinds),
    /// The name of a Unix socket matches: a path, or an abstract name after `@`.
    Name(Side, Glob),
    /// The socket serves the family. A dual-stack listener serves both.
    Family(Family),
    /// The reach of the remote address.
    Reach(Reach),
    /// The remote address is in one of these countries; at least one.
    Country(Box<[Country]>),
    /// The remote address is in one of these autonomous systems; at least one number.
    NetworkNumber(Box<[u32]>),
    /// The name of the autonomous system of the remote address matches. The pattern is in lower case, and case is
    /// ignored.
    NetworkName(Glob),
    /// A process with one of these IDs holds the socket; at least one ID.
    Pid(Box<[u32]>),
    /// A process that holds the socket has one of these IDs in its own PID namespace; at least one ID.
    NamespacePid(Box<[u32]>),
    /// The name of a process that holds the socket matches.
    Process(Glob),
    /// The path of the executable of such a process matches.
    Path(Glob),
    /// The name of the service of such a process matches.
    Unit(Glob),
    /// The container of such a process matches.
    Container(Glob),
    /// The UID of the Kubernetes pod of such a process matches.
    Pod(Glob),
    /// The name of the host that it was on matches; letter case is ignored.
    HostName(Glob),
    /// The socket is in one of these network namespaces; at least one inode.
    Namespace(Box<[u64]>),
    /// One of these users created the socket; at least one user ID.
    User(Box<[u32]>),
    /// Such a process runs as this account of Windows: `DOMAIN\name`, or the name alone.
    Account(Glob),
    /// A number of the socket compares to a limit.
    Number(Quantity, Comparison, u64),
    /// A moment in the life of the socket compares to another, in microseconds since 1970.
    Time(Event, Comparison, i64),
    /// It ended for one of these reasons; at least one. What is there has not ended.
    Reason(Box<[EndReason]>),
    /// Its first bytes were of one of these protocols; at least one.
    App(Box<[ApplicationProtocol]>),
    /// The name that its first bytes tell matches, without what stands beside it; letter case is ignored.
    AppName(Glob),
}

/// A moment in the life of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// It began.
    Started,
    /// It ended.
    Ended,
}

impl Test {
    /// Returns true if the protocol and the ends of a socket decide it.
    pub(super) fn is_of_ends(&self) -> bool {
        matches!(
            self,
            Self::Port(..)
                | Self::Host(..)
                | Self::Zone(..)
                | Self::Protocol(_)
                | Self::Kinds(_)
                | Self::Name(..)
                | Self::Family(_)
                | Self::Reach(_)
                | Self::Country(_)
                | Self::NetworkNumber(_)
                | Self::NetworkName(_)
        )
    }

    /// Returns true if the first bytes of a connection decide it.
    pub(super) fn is_of_first_bytes(&self) -> bool {
        matches!(self, Self::App(_) | Self::AppName(_))
    }

    /// Returns true if it asks for a fact about a process that holds the socket, beyond its ID.
    pub(super) fn is_of_process(&self) -> bool {
        matches!(
            self,
            Self::NamespacePid(_)
                | Self::Process(_)
                | Self::Path(_)
                | Self::Unit(_)
                | Self::Container(_)
                | Self::Pod(_)
                | Self::Account(_)
        )
    }
}

/// How the members of an expression are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Join {
    /// By `and`.
    All,
    /// By `or`.
    Any,
}

impl Join {
    /// Returns the join of the negations of what this joins.
    pub(super) fn dual(self) -> Self {
        match self {
            Self::All => Self::Any,
            Self::Any => Self::All,
        }
    }
}

/// Tests and how they are combined. `Joined` has at least two members, none of them joined in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Expression {
    Test(Test),
    Not(Box<Expression>),
    Joined(Join, Vec<Expression>),
}

impl Expression {
    /// Joins the members by `and`. There must be at least one.
    pub(super) fn all(members: Vec<Self>) -> Self {
        Self::joined(Join::All, members)
    }

    /// Joins the members by `or`. There must be at least one.
    pub(super) fn any(members: Vec<Self>) -> Self {
        Self::joined(Join::Any, members)
    }

    fn joined(join: Join, members: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(members.len());
        for member in members {
            match member {
                Self::Joined(inner, members) if inner == join => flat.extend(members),
                other => flat.push(other),
            }
        }
        match flat.len() {
            1 => flat.swap_remove(0),
            _ => Self::Joined(join, flat),
        }
    }

    pub(super) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Calls `call` with every test, in the order of the text.
    pub(super) fn each(&self, call: &mut dyn FnMut(&Test)) {
        match self {
            Self::Test(test) => call(test),
            Self::Not(inner) => inner.each(call),
            Self::Joined(_, members) => members.iter().for_each(|member| member.each(call)),
        }
    }
}
