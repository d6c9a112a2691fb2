//! The peers of connected UDP sockets, from `InternalGetUdpTable2`, which Windows 11 has and nobody documents.
//!
//! Its rows are those of the documented table with the remote end behind them. So each row has to be in that table too,
//! and a function that answers anything else is not believed. What is not there is no warning: no earlier Windows
//! tells of peers, and its netstat shows `*:*` as well.

use super::memory::{array_at, rows, u32_at, u64_at};
use super::sockets::{FIRST_ROW, Layout, decode_end};
use super::source::{Question, Source};
use netstat_model::Endpoint;
use netstat_model::Warning;
use netstat_model::error::words_of;
use rustc_hash::FxHashMap;
use std::net::IpAddr;

/// `ERROR_PROC_NOT_FOUND`.
const NOT_THERE: i32 = 127;

/// The ends of a row that is not connected are zero.
const NOBODY: [u8; 2] = [0; 2];

/// A row of the documented table: everything but its flags.
type Key = (Box<[u8]>, u32, u64);

/// The remote ends of the sockets of a family.
#[derive(Debug, Default)]
pub(super) struct Peers {
    by_row: FxHashMap<Key, Vec<Endpoint>>,
}

impl Peers {
    /// Reads the table. `documented` is the one without peers, read just before.
    pub(super) fn read(
        source: &dyn Source,
        layout: &Layout,
        documented: &[u8],
        warnings: &mut Vec<Warning>,
    ) -> Self {
        let reason = match source.ask(&Question::UdpTable2(layout.family)) {
            Ok(table) => match Self::decode(table.bytes(), layout, documented) {
                Some(peers) => return peers,
                None => "this Windows has them in a form that is not known here".to_owned(),
            },
            Err(error) if error.raw_os_error() == Some(NOT_THERE) => return Self::default(),
            Err(error) => words_of(&error),
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

    /// The peers; `None` where the table is not what it should be. Sockets come and go between the two readings, so a
    /// quarter of the rows may be in this table alone.
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
            if array_at(row, remote.end.port)? != NOBODY {
                peers.by_row.entry(key).or_default().push(decode_end(row, layout.family, remote.end)?);
            }
        }
        (strange * 4 <= all).then_some(peers)
    }

    /// The peer of the socket of a row of the documented table, where it is certain: rows that are the same in that
    /// table and not here tell nothing.
    pub(super) fn of(&self, row: &[u8], layout: &Layout) -> Option<Endpoint> {
        match self.by_row.get(&key(row, layout)?)?.as_slice() {
            [peer] => Some(*peer),
            _ => None,
        }
    }

    /// Whether an IPv4 row shows what is really the end of an IPv6 address: a socket of both families is in both
    /// tables, and where its peer is an IPv6 address the IPv4 row has the last four bytes of it.
    pub(super) fn is_end_of(&self, peer: Endpoint, row: (&[u8], &Layout), v6: &Layout) -> bool {
        let IpAddr::V4(address) = peer.address else { return false };
        let (row, layout) = row;
        let pid_and_time = (u32_at(row, layout.pid), u64_at(row, layout.created));
        let port = row.get(layout.local.port..layout.local.port + 2);
        self.by_row.iter().any(|((local, pid, created), ends)| {
            (Some(*pid), Some(*created)) == pid_and_time
                && local.get(v6.local.port..v6.local.port + 2) == port && ends.iter().any(|end| {
                end.port == peer.port
                    && matches!(end.address, IpAddr::V6(long) if long.octets().ends_with(&address.octets()))
            })
        })
    }
}

fn key(row: &[u8], layout: &Layout) -> Option<Key> {
    Some((row.get(..layout.local.port + 2)?.into(), u32_at(row, layout.pid)?, u64_at(row, layout.created)?))
}

#[cfg(test)]
mod tests;
