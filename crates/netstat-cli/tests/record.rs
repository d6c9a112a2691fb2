//! A recording answers as the system did: the same bytes, anywhere, for anyone, and never less than that in silence.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Flavor, Held, Holders, Place, TcpState, with_remote_host};
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use support::{Folder, HEADING_WITH_PID, Keeper, Run, TITLE, assert_one_line, command, finish, rows};

const FILES: [&str; 2] = ["index.jsonl", "answers.bin"];

fn with_tape(words: &str, option: &str, folder: &Path) -> Run {
    let mut command = command(words);
    command.arg(option).arg(folder);
    finish(command)
}

fn record(words: &str, folder: &Path) -> Run {
    let run = with_tape(words, "--record", folder);
    assert_eq!(run.code, Some(0), "netstat {words} --record: {}", run.complaint);
    run
}

fn replay(words: &str, folder: &Path) -> Run {
    with_tape(words, "--replay", folder)
}

fn assert_same_run(again: &Run, first: &Run, what: &str) {
    assert_eq!(
        (again.code, &again.text, &again.complaint),
        (first.code, &first.text, &first.complaint),
        "{what}"
    );
}

const REPORTS: [&str; 8] = [
    "-anoq",
    "-anob",
    "-anob --path",
    "-a --resolve-timeout 300ms",
    "-af --resolve-timeout 300ms",
    "-c",
    "-x",
    "-anoqtidy",
];

#[test]
fn a_replay_is_the_recorded_run_to_the_byte() {
    let folder = Folder::new("replay");
    let recorded = with_remote_host(|namespace, host| {
        let mut held: Vec<Held> = Vec::new();
        for flavor in Flavor::ALL {
            for state in TcpState::ALL {
                held.push(host.hold(state, flavor).unwrap());
            }
        }
        for place in Place::ALL {
            held.push(namespace.listener(place, 0).unwrap());
            held.push(namespace.udp(place, 0).unwrap());
        }
        let workers = Holders::share(&mut held[0], 2).unwrap();
        let kept = Keeper::cat(TcpListener::bind("127.0.0.1:443").unwrap());
        let recorded: Vec<(PathBuf, Run)> = REPORTS
            .iter()
            .enumerate()
            .map(|(index, words)| {
                let path = folder.path(index.to_string());
                let run = record(words, &path);
                assert_same_run(&replay(words, &path), &run, words);
                (path, run)
            })
            .collect();
        // The recorded run is a true one.
        let table = rows(&recorded[0].1.text, HEADING_WITH_PID);
        assert!(table.len() > 60, "{}", recorded[0].1.text);
        assert!(table.iter().any(|line| line.pid() == kept.pid().to_string()));
        drop(workers);
        recorded
    });
    let Some(recorded) = recorded else { return };
    // Sockets, processes and network are gone, and another user asks.
    let program = folder.path("netstat");
    std::fs::copy(support::NETSTAT, &program).unwrap();
    let open_to_all = |path: &Path| {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    open_to_all(&folder.0);
    open_to_all(&program);
    for (path, _) in &recorded {
        open_to_all(path);
        FILES.iter().for_each(|name| open_to_all(&path.join(name)));
    }
    for (words, (path, run)) in REPORTS.iter().zip(&recorded) {
        assert_same_run(&replay(words, path), run, &format!("{words}, later"));
        let other = netstat_lab::eventually("the program run", || {
            let mut command = support::command_of(&program, words);
            command.arg("--replay").arg(path).uid(65534).gid(65534).current_dir("/");
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            Some(command.spawn().ok()?.wait_with_output().unwrap())
        })
        .unwrap();
        assert_eq!(String::from_utf8(other.stdout).unwrap(), run.text, "{words}, as another user");
        assert_eq!(String::from_utf8(other.stderr).unwrap(), run.complaint, "{words}, as another user");
    }
}

#[test]
fn every_display_of_a_repeated_table_is_recorded() {
    netstat_lab::on_own_thread(|namespace| {
        let folder = Folder::new("repeated");
        let path = folder.path("one");
        let _held = namespace.listener(Place::AnyV4, 80).unwrap();
        let mut command = command("-ano 1 --count 4 --record");
        let mut child = command.arg(&path).stdout(std::process::Stdio::piped()).spawn().unwrap();
        // A socket that comes after the first display.
        let mut output = child.stdout.take().unwrap();
        let mut first = [0; 40];
        output.read_exact(&mut first).unwrap();
        let _later = namespace.listener(Place::AnyV4, 81).unwrap();
        let mut text = String::from_utf8(first.to_vec()).unwrap();
        output.read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success());
        let times = |row| text.matches(row).count();
        assert!(times("0.0.0.0:80 ") == 4 && (1..4).contains(&times("0.0.0.0:81 ")), "{text}");
        assert_eq!(replay("-ano 1 --count 4", &path).text, text);
    });
}

#[test]
fn a_recording_is_not_overwritten() {
    netstat_lab::on_own_thread(|namespace| {
        let folder = Folder::new("twice");
        let path = folder.path("one");
        let _held = namespace.listener(Place::AnyV4, 80).unwrap();
        record("-ano", &path);
        let before = FILES.map(|name| std::fs::read(path.join(name)).unwrap());
        let again = with_tape("-ano", "--record", &path);
        assert_eq!((again.code, &*again.text), (Some(1), ""));
        assert_one_line(&again.complaint);
        for words in [path.to_str().unwrap(), "already", "name another folder"] {
            assert!(again.complaint.contains(words), "no {words} in {}", again.complaint);
        }
        assert_eq!(FILES.map(|name| std::fs::read(path.join(name)).unwrap()), before);
    });
}

