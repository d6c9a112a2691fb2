//! The sockets that existed, and when, from the generator's log (`crates/netstat-lab/examples/churn/log.rs`).

use anyhow::{Context, Result, bail};
use std::collections::HashMap;
use std::net::SocketAddr;

/// When something existed: it began between `may_from` and `must_from`, and ended between `must_to` and `may_to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    may_from: u64,
    must_from: u64,
    must_to: u64,
    may_to: u64,
}

impl Span {
    fn parse(words: &[&str]) -> Result<Self> {
        let time = |word: &&str| if *word == "-" { Ok(u64::MAX) } else { word.parse::<u64>() };
        let times: Vec<u64> = words.iter().map(time).collect::<Result<_, _>>().context("a time")?;
        let [may_from, must_from, must_to, may_to] = times[..] else { bail!("a span has four times") };
        Ok(Self { may_from, must_from, must_to, may_to })
    }

    /// Returns true if it may have existed at some time between two times.
    pub(super) fn touches(&self, from: u64, to: u64) -> bool {
        self.may_from <= to && self.may_to >= from
    }

    /// Returns true if it existed during all the time between two times.
    pub(super) fn covers(&self, from: u64, to: u64) -> bool {
        self.must_from <= from && self.must_to >= to
    }
}

/// A row of the socket table that existed.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) listens: bool,
    pub(super) span: Span,
    pub(super) owners: Vec<(u32, Span)>,
}

/// Every row that existed at some time.
#[derive(Debug, Default)]
pub(super) struct Truth {
    pub(super) rows: Vec<Row>,
    by_ends: HashMap<(SocketAddr, SocketAddr), Vec<usize>>,
}

impl Truth {
    /// Adds the log of one generator.
    pub(super) fn add(&mut self, log: &str) -> Result<()> {
        let mut ids: HashMap<&str, usize> = HashMap::new();
        for line in log.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["row", id, local, remote, state, ..] => {
                    let ends = (local.parse().context("an address")?, remote.parse().context("an address")?);
                    let span = Span::parse(words.get(5..).unwrap_or_default())?;
                    ids.insert(id, self.rows.len());
                    self.by_ends.entry(ends).or_default().push(self.rows.len());
                    let (local, remote) = ends;
                    self.rows.push(Row {
                        local,
                        remote,
                        listens: state == "LISTEN",
                        span,
                        owners: Vec::new(),
                    });
                }
                ["own", id, pid, ..] => {
                    let span = Span::parse(words.get(3..).unwrap_or_default())?;
                    let pid = pid.parse().context("a process ID")?;
                    let row = ids.get(id).and_then(|&row| self.rows.get_mut(row));
                    row.with_context(|| format!("{id} has an owner before it exists"))?
                        .owners
                        .push((pid, span));
                }
                _ => bail!("unknown line in the log: {line}"),
            }
        }
        Ok(())
    }

    /// Returns the rows with these ends that may have existed between two times.
    pub(super) fn candidates(
        &self,
        ends: (SocketAddr, SocketAddr),
        from: u64,
        to: u64,
    ) -> impl Iterator<Item = &Row> {
        let rows = self.by_ends.get(&ends).into_iter().flatten();
        rows.filter_map(|&row| self.rows.get(row)).filter(move |row| row.span.touches(from, to))
    }
}
