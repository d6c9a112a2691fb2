use super::made::{CONTAINER_ID, EVERY_ROW, Facts, end, facts, four_sockets, table};
use super::*;
use crate::text::{Language, cells};
use crate::view::ConnectionsView;
use netstat_model::Ownership;

fn text(value: &Value<'_>) -> String {
    let mut out = Vec::new();
    value.write_text(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn every_column_shows_what_is_known_and_what_is_not() {
    let container = format!("cri-o:{CONTAINER_ID}");
    // The name of a column, and what it shows of each of the four.
    let expected: &[(&str, [&str; 4])] = &[
        ("proto", ["TCP", "TCP", "TCPv6", "UDP"]),
        ("local", ["192.0.2.1:50000", "192.0.2.1:50001", "[::]:80", "0.0.0.0:53"]),
        ("laddr", ["192.0.2.1", "192.0.2.1", "::", "0.0.0.0"]),
        ("lport", ["50000", "50001", "80", "53"]),
        ("foreign", ["198.51.100.7:443", "198.51.100.7:443", "[::]:0", "*:*"]),
        ("raddr", ["198.51.100.7", "198.51.100.7", "*", "*"]),
        ("rport", ["443", "443", "*", "*"]),
        ("country", ["-", "-", "-", "-"]),
        ("network", ["-", "-", "-", "-"]),
        ("state", ["ESTABLISHED", "-", "LISTENING", "-"]),
        ("pid", ["10", "-", "12", "0"]),
        ("pids", ["10 11", "-", "12", "-"]),
        ("nspid", ["1", "-", "-", "-"]),
        ("process", ["ng,\"inx\\x0a", "-", "-", "-"]),
        ("path", ["/usr/bin/sp ace", "-", "-", "-"]),
        ("cmdline", ["ng,\"inx\\x0a -c a \\x1b[2J\"b,", "-", "-", "-"]),
        ("user", ["bob", "-", "-", "root"]),
        ("unit", ["nginx.service", "-", "-", "-"]),
        ("behind", ["-", "-", "-", "-"]),
        ("container", [&container, "-", "-", "-"]),
        ("pod", ["ac04f3f2-1f2c-11e9-b015-1ebee232acfa", "-", "-", "-"]),
        ("netns", ["web", "-", "-", "-"]),
        ("netns_inode", ["4026532001", "-", "-", "-"]),
        ("fd", ["7", "-", "-", "-"]),
        ("recvq", ["5", "-", "1", "-"]),
        ("sendq", ["6", "-", "-", "-"]),
        ("backlog", ["-", "-", "128", "-"]),
        ("timer", ["keepalive/7190000/2", "-", "-", "-"]),
        ("rtt", ["40.125", "-", "-", "-"]),
        ("rttvar", ["0.007", "-", "-", "-"]),
        ("min_rtt", ["12.000", "-", "-", "-"]),
        ("cwnd", ["10", "-", "-", "-"]),
        ("mss", ["1448", "-", "-", "-"]),
        ("pacing", ["3333333", "-", "-", "-"]),
        ("delivery", ["777777", "-", "-", "-"]),
        ("retrans", ["3", "-", "-", "-"]),
        ("bytes_sent", ["5000000000", "-", "-", "-"]),
        ("bytes_received", ["4096", "-", "-", "-"]),
        ("bytes_acked", ["4999000000", "-", "-", "-"]),
        ("down", ["4096", "-", "-", "-"]),
        ("up", ["5000", "-", "-", "-"]),
        ("down10", ["409", "-", "-", "-"]),
        ("up10", ["500", "-", "-", "-"]),
        ("segs", ["42", "-", "-", "-"]),
        ("segs_out", ["30", "-", "-", "-"]),
        ("segs_in", ["12", "-", "-", "-"]),
        ("congestion", ["cubic", "-", "-", "-"]),
        ("dscp", ["46", "-", "-", "-"]),
        ("mark", ["42", "-", "-", "-"]),
        ("drops", ["8", "-", "-", "-"]),
        ("interface", ["eth0", "-", "-", "-"]),
        ("inode", ["4711", "-", "-", "-"]),
        ("cookie", ["81", "-", "-", "-"]),
        ("idle", ["123456", "-", "-", "-"]),
        ("keepalive", ["on", "-", "-", "-"]),
        ("age", ["123456", "-", "-", "-"]),
        ("comm", ["MainThread", "-", "-", "-"]),
        ("started", ["2026-09-21 14:11:16.544", "-", "-", "-"]),
        ("ended", ["-", "-", "-", "-"]),
        ("lasted", ["123456.000", "-", "-", "-"]),
        ("reason", ["-", "-", "-", "-"]),
        ("side", ["-", "-", "-", "-"]),
        ("host", ["-", "-", "-", "-"]),
        ("first_fin", ["-", "-", "-", "-"]),
        ("started_before", ["-", "-", "-", "-"]),
        ("started_after", ["-", "-", "-", "-"]),
        ("app", ["-"; 4]),
        ("name", ["-"; 4]),
        ("family", ["inet"; 4]),
        ("type", ["stream", "stream", "stream", "dgram"]),
        ("peer_inode", ["-"; 4]),
        ("peer_pid", ["-"; 4]),
        ("peer_process", ["-"; 4]),
        ("detail", ["-"; 4]),
    ];
    assert_eq!(
        ALL.iter().map(|column| column.name).collect::<Vec<_>>(),
        expected.iter().map(|(name, _)| *name).collect::<Vec<_>>()
    );
    let (sockets, facts) = (table(&four_sockets()), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    assert_eq!(view.rows().count(), 4);
    for (name, cells) in expected {
        let column = by_name(name).unwrap();
        for (row, cell) in view.rows().zip(cells) {
            assert_eq!(text(&column.value(&row, &facts.given())), *cell, "{name}");
        }
    }
}

#[test]
fn numbers_without_a_name_stay_numbers() {
    let sockets = table(&four_sockets());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let nothing = Facts::default();
    let shown = |name| text(&by_name(name).unwrap().value(&view.rows().next().unwrap(), &nothing.given()));
    assert_eq!(
        (shown("user"), shown("interface"), shown("process")),
        ("1000".into(), "2".into(), "-".into())
    );
}

#[test]
fn a_country_is_that_of_the_foreign_address_and_what_is_not_known_is_not_what_is_not_there() {
    let mut sockets = four_sockets();
    sockets[0].remote = Some(end("168.126.63.1:53").into());
    let (sockets, facts) = (table(&sockets), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let value =
        |row: usize, name| by_name(name).unwrap().value(&view.rows().nth(row).unwrap(), &facts.given());
    assert_eq!(text(&value(0, "country")), "KR");
    assert_eq!(value(0, "network"), Value::Unknown, "the table has none");
    assert_eq!(value(1, "country"), Value::Unknown, "documentation addresses are nowhere");
    assert_eq!(value(2, "country"), Value::Absent("-"), "a listener leads nowhere");
}

#[test]
fn a_container_is_shown_by_its_name_where_that_is_known() {
    let (sockets, facts) = (four_sockets(), facts());
    let Ownership::Held(owners) = &sockets[0].ownership else { panic!() };
    let shown =
        |at: usize| text(&by_name("container").unwrap().of_owner(&owners[at], &facts.given()).unwrap());
    assert_eq!(shown(0), format!("cri-o:{CONTAINER_ID}"));
    assert_eq!(shown(1), "cri-o:w\\x1beb");
}

#[test]
fn a_deleted_executable_is_marked() {
    let (sockets, facts) = (four_sockets(), facts());
    let Ownership::Held(owners) = &sockets[0].ownership else { panic!() };
    let path = by_name("path").unwrap().of_owner(&owners[1], &facts.given()).unwrap();
    assert_eq!(text(&path), "/usr/bin/sp ace (deleted)");
}

#[test]
fn columns_are_described_and_named_apart() {
    let mut names = std::collections::BTreeSet::new();
    for column in ALL {
        assert!(names.insert(column.name) && by_name(&column.name.to_uppercase()) == Some(column));
        assert!(
            column.name.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'0'..=b'9')),
            "{}",
            column.name
        );
        assert!(column.meaning.english().len() > 4);
        let (english, korean) = (column.heading.english(), column.heading.of(Language::Korean));
        // Abbreviations and words of Linux are the same.
        let is_korean = korean.chars().any(|letter| ('가'..='힣').contains(&letter)) || korean == english;
        assert!(!english.is_empty() && is_korean, "{}", column.name);
        let unit = column.unit_in(Language::Korean);
        assert!(["", "ms"].contains(&unit) || unit != column.unit, "{unit}");
        // A heading that is wider than its values widens the table.
        assert!(cells(korean.as_bytes()) <= 16, "{korean}");
        for language in [Language::English, Language::Korean] {
            assert!(!column.meaning.of(language).ends_with('.'), "{}", column.name);
        }
        let suffix = match column.kind {
            Kind::Microseconds => "_us",
            Kind::Milliseconds => "_ms",
            _ => "",
        };
        assert_eq!(column.key, format!("{}{suffix}", column.name));
    }
    // Keys that the formats use themselves.
    for taken in ["schema", "owners", "owners_complete", "unowned", "rows", "states"] {
        assert!(ALL.iter().all(|column| column.key != taken), "{taken}");
    }
}

#[test]
fn needs_add_up_and_nothing_is_needed_for_nothing() {
    let of = |names: &[&str]| {
        ColumnNeeds::of(&names.iter().map(|name| by_name(name).unwrap()).collect::<Vec<_>>())
    };
    assert_eq!(of(&[]), ColumnNeeds::NOTHING);
    assert_eq!(of(&["lport", "state", "inode"]), ColumnNeeds::NOTHING);
    assert_eq!(of(&["local", "foreign"]), ColumnNeeds { interfaces: true, ..ColumnNeeds::NOTHING });
    let common = ColumnNeeds { fields: Fields::COMMON, ..ColumnNeeds::NOTHING };
    assert_eq!(of(&["lport", "state", "recvq", "timer", "inode"]), common);
    assert_eq!(of(&["pid"]), ColumnNeeds { owners: true, ..ColumnNeeds::NOTHING });
    let all = of(&["rtt", "dscp", "process", "container", "user"]);
    // The user: on Windows that of the process, elsewhere that of the socket.
    let (account, uid) = if cfg!(windows) {
        (ProcessFields::ACCOUNT, Fields::empty())
    } else {
        (ProcessFields::empty(), Fields::COMMON)
    };
    assert_eq!((all.fields, all.tcp), (Fields::TRAFFIC_CLASS | uid, TcpFields::RTT));
    assert_eq!(all.process, ProcessFields::NAME | ProcessFields::CONTAINER | account);
    assert!(all.owners && all.users && !all.interfaces && !all.countries && !all.networks);
    assert_eq!(of(&["country"]), ColumnNeeds { countries: true, ..ColumnNeeds::NOTHING });
    assert_eq!(
        of(&["country", "network"]),
        ColumnNeeds { countries: true, networks: true, ..ColumnNeeds::NOTHING }
    );
}

#[test]
fn addresses_and_ports_sort_as_numbers() {
    let host = |text: &str| Value::End(end(text).into(), None);
    assert!(host("9.0.0.1:80").compare(&host("10.0.0.1:80")).is_lt());
    assert!(host("10.0.0.1:9").compare(&host("10.0.0.1:10")).is_lt());
    assert!(host("255.0.0.1:9").compare(&host("[::1]:1")).is_lt());
    assert!(Value::Number(9).compare(&Value::Unknown).is_lt());
    assert!(Value::Number(9).compare_descending(&Value::Unknown).is_lt());
    assert!(NO_PROCESS.compare(&Value::Unknown).is_lt());
}
