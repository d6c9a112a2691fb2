//! Memberships in multicast groups, by interface (`--multicast`).
//!
//! The kernel lists which groups an interface belongs to and how often each was joined, but not by whom. What can be told
//! for sure:
//!
//! | group | who joined it |
//! |---|---|
//! | 224.0.0.1 | the kernel once, on every interface that is up |
//! | ff01::1, ff02::1 | the kernel once, on every interface |
//! | solicited-node groups of IPv6 | the kernel once for each address of the interface that makes the group |
//! | other groups of IP | each socket that joined, where a BPF program may look |
//! | link-layer addresses | the kernel once for each group of IP that makes the address; each packet socket that asked for it |
//!
//! All beyond that is unknown, never nobody.

use crate::kernel_text::{Group, LinkGroup};
use netstat_model::{
    FamilyFacts, GroupMember, Interface, InterfaceFlags, MembershipKind, ProcessKey, SocketTable,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A group of receivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupAddress {
    /// A group of IP.
    Ip(IpAddr),
    /// An address of the link layer.
    Link(Vec<u8>),
}

/// A group that an interface belongs to, and who joined it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership<'a> {
    /// The name of the interface.
    pub interface: &'a [u8],
    /// Its index; `None` if it is gone by now.
    pub index: Option<u32>,
    /// The group.
    pub group: GroupAddress,
    /// How often it was joined.
    pub users: u32,
    /// Whether the kernel itself is one of those who joined.
    pub kernel: bool,
    /// The processes that joined, as far as they are known.
    pub processes: Vec<ProcessKey>,
    /// Whether that is everybody.
    pub complete: bool,
}

/// The lists that the memberships are made of.
#[derive(Debug, Clone, Copy)]
pub struct MulticastLists<'a> {
    /// Groups of IPv4 and IPv6.
    pub ip: &'a [Group<'a>],
    /// Link-layer addresses.
    pub link: &'a [LinkGroup<'a>],
    /// The sockets that joined groups of IP; `None` where that is not told.
    pub members: Option<&'a [GroupMember]>,
    /// The packet sockets with their owners; `None` if they could not be listed.
    pub packets: Option<&'a SocketTable>,
    /// The interfaces with their addresses.
    pub interfaces: &'a [Interface],
}

/// Returns the memberships: by interface, of each the groups of IPv4, of IPv6, and of the link layer.
pub fn memberships<'a>(lists: &MulticastLists<'a>) -> Vec<Membership<'a>> {
    let by_name: FxHashMap<&[u8], &Interface> =
        lists.interfaces.iter().map(|interface| (interface.name.as_encoded_bytes(), interface)).collect();
    let joined = packet_memberships(lists.packets);
    let members = ip_memberships(lists.members);
    let of_ip = lists.ip.iter().map(|group| {
        let interface = by_name.get(group.interface).copied();
        let own =
            interface.map_or(0, |interface| joined_by_kernel(interface, group.address)).min(group.users);
        let nobody = Joined::default();
        let sockets = interface.and_then(|interface| members.get(&(interface.index, group.address)));
        let sockets = sockets.unwrap_or(&nobody);
        Membership {
            interface: group.interface,
            index: interface.map(|interface| interface.index),
            group: GroupAddress::Ip(group.address),
            users: group.users,
            kernel: own > 0,
            processes: sockets.processes.clone(),
            complete: own.saturating_add(sockets.sockets) >= group.users,
        }
    });
    let of_link = lists.link.iter().map(|group| {
        let same = |ip: &&Group<'_>| {
            ip.interface == group.interface && makes(ip.address).is_some_and(|made| made[..] == group.address)
        };
        let by_ip = u32::try_from(lists.ip.iter().filter(same).count()).unwrap_or(u32::MAX);
        let nobody = Joined::default();
        let packets = joined.get(&(group.index, group.address.as_slice())).unwrap_or(&nobody);
        let told = by_ip.saturating_add(packets.sockets);
        Membership {
            interface: group.interface,
            index: Some(group.index),
            group: GroupAddress::Link(group.address.clone()),
            users: group.users,
            kernel: by_ip > 0,
            processes: packets.processes.clone(),
            complete: told >= group.users && !packets.is_unknown,
        }
    });
    let mut all: Vec<Membership<'a>> = of_ip.chain(of_link).collect();
    let family = |group: &GroupAddress| match group {
        GroupAddress::Ip(IpAddr::V4(_)) => 0,
        GroupAddress::Ip(IpAddr::V6(_)) => 1,
        GroupAddress::Link(_) => 2,
    };
    // What the kernel gave for one interface and family stays in its order.
    all.sort_by_key(|membership| {
        (membership.index.unwrap_or(u32::MAX), membership.interface, family(&membership.group))
    });
    all
}

