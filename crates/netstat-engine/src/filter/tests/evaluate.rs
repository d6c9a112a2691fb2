//! Every test on sockets that are known, and on what is not.

use super::generate::{expression, sample};
use super::parse;
use crate::enrich::Geo;
use crate::filter::{Context, Filter, FilterNeeds, Stage, Tri};
use Tri::{No, Unknown, Yes};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{
    Application, ApplicationProtocol, ConnectionRole, Container, ContainerRuntime, EndReason, Executable,
    Family, IpEndpoint, Lifespan, Missing, Namespace, NoOwner, Owner, Ownership, Process, ProcessKey,
    Protocol, Socket, TcpFields, TcpInfo, TcpState, Transport,
};
use proptest::prelude::*;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

fn end(text: &str) -> IpEndpoint {
    let address: std::net::SocketAddr = text.parse().unwrap();
    let scope = if let std::net::SocketAddr::V6(address) = address { address.scope_id() } else { 0 };
    IpEndpoint::new(address.ip(), address.port(), scope)
}

fn tcp(local: &str, remote: &str, state: TcpState) -> Socket {
    let local = end(local);
    let family = if local.address.is_ipv4() { Family::V4 } else { Family::V6 };
    let mut socket = Socket::new(Transport::Tcp, family, local, Some(end(remote)));
    socket.state = Some(state);
    socket
}

fn listener(local: &str, v6_only: Option<bool>) -> Socket {
    let mut socket = tcp(local, "0.0.0.0:0", TcpState::Listen);
    socket.remote = None;
    socket.v6_only = v6_only;
    socket
}

fn check(socket: &Socket, answers: &[(&str, Tri)]) {
    for (text, answer) in answers {
        assert_eq!(parse(text).matches(socket, &Context::NOTHING), *answer, "{text} of {socket:?}");
        let negated = match answer {
            Yes => No,
            No => Yes,
            Unknown => Unknown,
        };
        assert_eq!(
            parse(&format!("not ({text})")).matches(socket, &Context::NOTHING),
            negated,
            "not ({text})"
        );
    }
}

#[test]
fn protocol_and_ends_decide_alone_where_they_can() {
    let socket = tcp("192.0.2.1:40000", "198.51.100.7:443", TcpState::Established);
    for (words, decided, is_of_the_moment) in [
        ("rport 443 tcp dst 198.51.100.0/24", Some(true), false),
        ("rport 80", Some(false), false),
        ("udp process curl", Some(false), false),
        ("rport 443 process curl", None, false),
        ("rport 443 or process curl", Some(true), false),
        ("not process curl", None, false),
        // Whatever the socket is now, a packet may be of another moment.
        ("state established", None, true),
        ("rport 80 rtt gt 1ms", Some(false), true),
    ] {
        let filter = parse(words);
        assert_eq!(filter.by_ends(&socket), decided, "{words}");
        assert_eq!(filter.is_of_the_moment(), is_of_the_moment, "{words}");
    }
}

#[test]
fn a_life_is_tested_where_it_was_seen_and_what_is_there_has_not_ended() {
    let time = |text: &str| match crate::text::When::parse(text) {
        Ok(crate::text::When::Exactly(time)) => time,
        other => panic!("{other:?}"),
    };
    let live = tcp("10.0.0.1:50000", "10.0.0.2:443", TcpState::Established);
    let life = Lifespan {
        host: None,
        alike: 1,
        role: ConnectionRole::Active,
        started: Some(time("2026-11-29T12:00:00Z")),
        started_before: None,
        started_after: None,
        established: None,
        first_fin: None,
        ended: Some((time("2026-11-29T12:00:03Z"), EndReason::ResetByPeer)),
        lasted: Some(Duration::from_secs(3)),
    };
    let past = Socket { lifespan: Some(Box::new(life)), ..live.clone() };
    check(
        &past,
        &[
            ("reason reset", Yes),
            ("reason reset-by-peer,refused", Yes),
            ("reason failed", No),
            ("lasted > 2s", Yes),
            ("lasted < 2s", No),
            ("started >= 2026-11-29T12:00:00Z", Yes),
            ("started > 2026-11-29T12:00:00Z", No),
            ("ended < 2026-11-29T12:00:03.000001Z", Yes),
            ("ended > 2026-11-29T12:00:03Z", No),
        ],
    );
    check(
        &live,
        &[
            ("reason reset", No),
            ("ended > 2020-01-01", No),
            ("lasted > 2s", Unknown),
            ("started > 1h", Unknown),
        ],
    );
    // Its age tells when it began, to somebody who knows what time it is.
    let aged = Socket { age: Some(Duration::from_secs(10)), ..live };
    check(&aged, &[("lasted > 9s", Yes), ("started > 2020-01-01T00:00:00Z", Unknown)]);
    let mut filter = parse("started = 2026-11-29T12:00:00Z");
    filter.set_now(Some(time("2026-11-29T12:00:10Z")));
    assert_eq!(filter.matches(&aged, &Context::NOTHING), Yes);
}

