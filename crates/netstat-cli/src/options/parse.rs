//! Parses the words of the command line into a [`Command`].

use super::arguments::{Arguments, ProtocolName, Verb};
use super::command::{Command, Manner};
use super::complaint::{Complaint, complaint};
use super::entry::{Effect, Entry, Value, ValueKind};
use super::mistakes::{self, nearest_long};
use super::{
    act, capture, check as check_words, combine, fleet, habits, help_topic, history, live, metrics,
    net_tools, record, report, table, verb, words as plain_words,
};
use netstat_engine::text::nearest;
use netstat_engine::text::quote::{for_shell, quoted};
use std::ffi::{OsStr, OsString};

/// Parses the command line, without the program name.
///
/// Options act from left to right: the first that asks for help, the version or a document ends parsing.
///
/// # Errors
///
/// One line that says what was not understood and what to type instead.
pub(crate) fn parse<I: IntoIterator<Item = OsString>>(args: I) -> Result<Command, Complaint> {
    let words: Vec<OsString> = args.into_iter().collect();
    let verb = words.first().and_then(|word| Verb::of_word(word));
    let mut parser = Parser {
        words: &words,
        next: usize::from(verb.is_some()),
        verb,
        options_ended: false,
        arguments: Arguments { verb, ..Arguments::default() },
        plain: Vec::new(),
    };
    while let Some(word) = parser.take() {
        if let Some(command) = parser.word(word)? {
            let Command::Help(manner) = command else { return Ok(command) };
            if let Some(verb) = verb {
                return Ok(Command::HelpVerb(verb, manner));
            }
            return help_topic::help(manner, parser.peek());
        }
    }
    let plain = std::mem::take(&mut parser.plain);
    if let Some(verb) = verb {
        match verb {
            Verb::Check => check_words::settle(plain, &mut parser.arguments)?,
            Verb::Record => record::settle(plain, &mut parser.arguments)?,
            Verb::History if parser.arguments.column_help => return Ok(Command::ColumnHelp),
            Verb::History => {
                history::settle(plain, &mut parser.arguments)?;
                fleet::settle(&mut parser.arguments)?;
            }
            Verb::Close | Verb::End => act::settle(plain, verb, &mut parser.arguments)?,
            Verb::Live => live::settle(plain, &mut parser.arguments)?,
            Verb::Capture if parser.arguments.column_help => return Ok(Command::ColumnHelp),
            Verb::Capture => capture::settle(plain, &mut parser.arguments)?,
            Verb::Metrics => metrics::settle(plain, &mut parser.arguments)?,
            Verb::Report => report::settle(&plain, &parser.arguments)?,
            Verb::Ship => fleet::settle_ship(&plain, &parser.arguments)?,
        }
        return Ok(Command::Run(Box::new(parser.arguments)));
    }
    plain_words::settle(plain, &mut parser.arguments)
        .map_err(|complaint| habits::after_option(&words, complaint))
        .map_err(|complaint| mistakes::perhaps_verb(&words, complaint))?;
    if parser.arguments.column_help {
        return Ok(Command::ColumnHelp);
    }
    fleet::settle(&mut parser.arguments)?;
    combine::check(&parser.arguments)?;
    Ok(Command::Run(Box::new(parser.arguments)))
}

/// The state of the parser.
struct Parser<'a> {
    words: &'a [OsString],
    next: usize,
    /// The first word, if it asks for something other than a table.
    verb: Option<Verb>,
    options_ended: bool,
    arguments: Arguments,
    /// The words that are not options.
    plain: Vec<OsString>,
}

/// Returns true for a dash that stands for standard input or output where a file is named.
fn is_stream(value: &Value, word: &OsStr) -> bool {
    matches!(value.kind, ValueKind::File) && word == "-"
}

