use super::super::made::{end, fact, held, lines, look, looks, moment, run, tcp, udp};
use super::*;
use netstat_model::{Counters, DynamicPorts, Family, Limits, PortRange, Socket, TcpExtCounters, Transport};

/// A range of 100 ports, of which 20 are reserved.
fn limits(reuse: TimeWaitReuse) -> Limits {
    let ports = DynamicPorts {
        range: PortRange { first: 40_000, last: 40_099 },
        excluded: vec![PortRange { first: 40_080, last: 40_099 }],
        shared_by_remotes: true,
    };
    Limits {
        tcp_v4_ports: Some(ports.clone()),
        tcp_v6_ports: Some(ports.clone()),
        udp_v4_ports: Some(ports.clone()),
        udp_v6_ports: Some(ports),
        time_wait_reuse: Some(reuse),
        timestamps: Some(true),
        ..Limits::default()
    }
}

/// As Windows is: a port serves one connection.
fn windows() -> Limits {
    let mut limits = limits(TimeWaitReuse::Never);
    for ports in [&mut limits.tcp_v4_ports, &mut limits.udp_v4_ports] {
        ports.as_mut().unwrap().shared_by_remotes = false;
    }
    Limits { time_wait_reuse: None, timestamps: None, ..limits }
}

fn connections(count: u16, remote: &str, state: TcpState) -> Vec<Socket> {
    (0..count).map(|port| tcp(&format!("10.0.0.1:{}", 40_000 + port), remote, state)).collect()
}

fn found(sockets: Vec<Socket>, limits: Limits) -> Vec<String> {
    let mut evidence = look(moment(100, sockets));
    evidence.limits = Ok(limits);
    lines(&run(&CHECK, &evidence, &[]))
}

#[test]
fn ports_are_counted_for_each_remote_end() {
    use TcpState::{Established, TimeWait};
    let one = "10.0.0.9:443";
    for (sockets, expected) in [
        (
            connections(31, one, TimeWait),
            "ok [] at most 38.8 % of the ports are in use, from 10.0.0.1 to 10.0.0.9:443",
        ),
        (
            connections(32, one, TimeWait),
            "notice [from 10.0.0.1 to 10.0.0.9:443] 32 of 80 ports (40 %) are taken from 10.0.0.1 to 10.0.0.9:443",
        ),
        (
            connections(40, one, Established),
            "warning [from 10.0.0.1 to 10.0.0.9:443] 40 of 80 ports (50 %) are taken from 10.0.0.1 to 10.0.0.9:443",
        ),
        (
            [connections(60, one, TimeWait), connections(80, one, Established).split_off(60)].concat(),
            "critical [from 10.0.0.1 to 10.0.0.9:443] 80 of 80 ports (100 %) are taken from 10.0.0.1 to 10.0.0.9:443",
        ),
        ((1..200).flat_map(|last| connections(30, &format!("10.0.1.{last}:443"), TimeWait)).collect(), "ok"),
        ([connections(30, one, TimeWait), connections(30, "10.0.0.9:80", TimeWait)].concat(), "ok"),
        // Reserved ports, and others outside of the range, are chosen by programs.
        (connections(100, one, TimeWait).split_off(80), "ok [] no port of the range"),
        (Vec::new(), "ok [] no port of the range"),
    ] {
        let found = found(sockets, limits(TimeWaitReuse::Loopback));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(expected), "{found:?}\n{expected}");
    }
}

#[test]
fn reusable_time_wait_ports_do_not_count() {
    let loopback = |age: Option<u64>| -> Vec<Socket> {
        let mut sockets: Vec<Socket> = (0..60)
            .map(|port| tcp(&format!("127.0.0.1:{}", 40_000 + port), "127.0.0.1:80", TcpState::TimeWait))
            .collect();
        sockets.iter_mut().for_each(|socket| socket.time_in_state = age.map(Duration::from_secs));
        sockets
    };
    let outside = || connections(60, "10.0.0.9:443", TcpState::TimeWait);
    let without_timestamps = Limits { timestamps: Some(false), ..limits(TimeWaitReuse::Always) };
    for (sockets, limits, expected) in [
        (loopback(Some(5)), limits(TimeWaitReuse::Loopback), "ok"),
        (loopback(None), limits(TimeWaitReuse::Loopback), "ok"),
        (loopback(Some(0)), limits(TimeWaitReuse::Loopback), "warning"),
        (loopback(Some(5)), limits(TimeWaitReuse::Never), "warning"),
        (outside(), limits(TimeWaitReuse::Loopback), "warning"),
        (outside(), limits(TimeWaitReuse::Always), "ok"),
        (outside(), without_timestamps, "warning"),
    ] {
        let found = found(sockets, limits);
        assert!(found[0].starts_with(expected), "{expected}: {found:?}");
    }
}

