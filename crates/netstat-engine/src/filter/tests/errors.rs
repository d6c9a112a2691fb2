//! What is said about a wrong filter: all three lines.

use super::try_parse;
use crate::filter::{Filter, NumbersOnly};
use crate::text::Language;
use std::ffi::OsString;

/// An invalid filter, the mark under the error, and what was expected.
const ERRORS: &[([&str; 2], &str)] = &[
    (
        ["prot 80", "^^^^"],
        "a test, such as port 80, state established, :8080 or 10.0.0.0/8; did you mean port?",
    ),
    (["port", "    ^"], "a value after port: N|NAME|N-M|N,M"),
    (["port 80 or", "          ^"], "a test, such as port 80, state established, :8080 or 10.0.0.0/8"),
    (["port 70000", "     ^^^^^"], "a port from 0 to 65535, a range such as 8000-8100, or a service name"),
    (["port 80,", "        ^"], "a port from 0 to 65535, a range such as 8000-8100, or a service name"),
    (["port htpt", "     ^^^^"], "a port from 0 to 65535, a range such as 8000-8100, or a service name"),
    (["port 9-8", "     ^^^"], "a port from 0 to 65535, a range such as 8000-8100, or a service name"),
    (["port and state x", "     ^^^"], "a value after port; a name like this needs \"quotes\""),
    (["port > 65535", "       ^^^^^"], "a port that has others beyond it"),
    (["port > 1,2", "       ^^^"], "a single port to compare with"),
    (
        ["state establishd", "      ^^^^^^^^^^"],
        "a state such as ESTABLISHED, time-wait or listening, or a group such as connected or closing; did you mean ESTABLISHED?",
    ),
    (["state", "     ^"], "a value after state: S[,S]"),
    (["proto tpc", "      ^^^"], "one of tcp, udp, tcpv4, udpv4, tcpv6, udpv6; did you mean tcp?"),
    (["pid x", "    ^"], "a process ID, or several separated by commas"),
    (["pid >= 3", "    ^^"], "= or != or nothing after pid"),
    (["netns db", "      ^^"], "the name or inode of a network namespace; there is no namespace db"),
    (["user bob", "     ^^^"], "a user name or ID; there is no user bob"),
    (
        ["user ldap", "     ^^^^"],
        "a user name or ID; ldap could not be looked up: the directory does not answer",
    ),
    (
        ["host nowhere.example", "     ^^^^^^^^^^^^^^^"],
        "an address, or a host name that has one; nowhere.example: no such host",
    ),
    (
        ["host empty.example", "     ^^^^^^^^^^^^^"],
        "an address, or a host name that has one; empty.example has none",
    ),
    (["src 10.0.0.0/33", "    ^^^^^^^^^^^"], "a prefix length from 0 to 32 after the /"),
    (["src ::/129", "    ^^^^^^"], "a prefix length from 0 to 128 after the /"),
    (
        ["dst 10.1", "    ^^^^"],
        "an address, a network such as 10.0.0.0/8, or a host name, each with an optional port",
    ),
    (
        ["dst *", "    ^"],
        "an address, a network such as 10.0.0.0/8, or a host name, each with an optional port",
    ),
    (
        ["host 1.2.3.4:x", "     ^^^^^^^^^"],
        "a port from 0 to 65535, a range such as 8000-8100, or a service name",
    ),
    (["country KO", "        ^^"], "a country code such as KR or US, or several separated by commas"),
    (
        ["country != KR,uk", "              ^^"],
        "a country code such as KR or US, or several separated by commas; did you mean GB?",
    ),
    (["country", "       ^"], "a value after country: CC[,CC]"),
    (["network > 5", "        ^"], "= or != or nothing after network"),
    (["recvq 5", "      ^"], "a comparison: recvq > 64K"),
    (["recvq > 5x", "        ^^"], "a number of bytes such as 0, 64K or 1M (K is 1024)"),
    (["recvq >", "       ^"], "a number of bytes such as 0, 64K or 1M (K is 1024)"),
    (["rtt > 100", "      ^^^"], "a time with its unit, such as 100ms, 1.5s or 10m (us, ms, s, m, h, d)"),
    (["age > x", "      ^"], "a time with its unit, such as 100ms, 1.5s or 10m (us, ms, s, m, h, d)"),
    (["retrans > 1K", "          ^^"], "a whole number such as 0"),
    (["(port 80", "        ^"], "and, or, another test, or the missing )"),
    (["port 80)", "       ^"], "a ( before this )"),
    (["()", " ^"], "a test, such as port 80, state established, :8080 or 10.0.0.0/8"),
    (["", "^"], "a test, such as port 80, state established, :8080 or 10.0.0.0/8"),
    (["   ", "^"], "a test, such as port 80, state established, :8080 or 10.0.0.0/8"),
    (["80", "^^"], "a test: a port is written :80 or port 80"),
    (["port 80 and", "           ^"], "a test, such as port 80, state established, :8080 or 10.0.0.0/8"),
    (["and port 80", "^^^"], "a test, such as port 80, state established, :8080 or 10.0.0.0/8"),
    (
        ["port 80 and or port 81", "            ^^"],
        "a test, such as port 80, state established, :8080 or 10.0.0.0/8",
    ),
    (["process \"abc", "        ^^^^"], "a closing quote (write a quote within quotes twice)"),
    (["process and", "        ^^^"], "a value after process; a name like this needs \"quotes\""),
    (["process", "       ^"], "a value after process: GLOB"),
    (["port 80 > 3", "        ^"], "and, or, or another test"),
    (
        ["ipv4 tpc", "     ^^^"],
        "a test, such as port 80, state established, :8080 or 10.0.0.0/8; did you mean tcp?",
    ),
    (["\"port\" 80", "^^^^^^"], "a test, such as port 80, state established, :8080 or 10.0.0.0/8"),
    (["10.0.0.0/8x", "^^^^^^^^^^^"], "a prefix length from 0 to 32 after the /"),
    (
        ["port 80 established stat listen", "                    ^^^^"],
        "a test, such as port 80, state established, :8080 or 10.0.0.0/8; did you mean state?",
    ),
    (["= 5", "^"], "a test, such as port 80, state established, :8080 or 10.0.0.0/8"),
    (
        ["host 2001:db8::1]:443", "     ^^^^^^^^^^^^^^^^"],
        "an address, a network such as 10.0.0.0/8, or a host name, each with an optional port",
    ),
];

