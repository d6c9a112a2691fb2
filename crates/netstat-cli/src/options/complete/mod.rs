//! What a shell may offer for the word at its cursor.
//!
//! The scripts of the shells ask the program itself: `netstat --complete SHELL ...`. It answers with a line for each
//! candidate: the whole word, a tab, what it means. A line that begins with a tab says what the shell is to do: `files` or
//! `directories` to offer those, `goes-on` to add no space. What cannot be found out is not offered; nothing is ever an error.
//!
//! | shell | asks with |
//! |---|---|
//! | bash | `--line=` the command line up to the cursor, `--breaks=` its word breaks |
//! | fish | `--word=` what was typed of the word at the cursor, with its quotes; `--` and the words before it |
//! | others | `--word=` what was typed of the word at the cursor, `--` and the words before it |

mod bash;
mod offer;
mod place;
#[cfg(test)]
mod tests;

use super::arguments::{Dialect, Verb};
use super::entry::{Entry, ValueKind};
use super::help_topic::HelpTopic;
use super::{dialect, net_tools, syntax, table, verb};
use bash::Line;
use netstat_check::{self as check, Text};
use netstat_engine::columns::{self, Column};
use netstat_engine::family::FAMILIES;
use netstat_engine::filter::{self, Names, Side};
use netstat_engine::text::Language;
use offer::{Files, Offer, begins_with};
use place::{Place, place};
use std::ffi::{OsStr, OsString};

/// The hidden first word of a question.
pub(crate) const WORD: &str = "--complete";

/// What there is on this machine.
pub(crate) trait KnownNames {
    /// Returns names, each with what it means: those of sockets of every family, or those of TCP and UDP. Those that do not
    /// begin with what was typed may be left out.
    fn names(&self, of: Names, typed: &str, every_family: bool) -> Vec<(String, String)>;
}

/// The words that may come first.
const VERBS: [(Verb, Text); 10] = [
    (Verb::Check, Text::fixed("Say what is wrong", "무엇이 문제인지 점검")),
    (Verb::Record, Text::fixed("Watch connections open and end", "연결의 시작과 끝을 기록")),
    (Verb::History, Text::fixed("Tell what connections there were", "지난 연결 조회")),
    (Verb::Close, Text::fixed("Close connections", "연결 닫기")),
    (Verb::End, Text::fixed("End the processes that hold sockets", "소켓을 가진 프로세스 끝내기")),
    (Verb::Live, Text::fixed("Show connections as they change", "연결을 실시간으로 보기")),
    (Verb::Capture, Text::fixed("Keep the packets of connections", "연결의 패킷 저장")),
    (Verb::Metrics, Text::fixed("Give what there is as metrics", "지금 상태를 메트릭으로 제공")),
    (Verb::Report, Text::fixed("Make a page of what happened", "무슨 일이 있었는지 보고서 만들기")),
    (Verb::Ship, Text::fixed("Send what is recorded to ClickHouse", "기록을 ClickHouse로 보내기")),
];

const LISTS_COLUMNS: Text = Text::fixed("list the columns", "열 목록 보기");
const SMALLEST_FIRST: Text = Text::fixed("smallest first", "작은 것부터");
const LARGEST_FIRST: Text = Text::fixed("largest first", "큰 것부터");
const OF_KERNEL: Text = Text::fixed("the order of the kernel", "커널 순서 그대로");
const EVERY_FAMILY: Text = Text::fixed("every family", "모든 패밀리");
const EVERY_NAMESPACE: Text =
    Text::fixed("every network namespace of this machine", "이 호스트의 모든 네트워크 네임스페이스");
const DEFAULT: Text = Text::fixed("the default", "기본값");

/// Who asks, where that makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    Bash,
    Fish,
    PowerShell,
    Other,
}

/// Returns the answer to a shell whose question these words are, of which the first is [`WORD`]. `variable` is the value of
/// [`dialect::VARIABLE`].
pub(crate) fn completions(
    words: &[OsString],
    variable: Option<&OsStr>,
    language: Language,
    known: &dyn KnownNames,
) -> String {
    let [_, shell, rest @ ..] = words else { return String::new() };
    let shell = match shell.to_str() {
        Some("bash") => Asker::Bash,
        Some("fish") => Asker::Fish,
        Some("powershell") => Asker::PowerShell,
        _ => Asker::Other,
    };
    let mut halves = rest.splitn(2, |word| word == "--");
    let (questions, before) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let given = |name: &str| questions.iter().find_map(|word| word.to_str()?.strip_prefix(name));
    let ask = |before: &[OsString], word: &str| {
        Question { before, word, shell, variable, language, known }.answer()
    };
    // What is not UTF-8 is like nothing here.
    match shell {
        Asker::Bash => given("--line=").map(|line| {
            let line = Line::split(line, given("--breaks=").unwrap_or_default());
            let before: Vec<OsString> = line.before.iter().map(OsString::from).collect();
            ask(&before, &line.word).lines(|word| line.replacement(word))
        }),
        Asker::Fish => given("--word=").map(|word| {
            let line = Line::split(&format!("netstat {word}"), "");
            ask(before, &line.word).lines(|word| Some(word.to_owned()))
        }),
        _ => given("--word=").map(|word| ask(before, word).lines(|word| Some(word.to_owned()))),
    }
    .unwrap_or_default()
}

