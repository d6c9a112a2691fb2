//! The routing tables, from rtnetlink.

use super::addresses::decode_ip;
use super::source::{Netlink, Source};
use super::wire::{self, Message, Rows};
use libc::{
    RTA_DST, RTA_GATEWAY, RTA_MULTIPATH, RTA_OIF, RTA_PREFSRC, RTA_PRIORITY, RTA_SRC, RTA_TABLE,
    RTM_F_CLONED, RTM_GETROUTE, RTM_NEWROUTE,
};
use netstat_model::error::words_of;
use netstat_model::query::{Families, RouteQuery, Tables};
use netstat_model::{Answer, Error, Family, NextHop, NextHops, Operation, Prefix, Route, RouteKind, Warning};
use rustc_hash::{FxHashMap, FxHashSet};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

// libc lacks these.
const RTM_NEWNEXTHOP: u16 = 104;
const RTM_GETNEXTHOP: u16 = 106;
/// `struct rtmsg`.
pub(super) const MESSAGE: usize = 12;
/// `struct nhmsg`.
const NEXTHOP_MESSAGE: usize = 8;
/// `struct rtnexthop`.
const HOP: usize = 8;

pub(super) const AF_INET: u8 = 2;
pub(super) const AF_INET6: u8 = 10;

const RTNH_F_DEAD: u32 = 1;
const RTNH_F_ONLINK: u32 = 4;
const RTNH_F_LINKDOWN: u32 = 16;

const RTA_CACHEINFO: u16 = 12;
const RTA_VIA: u16 = 18;
const RTA_NH_ID: u16 = 30;

/// The kinds of routes in the order of their numbers (`RTN_*`, from 1 on), with the names that iproute2 gives them.
pub(super) const KINDS: [(&str, RouteKind); 9] = [
    ("unicast", RouteKind::Unicast),
    ("local", RouteKind::Local),
    ("broadcast", RouteKind::Broadcast),
    ("anycast", RouteKind::Anycast),
    ("multicast", RouteKind::Multicast),
    ("blackhole", RouteKind::Blackhole),
    ("unreachable", RouteKind::Unreachable),
    ("prohibit", RouteKind::Prohibit),
    ("throw", RouteKind::Throw),
];

const NHA_ID: u16 = 1;
const NHA_GROUP: u16 = 2;
const NHA_BLACKHOLE: u16 = 4;
const NHA_OIF: u16 = 5;
const NHA_GATEWAY: u16 = 6;

/// Lists the routes of the tables and families in the query.
pub(super) fn routes(source: &dyn Source, query: &RouteQuery) -> Result<Answer<Vec<Route>>, Error> {
    let failed = |error| Error::new(Operation::ListRoutes, error);
    let mut answer = Answer::whole(Vec::new());
    let mut shared = FxHashSet::default();
    let mut by_id = Vec::new();
    for (family, number, what) in
        [(Family::V4, AF_INET, "IPv4 routing table"), (Family::V6, AF_INET6, "IPv6 routing table")]
    {
        if !query.families.contains(Families::of(family)) {
            continue;
        }
        let mut rows = Routes {
            family: number,
            tables: query.tables,
            from: answer.data.len(),
            found: &mut answer.data,
            shared: &mut shared,
            by_id: &mut by_id,
        };
        let mut body = [0; MESSAGE];
        body[0] = number;
        let request = wire::dump_request(RTM_GETROUTE, &body);
        let end = wire::dump(source, Netlink::Route, &request, &mut rows).map_err(failed)?;
        end.warn(what, &mut answer.warnings);
    }
    if !by_id.is_empty() {
        resolve(source, &by_id, &mut answer);
    }
    Ok(answer)
}

/// Collects the routes of one dump after those found before.
struct Routes<'a> {
    family: u8,
    tables: Tables,
    /// Where the routes of this dump begin.
    from: usize,
    found: &'a mut Vec<Route>,
    shared: &'a mut FxHashSet<Arc<[NextHop]>>,
    /// The places of routes that only name a next hop object, with the ID of that object.
    by_id: &'a mut Vec<(usize, u32)>,
}

impl Rows for Routes<'_> {
    fn row(&mut self, message: Message<'_>) -> bool {
        let Some(payload) = message.of_kind(RTM_NEWROUTE) else { return false };
        // Asked for a family that it does not support, the kernel answers with all others.
        if wire::u8_at(payload, 0).is_some_and(|family| family != self.family) {
            return true;
        }
        let Some(decoded) = decode_route(payload, self.shared) else { return false };
        if decoded.cloned || !self.tables.contain(decoded.route.table) {
            return true;
        }
        if let (Some(id), NextHops::None) = (decoded.nexthop_id, &decoded.route.next_hops) {
            self.by_id.push((self.found.len(), id));
        }
        self.found.push(decoded.route);
        true
    }

    fn restart(&mut self) -> bool {
        self.found.truncate(self.from);
        self.by_id.retain(|&(place, _)| place < self.from);
        true
    }
}

