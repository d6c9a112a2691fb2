//! The interfaces and the routing tables (`-r`).
//!
//! # Rows
//!
//! A route with several next hops has a row for each. Rows are sorted by prefix: the address as a number, then the
//! length. Rows with equal prefixes stay in kernel order, which puts the preferred one of equal metric first.
//!
//! # Interface of an IPv4 row
//!
//! Windows identifies the interface by one of its addresses, and so does this view: by the address that the kernel
//! sends from. That is the preferred source of the route if the interface has it; else the address of the interface
//! in whose subnet the gateway (or the destination) lies; else its first address; else the preferred source,
//! whichever interface has it. An interface without any of these is identified by its name.

use netstat_model::query::{Families, RouteQuery, Tables};
use netstat_model::{Family, Interface, NextHop, PersistentRoute, Prefix, Route, RouteKind};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::IpAddr;

/// Where a route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leads {
    /// To the destination itself: a neighbour, or this host.
    OnLink,
    /// To a gateway, possibly of the other family.
    Gateway(IpAddr),
    /// Nowhere: blackhole, unreachable, prohibit, throw.
    Nowhere(RouteKind),
    /// Unknown.
    Unknown,
}

/// What identifies the interface of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through<'a> {
    /// An address.
    Address(IpAddr),
    /// A name, if it has no address.
    Name(&'a OsStr),
    /// Nothing: the route has no interface, or the interface is gone.
    Nothing,
}

/// One row of an active table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteRow<'a> {
    /// The destination.
    pub destination: Prefix,
    /// Where it leads.
    pub leads: Leads,
    /// The index of the interface.
    pub interface: Option<u32>,
    /// What else identifies the interface.
    pub through: Through<'a>,
    /// The metric.
    pub metric: u32,
    /// The route itself.
    pub route: &'a Route,
    /// Its next hop of this row.
    pub hop: Option<&'a NextHop>,
}

/// One row of a persistent table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersistentRow {
    /// The destination.
    pub destination: Prefix,
    /// Where it leads.
    pub leads: Leads,
    /// The index of its interface, if that exists now.
    pub interface: Option<u32>,
    /// The metric, if one is configured.
    pub metric: Option<u32>,
}

/// The content of the report, in order.
#[derive(Debug)]
pub struct RoutesView<'a> {
    interfaces: &'a [Interface],
    by_index: BTreeMap<u32, &'a Interface>,
    families: Families,
    tables: Tables,
    routes: Vec<&'a Route>,
    persistent: Vec<PersistentRow>,
}

impl<'a> RoutesView<'a> {
    /// Makes the view of a query. `routes` is the answer to the same query; of `persistent` the view takes what the
    /// query selects. Uses 8 bytes of memory per route beyond its input.
    pub fn new(
        interfaces: &'a [Interface],
        routes: &'a [Route],
        persistent: &[PersistentRoute],
        query: &RouteQuery,
    ) -> Self {
        let mut sorted: Vec<&Route> = routes.iter().collect();
        sorted.sort_by_key(|route| route.destination);
        let mut persistent: Vec<PersistentRow> = persistent
            .iter()
            .filter(|route| query.tables.contain(route.table))
            .map(|route| PersistentRow {
                destination: route.destination,
                leads: leads(route.kind, true, route.gateway),
                interface: route.interface.as_ref().and_then(|name| {
                    interfaces.iter().find(|interface| interface.name == *name).map(|found| found.index)
                }),
                metric: route.metric,
            })
            .collect();
        persistent.sort_by_key(|row| row.destination);
        Self {
            interfaces,
            by_index: interfaces.iter().map(|interface| (interface.index, interface)).collect(),
            families: query.families,
            tables: query.tables,
            routes: sorted,
            persistent,
        }
    }

