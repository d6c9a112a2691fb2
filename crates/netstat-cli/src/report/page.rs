//! `netstat report`: a page of what happened in a span.

use super::{Session, capture, history, judge, past, rights};
use crate::output::{self, Trouble, Utf8};
use crate::settings::Page;
use netstat_engine::both;
use netstat_engine::text::quote::{for_shell, one_line, quoted};
use netstat_engine::text::{Language, Text};
use netstat_html::{Break, Report, intervals, page, wishes};
use netstat_model::history::GapCause;
use netstat_os::{Machine as _, Restrictions as _};
use netstat_store::{Gap, Reader, Span};
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

/// A history that was written so long ago is not that of now.
const YOUNG: Duration = Duration::from_secs(120);

/// Makes the page, and writes it.
///
/// # Errors
/// What failed, or that the history has nothing of that span.
pub(super) fn run(session: &Session<'_>, asked: &Page) -> Result<ExitCode, Trouble> {
    if asked.file.is_some() {
        rights::may_open_what_the_user_names()
            .map_err(|why| both!("netstat report is refused: {why}", "netstat report 거부: {why}", why))?;
    }
    let reader = past::open(&asked.store)?;
    past::say_undated(&reader);
    let span = Span {
        since: asked.since.as_ref().map(|when| past::moment(session, "--since", when)).transpose()?,
        until: asked.until.as_ref().map(|when| past::moment(session, "--until", when)).transpose()?,
    };
    history::within_reach(session, &reader, &span)?;
    let (from, until) = history::bounds(&reader, &span);
    let told = |error| Trouble::from(past::store_error(&error));
    let summary = reader.summary(from, until).map_err(told)?;
    let interval = intervals(from, until);
    let course = reader.course(from, &wishes(&summary, until, interval)).map_err(told)?;
    let mut gaps = reader.gaps(&Span { since: Some(from), until: Some(until) }).map_err(told)?;
    gaps.retain(|gap| gap.until > from || gap.from == gap.until);
    gaps.extend_from_slice(&course.damaged);
    let system = &*session.backend;
    let now = system.now();
    let hosts = reader.hosts(from, until);
    let is_this_host = system.host_name().is_ok_and(|own| hosts == [own.as_str()]);
    let hosts = hosts.join(", ");
    let is_now = span.until.is_none()
        && is_this_host
        && now.is_some_and(|now| now.duration_since(until).is_ok_and(|age| age <= YOUNG));
    let judged = if is_now { judge::now(session) } else { judge::past(session, &reader, until) };
    let limits = is_this_host.then(|| system.limits().ok()).flatten();
    let ports = limits.and_then(|limits| limits.data.tcp_v4_ports).map(|ports| ports.count() as u64);
    let recorded = past::what_was_recorded(&reader, (from, until), session);
    let report = Report {
        language: session.settings.language,
        zone: &session.zone,
        geo: &session.geo,
        host: Some(hosts.as_str()).filter(|hosts| !hosts.is_empty()),
        modes: recorded.iter().map(AsRef::as_ref).collect(),
        from,
        until,
        interval,
        made: now,
        program: concat!("netstat ", env!("CARGO_PKG_VERSION")),
        command: &command(session, asked, from, until),
        notes: notes(session, &reader, &span, from, until),
        summary: &summary,
        course: &course,
        breaks: gaps.iter().map(|gap| broken(session, gap)).collect(),
        judged,
        local_ports: ports,
    };
    let html = page(&report);
    match &asked.file {
        None => {
            // It says itself that it is UTF-8.
            output::write_utf8(Utf8::Data);
            output::text(html.as_bytes())?;
        }
        Some(path) => {
            write(path, html.as_bytes())?;
            output::complain(&both!(
                "{file}: {ends:connection|connections} that ended from {from} to {until}; {bytes:byte|bytes}",
                "{file}: {from}부터 {until}까지 끝난 연결 {ends}개, {bytes}바이트",
                file = quoted(path.as_os_str()),
                ends = summary.total.ends,
                from = session.zone.to_the_second(from),
                until = session.zone.to_the_second(until),
                bytes = html.len()
            ));
        }
    }
    past::say_filtered(&reader, &Span { since: Some(from), until: Some(until) }, session);
    past::say_gaps(&gaps, &session.zone);
    Ok(ExitCode::SUCCESS)
}

