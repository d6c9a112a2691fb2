//! Rows and records for tests.

use crate::row::Row;
use netstat_model::history::{
    BeginBound, ConnectionRecord, ConnectionRole, EndReason, OwnerSource, ProcessInstance,
};
use netstat_model::{IpEndpoint, Namespace, ProcessKey, Transport};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::time::Duration;

fn endpoint() -> impl Strategy<Value = IpEndpoint> {
    let v4 = prop_oneof![(0u8..3).prop_map(|last| Ipv4Addr::new(10, 0, 0, last)), any::<Ipv4Addr>()];
    let v6 = prop_oneof![
        Just(Ipv6Addr::UNSPECIFIED),
        "fe80::[1-3]".prop_map(|text| text.parse().unwrap()),
        any::<Ipv6Addr>()
    ];
    let address = prop_oneof![v4.prop_map(Into::into), v6.prop_map(Into::into)];
    (address, any::<u16>(), 0u32..4).prop_map(|(address, port, scope)| IpEndpoint::new(address, port, scope))
}

pub(crate) fn reason() -> impl Strategy<Value = EndReason> {
    use EndReason::{
        AbortedByUs, Closed, ClosedByPeer, ClosedByUs, ConnectAbandoned, ConnectTimedOut, Destroyed, Idle,
        NeverAccepted, NoLocalPort, Refused, ResetByPeer, TimedOut, Unreachable, Unseen,
    };
    let named = vec![
        ClosedByUs,
        ClosedByPeer,
        AbortedByUs,
        ResetByPeer,
        Refused,
        ConnectTimedOut,
        ConnectAbandoned,
        NoLocalPort,
        Unreachable,
        TimedOut,
        Destroyed,
        NeverAccepted,
        Closed,
        Idle,
        Unseen,
    ];
    prop_oneof![4 => select(named), 1 => any::<u16>().prop_map(EndReason::Other)]
}

/// Some moment of the first day, or any.
fn moment() -> impl Strategy<Value = Duration> {
    prop_oneof![0..86_400_000_000u64, 0..1u64 << 61].prop_map(Duration::from_micros)
}

/// A record of which anything may be known.
pub(crate) fn record() -> impl Strategy<Value = ConnectionRecord> {
    let number = || option::of(0..u64::MAX);
    let small = || option::of(any::<u32>());
    let role = select(vec![
        ConnectionRole::Active,
        ConnectionRole::Passive,
        ConnectionRole::Listener,
        ConnectionRole::Unknown,
    ]);
    let source = select(vec![OwnerSource::Made, OwnerSource::Closed, OwnerSource::Held]);
    let process = (1..5u32, 1..3u64, 0..2u32, source).prop_map(|(pid, start_time, executions, source)| {
        (ProcessInstance { process: ProcessKey { pid, start_time }, executions }, source)
    });
    let transport = select(vec![Transport::Tcp, Transport::Udp]);
    let ends = (endpoint(), option::of(endpoint()), option::of(any::<bool>()));
    let times = (
        option::of(moment()),
        option::of(moment()),
        option::of((moment(), any::<bool>())),
        option::of((moment(), reason())),
        option::of((moment(), any::<bool>())),
    );
    (
        (any::<u64>(), number(), transport, role),
        ends,
        times,
        (option::of(process), small()),
        (number(), number(), small(), small(), small()),
    )
        .prop_map(|(identity, (local, remote, v6_only), times, (process, uid), numbers)| {
            let (cookie, namespace, transport, role) = identity;
            let (started, established, first_fin, ended, bound) = times;
            let bound = match (started, bound) {
                (Some(_), _) => None,
                (None, Some((at, true))) => Some(BeginBound::NoEarlierThan(at)),
                (None, bound) => {
                    let (fin, end) = (first_fin.map(|(at, _)| at), ended.map(|(at, _)| at));
                    let seen = [bound.map(|(at, _)| at), established, fin, end];
                    seen.into_iter().flatten().min().map(BeginBound::NoLaterThan)
                }
            };
            let (bytes_sent, bytes_received, rtt, min_rtt, retransmits) = numbers;
            ConnectionRecord {
                cookie,
                namespace: namespace.map(|inode| Namespace { inode }),
                transport,
                role,
                local,
                remote,
                v6_only,
                started,
                bound,
                established,
                first_fin,
                ended,
                process,
                uid,
                bytes_sent,
                bytes_received,
                rtt,
                min_rtt,
                retransmits,
            }
        })
}

/// Rows in the order of a block.
pub(crate) fn rows(count: Range<usize>) -> impl Strategy<Value = Vec<Row>> {
    let row = (record(), 1..1u64 << 40).prop_map(|(record, id)| Row::of(&record, Some(id)));
    vec(row, count).prop_map(|mut rows| {
        rows.sort_by_key(Row::end);
        rows
    })
}
