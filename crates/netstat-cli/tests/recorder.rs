//! A recorder that runs: what it keeps, what it is asked, how it ends.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

#[path = "recorder/flows.rs"]
mod flows;
mod support;

use netstat_lab::{eventually, on_own_thread};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use support::{Folder, Run, as_other_user, assert_one_line, command, finish, program_for_all};

/// A recorder in the network namespace of this thread.
struct Recorder {
    child: Option<Child>,
    store: PathBuf,
}

impl Recorder {
    fn start(folder: &Folder) -> Self {
        Self::of(folder, "")
    }

    fn of(folder: &Folder, filter: &str) -> Self {
        let store = folder.path("history");
        let mut record = command(&format!("record {filter} --store"));
        record.arg(&store).stdout(Stdio::null()).stderr(Stdio::piped());
        let recorder = Self { child: Some(record.spawn().unwrap()), store };
        eventually("the recorder", || (recorder.ask("record --status").code == Some(0)).then_some(()))
            .unwrap();
        recorder
    }

    fn ask(&self, words: &str) -> Run {
        let mut asked = command(words);
        asked.arg("--store").arg(&self.store);
        finish(asked)
    }

    /// Waits for its end. Returns its exit code and what it said last.
    fn end(&mut self) -> (Option<i32>, String) {
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said.lines().last().unwrap_or_default().to_owned())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn what_is_half_closed_is_so_in_the_past_as_well() {
    on_own_thread(|_| {
        let folder = Folder::new("recorder");
        let mut recorder = Recorder::start(&folder);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let asked = |state: &str| {
            eventually("the state of the past", || {
                let run = recorder.ask(&format!("-an --at 2s lport {port} {state}"));
                run.text.contains(&state.to_ascii_uppercase()).then_some(())
            })
        };
        asked("established").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        asked("close_wait").unwrap();
        drop((client, server, listener));
        let stopped = recorder.ask("record --stop");
        assert_eq!((stopped.code, stopped.complaint.as_str()), (Some(0), ""), "{stopped:?}");
        assert_eq!(recorder.end().0, Some(0));
        let ended = recorder.ask(&format!("history --columns local,first_fin,reason lport {port}"));
        assert!(ended.text.contains(&format!("127.0.0.1:{port}")), "{ended:?}");
        assert_one_line(&recorder.ask("record --stop").complaint);
    });
}

#[test]
fn a_history_that_is_removed_ends_its_recorder() {
    on_own_thread(|_| {
        let folder = Folder::new("recorder-removed");
        let mut recorder = Recorder::start(&folder);
        std::fs::remove_file(recorder.store.join("history.db")).unwrap();
        let (code, said) = recorder.end();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("removed while it was being written; start netstat record again"), "{said}");
    });
}

#[test]
fn a_recorder_that_was_killed_is_told_to_be_none() {
    on_own_thread(|_| {
        let folder = Folder::new("recorder-killed");
        let mut recorder = Recorder::start(&folder);
        let running = recorder.ask("record --status");
        let child = recorder.child.as_mut().unwrap();
        assert!(running.text.contains(&format!("running (PID {})", child.id())), "{running:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        let killed = recorder.ask("record --status");
        assert_eq!((killed.code, &*killed.complaint), (Some(1), ""), "{killed:?}");
        let line = |name: &str| killed.text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
        assert_eq!(line("Recorder:"), "not running");
        // What it counted, and what there is, is told all the same.
        assert!(line("Counted:").starts_with("20") && line("History:").ends_with("history.db"), "{killed:?}");
        recorder.ask("record --stop");
        assert_eq!(recorder.ask("record --stop").code, Some(1));
    });
}

#[test]
fn another_user_neither_asks_nor_stops_a_recorder_unless_the_history_may_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    on_own_thread(|_| {
        let folder = Folder::new("recorder-other");
        let program = program_for_all(&folder);
        let mut recorder = Recorder::start(&folder);
        let store = recorder.store.to_str().unwrap().to_owned();
        let ask = |words: &str| as_other_user(&program, &format!("{words} --store {store}"));
        for words in ["record --status", "record --stop"] {
            let run = ask(words);
            assert_eq!((run.code, &*run.text), (Some(1), ""), "{words}");
            assert_one_line(&run.complaint);
            let said =
                format!("the recorder of \"{store}\" cannot be asked: it may not be opened by this user");
            assert!(run.complaint.contains(&said), "{run:?}");
        }
        let open_to_all = |mode: u32, path: &std::path::Path| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        open_to_all(0o755, &recorder.store);
        // The recorder writes its status anew; its lock and the history stay.
        for name in ["history.db", "history.db.lock", "history.db-wal", "history.db-shm"] {
            open_to_all(0o644, &recorder.store.join(name));
        }
        eventually("the status", || {
            open_to_all(0o644, &recorder.store.join("history.db.status"));
            let status = ask("record --status");
            (status.code == Some(0) && status.text.contains("running (PID ")).then_some(())
        })
        .unwrap();
        let stop = ask("record --stop");
        assert_eq!((stop.code, &*stop.text), (Some(1), ""), "{stop:?}");
        assert_one_line(&stop.complaint);
        assert!(stop.complaint.contains("cannot be told to stop"), "{stop:?}");
        assert_eq!(recorder.ask("record --stop").code, Some(0));
        assert_eq!(recorder.end().0, Some(0));
    });
}

#[test]
fn only_what_its_filter_selects_is_kept() {
    on_own_thread(|_| {
        let folder = Folder::new("recorder-filter");
        let [one, other] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [port, left_out] = [&one, &other].map(|listener| listener.local_addr().unwrap().port());
        let mut recorder = Recorder::of(&folder, &format!("port {port}"));
        let status = recorder.ask("record --status");
        assert!(status.text.contains(&format!("Keeps:              port {port}\n")), "{status:?}");
        let connect = |listener: &TcpListener| {
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            (client, listener.accept().unwrap().0)
        };
        // Those that are open, and those that have ended, the other ones first.
        let _open = (connect(&other), connect(&one));
        drop(connect(&other));
        drop(connect(&one));
        let kept = |words: &str| recorder.ask(words).text.lines().count().saturating_sub(1);
        eventually("the connections", || {
            let ended = kept(&format!("history port {port} and not state established and not listening"));
            let open = kept(&format!("history port {port} and state established"));
            (ended == 2 && open == 2).then_some(())
        })
        .unwrap();
        // The process is known.
        let named = recorder.ask(&format!("history lport {port} state listening --columns process"));
        assert!(
            named.text.lines().nth(1).is_some_and(|name| name.trim().starts_with("recorder")),
            "{named:?}"
        );
        let nothing = recorder.ask(&format!("history port {left_out}"));
        assert_eq!(nothing.text.lines().count(), 1, "{nothing:?}");
        let said = format!("only connections were recorded that match: port {port}");
        assert!(nothing.complaint.contains(&said), "{nothing:?}");
        let now = recorder.ask(&format!("-an --at 1s port {left_out}"));
        assert!(now.complaint.contains(&said), "{now:?}");
        let stopped = recorder.ask("record --stop");
        assert_eq!(stopped.code, Some(0), "{stopped:?}");
        assert_eq!(recorder.end().0, Some(0));
        assert_one_line(&recorder.ask("record --status port 80").complaint);
    });
}
