//! `netstat history --follow`, and a history of some connections alone.

use super::{History, clock, connection, process, seconds};
use netstat_model::history::{
    ConnectionEvent, ConnectionRecord, EndReason, GapCause, ProcessRecord, RecordGap,
};
use netstat_store::{Writer, WriterOptions};
use serde_json::Value;
use std::process::{Command, Stdio};

/// What a program writes, as it comes.
struct Following {
    child: std::process::Child,
    lines: std::sync::mpsc::Receiver<String>,
    complaints: std::sync::mpsc::Receiver<String>,
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(from: impl std::io::Read + Send + 'static) -> std::sync::mpsc::Receiver<String> {
    use std::io::BufRead as _;
    let (send, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::BufReader::new(from).lines() {
            if send.send(line.unwrap()).is_err() {
                break;
            }
        }
    });
    lines
}

impl Following {
    fn begin(store: &std::path::Path, words: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_netstat"))
            .args(["history", "--follow", "--utf8", "--store"])
            .arg(store)
            .args(words)
            .env("TZ", "UTC")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let complaints = lines_of(child.stderr.take().unwrap());
        Self { child, lines, complaints }
    }

    /// The next line; a limit only ends a test that hangs.
    fn line(&self) -> String {
        self.lines.recv_timeout(seconds(120)).unwrap()
    }

    fn complaint(&self) -> String {
        self.complaints.recv_timeout(seconds(120)).unwrap()
    }
}

#[test]
fn what_a_recorder_writes_is_followed_through_a_pipe() {
    let folder = std::env::temp_dir().join(format!("netstat-history-follow-{}", std::process::id()));
    let history = History(folder.clone());
    let options = WriterOptions::default();
    let mut writer = Writer::open(&folder, &options, &clock(30)).unwrap();
    let (curl, other) = (process(71, "curl"), process(72, "other"));
    for process in [&curl, &other] {
        writer.append(&[ConnectionEvent::Process(Box::new(process.clone()))]);
    }
    let made = |cookie, of: &ProcessRecord, at: u64, ended: Option<u64>| {
        let local = format!("192.0.2.1:{}", 40_000 + cookie);
        ConnectionRecord {
            started: Some(seconds(at)),
            established: Some(seconds(at)),
            ended: ended.map(|at| (seconds(at), EndReason::ClosedByUs)),
            ..connection(cookie, of, (&local, "198.51.100.7:443"))
        }
    };
    let ended =
        |cookie, of: &ProcessRecord, at| ConnectionEvent::Ended(Box::new(made(cookie, of, at - 1, Some(at))));
    writer.append(&[ended(1, &curl, 40), ConnectionEvent::Opened(Box::new(made(9, &curl, 40, None)))]);
    writer.commit(&clock(41)).unwrap();
    let text = Following::begin(&folder, &["process curl"]);
    let csv = Following::begin(&folder, &["--csv", "--columns", "lport,process"]);
    let since = "2026-09-21T14:00:35Z";
    let json = Following::begin(
        &folder,
        &["--jsonl", "--opens", "--columns", "lport,process,reason", "--since", since, "process curl"],
    );
    // The headings show that it has begun.
    assert!(text.line().starts_with("Started"));
    assert_eq!(csv.line(), "lport,process");
    let row = |line: &str| -> (u64, String, Value) {
        let row: Value = serde_json::from_str(line).unwrap();
        (row["lport"].as_u64().unwrap(), row["process"].as_str().unwrap().to_owned(), row["reason"].clone())
    };
    // What is open comes first.
    assert_eq!(row(&json.line()), (40_009, "curl".to_owned(), Value::Null));
    assert_eq!(row(&json.line()), (40_001, "curl".to_owned(), "closed-by-us".into()));
    writer.append(&[ended(2, &other, 42), ConnectionEvent::Opened(Box::new(made(3, &curl, 42, None)))]);
    writer.commit(&clock(43)).unwrap();
    assert_eq!(csv.line(), "40002,other");
    assert_eq!(row(&json.line()), (40_003, "curl".to_owned(), Value::Null));
    writer.append(&[
        ended(4, &curl, 44),
        ConnectionEvent::Gap(RecordGap {
            boot_id: None,
            from: seconds(43),
            until: seconds(44),
            lost: Some(7),
            cause: GapCause::Ring,
        }),
    ]);
    writer.commit(&clock(45)).unwrap();
    assert_eq!(csv.line(), "40004,curl");
    assert_eq!(row(&json.line()), (40_004, "curl".to_owned(), "closed-by-us".into()));
    let line = text.line();
    assert!(line.contains("192.0.2.1:40004") && line.contains("curl"), "{line}");
    let gap = "7 ends of connections were lost, because the buffer between kernel and recorder was full";
    for following in [&text, &csv, &json] {
        let said = following.complaint();
        assert!(said.contains(gap), "{said}");
    }
    // A recorder that stops is told, and so is one that goes on, with what was not recorded meanwhile.
    drop(writer);
    assert!(csv.complaint().contains("no recorder is writing to"));
    let options = WriterOptions { filter: Some("port 443".to_owned()), ..WriterOptions::default() };
    let mut writer = Writer::open(&folder, &options, &clock(60)).unwrap();
    writer.append(&[ended(5, &curl, 61)]);
    writer.commit(&clock(62)).unwrap();
    assert_eq!(csv.line(), "40005,curl");
    let said = [csv.complaint(), csv.complaint(), csv.complaint()].join("\n");
    assert!(said.contains("only connections are recorded that match: port 443"), "{said}");
    assert!(said.contains("netstat record was not running"), "{said}");
    assert!(said.contains("a recorder writes to"), "{said}");
    drop(history);
}

