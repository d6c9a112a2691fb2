//! Where a packet may come from and go to: interfaces, addresses and routes of this machine.

use crate::linux::source::{Netlink, Source};
use crate::linux::wire::{self, Message, Rows};
use crate::linux::{addresses, routes};
use libc::{IFLA_IFNAME, IFLA_INFO_KIND, IFLA_LINK, IFLA_LINKINFO, IFLA_MASTER, RTA_DST, RTA_OIF};
use libc::{RTM_GETLINK, RTM_GETROUTE, RTM_GETRULE, RTM_NEWLINK, RTM_NEWROUTE};
use netstat_model::{Family, Inbound, Transport};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

/// How many cases are told apart: the bits of [`State::cases`](super::packet::State::cases).
const MAX_CASES: usize = 128;

const IFF_UP: u32 = 1;
const IFF_LOOPBACK: u32 = 1 << 3;

/// `RTN_LOCAL`, `RTN_BROADCAST`, `RTN_MULTICAST`.
const LOCAL: u32 = 2;
const BROADCAST: u32 = 3;
const MULTICAST: u32 = 5;

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) index: u32,
    pub(super) name: Vec<u8>,
    /// Whether its packets come through another interface first, as those of a bridge or a VLAN.
    pub(super) is_stacked: bool,
}

/// One way for a packet to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    /// The interface; `None` for any but the loopback.
    pub(super) link: Option<Rc<Link>>,
    /// The destination; `None` where it is not known.
    pub(super) address: Option<IpAddr>,
    /// `RTN_*` of the destination; `None` where it is not known.
    pub(super) address_type: Option<u32>,
}

/// Where a packet goes that is for an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// To a socket of this machine.
    Here,
    /// To another host by an interface, or by one that is not known.
    On(Option<Rc<Link>>),
    /// No route leads there.
    Nowhere,
    /// The routes could not be asked.
    Unknown,
}

/// What this machine knows of its network.
pub(super) struct Places<'a> {
    source: &'a dyn Source,
    /// Those that packets of other machines come by; empty where they are not known.
    links: Vec<Rc<Link>>,
    /// All of them.
    outputs: Vec<Rc<Link>>,
    /// The addresses, without those of the loopback, each with the index of its interface.
    addresses: Vec<(u32, IpAddr)>,
    /// Whether rules choose among the routing tables (`ip rule`).
    has_policy: bool,
    ways: RefCell<BTreeMap<IpAddr, Way>>,
    settings: RefCell<BTreeMap<String, Option<bool>>>,
}

/// An interface as the kernel lists it.
struct LinkRow {
    link: Link,
    flags: u32,
    master: Option<u32>,
    is_vrf: bool,
}

impl<'a> Places<'a> {
    /// Asks for interfaces and addresses. What cannot be read is not known, and everything is possible.
    pub(super) fn new(source: &'a dyn Source) -> Self {
        let rows = wire::collect(source, Netlink::Route, RTM_GETLINK, &[0; 16], |message| {
            decode_link(message.of_kind(RTM_NEWLINK)?)
        });
        let mut rows = rows.map_or_else(|_| Vec::new(), |(rows, _)| rows);
        let masters: Vec<u32> = rows.iter().filter_map(|row| row.master).collect();
        for row in &mut rows {
            row.link.is_stacked |= masters.contains(&row.link.index);
        }
        // A VRF shows its packets to the rules twice, by two interfaces.
        let has_vrf = rows.iter().any(|row| row.is_vrf);
        let comes_by = |row: &&LinkRow| {
            row.flags & IFF_UP != 0 && row.flags & IFF_LOOPBACK == 0 && row.master.is_none() && !has_vrf
        };
        let links = rows.iter().filter(comes_by).map(|row| Rc::new(row.link.clone())).collect();
        let outputs = rows.into_iter().map(|row| Rc::new(row.link)).collect();
        let addresses = addresses::fetch(source).map_or_else(|_| Vec::new(), |(rows, _)| rows);
        let mut addresses: Vec<(u32, IpAddr)> =
            addresses.into_iter().map(|(index, address)| (index, address.address)).collect();
        addresses.retain(|(_, address)| !address.is_loopback());
        // `struct fib_rule_hdr`. Those of the kernel have these priorities.
        let rules = wire::collect(source, Netlink::Route, RTM_GETRULE, &[0; 12], |message| {
            Some(decode_rule_priority(message.payload))
        });
        let is_usual = |priority: &u32| [0, 32_766, 32_767].contains(priority);
        let has_policy = rules.map_or(true, |(rules, _)| !rules.iter().all(is_usual));
        Self {
            source,
            links,
            outputs,
            addresses,
            has_policy,
            ways: RefCell::default(),
            settings: RefCell::default(),
        }
    }

