//! Rows to bytes: one file per format or report.

pub(crate) mod check;
pub(crate) mod check_json;
pub(crate) mod check_reference;
pub mod classic;
pub(crate) mod colour;
pub(crate) mod contents;
pub mod csv;
#[cfg(test)]
mod data_tests;
pub mod ethernet;
pub(crate) mod events;
pub mod extras;
mod foreign;
pub mod format;
pub mod formats;
pub(crate) mod header;
pub mod interfaces;
pub mod json;
pub mod jsonl;
pub(crate) mod live;
#[cfg(test)]
#[path = "../../../netstat-engine/src/columns/made.rs"]
mod made;
pub mod multicast;
pub(crate) mod net_tools;
pub(crate) mod packets;
pub mod process_counts;
pub mod rdma;
pub(crate) mod recorder_status;
pub mod report_json;
pub mod routes;
pub mod schema;
pub(crate) mod ship_status;
pub mod sockets;
pub mod statistics;
pub(crate) mod summary;
pub mod table;
pub(crate) mod titles;
pub(crate) mod wrap;

pub use classic::Classic;

use std::io::{self, Write};

/// A line ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`.
    Lf,
    /// `\r\n`, which Windows programs write to files and pipes too.
    CrLf,
}

impl LineEnd {
    /// The line ending of this system.
    pub const NATIVE: Self = if cfg!(windows) { Self::CrLf } else { Self::Lf };

    /// Returns its bytes.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// Buffers rows and writes them in large pieces, so that a table of any length needs little memory.
pub(crate) struct Sheet<'w, W: Write> {
    /// What is not written yet.
    pub(crate) buffer: Vec<u8>,
    line_end: &'static [u8],
    writer: &'w mut W,
}

impl<'w, W: Write> Sheet<'w, W> {
    const PIECE: usize = 64 * 1024;

    pub(crate) fn new(writer: &'w mut W, line_end: LineEnd) -> Self {
        Self { buffer: Vec::with_capacity(Self::PIECE + 4096), line_end: line_end.bytes(), writer }
    }

    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        self.buffer.extend_from_slice(self.line_end);
        self.hand_on_if_full()
    }

    pub(crate) fn hand_on_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= Self::PIECE { self.hand_on() } else { Ok(()) }
    }

    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.buffer.extend_from_slice(text.as_bytes());
        self.end_line()
    }

    pub(crate) fn hand_on(&mut self) -> io::Result<()> {
        self.writer.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_hands_on_before_it_grows() {
        let mut written = Vec::new();
        let mut sheet = Sheet::new(&mut written, LineEnd::Lf);
        for _ in 0..10_000 {
            sheet.line("twenty bytes of text").unwrap();
            assert!(sheet.buffer.len() <= Sheet::<Vec<u8>>::PIECE);
        }
        sheet.hand_on().unwrap();
        assert_eq!(written.len(), 210_000);
    }
}
