use super::{Family, Transport};
use std::ffi::OsString;
use std::path::PathBuf;

/// The first packet from another machine to a service of this one: the question put to a firewall.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Inbound {
    /// The transport protocol.
    pub protocol: Transport,
    /// The family of the packet.
    pub family: Family,
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
    /// The fate of the packet.
    pub passage: Passage,
    /// The rule sets that decided; empty if there are none.
    pub by: Vec<String>,
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
    /// Rules that could not be read and might decide otherwise.
    pub unread: Vec<UnreadRules>,
}
