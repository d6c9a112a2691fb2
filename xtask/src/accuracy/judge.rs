//! Compares what a program showed with what existed.

use super::tables::Table;
use super::truth::{Row, Truth};
use std::net::SocketAddr;

/// The number of errors that are kept as examples.
const EXAMPLES: usize = 5;

/// The result of a program, in one run or in all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) runs: u64,
    /// Rows that existed during the whole run, and how many of them were not shown, or in the wrong state.
    pub(super) certain: u64,
    pub(super) missed: u64,
    pub(super) wrong_state: u64,
    /// Rows shown of sockets that did not exist at any time of the run.
    pub(super) invented: u64,
    pub(super) owners_shown: u64,
    /// Owners shown that did not hold the socket at any time of the run.
    pub(super) owners_wrong: u64,
    /// Owners not shown that held the socket during the whole run. For a program that shows one owner of each socket, a
    /// socket shown without any.
    pub(super) owners_missed: u64,
    /// Rows that opened or closed during the run, and how many of them were shown.
    pub(super) changing: u64,
    pub(super) changing_shown: u64,
    pub(super) examples: Vec<String>,
}

impl Verdict {
    /// Adds a run: compares the table of a program that ran between two times with what existed.
    pub(super) fn judge(&mut self, truth: &Truth, table: &Table, from: u64, to: u64) {
        self.runs += 1;
        self.invented += table.odd;
        for (&ends, seen) in &table.rows {
            let candidates: Vec<&Row> = truth.candidates(ends, from, to).collect();
            if seen.count > candidates.len() {
                self.invented += (seen.count - candidates.len()) as u64;
                self.example(|| {
                    format!("{}: {} rows instead of {}", name(ends), seen.count, candidates.len())
                });
            }
            for &pid in &seen.pids {
                let holds = |row: &&Row| {
                    row.owners.iter().any(|(owner, span)| *owner == pid && span.touches(from, to))
                };
                self.owners_shown += 1;
                if !candidates.iter().any(holds) {
                    self.owners_wrong += 1;
                    self.example(|| format!("{}: {pid} does not own it", name(ends)));
                }
            }
        }
        for row in truth.rows.iter().filter(|row| row.span.touches(from, to)) {
            let ends = (row.local, row.remote);
            let seen = table.rows.get(&ends);
            if !row.span.covers(from, to) {
                self.changing += 1;
                self.changing_shown += u64::from(seen.is_some());
                continue;
            }
            self.certain += 1;
            let Some(seen) = seen else {
                self.missed += 1;
                self.example(|| format!("{}: missed", name(ends)));
                continue;
            };
            if (if row.listens { seen.listening } else { seen.established }) == 0 {
                self.wrong_state += 1;
                self.example(|| format!("{}: wrong state", name(ends)));
            }
            let mut certain = row.owners.iter().filter(|(_, span)| span.covers(from, to)).map(|(pid, _)| pid);
            let missing = if table.all_owners {
                certain.filter(|pid| !seen.pids.contains(pid)).count() as u64
            } else {
                u64::from(certain.next().is_some() && seen.pids.is_empty())
            };
            self.owners_missed += missing;
            if missing > 0 {
                self.example(|| format!("{}: {missing} owners missed", name(ends)));
            }
        }
    }

    fn example(&mut self, what: impl FnOnce() -> String) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(what());
        }
    }
}

fn name((local, remote): (SocketAddr, SocketAddr)) -> String {
    format!("`{local}` - `{remote}`")
}
