//! Numbers of a socket, and how they are compared and written.

use netstat_model::query::Fields;
use netstat_model::{SocketRef, TcpFields};
use std::fmt;
use std::time::Duration;

/// A number of a socket that a filter can compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// [`SocketRef::recv_queue`], in bytes (for a listener, connections).
    ReceiveQueue,
    /// [`SocketRef::send_queue`], in bytes (for a listener, connections).
    SendQueue,
    /// [`netstat_model::TcpInfo::rtt`], in microseconds.
    RoundTripTime,
    /// [`netstat_model::TcpInfo::total_retransmits`].
    Retransmissions,
    /// [`SocketRef::age`], in microseconds.
    Age,
}

/// How two numbers compare. "Not equal" is the negation of `Equal`.
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
    /// Whether the number compares so with the limit.
    pub fn holds(self, number: u64, limit: u64) -> bool {
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

/// The unit a number is written in, and how many of the smallest it is. From the smallest on; the first of two with
/// the same size is the one that is printed.
type Unit = (&'static str, u64);

/// Sizes are powers of 1024, as everywhere with buffers.
const BYTES: [Unit; 5] = [("", 1), ("B", 1), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)];

const TIMES: [Unit; 6] = [
    ("us", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];

const COUNT: [Unit; 1] = [("", 1)];

impl Quantity {
    /// Returns what has to be read of sockets and of their TCP connections to know the number.
    pub(super) fn needs(self) -> (Fields, TcpFields) {
        match self {
            Self::ReceiveQueue | Self::SendQueue => (Fields::COMMON, TcpFields::empty()),
            Self::RoundTripTime => (Fields::COMMON, TcpFields::RTT),
            Self::Retransmissions => (Fields::COMMON, TcpFields::TOTAL_RETRANSMITS),
            Self::Age => (Fields::AGE, TcpFields::empty()),
        }
    }

    /// Every quantity.
    pub const ALL: [Self; 5] =
        [Self::ReceiveQueue, Self::SendQueue, Self::RoundTripTime, Self::Retransmissions, Self::Age];

    /// Its word in a filter.
    pub fn word(self) -> &'static str {
        match self {
            Self::ReceiveQueue => "recvq",
            Self::SendQueue => "sendq",
            Self::RoundTripTime => "rtt",
            Self::Retransmissions => "retrans",
            Self::Age => "age",
        }
    }

    /// The number of a socket; `None` where it is not known.
    pub(super) fn of(self, socket: &SocketRef<'_>) -> Option<u64> {
        match self {
            Self::ReceiveQueue => socket.recv_queue().map(u64::from),
            Self::SendQueue => socket.send_queue().map(u64::from),
            Self::RoundTripTime => socket.tcp()?.rtt.map(micros),
            Self::Retransmissions => socket.tcp()?.total_retransmits.map(u64::from),
            Self::Age => socket.age().map(micros),
        }
    }

    fn units(self) -> &'static [Unit] {
        match self {
            Self::ReceiveQueue | Self::SendQueue => &BYTES,
            Self::RoundTripTime | Self::Age => &TIMES,
            Self::Retransmissions => &COUNT,
        }
    }

    /// What a number of this kind looks like.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::ReceiveQueue | Self::SendQueue => "a number of bytes such as 0, 64K or 1M (K is 1024)",
            Self::RoundTripTime | Self::Age => {
                "a time with its unit, such as 100ms, 1.5s or 10m (us, ms, s, m, h, d)"
            }
            Self::Retransmissions => "a whole number such as 0",
        }
    }

    /// Reads a number with its unit. A part smaller than the smallest unit is cut off.
    pub(super) fn parse(self, text: &str) -> Option<u64> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(end)?;
        let &(_, size) = self.units().iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
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

    /// Writes a number in the largest unit that it is a whole number of.
    pub(super) fn write(self, f: &mut fmt::Formatter<'_>, number: u64) -> fmt::Result {
        let fitting = self.units().iter().filter(|(_, size)| number.is_multiple_of(*size));
        // Of two with the same size the first.
        let unit = fitting.fold(None, |best: Option<&Unit>, unit| match best {
            Some(best) if number == 0 || best.1 == unit.1 => Some(best),
            _ => Some(unit),
        });
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
