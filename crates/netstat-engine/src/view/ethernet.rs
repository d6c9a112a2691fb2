//! Interface counters (`-e`).
//!
//! The sum covers all interfaces but loopback. A packet that passes two of them (a bond and its port, a bridge and
//! its port, a VLAN and its parent, both ends of a veth pair) counts in both, as in the kernel.
//!
//! Sources:
//!
//! | line | received, on Linux | sent, on Linux | on Windows |
//! |---|---|---|---|
//! | bytes | `rx_bytes` | `tx_bytes` | `InOctets`, `OutOctets` |
//! | unicast | unknown | unknown | `InUcastPkts`, `OutUcastPkts` |
//! | non-unicast | unknown | unknown | `InNUcastPkts`, `OutNUcastPkts` |
//! | discards | `rx_dropped` | `tx_dropped` | `InDiscards`, `OutDiscards` |
//! | errors | `rx_errors` | `tx_errors` | `InErrors`, `OutErrors` |
//! | unknown protocols | unknown: they are in `rx_dropped` | | `InUnknownProtos` |
//! | packets (beyond Windows) | `rx_packets` | `tx_packets` | not shown |
//! | multicast (beyond Windows) | `multicast`, as far as the driver counts it | | not shown |
//!
//! Linux does not tell unicast from broadcast; the line of all packets keeps their number visible. Where both are known
//! that line would only be their sum and is left out. So are other lines beyond those of Windows for which nothing is
//! known.

use super::rates::{Earlier, Rate, Value};
use netstat_model::{InterfaceCounters, InterfaceStats};
use std::ffi::OsString;
use std::time::Duration;

/// What a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Octets.
    Bytes,
    /// Packets to a single receiver.
    Unicast,
    /// Packets to several receivers.
    NonUnicast,
    /// Packets dropped without being faulty.
    Discards,
    /// Faulty packets.
    Errors,
    /// Packets of a protocol that nothing handles. Received only.
    UnknownProtocols,
    /// All packets. Not in Windows.
    Packets,
    /// Multicast packets, as far as the driver counts them. Received only, not in Windows.
    Multicast,
    /// Packets for which the adapter had no buffer. Received only, not in Windows.
    Missed,
    /// Packets on an interface that does not receive. Received only, not in Windows.
    NoHandler,
    /// Collisions. Sent only, not in Windows.
    Collisions,
}

/// A row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What it counts.
    pub measure: Measure,
    /// The received value; `None` for an empty cell.
    pub received: Option<Value>,
    /// The sent value; `None` for an empty cell.
    pub sent: Option<Value>,
}

/// A block of the report: one interface, or the sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The interface; `None` for the sum.
    pub name: Option<OsString>,
    /// Its rows, from the top.
    pub rows: Vec<Row>,
}

/// Where to find a value; `None` for an empty cell.
type Reading = Option<fn(&InterfaceStats) -> Option<u64>>;

/// The rows that Windows shows.
const ROWS: &[(Measure, Reading, Reading)] = &[
    (Measure::Bytes, Some(|stats| stats.rx_bytes), Some(|stats| stats.tx_bytes)),
    (Measure::Unicast, Some(|stats| stats.rx_unicast), Some(|stats| stats.tx_unicast)),
    (Measure::NonUnicast, Some(|stats| stats.rx_non_unicast), Some(|stats| stats.tx_non_unicast)),
    (Measure::Discards, Some(|stats| stats.rx_dropped), Some(|stats| stats.tx_dropped)),
    (Measure::Errors, Some(|stats| stats.rx_errors), Some(|stats| stats.tx_errors)),
    (Measure::UnknownProtocols, Some(|stats| stats.rx_unknown_protocols), None),
];

/// Rows added to every block.
const EXTRA: &[(Measure, Reading, Reading)] = &[
    (
        Measure::Packets,
        Some(|stats| beyond_kinds(stats, stats.rx_packets)),
        Some(|stats| beyond_kinds(stats, stats.tx_packets)),
    ),
    (Measure::Multicast, Some(|stats| beyond_kinds(stats, stats.rx_multicast)), None),
];

