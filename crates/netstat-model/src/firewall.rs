use super::{Family, Protocol};
use std::ffi::OsString;
use std::path::PathBuf;

/// What another machine sends first to a service of this one, to ask a firewall about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Inbound {
    /// The transport protocol.
    pub protocol: Protocol,
    /// The family of the packet.
    pub family: Family,
    /// The local port.
    pub port: u16,
    /// The file that the process runs: rules of Windows may be about it. Where no more is known than its name, or there is
    /// no file, as of the kernel of Windows, that is the name alone.
    pub program: Option<PathBuf>,
    /// The services that run in the process, by name; `None` where that is not known. Rules of Windows may be about them.
    pub services: Option<Vec<OsString>>,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Passage {
    /// No rule stands in its way.
    Open,
    /// That depends on what was not asked: the sender, the interface, how often.
    Depends,
    /// It is dropped or refused, whoever sends it.
    Closed,
}

/// How a firewall judges.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Judgement {
    /// What becomes of the packet.
    pub passage: Passage,
    /// The sets of rules that decide it; empty where there are none.
    pub by: Vec<String>,
}

/// Rules that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnreadRules {
    /// Whose rules.
    pub of: &'static str,
    /// Why.
    pub reason: String,
}

/// What the firewall of this machine does, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Firewall {
    /// An answer to each question, in their order, by the rules that were read; `None` where none could be.
    pub judgements: Vec<Option<Judgement>>,
    /// Rules that may judge otherwise.
    pub unread: Vec<UnreadRules>,
}