#[test]
fn country_and_network_are_those_of_the_remote_address() {
    let filter = |text: &str| parse(text).with_geo(Arc::new(Geo::built_in()));
    let korea = tcp("10.0.0.1:50000", "168.126.63.1:443", TcpState::Established);
    let own = tcp("10.0.0.1:50000", "10.0.0.2:443", TcpState::Established);
    let listener = listener("168.126.63.1:80", None);
    for (text, answers) in [
        ("country KR", [Yes, Unknown, No]),
        ("country US,kr", [Yes, Unknown, No]),
        ("country US", [No, Unknown, No]),
        ("country != KR", [No, Unknown, Yes]),
        ("country != US", [Yes, Unknown, Yes]),
        // The built-in table has no networks.
        ("network AS4766", [Unknown, Unknown, No]),
        ("network != *telecom*", [Unknown, Unknown, Yes]),
    ] {
        let found = [&korea, &own, &listener].map(|socket| filter(text).matches(socket, &Context::NOTHING));
        assert_eq!(found, answers, "{text}");
    }
    // Country and network are decided before owners are looked up.
    assert_eq!(filter("country KR").decided(&korea, Stage::Socket), Some(true));
    assert_eq!(filter("country US pid 1").decided(&korea, Stage::Socket), Some(false));
    // Without a database both are unknown.
    assert_eq!(parse("country KR").matches(&korea, &Context::NOTHING), Unknown);
    let needs = parse("country KR or network 1 or network x").needs();
    assert!(needs.countries && needs.networks && !needs.owners);
}

#[cfg(target_os = "linux")]
#[test]
fn networks_match_by_number_and_by_name() {
    use netstat_lab::{Mmdb, MmdbValue as Value};
    let names = [
        ("autonomous_system_number", Value::Number(4766)),
        ("autonomous_system_organization", Value::Text("Korea Telecom")),
    ];
    let file = Mmdb::new().with("168.126.0.0".parse().unwrap(), 16, Value::Map(&names)).with(
        "1.0.0.0".parse().unwrap(),
        8,
        Value::Map(&names[..1]),
    );
    let mut geo = Geo::built_in();
    geo.add(file.bytes()).unwrap();
    let geo = Arc::new(geo);
    let matches = |text: &str, remote| {
        let socket = tcp("10.0.0.1:50000", remote, TcpState::Established);
        parse(text).with_geo(Arc::clone(&geo)).matches(&socket, &Context::NOTHING)
    };
    for (text, named, numbered) in [
        ("network AS4766", Yes, Yes),
        ("network 1,4766", Yes, Yes),
        ("network 4767", No, No),
        ("network korea*", Yes, Unknown),
        ("network \"KOREA TELECOM\"", Yes, Unknown),
        ("network telecom", No, Unknown),
    ] {
        assert_eq!(
            (matches(text, "168.126.63.1:443"), matches(text, "1.2.3.4:443")),
            (named, numbered),
            "{text}"
        );
    }
}

