//! Multicast groups that interfaces belong to.

use super::words::{address_v4, address_v6, lines, number, octets, words};
use std::net::IpAddr;

/// A group that an interface belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<'a> {
    /// The name of the interface.
    pub interface: &'a [u8],
    /// The address of the group.
    pub address: IpAddr,
    /// How many sockets and parts of the kernel joined it.
    pub users: u32,
}

/// A link-layer address of several receivers that an interface receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkGroup<'a> {
    /// The index of the interface.
    pub index: u32,
    /// The name of the interface.
    pub interface: &'a [u8],
    /// The address.
    pub address: Vec<u8>,
    /// How many groups of IP, packet sockets and parts of the kernel asked for it.
    pub users: u32,
}

/// Returns the groups of `/proc/net/igmp`, which has a line for each interface, and below it one for each of its groups.
pub fn groups_v4(text: &[u8]) -> Vec<Group<'_>> {
    let mut interface: &[u8] = b"";
    let mut groups = Vec::new();
    for line in text.split(|&byte| byte == b'\n').skip(1) {
        let words = words(line);
        if !line.starts_with(b"\t") {
            interface = words.get(1).copied().unwrap_or_default();
            interface = interface.strip_suffix(b":").unwrap_or(interface);
        } else if let [address, users, ..] = words[..]
            && let (Some(address), Some(users)) = (address_v4(address), number(users))
        {
            groups.push(Group { interface, address: address.into(), users });
        }
    }
    groups
}

/// Returns the groups of `/proc/net/igmp6`.
pub fn groups_v6(text: &[u8]) -> Vec<Group<'_>> {
    lines(text)
        .filter_map(|words| {
            let [_, interface, address, users, ..] = words[..] else { return None };
            Some(Group { interface, address: address_v6(address)?.into(), users: number(users)? })
        })
        .collect()
}

/// Returns the groups of `/proc/net/dev_mcast`.
pub fn groups_link(text: &[u8]) -> Vec<LinkGroup<'_>> {
    lines(text)
        .filter_map(|words| {
            let [index, interface, users, _, address] = words[..] else { return None };
            let (index, users) = (number(index)?, number(users)?);
            Some(LinkGroup { index, interface, address: octets(address)?, users })
        })
        .collect()
}
