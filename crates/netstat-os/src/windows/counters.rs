//! The counters of the protocols, from `GetIpStatisticsEx` and its kin: each family by itself, TCP too.
//!
//! What is 32 bits wide comes round. Segments and datagrams are asked for by `GetTcpStatisticsEx2` and
//! `GetUdpStatisticsEx2`, which have 64 bits for them (Windows 10 1709); where those are not there, by their elders.
//! What Windows keeps as a setting (how long a reassembly may take) is no counter, and is left unknown.

use super::memory::{u32_at, u64_at};
use super::source::{Question, Source};
use netstat_model::error::words_of;
use netstat_model::{Answer, Error, Operation, Warning};
use netstat_model::{Counters, Family, IcmpV4Counters, IcmpV6Counters, IpCounters, TcpCounters, UdpCounters};
use std::io;

/// All counters. Without those of IPv4 there is no answer; what else cannot be read is unknown, with a warning.
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

/// A question, and what its answer says.
type Way<T> = (Question, fn(&[u8]) -> Option<T>);

impl Reader<'_> {
    fn tcp(&mut self, what: &'static str, family: Family) -> Option<TcpCounters> {
        let ways = [
            (Question::TcpStatistics64(family), decode_tcp_64 as fn(&[u8]) -> _),
            (Question::TcpStatistics(family), decode_tcp),
        ];
        self.read(what, family, &ways)
    }

    fn udp(&mut self, what: &'static str, family: Family) -> Option<UdpCounters> {
        let ways = [
            (Question::UdpStatistics64(family), decode_udp_64 as fn(&[u8]) -> _),
            (Question::UdpStatistics(family), decode_udp),
        ];
        self.read(what, family, &ways)
    }

    /// The answer by the first way that works; that a machine without IPv6 has no counters of it is no fault.
    fn read<T>(&mut self, what: &'static str, family: Family, ways: &[Way<T>]) -> Option<T> {
        let mut refused: Option<io::Error> = None;
        for (question, decode) in ways {
            match self.source.ask(question) {
                Ok(answer) => return self.decoded(what, decode(answer.bytes())),
                Err(error) => refused = Some(error),
            }
        }
        let refused = refused.filter(|error| family == Family::V4 || !super::is_absent(error))?;
        self.warnings.push(Warning::SourceUnavailable { what, reason: words_of(&refused) });
        None
    }

    fn decoded<T>(&mut self, what: &'static str, decoded: Option<T>) -> Option<T> {
        if decoded.is_none() {
            let reason = "Windows gave less than it should".to_owned();
            self.warnings.push(Warning::SourceUnavailable { what, reason });
        }
        decoded
    }
}

/// The `DWORD`s of a structure.
fn numbers<const N: usize>(bytes: &[u8]) -> Option<[Option<u64>; N]> {
    let mut numbers = [None; N];
    for (place, number) in numbers.iter_mut().enumerate() {
        *number = Some(u64::from(u32_at(bytes, place * 4)?));
    }
    Some(numbers)
}

#[doc(alias = "MIB_IPSTATS")]
fn decode_ip(bytes: &[u8]) -> Option<IpCounters> {
    let [
        _forwarding,
        _default_ttl,
        in_receives,
        in_hdr_errors,
        in_addr_errors,
        forw_datagrams,
        in_unknown_protos,
        in_discards,
        in_delivers,
        out_requests,
        routing_discards,
        out_discards,
        out_no_routes,
        _reassembly_time,
        reasm_reqds,
        reasm_oks,
        reasm_fails,
        frag_oks,
        frag_fails,
        frag_creates,
    ] = numbers(bytes)?;
    Some(IpCounters {
        in_receives,
        in_hdr_errors,
        in_addr_errors,
        forw_datagrams,
        in_unknown_protos,
        in_discards,
        in_delivers,
        out_requests,
        routing_discards,
        out_discards,
        out_no_routes,
        reasm_reqds,
        reasm_oks,
        reasm_fails,
        frag_oks,
        frag_fails,
        frag_creates,
        ..IpCounters::default()
    })
}

/// What went one way: messages, errors, then one counter for each type of message.
#[derive(Debug, Clone, Copy)]
#[doc(alias = "MIBICMPSTATS_EX")]
struct Icmp<'a>(&'a [u8]);

impl Icmp<'_> {
    const SIZE: usize = 1032;
    const TYPES: usize = 8;

    fn messages(self) -> Option<u64> {
        u32_at(self.0, 0).map(u64::from)
    }

    fn errors(self) -> Option<u64> {
        u32_at(self.0, 4).map(u64::from)
    }

    fn of(self, kind: u8) -> Option<u64> {
        u32_at(self.0, Self::TYPES + usize::from(kind) * 4).map(u64::from)
    }
}

/// What was received, and what was sent.
#[doc(alias = "MIB_ICMP_EX")]
fn directions(bytes: &[u8]) -> Option<(Icmp<'_>, Icmp<'_>)> {
    let (received, sent) = bytes.split_at_checked(Icmp::SIZE)?;
    Some((Icmp(received), Icmp(sent.get(..Icmp::SIZE)?)))
}

