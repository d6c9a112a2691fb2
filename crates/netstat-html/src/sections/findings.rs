//! What checks found, with their evidence.

use super::Scene;
use crate::report::Judged;
use crate::shown::said;
use maud::{Markup, html};
use netstat_check::{Finding, Severity};
use netstat_engine::both;
use netstat_engine::text::amount::grouped;
use netstat_engine::text::{Language, Text};
use std::cmp::Reverse;

/// The most findings that are shown.
const MOST: usize = 60;

/// The most processes that a finding names.
const NAMED: usize = 8;

fn word(severity: Severity) -> Text {
    match severity {
        Severity::Ok => Text::fixed("ok", "정상"),
        Severity::Notice => Text::fixed("notice", "알림"),
        Severity::Unknown => Text::fixed("unknown", "확인 불가"),
        Severity::Warning => Text::fixed("warning", "경고"),
        Severity::Critical => Text::fixed("critical", "위험"),
    }
}

/// A shape beside the word, for whoever sees no colours.
fn shape(severity: Severity) -> &'static str {
    match severity {
        Severity::Ok => "✓",
        Severity::Notice => "•",
        Severity::Unknown => "?",
        Severity::Warning => "▲",
        Severity::Critical => "■",
    }
}

pub(crate) fn section(scene: &Scene<'_>) -> Markup {
    let language = scene.report.language;
    let say = |text: Text| said(&text, language);
    html! {
        section id="findings" {
            h2 { (say(Text::fixed("Findings", "점검 결과"))) }
            @match &scene.report.judged {
                Err(why) => p class="empty" { (said(why, language)) },
                Ok(judged) => {
                    p class="note" {
                        @match judged.at {
                            None => (say(Text::fixed(
                                "Of the system as it was when this page was made, in the network namespace of the program that made it.",
                                "이 보고서를 만든 때의 시스템을, 만든 프로그램의 네트워크 네임스페이스에서 점검했습니다."
                            ))),
                            Some(at) => (say(both!(
                                "Of the table of {when} in the recorder's network namespace, as far as a history can be judged.",
                                "{when} 기록기의 네트워크 네임스페이스의 연결 표를, 기록으로 판단할 수 있는 데까지 점검했습니다.",
                                when = scene.report.zone.to_the_second(at)
                            ))),
                        }
                    }
                    (list(scene, &judged.findings))
                    (not_judged(scene, judged))
                    @if !judged.lacks.is_empty() {
                        ul class="plain note" { @for lack in &judged.lacks { li { (said(lack, language)) } } }
                    }
                }
            }
        }
    }
}

/// Returns the checks that could not judge, and why: those that were not asked, and those whose input the system never tells.
fn not_judged(scene: &Scene<'_>, judged: &Judged) -> Markup {
    let language = scene.report.language;
    let never_told = judged.findings.iter().filter(|finding| finding.never_told);
    let all: Vec<(&str, &Text)> = judged
        .not_judged
        .iter()
        .map(|not| (not.check, &not.why))
        .chain(never_told.map(|finding| (finding.check, &finding.sentence)))
        .collect();
    html! {
        @if !all.is_empty() {
            details {
                summary { (both!(
                    "{count:check|checks} could not judge, or not everything",
                    "판단하지 못했거나 일부만 판단한 점검 {count}가지",
                    count = all.len()
                ).of(language)) }
                dl class="checks" { @for (check, why) in all.iter().take(MOST) {
                    div { dt { (check) } dd { (said(why, language)) } }
                } }
            }
        }
    }
}

fn list(scene: &Scene<'_>, findings: &[Finding]) -> Markup {
    let language = scene.report.language;
    let mut shown: Vec<&Finding> = findings
        .iter()
        .filter(|finding| !matches!(finding.severity, Severity::Ok) && !finding.never_told)
        .collect();
    shown.sort_by_key(|finding| Reverse(finding.severity));
    let left_out = shown.len().saturating_sub(MOST);
    let quiet: Vec<&Finding> = findings.iter().filter(|finding| finding.severity == Severity::Ok).collect();
    html! {
        @if shown.is_empty() {
            p class="empty" { (Text::fixed("Nothing wrong was found.", "이상이 없습니다.").of(language)) }
        }
        @for finding in shown.iter().take(MOST) { (card(finding, language)) }
        @if left_out > 0 {
            p class="note" { (both!("{left_out} more are left out.", "{left_out}건은 뺐습니다.", left_out).of(language)) }
        }
        @if !quiet.is_empty() {
            details {
                summary { (both!(
                    "{count:answer|answers} without anything wrong",
                    "이상 없음 {count}건",
                    count = quiet.len()
                ).of(language)) }
                dl class="checks" { @for finding in quiet.iter().take(MOST) {
                    div { dt { (finding.check) } dd { (said(&finding.sentence, language)) } }
                } }
            }
        }
    }
}

fn card(finding: &Finding, language: Language) -> Markup {
    let facts: Vec<&Text> = finding.facts.iter().filter_map(|fact| fact.text.as_ref()).collect();
    let others = finding.processes.len().saturating_sub(NAMED);
    let say = |text: &Text| said(text, language);
    html! {
        article class={ "finding " (finding.severity.word()) } {
            h3 {
                span class="badge" {
                    span aria-hidden="true" { (shape(finding.severity)) } " " (word(finding.severity).of(language))
                }
                " " span class="check" { (finding.check) }
            }
            p class="sentence" { (say(&finding.sentence)) }
            @if !facts.is_empty() { ul class="facts" { @for fact in facts { li { (say(fact)) } } } }
            dl {
                @if !finding.processes.is_empty() {
                    div {
                        dt { (Text::fixed("Who", "프로세스").of(language)) }
                        dd {
                            @for (at, culprit) in finding.processes.iter().take(NAMED).enumerate() {
                                @if at > 0 { ", " }
                                (say(&culprit.holder.text()))
                                @if culprit.sockets > 0 { ": " (grouped(culprit.sockets)) }
                            }
                            @if others > 0 { ", " (both!("{others} more", "그 밖에 {others}개", others).of(language)) }
                        }
                    }
                }
                @if let Some(meaning) = &finding.meaning {
                    div { dt { (Text::fixed("Means", "의미").of(language)) } dd { (say(meaning)) } }
                }
                @if let Some(rows) = &finding.rows {
                    div { dt { (Text::fixed("See", "보기").of(language)) } dd { code { (say(&Text::same(rows.clone()))) } } }
                }
                @for step in &finding.next {
                    div { dt { (Text::fixed("Next", "조치").of(language)) } dd { (say(step)) } }
                }
            }
        }
    }
}
