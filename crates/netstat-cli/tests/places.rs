//! Countries and networks of addresses: columns, filters, and the files of `--geo`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Mmdb, MmdbValue as Value};
use std::net::{TcpListener, TcpStream};
use support::{Folder, Run, command, finish};

fn run(words: &str) -> Run {
    finish(command(words))
}

/// Runs `body` beside connections to an address in Korea, to a private one, and to one in no database.
fn with_connections(body: impl FnOnce() + Send) {
    netstat_lab::on_own_thread(|namespace| {
        let remotes = ["168.126.63.1", "10.1.1.1", "203.0.113.1"];
        let mut held = Vec::new();
        for address in remotes {
            namespace.ip(&format!("address add {address}/32 dev lo\n")).unwrap();
            let listener = TcpListener::bind((address, 5000)).unwrap();
            let client = TcpStream::connect((address, 5000)).unwrap();
            held.push((listener.accept().unwrap(), client, listener));
        }
        body();
    });
}

/// Rows of a `--columns` table without the heading, with single blanks between the cells.
fn cells(words: &str) -> Vec<String> {
    let run = run(words);
    assert_eq!((run.code, run.complaint.as_str()), (Some(0), ""), "{words}");
    run.text.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn countries_come_from_the_program_itself() {
    with_connections(|| {
        let shown = cells("--columns raddr,country --sort raddr rport 5000");
        assert_eq!(shown, ["10.1.1.1 -", "168.126.63.1 KR", "203.0.113.1 -"]);
        assert_eq!(cells("--columns raddr rport 5000 country KR"), ["168.126.63.1"]);
        assert_eq!(cells("--columns raddr rport 5000 country != US"), ["168.126.63.1"]);
        assert_eq!(cells("--columns raddr rport 5000 not country KR"), Vec::<String>::new());
        assert_eq!(run("--exists rport 5000 country KR").code, Some(0));
        assert_eq!(run("--exists rport 5000 country US").code, Some(1));
        let document: serde_json::Value =
            serde_json::from_str(&run("--json rport 5000 dst 168.126.63.1,10.1.1.1 --sort raddr").text)
                .unwrap();
        assert!(document["sockets"][0]["country"].is_null() && document["sockets"][0]["network"].is_null());
        assert_eq!(document["sockets"][1]["country"], "KR");
        let warnings = document["warnings"].to_string();
        assert!(!warnings.contains("network"), "that networks need a file is no news here: {warnings}");
    });
}

#[test]
fn networks_come_from_files() {
    let folder = Folder::new("geo");
    let (file, text) = (folder.path("lab.mmdb"), folder.path("text.mmdb"));
    let network = [
        ("autonomous_system_number", Value::Number(4766)),
        ("autonomous_system_organization", Value::Text("Korea\u{1b}[31m Telecom")),
        ("country", Value::Map(&[("iso_code", Value::Text("SE"))])),
    ];
    let database = Mmdb::new().with("168.126.0.0".parse().unwrap(), 16, Value::Map(&network));
    std::fs::write(&file, database.bytes()).unwrap();
    std::fs::write(&text, "text").unwrap();
    let (file, text) = (file.display(), text.display());
    with_connections(|| {
        let shown = cells(&format!("--geo {file} --columns raddr,country,network --sort raddr rport 5000"));
        assert_eq!(
            shown,
            ["10.1.1.1 - -", "168.126.63.1 SE AS4766 Korea\\x1b[31m Telecom", "203.0.113.1 - -"]
        );
        for filter in ["network AS4766", "network korea*telecom", "country SE"] {
            let shown = cells(&format!("--geo {file} --columns raddr rport 5000 {filter}"));
            assert_eq!(shown, ["168.126.63.1"], "{filter}");
        }

        let without = run("--columns raddr,network rport 5000");
        assert_eq!(without.code, Some(0));
        assert!(
            without.complaint.contains("the network of each address is unknown: only files"),
            "{without:?}"
        );
        let without = run("rport 5000 network AS4766");
        assert_eq!((without.code, without.text.as_str()), (Some(1), ""));
        assert!(without.complaint.contains("give one with --geo FILE"), "{without:?}");
        assert_eq!(
            run("--exists network AS4766").code,
            Some(2),
            "an unanswerable question is not answered with no"
        );

        let broken = run(&format!("--geo {text} --columns country"));
        assert_eq!((broken.code, broken.text.as_str()), (Some(1), ""));
        assert!(
            broken.complaint.contains("text.mmdb cannot be used for --geo: not a valid database"),
            "{broken:?}"
        );
        let missing = run("--geo /nonexistent.mmdb --columns country");
        assert!(missing.complaint.contains("cannot be used for --geo: No such file"), "{missing:?}");
        // The file is not read unless something needs it.
        let unused = run(&format!("--geo {text} -an"));
        assert!(unused.code == Some(1) && unused.complaint.contains("--geo has no effect"), "{unused:?}");
    });
}
