//! Families of sockets by name: those of `--family`, and of the filter word and the column of that name.
//!
//! ```
//! use netstat_engine::family;
//! use netstat_model::query::Kinds;
//!
//! assert_eq!(family::by_name("UNIX").map(|family| family.kinds), Some(Kinds::UNIX));
//! assert_eq!(family::by_name("local").map(|family| family.name), Some("unix"));
//! ```

use netstat_model::Protocol;
use netstat_model::query::Kinds;

/// A family of sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyName {
    /// Its name.
    pub name: &'static str,
    /// Other names, as other programs have them.
    pub others: &'static [&'static str],
    /// What belongs to it.
    pub kinds: Kinds,
}

/// The families in the order of the documents. The first is that of the table of Windows.
pub const FAMILIES: [FamilyName; 12] = [
    FamilyName { name: "inet", others: &["ip"], kinds: Kinds::TCP_UDP },
    FamilyName { name: "unix", others: &["local"], kinds: Kinds::UNIX },
    FamilyName { name: "raw", others: &[], kinds: Kinds::RAW },
    FamilyName { name: "ping", others: &["icmp"], kinds: Kinds::PING },
    FamilyName { name: "packet", others: &["link"], kinds: Kinds::PACKET },
    FamilyName { name: "netlink", others: &[], kinds: Kinds::NETLINK },
    FamilyName { name: "vsock", others: &[], kinds: Kinds::VSOCK },
    FamilyName { name: "xdp", others: &[], kinds: Kinds::XDP },
    FamilyName { name: "sctp", others: &[], kinds: Kinds::SCTP },
    FamilyName { name: "mptcp", others: &[], kinds: Kinds::MPTCP },
    FamilyName { name: "bluetooth", others: &[], kinds: Kinds::BLUETOOTH },
    FamilyName { name: "unlisted", others: &[], kinds: Kinds::UNLISTED },
];

/// Finds a family by any of its names, ignoring case.
pub fn by_name(word: &str) -> Option<&'static FamilyName> {
    let is_it = |name: &&str| name.eq_ignore_ascii_case(word);
    FAMILIES.iter().find(|family| is_it(&family.name) || family.others.iter().any(is_it))
}

/// Returns the name of the family that a protocol belongs to.
pub fn of(protocol: Protocol) -> &'static str {
    let kinds = Kinds::of_protocol(protocol);
    FAMILIES.iter().find(|family| family.kinds.intersects(kinds)).map_or("", |family| family.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_one_family_and_every_name_is_there_once() {
        let mut all = Kinds::empty();
        let mut names = HashSet::new();
        for family in FAMILIES {
            assert!(!all.intersects(family.kinds), "{} has kinds of another", family.name);
            all |= family.kinds;
            for name in std::iter::once(family.name).chain(family.others.iter().copied()) {
                assert!(names.insert(name), "{name} is there twice");
                assert_eq!(by_name(&name.to_uppercase()), by_name(name));
            }
        }
        assert_eq!(all, Kinds::all());
        assert_eq!(by_name("unixx"), None);
    }
}
