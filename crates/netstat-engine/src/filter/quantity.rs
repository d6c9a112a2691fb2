//! Numbers of a socket, and how they are compared, parsed and written.

use crate::row::{IDLE_FIELDS, LIFESPAN_FIELDS, idle, lasted};
use crate::text::Text;
use netstat_model::query::Fields;
use netstat_model::{SocketRef, TcpFields, TcpState};
use std::fmt;
use std::time::Duration;

/// A number of a socket that a filter can compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// [`SocketRef::recv_queue`], in bytes (for a listener, connections).
    ReceiveQueue,
    /// [`SocketRef::send_queue`], in bytes. A listener has none.
    SendQueue,
    /// [`netstat_model::TcpInfo::rtt`], in microseconds.
    RoundTripTime,
    /// [`netstat_model::TcpInfo::total_retransmits`].
    Retransmissions,
    /// [`SocketRef::age`], in microseconds.
    Age,
    /// [`idle`], in microseconds.
    Idle,
    /// [`lasted`], in microseconds.
    Lasted,
    /// [`netstat_model::TcpInfo::bytes_sent`].
    BytesSent,
    /// [`netstat_model::TcpInfo::bytes_acked`].
    BytesAcknowledged,
    /// [`netstat_model::TcpInfo::bytes_received`].
    BytesReceived,
}

/// A comparison of two numbers. "Not equal" is the negation of `Equal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
}

impl Comparison {
    /// Returns true if the comparison holds between the number and the limit.
    pub fn holds<T: Ord>(self, number: T, limit: T) -> bool {
        match self {
            Self::Greater => number > limit,
            Self::GreaterOrEqual => number >= limit,
            Self::Less => number < limit,
            Self::LessOrEqual => number <= limit,
            Self::Equal => number == limit,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Equal => "=",
        })
    }
}

/// The name of a unit, and its size in the smallest unit.
type Unit = (&'static str, u64);

/// What a quantity is measured in.
struct Measure {
    /// From the smallest on. Of two with the same size, the last is written.
    units: &'static [Unit],
    /// What a number looks like, for errors.
    expected: Text,
}

static SIZE: Measure = Measure {
    // Powers of 1024, as usual for buffers.
    units: &[("B", 1), ("", 1), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)],
    expected: Text::fixed(
        "a number of bytes such as 0, 64K or 1M (K is 1024)",
        "0, 64K, 1M 같은 바이트 수(K는 1024)",
    ),
};

static TIME: Measure = Measure {
    units: &[
        ("us", 1),
        ("ms", 1_000),
        ("s", 1_000_000),
        ("m", 60_000_000),
        ("h", 3_600_000_000),
        ("d", 86_400_000_000),
    ],
    expected: Text::fixed(
        "a time with its unit, such as 100ms, 1.5s or 10m (us, ms, s, m, h, d)",
        "100ms, 1.5s, 10m처럼 단위를 붙인 시간(us, ms, s, m, h, d)",
    ),
};

static COUNT: Measure =
    Measure { units: &[("", 1)], expected: Text::fixed("a whole number such as 0", "0 같은 정수") };

impl Quantity {
    /// Returns what has to be read of sockets and of their TCP connections to know the number.
    pub(super) fn needs(self) -> (Fields, TcpFields) {
        match self {
            Self::ReceiveQueue | Self::SendQueue => (Fields::COMMON, TcpFields::empty()),
            Self::RoundTripTime => (Fields::COMMON, TcpFields::RTT),
            Self::Retransmissions => (Fields::COMMON, TcpFields::TOTAL_RETRANSMITS),
            Self::Age => (Fields::AGE, TcpFields::empty()),
            Self::Idle => (Fields::COMMON | Fields::AGE, IDLE_FIELDS),
            Self::Lasted => (LIFESPAN_FIELDS, TcpFields::empty()),
            Self::BytesSent => (Fields::COMMON, TcpFields::BYTES_SENT),
            Self::BytesAcknowledged => (Fields::COMMON, TcpFields::BYTES_ACKED),
            Self::BytesReceived => (Fields::COMMON, TcpFields::BYTES_RECEIVED),
        }
    }

    /// All quantities.
    pub const ALL: [Self; 10] = [
        Self::ReceiveQueue,
        Self::SendQueue,
        Self::RoundTripTime,
        Self::Retransmissions,
        Self::Age,
        Self::Idle,
        Self::Lasted,
        Self::BytesSent,
        Self::BytesAcknowledged,
        Self::BytesReceived,
    ];

    /// Returns the word in a filter, what the quantity is measured in, and an example of a number.
    const fn row(self) -> (&'static str, &'static Measure, &'static str) {
        match self {
            Self::ReceiveQueue => ("recvq", &SIZE, "64K"),
            Self::SendQueue => ("sendq", &SIZE, "64K"),
            Self::RoundTripTime => ("rtt", &TIME, "100ms"),
            Self::Retransmissions => ("retrans", &COUNT, "0"),
            Self::Age => ("age", &TIME, "10s"),
            Self::Idle => ("idle", &TIME, "1h"),
            Self::Lasted => ("lasted", &TIME, "5s"),
            Self::BytesSent => ("bytes_sent", &SIZE, "1M"),
            Self::BytesAcknowledged => ("bytes_acked", &SIZE, "1M"),
            Self::BytesReceived => ("bytes_received", &SIZE, "1M"),
        }
    }