/// Writes a file that is not there yet. Of one that could not be written whole nothing is left.
fn write(path: &Path, html: &[u8]) -> Result<(), Text> {
    let mut file = netstat_capture::create(path).map_err(|error| capture::cannot_write(path, &error))?;
    file.write_all(html).and_then(|()| file.flush()).map_err(|error| {
        drop(file);
        // What is said is why it could not be written.
        let _ = std::fs::remove_file(path);
        capture::cannot_write(path, &error)
    })
}

/// Says what of the span that was asked for the page does not have.
fn notes(
    session: &Session<'_>,
    reader: &Reader,
    span: &Span,
    from: SystemTime,
    until: SystemTime,
) -> Vec<Text> {
    let shown = |at| session.zone.to_the_second(at);
    let mut notes = Vec::new();
    if let Some(since) = span.since.filter(|since| *since < from) {
        notes.push(both!(
            "Asked for from {since} on; the history begins at {from}.",
            "{since}부터 요청했지만 기록은 {from}에 시작합니다.",
            since = shown(since),
            from = shown(from)
        ));
    }
    let last = reader.reach().map(|(_, last)| last);
    let end = span.until.or_else(|| session.backend.now());
    if let Some((last, end)) = last.zip(end).filter(|(last, end)| *last < *end && until >= *last) {
        let missing = end.duration_since(last).unwrap_or_default();
        if missing > YOUNG {
            notes.push(both!(
                "The history ends at {last}, {missing} before the end that was asked for.",
                "기록은 {last}에 끝납니다. 요청한 끝보다 {missing} 앞입니다.",
                last = shown(last),
                missing
            ));
        }
    }
    for it in reader.filtered(&Span { since: Some(from), until: Some(until) }) {
        notes.push(both!(
            "From {from} to {until} only connections were recorded that match: {filter}.",
            "{from}부터 {until}까지는 다음 필터에 맞는 연결만 기록했습니다: {filter}.",
            from = shown(it.from),
            until = shown(it.until),
            filter = one_line(it.filter)
        ));
    }
    if let undated @ 1.. = reader.undated() {
        notes.push(both!(
            "{undated:run|runs} of the recorder cannot be dated and {undated?is|are} not in this page, because the record of the \
             clock is damaged.",
            "시계 기록이 손상되어 시각을 알 수 없는 기록기 실행 {undated}회는 이 보고서에 없습니다.",
            undated
        ));
    }
    notes
}

fn broken(session: &Session<'_>, gap: &Gap) -> Break {
    let is_blank = match gap.cause {
        GapCause::NotRunning | GapCause::Suspended => true,
        // Of a block it is known how many are lost.
        GapCause::Damaged => gap.lost.is_none(),
        _ => false,
    };
    Break { from: gap.from, until: gap.until, is_blank, what: past::gap_text(gap, &session.zone) }
}

/// Returns the command that makes the page again, whenever it is typed.
fn command(session: &Session<'_>, asked: &Page, from: SystemTime, until: SystemTime) -> String {
    let mut words = vec!["netstat".to_owned(), "report".to_owned()];
    for (option, at) in [("--since", from), ("--until", until)] {
        // Of whole seconds the fraction says nothing.
        words.extend([option.to_owned(), session.zone.rfc_3339(at).replacen(".000000", "", 1)]);
    }
    if asked.is_named {
        words.extend(["--store".to_owned(), for_shell(asked.store.as_os_str()).to_string()]);
    }
    for file in &session.settings.geo {
        words.extend(["--geo".to_owned(), for_shell(file.as_os_str()).to_string()]);
    }
    if session.settings.language == Language::Korean {
        words.push("--lang ko".to_owned());
    }
    words.push("-o report.html".to_owned());
    words.join(" ")
}
