//! What may come next in a filter that is being typed, for completions.
//!
//! ```
//! use netstat_engine::filter::{Names, NumbersOnly, Side, next};
//!
//! let place = next("lport 80 and sta", &NumbersOnly).unwrap();
//! assert!(place.words.iter().any(|word| word.text == "state"));
//! assert_eq!(place.at, "lport 80 and ".len());
//! let place = next("lport 80,4", &NumbersOnly).unwrap();
//! assert_eq!((place.names, place.typed.as_str()), (Some(Names::Ports(Side::Local)), "4"));
//! ```

use super::expression::Side;
use super::lexer::{self, Kind, SIGN_WORDS};
use super::parse::{self, Expected};
use super::syntax::{self, GROUPS, Keyword, PRIMARIES, PROTOCOLS, REASON_GROUPS, STATES};
use super::{Lookups, countries};
use crate::both;
use crate::family::FAMILIES;
use crate::text::Text;
use crate::text::escape::is_unseen;
use netstat_model::ApplicationProtocol;

/// Names that only a machine knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Ports of these ends, and names of services.
    Ports(Side),
    /// Addresses of these ends.
    Addresses(Side),
    /// Interfaces.
    Interfaces,
    /// IDs of processes that hold sockets.
    Pids,
    /// Names of such processes.
    Processes,
    /// The files that such processes run.
    Paths,
    /// Their services.
    Units,
    /// Their containers.
    Containers,
    /// Users.
    Users,
    /// Network namespaces that have a name.
    Namespaces,
}

/// A word of the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextWord {
    /// The word in its usual spelling; its letter case does not matter.
    pub text: String,
    /// What it means; may be empty.
    pub meaning: Text,
}

/// What may stand at the end of a filter, in place of what was typed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// Where that begins, in bytes from the start of the filter.
    pub at: usize,
    /// What was typed of it, without the quote that may begin it.
    pub typed: String,
    /// Whether a quote begins it.
    pub quoted: bool,
    /// Words of the language that may stand there, whatever was typed.
    pub words: Vec<NextWord>,
    /// Names that may stand there.
    pub names: Option<Names>,
}

/// Returns what may stand at the end of a filter; `None` if the filter is wrong before that. `lookups` decides whether the
/// names before it exist.
pub fn next(text: &str, lookups: &dyn Lookups) -> Option<Next> {
    let (at, typed, quoted) = match lexer::tokens(text) {
        Err(quote) => (quote, text.get(quote + 1..)?, true),
        Ok(tokens) => match tokens.iter().rev().nth(1) {
            Some(last) if last.at + last.len == text.len() => match &last.kind {
                Kind::Word(_) => (last.at, text.get(last.at..)?, false),
                Kind::Quoted(_) => return None,
                _ => (text.len(), "", false),
            },
            _ => (text.len(), "", false),
        },
    };
    let place = |words, names, skipped: usize| {
        let typed = typed.get(skipped..).unwrap_or_default().to_owned();
        Some(Next { at: at + skipped, typed, quoted, words, names })
    };
    // Behind the last comma of a list.
    let in_list = if quoted { 0 } else { typed.rfind(',').map_or(0, |comma| comma + 1) };
    let only_words = |words: Vec<NextWord>, skipped| place(words, None, skipped);
    match parse::expected(text.get(..at)?, lookups)? {
        Expected::Test if !quoted => shorthand(typed, Side::Either).map_or_else(
            || only_words(tests(typed), 0),
            |(names, skipped)| place(Vec::new(), Some(names), skipped),
        ),
        Expected::Joint { closes } if !quoted => {
            let close = closes.then(|| word(")", both!("ends the parenthesis", "괄호 닫기")));
            let joints = [word("and", both!("and also", "그리고")), word("or", both!("or else", "또는"))];
            only_words(close.into_iter().chain(joints).chain(tests(typed)).collect(), 0)
        }
        Expected::Sign => {
            // The signs themselves mean something to shells.
            let signs = SIGN_WORDS.iter().filter(|(text, _)| *text != "neq");
            only_words(signs.map(|(text, kind)| word(text, meaning_of_sign(kind))).collect(), 0)
        }
        Expected::Value(keyword) => {
            let names = |names| place(Vec::new(), Some(names), 0);
            match keyword {
                Keyword::Port(side) => {
                    let part = typed.get(in_list..).unwrap_or_default();
                    let colon = part.find(':').map_or(0, |colon| colon + 1);
                    place(Vec::new(), Some(Names::Ports(side)), in_list + colon)
                }
                Keyword::Host(side) => {
                    let part = typed.get(in_list..).unwrap_or_default();
                    let (names, skipped) = shorthand(part, side).unwrap_or((Names::Addresses(side), 0));
                    place(Vec::new(), Some(names), in_list + skipped)
                }
                Keyword::State => only_words(states(typed), in_list),
                Keyword::Protocol => only_words(protocols().collect(), in_list),
                Keyword::Family => only_words(families(), in_list),
                Keyword::Country => {
                    only_words(countries::codes().map(|code| word(code, Text::default())).collect(), in_list)
                }
                Keyword::Reason => only_words(reasons(), in_list),
                Keyword::App => {
                    let names = ApplicationProtocol::ALL.map(ApplicationProtocol::name);
                    only_words(names.map(|name| word(name, Text::default())).into(), in_list)
                }
                Keyword::Pid => place(Vec::new(), Some(Names::Pids), in_list),
                Keyword::User => place(Vec::new(), Some(Names::Users), in_list),
                Keyword::Namespace => place(Vec::new(), Some(Names::Namespaces), in_list),
                Keyword::Process => names(Names::Processes),
                Keyword::Path => names(Names::Paths),
                Keyword::Unit => names(Names::Units),
                Keyword::Container => names(Names::Containers),
                // Numbers and times are nothing to choose from; the others take no value.
                _ => None,
            }
        }
        Expected::Test | Expected::Joint { .. } => None,
    }
}