/// Returns true for the word `help`, although its letters could be options.
fn is_help(rest: &str) -> bool {
    rest.eq_ignore_ascii_case("help")
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a OsStr> {
        self.words.get(self.next).map(OsString::as_os_str)
    }

    fn take(&mut self) -> Option<&'a OsStr> {
        let word = self.peek()?;
        self.next += 1;
        Some(word)
    }

    fn word(&mut self, word: &'a OsStr) -> Result<Option<Command>, Complaint> {
        match word.as_encoded_bytes() {
            _ if self.options_ended => self.plain(word),
            b"--" => {
                self.options_ended = true;
                Ok(None)
            }
            [b'-', b'-', ..] => self.long(word),
            [b'-', ..] => self.letters(word, Manner::Unix),
            // A path, as in path /usr/bin/nginx.
            [b'/', rest @ ..] if rest.contains(&b'/') => self.plain(word),
            [b'/', ..] => self.letters(word, Manner::Windows),
            _ => self.plain(word),
        }
    }

    /// Keeps a word that is not an option; what it means depends on the others.
    fn plain(&mut self, word: &OsStr) -> Result<Option<Command>, Complaint> {
        if word.to_str().is_some_and(is_help) {
            return Ok(Some(Command::Help(Manner::Unix)));
        }
        self.plain.push(word.to_owned());
        Ok(None)
    }

    /// `--name`, `--name value`, `--name=value`.
    fn long(&mut self, word: &'a OsStr) -> Result<Option<Command>, Complaint> {
        let bytes = word.as_encoded_bytes();
        let equals = bytes.iter().position(|byte| *byte == b'=');
        let end = equals.unwrap_or(bytes.len());
        let name = bytes.get(2..end).and_then(|name| std::str::from_utf8(name).ok());
        let Some(entry) = name.and_then(|name| table::by_long_of(name, self.verb)) else {
            if name == Some("?") {
                return Ok(Some(Command::Help(Manner::Unix)));
            }
            let given = equals.map(|position| after(word, position + 1));
            let value = given.as_deref().or_else(|| self.peek());
            return Err(net_tools::complaint(self.words, word).unwrap_or_else(|| {
                mistakes::unknown_long(word, name.unwrap_or_default(), value, self.verb)
            }));
        };
        verb::belongs(entry, &format!("--{}", entry.long), self.verb)?;
        // A known name is ASCII, so its bytes are as many as its UTF-16 units on Windows.
        let given = equals.map(|position| after(word, position + 1));
        let Some(value) = entry.value() else {
            if given.is_some() {
                let long = entry.long;
                return Err(complaint!(
                    "{word} has a value, but takes none: type --{long}",
                    "{word}: 값을 받지 않는 옵션입니다. 이렇게 입력하세요: --{long}",
                    word = quoted(word),
                    long
                ));
            }
            return self.apply(entry, None, Manner::Unix);
        };
        let given = match given {
            Some(given) => given,
            None => {
                let (long, example) = (entry.long, for_shell(value.example.as_ref()));
                match self.peek() {
                    None => {
                        return Err(complaint!(
                            "--{long} needs a value: type, for example, --{long} {example}",
                            "--{long}: 값이 필요합니다. 입력 예: --{long} {example}",
                            long,
                            example
                        ));
                    }
                    Some(next) if next.as_encoded_bytes().starts_with(b"-") && !is_stream(value, next) => {
                        return Err(complaint!(
                            "--{long} needs a value before {next}: type, for example, --{long} {example}",
                            "--{long}: {next} 앞에 값이 필요합니다. 입력 예: --{long} {example}",
                            long,
                            next = quoted(next),
                            example
                        ));
                    }
                    Some(next) => {
                        self.next += 1;
                        next.to_owned()
                    }
                }
            }
        };
        self.apply(entry, Some(&given), Manner::Unix)
    }

    /// Parses letters after a `-` or `/`.
    fn letters(&mut self, word: &'a OsStr, manner: Manner) -> Result<Option<Command>, Complaint> {
        let Some(rest) = word.to_str().and_then(|text| text.get(1..)) else {
            return Err(complaint!(
                "{word} is not an option: type netstat -? to see the options",
                "{word}: 없는 옵션입니다. 옵션 보기: netstat -?",
                word = quoted(word)
            ));
        };
        if rest.is_empty() {
            return Err(complaint!(
                "{word} stands alone: type letters after it, as in netstat -ano",
                "{word}: 뒤에 글자가 필요합니다. 입력 예: netstat -ano",
                word = quoted(word)
            ));
        }
        if is_help(rest) {
            return Ok(Some(Command::Help(manner)));
        }
        // -pid is a long option that lacks a dash, unless a protocol follows, which makes its letters options.
        let p_has_protocol = self.peek().and_then(OsStr::to_str).and_then(ProtocolName::from_name).is_some();
        if let Some(entry) = rest.split(['=', ':']).next().and_then(table::by_long)
            && !p_has_protocol
            && entry.report.verb().is_none_or(|needed| self.verb == Some(needed))
            // -at has been -a and -t for longer than --at exists.
            && !mistakes::is_cluster(rest)
        {
            return Err(mistakes::one_dash(word, entry.long));
        }

        // Parse the whole word before any of it acts.
        let mut switches = Vec::new();
        let mut glued = None;
        let mut wanting = None;
        for (at, letter) in rest.char_indices() {
            let Some(entry) = table::by_letter(letter, self.verb) else {
                return Err(self.unknown_letter(word, rest, letter));
            };
            verb::belongs(entry, &format!("-{letter}"), self.verb)?;
            let Some(value) = entry.value() else {
                switches.push((letter, entry));
                continue;
            };
            let tail = rest.get(at + letter.len_utf8()..).unwrap_or_default();
            if is_choice(value, OsStr::new(tail)) {
                glued = Some((entry, tail));
                wanting = None;
                break;
            }
            if let Some(stray) = tail.strip_prefix(['=', ':']) {
                return Err(complaint!(
                    "{word} has a sign before the value of -{letter}: type -{letter} and then {value} as the next word",
                    "{word}: -{letter}의 값 앞에 기호가 있습니다. -{letter} 다음 단어로 {value} 값을 입력하세요",
                    word = quoted(word),
                    letter = letter.to_string(),
                    value = quoted(OsStr::new(if stray.is_empty() { value.example } else { stray }))
                ));
            }
            // Three letters are rather a mistyped name than more options.
            let next_fits = self.peek().is_some_and(|next| is_choice(value, next));
            if tail.len() >= 3 && !next_fits && nearest(tail, value.choices().iter().copied(), 1).is_some() {
                glued = Some((entry, tail));
                wanting = None;
                break;
            }
            wanting = Some((entry, value));
        }

        for (letter, entry) in switches {
            let manner = match (letter, manner) {
                ('?', _) => Manner::Windows,
                (_, Manner::Unix) => Manner::Short,
                _ => manner,
            };
            if let Some(command) = self.apply(entry, None, manner)? {
                return Ok(Some(command));
            }
        }
        if let Some((entry, tail)) = glued {
            return self.apply(entry, Some(OsStr::new(tail)), manner);
        }
        let Some((entry, value)) = wanting else { return Ok(None) };
        match self.peek() {
            Some(next)
                if is_choice(value, next) || is_stream(value, next) || !looks_like_no_value(value, next) =>
            {
                self.next += 1;
                self.apply(entry, Some(next), manner)
            }
            _ if entry.report.verb().is_some() => {
                let (letter, example) = (entry.short_with_value(), for_shell(value.example.as_ref()));
                let letter = letter.split(' ').next().unwrap_or_default();
                Err(complaint!(
                    "{letter} needs a value: type, for example, {letter} {example}",
                    "{letter}: 값이 필요합니다. 입력 예: {letter} {example}",
                    letter,
                    example
                ))
            }
            _ => Err(match ProtocolName::from_name(rest) {
                Some(protocol) => mistakes::protocol_as_option(word, protocol),
                None => net_tools::complaint_about_p(self.words, word),
            }),
        }
    }

    /// Applies an option, with its value if it has one.
    fn apply(
        &mut self,
        entry: &Entry,
        value: Option<&OsStr>,
        manner: Manner,
    ) -> Result<Option<Command>, Complaint> {
        let value = value.unwrap_or_default();
        match &entry.effect {
            Effect::Switch(set) => set(&mut self.arguments),
            Effect::Format(format) => self.arguments.formats.push(format),
            Effect::Value(_, set) => {
                let before = self.arguments.protocol;
                set(&mut self.arguments, value)?;
                if let (Some(one), Some(two)) = (before, self.arguments.protocol)
                    && one != two
                {
                    return Err(combine::two_protocols(one, two));
                }
            }
            Effect::Answer(answer) => return Ok(Some(answer(manner))),
            Effect::AnswerWith(_, answer) => return answer(value).map(Some),
        }
        Ok(None)
    }

    /// Complains about a letter that is not an option.
    fn unknown_letter(&self, word: &OsStr, rest: &str, letter: char) -> Complaint {
        if let Some(protocol) = ProtocolName::from_name(rest) {
            return mistakes::protocol_as_option(word, protocol);
        }
        // Fewer letters may be separate options; so many are rather a word.
        if rest.chars().count() >= 5
            && let Some(long) = nearest_long(rest, self.verb)
        {
            return mistakes::misspelt(word, long);
        }
        if let Some(complaint) = net_tools::complaint(self.words, word) {
            return complaint;
        }
        if rest.bytes().all(|byte| byte.is_ascii_digit()) {
            return complaint!(
                "{word} is not an option: an interval has no sign, type {rest}",
                "{word}: 없는 옵션입니다. 간격에는 기호를 붙이지 않습니다. 이렇게 입력하세요: {rest}",
                word = quoted(word),
                rest
            );
        }
        mistakes::unknown_letter(word, rest, letter)
    }
}

