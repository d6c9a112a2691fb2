//! `/etc/network/interfaces` of ifupdown: `gateway` and `metric` of a stanza, and the commands of its `up`, `pre-up`
//! and `post-up` lines that add a route with `ip route` or `route`. Files that it names with `source` and
//! `source-directory` are read too; a pattern may have `*` and `?` in the last part of the path only.
//!
//! A stanza counts whether or not its interface is brought up at boot. Commands that use more of the shell than
//! `$IFACE`, `;`, `&&`, `||` and redirections are not understood.

use super::draft::{Draft, default_route, parse_kind, parse_prefix};
use super::reader::Reader;
use crate::linux::config_files::{Format, Line, Section};
use netstat_model::{Prefix, RouteKind};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

const FILE: &str = "/etc/network/interfaces";
const FOLDER: &str = "/etc/network";

pub(super) static FORMAT: Format = Format {
    joins_lines: true,
    line: |line| {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        Some(match word {
            "iface" => Line::Section(rest.split_whitespace().next().unwrap_or_default()),
            // These end a stanza without beginning that of an interface.
            "auto" | "mapping" | "no-auto-down" | "no-scripts" | "template" => Line::Section(""),
            _ if word.starts_with("allow-") => Line::Section(""),
            _ => Line::Setting(word, rest.trim()),
        })
    },
    is_kept: |_, word, rest| match word {
        "up" | "pre-up" | "post-up" => {
            rest.split_whitespace().any(|word| word.ends_with("route") || is_route(word))
        }
        _ => matches!(word, "source" | "source-directory" | "gateway" | "metric"),
    },
};

pub(super) fn collect(reader: &mut Reader<'_>) {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![FILE.to_owned()];
    while let Some(path) = waiting.pop() {
        if seen.insert(path.clone())
            && let Some(text) = reader.files.file(&path, &FORMAT)
        {
            waiting.extend(parse(&text, reader).into_iter().rev());
        }
    }
}

/// Adds the routes of a file, and returns the files that it names.
pub(super) fn parse(text: &str, reader: &mut Reader<'_>) -> Vec<String> {
    let mut named = Vec::new();
    for Section { name: interface, settings } in FORMAT.sections(text) {
        for &(word, rest) in &settings {
            match word {
                "source" => named.extend(rest.split_whitespace().flat_map(|path| glob(path, reader))),
                "source-directory" => {
                    let is_wanted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
                    let folders = rest.split_whitespace().map(absolute);
                    named.extend(
                        folders.flat_map(|path| list(&path, |name| name.bytes().all(is_wanted), reader)),
                    );
                }
                "up" | "pre-up" | "post-up" => parse_commands(rest, interface, reader),
                _ => {}
            }
        }
        let words = settings.iter().copied().filter(|(word, _)| matches!(*word, "gateway" | "metric"));
        // A gateway outside a stanza has no effect.
        if !interface.is_empty() && words.clone().any(|(word, _)| word == "gateway") {
            reader.add(Draft::default().with(words.chain([("dev", interface)])));
        }
    }
    named
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{FOLDER}/{path}") }
}

fn list(folder: &str, wanted: impl Fn(&str) -> bool, reader: &mut Reader<'_>) -> Vec<String> {
    reader.files.names(folder, wanted).into_iter().map(|name| format!("{folder}/{name}")).collect()
}

/// Returns the files that a path with a pattern in its last part stands for.
fn glob(path: &str, reader: &mut Reader<'_>) -> Vec<String> {
    let path = absolute(path);
    match path.rsplit_once('/') {
        Some((folder, pattern)) if pattern.contains(['*', '?']) => {
            let matches = |name: &str| !name.starts_with('.') && matches(pattern.as_bytes(), name.as_bytes());
            list(folder, matches, reader)
        }
        _ => vec![path],
    }
}

/// Whether a name matches a pattern of `*` and `?`, in at most length times length steps.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    // All lengths of the part of the name that the pattern so far can match, shortest first.
    let mut matched = vec![0];
    for &wanted in pattern {
        matched = match (wanted, matched.first()) {
            (b'*', Some(&shortest)) => (shortest..=name.len()).collect(),
            _ => {
                let fits = |at: &usize| name.get(*at).is_some_and(|&byte| wanted == b'?' || wanted == byte);
                matched.into_iter().filter(fits).map(|at| at + 1).collect()
            }
        };
    }
    matched.last() == Some(&name.len())
}

/// `ip` takes its words abbreviated.
fn is_route(word: &str) -> bool {
    matches!(word, "r" | "ro" | "rou" | "rout" | "route")
}

fn parse_commands(line: &str, interface: &str, reader: &mut Reader<'_>) {
    for command in line.split([';', '&', '|']) {
        let is_redirection =
            |word: &str| word.starts_with(['>', '<']) || word.starts_with("2>") || word == "/dev/null";
        let words = command.split_whitespace().filter(|word| !is_redirection(word)).map(|word| match word {
            "$IFACE" | "${IFACE}" | "\"$IFACE\"" | "\"${IFACE}\"" => interface,
            other => other,
        });
        if let Some(route) = parse_command(words) {
            reader.add(route);
        }
    }
}

/// Parses a command of iproute2 or net-tools: `None` when it adds no route, `Some(None)` when it is not understood.
fn parse_command<'w>(words: impl Iterator<Item = &'w str>) -> Option<Option<Draft>> {
    let mut v6 = false;
    // Options come before any of the words that count, `-A inet6` among them.
    let mut words = words.filter(|word| {
        v6 |= matches!(*word, "-6" | "-inet6" | "--inet6" | "inet6");
        !word.starts_with('-') && !matches!(*word, "inet" | "inet6")
    });
    match words.next()?.rsplit('/').next() {
        Some("ip") if words.next().is_some_and(is_route) => {}
        Some("route") => {}
        _ => return None,
    }
    matches!(words.next()?, "a" | "add" | "append" | "replace" | "change" | "prepend").then_some(())?;
    let words: Vec<&str> = words.collect();
    Some(parse_route(words, v6))
}

/// Parses the words after `ip route add` or `route add`; the two languages do not contradict each other.
fn parse_route(words: Vec<&str>, v6: bool) -> Option<Draft> {
    let mut words = words.into_iter();
    let mut draft = Draft::default();
    let (mut target, mut netmask) = (None, None);
    while let Some(word) = words.next() {
        match word {
            "to" | "onlink" => {}
            "via" | "gw" | "dev" | "metric" | "preference" | "priority" | "table" => {
                draft.set(word, words.next()?)?;
            }
            "netmask" => netmask = Some(words.next()?.parse::<Ipv4Addr>().ok()?),
            "reject" => draft.kind = Some(RouteKind::Unreachable),
            // They do not say where the route leads.
            "src" | "proto" | "protocol" | "scope" | "mtu" | "advmss" | "tos" | "realm" | "initcwnd"
            | "initrwnd" | "mss" | "window" | "irtt" => drop(words.next()?),
            _ => match parse_kind(word) {
                Some(kind) => draft.kind = Some(kind),
                None if target.is_none() => target = Some(word),
                None => return None,
            },
        }
    }
    draft.destination = Some(match (target?, netmask) {
        ("default" | "all", _) => default_route(v6 || draft.gateway.is_some_and(|gateway| gateway.is_ipv6())),
        (address, Some(netmask)) => Prefix::with_netmask(address.parse().ok()?, netmask)?.masked(),
        (address, None) => parse_prefix(address)?,
    });
    Some(draft)
}