/// Returns what a test without a keyword names, and how many bytes stand before the name: `:8080`, `10.0.0.1`, `%eth0`.
fn shorthand(typed: &str, side: Side) -> Option<(Names, usize)> {
    if let Some(zone) = typed.find('%') {
        return Some((Names::Interfaces, zone + 1));
    }
    if let Some(port) = typed.strip_prefix("*:").or(typed.strip_prefix(':'))
        && !port.contains(':')
    {
        return Some((Names::Ports(side), typed.len() - port.len()));
    }
    let is_address = typed.starts_with(|first: char| first.is_ascii_digit()) || typed.contains(':');
    is_address.then_some((Names::Addresses(side), 0))
}

/// Returns a name as it stands in a filter, in quotes where it needs them; `None` if a filter cannot name it alone.
pub fn as_value(name: &str, quoted: bool) -> Option<String> {
    if name.is_empty() || name.contains(['*', '?', '[']) || name.chars().any(is_unseen) {
        return None;
    }
    let plain = |character: char| character.is_alphanumeric() || "._-/@+:\\".contains(character);
    if !quoted && name.chars().all(plain) && !syntax::is_reserved(name) {
        return Some(name.to_owned());
    }
    Some(format!("\"{}\"", name.replace('"', "\"\"")))
}

/// Returns the words that may begin a test.
fn tests(typed: &str) -> Vec<NextWord> {
    let built_in = |keyword| cfg!(feature = "geo") || !matches!(keyword, Keyword::Country | Keyword::Network);
    let primaries = PRIMARIES.iter().filter(|primary| built_in(primary.keyword));
    let words =
        primaries.flat_map(|primary| primary.words.iter().map(|text| word(text, primary.help.clone())));
    words
        .chain([word("not", both!("none of what follows", "뒤에 오는 조건의 부정"))])
        .chain(states(typed))
        .chain(protocols())
        .collect()
}

/// Returns the words for states, in capitals where they are typed so.
fn states(typed: &str) -> Vec<NextWord> {
    let capitals = typed.contains(|letter: char| letter.is_ascii_uppercase() || letter == '_');
    let is_group = |text: &str| GROUPS.iter().any(|(name, ..)| *name == text);
    let named =
        STATES.iter().map(|(_, name, _)| if capitals { (*name).to_owned() } else { syntax::lower(name) });
    let named = named
        .filter(|text| !is_group(text))
        .map(|text| NextWord { text, meaning: both!("TCP state", "TCP 상태") });
    named.chain(GROUPS.iter().map(|(name, _, meaning)| word(name, meaning.clone()))).collect()
}