#[test]
fn tests_of_an_established_connection() {
    let mut socket = tcp("10.0.0.1:50000", "93.184.216.34:443", TcpState::Established);
    socket.uid = Some(1000);
    socket.recv_queue = Some(5);
    socket.send_queue = Some(2048);
    check(
        &socket,
        &[
            ("port 443", Yes),
            ("port 50000", Yes),
            ("lport 443", No),
            ("rport 443", Yes),
            ("rport 400-500,80", Yes),
            ("dport >= :1024", No),
            ("sport >= :1024", Yes),
            ("host 10.0.0.1", Yes),
            ("host 93.184.0.0/16", Yes),
            ("src 93.184.0.0/16", No),
            ("dst 93.184.216.34:443", Yes),
            ("93.184.216.34:50000", No),
            ("::/0", No),
            ("state established", Yes),
            ("connected", Yes),
            ("closing", No),
            ("proto tcp", Yes),
            ("proto tcpv6", No),
            ("proto udp", No),
            ("ipv4", Yes),
            ("ipv6", No),
            ("public", Yes),
            ("private", No),
            ("loopback", No),
            ("user alice", Yes),
            ("user 0", No),
            ("recvq > 4", Yes),
            ("recvq > 5", No),
            ("sendq = 2K", Yes),
            ("sendq != 2K", No),
            ("rtt > 1ms", Unknown),
            ("retrans > 0", Unknown),
            ("age > 1s", Unknown),
            ("pid 1", Unknown),
            ("process x", Unknown),
            ("rtt > 1ms or port 443", Yes),
            ("rtt > 1ms and port 443", Unknown),
            ("rtt > 1ms and port 1", No),
            ("rtt > 1ms or port 1", Unknown),
        ],
    );
}

#[test]
fn loopback_private_and_public_remote_addresses() {
    for (remote, word) in [
        ("127.0.0.2:1", "loopback"),
        ("192.168.1.1:1", "private"),
        ("100.64.0.1:1", "private"),
        ("8.8.8.8:1", "public"),
        ("224.0.0.251:1", "none"),
    ] {
        let socket = tcp("10.0.0.1:1", remote, TcpState::Established);
        check(&socket, &["loopback", "private", "public"].map(|other| (other, Tri::from(other == word))));
    }
    let zoned = tcp("[fe80::1%2]:1", "[fe80::2%2]:9", TcpState::Established);
    check(
        &zoned,
        &[
            ("src fe80::1%2", Yes),
            ("[fe80::2%2]:9", Yes),
            ("src fe80::1%eth0", No),
            ("dst fe80::/10", Yes),
            ("dst %2", Yes),
            ("host %3", No),
        ],
    );
    let socket = tcp("[fe80::1]:1", "[fe80::2]:1", TcpState::Established);
    check(&socket, &[("private", Yes), ("public", No)]);
}

#[test]
fn an_ipv4_connection_on_an_ipv6_socket() {
    let mut socket = tcp("1.2.3.4:80", "5.6.7.8:1024", TcpState::CloseWait);
    socket.family = Some(Family::V6);
    check(
        &socket,
        &[
            ("host 1.2.3.4", Yes),
            ("src 1.0.0.0/8", Yes),
            ("src ::/0", No),
            ("ipv4", Yes),
            ("ipv6", No),
            ("tcpv4", Yes),
        ],
    );
}

#[test]
fn tests_of_listeners() {
    let no_remote: &[(&str, Tri)] =
        &[("rport 0-65535", No), ("dst ::/0 or dst 0.0.0.0/0", No), ("public or private or loopback", No)];
    let dual = listener("[::]:80", Some(false));
    check(&dual, no_remote);
    check(
        &dual,
        &[
            ("ipv4", Yes),
            ("ipv6", Yes),
            ("src ::", Yes),
            ("src 0.0.0.0", Yes),
            ("src 10.0.0.0/8", No),
            ("port 80", Yes),
            ("tcpv6", Yes),
            ("tcpv4", Yes),
            ("state listening", Yes),
        ],
    );
    // The kernel reports the backlog in the place of the send queue.
    let mut queued = listener("0.0.0.0:80", None);
    (queued.recv_queue, queued.send_queue) = (Some(3), Some(128));
    check(&queued, &[("recvq > 2", Yes), ("sendq > 0", Unknown), ("sendq != 0", Unknown)]);
    let only = listener("[::]:80", Some(true));
    check(&only, &[("ipv4", No), ("ipv6", Yes), ("src ::", Yes), ("src 0.0.0.0", No)]);
    let perhaps = listener("[::]:80", None);
    check(&perhaps, &[("ipv4", Unknown), ("ipv6", Yes), ("src ::", Yes), ("src 0.0.0.0", Unknown)]);
    check(&perhaps, &[("host 0.0.0.0/8", Unknown), ("port 80", Yes), ("port 81", No)]);
    let specific = listener("[::1]:80", Some(false));
    check(&specific, &[("ipv4", No), ("ipv6", Yes), ("src ::1", Yes)]);
    let v4 = listener("0.0.0.0:80", None);
    check(&v4, &[("ipv4", Yes), ("ipv6", No), ("src 0.0.0.0", Yes), ("src ::", No)]);
}

