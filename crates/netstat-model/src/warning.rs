//! What an answer may lack, and why.

use std::fmt;

/// Data that is missing or doubtful, with the reason. Shown once, never instead of the data.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Warning {
    /// The table changed while it was read, again and again; rows may be missing or double.
    DumpInterrupted {
        /// Which table.
        what: &'static str,
    },
    /// The kernel's receive buffer overflowed again and again; rows may be missing.
    DumpOverrun {
        /// Which table.
        what: &'static str,
    },
    /// Messages that made no sense were passed over.
    OddMessages {
        /// Which table.
        what: &'static str,
        /// How many.
        count: u64,
    },
    /// A list of addresses had lines that gave none, or gave none at all.
    AddressList {
        /// Its file.
        file: String,
        /// How many entries it has.
        entries: usize,
        /// Which lines gave none.
        passed: PassedOver,
    },
    /// sock_diag was refused, and `/proc/net` was read instead, which knows less.
    ProcNetFallback {
        /// Why sock_diag was not used.
        reason: String,
    },
    /// Bound-only sockets cannot be listed.
    BoundUnavailable {
        /// The release that runs, as `uname -r` gives it; `None` where the table came from `/proc/net`, which does
        /// not have them on any release.
        release: Option<String>,
    },
    /// Some processes could not be looked into.
    OwnersNotPermitted {
        /// How many processes.
        processes: usize,
    },
    /// No visible process holds some sockets, and not all processes of the machine are visible.
    OwnersInOtherNamespace,
    /// Some sockets were closed while their owners were looked for.
    OwnersVanished {
        /// How many sockets.
        sockets: usize,
    },
    /// A source is not there or was refused, so a part of the answer is unknown.
    SourceUnavailable {
        /// What is unknown for it.
        what: &'static str,
        /// Why, as the system said it.
        reason: String,
    },
    /// Which places were looked into for persistent routes, because the system has no single one.
    PersistentSources {
        /// Those that were read, with what they hold.
        read: Vec<&'static str>,
        /// Those that exist and may not be read, or could not be, with the reason.
        refused: Vec<(&'static str, String)>,
        /// Settings of routes that made no sense, or more than this program understands.
        not_understood: usize,
    },
}

impl Warning {
    /// Whether it says nothing beyond what `earlier` said: how many processes or messages it was changes from one
    /// reading to the next.
    pub fn repeats(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::OwnersNotPermitted { .. }, Self::OwnersNotPermitted { .. })
            | (Self::OwnersVanished { .. }, Self::OwnersVanished { .. }) => true,
            (Self::OddMessages { what, .. }, Self::OddMessages { what: before, .. }) => what == before,
            _ => self == earlier,
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DumpInterrupted { what } => {
                write!(f, "the {what} changed while it was read; rows may be missing or shown twice")
            }
            Self::DumpOverrun { what } => {
                write!(f, "the kernel could not hand over the whole {what}; rows may be missing")
            }
            Self::OddMessages { what, count } => {
                let noun = if *count == 1 { "message" } else { "messages" };
                write!(f, "the {what} had {count} {noun} that made no sense; they were passed over")
            }
            Self::AddressList { file, entries, passed } => {
                let used = if *entries == 1 { "address or network is" } else { "addresses and networks are" };
                write!(f, "of the list {file} {entries} {used} used")?;
                if let Some(first) = passed.first_odd {
                    write!(f, "; lines that were not understood: {}, the first is line {first}", passed.odd)?;
                }
                if passed.names > 0 {
                    write!(f, "; lines that block names and not addresses: {}", passed.names)?;
                }
                Ok(())
            }
            Self::ProcNetFallback { reason } => write!(
                f,
                "sock_diag is not available ({reason}); read /proc/net instead, which does not tell whether an \
                 IPv6 listener also takes IPv4, nor the interface of a link-local address"
            ),
            Self::BoundUnavailable { release: None } => {
                f.write_str("bound-only sockets are not shown: /proc/net does not list them")
            }
            Self::BoundUnavailable { release: Some(release) } => {
                write!(f, "bound-only sockets are not shown: they need Linux 6.8, this is {release}")
            }
            Self::OwnersNotPermitted { processes } => {
                let noun = if *processes == 1 { "process" } else { "processes" };
                write!(
                    f,
                    "{processes} {noun} could not be looked into, so some owners show as -. It takes root with all \
                     capabilities to see them"
                )
            }
            Self::OwnersInOtherNamespace => f.write_str(
                "some sockets belong to processes outside this PID namespace; their owners show as -. Run outside of \
                 the container to see them",
            ),
            Self::OwnersVanished { sockets } => {
                let noun = if *sockets == 1 { "socket was" } else { "sockets were" };
                write!(f, "{sockets} {noun} closed while owners were looked for; their owners show as -")
            }
            Self::SourceUnavailable { what, reason } => write!(f, "{what} is unknown: {reason}"),
            Self::PersistentSources { read, refused, not_understood } => {
                f.write_str("this system has no single list of persistent routes; ")?;
                match read.as_slice() {
                    [] => f.write_str("no configuration of a known kind was found")?,
                    read => write!(f, "read the configuration of {}", read.join(", "))?,
                }
                for (source, reason) in refused {
                    write!(f, "; that of {source} could not be read: {reason}")?;
                }
                if *not_understood > 0 {
                    write!(f, "; {not_understood} settings of routes were not understood")?;
                }
                Ok(())
            }
        }
    }
}

/// Data, and what it may lack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer<T> {
    /// The data.
    pub data: T,
    /// What may be wrong with it.
    pub warnings: Vec<Warning>,
}

impl<T> Answer<T> {
    /// Data that lacks nothing.
    pub fn whole(data: T) -> Self {
        Self { data, warnings: Vec::new() }
    }
}

/// Lines that gave no address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PassedOver {
    /// Lines of a hosts file that block a name: `0.0.0.0 name`.
    pub names: usize,
    /// Lines that were not understood.
    pub odd: usize,
    /// The first of these.
    pub first_odd: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_change_are_nothing_new() {
        let refused = |processes| Warning::OwnersNotPermitted { processes };
        let odd = |what, count| Warning::OddMessages { what, count };
        assert!(refused(31).repeats(&refused(28)));
        assert!(odd("table", 1).repeats(&odd("table", 2)));
        assert!(!odd("table", 1).repeats(&odd("list", 1)));
        assert!(!refused(1).repeats(&odd("table", 1)));
        let unknown = |reason: &str| Warning::SourceUnavailable { what: "it", reason: reason.into() };
        assert!(unknown("a").repeats(&unknown("a")) && !unknown("a").repeats(&unknown("b")));
    }
}
