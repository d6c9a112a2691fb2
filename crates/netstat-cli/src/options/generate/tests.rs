//! The documents: what they say is a snapshot, and that their readers understand them is tried.

use super::super::arguments::Verb;
use super::super::document::Document;
use super::{full, help, help_of, help_of_examples, short, text};
use netstat_engine::text::wrapped;
use netstat_engine::text::{Language, cells};
use std::path::{Path, PathBuf};

const LANGUAGES: [Language; 2] = [Language::English, Language::Korean];

const EVERY_VERB: [Verb; 10] = [
    Verb::Check,
    Verb::Record,
    Verb::History,
    Verb::Live,
    Verb::Close,
    Verb::End,
    Verb::Capture,
    Verb::Metrics,
    Verb::Report,
    Verb::Ship,
];

#[test]
fn the_help_text() {
    insta::assert_snapshot!(help());
}

#[test]
fn the_full_help_text() {
    for language in LANGUAGES {
        insta::assert_snapshot!(format!("the_full_help_text_{language:?}"), full(language));
    }
}

#[test]
fn the_help_texts_of_first_words() {
    for language in LANGUAGES {
        let texts = EVERY_VERB.map(|verb| help_of(verb, language));
        insta::assert_snapshot!(format!("the_help_texts_of_first_words_{language:?}"), texts.concat());
    }
}

#[test]
fn help_texts_fit_a_terminal() {
    for language in LANGUAGES {
        let of_verbs = EVERY_VERB.map(|verb| help_of(verb, language));
        for text in [full(language), help_of_examples(language)].iter().chain(&of_verbs) {
            for line in text.lines() {
                // A long name of an option is followed by a line of its own.
                assert!(cells(line.as_bytes()) <= 80, "{line}");
            }
        }
    }
}

#[test]
fn the_short_help_text_fits_a_small_terminal() {
    for language in LANGUAGES {
        let text = short(language);
        assert!(text.lines().count() < 24, "a line is left for the prompt:\n{text}");
        for line in text.lines() {
            assert!(cells(line.as_bytes()) <= 80, "{line}");
        }
        insta::assert_snapshot!(format!("the_short_help_text_{language:?}"), text);
    }
}

#[test]
fn examples_are_understood() {
    let commands = super::short::EXAMPLES.each_ref().map(|(command, _)| *command);
    let others = super::examples::EXAMPLES.each_ref().map(|(command, _)| *command);
    let of_man = super::man::EXAMPLES.each_ref().map(|(command, _)| *command);
    for command in commands.into_iter().chain(others).chain(of_man) {
        let words = command.split(' ').skip(1).map(std::ffi::OsString::from);
        assert!(super::super::parse(words).is_ok(), "{command}");
    }
}

/// No option is left out of the groups by which the full text is ordered.
#[test]
fn the_full_help_text_has_every_option() {
    let text = full(Language::English);
    for entry in super::super::table::all().filter(|entry| entry.report.verb().is_none()) {
        assert!(text.contains(&format!("--{}", entry.long)), "--{}", entry.long);
    }
}

#[test]
fn the_documents() {
    // That of the checks is only in the tree, so that a new check is a file and a line. Completions are files of the tree.
    let is_written = |name: &&str| !["checks", "dialects"].contains(name) && !name.starts_with("complete-");
    for name in Document::NAMES.into_iter().filter(is_written) {
        insta::assert_snapshot!(name, text(Document::from_name(name).unwrap(), Language::English));
    }
}

/// Where each document lies in the tree. That in Korean lies beside it.
const FILES: [(Document, &str); 10] = [
    (Document::Man, "docs/netstat.1"),
    (Document::Markdown, "docs/options.md"),
    (Document::CompleteBash, "crates/netstat-cli/completions/netstat.bash"),
    (Document::CompleteZsh, "crates/netstat-cli/completions/_netstat"),
    (Document::CompleteFish, "crates/netstat-cli/completions/netstat.fish"),
    (Document::CompletePowershell, "crates/netstat-cli/completions/netstat.ps1"),
    (Document::Schema, "docs/schema/netstat-2.json"),
    (Document::CheckSchema, "docs/schema/check-2.json"),
    (Document::Checks, "docs/check.md"),
    (Document::Dialects, "docs/dialects.md"),
];