#[test]
fn who_asks_how_connections_ended_hears_that_nobody_saw_it() {
    let folder = std::env::temp_dir().join(format!("netstat-history-untold-{}", std::process::id()));
    let history = History(folder.clone());
    for (mode, at) in [("complete", 30), ("sampled", 130), ("traced", 230)] {
        let options = WriterOptions { mode: Some(mode.to_owned()), ..WriterOptions::default() };
        let mut writer = Writer::open(&folder, &options, &clock(at)).unwrap();
        writer.commit(&clock(at + 60)).unwrap();
    }
    let within = |from: &'static str, until: &'static str, filter: &'static str| {
        let (code, _, error) = history.run(&["history", "--since", from, "--until", until, filter]);
        assert_eq!(code, 0, "{error}");
        error
    };
    let [first, second, third] = [
        ["2026-09-21T14:00:30Z", "2026-09-21T14:01:30Z"],
        ["2026-09-21T14:02:10Z", "2026-09-21T14:03:10Z"],
        ["2026-09-21T14:03:50Z", "2026-09-21T14:04:50Z"],
    ];
    let ask = |[from, until]: [&'static str; 2], filter| within(from, until, filter);
    let untold = "the history is incomplete: some of it was recorded";
    assert!(!ask(first, "reason failed").contains(untold));
    assert!(!ask(second, "port 22").contains(untold));
    let sampled = ask(second, "port 22 or reason failed");
    assert!(sampled.contains(untold) && sampled.contains("(sampled)"), "{sampled}");
    let traced = ask(third, "reason failed");
    assert!(
        traced.contains("from the events of Windows (traced)") && !traced.contains("sampled"),
        "{traced}"
    );
    let following = Following::begin(&folder, &["reason failed"]);
    assert!(following.complaint().contains("from the events of Windows (traced)"));
    // A check says it in the same words.
    let (_, out, _) = history.run(&["check", "connecting", "--since", second[0], "--until", second[1]]);
    assert!(out.contains("does not see how connections end (sampled)"), "{out}");
}

#[test]
fn who_follows_ends_with_the_reader() {
    let folder = std::env::temp_dir().join(format!("netstat-history-pipe-{}", std::process::id()));
    let _history = History(folder.clone());
    let mut writer = Writer::open(&folder, &WriterOptions::default(), &clock(30)).unwrap();
    writer.commit(&clock(31)).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_netstat"))
        .args(["history", "--follow", "--csv", "--store"])
        .arg(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_history_of_some_connections_says_so() {
    let folder = std::env::temp_dir().join(format!("netstat-history-filtered-{}", std::process::id()));
    let history = History(folder.clone());
    let options = WriterOptions { filter: Some("port 443".to_owned()), ..WriterOptions::default() };
    let mut writer = Writer::open(&folder, &options, &clock(30)).unwrap();
    writer.commit(&clock(100)).unwrap();
    drop(writer);
    let mut writer = Writer::open(&folder, &WriterOptions::default(), &clock(200)).unwrap();
    writer.commit(&clock(300)).unwrap();
    drop(writer);
    let said =
        "from 2026-09-21 14:00:30 to 2026-09-21 14:01:40 only connections were recorded that match: port 443";
    let span = ["--since", "2026-09-21T14:00:30Z"];
    for words in [
        &["history", "port 22"][..],
        &["history", "--summary"],
        &["-ano", "--at", "2026-09-21T14:01:00Z", "port 22"],
    ] {
        let (code, _, error) = history.run(words);
        assert!(code == 0 && error.contains(said), "{words:?}: {error}");
    }
    let summary = history.shown(&["history", "--summary"]);
    assert!(summary.contains("only those that match: port 443"), "{summary}");
    // Neither who asks for what was chosen nor who asks about another time misses anything by it.
    for words in [&["history", "port 443"][..], &["history", "port 22", "--since", "2026-09-21T14:04:00Z"]] {
        let (_, _, error) = history.run(words);
        assert!(!error.contains("only connections"), "{words:?}: {error}");
    }
    // Nothing is known of what was not kept.
    let (code, out, _) = history.run(&[&["check", "connecting"][..], &span].concat());
    assert!(code == 3 && out.contains("only connections were recorded that match: port 443"), "{out}");
}
