//! `/etc/network/interfaces` of ifupdown: `gateway` and `metric` of a stanza, and the commands of its `up`, `pre-up`
//! and `post-up` lines that add a route with `ip route` or `route`. What it names with `source` and
//! `source-directory` is read as well; a pattern only in the last part of the path, with `*` and `?`.
//!
//! A stanza counts whether or not its interface is brought up at the start. Commands with anything of a shell in them but
//! `$IFACE`, `;`, `&&`, `||` and a redirection are not understood.

use super::{Draft, Reader, cut, parse_decimal, parse_kind, parse_prefix, parse_table};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

const FILE: &str = "/etc/network/interfaces";
const FOLDER: &str = "/etc/network";

pub(super) fn collect(reader: &mut Reader<'_>) {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![FILE.to_owned()];
    while let Some(path) = waiting.pop() {
        if seen.len() >= super::FILES || !seen.insert(path.clone()) {
            continue;
        }
        if let Some(text) = reader.file(&path, keep) {
            let mut found = Vec::new();
            for named in parse(&text, reader) {
                found.extend(resolve(&named, reader));
            }
            waiting.extend(found.into_iter().rev());
        }
    }
}

/// A file or folder that a file names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    Files(String),
    Folder(String),
}

fn resolve(named: &Named, reader: &mut Reader<'_>) -> Vec<String> {
    let (Named::Files(path) | Named::Folder(path)) = named;
    let path = if path.starts_with('/') { path.clone() } else { format!("{FOLDER}/{path}") };
    match named {
        Named::Folder(_) => reader
            .names(&path, |name| {
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
            })
            .into_iter()
            .map(|name| format!("{path}/{name}"))
            .collect(),
        Named::Files(_) => {
            let Some((folder, pattern)) = path.rsplit_once('/') else { return Vec::new() };
            if !pattern.contains(['*', '?']) {
                return vec![path];
            }
            reader
                .names(folder, |name| !name.starts_with('.') && matches(pattern.as_bytes(), name.as_bytes()))
                .into_iter()
                .map(|name| format!("{folder}/{name}"))
                .collect()
        }
    }
}

/// Whether a name fits a pattern of `*` and `?`, without trying more than length times length.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut on) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = name.get(on) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, on));
                at += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == byte => {
                at += 1;
                on += 1;
            }
            _ => match star {
                Some((star_at, star_on)) => {
                    star = Some((star_at, star_on + 1));
                    at = star_at + 1;
                    on = star_on + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|&byte| byte == b'*')
}

#[derive(Default)]
struct Stanza<'t> {
    interface: &'t str,
    gateway: Option<&'t str>,
    metric: Option<&'t str>,
}

impl Stanza<'_> {
    fn finish(self, reader: &mut Reader<'_>) {
        // A gateway outside of a stanza is for nothing.
        let Some(gateway) = self.gateway.filter(|_| !self.interface.is_empty()) else { return };
        let (gateway, metric) = (gateway.parse().ok(), self.metric.map(parse_decimal));
        match (gateway, metric) {
            (Some(gateway), metric @ (None | Some(Some(_)))) => reader.add(Draft {
                gateway: Some(gateway),
                metric: metric.flatten(),
                interface: Some(self.interface.to_owned()),
                ..Draft::default()
            }),
            _ => reader.not_understood += 1,
        }
    }
}

/// A word that makes a command one about routes; `ip` takes its words shortened.
fn is_route(word: &str) -> bool {
    word.ends_with("route") || matches!(word, "r" | "ro" | "rou" | "rout")
}

pub(super) fn keep(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text).replace("\\\n", " ");
    let mut kept = String::new();
    for line in text.lines() {
        let line = line.trim();
        let Some(word) = line.split_whitespace().next() else { continue };
        let wanted = match word {
            "up" | "pre-up" | "post-up" => line.split_whitespace().any(is_route),
            "iface" | "auto" | "mapping" | "no-auto-down" | "no-scripts" | "template" | "source"
            | "source-directory" | "gateway" | "metric" => true,
            _ => word.starts_with("allow-"),
        };
        if wanted {
            kept.extend([line, "\n"]);
        }
    }
    kept.into_bytes()
}

/// Takes the routes of a text that [`keep`] has left, and gives the files it names.
pub(super) fn parse(text: &str, reader: &mut Reader<'_>) -> Vec<Named> {
    let mut named = Vec::new();
    let mut stanza = Stanza::default();
    for line in text.lines() {
        let line = line.trim();
        let Some((word, rest)) = line.split_once(char::is_whitespace) else { continue };
        let rest = rest.trim();
        match word {
            "iface" => {
                let interface = rest.split_whitespace().next().unwrap_or_default();
                std::mem::replace(&mut stanza, Stanza { interface, ..Stanza::default() }).finish(reader);
            }
            "auto" | "mapping" | "no-auto-down" | "no-scripts" | "template" => {
                std::mem::take(&mut stanza).finish(reader);
            }
            _ if word.starts_with("allow-") => std::mem::take(&mut stanza).finish(reader),
            "source" => named.extend(rest.split_whitespace().map(|path| Named::Files(path.to_owned()))),
            "source-directory" => {
                named.extend(rest.split_whitespace().map(|path| Named::Folder(path.to_owned())));
            }
            "gateway" => stanza.gateway = Some(rest),
            "metric" => stanza.metric = Some(rest),
            "up" | "pre-up" | "post-up" => commands(rest, stanza.interface, reader),
            _ => {}
        }
    }
    stanza.finish(reader);
    named
}

