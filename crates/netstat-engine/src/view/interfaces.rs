//! Interfaces with their counters, one line each (`--interfaces`).

use super::ethernet::same;
use super::rates::{Earlier, Value};
use netstat_model::{Interface, InterfaceCounters, InterfaceFlags, InterfaceStats};

/// The state of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Enabled, and packets can pass.
    Up,
    /// Enabled, but nothing is connected.
    NoCarrier,
    /// Not enabled.
    Down,
}

/// An interface and its counters.
#[derive(Debug, Clone, PartialEq)]
pub struct InterfaceLine<'a> {
    /// The interface.
    pub interface: &'a Interface,
    /// Its counters; `None` if it was not there when they were read.
    pub stats: Option<&'a InterfaceStats>,
    /// Bytes, packets, errors and drops of what it received.
    pub received: [Value; 4],
    /// The same of what it sent.
    pub sent: [Value; 4],
}

/// Where to find a value.
type Reading = fn(&InterfaceStats) -> Option<u64>;

const RECEIVED: [Reading; 4] =
    [|stats| stats.rx_bytes, |stats| stats.rx_packets, |stats| stats.rx_errors, |stats| stats.rx_dropped];
const SENT: [Reading; 4] =
    [|stats| stats.tx_bytes, |stats| stats.tx_packets, |stats| stats.tx_errors, |stats| stats.tx_dropped];

/// Returns the state of an interface.
pub fn state(interface: &Interface) -> LinkState {
    match (interface.flags.contains(InterfaceFlags::UP), interface.flags.contains(InterfaceFlags::RUNNING)) {
        (false, _) => LinkState::Down,
        (true, false) => LinkState::NoCarrier,
        (true, true) => LinkState::Up,
    }
}

/// Returns a line for each interface, in their order. The counters are by index; an interface is the same only if its name is
/// as well.
pub fn lines<'a>(
    interfaces: &'a [Interface],
    counters: &'a [InterfaceCounters],
    earlier: Option<Earlier<'_, Vec<InterfaceCounters>>>,
) -> Vec<InterfaceLine<'a>> {
    let line = |interface: &'a Interface| {
        let own = counters.iter().find(|one| one.index == interface.index && one.name == interface.name);
        let before =
            own.zip(earlier).and_then(|(own, earlier)| Some((same(own, earlier.data)?, earlier.elapsed)));
        let value = |read: Reading| {
            let before = before.map(|(before, elapsed)| (read(&before.stats), elapsed));
            Value::counter(own.and_then(|own| read(&own.stats)), before)
        };
        InterfaceLine {
            interface,
            stats: own.map(|own| &own.stats),
            received: RECEIVED.map(value),
            sent: SENT.map(value),
        }
    };
    interfaces.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn interface(index: u32, name: &str, flags: InterfaceFlags) -> Interface {
        Interface { flags, mtu: Some(1500), ..Interface::new(index, name) }
    }

    fn counters(index: u32, name: &str, rx_bytes: u64) -> InterfaceCounters {
        let stats =
            InterfaceStats { rx_bytes: Some(rx_bytes), tx_dropped: Some(3), ..InterfaceStats::default() };
        InterfaceCounters { index, name: name.into(), loopback: false, stats }
    }

    #[test]
    fn counters_are_those_of_the_same_interface_and_unknown_is_not_zero() {
        let both = InterfaceFlags::UP | InterfaceFlags::RUNNING;
        let interfaces = [
            interface(1, "lo", both),
            interface(2, "eth0", InterfaceFlags::UP),
            interface(3, "new", InterfaceFlags::RUNNING),
        ];
        let now = [counters(1, "lo", 50), counters(2, "eth0", 70), counters(3, "renamed", 5)];
        let before = vec![counters(1, "lo", 10), counters(2, "other", 1)];
        let earlier = Earlier { data: &before, elapsed: Duration::from_secs(2) };
        let lines = lines(&interfaces, &now, Some(earlier));
        let told: Vec<_> = lines
            .iter()
            .map(|line| match line.received[0] {
                Value::Counter { total, rate } => (total, rate.map(|rate| rate.to_string())),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, [(Some(50), Some("20/s".to_owned())), (Some(70), None), (None, None)]);
        assert_eq!(lines[0].received[1], Value::Counter { total: None, rate: None });
        assert!(matches!(lines[1].sent[3], Value::Counter { total: Some(3), .. }));
        assert_eq!(lines[2].stats, None);
        let states: Vec<LinkState> = interfaces.iter().map(state).collect();
        assert_eq!(states, [LinkState::Up, LinkState::NoCarrier, LinkState::Down]);
    }
}
