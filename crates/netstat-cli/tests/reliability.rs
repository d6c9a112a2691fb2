//! Fault injection: each answer of the system in turn fails, is empty, is half as long or lacks its last byte, and every
//! report has to say so. A run is recorded, one answer of the recording is damaged, and it is replayed.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Loop, Namespace, Place, on_own_thread};
use std::fmt::Write as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{Folder, Run, finish};

/// A run that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many answers of one recording are damaged: the others are spread evenly over it.
const MOST: usize = 60;

/// The program with these words; after `net-tools` in that dialect.
fn command(words: &str) -> Command {
    match words.strip_prefix("net-tools ") {
        None => support::command(words),
        Some(words) => {
            let mut command = support::command(words);
            command.env("NETSTAT_DIALECT", "net-tools");
            command
        }
    }
}

/// Tables without a heading, which are empty where there is nothing in them.
const MAY_BE_EMPTY: [&str; 3] = ["/proc/net/igmp6", "/proc/net/ipv6_route", "/proc/net/dev_mcast"];

/// What becomes of an answer.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Fails,
    Empty,
    Halved,
    Shortened,
}

const FAULTS: [Fault; 4] = [Fault::Fails, Fault::Empty, Fault::Halved, Fault::Shortened];

/// The line of a recording with another answer; `None` where the fault changes nothing.
fn damaged(line: &str, answers: &[u8], fault: Fault) -> Option<String> {
    let mut entry: serde_json::Value = serde_json::from_str(line).unwrap();
    let (at, len) = (entry["at"].as_u64()?, entry["len"].as_u64()?);
    // A text that ends with a whole line is a shorter text, which nobody can tell from the true one.
    let ends_a_line = |len: u64| len > 0 && answers[usize::try_from(at + len - 1).unwrap()] == b'\n';
    let shorter = match fault {
        Fault::Fails => {
            let entry = entry.as_object_mut()?;
            entry.remove("at");
            entry.remove("len");
            entry.insert("errno".to_owned(), 5.into());
            return Some(serde_json::to_string(entry).unwrap());
        }
        Fault::Empty if MAY_BE_EMPTY.iter().any(|path| entry["on"] == *path) => return None,
        Fault::Empty => 0,
        Fault::Halved => len / 2 - u64::from(ends_a_line(len / 2)),
        Fault::Shortened => len.saturating_sub(1),
    };
    entry["len"] = shorter.into();
    (shorter != len).then(|| entry.to_string())
}

/// What is wrong with a run in which one answer was damaged; `None` if it is the same as without, or says what it lacks. A check
/// that accused before must not say that all is well.
fn fault_of(run: &Run, whole: &Run, took: Duration) -> Option<&'static str> {
    if took > PATIENCE {
        return Some("hangs");
    }
    match run.code {
        None | Some(101) => return Some("panics"),
        Some(0) if matches!(whole.code, Some(1 | 2)) && !whole.text.is_empty() => {
            return Some("finds nothing wrong any longer");
        }
        Some(0) => {}
        Some(_) if run.complaint.is_empty() && run.text.is_empty() => {
            return Some("fails and does not say why");
        }
        Some(_) => return None,
    }
    let says_more = run.complaint.lines().any(|line| !whole.complaint.contains(line));
    let rows = |run: &Run| run.text.lines().count();
    (!says_more && rows(run) < rows(whole)).then_some("shows less and says nothing")
}

/// Damages the answers of a recording one by one. Returns how many faults that were, and what was wrong.
fn injected(words: &str, tape: &Path, scratch: &Path) -> (usize, Vec<String>) {
    let replay = |folder: &Path| {
        let begin = Instant::now();
        let mut command = command(words);
        command.arg("--replay").arg(folder);
        (finish(command), begin.elapsed())
    };
    let (whole, _) = replay(tape);
    assert!(whole.code.is_some_and(|code| code != 101), "{words}: {whole:?}");
    let index = std::fs::read_to_string(tape.join("index.jsonl")).unwrap();
    let lines: Vec<&str> = index.lines().collect();
    let answers: Vec<usize> = (1..lines.len()).filter(|at| lines[*at].contains("\"op\"")).collect();
    let step = answers.len().div_ceil(MOST).max(1);
    let (mut count, mut wrong) = (0, Vec::new());
    std::fs::create_dir_all(scratch).unwrap();
    let bytes = std::fs::read(tape.join("answers.bin")).unwrap();
    std::fs::write(scratch.join("answers.bin"), &bytes).unwrap();
    for &at in answers.iter().step_by(step) {
        for fault in FAULTS {
            let Some(line) = damaged(lines[at], &bytes, fault) else { continue };
            let mut text = String::new();
            for (number, whole) in lines.iter().enumerate() {
                writeln!(text, "{}", if number == at { &*line } else { whole }).unwrap();
            }
            std::fs::write(scratch.join("index.jsonl"), text).unwrap();
            let (run, took) = replay(scratch);
            count += 1;
            if let Some(what) = fault_of(&run, &whole, took) {
                wrong.push(format!("netstat {words} {what} where this {fault:?}: {}\n{run:?}", lines[at]));
            }
        }
    }
    (count, wrong)
}

/// What is asked, from every kind of source.
const REPORTS: [&str; 27] = [
    "-ano",
    "-anob",
    "-anq",
    "-an --owners proc --columns local,pid,process,user,unit,container",
    "--json -an",
    "--family unix -o",
    "--family all",
    "--family unlisted -o",
    "-an --netns all",
    "-r",
    "-r --table all",
    "-s",
    "-e",
    "--interfaces",
    "--multicast",
    "-p tcp -n state established",
    "net-tools -anp",
    "net-tools -rn",
    "net-tools -i",
    "net-tools -gn",
    "net-tools -s",
    "net-tools -rn -6",
    "check exposed",
    "check bind 7401 7402",
    "check port-exhaustion",
    "check descriptors",
    "check",
];

