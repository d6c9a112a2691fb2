use super::*;
use crate::linux::fake::Fake;
use crate::linux::live::Live;
use crate::linux::source::Recording;
use crate::linux::wire::tests::{Script, done, message};
use crate::tape::{Player, Recorder};
use netstat_lab::{Flavor, Loop, Place, on_own_thread, with_remote_host};
use netstat_model::query::{Listing, OwnerSearch, Visit};
use netstat_model::{Answer, Socket, SocketTable, TcpFields, TcpInfo, TcpState};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Everything that the program can tell.
fn everything() -> SocketQuery {
    let fields = Fields::COMMON | Fields::AGE | Fields::MARK | Fields::TIME_IN_STATE;
    let states = States::all().difference(States::CLOSED);
    SocketQuery { fields, tcp: TcpFields::all(), ..SocketQuery::new(Kinds::TCP, states) }
}

fn listed(source: &dyn Source, query: &SocketQuery, by: SocketSource) -> Result<Answer<SocketTable>, Error> {
    let query = SocketQuery { source: by, ..query.clone() };
    let listing = Listing { query: &query, owners: OwnerSearch::No, may_restart: true };
    super::super::list(source, &listing, &mut |_| Visit::Keep)
}

/// Returns whether this process may load the program. Where it may not, the test is skipped.
fn may_load() -> bool {
    match why_no_bpf(&Live) {
        Ok(()) => true,
        Err(reason) => {
            netstat_lab::skip(format_args!("BPF: {reason}"));
            false
        }
    }
}

fn sockets(by: SocketSource, query: &SocketQuery) -> Vec<Socket> {
    let answer = listed(&Live, query, by).unwrap();
    assert_eq!(answer.warnings, []);
    let method = answer.data.listed_by().unwrap();
    assert_eq!(method == ListMethod::Bpf, by == SocketSource::Iter, "{method:?}");
    let mut sockets: Vec<Socket> = answer.data.iter().map(|socket| socket.to_socket()).collect();
    sockets.sort_by_key(|socket| (socket.id, socket.local.clone(), socket.remote.clone()));
    sockets
}

/// Takes out what goes on while two lists are made, and returns it: how long ago, or how long, all of it.
fn take_times(socket: &mut Socket) -> Vec<Option<Duration>> {
    let mut times = vec![
        socket.age.take(),
        socket.time_in_state.take(),
        socket.timer.as_mut().map(|timer| std::mem::take(&mut timer.expires_in)),
    ];
    if let Some(info) = &mut socket.tcp {
        let TcpInfo { last_data_sent, last_data_received, last_ack_received, .. } = &mut **info;
        times.extend([last_data_sent.take(), last_data_received.take(), last_ack_received.take()]);
        times.extend([
            info.busy_time.take(),
            info.window_limited_time.take(),
            info.buffer_limited_time.take(),
        ]);
    }
    times
}

/// Asserts that the program tells of each socket what sock_diag does, before and after; times lie between, and a tick off.
fn assert_the_same(query: &SocketQuery) -> Vec<Socket> {
    let tick = Duration::from_millis(20);
    // A timer that goes off meanwhile changes more than its time.
    for _ in 0..20 {
        let mut before = sockets(SocketSource::Diag, query);
        let mut told = sockets(SocketSource::Iter, query);
        let mut after = sockets(SocketSource::Diag, query);
        let all = told.clone();
        let times = [&mut before, &mut told, &mut after]
            .map(|sockets| sockets.iter_mut().map(take_times).collect::<Vec<_>>());
        if before != after {
            continue;
        }
        for (told, before) in told.iter().zip(&before) {
            assert_eq!(told, before);
        }
        assert_eq!(told.len(), before.len());
        for (((before, told), after), socket) in times[0].iter().zip(&times[1]).zip(&times[2]).zip(&all) {
            for ((before, told), after) in before.iter().zip(told).zip(after) {
                let (Some(one), Some(told), Some(other)) = (before, told, after) else {
                    assert_eq!((before, after), (told, told), "{socket:?}");
                    continue;
                };
                let (least, most) = (*one.min(other), *one.max(other));
                assert!(
                    *told + tick >= least && *told <= most + tick,
                    "{least:?} {told:?} {most:?} {socket:?}"
                );
            }
        }
        return all;
    }
    panic!("no two lists by sock_diag were the same");
}

