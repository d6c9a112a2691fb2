//! What is offered where, on a machine that is made.

use super::*;
use proptest::prelude::*;

/// A machine with few names, some of which are hostile.
struct Made;

impl KnownNames for Made {
    fn names(&self, of: Names, _: &str, every_family: bool) -> Vec<(String, String)> {
        let names: &[&str] = match of {
            Names::Ports(Side::Remote) => &["443"],
            Names::Ports(_) => &["22", "8080", "8443"],
            Names::Addresses(_) => &["10.0.0.1", "2001:db8::1"],
            Names::Interfaces => &["eth0", "lo"],
            Names::Pids => &["812"],
            Names::Processes if every_family => &["dbus-daemon"],
            Names::Processes => &[
                "nginx",
                "my app",
                "say \"hi\"",
                "and",
                "a*b",
                "\u{1b}[2J",
                "new\nline",
                "tab\there",
                "\u{202e}x",
                "",
            ],
            Names::Paths => &["/usr/sbin/nginx"],
            Names::Units => &["nginx.service"],
            Names::Containers => &["web"],
            Names::Users => &["alice", "root"],
            Names::Namespaces => &["blue"],
        };
        names.iter().map(|name| ((*name).to_owned(), "a\tmeaning\n".to_owned())).collect()
    }
}

fn lines(words: &[&str]) -> Vec<String> {
    let words: Vec<OsString> = words.iter().map(OsString::from).collect();
    let text = completions(&words, None, Language::English, &Made);
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(str::to_owned).collect()
}

/// What is offered for the last of some words.
fn offered(line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let (word, before) = words.split_last().unwrap();
    let typed = format!("--word={word}");
    let question = [&["--complete", "zsh", &typed, "--"], before].concat();
    lines(&question).iter().filter_map(|line| line.split('\t').next()).map(str::to_owned).collect()
}

#[track_caller]
fn offers(line: &str, expected: &[&str]) {
    assert_eq!(
        offered(line).iter().filter(|word| !word.is_empty()).collect::<Vec<_>>(),
        expected,
        "{line:?}"
    );
}

#[track_caller]
fn has(line: &str, there: &[&str], not_there: &[&str]) {
    let offered = offered(line);
    let is_there = |word: &&&str| offered.iter().any(|other| other == **word);
    assert_eq!(there.iter().find(|word| !is_there(word)), None, "{line:?}: {offered:?}");
    assert_eq!(not_there.iter().find(is_there), None, "{line:?}: {offered:?}");
}

#[test]
fn options_are_offered_behind_any_word() {
    for before in ["", "-an ", "port 80 ", "port 80 and ", "5 ", "check ", "history process x "] {
        has(&format!("{before}--"), &["--lang", "--json"], &["-a", "port"]);
    }
    has("-", &["-a", "-?", "--columns"], &["--set", "--follow", "--since", "--tcp"]);
    offers("--re", &["--record", "--replay", "--resolve-timeout"]);
    offers("--RE", &["--RECORD", "--REPLAY", "--RESOLVE-TIMEOUT"]);
    offers("-ano", &["-ano"]);
    offers("-A", &["-A"]);
    offers("-zk", &[]);
    offers("/a", &[]);
    assert_eq!(
        lines(&["--complete", "powershell", "--word=/a", "--"]),
        ["/a\tShow listening ports and UDP as well"]
    );
    offers("-- --re", &[]);
}

#[test]
fn options_of_a_first_word_are_offered_behind_it_alone() {
    has("check --", &["--set", "--explain", "--watch", "--since"], &["--columns", "--follow"]);
    has("record --", &["--follow", "--keep"], &["--set", "--columns"]);
    has("record ", &["port"], &["check"]);
    has("history --", &["--since", "--columns", "--follow"], &["--set", "--keep"]);
    has("", &["check", "record", "history", "port", "listening"], &["close-wait ", "and", ")"]);
    has("-an ", &["port"], &["check", "record", "history"]);
}

