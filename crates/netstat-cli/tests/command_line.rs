//! The program itself: which stream it writes to, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::process::{Command, Output};

/// The line end of text for people on this system.
const LINE_END: &str = if cfg!(windows) { "\r\n" } else { "\n" };

/// Checks for what all help texts have.
fn is_help(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.contains("--columns LIST") && text.ends_with(LINE_END)
}

fn netstat(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_netstat")).args(arguments).env("LC_ALL", "C").output().unwrap()
}

#[test]
fn help_in_unix_style_goes_to_standard_output() {
    for arguments in [["--help"], ["-h"], ["help"]] {
        let output = netstat(&arguments);
        assert!(output.status.success() && output.stderr.is_empty());
        assert!(is_help(&output.stdout));
    }
}

#[test]
fn help_in_windows_style_goes_to_standard_error_and_fails() {
    for arguments in [["/?"], ["-?"]] {
        let output = netstat(&arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty() && is_help(&output.stderr));
    }
}

#[test]
fn version_and_documents_go_to_standard_output() {
    let version = netstat(&["--version"]);
    assert_eq!(version.stdout, format!("netstat {}{LINE_END}", env!("CARGO_PKG_VERSION")).into_bytes());
    let man = netstat(&["--generate", "man"]);
    assert!(man.status.success() && man.stderr.is_empty());
    assert!(String::from_utf8(man.stdout).unwrap().contains(".TH NETSTAT 1"));
}

#[test]
fn usage_errors_go_to_standard_error() {
    for arguments in [&["-tulpn", "--json"][..], &["--versoin"], &["-p", "tpc"], &["\u{1b}]0;x\u{7}"], &[""]]
    {
        let output = netstat(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap().replace(LINE_END, "\n");
        assert!(said.starts_with("netstat: ") && said.ends_with('\n'), "{said:?}");
        // An error in a filter is marked on lines of its own.
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    }
}

/// Runs the program with these words, split at blanks, and returns its exit code, standard output and standard error.
fn run(words: &str) -> (Option<i32>, String, String) {
    let output = netstat(&words.split(' ').collect::<Vec<_>>());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(LINE_END, "\n");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_nothing_can_match_is_said() {
    for words in [
        "established listening",
        "lport 80 lport 443",
        "udp established",
        "(tcp udp) or (listening closing)",
        "private public",
    ] {
        let (code, text, said) = run(words);
        assert_eq!((code, &*text), (Some(1), ""), "{words}: {said}");
        assert!(said.starts_with("netstat: nothing can match: no socket is both "), "{words}: {said}");
    }
    assert!(run("established listening").2.contains("type state ESTABLISHED or state LISTENING"));
    assert_eq!(run("check established listening").0, Some(3));
    assert_eq!(run("--exists established listening").0, Some(2));
    for words in
        ["established or listening", "port 80 port 443", "not (established listening)", "lport 1-9 lport 9"]
    {
        assert_eq!(run(&format!("-n {words}")).0, Some(0), "{words}");
    }
}

#[test]
fn documents_of_a_repeated_report_have_a_line_each_and_text_has_the_time() {
    let (code, text, _) = run("-an --json --columns local,state 1 --count 2");
    assert_eq!((code, text.lines().count()), (Some(0), 2), "{text}");
    for line in text.lines() {
        let document: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(document["time"].is_string() && document["sockets"].is_array(), "{document}");
    }
    for words in ["-an --columns local,state", "-an --group-by state"] {
        let (_, once, _) = run(words);
        let (_, twice, _) = run(&format!("{words} 1 --count 2"));
        let is_time = |line: &&str| line.len() == 24 && line.starts_with("20") && line.ends_with('Z');
        assert_eq!(
            (once.lines().filter(is_time).count(), twice.lines().filter(is_time).count()),
            (0, 2),
            "{twice}"
        );
    }
}

#[test]
fn an_interval_that_is_rather_a_port_is_said_at_once() {
    for (words, seconds) in [
        ("-an 8080 --count 1", Some(8080)),
        ("-an listening 5432 --count 1", Some(5432)),
        ("-an 61 --count 1", Some(61)),
        ("-an 60 --count 1", None),
        ("-an 5 --count 1", None),
    ] {
        let (code, _, said) = run(words);
        let wanted = seconds.map_or(String::new(), |seconds| {
            format!("netstat: this repeats every {seconds} seconds; for the port type :{seconds}\n")
        });
        assert_eq!((code, said), (Some(0), wanted), "{words}");
    }
}

/// What the program says on standard error where it has this locale.
#[cfg(unix)]
fn said_in(locale: &str, words: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netstat"));
    command.args(words.split(' ')).env_remove("LC_ALL").env_remove("LC_MESSAGES").env("LANG", locale);
    String::from_utf8(command.output().unwrap().stderr).unwrap()
}

#[test]
#[cfg(unix)]
fn what_is_wrong_is_said_in_the_language_of_the_locale_or_of_the_line() {
    let hangul = |text: &str| text.chars().any(|character| ('가'..='힣').contains(&character));
    let wrong = [
        "--versoin",
        "-p tpc",
        "-an prt 80",
        "-an port",
        "check --set x.y=1",
        "history --store /nonexistent",
        "-s --count 3",
    ];
    for words in wrong {
        let english = said_in("C", words);
        assert!(english.starts_with("netstat: ") && !hangul(&english), "{words}: {english}");
        let korean = said_in("ko_KR", words);
        assert!(korean.starts_with("netstat: ") && hangul(&korean), "{words}: {korean}");
        let (first, rest) = words.split_once(' ').unwrap_or((words, ""));
        for asked in [format!("{words} --lang ko"), format!("{first} --lang=ko {rest}")] {
            // What is typed last may be taken for a value.
            let said = said_in("C", asked.trim_end());
            assert!(hangul(&said), "{asked}: {said}");
        }
        assert!(!hangul(&said_in("ko_KR", &format!("{words} --lang en"))), "{words}");
    }
}

#[test]
#[cfg(unix)]
fn the_net_tools_dialect_is_in_english() {
    let said = said_in("ko_KR.UTF-8", "-tulpn --no-such-option");
    assert!(said.starts_with("netstat: unrecognized option") && said.is_ascii(), "{said}");
}
