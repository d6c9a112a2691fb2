use super::*;
use crate::options::{self, Command};
use crate::render::formats;

/// Names and values of environment variables.
type Locale = &'static [(&'static str, &'static str)];

fn settings(words: &str, locale: Locale) -> Settings {
    let typed = words.split_ascii_whitespace().map(Into::into);
    let Ok(Command::Run(arguments)) = options::parse(typed) else { panic!("{words:?} is refused") };
    Settings::new(&arguments, value_in(locale), None)
}

fn value_in(locale: Locale) -> impl Fn(&str) -> Option<String> {
    move |name| locale.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
}

#[test]
fn the_language_of_the_system_comes_before_the_locale_and_after_the_option() {
    use Language::{English, Korean};
    let language = |words: &str, system| {
        let Ok(Command::Run(arguments)) = options::parse(words.split_whitespace().map(Into::into)) else {
            panic!("{words}")
        };
        Settings::new(&arguments, value_in(&[("LANG", "ko_KR.UTF-8")]), system).language
    };
    assert_eq!(language("-a", Some(English)), English);
    assert_eq!(language("-a", None), Korean);
    assert_eq!(language("-a --lang en", Some(Korean)), English);
    assert_eq!(language("-a --lang ko", Some(English)), Korean);
}

#[test]
fn the_locale_chooses_the_language_and_the_option_wins() {
    use Language::{English, Korean};
    let cases: [(Locale, &str, Language); 8] = [
        (&[], "-a", English),
        (&[("LANG", "ko_KR.UTF-8")], "-a", Korean),
        (&[("LANG", "ko_KR.utf8@x")], "-a", Korean),
        (&[("LANG", "ko_KR.eucKR")], "-a", English),
        (&[("LANG", "kok_IN.UTF-8")], "-a", English),
        (&[("LC_ALL", "C.UTF-8"), ("LANG", "ko_KR.UTF-8")], "-a", English),
        (&[("LC_ALL", ""), ("LC_MESSAGES", "ko_KR.UTF-8")], "-a", Korean),
        (&[("LANG", "ko_KR.UTF-8")], "-a --lang en", English),
    ];
    for (locale, words, language) in cases {
        assert_eq!(settings(words, locale).language, language, "{words} in {locale:?}");
    }
}

#[test]
fn one_report_is_chosen() {
    for (words, chosen) in [
        ("-ano", "Connections"),
        ("-r -n", "Routes"),
        ("-e -t 5", "Statistics"),
        ("-xan", "Rdma"),
        ("-c", "ProcessCounts"),
    ] {
        let report = format!("{:?}", settings(words, &[]).report);
        assert!(report.starts_with(chosen), "{words} gives {report}");
    }
}

#[test]
fn names_are_looked_up_unless_numbers_are_asked_for() {
    let names = |words| match settings(words, &[]).report {
        Report::Connections(table) => table.names,
        other => panic!("{other:?}"),
    };
    assert_eq!(names("-an"), None);
    assert_eq!(names("-fn"), None);
    assert_eq!(names("-a"), Some(NameSettings { full: false, budget: RESOLVE_TIMEOUT }));
    let half = Duration::from_millis(500);
    assert_eq!(names("-f --resolve-timeout 500ms"), Some(NameSettings { full: true, budget: half }));
}

