//! The recorder as a service.

use crate::folder::Folder;
use crate::run::{netstat, output};
use std::process::Command;
use std::time::{Duration, Instant};

/// Waits until something is so, for a minute at most.
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// What the service manager says of the service.
fn asked() -> String {
    let said = output(Command::new("sc.exe").args(["query", "netstat-record"]));
    String::from_utf8_lossy(&said.stdout).into_owned()
}

/// Removes the service, whatever became of the test.
struct Installed;

impl Drop for Installed {
    fn drop(&mut self) {
        // Its end may be a panic, in which a second one would tell nothing.
        let _ = Command::new(env!("CARGO_BIN_EXE_netstat")).args(["record", "--uninstall-service"]).output();
    }
}

#[test]
fn the_service_is_installed_runs_stops_and_is_removed() {
    // The name is that of the machine: one that somebody uses stays.
    let found = output(Command::new("sc.exe").args(["query", "netstat-record"]));
    assert!(
        !found.status.success(),
        "the service netstat-record is installed here, and this test would remove it"
    );
    let folder = Folder::new("service");
    let _installed = Installed;
    let store = folder.0.display().to_string();
    let installed = netstat(&format!("record --install-service --store {store} port 443 or not port 80"));
    assert_eq!(installed.code, Some(0), "{installed:?}");
    assert!(installed.text.contains("installed and running"), "{installed:?}");
    let again = netstat(&format!("record --install-service --store {store}"));
    assert_eq!((again.code, again.complaint.lines().count()), (Some(1), 1), "{again:?}");

    let status = || netstat(&format!("record --status --store {store}"));
    eventually("it records", || status().code == Some(0));
    assert!(status().text.contains("port 443 or not port 80"), "it keeps what was typed: {:?}", status());
    let log = std::fs::read_to_string(folder.0.join("record.log")).unwrap();
    assert!(log.contains("looks only"), "it says by what means it sees, and Wine has no events: {log}");
    assert!(asked().contains("RUNNING"), "{}", asked());

    // Stopped by the manager it ends as it should.
    output(Command::new("sc.exe").args(["stop", "netstat-record"]));
    eventually("it stops", || status().code == Some(1) && asked().contains("STOPPED"));
    let removed = netstat("record --uninstall-service");
    assert_eq!((removed.code, removed.complaint.as_str()), (Some(0), ""), "{removed:?}");
    let gone = netstat("record --uninstall-service");
    assert_eq!(gone.code, Some(1));
    assert_eq!(gone.complaint, "netstat: netstat-record is not installed\r\n");
    // What it recorded can be read.
    assert_eq!(netstat(&format!("history --store {store}")).code, Some(0));
}
