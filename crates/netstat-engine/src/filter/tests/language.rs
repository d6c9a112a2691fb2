//! Words and what they mean.

use super::generate::expression;
use super::{Names, parse, try_parse};
use crate::filter::Filter;
use crate::filter::help::help;
use crate::filter::lexer::SIGN_WORDS;
use crate::filter::syntax::{EXAMPLES, JOINING, PRIMARIES, PROTOCOLS, all_state_words};
use crate::text::{Language, cells};
use proptest::prelude::*;
use std::ffi::OsString;

/// Filters, each with its canonical text.
const LANGUAGE: &[(&str, &str)] = &[
    ("port 80", "port 80"),
    ("port http", "port 80"),
    ("port netbios-ns", "port 137"),
    ("port 80-90,443,81", "port 80-90,443"),
    ("port 0-65535", "port 0-65535"),
    ("lport 22", "lport 22"),
    ("sport 22", "lport 22"),
    ("rport 22", "rport 22"),
    ("dport domain", "rport 53"),
    ("sport = :80", "lport 80"),
    ("sport :80", "lport 80"),
    ("dport != :443", "not rport 443"),
    ("dport!=443", "not rport 443"),
    ("dport >= :1024", "rport 1024-65535"),
    ("dport ge 1024", "rport 1024-65535"),
    ("sport > 1024", "lport 1025-65535"),
    ("sport lt :1024", "lport 0-1023"),
    ("sport <= 1024", "lport 0-1024"),
    ("port ne 5", "not port 5"),
    ("sport = *:80", "lport 80"),
    ("host 1.2.3.4", "host 1.2.3.4"),
    ("host example.org", "host 192.0.2.7,2001:db8::7"),
    ("host ::ffff:1.2.3.4", "host 1.2.3.4"),
    ("host [2001:db8::1]", "host 2001:db8::1"),
    ("src 10.1.2.3/8", "src 10.0.0.0/8"),
    ("src = 10.0.0.0/8", "src 10.0.0.0/8"),
    ("dst 2001:DB8::/32", "dst 2001:db8::/32"),
    ("dst != 10.0.0.0/8", "not dst 10.0.0.0/8"),
    ("src 10.0.0.1:22", "src 10.0.0.1 and lport 22"),
    ("dst [::1]:443", "dst ::1 and rport 443"),
    ("dst example.org:http", "dst 192.0.2.7,2001:db8::7 and rport 80"),
    ("dst 10.0.0.0/8:1-9", "dst 10.0.0.0/8 and rport 1-9"),
    ("dst [2001:db8::]/32:443", "dst 2001:db8::/32 and rport 443"),
    ("dst [2001:db8::]/32", "dst 2001:db8::/32"),
    ("dst :443", "rport 443"),
    ("src *:443", "lport 443"),
    ("src >= :1024", "lport 1024-65535"),
    ("dst 1.1.1.1,9.9.9.9:53,::1", "dst 1.1.1.1,::1 or dst 9.9.9.9 and rport 53"),
    ("host 1.2.3.4:5", "src 1.2.3.4 and lport 5 or dst 1.2.3.4 and rport 5"),
    ("host unix:/run/*", "host unix:/run/*"),
    ("src /run/x.sock", "src unix:/run/x.sock"),
    ("dst != @bus", "not dst unix:@bus"),
    ("src \"unix:/run/a b\"", "src \"unix:/run/a b\""),
    ("family unix", "family unix"),
    ("family local,ip", "family inet,unix"),
    ("family != UNIX", "not family unix"),
    ("family inet6", "family inet and ipv6"),
    ("family unix,inet4", "family unix or family inet and ipv4"),
    ("state established", "state ESTABLISHED"),
    ("state time-wait,CLOSE_WAIT", "state CLOSE_WAIT,TIME_WAIT"),
    ("state = syn-recv", "state SYN_RECEIVED"),
    ("state syn_send,timed_wait", "state SYN_SENT,TIME_WAIT"),
    ("state != listen", "not state LISTENING"),
    ("state listening", "state LISTENING"),
    ("state bound", "state BOUND"),
    ("state fin-wait1,Fin-Wait-2", "state FIN_WAIT_1,FIN_WAIT_2"),
    (
        "state connected",
        "state SYN_SENT,SYN_RECEIVED,ESTABLISHED,FIN_WAIT_1,FIN_WAIT_2,CLOSE_WAIT,CLOSING,LAST_ACK,TIME_WAIT,DELETE_TCB",
    ),
    (
        "state synchronized",
        "state SYN_RECEIVED,ESTABLISHED,FIN_WAIT_1,FIN_WAIT_2,CLOSE_WAIT,CLOSING,LAST_ACK,TIME_WAIT,DELETE_TCB",
    ),
    ("state closing", "state FIN_WAIT_1,FIN_WAIT_2,CLOSE_WAIT,CLOSING,LAST_ACK,TIME_WAIT"),
    ("state CLOSING", "state CLOSING"),
    ("state bucket", "state SYN_RECEIVED,TIME_WAIT"),
    ("proto tcp", "proto tcp"),
    ("proto udp,tcpv6", "proto udp or proto tcp and ipv6"),
    ("proto udpv4", "proto udp and ipv4"),
    ("proto UDPv6", "proto udp and ipv6"),
    ("ipv4", "ipv4"),
    ("not ipv6", "not ipv6"),
    ("pid 12", "pid 12"),
    ("pid 12,7,12", "pid 7,12"),
    ("pid != 12", "not pid 12"),
    ("nspid 1,7", "nspid 1,7"),
    ("process sshd", "process sshd"),
    ("process \"Web Content\"", "process \"Web Content\""),
    ("process [a-c]*", "process [a-c]*"),
    ("process \"and\"", "process \"and\""),
    ("process \"a\"\"b\"", "process \"a\"\"b\""),
    ("process != sshd", "not process sshd"),
    ("process port", "process port"),
    ("path /usr/*/nginx", "path /usr/*/nginx"),
    (r"path C:\Windows\*.exe", r"path C:\Windows\*.exe"),
    ("unit ssh*.service", "unit ssh*.service"),
    ("container docker:9687*", "container docker:9687*"),
    ("pod ac04f3f2-*", "pod ac04f3f2-*"),
    ("hostname web*", "hostname web*"),
    ("app quic,TLS", "app tls,quic"),
    ("name *.example.org", "name *.example.org"),
    ("netns web", "netns 4026532001"),
    ("netns web,5", "netns 5,4026532001"),
    ("netns != 5", "not netns 5"),
    ("user alice", "user 1000"),
    ("user 0,alice", "user 0,1000"),
    ("user != 0", "not user 0"),
    ("loopback", "loopback"),
    ("private", "private"),
    ("public", "public"),
    ("country kr", "country KR"),
    ("country != us,KR,US", "not country KR,US"),
    ("network AS15169", "network AS15169"),
    ("network = 15169,as3786", "network AS3786,AS15169"),
    ("network *Telecom*", "network *telecom*"),
    ("network != \"Acme Ltd.\"", "not network \"acme ltd.\""),
    ("network as-1", "network as-1"),
    ("age > 10s", "age > 10s"),
    ("idle > 90m", "idle > 90m"),
    ("idle ge 1h", "idle >= 1h"),
    ("age<1.5h", "age < 90m"),
    ("recvq > 0", "recvq > 0"),
    ("recvq != 0", "not recvq = 0"),
    ("sendq >= 1M", "sendq >= 1M"),
    ("sendq ge 1m", "sendq >= 1M"),
    ("rtt > 100ms", "rtt > 100ms"),
    ("retrans > 0", "retrans > 0"),
    ("retrans == 3", "retrans = 3"),
    ("bytes_sent > 1M", "bytes_sent > 1M"),
    ("bytes_acked >= 1K", "bytes_acked >= 1K"),
    ("bytes_received < 5", "bytes_received < 5"),
    ("lasted > 5s", "lasted > 5s"),
    ("reason reset", "reason aborted-by-us,reset-by-peer"),
    (
        "reason != Closed_By_Us,error-110,failed",
        "not reason closed-by-us,refused,connect-timed-out,connect-abandoned,no-local-port,unreachable,error-110",
    ),
    ("started > \"10 minutes ago\"", "started > 2026-11-29T12:00:00.000000Z"),
    ("ended<=2026-11-29T14:05:09+09:00", "ended <= 2026-11-29T05:05:09.000000Z"),
    (":8080", "port 8080"),
    (":http", "port 80"),
    (":80-90", "port 80-90"),
    ("192.168.20.100", "host 192.168.20.100"),
    ("10.0.0.0/8", "host 10.0.0.0/8"),
    ("::1", "host ::1"),
    ("[2001:db8::1]:443", "src 2001:db8::1 and lport 443 or dst 2001:db8::1 and rport 443"),
    ("1.2.3.4:443", "src 1.2.3.4 and lport 443 or dst 1.2.3.4 and rport 443"),
    ("src fe80::1%5", "src fe80::1 and src %5"),
    ("src [fe80::1%eth0]:9000", "src fe80::1 and src %7 and lport 9000"),
    ("fe80::1%eth0", "src fe80::1 and src %7 or dst fe80::1 and dst %7"),
    ("dst fe80::%5/64", "dst fe80::/64 and dst %5"),
    ("host %eth0", "host %7"),
    ("ESTABLISHED", "state ESTABLISHED"),
    ("closing", "state FIN_WAIT_1,FIN_WAIT_2,CLOSE_WAIT,CLOSING,LAST_ACK,TIME_WAIT"),
    ("udp", "proto udp"),
    ("port 1 port 2", "port 1 and port 2"),
    ("port 1 and port 2 or port 3", "port 1 and port 2 or port 3"),
    ("port 1 and (port 2 or port 3)", "port 1 and (port 2 or port 3)"),
    ("port 1 && port 2 || port 3", "port 1 and port 2 or port 3"),
    ("(((port 1)))", "port 1"),
    ("! port 1", "not port 1"),
    ("!(port 1 or port 2)ipv4", "not (port 1 or port 2) and ipv4"),
    ("not not port 1", "not not port 1"),
    ("NOT Port 1 AND IPv4", "not port 1 and ipv4"),
    ("(port 1 and port 2) and port 3", "port 1 and port 2 and port 3"),
    ("not (port 1)", "not port 1"),
    ("\tport\n1 ", "port 1"),
];

