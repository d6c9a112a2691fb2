//! Tests of the choice of a dialect, and of the net-tools dialect.

use super::super::complaint::Complaint;
use super::super::{Command, NetToolsArguments, typed_language, understand};
use super::is_one_plain_line;
use crate::render::net_tools::AddressFamily;
use netstat_engine::text::Language;
use proptest::prelude::*;
use std::ffi::{OsStr, OsString};

fn understood(line: &str, variable: Option<&str>) -> Result<Command, Complaint> {
    let words: Vec<OsString> = line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
    understand(&words, variable.map(OsStr::new))
}

#[track_caller]
fn net_tools(line: &str) -> NetToolsArguments {
    match understood(line, Some("net-tools")) {
        Ok(Command::RunNetTools(arguments)) => *arguments,
        other => panic!("{line:?} gave {other:?}"),
    }
}

/// What is wrong with an option, as getopt_long(3) says it.
#[track_caller]
fn misused(line: &str) -> String {
    match understood(line, Some("net-tools")) {
        Ok(Command::NetToolsUsage(Some(line))) => line,
        other => panic!("{line:?} gave {other:?}"),
    }
}

#[test]
fn words_that_only_one_dialect_knows_choose_it() {
    for line in [
        "-tulpn",
        "-plant",
        "-anp",
        "-an -p",
        "-p -tn",
        "-l",
        "-u",
        "-tu",
        "-W",
        "-4",
        "-A inet6 -tn",
        "--tcp",
        "--inet -n",
        "-nltp port 80",
        "-anp 5",
        "-anp port 80",
        "-anp listening -t",
        "--listening",
        "-an --wide",
        "--numeric-ports -a",
        "-tulpn --help",
        "-g",
        "-rnW",
        "--groups",
        "-iu",
        "--statistics --udp",
        "-uan --dialect net-tools",
        "-w",
        "-wan",
        "-U",
        "--raw",
        "-A bluetooth",
    ] {
        let command = understood(line, None).unwrap_or_else(|said| panic!("{line}: {said}"));
        assert!(
            matches!(command, Command::RunNetTools(_) | Command::NetToolsUsage(None)),
            "{line} gave {command:?}"
        );
    }
    for line in [
        "",
        "-an",
        "-ano",
        "-anob",
        "-b",
        "/an",
        "/a",
        "-tn",
        "-r",
        "-s",
        "-e",
        "-i",
        "-o",
        "-n",
        "-anp tcp",
        "-ap tcpv6",
        "-anptcp",
        "-p tcp",
        "-np tpc",
        "-anp nginx",
        "-tcp",
        "-ip",
        "-h",
        "--help",
        "--version",
        "port 80",
        "check",
        "check -l",
        "--json -tn",
        "-an 5",
        "-?",
        "--numeric",
        "-ap UDP",
        "-l --dialect windows",
        "--dialect=windows -tulpn",
    ] {
        let command = understood(line, None);
        let is_net_tools = matches!(command, Ok(Command::RunNetTools(_) | Command::NetToolsUsage(_)));
        assert!(!is_net_tools, "{line} gave {command:?}");
    }
}

#[test]
fn a_command_line_of_both_dialects_is_told_what_to_type_instead() {
    for line in ["-tulpn --json", "--json -tulpn", "-l -b"] {
        let said = understood(line, None).unwrap_err().to_string();
        assert!(
            said.contains("style of net-tools") && said.contains("here type netstat -an"),
            "{line}: {said}"
        );
    }
}

#[test]
fn the_option_wins_over_the_environment_and_that_over_what_is_typed() {
    let dialect = |line, variable| match understood(line, variable) {
        Ok(Command::RunNetTools(_)) => "net-tools",
        Ok(Command::Run(_)) => "windows",
        other => panic!("{line} gave {other:?}"),
    };
    for (line, variable, expected) in [
        ("-an", None, "windows"),
        ("-an", Some(""), "windows"),
        ("-an", Some("net-tools"), "net-tools"),
        ("-an", Some("NET-TOOLS"), "net-tools"),
        ("-an --dialect windows", Some("net-tools"), "windows"),
        ("--dialect net-tools -an", Some("windows"), "net-tools"),
        ("--dialect=net-tools -an --dialect=windows", None, "windows"),
    ] {
        assert_eq!(dialect(line, variable), expected, "{line} with {variable:?}");
    }
    for (line, variable) in [("-an --dialect ss", None), ("-an", Some("ss")), ("-an --dialect", None)] {
        let said = understood(line, variable).unwrap_err().to_string();
        assert!(said.contains("windows") || said.contains("--dialect"), "{said}");
    }
}