    /// Returns the interfaces in kernel order.
    pub fn interfaces(&self) -> &'a [Interface] {
        self.interfaces
    }

    /// Returns the tables that were asked for.
    pub fn tables(&self) -> Tables {
        self.tables
    }

    /// Returns true if the report has a part for the family.
    pub fn has(&self, family: Family) -> bool {
        self.families.contains(Families::of(family))
    }

    /// Returns the rows of an active table, made one at a time.
    pub fn rows(&self, family: Family) -> impl Iterator<Item = RouteRow<'a>> + '_ {
        // Routes through one interface follow each other in a large table, so keep the last answer.
        let mut last: Option<(Way, Through<'a>)> = None;
        self.of_family(family).iter().flat_map(|route| hops(route).map(move |hop| (*route, hop))).map(
            move |(route, hop)| {
                let way = Way::of(route, hop);
                let through = match last {
                    Some((known, through)) if known == way => through,
                    _ => self.through(way),
                };
                last = Some((way, through));
                RouteRow {
                    destination: route.destination,
                    leads: leads(route.kind, hop.is_some(), hop.and_then(|hop| hop.gateway)),
                    interface: hop.and_then(|hop| hop.interface).map(u32::from),
                    through,
                    metric: route.metric,
                    route,
                    hop,
                }
            },
        )
    }

    /// Returns the rows of a persistent table.
    pub fn persistent(&self, family: Family) -> impl Iterator<Item = PersistentRow> + '_ {
        self.persistent.iter().filter(move |row| row.destination.family() == family).copied()
    }

    /// IPv4 sorts before IPv6.
    fn of_family(&self, family: Family) -> &[&'a Route] {
        let middle = self.routes.partition_point(|route| route.destination.family() == Family::V4);
        let (v4, v6) = self.routes.split_at_checked(middle).unwrap_or_default();
        match family {
            Family::V4 => v4,
            Family::V6 => v6,
        }
    }

    fn through(&self, way: Way) -> Through<'a> {
        let Some(interface) = way.interface.and_then(|index| self.by_index.get(&index)) else {
            return Through::Nothing;
        };
        let mut own = interface.addresses.iter().filter(|own| own.address.is_ipv4() == way.target.is_ipv4());
        let has = |address: &IpAddr| interface.addresses.iter().any(|own| own.address == *address);
        let address = way
            .preferred_source
            .filter(has)
            .or_else(|| own.clone().find(|own| own.reaches(way.target)).map(|own| own.address))
            .or_else(|| own.next().map(|own| own.address))
            .or(way.preferred_source);
        address.map_or(Through::Name(&interface.name), Through::Address)
    }
}

/// What decides which address identifies the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    interface: Option<u32>,
    preferred_source: Option<IpAddr>,
    /// The gateway, if it is of the family of the route, else the destination.
    target: IpAddr,
}

impl Way {
    fn of(route: &Route, hop: Option<&NextHop>) -> Self {
        let destination = route.destination.address;
        let target = hop
            .and_then(|hop| hop.gateway)
            .filter(|gateway| gateway.is_ipv4() == destination.is_ipv4())
            .unwrap_or(destination);
        let interface = hop.and_then(|hop| hop.interface).map(u32::from);
        Self { interface, preferred_source: route.preferred_source, target }
    }
}

/// Returns the next hops of a route; an empty one for a route without.
fn hops(route: &Route) -> impl Iterator<Item = Option<&NextHop>> {
    let hops = route.next_hops.as_slice();
    hops.iter().map(Some).chain(hops.is_empty().then_some(None))
}

fn leads(kind: RouteKind, has_hop: bool, gateway: Option<IpAddr>) -> Leads {
    match kind {
        RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit | RouteKind::Throw => {
            Leads::Nowhere(kind)
        }
        RouteKind::Local | RouteKind::Broadcast | RouteKind::Anycast => Leads::OnLink,
        RouteKind::Unicast | RouteKind::Multicast => match gateway {
            Some(gateway) => Leads::Gateway(gateway),
            None if has_hop => Leads::OnLink,
            None => Leads::Unknown,
        },
        RouteKind::Unknown(_) => gateway.map_or(Leads::Unknown, Leads::Gateway),
    }
}

#[cfg(test)]
mod tests;
