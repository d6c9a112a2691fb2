//! What only sockets of one family have, as text.

use super::Given;
use super::ends::interface_name;
use netstat_model::{FamilyFacts, MembershipKind, RingSize, SocketRef};

/// Returns what a socket has beyond the other columns, in parts.
pub(super) fn parts(facts: &FamilyFacts, socket: &SocketRef<'_>, given: &Given<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    match facts {
        FamilyFacts::Unix(facts) => {
            parts.extend(facts.is_waiting.then(|| "not accepted yet".to_owned()));
            parts.extend((facts.is_deleted == Some(true)).then(|| "path deleted".to_owned()));
        }
        FamilyFacts::Packet(facts) => {
            for membership in &facts.memberships {
                let kind = match membership.kind {
                    MembershipKind::Multicast => "multicast",
                    MembershipKind::Promiscuous => "promiscuous",
                    MembershipKind::AllMulticast => "all multicast",
                    MembershipKind::Unicast => "unicast",
                };
                parts.push(format!("{kind} on {}", interface_name(membership.interface, socket, given)));
            }
            let ring = |what, ring: RingSize| format!("{what} ring {} KiB", ring.bytes() / 1024);
            parts.extend(facts.receive_ring.map(|it| ring("receive", it)));
            parts.extend(facts.send_ring.map(|it| ring("send", it)));
            parts.extend(facts.fanout_group.map(|group| format!("fanout group {group}")));
            parts.extend((facts.has_filter == Some(true)).then(|| "filtered".to_owned()));
        }
        FamilyFacts::Netlink(facts) if !facts.groups.is_empty() => {
            let groups: Vec<_> = facts.groups.iter().map(u32::to_string).collect();
            parts.push(format!("groups {}", groups.join(" ")));
        }
        FamilyFacts::Mptcp(facts) => {
            parts.extend(facts.more_subflows.map(|more| format!("{} subflows", u16::from(more) + 1)));
            parts.extend(facts.token.map(|token| format!("token {token:08x}")));
        }
        FamilyFacts::Xdp(facts) => {
            parts.extend(facts.memory.map(|bytes| format!("memory {} KiB", bytes / 1024)));
            parts.extend((facts.is_zero_copy == Some(true)).then(|| "zero copy".to_owned()));
            parts.extend(facts.dropped.map(|packets| format!("dropped {packets}")));
        }
        _ => {}
    }
    parts
}
