//! `--interfaces`, compared with `ip`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::on_own_thread;
use serde_json::{Value, json};
use std::net::UdpSocket;
use std::process::Command;
use support::{Folder, command, finish, netstat};

const LINKS: &str = "\
link add m0 mtu 1400 type veth peer name m1
link set m0 up
link add m2 type veth peer name m3
addr add 192.0.2.1/24 dev m0
addr add 192.0.2.2/24 dev m0
";

fn ip(words: &[&str]) -> Vec<Value> {
    let run = Command::new("ip").arg("-j").args(words).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    serde_json::from_slice(&run.stdout).unwrap()
}

#[test]
fn each_interface_is_as_ip_shows_it() {
    on_own_thread(|namespace| {
        namespace.ip(LINKS).unwrap();
        let _sent = UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"x", "127.0.0.1:9").unwrap();
        let document: Value = serde_json::from_str(&netstat("--interfaces --json")).unwrap();
        assert_eq!(document["report"], "interfaces");
        let witness = ip(&["-s", "addr"]);
        let ours = document["interfaces"].as_array().unwrap();
        assert_eq!(ours.len(), witness.len());
        for (ours, theirs) in ours.iter().zip(&witness) {
            assert_eq!((&ours["name"], &ours["mtu_bytes"]), (&theirs["ifname"], &theirs["mtu"]));
            let flags = theirs["flags"].as_array().unwrap();
            assert_eq!(ours["up"], flags.contains(&json!("UP")), "{ours}");
            let local: Vec<_> =
                theirs["addr_info"].as_array().unwrap().iter().map(|own| own["local"].clone()).collect();
            let own: Vec<_> =
                ours["addresses"].as_array().unwrap().iter().map(|own| own["address"].clone()).collect();
            assert_eq!(own, local);
            for way in ["rx", "tx"] {
                for (key, name) in
                    [("bytes", "bytes"), ("packets", "packets"), ("errors", "errors"), ("dropped", "dropped")]
                {
                    let counted = &ours["statistics"][format!("{way}_{key}")];
                    assert_eq!(counted, &theirs["stats64"][way][name], "{way} {key} of {ours}");
                }
            }
            assert_eq!(ours["per_second"], Value::Null);
        }
    });
}

#[test]
fn text_has_a_line_each_and_rates_with_an_interval() {
    on_own_thread(|namespace| {
        namespace.ip(LINKS).unwrap();
        let folder = Folder::new("interfaces-recorded");
        let tape = folder.path("tape").display().to_string();
        let text = netstat(&format!("--interfaces 1 --count 2 --record {tape}"));
        let (first, second) = text.split_at(text.rfind("\nInterfaces\n").unwrap());
        let line = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
            line.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
        };
        assert!(line(first, "m0").ends_with("192.0.2.1/24 192.0.2.2/24"), "{first}");
        let words = |line: String| line.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
        // Its peer is down.
        assert_eq!(words(line(first, "m0"))[..5], ["m0", "no", "carrier", "1400", "0"]);
        assert_eq!(words(line(first, "m2"))[1], "down");
        assert!(!first.contains("/s)") && second.contains("(+0/s)"), "{text}");
        let replayed = netstat(&format!("--interfaces --replay {tape}"));
        assert_eq!(replayed, first);
        assert!(netstat(&format!("--interfaces --lang ko --replay {tape}")).contains("수신 바이트"));
        let quiet = netstat("--interfaces 1 --count 2 --no-rates");
        assert!(!quiet.contains("/s)"), "{quiet}");
        let lines: Vec<Value> = netstat("--interfaces 1 --count 2 --json")
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[1]["interfaces"][0]["per_second"]["tx_errors"], 0.0);
        for (words, why) in [
            ("--interfaces --no-extra", "--no-extra works only with -s and -e"),
            ("--interfaces -e", "are two reports"),
            ("--interfaces lport 80", "filters work only on connection tables"),
            ("--interfaces --csv", "--csv is for the connection table"),
        ] {
            let run = finish(command(words));
            assert!(run.code == Some(1) && run.complaint.contains(why), "{words}: {run:?}");
        }
    });
}

#[test]
fn a_link_local_address_has_the_name_of_its_interface_and_can_be_typed_back() {
    on_own_thread(|namespace| {
        namespace
            .ip("link add d0 type veth peer name d1\nlink set d0 up\naddr add fe80::10/64 dev d0 nodad\n")
            .unwrap();
        let names: Vec<String> = ip(&["link"]).iter().map(|link| link["ifname"].to_string()).collect();
        let index = ip(&["link", "show", "d0"])[0]["ifindex"].as_u64().unwrap();
        let zone = u32::try_from(index).unwrap();
        let address = std::net::SocketAddrV6::new("fe80::10".parse().unwrap(), 9000, 0, zone);
        let _held = std::net::TcpListener::bind(address).unwrap_or_else(|error| panic!("{error}: {names:?}"));
        let shown = |words: &str| netstat(words).lines().last().unwrap().trim().to_owned();
        let local = shown("-a --columns local --no-header");
        assert_eq!(local, "[fe80::10%d0]:9000");
        assert_eq!(shown("-a --columns laddr --no-header"), "fe80::10%d0");
        let document: Value = serde_json::from_str(&netstat("-a --json")).unwrap();
        assert_eq!(document["sockets"][0]["local"], json!({ "address": "fe80::10%d0", "port": 9000 }));
        // As the table of Windows has it, and as the columns have it.
        let number = format!("[fe80::10%{index}]:9000");
        assert!(netstat("-an").contains(&number));
        for typed in [local, number, "fe80::10%d0".into(), "[fe80::10%d1]:9000".into()] {
            let rows = netstat(&format!("-a --columns local --no-header {typed}")).lines().count();
            assert_eq!(rows, usize::from(!typed.contains("d1")), "{typed}");
        }
    });
}
