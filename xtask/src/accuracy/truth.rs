//! What was there when, as the generator wrote it down (`crates/netstat-lab/examples/churn/log.rs`).

use anyhow::{Context, Result, bail};
use std::collections::HashMap;
use std::net::SocketAddr;

/// When something was there: from when on perhaps, for certain, no longer for certain, no longer at all.
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

    /// It may have been there at some time in between.
    pub(super) fn touches(&self, from: u64, to: u64) -> bool {
        self.may_from <= to && self.may_to >= from
    }

    /// It was there all the time.
    pub(super) fn covers(&self, from: u64, to: u64) -> bool {
        self.must_from <= from && self.must_to >= to
    }
}

/// A row that was there.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) listens: bool,
    pub(super) span: Span,
    pub(super) owners: Vec<(u32, Span)>,
}

/// Every row that ever was.
#[derive(Debug, Default)]
pub(super) struct Truth {
    pub(super) rows: Vec<Row>,
    by_ends: HashMap<(SocketAddr, SocketAddr), Vec<usize>>,
}

impl Truth {
    /// Adds a log.
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
                    row.with_context(|| format!("{id} is owned before it is there"))?
                        .owners
                        .push((pid, span));
                }
                _ => bail!("the log has a line that is none: {line}"),
            }
        }
        Ok(())
    }

    /// The rows with these ends that may have been there in between.
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