/// Returns how often the kernel itself joined a group of an interface.
fn joined_by_kernel(interface: &Interface, group: IpAddr) -> u32 {
    let is_up = interface.flags.contains(InterfaceFlags::UP);
    match group {
        IpAddr::V4(group) => u32::from(is_up && group == Ipv4Addr::new(224, 0, 0, 1)),
        IpAddr::V6(group) => {
            let all_nodes = [0xff01, 0xff02].map(|scope| Ipv6Addr::new(scope, 0, 0, 0, 0, 0, 0, 1));
            let solicits =
                is_up && !interface.flags.intersects(InterfaceFlags::LOOPBACK | InterfaceFlags::NO_ARP);
            let makes = |own: &IpAddr| matches!(own, IpAddr::V6(own) if solicited_node(*own) == group);
            let addresses = interface.addresses.iter().filter(|own| solicits && makes(&own.address)).count();
            u32::from(all_nodes.contains(&group)) + u32::try_from(addresses).unwrap_or(u32::MAX - 1)
        }
    }
}

/// Returns the group that a neighbour asks for this address (RFC 4291, section 2.7.1).
fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., high, low] = address.segments();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | high & 0xff, low)
}

/// Returns the Ethernet address that packets to a group of IP go to (RFC 1112, RFC 2464); `None` where none is listened to.
fn makes(group: IpAddr) -> Option<[u8; 6]> {
    match group {
        IpAddr::V4(group) => {
            let [_, b, c, d] = group.octets();
            Some([1, 0, 0x5e, b & 0x7f, c, d])
        }
        IpAddr::V6(group) => {
            let [_, flags_and_scope, .., a, b, c, d] = group.octets();
            // A group within the interface never comes from a link.
            (flags_and_scope & 0xf > 1).then_some([0x33, 0x33, a, b, c, d])
        }
    }
}

/// The sockets that joined a group or asked for an address.
#[derive(Debug, Default)]
struct Joined {
    sockets: u32,
    processes: Vec<ProcessKey>,
    /// Whether not every process that holds one of them is known.
    is_unknown: bool,
}

fn ip_memberships(members: Option<&[GroupMember]>) -> FxHashMap<(u32, IpAddr), Joined> {
    let mut joined: FxHashMap<(u32, IpAddr), Joined> = FxHashMap::default();
    let mut sockets = FxHashSet::default();
    for member in members.into_iter().flatten() {
        let group = joined.entry((member.interface, member.group)).or_default();
        group.sockets += u32::from(sockets.insert((member.interface, member.group, member.inode)));
        group.processes.push(member.process);
    }
    for group in joined.values_mut() {
        group.processes.sort_unstable();
        group.processes.dedup();
    }
    joined
}

