//! Real engines: what is sent is there once, and what is asked is what the store on this side answers.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod engines;

use engines::{Engine, Folder, Wire};
use netstat_engine::columns::by_name;
use netstat_engine::filter::{Context, Filter, NumbersOnly};
use netstat_fleet::{
    Asked, Client, Credentials, Fleet, FleetError, FleetPast, Question, Sender, Server, Target,
};
use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, OwnerSource, ProcessInstance,
    ProcessRecord,
};
use netstat_model::query::{Fields, Kinds, Listing, OwnerSearch, ProcessFields, SocketQuery, States, Visit};
use netstat_model::{IpEndpoint, Process, ProcessKey, Socket, TcpFields, Transport};
use netstat_os::{Processes, Sockets};
use netstat_store::{Past, Preselection, Reader, Span, Standing, Writer, WriterOptions};
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const BOOTED: u64 = 1_790_000_000;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn clock(at: u64) -> ClockReading {
    ClockReading { boot_id: "one".into(), since_boot: seconds(at), since_1970: seconds(BOOTED + at) }
}

fn day(at: u64) -> SystemTime {
    UNIX_EPOCH + seconds(BOOTED + at)
}

fn client(url: &str) -> Client {
    Client::new(Target::parse(url).unwrap(), Credentials::default(), seconds(60))
}

fn writer(store: &Path, host: &str, at: u64) -> Writer {
    let options =
        WriterOptions { host: Some(host.to_owned()), mode: Some("complete".into()), ..Default::default() };
    Writer::open(store, &options, &clock(at)).unwrap()
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(4) > 0).then(|| value(self))
    }

    fn end(&mut self) -> IpEndpoint {
        let address = self.one(&[
            "10.0.0.1",
            "10.0.0.2",
            "203.0.113.7",
            "0.0.0.0",
            "::",
            "::1",
            "2001:db8::7",
            "fe80::1",
        ]);
        let scope = if address.starts_with("fe80") { 2 } else { 0 };
        IpEndpoint::new(address.parse().unwrap(), self.one(&[22, 443, 3389, 40_000, 50_000]), scope)
    }

    fn record(&mut self, cookie: u64, is_over: bool) -> ConnectionRecord {
        let started = 100 + self.below(50);
        let ended = started + self.below(40);
        let role = self.one(&[
            ConnectionRole::Active,
            ConnectionRole::Active,
            ConnectionRole::Passive,
            ConnectionRole::Listener,
            ConnectionRole::Unknown,
        ]);
        let local = self.end();
        let mut remote = (role != ConnectionRole::Listener).then(|| self.end());
        // Ends of two families do not make a connection.
        if remote.is_some_and(|end| end.address.is_ipv4() != local.address.is_ipv4()) {
            remote = Some(IpEndpoint { port: 443, ..local });
        }
        let micros = |chance: &mut Self| Duration::from_micros(chance.below(1_000_000));
        let reason = self.one(&[
            EndReason::ClosedByUs,
            EndReason::ClosedByPeer,
            EndReason::ResetByPeer,
            EndReason::Refused,
            EndReason::ConnectTimedOut,
            EndReason::Other(113),
        ]);
        let source = self.one(&[OwnerSource::Made, OwnerSource::Closed, OwnerSource::Held]);
        ConnectionRecord {
            cookie,
            namespace: None,
            transport: self.one(&[Transport::Tcp, Transport::Tcp, Transport::Tcp, Transport::Udp]),
            role,
            local,
            remote,
            v6_only: self.maybe(|chance| chance.below(2) == 0),
            started: self.maybe(|_| seconds(started)),
            bound: None,
            established: (role != ConnectionRole::Listener && reason != EndReason::Refused)
                .then(|| seconds(started)),
            first_fin: None,
            ended: is_over.then(|| (seconds(ended) + micros(self), reason)),
            process: self.maybe(|chance| (process(chance.below(4)).instance, source)),
            uid: self.maybe(|chance| u32::try_from(chance.below(3) * 500).unwrap()),
            bytes_sent: self.maybe(|chance| chance.below(1 << 40)),
            bytes_received: self.maybe(|chance| chance.below(1 << 20)),
            rtt: self.maybe(|chance| u32::try_from(chance.below(200_000)).unwrap()),
            min_rtt: None,
            retransmits: self.maybe(|chance| u32::try_from(chance.below(3)).unwrap()),
        }
    }
}

