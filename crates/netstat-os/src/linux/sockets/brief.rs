//! The socket table in brief: rows that are packed, or handed on one by one as they come.

use super::decode::decode_brief;
use super::{Sink, list, warn_of_old_kernel};
use crate::linux::source::Source;
use netstat_model::query::{Kinds, SocketQuery};
use netstat_model::{Answer, Error, Warning};
use netstat_model::{Brief, Protocol, Section, Socket, Table, TcpState};
use std::ops::ControlFlow;

/// The rows of the sockets of the query that are to be kept.
pub(in crate::linux) fn table(
    source: &dyn Source,
    query: &SocketQuery,
    keep: &dyn Fn(&Brief) -> bool,
) -> Result<Answer<Table>, Error> {
    let mut sink = Packed { table: Table::default(), query, keep, any_bound: false };
    let mut warnings = list(source, query, &mut sink)?;
    warn_of_old_kernel(source, query, sink.any_bound, &mut warnings);
    Ok(Answer { data: sink.table, warnings })
}

struct Packed<'a> {
    table: Table,
    query: &'a SocketQuery,
    keep: &'a dyn Fn(&Brief) -> bool,
    any_bound: bool,
}

impl Packed<'_> {
    fn add(&mut self, brief: &Brief) -> bool {
        if !self.query.selects_brief(brief) {
            return true;
        }
        self.any_bound |= brief.state == Some(TcpState::Bound);
        !(self.keep)(brief)
            || wanted_rows(brief, self.query.kinds).all(|section| self.table.push(brief, section))
    }
}

impl Sink for Packed<'_> {
    fn row(&mut self, row: &[u8], protocol: Protocol) -> bool {
        decode_brief(row, protocol).is_some_and(|brief| self.add(&brief))
    }

    fn socket(&mut self, socket: Socket) {
        self.add(&Brief::from(&socket));
    }

    fn mark(&self) -> usize {
        self.table.len()
    }

    fn take_back(&mut self, to: usize) -> bool {
        self.table.truncate(to);
        true
    }
}

/// The parts of the table that a socket belongs to, of those that are asked for.
fn wanted_rows(brief: &Brief, kinds: Kinds) -> impl Iterator<Item = Section> + use<> {
    brief.rows().filter(move |section| kinds.contains(Kinds::of_section(*section)))
}

/// What becomes of sockets that are handed on when their dump is asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::linux) enum Again {
    /// They come again, and that does no harm.
    Comes,
    /// They would be there twice, so it is not asked for again.
    Never,
}

/// Hands over the sockets of the query as they come, until it is told to stop. Answers what they may lack.
pub(in crate::linux) fn each(
    source: &dyn Source,
    query: &SocketQuery,
    again: Again,
    hand: &mut dyn FnMut(&Brief) -> ControlFlow<()>,
) -> Result<Vec<Warning>, Error> {
    let mut sink = Passing { hand, query, again, handed: 0, any_bound: false, full: false };
    let mut warnings = list(source, query, &mut sink)?;
    let (full, any_bound) = (sink.full, sink.any_bound);
    if !full {
        warn_of_old_kernel(source, query, any_bound, &mut warnings);
    }
    Ok(warnings)
}

struct Passing<'a> {
    hand: &'a mut dyn FnMut(&Brief) -> ControlFlow<()>,
    query: &'a SocketQuery,
    again: Again,
    /// How many were handed on.
    handed: usize,
    any_bound: bool,
    full: bool,
}

impl Passing<'_> {
    fn add(&mut self, brief: &Brief) {
        if self.full || !self.query.selects_brief(brief) {
            return;
        }
        self.any_bound |= brief.state == Some(TcpState::Bound);
        self.handed += 1;
        self.full = (self.hand)(brief).is_break();
    }
}

impl Sink for Passing<'_> {
    fn row(&mut self, row: &[u8], protocol: Protocol) -> bool {
        let brief = decode_brief(row, protocol);
        brief.iter().for_each(|brief| self.add(brief));
        brief.is_some()
    }

    fn socket(&mut self, socket: Socket) {
        self.add(&Brief::from(&socket));
    }

    fn mark(&self) -> usize {
        self.handed
    }

    fn take_back(&mut self, to: usize) -> bool {
        self.again == Again::Comes || self.handed == to
    }

    fn is_full(&self) -> bool {
        self.full
    }
}

#[cfg(test)]
mod tests;
