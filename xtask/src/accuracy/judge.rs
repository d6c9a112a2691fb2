//! A table against the truth.

use super::tables::Table;
use super::truth::{Row, Truth};
use std::net::SocketAddr;

/// How many examples of errors are kept.
const EXAMPLES: usize = 5;

/// How a program did, in one run or in all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) runs: u64,
    /// Rows that were there all the time, and how many of them were not shown, or not as what they were.
    pub(super) certain: u64,
    pub(super) missed: u64,
    pub(super) wrong_state: u64,
    /// Rows shown of sockets that were not there at any time of the run.
    pub(super) invented: u64,
    pub(super) owners_told: u64,
    /// Owners shown that did not hold the socket at any time of the run.
    pub(super) owners_wrong: u64,
    /// Owners not shown that held the socket all the time; for a program that shows one owner, sockets without any.
    pub(super) owners_missed: u64,
    /// Rows that opened or closed during the run, and how many of them were shown.
    pub(super) changing: u64,
    pub(super) changing_shown: u64,
    pub(super) examples: Vec<String>,
}

impl Verdict {
    pub(super) fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.certain += other.certain;
        self.missed += other.missed;
        self.wrong_state += other.wrong_state;
        self.invented += other.invented;
        self.owners_told += other.owners_told;
        self.owners_wrong += other.owners_wrong;
        self.owners_missed += other.owners_missed;
        self.changing += other.changing;
        self.changing_shown += other.changing_shown;
        let room = EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.iter().take(room).cloned());
    }

    fn example(&mut self, what: impl FnOnce() -> String) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(what());
        }
    }
}

/// What a program that ran between two times showed, against what was there.
pub(super) fn judge(truth: &Truth, table: &Table, from: u64, to: u64) -> Verdict {
    let mut verdict = Verdict { runs: 1, invented: table.odd, ..Verdict::default() };
    for (&ends, seen) in &table.rows {
        let candidates: Vec<&Row> = truth.candidates(ends, from, to).collect();
        if seen.count > candidates.len() {
            verdict.invented += (seen.count - candidates.len()) as u64;
            verdict.example(|| format!("{}: {} rows of {}", name(ends), seen.count, candidates.len()));
        }
        for &pid in &seen.pids {
            let holds =
                |row: &&Row| row.owners.iter().any(|(owner, span)| *owner == pid && span.touches(from, to));
            verdict.owners_told += 1;
            if !candidates.iter().any(holds) {
                verdict.owners_wrong += 1;
                verdict.example(|| format!("{}: {pid} does not own it", name(ends)));
            }
        }
    }
    for row in truth.rows.iter().filter(|row| row.span.touches(from, to)) {
        let ends = (row.local, row.remote);
        let seen = table.rows.get(&ends);
        if !row.span.covers(from, to) {
            verdict.changing += 1;
            verdict.changing_shown += u64::from(seen.is_some());
            continue;
        }
        verdict.certain += 1;
        let Some(seen) = seen else {
            verdict.missed += 1;
            verdict.example(|| format!("{}: missed", name(ends)));
            continue;
        };
        if (if row.listens { seen.listening } else { seen.established }) == 0 {
            verdict.wrong_state += 1;
            verdict.example(|| format!("{}: not in its state", name(ends)));
        }
        let mut certain = row.owners.iter().filter(|(_, span)| span.covers(from, to)).map(|(pid, _)| pid);
        let missing = if table.all_owners {
            certain.filter(|pid| !seen.pids.contains(pid)).count() as u64
        } else {
            u64::from(certain.next().is_some() && seen.pids.is_empty())
        };
        verdict.owners_missed += missing;
        if missing > 0 {
            verdict.example(|| format!("{}: {missing} of its owners missed", name(ends)));
        }
    }
    verdict
}

fn name((local, remote): (SocketAddr, SocketAddr)) -> String {
    format!("`{local}` - `{remote}`")
}