#[test]
fn state_of_udp_is_no_and_a_missing_tcp_state_is_unknown() {
    let mut socket = Socket::new(Transport::Udp, Family::V4, end("127.0.0.1:53"), None);
    check(&socket, &[("state all", No), ("udp", Yes), ("tcp", No), ("rport 53", No), ("user 0", Unknown)]);
    check(&socket, &[("recvq > 0", Unknown)]);
    socket.protocol = Protocol::Tcp;
    check(&socket, &[("state established", Unknown)]);
    socket.state = Some(TcpState::Unknown(77));
    check(&socket, &[("state all", No)]);
    socket.state = Some(TcpState::DeleteTcb);
    check(&socket, &[("state delete_tcb", Yes), ("connected", Yes)]);
}

fn owned(pids: &[u32]) -> Socket {
    let mut socket = tcp("10.0.0.1:50000", "10.0.0.2:443", TcpState::Established);
    let owner = |&pid| Owner { process: ProcessKey { pid, start_time: 9 }, parent: None, descriptor: None };
    socket.ownership = Ownership::Held(pids.iter().map(owner).collect());
    socket
}

fn process(pid: u32) -> Process {
    let mut process = Process::unknown(ProcessKey { pid, start_time: 9 }, Missing::NotPermitted);
    match pid {
        1 => {
            (process.name, process.comm) = (Ok(OsString::from("nginx")), Ok(OsString::from("nginx")));
            process.executable = Ok(Executable { path: "/usr/sbin/nginx".into(), deleted: false });
            process.unit = Ok(OsString::from("nginx.service"));
            process.namespace_pid = Ok(101);
            process.container = Ok(Container {
                runtime: ContainerRuntime::Docker,
                id: "9687bac58d5c".repeat(5).into(),
                name: Some("web".into()),
                pod: Some("ac04f3f2-1f2c".into()),
                pod_name: Some("shop-0".into()),
            });
        }
        2 => {
            process.name = Ok(OsString::from("systemd-resolved"));
            process.comm = Ok(OsString::from("systemd-resolve"));
            process.executable =
                Ok(Executable { path: "/lib/systemd/systemd-resolved".into(), deleted: false });
            process.unit = Err(Missing::NotApplicable);
            process.namespace_pid = Ok(102);
            process.container = Err(Missing::NotApplicable);
        }
        // Node.js, whose executable may not be read.
        5 => (process.name, process.comm) = (Ok("MainThread".into()), Ok("MainThread".into())),
        _ => {}
    }
    process
}

#[test]
fn what_could_not_be_read_may_match() {
    let known: Vec<Process> = [1, 3, 5].map(process).into();
    let find = |id: ProcessKey| known.iter().find(|process| process.id == id);
    let context = Context::new(&find);
    for (pids, text, may) in [
        (&[1][..], "process cat", false),
        (&[3], "process cat", true),
        (&[3], "not process cat", true),
        (&[1, 3], "path /x", true),
        (&[3], "unit x port 443", true),
        (&[3], "unit x port 1", false),
        (&[5], "process node", true),
        (&[5], "pid 6", false),
        // A round-trip time that the socket does not have is no secret.
        (&[3], "rtt > 1s", false),
        (&[3], "process cat rtt > 1s", false),
    ] {
        let socket = owned(pids);
        assert_ne!(parse(text).matches(&socket, &context), Yes, "{text} of {pids:?}");
        assert_eq!(parse(text).may_match(&socket, &context), may, "{text} of {pids:?}");
    }
    let mut socket = owned(&[]);
    for (reason, may) in [
        (NoOwner::NoProcess, false),
        (NoOwner::Kernel, false),
        (NoOwner::NotPermitted, true),
        (NoOwner::OtherNamespace, true),
        (NoOwner::Vanished, false),
    ] {
        socket.ownership = Ownership::Unowned(reason);
        assert_eq!(parse("process x").may_match(&socket, &context), may, "{reason:?}");
    }
    let perhaps = listener("[::]:80", None);
    assert!(parse("lport 80 src 0.0.0.0").may_match_unread(&perhaps));
    assert!(!parse("lport 81 src 0.0.0.0").may_match_unread(&perhaps));
    assert!(!parse("src 0.0.0.0").may_match_unread(&listener("[::]:80", Some(true))));
}