#[test]
fn names_of_checks_are_offered_behind_check_alone() {
    offers("check half", &["half-open"]);
    offers("check close-wait half", &["half-open"]);
    has("check close-wait ", &["idle", "port"], &["close-wait", "and"]);
    has("check port 80 ", &["and"], &["half-open", "idle "]);
    offers("half", &[]);
    offers("check bind 80", &["8080"]);
    has("check bind 8080 ", &["port", "22"], &["half-open"]);
    offers("check --explain half", &["half-open"]);
}

#[test]
fn values_are_those_of_the_option_before() {
    offers("-an -p u", &["udp", "udpv6"]);
    offers("-anp tcp", &["tcp", "tcpv6"]);
    offers("-anP i", &["ip", "ipv6", "icmp", "icmpv6"]);
    offers("-anp ", &["tcp", "tcpv6", "udp", "udpv6", "ip", "ipv6", "icmp", "icmpv6"]);
    offers("-ptcpv", &["-ptcpv6"]);
    offers("--lang ", &["en", "ko"]);
    offers("--lang=", &["--lang=en", "--lang=ko"]);
    offers("--color a", &["auto", "always"]);
    offers("--generate complete-b", &["complete-bash"]);
    offers("--dialect n", &["net-tools"]);
    offers("--table ", &["main", "local", "default", "all"]);
    offers("--netns ", &["all", "blue"]);
    offers("--count ", &[]);
    offers(
        "--family ",
        &[
            "inet",
            "unix",
            "raw",
            "ping",
            "packet",
            "netlink",
            "vsock",
            "xdp",
            "sctp",
            "mptcp",
            "bluetooth",
            "unlisted",
            "all",
        ],
    );
    offers("--family unix,n", &["unix,netlink"]);
    has("--family unix,", &["unix,raw"], &["unix,unix", "unix,all"]);
    offers("--columns pid,proc", &["pid,process"]);
    has("--columns ", &["pid", "help"], &["pid:desc", "none"]);
    has("--group-by ", &["pid"], &["help"]);
    offers("--columns=pid,proc", &["--columns=pid,process"]);
    offers("--columns pid,pi", &["pid,pids"]);
    offers("--columns pids,pids", &[]);
    offers("--sort rtt", &["rtt", "rtt:asc", "rtt:desc", "rttvar"]);
    offers("--sort RTT:d", &["RTT:desc"]);
    offers("--sort non", &["none"]);
    offers(
        "--help ",
        &[
            "filter", "columns", "check", "record", "history", "close", "end", "live", "capture", "metrics",
            "report", "ship", "examples",
        ],
    );
    offers("-h fi", &["filter"]);
}

#[test]
fn files_are_left_to_the_shell() {
    let lines_of = |option: &str| lines(&["--complete", "bash", &format!("--line=netstat {option} /x")]);
    assert_eq!(lines_of("--geo"), ["\tfiles"]);
    assert_eq!(lines_of("--store"), ["\tdirectories"]);
    assert_eq!(lines_of("check --config"), ["\tfiles"]);
}

#[test]
fn settings_are_offered_in_steps() {
    offers("check --set clos", &["close-wait."]);
    has("check --set close-wait.", &["close-wait.warning="], &["close-wait."]);
    offers("check --set close-wait.warning=", &["close-wait.warning=100"]);
    offers("check --set close-wait.warning=2", &[]);
    // What is offered is understood.
    for check in check::ALL {
        for setting in offered(&format!("check --set {}.", check.name)).iter().filter(|word| !word.is_empty())
        {
            for whole in offered(&format!("check --set {setting}")).iter().filter(|word| !word.is_empty()) {
                if !whole.ends_with('=') {
                    assert!(check::parse_assignment(whole).is_ok(), "{whole}");
                }
            }
        }
    }
}

#[test]
fn a_filter_goes_on_as_its_parser_says() {
    has("port 80 ", &["and", "or", "not", "state", "listening"], &[")", "check"]);
    has("( port 80 ", &[")", "and", "or", "state"], &[]);
    has("(port 80 ", &[")"], &[]);
    has("not ", &["port", "not"], &["and", "or", ")"]);
    has("port 80 and ", &["port", "listening"], &["and", "or"]);
    offers("rtt ", &["gt", "ge", "lt", "le", "eq", "ne"]);
    offers("rtt gt ", &[]);
    offers("port 80 80 ", &[]);
    offers("5 port 80 and sta", &["state", "started"]);
    offers("lpo", &["lport"]);
    offers("LPO", &["LPORT"]);
    offers("(lpo", &["(lport"]);
    offers("!lpo", &["!lport"]);
}

