//! Tests of the parser: the spellings people use, and what is said about those that are wrong.

use super::super::arguments::ProtocolName;
use super::super::command::Manner;
use super::super::document::Document;
use super::super::net_tools;
use super::super::parse::parse;
use super::super::{Arguments, Command};
use super::{arguments, complaint_about, is_one_plain_line, parse_line};
use netstat_engine::text::Language;
use netstat_model::query::{Owners, SocketSource};
use proptest::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

fn ano() -> Arguments {
    Arguments { all: true, numeric: true, pid: true, ..Arguments::default() }
}

fn an_tcp() -> Arguments {
    Arguments { all: true, numeric: true, protocol: Some(ProtocolName::Tcp), ..Arguments::default() }
}

#[test]
fn nothing_is_the_plain_table() {
    assert_eq!(arguments(""), Arguments::default());
}

#[test]
fn letters_combine_in_any_order_case_and_prefix() {
    for line in [
        "-ano",
        "-nao",
        "-oan",
        "/ano",
        "/NAO",
        "-ANO",
        "-aNo",
        "-a -n -o",
        "/a /n -o",
        "-o -na",
        "--all -n --PID",
        "-ano -ano",
        "-aannoo",
        "--all --all -no",
        "-ano --",
    ] {
        assert_eq!(arguments(line), ano(), "{line}");
    }
}

#[test]
fn every_letter_sets_its_field() {
    let expected = Arguments {
        all: true,
        executable: true,
        dscp: true,
        full_names: true,
        time_in_state: true,
        numeric: true,
        pid: true,
        bound: true,
        offload: true,
        verbose: true,
        template: true,
        ..Arguments::default()
    };
    assert_eq!(arguments("-abdfinoqtvy"), expected);
    assert_eq!(arguments("/YVTQONIFDBA"), expected);
    for (letter, arguments_of) in [
        ("c", Arguments { port_counts: true, ..Arguments::default() }),
        ("r", Arguments { route: true, ..Arguments::default() }),
        ("x", Arguments { network_direct: true, ..Arguments::default() }),
        ("se", Arguments { statistics: true, ethernet: true, ..Arguments::default() }),
    ] {
        assert_eq!(arguments(&format!("-{letter}")), arguments_of);
        assert_eq!(arguments(&format!("/{}", letter.to_uppercase())), arguments_of);
    }
}

#[test]
fn commands_people_type() {
    assert_eq!(arguments("-xan"), Arguments { network_direct: true, pid: false, ..ano() });
    assert_eq!(arguments("-anoQ"), Arguments { bound: true, ..ano() });
    assert_eq!(arguments("-rn"), Arguments { route: true, numeric: true, ..Arguments::default() });
    assert_eq!(
        arguments("-e -t 5"),
        Arguments { ethernet: true, offload: true, interval: Some(5), ..Arguments::default() }
    );
    assert_eq!(arguments("-yano"), Arguments { template: true, ..ano() });
}

#[test]
fn the_protocol_is_the_next_word_or_glued() {
    for line in [
        "-an -p tcp",
        "-p tcp -an",
        "-anp tcp",
        "-apn tcp",
        "-pan tcp",
        "-pTCP -an",
        "-anptcp",
        "-anpTcp",
        "/anp TCP",
        "/pTCP /an",
        "-an --protocol tcp",
        "-an --protocol=TCP",
        "-an -p tcp -p tcp",
        "-pp tcp -an",
        "-pan tcp -ptcp",
    ] {
        assert_eq!(arguments(line), an_tcp(), "{line}");
    }
    assert_eq!(arguments("-an -p tcp 5"), Arguments { interval: Some(5), ..an_tcp() });
    assert_eq!(arguments("5 -anp tcp"), Arguments { interval: Some(5), ..an_tcp() });
    assert_eq!(arguments("-ip tcp").protocol, Some(ProtocolName::Tcp));
    assert!(arguments("-ip tcp").time_in_state);
    assert_eq!(
        arguments("-pid tcp"),
        Arguments {
            protocol: Some(ProtocolName::Tcp),
            time_in_state: true,
            dscp: true,
            ..Arguments::default()
        }
    );
}