#[test]
fn tests_of_the_processes_that_hold_a_socket() {
    let known: Vec<Process> = [1, 2, 3, 5].map(process).into();
    let find = |id: ProcessKey| known.iter().find(|process| process.id == id);
    let context = Context::new(&find);
    for (pids, text, answer) in [
        (&[1][..], "pid 1", Yes),
        (&[1, 2], "pid 2,9", Yes),
        (&[1, 2], "pid 3", No),
        (&[1], "nspid 7,101", Yes),
        (&[1], "nspid 1", No),
        (&[1, 2], "not nspid 102", No),
        (&[3], "nspid 103", Unknown),
        (&[1], "process nginx", Yes),
        (&[1], "process ngin", No),
        (&[1, 2], "process n*", Yes),
        (&[1], "path */nginx", Yes),
        (&[1], "path nginx", No),
        (&[1], "unit nginx.*", Yes),
        (&[1], "unit nginx", Yes),
        (&[1], "unit ngin?", Yes),
        (&[1], "unit ngin", No),
        (&[2], "unit *", No),
        (&[1], "container 9687", Yes),
        (&[1], "container 968", No),
        (&[1], "container web", Yes),
        (&[1], "container docker:w*", Yes),
        (&[1], "container podman:web", No),
        (&[1], "container we", No),
        (&[1], "pod shop-*", Yes),
        (&[1], "container docker:9687bac", Yes),
        (&[1], "container podman:9687bac", No),
        (&[1], "container docker:*", Yes),
        (&[2], "container *", No),
        (&[3], "container *", Unknown),
        (&[1], "pod ac04*", Yes),
        (&[1], "pod ac04", No),
        (&[2], "pod *", No),
        (&[2], "process systemd-resolve", Yes),
        (&[2], "process systemd-resolved", Yes),
        (&[2], "process systemd-resolver", No),
        (&[5], "process MainThread", Yes),
        (&[5], "process node", Unknown),
        (&[5], "not process node", Unknown),
        (&[3], "process *", Unknown),
        (&[3], "not process *", Unknown),
        (&[1, 3], "process nginx", Yes),
        (&[1, 3], "process other", Unknown),
        (&[4], "path *", Unknown),
        (&[1], "process nginx not port 443", No),
    ] {
        assert_eq!(parse(text).matches(&owned(pids), &context), answer, "{text} of {pids:?}");
    }
    for (reason, answer) in [
        (NoOwner::NoProcess, No),
        (NoOwner::Kernel, No),
        (NoOwner::NotPermitted, Unknown),
        (NoOwner::OtherNamespace, Unknown),
        (NoOwner::Vanished, Unknown),
    ] {
        let mut socket = owned(&[]);
        socket.ownership = Ownership::Unowned(reason);
        check(&socket, &[("pid 1", answer), ("process x", answer), ("path x", answer), ("unit x", answer)]);
    }
}