#[test]
fn sockets_in_every_state_are_what_sock_diag_tells() {
    if !may_load() {
        return;
    }
    with_remote_host(|namespace, host| {
        use netstat_lab::TcpState as Lab;
        let states = [
            Lab::Bound,
            Lab::Listen,
            Lab::SynSent,
            Lab::SynReceived,
            Lab::Established,
            Lab::FinWait1,
            Lab::FinWait2,
            Lab::CloseWait,
            Lab::Closing,
            Lab::LastAck,
            Lab::TimeWait,
        ];
        let mut held = Vec::new();
        for state in states {
            for flavor in Flavor::ALL {
                held.push(host.hold(state, flavor).unwrap());
            }
        }
        for place in [Place::AnyDualStack, Place::AnyV6Only, Place::AnyV4, Place::LoopbackV6] {
            held.push(namespace.listener(place, 0).unwrap());
        }
        // What the kernel keeps when nobody holds it, with its own timer.
        held.push(host.hold(Lab::FinWait2, Flavor::V4).unwrap().orphan().unwrap());
        let connected = [Loop::V4, Loop::V6, Loop::Mapped, Loop::V4ToDualStack]
            .map(|kind| namespace.connected(kind).unwrap());
        let rows: usize = held
            .iter()
            .chain(connected.iter().flat_map(|both| [&both.client, &both.server]))
            .map(|held| held.rows().count())
            .sum();
        let all = assert_the_same(&everything());
        assert!(
            all.len() >= states.len() * Flavor::ALL.len() && all.len() <= rows,
            "{} of {rows}",
            all.len()
        );
        let seen: BTreeSet<String> = all.iter().map(|socket| format!("{:?}", socket.state)).collect();
        assert_eq!(seen.len(), states.len(), "{seen:?}");
        // With fewer fields the rows are shorter.
        let bare = SocketQuery { fields: Fields::empty(), tcp: TcpFields::empty(), ..everything() };
        assert_eq!(assert_the_same(&bare).len(), all.len());
        // Without fields beyond them, the program leaves out what sock_diag tells anyway.
        let some = SocketQuery { tcp: TcpFields::RTT | TcpFields::RECV_WINDOW, ..bare.clone() };
        let known = |sockets: Vec<Socket>| {
            let known = |it: Socket| (it.id, it.state, it.local, it.remote, it.v6_only, it.tcp);
            sockets.into_iter().map(known).collect::<Vec<_>>()
        };
        let told = sockets(SocketSource::Iter, &some);
        // Bound-only sockets are sock_diag's.
        let mut rows = told.iter().filter(|socket| socket.state != Some(TcpState::Bound));
        assert!(rows.all(|socket| socket.uid.is_none() && socket.timer.is_none()));
        assert_eq!(known(told), known(sockets(SocketSource::Diag, &some)));
        for states in [States::TIME_WAIT, States::SYN_RECEIVED | States::LISTEN, States::FIN_WAIT_2] {
            assert!(!assert_the_same(&SocketQuery { states, ..everything() }).is_empty(), "{states:?}");
        }
    });
}

#[test]
fn queues_and_counters_are_what_sock_diag_tells() {
    if !may_load() {
        return;
    }
    on_own_thread(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        // One is waiting to be accepted.
        let waiting = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        server.write_all(&[1; 300]).unwrap();
        // Until nobody takes more.
        client.set_nonblocking(true).unwrap();
        while client.write(&[2; 100_000]).is_ok() {}
        let all = assert_the_same(&everything());
        let of = |state, port| {
            let is = |socket: &&Socket| socket.state == Some(state) && socket.local.port() == Some(port);
            all.iter().find(is).cloned().unwrap()
        };
        let listening = of(TcpState::Listen, listener.local_addr().unwrap().port());
        assert_eq!((listening.recv_queue, listening.send_queue > Some(1)), (Some(1), true));
        let client = of(TcpState::Established, client.local_addr().unwrap().port());
        assert!(client.recv_queue == Some(300) && client.send_queue > Some(0), "{client:?}");
        assert!(client.tcp.unwrap().bytes_sent > Some(0));
        drop(waiting);
    });
}

