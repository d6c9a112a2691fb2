//! `--multicast` on real memberships, compared with `ip maddr`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Namespace, interface_index, join_link_group, on_own_thread};
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::Command;
use support::{Folder, command, finish, netstat};

const LINKS: &str = "\
link add m0 type veth peer name m1
link set m0 up
link set m1 up
addr add 192.0.2.1/24 dev m0
addr add 2001:db8::1:2:3/64 dev m0 nodad
maddr add 33:33:00:00:00:99 dev m0
";

fn rows(words: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(&netstat(&format!("--multicast --json {words}"))).unwrap();
    assert_eq!((&document["report"], &document["schema"]), (&json!("multicast"), &json!(2)));
    document["memberships"].as_array().unwrap().clone()
}

fn row(rows: &[Value], group: &str) -> Value {
    let of_m0 = rows.iter().find(|row| row["interface"] == "m0" && row["group"] == group);
    of_m0.unwrap_or_else(|| panic!("no {group} in {rows:#?}")).clone()
}

/// Interface and group of each membership that `ip` knows.
fn of_ip() -> BTreeSet<(String, String)> {
    let run = Command::new("ip").args(["-j", "maddr"]).output().unwrap();
    let all: Value = serde_json::from_slice(&run.stdout).unwrap();
    let mut found = BTreeSet::new();
    for interface in all.as_array().unwrap() {
        for group in interface["maddr"].as_array().unwrap() {
            let address = group.get("address").or(group.get("link")).unwrap().as_str().unwrap();
            found.insert((interface["ifname"].as_str().unwrap().to_owned(), address.to_owned()));
        }
    }
    found
}

fn scene(namespace: &Namespace) -> Vec<std::os::fd::OwnedFd> {
    namespace.ip(LINKS).unwrap();
    let v4 = UdpSocket::bind("0.0.0.0:0").unwrap();
    v4.join_multicast_v4(&Ipv4Addr::new(239, 1, 2, 3), &Ipv4Addr::new(192, 0, 2, 1)).unwrap();
    let v6 = UdpSocket::bind("[::]:0").unwrap();
    v6.join_multicast_v6(&"ff02::77".parse().unwrap(), interface_index("m0").unwrap()).unwrap();
    let packet =
        rustix::net::socket_with(AddressFamily::PACKET, SocketType::RAW, SocketFlags::CLOEXEC, None).unwrap();
    join_link_group(&packet, "m0", [1, 0x80, 0xc2, 0, 0, 0xe]).unwrap();
    vec![v4.into(), v6.into(), packet]
}

/// Whether this process is one of those that joined. Between its fork and its exec, a child of another test may be one as well.
fn is_joined_by_this(processes: &Value) -> bool {
    processes.as_array().unwrap().iter().any(|process| process["pid"] == std::process::id())
}

#[test]
fn memberships_are_those_of_ip_and_say_what_is_known_of_who_joined() {
    on_own_thread(|namespace| {
        let held = scene(namespace);
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let mut all = Vec::new();
        // The kernel joins the groups of a new address when it has made it.
        netstat_lab::eventually("the memberships are those of ip", || {
            all = rows("");
            let ours: BTreeSet<_> =
                all.iter().map(|row| (text(row, "interface"), text(row, "group"))).collect();
            (ours == of_ip()).then_some(())
        })
        .unwrap();

        let told = |group: &str| {
            let row = row(&all, group);
            (row["users"].clone(), row["kernel"].clone(), row["processes"].clone(), row["complete"].clone())
        };
        let (one, yes, no, nobody) = (json!(1), json!(true), json!(false), json!([]));
        assert_eq!(told("224.0.0.1"), (one.clone(), yes.clone(), nobody.clone(), yes.clone()));
        assert_eq!(told("ff02::1"), (one.clone(), yes.clone(), nobody.clone(), yes.clone()));
        assert_eq!(told("ff02::1:ff02:3"), (one.clone(), yes.clone(), nobody.clone(), yes.clone()));
        // Only a BPF program sees which socket joined a group of IP.
        let by_bpf = finish(command("--multicast")).complaint;
        let by_bpf = !by_bpf.contains("which processes joined groups of IP is unknown");
        for group in ["239.1.2.3", "ff02::77"] {
            let (users, kernel, processes, complete) = told(group);
            assert_eq!((&users, &kernel, complete == yes), (&one, &no, by_bpf), "{group}");
            if by_bpf {
                assert!(is_joined_by_this(&processes), "{group}: {processes}");
            } else {
                assert_eq!(processes, Value::Null);
            }
        }
        assert_eq!(told("01:00:5e:01:02:03"), (one.clone(), yes.clone(), nobody, yes.clone()));
        assert_eq!(told("33:33:00:00:00:99"), (one.clone(), no.clone(), Value::Null, no.clone()));
        let (users, kernel, processes, complete) = told("01:80:c2:00:00:0e");
        assert_eq!((users, kernel, complete), (one, no, yes));
        assert!(is_joined_by_this(&processes), "{processes}");
        drop(held);
        // A child of another test may have it open between its fork and its exec.
        let left = || rows("").iter().all(|row| row["group"] != "239.1.2.3").then_some(());
        netstat_lab::eventually("the end of the membership", left).unwrap();
    });
}

#[test]
fn the_text_is_in_both_languages_and_replays() {
    on_own_thread(|namespace| {
        let held = scene(namespace);
        let folder = Folder::new("multicast-recorded");
        let tape = folder.path("tape").display().to_string();
        let recorded = netstat(&format!("--multicast --record {tape}"));
        let line = |text: &str, group: &str| {
            let line = text.lines().find(|line| line.starts_with("m0 ") && line.contains(group));
            line.unwrap_or_else(|| panic!("no {group} in {text}")).to_owned()
        };
        assert!(recorded.starts_with("\nMulticast Groups\n\nInterface  Group "), "{recorded}");
        assert!(line(&recorded, " 224.0.0.1 ").ends_with("1  kernel"));
        let joined = line(&recorded, "239.1.2.3");
        assert!(
            joined.ends_with(&format!("({})", std::process::id())) || joined.ends_with("1  unknown"),
            "{joined}"
        );
        assert!(line(&recorded, "01:80:c2:00:00:0e").ends_with(&format!("({})", std::process::id())));
        drop(held);
        assert_eq!(netstat(&format!("--multicast --replay {tape}")), recorded);
        let korean = netstat(&format!("--multicast --lang ko --replay {tape}"));
        assert!(korean.starts_with("\n멀티캐스트 그룹\n"), "{korean}");
    });
}

#[test]
fn another_namespace_is_entered_and_filters_are_refused() {
    on_own_thread(|namespace| {
        let _held = scene(namespace);
        let own = std::fs::canonicalize("/proc/thread-self").unwrap();
        let path = format!("{}/ns/net", own.display());
        let there = finish(command(&format!("--multicast --json --netns {path}")));
        assert_eq!(there.code, Some(0), "{there:?}");
        let document: Value = serde_json::from_str(&there.text).unwrap();
        assert_eq!(document["netns"], namespace.inode());
        assert!(there.text.contains("239.1.2.3"), "{there:?}");
        for (words, why) in [
            ("--multicast lport 80", "filters work only on connection tables"),
            ("--multicast -r", "-r and --multicast are two reports"),
            ("--multicast --netns all", "name one namespace"),
            ("--multicast --columns local", "--columns is for the connection table, not for --multicast"),
        ] {
            let run = finish(command(words));
            assert!(run.code == Some(1) && run.complaint.contains(why), "{words}: {run:?}");
        }
    });
}
