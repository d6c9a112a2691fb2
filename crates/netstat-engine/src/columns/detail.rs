//! What only some sockets have, as text: those of one family, and those whose first bytes a capture has.

use super::ends::interface_name;
use super::{Given, Value};
use netstat_model::{FamilyFacts, MembershipKind, RingSize, SctpState, SocketRef};
use std::ffi::{OsStr, OsString};
use std::net::IpAddr;

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
        FamilyFacts::Sctp(facts) => {
            // The state of TCP that corresponds to it stands in its own column.
            let state = facts
                .association
                .filter(|state| !matches!(state, SctpState::Closed | SctpState::Established));
            parts.extend(state.map(|state| state.name().to_owned()));
            let all = |what, addresses: &[IpAddr]| {
                let texts: Vec<_> = addresses.iter().map(IpAddr::to_string).collect();
                (texts.len() > 1).then(|| format!("{what} {}", texts.join(" ")))
            };
            parts.extend(all("local", &facts.local_addresses));
            parts.extend(all("foreign", &facts.remote_addresses));
        }
        FamilyFacts::Bluetooth(facts) => {
            parts.extend(facts.listener.map(|inode| format!("not accepted yet by *{inode}")));
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

/// Returns the protocol that the first bytes of a socket tell.
pub(super) fn app(socket: &SocketRef<'_>) -> Value<'static> {
    socket.application().map_or(Value::Unknown, |application| Value::word(application.protocol.name()))
}

/// Returns the name that the first bytes of a socket tell.
pub(super) fn name<'a>(socket: &SocketRef<'a>) -> Value<'a> {
    match socket.application().map(|application| application.name.as_deref()) {
        Some(Some(name)) => Value::Text(OsStr::new(name).into()),
        // There was none.
        Some(None) => Value::Absent("-"),
        None => Value::Unknown,
    }
}

/// Returns a name, else the number of what has none.
pub(super) fn named_or_number(name: Option<&OsStr>, number: u32) -> Value<'_> {
    Value::Text(name.map_or_else(|| OsString::from(number.to_string()).into(), Into::into))
}
