//! A recorder that runs: what it keeps, what it is asked, how it ends.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{eventually, on_own_thread};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use support::{Folder, Run, assert_one_line, command, finish};

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
