//! [`Names`]: the names of hosts that are shown in place of their addresses.

use netstat_model::HostAddress;
use rustc_hash::FxHashMap;

/// So many names are kept, and all forgotten when there are more.
const MOST: usize = 20_000;

/// The names of hosts, as far as they are known. A name changes the text of a cell and nothing else.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Whether they are shown.
    pub(crate) wanted: bool,
    known: FxHashMap<HostAddress, String>,
    asked: Vec<HostAddress>,
}

impl Names {
    /// Takes what the resolver has answered.
    pub(crate) fn take(&mut self, names: Vec<(HostAddress, String)>) {
        if self.known.len() > MOST {
            self.known.clear();
        }
        self.known.extend(names);
    }

    /// Returns the addresses to ask for, where others are on the screen than were asked for last.
    pub(crate) fn ask(&mut self, mut shown: Vec<HostAddress>) -> Option<Vec<HostAddress>> {
        shown.sort_unstable();
        shown.dedup();
        let is_new = shown.iter().any(|host| !self.asked.contains(host) && !self.known.contains_key(host));
        if !is_new {
            return None;
        }
        self.asked.clone_from(&shown);
        Some(shown)
    }

    /// Returns the name of a host, where names are wanted. It is untrusted text.
    pub(crate) fn of(&self, host: HostAddress) -> Option<&str> {
        self.known.get(&host).filter(|_| self.wanted).map(String::as_str)
    }
}