struct Question<'a> {
    before: &'a [OsString],
    word: &'a str,
    shell: Asker,
    variable: Option<&'a OsStr>,
    language: Language,
    known: &'a dyn KnownNames,
}

impl Question<'_> {
    fn answer(&self) -> Offer {
        let dialect = dialect::at_cursor(self.before, self.word, self.variable);
        let verb = self.before.first().and_then(|word| Verb::of_word(word));
        let mut offer = Offer::default();
        // Elsewhere a slash rather begins a path.
        let slashes = self.shell == Asker::PowerShell;
        match place(self.before, self.word, dialect, verb, slashes) {
            Place::Option => self.options(&mut offer, dialect, verb),
            Place::Value(kind, at) => self.value(&mut offer, kind, at),
            Place::Topic => {
                for topic in HelpTopic::NAMES {
                    offer.add("", self.word, topic, "");
                }
            }
            Place::Plain(plain) => self.plain(&mut offer, &plain, verb),
        }
        offer
    }

    fn options(&self, offer: &mut Offer, dialect: Dialect, verb: Option<Verb>) {
        if dialect == Dialect::NetTools {
            for entry in net_tools::OPTIONS {
                let letters = entry.letters.iter().map(|letter| format!("-{letter}"));
                let long = entry.long.iter().map(|long| format!("--{long}"));
                for spelling in letters.chain(long).filter(|spelling| spelling.starts_with(self.word)) {
                    offer.push(spelling, entry.help.of(self.language));
                }
            }
        } else {
            let goes = |entry: &&Entry| match verb {
                Some(verb) => verb::takes(verb, entry),
                None => entry.report.verb().is_none(),
            };
            let slash = self.word.starts_with('/');
            let dash = if slash { '/' } else { '-' };
            for entry in table::sorted().into_iter().filter(goes) {
                let summary = entry.in_short(self.language);
                for letter in entry.letters {
                    offer.add("", self.word, &format!("{dash}{letter}"), summary);
                }
                offer.add("", self.word, &format!("--{}", entry.long), summary);
            }
        }
        let letters = self.word.get(1..).unwrap_or_default();
        let is_letter = |letter: char| match dialect {
            Dialect::Windows => table::by_letter(letter, verb).is_some(),
            Dialect::NetTools => net_tools::by_letter(letter).is_some(),
        };
        // So that a space follows letters that are complete.
        if offer.is_empty() && !letters.is_empty() && letters.chars().all(is_letter) {
            offer.push(self.word.to_owned(), "");
        }
    }

    /// Offers values of an option, which begin at a byte of the word.
    fn value(&self, offer: &mut Offer, kind: &ValueKind, at: usize) {
        let (before, typed) = self.word.split_at_checked(at).unwrap_or_default();
        let (list, part) = match typed.rfind(',') {
            Some(comma) => typed.split_at(comma + 1),
            None => ("", typed),
        };
        let in_list = format!("{before}{list}");
        let is_free = |name: &str| !list.split(',').any(|other| other.trim().eq_ignore_ascii_case(name));
        match kind {
            ValueKind::Choice(choices) => {
                for choice in *choices {
                    offer.add(before, typed, choice, "");
                }
            }
            ValueKind::List(choices) => {
                for choice in choices.iter().filter(|choice| is_free(choice)) {
                    offer.add(&in_list, part, choice, "");
                }
                offer.goes_on = true;
            }
            ValueKind::Columns(alone) => {
                for column in available().filter(|column| is_free(column.name)) {
                    offer.add(&in_list, part, column.name, column.meaning.of(self.language));
                }
                for word in alone.iter().filter(|_| list.is_empty()) {
                    offer.add(before, typed, word, LISTS_COLUMNS.of(self.language));
                }
                offer.goes_on = true;
            }
            ValueKind::Order => {
                let name = typed.split(':').next().unwrap_or_default();
                for column in available() {
                    offer.add(before, typed, column.name, column.meaning.of(self.language));
                    if column.name.eq_ignore_ascii_case(name) {
                        offer.add(
                            before,
                            typed,
                            &format!("{}:asc", column.name),
                            SMALLEST_FIRST.of(self.language),
                        );
                        offer.add(
                            before,
                            typed,
                            &format!("{}:desc", column.name),
                            LARGEST_FIRST.of(self.language),
                        );
                    }
                }
                offer.add(before, typed, "none", OF_KERNEL.of(self.language));
            }
            ValueKind::Families => {
                for family in FAMILIES.iter().filter(|family| is_free(family.name)) {
                    offer.add(&in_list, part, family.name, "");
                }
                if list.is_empty() {
                    offer.add(before, typed, "all", EVERY_FAMILY.of(self.language));
                }
                offer.goes_on = true;
            }
            ValueKind::Namespace => {
                offer.add(before, typed, "all", EVERY_NAMESPACE.of(self.language));
                self.names(offer, before, typed, Names::Namespaces);
            }
            ValueKind::Setting => setting(offer, before, typed, self.language),
            ValueKind::Directory => offer.files = Some(Files::Directories),
            ValueKind::File => offer.files = Some(Files::All),
            ValueKind::Free => {}
        }
    }

    /// Offers words that are not options: a first word, names of checks, a filter.
    fn plain(&self, offer: &mut Offer, plain: &[String], verb: Option<Verb>) {
        match verb {
            Some(Verb::Report | Verb::Ship) => self.options(offer, Dialect::Windows, verb),
            Some(Verb::Check) => {
                let checks = plain.iter().take_while(|word| check::by_name(word).is_some()).count();
                let (names, rest) = plain.split_at_checked(checks).unwrap_or_default();
                let is_bind = |name: &String| check::by_name(name) == Some(&check::BIND);
                let mut rest = rest;
                if names.iter().any(is_bind) {
                    let is_port = |word: &&String| word.starts_with(|first: char| first.is_ascii_digit());
                    let ports = rest.iter().take_while(is_port).count();
                    rest = rest.get(ports..).unwrap_or_default();
                    if rest.is_empty() {
                        self.names(offer, "", self.word, Names::Ports(Side::Local));
                    }
                }
                if names.len() == plain.len() {
                    for check in
                        check::ALL.iter().filter(|check| !names.iter().any(|name| name == check.name))
                    {
                        offer.add("", self.word, check.name, check.data.summary.of(self.language));
                    }
                }
                self.filter(offer, rest);
                // A state may have the name of a check, which has been named already.
                offer.without(names);
            }
            Some(Verb::Record | Verb::History | Verb::Live | Verb::Close | Verb::End | Verb::Capture) => {
                self.filter(offer, plain)
            }
            // It takes no filter.
            Some(Verb::Metrics) => {}
            None => {
                if self.before.is_empty() {
                    for (verb, summary) in VERBS {
                        offer.add("", self.word, verb.name(), summary.of(self.language));
                    }
                }
                // An interval.
                let is_number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
                let rest = if plain.first().is_some_and(is_number) { plain.get(1..) } else { Some(plain) };
                self.filter(offer, rest.unwrap_or_default());
            }
        }
    }

    /// Offers words of a filter, behind these.
    fn filter(&self, offer: &mut Offer, plain: &[String]) {
        let mut text = plain.join(" ");
        if !plain.is_empty() {
            text.push(' ');
        }
        let begin = text.len();
        text.push_str(self.word);
        let Some(next) = syntax::next(&text) else { return };
        // A quote that was opened in an earlier word cannot be closed in this one.
        let Some(kept) = next.at.checked_sub(begin).and_then(|kept| self.word.get(..kept)) else { return };
        for word in &next.words {
            offer.add(kept, &next.typed, &word.text, word.meaning.of(self.language));
        }
        if let Some(names) = next.names {
            for (name, meaning) in self.known.names(names, &next.typed, self.names_other_families()) {
                let Some(value) = filter::as_value(&name, next.quoted) else { continue };
                if name.starts_with(&next.typed) {
                    offer.push(format!("{kept}{value}"), &meaning);
                }
            }
        }
    }

    /// Offers names of this machine, as they are.
    fn names(&self, offer: &mut Offer, kept: &str, typed: &str, names: Names) {
        for (name, meaning) in self.known.names(names, typed, self.names_other_families()) {
            if name.starts_with(typed) {
                offer.push(format!("{kept}{name}"), &meaning);
            }
        }
    }

    /// Returns whether the words before the cursor ask for sockets beyond TCP and UDP.
    fn names_other_families(&self) -> bool {
        let asks = |word: &OsString| {
            word.to_str()
                .is_some_and(|word| word.starts_with("--family") || word == "family" || word == "--unix")
        };
        self.before.iter().any(asks)
    }
}

/// Offers settings of checks: first the check, then its settings, then the default.
fn setting(offer: &mut Offer, before: &str, typed: &str, language: Language) {
    offer.goes_on = true;
    let Some((name, _)) = typed.split_once('.') else {
        for check in check::ALL.iter().filter(|check| !check.data.settings.is_empty()) {
            offer.add(before, typed, &format!("{}.", check.name), check.data.summary.of(language));
        }
        return;
    };
    let Some(check) = check::by_name(name) else { return };
    for setting in &check.data.settings {
        let meaning = setting.meaning.of(language);
        let assignment = format!("{}.{}=", check.name, setting.name);
        if setting.list.is_none() && begins_with(typed, &assignment) {
            offer.add(before, typed, &format!("{assignment}{}", setting.default), DEFAULT.of(language));
        } else {
            offer.add(before, typed, &assignment, meaning);
        }
    }
}

fn available() -> impl Iterator<Item = &'static Column> {
    // Whatever is asked: a capture has values that no running system has.
    columns::ALL.iter().copied().filter(|column| !(cfg!(windows) && column.linux_only))
}
