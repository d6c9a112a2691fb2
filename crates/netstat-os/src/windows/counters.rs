//! The protocol counters, from `GetIpStatisticsEx` and related functions. Windows counts each family by itself, TCP too.
//!
//! Counters of 32 bits wrap around. `GetTcpStatisticsEx2` and `GetUdpStatisticsEx2` (Windows 10 1709) have 64 bits for
//! segments and datagrams; their predecessors are used where they are missing. The reassembly timeout is a setting, not a
//! counter, and stays unknown.

use super::memory::{u32_at, u64_at};
use super::source::{Question, Source};
use super::win32_error::{is_absent, unavailable};
use netstat_model::{
    Answer, CounterBlock, Counters, Error, Family, IcmpV4Counters, IcmpV6Counters, IpCounters, Operation,
    TcpCounters, UdpCounters, Warning,
};
use std::io;

/// Reads all counters. Fails without those of IPv4; other counters that cannot be read are unknown, with a warning.
pub(super) fn counters(source: &dyn Source) -> Result<Answer<Counters>, Error> {
    use Family::{V4, V6};
    let v4 = source
        .ask(&Question::IpStatistics(V4))
        .map_err(|error| Error::new(Operation::ReadCounters, error))?;
    let mut reader = Reader { source, warnings: Vec::new() };
    let counters = Counters {
        ip_v4: reader.decoded("what IPv4 counted", decode_ip(v4.bytes())),
        ip_v6: reader.read("what IPv6 counted", V6, &[(Question::IpStatistics(V6), decode_ip)]),
        icmp_v4: reader.read("what ICMP counted", V4, &[(Question::IcmpStatistics(V4), decode_icmp_v4)]),
        icmp_v6: reader.read("what ICMPv6 counted", V6, &[(Question::IcmpStatistics(V6), decode_icmp_v6)]),
        tcp_v4: reader.tcp("what TCP over IPv4 counted", V4),
        tcp_v6: reader.tcp("what TCP over IPv6 counted", V6),
        udp_v4: reader.udp("what UDP over IPv4 counted", V4),
        udp_v6: reader.udp("what UDP over IPv6 counted", V6),
        ..Counters::default()
    };
    Ok(Answer { data: counters, warnings: reader.warnings })
}

struct Reader<'a> {
    source: &'a dyn Source,
    warnings: Vec<Warning>,
}

/// A question and the decoder of its answer.
type Attempt<T> = (Question, fn(&[u8]) -> Option<T>);

impl Reader<'_> {
    fn tcp(&mut self, what: &'static str, family: Family) -> Option<TcpCounters> {
        let wide: Attempt<_> = (Question::TcpStatistics64(family), decode_tcp_64);
        self.read(what, family, &[wide, (Question::TcpStatistics(family), decode_tcp)])
    }

    fn udp(&mut self, what: &'static str, family: Family) -> Option<UdpCounters> {
        let wide: Attempt<_> = (Question::UdpStatistics64(family), decode_udp_64);
        self.read(what, family, &[wide, (Question::UdpStatistics(family), decode_udp)])
    }

    /// Returns the first answer there is. A machine without IPv6 lacks its counters without a warning.
    fn read<T>(&mut self, what: &'static str, family: Family, attempts: &[Attempt<T>]) -> Option<T> {
        let mut refused: Option<io::Error> = None;
        for (question, decode) in attempts {
            match self.source.ask(question) {
                Ok(answer) => return self.decoded(what, decode(answer.bytes())),
                Err(error) => refused = Some(error),
            }
        }
        let refused = refused.filter(|error| family == Family::V4 || !is_absent(error))?;
        self.warnings.push(unavailable(what, &refused));
        None
    }

    fn decoded<T>(&mut self, what: &'static str, decoded: Option<T>) -> Option<T> {
        if decoded.is_none() {
            let reason = "the answer of Windows is too short".to_owned();
            self.warnings.push(Warning::SourceUnavailable { what, reason });
        }
        decoded
    }
}

// The standard names of the counters in each structure, in its order. An empty name is a setting: of `MIB_IPSTATS`
// forwarding, the default TTL and the reassembly timeout, of `MIB_TCPSTATS` three of the retransmission timeout.
#[doc(alias = "MIB_IPSTATS")]
#[rustfmt::skip]
const IP: [&str; 20] = [
    "", "", "InReceives", "InHdrErrors", "InAddrErrors", "ForwDatagrams", "InUnknownProtos", "InDiscards",
    "InDelivers", "OutRequests", "RoutingDiscards", "OutDiscards", "OutNoRoutes", "", "ReasmReqds", "ReasmOKs",
    "ReasmFails", "FragOKs", "FragFails", "FragCreates",
];
#[doc(alias = "MIB_TCPSTATS")]
#[rustfmt::skip]
const TCP: [&str; 14] = [
    "", "", "", "MaxConn", "ActiveOpens", "PassiveOpens", "AttemptFails", "EstabResets", "CurrEstab", "InSegs",
    "OutSegs", "RetransSegs", "InErrs", "OutRsts",
];
#[doc(alias = "MIB_UDPSTATS")]
const UDP: [&str; 4] = ["InDatagrams", "NoPorts", "InErrors", "OutDatagrams"];

