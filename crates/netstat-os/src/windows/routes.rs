//! The routing tables, from `GetIpForwardTable2`.
//!
//! Windows has a single table, which is [`TABLE_MAIN`] here. The cost of a route is its own metric plus that of its
//! interface from `GetIpInterfaceTable`. That table also tells which interfaces are connected: routes of other interfaces
//! are not in use and are left out, as `route print` leaves them out.

use super::addresses::{decode_family, decode_socket_address};
use super::memory::{u8_at, u16_at, u32_at};
use super::mib_table::decode_rows;
use super::source::{Question, Source};
use super::win32_error::{is_absent, unavailable};
use netstat_model::query::{Families, RouteQuery};
use netstat_model::{
    Answer, Error, Family, NextHop, NextHops, Operation, Prefix, Route, RouteKind, TABLE_MAIN,
};
use rustc_hash::FxHashMap;
use std::io;
use std::num::NonZeroU32;

// Where the fields of `MIB_IPFORWARD_ROW2` are.
const ROW: usize = 104;
const INTERFACE: usize = 8;
const DESTINATION: usize = 12;
const DESTINATION_LENGTH: usize = 40;
const NEXT_HOP: usize = 44;
const METRIC: usize = 84;
const PROTOCOL: usize = 88;
const LOOPBACK: usize = 92;

// Size and offsets of `MIB_IPINTERFACE_ROW`.
const IP_INTERFACE_ROW: usize = 168;
const IP_INTERFACE_FAMILY: usize = 0;
const IP_INTERFACE_INDEX: usize = 16;
const IP_INTERFACE_METRIC: usize = 148;
const IP_INTERFACE_CONNECTED: usize = 156;

/// The IP settings of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(alias = "MIB_IPINTERFACE_ROW")]
struct IpInterface {
    metric: u32,
    connected: bool,
}

type IpInterfaces = FxHashMap<(Family, u32), IpInterface>;

/// Returns the routes of the families in the query.
pub(super) fn routes(source: &dyn Source, query: &RouteQuery) -> Result<Answer<Vec<Route>>, Error> {
    let failed = |error| Error::new(Operation::ListRoutes, error);
    let mut answer = Answer::whole(Vec::new());
    if !query.tables.contain(TABLE_MAIN) {
        let why = "Windows has one routing table, main";
        return Err(failed(io::Error::new(io::ErrorKind::Unsupported, why)));
    }
    let interfaces: IpInterfaces = match source.ask(&Question::IpInterfaces) {
        Ok(table) => {
            let what = "table of IP interfaces";
            decode_rows(table.bytes(), IP_INTERFACE_ROW, what, &mut answer.warnings, decode_interface)
                .into_iter()
                .collect()
        }
        Err(error) => {
            answer.warnings.push(unavailable("what interfaces add to the metric", &error));
            IpInterfaces::default()
        }
    };
    for (family, what) in [(Family::V4, "IPv4 routing table"), (Family::V6, "IPv6 routing table")] {
        if !query.families.contains(Families::of(family)) {
            continue;
        }
        let table = match source.ask(&Question::Routes(family)) {
            Ok(table) => table,
            Err(error) if is_absent(&error) => continue,
            Err(error) => return Err(failed(error)),
        };
        let decode = |row: &[u8]| {
            decode_route(row, &interfaces).filter(|decoded| decoded.route.destination.family() == family)
        };
        let decoded = decode_rows(table.bytes(), ROW, what, &mut answer.warnings, decode);
        answer.data.extend(decoded.into_iter().filter(|decoded| decoded.in_use).map(|decoded| decoded.route));
    }
    Ok(answer)
}

fn decode_interface(row: &[u8]) -> Option<((Family, u32), IpInterface)> {
    let family = decode_family(u16_at(row, IP_INTERFACE_FAMILY)?)?;
    let interface = IpInterface {
        metric: u32_at(row, IP_INTERFACE_METRIC)?,
        connected: u8_at(row, IP_INTERFACE_CONNECTED)? != 0,
    };
    Some(((family, u32_at(row, IP_INTERFACE_INDEX)?), interface))
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
        linkdown: false,
        onlink: false,
    };
    let route = Route {
        destination,
        // In both families, routes to addresses of this machine are marked as loopback routes.
        kind: if u8_at(row, LOOPBACK)? != 0 { RouteKind::Local } else { RouteKind::Unicast },
        protocol: decode_protocol(u32_at(row, PROTOCOL)?),
        tos: 0,
        table: TABLE_MAIN,
        metric: metric.saturating_add(interface.map_or(0, |interface| interface.metric)),
        preferred_source: None,
        from: None,
        expires: None,
        next_hops: NextHops::One(hop),
    };
    Some(Decoded { route, in_use: interface.is_none_or(|interface| interface.connected) })
}

/// Converts the origin of a route to the routing protocol number of Linux (`RTPROT_*`).
#[doc(alias = "NL_ROUTE_PROTOCOL")]
fn decode_protocol(number: u32) -> Option<u8> {
    Some(match number {
        // MIB_IPPROTO_LOCAL: the stack itself.
        2 => 2,
        // Made by hand, by a program or by static configuration. Windows does not tell these apart.
        3 | 10_002 | 10_006 | 10_007 => 4,
        // ICMP redirects and router advertisements.
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

/// Runs both decoders on any bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    let interfaces = decode_rows(bytes, IP_INTERFACE_ROW, "", &mut Vec::new(), decode_interface);
    decode_route(bytes, &interfaces.into_iter().collect());
    decode_interface(bytes);
}

#[cfg(test)]
mod tests;
