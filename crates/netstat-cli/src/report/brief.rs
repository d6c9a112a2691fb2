//! The connection table of Windows with nothing but what a socket has in brief: for tables of any length.

use super::connections::query;
use super::{Displayed, Failure, Session};
use crate::columns::Extras;
use crate::output::shows_colour;
use crate::render::Classic;
use crate::settings::{Connections, Form};
use crate::view::ConnectionsOptions;
use crate::view::sort::Order;
use netstat_engine::filter::{Filter, Known};
use netstat_model::query::{Fields, Kinds, SocketQuery};
use netstat_model::{Answer, Error};
use netstat_model::{Brief, Socket, TableRow};
use netstat_os::Backend;
use std::io::Write;
use std::ops::ControlFlow;

/// Whether the table shows no more than that, and the filter asks for no more.
pub(super) fn is_enough(session: &Session<'_>, table: &Connections) -> bool {
    let plain = table.form == Form::Classic
        && table.extras == Extras::default()
        && table.names.is_none()
        && table.process.is_none()
        && table.group_by.is_empty()
        && !table.owner_lines;
    plain
        && !matches!(table.order, Order::By { .. })
        && session.filter.as_ref().is_none_or(Filter::is_of_ends)
}

/// What is asked of the system, and which of what comes has rows.
pub(super) struct Wanted<'a> {
    query: SocketQuery,
    rows: ConnectionsOptions,
    filter: Option<&'a Filter>,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(rows: ConnectionsOptions, filter: Option<&'a Filter>) -> Self {
        let all = query(&rows, Fields::empty());
        let query = filter.map_or_else(|| all.clone(), |filter| filter.narrow(all.clone()).query);
        Self { query, rows, filter }
    }

    /// Whether the socket has rows.
    fn has(&self, brief: &Brief) -> bool {
        self.rows.wants(brief.protocol, brief.state, brief.remote.is_some()) && self.matches(brief)
    }

    fn matches(&self, brief: &Brief) -> bool {
        self.filter.is_none_or(|filter| filter.decided(&Socket::from(brief), Known::Socket) == Some(true))
    }
}

/// Whether there is a socket that matches, and what the answer lacks. No more is read than that takes.
pub(super) fn any(backend: &impl Backend, wanted: &Wanted<'_>) -> Result<Answer<bool>, Error> {
    let mut found = false;
    let answer = backend.each_socket(&wanted.query, &mut |brief| {
        found |= wanted.matches(brief);
        if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(Answer { data: found, warnings: answer.warnings })
}

/// The table: packed and sorted, or written as it comes where that is asked for and owners are not.
pub(super) fn table(session: &mut Session<'_>, table: &Connections, out: &mut impl Write) -> Displayed {
    let wanted = Wanted::new(session.rows(table.rows), session.filter.as_ref());
    let colour = shows_colour(table.colour);
    let classic = Classic::plain(session.settings.language, table.pid, colour);
    let limit = table.limit.unwrap_or(usize::MAX);
    let mut sheet = classic.begin(out)?;
    if table.order == Order::AsGiven && !table.pid {
        let mut left = limit;
        let mut failed = None;
        let mut add = |brief: &Brief| {
            for section in brief.rows().filter(|it| wanted.query.kinds.contains(Kinds::of_section(*it))) {
                if left == 0 {
                    return ControlFlow::Break(());
                }
                left -= 1;
                if let Err(error) = classic.add(&mut sheet, &TableRow::new(brief, section)) {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        };
        let answer = session.backend.each_socket(&wanted.query, &mut |brief| {
            if wanted.has(brief) { add(brief) } else { ControlFlow::Continue(()) }
        });
        if let Some(error) = failed {
            return Err(Failure::Output(error));
        }
        let warnings = answer?.warnings;
        sheet.hand_on()?;
        return Ok(warnings);
    }
    let owners = table.pid.then_some(session.settings.owners);
    let answer = session.backend.table(&wanted.query, owners, &|brief| wanted.has(brief))?;
    let (mut rows, method) = answer.data;
    if table.order == Order::AsGiven {
        rows.rows_as_given().take(limit).try_for_each(|row| classic.add(&mut sheet, &row))?;
    } else {
        rows.sort();
        rows.rows().take(limit).try_for_each(|row| classic.add(&mut sheet, &row))?;
    }
    sheet.hand_on()?;
    session.tell(method);
    Ok(answer.warnings)
}
