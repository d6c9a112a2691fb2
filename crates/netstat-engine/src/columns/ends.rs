//! Ends of sockets that have other parts than an address and a port, with the names of those parts.

use super::{Given, Value};
use crate::text::address;
use netstat_model::{Endpoint, EndpointRef, IpEndpoint, Protocol, SocketRef};
use std::ffi::OsStr;

/// Returns an end of a socket as a value. What its family numbers has a name: protocols, interfaces, machines.
pub(super) fn value<'a>(socket: &SocketRef<'a>, end: EndpointRef<'a>, given: &Given<'a>) -> Value<'a> {
    let text = match (socket.protocol, end) {
        (Protocol::Netlink(of), Endpoint::Netlink(0)) => format!("{}:kernel", netlink_protocol(of)),
        (Protocol::Netlink(of), Endpoint::Netlink(port)) => format!("{}:{port}", netlink_protocol(of)),
        (Protocol::Packet(_), Endpoint::Packet { interface, ethertype }) => {
            format!("{}:{}", ethertype_name(ethertype), interface_name(interface, socket, given))
        }
        (Protocol::Xdp, Endpoint::Xdp { interface, queue }) => {
            format!("{}:{queue}", interface_name(interface, socket, given))
        }
        (Protocol::Vsock(_), Endpoint::Vsock { cid, port }) => {
            format!("{}:{}", machine_name(cid), or_any(port, u32::MAX))
        }
        // Nothing that all may read tells the addresses of their adapters.
        (Protocol::Bluetooth(of), Endpoint::Inode(inode)) => format!("{}:*{inode}", of.name()),
        (Protocol::Raw(of), Endpoint::Ip(end)) => {
            let mut text = Vec::new();
            address::write_host(&mut text, &end);
            format!("{}:{}", String::from_utf8_lossy(&text), ip_protocol(of))
        }
        (_, Endpoint::Ip(end)) => return Value::End(Endpoint::Ip(end), zone(&end, socket, given)),
        (_, end) => return Value::End(end, None),
    };
    Value::Named(text)
}

/// Returns the address of an end as a value.
pub(super) fn host<'a>(socket: &SocketRef<'a>, end: IpEndpoint, given: &Given<'a>) -> Value<'a> {
    Value::Host(end, zone(&end, socket, given))
}

/// Returns the name of the interface that an address belongs to, if it needs one and the name is known. Windows calls
/// interfaces by their numbers there.
fn zone<'a>(end: &IpEndpoint, socket: &SocketRef<'a>, given: &Given<'a>) -> Option<&'a OsStr> {
    (end.scope != 0 && given.names_zones).then(|| given.interface(end.scope, socket)).flatten()
}

fn or_any(number: u32, any: u32) -> String {
    if number == any { "*".to_owned() } else { number.to_string() }
}

/// Returns the name of an interface; its index where the system does not know it any more.
pub(super) fn interface_name(index: u32, socket: &SocketRef<'_>, given: &Given<'_>) -> String {
    match given.interface(index, socket) {
        Some(name) => name.to_string_lossy().into_owned(),
        None => or_any(index, 0),
    }
}

/// Returns the name of a machine by its context ID, where that has a meaning of its own (`vm_sockets.h`).
fn machine_name(cid: u32) -> String {
    match cid {
        0 => "hypervisor".to_owned(),
        1 => "local".to_owned(),
        2 => "host".to_owned(),
        cid => or_any(cid, u32::MAX),
    }
}

fn netlink_protocol(number: u8) -> String {
    let name = match number {
        0 => "route",
        2 => "user",
        4 => "sock_diag",
        5 => "nflog",
        6 => "xfrm",
        7 => "selinux",
        8 => "iscsi",
        9 => "audit",
        10 => "fib_lookup",
        11 => "connector",
        12 => "netfilter",
        15 => "uevent",
        16 => "generic",
        18 => "scsi",
        19 => "ecryptfs",
        20 => "rdma",
        21 => "crypto",
        22 => "smc",
        other => return other.to_string(),
    };
    name.to_owned()
}

/// Returns the name of an EtherType (IEEE), or what Linux has beside them (`if_ether.h`).
fn ethertype_name(number: u16) -> String {
    let name = match number {
        0 => "none",
        3 => "all",
        0x0800 => "ip",
        0x0806 => "arp",
        0x8100 => "vlan",
        0x86dd => "ipv6",
        0x8863 | 0x8864 => "pppoe",
        0x888e => "eapol",
        0x88cc => "lldp",
        other => return format!("0x{other:04x}"),
    };
    name.to_owned()
}

/// Returns the name of an IP protocol (IANA).
fn ip_protocol(number: u8) -> String {
    let name = match number {
        1 => "icmp",
        2 => "igmp",
        4 => "ipip",
        6 => "tcp",
        17 => "udp",
        41 => "ipv6",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "icmpv6",
        89 => "ospf",
        103 => "pim",
        112 => "vrrp",
        132 => "sctp",
        255 => "raw",
        other => return other.to_string(),
    };
    name.to_owned()
}
