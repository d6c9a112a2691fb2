//! Protocol counters (`-s`).
//!
//! A row is identified by its label; an enum would only repeat the same words. One table per kind of section maps
//! labels to counters, in display order.

use super::rates::{Earlier, Percent, Rate, Value};
use netstat_model::{Counters, Family, IcmpV4Counters, IcmpV6Counters, IpCounters, TcpCounters, UdpCounters};

/// The subject of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// IP of one family.
    Ip(Family),
    /// ICMP of one family.
    Icmp(Family),
    /// TCP of one family; `None` for both together, as Linux counts it.
    Tcp(Option<Family>),
    /// UDP of one family.
    Udp(Family),
}

/// The section that `-p` selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// `ip`, `ipv6`.
    Ip(Family),
    /// `icmp`, `icmpv6`.
    Icmp(Family),
    /// `tcp`, `tcpv6`. If both families are counted together, either selects that one section.
    Tcp(Family),
    /// `udp`, `udpv6`.
    Udp(Family),
}

impl Selection {
    fn takes(self, kind: Kind) -> bool {
        match (self, kind) {
            (Self::Ip(wanted), Kind::Ip(family))
            | (Self::Icmp(wanted), Kind::Icmp(family))
            | (Self::Tcp(wanted), Kind::Tcp(Some(family)))
            | (Self::Udp(wanted), Kind::Udp(family)) => wanted == family,
            (Self::Tcp(_), Kind::Tcp(None)) => true,
            _ => false,
        }
    }
}

/// A section and its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its subject.
    pub kind: Kind,
    /// Its rows, from the top.
    pub rows: Vec<Row>,
}

/// A label and its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The label.
    pub label: &'static str,
    /// Its value; for ICMP, the received one.
    pub value: Value,
    /// For ICMP, the sent value.
    pub sent: Option<Value>,
}

impl Row {
    fn is_known(&self) -> bool {
        let known = |value| {
            !matches!(
                value,
                Value::Counter { total: None, .. } | Value::Level(None) | Value::Percent { total: None, .. }
            )
        };
        known(self.value) && self.sent.is_none_or(known)
    }
}

/// Where to find a value in `T`.
enum Reading<T> {
    Counter(fn(&T) -> Option<u64>),
    Level(fn(&T) -> Option<u64>),
    Percent { part: fn(&T) -> Option<u64>, whole: fn(&T) -> Option<u64> },
}

