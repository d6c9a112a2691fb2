//! The counters of the protocols, from `/proc/net`, which is that of the current network namespace.

use super::source::Source;
use netstat_model::error::words_of;
use netstat_model::{Answer, Error, Operation, Warning};
use netstat_model::{Counters, IcmpV4Counters, IpCounters, SocketLevels};
use std::io;

const SNMP: &str = "/proc/net/snmp";
const SNMP6: &str = "/proc/net/snmp6";
const NETSTAT: &str = "/proc/net/netstat";
const SOCKSTAT: &str = "/proc/net/sockstat";
const SOCKSTAT6: &str = "/proc/net/sockstat6";

/// All counters. Without `snmp` there is no answer; what else cannot be read is unknown, with a warning.
pub(super) fn counters(source: &dyn Source) -> Result<Answer<Counters>, Error> {
    let mut reader = Reader { source, answer: Answer::default(), bytes: Vec::new() };
    source.read(SNMP, &mut reader.bytes).map_err(|error| Error::new(Operation::ReadCounters, error))?;
    reader.decode(SNMP, decode_snmp);
    reader.optional(SNMP6, "what IPv6 counted", decode_snmp6);
    reader.expected(NETSTAT, "what TCP counted beyond the standard", decode_netstat);
    reader.expected(SOCKSTAT, "the number of sockets", decode_sockstat);
    reader.optional(SOCKSTAT6, "the number of IPv6 sockets", decode_sockstat);
    reader.limits();
    Ok(reader.answer)
}

struct Reader<'a> {
    source: &'a dyn Source,
    answer: Answer<Counters>,
    bytes: Vec<u8>,
}

/// Adds what a file says; answers how many lines or numbers made no sense.
type Decode = fn(&[u8], &mut Counters) -> u64;

impl Reader<'_> {
    fn decode(&mut self, path: &'static str, decode: Decode) {
        let odd = decode(&self.bytes, &mut self.answer.data);
        if odd > 0 {
            self.answer.warnings.push(Warning::OddMessages { what: path, count: odd });
        }
    }

    fn expected(&mut self, path: &'static str, what: &'static str, decode: Decode) {
        match self.source.read(path, &mut self.bytes) {
            Ok(()) => self.decode(path, decode),
            Err(error) => self.unavailable(what, &error),
        }
    }

    /// A file that a kernel without IPv6, or without the setting, does not have.
    fn optional(&mut self, path: &'static str, what: &'static str, decode: Decode) {
        match self.source.read(path, &mut self.bytes) {
            Ok(()) => self.decode(path, decode),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.unavailable(what, &error),
        }
    }

    fn unavailable(&mut self, what: &'static str, error: &io::Error) {
        self.answer.warnings.push(Warning::SourceUnavailable { what, reason: words_of(error) });
    }

    /// The limits beside the levels. Some of them are settings of the first network namespace alone.
    fn limits(&mut self) {
        self.optional("/proc/sys/net/ipv4/tcp_max_orphans", "the limit of orphans", |bytes, counters| {
            decode_setting(bytes, [&mut levels(counters).tcp_max_orphans])
        });
        self.optional(
            "/proc/sys/net/ipv4/tcp_max_tw_buckets",
            "the limit of TIME_WAIT",
            |bytes, counters| decode_setting(bytes, [&mut levels(counters).tcp_max_tw_buckets]),
        );
        self.optional("/proc/sys/net/ipv4/tcp_mem", "the limit of TCP memory", |bytes, counters| {
            let levels = levels(counters);
            let mut low = None;
            decode_setting(bytes, [&mut low, &mut levels.tcp_mem_pressure, &mut levels.tcp_mem_max])
        });
    }
}

fn levels(counters: &mut Counters) -> &mut SocketLevels {
    counters.levels.get_or_insert_default()
}

/// `/proc/net/snmp`: the blocks of the MIBs for IPv4, and TCP for both families.
fn decode_snmp(bytes: &[u8], counters: &mut Counters) -> u64 {
    let odd = each_pair(bytes, &mut |block, name, number| {
        let slot = match block {
            "Ip" => ip(&mut counters.ip_v4).named_mut(name),
            "Icmp" | "IcmpMsg" => counters.icmp_v4.get_or_insert_default().named_mut(name),
            "Tcp" => counters.tcp.get_or_insert_default().named_mut(name),
            "Udp" => counters.udp_v4.get_or_insert_default().named_mut(name),
            _ => None,
        };
        if let Some(slot) = slot {
            *slot = number;
        }
    });
    if let Some(icmp) = &mut counters.icmp_v4 {
        never_seen(icmp);
    }
    odd
}

