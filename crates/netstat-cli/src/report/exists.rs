//! `--exists` and `--wait`: the answer is the exit code.

use super::select::select;
use super::{Session, connections, explain};
use crate::output::{Trouble, Warnings};
use crate::settings::{Purpose, Report};
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
        let query = connections::query(&session.rows(rows), netstat_core::query::Fields::empty());
        let selected = select(&session.backend, session.filter.as_ref(), query, session.search(false));
        session.backend.finish().map_err(|error| explain(&error, settings))?;
        let selected = selected.map_err(|error| explain(&error, settings))?;
        if !selected.sockets.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        // What may not be seen may match: that has to be said beside a no.
        warnings.say(selected.warnings);
        let Purpose::Await(timeout) = settings.purpose else { return Ok(ExitCode::from(1)) };
        let left = timeout.map(|timeout| timeout.saturating_sub(begin.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(ExitCode::from(1));
        }
        thread::sleep(left.map_or(pause, |left| pause.min(left)));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
