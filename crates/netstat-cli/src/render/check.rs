//! What the checks found, as text for people.

use super::LineEnd;
use super::wrap::wrapped_step;
use netstat_check::{self as check, Change, Check, Evidence, Finding, Severity, Text};
use netstat_engine::text::wrapped;
use netstat_engine::text::{Language, blanks, cells, escape, pad};
use std::ffi::OsStr;
use std::io::{self, Write};
use std::time::Duration;

/// How findings are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FindingStyle {
    pub(crate) language: Language,
    /// The width of the terminal; `None` if there is none.
    pub(crate) width: Option<usize>,
    pub(crate) colour: bool,
    /// Whether the checks were named: then each of them that found nothing says so.
    pub(crate) named: bool,
}

/// What was looked at.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    /// How many sockets; of a span, how many connections that ended in it.
    pub(crate) sockets: usize,
    /// How long after the look before, where rates were judged.
    pub(crate) elapsed: Option<Duration>,
    /// The begin and the end of the span, if it was one.
    pub(crate) span: Option<[String; 2]>,
}

impl Looked {
    /// Returns that of a look at a table.
    pub(crate) fn of(evidence: &Evidence) -> Self {
        Self { sockets: evidence.now.sockets.len(), elapsed: evidence.elapsed(), span: None }
    }
}

/// The longest line of text, on a wide terminal and without one.
const WIDEST: usize = 100;

/// The cell at which the texts of a finding begin, after their labels.
const fn indent(language: Language) -> usize {
    match language {
        Language::English => 10,
        Language::Korean => 12,
    }
}

const WHO: Text = Text::fixed("who", "프로세스");
const SEE: Text = Text::fixed("see", "보기");
const MEANS: Text = Text::fixed("means", "의미");
const NEXT: Text = Text::fixed("next", "조치");

pub(crate) fn word_of(severity: Severity) -> Text {
    match severity {
        Severity::Ok => Text::fixed("ok", "정상"),
        Severity::Notice => Text::fixed("notice", "알림"),
        Severity::Unknown => Text::fixed("unknown", "확인 불가"),
        Severity::Warning => Text::fixed("warning", "경고"),
        Severity::Critical => Text::fixed("critical", "위험"),
    }
}

fn colour_of(severity: Severity) -> &'static [u8] {
    match severity {
        Severity::Ok => b"\x1b[32m",
        Severity::Notice => b"\x1b[36m",
        Severity::Unknown => b"\x1b[35m",
        Severity::Warning => b"\x1b[33m",
        Severity::Critical => b"\x1b[1;31m",
    }
}

/// Writes everything that was found, the worst first, and a summary line.
pub(crate) fn render<W: Write>(
    findings: &[Finding],
    checks: &[&'static Check],
    looked: &Looked,
    style: &FindingStyle,
    out: &mut W,
) -> io::Result<()> {
    let mut page = Page::new(style);
    // A check that this system cannot feed is only named in the last line, unless it was asked for.
    let is_shown =
        |finding: &&Finding| style.named || (finding.severity != Severity::Ok && !finding.never_told);
    let mut shown: Vec<&Finding> = findings.iter().filter(is_shown).collect();
    shown.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for (names, finding) in merged(&shown) {
        page.finding(&names, finding);
        if finding.severity != Severity::Ok {
            page.end_line();
        }
    }
    page.text(summary(findings, checks, looked, style).of(style.language));
    page.end_line();
    let mut silent: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.never_told && !style.named)
        .map(|finding| finding.check)
        .collect();
    silent.dedup();
    if !silent.is_empty() {
        let silent = silent.join(", ");
        let text = Text::new(
            format!("Not judged, or only in part: {silent}. `netstat check NAME` says why."),
            format!(
                "판단하지 못했거나 일부만 판단한 검사: {silent}. 이유는 `netstat check 이름`으로 봅니다."
            ),
        );
        page.text(text.of(style.language));
        page.end_line();
    }
    out.write_all(&page.out)
}