    /// Lists the ways for a packet to come to a port.
    pub(super) fn cases(&self, inbound: &Inbound) -> Vec<Case> {
        let mut links: Vec<Option<Rc<Link>>> = self.links.iter().cloned().map(Some).collect();
        let mut to: Vec<(u32, Option<IpAddr>, Option<u32>)> = match inbound.address {
            Some(address) => vec![(0, Some(address), self.type_of(address))],
            None => {
                let own = self.addresses.iter().filter(|(_, address)| {
                    let family = if address.is_ipv4() { Family::V4 } else { Family::V6 };
                    family == inbound.family
                });
                own.map(|(index, address)| (*index, Some(*address), Some(LOCAL))).collect()
            }
        };
        if to.is_empty() || to.len() * links.len() > MAX_CASES / 2 {
            to = vec![(0, None, Some(LOCAL))];
        }
        if inbound.protocol == Transport::Udp && inbound.address.is_none() {
            to.push((0, None, Some(MULTICAST)));
            if inbound.family == Family::V4 {
                to.push((0, None, Some(BROADCAST)));
            }
        }
        if links.is_empty() || to.len() * links.len() > MAX_CASES {
            links = vec![None];
        }
        let mut cases = Vec::new();
        for link in &links {
            for (index, address, address_type) in &to {
                // A link-local address is reached by its own interface alone.
                let is_there = |link: &Rc<Link>| !address.is_some_and(is_link_local) || *index == link.index;
                if *index == 0 || link.as_ref().is_none_or(is_there) {
                    cases.push(Case { link: link.clone(), address: *address, address_type: *address_type });
                }
            }
        }
        cases.truncate(MAX_CASES);
        if cases.is_empty() {
            cases.push(Case { link: None, address: None, address_type: None });
        }
        cases
    }

    fn type_of(&self, address: IpAddr) -> Option<u32> {
        if address.is_multicast() {
            return Some(MULTICAST);
        }
        self.addresses.iter().any(|(_, own)| *own == address).then_some(LOCAL)
    }

