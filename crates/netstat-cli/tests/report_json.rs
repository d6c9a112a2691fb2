//! JSON of `-r`, `-s` and `-e`, compared with `ip -j`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use serde_json::Value;
use std::process::Command;

fn netstat(words: &[&str]) -> Value {
    let run = Command::new(env!("CARGO_BIN_EXE_netstat"))
        .args(words)
        .arg("--json")
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!((&document["schema"], document["warnings"].is_array()), (&Value::from(2), true), "{words:?}");
    document
}

fn ip(words: &[&str]) -> Vec<Value> {
    let run = Command::new("ip").arg("-j").args(words).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).unwrap()
}

const ROUTES: &str = "\
addr add 192.0.2.1/24 dev lo
route add blackhole 10.10.0.0/16
route add 10.11.0.0/16 via 192.0.2.7 dev lo metric 7
route add 10.12.0.0/16 via 192.0.2.7 table 77
";

#[test]
fn routes_and_interfaces_are_those_of_ip() {
    netstat_lab::on_own_thread(|namespace| {
        namespace.ip(ROUTES).unwrap();
        let document = netstat(&["-r", "--table", "all"]);
        let routes = document["routes"].as_array().unwrap();
        let told = |name: &str| routes.iter().find(|route| route["destination"] == name).unwrap();
        assert_eq!(told("10.10.0.0/16")["type"], "blackhole");
        assert_eq!(told("10.10.0.0/16")["next_hops"], Value::Array(vec![]));
        assert_eq!(told("10.11.0.0/16")["metric"], 7);
        assert_eq!(told("10.11.0.0/16")["next_hops"][0]["gateway"], "192.0.2.7");
        assert_eq!(told("10.12.0.0/16")["table"], 77);
        let witness = ip(&["-4", "route", "show", "table", "all"]).len();
        let v4 = routes.iter().filter(|route| !route["destination"].as_str().unwrap().contains(':')).count();
        assert_eq!(v4, witness);

        let names = |list: &Value, key: &str| -> Vec<String> {
            list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&document["interfaces"], "name"), names(&Value::Array(ip(&["link"])), "ifname"));
        let one = netstat(&["-r", "--table", "77"]);
        assert_eq!(one["routes"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn every_document_says_when_and_where_its_data_was_taken() {
    netstat_lab::on_own_thread(|namespace| {
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        for words in [&["-r"][..], &["-s"], &["-an"], &["-an", "--group-by", "state"]] {
            let document = netstat(words);
            assert_eq!(document["boot_id"], boot_id.trim(), "{words:?}");
            assert_eq!(document["host"], host.trim(), "{words:?}");
            assert_eq!(document["netns"], namespace.inode(), "{words:?}");
            assert!(document["time"].as_str().unwrap().ends_with('Z'), "{words:?}");
            assert!(document["uptime_ms"].as_u64().unwrap() > 0, "{words:?}");
        }
    });
}

#[test]
fn counters_are_those_of_the_namespace() {
    netstat_lab::on_own_thread(|namespace| {
        let before = netstat(&["-s"]);
        let _pair = namespace.connected(netstat_lab::Loop::V4).unwrap();
        let after = netstat(&["-e", "-s"]);
        let opens = |document: &Value| document["counters"]["tcp"]["ActiveOpens"].as_u64().unwrap();
        assert_eq!(opens(&after), opens(&before) + 1);
        assert!(before.get("interfaces").is_none());
        assert_eq!(after["counters"]["ip_v4"]["RoutingDiscards"], Value::Null, "Linux does not count them");

        let witness = ip(&["-s", "-s", "link"]);
        let told = netstat(&["-e"]);
        for (ours, theirs) in told["interfaces"].as_array().unwrap().iter().zip(&witness) {
            assert_eq!(ours["name"], theirs["ifname"]);
            for (key, way, name) in [("rx_bytes", "rx", "bytes"), ("tx_packets", "tx", "packets")] {
                assert_eq!(ours["statistics"][key], theirs["stats64"][way][name], "{key}");
            }
        }
    });
}
