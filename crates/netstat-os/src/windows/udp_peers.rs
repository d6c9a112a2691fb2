//! The peers of connected UDP sockets, from `InternalGetUdpTable2`, an undocumented function of Windows 11.
//!
//! Its rows are those of the documented table followed by the remote endpoint. The answer is trusted only if its rows are
//! in the documented table as well. A missing function is not a warning: earlier versions of Windows do not report peers,
//! and their netstat shows `*:*`, too.

use super::memory::{array_at, u32_at, u64_at};
use super::mib_table::{FIRST_ROW, rows};
use super::sockets::layout::{Layout, decode_end};
use super::source::{Question, Source};
use super::version::ask_undocumented;
use super::win32_error::{UNKNOWN_FORM, is_missing_function, reason};
use netstat_model::{IpEndpoint, Warning};
use rustc_hash::{FxHashMap, FxHashSet};
use std::net::IpAddr;

/// The remote port of a socket that is not connected.
const NO_PORT: [u8; 2] = [0; 2];

/// A row of the documented table without its flags: the local endpoint, the PID, the creation time.
type Key = (Box<[u8]>, u32, u64);

/// The remote endpoints of the sockets of a family.
#[derive(Debug, Default)]
pub(super) struct Peers {
    by_row: FxHashMap<Key, Vec<IpEndpoint>>,
    /// The ends of IPv6 addresses.
    tails: FxHashSet<Tail>,
}

/// The end of an IPv6 address as an IPv4 row would have it: the PID, the creation time, the local port, the peer's port and
/// the last four bytes of its address.
type Tail = (u32, u64, [u8; 2], u16, [u8; 4]);

impl Peers {
    /// Reads the table. `documented` is the one without peers, read just before.
    pub(super) fn read(
        source: &dyn Source,
        layout: &Layout,
        documented: &[u8],
        warnings: &mut Vec<Warning>,
    ) -> Self {
        let reason = match ask_undocumented(source, &Question::UdpTable2(layout.family)) {
            Ok(table) => match Self::decode(table.bytes(), layout, documented) {
                Some(peers) => return peers,
                None => UNKNOWN_FORM.to_owned(),
            },
            Err(error) if is_missing_function(&error) => return Self::default(),
            Err(error) => reason(&error),
        };
        let what = "the peer of each UDP socket";
        if !warnings
            .iter()
            .any(|warning| matches!(warning, Warning::SourceUnavailable { what: said, .. } if *said == what))
        {
            warnings.push(Warning::SourceUnavailable { what, reason });
        }
        Self::default()
    }

    /// Decodes the peers; `None` if the table does not have the expected form. Sockets come and go between the two calls,
    /// so up to a quarter of the rows may be missing from the documented table.
    pub(super) fn decode(table: &[u8], layout: &Layout, documented: &[u8]) -> Option<Self> {
        let remote = layout.peer?;
        let (known, _) = rows(documented, FIRST_ROW, layout.size);
        let mut known_rows: FxHashMap<Key, usize> = FxHashMap::default();
        for row in known {
            *known_rows.entry(key(row, layout)?).or_default() += 1;
        }
        let (rows, lacking) = rows(table, FIRST_ROW, remote.row_size);
        if lacking > 0 {
            return None;
        }
        let (mut all, mut strange) = (0usize, 0usize);
        let mut peers = Self::default();
        for row in rows {
            all += 1;
            let key = key(row, layout)?;
            strange += usize::from(!known_rows.contains_key(&key));
            if array_at(row, remote.end.port)? != NO_PORT {
                let end = decode_end(row, layout.family, remote.end)?;
                if let IpAddr::V6(address) = end.address {
                    let [.., a, b, c, d] = address.octets();
                    let port = array_at(row, layout.local.port)?;
                    peers.tails.insert((key.1, key.2, port, end.port, [a, b, c, d]));
                }
                peers.by_row.entry(key).or_default().push(end);
            }
        }
        (strange * 4 <= all).then_some(peers)
    }

    /// Returns the peer for a row of the documented table. `None` if several rows here match it, because then it is
    /// uncertain which one it is.
    pub(super) fn of(&self, row: &[u8], layout: &Layout) -> Option<IpEndpoint> {
        match self.by_row.get(&key(row, layout)?)?.as_slice() {
            [peer] => Some(*peer),
            _ => None,
        }
    }

    /// Returns true if the peer in an IPv4 row is really the end of an IPv6 address: a dual-stack socket is in both
    /// tables, and if its peer is an IPv6 address, the IPv4 row has the last four bytes of it.
    pub(super) fn is_end_of(&self, peer: IpEndpoint, row: &[u8], layout: &Layout) -> bool {
        let IpAddr::V4(address) = peer.address else { return false };
        let (Some(pid), Some(created)) = (u32_at(row, layout.pid), u64_at(row, layout.created)) else {
            return false;
        };
        let Some(port) = array_at(row, layout.local.port) else { return false };
        self.tails.contains(&(pid, created, port, peer.port, address.octets()))
    }
}

fn key(row: &[u8], layout: &Layout) -> Option<Key> {
    Some((row.get(..layout.local.port + 2)?.into(), u32_at(row, layout.pid)?, u64_at(row, layout.created)?))
}

#[cfg(test)]
mod tests;
