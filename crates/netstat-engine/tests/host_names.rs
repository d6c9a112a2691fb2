//! The resolver of the running system, through the contract.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use netstat_engine::enrich::{HostNames, HostResolver, ServiceNames};
use netstat_model::{HostAddress, Protocol};
use netstat_os::{Backend, NameLookup, Origin};
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Generous: the hosts file answers at once.
const BUDGET: Duration = Duration::from_secs(60);

fn loopback() -> HostAddress {
    HostAddress::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)
}

/// Whether the hosts file names 127.0.0.1 `localhost` first, and the resolver is told to read it first.
fn hosts_file_says_localhost() -> bool {
    let words = |file: &str, first: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.lines()
            .map(|line| line.split('#').next().unwrap_or_default().split_whitespace())
            .find_map(|mut words| (words.next() == Some(first)).then(|| words.next().map(str::to_owned)))
            .flatten()
    };
    let files_first = words("/etc/nsswitch.conf", "hosts:").is_none_or(|first| first == "files");
    files_first && words("/etc/hosts", "127.0.0.1").as_deref() == Some("localhost")
}

#[test]
fn the_loopback_address_has_the_name_of_the_hosts_file_live_and_replayed() {
    if !hosts_file_says_localhost() {
        println!("skipped: the hosts file of this machine does not name 127.0.0.1 localhost");
        return;
    }
    let live = netstat_os::open(Origin::Live).unwrap();
    let names = HostResolver::new(live.name_lookup()).resolve([loopback()], None, BUDGET);
    assert_eq!(names.name(loopback()), Some("localhost"));

    let folder = std::env::temp_dir().join(format!("netstat-host-names-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let recording = netstat_os::open(Origin::Record(&folder)).unwrap();
    let recorded = HostResolver::new(recording.name_lookup()).resolve([loopback()], None, BUDGET);
    assert_eq!(recorded.name(loopback()), Some("localhost"));
    recording.finish().unwrap();
    drop(recording);

    let replay = netstat_os::open(Origin::Replay(&folder)).unwrap();
    let mut resolver = HostResolver::new(replay.name_lookup());
    // An address nobody asked for when it was recorded has no name now, whatever this machine says.
    let other = HostAddress::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 0);
    let played = resolver.resolve([loopback(), other], None, BUDGET);
    assert_eq!(played.name(loopback()), Some("localhost"));
    assert_eq!(played.name(other), None);
    // A thread of the look-ups may hold the recording open a moment longer.
    let _ = std::fs::remove_dir_all(&folder);
}

/// TEST-NET-1 has no reverse zone that anyone may fill; whatever the resolver does, the number is never the name.
#[test]
fn an_address_without_a_name_has_none() {
    let nameless = HostAddress::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77)), 0);
    let live = netstat_os::open(Origin::Live).unwrap();
    let names = HostResolver::new(live.name_lookup()).resolve([nameless], None, Duration::from_millis(300));
    assert_ne!(names.name(nameless), Some("192.0.2.77"));
    assert_ne!(names.name(nameless), Some(""));
}

#[test]
fn the_services_database_of_this_machine_names_its_ports() {
    let services = netstat_os::open(Origin::Live).unwrap().services();
    let names = ServiceNames::parse(&services.data);
    let said = Command::new("getent").args(["services", "22/tcp"]).output();
    let Some(name) = said
        .ok()
        .filter(|said| said.status.success())
        .and_then(|said| Some(String::from_utf8(said.stdout).ok()?.split_whitespace().next()?.to_owned()))
    else {
        println!("skipped: getent does not name port 22 on this machine");
        return;
    };
    assert_eq!(names.name(Protocol::Tcp, 22), Some(name.as_str()));
    assert!(services.warnings.is_empty());
}

/// Never answers.
struct Dead;

impl NameLookup for Dead {
    fn name_of(&self, _: HostAddress) -> Option<String> {
        let held = Mutex::new(());
        let guard = held.lock().unwrap();
        let _guard = Condvar::new().wait_while(guard, |()| true).unwrap();
        None
    }
    fn full_name_of(&self, _: &str) -> Option<String> {
        None
    }
}

const CHILD: &str = "NETSTAT_TEST_LEAVE_THREADS";

/// Look-ups that never come back must not keep the process: this test runs itself as a child that leaves some.
#[test]
fn threads_left_behind_do_not_keep_the_process_from_ending() {
    if std::env::var_os(CHILD).is_some() {
        let many =
            (0..300).map(|number| HostAddress::new(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number)), 0));
        let names = HostResolver::new(Arc::new(Dead)).resolve(many, Some("me"), Duration::from_millis(300));
        assert_eq!(names, HostNames::default());
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "threads_left_behind_do_not_keep_the_process_from_ending"])
        .env(CHILD, "1")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begin.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the process did not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success());
}