#[test]
fn every_form_has_its_canonical_text() {
    for (text, canonical) in LANGUAGE {
        let filter = parse(text);
        assert_eq!(filter.to_string(), *canonical, "{text}");
        assert_eq!(parse(canonical), filter, "{text}");
    }
}

#[test]
fn the_table_of_forms_has_every_word() {
    let tested: Vec<String> = LANGUAGE
        .iter()
        .flat_map(|(text, _)| text.split(|c: char| c.is_whitespace() || "!()=<>".contains(c)))
        .map(str::to_ascii_lowercase)
        .collect();
    for word in PRIMARIES.iter().flat_map(|primary| primary.words).chain(&JOINING) {
        assert!(tested.iter().any(|tested| tested == word), "{word} is not tested");
    }
}

#[test]
fn a_filter_may_be_split_into_words_anywhere() {
    let words =
        ["port", "80", "or", "(state", "established", "and", "dst", "10.0.0.0/8)"].map(OsString::from);
    let filter = Filter::parse(&words, &Names).unwrap();
    assert_eq!(filter, parse("port 80 or (state established and dst 10.0.0.0/8)"));
}

#[test]
fn every_state_and_protocol_has_a_word() {
    for word in all_state_words() {
        assert_eq!(parse(&word), parse(&format!("state {word}")), "{word}");
        assert_eq!(parse(&word), parse(&word.replace('-', "_")), "{word}");
    }
    for (word, ..) in PROTOCOLS {
        assert_eq!(parse(word), parse(&format!("proto {word}")), "{word}");
    }
    for (word, _) in SIGN_WORDS {
        assert!(try_parse(&format!("recvq {word} 1")).is_ok(), "{word}");
    }
}

