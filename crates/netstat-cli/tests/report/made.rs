//! A history that is written here: a day of a web server, with a gap, a storm, and names that mean harm.

use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, GapCause, OwnerSource,
    ProcessInstance, ProcessRecord, RecordGap,
};
use netstat_model::{IpEndpoint, ProcessKey, Transport};
use netstat_store::{Writer, WriterOptions};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// A program that would like to run in the page of whoever reads of it.
pub(crate) const HOSTILE: &str =
    "</title><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}gnp.exe";

/// When the machine booted: 2026-09-21 00:00:00 UTC.
pub(crate) const BOOTED: u64 = 1_789_948_800;

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn clock(at: u64) -> ClockReading {
    ClockReading { boot_id: "one".into(), since_boot: seconds(at), since_1970: seconds(BOOTED + at) }
}

/// Numbers that look random and are the same in every run (xorshift).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn small(&mut self, limit: u64) -> u64 {
        let (one, other) = (self.below(limit), self.below(limit));
        one * other / limit
    }
}

fn end(text: &str) -> IpEndpoint {
    let end: SocketAddr = text.parse().unwrap();
    IpEndpoint::new(end.ip(), end.port(), 0)
}

pub(crate) fn process(pid: u32, name: &str) -> ProcessRecord {
    ProcessRecord {
        instance: ProcessInstance { process: ProcessKey { pid, start_time: 1 }, executions: 1 },
        parent: Some(1),
        uid: Some(1000),
        user: Some("www-data".into()),
        name: name.as_bytes().into(),
        comm: name.as_bytes().into(),
        executable: Some(format!("/usr/bin/{name}").into_bytes().into()),
        arguments: None,
        cgroup: Some((*b"/system.slice/app.service").into()),
        unit: Some("app.service".into()),
        container: None,
    }
}

pub(crate) fn connection(
    cookie: u64,
    owner: &ProcessRecord,
    role: ConnectionRole,
    (local, remote): (&str, &str),
    (from, until): (Duration, Duration),
) -> ConnectionRecord {
    ConnectionRecord {
        cookie,
        namespace: None,
        transport: Transport::Tcp,
        role,
        local: end(local),
        remote: Some(end(remote)),
        v6_only: None,
        started: Some(from),
        bound: None,
        established: Some(from + Duration::from_micros(300)),
        first_fin: None,
        ended: Some((until, EndReason::ClosedByPeer)),
        process: Some((owner.instance, OwnerSource::Made)),
        uid: Some(1000),
        bytes_sent: Some(1000),
        bytes_received: Some(2000),
        rtt: Some(400),
        min_rtt: None,
        retransmits: Some(0),
    }
}

/// Addresses of several countries, by the table that is built in.
const CLIENTS: [&str; 9] = [
    "1.208.10.",
    "8.8.4.",
    "80.67.169.",
    "133.11.5.",
    "151.101.1.",
    "185.60.216.",
    "200.147.3.",
    "41.0.10.",
    "103.102.166.",
];

