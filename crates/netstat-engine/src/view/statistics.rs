//! Protocol counters (`-s`).
//!
//! A row is identified by its label; an enum would only repeat the same words. One table per kind of section maps
//! labels to counters, in display order.

use super::rates::{Earlier, Percent, Rate, Value};
use netstat_model::Family::{self, V4, V6};
use netstat_model::{CounterBlock, Counters, SocketLevels};
use std::time::Duration;

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

/// Labels and the standard names of what they show: a counter, or `A/B` for the share of one in another.
type Labels = &'static [(&'static str, &'static str)];

const IP: Labels = &[
    ("Packets Received", "InReceives"),
    ("Received Header Errors", "InHdrErrors"),
    ("Received Address Errors", "InAddrErrors"),
    ("Datagrams Forwarded", "ForwDatagrams"),
    ("Unknown Protocols Received", "InUnknownProtos"),
    ("Received Packets Discarded", "InDiscards"),
    ("Received Packets Delivered", "InDelivers"),
    ("Output Requests", "OutRequests"),
    ("Routing Discards", "RoutingDiscards"),
    ("Discarded Output Packets", "OutDiscards"),
    ("Output Packet No Route", "OutNoRoutes"),
    ("Reassembly Required", "ReasmReqds"),
    ("Reassembly Successful", "ReasmOKs"),
    ("Reassembly Failures", "ReasmFails"),
    ("Datagrams Successfully Fragmented", "FragOKs"),
    ("Datagrams Failing Fragmentation", "FragFails"),
    ("Fragments Created", "FragCreates"),
];

/// The names without `In` and `Out`.
const ICMP_V4: Labels = &[
    ("Messages", "Msgs"),
    ("Errors", "Errors"),
    ("Destination Unreachable", "DestUnreachs"),
    ("Time Exceeded", "TimeExcds"),
    ("Parameter Problems", "ParmProbs"),
    ("Source Quenches", "SrcQuenchs"),
    ("Redirects", "Redirects"),
    ("Echo Replies", "EchoReps"),
    ("Echos", "Echos"),
    ("Timestamps", "Timestamps"),
    ("Timestamp Replies", "TimestampReps"),
    ("Address Masks", "AddrMasks"),
    ("Address Mask Replies", "AddrMaskReps"),
    ("Router Solicitations", "Type10"),
    ("Router Advertisements", "Type9"),
];

/// The names without `In` and `Out`.
const ICMP_V6: Labels = &[
    ("Messages", "Msgs"),
    ("Errors", "Errors"),
    ("Destination Unreachable", "DestUnreachs"),
    ("Packet Too Big", "PktTooBigs"),
    ("Time Exceeded", "TimeExcds"),
    ("Parameter Problems", "ParmProblems"),
    ("Echos", "Echos"),
    ("Echo Replies", "EchoReplies"),
    ("MLD Queries", "GroupMembQueries"),
    ("MLD Reports", "GroupMembResponses"),
    ("MLD Dones", "GroupMembReductions"),
    ("Router Solicitations", "RouterSolicits"),
    ("Router Advertisements", "RouterAdvertisements"),
    ("Neighbor Solicitations", "NeighborSolicits"),
    ("Neighbor Advertisements", "NeighborAdvertisements"),
    ("Redirects", "Redirects"),
    ("Router Renumberings", "Type138"),
];

const TCP: Labels = &[
    ("Active Opens", "ActiveOpens"),
    ("Passive Opens", "PassiveOpens"),
    ("Failed Connection Attempts", "AttemptFails"),
    ("Reset Connections", "EstabResets"),
    ("Current Connections", "CurrEstab"),
    ("Segments Received", "InSegs"),
    ("Segments Sent", "OutSegs"),
    ("Segments Retransmitted", "RetransSegs"),
];

/// Counters of one family that Windows has but does not show.
const TCP_EXTRA_EACH: Labels = &[
    ("Retransmission Rate", "RetransSegs/OutSegs"),
    ("Received Segments in Error", "InErrs"),
    ("Resets Sent", "OutRsts"),
];

/// Counters of both families that Windows does not show. No kernel counts received resets: the label is there with
/// `-`, so that nobody takes `Reset Connections` (resets of either side) for it.
const TCP_EXTRA: Labels = &[
    ("Retransmission Rate", "RetransSegs/OutSegs"),
    ("Retransmission Timeouts", "TCPTimeouts"),
    ("SYN Retransmissions", "TCPSynRetrans"),
    ("Lost Retransmissions", "TCPLostRetransmit"),
    ("Out-of-Order Segments", "TCPOFOQueue"),
    ("Received Segments in Error", "InErrs"),
    ("Listen Queue Overflows", "ListenOverflows"),
    ("Listen Drops", "ListenDrops"),
    ("Request Queue Drops", "TCPReqQFullDrop"),
    ("SYN Cookies Sent", "SyncookiesSent"),
    ("SYN Cookies Accepted", "SyncookiesRecv"),
    ("SYN Cookies Rejected", "SyncookiesFailed"),
    ("TIME_WAIT Now", "tcp_tw"),
    ("TIME_WAIT Limit", "tcp_max_tw_buckets"),
    ("TIME_WAIT Expired", "TW"),
    ("TIME_WAIT Recycled", "TWRecycled"),
    ("TIME_WAIT Overflows", "TCPTimeWaitOverflow"),
    ("Orphans Now", "tcp_orphan"),
    ("Orphans Limit", "tcp_max_orphans"),
    ("Memory Pages Now", "tcp_mem"),
    ("Memory Pages Pressure Threshold", "tcp_mem_pressure"),
    ("Memory Pages Limit", "tcp_mem_max"),
    ("Memory Pressure Entered", "TCPMemoryPressures"),
    ("Connections Aborted for Memory", "TCPAbortOnMemory"),
    ("Receive Queue Prunings", "PruneCalled"),
    ("Receive Queue Drops", "TCPRcvQDrop"),
    ("Backlog Drops", "TCPBacklogDrop"),
    ("Resets Sent", "OutRsts"),
    ("Resets Received", ""),
    ("Half-open Connections Reset", "EmbryonicRsts"),
];

