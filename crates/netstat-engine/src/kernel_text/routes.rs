//! Routes.

use super::words::{address_v4, address_v6, hex, lines, number};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A route of IPv4, of the table main.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteV4<'a> {
    /// The name of the outgoing interface; `*` without one.
    pub interface: &'a [u8],
    /// The destination.
    pub destination: Ipv4Addr,
    /// The netmask of the destination.
    pub mask: Ipv4Addr,
    /// The gateway; unspecified without one.
    pub gateway: Ipv4Addr,
    /// The flags (`RTF_UP` and its kin).
    pub flags: u32,
    /// The uses; always 0 in kernels of today.
    pub uses: i64,
    /// The metric.
    pub metric: i64,
    /// The size of segments to announce with 40 bytes of headers; 0 where none is set.
    pub mtu: i64,
    /// The window to announce at most; 0 where none is set.
    pub window: i64,
    /// The round-trip time to begin with, in milliseconds; 0 where none is set.
    pub rtt: i64,
}

/// Returns the rows of `/proc/net/route`.
pub fn routes_v4(text: &[u8]) -> Vec<RouteV4<'_>> {
    lines(text)
        .skip(1)
        .filter_map(|words| {
            let [interface, destination, gateway, flags, _, uses, metric, mask, mtu, window, rtt, ..] =
                words[..]
            else {
                return None;
            };
            Some(RouteV4 {
                interface,
                destination: address_v4(destination)?,
                mask: address_v4(mask)?,
                gateway: address_v4(gateway)?,
                flags: hex(flags)?,
                uses: number(uses)?,
                metric: number(metric)?,
                mtu: number(mtu)?,
                window: number(window)?,
                rtt: number(rtt)?,
            })
        })
        .collect()
}

/// A route of IPv6, of any table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteV6<'a> {
    /// The destination.
    pub destination: Ipv6Addr,
    /// The length of its prefix.
    pub length: u32,
    /// The gateway; unspecified without one.
    pub gateway: Ipv6Addr,
    /// The metric.
    pub metric: u32,
    /// The references to it in the kernel.
    pub references: u32,
    /// The uses.
    pub uses: u32,
    /// The flags (`RTF_UP` and its kin).
    pub flags: u32,
    /// The name of the outgoing interface.
    pub interface: &'a [u8],
}

/// Returns the rows of `/proc/net/ipv6_route`.
pub fn routes_v6(text: &[u8]) -> Vec<RouteV6<'_>> {
    lines(text)
        .filter_map(|words| {
            let [destination, length, _, _, gateway, metric, references, uses, flags, interface, ..] =
                words[..]
            else {
                return None;
            };
            Some(RouteV6 {
                destination: address_v6(destination)?,
                length: hex(length)?,
                gateway: address_v6(gateway)?,
                metric: hex(metric)?,
                references: hex(references)?,
                uses: hex(uses)?,
                flags: hex(flags)?,
                interface,
            })
        })
        .collect()
}
