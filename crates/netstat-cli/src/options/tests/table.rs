//! The table checks itself: a new entry is wrong or complete, never half done.

use super::super::command::Manner;
use super::super::document::Document;
use super::super::entry::{Effect, Entry, Topic, ValueKind};
use super::super::table::{self, INTERVAL};
use super::super::{Arguments, Command, generate, mistakes};
use super::{complaint_about, of_shell};
use netstat_engine::text::Language;
use std::collections::BTreeSet;
use std::ffi::OsStr;

/// The letters of the help text of Windows 11 24H2, and the two ways to ask for help.
const WINDOWS_LETTERS: &str = "abcdefinopqrstxy";

#[test]
fn no_two_options_share_a_spelling() {
    let mut seen = BTreeSet::new();
    for entry in table::all() {
        for letter in entry.letters {
            // One that needs a first word may have a letter of those without: -o FILE of netstat report.
            assert!(seen.insert(format!("{letter} {:?}", entry.report.verb())), "-{letter} twice");
            assert_eq!(*letter, letter.to_ascii_lowercase(), "letters are looked up in lower case");
        }
        assert!(seen.insert(entry.long.to_owned()), "--{} twice", entry.long);
    }
}

#[test]
fn long_spellings_are_plain_and_not_reserved() {
    for Entry { long, .. } in table::all() {
        assert!(long.len() > 1, "{long}");
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(long.bytes().all(plain), "{long}");
    }
}

/// After one dash such a word is letters or a long option that lacks a dash, so it must not be able to be both.
#[test]
fn no_long_spelling_is_a_plausible_cluster() {
    // The first two are what people try on any program, with either number of dashes; the letters of the others are of
    // reports that nobody combines.
    let known = ["help", "version", "csv", "sort", "store"];
    // Those that need a first word are looked for after that word only.
    let everywhere = table::all().filter(|entry| entry.report.verb().is_none());
    for Entry { long, .. } in everywhere.filter(|entry| !known.contains(&entry.long)) {
        let letters: BTreeSet<char> = long.chars().collect();
        let switches = letters.iter().all(|letter| {
            matches!(table::by_letter(*letter, None).map(|entry| &entry.effect), Some(Effect::Switch(_)))
        });
        // Letters win where there are so few.
        assert!(!switches || letters.len() < long.len() || mistakes::is_cluster(long), "-{long} is both");
    }
}

#[test]
fn every_letter_of_windows_is_there_and_in_its_help() {
    let help = generate::help();
    for letter in WINDOWS_LETTERS.chars() {
        assert!(table::by_letter(letter, None).is_some(), "-{letter}");
        assert!(help.contains(&format!("\n  -{letter} ")), "-{letter} in the help text");
    }
}

#[test]
fn the_synopsis_is_that_of_windows() {
    let help = generate::help();
    assert_eq!(
        help.lines().nth(3),
        Some("NETSTAT [-a] [-b] [-e] [-f] [-i] [-n] [-o] [-p proto] [-r] [-s] [-t] [-x] [-y] [interval]")
    );
}

#[test]
fn the_help_text_has_the_shape_of_windows() {
    let help = generate::help();
    let lines: Vec<_> = help.lines().collect();
    let [blank, summary, after_summary, _, after_synopsis, options @ .., last] = lines.as_slice() else {
        panic!("{help}")
    };
    assert_eq!([*blank, *after_summary, *after_synopsis, *last], [""; 4]);
    assert!(!summary.is_empty());
    for line in [summary].into_iter().chain(options) {
        assert!(line.chars().count() <= 79, "{line}");
        assert_eq!(line.trim_end(), *line);
    }
    let mut items = Vec::new();
    for line in options {
        let (item, description) = line.split_at(line.len().min(16));
        match item.trim() {
            "" => assert!(!description.is_empty() && !description.starts_with(' '), "{line}"),
            name if line.starts_with("  ") && !line.starts_with("   ") => items.push(name),
            other => panic!("{other:?} in {line:?}"),
        }
    }
    assert_eq!(items.last(), Some(&"interval"));
    let letters: Vec<_> =
        items.iter().filter(|item| !item.starts_with("--") && item.starts_with('-')).collect();
    assert!(letters.is_sorted(), "{letters:?}");
}

#[test]
fn every_option_has_all_its_texts() {
    for entry in table::all() {
        let name = entry.long;
        assert!((10..=60).contains(&entry.summary.len()), "summary of {name}: {}", entry.summary.len());
        assert!(!entry.summary.ends_with('.'), "summary of {name}");
        let help = [Language::English, Language::Korean].map(|language| entry.help.of(language));
        let inferred = entry.inferred.clone().unwrap_or_default();
        let others = [&entry.details, &inferred].map(|text| [text.english(), text.of(Language::Korean)]);
        for text in help.into_iter().chain(others.into_iter().flatten()) {
            assert!(text.is_empty() || text.ends_with('.'), "{name}: {text}");
            assert!(!text.contains("  ") && !text.contains('\n'), "{name}: {text}");
        }
        assert!(help.iter().all(|text| !text.is_empty()), "help of {name}");
        for [english, korean] in others {
            assert_eq!(english.is_empty(), korean.is_empty(), "{name} has one language only: {english}");
        }
        assert!(Topic::ALL.iter().any(|(report, _)| *report == entry.report), "{name} is in no list");
    }
    assert!(INTERVAL.help.english().ends_with('.'));
}

