//! The routing tables, from `GetIpForwardTable2`.
//!
//! Windows has one table, which is [`TABLE_MAIN`] here. What a route costs is its own metric and that of its interface,
//! which `GetIpInterfaceTable` tells. That table also tells which interfaces are connected: the routes of the others
//! stay in the list but are not in use, and are left out, as Windows leaves them out.

use super::addresses::decode_socket_address;
use super::memory::{array_at, rows, u8_at, u32_at};
use super::source::{Question, Source};
use netstat_model::query::{Families, RouteQuery};
use netstat_model::{Answer, Error, Operation, Warning};
use netstat_model::{Family, NextHop, NextHops, Prefix, Route, RouteKind, TABLE_MAIN};
use rustc_hash::FxHashMap;
use std::io;
use std::num::NonZeroU32;

/// Where the fields of `MIB_IPFORWARD_ROW2` are.
const ROW: usize = 104;
const INTERFACE: usize = 8;
const DESTINATION: usize = 12;
const DESTINATION_LENGTH: usize = 40;
const NEXT_HOP: usize = 44;
const METRIC: usize = 84;
const PROTOCOL: usize = 88;
const LOOPBACK: usize = 92;

/// Where the fields of `MIB_IPINTERFACE_ROW` are.
const IP_INTERFACE_ROW: usize = 168;
const IP_INTERFACE_FAMILY: usize = 0;
const IP_INTERFACE_INDEX: usize = 16;
const IP_INTERFACE_METRIC: usize = 148;
const IP_INTERFACE_CONNECTED: usize = 156;

/// The rows of either table begin after the number of them, aligned to eight bytes.
pub(super) const FIRST_ROW: usize = 8;

/// What IP knows of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(alias = "MIB_IPINTERFACE_ROW")]
struct IpInterface {
    metric: u32,
    connected: bool,
}

type IpInterfaces = FxHashMap<(Family, u32), IpInterface>;

/// The routes of the families asked for.
pub(super) fn routes(source: &dyn Source, query: &RouteQuery) -> Result<Answer<Vec<Route>>, Error> {
    let mut answer = Answer::whole(Vec::new());
    if !query.tables.contain(TABLE_MAIN) {
        let why = io::Error::new(io::ErrorKind::Unsupported, "Windows has one routing table, main");
        return Err(Error::new(Operation::ListRoutes, why));
    }
    let interfaces = match source.ask(&Question::IpInterfaces) {
        Ok(table) => {
            let (interfaces, odd) = decode_interfaces(table.bytes());
            warn_of_odd(&mut answer, "table of IP interfaces", odd);
            interfaces
        }
        Err(error) => {
            answer.warnings.push(Warning::SourceUnavailable {
                what: "what interfaces add to the metric",
                reason: netstat_model::error::words_of(&error),
            });
            IpInterfaces::default()
        }
    };
    for (family, what) in [(Family::V4, "IPv4 routing table"), (Family::V6, "IPv6 routing table")] {
        if !query.families.contains(Families::of(family)) {
            continue;
        }
        let table = match source.ask(&Question::Routes(family)) {
            Ok(table) => table,
            Err(error) if super::is_absent(&error) => continue,
            Err(error) => return Err(Error::new(Operation::ListRoutes, error)),
        };
        let (rows, mut odd) = rows(table.bytes(), FIRST_ROW, ROW);
        for row in rows {
            match decode_route(row, &interfaces) {
                Some(Decoded { route, in_use: true }) if route.destination.family() == family => {
                    answer.data.push(route);
                }
                Some(Decoded { route, in_use: false }) if route.destination.family() == family => {}
                _ => odd += 1,
            }
        }
        warn_of_odd(&mut answer, what, odd);
    }
    Ok(answer)
}

fn warn_of_odd<T>(answer: &mut Answer<T>, what: &'static str, count: u64) {
    if count > 0 {
        answer.warnings.push(Warning::OddMessages { what, count });
    }
}

/// The interfaces of the table, and how many rows made no sense.
fn decode_interfaces(table: &[u8]) -> (IpInterfaces, u64) {
    let (rows, mut odd) = rows(table, FIRST_ROW, IP_INTERFACE_ROW);
    let mut interfaces = IpInterfaces::default();
    for row in rows {
        match decode_interface(row) {
            Some((family, index, interface)) => {
                interfaces.insert((family, index), interface);
            }
            None => odd += 1,
        }
    }
    (interfaces, odd)
}

fn decode_interface(row: &[u8]) -> Option<(Family, u32, IpInterface)> {
    let family = super::addresses::decode_family(array_at(row, IP_INTERFACE_FAMILY)?)?;
    let interface = IpInterface {
        metric: u32_at(row, IP_INTERFACE_METRIC)?,
        connected: u8_at(row, IP_INTERFACE_CONNECTED)? != 0,
    };
    Some((family, u32_at(row, IP_INTERFACE_INDEX)?, interface))
}

#[derive(Debug, PartialEq, Eq)]
struct Decoded {
    route: Route,
    in_use: bool,
}

#[doc(alias = "MIB_IPFORWARD_ROW2")]
fn decode_route(row: &[u8], interfaces: &IpInterfaces) -> Option<Decoded> {
    let destination = decode_socket_address(row.get(DESTINATION..)?)?;
    let destination = Prefix::new(destination, u8_at(row, DESTINATION_LENGTH)?)?;
    let gateway = decode_socket_address(row.get(NEXT_HOP..)?)?;
    let index = u32_at(row, INTERFACE)?;
    let interface = interfaces.get(&(destination.family(), index));
    let metric = u32_at(row, METRIC)?;
    let hop = NextHop {
        gateway: Some(gateway).filter(|gateway| !gateway.is_unspecified()),
        interface: NonZeroU32::new(index),
        weight: 1,
        dead: false,
    };
    let route = Route {
        destination,
        // A route by the loopback interface to an address of this machine is marked, in either family.
        kind: if u8_at(row, LOOPBACK)? != 0 { RouteKind::Local } else { RouteKind::Unicast },
        protocol: decode_protocol(u32_at(row, PROTOCOL)?),
        tos: 0,
        table: TABLE_MAIN,
        metric: metric.saturating_add(interface.map_or(0, |interface| interface.metric)),
        preferred_source: None,
        from: None,
        next_hops: NextHops::One(hop),
    };
    Some(Decoded { route, in_use: interface.is_none_or(|interface| interface.connected) })
}

/// The number that Linux has for who made a route.
#[doc(alias = "NL_ROUTE_PROTOCOL")]
fn decode_protocol(number: u32) -> Option<u8> {
    Some(match number {
        // The stack itself.
        2 => 2,
        // By hand, by a program, or by a static configuration: Windows does not tell them apart.
        3 | 10_002 | 10_006 | 10_007 => 4,
        // ICMP: redirects, and what routers advertise.
        4 => 1,
        8 => 189,
        9 => 187,
        13 => 188,
        14 => 186,
        16 => 192,
        19 => 16,
        _ => return None,
    })
}

/// Rows of both tables, for the fuzzer.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    let (interfaces, _) = decode_interfaces(bytes);
    decode_route(bytes, &interfaces);
    decode_interface(bytes);
}

#[cfg(test)]
mod tests;
