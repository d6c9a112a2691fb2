//! The counters of the interfaces, from rtnetlink: `IFLA_STATS64` of `RTM_GETLINK`.

use super::source::{Netlink, Source};
use super::wire;
use libc::{IFLA_IFNAME, IFLA_STATS64, RTM_GETLINK, RTM_NEWLINK};
use netstat_model::{Answer, Error, InterfaceCounters, InterfaceStats, Operation};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

const IFF_LOOPBACK: u32 = 0x8;
/// `struct ifinfomsg`.
const MESSAGE: usize = 16;
const WHAT: &str = "list of interfaces";

/// Lists the interfaces of the current network namespace with their counters, by index.
pub(super) fn interface_counters(source: &dyn Source) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
    let decode = |message: wire::Message<'_>| decode_interface(message.of_kind(RTM_NEWLINK)?);
    let (mut interfaces, end) = wire::collect(source, Netlink::Route, RTM_GETLINK, &[0; MESSAGE], decode)
        .map_err(|error| Error::new(Operation::ListInterfaces, error))?;
    interfaces.sort_by_key(|interface| interface.index);
    let mut answer = Answer::whole(interfaces);
    end.warn(WHAT, &mut answer.warnings);
    Ok(answer)
}

/// Decodes an interface; `None` without a name or an index.
pub(super) fn decode_interface(payload: &[u8]) -> Option<InterfaceCounters> {
    let index = wire::u32_at(payload, 4).filter(|&index| index != 0)?;
    let flags = wire::u32_at(payload, 8)?;
    let mut name = None;
    let mut stats = InterfaceStats::default();
    for (kind, value) in wire::attributes(payload.get(MESSAGE..)?) {
        match kind {
            IFLA_IFNAME => name = value.split(|&byte| byte == 0).next().filter(|name| !name.is_empty()),
            IFLA_STATS64 => stats = decode_stats(value),
            _ => {}
        }
    }
    let name = OsString::from_vec(name?.to_vec());
    Some(InterfaceCounters { index, name, loopback: flags & IFF_LOOPBACK != 0, stats })
}

/// Decodes `struct rtnl_link_stats64`, of which an older kernel sends fewer fields.
fn decode_stats(value: &[u8]) -> InterfaceStats {
    let field = |number: usize| wire::array_at(value, number * 8).map(u64::from_ne_bytes);
    InterfaceStats {
        rx_packets: field(0),
        tx_packets: field(1),
        rx_bytes: field(2),
        tx_bytes: field(3),
        rx_errors: field(4),
        tx_errors: field(5),
        rx_dropped: field(6),
        tx_dropped: field(7),
        rx_multicast: field(8),
        collisions: field(9),
        // 10 to 14 are kinds of receive errors.
        rx_missed_errors: field(15),
        // 16 to 22 are kinds of send errors, and compressed packets.
        rx_nohandler: field(23),
        ..InterfaceStats::default()
    }
}

#[cfg(test)]
mod tests;