#[test]
fn every_option_is_in_every_document() {
    for (document, language) in [Document::Man, Document::Markdown]
        .into_iter()
        .flat_map(|document| [Language::English, Language::Korean].map(|language| (document, language)))
    {
        // The man page writes a dash as \-.
        let text = generate::text(document, language).replace("\\-", "-");
        for entry in table::all() {
            let long = format!("--{}", entry.long);
            let whole = |spelling: &str| {
                text.match_indices(spelling).any(|(at, _)| {
                    let after = text[at + spelling.len()..].chars().next();
                    !after.is_some_and(|next| next.is_alphanumeric() || next == '-')
                })
            };
            assert!(whole(&long), "{long} is not in {document:?}");
            for letter in entry.letters {
                assert!(whole(&format!("-{letter}")), "-{letter} is not in {document:?}");
            }
        }
    }
}

/// The options that arguments can be changed by: `--dialect` is read before them, and has tests of its own.
fn with_effect() -> impl Iterator<Item = &'static Entry> {
    table::all().filter(|entry| entry.long != "dialect")
}

/// What each option makes of untouched arguments, or the command it asks for.
fn effect_of(entry: &Entry) -> Command {
    let mut arguments = Arguments::default();
    match &entry.effect {
        Effect::Switch(set) => set(&mut arguments),
        Effect::Format(format) => arguments.formats.push(format),
        Effect::Value(value, set) => set(&mut arguments, OsStr::new(value.example)).unwrap(),
        Effect::Answer(answer) => return answer(Manner::Unix),
        Effect::AnswerWith(value, answer) => return answer(OsStr::new(value.example)).unwrap(),
    }
    Command::Run(Box::new(arguments))
}

#[test]
fn every_option_has_an_effect_of_its_own() {
    let mut seen = vec![Command::Run(Box::default())];
    for entry in with_effect() {
        let effect = effect_of(entry);
        assert!(!seen.contains(&effect), "--{} changes nothing, or the same as another option", entry.long);
        seen.push(effect);
    }
}

#[test]
fn every_choice_is_accepted_and_makes_a_difference() {
    for entry in with_effect() {
        let Some(value) = entry.value() else { continue };
        let mut seen = Vec::new();
        for choice in value.choices() {
            for spelling in [(*choice).to_owned(), choice.to_uppercase()] {
                let result = match &entry.effect {
                    Effect::Value(_, set) => {
                        let mut arguments = Arguments::default();
                        set(&mut arguments, OsStr::new(&spelling)).map(|()| Command::Run(Box::new(arguments)))
                    }
                    Effect::AnswerWith(_, answer) => answer(OsStr::new(&spelling)),
                    Effect::Switch(_) | Effect::Format(_) | Effect::Answer(_) => {
                        panic!("--{} has a value and takes none", entry.long)
                    }
                };
                let result =
                    result.unwrap_or_else(|complaint| panic!("--{} {spelling}: {complaint}", entry.long));
                if !seen.contains(&result) {
                    seen.push(result);
                }
            }
        }
        assert_eq!(seen.len(), value.choices().len(), "--{}", entry.long);
        if !matches!(value.kind, ValueKind::Choice(_)) {
            assert!(value.choices().is_empty());
        }
    }
}

/// What is said where the value is missing is a line that a shell hands on as it is meant.
#[test]
fn every_example_of_a_missing_value_can_be_typed() {
    let mut quoted = 0;
    for entry in with_effect().filter(|entry| entry.value().is_some()) {
        let verb = entry.report.verb().map_or(String::new(), |verb| format!("{} ", verb.name()));
        let said = complaint_about(&format!("{verb}--{}", entry.long));
        let typed = said.split_once("type, for example, ").unwrap().1;
        let words = of_shell(typed);
        quoted += usize::from(words.len() < typed.split(' ').count());
        let value = entry.value().unwrap();
        assert_eq!(words, [format!("--{}", entry.long), value.example.to_owned()], "{typed}");
    }
    assert!(quoted > 0, "an example with blanks shows the quotes");
}

/// The complaint about a missing protocol is the only one that a letter with a value can lead to.
#[test]
fn p_is_the_only_letter_with_a_value() {
    let letters: Vec<_> = table::all()
        .filter(|entry| entry.value().is_some() && entry.report.verb().is_none())
        .flat_map(|entry| entry.letters)
        .collect();
    assert_eq!(letters, [&'p']);
}