/// Returns true if the word is one of the choices of this value.
fn is_choice(value: &Value, word: &OsStr) -> bool {
    value.choices().iter().any(|choice| word.eq_ignore_ascii_case(choice))
}

/// Returns true if the word is rather an option or an interval than a misspelt value.
fn looks_like_no_value(value: &Value, word: &OsStr) -> bool {
    match value.kind {
        // Names of files begin with anything else.
        ValueKind::File => word.as_encoded_bytes().starts_with(b"-"),
        _ => matches!(word.as_encoded_bytes(), [b'-' | b'/' | b'0'..=b'9', ..]),
    }
}

/// Returns what follows the first `bytes` bytes of a word, which are ASCII.
#[cfg(unix)]
pub(super) fn after(word: &OsStr, bytes: usize) -> OsString {
    use std::os::unix::ffi::OsStrExt as _;
    OsStr::from_bytes(word.as_bytes().get(bytes..).unwrap_or_default()).to_owned()
}

/// Returns what follows the first `bytes` bytes of a word, which are ASCII.
#[cfg(windows)]
pub(super) fn after(word: &OsStr, bytes: usize) -> OsString {
    use std::os::windows::ffi::{OsStrExt as _, OsStringExt as _};
    OsString::from_wide(&word.encode_wide().skip(bytes).collect::<Vec<_>>())
}
