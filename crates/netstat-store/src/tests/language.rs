//! A filter says the same of a socket that is there, and of the history of that moment.

use super::{BOOTED, Folder, clock, curl, day, opened, seconds, writer};
use crate::made::record;
use crate::{Past, Reader, Standing};
use netstat_engine::filter::{Context, Filter, NumbersOnly, Tri, next};
use netstat_model::history::{ConnectionEvent, ConnectionRecord, ConnectionRole};
use netstat_model::query::{Fields, Kinds, Listing, OwnerSearch, ProcessFields, SocketQuery, States, Visit};
use netstat_model::{
    Executable, Family, IpEndpoint, Missing, NoOwner, Owner, Ownership, Process, ProcessKey, Socket,
    TcpFields, TcpState, Transport,
};
use netstat_os::{Processes as _, Sockets as _};
use proptest::prelude::*;
use std::time::SystemTime;

/// Every word of the language that a moment knows, with values that some of the sockets have.
const FILTERS: [&str; 32] = [
    "port 443",
    "lport 1-30000",
    "rport 30000-65535",
    "not rport 443",
    "host 10.0.0.0/30",
    "src 10.0.0.1",
    "dst 10.0.0.0/31",
    "src 0.0.0.0/1",
    "dst ::/1",
    "src %1",
    "state listening",
    "state established",
    "state syn-sent or udp",
    "not established",
    "tcp",
    "udpv6",
    "ipv4",
    "ipv6",
    "loopback",
    "private",
    "public",
    "pid 7",
    "not pid 7",
    "process curl",
    "not process c*",
    "path /usr/*",
    "unit fetch.service",
    "user 1000",
    "user 1,2 or port 1",
    "started > 2026-09-21T14:13:40Z",
    "reason reset or ended > 2020-01-01T00:00:00Z",
    "process curl and not public",
];

/// What some word of the language takes.
const VALUES: [&str; 17] = [
    "443",
    "10.0.0.1",
    "established",
    "tcp",
    "inet",
    "> 0",
    "> 1ms",
    "> 2026-09-21T14:13:40Z",
    "reset",
    "KR",
    "dns",
    "AS1",
    "c*",
    "1000",
    "4026531840",
    "> 1k",
    "yes",
];

/// A filter for every word that the language has.
fn every_word() -> Vec<String> {
    let words = next("", &NumbersOnly).unwrap().words;
    let parses = |text: &String| Filter::parse(&[text.into()], &NumbersOnly).is_ok();
    let with_value = |word: &str| {
        let with = |value: &&str| format!("{word} {value}");
        std::iter::once(word.to_owned()).chain(VALUES.iter().map(with)).find(parses)
    };
    words
        .iter()
        .map(|word| match word.text.as_str() {
            "not" => "not tcp".to_owned(),
            text => with_value(text).unwrap_or_else(|| panic!("no value for {text}")),
        })
        .collect()
}

#[test]
fn there_is_a_filter_for_every_word() {
    let filters = every_word();
    for word in ["lasted", "reason", "ended", "bytes_received", "country", "container", "recvq", "time-wait"]
    {
        assert!(filters.iter().any(|filter| filter.split(' ').next() == Some(word)), "{word}: {filters:?}");
    }
}

/// The socket that the system has of a record at a moment, and shows to somebody who may see everything.
fn live(record: &ConnectionRecord) -> Socket {
    let family = match (record.local.address.is_ipv4(), record.remote.map(|end| end.address.is_ipv4())) {
        (true, _) | (_, Some(true)) => Family::V4,
        _ => Family::V6,
    };
    let state = match record.role {
        ConnectionRole::Listener => TcpState::Listen,
        ConnectionRole::Active if record.established.is_none() => TcpState::SynSent,
        _ => TcpState::Established,
    };
    let owner = |key| Owner { process: key, parent: Some(1), descriptor: None };
    Socket {
        state: (record.transport == Transport::Tcp).then_some(state),
        v6_only: record.v6_only,
        uid: record.uid,
        age: record.started.map(|started| seconds(60) - started),
        ownership: match record.process {
            Some((instance, _)) => Ownership::Held(vec![owner(instance.process)]),
            None => Ownership::Unowned(NoOwner::Vanished),
        },
        ..Socket::new(record.transport, family, record.local, record.remote)
    }
}

fn described(key: ProcessKey) -> Process {
    Process {
        name: Ok("curl".into()),
        comm: Ok("curl".into()),
        executable: Ok(Executable { path: "/usr/bin/curl".into(), deleted: false }),
        unit: Ok("fetch.service".into()),
        ..Process::unknown(key, Missing::NotRead)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_word_says_the_same_of_both(records in proptest::collection::vec((record(), 0..60u64), 1..12)) {
        let folder = Folder::new();
        let mut writer = writer(&folder, 0);
        writer.append(&[ConnectionEvent::Process(Box::new(curl()))]);
        let mut expected = Vec::new();
        for (number, (mut record, started)) in records.into_iter().enumerate() {
            record.cookie = number as u64 + 1;
            record.namespace = None;
            record.ended = None;
            record.first_fin = None;
            record.started = Some(seconds(started));
            record.established = record.established.map(|_| seconds(started));
            record.process = record.process.map(|(_, source)| (curl().instance, source));
            if record.role == ConnectionRole::Listener || record.remote.is_none() {
                record.role = ConnectionRole::Listener;
                record.remote = None;
            }
            // Ends of two families do not make a connection.
            if record.remote.is_some_and(|end| end.address.is_ipv4() != record.local.address.is_ipv4()) {
                record.remote = Some(IpEndpoint { port: 443, ..record.local });
            }
            writer.append(&[opened(record.clone())]);
            expected.push(record);
        }
        writer.commit(&clock(60)).unwrap();
        let reader = Reader::open(folder.as_ref()).unwrap();
        let time = day(60);
        let Standing::Recorded(at) = reader.standing(time) else { panic!() };
        let past = Past::table(&reader, at, time);
        let mut query = SocketQuery::new(Kinds::TCP_UDP, States::all());
        query.fields = Fields::COMMON | Fields::LIFESPAN;
        query.tcp = TcpFields::RTT;
        let listing = Listing { query: &query, owners: OwnerSearch::No, may_restart: true };
        let (table, _) = past.sockets(&listing, &mut |_| Visit::Keep).unwrap().data;
        prop_assert_eq!(table.len(), expected.len());
        let processes = past.processes(&table.processes(), ProcessFields::all()).data;
        // A history does not keep everything; but where both know, they say the same.
        let all: Vec<String> = every_word();
        let every = all.iter().map(|text| (text.as_str(), false));
        for (text, is_kept) in FILTERS.iter().map(|text| (*text, true)).chain(every) {
            let mut filter = Filter::parse(&[text.into()], &NumbersOnly).unwrap();
            filter.set_now(Some(SystemTime::UNIX_EPOCH + seconds(BOOTED + 60)));
            for record in &expected {
                let find_past = |key| processes.iter().find(|process| process.id == key);
                let socket = table.iter().find(|socket| socket.id.cookie == Some(record.cookie)).unwrap();
                let in_history = filter.matches(socket, &Context::new(&find_past));
                let curl = described(curl().instance.process);
                let find_live = |_| Some(&curl);
                let now = filter.matches(&live(record), &Context::new(&find_live));
                if is_kept || (in_history != Tri::Unknown && now != Tri::Unknown) {
                    prop_assert_eq!(in_history, now, "{} of {:?}", text, record);
                }
            }
        }
    }
}
