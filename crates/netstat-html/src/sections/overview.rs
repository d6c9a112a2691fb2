//! The head of a page: what it is about, the numbers that sum it up, and where the history is not whole.

use super::{Scene, sum};
use crate::shown::{bytes, clipped, offset, said, visible};
use maud::{Markup, html};
use netstat_check::Severity;
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::amount::{decimal, grouped};
use netstat_engine::text::both::duration;
use std::ffi::OsStr;
use std::time::Duration;

/// The most gaps that are told one by one.
const MOST: usize = 50;

/// Returns what the page is called.
pub(crate) fn title(scene: &Scene<'_>) -> String {
    let this = || scene.say(&Text::fixed("this host", "이 호스트"));
    let host = scene.report.host.map_or_else(this, |host| clipped(&visible(OsStr::new(host)), 80));
    scene.say(&both!("Network report: {host}", "네트워크 보고서: {host}", host))
}

/// Returns how long the span is, and how much of it was recorded.
fn recorded(scene: &Scene<'_>) -> (Duration, Duration) {
    let report = scene.report;
    let span = report.until.duration_since(report.from).unwrap_or_default();
    let blank = report.breaks.iter().filter(|gap| gap.is_blank);
    let within = |gap: &crate::report::Break| {
        gap.until.min(report.until).duration_since(gap.from.max(report.from)).ok()
    };
    (span, span.saturating_sub(blank.filter_map(within).sum()))
}

/// Returns what a recorder saw that called its mode so. A newer one may have other modes.
fn mode(mode: &str) -> Text {
    match mode {
        "complete" => Text::fixed(
            "complete: every connection that ended, however short, with its process",
            "complete: 아무리 짧은 연결도 빠짐없이, 프로세스와 함께",
        ),
        "sampled" => Text::fixed(
            "sampled: every connection that ended, of one network namespace; the process only of those that lived until a look, \
             once a second",
            "sampled: 네트워크 네임스페이스 하나의 종료된 연결 전체. 프로세스는 1초마다 확인할 때까지 살아 있던 연결만",
        ),
        "traced" => Text::fixed(
            "traced: every TCP connection that was established, with its process; how it ended, and UDP, from looks, once a second",
            "traced: 맺어진 TCP 연결 전체를 프로세스와 함께. 어떻게 끝났는지와 UDP는 1초마다 확인해서 앎",
        ),
        "looks" => Text::fixed(
            "looks: only connections that lived until a look, once a second, of one network namespace",
            "looks: 네트워크 네임스페이스 하나에서 1초마다 확인할 때까지 살아 있던 연결만",
        ),
        other => Text::same(visible(OsStr::new(other))),
    }
}

pub(crate) fn header(scene: &Scene<'_>) -> Markup {
    let report = scene.report;
    let (language, zone) = (report.language, report.zone);
    let say = |text: Text| said(&text, language);
    let (span, _) = recorded(scene);
    let [from, until] = [report.from, report.until].map(|at| zone.to_the_second(at));
    let offset_at = |at| offset(zone, at);
    let made = report.made.map(|at| format!("{} {}", zone.to_the_second(at), offset_at(at)));
    html! {
        header {
            h1 { (title(scene)) }
            p class="span" {
                time { (from) } " – " time { (until) } " "
                span class="zone" { (offset_at(report.until)) @if offset_at(report.from) != offset_at(report.until) {
                    " (" (offset_at(report.from)) " → " (offset_at(report.until)) ")"
                } }
                " " span class="length" { "(" (say(duration(span))) ")" }
            }
            @for note in &report.notes { p class="note" { (said(note, language)) } }
            dl class="about" {
                div {
                    dt { (say(Text::fixed("Recorded", "기록 방식"))) }
                    dd { @if report.modes.is_empty() {
                        (say(Text::fixed("not known how", "알 수 없음")))
                    } @else { @for one in &report.modes { p { (say(mode(one))) } } } }
                }
                @if let Some(made) = made { div {
                    dt { (say(Text::fixed("Made", "작성"))) }
                    dd { (made) ", " (report.program) }
                } }
                div {
                    dt { (say(Text::fixed("Make it again", "다시 만들기"))) }
                    dd { code { (visible(OsStr::new(report.command))) } }
                }
            }
        }
    }
}

/// A number that sums something up.
struct Tile {
    label: Text,
    number: String,
    beside: Option<Text>,
    /// How alarming it is, as the name of a class.
    tone: Option<&'static str>,
}