#[test]
fn bound_ports_count_for_every_connection_and_are_reported_once() {
    let bound: Vec<Socket> = (0..65)
        .map(|port| held(tcp(&format!("10.0.0.1:{}", 40_000 + port), "", TcpState::Bound), 7))
        .collect();
    let few = |from: u16| -> Vec<Socket> {
        (from..from + 3)
            .map(|port| tcp(&format!("10.0.0.1:{}", 40_000 + port), "10.0.0.9:80", TcpState::Established))
            .collect()
    };
    let found = found([bound.clone(), few(70)].concat(), limits(TimeWaitReuse::Loopback));
    assert_eq!(
        found,
        [
            "warning [by TCP sockets bound at 10.0.0.1] 65 of 80 ports (81.2 %) are taken by TCP sockets bound at 10.0.0.1"
        ]
    );
    // Half of the ports bound, and as many again connected to one place: the place is full.
    let connected: Vec<Socket> = (35..75)
        .map(|port| tcp(&format!("10.0.0.1:{}", 40_000 + port), "10.0.0.9:80", TcpState::Established))
        .collect();
    let sockets = [bound[..35].to_vec(), connected].concat();
    let mut evidence = look(moment(1, sockets));
    evidence.limits = Ok(limits(TimeWaitReuse::Loopback));
    let findings = run(&CHECK, &evidence, &[]);
    assert!(
        lines(&findings)[0].starts_with("critical [from 10.0.0.1 to 10.0.0.9:80] 75 of 80"),
        "{findings:?}"
    );
    assert_eq!(fact(&findings[0], "bound"), Some(35.into()));
}

#[test]
fn accepted_connections_take_no_port() {
    let mut sockets = vec![held(tcp("0.0.0.0:40005", "", TcpState::Listen), 7)];
    sockets.extend(
        (0..70).map(|peer| tcp("10.0.0.1:40005", &format!("10.0.2.{peer}:50000"), TcpState::Established)),
    );
    let found = found(sockets, limits(TimeWaitReuse::Loopback));
    assert!(found[0].starts_with("ok [] at most 1.2 %"), "{found:?}");
}

#[test]
fn without_shared_ports_the_remote_end_does_not_matter() {
    let sockets: Vec<Socket> = (0..60_u16)
        .map(|port| {
            tcp(&format!("10.0.0.1:{}", 40_000 + port), &format!("10.0.1.{port}:443"), TcpState::Established)
        })
        .collect();
    // Where ports serve several ends, two meet at one now and then.
    let met = tcp("10.0.0.1:40000", "10.0.2.1:443", TcpState::Established);
    let shared = [sockets.clone(), vec![met]].concat();
    assert!(found(shared, limits(TimeWaitReuse::Loopback))[0].starts_with("ok"));
    assert_eq!(
        found(sockets, windows()),
        ["warning [for TCP from 10.0.0.1] 60 of 80 ports (75 %) are taken for TCP from 10.0.0.1"]
    );
}

/// Windows tells of no limits under which it could be seen.
#[cfg(not(windows))]
#[test]
fn clients_that_bind_first_compete_for_all_ports() {
    use TcpState::Established;
    let to = |first: u16, count: u16, remote: &str| {
        (first..first + count)
            .map(|at| tcp(&format!("10.0.0.1:{}", 40_000 + at), remote, Established))
            .collect()
    };
    let spread = |step: u16| -> Vec<Socket> {
        let ends: [Vec<Socket>; 4] =
            [0u16, 1, 2, 3].map(|end| to(end * step, 18, &format!("10.0.1.{end}:443")));
        ends.concat()
    };
    let bound = found(spread(18), limits(TimeWaitReuse::Loopback));
    assert_eq!(
        bound,
        ["critical [for TCP from 10.0.0.1] 72 of 80 ports (90 %) are taken for TCP from 10.0.0.1"]
    );
    // One port that serves two remote ends tells that the kernel chose them.
    assert!(found(spread(17), limits(TimeWaitReuse::Loopback))[0].starts_with("ok"));
    // So few may have missed each other by chance.
    let few: [Vec<Socket>; 2] = [to(0, 20, "10.0.1.1:443"), to(20, 20, "10.0.1.2:443")];
    assert!(found(few.concat(), limits(TimeWaitReuse::Loopback))[0].starts_with("ok"));
    let mut evidence = look(moment(100, spread(18)));
    evidence.limits = Ok(limits(TimeWaitReuse::Loopback));
    let finding = &run(&CHECK, &evidence, &[])[0];
    assert_eq!(fact(finding, "bound_before_connecting"), Some(true.into()));
    assert!(finding.meaning.as_ref().unwrap().of(EN).contains("before they connect"));
    assert!(finding.next.iter().any(|step| step.of(EN).contains("IP_BIND_ADDRESS_NO_PORT")));
}

