//! Another process with sockets in known states.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// The name of its program, as its own process has it.
pub(crate) const NAME: &str = "hold_states.exe";

/// Of how many of its sockets Wine does not tell the owner: those that were accepted, and TCP over IPv6, because its
/// server holds them and not the process itself.
pub(crate) const SILENT_ON_WINE: usize = 8;

/// Whether this is Wine.
pub(crate) fn on_wine() -> bool {
    std::env::var_os("NETSTAT_ON_WINE").is_some()
}

/// A socket that it says to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) protocol: String,
    pub(crate) local: String,
    pub(crate) foreign: String,
    /// `-` for UDP.
    pub(crate) state: String,
}

/// The process; it ends with the value.
pub(crate) struct Holder {
    child: Child,
    pub(crate) pid: u32,
    pub(crate) sockets: Vec<Held>,
}

impl Holder {
    /// Starts it and waits until all of its sockets are there.
    pub(crate) fn start() -> Self {
        let program = std::env::var_os("NETSTAT_HOLD_STATES").expect(
            "NETSTAT_HOLD_STATES is the path of the example hold_states; cargo xtask windows sets it",
        );
        let mut child =
            Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("hold_states");
        let mut sockets = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["ready", pid] => return Self { child, pid: pid.parse().unwrap(), sockets },
                &[protocol, local, foreign, state] => sockets.push(Held {
                    protocol: protocol.into(),
                    local: local.into(),
                    foreign: foreign.into(),
                    state: state.into(),
                }),
                _ => panic!("hold_states said {line:?}"),
            }
        }
        panic!("hold_states ended before its sockets were there");
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
