//! Names of the fields of [`TcpInfo`], to say which of them a table of sockets keeps.

use crate::TcpInfo;
use bitflags::bitflags;
use std::time::Duration;

/// Gives each field of [`TcpInfo`] a flag and a way to and from a number: durations in microseconds.
macro_rules! tcp_fields {
    ($($flag:ident = $bit:literal, $field:ident: $kind:ident;)*) => {
        bitflags! {
            /// Fields of [`TcpInfo`].
            ///
            /// ```
            /// use netstat_model::TcpFields;
            ///
            /// let wanted = TcpFields::RTT | TcpFields::BYTES_SENT;
            /// assert_eq!(wanted.count(), 2);
            /// ```
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
            pub struct TcpFields: u64 {
                $(
                    #[doc = concat!("[`TcpInfo::", stringify!($field), "`].")]
                    const $flag = 1 << $bit;
                )*
            }
        }

        impl TcpInfo {
            /// Returns the value of one field as a number; `None` where it is unknown.
            pub(crate) fn number(&self, field: TcpFields) -> Option<u64> {
                // By the number of the bit, which compiles to a jump table.
                match field.bits().trailing_zeros() {
                    $($bit => self.$field.map(number::$kind),)*
                    _ => None,
                }
            }

            /// Sets one field from the number that [`TcpInfo::number`] returned.
            pub(crate) fn set_number(&mut self, field: TcpFields, number: Option<u64>) {
                match field.bits().trailing_zeros() {
                    $($bit => self.$field = number.and_then(value::$kind),)*
                    _ => {}
                }
            }
        }
    };
}

tcp_fields! {
    RTT = 0, rtt: duration;
    RTTVAR = 1, rttvar: duration;
    MIN_RTT = 2, min_rtt: duration;
    RECV_RTT = 3, recv_rtt: duration;
    RTO = 4, rto: duration;
    CWND = 5, cwnd: int;
    SSTHRESH = 6, ssthresh: int;
    MSS = 7, mss: int;
    RECV_MSS = 8, recv_mss: int;
    PATH_MTU = 9, path_mtu: int;
    PACING_RATE = 10, pacing_rate: long;
    DELIVERY_RATE = 11, delivery_rate: long;
    APP_LIMITED = 12, app_limited: flag;
    TIMEOUTS = 13, timeouts: byte;
    RETRANSMITS = 14, retransmits: int;
    TOTAL_RETRANSMITS = 15, total_retransmits: int;
    UNACKED = 16, unacked: int;
    SACKED = 17, sacked: int;
    LOST = 18, lost: int;
    REORDERING = 19, reordering: int;
    LAST_DATA_SENT = 20, last_data_sent: duration;
    LAST_DATA_RECEIVED = 21, last_data_received: duration;
    LAST_ACK_RECEIVED = 22, last_ack_received: duration;
    BYTES_SENT = 23, bytes_sent: long;
    BYTES_RETRANSMITTED = 24, bytes_retransmitted: long;
    BYTES_ACKED = 25, bytes_acked: long;
    BYTES_RECEIVED = 26, bytes_received: long;
    NOTSENT_BYTES = 27, notsent_bytes: int;
    SEGS_OUT = 28, segs_out: int;
    SEGS_IN = 29, segs_in: int;
    DATA_SEGS_OUT = 30, data_segs_out: int;
    DATA_SEGS_IN = 31, data_segs_in: int;
    BUSY_TIME = 32, busy_time: duration;
    WINDOW_LIMITED_TIME = 33, window_limited_time: duration;
    BUFFER_LIMITED_TIME = 34, buffer_limited_time: duration;
    DELIVERED = 35, delivered: int;
    DELIVERED_CE = 36, delivered_ce: int;
    RECV_SPACE = 37, recv_space: int;
    OUT_OF_ORDER = 38, out_of_order: int;
    SEND_WINDOW = 39, send_window: int;
    RECV_WINDOW = 40, recv_window: int;
}

impl TcpInfo {
    /// Sets the fields of a set from numbers, durations in microseconds. What `number` returns `None` for is unknown; other
    /// fields stay as they are.
    pub fn set_numbers(&mut self, fields: TcpFields, mut number: impl FnMut(TcpFields) -> Option<u64>) {
        for field in fields.each() {
            self.set_number(field, number(field));
        }
    }
}

impl TcpFields {
    /// Returns how many fields there are in the set.
    pub fn count(self) -> usize {
        self.bits().count_ones() as usize
    }

    /// Returns how many fields of a set come before this one in the order of [`TcpFields::each`].
    pub(crate) fn place_in(self, set: Self) -> usize {
        set.intersection(Self::from_bits_retain(self.bits().wrapping_sub(1))).count()
    }

    /// Returns the fields one by one, in the order of their bits.
    pub(crate) fn each(self) -> impl Iterator<Item = Self> {
        let mut left = self.bits();
        std::iter::from_fn(move || {
            let lowest = left & left.wrapping_neg();
            left ^= lowest;
            (lowest != 0).then(|| Self::from_bits_retain(lowest))
        })
    }
}

/// Values to numbers.
mod number {
    use std::time::Duration;

    pub(super) fn duration(time: Duration) -> u64 {
        u64::try_from(time.as_micros()).unwrap_or(u64::MAX - 1)
    }

    pub(super) fn int(number: u32) -> u64 {
        number.into()
    }

    pub(super) fn long(number: u64) -> u64 {
        // The largest number stands for an unknown one.
        number.min(u64::MAX - 1)
    }

    pub(super) fn byte(number: u8) -> u64 {
        number.into()
    }

    pub(super) fn flag(flag: bool) -> u64 {
        flag.into()
    }
}

/// Numbers back to values.
mod value {
    use super::Duration;

    #[expect(clippy::unnecessary_wraps, reason = "every kind of field has the same signature")]
    pub(super) fn duration(micros: u64) -> Option<Duration> {
        Some(Duration::from_micros(micros))
    }

    pub(super) fn int(number: u64) -> Option<u32> {
        u32::try_from(number).ok()
    }

    #[expect(clippy::unnecessary_wraps, reason = "every kind of field has the same signature")]
    pub(super) fn long(number: u64) -> Option<u64> {
        Some(number)
    }

    pub(super) fn byte(number: u64) -> Option<u8> {
        u8::try_from(number).ok()
    }

    #[expect(clippy::unnecessary_wraps, reason = "every kind of field has the same signature")]
    pub(super) fn flag(number: u64) -> Option<bool> {
        Some(number != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_survives_as_a_number() {
        let mut info = TcpInfo::default();
        for (at, field) in TcpFields::all().each().enumerate() {
            info.set_number(field, u64::try_from(at % 2 + 1).ok());
        }
        let mut again = TcpInfo::default();
        for field in TcpFields::all().each() {
            again.set_number(field, info.number(field));
        }
        assert_eq!(again, info);
        assert_eq!(TcpFields::all().each().count(), TcpFields::all().count());
    }
}