/// One of a few processes; of the last nothing is known but its number.
fn process(number: u64) -> ProcessRecord {
    let name = ["curl", "wget_2", "nginx"].get(usize::try_from(number).unwrap()).copied().unwrap_or("none");
    ProcessRecord {
        instance: ProcessInstance {
            process: ProcessKey { pid: 7 + u32::try_from(number).unwrap(), start_time: 3 },
            executions: 1,
        },
        parent: Some(1),
        uid: Some(500),
        user: Some("alice".into()),
        name: name.as_bytes().into(),
        comm: name.as_bytes().into(),
        executable: (number != 1).then(|| format!("/usr/bin/{name}").into_bytes().into()),
        arguments: None,
        cgroup: (number != 2).then(|| b"/x".as_slice().into()),
        unit: (number == 0).then(|| "fetch.service".into()),
        container: None,
    }
}

/// Makes a store of so many ends, and of some open sockets.
fn store(path: &Path, host: &str, ends: u64, seed: u64) -> Writer {
    let mut chance = Chance(seed);
    let mut writer = writer(path, host, 90);
    let processes: Vec<_> =
        (0..3).map(|number| ConnectionEvent::Process(Box::new(process(number)))).collect();
    writer.append(&processes);
    for cookie in 1..=ends {
        writer.append(&[ConnectionEvent::Ended(Box::new(chance.record(cookie, true)))]);
        if cookie.is_multiple_of(1 << 14) {
            writer.commit(&clock(200)).unwrap();
        }
    }
    for cookie in 0..20 {
        writer.append(&[ConnectionEvent::Opened(Box::new(chance.record(1 << 40 | cookie, false)))]);
    }
    writer.commit(&clock(200)).unwrap();
    writer
}

/// Every kind of test, with values that some of the rows have.
const FILTERS: [&str; 50] = [
    "port 443",
    "lport 1-30000",
    "not rport 22,3389",
    "port 22 or rport 40000-60000",
    "host 10.0.0.0/30",
    "src 10.0.0.1",
    "not dst 10.0.0.0/31",
    "src 0.0.0.0/1",
    "dst ::/1",
    "host ::/0",
    "not src ::/0",
    "src fe80::1",
    "src %2",
    "state listening",
    "not state listening",
    "state established or udp",
    "not established",
    "state closed rport 443",
    "tcp",
    "udpv6",
    "ipv4",
    "not ipv6",
    "loopback",
    "public or port 22",
    "pid 7",
    "not pid 7,8",
    "process curl",
    "not process curl",
    "process wget_2",
    "not process wget_2",
    "process w*2",
    "not process c*",
    "process [cw]*",
    "process ?ginx",
    "path /usr/bin/*",
    "not path /usr/bin/curl",
    "unit fetch",
    "not unit fetch.service",
    "user 500",
    "not user 0,1000",
    "hostname WEB1",
    "not hostname web*",
    "started > 2026-09-21T14:15:30Z",
    "not started > 2026-09-21T14:15:30Z",
    "ended > 2026-09-21T14:15:50Z",
    "lasted > 20s or rtt > 100ms",
    "not retrans > 0",
    "bytes_acked > 1M bytes_received lt 500K",
    "reason refused,error-113 or reason reset",
    "not (process curl and not (rport 443 or reason failed))",
];

fn listing(query: &SocketQuery) -> Listing<'_> {
    Listing { query, owners: OwnerSearch::No, may_restart: true }
}

fn everything() -> SocketQuery {
    let mut query = SocketQuery::new(Kinds::TCP_UDP, States::all());
    query.fields = Fields::COMMON | Fields::LIFESPAN;
    query.tcp =
        TcpFields::RTT | TcpFields::TOTAL_RETRANSMITS | TcpFields::BYTES_ACKED | TcpFields::BYTES_RECEIVED;
    query
}

