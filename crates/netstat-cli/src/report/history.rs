//! `netstat history`: what connections there were.

use super::past::{self, PastSystem};
use super::{Session, connections, explain, follow, means, recorder_status};
use crate::output::{self, Trouble};
use crate::render::summary::{Scope, summary as render};
use crate::settings::{Connections, History};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_model::{Error, Warning};
use netstat_os::{Machine, Processes, Sockets};
use netstat_store::{Past, Preselection, Reader, Span, Standing};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// What a summary is about unless it is said.
const A_DAY: Duration = Duration::from_secs(86_400);

/// Shows the connections of a span.
///
/// # Errors
/// What failed, or that the history has nothing of that span.
pub(super) fn run(session: &mut Session<'_>, asked: &History) -> Result<ExitCode, Trouble> {
    if asked.follow {
        return follow::run(session, asked);
    }
    let reader = past::open(&asked.store)?;
    past::say_undated(&reader);
    let span = Span {
        since: asked.since.as_ref().map(|when| past::moment(session, "--since", when)).transpose()?,
        until: asked.until.as_ref().map(|when| past::moment(session, "--until", when)).transpose()?,
    };
    within_reach(session, &reader, &span)?;
    if asked.summary {
        return summarize(session, &reader, &span);
    }
    let now = session.backend.now().unwrap_or(SystemTime::UNIX_EPOCH);
    if let Some(filter) = &mut session.filter {
        filter.set_now(Some(now));
    }
    let rows = match &session.filter {
        Some(filter) => reader.preselect(filter).map_err(|error| past::store_error(&error))?,
        None => Preselection::default(),
    };
    // What was open just before the end of the span; what ended before that is told by its end.
    let before = span.until.and_then(|until| until.checked_sub(Duration::from_micros(1)));
    let (last, ends_within) = match before.map(|before| reader.standing(before)) {
        Some(Standing::Recorded(at)) => (Some(at), true),
        // While nothing was recorded nobody knows what was open, so the last moment that was counts.
        Some(Standing::Within(gap)) => match reader.standing(gap.from) {
            Standing::Recorded(at) => (Some(at), true),
            _ => (None, true),
        },
        Some(Standing::Before(_)) => (None, true),
        // After the last record, what is open is what was open then.
        Some(Standing::After(_) | Standing::Empty) | None => (None, false),
    };
    let whole = Span { until: span.until.filter(|_| ends_within), ..span };
    let gaps = reader.gaps(&span).map_err(|error| past::store_error(&error))?;
    let live = Rc::clone(&session.backend);
    let past = Past::span(&reader, whole, rows, last, now);
    let users = || past::users_of(reader.users());
    let system = PastSystem { past: &past, users: &users, live: &live };
    show(session, &system, &asked.table, &|error| explain(error, session.settings).into())?;
    past::say_filtered(&reader, &span, session);
    let (from, until) = bounds(&reader, &Span { since: span.since.or(Some(SystemTime::UNIX_EPOCH)), ..span });
    means::say_endings_untold(session, &asked.table, &reader.modes(from, until));
    past::say_all_gaps(gaps, &past, session);
    past::say_end(session, &reader, &span);
    if span.until.is_none_or(|until| until >= now) {
        recorder_status::say_behind(reader.file(), &session.zone);
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows the table of a span.
///
/// # Errors
/// What failed.
pub(super) fn show<P: Sockets + Processes + Machine>(
    session: &mut Session<'_>,
    system: &PastSystem<'_, P>,
    table: &Connections,
    explained: &dyn Fn(&Error) -> Trouble,
) -> Result<(), Trouble> {
    past::show(session, system, explained, |session, system, out| {
        let lacks = connections::table(session, system, table, out)?;
        // Who holds a connection that is over is known, or will never be.
        Ok(lacks.into_iter().filter(|lack| !matches!(lack, Warning::OwnersVanished { .. })).collect())
    })
}

/// Sums up a span: without a start the last day that was recorded.
fn summarize(session: &Session<'_>, reader: &Reader, span: &Span) -> Result<ExitCode, Trouble> {
    if session.filter.is_some() {
        return Err(both!(
            "--summary is about all connections: leave the filter out",
            "--summary는 모든 연결을 요약합니다. 필터를 빼고 입력하세요"
        )
        .into());
    }
    let (from, until) = bounds(reader, span);
    let summary = reader.summary(from, until).map_err(|error| past::store_error(&error))?;
    let recorded = past::what_was_recorded(reader, (from, until), session);
    let hosts = reader.hosts(from, until).join(", ");
    let scope = Scope {
        host: Some(hosts.as_str()).filter(|hosts| !hosts.is_empty()),
        modes: recorded.iter().map(AsRef::as_ref).collect(),
        from,
        until,
        zone: &session.zone,
        geo: &session.geo,
    };
    output::people(&render(&summary, &scope, session.settings.language))?;
    past::say_end(session, reader, span);
    // What is new follows from the day before as well.
    let compared = from.checked_sub(A_DAY).filter(|_| summary.new_remotes.is_some());
    let span = Span { since: compared.or(Some(from)), until: Some(until) };
    let mut gaps = reader.gaps(&span).map_err(|error| past::store_error(&error))?;
    gaps.extend_from_slice(&summary.damaged);
    past::say_filtered(reader, &span, session);
    past::say_gaps(&gaps, &session.zone);
    Ok(ExitCode::SUCCESS)
}

/// Returns what of a span the history has: without a start the last day of it.
pub(super) fn bounds(reader: &Reader, span: &Span) -> (SystemTime, SystemTime) {
    let (first, last) = reader.reach().unwrap_or((SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH));
    // The last moment belongs to the span.
    let end = last.checked_add(Duration::from_micros(1)).unwrap_or(last);
    let until = span.until.map_or(end, |until| until.min(end));
    let from = span.since.or_else(|| until.checked_sub(A_DAY)).map_or(first, |since| since.max(first));
    (from, until)
}

/// Refuses a span of which the history has nothing.
pub(super) fn within_reach(session: &Session<'_>, reader: &Reader, span: &Span) -> Result<(), Text> {
    let Some((first, last)) = reader.reach() else {
        return Err(past::empty());
    };
    within(session, span, (first, last))
}

/// Refuses a span that has nothing in common with what was recorded, from the first moment to the last.
pub(super) fn within(
    session: &Session<'_>,
    span: &Span,
    (first, last): (SystemTime, SystemTime),
) -> Result<(), Text> {
    let shown = |time| session.zone.to_the_second(time);
    if span.since.zip(span.until).is_some_and(|(since, until)| since >= until) {
        return Err(both!(
            "--until is not after --since: nothing is between them",
            "--until이 --since보다 뒤가 아닙니다. 그 사이에는 아무것도 없습니다"
        ));
    }
    if span.since.is_some_and(|since| since > last) || span.until.is_some_and(|until| until <= first) {
        return Err(both!(
            "nothing is known of that time: the history goes from {first} to {last}",
            "그때의 기록이 없습니다: 기록은 {first}부터 {last}까지입니다",
            first = shown(first),
            last = shown(last)
        ));
    }
    Ok(())
}
