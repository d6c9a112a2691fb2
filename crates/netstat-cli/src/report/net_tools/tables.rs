//! The reports that come from text tables of the kernel: routes, interfaces, counters and multicast groups.

use super::names::AddressNames;
use crate::output;
use crate::render::net_tools::{
    AddressFamily, InterfaceRow, by_name, render_cache_v4, render_groups, render_interface_blocks,
    render_interfaces, render_statistics, render_v4, render_v6,
};
use crate::report::{Displayed, Failure, Session};
use crate::settings::{CounterGroups, GroupList, InterfaceList, RouteTables};
use netstat_engine::kernel_text::{
    AddressV6, Device, Group, NetworkNames, addresses_v6, counters as counters_v4, counters_v6, devices,
    groups_v4, groups_v6, routes_v4, routes_v6,
};
use netstat_model::{Error, Interface, InterfaceFlags, Operation, Warning};
use netstat_os::{Opened, Routes, TextTable, TextTables};
use rustc_hash::FxHashMap;
use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;

/// The exit code where a family has no routes.
const ROUTES_REFUSED: u8 = 3;

/// Reads a table that every kernel has.
fn required(session: &Session<'_>, table: TextTable, what: &str) -> Result<Vec<u8>, Error> {
    session.backend.text_table(table)?.ok_or_else(|| {
        let why = format!("this system has no {what}");
        Error::new(Operation::ReadTextTable, io::Error::new(ErrorKind::NotFound, why))
    })
}

/// Reads a table that a kernel without IPv6, for instance, does not have: it is empty then.
pub(super) fn optional(session: &Session<'_>, table: TextTable) -> Result<Vec<u8>, Error> {
    Ok(session.backend.text_table(table)?.unwrap_or_default())
}

/// Reads a table; `None` where the system does not have what it is about, as Windows does not.
pub(super) fn where_there(system: &Opened, table: TextTable) -> Result<Option<Vec<u8>>, Error> {
    match system.text_table(table) {
        Err(error) if error.source.kind() == ErrorKind::Unsupported => Ok(None),
        read => read,
    }
}

/// `-r`.
pub(super) fn routes(session: &mut Session<'_>, tables: &RouteTables, out: &mut impl Write) -> Displayed {
    let mut warnings = Vec::new();
    for family in &tables.families {
        match family {
            AddressFamily::Inet => routes_of_v4(session, tables, &mut warnings, out)?,
            AddressFamily::Inet6 => routes_of_v6(session, tables, &mut warnings, out)?,
            other => {
                let why = match other {
                    AddressFamily::Bluetooth => format!("Address family `{}' not supported.", other.name()),
                    _ => format!("No routing for address family `{}'.", other.name()),
                };
                output::say(&why);
                session.ended = Some(ROUTES_REFUSED);
                break;
            }
        }
    }
    Ok(warnings)
}

fn routes_of_v4(
    session: &mut Session<'_>,
    tables: &RouteTables,
    warnings: &mut Vec<Warning>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let text = required(session, TextTable::RoutesV4, "routes of IPv4")?;
    let networks = if tables.numeric_hosts { Vec::new() } else { optional(session, TextTable::Networks)? };
    let routes = routes_v4(&text);
    let ends = routes.iter().flat_map(|route| [route.destination, route.gateway]).map(IpAddr::from);
    let hosts = (!tables.numeric_hosts).then(|| session.names.hosts(ends, warnings));
    let names = AddressNames { hosts, networks: NetworkNames::parse(&networks) };
    if tables.table {
        render_v4(&routes, tables.columns, &names, out)?;
    }
    if tables.cache {
        render_cache_v4(tables.columns, out)?;
    }
    Ok(())
}

fn routes_of_v6(
    session: &mut Session<'_>,
    tables: &RouteTables,
    warnings: &mut Vec<Warning>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let text = required(session, TextTable::RoutesV6, "routes of IPv6")?;
    let routes = routes_v6(&text);
    let ends = routes.iter().flat_map(|route| [route.destination, route.gateway]).map(IpAddr::from);
    let hosts = (!tables.numeric_hosts).then(|| session.names.hosts(ends, warnings));
    let names = AddressNames { hosts, networks: NetworkNames::default() };
    for (wanted, is_cache) in [(tables.table, false), (tables.cache, true)] {
        if wanted {
            render_v6(&routes, is_cache, &names, out)?;
        }
    }
    Ok(())
}

/// `-i`.
pub(super) fn interfaces(session: &Session<'_>, list: InterfaceList, out: &mut impl Write) -> Displayed {
    let text = required(session, TextTable::Interfaces, "counters of interfaces")?;
    let v6 = if list.blocks { optional(session, TextTable::AddressesV6)? } else { Vec::new() };
    let known = session.backend.interfaces()?;
    let devices = devices(&text);
    let counters: FxHashMap<&[u8], &Device<'_>> =
        devices.iter().map(|device| (device.name, device)).collect();
    let mut addresses: FxHashMap<&[u8], Vec<AddressV6<'_>>> = FxHashMap::default();
    for address in addresses_v6(&v6) {
        addresses.entry(address.interface).or_default().push(address);
    }
    let mut rows: Vec<InterfaceRow<'_>> = Vec::new();
    for interface in &known.data {
        if list.all || interface.flags.contains(InterfaceFlags::UP) {
            rows.extend(rows_of(interface, &counters, &addresses));
        }
    }
    rows.sort_by(|one, two| by_name(one.name, two.name));
    let with_title = session.displays == 1;
    if list.blocks {
        render_interface_blocks(&rows, with_title, out)?;
    } else {
        render_interfaces(&rows, with_title, out)?;
    }
    Ok(known.warnings)
}

