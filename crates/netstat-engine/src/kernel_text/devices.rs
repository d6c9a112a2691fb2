//! Counters of interfaces.

use super::words::{number, words};

/// The counters of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device<'a> {
    /// The name of the interface.
    pub name: &'a [u8],
    /// What it received.
    pub received: Traffic,
    /// What it sent.
    pub sent: Traffic,
    /// The packets among its receive errors that were cut or whose length was wrong.
    pub frame_errors: u64,
    /// The collisions.
    pub collisions: u64,
    /// The packets among its send errors that were lost with the carrier or for a similar reason.
    pub carrier_errors: u64,
}

/// What is counted of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// The bytes.
    pub bytes: u64,
    /// The packets.
    pub packets: u64,
    /// The packets in error.
    pub errors: u64,
    /// The packets that were dropped.
    pub drops: u64,
    /// The packets for which the buffer of the hardware had no room.
    pub overruns: u64,
    /// The compressed packets.
    pub compressed: u64,
}

/// Returns the rows of `/proc/net/dev`.
pub fn devices(text: &[u8]) -> Vec<Device<'_>> {
    text.split(|&byte| byte == b'\n').filter_map(device).collect()
}

fn device(line: &[u8]) -> Option<Device<'_>> {
    let colon = line.iter().rposition(|&byte| byte == b':')?;
    let numbers: Vec<u64> = words(line.get(colon + 1..)?).into_iter().map(number).collect::<Option<_>>()?;
    let (received, rest) = numbers.split_first_chunk::<8>()?;
    let sent = rest.first_chunk::<8>()?;
    let &[bytes, packets, errors, drops, overruns, frame_errors, compressed, _] = received;
    let received = Traffic { bytes, packets, errors, drops, overruns, compressed };
    let &[bytes, packets, errors, drops, overruns, collisions, carrier_errors, compressed] = sent;
    let sent = Traffic { bytes, packets, errors, drops, overruns, compressed };
    let name = line.get(..colon)?.trim_ascii_start();
    Some(Device { name, received, sent, frame_errors, collisions, carrier_errors })
}
