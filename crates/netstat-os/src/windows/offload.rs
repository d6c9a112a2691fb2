//! The offload state of TCP connections, from `GetTcpTable2`. The tables with owners do not have it.

use super::memory::u32_at;
use super::mib_table::rows;
use super::source::{Question, Source};
use super::tcp_info::ends;
use super::win32_error::unavailable;
use netstat_model::{Family, Offload, Warning};
use rustc_hash::FxHashMap;

/// Returns the size of a row (`MIB_TCPROW2`, `MIB_TCP6ROW2`), which begins as those of the tables with owners do and ends
/// with the offload state.
#[doc(alias = "MIB_TCPROW2")]
#[doc(alias = "MIB_TCP6ROW2")]
pub(super) fn row_size(family: Family) -> usize {
    match family {
        Family::V4 => 28,
        Family::V6 => 60,
    }
}

pub(super) const FIRST_ROW: usize = 4;

/// The offload states of the connections of a family, by their endpoints.
#[derive(Debug, Default)]
pub(super) struct Offloads {
    by_ends: FxHashMap<Box<[u8]>, Offload>,
}

impl Offloads {
    /// Reads the table. If that fails, all states are unknown, with a warning.
    pub(super) fn read(source: &dyn Source, family: Family, warnings: &mut Vec<Warning>) -> Self {
        match source.ask(&Question::TcpTable2(family)) {
            Ok(table) => Self::decode(table.bytes(), family),
            Err(error) => {
                warnings.push(unavailable("the offload state of each connection", &error));
                Self::default()
            }
        }
    }

    pub(super) fn decode(table: &[u8], family: Family) -> Self {
        let size = row_size(family);
        let (rows, _) = rows(table, FIRST_ROW, size);
        let by_ends = rows.filter_map(|row| {
            let state = decode_offload(u32_at(row, size - 4)?)?;
            Some((ends_key(ends(row, family)?, family), state))
        });
        Self { by_ends: by_ends.collect() }
    }

    /// Returns the state of a connection by its endpoints, in the form that the tables with owners have as well.
    pub(super) fn of(&self, ends: &[u8], family: Family) -> Option<Offload> {
        self.by_ends.get(&ends_key(ends, family)).copied()
    }
}

/// Clears the upper halves of the ports, whose contents are undefined.
fn ends_key(ends: &[u8], family: Family) -> Box<[u8]> {
    let mut key: Box<[u8]> = ends.into();
    let ports: [usize; 2] = match family {
        Family::V4 => [4, 12],
        Family::V6 => [20, 44],
    };
    for byte in ports.into_iter().flat_map(|port| [port + 2, port + 3]) {
        if let Some(byte) = key.get_mut(byte) {
            *byte = 0;
        }
    }
    key
}

fn decode_offload(number: u32) -> Option<Offload> {
    match number {
        0 => Some(Offload::InHost),
        1 => Some(Offload::Offloading),
        2 => Some(Offload::Offloaded),
        3 => Some(Offload::Uploading),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::fake::table;
    use std::mem::{offset_of, size_of};
    use windows_sys::Win32::NetworkManagement::IpHelper as ip;

    #[test]
    fn offsets_match_the_windows_structures() {
        for (family, size, offload) in [
            (Family::V4, size_of::<ip::MIB_TCPROW2>(), offset_of!(ip::MIB_TCPROW2, dwOffloadState)),
            (Family::V6, size_of::<ip::MIB_TCP6ROW2>(), offset_of!(ip::MIB_TCP6ROW2, dwOffloadState)),
        ] {
            assert_eq!((row_size(family), row_size(family) - 4), (size, offload));
        }
        let [v4, v6] = [(Family::V4, 28), (Family::V6, 60)].map(|(family, size)| {
            let row: Vec<u8> = (0..size).collect();
            let ends = ends(&row, family).unwrap();
            (usize::from(ends[0]), usize::from(ends[ends.len() - 1]) + 1)
        });
        let ends = (offset_of!(ip::MIB_TCPROW2, dwLocalAddr), offset_of!(ip::MIB_TCPROW2, dwRemotePort) + 4);
        assert_eq!(v4, ends);
        let ends = (offset_of!(ip::MIB_TCP6ROW2, LocalAddr), offset_of!(ip::MIB_TCP6ROW2, dwRemotePort) + 4);
        assert_eq!(v6, ends);
        assert_eq!(FIRST_ROW, offset_of!(ip::MIB_TCPTABLE2, table));
        assert_eq!(FIRST_ROW, offset_of!(ip::MIB_TCP6TABLE2, table));
    }

    #[test]
    fn a_connection_is_found_by_its_endpoints() {
        let mut row = vec![0; row_size(Family::V4)];
        row[4..20].copy_from_slice(&[10, 0, 0, 1, 0, 80, 0xff, 0xff, 10, 0, 0, 2, 1, 1, 0, 0]);
        row[24] = 2;
        let known = Offloads::decode(table(FIRST_ROW, &[row]).bytes(), Family::V4);
        let ends = [10, 0, 0, 1, 0, 80, 0, 0, 10, 0, 0, 2, 1, 1, 7, 7];
        assert_eq!(known.of(&ends, Family::V4), Some(Offload::Offloaded));
        assert_eq!(known.of(&ends, Family::V6), None);
        assert_eq!(known.of(&[], Family::V4), None);
    }
}