#[test]
fn values_of_a_filter_are_those_of_its_keyword() {
    offers("lport 8", &["8080", "8443"]);
    offers("rport ", &["443"]);
    offers("lport 22,84", &["22,8443"]);
    offers("lport :80", &[":8080"]);
    offers(":80", &[":8080"]);
    offers("*:80", &["*:8080"]);
    offers("host 10", &["10.0.0.1"]);
    offers("10.", &["10.0.0.1"]);
    offers("src 2001:", &["2001:db8::1"]);
    offers("dst fe80::1%e", &["fe80::1%eth0"]);
    offers("%", &["%eth0", "%lo"]);
    offers("pid ", &["812"]);
    offers("path /", &["/usr/sbin/nginx"]);
    offers("unit n", &["nginx.service"]);
    offers("container ", &["web"]);
    offers("user ", &["alice", "root"]);
    offers("user root,al", &["root,alice"]);
    offers("netns ", &["blue"]);
    offers("state listen", &["listening"]);
    offers("state TIME", &["TIME_WAIT"]);
    offers("TIME_", &["TIME_WAIT"]);
    offers("state listening,clos", &["listening,closed", "listening,close-wait", "listening,closing"]);
    offers("proto udpv", &["udpv4", "udpv6"]);
    offers("family unix,ine", &["unix,inet", "unix,inet4", "unix,inet6"]);
    offers("country K", &["KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ"]);
    offers("country kr,jp", &["kr,jp"]);
    offers("history reason ref", &["refused"]);
    offers("--family unix process d", &["dbus-daemon"]);
}

/// What is shown on a terminal has nothing that could change it, and what a shell puts into its line is one name in quotes.
#[test]
fn hostile_names_are_left_out_or_quoted() {
    offers("process ", &["nginx", "\"my app\"", "\"say \"\"hi\"\"\"", "\"and\""]);
    offers("process \"my", &["\"my app\""]);
    for line in lines(&["--complete", "zsh", "--word=n", "--", "process"]) {
        assert_eq!(line, "nginx\tameaning");
    }
    let bash =
        |line: &str| lines(&["--complete", "bash", &format!("--line=netstat {line}"), "--breaks= \t\"'=:"]);
    assert_eq!(bash("process \\\"my"), ["\\\"my\\ app\\\"\tameaning"]);
    assert_eq!(bash("process '\"sa"), ["\"say \"\"hi\"\"\"\tameaning"]);
    assert_eq!(bash("--sort rtt:d"), ["desc\tlargest first"]);
    assert_eq!(
        bash("'lport 80 and coun"),
        ["lport 80 and country\tthe country of the remote address, where known"]
    );
}

#[test]
fn the_net_tools_dialect_has_its_own_options() {
    has("-tulpn --", &["--tcp", "--listening"], &["--columns"]);
    has("-tulpn -", &["-W", "-t"], &["-b"]);
    offers("-tulpn -A in", &["inet", "inet6"]);
    offers("-tulpn -A inet,un", &["inet,unix"]);
    offers("-tulpn -Wn", &["-Wn"]);
    has("-tulpn ", &["port", "listening"], &["check"]);
    has("--dialect net-tools --", &["--tcp"], &["--columns"]);
    has("--dialect windows -an --", &["--columns"], &["--tcp"]);
    let words = ["--complete", "zsh", "--word=--masq", "--"].map(OsString::from);
    assert_eq!(completions(&words, Some("net-tools".as_ref()), Language::English, &Made).lines().count(), 1);
}

