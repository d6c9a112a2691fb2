//! What came back from a guest: files in a folder.

use super::place::folder;
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;

/// The answers of one guest.
#[derive(Debug)]
pub(super) struct Answers {
    place: PathBuf,
}

/// The answer to one question.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) out: String,
    pub(super) err: String,
    pub(super) code: Option<i32>,
}

impl Answer {
    /// Returns what was said on standard error, line by line, without the name of the program.
    pub(super) fn said(&self) -> impl Iterator<Item = &str> {
        self.err
            .lines()
            .map(|line| line.strip_prefix("netstat: ").unwrap_or(line))
            .filter(|line| !line.is_empty())
    }
}

impl Answers {
    pub(super) fn of(guest: &str) -> Self {
        Self { place: place(guest) }
    }

    /// Returns a file; empty where there is none. What is not UTF-8 is replaced.
    pub(super) fn file(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.place.join(name)).unwrap_or_default()).into_owned()
    }

    /// Returns the answer to a question; `None` if it was not asked, or the guest ended before.
    pub(super) fn answer(&self, name: &str) -> Option<Answer> {
        let code = fs::read_to_string(self.place.join(format!("{name}.code"))).ok()?;
        Some(Answer {
            out: self.file(&format!("{name}.out")),
            err: self.file(&format!("{name}.err")),
            code: code.trim().parse().ok(),
        })
    }
}

/// The folder of a guest.
pub(super) fn place(guest: &str) -> PathBuf {
    folder().join("answers").join(guest)
}

/// Returns whether a guest has answered everything; `--quick` asks less.
pub(super) fn are_here(guest: &str) -> bool {
    place(guest).join("everywhere.code").exists()
}

/// Deletes the answers of a guest.
pub(super) fn forget(guest: &str) -> Result<()> {
    match fs::remove_dir_all(place(guest)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context("delete answers"),
        _ => Ok(()),
    }
}
