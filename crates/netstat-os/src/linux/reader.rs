//! Reads the text files of an answer, and gathers the warnings about them.

use super::source::Source;
use netstat_model::Warning;
use netstat_model::error::words_of;
use std::io;

pub(super) struct Reader<'a> {
    source: &'a dyn Source,
    bytes: Vec<u8>,
    pub(super) warnings: Vec<Warning>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a dyn Source) -> Self {
        Self { source, bytes: Vec::new(), warnings: Vec::new() }
    }

    /// Reads a file that every kernel has. `decode` returns how many of its lines or numbers make no sense; `what` is
    /// unknown without the file.
    pub(super) fn expected(
        &mut self,
        path: &'static str,
        what: &'static str,
        decode: impl FnOnce(&[u8]) -> u64,
    ) {
        if let Err(error) = self.read(path, decode) {
            self.warnings.push(Warning::SourceUnavailable { what, reason: words_of(&error) });
        }
    }

    /// Reads a file that a kernel without the feature does not have, which is no reason for a warning.
    pub(super) fn optional(
        &mut self,
        path: &'static str,
        what: &'static str,
        decode: impl FnOnce(&[u8]) -> u64,
    ) {
        match self.read(path, decode) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.warnings.push(Warning::SourceUnavailable { what, reason: words_of(&error) });
            }
            _ => {}
        }
    }

    fn read(&mut self, path: &'static str, decode: impl FnOnce(&[u8]) -> u64) -> io::Result<()> {
        self.source.read(path, &mut self.bytes)?;
        let count = decode(&self.bytes);
        self.note_odd(path, count);
        Ok(())
    }

    /// Notes how many lines or numbers of a file make no sense.
    pub(super) fn note_odd(&mut self, path: &'static str, count: u64) {
        if count > 0 {
            self.warnings.push(Warning::OddMessages { what: path, count });
        }
    }
}

/// Returns whether a text of the kernel was cut: each of its lines ends with a line feed.
pub(super) fn is_cut(text: &[u8]) -> bool {
    text.last().is_some_and(|last| *last != b'\n')
}

/// Decodes a file that holds one number.
pub(super) fn decode_number(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.trim().parse().ok()
}
