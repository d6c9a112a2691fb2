//! A process with sockets in known states.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// The name of its executable.
pub(crate) const NAME: &str = "hold_states.exe";

/// The number of its sockets whose owner Wine does not report: accepted sockets and TCP over IPv6, because the Wine server
/// holds them instead of the process.
pub(crate) const OWNERLESS_ON_WINE: usize = 8;

/// Returns true under Wine.
pub(crate) fn on_wine() -> bool {
    std::env::var_os("NETSTAT_ON_WINE").is_some()
}

/// A socket that the process reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) protocol: String,
    pub(crate) local: String,
    pub(crate) foreign: String,
    /// `-` for UDP.
    pub(crate) state: String,
}

/// The process. It ends on drop.
pub(crate) struct Holder {
    child: Child,
    pub(crate) pid: u32,
    pub(crate) sockets: Vec<Held>,
}

impl Holder {
    /// Starts the process and waits until all of its sockets exist.
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
        panic!("hold_states ended before its sockets existed");
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
