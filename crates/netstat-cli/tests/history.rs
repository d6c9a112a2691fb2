//! `netstat history` and `--at`, on a history that is written here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

#[path = "history/checks.rs"]
mod checks;
#[path = "history/following.rs"]
mod following;

use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, GapCause, OwnerSource,
    ProcessInstance, ProcessRecord, RecordGap,
};
use netstat_model::{IpEndpoint, ProcessKey, Transport};
use netstat_store::{Writer, WriterOptions};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A history, gone with the test.
struct History(PathBuf);

impl Drop for History {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// 2026-09-21 14:00:00 UTC.
const BOOTED: u64 = 1_789_999_200;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn clock(at: u64) -> ClockReading {
    ClockReading { boot_id: "one".into(), since_boot: seconds(at), since_1970: seconds(BOOTED + at) }
}

fn end(text: &str) -> IpEndpoint {
    let end: std::net::SocketAddr = text.parse().unwrap();
    IpEndpoint::new(end.ip(), end.port(), 0)
}

fn process(pid: u32, name: &str) -> ProcessRecord {
    ProcessRecord {
        instance: ProcessInstance { process: ProcessKey { pid, start_time: 1 }, executions: 1 },
        parent: Some(1),
        uid: Some(1000),
        user: Some("alice".into()),
        name: name.as_bytes().into(),
        comm: name.as_bytes().into(),
        executable: Some(format!("/usr/bin/{name}").into_bytes().into()),
        arguments: None,
        cgroup: Some((*b"/system.slice/app.service").into()),
        unit: Some("app.service".into()),
        container: None,
    }
}

fn connection(cookie: u64, owner: &ProcessRecord, ends: (&str, &str)) -> ConnectionRecord {
    ConnectionRecord {
        cookie,
        namespace: None,
        transport: Transport::Tcp,
        role: ConnectionRole::Active,
        local: end(ends.0),
        remote: Some(end(ends.1)),
        v6_only: None,
        started: None,
        bound: None,
        established: None,
        first_fin: None,
        ended: None,
        process: Some((owner.instance, OwnerSource::Made)),
        uid: Some(1000),
        bytes_sent: Some(1000),
        bytes_received: Some(2_000_000),
        rtt: Some(40_000),
        min_rtt: None,
        retransmits: Some(0),
    }
}

impl History {
    /// At 14:05 `retry` was refused 200 times within ten seconds. `curl` left a connection in CLOSE_WAIT from 14:06 to
    /// 14:20, and `sshd` listens from 14:01 on. From 14:30:00 to 14:30:02 seven ends were lost. At 14:40 it ends.
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("netstat-history-{name}-{}", std::process::id()));
        let options = WriterOptions { host: Some("web-1".into()), ..WriterOptions::default() };
        let mut writer = Writer::open(&folder, &options, &clock(30)).unwrap();
        let (retry, curl, sshd) = (process(70, "retry"), process(71, "curl"), process(72, "sshd"));
        for process in [&retry, &curl, &sshd] {
            writer.append(&[ConnectionEvent::Process(Box::new(process.clone()))]);
        }
        let listener = ConnectionRecord {
            role: ConnectionRole::Listener,
            remote: None,
            v6_only: Some(false),
            started: Some(seconds(60)),
            ..connection(1, &sshd, ("[::]:22", "[::]:0"))
        };
        writer.append(&[ConnectionEvent::Opened(Box::new(listener))]);
        writer.commit(&clock(61)).unwrap();
        for number in 0..200 {
            let at = seconds(300) + Duration::from_millis(number * 50);
            let local = format!("192.0.2.1:{}", 40_000 + number);
            let refused = ConnectionRecord {
                started: Some(at),
                ended: Some((at + Duration::from_micros(250), EndReason::Refused)),
                bytes_sent: None,
                bytes_received: None,
                rtt: None,
                ..connection(100 + number, &retry, (&local, "203.0.113.9:5432"))
            };
            writer.append(&[ConnectionEvent::Ended(Box::new(refused))]);
        }
        let left = ConnectionRecord {
            started: Some(seconds(350)),
            bound: None,
            established: Some(seconds(350)),
            first_fin: Some((seconds(360), false)),
            ..connection(2, &curl, ("192.0.2.1:50000", "198.51.100.7:443"))
        };
        writer.append(&[ConnectionEvent::Opened(Box::new(left.clone()))]);
        writer.commit(&clock(400)).unwrap();
        let over = ConnectionRecord { ended: Some((seconds(1200), EndReason::ClosedByPeer)), ..left };
        writer.append(&[
            ConnectionEvent::Ended(Box::new(over)),
            ConnectionEvent::Gap(RecordGap {
                boot_id: None,
                from: seconds(1800),
                until: seconds(1802),
                lost: Some(7),
                cause: GapCause::Ring,
            }),
        ]);
        writer.commit(&clock(2400)).unwrap();
        Self(folder)
    }

    /// Runs the program, and returns its exit code and what it wrote.
    fn run(&self, words: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_netstat"))
            .args(words)
            // Windows has no Korean and no blocks in the code page of a pipe.
            .arg("--utf8")
            .args(["--store".as_ref(), self.0.as_os_str()])
            .env("TZ", "UTC")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    fn shown(&self, words: &[&str]) -> String {
        let (code, out, error) = self.run(words);
        assert_eq!(code, 0, "{words:?}: {error}");
        out
    }
}

