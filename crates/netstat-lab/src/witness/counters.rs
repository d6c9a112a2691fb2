//! The kernel's counters from `/proc/net/snmp` and `/proc/net/netstat`: a line of names and a line of numbers for each
//! group.

use crate::error::{Doing, LabError, Result};

/// Reads a counter of the calling thread's namespace by group and name: `counter("TcpExt", "ListenOverflows")`.
pub fn counter(group: &str, name: &str) -> Result<u64> {
    for file in ["snmp", "netstat"] {
        let path = format!("/proc/thread-self/net/{file}");
        let text = std::fs::read_to_string(&path).doing(|| format!("read {path}"))?;
        if let Some(value) = find(&text, group, name) {
            return Ok(value);
        }
    }
    Err(LabError::failed(format!("read the counter {group} {name}"), "this kernel does not have it"))
}

fn find(text: &str, group: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(group)?.strip_prefix(':'));
    let (names, values) = (lines.next()?, lines.next()?);
    let mut pairs = names.split_ascii_whitespace().zip(values.split_ascii_whitespace());
    pairs.find(|(key, _)| *key == name)?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_by_group_and_name() {
        let text = "Tcp: InSegs OutSegs\nTcp: 1 2\nTcpExt: OutSegs X\nTcpExt: 3 4\n";
        assert_eq!(find(text, "Tcp", "OutSegs"), Some(2));
        assert_eq!(find(text, "TcpExt", "OutSegs"), Some(3));
        assert_eq!((find(text, "Tcp", "X"), find(text, "Udp", "X")), (None, None));
    }
}
