//! Sockets and processes for tests of everything that shows columns; tests of the program include this file as well.

use netstat_engine::columns::Given;
use netstat_engine::enrich::{Geo, StandIns, UserNames};
use netstat_engine::flow::Rates;
use netstat_engine::text::Zone;
use netstat_engine::view::ConnectionsOptions;
use netstat_model::query::Kinds;
use netstat_model::{
    Container, ContainerRuntime, Executable, Family, IpEndpoint, Missing, Namespace, NetworkNamespace,
    NoOwner, Owner, Ownership, Process, ProcessKey, Socket, SocketId, SocketMemory, SocketRef, SocketTable,
    TcpFields, TcpInfo, TcpState, Timer, TimerKind, Transport,
};
use rustc_hash::FxHashMap;
use std::collections::HashMap;
use std::ffi::OsString;
use std::time::{Duration, SystemTime};

pub(crate) const EVERY_ROW: ConnectionsOptions =
    ConnectionsOptions { listening: true, bound: true, kinds: Kinds::TCP_UDP };

pub(crate) fn end(text: &str) -> IpEndpoint {
    let end: std::net::SocketAddr = text.parse().unwrap();
    IpEndpoint::new(end.ip(), end.port(), 0)
}

pub(crate) fn table(sockets: &[Socket]) -> SocketTable {
    sockets.iter().cloned().collect()
}

pub(crate) fn connection(port: u16, state: TcpState) -> Socket {
    let local = IpEndpoint { port, ..end("192.0.2.1:1") };
    let remote = (state != TcpState::Listen).then(|| end("198.51.100.7:443"));
    Socket { state: Some(state), ..Socket::new(Transport::Tcp, Family::V4, local, remote) }
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
        bytes_acked: Some(4_999_000_000),
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
        namespace: Some(Namespace { inode: 4_026_532_001 }),
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
        ..Socket::new(Transport::Tcp, Family::V6, end("[::]:80"), None)
    };
    let listener = Socket { state: Some(TcpState::Listen), v6_only: Some(true), ..listener };
    let udp = Socket {
        uid: Some(0),
        ownership: Ownership::Unowned(NoOwner::Kernel),
        ..Socket::new(Transport::Udp, Family::V4, end("0.0.0.0:53"), None)
    };
    [known, unknown, listener, udp]
}

fn namespace(name: &str) -> NetworkNamespace {
    let id = Namespace { inode: 4_026_532_001 };
    NetworkNamespace { id, name: Some(name.into()), container: None, process: Some(10) }
}

/// What is known of the processes, the users and the interfaces of [`four_sockets`].
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) processes: FxHashMap<ProcessKey, Process>,
    users: UserNames,
    interfaces: HashMap<u32, OsString>,
    own: Option<Namespace>,
    namespaces: HashMap<u64, NetworkNamespace>,
    stand_ins: StandIns,
    geo: Geo,
    zone: Zone,
}

pub(crate) fn facts() -> Facts {
    let id = |pid| ProcessKey { pid, start_time: 1 };
    let known = |pid, name: &str| Process {
        name: Ok(name.into()),
        comm: Ok("MainThread".into()),
        executable: Ok(Executable { path: "/usr/bin/sp ace".into(), deleted: pid == 11 }),
        unit: Ok("nginx.service".into()),
        command_line: Ok(vec![name.into(), "-c".into(), "a \u{1b}[2J\"b,".into()]),
        user: Ok(0),
        namespace_pid: Ok(pid - 9),
        container: Ok(Container {
            runtime: ContainerRuntime::CriO,
            id: CONTAINER_ID.into(),
            name: (pid == 11).then(|| "w\u{1b}eb".into()),
            pod_name: None,
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
        own: Some(namespace("web").id),
        namespaces: HashMap::from([(4_026_532_001, namespace("web"))]),
        stand_ins: StandIns::default(),
        geo: Geo::built_in(),
        zone: Zone::UTC,
    }
}

/// Two looks are made up: what has sent something moves.
fn rates_of_what_sends(socket: &SocketRef<'_>) -> Option<Rates> {
    let sent = socket.tcp_number(TcpFields::BYTES_SENT)?;
    Some(Rates { down: 4096, up: sent / 1_000_000, down10: 409, up10: sent / 10_000_000 })
}

impl Facts {
    pub(crate) fn given(&self) -> Given<'_> {
        Given {
            processes: &self.processes,
            users: &self.users,
            interfaces: &self.interfaces,
            own: self.own,
            names_zones: true,
            namespaces: &self.namespaces,
            stand_ins: &self.stand_ins,
            geo: &self.geo,
            zone: &self.zone,
            now: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)),
            rates: &rates_of_what_sends,
        }
    }
}