/// Returns what a system answers that matches a filter, in text that tells everything of each socket.
fn matching(system: &(impl Sockets + Processes), filter: &Filter) -> Vec<String> {
    let query = everything();
    let mut sockets: Vec<Socket> = Vec::new();
    system
        .sockets(&listing(&query), &mut |socket| {
            sockets.push(socket.to_socket());
            Visit::Skip
        })
        .unwrap();
    let keys: Vec<ProcessKey> =
        sockets.iter().filter_map(|socket| socket.ownership.principal().map(|owner| owner.process)).collect();
    let processes: Vec<Process> = system.processes(&keys, ProcessFields::all()).data;
    let find = |key| processes.iter().find(|process| process.id == key);
    let mut found: Vec<String> = sockets
        .into_iter()
        .filter(|socket| filter.matches(socket, &Context::new(&find)).is_yes())
        .map(|mut socket| {
            let name = socket.ownership.principal().map(|owner| {
                let process = find(owner.process).unwrap();
                format!("{} {:?} {:?} {:?}", process.id.pid, process.name, process.executable, process.unit)
            });
            // Each side has numbers of its own for processes.
            socket.ownership = netstat_model::Ownership::NotRead;
            format!("{socket:?} {name:?}")
        })
        .collect();
    found.sort();
    found
}

fn question<'f>(asked: Asked, filter: Option<&'f Filter>) -> Question<'f> {
    Question {
        asked,
        filter,
        wants_processes: true,
        groups: None,
        first: None,
        most: 1_000_000,
        now: day(200),
    }
}

/// Fails with the first socket that only one of them has.
fn are_the_same(there: Vec<String>, here: Vec<String>, what: &str) {
    let only = |some: &[String], others: &[String]| some.iter().find(|one| !others.contains(one)).cloned();
    if let (None, None) = (only(&there, &here), only(&here, &there)) {
        assert_eq!(there.len(), here.len(), "{what}");
        return;
    }
    panic!("{what}:\n  {:?}\n  {:?}", only(&there, &here), only(&here, &there));
}

/// Compares what a server answers with what the store answers.
fn both_answer_the_same(engine: &Engine, url: &str, every: usize) {
    let folder = Folder::new("same");
    let path = folder.join("history.db");
    let writer = store(&path, "web1", 400, 7);
    let client = client(url);
    Server::create(&client).unwrap();
    let mut sender = Sender::new(client.clone(), &path).unwrap();
    let sent = sender.send(&mut |_| true).unwrap();
    assert_eq!((sent.ends, sent.open, sent.missing), (400, 20, 0));
    // There is nothing more to send.
    let again = sender.send(&mut |_| true).unwrap();
    assert_eq!((again.ends, again.open), (0, 0));
    assert_eq!(engine.number("SELECT count() FROM net.netstat_ends"), 400);
    let reader = Reader::open(&path).unwrap();
    let fleet = Fleet::open(client).unwrap();
    let moment = day(140);
    let Standing::Recorded(at) = reader.standing(moment) else { panic!() };
    let Standing::Recorded(last) = reader.standing(day(150) - Duration::from_micros(1)) else { panic!() };
    let spans = [
        Span::default(),
        Span { since: Some(day(130)), until: None },
        Span { since: Some(day(120)), until: Some(day(150)) },
    ];
    // Each by itself, and some of them joined by chance.
    let mut chance = Chance(77);
    let joined = (0..40).map(|_| {
        let [one, two, three] = [(); 3].map(|()| chance.one(&FILTERS));
        match chance.below(3) {
            0 => format!("({one}) and not (({two}) or {three})"),
            1 => format!("({one}) or not ({two})"),
            _ => format!("not (({one}) and ({two})) and ({three})"),
        }
    });
    let filters = FILTERS.iter().map(|text| (*text).to_owned()).chain(joined);
    for (number, text) in filters.step_by(every).enumerate() {
        let mut filter = Filter::parse(&[text.as_str().into()], &NumbersOnly).unwrap();
        filter.set_now(Some(day(200)));
        for span in spans.into_iter().skip(number % 3).take(1) {
            let last = span.until.map(|_| last);
            let here = Past::span(&reader, span, Preselection::default(), last, day(200));
            let there = FleetPast::new(&fleet, question(Asked::Span(span), Some(&filter)));
            are_the_same(matching(&there, &filter), matching(&here, &filter), &format!("{text} {span:?}"));
        }
        if number % 2 == 1 {
            continue;
        }
        filter.set_now(Some(moment));
        let here = Past::table(&reader, at, moment);
        let there = FleetPast::new(&fleet, question(Asked::Table(moment), Some(&filter)));
        are_the_same(matching(&there, &filter), matching(&here, &filter), &format!("{text} at a moment"));
    }
    counts_are_those_of_the_rows(&fleet);
    drop(writer);
}