/// The pool of the whole address is right, because nobody gets a port that another has bound; who took most of it is not
/// who bound first.
#[cfg(not(windows))]
#[test]
fn most_ports_are_blamed_on_whose_connections_took_them() {
    let to = |first: u16, count: u16, remote: &str, state| -> Vec<Socket> {
        (first..first + count).map(|port| tcp(&format!("10.0.0.1:{port}"), remote, state)).collect()
    };
    let mut sockets = to(40_000, 1_500, "10.0.0.9:5432", TcpState::TimeWait);
    let of_orders = to(41_500, 2, "10.0.0.9:5432", TcpState::Established);
    sockets.extend(of_orders.into_iter().map(|socket| held(socket, 7)));
    for end in 0..6u16 {
        let of_gateway = to(41_502 + end * 60, 60, &format!("10.0.1.{end}:443"), TcpState::Established);
        sockets.extend(of_gateway.into_iter().map(|socket| held(socket, 9)));
    }
    let range = PortRange { first: 40_000, last: 41_999 };
    let mut limits = limits(TimeWaitReuse::Loopback);
    limits.tcp_v4_ports = Some(DynamicPorts { range, excluded: vec![], shared_by_remotes: true });
    let mut evidence = look(moment(100, sockets));
    evidence.limits = Ok(limits);
    let findings = run(&CHECK, &evidence, &[]);
    let finding = &findings[0];
    assert!(lines(&findings)[0].contains("1,862 of 2,000 ports"), "{findings:?}");
    assert!(finding.meaning.as_ref().unwrap().of(EN).contains("TIME_WAIT"), "{finding:?}");
    let shares: Vec<(String, usize)> =
        finding.processes.iter().map(|it| (it.holder.subject(), it.sockets)).collect();
    let share = |who: &str, sockets| (who.to_owned(), sockets);
    assert_eq!(shares, [share("no process", 1500), share("p9 (9)", 360), share("p7 (7)", 2)]);
    let facts: Vec<&str> = finding.facts.iter().filter_map(|fact| Some(fact.text.as_ref()?.of(EN))).collect();
    let made =
        "1,500 of those in TIME_WAIT led to 10.0.0.9:5432, where connections are held now by p7 (7): 2";
    assert!(facts.contains(&made), "{facts:?}");
    let next: Vec<&str> = finding.next.iter().map(|step| step.of(EN)).collect();
    assert!(next[1].starts_with("keep connections open"), "{next:?}");
    let last = next.iter().position(|step| step.contains("IP_BIND_ADDRESS_NO_PORT")).unwrap();
    assert!(
        last > 1 && next[last].starts_with("let p9 (9) set") && next[last].contains("360 ports"),
        "{next:?}"
    );
}

#[test]
fn udp_ports_are_counted_by_address() {
    let sockets: Vec<Socket> = (0..75_u16)
        .map(|port| {
            let local = end(&format!("0.0.0.0:{}", 40_000 + port));
            held(Socket::new(Transport::Udp, Family::V4, local, None), 7)
        })
        .collect();
    assert_eq!(
        found(sockets, limits(TimeWaitReuse::Never)),
        ["critical [for UDP at 0.0.0.0] 75 of 80 ports (93.8 %) are taken for UDP at 0.0.0.0"]
    );
}

#[test]
fn growth_predicts_when_ports_run_out() {
    let remote = "10.0.0.9:443";
    let before = moment(100, connections(44, remote, TcpState::Established));
    let now = moment(104, connections(64, remote, TcpState::Established));
    let mut evidence = looks(Some(before), now);
    evidence.limits = Ok(limits(TimeWaitReuse::Never));
    let findings = run(&CHECK, &evidence, &[]);
    assert_eq!(fact(&findings[0], "taken_per_second"), Some(5.0.into()));
    assert_eq!(fact(&findings[0], "seconds_left"), Some(3.into()));
}

#[test]
fn unknown_without_the_port_range() {
    let found = lines(&run(&CHECK, &look(moment(1, Vec::new())), &[]));
    assert_eq!(found, ["unknown [] the range of ports for new connections is not known: not asked for"]);
}