fn percent(part: u64, of: u64) -> String {
    if of == 0 { "0".to_owned() } else { decimal(part as f64 * 100.0 / of as f64) }
}

pub(crate) fn tiles(scene: &Scene<'_>) -> Markup {
    let (report, language) = (scene.report, scene.report.language);
    let summary = report.summary;
    let (span, whole) = recorded(scene);
    let share = whole.as_secs_f64() * 100.0 / span.as_secs_f64().max(1e-9);
    let without = sum(&report.course.without_bytes);
    let are_known = without < summary.total.ends.saturating_sub(summary.failed).max(1);
    let shown = |sum: u64| if are_known { bytes(sum) } else { "–".to_owned() };
    let known = (without > 0).then(|| {
        both!("not known of {without:connection|connections}", "연결 {without}개는 알 수 없음", without)
    });
    let new = summary
        .new_remotes
        .as_ref()
        .map(|new| both!("{new} new since the day before", "전날에는 없던 주소 {new}개", new = new.len()));
    let mut tiles = vec![
        Tile {
            label: Text::fixed("connections ended", "끝난 연결"),
            number: grouped(summary.total.ends),
            beside: None,
            tone: None,
        },
        Tile {
            label: Text::fixed("never established", "연결 실패"),
            number: grouped(summary.failed),
            beside: Some(both!(
                "{share} % of them",
                "그중 {share}%",
                share = percent(summary.failed, summary.total.ends)
            )),
            tone: None,
        },
        Tile {
            label: Text::fixed("sent", "송신"),
            number: shown(summary.total.sent),
            beside: known.clone(),
            tone: None,
        },
        Tile {
            label: Text::fixed("received", "수신"),
            number: shown(summary.total.received),
            beside: known,
            tone: None,
        },
        Tile {
            label: Text::fixed("remote addresses", "외부 주소"),
            number: grouped(summary.remotes.len()),
            beside: new,
            tone: None,
        },
    ];
    if let Ok(judged) = &report.judged {
        let of = |severity| judged.findings.iter().filter(|finding| finding.severity == severity).count();
        let (critical, warnings) = (of(Severity::Critical), of(Severity::Warning));
        tiles.push(Tile {
            label: Text::fixed("findings to look at", "살펴볼 항목"),
            number: grouped(critical + warnings),
            beside: Some(both!("{critical} critical", "위험 {critical}건", critical)),
            tone: match (critical, warnings) {
                (1.., _) => Some("critical"),
                (0, 1..) => Some("warning"),
                (0, 0) => None,
            },
        });
    }
    let is_whole = share > 99.95 && report.breaks.is_empty();
    let is_nearly_whole = share > 99.95;
    tiles.push(Tile {
        label: Text::fixed("of the span recorded", "기록된 기간"),
        number: if is_nearly_whole {
            "100 %".to_owned()
        } else {
            format!("{} %", (share * 10.0).floor() / 10.0)
        },
        beside: (!is_whole).then(|| {
            let gaps = report.breaks.len();
            both!("{gaps:gap|gaps}", "빈 구간 {gaps}개", gaps)
        }),
        tone: (!is_whole).then_some("warning"),
    });
    html! {
        ul class="tiles" aria-label=(scene.say(&Text::fixed("In numbers", "요약 수치"))) {
            @for tile in &tiles {
                li class=[tile.tone] {
                    span class="number" { (tile.number) }
                    span class="label" { (tile.label.of(language)) }
                    @if let Some(beside) = &tile.beside { span class="beside" { (beside.of(language)) } }
                }
            }
        }
    }
}

/// Returns where the history is not whole; nothing if it is.
pub(crate) fn gaps(scene: &Scene<'_>) -> Markup {
    let (breaks, language) = (&scene.report.breaks, scene.report.language);
    let more = breaks.len().saturating_sub(MOST);
    html! {
        @if !breaks.is_empty() {
            section id="gaps" {
                h2 { (scene.say(&Text::fixed("What is missing", "빠진 기록"))) }
                p class="note" { (scene.say(&Text::fixed(
                    "Missing is not zero: the plots show hatched where nothing was recorded.",
                    "기록이 없는 것은 0이 아닙니다. 그래프에는 빗금으로 표시합니다."
                ))) }
                ul class="plain" {
                    @for gap in breaks.iter().take(MOST) { li { (said(&gap.what, language)) } }
                    @if more > 0 {
                        li { (both!("{more} more", "그 밖에 {more}개", more).of(language)) }
                    }
                }
            }
        }
    }
}
