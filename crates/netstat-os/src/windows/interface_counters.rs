//! The counters of the interfaces, from `GetIfTable2`, 64 bits each.
//!
//! A filter in the stack of a card has a row of its own, which counts the packets of the card again: those rows are left
//! out. A virtual switch and the card below it both stay, as on Linux a bridge and its port do.

use super::interfaces::{self, FIRST_COUNTER};
use super::memory::{rows, u64_at};
use super::routes::FIRST_ROW;
use super::source::{Question, Source};
use netstat_model::{Answer, Error, Operation, Warning};
use netstat_model::{InterfaceCounters, InterfaceFlags, InterfaceStats};

/// All interfaces with their counters, by index.
pub(super) fn interface_counters(source: &dyn Source) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
    let table =
        source.ask(&Question::Interfaces).map_err(|error| Error::new(Operation::ListInterfaces, error))?;
    let (rows, mut odd) = rows(table.bytes(), FIRST_ROW, interfaces::ROW);
    let mut answer = Answer::whole(Vec::new());
    for row in rows {
        match decode_row(row) {
            Some((_, true)) => {}
            Some((counters, false)) => answer.data.push(counters),
            None => odd += 1,
        }
    }
    answer.data.sort_by_key(|interface| interface.index);
    if odd > 0 {
        answer.warnings.push(Warning::OddMessages { what: interfaces::TABLE, count: odd });
    }
    Ok(answer)
}

/// An interface with its counters, and whether it is a filter in the stack of another.
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

/// The counters stand one after another, eight bytes each. What Windows does not count is unknown: collisions, and why
/// packets were dropped.
fn decode_stats(row: &[u8]) -> Option<InterfaceStats> {
    let mut fields = [0; 17];
    for (number, field) in fields.iter_mut().enumerate() {
        *field = u64_at(row, FIRST_COUNTER + number * 8)?;
    }
    let [
        rx_bytes,
        rx_unicast,
        rx_non_unicast,
        rx_dropped,
        rx_errors,
        rx_unknown_protocols,
        _rx_unicast_octets,
        _rx_multicast_octets,
        _rx_broadcast_octets,
        tx_bytes,
        tx_unicast,
        tx_non_unicast,
        tx_dropped,
        tx_errors,
        ..,
    ] = fields;
    Some(InterfaceStats {
        rx_bytes: Some(rx_bytes),
        rx_packets: rx_unicast.checked_add(rx_non_unicast),
        rx_unicast: Some(rx_unicast),
        rx_non_unicast: Some(rx_non_unicast),
        rx_errors: Some(rx_errors),
        rx_dropped: Some(rx_dropped),
        rx_unknown_protocols: Some(rx_unknown_protocols),
        tx_bytes: Some(tx_bytes),
        tx_packets: tx_unicast.checked_add(tx_non_unicast),
        tx_unicast: Some(tx_unicast),
        tx_non_unicast: Some(tx_non_unicast),
        tx_errors: Some(tx_errors),
        tx_dropped: Some(tx_dropped),
        ..InterfaceStats::default()
    })
}

#[cfg(test)]
mod tests;