#[test]
fn a_full_time_wait_table_is_reported() {
    let counters = |tw, overflow| {
        let levels =
            SocketLevels { tcp_tw: Some(tw), tcp_max_tw_buckets: Some(1000), ..SocketLevels::default() };
        let tcp_ext = TcpExtCounters { time_wait_overflow: Some(overflow), ..TcpExtCounters::default() };
        Counters { levels: Some(levels), tcp_ext: Some(tcp_ext), ..Counters::default() }
    };
    for (before, now, expected) in [
        ((0, 7), (899, 7), "ok"),
        (
            (0, 7),
            (900, 7),
            "warning [tcp_max_tw_buckets] the table of TIME_WAIT is nearly full: 900 of 1,000",
        ),
        (
            (1000, 7),
            (1000, 57),
            "warning [tcp_max_tw_buckets] the table of TIME_WAIT is full (1,000 of 1,000): 50 connections were closed without it",
        ),
    ] {
        let mut moments = [moment(1, Vec::new()), moment(2, Vec::new())];
        moments[0].counters = Ok(counters(before.0, before.1));
        moments[1].counters = Ok(counters(now.0, now.1));
        let [before, now] = moments;
        let mut evidence = looks(Some(before), now);
        evidence.limits = Ok(limits(TimeWaitReuse::Never));
        let found = lines(&run(&CHECK, &evidence, &[]));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{found:?}");
    }
}

#[test]
fn a_first_look_without_sockets_gives_no_growth() {
    let mut before = moment(100, Vec::new());
    before.whole = false;
    let now = moment(101, connections(64, "10.0.0.9:443", TcpState::TimeWait));
    let mut evidence = looks(Some(before), now);
    evidence.limits = Ok(limits(TimeWaitReuse::Never));
    let findings = run(&CHECK, &evidence, &[]);
    assert_eq!(fact(&findings[0], "taken_per_second"), None);
    assert_eq!(fact(&findings[0], "seconds_left"), None);
}

#[test]
fn an_unknown_range_is_reported_only_for_sockets_that_exist() {
    let without = |take: fn(&mut Limits)| {
        let mut limits = windows();
        take(&mut limits);
        limits
    };
    let sockets = || connections(3, "10.0.0.9:443", TcpState::Established);
    assert_eq!(
        found(sockets(), without(|limits| limits.tcp_v4_ports = None)),
        [
            "unknown [range] the range of ports for new connections is not known (TCP/IPv4), so its use is not judged"
        ]
    );
    assert!(found(sockets(), without(|limits| limits.tcp_v6_ports = None))[0].starts_with("ok"));
    // What can be judged is judged.
    let busy = [connections(70, "10.0.0.9:443", TcpState::Established), vec![udp("0.0.0.0:53", "")]].concat();
    let found = found(busy, without(|limits| limits.udp_v4_ports = None));
    assert!(found[0].starts_with("critical") && found[1].contains("(UDP/IPv4)"), "{found:?}");
}

/// Windows does not tell how long a TIME_WAIT has lasted.
#[cfg(target_os = "linux")]
#[test]
fn the_rate_of_a_burst_follows_from_its_oldest_socket() {
    for (ages, expected) in [
        (None, "about 1 connection ends a second"),
        (Some(4), "about 15 connections end a second"),
        (Some(59), "about 1 connection ends a second"),
        // The clock of the kernel is not exact, and a minute is the most.
        (Some(70), "about 1 connection ends a second"),
        (Some(0), "about 60 connections end a second"),
    ] {
        let mut sockets = connections(60, "10.0.0.9:443", TcpState::TimeWait);
        sockets.iter_mut().for_each(|socket| socket.time_in_state = ages.map(Duration::from_secs));
        let mut evidence = look(moment(100, sockets));
        evidence.limits = Ok(limits(TimeWaitReuse::Never));
        let findings = run(&CHECK, &evidence, &[]);
        let words: Vec<_> =
            findings[0].facts.iter().filter_map(|fact| Some(fact.text.as_ref()?.of(EN))).collect();
        assert!(words.iter().any(|words| words.contains(expected)), "{expected}: {words:?}");
    }
}

#[test]
fn an_unreadable_time_wait_table_is_unknown() {
    let mut evidence = look(moment(1, Vec::new()));
    evidence.limits = Ok(limits(TimeWaitReuse::Never));
    evidence.now.counters = Err(Lack::Refused("Permission denied".to_owned()));
    assert_eq!(
        lines(&run(&CHECK, &evidence, &[])),
        [
            "unknown [tcp_max_tw_buckets] how full the table of TIME_WAIT is could not be read: Permission denied"
        ]
    );
}
