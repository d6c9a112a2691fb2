//! A replay gives the same bytes as the recorded run, for any user and on any machine, or fails with an error.
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
use std::ffi::OsStr;
use std::io::Read;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use support::{
    Folder, HEADING_WITH_PID, Keeper, Run, TITLE, assert_one_line, command, finish, more_than_a_pipe_holds,
    rows,
};

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

const REPORTS: [&str; 12] = [
    "-anoq",
    "-anob",
    "-anob --path",
    "-a --resolve-timeout 300ms",
    "-af --resolve-timeout 300ms",
    "-c",
    "-x",
    "-anoqtidy",
    "-r",
    "-s",
    "-e",
    "-ano --json",
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
        // The recorded run has real rows.
        let table = rows(&recorded[0].1.text, HEADING_WITH_PID);
        assert!(table.len() > 60, "{}", recorded[0].1.text);
        assert!(table.iter().any(|line| line.pid() == kept.pid().to_string()));
        drop(workers);
        recorded
    });
    let Some(recorded) = recorded else { return };
    // Sockets, processes and network are gone, and another user replays.
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
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            Some(command.spawn().ok()?.wait_with_output().unwrap())
        })
        .unwrap();
        assert_eq!(String::from_utf8(other.stdout).unwrap(), run.text, "{words}, as another user");
        assert_eq!(String::from_utf8(other.stderr).unwrap(), run.complaint, "{words}, as another user");
    }
}

#[test]
fn every_display_of_a_repeated_table_is_recorded() {
    netstat_lab::on_own_thread(|_| {
        let folder = Folder::new("repeated");
        let path = folder.path("one");
        let mut held = more_than_a_pipe_holds();
        let mut command = command("-ano 1 --count 3 --record");
        let mut child = command.arg(&path).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        // The pipe is full: the program is blocked in its first display until the rest is read.
        let mut first = [0; 40];
        output.read_exact(&mut first).unwrap();
        let later = UdpSocket::bind("[::1]:0").unwrap();
        let row = format!("  UDP    {}  ", later.local_addr().unwrap());
        held.push(later);
        let mut text = String::from_utf8(first.to_vec()).unwrap();
        output.read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!((text.matches(TITLE).count(), text.matches(&row).count()), (3, 2));
        assert!(replay("-ano 1 --count 3", &path).text == text);
        drop(held);
    });
}

#[test]
fn a_recording_is_not_overwritten() {
    netstat_lab::on_own_thread(|namespace| {
        let folder = Folder::new("twice");
        // The name of a folder may be any bytes, and must not reach the terminal unescaped.
        let path = folder.path(OsStr::from_bytes(b"rec\xff\x1b[31m\nord"));
        let _held = namespace.listener(Place::AnyV4, 80).unwrap();
        let first = record("-ano", &path);
        assert_eq!(replay("-ano", &path).text, first.text);
        let before = FILES.map(|name| std::fs::read(path.join(name)).unwrap());
        let again = with_tape("-ano", "--record", &path);
        assert_eq!((again.code, &*again.text), (Some(1), ""));
        assert_one_line(&again.complaint);
        for words in [folder.0.to_str().unwrap(), "already", "name another folder"] {
            assert!(again.complaint.contains(words), "no {words} in {}", again.complaint);
        }
        assert_eq!(FILES.map(|name| std::fs::read(path.join(name)).unwrap()), before);
    });
}

#[test]
fn a_folder_that_is_not_a_recording_is_an_error() {
    let folder = Folder::new("none");
    let missing = folder.path("missing");
    let empty = folder.path("empty");
    std::fs::create_dir(&empty).unwrap();
    for path in [missing, empty, PathBuf::from("/dev/null")] {
        let run = replay("-ano", &path);
        assert_eq!((run.code, &*run.text), (Some(1), ""), "{}", path.display());
        assert_one_line(&run.complaint);
    }
    // The sender of a recording must not be able to write to the terminal of its reader.
    let hostile = folder.path("hostile");
    std::fs::create_dir(&hostile).unwrap();
    std::fs::write(hostile.join(FILES[1]), "").unwrap();
    let index = "{\"netstat_recording\":1,\"system\":\"\\u001b[2J\\n\\u202e\"}\n{\"end\":0}\n";
    std::fs::write(hostile.join(FILES[0]), index).unwrap();
    let run = replay("-ano", &hostile);
    assert_eq!((run.code, &*run.text), (Some(1), ""));
    assert_one_line(&run.complaint);
    assert!(!run.complaint.contains('\u{202e}'), "{:?}", run.complaint);
    netstat_lab::on_own_thread(|_| {
        // Folders that cannot be created.
        for path in ["/dev/null/x", "/proc/x"] {
            let run = with_tape("-an", "--record", Path::new(path));
            assert_eq!((run.code, &*run.text), (Some(1), ""), "{path}");
            assert_one_line(&run.complaint);
        }
        // Another report than the recorded one.
        let path = folder.path("other");
        record("-x", &path);
        let run = replay("-ano", &path);
        assert_eq!((run.code, &*run.text), (Some(1), ""));
        assert_one_line(&run.complaint);
    });
}

/// Records a small table, as the bytes of both files, to be damaged.
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

/// About 40 offsets spread over `len` bytes: enough to hit every kind of entry, few enough to run the program for each.
fn offsets(len: usize) -> impl Iterator<Item = usize> {
    (0..len).step_by((len / 40).max(1))
}

#[test]
fn a_cut_recording_is_an_error_and_never_a_smaller_table() {
    let folder = Folder::new("cut");
    let words = "-anob";
    let Some(([index, answers], _)) = small_recording(&folder, words) else { return };
    let assert_refused = |files: [&[u8]; 2], what: String| {
        let run = replay_of(&folder, words, files);
        assert_eq!((run.code, &*run.text), (Some(1), ""), "{what}");
        assert_one_line(&run.complaint);
    };
    // Also at line ends, where the remaining lines are intact. Without its last line feed the index is still complete.
    let whole = index.len() - 1;
    let line_ends =
        index[..whole].iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    for at in offsets(whole).chain(line_ends.step_by(10)) {
        assert_refused([&index[..at], &answers], format!("index cut at {at} of {}", index.len()));
    }
    for at in offsets(answers.len()) {
        assert_refused([&index, &answers[..at]], format!("answers cut at {at} of {}", answers.len()));
    }
}

#[test]
fn an_edited_recording_never_panics_and_never_gives_an_empty_table() {
    let folder = Folder::new("edited");
    let words = "-anob";
    let Some(([index, answers], _)) = small_recording(&folder, words) else { return };
    let check = |files: [&[u8]; 2], what: String| {
        let run = replay_of(&folder, words, files);
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
    let edited = |bytes: &[u8], at: usize, mask: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= mask;
        bytes
    };
    for at in offsets(index.len()) {
        check([&edited(&index, at, 0x15), &answers], format!("index, byte {at}"));
    }
    for at in offsets(answers.len()) {
        check([&index, &edited(&answers, at, 0xff)], format!("answers, byte {at}"));
    }
}
