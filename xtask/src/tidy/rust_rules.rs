//! Rules about Rust code.

use super::Complaint;
use super::files::says_nothing;
use super::rust::{Source, in_name};
use std::collections::BTreeMap;

type Listed<'a> = &'a [(&'a str, &'a str)];

fn is_listed(path: &str, listed: Listed<'_>) -> bool {
    listed.iter().any(|(known, _)| *known == path)
}

/// Whether the text has this name followed by an opening bracket.
fn calls(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        !text.get(..at).is_some_and(|before| before.ends_with(in_name))
            && text.get(at + name.len()..).is_some_and(|after| after.starts_with('('))
    })
}

/// No test is disabled, and no lint is silenced without saying why.
pub(super) fn attributes(path: &str, source: &Source, listed: Listed<'_>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut complain = |line, what: &str| complaints.push(Complaint::new(path, line, what));
    for attribute in source.attributes() {
        let text = attribute.text.as_str();
        let conditional = text.starts_with("cfg_attr(");
        let ignored = text == "ignore" || text.starts_with("ignore=");
        if ignored || (conditional && text.split([',', ')', '=']).any(|word| word == "ignore")) {
            complain(attribute.line, "disables a test; mend the test, or let it print `skipped: ` and why");
        }
        if source.is_test(attribute.line) {
            continue;
        }
        let unsafe_file = attribute.inner && text == "allow(unsafe_code)" && is_listed(path, listed);
        if (text.starts_with("allow(") || (conditional && calls(text, "allow"))) && !unsafe_file {
            complain(
                attribute.line,
                "allows a lint; use #[expect(.., reason = \"..\")] or mend what it found",
            );
        }
        let expects = text.starts_with("expect(") || (conditional && calls(text, "expect"));
        if expects && !text.contains("reason=") {
            complain(attribute.line, "expects a lint without a reason; add reason = \"..\"");
        }
    }
    complaints
}

/// How far above `unsafe` its reason may stand.
const NEAR: usize = 10;

/// `unsafe` is in the listed files only, each time with a SAFETY comment.
pub(super) fn unsafe_code(path: &str, source: &Source, listed: Listed<'_>) -> Vec<Complaint> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut complaints = Vec::new();
    for at in source.places("unsafe") {
        let line = source.line(at);
        if !is_listed(path, listed) {
            let what = "holds unsafe; write it safely, or add the file and a reason to UNSAFE_FILES in xtask/src/tidy.rs";
            complaints.push(Complaint::new(path, line, what));
            continue;
        }
        let above = lines.iter().take(line).rev().take(NEAR).take_while(|line| !line.trim().is_empty());
        if !above.into_iter().any(|line| line.contains("SAFETY:") || line.contains("# Safety")) {
            complaints.push(Complaint::new(
                path,
                line,
                "has no SAFETY comment; say above it why this is sound",
            ));
        }
    }
    complaints
}

/// The list of files with `unsafe` holds no more than it needs, and a reason for each.
pub(super) fn unsafe_list(sources: &BTreeMap<&str, Source>, listed: Listed<'_>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (path, reason) in listed {
        let holds = sources.get(path).is_some_and(|source| !source.places("unsafe").is_empty());
        if !holds {
            let what = "is on the list of files with unsafe, and holds none; take it off UNSAFE_FILES";
            complaints.push(Complaint::new(path, 1, what));
        }
        if reason.trim().is_empty() {
            let what = "is on the list of files with unsafe without a reason; add it to UNSAFE_FILES";
            complaints.push(Complaint::new(path, 1, what));
        }
    }
    complaints
}