#[test]
fn owners_are_left_open_only_where_they_decide() {
    let mut socket = owned(&[1]);
    socket.ownership = Ownership::NotRead;
    for (text, before, with_owners) in [
        ("port 443", Some(true), Some(true)),
        ("port 1 pid 1", Some(false), Some(false)),
        ("port 443 or pid 1", Some(true), Some(true)),
        ("port 443 pid 1", None, Some(true)),
        ("port 443 not pid 1", None, Some(false)),
        ("process x", None, None),
        ("pid 2 process x", None, Some(false)),
        ("pid 1 or process x", None, Some(true)),
        ("rtt > 1s process x", Some(false), Some(false)),
    ] {
        let filter = parse(text);
        assert_eq!(filter.decided(&socket, Stage::Socket), before, "{text}");
        assert_eq!(filter.decided(&owned(&[1]), Stage::Owners), with_owners, "{text}");
    }
    socket.ownership = Ownership::Unowned(NoOwner::NoProcess);
    assert_eq!(parse("process x").decided(&socket, Stage::Socket), Some(false));
    assert_eq!(parse("not process x").decided(&socket, Stage::Socket), Some(true));
}

#[test]
fn needs_are_the_union_of_the_tests() {
    let (none, no_fields, no_tcp) = (ProcessFields::empty(), Fields::empty(), TcpFields::empty());
    let retrans = TcpFields::TOTAL_RETRANSMITS;
    for (text, owners, processes, fields, tcp) in [
        ("port 80 public", false, none, no_fields, no_tcp),
        ("user 5 recvq > 0", false, none, Fields::COMMON, no_tcp),
        ("pid 5", true, none, no_fields, no_tcp),
        ("process x", true, ProcessFields::NAME | ProcessFields::EXECUTABLE, no_fields, no_tcp),
        ("port 1 or not path x", true, ProcessFields::EXECUTABLE, no_fields, no_tcp),
        ("unit x", true, ProcessFields::UNIT, no_fields, no_tcp),
        ("container x or pod y", true, ProcessFields::CONTAINER, no_fields, no_tcp),
        ("netns 5", false, ProcessFields::empty(), Fields::NAMESPACE, no_tcp),
        ("rtt > 1s", false, none, Fields::COMMON, TcpFields::RTT),
        ("retrans > 1 age > 5s", false, none, Fields::COMMON | Fields::AGE, retrans),
    ] {
        let filter = parse(text);
        assert_eq!(
            filter.needs(),
            FilterNeeds { owners, processes, fields, tcp, countries: false, networks: false },
            "{text}"
        );
        let mut query = super::programs::query(Kinds::TCP_UDP, States::all());
        query.fields = Fields::MARK;
        let narrowed = filter.narrow(query).query;
        assert_eq!((narrowed.fields, narrowed.tcp), (fields | Fields::MARK, tcp), "{text}");
    }
}

#[test]
fn narrowing_adds_the_fields_that_numbers_are_read_from() {
    let mut socket = tcp("10.0.0.1:50000", "10.0.0.2:443", TcpState::Established);
    let mut info = TcpInfo::default();
    socket.age = Some(Duration::from_secs(90));
    socket.tcp = Some(Box::new(info.clone()));
    check(&socket, &[("age > 89s", Yes), ("age >= 1.5m", Yes), ("age > 1.5m", No), ("rtt > 0us", Unknown)]);
    check(&socket, &[("retrans = 0", Unknown)]);
    info.rtt = Some(Duration::from_micros(100_001));
    info.total_retransmits = Some(3);
    socket.tcp = Some(Box::new(info));
    check(&socket, &[("rtt > 100ms", Yes), ("rtt <= 100ms", No), ("retrans > 2", Yes), ("retrans > 3", No)]);
}

proptest! {
    #[test]
    fn an_early_decision_is_the_final_one(expression in expression(vec![80]), sample in sample(vec![80])) {
        let filter = Filter::from(expression);
        let mut socket = sample.socket;
        let early = filter.decided(&socket, Stage::Socket);
        let find = |_| None;
        for ownership in [
            Ownership::NotRead,
            owned(&[1, 2]).ownership,
            Ownership::Unowned(NoOwner::Kernel),
            Ownership::Unowned(NoOwner::NotPermitted),
        ] {
            socket.ownership = ownership;
            let with_owners = filter.decided(&socket, Stage::Owners);
            let last = filter.matches(&socket, &Context::new(&find)).is_yes();
            prop_assert!(early.is_none_or(|early| early == last));
            prop_assert!(with_owners.is_none_or(|decided| decided == last));
        }
    }
}

