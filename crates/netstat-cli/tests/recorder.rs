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
        let store = folder.path("history");
        let mut record = command("record --store");
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
        std::fs::remove_dir_all(&recorder.store).unwrap();
        let (code, said) = recorder.end();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("removed while it was being written; start netstat record again"), "{said}");
    });
}
