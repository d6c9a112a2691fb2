//! The socket units of systemd: where they listen, and which unit each starts.
//!
//! Read from the files of units and their drop-ins (`NAME.socket.d/*.conf`). Which of them are active is told by the control
//! groups, one for each since systemd 235; where there are none, every unit counts. An instance of a template
//! (`NAME@.socket`) is known by its group, or by the link that enables it. Not read: drop-ins for all sockets or for all
//! whose names share a prefix, FIFOs, message queues and netlink sockets. A specifier that only systemd can replace makes a
//! listener unknown.

use super::config_files::{Files, Format, ini_line};
use super::source::Source;
use netstat_model::error::words_of;
use netstat_model::{Answer, Endpoint, IpEndpoint, Keeper, Protocol, SocketType, StandIn, Warning};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where systemd looks for units, the first folder first (`systemd.unit(5)`).
const FOLDERS: [&str; 13] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// Where control groups are: of all controllers, or those that systemd keeps beside the old ones.
const GROUPS: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];

/// How deep slices are searched. Few lie in another one.
const SLICES: usize = 8;

static FORMAT: Format = Format {
    joins_lines: true,
    line: ini_line,
    is_kept: |section, key, _| {
        section == "Socket"
            && (key.starts_with("Listen") || ["Accept", "Service", "SocketProtocol"].contains(&key))
    },
};

/// `VMADDR_CID_ANY`.
const ANY_MACHINE: u32 = u32::MAX;

/// Returns the listeners that systemd keeps for services.
pub(super) fn stand_ins(source: &dyn Source) -> Answer<Vec<StandIn>> {
    let mut files = Files::new(source);
    let active = GROUPS.iter().map(|group| active(&mut files, group, SLICES)).find(|found| !found.is_empty());
    let mut found = Vec::new();
    let mut not_understood = 0;
    for (name, text) in Units::list(&mut files).texts(&mut files, active.as_ref()) {
        let unit = Unit::parse(&name, &text);
        not_understood += unit.not_understood;
        found.extend(unit.stand_ins());
    }
    let mut warnings = Vec::new();
    let mut lacks = |reason| {
        warnings.push(Warning::SourceUnavailable { what: "the unit of some listeners of systemd", reason });
    };
    if let Some(error) = files.refused {
        lacks(words_of(&error));
    }
    if not_understood > 0 {
        lacks("some units are written in a way that only systemd understands".to_owned());
    }
    Answer { data: found, warnings }
}

/// Returns the names of the socket units that have a control group, in a slice and those within it.
fn active(files: &mut Files<'_>, group: &str, depth: usize) -> BTreeSet<String> {
    let names = files.names(group, |name| name.ends_with(".socket") || name.ends_with(".slice"));
    let (slices, mut sockets): (BTreeSet<String>, BTreeSet<String>) =
        names.into_iter().partition(|name| name.ends_with(".slice"));
    // What users run has a manager of its own.
    for slice in slices.iter().filter(|slice| depth > 0 && *slice != "user.slice") {
        sockets.extend(active(files, &format!("{group}/{slice}"), depth - 1));
    }
    sockets
}

/// The socket units of all folders.
#[derive(Default)]
struct Units {
    /// The file of each unit, by its name: that of the first folder which has one.
    files: BTreeMap<String, String>,
    /// The folders with drop-ins of each unit, in order.
    drop_ins: BTreeMap<String, Vec<String>>,
    /// Instances of templates that are enabled.
    instances: BTreeSet<String>,
}

impl Units {
    fn list(files: &mut Files<'_>) -> Self {
        let mut units = Self::default();
        for folder in FOLDERS {
            let is_wanted = |name: &str| {
                [".socket", ".socket.d", ".wants", ".requires"].iter().any(|end| name.ends_with(end))
            };
            for name in files.names(folder, is_wanted) {
                let path = format!("{folder}/{name}");
                if let Some(unit) = name.strip_suffix(".d") {
                    units.drop_ins.entry(unit.to_owned()).or_default().push(path);
                } else if name.ends_with(".socket") {
                    // A link to another name is that unit by another name.
                    if !files.link(&path).is_some_and(|target| leads_elsewhere(&target, &name)) {
                        units.files.entry(name).or_insert(path);
                    }
                } else {
                    let is_instance = |name: &str| name.ends_with(".socket") && instance(name).is_some();
                    units.instances.extend(files.names(&path, is_instance));
                }
            }
        }
        units
    }