    /// Returns the word in a filter.
    pub fn word(self) -> &'static str {
        self.row().0
    }

    /// Returns what a number of this kind looks like.
    pub(super) fn expected(self) -> Text {
        self.row().1.expected.clone()
    }

    /// Returns an example of a number.
    pub(super) fn example(self) -> &'static str {
        self.row().2
    }

    /// Returns the number of a socket; `None` if it has none or it is unknown. A listener has neither a send queue nor the
    /// course of a connection, although the kernel fills their fields.
    pub(super) fn of(self, socket: &SocketRef<'_>) -> Option<u64> {
        let listens = matches!(socket.state, Some(TcpState::Listen | TcpState::Bound));
        if listens && !matches!(self, Self::ReceiveQueue | Self::Lasted) {
            return None;
        }
        match self {
            Self::ReceiveQueue => socket.recv_queue().map(u64::from),
            Self::SendQueue => socket.send_queue().map(u64::from),
            Self::RoundTripTime => socket.tcp_number(TcpFields::RTT),
            Self::Retransmissions => socket.tcp_number(TcpFields::TOTAL_RETRANSMITS),
            Self::Age => socket.age().map(micros),
            Self::Idle => idle(socket).map(micros),
            Self::Lasted => lasted(socket).map(micros),
            Self::BytesSent => socket.tcp_number(TcpFields::BYTES_SENT),
            Self::BytesAcknowledged => socket.tcp_number(TcpFields::BYTES_ACKED),
            Self::BytesReceived => socket.tcp_number(TcpFields::BYTES_RECEIVED),
        }
    }

    /// Parses a number with its unit. Fractions of the smallest unit are truncated.
    pub(super) fn parse(self, text: &str) -> Option<u64> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(end)?;
        let units = self.row().1.units;
        let &(_, size) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let fraction_fits = (1..=9).contains(&fraction.len());
        if whole.is_empty() || !fraction_fits || (size == 1 && number.contains('.')) {
            return None;
        }
        let whole: u64 = whole.parse().ok()?;
        let scale = 10u128.pow(u32::try_from(fraction.len()).ok()?);
        let part = u128::from(fraction.parse::<u64>().ok()?) * u128::from(size) / scale;
        whole.checked_mul(size)?.checked_add(u64::try_from(part).ok()?)
    }

    /// Writes a number in the largest unit of which it is a whole multiple.
    pub(super) fn write(self, f: &mut fmt::Formatter<'_>, number: u64) -> fmt::Result {
        let fits = |size: u64| size == 1 || number > 0 && number.is_multiple_of(size);
        let unit = self.row().1.units.iter().rfind(|(_, size)| fits(*size));
        let (name, size) = unit.copied().unwrap_or(("", 1));
        write!(f, "{}{name}", number / size)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Written(Quantity, u64);

    impl fmt::Display for Written {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.write(f, self.1)
        }
    }

    #[test]
    fn numbers_are_read_with_their_units() {
        use Quantity::{Age, Retransmissions, RoundTripTime, SendQueue};
        for (quantity, text, number, written) in [
            (SendQueue, "0", 0, "0"),
            (SendQueue, "1M", 1 << 20, "1M"),
            (SendQueue, "1.5k", 1536, "1536"),
            (SendQueue, "2048", 2048, "2K"),
            (SendQueue, "7B", 7, "7"),
            (RoundTripTime, "100ms", 100_000, "100ms"),
            (RoundTripTime, "1500us", 1500, "1500us"),
            (Age, "1.5s", 1_500_000, "1500ms"),
            (Age, "90s", 90_000_000, "90s"),
            (Age, "48h", 172_800_000_000, "2d"),
            (Age, "0s", 0, "0us"),
            (Retransmissions, "3", 3, "3"),
        ] {
            assert_eq!(quantity.parse(text), Some(number), "{text}");
            assert_eq!(Written(quantity, number).to_string(), written);
        }
        for (quantity, text) in [
            (SendQueue, ""),
            (SendQueue, "K"),
            (SendQueue, "1.5"),
            (SendQueue, "1..5K"),
            (SendQueue, "1T"),
            (SendQueue, "-1"),
            (SendQueue, "99999999999G"),
            (SendQueue, "18446744073709551616"),
            (SendQueue, "1.0000000000K"),
            (RoundTripTime, "100"),
            (RoundTripTime, "1.5us"),
            (Age, ".5s"),
            (Age, "5.s"),
            (Retransmissions, "1K"),
        ] {
            assert_eq!(quantity.parse(text), None, "{text}");
        }
    }

    #[test]
    fn comparisons() {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
        for (comparison, holds) in [
            (Greater, [false, false, true]),
            (GreaterOrEqual, [false, true, true]),
            (Less, [true, false, false]),
            (LessOrEqual, [true, true, false]),
            (Equal, [false, true, false]),
        ] {
            assert_eq!([1, 2, 3].map(|number| comparison.holds(number, 2)), holds, "{comparison}");
        }
    }
}
