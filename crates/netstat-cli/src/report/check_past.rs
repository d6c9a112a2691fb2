//! `netstat check --at` and `--since`: what checks say of a history.

use super::judge::{self, JudgedTable};
use super::past::{self, filtered_text, gap_text};
use super::{Session, check, explain, history, means};
use crate::output::{self, Trouble, Warnings};
use crate::render::{check as people, check_json};
use crate::settings::{CheckedPast, Checks, Task};
use netstat_check::{
    BIND, Check, CheckSettings, Finding, OverTime, POLICY, judge_over_time, judges_over_time, lacking, worst,
};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::quote::for_shell;
use netstat_model::{SnapshotInfo, Warning};
use netstat_os::{Machine, Restrictions};
use netstat_store::{CourseWishes, Gap, Reader, Span};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

/// How many destinations are looked at.
const DESTINATIONS: usize = 50;

/// Into how many intervals the time is cut, in each of which the most ports are looked for.
const INTERVALS: u32 = 240;

/// Judges a moment or a span of a history. The exit code is that of the worst finding.
///
/// # Errors
/// What failed, or that nothing is known of that time.
pub(super) fn run(session: &Session<'_>, checks: &Checks, past: &CheckedPast) -> Result<ExitCode, Trouble> {
    let Task::Run { checks: chosen, named } = &checks.task else { return Ok(ExitCode::SUCCESS) };
    let settings = check::check_settings(checks)?;
    let reader = past::open(past.store())?;
    past::say_undated(&reader);
    // They judge by what is named for them, which a history has not.
    let chosen: Vec<&'static Check> = match named {
        true => chosen.clone(),
        false => chosen.iter().copied().filter(|check| **check != POLICY && **check != BIND).collect(),
    };
    let judged = match past {
        CheckedPast::At { at, .. } => {
            let time = past::moment(session, "--at", at)?;
            moment(session, &reader, time, &chosen, &settings)?
        }
        CheckedPast::Span { since, until, store, is_named } => {
            let span = Span {
                since: since.as_ref().map(|when| past::moment(session, "--since", when)).transpose()?,
                until: until.as_ref().map(|when| past::moment(session, "--until", when)).transpose()?,
            };
            history::within_reach(session, &reader, &span)?;
            let named = is_named.then_some(store.as_path());
            over_time(session, (&reader, named), &span, &chosen, &settings)?
        }
    };
    show(session, checks, &chosen, *named, judged)
}

/// What was found, and of what.
struct Judged {
    findings: Vec<Finding>,
    looked: people::Looked,
    info: SnapshotInfo,
    warnings: Vec<Warning>,
    /// Why the history is not whole, if it is not.
    lacks: Vec<Text>,
}

fn show(
    session: &Session<'_>,
    checks: &Checks,
    chosen: &[&'static Check],
    named: bool,
    judged: Judged,
) -> Result<ExitCode, Trouble> {
    let Judged { findings, looked, info, warnings, lacks } = judged;
    let warnings = check::each_once(warnings);
    let language = session.settings.language;
    let overall = worst(findings.iter().filter(|finding| named || !finding.never_told));
    let style = people::FindingStyle {
        language,
        width: terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0)),
        colour: output::shows_colour(checks.colour),
        named,
    };
    let mut out = Vec::new();
    let written = if checks.json {
        let told = warnings.iter().map(lacking).chain(lacks.iter().cloned());
        let words = told.map(|text| text.of(language).to_owned()).collect();
        check_json::render((&findings, overall), chosen, &looked, &info, words, language, &mut out)
    } else {
        people::render(&findings, chosen, &looked, &style, &mut out)
    };
    let mut stdout = output::stdout();
    output::outcome(written.and_then(|()| stdout.write_all(&out)).and_then(|()| stdout.flush()))?;
    Warnings::default().say_as(warnings, lacking);
    past::say_lacks(&lacks);
    Ok(ExitCode::from(overall.exit_code()))
}