/// No module inside a file is called after nothing in particular.
pub(super) fn module_names(path: &str, source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for at in source.places("mod") {
        let rest = source.code.get(at + 3..).unwrap_or_default().trim_start();
        let name = rest.split(|char| !in_name(char)).next().unwrap_or_default();
        // A file of that name is told at the file itself.
        let inline = rest.get(name.len()..).is_some_and(|rest| rest.trim_start().starts_with('{'));
        if inline && says_nothing(name) {
            let what = format!("has a module called {name}; name it after what it does");
            complaints.push(Complaint::new(path, source.line(at), what));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: [usize; 0] = [];

    const LISTED: Listed<'static> = &[("src/calls.rs", "no crate has the call")];

    fn attribute_lines(path: &str, text: &str) -> Vec<usize> {
        attributes(path, &Source::new(text), LISTED).iter().map(|complaint| complaint.line).collect()
    }

    #[test]
    fn tests_are_not_disabled() {
        for text in [
            "#[ignore]\nfn a() {}\n",
            "#[ignore = \"slow\"]\nfn a() {}\n",
            "#[cfg_attr(windows, ignore)]\nfn a() {}\n",
            "#[cfg_attr(windows, ignore = \"slow\")]\nfn a() {}\n",
        ] {
            assert_eq!(attribute_lines("tests/a.rs", text), [1], "{text}");
        }
        assert_eq!(attribute_lines("tests/a.rs", "// #[ignore]\nlet a = \"#[ignore]\";\n"), NOWHERE);
    }

    #[test]
    fn lints_are_expected_with_a_reason() {
        assert_eq!(attribute_lines("src/a.rs", "#[allow(dead_code)]\nfn a() {}\n"), [1]);
        assert_eq!(attribute_lines("src/a.rs", "#![allow(dead_code)]\n"), [1]);
        assert_eq!(attribute_lines("src/a.rs", "#[cfg_attr(windows, allow(dead_code))]\nfn a() {}\n"), [1]);
        assert_eq!(attribute_lines("src/a.rs", "#[expect(dead_code)]\nfn a() {}\n"), [1]);
        assert_eq!(attribute_lines("src/a.rs", "#[expect(dead_code, reason = \"x\")]\nfn a() {}\n"), NOWHERE);
        assert_eq!(
            attribute_lines("src/a.rs", "#[cfg(test)]\nmod tests {\n    #[allow(x)]\n    fn a() {}\n}\n"),
            NOWHERE
        );
        assert_eq!(attribute_lines("src/a.rs", "#![allow(unsafe_code)]\n"), [1]);
        assert_eq!(attribute_lines("src/calls.rs", "#![allow(unsafe_code)]\n"), NOWHERE);
        assert_eq!(attribute_lines("src/calls.rs", "#![allow(dead_code)]\n"), [1]);
    }

    fn unsafe_lines(path: &str, text: &str) -> Vec<usize> {
        unsafe_code(path, &Source::new(text), LISTED).iter().map(|complaint| complaint.line).collect()
    }

    #[test]
    fn unsafe_is_listed_and_has_its_reason() {
        assert_eq!(unsafe_lines("src/a.rs", "// SAFETY: fine\nunsafe { a() }\n"), [2]);
        assert_eq!(unsafe_lines("src/calls.rs", "// SAFETY: fine\nlet x =\n    unsafe { a() };\n"), NOWHERE);
        assert_eq!(unsafe_lines("src/calls.rs", "// SAFETY: of another\n\nunsafe { a() }\n"), [3]);
        assert_eq!(unsafe_lines("src/a.rs", "//! nothing unsafe\n#![deny(unsafe_code)]\n"), NOWHERE);
    }

    #[test]
    fn the_list_is_kept_true() {
        let with = BTreeMap::from([("src/calls.rs", Source::new("unsafe {}"))]);
        let without = BTreeMap::from([("src/calls.rs", Source::new("// unsafe"))]);
        assert_eq!(unsafe_list(&with, LISTED), []);
        assert_eq!(unsafe_list(&without, LISTED).len(), 1);
        assert_eq!(unsafe_list(&BTreeMap::new(), LISTED).len(), 1);
        assert_eq!(unsafe_list(&with, &[("src/calls.rs", " ")]).len(), 1);
    }

    #[test]
    fn modules_inside_a_file_are_named_after_something() {
        let lines = |text| module_names("a.rs", &Source::new(text)).len();
        assert_eq!(lines("mod util {\n}\n"), 1);
        assert_eq!(lines("mod useful {\n}\nmod util;\n"), 0);
    }
}