/// What the server counts is what there are rows of.
fn counts_are_those_of_the_rows(fleet: &Fleet) {
    for (text, columns) in [
        ("tcp or udp", &["host", "reason"][..]),
        ("reason failed", &["raddr", "rport", "process"]),
        ("not rport 22", &["proto", "side", "lport"]),
        ("tcp or udp", &["pid", "unit"]),
        ("tcp or udp", &["state", "path"]),
        ("not process curl", &["host", "process"]),
        ("user 500 rport 443", &["foreign"]),
    ] {
        let filter = Filter::parse(&[text.into()], &NumbersOnly).unwrap();
        let columns: Vec<_> = columns.iter().map(|name| by_name(name).unwrap()).collect();
        let asked = Asked::Span(Span::default());
        let count = |groups: Option<&[&'static netstat_engine::columns::Column]>| {
            let past = FleetPast::new(fleet, Question { groups, ..question(asked, Some(&filter)) });
            assert_eq!(past.is_counted(), groups.is_some(), "{text}");
            let query = everything();
            let mut rows = 0;
            past.sockets(&listing(&query), &mut |socket| {
                rows += socket.lifespan().unwrap().alike;
                Visit::Skip
            })
            .unwrap();
            rows
        };
        let past = FleetPast::new(fleet, question(asked, Some(&filter)));
        let rows = matching(&past, &filter).len() as u64;
        assert_eq!(count(Some(&columns)), rows, "{text}");
    }
}

#[test]
fn the_old_server_answers_as_the_store_does() {
    let Some(engine) = Engine::server(Ipv4Addr::LOCALHOST) else {
        return netstat_lab::skip("clickhouse-server is not here");
    };
    both_answer_the_same(&engine, &engine.url(), 1);
}

#[test]
fn todays_engine_answers_as_the_store_does() {
    let Some(engine) = Engine::chdb() else { return netstat_lab::skip("chdb is not here") };
    both_answer_the_same(&engine, &engine.url(), 4);
    // It knows types of addresses, and forgets by itself.
    assert_eq!(
        engine
            .ask("SELECT type FROM system.columns WHERE table = 'netstat_ends' AND name = 'remote'")
            .unwrap()
            .trim(),
        "IPv6"
    );
}

