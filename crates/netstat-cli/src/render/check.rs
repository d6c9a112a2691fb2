//! What the checks found, as text for people.

use super::LineEnd;
use super::wrap::{wrapped, wrapped_step};
use crate::check::{self, Change, Check, Evidence, Finding, Severity, Text};
use crate::text::{Language, blanks, cells, escape, pad};
use std::ffi::OsStr;
use std::io::{self, Write};
use std::time::Duration;

/// How it is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FindingStyle {
    pub(crate) language: Language,
    /// Of the terminal; `None` where there is none.
    pub(crate) width: Option<usize>,
    pub(crate) colour: bool,
    /// Whether the checks were named: then each that found nothing says so itself.
    pub(crate) named: bool,
}

/// Lines of text are no longer than that on a wide terminal, and where there is none.
const WIDEST: usize = 100;

/// Where the texts of a finding begin, behind their labels.
const INDENT: usize = 10;

const WHO: Text = Text::fixed("who", "누가");
const SEE: Text = Text::fixed("see", "보기");
const MEANS: Text = Text::fixed("means", "뜻");
const NEXT: Text = Text::fixed("next", "다음");

/// The word of a severity.
pub(crate) fn severity(severity: Severity) -> Text {
    match severity {
        Severity::Ok => Text::fixed("ok", "정상"),
        Severity::Notice => Text::fixed("notice", "알림"),
        Severity::Unknown => Text::fixed("unknown", "모름"),
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

/// Writes everything that was found, the worst first, and a line that sums it up.
///
/// # Errors
/// What the writer answers.
pub(crate) fn render<W: Write>(
    findings: &[Finding],
    checks: &[&'static Check],
    evidence: &Evidence,
    style: &FindingStyle,
    out: &mut W,
) -> io::Result<()> {
    let mut page = Page::new(style);
    // What this system never tells is in the last line, for who did not ask for it.
    let is_shown =
        |finding: &&Finding| style.named || (finding.severity != Severity::Ok && !finding.never_told);
    let mut shown: Vec<&Finding> = findings.iter().filter(is_shown).collect();
    shown.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in shown {
        page.finding(finding);
        if finding.severity != Severity::Ok {
            page.end_line();
        }
    }
    page.text(summary(findings, checks, evidence).of(style.language));
    page.end_line();
    let silent: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.never_told && !style.named)
        .map(|finding| finding.check)
        .collect();
    if !silent.is_empty() {
        let silent = silent.join(", ");
        let text = Text::new(
            format!("Not judged, because this system does not tell enough: {silent}."),
            format!("이 시스템이 알려 주지 않아 판단하지 않은 검사: {silent}."),
        );
        page.text(text.of(style.language));
        page.end_line();
    }
    out.write_all(&page.out)
}

/// How many of what, in one line.
fn summary(findings: &[Finding], checks: &[&Check], evidence: &Evidence) -> Text {
    let counted = || findings.iter().filter(|finding| !finding.never_told);
    let count = |wanted| counted().filter(|finding| finding.severity == wanted).count();
    let sockets = check::grouped(evidence.now.sockets.len());
    let checks = checks.len();
    let (noun, socket) = (
        if checks == 1 { "check" } else { "checks" },
        if evidence.now.sockets.len() == 1 { "socket" } else { "sockets" },
    );
    let of = Text::new(
        format!("{checks} {noun} of {sockets} {socket}"),
        format!("검사 {checks}가지, 소켓 {sockets}개"),
    );
    let counts: Vec<(Text, usize)> =
        Severity::ALL.into_iter().rev().map(|it| (severity(it), count(it))).filter(|(_, n)| *n > 0).collect();
    if counted().all(|finding| finding.severity == Severity::Ok) {
        return of.around("Nothing wrong: ", ".", "이상 없음: ", ".");
    }
    let list = |language| {
        let words: Vec<String> = counts
            .iter()
            .map(|(word, count)| match language {
                Language::English => format!("{count} {}", word.of(language)),
                Language::Korean => format!("{} {count}", word.of(language)),
            })
            .collect();
        words.join(", ")
    };
    let (english, korean) = (list(Language::English), list(Language::Korean));
    of.around("", &format!(": {english}."), "", &format!(": {korean}."))
}

/// Writes what changed; nothing where nothing did.
///
/// # Errors
/// What the writer answers.
pub(crate) fn render_changes<W: Write>(
    changes: &[Change<'_>],
    since: Option<Duration>,
    style: &FindingStyle,
    out: &mut W,
) -> io::Result<()> {
    let mut page = Page::new(style);
    for change in changes {
        let (word, finding, whole) = match change {
            Change::Appeared(finding) => (Text::fixed("appeared", "나타남"), finding, true),
            Change::Worsened(finding) => (Text::fixed("worse", "악화"), finding, true),
            Change::Eased(finding) => (Text::fixed("eased", "완화"), finding, false),
            Change::Gone(finding) => (Text::fixed("gone", "사라짐"), finding, false),
        };
        if let Some(since) = since {
            page.text(&format!("+{} ", check::duration(since).of(style.language)));
        }
        page.text(word.of(style.language));
        page.end_line();
        if whole {
            page.finding(finding);
        } else {
            page.head(finding);
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

    fn end_line(&mut self) {
        self.out.extend_from_slice(LineEnd::NATIVE.bytes());
    }

    /// Text that may hold what others wrote.
    fn text(&mut self, text: &str) {
        escape::write_text(&mut self.out, OsStr::new(text));
    }

    /// How long a line of text may be.
    fn width(&self) -> usize {
        self.style.width.unwrap_or(WIDEST).clamp(40, WIDEST)
    }

    /// The line with the severity, the check, and the matter.
    fn head(&mut self, finding: &Finding) {
        let language = self.style.language;
        if self.style.colour {
            self.out.extend_from_slice(colour_of(finding.severity));
        }
        let word_at = self.out.len();
        self.text(severity(finding.severity).of(language));
        let word = cells(self.out.get(word_at..).unwrap_or_default());
        if self.style.colour {
            self.out.extend_from_slice(super::colour::END);
        }
        blanks(&mut self.out, INDENT.saturating_sub(word).max(1));
        self.lines(&format!("{}: {}", finding.check, finding.sentence.of(language)));
    }

    /// A text that begins at the indent, wrapped.
    fn lines(&mut self, text: &str) {
        self.lines_by(text, wrapped);
    }

    fn lines_by(&mut self, text: &str, wrap: fn(&str, usize) -> Vec<String>) {
        // Escapes take room as well.
        let mut safe = Vec::with_capacity(text.len());
        escape::write_text(&mut safe, OsStr::new(text));
        let safe = String::from_utf8_lossy(&safe);
        for (index, line) in wrap(&safe, self.width().saturating_sub(INDENT)).iter().enumerate() {
            if index > 0 {
                blanks(&mut self.out, INDENT);
            }
            self.out.extend_from_slice(line.as_bytes());
            self.end_line();
        }
    }

    fn label(&mut self, label: &Text) {
        let start = self.out.len();
        blanks(&mut self.out, 2);
        self.text(label.of(self.style.language));
        pad(&mut self.out, start, INDENT);
    }

    fn finding(&mut self, finding: &Finding) {
        let language = self.style.language;
        self.head(finding);
        for text in finding.facts.iter().filter_map(|fact| fact.text.as_ref()) {
            blanks(&mut self.out, INDENT);
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

/// Processes that are named at most; the others are counted.
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
