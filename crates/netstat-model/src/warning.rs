//! Warnings: what a result may lack, and why.
//!
//! A part that fails becomes a [`Warning`] beside the data; an operation that fails as a whole is an
//! [`Error`](crate::Error).
//!
//! ```
//! use netstat_model::{Answer, Warning};
//!
//! let sockets = Answer {
//!     data: vec!["127.0.0.1:631"],
//!     warnings: vec![Warning::OwnersNotPermitted { processes: 3, as_root: false }],
//! };
//! assert_eq!(sockets.data.len(), 1);
//! let text = sockets.warnings[0].to_string();
//! assert!(text.starts_with("3 processes were not readable"));
//! ```

use crate::Protocol;
use std::fmt;

/// Data that is missing or doubtful, with the reason. Reported once, never instead of the data.
///
/// Its text (`Display`) says what is missing, not how a program shows that.
/// It is serialized as this text, and read back as [`Warning::Quoted`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Warning {
    /// A table changed during each attempt to read it; entries may be missing or duplicated.
    DumpInterrupted {
        /// The table.
        what: &'static str,
    },
    /// The receive buffer of the kernel overflowed during each attempt to read a table; entries may be missing.
    DumpOverrun {
        /// The table.
        what: &'static str,
    },
    /// Malformed entries of a table were skipped.
    OddMessages {
        /// The table.
        what: &'static str,
        /// The number of entries skipped.
        count: u64,
    },
    /// An address list has lines without an address, or no address at all.
    AddressList {
        /// The file.
        file: String,
        /// The number of addresses and networks read.
        entries: usize,
        /// The lines without an address.
        skipped: SkippedLines,
    },
    /// `sock_diag` was refused; `/proc/net` was read instead, which has less information.
    ProcNetFallback {
        /// The protocol whose sockets were read from there.
        protocol: Protocol,
        /// Why `sock_diag` was not used.
        reason: String,
    },
    /// The sockets of a family cannot be listed.
    FamilyUnavailable {
        /// The family.
        family: &'static str,
        /// Why not; `None` where the kernel has no such sockets at all.
        reason: Option<String>,
    },
    /// Bound-only sockets cannot be listed.
    BoundUnavailable {
        /// The running kernel release as `uname -r` prints it; `None` if the table came from `/proc/net`, which lacks
        /// them on any release.
        release: Option<String>,
    },
    /// A recorder kept only some connections.
    OnlyRecorded {
        /// The filter that chose them.
        filter: String,
    },
    /// Some network namespaces could not be entered, so what is in them is missing.
    NamespacesLeftOut {
        /// The number of namespaces.
        namespaces: usize,
        /// The reason the system gave.
        reason: String,
    },
    /// Some processes were not readable, and the owners of some sockets are unknown.
    OwnersNotPermitted {
        /// The number of processes.
        processes: usize,
        /// Whether the reader is root, and lacks `CAP_SYS_PTRACE` all the same.
        as_root: bool,
    },
    /// Every socket has a known owner, and processes that this user may not read may hold some of the sockets as well.
    OwnersIncomplete {
        /// Which these are.
        reason: String,
        /// Whether root could read them, and the reader is not root.
        root_could: bool,
    },
    /// Some facts about processes that hold sockets could not be read.
    ProcessesUnreadable {
        /// The number of processes.
        processes: usize,
        /// The reason the system gave.
        reason: String,
    },
    /// Some sockets that were left out may match the filter, because what decides could not be read.
    MayMatch {
        /// The number of sockets.
        sockets: usize,
        /// How many of these have an unknown owner.
        without_owner: usize,
    },
    /// No visible process holds some sockets, and not all processes of the machine are visible.
    OwnersInOtherNamespace,
    /// Some sockets were closed while their owners were looked up.
    OwnersVanished {
        /// The number of sockets.
        sockets: usize,
    },
    /// A source is missing or was refused, so part of the result is unknown.
    SourceUnavailable {
        /// What is unknown.
        what: &'static str,
        /// The reason the system gave.
        reason: String,
    },
    /// Lookups of host names were not answered in time.
    NamesUnanswered {
        /// The number of lookups.
        lookups: usize,
    },
    /// The places searched for persistent routes, because the system has no single one.
    PersistentSources {
        /// The configurations that were read.
        read: Vec<&'static str>,
        /// The configurations that exist and could not be read, with the reason.
        refused: Vec<(&'static str, String)>,
        /// The number of route settings that are invalid or not supported.
        not_understood: usize,
    },
    /// The text of a warning that was stored.
    Quoted(String),
}