/// A route, and what else its message says.
#[derive(Debug)]
pub(super) struct Decoded {
    route: Route,
    /// Whether this is an entry of the route cache.
    cloned: bool,
    nexthop_id: Option<u32>,
}

pub(super) fn decode_route(payload: &[u8], shared: &mut FxHashSet<Arc<[NextHop]>>) -> Option<Decoded> {
    let family = match wire::u8_at(payload, 0)? {
        AF_INET => Family::V4,
        AF_INET6 => Family::V6,
        _ => return None,
    };
    let destination_length = wire::u8_at(payload, 1)?;
    let from_length = wire::u8_at(payload, 2)?;
    let flags = wire::u32_at(payload, 8)?;
    let mut table = u32::from(wire::u8_at(payload, 4)?);
    let mut destination = Prefix::everything(family).address;
    let mut from = destination;
    let mut metric = 0;
    let mut preferred_source = None;
    let mut hops = None;
    let mut nexthop_id = None;
    let mut expires = None;
    let mut only = Hop::default();
    for (kind, value) in wire::attributes(payload.get(MESSAGE..)?) {
        match kind {
            RTA_DST => destination = decode_ip(value).filter(|ip| ip.is_ipv4() == (family == Family::V4))?,
            RTA_SRC => from = decode_ip(value).filter(|ip| ip.is_ipv4() == (family == Family::V4))?,
            RTA_PRIORITY => metric = wire::u32_at(value, 0)?,
            RTA_PREFSRC => preferred_source = Some(decode_ip(value)?),
            RTA_TABLE => table = wire::u32_at(value, 0)?,
            RTA_MULTIPATH => hops = Some(decode_hops(value)?),
            RTA_NH_ID => nexthop_id = wire::u32_at(value, 0),
            RTA_CACHEINFO => expires = decode_expires(value),
            _ => only.take(kind, value)?,
        }
    }
    let next_hops = match hops {
        Some(hops) => share(hops, shared),
        None if only.is_some() => NextHops::One(only.finish(flags, 1)),
        None => NextHops::None,
    };
    Some(Decoded {
        route: Route {
            destination: Prefix::new(destination, destination_length)?,
            kind: decode_kind(wire::u8_at(payload, 7)?),
            protocol: wire::u8_at(payload, 5),
            tos: wire::u8_at(payload, 3)?,
            table,
            metric,
            preferred_source,
            from: (from_length > 0).then(|| Prefix::new(from, from_length)).flatten().map(Box::new),
            expires,
            next_hops,
        },
        cloned: flags & RTM_F_CLONED != 0,
        nexthop_id,
    })
}

/// Decodes the life time of `struct rta_cacheinfo`, which is in hundredths of a second, as seconds.
fn decode_expires(value: &[u8]) -> Option<NonZeroU32> {
    let ticks = wire::u32_at(value, 8).filter(|ticks| *ticks <= i32::MAX.unsigned_abs())?;
    NonZeroU32::new(ticks.div_ceil(100))
}

fn decode_kind(number: u8) -> RouteKind {
    let known = usize::from(number).checked_sub(1).and_then(|place| KINDS.get(place));
    known.map_or(RouteKind::Unknown(number), |(_, kind)| *kind)
}

/// The attributes of one next hop. A route with a single next hop holds them itself.
#[derive(Debug, Default)]
struct Hop {
    gateway: Option<IpAddr>,
    interface: Option<NonZeroU32>,
}

impl Hop {
    /// Takes an attribute that belongs to a next hop, and ignores others; `None` when its value makes no sense.
    fn take(&mut self, kind: u16, value: &[u8]) -> Option<()> {
        match kind {
            RTA_OIF => self.interface = NonZeroU32::new(wire::u32_at(value, 0)?),
            RTA_GATEWAY => self.gateway = Some(decode_ip(value)?),
            // `struct rtvia`: the family, then the address.
            RTA_VIA => self.gateway = Some(decode_ip(value.get(2..)?)?),
            _ => {}
        }
        Some(())
    }

    fn is_some(&self) -> bool {
        self.gateway.is_some() || self.interface.is_some()
    }

    fn finish(self, flags: u32, weight: u32) -> NextHop {
        NextHop {
            gateway: self.gateway.filter(|gateway| !gateway.is_unspecified()),
            interface: self.interface,
            weight,
            dead: flags & RTNH_F_DEAD != 0,
            linkdown: flags & RTNH_F_LINKDOWN != 0,
            onlink: flags & RTNH_F_ONLINK != 0,
        }
    }
}