/// Returns the rows of an interface: its own, which an interface without counters has not, as it came or went between two
/// looks; and one for each label of its addresses.
fn rows_of<'a>(
    interface: &'a Interface,
    counters: &FxHashMap<&[u8], &'a Device<'a>>,
    addresses: &'a FxHashMap<&[u8], Vec<AddressV6<'a>>>,
) -> Vec<InterfaceRow<'a>> {
    let name = interface.name.as_encoded_bytes();
    let row = |name: &'a [u8]| InterfaceRow { name, interface, address: None, v6: &[], counters: None };
    let own = counters.get(name).map(|device| InterfaceRow {
        v6: addresses.get(name).map(Vec::as_slice).unwrap_or_default(),
        counters: Some(device),
        ..row(name)
    });
    let mut rows = Vec::from_iter(own);
    for address in interface.addresses.iter().filter(|own| own.address.is_ipv4()) {
        let label = address.label.as_ref().map_or(name, |label| label.as_encoded_bytes());
        match rows.iter_mut().find(|row| row.name == label) {
            Some(row) => row.address = row.address.or(Some(address)),
            None => rows.push(InterfaceRow { address: Some(address), ..row(label) }),
        }
    }
    rows
}

/// `-g`.
pub(super) fn groups(session: &mut Session<'_>, list: &GroupList, out: &mut impl Write) -> Displayed {
    let mut warnings = Vec::new();
    let v4 = if list.v4 { optional(session, TextTable::GroupsV4)? } else { Vec::new() };
    let v6 = if list.v6 { optional(session, TextTable::GroupsV6)? } else { Vec::new() };
    let all: Vec<Group<'_>> = groups_v4(&v4).into_iter().chain(groups_v6(&v6)).collect();
    let addresses = all.iter().map(|group| group.address);
    let hosts = (!list.numeric_hosts).then(|| session.names.hosts(addresses, &mut warnings));
    let names = AddressNames { hosts, networks: NetworkNames::default() };
    render_groups(&all, |address| names.of(address), out)?;
    Ok(warnings)
}

/// `-s`.
pub(super) fn counters(session: &Session<'_>, groups: CounterGroups, out: &mut impl Write) -> Displayed {
    let snmp = required(session, TextTable::Snmp, "counters of protocols")?;
    let more = if groups.v6 { TextTable::Snmp6 } else { TextTable::Netstat };
    let more = optional(session, more)?;
    // TCP has its counters for both families together.
    let mut all = counters_v4(&snmp);
    if groups.v6 {
        all.retain(|counter| counter.group == "Tcp");
        all.splice(..0, counters_v6(&more));
    } else {
        all.extend(counters_v4(&more));
    }
    let is_shown = |group: &str| match group {
        "Ip" | "Icmp" | "Ip6" | "Icmp6" => groups.raw,
        "Tcp" | "TcpExt" => groups.tcp,
        "Udp" | "Udp6" => groups.udp,
        _ => true,
    };
    render_statistics(&all, is_shown, out)?;
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::InterfaceAddress;

    #[test]
    fn labels_have_rows_without_what_is_the_interfaces_own() {
        let text = b"eth0: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\nlo: 5 6 0 0 0 0 0 0 7 8 0 0 0 0 0 0\n";
        let devices = devices(text);
        let counters = devices.iter().map(|device| (device.name, device)).collect();
        let v6 = addresses_v6(b"fe800000000000000000000000000001 02 40 20 80 eth0\n");
        let addresses = FxHashMap::from_iter([(&b"eth0"[..], v6)]);
        let own = |last, label: Option<&str>| InterfaceAddress {
            label: label.map(Into::into),
            ..InterfaceAddress::new([192, 0, 2, last].into(), 24)
        };
        // A label may be the name of another interface.
        let all = [(1, Some("eth0:1")), (2, None), (3, Some("eth0")), (4, Some("eth0:1")), (5, Some("lo"))];
        let mut interface = Interface::new(2, "eth0");
        interface.addresses = all.map(|(last, label)| own(last, label)).into();
        interface.addresses.push(InterfaceAddress::new([0; 16].into(), 64));
        let shown = |rows: Vec<InterfaceRow<'_>>| -> Vec<_> {
            rows.iter()
                .map(|row| {
                    let packets = row.counters.map(|device| device.received.packets);
                    let name = String::from_utf8_lossy(row.name).into_owned();
                    (name, row.address.map(|own| own.address.to_string()), row.v6.len(), packets)
                })
                .collect()
        };
        let row =
            |name: &str, address: &str, v6, packets| (name.to_owned(), Some(address.to_owned()), v6, packets);
        let labels = [row("eth0:1", "192.0.2.1", 0, None), row("lo", "192.0.2.5", 0, None)];
        let mut expected = vec![row("eth0", "192.0.2.2", 1, Some(2))];
        expected.extend(labels.clone());
        assert_eq!(shown(rows_of(&interface, &counters, &addresses)), expected);
        interface.addresses.retain(|own| own.label.as_deref().is_some_and(|label| label != "eth0"));
        let gone = FxHashMap::default();
        assert_eq!(shown(rows_of(&interface, &gone, &addresses)), labels, "it came after the counters");
    }
}