#[test]
fn options_are_parsed_as_getopt_does_it() {
    let expected = NetToolsArguments {
        tcp: true,
        udp: true,
        listening: true,
        programs: true,
        numeric_hosts: true,
        numeric_ports: true,
        numeric_users: true,
        ..NetToolsArguments::default()
    };
    for line in [
        "-tulpn",
        "-t -u -l -p -n",
        "--tcp --udp --listening --programs --numeric",
        "-tu --list --prog --numeric",
        "-tupl --numeric-hosts --numeric-ports --numeric-u",
    ] {
        assert_eq!(net_tools(line), expected, "{line}");
    }
    let families = |line| net_tools(line).families;
    assert_eq!(families("-A inet"), [AddressFamily::Inet]);
    assert_eq!(families("-tAinet6"), [AddressFamily::Inet6]);
    assert_eq!(
        families("-x6n --protocol=ip,ddp"),
        [AddressFamily::Unix, AddressFamily::Inet6, AddressFamily::Inet, AddressFamily::AppleTalk,]
    );
    assert_eq!(net_tools("-tee").extend, 2);
    let line = net_tools("-tn 5 port 80");
    assert_eq!((line.interval, line.filter.len()), (Some(5), 2));
    for (line, said) in [
        ("-tq", "invalid option -- 'q'"),
        ("--foo", "unrecognized option '--foo'"),
        ("--foo=1", "unrecognized option '--foo'"),
        ("-tA", "option requires an argument -- 'A'"),
        ("--tcp=1", "option '--tcp' doesn't allow an argument"),
        ("-rs", "-r, -i, -s and -M are four reports: type one of them"),
        ("--record", "option '--record' requires an argument"),
        (
            "--num",
            "option '--num' is ambiguous; possibilities: '--numeric' '--numeric-hosts' '--numeric-ports' '--numeric-users'",
        ),
    ] {
        assert_eq!(misused(line), said, "{line}");
    }
    let said = understood("-rn port 80", Some("net-tools")).unwrap_err().to_string();
    assert!(said.starts_with("filters work on lists of sockets only"), "{said}");
    for (line, text, to_stderr) in [
        ("-M", "netstat: no support for `ip_masquerade' on this system.\n", true),
        ("-s64", "netstat: No statistics support for specified address family: inet6,inet\n", false),
        ("-tA inet,f\u{1b}o -h", "Unknown address family `f\\u{1b}o'.\n", true),
    ] {
        let Ok(Command::NetToolsSaid(said)) = understood(line, Some("net-tools")) else { panic!("{line}") };
        assert_eq!((said.text.as_str(), said.to_stderr, said.exit_code), (text, to_stderr, 1), "{line}");
    }
    assert_eq!(misused("-?"), "");
}

#[test]
fn the_language_is_that_of_the_last_lang_whatever_else_is_wrong() {
    use Language::{English, Korean};
    for (line, language) in [
        ("--lang ko --bogus", Some(Korean)),
        ("-% port 99999 --LANG=KO", Some(Korean)),
        ("--lang ko --lang en", Some(English)),
        ("--lang fr", None),
        ("--lang", None),
        ("-an -- --lang ko", None),
        ("", None),
    ] {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        assert_eq!(typed_language(&words), language, "{line}");
    }
}

#[test]
fn the_usage_text_fits_a_terminal() {
    let Some(text) = Command::NetToolsUsage(None).answer(Language::English) else { panic!("no usage text") };
    assert!(text.text.lines().all(|line| line.len() <= 80), "{}", text.text);
    assert!(text.text.contains("  -t, --tcp  ") && text.text.contains("  -W, --wide  "), "{}", text.text);
    assert_eq!((text.exit_code, text.to_stderr), (0, false));
    let wrong = Command::NetToolsUsage(Some("no".to_owned()))
        .answer(Language::English)
        .map(|text| (text.exit_code, text.to_stderr));
    assert_eq!(wrong, Some((3, true)));
}

proptest! {
    #[test]
    fn any_words_are_understood_or_refused_in_one_line(
        words in prop::collection::vec("(-{0,2}[a-zA-Z46?=]{0,7}|-[tulpnaeoWcA46]{1,6}|[0-9.]{1,4}|\\PC{0,6})", 0..6),
        variable in prop::option::of("(windows|net-tools|)"),
    ) {
        let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
        match understand(&words, variable.as_deref().map(OsStr::new)) {
            Ok(Command::NetToolsUsage(Some(line))) => {
                prop_assert!(line.is_empty() || is_one_plain_line(&line), "{line:?}");
            }
            Ok(command) => { let _ = command.answer(Language::English); }
            Err(complaint) => prop_assert!(is_one_plain_line(&complaint.to_string()), "{complaint:?}"),
        }
    }
}
