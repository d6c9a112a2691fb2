//! Writes a history of ten million ends as a recorder would, and asks it what operators ask: how long that takes, and how
//! large it is. `cargo xtask bench history` builds and runs it.
//!
//! Arguments: how many ends (10,000,000), and the folder to write to (one in the temporary folder, which is removed).
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for the terminal that fails by panicking"
)]

use netstat_engine::filter::{Context, Filter, NumbersOnly};
use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, OwnerSource, ProcessInstance,
    ProcessRecord,
};
use netstat_model::{IpEndpoint, ProcessKey, SocketRef, Transport};
use netstat_store::{Reader, Span, Standing, Writer, WriterOptions};
use std::net::Ipv4Addr;
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime};

/// Ends of one commit, which is a second.
const RATE: u64 = 1000;

/// When the synthetic host booted: 2026-09-21.
const BOOTED: Duration = Duration::from_secs(1_790_000_000);

/// Random numbers (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number below a limit, small ones more often, after Zipf.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small and positive")]
    fn zipf(&mut self, limit: u64) -> u64 {
        ((limit as f64).powf(self.fraction()) - 1.0) as u64
    }

    /// A log-normal number.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small and positive")]
    fn log_normal(&mut self, mean: f64, deviation: f64) -> u64 {
        let angle = std::f64::consts::TAU * self.fraction();
        let length = (-2.0 * (self.fraction() + 1e-12).ln()).sqrt();
        (mean + deviation * length * angle.cos()).exp() as u64
    }
}

fn instance(number: u64) -> ProcessInstance {
    let pid = u32::try_from(1000 + number).unwrap();
    ProcessInstance { process: ProcessKey { pid, start_time: number }, executions: 1 }
}

fn process(number: u64) -> ProcessRecord {
    let name = format!("service-{number}").into_bytes();
    ProcessRecord {
        instance: instance(number),
        parent: Some(1),
        uid: Some(1000),
        user: Some("service".into()),
        comm: name.clone().into(),
        executable: Some([b"/usr/bin/", name.as_slice()].concat().into()),
        name: name.into(),
        arguments: None,
        cgroup: Some((*b"/system.slice").into()),
        unit: None,
        container: None,
    }
}

/// A host of 300 processes with 5,000 common peers and a million rare ones.
fn end_of(random: &mut Random, cookie: u64, at: Duration) -> ConnectionRecord {
    const PORTS: [u16; 8] = [443, 5432, 80, 6379, 3306, 8080, 53, 22];
    let is_passive = random.below(2) == 0;
    let service = PORTS[usize::try_from(random.zipf(8)).unwrap() % 8];
    let ephemeral = 32_768 + u16::try_from(random.below(28_000)).unwrap();
    let peer = if random.below(20) == 0 { 10_000 + random.below(1_000_000) } else { random.zipf(5000) };
    let (local, remote) = if is_passive { (service, ephemeral) } else { (ephemeral, service) };
    let end = |address: u64, port| {
        let address = Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(address).unwrap());
        IpEndpoint::new(address.into(), port, 0)
    };
    let lasted = Duration::from_micros(random.log_normal(10.0, 2.5).min(86_400_000_000));
    let reason = match random.below(100) {
        0..93 if is_passive => EndReason::ClosedByPeer,
        0..93 => EndReason::ClosedByUs,
        93..96 => EndReason::ResetByPeer,
        96..98 => EndReason::Refused,
        _ => EndReason::AbortedByUs,
    };
    let started = at.checked_sub(lasted);
    let rtt = u32::try_from(random.log_normal(8.0, 1.2)).unwrap_or(u32::MAX);
    ConnectionRecord {
        cookie,
        namespace: None,
        transport: Transport::Tcp,
        role: if is_passive { ConnectionRole::Passive } else { ConnectionRole::Active },
        local: end(0x00ff_0000 + random.zipf(4), local),
        remote: Some(end(peer, remote)),
        v6_only: None,
        started,
        bound: None,
        established: started.map(|started| started + Duration::from_micros(u64::from(rtt).min(1000))),
        first_fin: Some((at.saturating_sub(Duration::from_micros(random.below(2000))), !is_passive)),
        ended: Some((at, reason)),
        process: Some((instance(random.zipf(300)), OwnerSource::Made)),
        uid: Some(1000),
        bytes_sent: Some(random.log_normal(7.0, 1.5)),
        bytes_received: Some(random.log_normal(8.0, 2.0)),
        rtt: Some(rtt),
        min_rtt: Some(rtt / 2),
        retransmits: Some(if random.below(50) == 0 { u32::try_from(random.below(5)).unwrap() } else { 0 }),
    }
}

fn clock(at: Duration) -> ClockReading {
    ClockReading { boot_id: "benchmark".into(), since_boot: at, since_1970: BOOTED + at }
}

