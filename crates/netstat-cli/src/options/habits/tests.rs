use super::super::tests::{complaint_about, of_shell, parse_line};
use std::ffi::OsString;

/// The command that a complaint says to type, without the name of the program.
fn offered(said: &str) -> Option<String> {
    let command = said.rsplit_once("type")?.1.trim_start_matches(", for example,");
    Some(command.trim_start().trim_start_matches("netstat ").to_owned())
}

#[test]
fn words_of_other_tools_are_answered_with_a_command_that_is_right() {
    for (typed, offer) in [
        ("--port 8080", "-an port 8080"),
        ("--port=8080", "-an port 8080"),
        ("--port", "-an port 80"),
        ("--user root", "-an user root"),
        ("--state listen", "-an state listen"),
        ("--state", "-an state established"),
        ("--established", "-an established"),
        ("--dport 443", "-an dport 443"),
        ("--host 10.0.0.1", "-an host 10.0.0.1"),
        ("--unit ssh.service", "-an unit ssh.service"),
        ("-an inet", "ipv4"),
        ("-f inet", "ipv4"),
        ("-f inet6", "ipv6"),
        ("-an tcp6", "tcp ipv6"),
        ("exclude", "not"),
        ("-p tcp6", "-p tcpv6"),
        ("-p tcp,tcpv6", "-an tcp"),
        ("-p tcp,tcp6", "-an tcp"),
        ("-p udp,udpv6", "-an udp"),
        ("-p tcp,udp", "-an"),
        ("-s -p ip,tcp", "-s"),
        ("localhost:8080", "host localhost:8080"),
        ("-ano my-host.example:22", "host my-host.example:22"),
        ("tcp:8080", "tcp port 8080"),
        ("-an udp:53", "udp port 53"),
        ("port:8080", "port 8080"),
        ("process:nginx", "process nginx"),
        ("established,close_wait", "state established,close_wait"),
        ("80,443", "port 80,443"),
        ("--sort pid,port", "--sort pid"),
        ("--sort rtt:desc,pid", "--sort rtt"),
        ("host 10.77.0", "10.77.0.0/24"),
        ("-an dst 10.77", "10.77.0.0/16"),
        ("src 10.77.0.*", "10.77.0.0/24"),
        ("1.2.3.4.5", "1.2.3.4"),
        ("10.77.0.0/255.255.255.0", "10.77.0.0/24"),
        ("10.77.0.9/255.255.0.0", "10.77.0.0/16"),
        ("10.77.0.1-10.77.0.9", "10.77.0.0/28"),
        ("10.77.0.1-10.77.0.1", "10.77.0.1/32"),
        ("0.0.0.0-255.255.255.255", "0.0.0.0/0"),
        ("0x7f000001", "127.0.0.1"),
        ("0x1f90", "port 8080"),
        ("-N x", "--netns x"),
        ("-N blue", "--netns blue"),
        ("-an -N blue", "--netns blue"),
        ("-anp udp6", "-p udpv6"),
        ("10.0.0.0/33", "at most 10.0.0.0/32"),
        ("2001:db8::/129", "at most 2001:db8::/128"),
        ("192.168.20.*", "192.168.20.0/24"),
        ("10.*", "10.0.0.0/8"),
        ("172.16", "172.16"),
        ("10.10.143", "10.10.143.0/24"),
        ("10.10.143.", "10.10.143.0/24"),
    ] {
        if typed == offer {
            // Rather a number with a decimal point.
            assert!(complaint_about(typed).contains("not an interval"), "{typed}");
            continue;
        }
        let said = complaint_about(typed);
        assert_eq!(offered(&said).as_deref(), Some(offer), "{typed}: {said}");
        let command = offer.trim_start_matches("at most ");
        assert!(!said.contains("not an interval"), "{typed}: {said}");
        if !matches!(command, "not" | "-p tcpv6" | "-p udpv6") {
            assert!(parse_line(command).is_ok(), "{command} is offered for {typed}");
        }
    }
}

/// Every command of the program that a complaint names.
pub(super) fn commands(said: &str) -> Vec<String> {
    let commands = said
        .split("netstat -")
        .skip(1)
        .map(|rest| format!("-{}", rest.split([',', ';']).next().unwrap_or(rest)));
    commands.map(|command| command.trim_end_matches('"').to_owned()).collect()
}

/// The command in single quotes of a shell.
#[test]
fn a_value_with_blanks_is_kept_and_quoted() {
    let parse = |command: &str| super::super::parse(of_shell(command).into_iter().map(OsString::from));
    for (typed, command) in [
        (["--user", "a b"], r#"-an user '"a b"'"#),
        (["--unit", "my app (x)"], r#"-an unit '"my app (x)"'"#),
        (["--container", "a*"], "-an container 'a*'"),
        (["--recvq", "> 0"], "-an recvq '> 0'"),
    ] {
        let said = super::super::parse(typed.map(OsString::from)).unwrap_err().to_string();
        assert_eq!(offered(&said).as_deref(), Some(command), "{said}");
        assert!(parse(command).is_ok(), "{command}");
    }
}

#[test]
fn an_interface_is_no_value_of_i() {
    for typed in ["-i eth0", "-an -i wlp0s20f3", "-I br-1a2b"] {
        let said = complaint_about(typed);
        assert_eq!(commands(&said), ["--interfaces", "-e -v"], "{said}");
    }
    for command in ["--interfaces", "-e -v", "-i 5", "-i port 80"] {
        assert!(parse_line(command).is_ok(), "{command}");
    }
    assert!(complaint_about("-i port x y").contains("filter"));
}

#[test]
fn a_version_of_ip_is_a_filter_and_has_statistics() {
    for (typed, expected) in [
        ("-p ipv4", ["-an ipv4", "-s -p ip"]),
        ("-p IP4", ["-an ipv4", "-s -p ip"]),
        ("-an -p inet", ["-an ipv4", "-s -p ip"]),
        ("-s -p ipv4", ["-an ipv4", "-s -p ip"]),
        ("-p inet6", ["-an ipv6", "-s -p ipv6"]),
        ("-p ip6", ["-an ipv6", "-s -p ipv6"]),
        ("-p ip", ["-s -p ip", "-an ipv4"]),
        ("-p ipv6", ["-s -p ipv6", "-an ipv6"]),
    ] {
        let said = complaint_about(typed);
        let offered = commands(&said);
        assert_eq!(offered, expected, "{typed}: {said}");
        for command in offered {
            assert!(parse_line(&command).is_ok(), "{command} is offered for {typed}");
        }
    }
}

#[test]
fn an_interval_that_is_longer_than_a_minute_is_noted() {
    for (line, long) in [("60", None), ("61", Some(61)), ("8080", Some(8080)), ("100000", Some(100_000))] {
        match parse_line(line) {
            Ok(super::super::Command::Run(arguments)) => assert_eq!(arguments.long_interval, long, "{line}"),
            other => panic!("{line} gave {other:?}"),
        }
    }
}