/// Returns the findings with the checks that found each: what several checks found in the same words is shown once.
fn merged<'a>(findings: &[&'a Finding]) -> Vec<(String, &'a Finding)> {
    let mut merged: Vec<(String, &Finding)> = Vec::new();
    for &finding in findings {
        let same = |(_, other): &&mut (String, &Finding)| {
            (&other.sentence, &other.subject) == (&finding.sentence, &finding.subject)
                && other.check != finding.check
        };
        match merged.iter_mut().find(same) {
            Some((names, _)) => {
                names.push_str(", ");
                names.push_str(finding.check);
            }
            None => merged.push((finding.check.to_owned(), finding)),
        }
    }
    merged
}

/// Sums the findings up, in one line whose numbers of checks add up.
fn summary(findings: &[Finding], checks: &[&Check], looked: &Looked, style: &FindingStyle) -> Text {
    let counted = || findings.iter().filter(|finding| style.named || !finding.never_told);
    let of = |check: &Check| {
        let name = check.name;
        counted().filter(move |finding| finding.check == name)
    };
    let judged: Vec<Severity> = checks
        .iter()
        .filter(|check| of(check).next().is_some())
        .map(|check| check::worst(of(check)))
        .collect();
    let ok = judged.iter().filter(|severity| **severity == Severity::Ok).count();
    let checks = |count: usize| if count == 1 { "1 check".to_owned() } else { format!("{count} checks") };
    let sockets = check::grouped(looked.sockets);
    let s = if looked.sockets == 1 { "" } else { "s" };
    let of = match looked.span {
        None => Text::new(
            format!("{} of {sockets} socket{s}", checks(judged.len())),
            format!("검사 {}가지, 소켓 {sockets}개", judged.len()),
        ),
        Some(_) => Text::new(
            format!("{} of {sockets} connection{s} that ended", checks(judged.len())),
            format!("검사 {}가지, 끝난 연결 {sockets}개", judged.len()),
        ),
    };
    if ok == judged.len() {
        return of.around("Nothing wrong: ", ".", "이상 없음: ", ".");
    }
    let list = |language| {
        let words = Severity::ALL.into_iter().rev().filter(|severity| *severity != Severity::Ok);
        let counts = words
            .map(|severity| (severity, counted().filter(|finding| finding.severity == severity).count()));
        let words = counts.filter(|(_, count)| *count > 0).map(|(severity, count)| {
            let word = word_of(severity);
            let word = word.of(language);
            match (language, severity) {
                (Language::English, Severity::Notice | Severity::Warning) if count > 1 => {
                    format!("{count} {word}s")
                }
                (Language::English, _) => format!("{count} {word}"),
                (Language::Korean, _) => format!("{word} {count}건"),
            }
        });
        words.collect::<Vec<_>>().join(", ")
    };
    let (english, korean) = (list(Language::English), list(Language::Korean));
    let rest = judged.len() - ok;
    let (well, good) = match ok {
        0 => (String::new(), String::new()),
        _ => (format!("{ok} ok, {rest} with "), format!("{ok}가지 정상, {rest}가지에서 ")),
    };
    of.around("", &format!(": {well}{english}."), "", &format!(": {good}{korean}."))
}