/// Lines of an address list that gave no address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SkippedLines {
    /// The number of lines of a hosts file that block a name: `0.0.0.0 name`.
    pub names: usize,
    /// The number of lines that could not be parsed.
    pub invalid: usize,
    /// The first line that could not be parsed; the first line of the file is 1.
    pub first_invalid: Option<usize>,
}

#[cfg(feature = "serde")]
impl serde::Serialize for Warning {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Warning {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::Quoted)
    }
}

impl Warning {
    /// Returns true if this warning is a repeat of `earlier`, ignoring counts, which change from one reading to the next.
    pub fn repeats(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::OwnersNotPermitted { .. }, Self::OwnersNotPermitted { .. })
            | (Self::OwnersIncomplete { .. }, Self::OwnersIncomplete { .. })
            | (Self::MayMatch { .. }, Self::MayMatch { .. })
            | (Self::NamespacesLeftOut { .. }, Self::NamespacesLeftOut { .. })
            | (Self::OwnersVanished { .. }, Self::OwnersVanished { .. })
            | (Self::NamesUnanswered { .. }, Self::NamesUnanswered { .. }) => true,
            (Self::OddMessages { what, .. }, Self::OddMessages { what: before, .. }) => what == before,
            (Self::ProcessesUnreadable { reason, .. }, Self::ProcessesUnreadable { reason: before, .. }) => {
                reason == before
            }
            _ => self == earlier,
        }
    }

    /// Returns true if processes were not read because the reader is not root.
    pub fn asks_for_root(&self) -> bool {
        matches!(
            self,
            Self::OwnersNotPermitted { as_root: false, .. } | Self::OwnersIncomplete { root_could: true, .. }
        )
    }

    /// What is unknown where every socket has a known owner and a process could not be read, in
    /// [`Warning::SourceUnavailable`].
    pub const OTHER_OWNERS: &'static str = "whether other processes hold some of these sockets as well";

    /// What is unknown where a socket has no known owner and not every process could be read, likewise.
    pub const SOME_OWNERS: &'static str = "the owner of some sockets";

    /// What [`SourceUnavailable`](Self::SourceUnavailable) lacks where bound-only sockets cannot be listed.
    pub const BOUND_SOCKETS: &'static str = "the list of bound-only sockets";

    /// Returns true if processes may hold sockets without being among the known owners.
    pub fn hides_owners(&self) -> bool {
        match self {
            Self::OwnersNotPermitted { .. }
            | Self::OwnersIncomplete { .. }
            | Self::OwnersInOtherNamespace => true,
            Self::SourceUnavailable { what, .. } => [Self::OTHER_OWNERS, Self::SOME_OWNERS].contains(what),
            _ => false,
        }
    }
}

/// What reading the descriptors of every process takes.
fn to_read_processes(as_root: bool) -> &'static str {
    if as_root { "CAP_SYS_PTRACE, also for root, and no security module that forbids it" } else { "root" }
}