#[test]
fn who_was_refused_where_and_when_is_found() {
    let history = History::new("story");
    let groups = history.shown(&["history", "reason failed", "--group-by", "process,foreign,reason"]);
    let lines: Vec<Vec<&str>> = groups.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[1], ["200", "retry", "203.0.113.9:5432", "refused", "200"], "{groups}");
    assert_eq!(lines.len(), 2, "{groups}");
    let filter = ["history", "process retry lasted < 1ms rport 5432"];
    let first = history
        .shown(&[&filter[..], &["--limit", "1", "--jsonl", "--columns", "started,reason,lasted"]].concat());
    let first: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(first["started"], "2026-09-21T14:05:00.000000Z");
    assert_eq!((&first["reason"], &first["lasted_us"]), (&"refused".into(), &250.into()));
    let rows =
        |filter: &str| history.shown(&["history", filter, "--csv", "--columns", "lport"]).lines().count() - 1;
    for (filter, count) in [
        ("process retry", 200),
        ("not process retry", 3),
        ("dst 203.0.113.9", 200),
        ("dst 203.0.113.8", 0),
        ("port 443", 1),
        ("unit app.service and reason closed-by-peer", 1),
        ("started > 2026-09-21T14:05:05Z and process retry", 99),
        ("ended < 2026-09-21T14:05:00.100000Z", 2),
        ("reason reset", 0),
        ("lasted > 10m", 3),
        ("bytes_received > 1M", 1),
        // It serves both families, and has two rows as in the table.
        ("state listening", 2),
        ("user 1000", 203),
        // By the names of the recorded host, whoever has them here.
        ("user alice", 203),
    ] {
        assert_eq!(rows(filter), count, "{filter}");
    }
    let text = history.shown(&["history", "process curl"]);
    assert!(text.contains("2026-09-21 14:05:50.000   850000.000  closed-by-peer"), "{text}");
}

#[test]
fn the_summary_tells_the_storm_and_what_is_new() {
    let history = History::new("summary");
    let text = history.shown(&["history", "--summary", "--since", "2026-09-21T14:01:00Z"]);
    for line in [
        "History of web-1, 2026-09-21 14:01:00 - 2026-09-21 14:40:00",
        "  2026-09-21 14:05  200 in a minute  retry  -> 203.0.113.9:5432  refused",
        "  200  refused  retry  -> 203.0.113.9:5432",
        "Foreign addresses that were not there the day before: unknown: not all of that day was recorded",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
    let korean = history.shown(&["history", "--summary", "--lang", "ko"]);
    assert!(korean.starts_with("연결 기록: web-1"), "{korean}");
}

#[test]
fn a_span_has_what_ended_in_it_and_what_was_open_at_its_end() {
    let history = History::new("span");
    let rows = |words: &[&str]| {
        let words = [&["history", "--csv", "--columns", "lport"], words].concat();
        let (code, out, error) = history.run(&words);
        assert_eq!(code, 0, "{error}");
        out.lines().count() - 1
    };
    let day = "2026-09-21T14:";
    let at = |time: &str| format!("{day}{time}Z");
    assert_eq!(rows(&[]), 203);
    assert_eq!(rows(&["--since", &at("10:00")]), 3, "curl ended later, sshd is still there");
    assert_eq!(rows(&["--until", &at("05:05")]), 102, "half of retry, and the two rows of sshd");
    assert_eq!(rows(&["--since", &at("10:00"), "--until", &at("12:00")]), 3);
    assert_eq!(rows(&["--since", &at("25:00")]), 2);
    let (code, out, error) = history.run(&["history", "--since", &at("50:00")]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(error.contains("goes from 2026-09-21 14:00:30 to 2026-09-21 14:40:00"), "{error}");
    let (_, _, error) = history.run(&["history", "--limit", "1"]);
    assert!(
        error.contains("from 2026-09-21 14:30:00 to 2026-09-21 14:30:02 7 ends of connections were lost"),
        "{error}"
    );
}

#[test]
fn the_table_of_a_moment_is_that_of_windows() {
    let history = History::new("moment");
    let table = |time: &str| history.shown(&["-ano", "--at", &format!("2026-09-21T14:{time}Z")]);
    assert_eq!(
        table("06:30"),
        "\nActive Connections\n\n\
         \x20 Proto  Local Address          Foreign Address        State           PID\n\
         \x20 TCP    0.0.0.0:22             0.0.0.0:0              LISTENING       72\n\
         \x20 TCP    192.0.2.1:50000        198.51.100.7:443       CLOSE_WAIT      71\n\
         \x20 TCP    [::]:22                [::]:0                 LISTENING       72\n"
    );
    assert_eq!(table("20:01").lines().filter(|line| line.contains("TCP")).count(), 2);
    let at = ["--at", "2026-09-21T14:06:30Z"];
    let json = history.shown(
        &[&at[..], &["-a", "--json", "--columns", "local,process,rtt,started", "process curl"]].concat(),
    );
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["host"], &json["time"]), (&"web-1".into(), &"2026-09-21T14:06:30.000Z".into()));
    let rows = json["sockets"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["process"], &rows[0]["rtt_us"]), (&"curl".into(), &Value::Null));
    assert_eq!(json["warnings"][0], "rtt is unknown: the history does not keep it");
    let counts = history.shown(&[&at[..], &["-c"]].concat());
    assert!(counts.contains("sshd"), "{counts}");
}

