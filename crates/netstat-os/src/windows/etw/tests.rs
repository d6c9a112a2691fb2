use super::decode::tests::{ends, start};
use super::packed::{Head, Losses, Provider, Raw};
use crate::tape::Recorder;
use crate::windows::fake::table;
use crate::windows::memory::Memory;
use crate::windows::processes::tests::list_of;
use crate::windows::source::{Question, TOLD, TRACE};
use crate::{EventStream, EventWishes, Events, Opened, Origin, open};
use netstat_model::history::{
    BeginBound, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, EventMethod, GapCause, NoTrace,
    OwnerSource,
};
use netstat_model::{Family, ProcessKey};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

/// Steps of the counter in a millisecond.
const STEPS: u64 = 10_000;
/// The time of day at the boot, as a `FILETIME`.
const BOOT: u64 = 133_000_000_000_000_000;

const LISTEN: u32 = 2;
const ESTABLISHED: u32 = 5;
const CLOSE_WAIT: u32 = 8;
const TIME_WAIT: u32 = 11;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 5));
const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

/// A row of the table of sockets.
fn row(state: u32, local: u16, remote: u16, pid: u32) -> Vec<u8> {
    let mut row = vec![0; 160];
    let mut set = |at: usize, bytes: &[u8]| row[at..at + bytes.len()].copy_from_slice(bytes);
    set(0, &state.to_le_bytes());
    set(4, &[10, 0, 0, 5]);
    set(8, &local.to_be_bytes());
    if state != LISTEN {
        set(12, &[192, 0, 2, 7]);
        set(16, &remote.to_be_bytes());
    }
    set(20, &pid.to_le_bytes());
    row
}

/// A recording of Windows.
struct Tape {
    folder: PathBuf,
    recorder: Recorder,
    takes: u64,
}

