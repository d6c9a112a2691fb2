//! The reports that come from text tables of the kernel: routes, interfaces, counters and multicast groups.

use super::names::AddressNames;
use crate::output;
use crate::render::net_tools::{
    AddressFamily, InterfaceRow, by_name, render_cache_v4, render_groups, render_interfaces,
    render_statistics, render_v4, render_v6,
};
use crate::report::{Displayed, Failure, Session};
use crate::settings::{CounterGroups, GroupList, RouteTables};
use netstat_engine::kernel_text::{
    Group, NetworkNames, counters as counters_v4, counters_v6, devices, groups_v4, groups_v6, routes_v4,
    routes_v6,
};
use netstat_model::{Error, InterfaceFlags, Operation, Warning};
use netstat_os::{Opened, Routes, TextTable, TextTables};
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
pub(super) fn interfaces(session: &Session<'_>, all: bool, out: &mut impl Write) -> Displayed {
    let text = required(session, TextTable::Interfaces, "counters of interfaces")?;
    let known = session.backend.interfaces()?;
    let mut rows: Vec<InterfaceRow<'_>> = devices(&text)
        .into_iter()
        .filter_map(|device| {
            let same = |name: &std::ffi::OsStr| name.as_encoded_bytes() == device.name;
            // One that is gone by now has no state to show.
            let interface = known.data.iter().find(|interface| same(&interface.name))?;
            let shown = all || interface.flags.contains(InterfaceFlags::UP);
            shown.then_some(InterfaceRow { device, mtu: interface.mtu.unwrap_or(0), flags: interface.flags })
        })
        .collect();
    rows.sort_by(|one, two| by_name(one.device.name, two.device.name));
    render_interfaces(&rows, session.displays == 1, out)?;
    Ok(known.warnings)
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
