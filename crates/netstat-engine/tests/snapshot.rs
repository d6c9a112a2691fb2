//! The front door, on the running system and on a store of sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use netstat_engine::filter::{Filter, NumbersOnly};
use netstat_engine::{Query, Snapshot};
use netstat_model::query::{Listing, ProcessFields, States, Visit};
use netstat_model::{
    Answer, Error, Family, IpEndpoint, Missing, Namespace, Owner, OwnerMethod, Ownership, Process,
    ProcessKey, Socket, SocketRef, SocketTable, TcpInfo, TcpState, Transport, Warning,
};
use netstat_os::{Machine, Processes, Sockets};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SERVER: ProcessKey = ProcessKey { pid: 7, start_time: 100 };

/// A system that has sockets, processes and a clock, and none of the rest.
struct Store(Vec<Socket>);

impl Store {
    fn new() -> Self {
        let end = |text: &str| {
            let end: std::net::SocketAddr = text.parse().unwrap();
            IpEndpoint::new(end.ip(), end.port(), 0)
        };
        let listener = Socket {
            state: Some(TcpState::Listen),
            ..Socket::new(Transport::Tcp, Family::V4, end("0.0.0.0:80"), None)
        };
        let rtt = Some(Duration::from_micros(1500));
        let connection = Socket {
            state: Some(TcpState::Established),
            tcp: Some(Box::new(TcpInfo { rtt, ..TcpInfo::default() })),
            ownership: Ownership::Held(vec![Owner { process: SERVER, parent: Some(1), descriptor: Some(5) }]),
            ..Socket::new(
                Transport::Tcp,
                Family::V6,
                end("[2001:db8::1]:80"),
                Some(end("[2001:db8::2]:4444")),
            )
        };
        Self(vec![listener, connection])
    }
}

impl Sockets for Store {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        let mut table = SocketTable::new(listing.query.keep());
        for socket in self.0.iter().filter(|socket| listing.query.selects(*socket)) {
            let socket = SocketRef::from(socket);
            if visit(&socket) != Visit::Skip {
                assert!(table.push(&socket));
            }
        }
        let warnings = vec![Warning::OwnersNotPermitted { processes: 2, as_root: false }];
        Ok(Answer { data: (table, OwnerMethod::Bpf), warnings })
    }
}

impl Processes for Store {
    fn processes(&self, wanted: &[ProcessKey], _: ProcessFields) -> Answer<Vec<Process>> {
        let known = |&id| Process { name: Ok("server".into()), ..Process::unknown(id, Missing::NotRead) };
        Answer::whole(wanted.iter().map(known).collect())
    }
}

impl Machine for Store {
    fn host_name(&self) -> Result<String, Error> {
        Ok("web-1".to_owned())
    }
    fn uptime(&self) -> Result<Duration, Error> {
        Ok(Duration::from_millis(4500))
    }
    fn now(&self) -> Option<SystemTime> {
        Some(UNIX_EPOCH + Duration::from_millis(1_764_425_109_123))
    }
    fn boot_id(&self) -> Option<Box<str>> {
        Some("68fc1b26-5ad8-4a2e-8d33-1d8b7ee5a1a0".into())
    }
    fn namespace(&self) -> Option<Namespace> {
        Some(Namespace { inode: 4_026_531_840 })
    }
}

fn ports(snapshot: &Snapshot) -> Vec<String> {
    snapshot.iter().map(|socket| socket.local.to_string()).collect()
}

#[test]
fn a_store_needs_three_traits() {
    let query = Query::tcp().tcp_info().processes(ProcessFields::NAME);
    let snapshot = Snapshot::take_from(&Store::new(), &query).unwrap();
    assert_eq!(ports(&snapshot), ["0.0.0.0:80", "[2001:db8::1]:80"]);
    let [listener, connection] = snapshot.iter().collect::<Vec<_>>()[..] else { panic!() };
    assert!(snapshot.process(&listener).is_none());
    assert_eq!(snapshot.process(&connection).unwrap().name, Ok("server".into()));
    assert_eq!(connection.tcp().unwrap().rtt, Some(Duration::from_micros(1500)));
    assert_eq!(snapshot.info.host.as_deref(), Some("web-1"));
    assert_eq!(snapshot.warnings.len(), 1);
}

#[test]
fn a_query_says_which_sockets_and_what_of_each() {
    let taken = |query| Snapshot::take_from(&Store::new(), &query).unwrap();
    assert_eq!(ports(&taken(Query::all().listening())), ["0.0.0.0:80"]);
    assert_eq!(ports(&taken(Query::tcp().states(States::ESTABLISHED))), ["[2001:db8::1]:80"]);
    assert!(taken(Query::udp()).sockets.is_empty());
    let filter = Filter::parse(&["rport 4444".into()], &NumbersOnly).unwrap();
    let snapshot = taken(Query::tcp().filter(filter));
    assert_eq!(ports(&snapshot), ["[2001:db8::1]:80"]);
    assert!(snapshot.processes.is_empty());
    assert!(snapshot.iter().all(|socket| socket.tcp().is_none()), "nobody asked");
}

#[cfg(feature = "serde")]
#[test]
fn a_snapshot_is_read_back_as_it_was_stored() {
    let query = Query::tcp().tcp_info().details().processes(ProcessFields::NAME);
    let snapshot = Snapshot::take_from(&Store::new(), &query).unwrap();
    let text = serde_json::to_string(&snapshot).unwrap();
    let again: Snapshot = serde_json::from_str(&text).unwrap();
    assert!(again.iter().eq(snapshot.iter()));
    assert_eq!((&again.info, &again.processes), (&snapshot.info, &snapshot.processes));
    assert_eq!(again.owner_method, snapshot.owner_method);
    assert_eq!(again.warnings[0].to_string(), snapshot.warnings[0].to_string());
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
}

#[cfg(target_os = "linux")]
#[test]
fn the_running_system_has_what_this_process_holds() {
    netstat_lab::on_own_thread(|namespace| {
        let _listener = namespace.listener(netstat_lab::Place::LoopbackV4, 8080).unwrap();
        let query = Query::tcp().listening().processes(ProcessFields::NAME);
        let snapshot = Snapshot::take(&query).unwrap();
        assert_eq!(ports(&snapshot), ["127.0.0.1:8080"]);
        let socket = snapshot.iter().next().unwrap();
        assert_eq!(snapshot.process(&socket).unwrap().id.pid, std::process::id());
        assert_eq!(snapshot.info.namespace, Some(Namespace { inode: namespace.inode() }));
    });
}