fn commands(line: &str, interface: &str, reader: &mut Reader<'_>) {
    for command in line.split([';', '&', '|']) {
        let words: Vec<&str> = command
            .split_whitespace()
            .filter(|word| !word.starts_with(['>', '<']) && !word.starts_with("2>") && *word != "/dev/null")
            .map(|word| match word {
                "$IFACE" | "${IFACE}" | "\"$IFACE\"" | "\"${IFACE}\"" => interface,
                other => other,
            })
            .collect();
        let Some((program, rest)) = words.split_first() else { continue };
        let parsed = match program.rsplit('/').next() {
            Some("ip") => ip_command(rest),
            Some("route") => route_command(rest),
            _ => None,
        };
        match parsed {
            Some(Some(draft)) => reader.add(draft),
            Some(None) => reader.not_understood += 1,
            None => {}
        }
    }
}

/// `ip route add`: `None` when the command adds no route, `Some(None)` when it is not understood.
fn ip_command(words: &[&str]) -> Option<Option<Draft>> {
    let mut words = words.iter().copied();
    let mut v6 = false;
    let mut word = words.next()?;
    while word.starts_with('-') {
        v6 |= matches!(word, "-6" | "-inet6");
        word = words.next()?;
    }
    let verb = matches!(word, "r" | "ro" | "rou" | "rout" | "route").then(|| words.next()).flatten()?;
    if !matches!(verb, "a" | "add" | "append" | "replace" | "change" | "prepend") {
        return None;
    }
    Some(ip_route(words, v6))
}

fn ip_route<'w>(mut words: impl Iterator<Item = &'w str>, v6: bool) -> Option<Draft> {
    let mut draft = Draft::default();
    let mut everything = false;
    while let Some(word) = words.next() {
        match word {
            "default" | "all" => everything = true,
            "to" => {}
            "via" => {
                let mut address = words.next()?;
                if matches!(address, "inet" | "inet6") {
                    address = words.next()?;
                }
                draft.gateway = Some(address.parse().ok()?);
            }
            "dev" => draft.interface = Some(words.next()?.to_owned()),
            "metric" | "preference" | "priority" => draft.metric = Some(parse_decimal(words.next()?)?),
            "table" => draft.table = Some(parse_table(words.next()?)?),
            "src" | "proto" | "protocol" | "scope" | "mtu" | "advmss" | "tos" | "realm" | "initcwnd"
            | "initrwnd" => {
                words.next()?;
            }
            "onlink" => {}
            _ => match parse_kind(word) {
                Some(kind) => draft.kind = Some(kind),
                None if draft.destination.is_none() && !everything => {
                    draft.destination = Some(parse_prefix(word)?);
                }
                None => return None,
            },
        }
    }
    if everything {
        let v6 = v6 || draft.gateway.is_some_and(|gateway| gateway.is_ipv6());
        let family = if v6 { netstat_model::Family::V6 } else { netstat_model::Family::V4 };
        draft.destination = Some(netstat_model::Prefix::everything(family));
    }
    draft.destination.map(|_| draft)
}

/// `route add` of net-tools, in the same three answers.
fn route_command(words: &[&str]) -> Option<Option<Draft>> {
    let mut words = words.iter().copied().peekable();
    let mut v6 = false;
    while let Some(word) = words.next_if(|word| word.starts_with('-') || *word == "inet6" || *word == "inet")
    {
        v6 |= matches!(word, "-6" | "--inet6" | "inet6");
    }
    if words.next() != Some("add") {
        return None;
    }
    Some(net_tools_route(words, v6))
}

fn net_tools_route<'w>(mut words: impl Iterator<Item = &'w str>, v6: bool) -> Option<Draft> {
    let mut draft = Draft::default();
    let mut target = None;
    let mut mask = None;
    while let Some(word) = words.next() {
        match word {
            "-net" | "-host" => {}
            "netmask" => mask = Some(words.next()?.parse::<Ipv4Addr>().ok()?),
            "gw" => draft.gateway = Some(words.next()?.parse().ok()?),
            "metric" => draft.metric = Some(parse_decimal(words.next()?)?),
            "dev" => draft.interface = Some(words.next()?.to_owned()),
            "mss" | "window" | "irtt" => {
                words.next()?;
            }
            "reject" => draft.kind = Some(netstat_model::RouteKind::Unreachable),
            _ if target.is_none() => target = Some(word),
            _ => return None,
        }
    }
    draft.destination = Some(match (target?, mask) {
        ("default", _) if v6 => netstat_model::Prefix::everything(netstat_model::Family::V6),
        ("default", _) => netstat_model::Prefix::everything(netstat_model::Family::V4),
        (address, Some(mask)) => {
            let length = mask.to_bits().leading_ones();
            // A mask with holes is none.
            if mask.to_bits().count_ones() != length {
                return None;
            }
            cut(IpAddr::V4(address.parse().ok()?), u8::try_from(length).ok()?)?
        }
        (address, None) => parse_prefix(address)?,
    });
    Some(draft)
}