/// Opens sockets of several kinds, which a report has to show.
fn sockets(namespace: &Namespace, folder: &Folder) -> Vec<Box<dyn std::any::Any>> {
    vec![
        Box::new(namespace.listener(Place::AnyDualStack, 7401).unwrap()),
        Box::new(namespace.listener(Place::LoopbackV4, 7402).unwrap()),
        Box::new(namespace.udp(Place::AnyV6Only, 7403).unwrap()),
        Box::new(namespace.connected(Loop::V4).unwrap()),
        Box::new(UnixListener::bind(folder.path("socket")).unwrap()),
    ]
}

/// Records each report in a namespace with some sockets, as `tape-` and its number.
fn recorded(folder: &Folder) -> Vec<(usize, &'static str)> {
    on_own_thread(|namespace| {
        let _open = sockets(namespace, folder);
        let record = |(number, words): (usize, &&'static str)| {
            let mut command = command(words);
            command.arg("--record").arg(folder.path(format!("tape-{number}")));
            finish(command);
            (number, *words)
        };
        REPORTS.iter().enumerate().map(record).collect()
    })
    .unwrap_or_default()
}

/// What was asked on Windows, with the folder of the recording: Wine answered.
const OF_WINDOWS: [(&str, &str); 12] = [
    ("-ano", "owners"),
    ("-anob", "owner-lines"),
    ("-anq", "bound"),
    ("-an --columns local,foreign,state,pid,process,path,user", "columns"),
    ("--json -an", "json"),
    ("-r", "routes"),
    ("-s", "statistics"),
    ("-e", "ethernet"),
    ("--interfaces", "interfaces"),
    ("check", "check"),
    ("check exposed", "check-exposed"),
    ("check bind 7401", "check-bind"),
];

#[test]
fn a_report_of_windows_without_one_answer_never_looks_whole() {
    let folder = Folder::new("reliability-windows");
    let tapes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/windows");
    let (mut count, mut wrong) = (0, Vec::new());
    for (words, tape) in OF_WINDOWS {
        let (faults, found) = injected(words, &tapes.join(tape), &folder.path(tape));
        println!("netstat {words}: {faults} faults, {} wrong", found.len());
        count += faults;
        wrong.extend(found);
    }
    println!("{count} faults");
    assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 300, "{count} faults are not enough to say anything");
}

#[test]
fn a_report_without_one_answer_never_looks_whole() {
    let folder = Folder::new("reliability");
    let recorded = recorded(&folder);
    let (next, all) = (AtomicUsize::new(0), Mutex::new((0, Vec::new())));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((number, words)) = recorded.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begin = Instant::now();
                    let tape = folder.path(format!("tape-{number}"));
                    let (count, wrong) = injected(words, &tape, &folder.path(format!("damaged-{number}")));
                    println!("netstat {words}: {count} faults, {} wrong, {:?}", wrong.len(), begin.elapsed());
                    let mut all = all.lock().unwrap();
                    all.0 += count;
                    all.1.extend(wrong);
                }
            });
        }
    });
    let (count, wrong) = all.into_inner().unwrap();
    println!("{count} faults");
    assert!(wrong.is_empty(), "{} of {count}\n{}", wrong.len(), wrong.join("\n"));
    assert!(recorded.is_empty() || count > 1_000, "{count} faults are not enough to say anything");
}

/// How many recordings are mutated; `NETSTAT_MUTATIONS` says otherwise.
const MUTATIONS: u64 = 100;

/// Numbers that look random and are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

/// Changes up to 16 places of some answers.
fn mutate(answers: &mut [u8], numbers: &mut Numbers) {
    for _ in 0..=numbers.below(16) {
        let at = numbers.below(answers.len());
        let Some(byte) = answers.get_mut(at) else { return };
        *byte = match numbers.below(4) {
            0 => 0,
            1 => 0xff,
            2 => *byte ^ (1 << numbers.below(8)),
            _ => u8::try_from(numbers.below(256)).unwrap(),
        };
    }
}

#[test]
fn no_mutation_of_a_recording_makes_it_panic_or_hang() {
    let wanted = std::env::var("NETSTAT_MUTATIONS").ok().and_then(|text| text.parse().ok());
    let wanted: u64 = wanted.unwrap_or(MUTATIONS);
    let folder = Folder::new("mutations");
    let recorded = recorded(&folder);
    if recorded.is_empty() {
        return;
    }
    std::thread::scope(|scope| {
        for part in 0..2 {
            let (recorded, folder) = (&recorded, &folder);
            scope.spawn(move || {
                let scratch = folder.path(format!("mutated-{part}"));
                std::fs::create_dir_all(&scratch).unwrap();
                for seed in (1..=wanted).filter(|seed| seed % 2 == part) {
                    let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                    let (number, words) = recorded[numbers.below(recorded.len())];
                    let tape = folder.path(format!("tape-{number}"));
                    std::fs::copy(tape.join("index.jsonl"), scratch.join("index.jsonl")).unwrap();
                    let mut answers = std::fs::read(tape.join("answers.bin")).unwrap();
                    mutate(&mut answers, &mut numbers);
                    std::fs::write(scratch.join("answers.bin"), answers).unwrap();
                    let mut command = command(words);
                    command.arg("--replay").arg(&scratch);
                    let begin = Instant::now();
                    let output = command.output().unwrap();
                    let has_panicked = output.status.code().is_none_or(|code| code == 101);
                    assert!(!has_panicked, "seed {seed}: netstat {words}: {output:?}");
                    assert!(begin.elapsed() < PATIENCE, "seed {seed}: netstat {words} hangs");
                }
            });
        }
    });
}
