//! The counters of the interfaces, from `GetIfTable2`, 64 bits each.
//!
//! A filter in the stack of a network card has a row of its own, which counts the packets of the card again. Those rows
//! are left out. A virtual switch and the card below it both stay, like a bridge and its port on Linux.

use super::interfaces::{self, FIRST_COUNTER};
use super::memory::u64_at;
use super::mib_table::decode_rows;
use super::source::{Question, Source};
use netstat_model::{Answer, Error, InterfaceCounters, InterfaceFlags, InterfaceStats, Operation};

/// How many counters a row of `GetIfTable2` has.
const COUNTERS: usize = 17;

/// Returns all interfaces with their counters, by index.
pub(super) fn interface_counters(source: &dyn Source) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
    let table =
        source.ask(&Question::Interfaces).map_err(|error| Error::new(Operation::ListInterfaces, error))?;
    let mut warnings = Vec::new();
    let rows = decode_rows(table.bytes(), interfaces::ROW, interfaces::TABLE, &mut warnings, decode_row);
    let mut data: Vec<_> =
        rows.into_iter().filter(|(_, filter)| !filter).map(|(counters, _)| counters).collect();
    data.sort_by_key(|interface| interface.index);
    Ok(Answer { data, warnings })
}

/// Decodes an interface with its counters, and whether it is a filter in the stack of another one.
pub(super) fn decode_row(row: &[u8]) -> Option<(InterfaceCounters, bool)> {
    let decoded = interfaces::decode_row(row)?;
    let counters = InterfaceCounters {
        index: decoded.interface.index,
        loopback: decoded.interface.flags.contains(InterfaceFlags::LOOPBACK),
        name: decoded.interface.name,
        stats: decode_stats(row)?,
    };
    Some((counters, decoded.filter))
}

/// Decodes the counters, which follow one another. Windows does not count collisions or why packets were dropped.
fn decode_stats(row: &[u8]) -> Option<InterfaceStats> {
    let counters = row.get(FIRST_COUNTER..)?.get(..COUNTERS * 8)?;
    let at = |place: usize| u64_at(counters, place * 8);
    Some(InterfaceStats {
        rx_bytes: at(0),
        rx_packets: at(1)?.checked_add(at(2)?),
        rx_unicast: at(1),
        rx_non_unicast: at(2),
        rx_dropped: at(3),
        rx_errors: at(4),
        rx_unknown_protocols: at(5),
        // 6 to 8 are the octets of unicast, multicast and broadcast packets.
        tx_bytes: at(9),
        tx_packets: at(10)?.checked_add(at(11)?),
        tx_unicast: at(10),
        tx_non_unicast: at(11),
        tx_dropped: at(12),
        tx_errors: at(13),
        ..InterfaceStats::default()
    })
}

#[cfg(test)]
mod tests;
