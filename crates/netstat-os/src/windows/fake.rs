//! A [`Source`] made of answers in memory, for tests.

use super::memory::Memory;
use super::source::{Question, Source};
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;

/// `ERROR_NOT_SUPPORTED`.
pub(super) const NOT_SUPPORTED: i32 = 50;

/// A system that answers what the test defined, and `ERROR_NOT_SUPPORTED` to everything else.
#[derive(Debug, Default)]
pub(super) struct Fake {
    answers: HashMap<Question, Result<Memory, i32>>,
    asked: RefCell<Vec<Question>>,
}

impl Fake {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Defines an answer.
    pub(super) fn says(mut self, question: Question, answer: Memory) -> Self {
        self.answers.insert(question, Ok(answer));
        self
    }

    /// Defines a Win32 error as the answer.
    pub(super) fn fails(mut self, question: Question, error: i32) -> Self {
        self.answers.insert(question, Err(error));
        self
    }

    /// The questions asked so far, in order.
    pub(super) fn asked(&self) -> Vec<Question> {
        self.asked.borrow().clone()
    }
}

impl Source for Fake {
    fn ask(&self, question: &Question) -> io::Result<Memory> {
        self.asked.borrow_mut().push(question.clone());
        self.answers
            .get(question)
            .cloned()
            .unwrap_or(Err(NOT_SUPPORTED))
            .map_err(io::Error::from_raw_os_error)
    }
}

/// A table in the form of Windows: a count, then the rows, which begin at `first`.
pub(super) fn table(first: usize, rows: &[Vec<u8>]) -> Memory {
    let mut bytes = u32::try_from(rows.len()).unwrap().to_le_bytes().to_vec();
    bytes.resize(first, 0);
    bytes.extend(rows.iter().flatten());
    Memory::flat(bytes)
}

/// The values of a registry key, packed.
pub(super) fn packed(values: &[(&str, &[u8])]) -> Memory {
    let mut bytes = Vec::new();
    for (name, data) in values {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for part in [name.as_slice(), data] {
            bytes.extend_from_slice(&u32::try_from(part.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(part);
        }
    }
    Memory::flat(bytes)
}