fn decode_icmp_v4(bytes: &[u8]) -> Option<IcmpV4Counters> {
    let (received, sent) = directions(bytes)?;
    Some(IcmpV4Counters {
        in_msgs: received.messages(),
        in_errors: received.errors(),
        in_dest_unreachs: received.of(3),
        in_time_excds: received.of(11),
        in_parm_probs: received.of(12),
        in_src_quenchs: received.of(4),
        in_redirects: received.of(5),
        in_echos: received.of(8),
        in_echo_reps: received.of(0),
        in_timestamps: received.of(13),
        in_timestamp_reps: received.of(14),
        in_addr_masks: received.of(17),
        in_addr_mask_reps: received.of(18),
        in_router_solicits: received.of(10),
        in_router_adverts: received.of(9),
        out_msgs: sent.messages(),
        out_errors: sent.errors(),
        out_dest_unreachs: sent.of(3),
        out_time_excds: sent.of(11),
        out_parm_probs: sent.of(12),
        out_src_quenchs: sent.of(4),
        out_redirects: sent.of(5),
        out_echos: sent.of(8),
        out_echo_reps: sent.of(0),
        out_timestamps: sent.of(13),
        out_timestamp_reps: sent.of(14),
        out_addr_masks: sent.of(17),
        out_addr_mask_reps: sent.of(18),
        out_router_solicits: sent.of(10),
        out_router_adverts: sent.of(9),
    })
}

fn decode_icmp_v6(bytes: &[u8]) -> Option<IcmpV6Counters> {
    let (received, sent) = directions(bytes)?;
    Some(IcmpV6Counters {
        in_msgs: received.messages(),
        in_errors: received.errors(),
        in_dest_unreachs: received.of(1),
        in_pkt_too_bigs: received.of(2),
        in_time_excds: received.of(3),
        in_parm_problems: received.of(4),
        in_echos: received.of(128),
        in_echo_replies: received.of(129),
        in_group_memb_queries: received.of(130),
        in_group_memb_responses: received.of(131),
        in_group_memb_reductions: received.of(132),
        in_router_solicits: received.of(133),
        in_router_advertisements: received.of(134),
        in_neighbor_solicits: received.of(135),
        in_neighbor_advertisements: received.of(136),
        in_redirects: received.of(137),
        in_router_renumberings: received.of(138),
        in_mld_v2_reports: received.of(143),
        out_msgs: sent.messages(),
        out_errors: sent.errors(),
        out_dest_unreachs: sent.of(1),
        out_pkt_too_bigs: sent.of(2),
        out_time_excds: sent.of(3),
        out_parm_problems: sent.of(4),
        out_echos: sent.of(128),
        out_echo_replies: sent.of(129),
        out_group_memb_queries: sent.of(130),
        out_group_memb_responses: sent.of(131),
        out_group_memb_reductions: sent.of(132),
        out_router_solicits: sent.of(133),
        out_router_advertisements: sent.of(134),
        out_neighbor_solicits: sent.of(135),
        out_neighbor_advertisements: sent.of(136),
        out_redirects: sent.of(137),
        out_router_renumberings: sent.of(138),
        out_mld_v2_reports: sent.of(143),
    })
}

/// What both structures of TCP begin with.
fn decode_tcp_openings(bytes: &[u8]) -> Option<TcpCounters> {
    let [
        _rto_algorithm,
        _rto_min,
        _rto_max,
        max_conn,
        active_opens,
        passive_opens,
        attempt_fails,
        estab_resets,
        curr_estab,
    ] = numbers(bytes)?;
    Some(TcpCounters {
        // All bits set: as many as may be.
        max_conn: max_conn.filter(|&most| most != u64::from(u32::MAX)),
        active_opens,
        passive_opens,
        attempt_fails,
        estab_resets,
        curr_estab,
        ..TcpCounters::default()
    })
}

#[doc(alias = "MIB_TCPSTATS2")]
fn decode_tcp_64(bytes: &[u8]) -> Option<TcpCounters> {
    let [retrans_segs, in_errs, out_rsts] = numbers(bytes.get(56..)?)?;
    Some(TcpCounters {
        in_segs: Some(u64_at(bytes, 40)?),
        out_segs: Some(u64_at(bytes, 48)?),
        retrans_segs,
        in_errs,
        out_rsts,
        ..decode_tcp_openings(bytes)?
    })
}

#[doc(alias = "MIB_TCPSTATS")]
fn decode_tcp(bytes: &[u8]) -> Option<TcpCounters> {
    let [in_segs, out_segs, retrans_segs, in_errs, out_rsts] = numbers(bytes.get(36..)?)?;
    Some(TcpCounters { in_segs, out_segs, retrans_segs, in_errs, out_rsts, ..decode_tcp_openings(bytes)? })
}

#[doc(alias = "MIB_UDPSTATS2")]
fn decode_udp_64(bytes: &[u8]) -> Option<UdpCounters> {
    let [no_ports, in_errors] = numbers(bytes.get(8..)?)?;
    Some(UdpCounters {
        in_datagrams: Some(u64_at(bytes, 0)?),
        no_ports,
        in_errors,
        out_datagrams: Some(u64_at(bytes, 16)?),
        ..UdpCounters::default()
    })
}

#[doc(alias = "MIB_UDPSTATS")]
fn decode_udp(bytes: &[u8]) -> Option<UdpCounters> {
    let [in_datagrams, no_ports, in_errors, out_datagrams] = numbers(bytes)?;
    Some(UdpCounters { in_datagrams, no_ports, in_errors, out_datagrams, ..UdpCounters::default() })
}

/// Every structure, for the fuzzer.
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
