//! Every text that a user sees is in English and in Korean.
//!
//! A text is made by `both!`, `complaint!` or `Text::fixed`, which take one of each language, so what is left to check is
//! that the second really is Korean, and that no text goes around them.

use super::complaint::Complaint;
use super::rust::{Source, Text};
use std::collections::BTreeMap;

/// Where sentences are for users: the command line, the reports, and what the libraries say of them.
const FOR_USERS: &[&str] = &[
    "crates/netstat-cli/src/lib.rs",
    "crates/netstat-cli/src/options/",
    "crates/netstat-cli/src/output.rs",
    "crates/netstat-cli/src/output/",
    "crates/netstat-cli/src/report/",
    "crates/netstat-cli/src/settings.rs",
    "crates/netstat-cli/src/settings/",
    "crates/netstat-cli/src/warning_text.rs",
    "crates/netstat-engine/src/filter/",
    "crates/netstat-engine/src/text/",
    "crates/netstat-check/src/assignments.rs",
    "crates/netstat-check/src/lacking.rs",
    "crates/netstat-check/src/policy_file.rs",
    "crates/netstat-check/src/toml_error.rs",
    "crates/netstat-html/src/",
];

/// Where sentences are in English alone, and why.
const ENGLISH: &[(&str, &str)] = &[
    ("crates/netstat-cli/src/options/net_tools/", "net-tools has no other language"),
    ("crates/netstat-cli/src/report/net_tools/", "net-tools has no other language"),
    ("crates/netstat-cli/src/options/table/", "each text has its Korean behind it, and a test asks for it"),
    ("crates/netstat-cli/src/settings/net_tools.rs", "net-tools has no other language"),
    ("crates/netstat-engine/src/filter/syntax.rs", "filters are in the language of filters"),
];

/// The file with the Korean of what the back ends say.
const PHRASES: &str = "crates/netstat-engine/src/text/system/phrases.rs";

/// Where sentences have to be in it.
const OF_BACK_ENDS: &[&str] =
    &["crates/netstat-os/src/", "crates/netstat-model/src/error.rs", "crates/netstat-store/src/error.rs"];

/// What makes a text of both languages.
const MAKERS: [&str; 3] = ["both!", "complaint!", "Text::fixed"];

/// Returns every text that has one language only.
pub(super) fn complaints(sources: &BTreeMap<&str, Source>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let phrases: Vec<&str> = sources
        .get(PHRASES)
        .map(|source| source.strings.iter().map(|string| string.text.as_str()).collect())
        .unwrap_or_default();
    let is_known = |string: &Text| is_phrase(&string.text, &phrases);
    for (path, source) in sources {
        if !path.starts_with("crates/") || !path.contains("/src/") || is_for_tests(path) {
            continue;
        }
        complaints.extend(without_korean(path, source));
        if is_in(path, FOR_USERS)
            && !ENGLISH.iter().any(|(place, _)| path.starts_with(place))
            && *path != PHRASES
        {
            let what = "is a sentence in one language; make it with both! or Text::fixed";
            let found = around(source).filter(|string| !is_known(string) && !is_of_windows(path, string));
            complaints.extend(found.map(|string| Complaint::new(path, string.line, what)));
        }
        // What rules do is quoted as the rules are.
        if is_in(path, OF_BACK_ENDS) && !path.contains("/firewall/") {
            let what = format!("is a sentence without Korean; add it to {PHRASES}");
            let found = said(source).filter(|string| !is_known(string));
            complaints.extend(found.map(|string| Complaint::new(path, string.line, what.clone())));
        }
    }
    complaints
}

/// Returns whether a file is part of tests alone.
fn is_for_tests(path: &str) -> bool {
    path.contains("/tests/")
        || path.ends_with("tests.rs")
        || path.ends_with("/made.rs")
        || path.ends_with("/fake.rs")
}

fn is_in(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path.starts_with(place))
}

/// The two languages of a text are two languages.
fn without_korean(path: &str, source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for pair in source.strings.windows(2) {
        let [english, korean] = pair else { continue };
        let is_pair = english.argument == 0 && korean.argument == 1 && english.given_to == korean.given_to;
        if !is_pair || !MAKERS.contains(&english.given_to.as_str()) {
            continue;
        }
        let is_wordless = english.text == korean.text && words(&english.text).next().is_none();
        if has_hangul(&english.text) || !(has_hangul(&korean.text) || is_wordless) {
            complaints.push(Complaint::new(
                path,
                english.line,
                "has one language only; write English, then Korean",
            ));
        }
    }
    complaints
}

/// Returns the sentences that go around what makes texts.
fn around(source: &Source) -> impl Iterator<Item = &Text> {
    source.strings.iter().filter(|string| {
        !MAKERS.contains(&string.given_to.as_str())
            && !is_for_programmers(string)
            // A command.
            && !string.text.starts_with("netstat ")
            && (words(&string.text).count() > 2 || has_hangul(&string.text) && string.text.contains(' '))
    })
}