    /// Returns the text of each unit that is active, where that is known, with that of its drop-ins.
    fn texts(&self, files: &mut Files<'_>, active: Option<&BTreeSet<String>>) -> Vec<(String, String)> {
        let names = match active {
            Some(active) => active.clone(),
            None => {
                let plain = self.files.keys().filter(|name| !name.contains("@."));
                plain.chain(&self.instances).cloned().collect()
            }
        };
        let text = |name: String| self.text(files, &name).map(|text| (name, text));
        names.into_iter().filter_map(text).collect()
    }

    fn text(&self, files: &mut Files<'_>, name: &str) -> Option<String> {
        let template = template(name);
        let names = [Some(name), template.as_deref()];
        let path = names.iter().flatten().find_map(|name| self.files.get(*name))?;
        let mut text = files.file(path, &FORMAT)?;
        let folders: Vec<String> =
            names.iter().flatten().filter_map(|name| self.drop_ins.get(*name)).flatten().cloned().collect();
        for path in files.merged(&folders, |name| name.ends_with(".conf")).into_values() {
            text.push('\n');
            text.extend(files.file(&path, &FORMAT));
        }
        Some(text)
    }
}

/// Returns whether a link leads to a unit of another name. One to a template is an instance of it.
fn leads_elsewhere(target: &str, name: &str) -> bool {
    let file = target.rsplit('/').next().unwrap_or_default();
    file.ends_with(".socket") && file != name && template(name).as_deref() != Some(file)
}

/// Splits `NAME@INSTANCE.socket`.
fn instance(name: &str) -> Option<(&str, &str)> {
    let (prefix, rest) = name.split_once('@')?;
    Some((prefix, rest.strip_suffix(".socket").filter(|instance| !instance.is_empty())?))
}

/// Returns the name of the template of an instance.
fn template(name: &str) -> Option<String> {
    instance(name).map(|(prefix, _)| format!("{prefix}@.socket"))
}

/// A socket unit.
struct Unit<'t> {
    name: &'t str,
    /// The unit that is started.
    service: Option<String>,
    listens: Vec<(Protocol, Endpoint)>,
    not_understood: usize,
}

impl<'t> Unit<'t> {
    fn parse(name: &'t str, text: &str) -> Self {
        let sections = FORMAT.sections(text);
        let settings = || sections.iter().flat_map(|section| section.settings.iter().copied());
        let last = |wanted: &str| settings().rfind(|(key, _)| *key == wanted).map(|(_, value)| value);
        let protocol = last("SocketProtocol").unwrap_or_default();
        let is_accepting = last("Accept").is_some_and(is_true);
        let service = match last("Service").filter(|value| !value.is_empty()) {
            Some(value) => specified(value, name).map(Cow::into_owned),
            None => name.strip_suffix(".socket").map(|stem| match stem.split_once('@') {
                Some((prefix, _)) if is_accepting => format!("{prefix}@.service"),
                None if is_accepting => format!("{stem}@.service"),
                _ => format!("{stem}.service"),
            }),
        };
        let mut unit = Self { name, service, listens: Vec::new(), not_understood: 0 };
        for (key, value) in settings() {
            let Some(kind) = key.strip_prefix("Listen") else { continue };
            if value.is_empty() {
                // An empty value takes back all of those before it.
                unit.listens.clear();
                unit.not_understood = 0;
                continue;
            }
            let kind = match kind {
                "Stream" => SocketType::Stream,
                "Datagram" => SocketType::Datagram,
                "SequentialPacket" => SocketType::SeqPacket,
                _ => continue,
            };
            match specified(value, name).and_then(|value| places(kind, &value, protocol)) {
                Some(places) => unit.listens.extend(places),
                None => unit.not_understood += 1,
            }
        }
        unit
    }

    fn stand_ins(self) -> impl Iterator<Item = StandIn> {
        let Self { name, service, listens, .. } = self;
        let behind: Vec<Box<str>> = service.into_iter().map(String::into_boxed_str).collect();
        listens.into_iter().map(move |(protocol, end)| StandIn {
            keeper: Keeper::ServiceManager,
            protocol,
            end,
            by: name.into(),
            behind: behind.clone(),
            namespace: None,
        })
    }
}