const UDP: Labels = &[
    ("Datagrams Received", "InDatagrams"),
    ("No Ports", "NoPorts"),
    ("Receive Errors", "InErrors"),
    ("Datagrams Sent", "OutDatagrams"),
];

/// Counters that Windows does not show. All but those of the send buffer are included in `Receive Errors`.
const UDP_EXTRA: Labels = &[
    ("Receive Buffer Errors", "RcvbufErrors"),
    ("Send Buffer Errors", "SndbufErrors"),
    ("Checksum Errors", "InCsumErrors"),
    ("Memory Errors", "MemErrors"),
];

/// The sections from the top, each with the rows of Windows and those beyond them.
const SECTIONS: [(Kind, Labels, Labels); 9] = [
    (Kind::Ip(V4), IP, &[]),
    (Kind::Ip(V6), IP, &[]),
    (Kind::Icmp(V4), ICMP_V4, &[]),
    (Kind::Icmp(V6), ICMP_V6, &[]),
    (Kind::Tcp(None), TCP, TCP_EXTRA),
    (Kind::Tcp(Some(V4)), TCP, TCP_EXTRA_EACH),
    (Kind::Tcp(Some(V6)), TCP, TCP_EXTRA_EACH),
    (Kind::Udp(V4), UDP, UDP_EXTRA),
    (Kind::Udp(V6), UDP, UDP_EXTRA),
];

/// Returns the blocks in which the names of a section are found; empty if the system does not have it.
fn blocks(all: &Counters, kind: Kind) -> Vec<&dyn CounterBlock> {
    fn dynamic<T: CounterBlock>(block: &Option<T>) -> Option<&dyn CounterBlock> {
        block.as_ref().map(|block| block as _)
    }
    let block = match kind {
        Kind::Ip(V4) => dynamic(&all.ip_v4),
        Kind::Ip(V6) => dynamic(&all.ip_v6),
        Kind::Icmp(V4) => dynamic(&all.icmp_v4),
        Kind::Icmp(V6) => dynamic(&all.icmp_v6),
        Kind::Tcp(None) => dynamic(&all.tcp),
        Kind::Tcp(Some(V4)) => dynamic(&all.tcp_v4),
        Kind::Tcp(Some(V6)) => dynamic(&all.tcp_v6),
        Kind::Udp(V4) => dynamic(&all.udp_v4),
        Kind::Udp(V6) => dynamic(&all.udp_v6),
    };
    let mut blocks = Vec::from_iter(block);
    if kind == Kind::Tcp(None) && !blocks.is_empty() {
        blocks.extend([dynamic(&all.tcp_ext), dynamic(&all.levels)].into_iter().flatten());
    }
    blocks
}

/// Returns the sections that the system has, from the top, or the one selected. If both families of TCP are counted
/// together, either selects that one section.
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
    only: Option<Kind>,
    extra: bool,
) -> Vec<Section> {
    let section = |(kind, labels, beyond): (Kind, Labels, Labels)| {
        let now = blocks(now, kind);
        let shown = if extra || kind != Kind::Tcp(None) { kind } else { Kind::Tcp(Some(V4)) };
        let is_chosen = |only| only == shown || matches!((only, shown), (Kind::Tcp(_), Kind::Tcp(None)));
        if now.is_empty() || !only.is_none_or(is_chosen) {
            return None;
        }
        let earlier = earlier.map(|earlier| (blocks(earlier.data, kind), earlier.elapsed));
        let row = |&(label, name): &(&'static str, &'static str)| match kind {
            Kind::Icmp(_) => Row {
                label,
                value: value(&format!("In{name}"), &now, earlier.as_ref()),
                sent: Some(value(&format!("Out{name}"), &now, earlier.as_ref())),
            },
            _ => Row { label, value: value(name, &now, earlier.as_ref()), sent: None },
        };
        let mut rows: Vec<Row> = labels.iter().map(row).collect();
        let known = |row: &Row| !matches!(row.value, Value::Counter { total: None, .. });
        let beyond: Vec<Row> = beyond.iter().filter(|_| extra).map(row).collect();
        if beyond.iter().any(known) {
            rows.extend(beyond);
        }
        if !extra {
            rows.retain(Row::is_known);
        }
        Some(Section { kind: shown, rows })
    };
    SECTIONS.into_iter().filter_map(section).collect()
}

/// Returns the value of a name in some blocks, and how it changed since an earlier sample.
fn value(
    name: &str,
    now: &[&dyn CounterBlock],
    earlier: Option<&(Vec<&dyn CounterBlock>, Duration)>,
) -> Value {
    let total = |blocks: &[&dyn CounterBlock], name| blocks.iter().find_map(|block| block.get(name));
    let before = |name| earlier.map(|(blocks, elapsed)| (total(blocks, name), *elapsed));
    if let Some((part, whole)) = name.split_once('/') {
        let grown = |name| {
            let (before, elapsed) = before(name)?;
            Rate::between(before, total(now, name), elapsed).map(Rate::grown)
        };
        return Value::Percent {
            total: Percent::of(total(now, part), total(now, whole)),
            recent: Percent::of(grown(part), grown(whole)),
        };
    }
    if name == "CurrEstab" || SocketLevels::NAMES.contains(&name) {
        return Value::Level(total(now, name));
    }
    Value::counter(total(now, name), before(name))
}

#[cfg(test)]
mod tests;
