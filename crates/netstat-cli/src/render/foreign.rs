//! The foreign column: numbers, or names if there are any.

use netstat_engine::row::{Foreign, Row};
use netstat_engine::text::address::{write_end, write_host};
use netstat_engine::text::{decimal, escape};
use netstat_engine::view::Names;
use netstat_model::{IpEndpoint, Transport};
use std::net::IpAddr;

/// Names in the foreign column.
#[derive(Clone, Copy)]
pub struct NameColumn<'a> {
    /// The source of the names.
    pub lookup: &'a dyn Names,
    /// Full names (`-f`) rather than their first label.
    pub full: bool,
}

/// Writes the cell, without padding.
pub(super) fn write_foreign(out: &mut Vec<u8>, row: &Row<'_>, names: Option<&NameColumn<'_>>) {
    match (row.foreign(), names) {
        (Foreign::Anybody, _) => out.extend_from_slice(b"*:*"),
        (Foreign::End(end), None) => write_end(out, end),
        (Foreign::End(end), Some(names)) => match (end.ip(), row.section.transport()) {
            (Some(end), Some(transport)) => write_named(out, &end, transport, names),
            _ => write_end(out, end),
        },
    }
}

fn write_named(out: &mut Vec<u8>, end: &IpEndpoint, transport: Transport, names: &NameColumn<'_>) {
    match host(end, names.lookup).and_then(|name| shorten(name, names.full)) {
        // A name has no brackets, even for an IPv6 address.
        Some(name) => escape::write_word(out, name.as_ref()),
        None => write_host(out, end),
    }
    out.push(b':');
    // Port 0 is any port, never a service.
    let service = if end.port == 0 { None } else { names.lookup.service(end.port, transport) };
    match service {
        Some(name) if !name.is_empty() => escape::write_word(out, name.as_ref()),
        _ => decimal(out, u64::from(end.port)),
    }
}

fn host<'n>(end: &IpEndpoint, names: &'n dyn Names) -> Option<&'n str> {
    let address = end.address;
    if address.is_unspecified() || address.is_loopback() || names.is_own(address) {
        names.own_name()
    } else {
        names.host(end)
    }
}

/// Returns the name up to its first dot, or in full. `None` if nothing is left, and for an address, which some
/// resolvers return in place of a name: its first part alone would be wrong.
fn shorten(name: &str, full: bool) -> Option<&str> {
    // Such an address may have a scope.
    if name.split('%').next().unwrap_or_default().parse::<IpAddr>().is_ok() {
        return None;
    }
    let name = if full { name } else { name.split('.').next().unwrap_or_default() };
    (!name.is_empty()).then_some(name)
}