#[test]
fn what_was_there_all_the_time_is_listed_while_others_come_and_go() {
    if !may_load() {
        return;
    }
    on_own_thread(|_| {
        let ends = |stream: &TcpStream| (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let mut held = Vec::new();
        for _ in 0..1000 {
            held.extend([TcpStream::connect(at).unwrap(), listener.accept().unwrap().0]);
        }
        let stayed: Vec<(SocketAddr, SocketAddr)> = held.iter().map(ends).collect();
        let passing = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = passing.local_addr().unwrap();
        let is_over = AtomicBool::new(false);
        let (seen, passed) = std::thread::scope(|scope| {
            let churn = scope.spawn(|| {
                let mut passed = BTreeSet::new();
                while !is_over.load(Ordering::Relaxed) {
                    let (ours, theirs) = (TcpStream::connect(there).unwrap(), passing.accept().unwrap().0);
                    passed.extend([ends(&ours), ends(&theirs)]);
                }
                passed
            });
            let mut seen = BTreeSet::new();
            for round in 0..60 {
                let query = SocketQuery::new(Kinds::TCP, States::all());
                let mut found: BTreeMap<(SocketAddr, SocketAddr), usize> = BTreeMap::new();
                for socket in sockets(SocketSource::Iter, &query) {
                    let end = |end: &netstat_model::Endpoint| {
                        let end = end.ip().unwrap();
                        SocketAddr::new(end.address, end.port)
                    };
                    if let Some(remote) = &socket.remote {
                        *found.entry((end(&socket.local), end(remote))).or_default() += 1;
                    }
                }
                let missed = stayed.iter().filter(|ends| !found.contains_key(ends)).count();
                assert_eq!(missed, 0, "round {round}");
                seen.extend(found.into_keys());
            }
            is_over.store(true, Ordering::Relaxed);
            (seen, churn.join().unwrap())
        });
        let stayed: BTreeSet<_> = stayed.into_iter().collect();
        let invented: Vec<_> =
            seen.iter().filter(|ends| !stayed.contains(ends) && !passed.contains(ends)).collect();
        assert!(invented.is_empty(), "{invented:?}");
        assert!(seen.len() > stayed.len(), "nothing passed by");
    });
}

#[test]
fn a_recording_of_the_program_replays() {
    if !may_load() {
        return;
    }
    on_own_thread(|namespace| {
        let held = namespace.connected(Loop::Mapped).unwrap();
        let folder = std::env::temp_dir().join(format!("netstat-iter-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let recording = Recording::new(Live, Recorder::create(&folder).unwrap().into());
        let query = SocketQuery { states: LISTED, ..everything() };
        let text = |source: &dyn Source| {
            let answer = listed(source, &query, SocketSource::Iter).unwrap();
            let sockets: Vec<Socket> = answer.data.iter().map(|socket| socket.to_socket()).collect();
            (sockets, answer.data.listed_by(), answer.warnings)
        };
        let recorded = text(&recording);
        recording.finish().unwrap();
        drop(held);
        let replayed = text(&Player::open(&folder).unwrap());
        assert_eq!(replayed, recorded);
        assert_eq!((replayed.0.len(), replayed.1), (3, Some(ListMethod::Bpf)));
        std::fs::remove_dir_all(&folder).unwrap();
    });
}

#[test]
fn the_program_is_tried_where_it_pays() {
    let status = "Name:\tx\nUid:\t0\t0\t0\t0\nNSpid:\t9\nCapEff:\t000001ffffffffff\n";
    let machine = |inuse: u64| {
        let text =
            format!("sockets: used 9\nTCP: inuse {inuse} orphan 0 tw 7 alloc 9 mem 1\nUDP: inuse 1 mem 0\n");
        Fake::new().file("/proc/self/status", status).file("/proc/net/sockstat", text)
    };
    let question = SocketQuery::new(Kinds::TCP, States::all());
    let asked = |machine: &Fake, query: &SocketQuery| is_worth_it(machine, query);
    assert_eq!(asked(&machine(MANY - 7), &question), Ok(()));
    assert_eq!(asked(&machine(MANY - 8), &question), Err(NoBpf::FewSockets));
    let v6 = "TCP6: inuse 1\n";
    assert_eq!(asked(&machine(MANY - 8).file("/proc/net/sockstat6", v6), &question), Ok(()));
    let many = machine(MANY);
    let memory =
        |kib: u64| machine(MANY).file("/proc/meminfo", format!("MemTotal: 9 kB\nMemAvailable:   {kib} kB\n"));
    assert_eq!(asked(&memory(LEAST_MEMORY_KIB), &question), Ok(()));
    assert_eq!(asked(&memory(LEAST_MEMORY_KIB - 1), &question), Err(NoBpf::LittleMemory));
    let told = SocketQuery { source: SocketSource::Iter, ..question.clone() };
    assert_eq!(asked(&memory(1), &told), Ok(()));
    for other in [
        SocketQuery { states: States::LISTEN | States::TIME_WAIT, ..question.clone() },
        SocketQuery { kinds: Kinds::TCP_V6, ..question.clone() },
        SocketQuery { fields: Fields::MEMORY, ..question.clone() },
        SocketQuery {
            programs: netstat_model::query::Programs { tcp: Some([0; 8].into()), udp: None },
            ..question.clone()
        },
    ] {
        assert_eq!(asked(&many, &other), Err(NoBpf::OtherQuestion), "{other:?}");
    }
    let by = |source| SocketQuery { source, ..question.clone() };
    assert_eq!(asked(&many, &by(SocketSource::Diag)), Err(NoBpf::NotAsked));
    assert_eq!(asked(&machine(1), &by(SocketSource::Iter)), Ok(()));
    let memory = SocketQuery { fields: Fields::MEMORY, ..by(SocketSource::Iter) };
    assert_eq!(asked(&many, &memory), Err(NoBpf::OtherQuestion));
}

#[test]
fn sock_diag_answers_where_the_program_cannot() {
    let status = "Name:\tx\nUid:\t0\t0\t0\t0\nNSpid:\t9\nCapEff:\t000001ffffffffff\n";
    let files = || {
        let text = "TCP: inuse 20000 orphan 0 tw 0 alloc 9 mem 1\n";
        Fake::new().file("/proc/self/status", status).file("/proc/net/sockstat", text)
    };
    let row = super::super::decode::tests::row_with_info(1);
    let script = || Script::new([(vec![message(20, 0, &row), done()], None)]).with(files());
    let query = SocketQuery::new(Kinds::TCP, States::CONNECTIONS);
    let answer = listed(&script(), &query, SocketSource::Auto).unwrap();
    assert_eq!((answer.data.len(), answer.warnings), (1, vec![]));
    assert_eq!(answer.data.listed_by(), Some(ListMethod::Diag(NoBpf::NotPermitted)));
    let error = listed(&script(), &query, SocketSource::Iter).unwrap_err();
    assert!(error.to_string().contains("by BPF: not permitted"), "{error}");
}

#[test]
fn a_method_that_is_named_is_the_only_one() {
    let refused = || Script::new([(vec![message(2, 0, &(-13i32).to_ne_bytes())], None)]);
    let query = SocketQuery::new(Kinds::TCP_V6, States::CONNECTIONS);
    let line = "  sl  local_address ...\n";
    let files = || Fake::new().file("/proc/net/tcp6", line);
    let error = listed(&refused().with(files()), &query, SocketSource::Diag).unwrap_err();
    assert!(error.to_string().contains("sock_diag: "), "{error}");
    // Nothing is asked of sock_diag.
    let answer = listed(&Script::new([]).with(files()), &query, SocketSource::Proc).unwrap();
    assert_eq!((answer.data.listed_by(), answer.warnings), (Some(ListMethod::Proc), vec![]));
}

#[test]
fn the_counts_of_sockstat_are_added_up() {
    let text = b"TCP6: inuse 3\nTCP: inuse 5 orphan 1 tw 2 alloc 9 mem 1\n";
    assert_eq!(decode_sockstat(text, b"TCP:"), Some(7));
    assert_eq!(decode_sockstat(text, b"TCP6:"), Some(3));
    for odd in [&b""[..], b"UDP: inuse 5", b"TCP: inuse x", b"TCP: inuse 18446744073709551615 tw 1"] {
        assert_eq!(decode_sockstat(odd, b"TCP:"), None, "{odd:?}");
    }
}