/// The number of packets, added if unicast and multicast are not both known.
fn beyond_kinds(stats: &InterfaceStats, packets: Option<u64>) -> Option<u64> {
    packets.filter(|_| stats.rx_unicast.is_none() || stats.tx_unicast.is_none())
}

/// Rows added to the block of a single interface.
const EXTRA_EACH: &[(Measure, Reading, Reading)] = &[
    (Measure::Missed, Some(|stats| stats.rx_missed_errors), None),
    (Measure::NoHandler, Some(|stats| stats.rx_nohandler), None),
    (Measure::Collisions, None, Some(|stats| stats.collisions)),
];

/// Returns the sum of all interfaces but loopback. If one of them lacks a counter, the sum is unknown.
///
/// The rate of the sum covers only interfaces that existed at the earlier sample too: counters of an interface that
/// appears or disappears are not traffic. `extra` adds what Windows does not show.
pub fn total(
    now: &[InterfaceCounters],
    earlier: Option<Earlier<'_, Vec<InterfaceCounters>>>,
    extra: bool,
) -> Block {
    let now: Vec<_> = now.iter().filter(|interface| !interface.loopback).collect();
    let value = |read: fn(&InterfaceStats) -> Option<u64>| {
        let total = now.iter().try_fold(0u64, |sum, interface| sum.checked_add(read(&interface.stats)?));
        let rate = earlier.and_then(|earlier| {
            let grown = now.iter().try_fold(0u64, |sum, interface| match same(interface, earlier.data) {
                Some(before) => sum.checked_add(read(&interface.stats)?.checked_sub(read(&before.stats)?)?),
                None => Some(sum),
            });
            Rate::of(grown?, earlier.elapsed)
        });
        Value::Counter { total, rate }
    };
    // The sum of no interfaces is known for every counter.
    let more: &[&[_]] = if extra && !now.is_empty() { &[EXTRA] } else { &[] };
    Block { name: None, rows: rows(more, value) }
}

/// Returns a block for each interface, loopback included, by index. `extra` as for [`total`].
pub fn each(
    now: &[InterfaceCounters],
    earlier: Option<Earlier<'_, Vec<InterfaceCounters>>>,
    extra: bool,
) -> Vec<Block> {
    let block = |interface: &InterfaceCounters| {
        let before: Option<(&InterfaceCounters, Duration)> =
            earlier.and_then(|earlier| Some((same(interface, earlier.data)?, earlier.elapsed)));
        let value = |read: fn(&InterfaceStats) -> Option<u64>| {
            let before = before.map(|(before, elapsed)| (read(&before.stats), elapsed));
            Value::counter(read(&interface.stats), before)
        };
        let more: &[&[_]] = if extra { &[EXTRA, EXTRA_EACH] } else { &[] };
        Block { name: Some(interface.name.clone()), rows: rows(more, value) }
    };
    now.iter().map(block).collect()
}

/// Returns the rows of Windows, then those of `more` for which anything is known.
fn rows(
    more: &[&[(Measure, Reading, Reading)]],
    value: impl Fn(fn(&InterfaceStats) -> Option<u64>) -> Value,
) -> Vec<Row> {
    let row = |&(measure, received, sent): &(Measure, Reading, Reading)| Row {
        measure,
        received: received.map(&value),
        sent: sent.map(&value),
    };
    let known = |value: Option<Value>| matches!(value, Some(Value::Counter { total: Some(_), .. }));
    let more = more.iter().copied().flatten().map(row);
    ROWS.iter().map(row).chain(more.filter(|row| known(row.received) || known(row.sent))).collect()
}

/// Finds the same interface in an earlier sample. Neither name nor index is enough: each may have been reused.
pub(super) fn same<'a>(
    interface: &InterfaceCounters,
    earlier: &'a [InterfaceCounters],
) -> Option<&'a InterfaceCounters> {
    // The list is sorted by index.
    let found = earlier.binary_search_by_key(&interface.index, |earlier| earlier.index).ok()?;
    earlier.get(found).filter(|earlier| earlier.name == interface.name)
}

#[cfg(test)]
mod tests;
