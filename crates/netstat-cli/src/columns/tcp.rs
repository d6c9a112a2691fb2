//! The course of a TCP connection.

use super::{Column, Kind, Needs, Origin, Value};
use crate::view::Row;
use netstat_model::TcpInfo;
use netstat_model::query::Fields;

const TCP: Needs = Needs::fields(Fields::TCP_INFO);

fn number<N: Into<u64>>(row: &Row<'_>, field: fn(&TcpInfo) -> Option<N>) -> Value<'static> {
    Value::number(row.socket.tcp.as_deref().and_then(field))
}

/// The round-trip time.
pub(super) const RTT: Column = Column {
    name: "rtt",
    key: "rtt_us",
    heading: "RTT (ms)",
    unit: "ms",
    meaning: "Smoothed round-trip time",
    kind: Kind::Microseconds,
    needs: TCP,
    origin: Origin::Row(|row, _| Value::microseconds(row.socket.tcp.as_deref().and_then(|tcp| tcp.rtt))),
};

/// How much it varies.
pub(super) const RTTVAR: Column = Column {
    name: "rttvar",
    key: "rttvar_us",
    heading: "RTT var (ms)",
    unit: "ms",
    meaning: "How much the round-trip time varies",
    kind: Kind::Microseconds,
    needs: TCP,
    origin: Origin::Row(|row, _| Value::microseconds(row.socket.tcp.as_deref().and_then(|tcp| tcp.rttvar))),
};

/// The least of the last minutes.
pub(super) const MIN_RTT: Column = Column {
    name: "min_rtt",
    key: "min_rtt_us",
    heading: "Min RTT (ms)",
    unit: "ms",
    meaning: "Least round-trip time of the last minutes",
    kind: Kind::Microseconds,
    needs: TCP,
    origin: Origin::Row(|row, _| Value::microseconds(row.socket.tcp.as_deref().and_then(|tcp| tcp.min_rtt))),
};

/// The congestion window.
pub(super) const CWND: Column = Column {
    name: "cwnd",
    key: "cwnd",
    heading: "Cwnd",
    unit: "segments",
    meaning: "Congestion window",
    kind: Kind::Number,
    needs: TCP,
    origin: Origin::Row(|row, _| number(row, |tcp| tcp.cwnd)),
};

/// The segment size.
pub(super) const MSS: Column = Column {
    name: "mss",
    key: "mss",
    heading: "MSS",
    unit: "bytes",
    meaning: "Largest segment that is sent",
    kind: Kind::Number,
    needs: TCP,
    origin: Origin::Row(|row, _| number(row, |tcp| tcp.mss)),
};

/// The pacing rate.
pub(super) const PACING: Column = Column {
    name: "pacing",
    key: "pacing",
    heading: "Pacing",
    unit: "bytes/s",
    meaning: "Rate the kernel limits sending to",
    kind: Kind::Number,
    needs: TCP,
    origin: Origin::Row(|row, _| number(row, |tcp| tcp.pacing_rate)),
};

/// The delivery rate.
pub(super) const DELIVERY: Column = Column {
    name: "delivery",
    key: "delivery",
    heading: "Delivery",
    unit: "bytes/s",
    meaning: "Latest measured rate at which data arrived at the peer",
    kind: Kind::Number,
    needs: TCP,
    origin: Origin::Row(|row, _| number(row, |tcp| tcp.delivery_rate)),
};

/// Retransmissions.
pub(super) const RETRANS: Column = Column {
    name: "retrans",
    key: "retrans",
    heading: "Retrans",
    unit: "segments",
    meaning: "Sent again since the connection began",
    kind: Kind::Number,
    needs: TCP,
    origin: Origin::Row(|row, _| number(row, |tcp| tcp.total_retransmits)),
};

/// Bytes sent.
pub(super) const BYTES_SENT: Column = Column {
    name: "bytes_sent",
    key: "bytes_sent",
    heading: "Bytes sent",
    unit: "bytes",
    meaning: "Data sent since the connection began, retransmissions included",
    kind: Kind::Number,
    needs: TCP,
    origin: Origin::Row(|row, _| number(row, |tcp| tcp.bytes_sent)),
};

/// Bytes received.
pub(super) const BYTES_RECEIVED: Column = Column {
    name: "bytes_received",
    key: "bytes_received",
    heading: "Bytes received",
    unit: "bytes",
    meaning: "Data received since the connection began",
    kind: Kind::Number,
    needs: TCP,
    origin: Origin::Row(|row, _| number(row, |tcp| tcp.bytes_received)),
};

/// Segments in both directions.
pub(super) const SEGS: Column = Column {
    name: "segs",
    key: "segs",
    heading: "Segs",
    unit: "segments",
    meaning: "Sent and received together, with data or without",
    kind: Kind::Number,
    needs: TCP,
    origin: Origin::Row(|row, _| {
        number(row, |tcp| Some(u64::from(tcp.segs_out?).saturating_add(u64::from(tcp.segs_in?))))
    }),
};

/// Segments sent.
pub(super) const SEGS_OUT: Column = Column {
    name: "segs_out",
    key: "segs_out",
    heading: "Segs out",
    unit: "segments",
    meaning: "Sent, with data or without",
    kind: Kind::Number,
    needs: TCP,
    origin: Origin::Row(|row, _| number(row, |tcp| tcp.segs_out)),
};

/// Segments received.
pub(super) const SEGS_IN: Column = Column {
    name: "segs_in",
    key: "segs_in",
    heading: "Segs in",
    unit: "segments",
    meaning: "Received, with data or without",
    kind: Kind::Number,
    needs: TCP,
    origin: Origin::Row(|row, _| number(row, |tcp| tcp.segs_in)),
};
