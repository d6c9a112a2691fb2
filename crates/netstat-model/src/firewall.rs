use super::{Container, Family, Transport};
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

/// The first packet from another machine to a service of this one: the question put to a firewall.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Inbound {
    /// The transport protocol.
    pub protocol: Transport,
    /// The family of the packet.
    pub family: Family,
    /// The local address that the packet is for; `None` for any of this machine.
    pub address: Option<IpAddr>,
    /// The local port.
    pub port: u16,
    /// The executable of the process, which rules of Windows may name. Just the file name if no more is known, or if
    /// there is no file, as for the kernel of Windows.
    pub program: Option<PathBuf>,
    /// The names of the services that run in the process, which rules of Windows may name; `None` if unknown.
    pub services: Option<Vec<OsString>>,
}

/// The fate of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Passage {
    /// No rule blocks it.
    Open,
    /// It depends on what the question leaves open: the sender, the interface, the rate.
    Depends,
    /// It is dropped or rejected, whoever the sender is.
    Closed,
}

/// The decision of a firewall on one packet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Judgement {
    /// The fate of the packet on its way to the socket of its port. [`Passage::Closed`] too if all of it is diverted.
    pub passage: Passage,
    /// The rule sets that decided; empty if there are none.
    pub by: Vec<String>,
    /// Where rules send it instead: all of it, or what comes in some way.
    pub diverted: Vec<Diversion>,
}

/// Another destination that a rule gives to a packet (DNAT, REDIRECT, TPROXY).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Diversion {
    /// The rule.
    pub rule: String,
    /// Who is to answer.
    pub to: Target,
    /// The names of the interfaces by which such packets come; empty if it is all of them or not known.
    pub from: Vec<String>,
    /// The fate of the packet on its way there.
    pub passage: Passage,
    /// The rule sets that decided on that; empty if there are none.
    pub by: Vec<String>,
}

/// Who is to answer a packet that a rule gave another destination.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Target {
    /// A socket of this machine.
    Here {
        /// The address that it is bound to, if not to all; `None` for one of the interface that the packet came by.
        address: Option<IpAddr>,
        /// The first and the last port; which of them is the choice of the kernel.
        ports: (u16, u16),
    },
    /// A container, or another host behind this machine.
    Behind {
        /// The first and the last address; `None` if the rule does not tell.
        addresses: Option<(IpAddr, IpAddr)>,
        /// The first and the last port.
        ports: (u16, u16),
        /// Who has the address, if it is of another network namespace of this machine.
        tenant: Option<Tenant>,
    },
}

/// A process of another network namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tenant {
    /// The ID of one of the processes there.
    pub pid: u32,
    /// The container that it runs in, if any.
    pub container: Option<Container>,
}

/// Ports of this machine at which somebody else than the socket of the same port answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Published {
    /// The transport protocol.
    pub protocol: Transport,
    /// The family of the packet.
    pub family: Family,
    /// The first and the last port.
    pub ports: (u16, u16),
    /// What becomes of a packet to the first of them. Ports of a target that follow one another belong to those.
    pub judgement: Judgement,
    /// What would become of it if it were not passed on: the decision of the rules for sockets of this machine, and what
    /// decides.
    pub otherwise: (Passage, Vec<String>),
}

/// Rules that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct UnreadRules {
    /// The firewall they belong to.
    pub of: &'static str,
    /// The reason.
    pub reason: String,
}

/// The decisions of the firewall of this machine, as far as its rules could be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Firewall {
    /// One answer for each question, in the same order, by the rules that were read; `None` if none could be read.
    pub judgements: Vec<Option<Judgement>>,
    /// Ports that rules pass on, whether a socket has them or not, as far as the rules were read. On Windows there are none:
    /// `netsh interface portproxy` passes on through a socket.
    pub published: Vec<Published>,
    /// Rules that could not be read and might decide otherwise.
    pub unread: Vec<UnreadRules>,
}