#[test]
fn the_help_has_every_word_and_short_lines() {
    for help in [Language::English, Language::Korean].map(help) {
        for word in PRIMARIES.iter().flat_map(|primary| primary.words).chain(&JOINING) {
            assert!(help.contains(word), "{word}");
        }
        for word in all_state_words() {
            // The help says that case, - and _ do not matter.
            let spelled = word.to_ascii_uppercase().replace('-', "_");
            assert!(help.contains(&word) || help.contains(&spelled), "{word}");
        }
        for word in PROTOCOLS.iter().map(|(word, ..)| word).chain(SIGN_WORDS.iter().map(|(word, _)| word)) {
            assert!(help.contains(word), "{word}");
        }
        for line in help.lines() {
            assert!(cells(line.as_bytes()) <= 80 && line.trim_end() == line, "{line}");
        }
        assert!(help.lines().count() < 180 && !help.contains('\t'));
        assert!(EXAMPLES.iter().all(|(filter, _)| help.contains(filter)));
    }
}

#[test]
fn the_examples_of_the_help_are_valid_filters() {
    for (filter, _) in &EXAMPLES {
        parse(filter);
        assert!(!filter.contains('\''), "{filter} would not survive the quotes around it");
    }
}

proptest! {
    #[test]
    fn the_canonical_text_parses_to_the_same_filter(expression in expression(vec![22, 80, 443])) {
        let filter = Filter::from(expression);
        let text = filter.to_string();
        prop_assert_eq!(try_parse(&text), Ok(filter), "{}", text);
    }

    #[test]
    fn no_text_panics(text in "\\PC*") {
        if let Err(error) = try_parse(&text) {
            prop_assert!(error.at + error.len <= error.text.len());
            prop_assert_eq!(error.to_string().lines().count(), 3);
        }
    }

    #[test]
    fn no_words_panic(words in proptest::collection::vec(word(), 0..12)) {
        let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
        match Filter::parse(&words, &Names) {
            Ok(filter) => {
                let text = filter.to_string();
                prop_assert_eq!(try_parse(&text), Ok(filter), "{}", text);
            }
            Err(error) => {
                let mark = error.to_string();
                prop_assert_eq!(mark.lines().count(), 3);
                prop_assert!(mark.lines().nth(1).is_some_and(|line| line.trim_start().starts_with('^')));
            }
        }
    }
}

/// Generates words of the language, often slightly misspelt.
fn word() -> impl Strategy<Value = String> {
    let known: Vec<String> =
        LANGUAGE.iter().flat_map(|(text, _)| text.split_whitespace()).map(str::to_owned).collect();
    prop_oneof![8 => proptest::sample::select(known), 1 => "\\PC{0,6}", 1 => "[\\x00-\\x7f]{0,4}"]
}
