//! [`Flow`]: how fast bytes go over one connection, from readings of its counters.
//!
//! ```
//! use netstat_engine::flow::{Flow, Reading};
//! use std::time::Duration;
//!
//! let at = |seconds, received| Reading { at: Duration::from_secs(seconds), received, sent: 0 };
//! let mut flow = Flow::first(at(1, 5_000));
//! assert_eq!(flow.rates(), None, "one reading makes no rate");
//! flow.note(at(2, 7_000));
//! assert_eq!(flow.rates().map(|rates| rates.down), Some(2_000));
//! ```

use netstat_model::{SocketKey, SocketRef, SocketTable, TcpFields};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::time::Duration;

/// The fields of a connection that its rates are made of. `bytes_acked` would count SYN and FIN as well.
pub const FLOW_FIELDS: TcpFields = TcpFields::BYTES_SENT.union(TcpFields::BYTES_RECEIVED);

/// The span of the longer mean.
const SPAN: Duration = Duration::from_secs(10);

/// The most readings of that span that are kept: with more in ten seconds the mean is that of fewer.
const MOST: usize = 24;

/// The counters of a connection at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// When they were read, by a monotonic clock.
    pub at: Duration,
    /// Bytes of data received.
    pub received: u64,
    /// Bytes of data sent, those that were sent again included.
    pub sent: u64,
}

impl Reading {
    /// Reads the counters of a socket; `None` where they are not known. Needs [`FLOW_FIELDS`].
    pub fn of(socket: &SocketRef<'_>, at: Duration) -> Option<Self> {
        let received = socket.tcp_number(TcpFields::BYTES_RECEIVED)?;
        let sent = socket.tcp_number(TcpFields::BYTES_SENT)?;
        Some(Self { at, received, sent })
    }
}

/// Bytes a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    /// Received, between the last two readings.
    pub down: u64,
    /// Sent, between the last two readings.
    pub up: u64,
    /// Received, on average over the last ten seconds.
    pub down10: u64,
    /// Sent, on average over the last ten seconds.
    pub up10: u64,
}

impl Rates {
    /// Adds the rates of another connection.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            down: self.down.saturating_add(other.down),
            up: self.up.saturating_add(other.up),
            down10: self.down10.saturating_add(other.down10),
            up10: self.up10.saturating_add(other.up10),
        }
    }
}

/// The readings of one connection. One on which nothing moves takes 32 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    last: Reading,
    /// The readings of the last ten seconds before it, while something moved in them; empty before the second one.
    before: Before,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Before {
    /// There was none: nothing is known of its rate.
    Nothing,
    /// The counters stand still.
    Still,
    /// In a box, because most connections of a large table stand still.
    #[expect(clippy::box_collection, reason = "a queue takes 24 bytes more in each connection")]
    Moving(Box<VecDeque<Reading>>),
}

impl Flow {
    /// Begins with a connection that was there before anybody looked: one reading makes no rate.
    pub fn first(reading: Reading) -> Self {
        Self { last: reading, before: Before::Nothing }
    }

    /// Begins with a connection that was not there at the look before, at `since`: it has moved all it has since.
    pub fn born(since: Duration, reading: Reading) -> Self {
        let mut flow = Self { last: Reading { at: since, received: 0, sent: 0 }, before: Before::Nothing };
        flow.note(reading);
        flow
    }

    /// Takes the next reading. Counters that went back are those of another connection: it begins anew.
    pub fn note(&mut self, reading: Reading) {
        let last = self.last;
        if reading.at <= last.at {
            return;
        }
        if reading.received < last.received || reading.sent < last.sent {
            *self = Self::first(reading);
            return;
        }
        let moved = (reading.received, reading.sent) != (last.received, last.sent);
        self.last = reading;
        let mut ring = match std::mem::replace(&mut self.before, Before::Still) {
            Before::Moving(ring) => ring,
            _ if moved => Box::default(),
            _ => return,
        };
        ring.push_back(last);
        while ring.len() > MOST
            // One reading older than the span stays, so that the mean is that of the whole span.
            || ring.get(1).is_some_and(|second| second.at + SPAN <= reading.at)
        {
            ring.pop_front();
        }
        let still = ring.iter().all(|of| (of.received, of.sent) == (reading.received, reading.sent));
        if !still {
            self.before = Before::Moving(ring);
        }
    }

    /// Returns the last reading.
    pub fn last(&self) -> Reading {
        self.last
    }

