//! `netstat history --summary --from`: what happened on many hosts, in short.

use super::Session;
use super::fleet::{self, Watched, fleet_error};
use crate::output::{self, Trouble};
use crate::settings::FleetPlace;
use netstat_engine::both;
use netstat_engine::text::{Language, Text, cells, escape};
use netstat_fleet::{Amount, Failing, Fleet, FleetSummary, Fresh};
use netstat_store::Span;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

/// What a summary is about unless it is said.
const A_DAY: Duration = Duration::from_secs(86_400);

/// Sums up a span: without a start the last day that was recorded.
pub(super) fn show(
    session: &Session<'_>,
    fleet: &Fleet,
    span: &Span,
    place: &FleetPlace,
) -> Result<ExitCode, Trouble> {
    let (first, last) = fleet.hosts().reach().unwrap_or((SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH));
    let end = last.checked_add(Duration::from_micros(1)).unwrap_or(last);
    let until = span.until.map_or(end, |until| until.min(end));
    let from = span.since.or_else(|| until.checked_sub(A_DAY)).map_or(first, |since| since.max(first));
    let watched = Watched::begin(fleet.client(), fleet.course());
    let summary = fleet.summary(from, until, session.filter.as_ref());
    drop(watched);
    let summary = summary.map_err(|error| fleet::or_interrupted(fleet_error(&error, place).into()))?;
    let Some(summary) = summary else {
        return Err(both!(
            "--summary of many hosts is made by the server, which cannot decide this filter: leave out what it does not know, \
             such as public, country and [ ] in patterns",
            "여러 호스트의 --summary는 서버가 만드는데, 이 필터는 서버가 판단할 수 없습니다. public, country, 패턴의 [ ]처럼 서버가 모르는 \
             것을 빼세요"
        )
        .into());
    };
    let language = session.settings.language;
    let span_text = both!(
        "History of {hosts:host|hosts}, {from} - {until}",
        "호스트 {hosts}개의 기록, {from} - {until}",
        hosts = fleet.hosts().names().len(),
        from = session.zone.to_the_second(from),
        until = session.zone.to_the_second(until)
    );
    let mut text = format!("{}\n", span_text.of(language));
    write(&summary, session, language, &mut text);
    output::people(&text)?;
    let gaps = fleet.hosts().gaps(&Span { since: Some(from), until: Some(until) }, |_| true);
    fleet::say_gaps(&gaps, &session.zone);
    fleet::say_silent(&fleet.hosts().silent(until, |_| true), &session.zone);
    Ok(ExitCode::SUCCESS)
}

fn write(summary: &FleetSummary, session: &Session<'_>, language: Language, text: &mut String) {
    let amount = |one: &Amount| {
        let Amount { hosts, ends, failed, sent, received, .. } = one;
        vec![
            shown(&one.who),
            both!("{hosts:host|hosts}", "호스트 {hosts}개", hosts = *hosts).of(language).to_owned(),
            both!("{ends:connection|connections}", "연결 {ends}개", ends = *ends).of(language).to_owned(),
            both!("{failed} failed", "실패 {failed}개", failed = *failed).of(language).to_owned(),
            both!("{sent} bytes sent", "송신 {sent}바이트", sent = *sent).of(language).to_owned(),
            both!("{received} received", "수신 {received}바이트", received = *received)
                .of(language)
                .to_owned(),
        ]
    };
    if let Some(total) = &summary.total {
        let mut all = amount(total);
        all.remove(0);
        text.push_str(&format!("\n{}\n", all.join(", ")));
    }
    let amounts = |list: &[Amount]| list.iter().map(amount).collect::<Vec<_>>();
    list(&both!("Most bytes, by host", "호스트별 전송량 상위"), &amounts(&summary.hosts), language, text);
    list(
        &both!("Most bytes, by process", "프로세스별 전송량 상위"),
        &amounts(&summary.processes),
        language,
        text,
    );
    list(
        &both!("Most bytes, by foreign address", "외부 주소별 전송량 상위"),
        &amounts(&summary.remotes),
        language,
        text,
    );
    let fresh = |one: &Fresh| {
        vec![
            shown(&one.what),
            both!("{hosts:host|hosts}", "호스트 {hosts}개", hosts = one.hosts).of(language).to_owned(),
            session.zone.to_the_second(one.at),
            shown(&one.host),
            shown(&one.process),
        ]
    };
    let headings = [
        (
            both!(
                "Foreign addresses that no host had the day before: how many have them, who was first",
                "전날 어느 호스트에도 없던 외부 주소: 지금 있는 호스트 수, 처음 접속한 곳"
            ),
            &summary.new_remotes,
        ),
        (
            both!("Listeners that no host had the day before", "전날 어느 호스트에도 없던 수신 대기 포트"),
            &summary.new_listeners,
        ),
    ];
    for (heading, of) in headings {
        match of {
            Some(of) => list(&heading, &of.iter().map(fresh).collect::<Vec<_>>(), language, text),
            None => {
                let unknown =
                    both!("unknown: nothing of that day was sent", "알 수 없음: 전날의 기록이 없습니다");
                text.push_str(&format!("\n{}\n  {}\n", heading.of(language), unknown.of(language)));
            }
        }
    }
    let failing = |one: &Failing| {
        vec![
            shown(&one.reason),
            format!("{} :{}", shown(&one.remote), one.port),
            shown(&one.process),
            both!("{hosts:host|hosts}", "호스트 {hosts}개", hosts = one.hosts).of(language).to_owned(),
            both!("{ends} times", "{ends}번", ends = one.ends).of(language).to_owned(),
        ]
    };
    let failures: Vec<_> = summary.failures.iter().map(failing).collect();
    list(&both!("Where connects fail", "연결에 실패하는 곳"), &failures, language, text);
}

/// Writes rows below a heading.
fn list(heading: &Text, rows: &[Vec<String>], language: Language, text: &mut String) {
    text.push_str(&format!("\n{}\n", heading.of(language)));
    if rows.is_empty() {
        text.push_str(&format!("  {}\n", both!("none", "없음").of(language)));
    }
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            rows.iter().filter_map(|row| row.get(at)).map(|cell| cells(cell.as_bytes())).max().unwrap_or(0)
        })
        .collect();
    for row in rows {
        let mut line = String::from(" ");
        for (cell, width) in row.iter().zip(&widths) {
            let blanks = width.saturating_sub(cells(cell.as_bytes()));
            line.push_str(&format!(" {cell}{} ", " ".repeat(blanks)));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn shown(text: &str) -> String {
    if text.is_empty() {
        return "-".to_owned();
    }
    let mut out = Vec::new();
    escape::write_text(&mut out, text.as_ref());
    String::from_utf8_lossy(&out).into_owned()
}
