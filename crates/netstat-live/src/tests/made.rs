//! A machine made up for tests: its sockets, its processes, its clock.

use crate::environment::Environment;
use crate::event::Event;
use crate::state::{Beginning, State};
use crate::tab::Tab;
use netstat_check::{Finding, Severity};
use netstat_engine::act::Circumstances;
use netstat_engine::both;
use netstat_engine::enrich::{Geo, StandIns, UserNames};
use netstat_engine::filter::NumbersOnly;
use netstat_engine::look::Look;
use netstat_engine::text::{Language, Zone};
use netstat_model::{
    Container, ContainerRuntime, Executable, Family, HostAddress, InterfaceCounters, InterfaceStats,
    IpEndpoint, Missing, NoOwner, Owner, OwnerMethod, Ownership, Process, ProcessKey, SnapshotInfo, Socket,
    SocketId, TcpInfo, TcpState, Transport, Warning,
};
use netstat_os::NameLookup;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// 2026-11-29 09:41:27 UTC.
const BEGIN: Duration = Duration::from_secs(1_795_945_287);

/// Returns what is known beside the sockets.
pub(super) fn environment(language: Language, ascii: bool) -> Environment {
    Environment {
        language,
        host: "web-01".to_owned(),
        users: Arc::new(UserNames::parse(
            b"root:x:0:0::/:/bin/sh\nwww:x:33:33::/:/bin/sh\nshop:x:1000:1000::/:/bin/sh\n",
        )),
        interfaces: HashMap::new(),
        own: None,
        names_zones: true,
        namespaces: HashMap::new(),
        stand_ins: StandIns::default(),
        geo: Arc::new(Geo::default()),
        zone: Zone::default(),
        lookups: Box::new(NumbersOnly),
        resolver: Arc::new(NoNames),
        circumstances: Circumstances::default(),
        options: String::new(),
        has_history: false,
        colour: false,
        ascii,
    }
}

/// A resolver that knows nobody.
struct NoNames;

impl NameLookup for NoNames {
    fn name_of(&self, _: HostAddress) -> Option<String> {
        None
    }

    fn full_name_of(&self, _: &str) -> Option<String> {
        None
    }
}

/// Returns a view that has seen nothing yet.
pub(super) fn state(language: Language, ascii: bool, tab: Tab, filter: &str) -> State {
    let beginning = Beginning {
        filter: filter.to_owned(),
        tab,
        sort: None,
        interval: Duration::from_secs(1),
        at: None,
        read_only: false,
        group_by: None,
        columns: Vec::new(),
    };
    State::new(environment(language, ascii), &beginning).unwrap()
}

pub(super) fn end(text: &str) -> IpEndpoint {
    let end: std::net::SocketAddr = text.parse().unwrap();
    IpEndpoint::new(end.ip(), end.port(), 0)
}

/// Returns a connection with this cookie.
pub(super) fn connection(cookie: u64, local: &str, remote: &str, state: TcpState, pid: u32) -> Socket {
    let family = if local.starts_with('[') { Family::V6 } else { Family::V4 };
    Socket {
        id: SocketId { inode: Some(cookie + 9000), cookie: Some(cookie) },
        state: Some(state),
        uid: Some(1000),
        recv_queue: Some(0),
        send_queue: Some(0),
        ownership: held_by(pid),
        tcp: Some(Box::new(TcpInfo {
            rtt: Some(Duration::from_micros(410)),
            total_retransmits: Some(2),
            ..TcpInfo::default()
        })),
        ..Socket::new(Transport::Tcp, family, end(local), Some(end(remote)))
    }
}

pub(super) fn listener(cookie: u64, transport: Transport, local: &str, pid: u32) -> Socket {
    let family = if local.starts_with('[') { Family::V6 } else { Family::V4 };
    let is_tcp = transport == Transport::Tcp;
    Socket {
        id: SocketId { inode: Some(cookie + 9000), cookie: Some(cookie) },
        state: is_tcp.then_some(TcpState::Listen),
        uid: Some(0),
        recv_queue: Some(3),
        send_queue: is_tcp.then_some(128),
        ownership: held_by(pid),
        ..Socket::new(transport, family, end(local), None)
    }
}

fn held_by(pid: u32) -> Ownership {
    if pid == 0 {
        return Ownership::Unowned(NoOwner::NotPermitted);
    }
    let process = ProcessKey { pid, start_time: 1 };
    Ownership::Held(vec![Owner { process, parent: None, descriptor: Some(7) }])
}

/// Returns the same socket after so many bytes.
pub(super) fn moved(mut socket: Socket, received: u64, sent: u64) -> Socket {
    if let Some(tcp) = &mut socket.tcp {
        (tcp.bytes_received, tcp.bytes_sent) = (Some(received), Some(sent));
    }
    socket
}

/// Returns a process of this name.
pub(super) fn process(pid: u32, name: &str, unit: Option<&str>) -> Process {
    Process {
        id: ProcessKey { pid, start_time: 1 },
        name: Ok(name.into()),
        comm: Ok(name.into()),
        executable: Ok(Executable { path: format!("/usr/sbin/{name}").into(), deleted: false }),
        unit: unit.map(Into::into).ok_or(Missing::NotApplicable),
        user: Ok(33),
        container: (pid == 9120).then(|| container(name)).ok_or(Missing::NotApplicable),
        ..Process::unknown(ProcessKey { pid, start_time: 1 }, Missing::NotRead)
    }
}

fn container(name: &str) -> Container {
    Container {
        runtime: ContainerRuntime::Docker,
        id: "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869".into(),
        name: Some(name.into()),
        pod: None,
        pod_name: None,
    }
}

