//! Counters of protocols, each by the name that the kernel gives it.

use super::words::{lines, number};

/// A counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter<'a> {
    /// The group: `Tcp`, `TcpExt`, `Ip6`.
    pub group: &'a str,
    /// The name within the group.
    pub name: &'a str,
    /// The value. The kernel writes -1 where a setting has no limit.
    pub value: i128,
}

/// Returns the counters of `/proc/net/snmp` or `/proc/net/netstat`, which have a line of names before each line of numbers.
pub fn counters(text: &[u8]) -> Vec<Counter<'_>> {
    let mut all = Vec::new();
    let mut heading: Vec<&[u8]> = Vec::new();
    for line in lines(text) {
        if heading.first() != line.first() {
            heading = line;
            continue;
        }
        let group = heading.first().and_then(|group| group.strip_suffix(b":")).and_then(as_text);
        for (name, value) in heading.iter().zip(&line).skip(1) {
            if let (Some(group), Some(name), Some(value)) = (group, as_text(name), number(value)) {
                all.push(Counter { group, name, value });
            }
        }
        heading = Vec::new();
    }
    all
}

/// Returns the counters of `/proc/net/snmp6`, whose names have the group before them, up to the 6.
pub fn counters_v6(text: &[u8]) -> Vec<Counter<'_>> {
    lines(text)
        .filter_map(|words| {
            let [name, value, ..] = words[..] else { return None };
            let name = as_text(name)?;
            let group = name.split_inclusive('6').next()?;
            Some(Counter { group, name, value: number(value)? })
        })
        .collect()
}

fn as_text(word: &[u8]) -> Option<&str> {
    std::str::from_utf8(word).ok()
}