    /// Returns the rates; `None` after one reading.
    pub fn rates(&self) -> Option<Rates> {
        let ring = match &self.before {
            Before::Nothing => return None,
            Before::Still => return Some(Rates::default()),
            Before::Moving(ring) => ring,
        };
        let (oldest, newest) = (ring.front()?, ring.back()?);
        let since = |then: &Reading| {
            let micros = self.last.at.saturating_sub(then.at).as_micros().max(1);
            let rate = |now: u64, then: u64| {
                let moved = u128::from(now.saturating_sub(then));
                u64::try_from((moved * 1_000_000 + micros / 2) / micros).unwrap_or(u64::MAX)
            };
            (rate(self.last.received, then.received), rate(self.last.sent, then.sent))
        };
        let ((down, up), (down10, up10)) = (since(newest), since(oldest));
        Some(Rates { down, up, down10, up10 })
    }
}

/// The flows of a table that is listed again and again.
#[derive(Debug, Clone, Default)]
pub struct Flows {
    looked: Option<Duration>,
    flows: FxHashMap<SocketKey, Flow>,
}

impl Flows {
    /// Takes the counters of the next table, and forgets the connections that it does not have.
    pub fn look(&mut self, table: &SocketTable, at: Duration) {
        let mut before = std::mem::take(&mut self.flows);
        for socket in table.iter() {
            let Some(reading) = Reading::of(&socket, at) else { continue };
            let key = SocketKey::of(socket);
            let flow = match (before.remove(&key), self.looked) {
                (Some(mut flow), _) => {
                    flow.note(reading);
                    flow
                }
                (None, Some(since)) => Flow::born(since, reading),
                (None, None) => Flow::first(reading),
            };
            self.flows.insert(key, flow);
        }
        self.looked = Some(at);
    }

    /// Returns the rates of a socket; `None` where they are not known.
    pub fn rates(&self, socket: &SocketRef<'_>) -> Option<Rates> {
        if self.flows.is_empty() {
            return None;
        }
        self.flows.get(&SocketKey::of(*socket))?.rates()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64, received: u64, sent: u64) -> Reading {
        Reading { at: Duration::from_millis(millis), received, sent }
    }

    #[test]
    fn the_mean_is_that_of_ten_seconds_and_forgets_what_is_older() {
        let mut flow = Flow::first(at(0, 0, 0));
        for second in 1..=40 {
            let received = if second <= 20 { second * 1000 } else { 20_000 };
            flow.note(at(second * 1000, received, 0));
            let rates = flow.rates().unwrap();
            assert_eq!(rates.down, if second <= 20 { 1000 } else { 0 }, "{second}");
            let within = if second <= 20 { 1000 } else { 100 * 30_u64.saturating_sub(second) };
            assert_eq!(rates.down10, within, "{second}");
        }
        assert_eq!(flow.before, Before::Still, "what stands still takes no more room");
    }

    #[test]
    fn a_rate_is_that_of_the_true_time_between_two_readings() {
        let mut flow = Flow::first(at(1000, 500, 0));
        flow.note(at(1250, 1500, 250));
        assert_eq!(flow.rates(), Some(Rates { down: 4000, up: 1000, down10: 4000, up10: 1000 }));
        flow.note(at(1250, 9999, 9999));
        assert_eq!(flow.last(), at(1250, 1500, 250), "no time passed");
    }

    #[test]
    fn counters_that_go_back_begin_anew() {
        let mut flow = Flow::first(at(1000, 500, 0));
        flow.note(at(2000, 900, 0));
        flow.note(at(3000, 10, 0));
        assert_eq!(flow.rates(), None);
    }

    #[test]
    fn what_was_born_has_moved_all_it_has() {
        let flow = Flow::born(Duration::from_secs(1), at(2000, 300, 70));
        assert_eq!(flow.rates(), Some(Rates { down: 300, up: 70, down10: 300, up10: 70 }));
        assert_eq!(Flow::born(Duration::from_secs(1), at(2000, 0, 0)).rates(), Some(Rates::default()));
    }

    #[test]
    fn many_readings_in_a_short_time_take_bounded_room() {
        let mut flow = Flow::first(at(0, 0, 0));
        for step in 1..10_000 {
            flow.note(at(step, step, step));
        }
        assert!(matches!(&flow.before, Before::Moving(ring) if ring.len() <= MOST));
        assert_eq!(flow.rates().unwrap().down10, 1000);
    }
}