type Table<T> = [(&'static str, Reading<T>)];

/// A label, and where to find its received and sent values.
type ReceivedSent<T> = (&'static str, fn(&T) -> Option<u64>, fn(&T) -> Option<u64>);

use Reading::{Counter, Level};

const IP: &Table<IpCounters> = &[
    ("Packets Received", Counter(|ip| ip.in_receives)),
    ("Received Header Errors", Counter(|ip| ip.in_hdr_errors)),
    ("Received Address Errors", Counter(|ip| ip.in_addr_errors)),
    ("Datagrams Forwarded", Counter(|ip| ip.forw_datagrams)),
    ("Unknown Protocols Received", Counter(|ip| ip.in_unknown_protos)),
    ("Received Packets Discarded", Counter(|ip| ip.in_discards)),
    ("Received Packets Delivered", Counter(|ip| ip.in_delivers)),
    ("Output Requests", Counter(|ip| ip.out_requests)),
    ("Routing Discards", Counter(|ip| ip.routing_discards)),
    ("Discarded Output Packets", Counter(|ip| ip.out_discards)),
    ("Output Packet No Route", Counter(|ip| ip.out_no_routes)),
    ("Reassembly Required", Counter(|ip| ip.reasm_reqds)),
    ("Reassembly Successful", Counter(|ip| ip.reasm_oks)),
    ("Reassembly Failures", Counter(|ip| ip.reasm_fails)),
    ("Datagrams Successfully Fragmented", Counter(|ip| ip.frag_oks)),
    ("Datagrams Failing Fragmentation", Counter(|ip| ip.frag_fails)),
    ("Fragments Created", Counter(|ip| ip.frag_creates)),
];

const ICMP_V4: &[ReceivedSent<IcmpV4Counters>] = &[
    ("Messages", |icmp| icmp.in_msgs, |icmp| icmp.out_msgs),
    ("Errors", |icmp| icmp.in_errors, |icmp| icmp.out_errors),
    ("Destination Unreachable", |icmp| icmp.in_dest_unreachs, |icmp| icmp.out_dest_unreachs),
    ("Time Exceeded", |icmp| icmp.in_time_excds, |icmp| icmp.out_time_excds),
    ("Parameter Problems", |icmp| icmp.in_parm_probs, |icmp| icmp.out_parm_probs),
    ("Source Quenches", |icmp| icmp.in_src_quenchs, |icmp| icmp.out_src_quenchs),
    ("Redirects", |icmp| icmp.in_redirects, |icmp| icmp.out_redirects),
    ("Echo Replies", |icmp| icmp.in_echo_reps, |icmp| icmp.out_echo_reps),
    ("Echos", |icmp| icmp.in_echos, |icmp| icmp.out_echos),
    ("Timestamps", |icmp| icmp.in_timestamps, |icmp| icmp.out_timestamps),
    ("Timestamp Replies", |icmp| icmp.in_timestamp_reps, |icmp| icmp.out_timestamp_reps),
    ("Address Masks", |icmp| icmp.in_addr_masks, |icmp| icmp.out_addr_masks),
    ("Address Mask Replies", |icmp| icmp.in_addr_mask_reps, |icmp| icmp.out_addr_mask_reps),
    ("Router Solicitations", |icmp| icmp.in_router_solicits, |icmp| icmp.out_router_solicits),
    ("Router Advertisements", |icmp| icmp.in_router_adverts, |icmp| icmp.out_router_adverts),
];

const ICMP_V6: &[ReceivedSent<IcmpV6Counters>] = &[
    ("Messages", |icmp| icmp.in_msgs, |icmp| icmp.out_msgs),
    ("Errors", |icmp| icmp.in_errors, |icmp| icmp.out_errors),
    ("Destination Unreachable", |icmp| icmp.in_dest_unreachs, |icmp| icmp.out_dest_unreachs),
    ("Packet Too Big", |icmp| icmp.in_pkt_too_bigs, |icmp| icmp.out_pkt_too_bigs),
    ("Time Exceeded", |icmp| icmp.in_time_excds, |icmp| icmp.out_time_excds),
    ("Parameter Problems", |icmp| icmp.in_parm_problems, |icmp| icmp.out_parm_problems),
    ("Echos", |icmp| icmp.in_echos, |icmp| icmp.out_echos),
    ("Echo Replies", |icmp| icmp.in_echo_replies, |icmp| icmp.out_echo_replies),
    ("MLD Queries", |icmp| icmp.in_group_memb_queries, |icmp| icmp.out_group_memb_queries),
    ("MLD Reports", |icmp| icmp.in_group_memb_responses, |icmp| icmp.out_group_memb_responses),
    ("MLD Dones", |icmp| icmp.in_group_memb_reductions, |icmp| icmp.out_group_memb_reductions),
    ("Router Solicitations", |icmp| icmp.in_router_solicits, |icmp| icmp.out_router_solicits),
    ("Router Advertisements", |icmp| icmp.in_router_advertisements, |icmp| icmp.out_router_advertisements),
    ("Neighbor Solicitations", |icmp| icmp.in_neighbor_solicits, |icmp| icmp.out_neighbor_solicits),
    (
        "Neighbor Advertisements",
        |icmp| icmp.in_neighbor_advertisements,
        |icmp| icmp.out_neighbor_advertisements,
    ),
    ("Redirects", |icmp| icmp.in_redirects, |icmp| icmp.out_redirects),
    ("Router Renumberings", |icmp| icmp.in_router_renumberings, |icmp| icmp.out_router_renumberings),
];

const TCP: &Table<TcpCounters> = &[
    ("Active Opens", Counter(|tcp| tcp.active_opens)),
    ("Passive Opens", Counter(|tcp| tcp.passive_opens)),
    ("Failed Connection Attempts", Counter(|tcp| tcp.attempt_fails)),
    ("Reset Connections", Counter(|tcp| tcp.estab_resets)),
    ("Current Connections", Level(|tcp| tcp.curr_estab)),
    ("Segments Received", Counter(|tcp| tcp.in_segs)),
    ("Segments Sent", Counter(|tcp| tcp.out_segs)),
    ("Segments Retransmitted", Counter(|tcp| tcp.retrans_segs)),
];

/// Counters of one family that Windows has but does not show.
const TCP_EXTRA_EACH: &Table<TcpCounters> = &[
    ("Retransmission Rate", Reading::Percent { part: |tcp| tcp.retrans_segs, whole: |tcp| tcp.out_segs }),
    ("Received Segments in Error", Counter(|tcp| tcp.in_errs)),
    ("Resets Sent", Counter(|tcp| tcp.out_rsts)),
];

/// Counters of both families that Windows does not show. No kernel counts received resets: the label is there with
/// `-`, so that nobody takes `Reset Connections` (resets of either side) for it.
const TCP_EXTRA: &Table<Counters> = &[
    (
        "Retransmission Rate",
        Reading::Percent {
            part: |all| all.tcp.as_ref()?.retrans_segs,
            whole: |all| all.tcp.as_ref()?.out_segs,
        },
    ),
    ("Retransmission Timeouts", Counter(|all| all.tcp_ext.as_ref()?.timeouts)),
    ("SYN Retransmissions", Counter(|all| all.tcp_ext.as_ref()?.syn_retrans)),
    ("Lost Retransmissions", Counter(|all| all.tcp_ext.as_ref()?.lost_retransmit)),
    ("Out-of-Order Segments", Counter(|all| all.tcp_ext.as_ref()?.ofo_queue)),
    ("Received Segments in Error", Counter(|all| all.tcp.as_ref()?.in_errs)),
    ("Listen Queue Overflows", Counter(|all| all.tcp_ext.as_ref()?.listen_overflows)),
    ("Listen Drops", Counter(|all| all.tcp_ext.as_ref()?.listen_drops)),
    ("Request Queue Drops", Counter(|all| all.tcp_ext.as_ref()?.req_q_full_drop)),
    ("SYN Cookies Sent", Counter(|all| all.tcp_ext.as_ref()?.syncookies_sent)),
    ("SYN Cookies Accepted", Counter(|all| all.tcp_ext.as_ref()?.syncookies_recv)),
    ("SYN Cookies Rejected", Counter(|all| all.tcp_ext.as_ref()?.syncookies_failed)),
    ("TIME_WAIT Now", Level(|all| all.levels.as_ref()?.tcp_tw)),
    ("TIME_WAIT Limit", Level(|all| all.levels.as_ref()?.tcp_max_tw_buckets)),
    ("TIME_WAIT Expired", Counter(|all| all.tcp_ext.as_ref()?.time_waited)),
    ("TIME_WAIT Recycled", Counter(|all| all.tcp_ext.as_ref()?.tw_recycled)),
    ("TIME_WAIT Overflows", Counter(|all| all.tcp_ext.as_ref()?.time_wait_overflow)),
    ("Orphans Now", Level(|all| all.levels.as_ref()?.tcp_orphan)),
    ("Orphans Limit", Level(|all| all.levels.as_ref()?.tcp_max_orphans)),
    ("Memory Pages Now", Level(|all| all.levels.as_ref()?.tcp_mem)),
    ("Memory Pages Pressure Threshold", Level(|all| all.levels.as_ref()?.tcp_mem_pressure)),
    ("Memory Pages Limit", Level(|all| all.levels.as_ref()?.tcp_mem_max)),
    ("Memory Pressure Entered", Counter(|all| all.tcp_ext.as_ref()?.memory_pressures)),
    ("Connections Aborted for Memory", Counter(|all| all.tcp_ext.as_ref()?.abort_on_memory)),
    ("Receive Queue Prunings", Counter(|all| all.tcp_ext.as_ref()?.prune_called)),
    ("Receive Queue Drops", Counter(|all| all.tcp_ext.as_ref()?.rcv_q_drop)),
    ("Backlog Drops", Counter(|all| all.tcp_ext.as_ref()?.backlog_drop)),
    ("Resets Sent", Counter(|all| all.tcp.as_ref()?.out_rsts)),
    ("Resets Received", Counter(|_| None)),
    ("Half-open Connections Reset", Counter(|all| all.tcp_ext.as_ref()?.embryonic_rsts)),
];

const UDP: &Table<UdpCounters> = &[
    ("Datagrams Received", Counter(|udp| udp.in_datagrams)),
    ("No Ports", Counter(|udp| udp.no_ports)),
    ("Receive Errors", Counter(|udp| udp.in_errors)),
    ("Datagrams Sent", Counter(|udp| udp.out_datagrams)),
];

/// Counters that Windows does not show. All but those of the send buffer are included in `Receive Errors`.
const UDP_EXTRA: &Table<UdpCounters> = &[
    ("Receive Buffer Errors", Counter(|udp| udp.rcvbuf_errors)),
    ("Send Buffer Errors", Counter(|udp| udp.sndbuf_errors)),
    ("Checksum Errors", Counter(|udp| udp.in_csum_errors)),
    ("Memory Errors", Counter(|udp| udp.mem_errors)),
];

/// Returns the sections that the system has, from the top, or the one selected.
///
/// With an earlier sample, counters have rates. `extra` adds what Windows does not show: for TCP (more if both
/// families are counted together, as on Linux), and for UDP if the system has any of it. Without it there is nothing that
/// a program made for the output of Windows cannot read: rows without a number are left out, and what is counted for both
/// families together has the heading for IPv4.
///
/// Empty if the system lacks the selected protocol (IPv6 disabled); the caller should say so.
pub fn sections(
    now: &Counters,
    earlier: Option<Earlier<'_, Counters>>,
    only: Option<Selection>,
    extra: bool,
) -> Vec<Section> {
    use Family::{V4, V6};
    let mut sections = Vec::with_capacity(8);
    let mut add = |kind: Kind, rows: Option<Vec<Row>>| {
        if let Some(rows) = rows
            && only.is_none_or(|only| only.takes(kind))
        {
            sections.push(Section { kind, rows });
        }
    };
    add(Kind::Ip(V4), block(IP, now, earlier, |all| all.ip_v4.as_ref()));
    add(Kind::Ip(V6), block(IP, now, earlier, |all| all.ip_v6.as_ref()));
    add(Kind::Icmp(V4), received_sent(ICMP_V4, now, earlier, |all| all.icmp_v4.as_ref()));
    add(Kind::Icmp(V6), received_sent(ICMP_V6, now, earlier, |all| all.icmp_v6.as_ref()));
    let mut tcp = block(TCP, now, earlier, |all| all.tcp.as_ref());
    if let Some(rows) = tcp.as_mut().filter(|_| extra) {
        rows.extend(table(TCP_EXTRA, now, earlier));
    }
    add(Kind::Tcp(if extra { None } else { Some(V4) }), tcp);
    for (family, tcp) in [
        (V4, (|all| all.tcp_v4.as_ref()) as fn(&Counters) -> Option<&TcpCounters>),
        (V6, |all| all.tcp_v6.as_ref()),
    ] {
        let mut rows = block(TCP, now, earlier, tcp);
        if let Some(rows) = rows.as_mut().filter(|_| extra) {
            rows.extend(block(TCP_EXTRA_EACH, now, earlier, tcp).unwrap_or_default());
        }
        add(Kind::Tcp(Some(family)), rows);
    }
    for (family, udp) in [
        (V4, (|all| all.udp_v4.as_ref()) as fn(&Counters) -> Option<&UdpCounters>),
        (V6, |all| all.udp_v6.as_ref()),
    ] {
        let mut rows = block(UDP, now, earlier, udp);
        if let Some(rows) = rows.as_mut().filter(|_| extra) {
            let more = block(UDP_EXTRA, now, earlier, udp).unwrap_or_default();
            if more.iter().any(|row| !matches!(row.value, Value::Counter { total: None, .. })) {
                rows.extend(more);
            }
        }
        add(Kind::Udp(family), rows);
    }
    if !extra {
        sections.iter_mut().for_each(|section| section.rows.retain(Row::is_known));
    }
    sections
}

/// Returns the rows of a block; `None` if the system does not have it.
fn block<T>(
    rows: &'static Table<T>,
    now: &Counters,
    earlier: Option<Earlier<'_, Counters>>,
    part: fn(&Counters) -> Option<&T>,
) -> Option<Vec<Row>> {
    let earlier = earlier.and_then(|earlier| earlier.part(part));
    Some(table(rows, part(now)?, earlier).collect())
}

fn table<'a, T>(
    rows: &'static Table<T>,
    now: &'a T,
    earlier: Option<Earlier<'a, T>>,
) -> impl Iterator<Item = Row> + use<'a, T> {
    rows.iter().map(move |(label, reading)| {
        let value = match reading {
            Counter(read) => counter(*read, now, earlier),
            Level(read) => Value::Level(read(now)),
            Reading::Percent { part, whole } => {
                let grown = |read: fn(&T) -> Option<u64>| {
                    let earlier = earlier?;
                    Rate::between(read(earlier.data), read(now), earlier.elapsed).map(Rate::grown)
                };
                Value::Percent {
                    total: Percent::of(part(now), whole(now)),
                    recent: Percent::of(grown(*part), grown(*whole)),
                }
            }
        };
        Row { label, value, sent: None }
    })
}

fn received_sent<T>(
    rows: &'static [ReceivedSent<T>],
    now: &Counters,
    earlier: Option<Earlier<'_, Counters>>,
    part: fn(&Counters) -> Option<&T>,
) -> Option<Vec<Row>> {
    let earlier = earlier.and_then(|earlier| earlier.part(part));
    let now = part(now)?;
    let row = |&(label, received, sent): &ReceivedSent<T>| Row {
        label,
        value: counter(received, now, earlier),
        sent: Some(counter(sent, now, earlier)),
    };
    Some(rows.iter().map(row).collect())
}

fn counter<T>(read: fn(&T) -> Option<u64>, now: &T, earlier: Option<Earlier<'_, T>>) -> Value {
    Value::counter(read(now), earlier.map(|earlier| (read(earlier.data), earlier.elapsed)))
}

#[cfg(test)]
mod tests;