impl Tape {
    /// These processes run: number, parent, creation, name.
    fn new(name: &str, processes: &[(u32, u32, u64, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("netstat-tape-of-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let tape = Self { recorder: Recorder::create(&folder).unwrap(), folder, takes: 0 };
        tape.recorder.add(TRACE, "", Ok(&[]));
        tape.answer(&Question::Processes, &list_of(processes));
        tape.answer(&Question::Uptime, &Memory::flat(100_000u64.to_le_bytes().to_vec()));
        tape
    }

    fn answer(&self, question: &Question, answer: &Memory) {
        self.recorder.add(question.function(), &question.arguments(), Ok(&answer.to_recording()));
    }

    /// What is told and seen at a time since boot, in milliseconds. The look comes a second after the last one.
    fn take(
        mut self,
        at: u64,
        losses: [u32; 2],
        told: &[(Provider, u16, u64, Vec<u8>)],
        rows: &[Vec<u8>],
    ) -> Self {
        let lost = |events| Losses { events, ..Losses::default() };
        let [network, process] = losses.map(lost);
        let head = Head { counter: at * STEPS, frequency: STEPS * 1000, network, process, dropped: 0 };
        let mut bytes = head.encode().to_vec();
        for (provider, id, at, payload) in told {
            let version = if *provider == Provider::Process { 3 } else { 0 };
            Raw { provider: *provider, version, id: *id, at: at * STEPS, payload }.encode(&mut bytes);
        }
        self.recorder.add(TOLD, &self.takes.to_string(), Ok(&bytes));
        self.takes += 1;
        for _ in 0..2 {
            self.answer(&Question::Uptime, &Memory::flat(at.to_le_bytes().to_vec()));
        }
        self.answer(&Question::Time, &Memory::flat((BOOT + at * 10_000).to_le_bytes().to_vec()));
        self.answer(&Question::TcpTable(Family::V4), &table(8, rows));
        for question in
            [Question::TcpTable(Family::V6), Question::UdpTable(Family::V4), Question::UdpTable(Family::V6)]
        {
            self.answer(&question, &table(8, &[]));
        }
        self
    }

    /// Replays it: what is told in all, with an end after the last take.
    fn told(self) -> Vec<ConnectionEvent> {
        self.recorder.finish().unwrap();
        let index = self.folder.join("index.jsonl");
        let text = fs::read_to_string(&index).unwrap();
        fs::write(&index, text.replacen(std::env::consts::OS, "windows", 1)).unwrap();
        let system: Opened = open(Origin::Replay(&self.folder)).unwrap();
        let mut stream: Box<dyn EventStream + '_> = system.events(EventWishes::default());
        assert_eq!(stream.method(), EventMethod::Trace);
        let mut events = Vec::new();
        for _ in 0..self.takes {
            assert!(!stream.is_over());
            stream.take(&mut events).unwrap();
        }
        stream.finish(&mut events);
        stream.take(&mut Vec::new()).unwrap();
        assert!(stream.is_over());
        drop(stream);
        drop(system);
        let _ = fs::remove_dir_all(&self.folder);
        events
    }
}

fn connection(id: u16, at: u64, pid: u32, local: u16, remote: u16) -> (Provider, u16, u64, Vec<u8>) {
    (Provider::Network, id, at, ends(pid, (HERE, local), (THERE, remote)))
}

const CONNECT: u16 = 12;
const DISCONNECT: u16 = 13;
const AGAIN: u16 = 14;
const ACCEPT: u16 = 15;
const RECONNECT: u16 = 16;

fn ended(events: &[ConnectionEvent]) -> Vec<&ConnectionRecord> {
    events
        .iter()
        .filter_map(|event| match event {
            ConnectionEvent::Ended(record) => Some(&**record),
            _ => None,
        })
        .collect()
}

fn ms(at: u64) -> Duration {
    Duration::from_millis(at)
}

fn owner(record: &ConnectionRecord) -> Option<(u32, OwnerSource)> {
    record.process.map(|(instance, source)| (instance.process.pid, source))
}

#[test]
fn a_connection_between_two_looks_has_its_process_and_its_times() {
    let curl = ProcessKey { pid: 950, start_time: BOOT + 1_005_000_000 };
    let image = r"\Device\HarddiskVolume3\Tools\curl.exe";
    let stop = [&950u32.to_le_bytes()[..], &[0; 8], &curl.start_time.to_le_bytes()].concat();
    let events = Tape::new("etw-short", &[(940, 4, 100, "server.exe")])
        .take(100_000, [0, 0], &[], &[row(LISTEN, 80, 0, 940)])
        .take(
            101_000,
            [0, 0],
            &[
                // The buffers of the sessions come in any order.
                connection(CONNECT, 100_600, 950, 50_001, 443),
                connection(DISCONNECT, 100_700, 950, 50_001, 443),
                connection(ACCEPT, 100_650, 940, 80, 40_000),
                (Provider::Process, 1, 100_500, start(3, curl, 940, image)),
                (Provider::Process, 2, 100_750, stop),
            ],
            &[row(LISTEN, 80, 0, 940), row(TIME_WAIT, 50_001, 443, 0), row(ESTABLISHED, 80, 40_000, 940)],
        )
        .take(
            104_000,
            [0, 0],
            &[connection(AGAIN, 102_000, 940, 80, 40_000)],
            &[row(LISTEN, 80, 0, 940), row(TIME_WAIT, 50_001, 443, 0), row(CLOSE_WAIT, 80, 40_000, 940)],
        )
        .take(
            107_000,
            [0, 0],
            &[connection(DISCONNECT, 104_500, 940, 80, 40_000)],
            &[row(LISTEN, 80, 0, 940)],
        )
        .told();
    let [short, long] = ended(&events)[..] else { panic!("{events:#?}") };
    assert_eq!(
        (short.role, short.started, short.established),
        (ConnectionRole::Active, Some(ms(100_600)), Some(ms(100_600)))
    );
    assert_eq!(short.ended, Some((ms(100_700), EndReason::ClosedByUs)), "it waited at the next look");
    assert_eq!(owner(short), Some((950, OwnerSource::Made)));
    assert_eq!((long.role, long.started, long.bound), (ConnectionRole::Passive, Some(ms(100_650)), None));
    assert_eq!(long.ended, Some((ms(104_500), EndReason::ClosedByPeer)), "a look saw CLOSE_WAIT");
    assert_eq!((owner(long), long.retransmits), (Some((940, OwnerSource::Made)), Some(1)));
    // The process is told before its connection, though it had ended by then.
    let place = |wanted: &dyn Fn(&ConnectionEvent) -> bool| events.iter().position(wanted).unwrap();
    let process =
        place(&|event| matches!(event, ConnectionEvent::Process(record) if record.instance.process == curl));
    let opened =
        place(&|event| matches!(event, ConnectionEvent::Opened(record) if record.local.port == 50_001));
    assert!(process < opened);
    let ConnectionEvent::Process(record) = &events[process] else { panic!() };
    assert_eq!((&*record.name, record.executable.as_deref()), (&b"curl.exe"[..], Some(image.as_bytes())));
    assert_eq!(record.parent, Some(940));
}

#[test]
fn what_is_lost_is_told_and_the_looks_make_up_for_it() {
    let open = |local| row(ESTABLISHED, local, 443, 940);
    let events = Tape::new("etw-lost", &[(940, 4, 100, "server.exe")])
        .take(100_000, [0, 0], &[], &[open(50_000), open(50_001)])
        // The end of 50001 and the start of 50002 are lost.
        .take(101_000, [2, 1], &[connection(DISCONNECT, 100_200, 940, 50_000, 443)], &[open(50_002)])
        .take(104_000, [2, 1], &[], &[open(50_002)])
        .take(106_000, [2, 1], &[], &[open(50_002)])
        .take(109_000, [2, 1], &[connection(DISCONNECT, 106_500, 940, 50_002, 443)], &[])
        .told();
    let told: Vec<_> = ended(&events)
        .iter()
        .map(|record| (record.local.port, record.started, record.bound, record.ended.unwrap()))
        .collect();
    let before = Some(BeginBound::NoLaterThan(ms(100_000)));
    assert_eq!(
        told,
        [
            (50_000, None, before, (ms(100_200), EndReason::Unseen)),
            (50_001, None, before, (ms(101_000), EndReason::Unseen)),
            (50_002, None, Some(BeginBound::NoLaterThan(ms(101_000))), (ms(106_500), EndReason::Unseen)),
        ]
    );
    let gaps: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            ConnectionEvent::Gap(gap) => Some((gap.cause, gap.lost, gap.from, gap.until)),
            _ => None,
        })
        .collect();
    let span = (ms(100_000), ms(101_000));
    assert_eq!(
        gaps,
        [(GapCause::Ring, Some(2), span.0, span.1), (GapCause::Processes, Some(1), span.0, span.1)]
    );
}

#[test]
fn ends_that_are_used_again_are_another_connection() {
    let events = Tape::new("etw-again", &[(940, 4, 100, "client.exe")])
        .take(100_000, [0, 0], &[], &[])
        // The look shows the second one before the first one is told.
        .take(
            101_000,
            [0, 0],
            &[
                connection(CONNECT, 100_100, 940, 50_000, 443),
                connection(DISCONNECT, 100_200, 940, 50_000, 443),
                connection(CONNECT, 100_300, 940, 50_000, 443),
            ],
            &[row(ESTABLISHED, 50_000, 443, 940)],
        )
        .take(
            104_000,
            [0, 0],
            &[connection(RECONNECT, 103_000, 940, 50_009, 81)],
            &[row(ESTABLISHED, 50_000, 443, 940)],
        )
        .take(107_000, [0, 0], &[connection(DISCONNECT, 104_100, 940, 50_000, 443)], &[])
        .take(108_000, [0, 0], &[], &[])
        .take(113_000, [0, 0], &[], &[])
        .told();
    let told: Vec<_> = ended(&events)
        .iter()
        .map(|record| (record.local.port, record.started, record.established, record.ended.unwrap().0))
        .collect();
    let of = |begun, at| (50_000, Some(ms(begun)), Some(ms(begun)), ms(at));
    // What was tried again and never established ends when looks do not see it.
    assert_eq!(told, [of(100_100, 100_200), of(100_300, 104_100), (50_009, None, None, ms(107_000))]);
}

#[test]
fn a_number_without_a_process_has_no_owner() {
    let events = Tape::new("etw-nobody", &[(940, 4, BOOT + 1_020_000_000, "young.exe")])
        .take(100_000, [0, 0], &[], &[])
        // The list that was read again has a younger process with the number.
        .take(101_000, [0, 3], &[connection(CONNECT, 100_100, 940, 50_000, 443)], &[])
        .take(
            104_000,
            [0, 3],
            &[connection(CONNECT, 101_600, 0, 50_001, 443), connection(CONNECT, 101_700, 951, 50_002, 443)],
            &[],
        )
        .told();
    let opened: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            ConnectionEvent::Opened(record) => Some((record.local.port, owner(record))),
            _ => None,
        })
        .collect();
    assert_eq!(opened, [(50_000, None), (50_001, None), (50_002, None)]);
}

#[test]
fn without_events_there_are_looks_and_the_reason() {
    for (answer, reason) in [
        (Some(Err(5)), NoTrace::NotPermitted),
        (Some(Err(120)), NoTrace::Silent),
        (Some(Err(1450)), NoTrace::Refused(1450)),
        (None, NoTrace::NotRecorded),
    ] {
        let folder = std::env::temp_dir().join(format!("netstat-tape-of-etw-none-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let recorder = Recorder::create(&folder).unwrap();
        if let Some(answer) = answer {
            let answer: io::Result<&[u8]> = answer.map_err(io::Error::from_raw_os_error);
            recorder.add(TRACE, "", answer.as_ref().copied());
        }
        recorder.finish().unwrap();
        drop(recorder);
        let index = folder.join("index.jsonl");
        let text = fs::read_to_string(&index).unwrap();
        fs::write(&index, text.replacen(std::env::consts::OS, "windows", 1)).unwrap();
        let system = open(Origin::Replay(&folder)).unwrap();
        let stream = system.events(EventWishes::default());
        assert_eq!(stream.method(), EventMethod::NoTrace(reason));
        drop(stream);
        drop(system);
        let _ = fs::remove_dir_all(&folder);
    }
}
