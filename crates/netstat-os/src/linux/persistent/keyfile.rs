//! Keyfiles of NetworkManager: `routeN`, `gateway` and the gateway of `addressN` in `[ipv4]` and `[ipv6]`. A profile
//! in an earlier folder hides those of the same `uuid` in a later one.
//!
//! Not read: profiles whose name does not end in `.nmconnection`, which old releases wrote.

use super::draft::{Draft, parse_decimal, parse_prefix};
use super::reader::Reader;
use crate::linux::config_files::{Format, Section, ini_line, values};
use netstat_model::Prefix;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

const FOLDERS: [&str; 3] = [
    "/run/NetworkManager/system-connections",
    "/etc/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
];

pub(super) static FORMAT: Format = Format {
    joins_lines: false,
    line: ini_line,
    is_kept: |section, key, _| match section {
        "connection" => matches!(key, "uuid" | "interface-name"),
        "ipv4" | "ipv6" => {
            matches!(key, "method" | "gateway" | "never-default")
                || key.starts_with("route")
                || key.starts_with("address")
        }
        _ => false,
    },
};

pub(super) fn collect(reader: &mut Reader<'_>) {
    let mut seen = BTreeSet::new();
    for folder in FOLDERS {
        for name in
            reader.files.names(folder, |name| name.ends_with(".nmconnection") && !name.starts_with('.'))
        {
            let Some(text) = reader.files.file(&format!("{folder}/{name}"), &FORMAT) else { continue };
            let profile = FORMAT.sections(&text);
            let uuid = values(&profile, "connection", "uuid").next_back();
            if uuid.is_none_or(|uuid| seen.insert(uuid.to_owned())) {
                parse_profile(&profile, reader);
            }
        }
    }
}

#[cfg(any(test, fuzzing))]
pub(super) fn parse(text: &str, reader: &mut Reader<'_>) {
    parse_profile(&FORMAT.sections(text), reader);
}

fn parse_profile(profile: &[Section<'_>], reader: &mut Reader<'_>) {
    let interface = values(profile, "connection", "interface-name").next_back().map(str::to_owned);
    for (name, is_v4) in [("ipv4", true), ("ipv6", false)] {
        let own = profile.iter().filter(|section| section.name == name);
        let settings: BTreeMap<&str, &str> = own.flat_map(|own| own.settings.iter().copied()).collect();
        let get = |key: &str| settings.get(key).copied();
        if matches!(get("method"), Some("disabled" | "ignore")) {
            continue;
        }
        let base = Draft {
            interface: interface.clone(),
            // -1 leaves the choice to NetworkManager.
            metric: get("route-metric").and_then(parse_decimal),
            table: get("route-table").and_then(parse_decimal).filter(|&id| id > 0),
            ..Draft::default()
        };
        let mut add = |draft: Option<Draft>| {
            reader.add(draft.filter(|draft| {
                let destination = draft.destination.map(|prefix| prefix.address);
                destination.into_iter().chain(draft.gateway).all(|address| address.is_ipv4() == is_v4)
            }));
        };
        // An address may have the gateway in the field after it; the first one that has counts.
        let mut addresses = numbered(&settings, ["address", "addresses"]);
        let gateway = get("gateway").or_else(|| addresses.find_map(|(_, value)| fields(value).nth(1)));
        let is_none = |text: &str| text.parse().is_ok_and(|address: IpAddr| address.is_unspecified());
        let never_default = matches!(get("never-default"), Some("true" | "1"));
        if let Some(gateway) = gateway.filter(|text| !never_default && !is_none(text)) {
            add(base.with([("gateway", gateway)]));
        }
        for (key, value) in numbered(&settings, ["route", "routes"]) {
            let options = get(&format!("{key}_options")).unwrap_or_default();
            add(parse_route(value, options, &base));
        }
    }
}

/// Returns the settings whose key is one of the names with a number or without: `route1`, but not `route1_options`.
fn numbered<'s>(
    settings: &BTreeMap<&'s str, &'s str>,
    names: [&'static str; 2],
) -> impl Iterator<Item = (&'s str, &'s str)> {
    let is_wanted =
        move |key: &str| names.contains(&key.trim_end_matches(|char: char| char.is_ascii_digit()));
    settings.iter().map(|(key, value)| (*key, *value)).filter(move |(key, _)| is_wanted(key))
}

/// Splits `address/length,more,…`, or with `;` as old releases wrote it.
fn fields(value: &str) -> impl Iterator<Item = &str> {
    value.trim_end_matches([';', ',']).split([';', ',']).map(str::trim)
}

/// Parses `destination/length[,gateway[,metric]]` with options `key=value,…`.
fn parse_route(value: &str, options: &str, base: &Draft) -> Option<Draft> {
    let mut fields = fields(value).peekable();
    let mut destination = parse_prefix(fields.next()?)?;
    // The old form has the length in a field of its own.
    if let Some(length) = fields.peek().filter(|_| !value.contains('/')).and_then(|text| parse_decimal(text))
    {
        destination = Prefix::new(destination.address, length)?.masked();
        fields.next();
    }
    let fields = ["gateway", "metric"].into_iter().zip(fields).filter(|(_, text)| !text.is_empty());
    let options = options.split(',').filter_map(|option| option.trim().split_once('='));
    Draft { destination: Some(destination), ..base.clone() }.with(fields.chain(options))
}
