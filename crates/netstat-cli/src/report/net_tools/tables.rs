//! The reports that come from text tables of the kernel: routes, interfaces, counters and multicast groups.

use super::names::AddressNames;
use crate::render::net_tools::{
    InterfaceRow, by_name, render_cache_v4, render_groups, render_interfaces, render_statistics, render_v4,
    render_v6,
};
use crate::report::{Displayed, Session};
use crate::settings::{CounterGroups, GroupList, RouteTables};
use netstat_engine::kernel_text::{
    Group, NetworkNames, counters as counters_v4, counters_v6, devices, groups_v4, groups_v6, routes_v4,
    routes_v6,
};
use netstat_model::{Error, InterfaceFlags, Operation};
use netstat_os::{Routes, TextTable, TextTables};
use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;

/// Reads a table that every kernel has.
fn required(session: &Session<'_>, table: TextTable, what: &str) -> Result<Vec<u8>, Error> {
    session.backend.text_table(table)?.ok_or_else(|| {
        let why = format!("this system has no {what}");
        Error::new(Operation::ReadTextTable, io::Error::new(ErrorKind::NotFound, why))
    })
}

/// Reads a table that a kernel without IPv6, for instance, does not have: it is empty then.
fn optional(session: &Session<'_>, table: TextTable) -> Result<Vec<u8>, Error> {
    Ok(session.backend.text_table(table)?.unwrap_or_default())
}

/// `-r`.
pub(super) fn routes(session: &mut Session<'_>, tables: &RouteTables, out: &mut impl Write) -> Displayed {
    let mut warnings = Vec::new();
    let v4 = if tables.v4 { required(session, TextTable::RoutesV4, "routes of IPv4")? } else { Vec::new() };
    let v6 = if tables.v6 { required(session, TextTable::RoutesV6, "routes of IPv6")? } else { Vec::new() };
    let networks = if tables.numeric_hosts { Vec::new() } else { optional(session, TextTable::Networks)? };
    let (v4, v6) = (routes_v4(&v4), routes_v6(&v6));
    let of_v4 = v4.iter().flat_map(|route| [route.destination, route.gateway]).map(IpAddr::from);
    let of_v6 = v6.iter().flat_map(|route| [route.destination, route.gateway]).map(IpAddr::from);
    let hosts = (!tables.numeric_hosts).then(|| session.names.hosts(of_v4.chain(of_v6), &mut warnings));
    let names = AddressNames { hosts, networks: NetworkNames::parse(&networks) };
    for (wanted, is_cache) in [(tables.table, false), (tables.cache, true)] {
        if wanted && tables.v4 {
            if is_cache {
                render_cache_v4(tables.columns, out)?;
            } else {
                render_v4(&v4, tables.columns, &names, out)?;
            }
        }
        if wanted && tables.v6 {
            render_v6(&v6, is_cache, &names, out)?;
        }
    }
    Ok(warnings)
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
    render_interfaces(&rows, out)?;
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
    all.retain(|counter| match counter.group {
        "Ip" | "Icmp" | "Ip6" | "Icmp6" => groups.raw,
        "Tcp" | "TcpExt" => groups.tcp,
        "Udp" | "Udp6" => groups.udp,
        _ => true,
    });
    render_statistics(&all, out)?;
    Ok(Vec::new())
}