#[test]
fn where_nothing_was_recorded_there_is_no_table() {
    let history = History::new("nothing");
    for (time, said) in [
        ("00:10", "the history begins at 2026-09-21 14:00:30"),
        ("40:01", "the history ends at 2026-09-21 14:40:00"),
    ] {
        let (code, out, error) = history.run(&["-an", "--at", &format!("2026-09-21T14:{time}Z")]);
        assert_eq!((code, out.as_str()), (1, ""), "{time}");
        assert!(error.contains(said) && error.lines().count() == 1, "{error}");
    }
    // Losses are said, and the table is what is known.
    let (code, out, error) = history.run(&["-an", "--at", "2026-09-21T14:30:01Z"]);
    assert_eq!(code, 0);
    assert!(out.contains(":22") && error.contains("7 ends of connections were lost"), "{error}");
    let missing = History(std::env::temp_dir().join("netstat-history-of-nobody"));
    let (code, out, error) = missing.run(&["history"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(error.contains("there is no history in") && error.contains("netstat record"), "{error}");
}

#[test]
fn what_does_not_make_sense_is_refused_with_what_to_type() {
    let history = History::new("refused");
    for (words, said) in [
        (
            &["history", "--since", "lunch"][..],
            "--since \"lunch\" is not a time: type, for example, '10 minutes ago'",
        ),
        (&["history", "5"], "shows nothing to repeat"),
        (&["history", "-b"], "-b is not for netstat history"),
        (&["history", "sendq > 1"], "sendq is unknown, the history does not keep it"),
        (&["history", "reason rest"], "did you mean reset?"),
        (&["history", "--until", "2h", "--since", "1h"], "--until is not after --since"),
        (&["-an", "--at", "2h", "5"], "--at shows one moment"),
        (&["-r", "--at", "2h"], "--at shows tables of connections"),
    ] {
        let (code, out, error) = history.run(words);
        assert_eq!((code, out.as_str()), (1, ""), "{words:?}");
        // The command prompt of Windows knows double quotes alone.
        let plain = |text: &str| text.replace('"', "'");
        assert!(plain(&error).contains(&plain(said)), "{words:?}: {error}");
    }
}

#[test]
fn a_history_with_times_of_no_calendar_is_no_harm() {
    let folder = std::env::temp_dir().join(format!("netstat-history-times-{}", std::process::id()));
    let far = |at: u64| ClockReading {
        since_1970: Duration::from_micros(i64::MAX.unsigned_abs() - 10_000_000_000) + seconds(at),
        ..clock(at)
    };
    let mut writer = Writer::open(&folder, &WriterOptions::default(), &far(30)).unwrap();
    let owner = process(70, "retry");
    let over = ConnectionRecord {
        started: Some(seconds(40)),
        first_fin: Some((seconds(41), false)),
        ended: Some((seconds(42), EndReason::Refused)),
        ..connection(1, &owner, ("192.0.2.1:40000", "203.0.113.9:5432"))
    };
    writer.append(&[ConnectionEvent::Process(Box::new(owner)), ConnectionEvent::Ended(Box::new(over))]);
    writer.commit(&far(50)).unwrap();
    drop(writer);
    let history = History(folder);
    for words in [
        &["history"][..],
        &["history", "--json"],
        &["history", "--csv"],
        &["history", "--summary"],
        &["history", "ended > 2026-09-21T14:05:05Z"],
        &["-ano", "--at", "2026-09-21T14:05:05Z"],
    ] {
        let (code, _, error) = history.run(words);
        assert!(code <= 2 && !error.contains("panicked"), "{words:?}: {code} {error}");
        assert!(error.lines().count() <= 1, "{words:?}: {error}");
    }
}