/// Decodes a list of `struct rtnexthop`, each followed by its attributes.
fn decode_hops(mut list: &[u8]) -> Option<Vec<NextHop>> {
    let mut hops = Vec::new();
    while !list.is_empty() {
        let len = usize::from(wire::u16_at(list, 0)?);
        let flags = wire::u8_at(list, 2)?;
        let weight = u32::from(wire::u8_at(list, 3)?) + 1;
        let mut hop = Hop { gateway: None, interface: NonZeroU32::new(wire::u32_at(list, 4)?) };
        for (kind, value) in wire::attributes(list.get(HOP..len)?) {
            hop.take(kind, value)?;
        }
        hops.push(hop.finish(u32::from(flags), weight));
        list = list.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Some(hops)
}

/// Stores equal sets of next hops once: a full routing table has many routes, but few sets.
fn share(hops: Vec<NextHop>, shared: &mut FxHashSet<Arc<[NextHop]>>) -> NextHops {
    match hops.as_slice() {
        [] => NextHops::None,
        [only] => NextHops::One(*only),
        several => NextHops::Many(match shared.get(several) {
            Some(known) => Arc::clone(known),
            None => {
                let new: Arc<[NextHop]> = hops.into();
                shared.insert(Arc::clone(&new));
                new
            }
        }),
    }
}

/// Fills in the next hops of routes that only name a next hop object (Linux 5.3, with
/// `net.ipv4.nexthop_compat_mode` off).
fn resolve(source: &dyn Source, by_id: &[(usize, u32)], answer: &mut Answer<Vec<Route>>) {
    const WHAT: &str = "list of next hops";
    let decode = |message: Message<'_>| decode_object(message.of_kind(RTM_NEWNEXTHOP)?);
    let fetched = wire::collect(source, Netlink::Route, RTM_GETNEXTHOP, &[0; NEXTHOP_MESSAGE], decode);
    let is_known = fetched.is_ok();
    let objects = match fetched {
        Ok((objects, end)) => {
            end.warn(WHAT, &mut answer.warnings);
            objects.into_iter().collect()
        }
        Err(error) => {
            let what = "the next hop of some routes";
            answer.warnings.push(Warning::SourceUnavailable { what, reason: words_of(&error) });
            FxHashMap::default()
        }
    };
    let mut resolved = FxHashMap::default();
    let mut shared = FxHashSet::default();
    let mut missing = false;
    for &(place, id) in by_id {
        let Some(route) = answer.data.get_mut(place) else { continue };
        let found = resolved.entry(id).or_insert_with(|| next_hops(&objects, id, &mut shared));
        match found {
            Some(Resolved::Blackhole) => route.kind = RouteKind::Blackhole,
            Some(Resolved::Hops(hops)) => route.next_hops = hops.clone(),
            None => missing = true,
        }
    }
    // An object that was made after the routes were listed.
    if missing && is_known {
        answer.warnings.push(Warning::DumpInterrupted { what: WHAT });
    }
}

/// A next hop object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "nhmsg")]
pub(super) enum Object {
    Hop(NextHop),
    Blackhole,
    /// The IDs and weights of its members.
    Group(Vec<(u32, u32)>),
}

#[derive(Debug)]
enum Resolved {
    Hops(NextHops),
    Blackhole,
}

/// Resolves a next hop object. A group contains no groups: the kernel refuses those.
fn next_hops(
    objects: &FxHashMap<u32, Object>,
    id: u32,
    shared: &mut FxHashSet<Arc<[NextHop]>>,
) -> Option<Resolved> {
    match objects.get(&id)? {
        Object::Blackhole => Some(Resolved::Blackhole),
        Object::Hop(hop) => Some(Resolved::Hops(NextHops::One(*hop))),
        Object::Group(members) => {
            let mut hops = Vec::with_capacity(members.len());
            for &(member, weight) in members {
                match objects.get(&member)? {
                    Object::Hop(hop) => hops.push(NextHop { weight, ..*hop }),
                    Object::Blackhole => return Some(Resolved::Blackhole),
                    Object::Group(_) => return None,
                }
            }
            Some(Resolved::Hops(share(hops, shared)))
        }
    }
}

/// Decodes a next hop object and its ID.
pub(super) fn decode_object(payload: &[u8]) -> Option<(u32, Object)> {
    let flags = wire::u32_at(payload, 4)?;
    let mut id = None;
    let mut group = None;
    let mut blackhole = false;
    let mut hop = Hop::default();
    for (kind, value) in wire::attributes(payload.get(NEXTHOP_MESSAGE..)?) {
        match kind {
            NHA_ID => id = wire::u32_at(value, 0),
            NHA_GROUP => group = Some(value.chunks_exact(8).filter_map(decode_member).collect()),
            NHA_BLACKHOLE => blackhole = true,
            NHA_OIF => hop.take(RTA_OIF, value)?,
            NHA_GATEWAY => hop.take(RTA_GATEWAY, value)?,
            _ => {}
        }
    }
    let object = match group {
        Some(members) => Object::Group(members),
        None if blackhole => Object::Blackhole,
        None => Object::Hop(hop.finish(flags, 1)),
    };
    Some((id?, object))
}

/// Decodes `struct nexthop_grp`: the ID, the weight less one, and the upper byte of that (Linux 6.12).
fn decode_member(entry: &[u8]) -> Option<(u32, u32)> {
    let low = u32::from(wire::u8_at(entry, 4)?);
    let high = u32::from(wire::u8_at(entry, 5)?);
    Some((wire::u32_at(entry, 0)?, (high << 8 | low) + 1))
}

#[cfg(test)]
mod tests;