fn protocols() -> impl Iterator<Item = NextWord> {
    PROTOCOLS.iter().map(|(name, ..)| word(name, both!("protocol", "프로토콜")))
}

fn families() -> Vec<NextWord> {
    let named = FAMILIES.iter().map(|family| family.name);
    named.chain(["inet4", "inet6"]).map(|name| word(name, Text::default())).collect()
}

fn reasons() -> Vec<NextWord> {
    let meaning = |text| {
        let group = REASON_GROUPS.iter().find(|(name, ..)| *name == text);
        group.map_or_else(Text::default, |group| Text::same(group.2.to_owned()))
    };
    syntax::all_reason_words().map(|text| word(text, meaning(text))).collect()
}

fn word(text: &str, meaning: Text) -> NextWord {
    NextWord { text: text.to_owned(), meaning }
}

fn meaning_of_sign(kind: &Kind) -> Text {
    use super::quantity::Comparison;
    match kind {
        Kind::Compare(Comparison::Greater) => both!("greater than", "초과"),
        Kind::Compare(Comparison::GreaterOrEqual) => both!("greater or equal", "이상"),
        Kind::Compare(Comparison::Less) => both!("less than", "미만"),
        Kind::Compare(Comparison::LessOrEqual) => both!("less or equal", "이하"),
        Kind::Compare(Comparison::Equal) => both!("equal", "같음"),
        _ => both!("not equal", "같지 않음"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::NumbersOnly;
    use proptest::prelude::*;

    const BEGINNINGS: [&str; 15] = [
        "",
        "not ",
        "port 80 ",
        "port 80 and ",
        "port 80 or not ",
        "(port 80 ",
        "(port 80) ",
        "state ",
        "state listening,",
        "proto ",
        "family unix,",
        "country KR,",
        "reason ",
        "app tls,",
        "rtt ",
    ];

    /// A word that is offered leads to a filter, or to a place where something else is expected.
    #[test]
    fn every_word_that_is_offered_is_understood() {
        for text in BEGINNINGS {
            let place = next(text, &NumbersOnly).unwrap();
            assert!(!place.words.is_empty(), "{text:?}");
            for word in place.words {
                let more = format!("{}{} ", &text[..place.at], word.text);
                assert!(parse::expected(&more, &NumbersOnly).is_some(), "{more:?}");
            }
        }
    }

    #[test]
    fn nothing_is_offered_behind_what_is_wrong() {
        for text in ["port x ", "and ", "port 80) ", "rtt 5 ", "process >= ", "\"a\" ", "pid 1 \"x\""] {
            assert_eq!(next(text, &NumbersOnly), None, "{text:?}");
        }
    }

    #[test]
    fn names_that_are_not_one_word_are_quoted() {
        for (name, value) in [
            ("nginx", Some("nginx")),
            ("/usr/bin/x", Some("/usr/bin/x")),
            ("my app", Some("\"my app\"")),
            ("a\"b", Some("\"a\"\"b\"")),
            ("or", Some("\"or\"")),
            ("gt", Some("\"gt\"")),
            ("a>b", Some("\"a>b\"")),
            ("a*", None),
            ("a\nb", None),
            ("", None),
        ] {
            assert_eq!(as_value(name, false).as_deref(), value);
        }
        assert_eq!(as_value("nginx", true).as_deref(), Some("\"nginx\""));
    }

    proptest! {
        #[test]
        fn a_name_in_a_filter_is_that_name(name in "[ -~]{1,12}") {
            if let Some(value) = as_value(&name, false) {
                let filter = crate::filter::Filter::parse(&[format!("process {value}").into()], &NumbersOnly).unwrap();
                let found: Vec<_> = filter.required_tests().cloned().collect();
                prop_assert_eq!(found, [crate::filter::Test::Process(crate::filter::Glob::new(&name))]);
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            if let Some(place) = next(&text, &NumbersOnly) {
                prop_assert!(text.is_char_boundary(place.at) && text[place.at..].ends_with(&place.typed));
            }
        }
    }
}
