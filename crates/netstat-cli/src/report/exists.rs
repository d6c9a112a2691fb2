//! `--exists` and `--wait`: the answer is the exit code.

use super::brief::{self, Wanted};
use super::select::select;
use super::{Session, connections, explain};
use crate::output::{Trouble, Warnings};
use crate::settings::{Purpose, Report};
use crate::view::ConnectionsOptions;
use netstat_core::filter::Filter;
use netstat_core::query::Fields;
use netstat_core::{Answer, Error};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// The pause between two looks. It grows, so that what comes soon is seen soon, and what takes long costs little.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// 0 when a row matches, 1 when none does (in time).
pub(super) fn answer(session: &Session<'_>) -> Result<ExitCode, Trouble> {
    let settings = session.settings;
    let rows = match &settings.report {
        Report::Connections(table) => table.rows,
        Report::ProcessCounts(rows) => *rows,
        _ => return Err("--exists and --wait ask about connections".to_owned().into()),
    };
    let begin = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut warnings = Warnings::default();
    loop {
        let found = find(session, rows);
        session.backend.finish().map_err(|error| explain(&error, settings))?;
        let found = found.map_err(|error| explain(&error, settings))?;
        if found.data {
            return Ok(ExitCode::SUCCESS);
        }
        // What may not be seen may match: that has to be said beside a no.
        warnings.say(found.warnings);
        let Purpose::Await(timeout) = settings.purpose else { return Ok(ExitCode::from(1)) };
        let left = timeout.map(|timeout| timeout.saturating_sub(begin.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(ExitCode::from(1));
        }
        thread::sleep(left.map_or(pause, |left| pause.min(left)));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether a row matches now.
fn find(session: &Session<'_>, rows: ConnectionsOptions) -> Result<Answer<bool>, Error> {
    let (rows, filter) = (session.rows(rows), session.filter.as_ref());
    if filter.is_none_or(Filter::is_of_ends) {
        return brief::any(&session.backend, &Wanted::new(rows, filter));
    }
    let query = connections::query(&rows, Fields::empty());
    let selected = select(&session.backend, filter, query, session.search(false))?;
    Ok(Answer { data: !selected.sockets.is_empty(), warnings: selected.warnings })
}
