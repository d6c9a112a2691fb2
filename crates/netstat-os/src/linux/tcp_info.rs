//! Decoders for `struct tcp_info` and the memory of a socket, which are longer the newer the kernel is.

use super::wire::{array_at, u8_at, u32_at};
use netstat_model::{SocketMemory, TcpFields, TcpInfo};
use std::time::Duration;

/// `TCP_SYN_SENT`.
const SYN_SENT: u8 = 2;

/// `TCP_INFINITE_SSTHRESH`.
const NO_THRESHOLD: u64 = 0x7fff_ffff;

/// Decodes the wanted fields of `struct tcp_info` and leaves the others as they are. Those beyond the end of the bytes are
/// unknown.
#[doc(alias = "tcp_info")]
pub(super) fn decode_tcp_info(bytes: &[u8], wanted: TcpFields, info: &mut TcpInfo) {
    info.set_numbers(wanted, |field| decode_field(bytes, field));
}

/// Decodes one field; a duration is in microseconds.
fn decode_field(bytes: &[u8], field: TcpFields) -> Option<u64> {
    let byte = |at| u8_at(bytes, at).map(u64::from);
    let number = |at| u32_at(bytes, at).map(u64::from);
    let long = |at| array_at::<8>(bytes, at).map(u64::from_ne_bytes);
    let milliseconds = |at| number(at).map(|count| count * 1000);
    // 0 means not measured.
    let measured = |at| number(at).filter(|&count| count != 0);
    let (data_segs_in, data_segs_out, delivery_rate) = (152, 156, 160);
    match field {
        TcpFields::RTT => measured(68),
        // Until something is measured this is the initial value of the kernel.
        TcpFields::RTTVAR => measured(68).and_then(|_| number(72)),
        TcpFields::MIN_RTT => measured(148).filter(|&rtt| rtt != u64::from(u32::MAX)),
        TcpFields::RECV_RTT => measured(92),
        TcpFields::RTO => measured(8),
        TcpFields::CWND => number(80),
        TcpFields::SSTHRESH => number(76).filter(|&segments| segments < NO_THRESHOLD),
        TcpFields::MSS => number(16),
        TcpFields::RECV_MSS => number(20),
        TcpFields::PATH_MTU => number(60),
        TcpFields::PACING_RATE => long(104).filter(|&rate| rate != u64::MAX),
        TcpFields::DELIVERY_RATE => long(delivery_rate).filter(|&rate| rate != 0),
        TcpFields::APP_LIMITED => {
            long(delivery_rate).and_then(|_| u8_at(bytes, 7)).map(|flags| app_limited(flags).into())
        }
        TcpFields::TIMEOUTS => byte(2),
        TcpFields::RETRANSMITS => number(36),
        TcpFields::TOTAL_RETRANSMITS => number(100),
        TcpFields::UNACKED => number(24),
        TcpFields::SACKED => number(28),
        TcpFields::LOST => number(32),
        TcpFields::REORDERING => number(88),
        // If no data was ever sent, or received, the kernel counts from the handshake.
        TcpFields::LAST_DATA_SENT => milliseconds(44).filter(|_| number(data_segs_out) != Some(0)),
        TcpFields::LAST_DATA_RECEIVED => milliseconds(52).filter(|_| number(data_segs_in) != Some(0)),
        // Until the peer answers, the kernel counts from the start of the system.
        TcpFields::LAST_ACK_RECEIVED => milliseconds(56).filter(|_| u8_at(bytes, 0) != Some(SYN_SENT)),
        TcpFields::BYTES_SENT => long(200),
        TcpFields::BYTES_RETRANSMITTED => long(208),
        TcpFields::BYTES_ACKED => long(120),
        TcpFields::BYTES_RECEIVED => long(128),
        TcpFields::NOTSENT_BYTES => number(144),
        TcpFields::SEGS_OUT => number(136),
        TcpFields::SEGS_IN => number(140),
        TcpFields::DATA_SEGS_OUT => number(data_segs_out),
        TcpFields::DATA_SEGS_IN => number(data_segs_in),
        TcpFields::BUSY_TIME => long(168),
        TcpFields::WINDOW_LIMITED_TIME => long(176),
        TcpFields::BUFFER_LIMITED_TIME => long(184),
        TcpFields::DELIVERED => number(192),
        TcpFields::DELIVERED_CE => number(196),
        TcpFields::RECV_SPACE => number(96),
        TcpFields::OUT_OF_ORDER => number(224),
        TcpFields::SEND_WINDOW => number(228),
        TcpFields::RECV_WINDOW => number(232),
        _ => None,
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