/// Sends what there is until it is all there, however often the connection breaks.
fn persist(sender: &mut Sender) -> u32 {
    for failures in 0..20 {
        match sender.send(&mut |_| true) {
            Ok(_) => return failures,
            Err(FleetError::Away(_) | FleetError::Garbled | FleetError::Refused(..)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    panic!("it never arrives");
}

fn nothing_is_lost_or_doubled_by_cuts(engine: &Engine) {
    const ENDS: u64 = 3_000;
    let folder = Folder::new("cuts");
    let path = folder.join("history.db");
    let mut writer = store(&path, "web1", ENDS, 99);
    let wire = Wire::new(engine);
    let url = format!("clickhouse://127.0.0.1:{}/net?days=0", wire.port);
    Server::create(&client(&url)).unwrap();
    let mut chance = Chance(5);
    let mut all = ENDS;
    let mut failures = 0;
    // In the middle of what is sent, in its last bytes, and before the answer.
    for cut in 0..12u64 {
        match cut % 4 {
            0 => wire.cut_after(Some(2_000 + chance.below(20_000)), None),
            1 => wire.cut_after(Some(9_000 + chance.below(3_000)), None),
            2 => wire.cut_after(None, Some(0)),
            _ => wire.cut_after(None, Some(chance.below(400))),
        }
        // Every other time the sender is another one.
        let mut sender = Sender::new(client(&url), &path).unwrap();
        failures += persist(&mut sender);
        for number in 0..300 {
            let mut record = chance.record(1 << 30 | cut << 16 | number, true);
            // Of another day, so that an insert has several parts.
            record.ended = record.ended.map(|(at, reason)| (at + seconds(86_400 * chance.below(3)), reason));
            writer.append(&[ConnectionEvent::Ended(Box::new(record))]);
        }
        all += 300;
        writer.commit(&clock(201 + cut)).unwrap();
        wire.cut_after(Some(4_000 + chance.below(20_000)), None);
        failures += persist(&mut sender);
        wire.cut_after(None, None);
    }
    let mut sender = Sender::new(client(&url), &path).unwrap();
    failures += persist(&mut sender);
    let cuts = wire.cuts.load(std::sync::atomic::Ordering::Relaxed);
    assert!(cuts >= 10 && failures >= 10, "{cuts} cuts, {failures} failures");
    assert_eq!(Reader::open(&path).unwrap().last_sequence().unwrap(), all);
    // Not only after the server has merged.
    assert_eq!(engine.number("SELECT count() FROM net.netstat_ends"), all);
    assert_eq!(engine.number("SELECT uniqExact(sequence) FROM net.netstat_ends"), all);
    assert_eq!(engine.number("SELECT count() FROM net.netstat_open FINAL WHERE gone = 0"), 20);
}

#[test]
fn nothing_is_lost_or_doubled_when_connections_to_the_old_server_break() {
    let Some(engine) = Engine::server(Ipv4Addr::LOCALHOST) else {
        return netstat_lab::skip("clickhouse-server is not here");
    };
    nothing_is_lost_or_doubled_by_cuts(&engine);
}

#[test]
fn nothing_is_lost_or_doubled_when_connections_to_todays_engine_break() {
    let Some(engine) = Engine::chdb() else { return netstat_lab::skip("chdb is not here") };
    nothing_is_lost_or_doubled_by_cuts(&engine);
}

#[test]
fn what_is_open_is_told_until_it_ends() {
    let Some(engine) = Engine::server(Ipv4Addr::LOCALHOST) else {
        return netstat_lab::skip("clickhouse-server is not here");
    };
    let folder = Folder::new("open");
    let path = folder.join("history.db");
    let mut writer = writer(&path, "web1", 90);
    let mut listener = Chance(3).record(77, false);
    (listener.role, listener.remote, listener.started) = (ConnectionRole::Listener, None, Some(seconds(91)));
    listener.transport = Transport::Tcp;
    listener.local = IpEndpoint::new("0.0.0.0".parse().unwrap(), 3389, 0);
    writer.append(&[ConnectionEvent::Opened(Box::new(listener.clone()))]);
    writer.commit(&clock(100)).unwrap();
    let client = client(&engine.url());
    assert!(matches!(
        Sender::new(client.clone(), &path).unwrap().send(&mut |_| true),
        Err(FleetError::NoTables(_))
    ));
    let failed = Reader::open(&path).unwrap().shipped().unwrap();
    assert!(failed[0].failed.is_some() && failed[0].at.is_none());
    Server::create(&client).unwrap();
    let mut sender = Sender::new(client.clone(), &path).unwrap();
    sender.send(&mut |_| true).unwrap();
    let listening = Filter::parse(&["lport 3389 listening".into()], &NumbersOnly).unwrap();
    let count = || {
        let fleet = Fleet::open(client.clone()).unwrap();
        let past = FleetPast::new(&fleet, question(Asked::Span(Span::default()), Some(&listening)));
        matching(&past, &listening).len()
    };
    assert_eq!(count(), 1);
    assert_eq!(Fleet::open(client.clone()).unwrap().hosts().silent(day(300), |_| true), [("web1", day(100))]);
    assert_eq!(Fleet::open(client.clone()).unwrap().hosts().silent(day(110), |_| true), []);
    listener.ended = Some((seconds(110), EndReason::Closed));
    writer.append(&[ConnectionEvent::Ended(Box::new(listener))]);
    writer.commit(&clock(111)).unwrap();
    // While it catches up, its ends are there before anything else is told: what has ended is not open any more.
    let sent = sender.send(&mut |_| false).unwrap();
    assert_eq!((sent.ends, sent.open), (1, 0));
    let late = || {
        let fleet = Fleet::open(client.clone()).unwrap();
        let asked =
            Question { now: day(100_000), ..question(Asked::Span(Span::default()), Some(&listening)) };
        matching(&FleetPast::new(&fleet, asked), &listening).len()
    };
    assert_eq!(late(), 0);
    // Another sender asks what is there.
    drop(sender);
    let sent = Sender::new(client.clone(), &path).unwrap().send(&mut |_| true).unwrap();
    assert_eq!((sent.ends, sent.open), (0, 1));
    assert_eq!(count(), 0);
    let fleet = Fleet::open(client.clone()).unwrap();
    let past = FleetPast::new(&fleet, question(Asked::Table(day(105)), Some(&listening)));
    assert_eq!(matching(&past, &listening).len(), 1);
    assert_eq!(fleet.hosts().names(), ["web1"]);
    assert_eq!(fleet.hosts().reach(), Some((day(90), day(111))));
    assert_eq!(fleet.hosts().at(day(105), |_| true).recorded, ["web1".into()]);
    assert_eq!(fleet.hosts().at(day(120), |_| true).unknown, ["web1".into()]);
}

#[test]
fn what_a_clock_that_was_set_back_tells_is_newer_all_the_same() {
    let Some(engine) = Engine::server(Ipv4Addr::LOCALHOST) else {
        return netstat_lab::skip("clickhouse-server is not here");
    };
    let folder = Folder::new("back");
    let path = folder.join("history.db");
    let mut writer = writer(&path, "web1", 90);
    let mut connection = Chance(5).record(7, false);
    (connection.started, connection.bound) = (Some(seconds(91)), None);
    writer.append(&[ConnectionEvent::Opened(Box::new(connection.clone()))]);
    writer.commit(&clock(100)).unwrap();
    let client = client(&engine.url());
    Server::create(&client).unwrap();
    Sender::new(client.clone(), &path).unwrap().send(&mut |_| true).unwrap();
    connection.ended = Some((seconds(101), EndReason::ClosedByUs));
    writer.append(&[ConnectionEvent::Ended(Box::new(connection))]);
    // An hour back.
    let back = ClockReading { since_1970: seconds(BOOTED + 102 - 3600), ..clock(102) };
    writer.commit(&back).unwrap();
    let sent = Sender::new(client, &path).unwrap().send(&mut |_| true).unwrap();
    assert_eq!(sent.open, 1);
    assert_eq!(engine.number("SELECT count() FROM net.netstat_open FINAL WHERE gone = 0"), 0);
}

#[test]
fn tables_of_an_older_version_take_what_they_have_columns_for() {
    let Some(engine) = Engine::server(Ipv4Addr::LOCALHOST) else {
        return netstat_lab::skip("clickhouse-server is not here");
    };
    let folder = Folder::new("older");
    let path = folder.join("history.db");
    let _writer = store(&path, "web1", 50, 11);
    let client = client(&engine.url());
    Server::create(&client).unwrap();
    for table in ["netstat_ends", "netstat_open"] {
        for column in ["pod", "retransmits"] {
            engine.ask(&format!("ALTER TABLE net.{table} DROP COLUMN {column}")).unwrap();
        }
    }
    let sent = Sender::new(client.clone(), &path).unwrap().send(&mut |_| true).unwrap();
    assert_eq!((sent.ends, sent.open), (50, 20));
    let all = Filter::parse(&["tcp or udp".into()], &NumbersOnly).unwrap();
    let fleet = Fleet::open(client.clone()).unwrap();
    let past = FleetPast::new(&fleet, question(Asked::Span(Span::default()), Some(&all)));
    assert_eq!(matching(&past, &all).len(), 70);
    // Made up to date, they have them again.
    Server::create(&client).unwrap();
    assert_eq!(
        engine.number("SELECT count() FROM system.columns WHERE database = 'net' AND name = 'pod' AND table = 'netstat_ends'"),
        1
    );
    engine.ask("ALTER TABLE net.netstat_ends DROP COLUMN cookie").unwrap();
    engine.ask("ALTER TABLE net.netstat_open DROP COLUMN gone").unwrap();
    assert!(
        matches!(Fleet::open(client), Err(FleetError::OtherTables(lacks)) if lacks == "netstat_open.gone")
    );
}

#[test]
fn a_store_that_was_carried_to_another_host_is_of_both() {
    let Some(engine) = Engine::server(Ipv4Addr::LOCALHOST) else {
        return netstat_lab::skip("clickhouse-server is not here");
    };
    let folder = Folder::new("carried");
    let path = folder.join("history.db");
    let client = client(&engine.url());
    Server::create(&client).unwrap();
    let mut chance = Chance(9);
    let mut run = |host: &str, filter: Option<&str>, at: u64| {
        let (host, filter) = (Some(host.to_owned()), filter.map(str::to_owned));
        let options = WriterOptions { host, filter, mode: Some("complete".into()), ..Default::default() };
        let mut writer = Writer::open(&path, &options, &clock(at)).unwrap();
        let mut end = chance.record(at, true);
        end.ended = Some((seconds(at + 1), EndReason::ClosedByUs));
        writer.append(&[ConnectionEvent::Ended(Box::new(end))]);
        let open = ConnectionRecord { namespace: None, ..chance.record(at + 1, false) };
        writer.append(&[ConnectionEvent::Opened(Box::new(open))]);
        writer.commit(&clock(at + 10)).unwrap();
        Sender::new(client.clone(), &path).unwrap().send(&mut |_| true).unwrap()
    };
    assert_eq!(run("web1", None, 200).ends, 1);
    assert_eq!(run("web2", Some("port 443"), 300).ends, 1);
    let hosts = |sql: &str| engine.ask(&format!("{sql} ORDER BY host FORMAT TabSeparated")).unwrap();
    assert_eq!(hosts("SELECT host, count() FROM net.netstat_ends GROUP BY host"), "web1\t1\nweb2\t1\n");
    // Nothing is open any more where it was before.
    let open = "SELECT host, sum(is_there) FROM (SELECT host, sequence, 1 - argMax(gone, version) AS is_there
                FROM net.netstat_open GROUP BY host, sequence) GROUP BY host";
    assert_eq!(hosts(open), "web1\t0\nweb2\t2\n");
    let fleet = Fleet::open(client.clone()).unwrap();
    assert_eq!(fleet.hosts().names(), ["web1", "web2"]);
    let filtered = fleet.hosts().filtered(&Span::default(), |_| true);
    let told: Vec<_> = filtered.iter().map(|it| (it.host, it.filtered.filter)).collect();
    assert_eq!(told, [("web2", "port 443")]);
    let before = Span { since: None, until: Some(day(250)) };
    assert_eq!(fleet.hosts().filtered(&before, |_| true), []);
    // Tables of an earlier version do without it.
    engine.ask("ALTER TABLE net.netstat_runs DROP COLUMN filter").unwrap();
    assert_eq!(run("web2", Some("port 443"), 400).ends, 1);
    let fleet = Fleet::open(client).unwrap();
    assert_eq!(fleet.hosts().filtered(&Span::default(), |_| true), []);
}

#[test]
fn what_was_deleted_unsent_is_a_gap_of_the_fleet() {
    let Some(engine) = Engine::server(Ipv4Addr::LOCALHOST) else {
        return netstat_lab::skip("clickhouse-server is not here");
    };
    let folder = Folder::new("unsent");
    let path = folder.join("history.db");
    let client = client(&engine.url());
    Server::create(&client).unwrap();
    // As much as the tables take: no block stays.
    let options = WriterOptions { host: Some("web1".into()), keep_bytes: 1 << 10, ..Default::default() };
    let mut writer = Writer::open(&path, &options, &clock(90)).unwrap();
    let mut sender = Sender::new(client.clone(), &path).unwrap();
    let mut chance = Chance(8);
    for cookie in 0..66_000 {
        writer.append(&[ConnectionEvent::Ended(Box::new(chance.record(cookie + 1, true)))]);
    }
    writer.commit(&clock(200)).unwrap();
    writer.append(&[ConnectionEvent::Ended(Box::new(chance.record(1 << 20, true)))]);
    writer.commit(&clock(201)).unwrap();
    let shipped = Reader::open(&path).unwrap().shipped().unwrap();
    assert_eq!(shipped[0].deleted, 66_000);
    let sent = sender.send(&mut |_| true).unwrap();
    assert_eq!((sent.ends, sent.missing), (1, 66_000));
    let fleet = Fleet::open(client).unwrap();
    let gaps = fleet.hosts().gaps(&Span::default(), |_| true);
    assert_eq!(gaps.iter().map(|known| known.gap.lost).collect::<Vec<_>>(), [Some(66_000)]);
}

#[test]
fn two_servers_of_a_cluster_answer_as_one() {
    let Some([one, two]) = Engine::pair() else {
        return netstat_lab::skip("clickhouse-server is not here");
    };
    let folder = Folder::new("cluster");
    // Without a keeper, the local tables are not replicated: those of one server, and distributed ones over them.
    for engine in [&one, &two] {
        for statement in netstat_fleet::schema(netstat_fleet::Flavour::Plain, None, 0) {
            let local = statement.replacen(" netstat", " net.netstat", 1).replacen("\n(", "_local\n(", 1);
            engine.ask(&local).unwrap();
        }
        for statement in netstat_fleet::schema(netstat_fleet::Flavour::Plain, Some("two"), 0) {
            if statement.contains("Distributed") {
                let statement =
                    statement.replace(" ON CLUSTER two", "").replacen(" netstat", " net.netstat", 1);
                engine.ask(&statement.replace("currentDatabase()", "net")).unwrap();
            }
        }
    }
    let url = one.url();
    for (number, host) in ["web1", "web2", "db1", "db2", "app1", "app2"].into_iter().enumerate() {
        let path = folder.join(&format!("{host}.db"));
        let _writer = store(&path, host, 100, 40 + number as u64);
        let sent = Sender::new(client(&url), &path).unwrap().send(&mut |_| true).unwrap();
        assert_eq!((sent.ends, sent.open), (100, 20));
    }
    let [here, there] =
        [&one, &two].map(|engine| engine.number("SELECT count() FROM net.netstat_ends_local"));
    assert_eq!(here + there, 600);
    assert!(here > 0 && there > 0, "{here} and {there}");
    let all = Filter::parse(&["hostname db*".into()], &NumbersOnly).unwrap();
    for engine in [&one, &two] {
        let fleet = Fleet::open(client(&engine.url())).unwrap();
        let past = FleetPast::new(&fleet, question(Asked::Span(Span::default()), Some(&all)));
        assert_eq!(matching(&past, &all).len(), 240);
    }
}

#[test]
fn a_password_is_asked_for() {
    let Some(engine) = Engine::server(Ipv4Addr::LOCALHOST) else {
        return netstat_lab::skip("clickhouse-server is not here");
    };
    let of = |password: &str| {
        let credentials = Credentials { user: Some("alice".into()), password: Some(password.into()) };
        Server::look(&Client::new(Target::parse(&engine.url()).unwrap(), credentials, seconds(10)))
    };
    assert!(matches!(of("wrong"), Err(FleetError::Denied(_))));
    assert_eq!(of("secret").unwrap().version, "18.16.1");
}

#[test]
fn more_than_may_be_fetched_is_refused_with_its_number() {
    let Some(engine) = Engine::server(Ipv4Addr::LOCALHOST) else {
        return netstat_lab::skip("clickhouse-server is not here");
    };
    let folder = Folder::new("many");
    let path = folder.join("history.db");
    let _writer = store(&path, "web1", 50, 12);
    let client = client(&engine.url());
    Server::create(&client).unwrap();
    Sender::new(client.clone(), &path).unwrap().send(&mut |_| true).unwrap();
    let fleet = Fleet::open(client).unwrap();
    let asked = Question { most: 60, ..question(Asked::Span(Span::default()), None) };
    let past = FleetPast::new(&fleet, asked);
    let query = everything();
    assert!(past.sockets(&listing(&query), &mut |_| Visit::Skip).is_err());
    assert!(matches!(past.take_failure(), Some(FleetError::TooMany(70, 60))));
    // What is taken back ends.
    fleet.course().cancel(fleet.client());
    let past = FleetPast::new(&fleet, question(Asked::Span(Span::default()), None));
    assert!(past.sockets(&listing(&query), &mut |_| Visit::Skip).is_err());
    assert!(matches!(past.take_failure(), Some(FleetError::Cancelled)));
}
