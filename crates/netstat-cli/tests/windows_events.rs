//! A recording of what Windows told of connections, replayed by the recorder: whatever system replays it keeps the same
//! history. The events are made up after the documented layouts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use netstat_os::tape::Recorder;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Steps of the counter in a millisecond.
const STEPS: u64 = 10_000;
/// When the machine booted, as a `FILETIME`: 2022-06-18T04:26:40Z.
const BOOT: u64 = 133_000_000_000_000_000;

// States in the table of sockets, and numbers of events.
const LISTEN: u32 = 2;
const ESTABLISHED: u32 = 5;
const CLOSE_WAIT: u32 = 8;
const TIME_WAIT: u32 = 11;
const CONNECT: u16 = 12;
const DISCONNECT: u16 = 13;
const ACCEPT: u16 = 15;

/// A folder that is removed on drop.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("netstat-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An answer, as a recording has it: the address that it lay at, then its bytes.
fn answer(recorder: &Recorder, function: &str, on: &str, address: u64, bytes: &[u8]) {
    let recorded = [&address.to_le_bytes()[..], bytes].concat();
    recorder.add(function, on, Ok(&recorded));
}

/// A table of sockets.
fn table(rows: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = u32::try_from(rows.len()).unwrap().to_le_bytes().to_vec();
    bytes.resize(8, 0);
    bytes.extend(rows.iter().flatten());
    bytes
}

/// A row of `GetExtendedTcpTable`, at 10.0.0.5 and to 192.0.2.7.
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

/// The list of processes: one of them.
fn processes(pid: u64, started: u64, name: &str) -> Vec<u8> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = vec![0; 256 + name.len()];
    let mut set = |at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
    set(32, &started.to_le_bytes());
    set(56, &u16::try_from(name.len()).unwrap().to_le_bytes());
    set(64, &256u64.to_le_bytes());
    set(80, &pid.to_le_bytes());
    set(256, &name);
    bytes
}

/// An event: whether of a process, its version, number, time and payload.
type Event = (bool, u8, u16, u64, Vec<u8>);

/// What is read in one take: its moment in milliseconds, lost events, events, and rows of the table then.
type Take = (u64, u32, Vec<Event>, Vec<Vec<u8>>);

fn connection(id: u16, at: u64, pid: u32, local: u16, remote: u16) -> Event {
    let mut bytes = [pid.to_le_bytes(), [0; 4], [192, 0, 2, 7], [10, 0, 0, 5]].concat();
    bytes.extend([remote, local].into_iter().flat_map(u16::to_be_bytes));
    bytes.extend(vec![0; if id == DISCONNECT { 8 } else { 24 }]);
    (false, 0, id, at, bytes)
}

