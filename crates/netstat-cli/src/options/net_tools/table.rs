//! The options of the net-tools dialect. Letters keep their case here: `-W` is not `-w`.

use super::arguments::NetToolsArguments;
use crate::options::arguments::{Dialect, OWNER_METHODS};
use crate::options::command::Command;
use crate::options::complaint::Complaint;
use crate::options::entry::ValueKind;
use crate::options::values;
use crate::render::net_tools::{AddressFamily, FIRST_NAMES, INET, INET6};
use std::ffi::OsStr;

/// One option: its spellings, its text and its effect.
pub(in crate::options) struct Entry {
    /// Its letters, the usual one first; empty if it has only long spellings.
    pub(in crate::options) letters: &'static [char],
    /// Its long spellings, without their dashes; empty if it has only letters.
    pub(in crate::options) long: &'static [&'static str],
    /// What it does, for the usage text and the reference.
    pub(in crate::options) help: &'static str,
    pub(super) effect: Effect,
}

/// What an option does.
pub(super) enum Effect {
    /// Sets fields; takes no value.
    Switch(fn(&mut NetToolsArguments)),
    /// Adds address families from a value, which has this name in the usage text.
    Families(&'static str),
    /// Sets fields from a value, which has this name in the usage text, and of which a shell may offer this.
    Value(&'static str, ValueKind, fn(&mut NetToolsArguments, &OsStr) -> Result<(), Complaint>),
    /// Replaces the report by another command.
    Answer(fn() -> Command),
}

impl Entry {
    /// Returns true if a value belongs to it.
    pub(in crate::options) fn takes_value(&self) -> bool {
        self.value().is_some()
    }

    /// Returns what a shell may offer for its value; `None` if it takes none.
    pub(in crate::options) fn value(&self) -> Option<&ValueKind> {
        match &self.effect {
            Effect::Value(_, kind, _) => Some(kind),
            Effect::Families(_) => Some(&ValueKind::List(FIRST_NAMES)),
            Effect::Switch(_) | Effect::Answer(_) => None,
        }
    }
}

/// Adds one address family.
macro_rules! add {
    ($family:ident) => {
        Effect::Switch(|arguments| arguments.families.push(AddressFamily::$family))
    };
}

/// Sets one field to true.
macro_rules! set {
    ($field:ident) => {
        Effect::Switch(|arguments| arguments.$field = true)
    };
}

/// Every option, in the order of the usage text.
pub(in crate::options) const OPTIONS: &[Entry] = &[
    Entry { letters: &['t'], long: &["tcp"], help: "TCP sockets", effect: set!(tcp) },
    Entry { letters: &['u'], long: &["udp"], help: "UDP sockets", effect: set!(udp) },
    Entry { letters: &['w'], long: &["raw"], help: "raw sockets", effect: set!(raw) },
    Entry { letters: &['U'], long: &["udplite"], help: "UDP-Lite sockets", effect: set!(udplite) },
    Entry {
        letters: &['S'],
        long: &["sctp"],
        help: "nothing: SCTP sockets are not listed",
        effect: set!(sctp),
    },
    Entry {
        letters: &['l'],
        long: &["listening"],
        help: "only sockets without a peer",
        effect: set!(listening),
    },
    Entry {
        letters: &['a'],
        long: &["all"],
        help: "all sockets; without -a and -l those with a peer",
        effect: set!(all),
    },
    Entry { letters: &['4'], long: INET, help: "IPv4 only", effect: add!(Inet) },
    Entry { letters: &['6'], long: INET6, help: "IPv6 only", effect: add!(Inet6) },
    Entry {
        letters: &['A'],
        long: &["protocol"],
        help: "these address families: inet, inet6, unix",
        effect: Effect::Families("FAMILY"),
    },
    Entry {
        letters: &['n'],
        long: &["numeric"],
        help: "numbers instead of names of hosts, ports and users",
        effect: Effect::Switch(|arguments| {
            arguments.numeric_hosts = true;
            arguments.numeric_ports = true;
            arguments.numeric_users = true;
        }),
    },
    Entry {
        letters: &[],
        long: &["numeric-hosts"],
        help: "addresses instead of names of hosts",
        effect: set!(numeric_hosts),
    },
    Entry {
        letters: &[],
        long: &["numeric-ports"],
        help: "numbers instead of names of ports",
        effect: set!(numeric_ports),
    },
    Entry {
        letters: &[],
        long: &["numeric-users"],
        help: "numbers instead of names of users",
        effect: set!(numeric_users),
    },
    Entry {
        letters: &['p'],
        long: &["programs", "program"],
        help: "ID and name of the process of each socket",
        effect: set!(programs),
    },
    Entry {
        letters: &['e'],
        long: &["extend", "extended"],
        help: "user and inode of each socket",
        effect: Effect::Switch(|arguments| arguments.extend = arguments.extend.saturating_add(1)),
    },
    Entry { letters: &['o'], long: &["timers"], help: "timer of each socket", effect: set!(timers) },
    Entry { letters: &['W'], long: &["wide"], help: "addresses in full, however long", effect: set!(wide) },
    Entry {
        letters: &['c'],
        long: &["continuous"],
        help: "again every second until Ctrl+C",
        effect: set!(continuous),
    },
    Entry {
        letters: &['V'],
        long: &["version"],
        help: "the version of this program",
        effect: Effect::Answer(|| Command::Version),
    },
    Entry {
        letters: &['v'],
        long: &["verbose"],
        help: "also which families of sockets this system has not",
        effect: set!(verbose),
    },
    Entry { letters: &['x'], long: &["unix"], help: "Unix sockets", effect: add!(Unix) },
    Entry {
        letters: &['g'],
        long: &["groups"],
        help: "multicast groups of interfaces",
        effect: set!(groups),
    },
    Entry { letters: &['r'], long: &["route"], help: "routing table", effect: set!(routes) },
    Entry { letters: &['C'], long: &["cache"], help: "with -r, the routing cache", effect: set!(cache) },
    Entry {
        letters: &['F'],
        long: &["fib"],
        help: "with -r, the routing table (the default)",
        effect: set!(fib),
    },
    Entry {
        letters: &['i'],
        long: &["interfaces"],
        help: "interfaces; -a adds those down, -e the details",
        effect: set!(interfaces),
    },
    Entry { letters: &['s'], long: &["statistics"], help: "counters of protocols", effect: set!(statistics) },
    Entry {
        letters: &['M'],
        long: &["masquerade"],
        help: "nothing: no kernel since 2.4 has that table",
        effect: set!(masquerade),
    },
    Entry {
        letters: &['Z'],
        long: &["context"],
        help: "nothing: SELinux contexts are not shown",
        effect: set!(contexts),
    },
    Entry { letters: &['d'], long: &[], help: "nothing", effect: Effect::Switch(|_| {}) },
    Entry {
        letters: &['2', 'f'],
        long: &["l2cap", "rfcomm"],
        help: "nothing: Bluetooth sockets are not listed",
        effect: set!(bluetooth),
    },
    Entry { letters: &[], long: &["bluetooth"], help: "the same", effect: add!(Bluetooth) },
    Entry { letters: &[], long: &["ipx"], help: "nothing: IPX sockets are not listed", effect: add!(Ipx) },
    Entry {
        letters: &[],
        long: &["ax25"],
        help: "nothing: AX.25 sockets are not listed",
        effect: add!(Ax25),
    },
    Entry { letters: &[], long: &["x25"], help: "nothing: X.25 sockets are not listed", effect: add!(X25) },
    Entry {
        letters: &[],
        long: &["netrom"],
        help: "nothing: NET/ROM sockets are not listed",
        effect: add!(NetRom),
    },
    Entry { letters: &[], long: &["rose"], help: "nothing: ROSE sockets are not listed", effect: add!(Rose) },
    Entry {
        letters: &[],
        long: &["ddp", "appletalk"],
        help: "nothing: no list has AppleTalk sockets",
        effect: add!(AppleTalk),
    },
    Entry {
        letters: &['N'],
        long: &["symbolic"],
        help: "nothing: no list here has hardware addresses",
        effect: Effect::Switch(|_| {}),
    },
    Entry {
        letters: &[],
        long: &["dialect"],
        help: "net-tools or windows: whose options these are",
        effect: Effect::Value("NAME", ValueKind::Choice(&Dialect::NAMES), |_, name| {
            values::parse_dialect(name).map(drop)
        }),
    },
    Entry {
        letters: &[],
        long: &["owners"],
        help: "auto, bpf or proc: how processes are found",
        effect: Effect::Value("METHOD", ValueKind::Choice(&OWNER_METHODS), |arguments, text| {
            arguments.owners = Some(values::parse_owners(text)?);
            Ok(())
        }),
    },
    Entry {
        letters: &[],
        long: &["record"],
        help: "also write every answer of the system to DIR",
        effect: Effect::Value("DIR", ValueKind::Directory, |arguments, text| {
            arguments.record = Some(values::parse_directory("--record", text)?);
            Ok(())
        }),
    },
    Entry {
        letters: &[],
        long: &["replay"],
        help: "answer from DIR, which --record wrote",
        effect: Effect::Value("DIR", ValueKind::Directory, |arguments, text| {
            arguments.replay = Some(values::parse_directory("--replay", text)?);
            Ok(())
        }),
    },
    Entry {
        letters: &['h'],
        long: &["help"],
        help: "this text",
        effect: Effect::Answer(|| Command::NetToolsUsage(None)),
    },
    Entry {
        letters: &['?'],
        long: &[],
        help: "this text, on standard error",
        effect: Effect::Answer(|| Command::NetToolsUsage(Some(String::new()))),
    },
];

/// Finds an option by letter, whose case matters.
pub(in crate::options) fn by_letter(letter: char) -> Option<&'static Entry> {
    OPTIONS.iter().find(|entry| entry.letters.contains(&letter))
}

/// Finds an option by long spelling without dashes, whose case matters.
pub(in crate::options) fn by_long(long: &str) -> Option<&'static Entry> {
    OPTIONS.iter().find(|entry| entry.long.contains(&long))
}

/// Returns the long spellings that begin like this one, as getopt_long(3) completes them.
pub(super) fn beginning_with(long: &str) -> impl Iterator<Item = (&'static str, &'static Entry)> {
    OPTIONS.iter().flat_map(move |entry| {
        entry.long.iter().filter(move |name| name.starts_with(long)).map(move |name| (*name, entry))
    })
}
