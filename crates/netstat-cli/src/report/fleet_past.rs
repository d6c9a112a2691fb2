//! `netstat history --from`, and `--at` with it: the pasts of many hosts.

use super::fleet::{self, Watched, fleet_error};
use super::past::{self, PastSystem};
use super::{Session, explain, fleet_summary, history, means};
use crate::output::{self, Trouble};
use crate::settings::{Connections, FleetPlace, History};
use netstat_engine::both;
use netstat_engine::filter::{Filter, Test};
use netstat_engine::text::When;
use netstat_engine::view::sort::Order;
use netstat_fleet::{Asked, First, Fleet, FleetPast, Moments, Question};
use netstat_model::Error;
use netstat_os::Machine as _;
use netstat_store::Span;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// Shows the connections of a span.
pub(super) fn history(
    session: &mut Session<'_>,
    asked: &History,
    place: &FleetPlace,
) -> Result<ExitCode, Trouble> {
    let fleet = fleet::open(place)?;
    fleet::empty(fleet.hosts())?;
    let span = Span {
        since: asked.since.as_ref().map(|when| past::moment(session, "--since", when)).transpose()?,
        until: asked.until.as_ref().map(|when| past::moment(session, "--until", when)).transpose()?,
    };
    if let Some(reach) = fleet.hosts().reach() {
        history::within(session, &span, reach)?;
    }
    let now = session.backend.now().unwrap_or(SystemTime::UNIX_EPOCH);
    if let Some(filter) = &mut session.filter {
        filter.set_now(Some(now));
    }
    if asked.summary {
        return fleet_summary::show(session, &fleet, &span, place);
    }
    let filter = session.filter.clone();
    let filtered = fleet.hosts().filtered(&span, |host| is_asked(filter.as_ref(), host));
    fleet::say_filtered(&filtered, session);
    if let Some((from, until)) = fleet.hosts().reach() {
        let (from, until) = (span.since.unwrap_or(from), span.until.unwrap_or(until));
        means::say_endings_untold(session, &asked.table, &fleet.hosts().modes(from, until));
    }
    let question = Question {
        asked: Asked::Span(span),
        filter: filter.as_ref(),
        wants_processes: true,
        groups: Some(&asked.table.group_by[..]).filter(|columns| !columns.is_empty()),
        first: first(&asked.table),
        most: place.most,
        now,
    };
    answer(session, &fleet, question, place, |session, system, explained| {
        history::show(session, system, &asked.table, explained)
    })?;
    let gaps = fleet.hosts().gaps(&span, |host| is_asked(filter.as_ref(), host));
    fleet::say_gaps(&gaps, &session.zone);
    let end = span.until.map_or(now, |until| until.min(now));
    let silent = fleet.hosts().silent(end, |host| is_asked(filter.as_ref(), host));
    fleet::say_silent(&silent, &session.zone);
    Ok(ExitCode::SUCCESS)
}

/// Shows the table of a moment.
pub(super) fn moment(session: &mut Session<'_>, at: &When, place: &FleetPlace) -> Result<ExitCode, Trouble> {
    let fleet = fleet::open(place)?;
    fleet::empty(fleet.hosts())?;
    let time = past::moment(session, "--at", at)?;
    if let Some(filter) = &mut session.filter {
        filter.set_now(Some(time));
    }
    let filter = session.filter.clone();
    let Moments { recorded, unknown } = fleet.hosts().at(time, |host| is_asked(filter.as_ref(), host));
    if recorded.is_empty() {
        return Err(both!(
            "nothing is known of {time} on any host that is asked about",
            "{time}의 기록이 있는 호스트가 없습니다",
            time = session.zone.to_the_second(time)
        )
        .into());
    }
    let moment = Span { since: Some(time), until: time.checked_add(Duration::from_micros(1)) };
    let filtered = fleet.hosts().filtered(&moment, |host| is_asked(filter.as_ref(), host));
    fleet::say_filtered(&filtered, session);
    let question = Question {
        asked: Asked::Table(time),
        filter: filter.as_ref(),
        wants_processes: true,
        groups: None,
        first: None,
        most: place.most,
        now: time,
    };
    answer(session, &fleet, question, place, |session, system, explained| {
        past::show_moment(session, system, explained)
    })?;
    if !unknown.is_empty() {
        output::complain(&both!(
            "nothing is known of that time on {hosts}",
            "다음 호스트는 그 시각의 기록이 없습니다: {hosts}",
            hosts = fleet::named(&unknown)
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns which rows are wanted, where the server can choose them.
fn first(table: &Connections) -> Option<First> {
    let (by, descending) = match table.order {
        Order::AsGiven => (None, false),
        Order::By { column, descending } => (Some(column.name), descending),
        Order::Usual => return None,
    };
    let is_grouped = !table.group_by.is_empty();
    (!is_grouped).then_some(First { by, descending, rows: table.limit })
}

/// Whether a filter may match on a host.
fn is_asked(filter: Option<&Filter>, host: &str) -> bool {
    filter.is_none_or(|filter| {
        filter.required_tests().all(|test| match test {
            Test::HostName(glob) => glob.matches_text(host),
            _ => true,
        })
    })
}

/// Shows the answer to a question, and takes it back when somebody presses Ctrl+C.
fn answer(
    session: &mut Session<'_>,
    fleet: &Fleet,
    question: Question<'_>,
    place: &FleetPlace,
    show: impl FnOnce(
        &mut Session<'_>,
        &PastSystem<'_, FleetPast<'_>>,
        &dyn Fn(&Error) -> Trouble,
    ) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let watched = Watched::begin(fleet.client(), fleet.course());
    let past = FleetPast::new(fleet, question);
    if past.is_counted() {
        // What the server has counted has passed the filter there.
        session.filter = None;
    }
    let live = Rc::clone(&session.backend);
    let users = || past::users_of(fleet.users());
    let system = PastSystem { past: &past, users: &users, live: &live };
    let settings = session.settings;
    let explained = |error: &Error| match past.take_failure() {
        Some(failure) => fleet_error(&failure, place).into(),
        None => explain(error, settings).into(),
    };
    let shown = show(session, &system, &explained);
    drop(watched);
    shown.map_err(fleet::or_interrupted)
}
