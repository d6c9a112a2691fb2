//! Command lines as people type them on Windows.

use crate::folder::Folder;
use crate::holder::Holder;
use crate::run::{lines, netstat, shown};

/// The rows of a process without repetitions: Wine may list a socket twice while others come and go.
fn rows_of(text: &str, pid: u32) -> Vec<String> {
    let rows = lines(text).into_iter().filter(|line| line.ends_with(&format!("  {pid}")));
    let mut rows: Vec<String> = rows.map(str::to_owned).collect();
    rows.dedup();
    rows
}

#[test]
fn every_spelling_of_the_options_is_accepted() {
    let holder = Holder::start();
    let expected = rows_of(&shown("-ano"), holder.pid);
    assert!(expected.len() > 4);
    for words in ["/ano", "-ANO", "/a /n /o", "-a -n -o", "-noa", "/NAO"] {
        assert_eq!(rows_of(&shown(words), holder.pid), expected, "{words}");
    }
    let tcp: Vec<String> = expected.iter().filter(|row| row.starts_with("  TCP")).cloned().collect();
    let v4: Vec<String> = tcp.into_iter().filter(|row| !row.contains('[')).collect();
    for words in ["-ano -p tcp", "-p TCP -ano", "/ano /p tcp"] {
        assert_eq!(rows_of(&shown(words), holder.pid), v4, "{words}");
    }
}

#[test]
fn an_interval_repeats_the_whole_report() {
    let text = shown("-an 1 --count 2");
    let title =
        "\r\nActive Connections\r\n\r\n  Proto  Local Address          Foreign Address        State\r\n";
    assert!(text.starts_with(title), "{text}");
    assert_eq!(text.matches(title).count(), 2, "{text}");
}

#[test]
fn help_goes_to_the_stream_that_scripts_expect() {
    for words in ["/?", "-?"] {
        let run = netstat(words);
        assert_eq!((run.text.as_str(), run.code), ("", Some(1)), "{words}");
        assert!(run.complaint.contains("\n  -a "), "{words}: {}", run.complaint);
    }
    assert!(shown("--help").contains("\n  -a "));
}

#[test]
fn columns_without_values_on_windows_are_marked() {
    let help = shown("--columns help");
    // A meaning may go on in the next line.
    let words = |name: &str| {
        let mut lines = help.lines().skip_while(|line| !line.starts_with(&format!("{name} ")));
        let first = lines.next().unwrap();
        let more = lines.take_while(|line| line.starts_with(' '));
        std::iter::once(first).chain(more).flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    };
    assert!(words("timer").ends_with("(not known on this system)"), "{help}");
    assert!(!words("path").contains("not known on this system"), "{help}");
}

#[test]
fn the_offload_state_is_shown_for_each_connection() {
    let holder = Holder::start();
    let text = shown("-anot");
    let lines = lines(&text);
    assert_eq!(
        lines[3],
        "  Proto  Local Address          Foreign Address        State           PID      Offload State"
    );
    assert_eq!(lines[4], "");
    let of_holder: Vec<_> =
        lines.iter().filter(|line| line.contains(&format!("  {}\t", holder.pid))).collect();
    assert!(!of_holder.is_empty() && of_holder.iter().all(|line| line.ends_with("\tInHost      ")), "{text}");
}

#[test]
fn missing_data_is_reported() {
    let bound = netstat("-anoq");
    assert_eq!(bound.code, Some(0));
    let has_rows = bound.text.contains("  BOUND  ");
    assert!(has_rows || bound.complaint.contains("the list of bound-only sockets is unknown"), "{bound:?}");
    let rdma = netstat("-x");
    // Below Wine no network adapter does RDMA.
    assert_eq!((rdma.code, rdma.complaint.as_str()), (Some(0), ""), "{rdma:?}");
    assert!(rdma.text.contains("NetworkDirect") && rdma.text.lines().count() < 6, "{rdma:?}");
    for words in ["-ano --owners bpf", "-ano --owners proc"] {
        let run = netstat(words);
        assert_eq!((run.code, run.text.as_str()), (Some(1), ""), "{words}: {run:?}");
    }
    let extras = netstat("-anoidy");
    let heading = extras.text.lines().nth(3).unwrap();
    assert!(
        heading.contains("Time in State (ms)") && heading.contains("DSCP") && heading.contains("Template")
    );
    for what in ["the time in state", "the DSCP value", "the template of each connection"] {
        assert!(extras.complaint.contains(&format!("netstat: {what} is unknown: ")), "{extras:?}");
    }
}

#[test]
fn a_column_of_dashes_is_explained() {
    for words in ["--columns local,recvq", "-an --sort recvq", "--group-by recvq", "--json --columns recvq"] {
        let run = netstat(words);
        assert_eq!(run.code, Some(0), "{words}: {run:?}");
        assert_eq!(run.complaint, "netstat: recvq is unknown: this system does not report it\r\n", "{words}");
    }
    assert!(
        !netstat("--json").complaint.contains("recvq"),
        "a document with all columns has no such warning"
    );
    for (words, code) in [("recvq gt 0", 1), ("--exists recvq gt 0", 2), ("check recvq gt 0", 3)] {
        let run = netstat(words);
        assert_eq!((run.code, run.text.as_str()), (Some(code), ""), "{words}: {run:?}");
        let said = "recvq is unknown, this system does not report it";
        assert!(run.complaint.contains(said), "{words}: {run:?}");
    }
}

#[test]
fn there_is_only_the_main_routing_table() {
    let routes = netstat("-r --table main");
    assert_eq!(routes.code, Some(0), "{routes:?}");
    let none = netstat("-r --table 5");
    assert_eq!((none.code, none.text.as_str()), (Some(1), ""), "{none:?}");
    assert!(none.complaint.contains("Windows has one routing table"), "{none:?}");
}

#[test]
fn a_filter_works_without_the_kernel() {
    let holder = Holder::start();
    let local = &holder.sockets.iter().find(|held| held.state == "LISTENING").unwrap().local;
    let port = local.rsplit(':').next().unwrap();
    let text = shown(&format!("-ano sport={port} state=listening"));
    let rows: Vec<_> = lines(&text).into_iter().skip(4).map(str::to_owned).collect();
    // The holder of another test may have the same port in the other family.
    assert!(rows.iter().all(|row| row.contains(&format!(":{port} ")) && row.contains("LISTENING")), "{text}");
    assert_eq!(rows.iter().filter(|row| row.contains(&format!(" {local} "))).count(), 1, "{text}");
    assert_eq!(netstat(&format!("--exists sport={port} state=listening")).code, Some(0));
    assert_eq!(netstat(&format!("--exists sport={port} state=time_wait")).code, Some(1));
}

#[test]
fn a_replay_equals_the_recorded_run() {
    let _holder = Holder::start();
    for words in ["-ano", "-anob", "--json", "-anot --process", "-c"] {
        let folder = Folder::new("record");
        let live = shown(&format!("{words} --record {folder}"));
        assert_eq!(shown(&format!("{words} --replay {folder}")), live, "{words}");
    }
}

#[test]
fn a_reader_that_stops_is_not_an_error() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_netstat"))
        .args(["-an", "1", "--count", "3"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 20];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
