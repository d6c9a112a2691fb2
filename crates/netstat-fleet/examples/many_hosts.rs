//! Makes the histories of many hosts and sends them all: `many_hosts URL [HOSTS] [ENDS] [FOLDER]`.
//!
//! 200 hosts with 10,000,000 ends together unless it is said. Each host has a store of its own, as a recorder writes it; they are
//! sent one after the other by one process. Prints how fast that was, and how many bytes an end took on the wire.

use netstat_fleet::{Client, Credentials, Sender, Server, Target};
use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, OwnerSource, ProcessInstance,
    ProcessRecord,
};
use netstat_model::{IpEndpoint, ProcessKey, Transport};
use netstat_store::{Writer, WriterOptions};
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The span in which the ends lie, in seconds: two days, so that there is a day before the last one.
const SPAN: u64 = 172_800;

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    /// A number of which small ones are frequent.
    fn skewed(&mut self, limit: u64) -> u64 {
        let top = self.below(limit) + 1;
        let top = self.below(top) + 1;
        self.below(top)
    }

    /// A number whose digits are as likely to be few as many.
    fn of_any_size(&mut self, bits: u64) -> u64 {
        let size = self.below(bits);
        self.below(1 << size | 1)
    }
}

const PROGRAMS: [&str; 12] = [
    "nginx",
    "postgres",
    "java",
    "node",
    "python3",
    "curl",
    "redis-server",
    "envoy",
    "sshd",
    "chronyd",
    "etcd",
    "dockerd",
];

const SERVICES: [u16; 10] = [443, 5432, 80, 6379, 8080, 9092, 53, 22, 3306, 2379];

fn process(host: u64, number: u64) -> ProcessRecord {
    let name = PROGRAMS[usize::try_from(number % PROGRAMS.len() as u64).unwrap_or(0)];
    ProcessRecord {
        instance: ProcessInstance {
            process: ProcessKey {
                pid: u32::try_from(1000 + number).unwrap_or(1),
                start_time: host * 100_000 + number,
            },
            executions: 1,
        },
        parent: Some(1),
        uid: Some(1000),
        user: Some("app".into()),
        name: name.as_bytes().into(),
        comm: name.as_bytes().into(),
        executable: Some(format!("/usr/bin/{name}").into_bytes().into()),
        arguments: None,
        cgroup: Some(format!("/system.slice/{name}.service").into_bytes().into()),
        unit: Some(format!("{name}.service").into()),
        container: None,
    }
}

fn record(chance: &mut Chance, host: u64, cookie: u64, ended: Duration) -> ConnectionRecord {
    let active = chance.below(10) < 6;
    let service = SERVICES[usize::try_from(chance.skewed(SERVICES.len() as u64)).unwrap_or(0)];
    let high = u16::try_from(32_768 + chance.below(28_232)).unwrap_or(40_000);
    let remote = match chance.below(10) {
        // Other hosts of the fleet, frequent addresses of the internet, rare ones.
        0..5 => Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(chance.skewed(200)).unwrap_or(0)),
        5..9 => Ipv4Addr::from_bits(0x5db8_0000 + u32::try_from(chance.skewed(5_000)).unwrap_or(0)),
        _ => Ipv4Addr::from_bits(0xcb00_0000 + u32::try_from(chance.below(1_000_000)).unwrap_or(0)),
    };
    let local = Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(host).unwrap_or(0));
    let failed = active && chance.below(25) == 0;
    let reason = match chance.below(20) {
        _ if failed && chance.below(3) == 0 => EndReason::ConnectTimedOut,
        _ if failed => EndReason::Refused,
        0..9 => EndReason::ClosedByUs,
        9..18 => EndReason::ClosedByPeer,
        18 => EndReason::ResetByPeer,
        _ => EndReason::AbortedByUs,
    };
    let lasted = Duration::from_micros(chance.of_any_size(28));
    let started = ended.saturating_sub(lasted);
    let (local_port, remote_port) = if active { (high, service) } else { (service, high) };
    let end = |address: Ipv4Addr, port| IpEndpoint::new(IpAddr::V4(address), port, 0);
    let of = process(host, chance.skewed(120));
    ConnectionRecord {
        cookie,
        namespace: Some(netstat_model::Namespace { inode: 4_026_531_840 }),
        transport: Transport::Tcp,
        role: if active { ConnectionRole::Active } else { ConnectionRole::Passive },
        local: end(local, local_port),
        remote: Some(end(remote, remote_port)),
        v6_only: None,
        started: Some(started),
        bound: None,
        established: (!failed).then(|| started + lasted.min(Duration::from_micros(800))),
        first_fin: (!failed)
            .then(|| (ended.saturating_sub(Duration::from_micros(300)), reason == EndReason::ClosedByUs)),
        ended: Some((ended, reason)),
        process: Some((of.instance, OwnerSource::Made)),
        uid: Some(1000),
        bytes_sent: Some(chance.of_any_size(22)),
        bytes_received: Some(chance.of_any_size(26)),
        rtt: (!failed).then(|| u32::try_from(100 + chance.of_any_size(18)).unwrap_or(100)),
        min_rtt: (!failed).then(|| u32::try_from(80 + chance.of_any_size(12)).unwrap_or(80)),
        retransmits: Some(u32::from(chance.below(50) == 0)),
    }
}

