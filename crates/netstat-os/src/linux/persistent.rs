//! Routes that come back at the next start. Linux keeps no list of them: they are in the files of whatever program
//! sets up the network. Three such programs are known here; each has a file that reads its format. The first two
//! keep several folders, where a file in an earlier one replaces its namesake in a later one.

mod ifupdown;
mod keyfile;
mod networkd;

use super::source::Source;
use netstat_model::error::words_of;
use netstat_model::{Answer, Warning};
use netstat_model::{PersistentRoute, Prefix, RouteKind, RouteStore, TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::net::IpAddr;

/// How many files of one program are read at most.
const FILES: usize = 4096;

/// All persistent routes of the known programs.
pub(super) fn routes(source: &dyn Source) -> Answer<Vec<PersistentRoute>> {
    let mut collected = Vec::new();
    let mut read = Vec::new();
    let mut refused = Vec::new();
    let mut not_understood = 0;
    for (name, store, collect) in [
        ("systemd-networkd", RouteStore::Networkd, networkd::collect as fn(&mut Reader<'_>)),
        ("NetworkManager", RouteStore::NetworkManager, keyfile::collect),
        ("ifupdown", RouteStore::Ifupdown, ifupdown::collect),
    ] {
        let mut reader = Reader::new(source, store);
        collect(&mut reader);
        if reader.files > 0 {
            read.push(name);
        }
        if let Some(error) = reader.refused {
            refused.push((name, words_of(&error)));
        }
        not_understood += reader.not_understood;
        collected.append(&mut reader.routes);
    }
    Answer { data: collected, warnings: vec![Warning::PersistentSources { read, refused, not_understood }] }
}

/// Reads one text as a file of each program.
#[cfg(any(test, fuzzing))]
pub(super) fn parse_all(text: &str) {
    // Parsing asks the source for nothing.
    let mut reader = Reader::new(&super::live::Live, RouteStore::Networkd);
    let kept = |keep: fn(&[u8]) -> Vec<u8>| String::from_utf8_lossy(&keep(text.as_bytes())).into_owned();
    networkd::parse(&kept(networkd::keep), &mut reader);
    keyfile::parse(&kept(keyfile::keep), &mut reader);
    ifupdown::parse(&kept(ifupdown::keep), &mut reader);
}

/// What was found in the files of one program.
struct Reader<'a> {
    source: &'a dyn Source,
    store: RouteStore,
    routes: Vec<PersistentRoute>,
    files: usize,
    /// The first error other than that something is not there.
    refused: Option<io::Error>,
    not_understood: usize,
}

impl<'a> Reader<'a> {
    fn new(source: &'a dyn Source, store: RouteStore) -> Self {
        Self { source, store, routes: Vec::new(), files: 0, refused: None, not_understood: 0 }
    }

    fn note(&mut self, error: io::Error) {
        let absent = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
        if !absent && self.refused.is_none() {
            self.refused = Some(error);
        }
    }

    /// What `keep` leaves of the text of a file, where it can be read. The files hold passwords too, which must not
    /// get into a recording.
    fn file(&mut self, path: &str, keep: fn(&[u8]) -> Vec<u8>) -> Option<String> {
        let mut bytes = Vec::new();
        match self.source.read_kept(path, keep, &mut bytes) {
            Ok(()) => {
                self.files += 1;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            Err(error) => {
                self.note(error);
                None
            }
        }
    }

    /// The names in a folder that are wanted, sorted.
    fn names(&mut self, folder: &str, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut odd = 0;
        let answer = self.source.names(folder, &mut |name| match std::str::from_utf8(name) {
            Ok(name) if wanted(name) && names.len() < FILES => {
                names.insert(name.to_owned());
            }
            Ok(name) => odd += usize::from(wanted(name)),
            Err(_) => odd += 1,
        });
        self.not_understood += odd;
        if let Err(error) = answer {
            self.note(error);
        }
        names
    }

    /// The names in several folders with the folder that has each first, sorted by name.
    fn merged(&mut self, folders: &[String], wanted: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
        let mut merged = BTreeMap::new();
        for folder in folders {
            for name in self.names(folder, &wanted) {
                let path = format!("{folder}/{name}");
                merged.entry(name).or_insert(path);
            }
        }
        merged
    }

    fn add(&mut self, draft: Draft) {
        match draft.finish(self.store) {
            Some(route) => self.routes.push(route),
            None => self.not_understood += 1,
        }
    }
}

/// A route on its way out of a file.
#[derive(Debug, Clone, Default)]
struct Draft {
    destination: Option<Prefix>,
    kind: Option<RouteKind>,
    gateway: Option<IpAddr>,
    interface: Option<String>,
    metric: Option<u32>,
    table: Option<u32>,
}

impl Draft {
    /// A route without a destination is for everything, so it has to have a gateway.
    fn finish(self, store: RouteStore) -> Option<PersistentRoute> {
        let destination = match (self.destination, self.gateway) {
            (Some(destination), _) => destination,
            (None, Some(IpAddr::V4(_))) => Prefix::everything(netstat_model::Family::V4),
            (None, Some(IpAddr::V6(_))) => Prefix::everything(netstat_model::Family::V6),
            (None, None) => return None,
        };
        Some(PersistentRoute {
            destination,
            kind: self.kind.unwrap_or(RouteKind::Unicast),
            gateway: self.gateway.filter(|gateway| !gateway.is_unspecified()),
            interface: self.interface.map(OsString::from),
            metric: self.metric,
            table: self.table.unwrap_or(TABLE_MAIN),
            store,
        })
    }
}

/// `address/length` or `address`; host bits are cleared, as the kernel wants them.
fn parse_prefix(text: &str) -> Option<Prefix> {
    match text.split_once('/') {
        Some((address, length)) => cut(address.parse().ok()?, parse_decimal(length)?),
        None => Some(Prefix::host(text.parse().ok()?)),
    }
}

/// The prefix an address is in.
fn cut(address: IpAddr, length: u8) -> Option<Prefix> {
    let prefix = Prefix::new(address, length)?;
    let address = match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    };
    Some(Prefix { address, ..prefix })
}

fn parse_decimal<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn parse_table(text: &str) -> Option<u32> {
    match text {
        "main" => Some(TABLE_MAIN),
        "local" => Some(TABLE_LOCAL),
        "default" => Some(TABLE_DEFAULT),
        number => parse_decimal(number),
    }
}

fn parse_kind(text: &str) -> Option<RouteKind> {
    Some(match text {
        "unicast" => RouteKind::Unicast,
        "local" => RouteKind::Local,
        "broadcast" => RouteKind::Broadcast,
        "anycast" => RouteKind::Anycast,
        "multicast" => RouteKind::Multicast,
        "blackhole" => RouteKind::Blackhole,
        "unreachable" => RouteKind::Unreachable,
        "prohibit" => RouteKind::Prohibit,
        "throw" => RouteKind::Throw,
        _ => return None,
    })
}

/// One line of a file of sections: a new section, or a setting of the last one.
enum Line<'t> {
    Section(&'t str),
    Setting(&'t str, &'t str),
}

/// The lines of a file of sections (`[Section]`, `Key=Value`), comments and blanks left out.
fn sections(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().filter_map(|line| {
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            return None;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Some(Line::Section(name.trim()));
        }
        let (key, value) = line.split_once('=')?;
        Some(Line::Setting(key.trim(), value.trim()))
    })
}

/// The lines of a file of sections with the settings that are wanted of each section.
fn keep_settings(text: &[u8], wanted: fn(&str, &str) -> bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let mut kept = String::new();
    let mut place = "";
    for line in sections(&text) {
        match line {
            Line::Section(name) => {
                place = name;
                kept.extend(["[", name, "]\n"]);
            }
            Line::Setting(key, value) if wanted(place, key) => kept.extend([key, "=", value, "\n"]),
            Line::Setting(..) => {}
        }
    }
    kept.into_bytes()
}

#[cfg(test)]
mod tests;
