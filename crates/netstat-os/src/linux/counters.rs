//! Protocol counters, from `/proc/net`, which shows the current network namespace.

use super::reader::{Reader, is_cut};
use super::source::Source;
use netstat_model::error::words_of;
use netstat_model::{
    Answer, CounterBlock, Counters, Error, IcmpV4Counters, IcmpV6Counters, Operation, SocketLevels,
};
use std::io;

const SNMP: &str = "/proc/net/snmp";
const SNMP6: &str = "/proc/net/snmp6";
const NETSTAT: &str = "/proc/net/netstat";
const SOCKSTAT: &str = "/proc/net/sockstat";
const SOCKSTAT6: &str = "/proc/net/sockstat6";

/// Reads all counters. A failure to read `snmp`, or to understand any of it, is an error; other counters that cannot be read are unknown, with a
/// warning.
pub(super) fn counters(source: &dyn Source) -> Result<Answer<Counters>, Error> {
    let mut bytes = Vec::new();
    source.read(SNMP, &mut bytes).map_err(|error| {
        let named = format!("{SNMP}: {}", words_of(&error));
        Error::new(Operation::ReadCounters, io::Error::new(error.kind(), named))
    })?;
    let mut data = Counters::default();
    let mut reader = Reader::new(source);
    reader.note_odd(SNMP, decode_pairs(&bytes, &mut data));
    if data == Counters::default() {
        let error =
            io::Error::new(io::ErrorKind::InvalidData, format!("{SNMP} has no counters that are understood"));
        return Err(Error::new(Operation::ReadCounters, error));
    }
    // A kernel without IPv6 lacks the files for it.
    reader.optional(SNMP6, "the IPv6 part of the statistics", |bytes| {
        // It has the same lines on every kernel that has it.
        let lacks_lines = bytes.is_empty() || is_cut(bytes);
        decode_snmp6(bytes, &mut data).max(u64::from(lacks_lines))
    });
    reader
        .expected(NETSTAT, "the extended part of the TCP statistics", |bytes| decode_pairs(bytes, &mut data));
    reader.expected(SOCKSTAT, "the number of sockets", |bytes| decode_sockstat(bytes, &mut data));
    reader.optional(SOCKSTAT6, "the number of IPv6 sockets", |bytes| decode_sockstat(bytes, &mut data));
    // Some of these exist in the initial network namespace only.
    reader.optional("/proc/sys/net/ipv4/tcp_max_orphans", "the limit on orphaned sockets", |bytes| {
        decode_setting(bytes, [&mut levels(&mut data).tcp_max_orphans])
    });
    reader.optional("/proc/sys/net/ipv4/tcp_max_tw_buckets", "the limit on TIME_WAIT sockets", |bytes| {
        decode_setting(bytes, [&mut levels(&mut data).tcp_max_tw_buckets])
    });
    reader.optional("/proc/sys/net/ipv4/tcp_mem", "the limit on TCP memory", |bytes| {
        let levels = levels(&mut data);
        let mut low = None;
        decode_setting(bytes, [&mut low, &mut levels.tcp_mem_pressure, &mut levels.tcp_mem_max])
    });
    Ok(Answer { data, warnings: reader.warnings })
}

fn levels(counters: &mut Counters) -> &mut SocketLevels {
    counters.levels.get_or_insert_default()
}

/// Finds the block of a group of counters.
fn block<'c>(counters: &'c mut Counters, group: &str) -> Option<&'c mut dyn CounterBlock> {
    Some(match group {
        "Ip" | "IpExt" => counters.ip_v4.get_or_insert_default(),
        "Ip6" => counters.ip_v6.get_or_insert_default(),
        "Icmp" | "IcmpMsg" => counters.icmp_v4.get_or_insert_default(),
        "Icmp6" => counters.icmp_v6.get_or_insert_default(),
        "Tcp" => counters.tcp.get_or_insert_default(),
        "TcpExt" => counters.tcp_ext.get_or_insert_default(),
        "Udp" => counters.udp_v4.get_or_insert_default(),
        "Udp6" => counters.udp_v6.get_or_insert_default(),
        _ => return None,
    })
}

/// Decodes `/proc/net/snmp` (the MIB groups of IPv4, and TCP for both families) or `/proc/net/netstat` (counters that no
/// MIB has).
fn decode_pairs(bytes: &[u8], counters: &mut Counters) -> u64 {
    let odd = each_pair(bytes, &mut |group, name, number| {
        if let Some(slot) = block(counters, group).and_then(|block| block.named_mut(name)) {
            // In some kernels `IpExt` repeats names of `Ip`; the first value counts.
            *slot = slot.or(number);
        }
    });
    if let Some(icmp) = &mut counters.icmp_v4 {
        count_from_zero(icmp, IcmpV4Counters::NAMES);
    }
    odd
}

