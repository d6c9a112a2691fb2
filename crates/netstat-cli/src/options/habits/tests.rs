use super::super::tests::{complaint_about, parse_line};

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
        if !matches!(command, "not" | "-p tcpv6" | "-p udpv6") {
            assert!(parse_line(command).is_ok(), "{command} is offered for {typed}");
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
