//! The foreign column: numbers, or names where there are any.

use super::classic::NameColumn;
use crate::row::{Foreign, Row};
use crate::text::address::{write_endpoint, write_host};
use crate::text::{decimal, escape};
use crate::view::Names;
use netstat_model::{Endpoint, Protocol};
use std::net::IpAddr;

/// Writes the cell, without padding.
pub(super) fn write_foreign(out: &mut Vec<u8>, row: &Row<'_>, names: Option<&NameColumn<'_>>) {
    match (row.foreign(), names) {
        (Foreign::Anybody, _) => out.extend_from_slice(b"*:*"),
        (Foreign::End(end), None) => write_endpoint(out, &end),
        (Foreign::End(end), Some(names)) => write_named(out, &end, row.section.protocol(), names),
    }
}

fn write_named(out: &mut Vec<u8>, end: &Endpoint, protocol: Protocol, names: &NameColumn<'_>) {
    match host(end, names.lookup).and_then(|name| shorten(name, names.full)) {
        // A name stands without brackets, of an IPv6 address too.
        Some(name) => escape::write_word(out, name.as_ref()),
        None => write_host(out, end),
    }
    out.push(b':');
    // Port 0 is any port, never a service.
    let service = if end.port == 0 { None } else { names.lookup.service(end.port, protocol) };
    match service {
        Some(name) if !name.is_empty() => escape::write_word(out, name.as_ref()),
        _ => decimal(out, u64::from(end.port)),
    }
}

fn host<'n>(end: &Endpoint, names: &'n dyn Names) -> Option<&'n str> {
    let address = end.address;
    if address.is_unspecified() || address.is_loopback() || names.is_own(address) {
        names.own_name()
    } else {
        names.host(end)
    }
}

/// The name up to its first dot, or the whole; `None` where nothing is left, and for an address that some
/// resolvers answer in place of a name, of which the first part alone would be a lie.
fn shorten(name: &str, full: bool) -> Option<&str> {
    // Such an answer may carry its scope.
    if name.split('%').next().unwrap_or_default().parse::<IpAddr>().is_ok() {
        return None;
    }
    let name = if full { name } else { name.split('.').next().unwrap_or_default() };
    (!name.is_empty()).then_some(name)
}
