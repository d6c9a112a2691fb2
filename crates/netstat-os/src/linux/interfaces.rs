//! The network interfaces, from rtnetlink.

use super::addresses;
use super::source::{Netlink, Source};
use super::wire;
use libc::{
    IFLA_ADDRESS, IFLA_IFALIAS, IFLA_IFNAME, IFLA_INFO_KIND, IFLA_LINKINFO, IFLA_MAP, IFLA_MTU, IFLA_TXQLEN,
    RTM_GETLINK, RTM_NEWLINK,
};
use netstat_model::{Answer, Error, Interface, InterfaceFlags, InterfaceHardware, Operation};
use rustc_hash::FxHashMap;
use std::ffi::OsString;

/// `struct ifinfomsg`.
const MESSAGE: usize = 16;

/// The bits of `ifi_flags` (`IFF_UP` and its kin).
const FLAGS: [(u32, InterfaceFlags); 16] = [
    (1, InterfaceFlags::UP),
    (1 << 1, InterfaceFlags::BROADCAST),
    (1 << 2, InterfaceFlags::DEBUG),
    (1 << 3, InterfaceFlags::LOOPBACK),
    (1 << 4, InterfaceFlags::POINT_TO_POINT),
    (1 << 5, InterfaceFlags::NO_TRAILERS),
    (1 << 6, InterfaceFlags::RUNNING),
    (1 << 7, InterfaceFlags::NO_ARP),
    (1 << 8, InterfaceFlags::PROMISCUOUS),
    (1 << 9, InterfaceFlags::ALL_MULTICAST),
    (1 << 10, InterfaceFlags::MASTER),
    (1 << 11, InterfaceFlags::SLAVE),
    (1 << 12, InterfaceFlags::MULTICAST),
    (1 << 13, InterfaceFlags::PORT_SELECTION),
    (1 << 14, InterfaceFlags::AUTOMATIC_MEDIA),
    (1 << 15, InterfaceFlags::DYNAMIC),
];

/// Lists all interfaces with their addresses, in the order of the kernel.
pub(super) fn interfaces(source: &dyn Source) -> Result<Answer<Vec<Interface>>, Error> {
    let failed = |error| Error::new(Operation::ListInterfaces, error);
    let decode = |message: wire::Message<'_>| decode_link(message.of_kind(RTM_NEWLINK)?);
    let (links, links_end) =
        wire::collect(source, Netlink::Route, RTM_GETLINK, &[0; MESSAGE], decode).map_err(failed)?;
    let (addresses, addresses_end) = addresses::fetch(source).map_err(failed)?;
    let mut answer = Answer::whole(links);
    links_end.warn("list of interfaces", &mut answer.warnings);
    addresses_end.warn(addresses::TABLE, &mut answer.warnings);
    let places: FxHashMap<u32, usize> =
        answer.data.iter().enumerate().map(|(place, interface)| (interface.index, place)).collect();
    for (index, address) in addresses {
        // Skip the addresses of an interface that was made between the two dumps.
        if let Some(interface) = places.get(&index).and_then(|&place| answer.data.get_mut(place)) {
            interface.addresses.push(address);
        }
    }
    Ok(answer)
}

pub(super) fn decode_link(payload: &[u8]) -> Option<Interface> {
    let flags = wire::u32_at(payload, 8)?;
    let mut name = None;
    let mut interface = Interface {
        link_type: Some(wire::u16_at(payload, 2)?),
        flags: decode_flags(flags),
        ..Interface::new(wire::u32_at(payload, 4)?, OsString::new())
    };
    for (kind, value) in wire::attributes(payload.get(MESSAGE..)?) {
        match kind {
            IFLA_IFNAME => name = wire::text(value),
            IFLA_IFALIAS => interface.alias = wire::text(value),
            IFLA_MTU => interface.mtu = wire::u32_at(value, 0),
            IFLA_TXQLEN => interface.queue_length = wire::u32_at(value, 0),
            IFLA_MAP => interface.hardware = decode_hardware(value),
            IFLA_ADDRESS if !value.is_empty() => interface.hardware_address = Some(value.into()),
            IFLA_LINKINFO => {
                interface.kind = wire::attributes(value)
                    .find(|&(kind, _)| kind == IFLA_INFO_KIND)
                    .and_then(|(_, value)| wire::text(value));
            }
            _ => {}
        }
    }
    interface.name = name?;
    Some(interface)
}

fn decode_flags(flags: u32) -> InterfaceFlags {
    FLAGS.into_iter().filter(|&(bit, _)| flags & bit != 0).map(|(_, flag)| flag).collect()
}

/// Decodes `struct rtnl_link_ifmap`.
fn decode_hardware(value: &[u8]) -> Option<InterfaceHardware> {
    let long = |at| wire::array_at(value, at).map(u64::from_ne_bytes);
    Some(InterfaceHardware {
        memory_start: long(0)?,
        memory_end: long(8)?,
        base_address: long(16)?,
        interrupt: wire::u16_at(value, 24)?,
        dma: wire::u8_at(value, 26)?,
        port: wire::u8_at(value, 27)?,
    })
}

#[cfg(test)]
mod tests;
