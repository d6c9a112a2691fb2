//! Routes that are restored at the next start, from the registry.
//!
//! `route -p add` writes IPv4 routes as text to `PersistentRoutes`. Gateways of static addresses, and routes made by netsh
//! and PowerShell, are in the store of the network stack, whose binary form is not documented: the name of a value is the
//! key of the route in hexadecimal digits, its data are the settings, with all bits set where one is not given. Values
//! that look different are counted in a warning.

use super::interfaces;
use super::memory::{address_at, u8_at, u32_at, u64_at};
use super::registry::{Value, decode_values};
use super::source::{Question, Source};
use super::win32_error::unavailable;
use netstat_model::{
    Answer, Error, Family, Operation, PersistentRoute, Prefix, RouteKind, RouteStore, TABLE_MAIN, Warning,
};
use rustc_hash::FxHashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::net::{IpAddr, Ipv4Addr};

// Keys below `HKEY_LOCAL_MACHINE`.
pub(super) const TEXT_KEY: &str = r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\PersistentRoutes";
const V4_KEY: &str = r"SYSTEM\CurrentControlSet\Control\Nsi\{eb004a00-9b1a-11d4-9123-0050047759bc}\16";
const V6_KEY: &str = r"SYSTEM\CurrentControlSet\Control\Nsi\{eb004a01-9b1a-11d4-9123-0050047759bc}\16";

/// The name of all three keys in warnings.
const WHAT: &str = "list of persistent routes";

/// Offset of the metric in the data of a value of the store.
const METRIC: usize = 12;

/// The metric of a route for which none is given.
const NO_METRIC: u32 = u32::MAX;

/// A route of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stored {
    destination: Prefix,
    gateway: Option<IpAddr>,
    /// Identifies the interface.
    luid: Option<u64>,
    metric: Option<u32>,
}

impl Stored {
    /// Makes a route. A gateway of zero, a LUID of zero and a metric of all bits mean that none is given.
    fn new(destination: Prefix, gateway: IpAddr, luid: u64, metric: u32) -> Self {
        Self {
            destination,
            gateway: Some(gateway).filter(|gateway| !gateway.is_unspecified()),
            luid: Some(luid).filter(|&luid| luid != 0),
            metric: Some(metric).filter(|&metric| metric != NO_METRIC),
        }
    }
}

/// Returns all persistent routes, IPv4 first.
pub(super) fn routes(source: &dyn Source) -> Result<Answer<Vec<PersistentRoute>>, Error> {
    let mut warnings = Vec::new();
    let mut found: Vec<Stored> = Vec::new();
    let mut odd = 0;
    for (key, decode) in [
        (TEXT_KEY, decode_text as fn(&Value<'_>) -> Option<Stored>),
        (V4_KEY, |value| decode_stored(value, &V4_STORE)),
        (V6_KEY, |value| decode_stored(value, &V6_STORE)),
    ] {
        let values = match source.ask(&Question::RegistryValues(key)) {
            Ok(values) => values,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) if key == TEXT_KEY => return Err(Error::new(Operation::ListRoutes, error)),
            Err(error) => {
                warnings.push(unavailable("whether there are more persistent routes", &error));
                continue;
            }
        };
        odd += decode_values(values.bytes(), |value| {
            let Some(route) = decode(value) else { return false };
            // The text comes first and is as complete, so the same route in the store adds nothing.
            let is_known =
                |known: &Stored| (known.destination, known.gateway) == (route.destination, route.gateway);
            if !found.iter().any(is_known) {
                found.push(route);
            }
            true
        });
    }
    if odd > 0 {
        warnings.push(Warning::OddMessages { what: WHAT, count: odd });
    }
    let names = names_by_luid(source, &found, &mut warnings);
    let route = |stored: Stored| PersistentRoute {
        destination: stored.destination,
        kind: RouteKind::Unicast,
        gateway: stored.gateway,
        interface: stored.luid.and_then(|luid| names.get(&luid).cloned()),
        metric: stored.metric,
        table: TABLE_MAIN,
        store: RouteStore::Registry,
    };
    Ok(Answer { data: found.into_iter().map(route).collect(), warnings })
}

/// Returns the names of interfaces, if any route needs one.
fn names_by_luid(
    source: &dyn Source,
    routes: &[Stored],
    warnings: &mut Vec<Warning>,
) -> FxHashMap<u64, OsString> {
    if routes.iter().all(|route| route.luid.is_none()) {
        return FxHashMap::default();
    }
    // Malformed rows are reported with the interfaces themselves.
    let rows = interfaces::fetch(source, &mut Vec::new()).unwrap_or_else(|error| {
        warnings.push(unavailable("the interface of some persistent routes", &error));
        Vec::new()
    });
    rows.into_iter().map(|row| (row.luid, row.interface.name)).collect()
}

/// Decodes `network,mask,gateway,metric`, the name of a value without data. A metric of -1 means none.
fn decode_text(value: &Value<'_>) -> Option<Stored> {
    let mut parts = value.name.to_str()?.split(',').map(str::trim);
    let network: Ipv4Addr = parts.next()?.parse().ok()?;
    let mask: Ipv4Addr = parts.next()?.parse().ok()?;
    let gateway: Ipv4Addr = parts.next()?.parse().ok()?;
    let metric = match parts.next() {
        None | Some("-1") => NO_METRIC,
        Some(metric) => metric.parse().ok()?,
    };
    let destination = Prefix::with_netmask(network, mask).filter(|_| parts.next().is_none())?;
    Some(Stored::new(destination, gateway.into(), 0, metric))
}

/// Size and offsets of the key of a route in the store, which is the name of its value.
struct StoreLayout {
    family: Family,
    size: usize,
    prefix_length: usize,
    /// The first of two places.
    luid: usize,
    gateway: usize,
}

const NETWORK: usize = 4;
const V4_STORE: StoreLayout =
    StoreLayout { family: Family::V4, size: 48, prefix_length: 8, luid: 24, gateway: 40 };
const V6_STORE: StoreLayout =
    StoreLayout { family: Family::V6, size: 72, prefix_length: 20, luid: 40, gateway: 56 };

fn decode_stored(value: &Value<'_>, layout: &StoreLayout) -> Option<Stored> {
    let key = decode_hex(&value.name).filter(|key| key.len() == layout.size)?;
    let network = address_at(&key, layout.family, NETWORK)?;
    let destination = Prefix::new(network, u8_at(&key, layout.prefix_length)?)?;
    let gateway = address_at(&key, layout.family, layout.gateway)?;
    Some(Stored::new(destination, gateway, u64_at(&key, layout.luid)?, u32_at(value.data, METRIC)?))
}

fn decode_hex(digits: &OsStr) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| match *pair {
        [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
        _ => None,
    };
    digits.to_str()?.as_bytes().chunks(2).map(byte).collect()
}

/// Runs every decoder on any bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    let decode = |value: &Value<'_>| {
        decode_text(value).is_some()
            | decode_stored(value, &V4_STORE).is_some()
            | decode_stored(value, &V6_STORE).is_some()
    };
    decode_values(bytes, decode);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    for name in [hex, String::from_utf8_lossy(bytes).into_owned()] {
        decode(&Value { name: name.into(), data: bytes });
    }
}

#[cfg(test)]
mod tests;
