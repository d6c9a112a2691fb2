//! Every check, by its place and by its name.

use super::definition::Check;
use super::{
    address_gone, bind, buffers, close_wait, connecting, conntrack, descriptors, exposed, half_open, idle,
    listen_queue, policy, port_exhaustion, retransmission, shadowed, stalled, suspicious,
};

/// Every check, in the order in which they are run and shown.
pub const ALL: [&Check; 17] = [
    &port_exhaustion::CHECK,
    &close_wait::CHECK,
    &listen_queue::CHECK,
    &connecting::CHECK,
    &half_open::CHECK,
    &retransmission::CHECK,
    &stalled::CHECK,
    &idle::CHECK,
    &address_gone::CHECK,
    &buffers::CHECK,
    &descriptors::CHECK,
    &conntrack::CHECK,
    &exposed::CHECK,
    &shadowed::CHECK,
    &bind::CHECK,
    &policy::CHECK,
    &suspicious::CHECK,
];

/// The names of all checks, in the same order.
pub const NAMES: [&str; ALL.len()] = {
    let mut names = [""; ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = ALL[i].name;
        i += 1;
    }
    names
};

/// Returns the check of a name, in any letter case and with `_` for `-`.
pub fn by_name(name: &str) -> Option<&'static Check> {
    let same = |known: &str| {
        known.len() == name.len()
            && known
                .bytes()
                .zip(name.bytes())
                .all(|(known, typed)| known == typed.to_ascii_lowercase() || (known == b'-' && typed == b'_'))
    };
    ALL.into_iter().find(|check| same(check.name))
}
