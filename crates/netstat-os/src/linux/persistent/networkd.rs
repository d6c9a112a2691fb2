//! `.network` files of systemd-networkd: `[Route]` sections, and `Gateway=` of `[Network]`. Read with their
//! drop-ins (`NAME.network.d/*.conf`). An empty file, or one that is a link to `/dev/null`, takes its namesake away.
//!
//! Not read: drop-ins for all networks of a prefix of the name, and gateways that are asked of the network
//! (`_dhcp4`, `_ipv6ra`), which are not persistent.

use super::{
    Draft, Line, Reader, keep_settings, parse_decimal, parse_kind, parse_prefix, parse_table, sections,
};
use netstat_model::RouteKind;

const FOLDERS: [&str; 4] = [
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
];

pub(super) fn collect(reader: &mut Reader<'_>) {
    let folders = FOLDERS.map(str::to_owned);
    for (name, path) in reader.merged(&folders, |name| name.ends_with(".network")) {
        let Some(mut text) = reader.file(&path, keep) else { continue };
        let drop_ins = FOLDERS.map(|folder| format!("{folder}/{name}.d"));
        for path in reader.merged(&drop_ins, |name| name.ends_with(".conf")).into_values() {
            if let Some(more) = reader.file(&path, keep) {
                text.push('\n');
                text.push_str(&more);
            }
        }
        parse(&text, reader);
    }
}

/// A `[Route]` section, which may lead several ways.
#[derive(Default)]
struct Section {
    draft: Draft,
    more: Vec<Draft>,
    set: bool,
    /// The gateway is asked of the network.
    dynamic: bool,
    odd: bool,
}

pub(super) fn keep(text: &[u8]) -> Vec<u8> {
    keep_settings(join_lines(&String::from_utf8_lossy(text)).as_bytes(), |section, key| {
        section == "Route" || matches!((section, key), ("Match", "Name") | ("Network", "Gateway"))
    })
}

/// Takes the routes of a text that [`keep`] has left.
pub(super) fn parse(text: &str, reader: &mut Reader<'_>) {
    let mut place = "";
    let mut interface = None;
    let mut gateways = Vec::new();
    let mut routes: Vec<Section> = Vec::new();
    for line in sections(text) {
        match line {
            Line::Section(name) => {
                place = name;
                if name == "Route" {
                    routes.push(Section::default());
                }
            }
            Line::Setting(key, value) => match (place, key) {
                ("Match", "Name") => interface = interface_name(value),
                ("Network", "Gateway") if value.is_empty() => gateways.clear(),
                ("Network", "Gateway") if is_dynamic(value) => {}
                ("Network", "Gateway") => gateways.push(value.parse().ok()),
                ("Route", _) => {
                    if let Some(route) = routes.last_mut() {
                        setting(route, key, value);
                    }
                }
                _ => {}
            },
        }
    }
    for gateway in gateways {
        reader.add(Draft { gateway, interface: interface.clone(), ..Draft::default() });
    }
    for section in routes {
        if section.odd {
            reader.not_understood += 1;
        } else if section.set && !section.dynamic {
            let ways = if section.more.is_empty() { vec![section.draft.clone()] } else { section.more };
            for way in ways {
                let interface = way.interface.or_else(|| interface.clone());
                reader.add(Draft { gateway: way.gateway, interface, ..section.draft.clone() });
            }
        }
    }
}

fn setting(section: &mut Section, key: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    let draft = &mut section.draft;
    let understood = match key {
        "Destination" => set(&mut draft.destination, parse_prefix(value)),
        "Gateway" if is_dynamic(value) => {
            section.dynamic = true;
            true
        }
        "Gateway" => set(&mut draft.gateway, value.parse().ok()),
        "Metric" => set(&mut draft.metric, parse_decimal(value)),
        "Table" => set(&mut draft.table, parse_table(value)),
        "Type" => set(&mut draft.kind, parse_kind(value)),
        "MultiPathRoute" => match way(value) {
            Some(way) => {
                section.more.push(way);
                true
            }
            None => false,
        },
        // What does not change where the route leads.
        _ => return,
    };
    section.set = true;
    section.odd |= !understood;
    if matches!(section.draft.kind, Some(RouteKind::Unicast)) {
        section.draft.kind = None;
    }
}

fn set<T>(field: &mut Option<T>, value: Option<T>) -> bool {
    let understood = value.is_some();
    *field = value;
    understood
}

/// `address[@interface] [weight]`.
fn way(value: &str) -> Option<Draft> {
    let address = value.split_whitespace().next()?;
    let (address, interface) = match address.split_once('@') {
        Some((address, interface)) => (address, Some(interface.to_owned())),
        None => (address, None),
    };
    Some(Draft { gateway: Some(address.parse().ok()?), interface, ..Draft::default() })
}

fn is_dynamic(value: &str) -> bool {
    value.starts_with("_dhcp") || value.starts_with("_ipv6ra")
}

/// One whole name; a pattern or a list names no interface for certain.
fn interface_name(value: &str) -> Option<String> {
    let plain = !value.is_empty() && !value.contains([' ', '\t', '*', '?', '[', '!']);
    plain.then(|| value.to_owned())
}

/// A line that ends with a backslash goes on in the next one; comments in between are passed over.
fn join_lines(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut open = false;
    for line in text.lines() {
        if open && line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(start) if !line.trim_start().starts_with(['#', ';']) => {
                joined.push_str(start);
                joined.push(' ');
                open = true;
            }
            _ => {
                joined.push_str(line);
                joined.push('\n');
                open = false;
            }
        }
    }
    joined
}