/// Writes two days: the first quiet and whole; the second with a gap from 05:10 to 06:40, a database that is refused at
/// 13:00, a leak of connections in CLOSE_WAIT from 15:00 on, and a program of a hostile name. It ends at 48 h.
pub(crate) fn two_days(folder: &Path) {
    let options = WriterOptions {
        host: Some("web-1.example".into()),
        mode: Some("complete".into()),
        ..WriterOptions::default()
    };
    let mut writer = Writer::open(folder, &options, &clock(30)).unwrap();
    let names = ["nginx", "app-server", "postgres", "backup", HOSTILE, "sshd", "curl"];
    let owners: Vec<ProcessRecord> = (70..).zip(names).map(|(pid, name)| process(pid, name)).collect();
    let [nginx, app, postgres, backup, hostile, sshd, curl] = &owners[..] else { unreachable!() };
    let events = owners.iter().map(|owner| ConnectionEvent::Process(Box::new(owner.clone())));
    writer.append(&events.collect::<Vec<_>>());
    let listener = |cookie, owner: &ProcessRecord, local: &str, from| {
        let record = connection(
            cookie,
            owner,
            ConnectionRole::Listener,
            (local, "[::]:0"),
            (seconds(from), seconds(from)),
        );
        ConnectionRecord { remote: None, ended: None, established: None, v6_only: Some(false), ..record }
    };
    for (cookie, owner, local) in
        [(1, nginx, "[::]:443"), (2, sshd, "0.0.0.0:22"), (3, postgres, "127.0.0.1:5432")]
    {
        writer.append(&[ConnectionEvent::Opened(Box::new(listener(cookie, owner, local, 40)))]);
    }
    writer.commit(&clock(60)).unwrap();
    let mut numbers = Numbers(88_172_645_463_325_252);
    let mut cookie = 100;
    for minute in 2..2 * 1440_u64 {
        let of_day = minute % 1440;
        let is_second_day = minute >= 1440;
        if is_second_day && (310..400).contains(&of_day) {
            continue;
        }
        if is_second_day && of_day == 400 {
            drop(writer);
            writer = Writer::open(folder, &options, &clock(minute * 60)).unwrap();
        }
        // As much as people are awake.
        let load = 2 + (of_day.min(1440 - of_day)) / 60;
        let mut events = Vec::new();
        let mut over = |record: ConnectionRecord| {
            events.push(ConnectionEvent::Ended(Box::new(record)));
        };
        for _ in 0..load {
            cookie += 1;
            let until = seconds(minute * 60) - Duration::from_millis(numbers.below(59_000));
            let from = until.saturating_sub(Duration::from_millis(1 + numbers.small(90_000)));
            let client = CLIENTS[usize::try_from(numbers.small(9)).unwrap() % 9];
            let remote = format!("{client}{}:{}", numbers.small(200), 20_000 + numbers.below(40_000));
            let record =
                connection(cookie, nginx, ConnectionRole::Passive, ("192.0.2.1:443", &remote), (from, until));
            let slow = if is_second_day && (780..840).contains(&of_day) { 9 } else { 1 };
            over(ConnectionRecord {
                bytes_sent: Some(2000 + numbers.small(4_000_000)),
                bytes_received: Some(300 + numbers.small(9000)),
                rtt: Some(u32::try_from(800 + slow * numbers.small(120_000)).unwrap()),
                retransmits: Some(u32::try_from(numbers.below(100) / 97 * slow).unwrap()),
                first_fin: Some((until - Duration::from_micros(500), false)),
                ..record
            });
            cookie += 1;
            let local = format!("192.0.2.1:{}", 32_768 + numbers.below(28_000));
            let query = connection(
                cookie,
                app,
                ConnectionRole::Active,
                (&local, "192.0.2.40:5432"),
                (until.saturating_sub(Duration::from_millis(40)), until),
            );
            let refused = is_second_day && (780..800).contains(&of_day);
            over(match refused {
                true => ConnectionRecord {
                    ended: Some((until, EndReason::Refused)),
                    established: None,
                    bytes_sent: None,
                    bytes_received: None,
                    rtt: None,
                    retransmits: None,
                    ..query
                },
                false => ConnectionRecord {
                    ended: Some((until, EndReason::ClosedByUs)),
                    first_fin: Some((until - Duration::from_micros(90), true)),
                    bytes_received: Some(numbers.small(60_000)),
                    ..query
                },
            });
        }
        if of_day.is_multiple_of(60) {
            cookie += 1;
            let until = seconds(minute * 60 - 1);
            let record = connection(
                cookie,
                backup,
                ConnectionRole::Active,
                ("192.0.2.1:41000", "203.0.113.77:22"),
                (until.saturating_sub(seconds(900)), until),
            );
            over(ConnectionRecord {
                bytes_sent: Some(3 << 30),
                rtt: Some(35_000),
                retransmits: Some(40),
                ..record
            });
        }
        if is_second_day && of_day.is_multiple_of(7) {
            cookie += 1;
            let until = seconds(minute * 60 - 2);
            let remote = format!("203.0.113.{}:4444", 100 + numbers.below(9));
            let record = connection(
                cookie,
                hostile,
                ConnectionRole::Active,
                ("192.0.2.1:41001", &remote),
                (until.saturating_sub(seconds(2)), until),
            );
            over(ConnectionRecord { ended: Some((until, EndReason::ResetByPeer)), ..record });
        }
        if is_second_day && of_day == 782 {
            for number in 0..150 {
                let until = seconds(minute * 60 - 50) + Duration::from_millis(number * 200);
                let local = format!("192.0.2.1:{}", 33_000 + number);
                cookie += 1;
                let record = connection(
                    cookie,
                    app,
                    ConnectionRole::Active,
                    (&local, "192.0.2.40:5432"),
                    (until.saturating_sub(Duration::from_micros(200)), until),
                );
                over(ConnectionRecord {
                    ended: Some((until, EndReason::Refused)),
                    established: None,
                    bytes_sent: None,
                    bytes_received: None,
                    rtt: None,
                    retransmits: None,
                    ..record
                });
            }
        }
        if is_second_day && of_day > 900 && of_day.is_multiple_of(5) {
            cookie += 1;
            let from = seconds(minute * 60 - 30);
            let local = format!("192.0.2.1:{}", 50_000 + cookie % 9000);
            let record =
                connection(cookie, curl, ConnectionRole::Active, (&local, "198.51.100.7:443"), (from, from));
            events.push(ConnectionEvent::Opened(Box::new(ConnectionRecord {
                ended: None,
                first_fin: Some((from + seconds(5), false)),
                ..record
            })));
        }
        if is_second_day && of_day == 600 {
            events.push(ConnectionEvent::Opened(Box::new(listener(
                4,
                hostile,
                "0.0.0.0:4444",
                minute * 60 - 5,
            ))));
            events.push(ConnectionEvent::Gap(RecordGap {
                boot_id: None,
                from: seconds(minute * 60 - 40),
                until: seconds(minute * 60 - 10),
                lost: Some(12),
                cause: GapCause::Ring,
            }));
        }
        writer.append(&events);
        writer.commit(&clock(minute * 60)).unwrap();
    }
    writer.commit(&clock(2 * 86_400)).unwrap();
}
