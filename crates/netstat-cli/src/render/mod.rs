//! Rows to bytes: one file per format, and what they share.

pub mod address;
pub(crate) mod check;
pub(crate) mod check_json;
pub mod classic;
pub(crate) mod colour;
pub mod csv;
#[cfg(test)]
mod data_tests;
pub mod escape;
pub mod ethernet;
mod foreign;
pub mod json;
pub mod jsonl;
pub mod process_counts;
pub mod rdma;
pub mod report_json;
pub mod routes;
pub mod schema;
pub mod sockets;
pub mod statistics;
pub mod table;
pub mod words;

pub use classic::Classic;
pub use words::Language;

use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`.
    Lf,
    /// `\r\n`, as Windows writes it to a file or a pipe as well.
    CrLf,
}

impl LineEnd {
    /// The line end that programs of this system write.
    pub const NATIVE: Self = if cfg!(windows) { Self::CrLf } else { Self::Lf };

    /// Its bytes.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// The blanks that [`pad`] writes from; no column of a table is wider.
const BLANKS: [u8; 64] = [b' '; 64];

/// Writes blanks.
pub(crate) fn blanks(out: &mut Vec<u8>, mut count: usize) {
    while count > 0 {
        let some = count.min(BLANKS.len());
        out.extend_from_slice(BLANKS.get(..some).unwrap_or_default());
        count -= some;
    }
}

/// Fills what was written since `start` up to `width` display cells; what is longer stays whole.
pub(crate) fn pad(out: &mut Vec<u8>, start: usize, width: usize) {
    let cells = cells(out.get(start..).unwrap_or_default());
    blanks(out, width.saturating_sub(cells));
}

/// How many display cells a text takes: the bytes of plain ASCII, else the widths of its characters.
pub(crate) fn cells(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    std::str::from_utf8(text).map_or(text.len(), UnicodeWidthStr::width)
}

/// Writes a number in decimal.
pub(crate) fn decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut used = 0;
    for slot in digits.iter_mut().rev() {
        // A remainder of ten fits a byte.
        *slot = b'0' + u8::try_from(number % 10).unwrap_or_default();
        used += 1;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

/// Collects rows and hands them on in large pieces, so that a table of any length needs little memory.
pub(crate) struct Sheet<'w, W: Write> {
    /// What is not handed on yet.
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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decimals_are_those_of_the_standard_library(number: u64) {
            let mut out = Vec::new();
            decimal(&mut out, number);
            prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }

    #[test]
    fn padding_counts_cells_and_never_cuts() {
        let mut out = b"ab".to_vec();
        out.extend_from_slice("한글".as_bytes());
        pad(&mut out, 2, 6);
        assert_eq!(out, "ab한글  ".as_bytes());
        pad(&mut out, 0, 3);
        assert_eq!(out, "ab한글  ".as_bytes());
    }

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