fn table(words: &str, environment: Locale) -> Connections {
    match settings(words, environment).report {
        Report::Connections(table) => table,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_form_is_that_of_windows_unless_another_is_asked_for() {
    let plain = table("-ano", &[]);
    assert_eq!((plain.form, plain.order, plain.last), (Layout::Classic, Order::Usual, vec![]));
    let pid = || columns::by_name("pid").unwrap();
    assert_eq!(table("--columns pid", &[]).form, Layout::Columns(vec![pid()]));
    assert_eq!(table("--json --columns pid", &[]).form, Layout::Data(formats::ALL[0], vec![pid()]));
    assert_eq!(table("--csv", &[]).form, Layout::Data(formats::ALL[2], columns::ALL.to_vec()));
    assert_eq!(table("--jsonl --group-by pid", &[]).group_by, [pid()]);
    assert_eq!(table("--sort pid:desc", &[]).order, Order::By { column: pid(), descending: true });
    assert_eq!(table("--columns pid", &[]).names, None, "numbers");
    assert!(table("--sort pid", &[]).names.is_some(), "the table of Windows, sorted");
}

#[test]
fn columns_follow_the_families() {
    let shown = |words| match table(words, &[]).form {
        Layout::Columns(columns) => columns.iter().map(|column| column.name).collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    };
    let plain = "proto type local foreign state recvq sendq backlog";
    assert_eq!(shown("--family unix"), plain);
    assert_eq!(shown("--family unix -o"), format!("{plain} pid peer_pid"));
    assert_eq!(shown("--family unix --process"), format!("{plain} process peer_process"));
    assert_eq!(shown("--family unix -ob"), format!("{plain} pid unit process peer_pid peer_process"));
    assert_eq!(shown("--family unix --columns local"), "local");
    assert_eq!(shown("family unix"), plain, "a filter names families as well");
    assert_eq!(shown("--family inet -o"), "Classic");
    assert_eq!(table("--json --family unix", &[]).form, Layout::Data(formats::ALL[0], columns::ALL.to_vec()));
}

#[test]
fn families_choose_the_kinds_and_imply_a() {
    for (words, kinds) in [
        ("--family unix", Kinds::UNIX),
        ("--family inet", Kinds::TCP_UDP),
        ("--family unix,inet", Kinds::UNIX | Kinds::TCP_UDP),
        ("--family all", Kinds::all()),
        ("family unix or port 80", Kinds::UNIX | Kinds::TCP_UDP),
    ] {
        let rows = table(words, &[]).rows;
        assert_eq!((rows.kinds, rows.listening), (kinds, true), "{words}");
    }
}

#[test]
fn path_belongs_to_b_or_to_the_column() {
    let shown = |words| table(words, &[]).last.first().map(|column| column.name);
    for (words, column) in [
        ("-b --path", None),
        ("--path", Some("path")),
        ("--process", Some("process")),
        ("--process --path", Some("path")),
        ("-b --process --path", Some("path")),
        ("--cmdline", Some("cmdline")),
        ("-b --process", Some("process")),
        ("-b", None),
    ] {
        assert_eq!(shown(words), column, "{words}");
    }
}

#[test]
fn colour_may_be_refused_by_the_environment_and_forced_by_the_option() {
    let cases: [(&str, Locale, Colour); 7] = [
        ("-a", &[("TERM", "xterm")], Colour::Auto),
        ("-a", &[("NO_COLOR", "1"), ("TERM", "xterm")], Colour::Never),
        ("-a", &[("NO_COLOR", ""), ("TERM", "xterm")], Colour::Auto),
        ("-a", &[("TERM", "dumb")], Colour::Never),
        ("-a --color always", &[("NO_COLOR", "1")], Colour::Always),
        ("-a --color auto", &[("NO_COLOR", "1")], Colour::Never),
        ("-a --color never", &[("TERM", "xterm")], Colour::Never),
    ];
    for (words, environment, colour) in cases {
        assert_eq!(table(words, environment).colour, colour, "{words} in {environment:?}");
    }
}

#[test]
fn every_protocol_with_sockets_has_rows() {
    for (protocol, kind) in [
        (ProtocolName::Tcp, Kinds::TCP_V4),
        (ProtocolName::Tcpv6, Kinds::TCP_V6),
        (ProtocolName::Udp, Kinds::UDP_V4),
        (ProtocolName::Udpv6, Kinds::UDP_V6),
    ] {
        assert_eq!(sections(protocol).1, kind);
    }
}
