use super::*;
use crate::view::{ConnectionsOptions, ConnectionsView};
use netstat_model::query::Kinds;
use netstat_model::{
    Container, ContainerRuntime, Endpoint, Executable, Family, Missing, NoOwner, Ownership, Process,
    ProcessKey, Protocol, Socket, SocketId, SocketMemory, TcpInfo, TcpState, Timer, TimerKind,
};
use std::sync::LazyLock;
use std::time::Duration;

pub(crate) const EVERY_ROW: ConnectionsOptions =
    ConnectionsOptions { listening: true, bound: true, kinds: Kinds::all() };

static NOBODY: LazyLock<Facts> = LazyLock::new(Facts::default);

/// Nothing but the sockets is known.
pub(crate) fn nothing_given() -> Given<'static> {
    NOBODY.given()
}

fn end(text: &str) -> Endpoint {
    let end: std::net::SocketAddr = text.parse().unwrap();
    Endpoint::new(end.ip(), end.port(), 0)
}

fn connection(port: u16, state: TcpState) -> Socket {
    let local = Endpoint { port, ..end("192.0.2.1:1") };
    let remote = (state != TcpState::Listen).then(|| end("198.51.100.7:443"));
    Socket { state: Some(state), ..Socket::new(Protocol::Tcp, Family::V4, local, remote) }
}

pub(crate) fn sockets_in_states(ports: &[(u16, TcpState)]) -> Vec<Socket> {
    ports.iter().map(|(port, state)| connection(*port, *state)).collect()
}

/// Milliseconds each.
pub(crate) fn sockets_with_ports_and_rtts(ports: &[(u16, Option<u64>)]) -> Vec<Socket> {
    let socket = |&(port, rtt): &(u16, Option<u64>)| Socket {
        tcp: Some(Box::new(TcpInfo { rtt: rtt.map(Duration::from_millis), ..TcpInfo::default() })),
        ..connection(port, TcpState::Established)
    };
    ports.iter().map(socket).collect()
}

pub(crate) const CONTAINER_ID: &str = "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869";

/// Everything is known of the first; nothing of the second; the third is a listener of two processes; the fourth is UDP.
pub(crate) fn four_sockets() -> [Socket; 4] {
    let owner =
        |pid, descriptor| Owner { process: ProcessKey { pid, start_time: 1 }, parent: None, descriptor };
    let tcp = TcpInfo {
        rtt: Some(Duration::from_micros(40_125)),
        rttvar: Some(Duration::from_micros(7)),
        min_rtt: Some(Duration::from_micros(12_000)),
        cwnd: Some(10),
        mss: Some(1448),
        pacing_rate: Some(3_333_333),
        delivery_rate: Some(777_777),
        total_retransmits: Some(3),
        bytes_sent: Some(5_000_000_000),
        bytes_received: Some(4096),
        segs_out: Some(30),
        segs_in: Some(12),
        ..TcpInfo::default()
    };
    let known = Socket {
        id: SocketId { inode: Some(4711), cookie: Some(81) },
        uid: Some(1000),
        recv_queue: Some(5),
        send_queue: Some(6),
        interface: Some(2),
        timer: Some(Timer {
            kind: TimerKind::KeepAlive,
            expires_in: Duration::from_millis(7_190_000),
            retransmits: 2,
        }),
        traffic_class: Some(0xb9),
        congestion: Some("cubic".into()),
        age: Some(Duration::from_millis(123_456)),
        tcp: Some(Box::new(tcp)),
        memory: Some(Box::new(SocketMemory { drops: Some(8), ..SocketMemory::default() })),
        mark: Some(42),
        ownership: Ownership::Held(vec![owner(10, Some(7)), owner(11, Some(9))]),
        ..connection(50_000, TcpState::Established)
    };
    let unknown = Socket {
        state: None,
        ownership: Ownership::Unowned(NoOwner::NotPermitted),
        ..connection(50_001, TcpState::Established)
    };
    let listener = Socket {
        recv_queue: Some(1),
        send_queue: Some(128),
        ownership: Ownership::Held(vec![owner(12, None)]),
        ..Socket::new(Protocol::Tcp, Family::V6, end("[::]:80"), None)
    };
    let listener = Socket { state: Some(TcpState::Listen), v6_only: Some(true), ..listener };
    let udp = Socket {
        uid: Some(0),
        ownership: Ownership::Unowned(NoOwner::Kernel),
        ..Socket::new(Protocol::Udp, Family::V4, end("0.0.0.0:53"), None)
    };
    [known, unknown, listener, udp]
}

/// What is known of the processes, the users and the interfaces of [`four_sockets`].
#[derive(Default)]
pub(crate) struct Facts {
    processes: HashMap<ProcessKey, Process>,
    users: UserNames,
    interfaces: HashMap<u32, OsString>,
    geo: Geo,
}

