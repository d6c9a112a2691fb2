//! Routes that come back at the next start, from the registry.
//!
//! `route -p add` writes IPv4 routes as text to `PersistentRoutes`. Gateways of fixed addresses, and routes made by netsh
//! and PowerShell, are in the store of the network stack, which is binary and not documented: the name of a value is what
//! tells a route from others, in hexadecimal digits, and its data are the settings of the route, all bits set where
//! one is not given. What is there and does not look like that is counted and told.

use super::interfaces;
use super::memory::{array_at, u8_at, u32_at, u64_at};
use super::registry::{Value, decode_values};
use super::source::{Question, Source};
use netstat_model::{Answer, Error, Operation, Warning};
use netstat_model::{PersistentRoute, Prefix, RouteKind, RouteStore, TABLE_MAIN};
use rustc_hash::FxHashMap;
use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Keys below `HKEY_LOCAL_MACHINE`.
pub(super) const TEXT_KEY: &str = r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\PersistentRoutes";
const V4_KEY: &str = r"SYSTEM\CurrentControlSet\Control\Nsi\{eb004a00-9b1a-11d4-9123-0050047759bc}\16";
const V6_KEY: &str = r"SYSTEM\CurrentControlSet\Control\Nsi\{eb004a01-9b1a-11d4-9123-0050047759bc}\16";

/// What a warning calls the three.
const WHAT: &str = "list of persistent routes";

/// Where the metric is in the data of a value of the store.
const METRIC: usize = 12;

/// How a metric says that none is given.
const NO_METRIC: u32 = u32::MAX;

/// A route of the registry, its interface by its LUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stored {
    destination: Prefix,
    gateway: Option<IpAddr>,
    luid: Option<u64>,
    metric: Option<u32>,
}

impl Stored {
    fn is_same(&self, other: &Self) -> bool {
        self.destination == other.destination && self.gateway == other.gateway
    }
}

