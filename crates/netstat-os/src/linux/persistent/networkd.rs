//! `.network` files of systemd-networkd: `[Route]` sections, and `Gateway=` of `[Network]`, with their drop-ins
//! (`NAME.network.d/*.conf`). An empty file, or a link to `/dev/null`, masks its namesakes.
//!
//! Not read: drop-ins for all networks whose names share a prefix, and gateways learned from the network (`_dhcp4`,
//! `_ipv6ra`), which are not persistent.

use super::draft::Draft;
use super::reader::Reader;
use crate::linux::config_files::{Format, Section, ini_line, values};

const FOLDERS: [&str; 4] = [
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
];

pub(super) static FORMAT: Format = Format {
    joins_lines: true,
    line: ini_line,
    is_kept: |section, key, _| {
        section == "Route" || matches!((section, key), ("Match", "Name") | ("Network", "Gateway"))
    },
};

pub(super) fn collect(reader: &mut Reader<'_>) {
    for (name, path) in reader.files.merged(&FOLDERS.map(str::to_owned), |name| name.ends_with(".network")) {
        let Some(mut text) = reader.files.file(&path, &FORMAT) else { continue };
        let drop_ins = FOLDERS.map(|folder| format!("{folder}/{name}.d"));
        for path in reader.files.merged(&drop_ins, |name| name.ends_with(".conf")).into_values() {
            text.extend(reader.files.file(&path, &FORMAT));
        }
        parse(&text, reader);
    }
}

pub(super) fn parse(text: &str, reader: &mut Reader<'_>) {
    let sections = FORMAT.sections(text);
    let interface = values(&sections, "Match", "Name").next_back().and_then(interface_name);
    let base = Draft { interface, ..Draft::default() };
    let mut gateways = Vec::new();
    for gateway in values(&sections, "Network", "Gateway") {
        if gateway.is_empty() {
            // An empty value takes back those before it.
            gateways.clear();
        } else if !is_dynamic(gateway) {
            gateways.push(gateway);
        }
    }
    for gateway in gateways {
        reader.add(base.with([("Gateway", gateway)]));
    }
    for section in sections.iter().filter(|section| section.name == "Route") {
        parse_route(section, &base, reader);
    }
}

/// Adds the route of a `[Route]` section, or one for each next hop if it has several.
fn parse_route(section: &Section<'_>, base: &Draft, reader: &mut Reader<'_>) {
    let settings = || section.settings.iter().copied().filter(|(_, value)| !value.is_empty());
    if settings().any(|(key, value)| key == "Gateway" && is_dynamic(value)) {
        return;
    }
    let Some(route) = base.with(settings()) else { return reader.add(None) };
    let mut hops = settings().filter(|(key, _)| *key == "MultiPathRoute").peekable();
    // A section that does not say where a route leads sets up none.
    if hops.peek().is_none() && route != *base {
        reader.add(Some(route.clone()));
    }
    for (_, hop) in hops {
        // `address[@interface] [weight]`.
        let hop = hop.split_whitespace().next().unwrap_or_default();
        let (address, interface) = hop.split_once('@').unzip();
        let interface = interface.map(|name| ("dev", name));
        reader.add(route.with([("Gateway", address.unwrap_or(hop))].into_iter().chain(interface)));
    }
}

fn is_dynamic(gateway: &str) -> bool {
    gateway.starts_with("_dhcp") || gateway.starts_with("_ipv6ra")
}

/// Returns the name if it is a single, whole one: a pattern or a list may stand for any number of interfaces.
fn interface_name(value: &str) -> Option<String> {
    let is_plain = !value.is_empty() && !value.contains([' ', '\t', '*', '?', '[', '!']);
    is_plain.then(|| value.to_owned())
}
