//! Finds who has an address of another network namespace, from `/proc`.

use crate::linux::descriptor_links::fetch_pids;
use crate::linux::processes;
use crate::linux::source::{FileId, Source};
use netstat_model::Tenant;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Finds for each address the one namespace that has it, by a process in it. What cannot be read is left out, and so is
/// an address that several namespaces have.
pub(super) fn tenants(source: &dyn Source, wanted: &[IpAddr]) -> BTreeMap<IpAddr, Tenant> {
    let Ok(mut pids) = fetch_pids(source) else { return BTreeMap::new() };
    pids.sort_unstable();
    let mut seen: FxHashSet<(u64, u64)> = FxHashSet::default();
    let mut found: BTreeMap<IpAddr, Option<Tenant>> = BTreeMap::new();
    let (mut buffer, mut names) = (Vec::new(), processes::ContainerNames::default());
    for pid in pids {
        let Ok(handle) = source.process(pid) else { continue };
        let Ok(FileId { device, inode }) = handle.file_id("ns/net") else { continue };
        if !seen.insert((device, inode)) {
            continue;
        }
        let mut own = Vec::new();
        for (file, decode) in
            [("net/fib_trie", decode_trie as fn(&[u8]) -> Vec<IpAddr>), ("net/if_inet6", decode_interfaces)]
        {
            if handle.read(file, &mut buffer).is_ok() {
                own.extend(decode(&buffer));
            }
        }
        for address in wanted.iter().filter(|address| own.contains(address)) {
            let mut tenant =
                || Tenant { pid, container: processes::container_of(source, &*handle, &mut names) };
            found.entry(*address).and_modify(|other| *other = None).or_insert_with(|| Some(tenant()));
        }
    }
    found.into_iter().filter_map(|(address, tenant)| Some((address, tenant?))).collect()
}

/// Decodes the local addresses in `/proc/PID/net/fib_trie`: leaves of the tree that are followed by `/32 host LOCAL`.
fn decode_trie(bytes: &[u8]) -> Vec<IpAddr> {
    let mut leaf: Option<Ipv4Addr> = None;
    let mut found = Vec::new();
    for line in String::from_utf8_lossy(bytes).lines() {
        let line = line.trim();
        if let Some(address) = line.strip_prefix("|-- ") {
            leaf = address.parse().ok();
        } else if line.starts_with("/32 host LOCAL") {
            found.extend(leaf.map(IpAddr::V4));
        }
    }
    found
}

/// Decodes the addresses in `/proc/PID/net/if_inet6`.
fn decode_interfaces(bytes: &[u8]) -> Vec<IpAddr> {
    let text = String::from_utf8_lossy(bytes);
    let first = text.lines().filter_map(|line| line.split_whitespace().next());
    let whole = first.filter(|digits| digits.len() == 32);
    whole
        .filter_map(|digits| u128::from_str_radix(digits, 16).ok())
        .map(|bits| Ipv6Addr::from(bits).into())
        .collect()
}

/// Runs every decoder on any bytes.
#[cfg(any(test, fuzzing))]
pub(in super::super) fn decode_all(bytes: &[u8]) {
    decode_trie(bytes);
    decode_interfaces(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;

    const TRIE: &str = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     +-- 172.17.0.0/24 2 0 2\n        |-- 172.17.0.0\n           /24 link UNICAST\n        |-- 172.17.0.2\n           /32 host LOCAL\n        |-- 172.17.0.255\n           /32 link BROADCAST\n";

    #[test]
    fn an_address_is_that_of_one_namespace_or_of_none() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let id = "0123456789abcdef".repeat(4);
        let mut fake = Fake::new().pid(1).pid(7).pid(8);
        for (pid, inode) in [(1, 10), (7, 20), (8, 20)] {
            fake = fake.file_is(&format!("/proc/{pid}/ns/net"), 4, inode);
        }
        let fake = fake
            .file("/proc/7/net/fib_trie", TRIE)
            .file("/proc/7/net/if_inet6", "fd000000000000000000000000000002 02 40 00 80     eth0\n")
            .file("/proc/7/cgroup", format!("0::/system.slice/docker-{id}.scope\n"));
        let wanted = ["172.17.0.2", "172.17.0.255", "fd00::2"].map(address);
        let found = tenants(&fake, &wanted);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [wanted[0], wanted[2]]);
        let tenant = &found[&wanted[0]];
        assert_eq!((tenant.pid, &*tenant.container.as_ref().unwrap().id), (7, id.as_str()));
        let twice = fake.pid(9).file_is("/proc/9/ns/net", 4, 30).file("/proc/9/net/fib_trie", TRIE);
        assert_eq!(tenants(&twice, &wanted).keys().copied().collect::<Vec<_>>(), [wanted[2]]);
    }
}