/// The word for one kind of change, whether the finding is written whole, and whether a change is of that kind.
type ChangeWord = (Text, bool, fn(&Change<'_>) -> bool);

/// Writes what changed; nothing if nothing did.
pub(crate) fn render_changes<W: Write>(
    changes: &[Change<'_>],
    since: Option<Duration>,
    style: &FindingStyle,
    out: &mut W,
) -> io::Result<()> {
    let mut page = Page::new(style);
    let kinds: [ChangeWord; 4] = [
        (Text::fixed("appeared", "나타남"), true, |change| matches!(change, Change::Appeared(_))),
        (Text::fixed("worse", "악화"), true, |change| matches!(change, Change::Worsened(_))),
        (Text::fixed("eased", "완화"), false, |change| matches!(change, Change::Eased(_))),
        (Text::fixed("gone", "사라짐"), false, |change| matches!(change, Change::Gone(_))),
    ];
    for (word, whole, is_it) in kinds {
        let of_kind: Vec<&Finding> =
            changes.iter().filter(|change| is_it(change)).map(Change::finding).collect();
        for (names, finding) in merged(&of_kind) {
            if let Some(since) = since {
                page.text(&format!("+{} ", check::duration(since).of(style.language)));
            }
            page.text(word.of(style.language));
            page.end_line();
            if whole {
                page.finding(&names, finding);
            } else {
                page.head(&names, finding);
            }
        }
    }
    out.write_all(&page.out)
}

struct Page<'f> {
    out: Vec<u8>,
    style: &'f FindingStyle,
}

impl<'f> Page<'f> {
    fn new(style: &'f FindingStyle) -> Self {
        Self { out: Vec::new(), style }
    }

    fn indent(&self) -> usize {
        indent(self.style.language)
    }

    fn end_line(&mut self) {
        self.out.extend_from_slice(LineEnd::NATIVE.bytes());
    }

    /// Writes text, escaping what may be untrusted in it.
    fn text(&mut self, text: &str) {
        escape::write_text(&mut self.out, OsStr::new(text));
    }

    /// Returns how long a line of text may be.
    fn width(&self) -> usize {
        self.style.width.unwrap_or(WIDEST).clamp(40, WIDEST)
    }

    /// Writes the line with the severity, the checks, and their sentence.
    fn head(&mut self, names: &str, finding: &Finding) {
        let language = self.style.language;
        if self.style.colour {
            self.out.extend_from_slice(colour_of(finding.severity));
        }
        let word_at = self.out.len();
        self.text(word_of(finding.severity).of(language));
        let word = cells(self.out.get(word_at..).unwrap_or_default());
        if self.style.colour {
            self.out.extend_from_slice(super::colour::END);
        }
        let indent = self.indent();
        blanks(&mut self.out, indent.saturating_sub(word).max(1));
        self.lines(&format!("{names}: {}", finding.sentence.of(language)));
    }

    /// Writes a text that begins at the indent, wrapped.
    fn lines(&mut self, text: &str) {
        self.lines_by(text, wrapped);
    }

    fn lines_by(&mut self, text: &str, wrap: fn(&str, usize) -> Vec<String>) {
        let indent = self.indent();
        // Escape before wrapping, because escapes are longer than what they stand for.
        let mut safe = Vec::with_capacity(text.len());
        escape::write_text(&mut safe, OsStr::new(text));
        let safe = String::from_utf8_lossy(&safe);
        for (index, line) in wrap(&safe, self.width().saturating_sub(indent)).iter().enumerate() {
            if index > 0 {
                blanks(&mut self.out, indent);
            }
            self.out.extend_from_slice(line.as_bytes());
            self.end_line();
        }
    }

    fn label(&mut self, label: &Text) {
        let start = self.out.len();
        blanks(&mut self.out, 2);
        self.text(label.of(self.style.language));
        let indent = self.indent();
        pad(&mut self.out, start, indent);
    }

    fn finding(&mut self, names: &str, finding: &Finding) {
        let language = self.style.language;
        self.head(names, finding);
        for text in finding.facts.iter().filter_map(|fact| fact.text.as_ref()) {
            let indent = self.indent();
            blanks(&mut self.out, indent);
            self.lines(&format!("- {}", text.of(language)));
        }
        if !finding.processes.is_empty() {
            self.label(&WHO);
            self.lines(&who(finding, language));
        }
        if let Some(rows) = &finding.rows {
            self.label(&SEE);
            self.text(rows);
            self.end_line();
        }
        if let Some(meaning) = &finding.meaning {
            self.label(&MEANS);
            self.lines(meaning.of(language));
        }
        for step in &finding.next {
            self.label(&NEXT);
            self.lines_by(step.of(language), wrapped_step);
        }
    }
}

/// The most processes that are named; the others are counted.
const NAMED: usize = 5;

fn who(finding: &Finding, language: Language) -> String {
    let mut names: Vec<String> = finding
        .processes
        .iter()
        .take(NAMED)
        .map(|culprit| {
            let name = culprit.holder.text();
            match culprit.sockets {
                0 => name.of(language).to_owned(),
                sockets => format!("{}: {}", name.of(language), check::grouped(sockets)),
            }
        })
        .collect();
    if let Some(more) = finding.processes.len().checked_sub(NAMED).filter(|more| *more > 0) {
        names.push(match language {
            Language::English => format!("{more} more"),
            Language::Korean => format!("그 밖에 {more}개"),
        });
    }
    names.join(", ")
}

#[cfg(test)]
mod tests;
