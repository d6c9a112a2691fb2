//! Parses the output of `route print` into the model.

use netstat_cli::render::routes::RouteWords;
use netstat_model::{
    Interface, InterfaceAddress, InterfaceFlags, NextHop, NextHops, PersistentRoute, Prefix, Route,
    RouteKind, RouteStore, TABLE_MAIN,
};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;

#[derive(Default)]
pub(crate) struct Parsed {
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) routes: Vec<Route>,
    pub(crate) persistent: Vec<PersistentRoute>,
}

/// Returns routes in reverse order, so that rendering has to sort them; routes of one prefix keep their order.
pub(crate) fn parse(lines: &[&str], words: &RouteWords<'_>) -> Parsed {
    let mut parsed = Parsed::default();
    for line in lines {
        parsed.interfaces.extend(interface(line));
    }
    // The list has no addresses, and some samples lack it.
    if parsed.interfaces.is_empty() {
        parsed
            .interfaces
            .push(interface("  1...........................Software Loopback Interface 1").unwrap());
    }
    let mut lines = lines.iter().copied().peekable();
    while let Some(line) = lines.next() {
        let line = line.replace(words.on_link, "@");
        let mut cells: Vec<&str> = line.split_whitespace().collect();
        match cells.as_slice() {
            [to, mask, gateway, through, metric] if to.parse::<Ipv4Addr>().is_ok() => {
                let through: IpAddr = through.parse().unwrap();
                let home = &mut parsed.interfaces[0];
                if home.addresses.iter().all(|own| own.address != through) {
                    home.addresses.push(InterfaceAddress::new(through, 32));
                }
                let route = route(v4(to, mask), gateway, home.index, metric.parse().unwrap());
                parsed.routes.push(Route { preferred_source: Some(through), ..route });
            }
            [to, mask, gateway, metric] if to.parse::<Ipv4Addr>().is_ok() => {
                parsed.persistent.push(PersistentRoute {
                    destination: v4(to, mask),
                    kind: RouteKind::Unicast,
                    gateway: gateway_of(gateway),
                    interface: None,
                    metric: (*metric != "Default").then(|| metric.parse().unwrap()),
                    table: TABLE_MAIN,
                    store: RouteStore::Registry,
                });
            }
            [interface, metric, to, ..] if to.contains('/') && interface.parse::<u32>().is_ok() => {
                let (address, length) = to.split_once('/').unwrap();
                let destination = Prefix::new(address.parse().unwrap(), length.parse().unwrap()).unwrap();
                let (interface, metric) = (interface.parse().unwrap(), metric.parse().unwrap());
                let next;
                if cells.len() == 3 {
                    next = lines.next().unwrap().replace(words.on_link, "@");
                    cells.push(next.trim());
                }
                parsed.routes.push(route(destination, cells[3], interface, metric));
            }
            _ => {}
        }
    }
    let mut groups: Vec<Vec<Route>> = Vec::new();
    for route in parsed.routes {
        match groups.last_mut().filter(|group| group[0].destination == route.destination) {
            Some(group) => group.push(route),
            None => groups.push(vec![route]),
        }
    }
    parsed.routes = groups.into_iter().rev().flatten().collect();
    parsed
}

fn v4(address: &str, mask: &str) -> Prefix {
    let mask = mask.parse::<Ipv4Addr>().unwrap().to_bits();
    Prefix::new(address.parse().unwrap(), u8::try_from(mask.leading_ones()).unwrap()).unwrap()
}

fn gateway_of(text: &str) -> Option<IpAddr> {
    (text != "@").then(|| text.parse().unwrap())
}

fn route(destination: Prefix, gateway: &str, interface: u32, metric: u32) -> Route {
    Route {
        destination,
        kind: RouteKind::Unicast,
        protocol: None,
        tos: 0,
        table: TABLE_MAIN,
        metric,
        preferred_source: None,
        from: None,
        expires: None,
        next_hops: NextHops::One(NextHop {
            gateway: gateway_of(gateway),
            interface: NonZeroU32::new(interface),
            weight: 1,
            dead: false,
            linkdown: false,
            onlink: false,
        }),
    }
}

fn interface(line: &str) -> Option<Interface> {
    let (index, mut rest) = line.split_once("...")?;
    let index = index.trim().parse().ok()?;
    let mut bytes = Vec::new();
    while let Some((pair, more)) = rest.split_at_checked(3)
        && let Some(byte) = pair.strip_suffix(' ').and_then(|pair| u8::from_str_radix(pair, 16).ok())
    {
        bytes.push(byte);
        rest = more;
    }
    Some(Interface {
        hardware_address: (!bytes.is_empty()).then(|| bytes.into()),
        flags: InterfaceFlags::UP,
        ..Interface::new(index, rest.trim_start_matches('.'))
    })
}
