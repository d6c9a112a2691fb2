//! Keyfiles of NetworkManager: `routeN`, `gateway` and the gateway of `addressN` in `[ipv4]` and `[ipv6]`. A profile
//! in an earlier folder hides those of the same `uuid` in a later one.
//!
//! Not read: profiles whose name does not end in `.nmconnection`, which old releases wrote.

use super::{
    Draft, Line, Reader, cut, keep_settings, parse_decimal, parse_kind, parse_prefix, parse_table, sections,
};
use netstat_model::{Family, RouteKind};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

const FOLDERS: [&str; 3] = [
    "/run/NetworkManager/system-connections",
    "/etc/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
];

pub(super) fn collect(reader: &mut Reader<'_>) {
    let mut seen = BTreeSet::new();
    for folder in FOLDERS {
        for name in reader.names(folder, |name| name.ends_with(".nmconnection") && !name.starts_with('.')) {
            if let Some(text) = reader.file(&format!("{folder}/{name}"), keep) {
                let profile = Profile::parse(&text);
                if profile.uuid.clone().is_none_or(|uuid| seen.insert(uuid)) {
                    profile.collect(reader);
                }
            }
        }
    }
}

/// Takes the routes of one profile.
#[cfg(any(test, fuzzing))]
pub(super) fn parse(text: &str, reader: &mut Reader<'_>) {
    Profile::parse(text).collect(reader);
}

pub(super) fn keep(text: &[u8]) -> Vec<u8> {
    keep_settings(text, |section, key| match section {
        "connection" => matches!(key, "uuid" | "interface-name"),
        "ipv4" | "ipv6" => {
            matches!(key, "method" | "gateway" | "never-default")
                || key.starts_with("route")
                || key.starts_with("address")
        }
        _ => false,
    })
}

/// What a profile says of one family, key by key.
type Settings = BTreeMap<String, String>;

#[derive(Debug, Default)]
struct Profile {
    uuid: Option<String>,
    interface: Option<String>,
    families: [Settings; 2],
}

impl Profile {
    fn parse(text: &str) -> Self {
        let mut profile = Self::default();
        let mut place = "";
        let [v4, v6] = &mut profile.families;
        for line in sections(text) {
            match line {
                Line::Section(name) => place = name,
                Line::Setting(key, value) => match (place, key) {
                    ("connection", "uuid") => profile.uuid = Some(value.to_owned()),
                    ("connection", "interface-name") => profile.interface = Some(value.to_owned()),
                    ("ipv4", _) => drop(v4.insert(key.to_owned(), value.to_owned())),
                    ("ipv6", _) => drop(v6.insert(key.to_owned(), value.to_owned())),
                    _ => {}
                },
            }
        }
        profile
    }

    fn collect(&self, reader: &mut Reader<'_>) {
        let [v4, v6] = &self.families;
        for (family, settings) in [(Family::V4, v4), (Family::V6, v6)] {
            if matches!(settings.get("method").map(String::as_str), Some("disabled" | "ignore")) {
                continue;
            }
            // -1 leaves the choice to NetworkManager.
            let metric = settings.get("route-metric").and_then(|text| parse_decimal::<u32>(text));
            let table = settings.get("route-table").and_then(|text| parse_decimal(text)).filter(|&id| id > 0);
            let base = Draft { interface: self.interface.clone(), metric, table, ..Draft::default() };
            let never = settings.get("never-default").is_some_and(|value| value == "true" || value == "1");
            if let Some(gateway) =
                settings.get("gateway").map(String::as_str).or_else(|| of_address(settings))
                && !never
            {
                match gateway.parse::<IpAddr>().ok().filter(|gateway| is_of(*gateway, family)) {
                    Some(gateway) if gateway.is_unspecified() => {}
                    Some(gateway) => reader.add(Draft { gateway: Some(gateway), ..base.clone() }),
                    None => reader.not_understood += 1,
                }
            }
            for (key, value) in settings {
                if !is_numbered(key, "route") && !is_numbered(key, "routes") {
                    continue;
                }
                let options = settings.get(&format!("{key}_options")).map(String::as_str);
                match parse_route(value, options.unwrap_or_default(), family, &base) {
                    Some(draft) => reader.add(draft),
                    None => reader.not_understood += 1,
                }
            }
        }
    }
}

fn is_of(address: IpAddr, family: Family) -> bool {
    address.is_ipv4() == (family == Family::V4)
}

/// `route`, `route1` … but not `route1_options` or `route-metric`.
fn is_numbered(key: &str, stem: &str) -> bool {
    key.strip_prefix(stem).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The gateway that the first address with one has behind it.
fn of_address(settings: &Settings) -> Option<&str> {
    settings
        .iter()
        .filter(|(key, _)| is_numbered(key, "address") || is_numbered(key, "addresses"))
        .find_map(|(_, value)| fields(value).1.first().copied())
}

/// `address/length,more,…`, or with `;` as old releases wrote it: the prefix as text, and the rest.
fn fields(value: &str) -> (&str, Vec<&str>) {
    let mut fields = value.trim_end_matches([';', ',']).split([';', ',']).map(str::trim);
    (fields.next().unwrap_or_default(), fields.collect())
}

/// `destination/length[,gateway[,metric]]`, with options `key=value,…`.
fn parse_route(value: &str, options: &str, family: Family, base: &Draft) -> Option<Draft> {
    let (destination, rest) = fields(value);
    let mut rest = rest.into_iter();
    let mut destination = parse_prefix(destination).filter(|prefix| prefix.family() == family)?;
    let mut next = rest.next();
    // The old form has the length in a field of its own.
    if let Some(length) = next.filter(|_| !value.contains('/')).and_then(parse_decimal::<u8>) {
        destination = cut(destination.address, length)?;
        next = rest.next();
    }
    let mut draft = Draft { destination: Some(destination), ..base.clone() };
    if let Some(gateway) = next.filter(|text| !text.is_empty()) {
        draft.gateway = Some(gateway.parse().ok().filter(|gateway| is_of(*gateway, family))?);
    }
    if let Some(metric) = rest.next().filter(|text| !text.is_empty()) {
        draft.metric = Some(parse_decimal(metric)?);
    }
    for option in options.split(',') {
        match option.trim().split_once('=') {
            Some(("table", id)) => draft.table = Some(parse_table(id)?),
            Some(("type", kind)) => {
                draft.kind = Some(parse_kind(kind)?).filter(|kind| *kind != RouteKind::Unicast)
            }
            _ => {}
        }
    }
    Some(draft)
}