fn packet_memberships(packets: Option<&SocketTable>) -> FxHashMap<(u32, &[u8]), Joined> {
    let mut joined: FxHashMap<(u32, &[u8]), Joined> = FxHashMap::default();
    for socket in packets.into_iter().flat_map(|sockets| sockets.iter()) {
        let Some(FamilyFacts::Packet(facts)) = socket.family_facts() else { continue };
        for membership in facts.memberships.iter().filter(|one| one.kind == MembershipKind::Multicast) {
            let group = joined.entry((membership.interface, &membership.address)).or_default();
            let ownership = socket.ownership();
            group.sockets += 1;
            group.processes.extend(ownership.owners().iter().map(|owner| owner.process));
            group.is_unknown |= ownership.owners().is_empty();
        }
    }
    for group in joined.values_mut() {
        group.processes.sort_unstable();
        group.processes.dedup();
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::{
        Endpoint, InterfaceAddress, NoOwner, Owner, Ownership, PacketFacts, PacketMembership, Protocol,
        Socket, SocketType,
    };

    fn interface(addresses: &[&str], flags: InterfaceFlags) -> Interface {
        let own = |address: &&str| InterfaceAddress::new(address.parse().unwrap(), 64);
        Interface {
            link_type: Some(1),
            flags,
            addresses: addresses.iter().map(own).collect(),
            ..Interface::new(2, "eth0")
        }
    }

    fn group(address: &str, users: u32) -> Group<'static> {
        Group { interface: b"eth0", address: address.parse().unwrap(), users }
    }

    fn link(address: &[u8], users: u32) -> LinkGroup<'static> {
        LinkGroup { index: 2, interface: b"eth0", address: address.to_vec(), users }
    }

    fn sniffer(address: &[u8], ownership: Ownership) -> Socket {
        let mut socket = Socket::of_protocol(
            Protocol::Packet(SocketType::Raw),
            Endpoint::Packet { interface: 2, ethertype: 3 },
            None,
        );
        let one = PacketMembership { interface: 2, kind: MembershipKind::Multicast, address: address.into() };
        let facts = PacketFacts { memberships: vec![one], ..PacketFacts::default() };
        socket.family_facts = Some(Box::new(FamilyFacts::Packet(facts)));
        socket.ownership = ownership;
        socket
    }

    fn held(pid: u32) -> Ownership {
        let process = ProcessKey { pid, start_time: 1 };
        Ownership::Held(vec![Owner { process, parent: None, descriptor: None }])
    }

    /// Who joined each: the kernel, processes, and whether that is all.
    fn joined(
        ip: &[Group<'_>],
        links: &[LinkGroup<'_>],
        sockets: Vec<Socket>,
        of: &Interface,
    ) -> Vec<(bool, Vec<u32>, bool)> {
        joined_by(ip, links, sockets, None, of)
    }

    fn joined_by(
        ip: &[Group<'_>],
        links: &[LinkGroup<'_>],
        sockets: Vec<Socket>,
        members: Option<&[GroupMember]>,
        of: &Interface,
    ) -> Vec<(bool, Vec<u32>, bool)> {
        let packets: SocketTable = sockets.into_iter().collect();
        let interfaces = [of.clone()];
        let lists =
            MulticastLists { ip, link: links, members, packets: Some(&packets), interfaces: &interfaces };
        let all = memberships(&lists).into_iter();
        all.map(|it| (it.kernel, it.processes.iter().map(|id| id.pid).collect(), it.complete)).collect()
    }

    #[test]
    fn what_the_kernel_joins_is_told_from_what_nobody_knows() {
        let own = interface(&["fe80::1:2:3", "2001:db8::99:1:2:3", "192.0.2.1"], InterfaceFlags::UP);
        let of = |address, users| joined(&[group(address, users)], &[], Vec::new(), &own)[0].clone();
        assert_eq!(of("224.0.0.1", 1), (true, vec![], true));
        assert_eq!(of("224.0.0.1", 2), (true, vec![], false));
        assert_eq!(of("224.0.0.251", 1), (false, vec![], false));
        assert_eq!(of("ff02::1", 1), (true, vec![], true));
        // Two addresses with the same end.
        assert_eq!(of("ff02::1:ff02:3", 2), (true, vec![], true));
        assert_eq!(of("ff02::1:ff02:3", 3), (true, vec![], false));
        assert_eq!(of("ff02::1:ff02:4", 1), (false, vec![], false));
        let down = interface(&["fe80::1:2:3"], InterfaceFlags::empty());
        for (address, kernel) in [("224.0.0.1", false), ("ff02::1:ff02:3", false), ("ff01::1", true)] {
            let found = joined(&[group(address, 1)], &[], Vec::new(), &down);
            assert_eq!(found[0], (kernel, vec![], kernel), "{address}");
        }
    }

    #[test]
    fn each_socket_that_joined_counts_once_whoever_holds_it() {
        let own = interface(&[], InterfaceFlags::UP);
        let member = |address: &str, inode, pid| GroupMember {
            interface: 2,
            group: address.parse().unwrap(),
            inode,
            process: ProcessKey { pid, start_time: 1 },
        };
        let mdns = "224.0.0.251";
        let members =
            [member(mdns, 7, 10), member(mdns, 7, 11), member(mdns, 8, 10), member("ff02::fb", 9, 12)];
        let of = |users, members| joined_by(&[group(mdns, users)], &[], Vec::new(), members, &own)[0].clone();
        assert_eq!(of(2, Some(&members[..])), (false, vec![10, 11], true));
        // A socket that nobody saw.
        assert_eq!(of(3, Some(&members[..])), (false, vec![10, 11], false));
        assert_eq!(of(2, None), (false, vec![], false));
        let elsewhere = [GroupMember { interface: 3, ..members[0] }];
        assert_eq!(of(1, Some(&elsewhere[..])), (false, vec![], false));
    }

    #[test]
    fn link_addresses_are_those_of_groups_and_packet_sockets() {
        let own = interface(&[], InterfaceFlags::UP);
        let mdns = [1, 0, 0x5e, 0, 0, 0xfb];
        let ip = [group("224.0.0.251", 1), group("ff02::fb", 1), group("ff01::fb", 1)];
        let of = |links: &[LinkGroup<'_>], sockets| joined(&ip, links, sockets, &own)[3].clone();
        assert_eq!(of(&[link(&mdns, 1)], vec![]), (true, vec![], true));
        assert_eq!(of(&[link(&[0x33, 0x33, 0, 0, 0, 0xfb], 1)], vec![]), (true, vec![], true));
        assert_eq!(of(&[link(&[0x33, 0x33, 0, 0, 0, 0xfb], 2)], vec![]), (true, vec![], false));
        let both = || vec![sniffer(&mdns, held(7)), sniffer(&mdns, held(5)), sniffer(&[1; 6], held(9))];
        assert_eq!(of(&[link(&mdns, 3)], both()), (true, vec![5, 7], true));
        assert_eq!(of(&[link(&[1; 6], 1)], both()), (false, vec![9], true));
        let hidden = vec![sniffer(&[1; 6], Ownership::Unowned(NoOwner::NotPermitted))];
        assert_eq!(of(&[link(&[1; 6], 1)], hidden), (false, vec![], false));
    }

    #[test]
    fn an_interface_that_is_gone_has_no_index_and_comes_last() {
        let own = interface(&[], InterfaceFlags::UP);
        let gone = Group { interface: b"gone", address: "224.0.0.1".parse().unwrap(), users: 1 };
        let ip = [gone, group("224.0.0.1", 1)];
        let interfaces = [own];
        let lists =
            MulticastLists { ip: &ip, link: &[], members: None, packets: None, interfaces: &interfaces };
        let all = memberships(&lists);
        assert_eq!((all[0].index, all[1].index, all[1].complete), (Some(2), None, false));
    }
}
