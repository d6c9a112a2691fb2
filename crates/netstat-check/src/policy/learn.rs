//! `--learn`: a policy that allows what is there now.

use super::super::{CheckSettings, Evidence};
use super::{CHECK, Deed, deeds};
use netstat_model::{IpEndpoint, IpSocketRef, Transport};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// With more addresses than this a process is allowed to connect to any address of the port.
const MOST_ADDRESSES: usize = 16;

/// Who, as far as it is known, and the port; what is not known does not become part of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct RuleKey {
    process: Option<String>,
    path: Option<String>,
    user: Option<String>,
    unit: Option<String>,
    udp: bool,
    port: u16,
}

/// Returns the text of a policy that allows the current state, so that checking it gives no finding.
pub fn learned(evidence: &Evidence, settings: &CheckSettings) -> String {
    let mut rules: BTreeMap<Deed, BTreeMap<RuleKey, BTreeSet<IpAddr>>> =
        BTreeMap::from([(Deed::Listens, BTreeMap::new()), (Deed::Connects, BTreeMap::new())]);
    for (socket, deed, end) in deeds(evidence, &CHECK.thresholds(settings)) {
        let addresses = rules.entry(deed).or_default().entry(key(evidence, &socket, end)).or_default();
        addresses.insert(end.address);
    }
    let mut text = String::from(
        "# What was there when netstat check policy --learn wrote this. Read it before you trust it: it allows whatever\n\
         # was wrong as well. A line that is left out stands for anything; names may have * and ?, addresses may be\n\
         # networks (10.0.0.0/8), ports ranges (\"8000-8100\"). [[forbid.listen]] and [[forbid.connect]] win.\n",
    );
    for (deed, keys) in &rules {
        let name = if *deed == Deed::Listens { "listen" } else { "connect" };
        if keys.is_empty() {
            // An empty list allows nothing, and nothing was there.
            let heading = if text.contains("\nallow.") { "" } else { "\n" };
            text.push_str(&format!("{heading}allow.{name} = []\n"));
        }
    }
    for (deed, keys) in &rules {
        let name = if *deed == Deed::Listens { "listen" } else { "connect" };
        for (key, addresses) in keys {
            text.push_str(&format!("\n[[allow.{name}]]\n"));
            write_rule(&mut text, key, addresses);
        }
    }
    text
}

fn key(evidence: &Evidence, socket: &IpSocketRef<'_>, end: IpEndpoint) -> RuleKey {
    let process = evidence.process_of(socket);
    let text = |os: &std::ffi::OsStr| os.to_str().map(pattern);
    RuleKey {
        process: process.and_then(|process| text(process.name.as_ref().ok()?)),
        path: process.and_then(|process| text(process.executable.as_ref().ok()?.path.as_os_str())),
        user: process.and_then(|process| evidence.user_of(process)),
        unit: process.and_then(|process| text(process.unit.as_ref().ok()?)),
        udp: socket.protocol == Transport::Udp,
        port: end.port,
    }
}

/// Returns a pattern that matches a name: special characters become `?`.
fn pattern(name: &str) -> String {
    name.chars().map(|c| if matches!(c, '*' | '[') { '?' } else { c }).collect()
}

/// Quotes a string for TOML: as for JSON, but DEL has to be escaped as well.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

fn write_rule(text: &mut String, key: &RuleKey, addresses: &BTreeSet<IpAddr>) {
    let RuleKey { process, path, user, unit, udp, port } = key;
    for (name, value) in [("process", process), ("path", path), ("user", user), ("unit", unit)] {
        if let Some(value) = value {
            text.push_str(&format!("{name} = {}\n", quoted(value)));
        }
    }
    text.push_str(&format!("protocol = \"{}\"\n", if *udp { "udp" } else { "tcp" }));
    let listed: Vec<String> = addresses.iter().map(|address| quoted(&address.to_string())).collect();
    match listed.as_slice() {
        [one] => text.push_str(&format!("address = {one}\n")),
        more if more.len() <= MOST_ADDRESSES => text.push_str(&format!("address = [{}]\n", more.join(", "))),
        more => text.push_str(&format!("# to {} addresses\n", more.len())),
    }
    text.push_str(&format!("port = {port}\n"));
}
