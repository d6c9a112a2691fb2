//! `--columns`, `--sort`, `--group-by` and the output formats, on the running system.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeSet, HashMap};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU8, Ordering};

fn netstat(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_netstat")).args(arguments).env("LC_ALL", "C").output().unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = netstat(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A listener of this process with two connections, of which one is accepted. It has a loopback address of its own,
/// where no other program of this machine uses its port.
struct Held {
    listener: TcpListener,
    clients: [TcpStream; 2],
    _accepted: TcpStream,
}

impl Held {
    fn new() -> Self {
        static HELD: AtomicU8 = AtomicU8::new(1);
        let [.., high, low] = std::process::id().to_be_bytes();
        let own = Ipv4Addr::new(127, HELD.fetch_add(1, Ordering::Relaxed), high, low);
        let listener = TcpListener::bind((own, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let clients = [TcpStream::connect(address).unwrap(), TcpStream::connect(address).unwrap()];
        let (_accepted, _) = listener.accept().unwrap();
        Self { listener, clients, _accepted }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// The address: as a filter it selects these sockets and no others.
    fn address(&self) -> String {
        self.listener.local_addr().unwrap().ip().to_string()
    }
}

/// CSV rows with this local or foreign address, as maps from column to cell.
fn csv_rows(csv: &str, address: &str) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows = reader.deserialize::<HashMap<String, String>>().map(Result::unwrap);
    rows.filter(|row| row["laddr"] == address || row["raddr"] == address).collect()
}

#[test]
fn every_format_shows_the_sockets_with_their_process() {
    let held = Held::new();
    let pid = std::process::id().to_string();
    let executable = std::env::current_exe().unwrap();
    let name = executable.file_name().unwrap().to_str().unwrap();

    let rows = csv_rows(&text(&["-a", "--csv"]), &held.address());
    assert_eq!(rows.len(), 5, "a listener and both ends of two connections: {rows:?}");
    let listening = rows.iter().find(|row| row["state"] == "LISTENING").unwrap();
    assert_eq!((&listening["pid"], &listening["process"]), (&pid, &name.to_owned()));
    assert_eq!((&listening["recvq"], &listening["sendq"]), (&"1".to_owned(), &String::new()));
    assert_eq!(listening["foreign"], "");
    let client = held.clients[0].local_addr().unwrap();
    let connected = rows.iter().find(|row| row["local"] == client.to_string()).unwrap();
    assert_eq!((&connected["pid"], &connected["rport"]), (&pid, &held.port().to_string()));
    assert!(connected["rtt_us"].parse::<u64>().unwrap() > 0 && connected["cwnd"].parse::<u64>().unwrap() > 0);
    assert_eq!(connected["bytes_sent"], "0");
    assert!(std::env::current_exe().unwrap().as_os_str().to_str() == Some(&connected["path"]));

    let document: serde_json::Value = serde_json::from_str(&text(&["-a", "--json"])).unwrap();
    let schema =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/netstat-2.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap();
    let wrong: Vec<_> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let rows = document["sockets"].as_array().unwrap().iter();
    let ours: Vec<_> = rows.filter(|row| row["laddr"] == held.address()).collect();
    assert_eq!(ours.len(), 3);
    for row in ours.iter().filter(|row| !row["owners"].as_array().unwrap().is_empty()) {
        assert_eq!((row["pid"].to_string(), row["owners"][0]["pid"].to_string()), (pid.clone(), pid.clone()));
        let words: Vec<String> = std::env::args().collect();
        assert_eq!(row["cmdline"], serde_json::json!(words));
    }

    let lines = text(&["-a", "--jsonl", "--columns", "lport,state", &held.address()]);
    let of_listener = format!("{{\"schema\":2,\"lport\":{},\"state\":\"LISTENING\"}}", held.port());
    assert_eq!(lines.lines().filter(|line| **line == of_listener).count(), 1);

    let classic = text(&["-ano", "--process"]);
    let line =
        classic.lines().find(|line| line.contains(&format!("{}:{} ", held.address(), held.port()))).unwrap();
    assert!(line.ends_with(&format!("{pid:<6} {name}")), "{line:?}");
}

#[test]
fn lines_of_a_repeated_report_say_when_and_which_display() {
    let held = Held::new();
    let repeated =
        |format: &str| text(&["-a", "1", "--count", "2", format, "--columns", "lport", &held.address()]);
    let displays: BTreeSet<u64> = repeated("--jsonl")
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .inspect(|line| assert!(line["time"].as_str().unwrap().ends_with('Z'), "{line}"))
        .map(|line| line["display"].as_u64().unwrap())
        .collect();
    assert_eq!(displays, BTreeSet::from([1, 2]));
    let csv = repeated("--csv");
    assert_eq!(csv.lines().filter(|line| *line == "time,display,lport").count(), 2, "{csv}");
}

#[test]
fn the_classic_table_has_colour_only_on_request() {
    let _held = Held::new();
    for arguments in [["-an"], ["-ano"]] {
        let plain = text(&arguments);
        assert!(!plain.contains('\u{1b}') && !plain.contains("PROCESS"), "no terminal, no colour");
        assert!(!text(&[arguments[0], "--color", "auto"]).contains('\u{1b}'));
    }
    let coloured = text(&["-an", "--color", "always"]);
    assert!(coloured.contains("\u{1b}[36mLISTENING\u{1b}[0m"), "{coloured}");
}

#[test]
fn unsorted_rows_are_the_same_rows() {
    let held = Held::new();
    let address = held.address();
    let rows = |more: &[&str]| {
        let table = text(&[more, &[&address]].concat());
        table.lines().filter(|line| line.starts_with("  TCP ")).map(str::to_owned).collect::<Vec<_>>()
    };
    for letters in ["-an", "-ano"] {
        let sorted = rows(&[letters]);
        let mut as_they_come = rows(&[letters, "--sort", "none"]);
        as_they_come.sort();
        let mut same = sorted.clone();
        same.sort();
        assert_eq!((as_they_come, same.len()), (same, 5));
        assert_eq!(rows(&[letters, "--limit", "2"]), sorted[..2]);
        assert_eq!(rows(&[letters, "--sort", "none", "--limit", "2"]).len(), 2);
        // Sorting by a column takes another path through the program, to the same rows.
        assert_eq!(rows(&[letters, "--sort", "local"]).len(), 5);
    }
}

#[test]
fn verbose_tells_how_owners_were_found() {
    let said = |arguments: &[&str]| {
        let output = netstat(arguments);
        assert!(output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        said.lines().filter(|line| line.contains("owners were found")).map(str::to_owned).collect::<Vec<_>>()
    };
    let _held = Held::new();
    let by_proc = "netstat: owners were found in /proc, not with BPF: it was not requested";
    for letters in ["-ano", "-anob"] {
        assert_eq!(said(&[letters, "-v", "--owners", "proc"]), [by_proc], "{letters}");
        assert_eq!(said(&[letters, "-v"]).len(), 1, "{letters}");
        assert_eq!(said(&[letters]), [""; 0], "{letters}");
    }
    assert_eq!(said(&["-an", "-v"]), [""; 0]);
    assert_eq!(said(&["-ano", "-v", "--owners", "proc", "--count", "2", "1"]), [by_proc], "once");
}

#[test]
fn each_source_lists_the_same_sockets_and_verbose_names_it() {
    let held = Held::new();
    let listed = |source: &str| {
        let output = netstat(&["-an", "-v", "--source", source, &held.address()]);
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap(), said)
    };
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let (is_fine, by_diag, said) = listed("diag");
    assert!(
        is_fine
            && said.contains("TCP sockets were listed by sock_diag, not with BPF: it was not requested\n"),
        "{said}"
    );
    assert_eq!(by_diag.matches("TCP ").count(), 5, "{by_diag}");
    let (is_fine, by_proc, said) = listed("proc");
    assert!(is_fine && said.contains("TCP sockets were listed from /proc/net\n"), "{said}");
    assert_eq!(lines(&by_proc), lines(&by_diag));
    let (is_fine, by_program, said) = listed("iter");
    if !is_fine {
        assert!(said.contains("by BPF: ") && by_program.is_empty(), "{said}");
        netstat_lab::skip(said.trim());
        return;
    }
    assert!(said.contains("TCP sockets were listed with BPF\n"), "{said}");
    assert_eq!(lines(&by_program), lines(&by_diag));
    // The program does not tell of the memory of a socket, and nothing else is tried.
    let output = netstat(&["--columns", "drops", "--source", "iter"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("sock_diag answers this question"), "{said}");
}

#[test]
fn groups_add_up_and_are_sorted() {
    let held = Held::new();
    let groups = text(&["-an", "-p", "tcp", "--csv", "--group-by", "lport", &held.address()]);
    let mut reader = csv::Reader::from_reader(groups.as_bytes());
    let rows: Vec<HashMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    let ours = rows.iter().find(|row| row["lport"] == held.port().to_string()).unwrap();
    assert_eq!(
        (ours["rows"].as_str(), ours["LISTENING"].as_str(), ours["ESTABLISHED"].as_str()),
        ("3", "1", "2")
    );
    assert!(rows.is_sorted_by_key(|row| std::cmp::Reverse(row["rows"].parse::<u64>().unwrap())));
    let by_port = text(&["-an", "--csv", "--group-by", "lport", "--sort", "lport:desc"]);
    let mut reader = csv::Reader::from_reader(by_port.as_bytes());
    let ports: Vec<u16> = reader.records().map(|row| row.unwrap()[1].parse().unwrap()).collect();
    assert!(ports.is_sorted_by(|one, two| one > two), "{ports:?}");
}

#[test]
fn rows_are_sorted_by_any_column() {
    let held = Held::new();
    let sorted = text(&["-an", "--columns", "lport", "--sort", "lport"]);
    let ports: Vec<u16> = sorted.lines().skip(1).map(|line| line.trim().parse().unwrap()).collect();
    assert!(ports.len() >= 5 && ports.is_sorted(), "{ports:?}");
    // Also by a column that is not shown, in the classic table.
    let classic = text(&["-an", "--sort", "rtt:desc", &held.address()]);
    let states: Vec<_> = classic.lines().skip(4).filter_map(|line| line.split_whitespace().last()).collect();
    let connected = ["ESTABLISHED"; 4];
    assert_eq!(states, [&connected[..], &["LISTENING"]].concat(), "rows without RTT come last");
}

/// The questions in a recording show what was read: socket columns read no process.
#[test]
fn only_what_the_columns_need_is_read() {
    let folder = std::env::temp_dir().join(format!("netstat-shapes-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let asked = |columns: &str| {
        let record = folder.join(columns);
        // --owners proc, because with BPF nothing of /proc is read.
        let record = record.to_str().unwrap();
        let _ = std::fs::remove_dir_all(record);
        text(&["-an", "--columns", columns, "--owners", "proc", "--record", record]);
        // Not the answers: they name the files that other programs have open.
        std::fs::read_to_string(format!("{record}/index.jsonl")).unwrap()
    };
    std::fs::create_dir_all(&folder).unwrap();
    let _held = Held::new();
    let sockets_only = asked("local,state,rtt,recvq");
    for what in ["process", "/etc/passwd", "/etc/services"] {
        assert!(!sockets_only.contains(what), "{what}");
    }
    assert!(asked("user").contains("/etc/passwd"));
    // Of a socket that two hold, the parents are looked at; children of other tests hold copies until they exec.
    let owners = netstat_lab::eventually("owners of which each is alone", || {
        let owners = asked("pid");
        (!owners.contains("/comm")).then_some(owners)
    });
    let owners = owners.unwrap();
    assert!(owners.contains("process links") && !owners.contains("/cmdline"));
    let names = asked("process");
    assert!(names.contains("/comm") && !names.contains("/cmdline") && !names.contains("/cgroup"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn columns_help_lists_the_columns() {
    let help = text(&["--columns", "help"]);
    assert!(help.starts_with("Column "));
    let names: Vec<_> = help
        .lines()
        .skip(1)
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert!(names.len() > 30);
    // All of them are accepted.
    let all = names.join(",");
    assert!(text(&["-a", "--columns", &all]).starts_with("Proto "));
}

#[test]
fn headings_follow_the_locale_and_keys_do_not() {
    use netstat_engine::text::cells;

    let held = Held::new();
    let pid = std::process::id().to_string();
    let korean = |words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netstat"));
        command.args(words.split(' ')).args(["listening", "src", &held.address()]);
        command.env_remove("LC_ALL").env_remove("LC_MESSAGES").env("LANG", "ko_KR");
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    // Each heading stands above its cell, by cells of the terminal.
    let above = |text: &str, heading: &str, cell: &str| {
        let line = |part: &str| {
            text.lines().find_map(|line| line.split_once(part)).unwrap_or_else(|| panic!("{text}"))
        };
        let ((heading, _), (cell, _)) = (line(heading), line(cell));
        assert_eq!(cells(heading.as_bytes()), cells(cell.as_bytes()), "{text}");
    };
    let text = korean("--columns state,pids,recvq");
    assert!(text.starts_with("상태       PID 목록  수신 큐\n"), "{text}");
    above(&text, "PID 목록", &pid);
    assert!(korean("--group-by state").starts_with("행  상태\n"));
    let text = korean("-no --process --path");
    let executable = std::env::current_exe().unwrap();
    above(&text, "프로세스", executable.to_str().unwrap());
    assert_eq!(korean("--columns state,pids --csv").lines().next(), Some("state,pids"));
    assert!(korean("--columns state,pids --jsonl").contains(&format!("\"pids\":[{pid}]")));
}