/// The start of a process, in the second version of the event.
fn start(at: u64, pid: u32, parent: u32, image: &str) -> Event {
    let mut bytes = pid.to_le_bytes().to_vec();
    bytes.extend((BOOT + at * 10_000).to_le_bytes());
    bytes.extend([parent.to_le_bytes(), [1, 0, 0, 0], [0; 4]].concat());
    bytes.extend(image.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    bytes.extend([0; 12]);
    (true, 2, 1, at, bytes)
}

/// Makes the recording.
fn record(folder: &Path) {
    let recorder = Recorder::create(folder).unwrap();
    let clock = |at: u64, uptimes: usize, times: usize| {
        for _ in 0..uptimes {
            answer(&recorder, "GetTickCount64", "", 0, &at.to_le_bytes());
        }
        for _ in 0..times {
            let time = (BOOT + at * 10_000).to_le_bytes();
            answer(&recorder, "GetSystemTimePreciseAsFileTime", "", 0, &time);
        }
    };
    clock(100_000, 3, 2);
    recorder.add("StartTraceW", "", Ok(&[]));
    let list = processes(940, 100, "server.exe");
    answer(&recorder, "NtQuerySystemInformation", "SystemProcessInformation", 0, &list);
    let listener = || row(LISTEN, 80, 0, 940);
    let takes: [Take; 4] = [
        (100_000, 0, vec![], vec![listener()]),
        (
            101_000,
            0,
            vec![
                connection(CONNECT, 100_600, 950, 50_001, 443),
                connection(DISCONNECT, 100_700, 950, 50_001, 443),
                connection(ACCEPT, 100_650, 940, 80, 40_000),
                start(100_500, 950, 940, r"\Device\HarddiskVolume3\Tools\curl.exe"),
            ],
            vec![listener(), row(TIME_WAIT, 50_001, 443, 0), row(ESTABLISHED, 80, 40_000, 940)],
        ),
        (104_000, 3, vec![], vec![listener(), row(CLOSE_WAIT, 80, 40_000, 940)]),
        (107_000, 3, vec![connection(DISCONNECT, 104_500, 940, 80, 40_000)], vec![listener()]),
    ];
    for (number, (at, lost, events, rows)) in takes.into_iter().enumerate() {
        let mut bytes = [at * STEPS, STEPS * 1000].map(u64::to_le_bytes).concat();
        bytes.extend([lost, 0, 0, 0, 0, 0].into_iter().flat_map(u32::to_le_bytes));
        bytes.extend(0u64.to_le_bytes());
        for (is_process, version, id, at, payload) in events {
            bytes.extend([u8::from(is_process), version]);
            bytes.extend(id.to_le_bytes());
            bytes.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
            bytes.extend((at * STEPS).to_le_bytes());
            bytes.extend(payload);
        }
        recorder.add("ProcessTrace", &number.to_string(), Ok(&bytes));
        clock(at, 3, 2);
        answer(&recorder, "GetExtendedTcpTable", "AF_INET", 0, &table(&rows));
        answer(&recorder, "GetExtendedTcpTable", "AF_INET6", 0, &table(&[]));
        answer(&recorder, "GetExtendedUdpTable", "AF_INET", 0, &table(&[]));
        answer(&recorder, "GetExtendedUdpTable", "AF_INET6", 0, &table(&[]));
    }
    recorder.finish().unwrap();
    let index = folder.join("index.jsonl");
    let text = fs::read_to_string(&index).unwrap();
    fs::write(&index, text.replacen(std::env::consts::OS, "windows", 1)).unwrap();
}

/// Runs the program. Wine occasionally fails to start a process, with `ERROR_INTERNAL_ERROR`.
fn run(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netstat"));
    command.args(words).args(["--lang", "en"]).stdin(Stdio::null());
    for _ in 0..3 {
        match command.output() {
            Err(error) if cfg!(windows) && error.raw_os_error() == Some(1359) => {}
            done => return done.unwrap(),
        }
    }
    panic!("{command:?} cannot be started");
}

/// Returns what a run printed that must succeed, with LF at the ends of lines.
fn shown(words: &[&str]) -> String {
    let output = run(words);
    assert!(output.status.success(), "{words:?}: {output:?}");
    // Wine writes lines that are drawn in another code page.
    String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n")
}

#[test]
fn recorded_events_of_windows_become_the_same_history_everywhere() {
    let (tape, store) = (Folder::new("events-tape"), Folder::new("events-store"));
    record(&tape.0);
    fs::create_dir_all(&store.0).unwrap();
    let recorded = run(&["record", "--replay", tape.text(), "--store", store.text()]);
    let said = String::from_utf8(recorded.stderr).unwrap();
    assert!(recorded.status.success() && said.contains("traced: every TCP connection is seen"), "{said}");

    let span =
        ["--since", "2022-06-18T04:26:40Z", "--until", "2022-06-18T05:00:00Z", "--store", store.text()];
    let columns = ["--columns", "local,foreign,pid,process,side,reason,lasted", "--sort", "local"];
    let history = shown(&[&["history"][..], &span, &columns].concat());
    let rows: Vec<Vec<&str>> = history
        .lines()
        .filter(|line| line.contains("10.0.0.5"))
        .map(|line| line.split_ascii_whitespace().collect())
        .collect();
    assert_eq!(
        rows,
        [
            vec!["10.0.0.5:80", "0.0.0.0:0", "940", "server.exe", "listen", "-", "-"],
            vec!["10.0.0.5:80", "192.0.2.7:40000", "940", "server.exe", "in", "closed-by-peer", "3850.000"],
            vec!["10.0.0.5:50001", "192.0.2.7:443", "950", "curl.exe", "out", "closed-by-us", "100.000"],
        ],
        "{history}"
    );

    // The classic table of a moment between two looks, at which both were open.
    let at = shown(&["-ano", "--at", "2022-06-18T04:28:20.680Z", "--store", store.text()]);
    let rows: Vec<Vec<&str>> = at
        .lines()
        .filter(|line| line.contains("TCP"))
        .map(|line| line.split_ascii_whitespace().collect())
        .collect();
    assert_eq!(
        rows,
        [
            vec!["TCP", "10.0.0.5:80", "0.0.0.0:0", "LISTENING", "940"],
            vec!["TCP", "10.0.0.5:80", "192.0.2.7:40000", "ESTABLISHED", "940"],
            vec!["TCP", "10.0.0.5:50001", "192.0.2.7:443", "ESTABLISHED", "950"],
        ],
        "{at}"
    );

    // What Windows lost is told, and by what means the rest was seen.
    let words = [&["history", "--summary"][..], &span].concat();
    let complaint = String::from_utf8(run(&words).stderr).unwrap();
    assert!(complaint.contains("3 ends of connections were lost"), "{complaint}");
    assert!(!complaint.contains("suspended"), "{complaint}");
    let summary = shown(&words);
    assert!(summary.contains("every TCP connection that was established"), "{summary}");
    let status = run(&["record", "--status", "--store", store.text()]);
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("traced"), "{status}");
}