#[test]
fn the_network_namespace_decides() {
    let mut socket = owned(&[1]);
    assert_eq!(parse("netns 5").matches(&socket, &Context::NOTHING), Unknown);
    socket.namespace = Some(Namespace { inode: 5 });
    assert_eq!(parse("netns 4,5").matches(&socket, &Context::NOTHING), Yes);
    assert_eq!(parse("netns 4").matches(&socket, &Context::NOTHING), No);
}

/// A system whose users are the accounts of processes.
struct Accounts;

impl crate::filter::Lookups for Accounts {
    fn has_accounts(&self) -> bool {
        true
    }
}

#[test]
fn a_user_of_windows_is_the_account_of_the_process() {
    let socket = owned(&[7]);
    let answer = |text: &str, account: Result<OsString, Missing>| {
        let filter = Filter::parse(&[OsString::from(text)], &Accounts).unwrap();
        assert_eq!(Filter::parse(&[OsString::from(filter.to_string())], &Accounts).unwrap(), filter);
        let needs = filter.needs();
        assert!(needs.owners && needs.processes.contains(ProcessFields::ACCOUNT), "{text}");
        let mut process = Process::unknown(ProcessKey { pid: 7, start_time: 9 }, Missing::NotRead);
        process.account = account;
        filter.matches(&socket, &Context::new(&|_| Some(&process)))
    };
    for (text, is) in [
        (r"user VM\root", Yes),
        (r"user vm\ROOT", Yes),
        ("user root", Yes),
        ("user alice,root", Yes),
        ("user r*", Yes),
        (r"user OTHER\root", No),
        ("user VM", No),
        ("user 0", No),
        (r#"user "NT AUTHORITY\SYSTEM""#, No),
        ("user != root", No),
    ] {
        assert_eq!(answer(text, Ok(r"VM\root".into())), is, "{text}");
    }
    assert_eq!(answer(r#"user "nt authority\system""#, Ok(r"NT AUTHORITY\SYSTEM".into())), Yes);
    assert_eq!(answer("user S-1-5-18", Ok("S-1-5-18".into())), Yes);
    assert_eq!(answer("user root", Err(Missing::NotPermitted)), Unknown);
    assert!(!parse("user alice").needs().owners, "elsewhere the socket has the number of a user");
}

#[test]
fn what_first_bytes_tell_is_tested_and_unknown_where_none_were_seen() {
    let mut socket = tcp("192.0.2.1:40000", "198.51.100.7:443", TcpState::Established);
    check(&socket, &[("app tls", Unknown), ("name *", Unknown), ("rport 80 app tls", No)]);
    let untold = |words: &str, socket: &Socket| parse(words).may_match_untold(socket, &Context::NOTHING);
    assert!(untold("app tls", &socket) && untold("not name a.org", &socket));
    assert!(!untold("rport 80 app tls", &socket));
    // They were seen, and are of none of the protocols.
    let none = Context::NOTHING.of_no_application();
    for (words, answer) in [("app tls", No), ("not app tls", Yes), ("name *", No), ("not name a.org", Yes)] {
        assert_eq!(parse(words).matches(&socket, &none), answer, "{words}");
        assert_eq!(parse(words).may_match_untold(&socket, &none), answer == Yes, "{words}");
    }
    let told =
        |name: Option<&str>| Application { protocol: ApplicationProtocol::Quic, name: name.map(Into::into) };
    socket.application = Some(Box::new(told(Some("Shop.example.org h3"))));
    let expected = [
        ("app quic", Yes),
        ("app tls,dns", No),
        ("name shop.EXAMPLE.org", Yes),
        ("name *.org", Yes),
        ("name h3", No),
    ];
    check(&socket, &expected);
    assert!(!untold("app tls", &socket), "it was told");
    // Without a name there is none that matches.
    for name in [None, Some("- h3")] {
        socket.application = Some(Box::new(told(name)));
        check(&socket, &[("name *", No), ("app quic", Yes)]);
    }
    let needs = parse("app tls or name x").needs();
    assert_eq!(needs, FilterNeeds { fields: Fields::APPLICATION, ..FilterNeeds::default() });
}