#[test]
fn errors_mark_the_wrong_part_and_name_what_was_expected() {
    for ([text, mark], expected) in ERRORS {
        let error = try_parse(text).unwrap_err();
        assert_eq!(error.to_string(), format!("{text}\n{mark}\nexpected {expected}"));
        assert_eq!(error.text, *text);
    }
}

#[test]
fn every_expected_value_occurs_in_the_table() {
    for word in
        ["port", "state", "proto", "pid", "user", "host", "src", "dst", "recvq", "rtt", "age", "retrans"]
    {
        assert!(ERRORS.iter().any(|([text, _], _)| text.starts_with(&format!("{word} "))), "{word}");
    }
}

#[test]
fn deep_nesting_is_an_error() {
    for open in ["(", "not ", "!", "not ("] {
        let error = try_parse(&open.repeat(100_000)).unwrap_err();
        assert!(error.expected.english().starts_with("at most 100 nested parentheses"), "{error}");
    }
    let deep = format!("{}port 1{}", "(".repeat(99), ")".repeat(99));
    assert_eq!(try_parse(&deep).unwrap().to_string(), "port 1");
    // Any number of groups beside each other is fine.
    assert!(try_parse(&"(port 1) ".repeat(1000)).is_ok());
}

#[test]
fn error_texts_have_no_control_characters() {
    let error = try_parse("port 80 \u{1b}[31mx\u{202e}\ny").unwrap_err().to_string();
    assert_eq!(error.lines().count(), 3);
    assert!(!error.contains('\u{1b}') && !error.contains('\u{202e}'), "{error:?}");
    let error = try_parse("user \u{1b}[31m").unwrap_err().to_string();
    assert!(error.ends_with("there is no user \u{fffd}[31m"), "{error:?}");
}

#[test]
#[cfg(unix)]
fn words_that_are_not_utf8_are_an_error() {
    use std::os::unix::ffi::OsStringExt;
    let words = [OsString::from("process"), OsString::from_vec(b"a\xff".to_vec()), OsString::from("x")];
    let error = Filter::parse(&words, &super::Names).unwrap_err();
    assert_eq!(error.to_string(), "process a\u{fffd} x\n        ^^\nexpected valid UTF-8");
}

#[test]
fn names_are_errors_without_lookups() {
    for text in ["port http", "host localhost", "user root"] {
        assert!(Filter::parse(&[OsString::from(text)], &NumbersOnly).is_err(), "{text}");
    }
    assert!(Filter::parse(&["port", "80"].map(OsString::from), &NumbersOnly).is_ok());
    assert!(Filter::parse(&[], &NumbersOnly).is_err());
}

/// What was expected is made of both languages wherever it is: what quotes a word quotes it in both.
#[test]
fn errors_are_in_both_languages() {
    for ([text, _], _) in ERRORS {
        let error = try_parse(text).unwrap_err();
        let korean = error.message(Language::Korean);
        let said = korean.lines().nth(2).unwrap_or_default();
        assert!(said.starts_with("필요한 것: ") && !said.contains("expected"), "{korean}");
        let hangul = |text: &str| text.chars().any(|character| ('가'..='힣').contains(&character));
        assert!(hangul(error.expected.of(Language::Korean)), "{korean}");
        assert!(!hangul(error.expected.english()), "{error}");
    }
}