pub(crate) fn facts() -> Facts {
    let id = |pid| ProcessKey { pid, start_time: 1 };
    let known = |pid, name: &str| Process {
        name: Ok(name.into()),
        executable: Ok(Executable { path: "/usr/bin/sp ace".into(), deleted: pid == 11 }),
        unit: Ok("nginx.service".into()),
        command_line: Ok(vec![name.into(), "-c".into(), "a \u{1b}[2J\"b,".into()]),
        user: Ok(0),
        container: Ok(Container {
            runtime: ContainerRuntime::CriO,
            id: CONTAINER_ID.into(),
            pod: Some("ac04f3f2-1f2c-11e9-b015-1ebee232acfa".into()),
        }),
        ..Process::unknown(id(pid), Missing::NotRead)
    };
    let processes = [
        known(10, "ng,\"inx\n"),
        known(11, "=worker"),
        Process { unit: Err(Missing::NotApplicable), ..Process::unknown(id(12), Missing::NotPermitted) },
    ];
    Facts {
        processes: processes.into_iter().map(|process| (process.id, process)).collect(),
        users: UserNames::parse(b"root:x:0:0::/:\nbob:x:1000:1000::/:\n"),
        interfaces: HashMap::from([(2, "eth0".into())]),
        geo: Geo::built_in(),
    }
}

impl Facts {
    pub(crate) fn rename(&mut self, pid: u32, name: &str) {
        let process = self.processes.get_mut(&ProcessKey { pid, start_time: 1 }).unwrap();
        process.name = Ok(name.into());
    }

    pub(crate) fn given(&self) -> Given<'_> {
        Given { processes: &self.processes, users: &self.users, interfaces: &self.interfaces, geo: &self.geo }
    }
}

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
        ("process", ["ng,\"inx\\x0a", "-", "-", "-"]),
        ("path", ["/usr/bin/sp ace", "-", "-", "-"]),
        ("cmdline", ["ng,\"inx\\x0a -c a \\x1b[2J\"b,", "-", "-", "-"]),
        ("user", ["bob", "-", "-", "root"]),
        ("unit", ["nginx.service", "-", "-", "-"]),
        ("container", [&container, "-", "-", "-"]),
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
        ("age", ["123456", "-", "-", "-"]),
    ];
    assert_eq!(
        ALL.iter().map(|column| column.name).collect::<Vec<_>>(),
        expected.iter().map(|(name, _)| *name).collect::<Vec<_>>()
    );
    let (sockets, facts) = (four_sockets(), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    assert_eq!(view.rows().len(), 4);
    for (name, cells) in expected {
        let column = by_name(name).unwrap();
        for (row, cell) in view.rows().iter().zip(cells) {
            assert_eq!(text(&column.value(row, &facts.given())), *cell, "{name}");
        }
    }
}

#[test]
fn numbers_without_a_name_stay_numbers() {
    let sockets = four_sockets();
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let shown = |name| text(&by_name(name).unwrap().value(&view.rows()[0], &nothing_given()));
    assert_eq!(
        (shown("user"), shown("interface"), shown("process")),
        ("1000".into(), "2".into(), "-".into())
    );
}

#[test]
fn a_country_is_that_of_the_foreign_address_and_what_is_not_known_is_not_what_is_not_there() {
    let mut sockets = four_sockets();
    sockets[0].remote = Some(end("168.126.63.1:53"));
    let facts = facts();
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let value = |row: usize, name| by_name(name).unwrap().value(&view.rows()[row], &facts.given());
    assert_eq!(text(&value(0, "country")), "KR");
    assert_eq!(value(0, "network"), Value::Unknown, "the table has none");
    assert_eq!(value(1, "country"), Value::Unknown, "documentation addresses are nowhere");
    assert_eq!(value(2, "country"), Value::Absent("-"), "a listener leads nowhere");
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
        assert!(column.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", column.name);
        assert!(!column.heading.is_empty() && column.meaning.len() > 4 && !column.meaning.ends_with('.'));
        let suffix = match column.kind {
            Kind::Microseconds => "_us",
            Kind::Milliseconds => "_ms",
            _ => "",
        };
        assert_eq!(column.key, format!("{}{suffix}", column.name));
    }
    // Keys that the formats use themselves.
    for taken in ["schema", "owners", "unowned", "rows", "states"] {
        assert!(ALL.iter().all(|column| column.key != taken), "{taken}");
    }
}

#[test]
fn needs_add_up_and_nothing_is_needed_for_nothing() {
    let of = |names: &[&str]| {
        ColumnNeeds::of(&names.iter().map(|name| by_name(name).unwrap()).collect::<Vec<_>>())
    };
    assert_eq!(of(&[]), ColumnNeeds::NOTHING);
    assert_eq!(of(&["local", "state", "recvq", "timer", "inode"]), ColumnNeeds::NOTHING);
    assert_eq!(of(&["pid"]), ColumnNeeds { owners: true, ..ColumnNeeds::NOTHING });
    let all = of(&["rtt", "dscp", "process", "container", "user"]);
    assert_eq!(all.fields, Fields::TCP_INFO | Fields::TRAFFIC_CLASS);
    let account = if cfg!(windows) { ProcessFields::ACCOUNT } else { ProcessFields::empty() };
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
    let host = |text: &str| Value::End(end(text));
    assert!(host("9.0.0.1:80").compare(&host("10.0.0.1:80")).is_lt());
    assert!(host("10.0.0.1:9").compare(&host("10.0.0.1:10")).is_lt());
    assert!(host("255.0.0.1:9").compare(&host("[::1]:1")).is_lt());
    assert!(Value::Number(9).compare(&Value::Unknown).is_lt());
    assert!(Value::Number(9).compare_descending(&Value::Unknown).is_lt());
    assert!(NO_PROCESS.compare(&Value::Unknown).is_lt());
}