/// The text of `/?` follows that of Windows, which was found in English alone.
fn is_of_windows(path: &str, string: &Text) -> bool {
    path.ends_with("options/generate/help.rs") && string.text.starts_with("As the first word: ")
}

/// Returns the sentences of a back end, but for those of the system itself, which end with a full stop.
fn said(source: &Source) -> impl Iterator<Item = &Text> {
    let is_sentence = |string: &&Text| words(&string.text).count() > 2 && !string.text.ends_with('.');
    source.strings.iter().filter(is_sentence).filter(|string| !is_for_programmers(string))
}

fn is_for_programmers(string: &Text) -> bool {
    // The last tells of a rule, which is quoted as it is.
    ["panic!", "assert!", "debug_assert!", "compile_error!", "expect", "Rule::not_understood"]
        .contains(&string.given_to.as_str())
}

/// Returns whether a text has its Korean among the phrases. What differs from case to case is a blank in it, and a star there.
fn is_phrase(text: &str, phrases: &[&str]) -> bool {
    let starred = text
        .split('{')
        .map(|part| part.split_once('}').map_or(part, |(_, rest)| rest))
        .collect::<Vec<_>>()
        .join("*");
    phrases.iter().any(|phrase| words(phrase).next().is_some() && is_like(phrase, text, &starred))
}

/// Returns whether a text is a phrase, where a star stands for anything.
fn is_like(phrase: &str, text: &str, starred: &str) -> bool {
    let Some((begin, rest)) = phrase.split_once('*') else { return phrase == text };
    let Some(mut left) = starred.strip_prefix(begin) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some((_, behind)) = left.split_once(part) else { return false };
        left = behind;
    }
    true
}

/// Returns the English words of a text, outside of its blanks: small letters alone, but for a sign at the end.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().map(|word| word.trim_end_matches([',', ';', ':', '.'])).filter(|word| {
        word.len() > 1 && word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '\'')
    })
}

fn has_hangul(text: &str) -> bool {
    text.chars().any(|letter| ('가'..='힣').contains(&letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &'static str, text: &str) -> Vec<usize> {
        let phrases = "static ALL: &[(&str, &str)] = &[(\"no such big thing\", \"없음\"), (\"it has lost *\", \"* 잃음\")];";
        let sources = BTreeMap::from([
            (path, Source::parse(text).unwrap()),
            (PHRASES, Source::parse(phrases).unwrap()),
        ]);
        complaints(&sources).iter().map(|complaint| complaint.line).collect()
    }

    const NONE: [usize; 0] = [];

    #[test]
    fn a_text_with_one_language_is_found() {
        let path = "crates/netstat-cli/src/render/a.rs";
        assert_eq!(found(path, "fn f() { both!(\"it is so\", \"그렇다\") }\n"), NONE);
        assert_eq!(found(path, "fn f() { both!(\"{a}: {b}\", \"{a}: {b}\", a, b) }\n"), NONE);
        assert_eq!(found(path, "fn f() { both!(\"it is so\", \"it is so\") }\n"), [1]);
        assert_eq!(found(path, "static A: Text =\nText::fixed(\"그렇다\", \"it is so\");\n"), [2]);
        assert_eq!(found(path, "fn f() {\ncomplaint!(\"it is {a}\", \"\", a) }\n"), [2]);
    }

    #[test]
    fn a_sentence_that_goes_around_is_found() {
        let text = "fn f() -> Result<(), String> {\nErr(\"that is wrong: type another\".to_owned())\n}\n";
        assert_eq!(found("crates/netstat-cli/src/report/a.rs", text), [2]);
        assert_eq!(found("crates/netstat-cli/src/options/net_tools/a.rs", text), NONE);
        assert_eq!(found("crates/netstat-store/src/a.rs", text), NONE);
        let text = "fn f() {\nText::same(format!(\"{a} is not the word\"))\n}\n";
        assert_eq!(found("crates/netstat-engine/src/filter/a.rs", text), [2]);
        let text = "fn f() {\nsay(\"틀린 말\")\n}\n";
        assert_eq!(found("crates/netstat-cli/src/output/a.rs", text), [2]);
        assert_eq!(
            found("crates/netstat-cli/src/output/a.rs", "fn f() { g(\"net.ipv4.ip_forward\", \"a b\") }\n"),
            NONE
        );
    }

    #[test]
    fn what_a_back_end_says_has_its_korean() {
        let path = "crates/netstat-os/src/linux/a.rs";
        assert_eq!(
            found(path, "fn f() { g(\"no such big thing\"); h(format!(\"it has lost {n} of them\")) }\n"),
            NONE
        );
        assert_eq!(found(path, "fn f() {\ng(\"no such other thing\") }\n"), [2]);
        assert_eq!(
            found("crates/netstat-os/src/linux/firewall/rules.rs", "fn f() { g(\"no such other thing\") }\n"),
            NONE
        );
    }
}