/// Sets message types without a name to 0: the kernel lists them only after the first of each.
fn count_from_zero(icmp: &mut dyn CounterBlock, names: &[&str]) {
    for name in names {
        if let Some((way, _)) = name.split_once("Type")
            && icmp.get(&format!("{way}Msgs")).is_some()
            && let Some(count) = icmp.named_mut(name)
        {
            count.get_or_insert(0);
        }
    }
}

/// Decodes `/proc/net/snmp6`: a name and a number on each line.
fn decode_snmp6(bytes: &[u8], counters: &mut Counters) -> u64 {
    let mut odd = 0;
    for line in lines(bytes) {
        let mut words = line.unwrap_or_default().split_ascii_whitespace();
        let (Some(name), Some(number), None) = (words.next(), words.next(), words.next()) else {
            odd += 1;
            continue;
        };
        let slot = name.split_inclusive('6').next().and_then(|group| {
            let name = name.strip_prefix(group)?;
            let name = if name == "OutForwDatagrams" { "ForwDatagrams" } else { name };
            block(counters, group)?.named_mut(name)
        });
        if let Some(slot) = slot {
            *slot = decode_number(number, &mut odd);
        }
    }
    if let Some(icmp) = &mut counters.icmp_v6 {
        count_from_zero(icmp, IcmpV6Counters::NAMES);
    }
    odd
}

/// Decodes `/proc/net/sockstat` and `sockstat6`: `TCP: inuse 3 orphan 0 ...`.
fn decode_sockstat(bytes: &[u8], counters: &mut Counters) -> u64 {
    let mut odd = 0;
    let levels = levels(counters);
    for line in lines(bytes) {
        let Some((block, rest)) = line.and_then(|line| line.split_once(':')) else {
            odd += 1;
            continue;
        };
        let mut words = rest.split_ascii_whitespace();
        while let Some(name) = words.next() {
            let number = words.next().unwrap_or_default();
            if let Some(slot) = levels.named_mut(&format!("{}_{name}", block.to_ascii_lowercase())) {
                *slot = decode_number(number, &mut odd);
            }
        }
    }
    odd
}

/// Decodes a setting of one or more numbers on one line.
fn decode_setting<const N: usize>(bytes: &[u8], slots: [&mut Option<u64>; N]) -> u64 {
    let mut odd = 0;
    let mut words = std::str::from_utf8(bytes).unwrap_or_default().split_ascii_whitespace();
    for slot in slots {
        *slot = decode_number(words.next().unwrap_or_default(), &mut odd);
    }
    odd
}

/// Runs every decoder on the same bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    for decode in [decode_pairs, decode_snmp6, decode_sockstat] {
        decode(bytes, &mut Counters::default());
    }
    decode_setting(bytes, [&mut None, &mut None]);
}

/// Returns the lines that are not blank; `None` for one that is not text.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Option<&str>> {
    bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .map(|line| std::str::from_utf8(line).ok())
}

/// Calls `each` for each counter of a file that has a line of names before each line of numbers:
///
/// ```text
/// Udp: InDatagrams NoPorts
/// Udp: 190 0
/// ```
///
/// The names and their order differ between kernels. Returns how many lines or numbers make no sense.
fn each_pair(bytes: &[u8], each: &mut dyn FnMut(&str, &str, Option<u64>)) -> u64 {
    let mut odd = 0;
    let mut heading: Option<(&str, &str)> = None;
    for line in lines(bytes) {
        let Some((block, rest)) = line.and_then(|line| line.split_once(':')) else {
            odd += 1;
            heading = None;
            continue;
        };
        let names = match heading.take() {
            Some((of, names)) if of == block => names,
            other => {
                odd += u64::from(other.is_some());
                heading = Some((block, rest));
                continue;
            }
        };
        let mut numbers = rest.split_ascii_whitespace();
        for name in names.split_ascii_whitespace() {
            match numbers.next() {
                Some(number) => each(block, name, decode_number(number, &mut odd)),
                None => odd += 1,
            }
        }
        odd += numbers.count() as u64;
    }
    odd + u64::from(heading.is_some())
}

/// Decodes a number. A negative one means that there is no such limit (`MaxConn`): unknown, but not odd.
fn decode_number(text: &str, odd: &mut u64) -> Option<u64> {
    let number = text.parse::<u64>().ok();
    if number.is_none() && text.parse::<i64>().is_err() {
        *odd += 1;
    }
    number
}

#[cfg(test)]
mod tests;