#[test]
fn what_words_mean_is_said_in_the_language_of_the_user() {
    let of = |words: &[&str]| {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        completions(&words, None, Language::Korean, &Made)
    };
    assert_eq!(of(&["--complete", "zsh", "--word=hist", "--"]), "history\t지난 연결 조회\n");
    assert!(of(&["--complete", "zsh", "--word=half", "--", "check"]).contains("연결"));
    for words in [&["--word=--sort", "--"][..], &["--word=gt", "--", "rtt"], &["--word=lport", "--"]] {
        let answer = of(&[&["--complete", "zsh"], words].concat());
        assert!(
            answer.contains('\t') && answer.chars().any(|letter| ('가'..='힣').contains(&letter)),
            "{answer}"
        );
    }
}

#[test]
fn nothing_is_ever_an_error() {
    for words in [&["--complete", "zsh"][..], &["--complete", "bash"], &["--complete", "no-shell", "--word"]]
    {
        assert_eq!(lines(words), [""; 0]);
    }
    assert_eq!(lines(&["--complete"]), [""; 0]);
}

/// There is no PowerShell here to press Tab in, so this is about the text alone.
#[test]
fn the_script_of_powershell_asks_the_program() {
    let script = include_str!("../../../completions/netstat.ps1");
    assert!(script.contains("Register-ArgumentCompleter -Native -CommandName 'netstat', 'netstat.exe'"));
    assert!(script.contains("--complete powershell \"--word=$word\" -- @before 2>$null"));
}

/// What a grammar of PowerShell says of the script, and of the script with each of its lines left out that cannot be.
#[cfg(target_os = "linux")]
#[test]
fn the_script_of_powershell_is_powershell() {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let script = include_str!("../../../completions/netstat.ps1");
    let tree = parser.parse(script, None).unwrap();
    assert!(!tree.root_node().has_error(), "{}", tree.root_node().to_sexp());
    let lines: Vec<&str> = script.lines().collect();
    for left_out in (0..lines.len()).filter(|at| lines[*at].ends_with('{') || lines[*at].ends_with('}')) {
        // A line that both closes and opens a block may be left out.
        if lines[left_out].trim_start().starts_with("} else") || lines[left_out].contains(" else { ") {
            continue;
        }
        let broken = [&lines[..left_out], &lines[left_out + 1..]].concat().join("\n");
        let tree = parser.parse(&broken, None).unwrap();
        assert!(tree.root_node().has_error(), "without {:?}", lines[left_out]);
    }
    // Each variable is one that PowerShell knows or gives, or that is set somewhere.
    let is_set = |name: &str| {
        let sets = [format!("{name} = "), format!("{name}, $"), format!("foreach ({name} in")];
        ["$null", "$wordToComplete", "$commandAst", "$cursorPosition"].contains(&name)
            || sets.iter().any(|set| script.contains(set))
    };
    let mut cursor = tree.walk();
    let mut rest = vec![tree.root_node()];
    let mut variables = 0;
    while let Some(node) = rest.pop() {
        rest.extend(node.children(&mut cursor));
        if node.kind() == "variable" {
            let name = node.utf8_text(script.as_bytes()).unwrap().replace('@', "$");
            assert!(is_set(&name), "{name}");
            variables += 1;
        }
    }
    assert!(variables > 20, "{variables}");
}

proptest! {
    #[test]
    fn no_words_panic(before in prop::collection::vec(".{0,12}", 0..4), word in ".{0,12}") {
        let before: Vec<OsString> = before.iter().map(OsString::from).collect();
        for shell in ["bash", "fish", "powershell", "zsh"] {
            let mut words = ["--complete", shell].map(OsString::from).to_vec();
            words.extend([format!("--word={word}").into(), format!("--line=netstat {word}").into(), "--".into()]);
            words.extend(before.clone());
            let text = completions(&words, None, Language::English, &Made);
            prop_assert!(!text.chars().any(|character| character.is_control() && !"\t\n".contains(character)));
        }
    }

    #[test]
    fn bash_reads_its_words_back(word in "[ -~]{1,12}") {
        let line = Line::split("netstat ", " \t\n\"'><=;|&(:");
        let quoted = line.replacement(&word).unwrap();
        let again = Line::split(&format!("netstat {quoted} "), "");
        prop_assert_eq!(again.before, [word]);
    }
}
