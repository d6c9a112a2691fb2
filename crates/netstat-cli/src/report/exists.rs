//! `--exists` and `--wait`: the answer is the exit code.

use super::{Session, connections, explain};
use crate::output::{Trouble, Warnings};
use crate::settings::{Purpose, Report};
use netstat_engine::both;
use netstat_engine::select::{Selected, Streamed};
use netstat_engine::view::ConnectionsOptions;
use netstat_engine::watch::{Next, watch};
use netstat_model::query::Fields;
use netstat_model::{Answer, Error, TcpFields, Warning};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The pause between two looks. It grows, so that what comes soon is seen soon, and what takes long costs little.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// 0 when a row matches, 1 when none does (in time). Where nobody can tell whether one does now, that is an error.
pub(super) fn answer(session: &mut Session<'_>) -> Result<ExitCode, Trouble> {
    let settings = session.settings;
    let rows = match &settings.report {
        Report::Connections(table) => table.rows,
        Report::ProcessCounts(rows) => *rows,
        _ => {
            return Err(both!(
                "--exists and --wait ask about connections",
                "--exists와 --wait는 연결에만 쓸 수 있습니다"
            )
            .into());
        }
    };
    let begin = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut warnings = Warnings::default();
    watch(
        session,
        |session| find(session, rows).map_err(|error| explain(&error, settings).into()),
        |session| session.finish(),
        |_, found| {
            if found.data == Found::Yes {
                return Ok(Next::Done(ExitCode::SUCCESS));
            }
            // A hidden socket might match, so warn before answering no.
            // How many, and what follows from it, is said with the answer.
            let is_said = |warning: &Warning| match warning {
                Warning::MayMatch { .. } => settings.purpose != Purpose::Ask,
                other => super::is_said(other, settings),
            };
            warnings.say(found.warnings.into_iter().filter(is_said));
            let Purpose::Await(timeout) = settings.purpose else { return now(found.data).map(Next::Done) };
            let left = timeout.map(|timeout| timeout.saturating_sub(begin.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Next::Done(ExitCode::from(1)));
            }
            let this = left.map_or(pause, |left| pause.min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
            Ok(Next::LookAgain(this))
        },
    )
}

/// Whether a row matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Yes,
    /// None of those about which all is known, and so many may.
    No {
        perhaps: usize,
    },
}

/// The answer to whether a row matches now, where none is known to.
fn now(found: Found) -> Result<ExitCode, Trouble> {
    match found {
        Found::Yes => Ok(ExitCode::SUCCESS),
        Found::No { perhaps: 0 } => Ok(ExitCode::from(1)),
        Found::No { perhaps } => Err(both!(
            "whether a row matches is not known: what decides on {perhaps:socket|sockets} could not be read",
            "맞는 행이 있는지 확인할 수 없습니다: 소켓 {perhaps}개를 판단할 정보를 읽을 수 없음",
            perhaps
        )
        .into()),
    }
}

/// Whether a row matches now. No more is read than that takes.
fn find(session: &Session<'_>, rows: ConnectionsOptions) -> Result<Answer<Found>, Error> {
    let rows = session.rows(rows);
    let selection = session.selection(connections::query(&rows, Fields::empty(), TcpFields::empty()));
    if !selection.needs_owners_to_match() {
        let mut any = false;
        let Streamed { undecided, warnings, .. } = selection.stream(&*session.backend, |_| {
            any = true;
            false
        })?;
        let found = if any { Found::Yes } else { Found::No { perhaps: undecided } };
        return Ok(Answer { data: found, warnings });
    }
    let Selected { sockets, undecided, warnings, .. } = selection.take(&*session.backend, |_| true)?;
    let found = if sockets.is_empty() { Found::No { perhaps: undecided.values().sum() } } else { Found::Yes };
    Ok(Answer { data: found, warnings })
}