fn write(folder: &std::path::Path, count: u64) -> u64 {
    let options = WriterOptions { keep_bytes: u64::MAX / 2, ..WriterOptions::default() };
    let start = Duration::from_secs(86_400);
    let mut writer = Writer::open(folder, &options, &clock(start)).unwrap();
    let mut random = Random(88_172_645_463_325_252);
    let processes = (0..300).map(|number| ConnectionEvent::Process(Box::new(process(number))));
    writer.append(&processes.collect::<Vec<_>>());
    // One that lives for all of it.
    let lasting = ConnectionRecord { ended: None, ..end_of(&mut random, 1, start) };
    writer.append(&[ConnectionEvent::Opened(Box::new(ConnectionRecord { started: Some(start), ..lasting }))]);
    let (mut made, mut writing, mut worst) = (1, Duration::ZERO, Duration::ZERO);
    let mut second = 0;
    while made < count {
        second += 1;
        let events: Vec<ConnectionEvent> = (0..RATE)
            .map(|number| {
                made += 1;
                let at = start + Duration::from_micros(second * 1_000_000 + number * 1_000_000 / RATE);
                ConnectionEvent::Ended(Box::new(end_of(&mut random, made, at)))
            })
            .collect();
        let begin = Instant::now();
        writer.append(&events);
        writer.commit(&clock(start + Duration::from_secs(second + 1))).unwrap();
        writing += begin.elapsed();
        worst = worst.max(begin.elapsed());
    }
    let size = writer.size().unwrap();
    println!(
        "wrote {made} ends in {:.1} s ({:.2} s for a million), {:.1} bytes each, longest commit {:.0} ms",
        writing.as_secs_f64(),
        writing.as_secs_f64() * 1e6 / made as f64,
        size.bytes as f64 / size.ends as f64,
        worst.as_secs_f64() * 1e3
    );
    second
}

fn time_of(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + BOOTED + Duration::from_secs(86_400 + second)
}

/// Asks twice and tells of the second time, when the file is in memory.
fn ask(folder: &std::path::Path, name: &str, question: impl Fn(&Reader) -> String) {
    let mut last = (String::new(), Duration::ZERO);
    for _ in 0..2 {
        let begin = Instant::now();
        let answer = question(&Reader::open(folder).unwrap());
        last = (answer, begin.elapsed());
    }
    println!("{name:<34} {:>8.3} s   {}", last.1.as_secs_f64(), last.0);
}

fn count_matches(reader: &Reader, span: &Span, filter: &str) -> String {
    let filter = Filter::parse(&[filter.into()], &NumbersOnly).unwrap();
    let rows = reader.preselect(&filter).unwrap();
    let (processes, _) = reader.processes().unwrap();
    let find = |key| processes.get(&key);
    let mut count = 0;
    let each = &mut |socket: &netstat_model::Socket| {
        count += u64::from(filter.matches(SocketRef::from(socket), &Context::new(&find)).is_yes());
        ControlFlow::Continue(())
    };
    reader.ends(span, &rows, each).unwrap();
    format!("{count} connections")
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().map_or(10_000_000, |count| count.parse().unwrap());
    let named = arguments.next().map(std::path::PathBuf::from);
    let folder = named
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("netstat-ten-million-{}", std::process::id())));
    let seconds = write(&folder, count);
    let middle = seconds / 2;
    let window = Span { since: Some(time_of(middle)), until: Some(time_of(middle + 600)) };
    let hour = Span { since: Some(time_of(middle)), until: Some(time_of(middle + 3600)) };
    ask(&folder, "port 5432 in ten minutes", |reader| count_matches(reader, &window, "port 5432"));
    ask(&folder, "a rare address, all time", |reader| {
        count_matches(reader, &Span::default(), "dst 10.7.161.32")
    });
    ask(&folder, "one process, all time", |reader| {
        count_matches(reader, &Span::default(), "process service-250")
    });
    ask(&folder, "resets in an hour", |reader| count_matches(reader, &hour, "reason reset"));
    ask(&folder, "the table of a moment", |reader| {
        let Standing::Recorded(at) = reader.standing(time_of(middle)) else { return "unknown".to_owned() };
        let mut count = 0;
        reader
            .open_at(at, None, &mut |_| {
                count += 1;
                ControlFlow::Continue(())
            })
            .unwrap();
        format!("{count} sockets")
    });
    ask(&folder, "summary of an hour", |reader| {
        let summary = reader.summary(time_of(middle), time_of(middle + 3600)).unwrap();
        format!("{} ends, {} addresses", summary.total.ends, summary.remotes.len())
    });
    ask(&folder, "summary of everything", |reader| {
        let summary = reader.summary(time_of(0), time_of(seconds)).unwrap();
        format!("{} ends, {} addresses", summary.total.ends, summary.remotes.len())
    });
    if named.is_none() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