/// Parses a boolean as systemd does.
fn is_true(value: &str) -> bool {
    ["1", "yes", "y", "true", "t", "on"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Specifiers that only systemd can replace: names of the machine, of the user, of folders, of the system.
const ITS_OWN: &str = "aAbBCdDEfgGhHjJlLmMoPIqsSTuUvVwWyY";

/// Replaces the specifiers of a value (`systemd.unit(5)`); `None` where only systemd can. What is no specifier stays.
fn specified<'v>(value: &'v str, name: &str) -> Option<Cow<'v, str>> {
    if !value.contains('%') {
        return Some(value.into());
    }
    let stem = name.strip_suffix(".socket")?;
    let (prefix, instance) = stem.split_once('@').unwrap_or((stem, ""));
    let is_escaped = |text: &str| text.contains(['-', '\\']);
    let mut replaced = String::new();
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            replaced.push(letter);
            continue;
        }
        let specifier = letters.next()?;
        let text = match specifier {
            '%' => "%",
            'n' => name,
            'N' => stem,
            'p' => prefix,
            'i' => instance,
            'P' if !is_escaped(prefix) => prefix,
            'I' if !is_escaped(instance) => instance,
            't' => "/run",
            _ if ITS_OWN.contains(specifier) => return None,
            _ => {
                replaced.extend(['%', specifier]);
                continue;
            }
        };
        replaced.push_str(text);
    }
    Some(replaced.into())
}

/// Parses a value of `ListenStream=` and its kin: where a socket listens, twice for a port of every address, which is one of
/// IPv4 where there is no IPv6. Empty for protocols that no table has.
fn places(kind: SocketType, value: &str, protocol: &str) -> Option<Vec<(Protocol, Endpoint)>> {
    let named = |end: fn(Box<[u8]>) -> Endpoint, name: &str| {
        vec![(Protocol::Unix(kind), end(name.as_bytes().into()))]
    };
    if value.starts_with('/') {
        return Some(named(Endpoint::Path, value));
    }
    if let Some(name) = value.strip_prefix('@') {
        return Some(named(Endpoint::Abstract, name));
    }
    if let Some((family, rest)) = value.split_once(':')
        && let Some(kind) = vsock_type(family, kind)
    {
        let (cid, port) = rest.rsplit_once(':')?;
        let cid = if cid.is_empty() { ANY_MACHINE } else { number(cid)? };
        return Some(vec![(Protocol::Vsock(kind), Endpoint::Vsock { cid, port: number(port)? })]);
    }
    let protocol = match (kind, protocol) {
        (SocketType::Stream, "" | "tcp") => Protocol::Tcp,
        (SocketType::Stream, "mptcp") => Protocol::Mptcp,
        (SocketType::Datagram, "" | "udp") => Protocol::Udp,
        _ => return Some(Vec::new()),
    };
    let at = |address, port| (protocol, IpEndpoint::new(address, port, 0).into());
    if let Some(port) = number(value) {
        let any = [IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)];
        return Some(any.map(|address| at(address, port)).into());
    }
    // `[fe80::1]:22%eth0`.
    let end = value.split_once("]:").map_or_else(
        || {
            value
                .split_once(':')
                .and_then(|(address, port)| Some((address.parse::<Ipv4Addr>().ok()?.into(), port)))
        },
        |(address, port)| Some((address.strip_prefix('[')?.parse::<Ipv6Addr>().ok()?.into(), port)),
    );
    let (address, port) = end?;
    Some(vec![at(address, number(port.split('%').next()?)?)])
}

/// Returns the type of a vsock listener by what its address begins with.
fn vsock_type(family: &str, kind: SocketType) -> Option<SocketType> {
    match family {
        "vsock" => Some(kind),
        "vsock-stream" => Some(SocketType::Stream),
        "vsock-dgram" => Some(SocketType::Datagram),
        "vsock-seqpacket" => Some(SocketType::SeqPacket),
        _ => None,
    }
}

/// Parses digits alone; the standard library would accept a sign as well.
fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// Parses a text as a unit.
#[cfg(any(test, fuzzing))]
pub(super) fn parse_any(text: &str) {
    Unit::parse("a@b.socket", &String::from_utf8_lossy(&FORMAT.keep(text.as_bytes())))
        .stand_ins()
        .for_each(drop);
}

#[cfg(test)]
mod tests;