    /// Returns the names of the interfaces of some cases; nothing where those are all.
    pub(super) fn names<'c>(&self, cases: impl Iterator<Item = &'c Case>) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for case in cases {
            let Some(link) = &case.link else { return Vec::new() };
            found.push(String::from_utf8_lossy(&link.name).into_owned());
        }
        found.sort_unstable();
        found.dedup();
        if found.len() >= self.links.len() { Vec::new() } else { found }
    }

    /// Asks the kernel for its route to an address.
    pub(super) fn way(&self, address: IpAddr) -> Way {
        if let Some(way) = self.ways.borrow().get(&address) {
            return way.clone();
        }
        let way = self.ask_way(address);
        self.ways.borrow_mut().insert(address, way.clone());
        way
    }

    fn ask_way(&self, address: IpAddr) -> Way {
        let mut route = One(None);
        let request = route_request(address);
        let (kind, output) = match wire::dump(self.source, Netlink::Route, &request, &mut route) {
            Ok(_) => match route.0 {
                Some(route) => route,
                None => return Way::Unknown,
            },
            // The kernel refuses with the error of the route, such as ENETUNREACH; EPERM and ENOBUFS are of the question.
            Err(error) => {
                use rustix::io::Errno;
                let no_route = [Errno::NETUNREACH, Errno::HOSTUNREACH, Errno::ACCESS, Errno::INVAL];
                let is_no_route = Errno::from_io_error(&error).is_some_and(|errno| no_route.contains(&errno));
                return if is_no_route && !self.has_policy { Way::Nowhere } else { Way::Unknown };
            }
        };
        match kind {
            LOCAL => Way::Here,
            // RTN_UNICAST.
            1 => {
                let link = self.outputs.iter().find(|link| Some(link.index) == output);
                Way::On(link.filter(|_| !self.has_policy).cloned())
            }
            // RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT.
            6..=8 if !self.has_policy => Way::Nowhere,
            _ => Way::Unknown,
        }
    }

    /// Whether packets that come by an interface are sent on to other hosts; `None` where that is not known.
    pub(super) fn forwards(&self, family: Family, link: Option<&Link>) -> Option<bool> {
        let name = link.map_or("all", |link| std::str::from_utf8(&link.name).unwrap_or(""));
        match family {
            Family::V4 => self.setting(&format!("ipv4/conf/{name}/forwarding")),
            // One setting for all interfaces decides; since Linux 6.17 one of each may override it.
            Family::V6 => match self.setting("ipv6/conf/all/forwarding") {
                Some(false) => {
                    Some(self.setting(&format!("ipv6/conf/{name}/force_forwarding")) == Some(true))
                }
                known => known,
            },
        }
    }

    /// Whether a packet of another machine may be given 127.0.0.1 as its destination.
    pub(super) fn reaches_loopback(&self, link: Option<&Link>) -> Option<bool> {
        let own = link.map(|link| std::str::from_utf8(&link.name).unwrap_or(""));
        match (self.setting("ipv4/conf/all/route_localnet"), own) {
            (Some(true), _) => Some(true),
            (_, Some(name)) => self.setting(&format!("ipv4/conf/{name}/route_localnet")),
            (_, None) => None,
        }
    }

    /// Reads a switch below `/proc/sys/net`; `None` where it cannot be read.
    fn setting(&self, name: &str) -> Option<bool> {
        if let Some(known) = self.settings.borrow().get(name) {
            return *known;
        }
        let mut bytes = Vec::new();
        let read = self.source.read(&format!("/proc/sys/net/{name}"), &mut bytes);
        let value = read.ok().map(|()| !bytes.starts_with(b"0"));
        self.settings.borrow_mut().insert(name.to_owned(), value);
        value
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn decode_link(payload: &[u8]) -> Option<LinkRow> {
    let (mut name, mut master, mut below, mut info) = (None, None, false, None);
    let index = wire::u32_at(payload, 4)?;
    for (kind, value) in wire::attributes(payload.get(16..)?) {
        match kind {
            IFLA_IFNAME => name = value.split(|&byte| byte == 0).next(),
            IFLA_MASTER => master = wire::u32_at(value, 0).filter(|&master| master != 0),
            IFLA_LINK => below = wire::u32_at(value, 0).is_some_and(|link| link != index && link != 0),
            IFLA_LINKINFO => info = wire::attributes(value).find(|(kind, _)| *kind == IFLA_INFO_KIND),
            _ => {}
        }
    }
    let is_kind = |kind: &[u8]| info.is_some_and(|(_, name)| name.starts_with(kind));
    let is_vrf = is_kind(b"vrf");
    // The link of a veth is its other end, which is not below it.
    let link = Link { index, name: name?.to_vec(), is_stacked: below && !is_kind(b"veth") };
    Some(LinkRow { link, flags: wire::u32_at(payload, 8)?, master, is_vrf })
}

/// Decodes `FRA_PRIORITY`, which the first rule lacks.
fn decode_rule_priority(payload: &[u8]) -> u32 {
    let attributes = payload.get(12..).unwrap_or_default();
    let priority = wire::attributes(attributes).find(|(kind, _)| *kind == 6);
    priority.and_then(|(_, value)| wire::u32_at(value, 0)).unwrap_or(0)
}

/// Takes the one route of an answer: `RTN_*` and the index of its interface.
struct One(Option<(u32, Option<u32>)>);

impl Rows for One {
    fn row(&mut self, message: Message<'_>) -> bool {
        self.0 = message.of_kind(RTM_NEWROUTE).and_then(decode_way);
        self.0.is_some()
    }

    fn restart(&mut self) -> bool {
        self.0 = None;
        true
    }

    fn is_full(&self) -> bool {
        self.0.is_some()
    }
}

fn decode_way(payload: &[u8]) -> Option<(u32, Option<u32>)> {
    let kind = wire::u8_at(payload, 7)?;
    let output = wire::attributes(payload.get(routes::MESSAGE..)?).find(|(kind, _)| *kind == RTA_OIF);
    Some((kind.into(), output.and_then(|(_, value)| wire::u32_at(value, 0))))
}

fn route_request(address: IpAddr) -> Vec<u8> {
    let (family, octets) = match address {
        IpAddr::V4(address) => (routes::AF_INET, address.octets().to_vec()),
        IpAddr::V6(address) => (routes::AF_INET6, address.octets().to_vec()),
    };
    let mut body = vec![0; routes::MESSAGE];
    let bits = u8::try_from(octets.len() * 8).unwrap_or(0);
    body.splice(0..2, [family, bits]);
    wire::put_attribute(&mut body, RTA_DST, &octets);
    wire::request(RTM_GETROUTE, &body)
}

/// Runs every decoder on any bytes.
#[cfg(any(test, fuzzing))]
pub(in super::super) fn decode_all(bytes: &[u8]) {
    let _ = (decode_link(bytes).is_some(), decode_rule_priority(bytes), decode_way(bytes));
}