/// All persistent routes, IPv4 first.
pub(super) fn routes(source: &dyn Source) -> Result<Answer<Vec<PersistentRoute>>, Error> {
    let mut answer = Answer::whole(Vec::new());
    let mut found: Vec<Stored> = Vec::new();
    let mut odd = 0;
    for (key, decode) in [
        (TEXT_KEY, decode_text as fn(&Value<'_>) -> Option<Stored>),
        (V4_KEY, decode_v4),
        (V6_KEY, decode_v6),
    ] {
        let values = match source.ask(&Question::RegistryValues(key)) {
            Ok(values) => values,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) if key == TEXT_KEY => return Err(Error::new(Operation::ListRoutes, error)),
            Err(error) => {
                answer.warnings.push(Warning::SourceUnavailable {
                    what: "whether there are more persistent routes",
                    reason: netstat_model::error::words_of(&error),
                });
                continue;
            }
        };
        let mut stored = Vec::new();
        odd += decode_values(values.bytes(), |value| match decode(value) {
            Some(route) => {
                stored.push(route);
                true
            }
            None => false,
        });
        // A route may be in both places: the text came first, and says no less.
        stored.retain(|route| !found.iter().any(|known| known.is_same(route)));
        found.append(&mut stored);
    }
    if odd > 0 {
        answer.warnings.push(Warning::OddMessages { what: WHAT, count: odd });
    }
    let names = names_by_luid(source, &found, &mut answer.warnings);
    answer.data = found
        .into_iter()
        .map(|stored| PersistentRoute {
            destination: stored.destination,
            kind: RouteKind::Unicast,
            gateway: stored.gateway,
            interface: stored.luid.and_then(|luid| names.get(&luid).cloned()),
            metric: stored.metric,
            table: TABLE_MAIN,
            store: RouteStore::Registry,
        })
        .collect();
    Ok(answer)
}

/// The names of interfaces, if any is needed.
fn names_by_luid(
    source: &dyn Source,
    routes: &[Stored],
    warnings: &mut Vec<Warning>,
) -> FxHashMap<u64, OsString> {
    if routes.iter().all(|route| route.luid.is_none()) {
        return FxHashMap::default();
    }
    match interfaces::fetch(source) {
        Ok((rows, _)) => rows.into_iter().map(|row| (row.luid, row.interface.name)).collect(),
        Err(error) => {
            warnings.push(Warning::SourceUnavailable {
                what: "the interface of some persistent routes",
                reason: netstat_model::error::words_of(&error),
            });
            FxHashMap::default()
        }
    }
}

/// `network,mask,gateway,metric`, the name of a value without data of its own; a metric of -1 is none.
fn decode_text(value: &Value<'_>) -> Option<Stored> {
    let mut parts = value.name.to_str()?.split(',').map(str::trim);
    let network: Ipv4Addr = parts.next()?.parse().ok()?;
    let mask: Ipv4Addr = parts.next()?.parse().ok()?;
    let gateway: Ipv4Addr = parts.next()?.parse().ok()?;
    let metric = match parts.next() {
        None | Some("-1") => None,
        Some(metric) => Some(metric.parse().ok()?).filter(|&metric| metric != NO_METRIC),
    };
    let length = mask.to_bits().leading_ones();
    // A mask with holes is no prefix.
    let sound = parts.next().is_none() && mask.to_bits().count_ones() == length;
    Some(Stored {
        destination: Prefix::new(IpAddr::V4(network), u8::try_from(length).ok()?).filter(|_| sound)?,
        gateway: Some(IpAddr::V4(gateway)).filter(|gateway| !gateway.is_unspecified()),
        luid: None,
        metric,
    })
}

/// The name has the network (4), its length (8), the LUID of the interface (24 and 32) and the gateway (40) at these
/// places of 48 bytes.
fn decode_v4(value: &Value<'_>) -> Option<Stored> {
    let key: [u8; 48] = decode_hex(&value.name)?;
    let address = |offset| Some(IpAddr::V4(Ipv4Addr::from(array_at::<4>(&key, offset)?)));
    decode_stored(address(4)?, u8_at(&key, 8)?, u64_at(&key, 24)?, address(40)?, value)
}

/// As above: 4, 20, 40 and 48, 56, of 72 bytes.
fn decode_v6(value: &Value<'_>) -> Option<Stored> {
    let key: [u8; 72] = decode_hex(&value.name)?;
    let address = |offset| Some(IpAddr::V6(Ipv6Addr::from(array_at::<16>(&key, offset)?)));
    decode_stored(address(4)?, u8_at(&key, 20)?, u64_at(&key, 40)?, address(56)?, value)
}

fn decode_stored(
    network: IpAddr,
    length: u8,
    luid: u64,
    gateway: IpAddr,
    value: &Value<'_>,
) -> Option<Stored> {
    let destination = Prefix::new(network, length)?;
    Some(Stored {
        destination,
        gateway: Some(gateway).filter(|gateway| !gateway.is_unspecified()),
        luid: Some(luid).filter(|&luid| luid != 0),
        metric: Some(u32_at(value.data, METRIC)?).filter(|&metric| metric != NO_METRIC),
    })
}

fn decode_hex<const N: usize>(name: &std::ffi::OsStr) -> Option<[u8; N]> {
    let digits = name.to_str()?.as_bytes();
    let mut bytes = [0; N];
    if digits.len() != N * 2 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = *pair else { return None };
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(digit(high)? << 4 | digit(low)?).ok()?;
    }
    Some(bytes)
}

/// Every kind of value, for the fuzzer.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    decode_values(bytes, |value| {
        decode_text(value).is_some() | decode_v4(value).is_some() | decode_v6(value).is_some()
    });
    let named = |name: String| Value { name: name.into(), data: bytes };
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    decode_v4(&named(hex.clone()));
    decode_v6(&named(hex));
    decode_text(&named(String::from_utf8_lossy(bytes).into_owned()));
}

#[cfg(test)]
mod tests;