#[test]
fn every_protocol_has_its_name() {
    for (name, protocol) in [
        ("ip", ProtocolName::Ip),
        ("ipv6", ProtocolName::Ipv6),
        ("icmp", ProtocolName::Icmp),
        ("icmpv6", ProtocolName::Icmpv6),
        ("tcp", ProtocolName::Tcp),
        ("tcpv6", ProtocolName::Tcpv6),
        ("udp", ProtocolName::Udp),
        ("udpv6", ProtocolName::Udpv6),
    ] {
        for line in [format!("-s -p {name}"), format!("-sp{name}"), format!("-SP {}", name.to_uppercase())] {
            assert_eq!(arguments(&line).protocol, Some(protocol), "{line}");
        }
        assert_eq!(protocol.name(), name);
        assert_eq!(parse_line(&format!("-p {name}")).is_ok(), protocol.has_sockets(), "{name}");
    }
}

#[test]
fn help_is_asked_for_in_many_ways() {
    for line in ["-h", "-H", "-anh", "-hp"] {
        assert_eq!(parse_line(line), Ok(Command::Help(Manner::Short)), "{line}");
    }
    for line in ["--help", "--HELP", "-help", "help", "HELP", "-ano --help", "--help --bogus"] {
        assert_eq!(parse_line(line), Ok(Command::Help(Manner::Unix)), "{line}");
    }
    for line in ["/?", "-?", "/h", "/H", "/help", "/Help", "-an?", "/an?", "-ano /?"] {
        assert_eq!(parse_line(line), Ok(Command::Help(Manner::Windows)), "{line}");
    }
}

#[test]
fn help_goes_where_the_asker_expects_it() {
    let unix = parse_line("--help").unwrap().answer(Language::English).unwrap();
    let windows = parse_line("/?").unwrap().answer(Language::English).unwrap();
    assert_eq!((unix.to_stderr, unix.exit_code), (false, 0));
    assert_eq!((windows.to_stderr, windows.exit_code), (true, 1));
    let short = parse_line("-h").unwrap().answer(Language::English).unwrap();
    assert_eq!((short.to_stderr, short.exit_code), (false, 0));
    // All have the same options, in an order of their own.
    for option in ["--columns", "-a", "--exists"] {
        assert!(unix.text.contains(option) && windows.text.contains(option), "{option}");
    }
    let version = parse_line("--version").unwrap().answer(Language::English).unwrap();
    assert_eq!(
        (version.text, version.to_stderr),
        (format!("netstat {}\n", env!("CARGO_PKG_VERSION")), false)
    );
    assert_eq!(parse_line("-ano").unwrap().answer(Language::English), None);
}

#[test]
fn documents_are_asked_for_by_name() {
    for name in Document::NAMES {
        let command = parse_line(&format!("--generate {name}")).unwrap();
        assert_eq!(parse_line(&format!("--generate={name}")).unwrap(), command);
        assert!(
            command
                .answer(Language::English)
                .is_some_and(|answer| answer.text.len() > 500 && answer.text.ends_with('\n'))
        );
    }
}

#[test]
fn values_follow_or_are_joined() {
    assert_eq!(
        arguments("5 --count 3 --lang ko --path --resolve-timeout 500ms --record dir"),
        Arguments {
            interval: Some(5),
            count: Some(3),
            lang: Some(Language::Korean),
            path: true,
            resolve_timeout: Some(Duration::from_millis(500)),
            record: Some(PathBuf::from("dir")),
            ..Arguments::default()
        }
    );
    assert_eq!(
        arguments("--count=3 --lang=EN --resolve-timeout=2S --replay=a=b 5"),
        Arguments {
            interval: Some(5),
            count: Some(3),
            lang: Some(Language::English),
            resolve_timeout: Some(Duration::from_secs(2)),
            replay: Some(PathBuf::from("a=b")),
            ..Arguments::default()
        }
    );
    for (word, owners) in [("auto", Owners::Auto), ("BPF", Owners::Bpf), ("proc", Owners::Proc)] {
        assert_eq!(arguments(&format!("--owners {word}")).owners, Some(owners));
    }
    let sources = [
        ("auto", SocketSource::Auto),
        ("iter", SocketSource::Iter),
        ("Diag", SocketSource::Diag),
        ("proc", SocketSource::Proc),
    ];
    for (word, source) in sources {
        assert_eq!(arguments(&format!("--source {word}")).source, Some(source));
    }
    assert_eq!(arguments("--record=-odd").record, Some(PathBuf::from("-odd")));
    assert_eq!(arguments("--record /tmp/x").record, Some(PathBuf::from("/tmp/x")));
    assert_eq!(arguments("-ano -- 5"), Arguments { interval: Some(5), ..ano() });
}