/// The kernel lists the types that have no name of their own once the first such message came.
fn never_seen(icmp: &mut IcmpV4Counters) {
    if icmp.in_msgs.is_some() {
        icmp.in_router_solicits.get_or_insert(0);
        icmp.in_router_adverts.get_or_insert(0);
    }
    if icmp.out_msgs.is_some() {
        icmp.out_router_solicits.get_or_insert(0);
        icmp.out_router_adverts.get_or_insert(0);
    }
}

fn ip(block: &mut Option<IpCounters>) -> &mut IpCounters {
    block.get_or_insert_default()
}

/// `/proc/net/netstat`: what the MIBs do not have.
fn decode_netstat(bytes: &[u8], counters: &mut Counters) -> u64 {
    each_pair(bytes, &mut |block, name, number| {
        let slot = match block {
            "TcpExt" => counters.tcp_ext.get_or_insert_default().named_mut(name),
            "IpExt" => ip(&mut counters.ip_v4).named_mut(name),
            _ => None,
        };
        if let Some(slot) = slot {
            // `IpExt` has a few names of `Ip` in some kernels; the first one counts.
            *slot = slot.or(number);
        }
    })
}

/// `/proc/net/snmp6`: a name and a number on each line.
fn decode_snmp6(bytes: &[u8], counters: &mut Counters) -> u64 {
    let mut odd = 0;
    for line in lines(bytes) {
        let mut words = line.unwrap_or_default().split_ascii_whitespace();
        let (Some(name), Some(number), None) = (words.next(), words.next(), words.next()) else {
            odd += 1;
            continue;
        };
        let slot = if let Some(name) = name.strip_prefix("Ip6") {
            let name = if name == "OutForwDatagrams" { "ForwDatagrams" } else { name };
            ip(&mut counters.ip_v6).named_mut(name)
        } else if let Some(name) = name.strip_prefix("Icmp6") {
            counters.icmp_v6.get_or_insert_default().named_mut(name)
        } else if let Some(name) = name.strip_prefix("Udp6") {
            counters.udp_v6.get_or_insert_default().named_mut(name)
        } else {
            None
        };
        if let Some(slot) = slot {
            *slot = decode_number(number, &mut odd);
        }
    }
    if let Some(icmp) = &mut counters.icmp_v6 {
        if icmp.in_msgs.is_some() {
            icmp.in_router_renumberings.get_or_insert(0);
        }
        if icmp.out_msgs.is_some() {
            icmp.out_router_renumberings.get_or_insert(0);
        }
    }
    odd
}

/// `/proc/net/sockstat` and `sockstat6`: `TCP: inuse 3 orphan 0 ...`.
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
            let slot = match (block, name) {
                ("TCP", "inuse") => &mut levels.tcp_inuse,
                ("TCP", "orphan") => &mut levels.tcp_orphan,
                ("TCP", "tw") => &mut levels.tcp_tw,
                ("TCP", "alloc") => &mut levels.tcp_alloc,
                ("TCP", "mem") => &mut levels.tcp_mem,
                ("TCP6", "inuse") => &mut levels.tcp6_inuse,
                ("UDP", "inuse") => &mut levels.udp_inuse,
                ("UDP", "mem") => &mut levels.udp_mem,
                ("UDP6", "inuse") => &mut levels.udp6_inuse,
                _ => {
                    words.next();
                    continue;
                }
            };
            *slot = decode_number(words.next().unwrap_or_default(), &mut odd);
        }
    }
    odd
}

/// A setting of one or more numbers on one line.
fn decode_setting<const N: usize>(bytes: &[u8], slots: [&mut Option<u64>; N]) -> u64 {
    let mut odd = 0;
    let mut words = std::str::from_utf8(bytes).unwrap_or_default().split_ascii_whitespace();
    for slot in slots {
        *slot = decode_number(words.next().unwrap_or_default(), &mut odd);
    }
    odd
}

/// Every decoder on the same bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    for decode in [decode_snmp, decode_snmp6, decode_netstat, decode_sockstat] {
        decode(bytes, &mut Counters::default());
    }
    decode_setting(bytes, [&mut None, &mut None]);
}

/// The lines that hold anything; `None` for one that is not text.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Option<&str>> {
    bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .map(|line| std::str::from_utf8(line).ok())
}

/// Hands over each counter of a file that has a line of names before each line of numbers:
///
/// ```text
/// Udp: InDatagrams NoPorts
/// Udp: 190 0
/// ```
///
/// The names differ from kernel to kernel, and so does their order. Answers how many lines or numbers made no
/// sense.
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

/// A negative number says that there is no such limit (`MaxConn`): not known, and not odd.
fn decode_number(text: &str, odd: &mut u64) -> Option<u64> {
    let number = text.parse::<u64>().ok();
    if number.is_none() && text.parse::<i64>().is_err() {
        *odd += 1;
    }
    number
}

#[cfg(test)]
mod tests;