/// Writes the store of a host, as a recorder does.
fn make(path: &Path, host: u64, ends: u64, now: Duration) -> Result<(), Box<dyn Error>> {
    let span = Duration::from_secs(SPAN);
    let clock = |since_boot: Duration| ClockReading {
        boot_id: format!("boot-{host}").into(),
        since_boot,
        since_1970: now - span + since_boot,
    };
    let options = WriterOptions {
        host: Some(format!("host{host:03}")),
        mode: Some("complete".into()),
        keep_bytes: 8 << 30,
        ..WriterOptions::default()
    };
    let mut writer = Writer::open(path, &options, &clock(Duration::ZERO))?;
    let mut chance = Chance(host * 7919 + 1);
    let processes: Vec<_> =
        (0..120).map(|number| ConnectionEvent::Process(Box::new(process(host, number)))).collect();
    writer.append(&processes);
    let mut events = Vec::new();
    for number in 0..ends {
        let ended = span.mul_f64(number as f64 / ends as f64) + Duration::from_micros(chance.below(1000));
        events.push(ConnectionEvent::Ended(Box::new(record(&mut chance, host, number + 1, ended))));
        if events.len() == 10_000 {
            writer.append(&events);
            events.clear();
            writer.commit(&clock(ended + Duration::from_millis(2)))?;
        }
    }
    writer.append(&events);
    // What it has open: listeners, one of them unusual, and connections.
    for number in 0..60 {
        let mut open = record(&mut chance, host, 1 << 40 | number, span);
        (open.ended, open.first_fin) = (None, None);
        (open.bytes_sent, open.bytes_received) = (None, None);
        if number < 8 {
            (open.role, open.remote, open.established) = (ConnectionRole::Listener, None, None);
            open.local = IpEndpoint::new(
                Ipv4Addr::UNSPECIFIED.into(),
                SERVICES[usize::try_from(number).unwrap_or(0)],
                0,
            );
            open.started = Some(Duration::from_secs(1));
            if number == 7 && host % 50 == 3 {
                open.local.port = 3389;
                open.started = Some(span - Duration::from_secs(3600));
            }
        }
        writer.append(&[ConnectionEvent::Opened(Box::new(open))]);
    }
    writer.commit(&clock(span))?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it is what the program is for")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let url = words.next().ok_or("many_hosts URL [HOSTS] [ENDS] [FOLDER]")?;
    let hosts: u64 = words.next().map_or(Ok(200), |word| word.parse())?;
    let ends: u64 = words.next().map_or(Ok(10_000_000), |word| word.parse())?;
    let folder = words.next().map_or_else(std::env::temp_dir, Into::into);
    std::fs::create_dir_all(&folder)?;
    let target = Target::parse(&url).map_err(|why| format!("{url}: {why:?}"))?;
    let client = Client::new(target, Credentials::default(), Duration::from_secs(120));
    Server::create(&client)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let (mut making, mut sending) = (Duration::ZERO, Duration::ZERO);
    let (mut sent, mut bytes, mut stored) = (0, 0, 0);
    for host in 0..hosts {
        let path = folder.join(format!("host{host:03}.db"));
        let begin = Instant::now();
        make(&path, host, ends / hosts, now)?;
        making += begin.elapsed();
        stored += path.metadata()?.len();
        let begin = Instant::now();
        let done = Sender::new(client.clone(), &path)?.send(&mut |_| true)?;
        sending += begin.elapsed();
        (sent, bytes) = (sent + done.ends, bytes + done.bytes);
        for ending in ["", "-wal", "-shm", ".lock"] {
            let _ = std::fs::remove_file(folder.join(format!("host{host:03}.db{ending}")));
        }
    }
    println!(
        "{sent} ends of {hosts} hosts: made in {:.1} s, {:.1} bytes each in the stores",
        making.as_secs_f64(),
        stored as f64 / sent as f64
    );
    println!(
        "sent in {:.1} s, {:.0} a second, {:.1} bytes each on the wire",
        sending.as_secs_f64(),
        sent as f64 / sending.as_secs_f64(),
        bytes as f64 / sent as f64
    );
    Ok(())
}