/// Returns a look at these sockets, so many seconds after the first.
pub(super) fn look(second: u64, sockets: Vec<Socket>, processes: Vec<Process>) -> Look {
    let at = Duration::from_secs(1000 + second);
    Look {
        info: SnapshotInfo {
            at: Some(SystemTime::UNIX_EPOCH + BEGIN + Duration::from_secs(second)),
            uptime: Some(at),
            host: Some("web-01".to_owned()),
            boot_id: None,
            namespace: None,
        },
        sockets: sockets.into_iter().collect(),
        whole: true,
        opened: Vec::new(),
        closed: Vec::new(),
        lost: 0,
        by_events: false,
        processes,
        method: OwnerMethod::Bpf,
        warnings: Vec::<Warning>::new(),
        took: Duration::from_millis(19),
        age: Duration::ZERO,
        is_current: true,
        listed: None,
    }
}

/// The machine of the screens, at a second.
pub(super) fn machine(second: u64) -> Look {
    use TcpState::{CloseWait, Established, FinWait1};
    let rate = |socket, down: u64, up: u64| moved(socket, 1_000_000 + second * down, 500_000 + second * up);
    let mut sockets = vec![
        rate(connection(1, "192.0.2.10:443", "203.0.113.80:51066", Established, 812), 8_100_000, 94_000),
        rate(connection(3, "192.0.2.10:5432", "192.0.2.20:52824", Established, 2012), 910_000, 1_200_000),
        rate(connection(4, "192.0.2.10:52824", "192.0.2.20:5432", Established, 4711), 402_000, 88_000),
        rate(
            connection(6, "192.0.2.10:47712", "[2001:db8::1:2:3:9]:443", Established, 9120),
            1000,
            61_000_000,
        ),
        rate(connection(7, "192.0.2.10:8443", "203.0.113.14:51500", Established, 0), 700, 200),
        rate(connection(8, "192.0.2.10:40118", "192.0.2.20:5432", CloseWait, 4711), 0, 0),
        listener(20, Transport::Tcp, "0.0.0.0:443", 812),
        listener(21, Transport::Tcp, "[::]:22", 1),
        listener(22, Transport::Udp, "127.0.0.53:53", 640),
    ];
    // What changes: one connection comes, one goes, one changes its state.
    let state = if second < 2 { Established } else { FinWait1 };
    sockets.push(rate(connection(5, "192.0.2.10:22", "198.51.100.7:60412", state, 1), 12_000, 3000));
    if second >= 2 {
        sockets.push(rate(
            connection(2, "192.0.2.10:443", "203.0.113.81:40122", Established, 812),
            9000,
            310,
        ));
    } else {
        sockets.push(rate(
            connection(9, "192.0.2.10:38120", "203.0.113.9:443", Established, 3001),
            4000,
            900,
        ));
    }
    let processes = if second == 0 {
        vec![
            process(812, "nginx", Some("nginx.service")),
            process(2012, "postgres", Some("postgresql.service")),
            process(4711, "orders", Some("orders.service")),
            process(1, "sshd", Some("ssh.service")),
            process(9120, "backup", Some("backup.timer")),
            process(3001, "curl", None),
            process(640, "systemd-resolved", Some("systemd-resolved.service")),
        ]
    } else {
        Vec::new()
    };
    look(second, sockets, processes)
}

/// Returns a view of that machine after three looks.
pub(super) fn seen(language: Language, ascii: bool, tab: Tab, filter: &str) -> State {
    let mut state = state(language, ascii, tab, filter);
    for second in 0..=2 {
        state.update(Event::Look(Box::new(machine(second))), Duration::from_secs(second));
    }
    state
}

/// Returns what two interfaces have counted after so many seconds.
pub(super) fn links(second: u64) -> Vec<InterfaceCounters> {
    let link = |index, name: &str, down: u64, up: u64| InterfaceCounters {
        index,
        name: name.into(),
        loopback: false,
        stats: InterfaceStats {
            rx_bytes: Some(second * down),
            tx_bytes: Some(second * up),
            rx_packets: Some(second * 900),
            tx_packets: Some(second * 700),
            rx_errors: Some(3),
            tx_errors: Some(0),
            rx_dropped: (index == 1).then_some(12),
            ..InterfaceStats::default()
        },
    };
    vec![link(1, "eth0", 41_200_000, 3_100_000), link(2, "wg\x1b[31m0", 0, 900)]
}

/// Returns a fault with rows, one without, and a check that found nothing.
pub(super) fn findings() -> Vec<Finding> {
    let mut close_wait = Finding::new(
        Severity::Warning,
        both!("orders (4711) has not closed 512 connections", "orders (4711): 닫지 않은 연결 512개"),
    );
    close_wait.check = "close-wait";
    close_wait.rows = Some("netstat --columns local,foreign pid 4711 and close_wait".to_owned());
    let mut conntrack = Finding::new(
        Severity::Notice,
        both!("the table of tracked connections is 80 % full", "연결 추적 테이블이 80% 찼습니다"),
    );
    conntrack.check = "conntrack";
    conntrack.meaning = Some(both!(
        "new connections are refused once it is full, whoever makes them and whatever they are for",
        "가득 차면 누가 무엇을 위해 맺든 새 연결이 거부됩니다"
    ));
    conntrack.next =
        vec![both!("raise net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_max를 올리세요")];
    vec![conntrack, Finding::ok(both!("no port is short", "모자란 포트 없음")), close_wait]
}