/// Judges the table of a moment.
fn moment(
    session: &Session<'_>,
    reader: &Reader,
    time: SystemTime,
    chosen: &[&'static Check],
    settings: &CheckSettings,
) -> Result<Judged, Trouble> {
    let at = past::recorded(reader, time, &session.zone)?;
    let can = |check: &&&'static Check| !by_name(check) && judge::lacks(&check.needs).is_none();
    let able: Vec<&'static Check> = chosen.iter().filter(can).copied().collect();
    let JudgedTable { mut findings, evidence, info, warnings } =
        judge::table(session, reader, (at, time), &able, settings)
            .map_err(|error| explain(&error, session.settings))?;
    for check in chosen {
        let why = match judge::lacks(&check.needs) {
            _ if by_name(check) => both!(
                "it judges what is there now, by what is named for it",
                "지정한 것에 따라 지금의 상태를 점검하는 검사"
            ),
            Some(what) => both!(
                "not known of the past: a history does not keep {what}",
                "지난 시각에 대해서는 알 수 없음: 기록에 저장하지 않는 것({what})",
                what
            ),
            None => continue,
        };
        let now = both!(
            "judge the system as it is: netstat check {name}",
            "지금의 시스템을 점검합니다: netstat check {name}",
            name = check.name
        );
        findings.push(Finding { check: check.name, ..Finding::never_told(why, now) });
    }
    let lacks = what_lacks(session, reader, &Span { since: Some(time), until: Some(just_behind(time)) })?;
    Ok(Judged { findings, looked: people::Looked::of(&evidence), info, warnings, lacks })
}

fn by_name(check: &Check) -> bool {
    *check == POLICY || *check == BIND
}

/// Judges a span.
fn over_time(
    session: &Session<'_>,
    (reader, named): (&Reader, Option<&Path>),
    span: &Span,
    chosen: &[&'static Check],
    settings: &CheckSettings,
) -> Result<Judged, Trouble> {
    let told = |error| past::store_error(&error);
    let (from, until) = history::bounds(reader, span);
    let summary = reader.summary(from, until).map_err(told)?;
    let length = until.duration_since(from).unwrap_or_default();
    let wishes = CourseWishes {
        until,
        step: (length / INTERVALS).max(Duration::from_secs(1)),
        intervals: INTERVALS as usize,
        processes: Vec::new(),
        remotes: Vec::new(),
        destinations: DESTINATIONS,
        lives: 0,
    };
    let course = reader.course(from, &wishes).map_err(told)?;
    let hosts = reader.hosts(from, until);
    let is_this_host = session.backend.host_name().is_ok_and(|own| hosts == [own.as_str()]);
    let host = Some(hosts.join(", ")).filter(|hosts| !hosts.is_empty());
    let limits = is_this_host.then(|| session.backend.limits().ok()).flatten();
    let moment = |time| session.zone.rfc_3339(time);
    let mut options = format!("--since {} --until {}", moment(from), moment(until));
    if let Some(store) = named {
        options.push_str(&format!(" --store {}", for_shell(store.as_os_str())));
    }
    let over = OverTime {
        length: Duration::from_secs(length.as_secs()),
        options,
        lacks: lacks(session, reader, span, (from, until), &summary.damaged)?,
        ends: summary.total.ends,
        failed: summary.failed,
        failures: summary
            .failures
            .into_iter()
            .filter(|failure| !failure.came_in)
            .map(|failure| (failure.reason, failure.end, failure.process, failure.ends))
            .collect(),
        ports: limits.and_then(|limits| limits.data.tcp_v4_ports).map(|ports| ports.count() as u64),
        destinations: course
            .ports
            .into_iter()
            .map(|(end, ports)| (end, ports.into_iter().max().unwrap_or(0)))
            .collect(),
        close_wait: summary.unclosed,
    };
    let mut findings: Vec<Finding> =
        chosen.iter().flat_map(|check| judge_over_time(check, &over, settings)).collect();
    if !chosen.iter().any(|check| judges_over_time(check)) {
        findings.iter_mut().for_each(|finding| finding.never_told = false);
    }
    let info = SnapshotInfo { at: Some(until), uptime: None, host, boot_id: None, namespace: None };
    let ends = usize::try_from(over.ends).unwrap_or(usize::MAX);
    let looked = people::Looked { sockets: ends, elapsed: None, span: Some([moment(from), moment(until)]) };
    Ok(Judged { findings, looked, info, warnings: Vec::new(), lacks: over.lacks })
}

fn just_behind(time: SystemTime) -> SystemTime {
    time.checked_add(Duration::from_micros(1)).unwrap_or(time)
}

/// Returns why the history of a span is not whole, if it is not.
fn lacks(
    session: &Session<'_>,
    reader: &Reader,
    asked: &Span,
    (from, until): (SystemTime, SystemTime),
    damaged: &[Gap],
) -> Result<Vec<Text>, Text> {
    let mut lacks =
        what_lacks(session, reader, &Span { since: Some(just_behind(from)), until: Some(until) })?;
    // The first moments of a span are not what somebody means who asks for the last day.
    if asked.since.is_some_and(|since| since + Duration::from_secs(1) < from) {
        let from = session.zone.to_the_second(from);
        lacks.push(both!("the history begins at {from}", "기록은 {from}에 시작함", from));
    }
    lacks.extend(past::ends_early(session, reader, asked));
    lacks.extend(damaged.iter().map(|gap| gap_text(gap, &session.zone)));
    lacks.extend(means::endings_untold(&reader.modes(from, until)));
    Ok(lacks)
}

/// Returns what a recorder did not keep or see of a span.
fn what_lacks(session: &Session<'_>, reader: &Reader, span: &Span) -> Result<Vec<Text>, Text> {
    let filtered = reader.filtered(span);
    let mut lacks: Vec<Text> = filtered.iter().map(|it| filtered_text(it, &session.zone)).collect();
    let gaps = reader.gaps(span).map_err(|error| past::store_error(&error))?;
    // While a machine is suspended, nothing happens.
    let gaps = gaps.iter().filter(|gap| gap.lost != Some(0));
    lacks.extend(gaps.map(|gap| gap_text(gap, &session.zone)));
    Ok(lacks)
}