#[test]
fn what_is_no_recording_is_an_error() {
    let folder = Folder::new("none");
    let missing = folder.path("missing");
    let empty = folder.path("empty");
    std::fs::create_dir(&empty).unwrap();
    for path in [missing, empty, PathBuf::from("/dev/null")] {
        let run = replay("-ano", &path);
        assert_eq!((run.code, &*run.text), (Some(1), ""), "{}", path.display());
        assert_one_line(&run.complaint);
    }
    // Whoever sends a recording must not get at the terminal of who reads it.
    let hostile = folder.path("hostile");
    std::fs::create_dir(&hostile).unwrap();
    std::fs::write(hostile.join(FILES[1]), "").unwrap();
    let index = "{\"netstat_recording\":1,\"system\":\"\\u001b[2J\\n\\u202e\"}\n{\"end\":0}\n";
    std::fs::write(hostile.join(FILES[0]), index).unwrap();
    let run = replay("-ano", &hostile);
    assert_eq!((run.code, &*run.text), (Some(1), ""));
    assert_one_line(&run.complaint);
    assert!(!run.complaint.contains('\u{202e}'), "{:?}", run.complaint);
    // A report that was not recorded.
    netstat_lab::on_own_thread(|_| {
        let path = folder.path("other");
        record("-x", &path);
        let run = replay("-ano", &path);
        assert_eq!((run.code, &*run.text), (Some(1), ""));
        assert_one_line(&run.complaint);
    });
}

/// A recording of a small table, for damaging.
fn small_recording(folder: &Folder, words: &str) -> Option<([Vec<u8>; 2], Run)> {
    netstat_lab::on_own_thread(|namespace| {
        let _held = namespace.listener(Place::AnyDualStack, 80).unwrap();
        let _udp = namespace.udp(Place::AnyV4, 53).unwrap();
        let _kept = Keeper::cat(TcpListener::bind("127.0.0.1:81").unwrap());
        let path = folder.path("whole");
        let run = record(words, &path);
        (FILES.map(|name| std::fs::read(path.join(name)).unwrap()), run)
    })
}

fn replay_of(folder: &Folder, words: &str, files: [&[u8]; 2]) -> Run {
    let path = folder.path("damaged");
    std::fs::create_dir_all(&path).unwrap();
    for (name, bytes) in FILES.iter().zip(files) {
        std::fs::write(path.join(name), bytes).unwrap();
    }
    replay(words, &path)
}

#[test]
fn a_cut_recording_is_an_error_and_never_a_smaller_table() {
    let folder = Folder::new("cut");
    let words = "-anob";
    let Some(([index, answers], _)) = small_recording(&folder, words) else { return };
    // Between lines too, where each line by itself is whole. Without its last line feed it still is.
    let lines = index.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let mut cuts: Vec<usize> =
        lines.chain((0..index.len()).step_by(97)).filter(|at| *at < index.len() - 1).collect();
    cuts.sort_unstable();
    cuts.dedup();
    for at in cuts {
        let run = replay_of(&folder, words, [&index[..at], &answers]);
        assert_eq!((run.code, &*run.text), (Some(1), ""), "index cut at {at} of {}", index.len());
        assert_one_line(&run.complaint);
    }
    for at in (0..answers.len()).step_by(97) {
        let run = replay_of(&folder, words, [&index, &answers[..at]]);
        assert_eq!((run.code, &*run.text), (Some(1), ""), "answers cut at {at} of {}", answers.len());
        assert_one_line(&run.complaint);
    }
}

#[test]
fn an_edited_recording_never_panics_and_never_gives_an_empty_table() {
    let folder = Folder::new("edited");
    let words = "-anob";
    let Some(([index, answers], _)) = small_recording(&folder, words) else { return };
    let check = |run: Run, what: String| {
        assert!(run.complaint.lines().all(|line| line.starts_with("netstat: ")), "{what}: {run:?}");
        match run.code {
            Some(0) => {
                let head = format!("{TITLE}{HEADING_WITH_PID}\n");
                let body = run.text.strip_prefix(&*head).unwrap_or_else(|| panic!("{what}: {run:?}"));
                assert!(!body.is_empty() || !run.complaint.is_empty(), "{what}: {run:?}");
            }
            Some(1) => {
                assert_eq!(run.text, "", "{what}");
                assert_one_line(&run.complaint);
            }
            code => panic!("{what}: {code:?} {run:?}"),
        }
    };
    for at in (0..index.len()).step_by(97) {
        let mut edited = index.clone();
        edited[at] ^= 0x15;
        check(replay_of(&folder, words, [&edited, &answers]), format!("index, byte {at}"));
    }
    for at in (0..answers.len()).step_by(97) {
        let mut edited = answers.clone();
        edited[at] ^= 0xff;
        check(replay_of(&folder, words, [&index, &edited]), format!("answers, byte {at}"));
    }
}