/// The counters that have 64 bits in `MIB_TCPSTATS2` and `MIB_UDPSTATS2`, which are otherwise the same.
const WIDE: [&str; 4] = ["InSegs", "OutSegs", "InDatagrams", "OutDatagrams"];

/// Decodes a structure by the names of its counters; `None` if it is too short.
fn decode<T: CounterBlock + Default>(bytes: &[u8], names: &[&str], wide: &[&str]) -> Option<T> {
    let mut counters = T::default();
    let mut offset: usize = 0;
    for name in names {
        let count = if wide.contains(name) {
            offset = offset.next_multiple_of(8) + 8;
            u64_at(bytes, offset - 8)?
        } else {
            offset += 4;
            u32_at(bytes, offset - 4)?.into()
        };
        if let Some(field) = counters.named_mut(name) {
            *field = Some(count);
        }
    }
    Some(counters)
}

fn decode_ip(bytes: &[u8]) -> Option<IpCounters> {
    decode(bytes, &IP, &[])
}

fn decode_tcp(bytes: &[u8]) -> Option<TcpCounters> {
    decode(bytes, &TCP, &[]).map(with_limit)
}

fn decode_tcp_64(bytes: &[u8]) -> Option<TcpCounters> {
    decode(bytes, &TCP, &WIDE).map(with_limit)
}

/// All bits set mean that the number of connections has no limit.
fn with_limit(mut tcp: TcpCounters) -> TcpCounters {
    tcp.max_conn = tcp.max_conn.filter(|&most| most != u64::from(u32::MAX));
    tcp
}

fn decode_udp(bytes: &[u8]) -> Option<UdpCounters> {
    decode(bytes, &UDP, &[])
}

fn decode_udp_64(bytes: &[u8]) -> Option<UdpCounters> {
    decode(bytes, &UDP, &WIDE)
}

/// Size of `MIBICMPSTATS_EX`: messages, errors, then a counter for each of 256 types. `MIB_ICMP_EX` has one for what was
/// received and one for what was sent.
const ICMP_SIZE: usize = 1032;
const ICMP_TYPES: usize = 8;

/// The ICMP types that have a counter, by its standard name without `In` and `Out`.
#[rustfmt::skip]
const ICMP_V4_TYPES: [(&str, usize); 13] = [
    ("EchoReps", 0), ("DestUnreachs", 3), ("SrcQuenchs", 4), ("Redirects", 5), ("Echos", 8), ("Type9", 9),
    ("Type10", 10), ("TimeExcds", 11), ("ParmProbs", 12), ("Timestamps", 13), ("TimestampReps", 14),
    ("AddrMasks", 17), ("AddrMaskReps", 18),
];

/// The same for ICMPv6.
#[rustfmt::skip]
const ICMP_V6_TYPES: [(&str, usize); 16] = [
    ("DestUnreachs", 1), ("PktTooBigs", 2), ("TimeExcds", 3), ("ParmProblems", 4), ("Echos", 128),
    ("EchoReplies", 129), ("GroupMembQueries", 130), ("GroupMembResponses", 131),
    ("GroupMembReductions", 132), ("RouterSolicits", 133), ("RouterAdvertisements", 134),
    ("NeighborSolicits", 135), ("NeighborAdvertisements", 136), ("Redirects", 137), ("Type138", 138),
    ("MLDv2Reports", 143),
];

/// Decodes a `MIB_ICMP_EX`; `None` if it is too short.
#[doc(alias = "MIB_ICMP_EX")]
fn decode_icmp<T: CounterBlock + Default>(bytes: &[u8], types: &[(&str, usize)]) -> Option<T> {
    let mut counters = T::default();
    let types = types.iter().map(|(name, number)| (*name, ICMP_TYPES + number * 4));
    for (name, offset) in types.chain([("Msgs", 0), ("Errors", 4)]) {
        for (way, start) in [("In", 0), ("Out", ICMP_SIZE)] {
            let count = u32_at(bytes.get(..2 * ICMP_SIZE)?, start + offset)?;
            *counters.named_mut(&format!("{way}{name}"))? = Some(count.into());
        }
    }
    Some(counters)
}

fn decode_icmp_v4(bytes: &[u8]) -> Option<IcmpV4Counters> {
    decode_icmp(bytes, &ICMP_V4_TYPES)
}

fn decode_icmp_v6(bytes: &[u8]) -> Option<IcmpV6Counters> {
    decode_icmp(bytes, &ICMP_V6_TYPES)
}

/// Runs every decoder on any bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    decode_ip(bytes);
    decode_icmp_v4(bytes);
    decode_icmp_v6(bytes);
    decode_tcp_64(bytes);
    decode_tcp(bytes);
    decode_udp_64(bytes);
    decode_udp(bytes);
}

#[cfg(test)]
mod tests;
