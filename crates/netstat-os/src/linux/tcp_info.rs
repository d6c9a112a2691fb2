//! Decoders for `struct tcp_info` and the memory of a socket, which are longer the newer the kernel is.

use super::wire::{array_at, u8_at, u32_at};
use netstat_model::{SocketMemory, TcpInfo};
use std::time::Duration;

/// `TCP_SYN_SENT`.
const SYN_SENT: u8 = 2;

/// `TCP_INFINITE_SSTHRESH`.
const NO_THRESHOLD: u32 = 0x7fff_ffff;

/// Decodes `struct tcp_info`. Fields beyond the end of the bytes are unknown.
#[doc(alias = "tcp_info")]
pub(super) fn decode_tcp_info(bytes: &[u8]) -> TcpInfo {
    let number = |at| u32_at(bytes, at);
    let long = |at| array_at::<8>(bytes, at).map(u64::from_ne_bytes);
    let milliseconds = |at| number(at).map(|count| Duration::from_millis(count.into()));
    // 0 means not measured.
    let microseconds =
        |at| number(at).filter(|&count| count != 0).map(|count| Duration::from_micros(count.into()));
    let total = |at| long(at).map(Duration::from_micros);

    let rtt = microseconds(68);
    let data_segs_in = number(152);
    let data_segs_out = number(156);
    let delivery_rate = long(160);
    TcpInfo {
        rtt,
        // Until something is measured this is the initial value of the kernel.
        rttvar: rtt.and_then(|_| number(72)).map(|count| Duration::from_micros(count.into())),
        min_rtt: microseconds(148).filter(|&rtt| rtt != Duration::from_micros(u32::MAX.into())),
        recv_rtt: microseconds(92),
        rto: microseconds(8),
        cwnd: number(80),
        ssthresh: number(76).filter(|&segments| segments < NO_THRESHOLD),
        mss: number(16),
        recv_mss: number(20),
        path_mtu: number(60),
        pacing_rate: long(104).filter(|&rate| rate != u64::MAX),
        delivery_rate: delivery_rate.filter(|&rate| rate != 0),
        app_limited: delivery_rate.and_then(|_| u8_at(bytes, 7)).map(app_limited),
        timeouts: u8_at(bytes, 2),
        retransmits: number(36),
        total_retransmits: number(100),
        unacked: number(24),
        sacked: number(28),
        lost: number(32),
        reordering: number(88),
        // If no data was ever sent, or received, the kernel counts from the handshake.
        last_data_sent: milliseconds(44).filter(|_| data_segs_out != Some(0)),
        last_data_received: milliseconds(52).filter(|_| data_segs_in != Some(0)),
        // Until the peer answers, the kernel counts from the start of the system.
        last_ack_received: milliseconds(56).filter(|_| u8_at(bytes, 0) != Some(SYN_SENT)),
        bytes_sent: long(200),
        bytes_retransmitted: long(208),
        bytes_acked: long(120),
        bytes_received: long(128),
        notsent_bytes: number(144),
        segs_out: number(136),
        segs_in: number(140),
        data_segs_out,
        data_segs_in,
        busy_time: total(168),
        window_limited_time: total(176),
        buffer_limited_time: total(184),
        delivered: number(192),
        delivered_ce: number(196),
        recv_space: number(96),
        out_of_order: number(224),
        send_window: number(228),
        recv_window: number(232),
    }
}

/// Decodes a bit field of one bit, which is the lowest bit of its byte on little-endian machines and the highest on others.
fn app_limited(flags: u8) -> bool {
    flags & if cfg!(target_endian = "big") { 0x80 } else { 1 } != 0
}

/// Decodes how long ago the handshake ended. The kernel reports that as the time since the last data until there is data, so it
/// is known for a connection that has not sent, or not received, any.
pub(super) fn decode_age(bytes: &[u8]) -> Option<Duration> {
    let silent = |segments, last| match u32_at(bytes, segments)? {
        0 => u32_at(bytes, last),
        _ => None,
    };
    let milliseconds = silent(156, 44).or_else(|| silent(152, 52))?;
    Some(Duration::from_millis(milliseconds.into()))
}

/// Decodes `INET_DIAG_SKMEMINFO`. Numbers that an older kernel lacks are unknown.
pub(super) fn decode_memory(bytes: &[u8]) -> SocketMemory {
    let number = |index: usize| u32_at(bytes, index * 4);
    SocketMemory {
        recv_allocated: number(0),
        recv_limit: number(1),
        send_allocated: number(2),
        send_limit: number(3),
        reserved: number(4),
        send_queued: number(5),
        options: number(6),
        backlog: number(7),
        drops: number(8),
    }
}

#[cfg(test)]
mod tests;
