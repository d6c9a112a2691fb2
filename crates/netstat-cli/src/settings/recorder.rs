//! The meaning of what was typed after `netstat record`.

use super::fleet::{FleetPlace, place_of};
use crate::options::Arguments;
use std::path::PathBuf;
use std::time::Duration;

/// What `netstat record` does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Recorder {
    /// Tell how the recorder of a store is doing.
    Status(PathBuf),
    /// Stop it.
    Stop(PathBuf),
    /// Install it as a service.
    Install(Recording),
    /// Remove the service.
    Uninstall,
    /// Record.
    Run(Recording),
}

/// What becomes of connections as they open and end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recording {
    /// Where they are kept, if they are.
    pub(crate) store: Option<PathBuf>,
    /// The size that the history may have, in bytes.
    pub(crate) keep_bytes: u64,
    /// How long they are kept; `None` for as long as there is room.
    pub(crate) keep_for: Option<Duration>,
    /// Whether to print those that end.
    pub(crate) follow: bool,
    /// Whether to print those that open, too.
    pub(crate) opens: bool,
    /// Whether to keep the arguments of processes.
    pub(crate) arguments: bool,
    /// Whether to keep between whom datagrams of UDP go.
    pub(crate) udp: bool,
    /// Where what is kept is sent as well.
    pub(crate) ship: Option<Box<FleetPlace>>,
}

/// The size of a history that nobody gave one.
const KEEP: u64 = 1 << 30;

/// Returns the folder of the history where none is named.
pub(crate) fn default_store(environment: impl Fn(&str) -> Option<String>) -> PathBuf {
    if cfg!(windows) {
        let data = environment("ProgramData").filter(|folder| !folder.is_empty());
        return PathBuf::from(data.unwrap_or_else(|| "C:\\ProgramData".to_owned())).join("netstat");
    }
    PathBuf::from("/var/lib/netstat")
}

/// Interprets what was typed after `netstat record`.
pub(super) fn settings(arguments: &Arguments, environment: impl Fn(&str) -> Option<String>) -> Recorder {
    let typed = &arguments.recorder;
    let store = arguments.store.clone();
    let ship = typed.ship.clone().map(|target| place_of(target, arguments, &environment));
    let or_default = |store: Option<PathBuf>| store.unwrap_or_else(|| default_store(environment));
    if typed.status {
        return Recorder::Status(or_default(store));
    }
    if typed.stop {
        return Recorder::Stop(or_default(store));
    }
    if typed.uninstall_service {
        return Recorder::Uninstall;
    }
    let recording = Recording {
        store: if typed.follow { store } else { Some(or_default(store)) },
        keep_bytes: typed.keep.unwrap_or(KEEP),
        keep_for: typed.keep_days.map(|days| Duration::from_secs(days * 86_400)),
        follow: typed.follow,
        opens: typed.opens,
        arguments: typed.arguments,
        udp: typed.udp,
        ship: ship.map(Box::new),
    };
    if typed.install_service { Recorder::Install(recording) } else { Recorder::Run(recording) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Command, parse};

    fn recorder(words: &str) -> Recorder {
        let Ok(Command::Run(arguments)) = parse(words.split(' ').map(Into::into)) else { panic!("{words}") };
        settings(&arguments, |name| (name == "ProgramData").then(|| "D:\\data".to_owned()))
    }

    #[test]
    fn connections_are_kept_unless_they_are_only_printed() {
        let store = |words| match recorder(words) {
            Recorder::Run(recording) => recording.store,
            other => panic!("{other:?}"),
        };
        let usual = default_store(|_| Some("D:\\data".to_owned()));
        assert_eq!(store("record"), Some(usual.clone()));
        assert_eq!(store("record --store x"), Some("x".into()));
        assert_eq!(store("record --follow"), None);
        assert_eq!(store("record --follow --store x"), Some("x".into()));
        assert_eq!(recorder("record --stop"), Recorder::Stop(usual));
        assert_eq!(recorder("record --status --store x"), Recorder::Status("x".into()));
    }

    #[test]
    fn the_history_has_a_limit() {
        let Recorder::Run(recording) = recorder("record") else { panic!() };
        assert_eq!((recording.keep_bytes, recording.keep_for), (1 << 30, None));
        let Recorder::Run(recording) = recorder("record --keep 2G --keep-days 2") else { panic!() };
        assert_eq!((recording.keep_bytes, recording.keep_for), (2 << 30, Some(Duration::from_secs(172_800))));
    }
}