fn path_of(document: Document, language: Language) -> PathBuf {
    let (_, path) = FILES.iter().find(|(known, _)| *known == document).unwrap();
    let path = match (language, path.rsplit_once('.')) {
        (Language::Korean, Some((name, ending))) => format!("{name}.ko.{ending}"),
        _ => (*path).to_owned(),
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[test]
fn the_files_in_the_tree_are_up_to_date() {
    for name in Document::NAMES.into_iter().filter(|name| !name.starts_with("complete-")) {
        let document = Document::from_name(name).unwrap();
        // What programs read has no language.
        let languages = if name.ends_with("schema") { &LANGUAGES[..1] } else { &LANGUAGES };
        for language in languages {
            let path = path_of(document, *language);
            let file = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
            assert!(
                file == text(document, *language),
                "write {} anew with cargo xtask generate",
                path.display()
            );
        }
    }
}

#[test]
fn lines_are_wrapped_between_words() {
    assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
    assert_eq!(wrapped("one two three", 6), ["one", "two", "three"]);
    assert_eq!(wrapped("incomprehensible it is", 5), ["incomprehensible", "it is"]);
    assert_eq!(wrapped("", 5), Vec::<String>::new());
}

#[test]
fn the_man_page_has_its_sections_in_their_order() {
    let page = text(Document::Man, Language::English);
    let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
    let expected = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "FILTERS",
        "COLUMNS",
        "CHECKS",
        "EXAMPLES",
        "\"EXIT STATUS\"",
        "ENVIRONMENT",
        "FILES",
        "\"SEE ALSO\"",
    ];
    assert_eq!(sections, expected);
    let korean = text(Document::Man, Language::Korean);
    let sections: Vec<&str> = korean.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
    assert_eq!(sections.len(), expected.len(), "{sections:?}");
    // What they say of filters, columns and checks is what the program knows.
    for page in [&page, &korean].map(|page| page.replace("\\-", "-")) {
        let columns = netstat_engine::columns::ALL.iter().map(|column| column.name);
        for name in
            columns.chain(netstat_check::NAMES).chain(["reason R[,R]", "connected", "netstat ':8080'"])
        {
            assert!(page.contains(&format!("\\fB{name}\\fR\n")), "{name}");
        }
    }
    assert!(page.contains("DELETE_TCB\n.br\nIn any letter case"));
}

#[test]
fn source_lines_of_the_man_page_are_short() {
    for language in LANGUAGES {
        for line in text(Document::Man, language).lines() {
            assert!(cells(line.as_bytes()) <= 80, "{line}");
        }
    }
}

#[cfg(target_os = "linux")]
mod tried {
    use super::{Document, LANGUAGES, Language, path_of};
    use std::process::{Command, Output};

    /// Runs a program of this machine; skips the test where it is missing.
    fn run(program: &str, arguments: &[&str]) -> Option<Output> {
        match Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8").output() {
            Ok(output) => Some(output),
            Err(error) => {
                netstat_lab::skip(format_args!("{program}: {error}"));
                None
            }
        }
    }

    #[track_caller]
    fn is_silent(program: &str, arguments: &[&str], document: Document, language: Language) {
        let path = path_of(document, language);
        let path = path.to_str().unwrap();
        if let Some(output) = run(program, &[arguments, &[path]].concat()) {
            let said = [output.stdout, output.stderr].concat();
            assert!(
                output.status.success() && said.is_empty(),
                "{program}: {}",
                String::from_utf8_lossy(&said)
            );
        }
    }

    #[test]
    fn mandoc_finds_nothing_to_say() {
        is_silent("mandoc", &["-Tlint"], Document::Man, Language::English);
        // The style is that lines are short, where a syllable counts as the eight bytes of its escape.
        is_silent("mandoc", &["-Tlint", "-Wwarning"], Document::Man, Language::Korean);
    }

    #[test]
    fn man_warns_of_nothing() {
        for (language, words) in LANGUAGES.into_iter().zip(["SECONDS", "수신 대기 포트"]) {
            let path = path_of(Document::Man, language);
            let Some(output) = run("man", &["-l", "--warnings", path.to_str().unwrap()]) else { return };
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            // A system without manuals has a man that only says so.
            if output.stdout.starts_with(b"This system has been minimized") {
                return;
            }
            assert!(output.status.success() && said.is_empty(), "{said}");
            assert!(String::from_utf8_lossy(&output.stdout).contains(words), "{language:?}");
        }
    }

    #[test]
    fn shells_can_read_their_completions() {
        let english = Language::English;
        is_silent("bash", &["--norc", "-n"], Document::CompleteBash, english);
        is_silent("zsh", &["-f", "-n"], Document::CompleteZsh, english);
        is_silent("fish", &["--no-config", "--no-execute"], Document::CompleteFish, english);
    }
}