#[test]
fn times_and_numbers() {
    for (text, timeout) in [
        ("2", Duration::from_secs(2)),
        ("2s", Duration::from_secs(2)),
        ("500ms", Duration::from_millis(500)),
        ("0", Duration::ZERO),
        ("3600", Duration::from_secs(3600)),
        ("3600000ms", Duration::from_secs(3600)),
        ("1.5", Duration::from_millis(1500)),
        ("0.1s", Duration::from_millis(100)),
        ("0.5ms", Duration::from_micros(500)),
        ("3600.000", Duration::from_secs(3600)),
        ("0.00000000099999", Duration::ZERO),
    ] {
        assert_eq!(arguments(&format!("--resolve-timeout {text}")).resolve_timeout, Some(timeout), "{text}");
    }
    for text in [
        "",
        "s",
        "ms",
        "2q",
        "1.",
        ".5",
        "1.5.2",
        "1.x",
        "3600.1",
        "1,5",
        "-1",
        "+2",
        "two",
        "3601",
        "18446744073709551616",
        "3600001ms",
    ] {
        let said = complaint_about(&format!("--resolve-timeout={text}"));
        assert!(said.starts_with("--resolve-timeout"), "{text}: {said}");
    }
    for line in ["--watch 0.1s -an", "--watch 1.5s -an", "--watch 1.5 -an", "--wait --timeout 1.5 port 80"] {
        let arguments = arguments(line);
        let pause = arguments.watch.or(arguments.timeout).unwrap();
        assert!(pause.subsec_nanos() > 0, "{line}: {pause:?}");
    }
    assert!(complaint_about("--watch 0.0 -an").contains("--watch 10s"));
    for (text, interval) in [("1", 1), ("5", 5), ("007", 7), ("4294967295", u32::MAX)] {
        assert_eq!(arguments(text).interval, Some(interval), "{text}");
    }
    for text in ["0", "00", "4294967296", "99999999999999999999999", "1.5", "5s", "1e3", "+5", ".5", "5,"] {
        assert!(complaint_about(text).contains(&format!("{text:?}")), "{text}");
    }
    assert_eq!(arguments("1 --count 18446744073709551615").count, Some(u64::MAX));
    for text in ["0", "-1", "x", "1.5", "18446744073709551616"] {
        assert!(complaint_about(&format!("1 --count={text}")).starts_with("--count"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn values_need_not_be_utf8() {
    use std::os::unix::ffi::OsStringExt as _;
    let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let directory = Some(PathBuf::from(bytes(b"\xff\xfe")));
    for words in [vec![bytes(b"--record=\xff\xfe")], vec![bytes(b"--record"), bytes(b"\xff\xfe")]] {
        let Ok(Command::Run(arguments)) = parse(words) else { panic!() };
        assert_eq!(arguments.record, directory);
    }
    for (words, shown) in [
        (vec![bytes(b"-an\xff")], "\"-an\\xff\""),
        (vec![bytes(b"--\xff=1")], "\"--\\xff=1\""),
        (vec![bytes(b"-p"), bytes(b"tcp\xff")], "\"tcp\\xff\""),
        (vec![bytes(b"--count"), bytes(b"1\n\xff")], "\"1\\n\\xff\""),
    ] {
        let said = parse(words).unwrap_err().to_string();
        assert!(said.contains(shown) && is_one_plain_line(&said), "{said}");
    }
}

/// Every line that has no meaning, with all that is said about it. What is said is there to be read: keep it short.
#[test]
fn complaints() {
    let lines = [
        // Words.
        "10.10.143",
        "0",
        "99999999999",
        "0.5",
        "5s",
        "5 6",
        "5 port 80 6",
        "foo",
        "port 80 an",
        "port http or",
        "pid abc",
        "reason foo",
        "nspid x",
        "--netns blue --at 2h",
        "--at",
        "1.2.3.4.5",
        "10.77.0.0/255.255.255.0",
        "10.77.0.1-10.77.0.9",
        "0x7f000001",
        "host 10.77.0",
        "localhost:8080",
        "tcp:8080",
        "established,close_wait",
        "-i eth0",
        "-N x",
        "check bind abc",
        "check bind 99999",
        "--sort pid,port",
        "(port 80",
        "state LISTNING",
        "--exists",
        "--wait port 80 --exists",
        "--exists port 80 5",
        "--timeout 3 port 80",
        "-r port 80",
        "ano",
        "NAO",
        "rn",
        "port",
        "version",
        "\u{2013}ano",
        "> file",
        "-s -p tcp udp",
        // Letters.
        "-z",
        "-anz",
        "/z",
        "/usr/bin",
        "-an\u{e9}",
        "-",
        "/",
        "-5",
        "/5",
        "-p=tcp",
        "/p:tcp",
        "-ptpc",
        "-p tpc",
        "-p http",
        "-p ip",
        "-p ipv4",
        "-p tcp,tcpv6",
        "-icmpv6",
        "-tcp",
        "-udp",
        "-ip",
        // Long options.
        "--versoin",
        "--xyzzy",
        "--ano",
        "--rn",
        "--=",
        "--all=yes",
        "--num",
        "--prot tcp",
        "-version",
        "-pid",
        "-protocol tcp",
        "/version",
        "-count=3",
        "-nummeric",
        "--count",
        "--count -ano",
        "--count x",
        "--count 0 5",
        "--count 3",
        "--lang de",
        "--owners lsof",
        "--generate mna",
        "--generate x",
        "--generate bash",
        "\u{2014}version",
        "\u{2013}-version",
        "--record",
        "--replay=",
        "--record a --replay b",
        "--resolve-timeout fast",
        "-r -s",
        "-c -x",
        "-an --table 5",
        "-an --no-rates",
        "-s --no-extra --json",
        "-s -p tcp --json",
        "-e -p tcp",
        "-r -p udp",
        "-an -p tcp -p udp",
        "-r --path",
        "-e --geo x.mmdb",
        "-r -v",
        "-an --resolve-timeout 2",
        "-a --columns pid --process",
        "--group-by pid --cmdline",
        "--exists port 80 --json",
        "--wait port 80 --sort pid",
        "--resolve-timeout 1d",
        "--resolve-timeout 9999",
        // The style of net-tools and ss.
        "-tulpn",
        "-tulpen",
        "-tulpn --json",
        "-plnt",
        "-tunap",
        "-lntp",
        "-antp",
        "-anp",
        "-p",
        "-antp 5",
        "-l",
        "-u",
        "-lu",
        "-t -u -l -p -n",
        "-an -l -p udp",
        "-tunlp4",
        "-6",
        "-tln6",
        "-su",
        "-sl",
        "-rl",
        "-g",
        "-wl",
        "-lx",
        "-W",
        "-c -l",
        "-lno",
        "--listening",
        "--tcp --listening --numeric --programs",
        "--processes",
        "-listening",
        "--columns",
        "--columns pid,proces",
        "--columns pid,,local",
        "--columns pid,PID",
        "--columns bananas",
        "--sort rtt:down",
        "--sort",
        "--group-by dst",
        "--group-by raddr --sort pid",
        "--group-by raddr --columns pid",
        "--color blue",
        "--json --csv",
        "--jsonl -r",
        "-s --process",
        "--colour never",
    ];
    for language in [Language::English, Language::Korean] {
        let mut said = String::new();
        for line in lines {
            let complaint = parse(line.split(' ').map(OsString::from)).expect_err(line);
            let text = complaint.text().of(language);
            assert!(is_one_plain_line(text), "{text}");
            said.push_str(&format!("netstat {line}\n    {text}\n"));
            for line in complaint
                .filter
                .iter()
                .flat_map(|error| error.message(language).lines().map(str::to_owned).collect::<Vec<_>>())
            {
                said.push_str(&format!("      {line}\n"));
            }
        }
        insta::assert_snapshot!(format!("complaints_{language:?}"), said);
    }
}

#[test]
fn hostile_words_are_escaped_and_cut() {
    let escaped = parse([OsString::from("--\u{1b}[31m\n\u{202e}x")]).unwrap_err().to_string();
    assert!(escaped.contains(r#""--\u{1b}[31m\n\u{202e}x""#), "{escaped}");
    for prefix in ["", "-", "--", "/", "-p", "5", "--count=", "--lang=", "--generate=", "--protocol="] {
        let long =
            parse([OsString::from(format!("{prefix}{}", "w".repeat(100_000)))]).unwrap_err().to_string();
        assert!(long.len() < 300, "{prefix}: {} bytes", long.len());
    }
}

#[test]
fn an_empty_word_is_named() {
    let said = parse([OsString::new()]).unwrap_err().to_string();
    assert!(said.contains("empty argument"), "{said}");
}

/// What is offered in place of net-tools options must itself be understood.
#[test]
fn what_is_offered_is_understood() {
    for (typed, instead) in net_tools::EXAMPLES {
        let said = complaint_about(typed);
        assert!(said.contains(&format!("type {instead}")), "{typed}: {said}");
        assert!(parse_line(instead.trim_start_matches("netstat ")).is_ok(), "{instead}");
    }
}

/// The command in a complaint that says "here type netstat ...", without the note behind it.
fn offered(said: &str) -> Option<&str> {
    let command = said.split_once("here type netstat ")?.1;
    Some(command.split(" (").next().unwrap_or(command))
}

/// A word that is rather near to the command line than any string.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[-/]{0,2}[a-zA-Z46?]{0,7}",
        "-[tulpnaewgxW46cso]{1,6}",
        "--[a-z-]{0,12}=?[0-9a-z]{0,4}",
        "[0-9.]{1,8}",
        "\\PC{0,6}",
        ".{0,6}",
        Just("tcp".to_owned()),
        Just("--count".to_owned()),
        Just("--record".to_owned()),
        Just("--generate".to_owned()),
    ]
}

/// Switches as letters, in any case, of which all go together.
const SWITCHES: &str = "abdefinoqtvyABDEFINOQTVY";

proptest! {
    #[test]
    fn any_words_are_a_command_or_one_plain_line(words in prop::collection::vec(word(), 0..6)) {
        match parse(words.iter().map(OsString::from)) {
            Ok(command) => { let _ = command.answer(Language::English); }
            Err(complaint) => {
                let said = complaint.to_string();
                prop_assert!(is_one_plain_line(&said), "{said:?}");
                if let Some(command) = offered(&said) {
                    prop_assert!(parse_line(command).is_ok(), "{command:?} is offered for {words:?}");
                }
            }
        }
    }

    #[test]
    fn any_os_strings_are_a_command_or_one_plain_line(words in prop::collection::vec(any::<OsString>(), 0..4)) {
        if let Err(complaint) = parse(words) {
            prop_assert!(is_one_plain_line(&complaint.to_string()), "{complaint:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn any_bytes_are_a_command_or_one_plain_line(
        words in prop::collection::vec(("(-|--|/|--record=|-p|)", prop::collection::vec(any::<u8>(), 0..12)), 0..4)
    ) {
        use std::os::unix::ffi::OsStringExt as _;
        let words = words.into_iter().map(|(prefix, bytes)| OsString::from_vec([prefix.into_bytes(), bytes].concat()));
        if let Err(complaint) = parse(words) {
            prop_assert!(is_one_plain_line(&complaint.to_string()), "{complaint:?}");
        }
    }

    /// However letters are spread over words, they mean the same.
    #[test]
    fn letters_mean_the_same_wherever_they_stand(
        letters in prop::collection::vec(prop::sample::select(SWITCHES.chars().collect::<Vec<_>>()), 1..12),
        breaks in prop::collection::vec(any::<bool>(), 12),
        prefix in prop::sample::select(vec!['-', '/']),
    ) {
        // Together they may spell a long option, which lacks a dash then; that is another test.
        let together: String = letters.iter().collect();
        prop_assume!(super::super::table::by_long(&together).is_none());
        let mut apart = String::new();
        for (letter, is_break) in letters.iter().zip(breaks) {
            if apart.is_empty() || is_break {
                apart.push_str(&format!(" {prefix}"));
            }
            apart.push(*letter);
        }
        prop_assume!(apart.split(' ').all(|word| super::super::table::by_long(word.trim_start_matches(prefix)).is_none()));
        prop_assert_eq!(parse_line(&format!("-{together}")), parse_line(&apart));
        prop_assert!(matches!(parse_line(&apart), Ok(Command::Run(_))));
    }
}

#[test]
fn words_are_an_interval_or_a_filter() {
    for (line, interval, filter) in [
        ("5", Some(5), ""),
        ("-ano 5", Some(5), ""),
        ("5 port 80", Some(5), "port 80"),
        ("port 80 5", Some(5), "port 80"),
        ("port 80", None, "port 80"),
        ("recvq > 0", None, "recvq > 0"),
        ("recvq > 0 7", Some(7), "recvq > 0"),
        (":8080 -ano", None, ":8080"),
        ("10.10.143.117", None, "10.10.143.117"),
        ("-p tcp LISTENING -o", None, "LISTENING"),
        ("port http", None, "port http"),
        ("tcp", None, "tcp"),
    ] {
        let arguments = arguments(line);
        assert_eq!(
            (arguments.interval, arguments.filter.join(" ".as_ref())),
            (interval, filter.into()),
            "{line}"
        );
    }
    assert_eq!(parse(["--help", "filter"].map(OsString::from)), Ok(Command::HelpFilter));
    for (line, command) in [
        ("--help columns", Command::ColumnHelp),
        ("-h check", Command::HelpVerb(crate::options::arguments::Verb::Check, Manner::Short)),
        ("--help EXAMPLES", Command::HelpExamples),
        ("-? other", Command::Help(Manner::Windows)),
        ("--help record", Command::HelpVerb(crate::options::arguments::Verb::Record, Manner::Unix)),
        ("help history", Command::HelpVerb(crate::options::arguments::Verb::History, Manner::Unix)),
        ("--help close", Command::HelpVerb(crate::options::arguments::Verb::Close, Manner::Unix)),
        ("end --help", Command::HelpVerb(crate::options::arguments::Verb::End, Manner::Unix)),
        ("--help -an", Command::Help(Manner::Unix)),
    ] {
        assert_eq!(parse_line(line), Ok(command), "{line}");
    }
    assert_eq!(parse(["-h", "Filter"].map(OsString::from)), Ok(Command::HelpFilter));
    for (line, complaint) in [
        (
            "--help foo",
            "there is no help about \"foo\": the topics are filter, columns, check, record, history, close, end, live, capture, metrics, report, ship, examples",
        ),
        ("help colums", "there is no help about \"colums\": type netstat --help columns"),
        (
            "-h 5",
            "there is no help about \"5\": the topics are filter, columns, check, record, history, close, end, live, capture, metrics, report, ship, examples",
        ),
    ] {
        assert_eq!(parse_line(line).unwrap_err().to_string(), complaint, "{line}");
    }
}

/// A first word that is nearly one of the known is said to be so only where it is no filter.
#[test]
fn a_misspelt_first_word_is_recognised() {
    let meant = |line: &str| {
        let error = parse_line(line).unwrap_err().to_string();
        error.split_once("; if ").map(|(_, meant)| meant.to_owned())
    };
    for (line, expected) in [
        ("recrod", Some("\"recrod\" means record, type netstat record")),
        ("chekc", Some("\"chekc\" means check, type netstat check")),
        ("chek close-wait", Some("\"chek\" means check, type netstat check")),
        ("histroy process curl", Some("\"histroy\" means history, type netstat history")),
        ("Histori -n", Some("\"Histori\" means history, type netstat history")),
        // Words of a filter, or not the first word.
        ("port 80 recrod", None),
        ("process", None),
        ("reason x", None),
        ("nothing-like-it", None),
    ] {
        assert_eq!(meant(line).as_deref(), expected, "{line}");
    }
    for filter in ["process recrod", "unit chekc", "host histroy"] {
        assert!(parse_line(filter).is_ok(), "{filter}");
    }
}

#[test]
fn a_hostile_filter_moves_no_cursor() {
    let error = parse([OsString::from("port \u{1b}[31m\n\u{202e}")]).unwrap_err();
    let shown = error.filter.unwrap().to_string();
    assert!(!shown.chars().any(|it| (it.is_control() && it != '\n') || it == '\u{202e}'), "{shown:?}");
    assert_eq!(shown.lines().count(), 3);
}