/// Returns the number with its noun: `1 process`, `2 processes`.
fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quoted(text) => f.write_str(text),
            Self::DumpInterrupted { what } => {
                write!(f, "the {what} changed while it was read; entries may be missing or duplicated")
            }
            Self::DumpOverrun { what } => {
                write!(f, "the kernel could not deliver the whole {what}; entries may be missing")
            }
            Self::OddMessages { what, count } => {
                let noun = if *count == 1 { "entry" } else { "entries" };
                write!(f, "skipped {count} malformed {noun} of the {what}")
            }
            Self::AddressList { file, entries, skipped } => {
                write!(f, "address list {file}: {} used", counted(*entries, "entry", "entries"))?;
                if let Some(first) = skipped.first_invalid {
                    write!(
                        f,
                        "; {}, first at line {first}",
                        counted(skipped.invalid, "invalid line", "invalid lines")
                    )?;
                }
                match skipped.names {
                    0 => Ok(()),
                    names => {
                        write!(f, "; {} names, not addresses", counted(names, "line blocks", "lines block"))
                    }
                }
            }
            Self::ProcNetFallback { protocol, reason } => write!(
                f,
                "sock_diag is not available for {protocol} ({reason}); /proc/net was read instead, which does not tell whether an \
                 IPv6 listener also takes IPv4, nor the interface of a link-local address"
            ),
            Self::FamilyUnavailable { family, reason: Some(reason) } => {
                write!(f, "{family} sockets cannot be listed: {reason}")
            }
            Self::FamilyUnavailable { family, reason: None } => {
                write!(f, "this kernel has no {family} sockets")
            }
            Self::BoundUnavailable { release: None } => {
                f.write_str("bound-only sockets are missing: /proc/net does not list them")
            }
            Self::BoundUnavailable { release: Some(release) } => {
                write!(f, "bound-only sockets are missing: they need Linux 6.8, this is {release}")
            }
            Self::NamespacesLeftOut { namespaces, reason } => {
                let namespaces = counted(*namespaces, "network namespace", "network namespaces");
                write!(f, "{namespaces} could not be entered, so what is in there is missing: {reason}")
            }
            Self::OwnersNotPermitted { processes, as_root } => {
                let (processes, needs) =
                    (counted(*processes, "process was", "processes were"), to_read_processes(*as_root));
                write!(f, "{processes} not readable, so some owners are unknown; reading them takes {needs}")
            }
            Self::OwnersIncomplete { reason, .. } => {
                write!(f, "other processes may hold some of these sockets as well: {reason}")
            }
            Self::ProcessesUnreadable { processes, reason } => {
                let processes = counted(*processes, "process", "processes");
                write!(f, "some facts about {processes} are unknown: {reason}")
            }
            Self::MayMatch { sockets, without_owner } => {
                let more = counted(*sockets, "more socket", "more sockets");
                write!(f, "{more} may match the filter: ")?;
                match (*without_owner, sockets - without_owner) {
                    (0, _) => f.write_str("what decides could not be read"),
                    (_, 0) if *sockets == 1 => f.write_str("its owner is unknown"),
                    (_, 0) => f.write_str("their owners are unknown"),
                    (owners, _) => {
                        write!(
                            f,
                            "the owners of {owners} are unknown, and what decides on the rest could not be read"
                        )
                    }
                }
            }
            Self::OwnersInOtherNamespace => f.write_str(
                "some sockets belong to processes outside this PID namespace; their owners are unknown",
            ),
            Self::OwnersVanished { sockets } => {
                let sockets = counted(*sockets, "socket was", "sockets were");
                write!(f, "{sockets} closed while owners were looked up; their owners are unknown")
            }
            Self::SourceUnavailable { what, reason } => write!(f, "{what} is unknown: {reason}"),
            Self::OnlyRecorded { filter } => {
                write!(f, "only connections were recorded that match: {filter}")
            }
            Self::NamesUnanswered { lookups } => {
                let noun = counted(*lookups, "lookup of a host name was", "lookups of host names were");
                write!(f, "{noun} not answered in time")
            }
            Self::PersistentSources { read, refused, not_understood } => {
                f.write_str("this system has no single list of persistent routes; ")?;
                match read.as_slice() {
                    [] => f.write_str("no supported configuration was found")?,
                    read => write!(f, "read the configuration of {}", read.join(", "))?,
                }
                for (source, reason) in refused {
                    write!(f, "; could not read that of {source}: {reason}")?;
                }
                match not_understood {
                    0 => Ok(()),
                    count => {
                        write!(f, "; skipped {}", counted(*count, "invalid setting", "invalid settings"))
                    }
                }
            }
        }
    }
}

/// Data, with warnings about what it may lack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Answer<T> {
    /// The data.
    pub data: T,
    /// What may be missing or wrong.
    pub warnings: Vec<Warning>,
}

impl<T> Answer<T> {
    /// Returns data without warnings.
    pub fn whole(data: T) -> Self {
        Self { data, warnings: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_repeats_an_earlier_one_whatever_the_counts() {
        let refused = |processes| Warning::OwnersNotPermitted { processes, as_root: false };
        let odd = |what, count| Warning::OddMessages { what, count };
        assert!(refused(31).repeats(&refused(28)));
        assert!(odd("table", 1).repeats(&odd("table", 2)));
        assert!(!odd("table", 1).repeats(&odd("list", 1)));
        assert!(!refused(1).repeats(&odd("table", 1)));
        let unknown = |reason: &str| Warning::SourceUnavailable { what: "it", reason: reason.into() };
        assert!(unknown("a").repeats(&unknown("a")) && !unknown("a").repeats(&unknown("b")));
    }

    #[test]
    fn counts_have_the_right_noun() {
        let skipped = SkippedLines { names: 1, invalid: 2, first_invalid: Some(7) };
        let list = Warning::AddressList { file: "bad.txt".to_owned(), entries: 1, skipped };
        assert_eq!(
            list.to_string(),
            "address list bad.txt: 1 entry used; 2 invalid lines, first at line 7; 1 line blocks names, not addresses"
        );
        let routes =
            Warning::PersistentSources { read: vec![], refused: vec![("x", "no".into())], not_understood: 1 };
        assert!(routes.to_string().ends_with("could not read that of x: no; skipped 1 invalid setting"));
    }
}
