//! The protocol counters, from `GetIpStatisticsEx` and related functions. Windows counts each family by itself, TCP too.
//!
//! Counters of 32 bits wrap around. `GetTcpStatisticsEx2` and `GetUdpStatisticsEx2` (Windows 10 1709) have 64 bits for
//! segments and datagrams; their predecessors are used where they are missing. The reassembly timeout is a setting, not a
//! counter, and stays unknown.

use super::memory::{u32_at, u64_at};
use super::source::{Question, Source};
use super::win32_error::{is_absent, unavailable};
use netstat_model::{Answer, Error, Operation, Warning};
use netstat_model::{Counters, Family, IcmpV4Counters, IcmpV6Counters, IpCounters, TcpCounters, UdpCounters};
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
        tcp: None,
        tcp_v4: reader.tcp("what TCP over IPv4 counted", V4),
        tcp_v6: reader.tcp("what TCP over IPv6 counted", V6),
        tcp_ext: None,
        udp_v4: reader.udp("what UDP over IPv4 counted", V4),
        udp_v6: reader.udp("what UDP over IPv6 counted", V6),
        levels: None,
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

/// Reads a structure of `count` `DWORD`s by their numbers; `None` if it is shorter than that.
fn dwords(bytes: &[u8], count: usize) -> Option<impl Fn(usize) -> Option<u64>> {
    let bytes = bytes.get(..count * 4)?;
    Some(|number: usize| u32_at(bytes, number * 4).map(u64::from))
}

#[doc(alias = "MIB_IPSTATS")]
fn decode_ip(bytes: &[u8]) -> Option<IpCounters> {
    let at = dwords(bytes, 20)?;
    // 0, 1 and 13 are settings: forwarding, the default TTL and the reassembly timeout.
    Some(IpCounters {
        in_receives: at(2),
        in_hdr_errors: at(3),
        in_addr_errors: at(4),
        forw_datagrams: at(5),
        in_unknown_protos: at(6),
        in_discards: at(7),
        in_delivers: at(8),
        out_requests: at(9),
        routing_discards: at(10),
        out_discards: at(11),
        out_no_routes: at(12),
        reasm_reqds: at(14),
        reasm_oks: at(15),
        reasm_fails: at(16),
        frag_oks: at(17),
        frag_fails: at(18),
        frag_creates: at(19),
        ..IpCounters::default()
    })
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

/// Reads a `MIB_ICMP_EX` by the standard names of counters; `None` if it is too short.
#[doc(alias = "MIB_ICMP_EX")]
fn icmp(bytes: &[u8], types: &[(&str, usize)]) -> Option<impl Fn(&str) -> Option<u64>> {
    let bytes = bytes.get(..2 * ICMP_SIZE)?;
    Some(|name: &str| {
        let (start, name) = match name.strip_prefix("In") {
            Some(name) => (0, name),
            None => (ICMP_SIZE, name.strip_prefix("Out")?),
        };
        let offset = match name {
            "Msgs" => 0,
            "Errors" => 4,
            _ => ICMP_TYPES + types.iter().find(|(known, _)| *known == name)?.1 * 4,
        };
        u32_at(bytes, start + offset).map(u64::from)
    })
}

fn decode_icmp_v4(bytes: &[u8]) -> Option<IcmpV4Counters> {
    let count = icmp(bytes, &ICMP_V4_TYPES)?;
    let mut counters = IcmpV4Counters::default();
    for name in IcmpV4Counters::NAMES {
        *counters.named_mut(name)? = count(name);
    }
    Some(counters)
}

fn decode_icmp_v6(bytes: &[u8]) -> Option<IcmpV6Counters> {
    let count = icmp(bytes, &ICMP_V6_TYPES)?;
    let mut counters = IcmpV6Counters::default();
    for name in IcmpV6Counters::NAMES {
        *counters.named_mut(name)? = count(name);
    }
    Some(counters)
}

/// Decodes the first nine `DWORD`s, which both structures of TCP have. 0 to 2 are settings of the retransmission timeout.
fn decode_tcp_openings(bytes: &[u8]) -> Option<TcpCounters> {
    let at = dwords(bytes, 9)?;
    Some(TcpCounters {
        // All bits set means that there is no limit.
        max_conn: at(3).filter(|&most| most != u64::from(u32::MAX)),
        active_opens: at(4),
        passive_opens: at(5),
        attempt_fails: at(6),
        estab_resets: at(7),
        curr_estab: at(8),
        ..TcpCounters::default()
    })
}

#[doc(alias = "MIB_TCPSTATS2")]
fn decode_tcp_64(bytes: &[u8]) -> Option<TcpCounters> {
    let at = dwords(bytes, 17)?;
    Some(TcpCounters {
        in_segs: u64_at(bytes, 40),
        out_segs: u64_at(bytes, 48),
        retrans_segs: at(14),
        in_errs: at(15),
        out_rsts: at(16),
        ..decode_tcp_openings(bytes)?
    })
}

#[doc(alias = "MIB_TCPSTATS")]
fn decode_tcp(bytes: &[u8]) -> Option<TcpCounters> {
    let at = dwords(bytes, 14)?;
    Some(TcpCounters {
        in_segs: at(9),
        out_segs: at(10),
        retrans_segs: at(11),
        in_errs: at(12),
        out_rsts: at(13),
        ..decode_tcp_openings(bytes)?
    })
}

#[doc(alias = "MIB_UDPSTATS2")]
fn decode_udp_64(bytes: &[u8]) -> Option<UdpCounters> {
    let at = dwords(bytes, 6)?;
    Some(UdpCounters {
        in_datagrams: u64_at(bytes, 0),
        no_ports: at(2),
        in_errors: at(3),
        out_datagrams: u64_at(bytes, 16),
        ..UdpCounters::default()
    })
}

#[doc(alias = "MIB_UDPSTATS")]
fn decode_udp(bytes: &[u8]) -> Option<UdpCounters> {
    let at = dwords(bytes, 4)?;
    Some(UdpCounters {
        in_datagrams: at(0),
        no_ports: at(1),
        in_errors: at(2),
        out_datagrams: at(3),
        ..UdpCounters::default()
    })
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
