//! The one-line message about a command line that was not understood: the word, and what to type instead.

use netstat_engine::both;
use netstat_engine::filter::FilterError;
use netstat_engine::text::Text;
use netstat_engine::text::quote::{one_line, quoted};
use std::ffi::{OsStr, OsString};
use std::fmt;

/// Why a command line was not understood, and what to type instead.
///
/// Its [`text`](Self::text), in English also as `Display`, is one line without control characters and without the `netstat: `
/// prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    line: Text,
    /// The word that was not understood, if it may be the name of something on this machine.
    pub(crate) word: Option<OsString>,
    /// The lines that point at the error, if it is in a filter.
    pub(crate) filter: Option<Box<FilterError>>,
}

impl fmt::Display for Complaint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.line.english())
    }
}

impl std::error::Error for Complaint {}

/// Makes a complaint of a text as [`both!`](netstat_engine::both) does. Words in it are [`quoted`].
macro_rules! complaint {
    ($($text:tt)*) => { $crate::options::complaint::Complaint::new(netstat_engine::both!($($text)*)) };
}
pub(super) use complaint;

impl Complaint {
    /// Makes a complaint of this text, in which words are [`quoted`]. Line breaks are escaped.
    pub(super) fn new(text: Text) -> Self {
        Self { line: text.map(one_line), word: None, filter: None }
    }

    /// Makes a complaint of the net-tools dialect, which is in English whatever the language is.
    pub(super) fn of_net_tools(text: impl AsRef<str>) -> Self {
        Self::new(Text::same(text.as_ref().to_owned()))
    }

    /// Returns the line.
    pub(crate) fn text(&self) -> &Text {
        &self.line
    }

    /// Complains about an invalid filter.
    pub(super) fn filter(error: &FilterError) -> Self {
        let line = both!(
            "the filter is not understood (netstat --help filter explains filters)",
            "필터를 이해할 수 없습니다(필터 문법: netstat --help filter)"
        );
        let word = error.text.get(error.at..error.at.saturating_add(error.len));
        let word = word.filter(|word| !word.is_empty()).map(OsString::from);
        Self { line, word, filter: Some(Box::new(error.clone())) }
    }

    /// Whether it is about a filter of one word, which resembles none that is known.
    pub(crate) fn is_of_one_word(&self) -> bool {
        self.filter.as_ref().is_some_and(|error| error.len == error.text.len() && error.nearest.is_none())
    }

    /// Adds to the line.
    pub(super) fn with(mut self, more: &Text) -> Self {
        self.line = both!("{line}; {more}", "{line}; {more}", line = self.line, more);
        self
    }

    /// Adds the word that was not understood.
    pub(super) fn about(mut self, word: &OsStr) -> Self {
        self.word = Some(word.to_owned());
        self
    }

    /// Rewords a filter complaint for `netstat check`, where the words might have been names of checks.
    pub(super) fn of_check(mut self, without_names: bool) -> Self {
        if without_names && self.filter.is_some() {
            self.line = both!(
                "neither checks nor a filter (netstat check --list shows the checks, netstat --help filter explains filters)",
                "검사 이름도 필터도 아닙니다(검사 목록: netstat check --list, 필터 문법: netstat --help filter)"
            );
        }
        self
    }

    /// Complains about recording and replaying at once.
    pub(super) fn record_and_replay() -> Self {
        complaint!(
            "--record and --replay cannot be combined: type --record to write a recording, --replay to read one",
            "--record와 --replay는 함께 쓸 수 없습니다. 저장하려면 --record, 읽으려면 --replay만 입력하세요"
        )
    }

    /// Complains about a second number that is not part of the filter.
    pub(super) fn second_interval(word: &OsStr, first: u32, seconds: u32) -> Self {
        complaint!(
            "{word} is a second interval after {first}: to stop after {seconds} displays type --count {seconds}",
            "{word}: 간격 {first} 뒤에 간격이 또 있습니다. {seconds}번 표시하고 끝내려면 이렇게 입력하세요: --count {seconds}",
            word = quoted(word),
            first = first.to_string(),
            seconds = seconds.to_string()
        )
    }
}
