//! `netstat metrics` with real sockets: values, text as others read it, HTTP from people who mean no good, and a collector
//! that is not always there.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use flate2::read::GzDecoder;
use netstat_lab::{Protocol, eventually, on_own_thread, skip, with_remote_host, witness};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use support::{Folder, NETSTAT, command, command_of, every_state, finish};

const PATIENCE: Duration = Duration::from_secs(60);

/// Values by name and labels, as the text has them.
fn values(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name, value.parse().unwrap()))
        .collect()
}

/// Returns the only line about something that has all these words in it.
#[track_caller]
fn value(text: &str, words: &[&str]) -> f64 {
    let all = values(text);
    let found: Vec<_> = all.iter().filter(|(name, _)| words.iter().all(|word| name.contains(word))).collect();
    assert_eq!(found.len(), 1, "{words:?}: {found:?}\n{text}");
    *found[0].1
}

/// A program that answers until it is told to stop.
struct Server {
    child: Child,
    place: SocketAddr,
}

impl Server {
    fn start(program: &Path, words: &str) -> Self {
        let mut started = command_of(program, "metrics --listen 127.0.0.1:0");
        started.args(words.split_ascii_whitespace()).stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = started.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let place = line.trim_end().strip_prefix("netstat: metrics are at http://");
        let place =
            place.unwrap_or_else(|| panic!("{line}")).strip_suffix("/metrics").unwrap().parse().unwrap();
        // What else it says nobody reads, and must not stop it.
        thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Self { child, place }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.place).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes, and returns everything that comes back.
    fn ask(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        // It may have heard enough before the end.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    fn get(&self, path: &str, headers: &str) -> (String, Vec<u8>) {
        let answer = self.ask(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes());
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end..].to_vec())
    }

    fn metrics(&self) -> String {
        let (head, body) = self.get("/metrics", "");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"), "{head}");
        String::from_utf8(body).unwrap()
    }

    /// Tells it to stop, and waits until it has.
    fn stop(&mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns whether a program is there; says that a part of the test is skipped if not.
fn has(program: &str, arguments: &[&str]) -> bool {
    let run = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = run.is_ok_and(|status| status.success());
    if !is_there {
        skip(format!("{program} {} does not work here", arguments.join(" ")));
    }
    is_there
}

/// Gives text to a program, which has to like it.
fn gives(command: &mut Command, text: &[u8]) -> String {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = text.to_vec();
    let writer = thread::spawn(move || input.write_all(&text));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn sockets_and_counters_are_those_of_the_witnesses() {
    with_remote_host(|namespace, host| {
        let held = every_state(namespace, host);
        let text = support::netstat("metrics --once");
        let mut expected: BTreeMap<String, f64> = BTreeMap::new();
        for row in held.iter().flat_map(|held| held.rows()) {
            let name = match (row.protocol, row.state) {
                (Protocol::Udp, _) => "netstat_sockets{protocol=\"udp\"}".to_owned(),
                (Protocol::Tcp, state) => {
                    // SynReceived, FinWait1: the words and the number of a name.
                    let name = format!("{:?}", state.unwrap());
                    let words = name.char_indices().fold(String::new(), |mut words, (at, letter)| {
                        let begins = at > 0 && (letter.is_uppercase() || letter.is_ascii_digit());
                        words.push_str(if begins { "_" } else { "" });
                        words.push(letter.to_ascii_lowercase());
                        words
                    });
                    format!("netstat_sockets{{protocol=\"tcp\",state=\"{words}\"}}")
                }
            };
            *expected.entry(name).or_default() += 1.0;
        }
        let all = values(&text);
        let shown: BTreeMap<String, f64> = all
            .iter()
            .filter(|(name, count)| name.starts_with("netstat_sockets{") && **count > 0.0)
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect();
        assert_eq!(shown, expected, "{text}");
        let seen = u32::try_from(witness::ss().unwrap().len()).unwrap();
        let bound = all.get("netstat_sockets{protocol=\"tcp\",state=\"bound\"}").copied().unwrap_or_default();
        assert_eq!(shown.values().sum::<f64>() - bound, f64::from(seen), "ss lists no bound ones");
        // A state that has none is known to have none.
        assert_eq!(value(&text, &["netstat_sockets{", "\"closed\""]), 0.0);
        let by_process: f64 =
            all.iter().filter(|(name, _)| name.starts_with("netstat_process_sockets{")).map(|(_, n)| n).sum();
        assert_eq!(by_process, shown.values().sum::<f64>());
        for (words, group, name) in [
            (&["netstat_tcp_segments_retransmitted_total"][..], "Tcp", "RetransSegs"),
            (&["netstat_tcp_connections_opened_total", "client"], "Tcp", "ActiveOpens"),
            (&["netstat_tcp_connections_reset_total"], "Tcp", "EstabResets"),
            (&["netstat_listen_overflows_total"], "TcpExt", "ListenOverflows"),
            (&["netstat_listen_drops_total"], "TcpExt", "ListenDrops"),
            (&["netstat_tcp_retransmission_timeouts_total"], "TcpExt", "TCPTimeouts"),
        ] {
            // What is resent goes on meanwhile.
            let (text, after) = (support::netstat("metrics --once"), witness::counter(group, name).unwrap());
            let shown = value(&text, words);
            assert!(shown <= after as f64, "{name}: {shown}, then {after}");
            let later = value(&support::netstat("metrics --once"), words);
            assert!(later >= after as f64, "{name}: {after}, then {later}");
        }
    });
}

#[test]
fn the_queue_of_a_listener_and_the_ports_to_a_destination_are_told() {
    on_own_thread(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        let _waiting: Vec<TcpStream> = (0..3).map(|_| TcpStream::connect(place).unwrap()).collect();
        let port = format!("port=\"{}\"", place.port());
        let text = support::netstat("metrics --once");
        let of_listener = |metric: &str| value(&text, &[metric, "127.0.0.1", &port, "owner=\"process\""]);
        assert_eq!(of_listener("netstat_listen_queue_length{"), 3.0);
        let limit = of_listener("netstat_listen_queue_limit{");
        assert_eq!(of_listener("netstat_listen_queue_fullest_ratio{"), 3.0 / limit);
        let remote = format!("remote_address=\"127.0.0.1\",remote_port=\"{}\"", place.port());
        // The port of the listener may be one of the range as well, and is taken then.
        let taken = value(&text, &["netstat_local_ports_taken{", &remote]);
        assert!((3.0..=4.0).contains(&taken), "{taken}");
        let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
        let ends: Vec<f64> = range.split_whitespace().map(|end| end.parse().unwrap()).collect();
        let limit = value(&text, &["netstat_local_ports_limit{", "tcp", "ipv4"]);
        assert!(limit > 0.0 && limit <= ends[1] - ends[0] + 1.0, "{limit} of {range}");
        // Nothing is wrong, and that is known; what a system never tells is not counted.
        assert_eq!(value(&text, &["netstat_check_findings{", "close-wait", "critical"]), 0.0);
    });
}

#[test]
fn others_read_the_text() {
    on_own_thread(|_| {
        let _listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut server = Server::start(Path::new(NETSTAT), "--top 5");
        let plain = server.metrics();
        let (head, open) = server.get("/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n");
        assert!(head.contains("application/openmetrics-text; version=1.0.0"), "{head}");
        let open = String::from_utf8(open).unwrap();
        assert!(open.ends_with("\n# EOF\n") && !plain.contains("# EOF"), "{open}");
        assert!(
            open.contains("# TYPE netstat_build info\n# ") || open.contains("# TYPE netstat_build info\n")
        );
        assert!(plain.contains("# TYPE netstat_listen_overflows_total counter\n"), "{plain}");
        let (head, packed) = server.get("/metrics", "Accept-Encoding: gzip\r\n");
        assert!(head.contains("\r\nContent-Encoding: gzip\r\n"), "{head}");
        let mut unpacked = String::new();
        GzDecoder::new(packed.as_slice()).read_to_string(&mut unpacked).unwrap();
        assert!(unpacked.contains("netstat_sockets{"), "{unpacked}");
        // A file of node_exporter may have no times.
        assert!(plain.lines().all(|line| line.starts_with('#') || {
            let behind = line.rsplit_once('}').map_or(line, |(_, behind)| behind);
            behind.split_ascii_whitespace().count() <= 2
        }));
        if has("promtool", &["--version"]) {
            let said = gives(Command::new("promtool").args(["check", "metrics"]), plain.as_bytes());
            assert_eq!(said, "", "promtool has something to say");
        }
        if has("python3", &["-c", "import prometheus_client"]) {
            let parse = |module: &str, text: &str| {
                let program = format!(
                    "import sys\nfrom prometheus_client.{module} import text_string_to_metric_families as read\n\
                     print(sum(len(family.samples) for family in read(sys.stdin.read())))"
                );
                gives(Command::new("python3").args(["-c", &program]), text.as_bytes())
                    .trim()
                    .parse::<usize>()
                    .unwrap()
            };
            assert_eq!(parse("openmetrics.parser", &open), values(&open).len());
            assert_eq!(parse("parser", &plain), values(&plain).len());
        }
        assert_eq!(server.stop(), Some(0));
    });
}

/// What the alerts of the documentation are tried on: an accept queue, ports and a finding, each once as it should be and once not.
const ALERTS: &str = r#"
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: 'netstat_listen_queue_fullest_ratio{instance="a",protocol="tcp",address="0.0.0.0",port="80",process="web",owner="process"}'
        values: '1+0x20'
      - series: 'netstat_listen_queue_fullest_ratio{instance="a",protocol="tcp",address="0.0.0.0",port="81",process="api",owner="process"}'
        values: '0.2+0x20'
      - series: 'netstat_listen_overflows_total{instance="a"}'
        values: '0+60x20'
      - series: 'netstat_local_ports_taken{instance="a",protocol="tcp",local_address="10.0.0.1",remote_address="192.0.2.1",remote_port="443"}'
        values: '27000+0x20'
      - series: 'netstat_local_ports_taken{instance="a",protocol="tcp",local_address="10.0.0.1",remote_address="192.0.2.2",remote_port="443"}'
        values: '5+0x20'
      - series: 'netstat_local_ports_limit{instance="a",protocol="tcp",family="ipv4"}'
        values: '28232+0x20'
      - series: 'netstat_local_ports_limit{instance="a",protocol="tcp",family="ipv6"}'
        values: '28232+0x20'
      - series: 'netstat_check_findings{instance="a",check="close-wait",level="critical"}'
        values: '2+0x20'
      - series: 'netstat_check_findings{instance="a",check="conntrack",level="critical"}'
        values: '0+0x20'
    promql_expr_test:
      - expr: count by (alertname) (ALERTS{alertstate="firing"})
        eval_time: 15m
        exp_samples:
          - labels: '{alertname="AcceptQueueFull"}'
            value: 1
          - labels: '{alertname="LocalPortsRunOut"}'
            value: 1
          - labels: '{alertname="NetworkFinding"}'
            value: 1
"#;

#[test]
fn the_examples_in_the_documentation_are_valid() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md")).unwrap();
    let korean =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.ko.md"))
            .unwrap();
    let block = |page: &str, first: &str| {
        let begin = page.find(first).unwrap_or_else(|| panic!("no {first:?}"));
        page[begin..].split("```").next().unwrap().to_owned()
    };
    let rules = block(&page, "groups:");
    let config = block(&page, "scrape_configs:");
    assert_eq!(rules.matches("- alert:").count(), 3);
    assert_eq!(config, block(&korean, "scrape_configs:"));
    let expressions = |rules: &str| -> Vec<String> {
        rules.lines().filter(|line| line.contains("expr:")).map(str::to_owned).collect()
    };
    assert_eq!(expressions(&rules), expressions(&block(&korean, "groups:")));
    // Names of metrics that alerts use exist.
    let known: BTreeSet<String> = netstat_metrics::all().map(netstat_metrics::Metric::prometheus).collect();
    let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    for line in expressions(&rules) {
        for name in line.split(|letter| !letters(letter)).filter(|word| word.starts_with("netstat_")) {
            assert!(known.contains(name), "{name}");
        }
    }
    if has("promtool", &["--version"]) {
        let folder = Folder::new("metrics-docs");
        let (rules_file, config_file) = (folder.path("rules.yml"), folder.path("prometheus.yml"));
        std::fs::write(&rules_file, rules).unwrap();
        std::fs::write(&config_file, config).unwrap();
        gives(Command::new("promtool").args(["check", "rules"]).arg(&rules_file), b"");
        gives(Command::new("promtool").args(["check", "config"]).arg(&config_file), b"");
        // Each alert fires where it should, and one of them where nothing is wrong does not.
        let tests = folder.path("tests.yml");
        std::fs::write(&tests, ALERTS).unwrap();
        gives(Command::new("promtool").args(["test", "rules"]).arg(&tests), b"");
    }
}

#[test]
fn the_documentation_has_every_metric() {
    for page in ["metrics.md", "metrics.ko.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
        let text = std::fs::read_to_string(path).unwrap();
        let told: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("| `netstat_")?.split('`').next()).collect();
        let known: Vec<String> = netstat_metrics::all()
            .map(|metric| metric.prometheus().strip_prefix("netstat_").unwrap().to_owned())
            .collect();
        assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len(), "{page} has one twice");
        let (told, known): (BTreeSet<&str>, BTreeSet<&str>) =
            (told.into_iter().collect(), known.iter().map(String::as_str).collect());
        assert_eq!(told, known, "{page}");
    }
}

#[test]
fn a_hostile_name_is_a_label_and_nothing_else() {
    on_own_thread(|_| {
        let folder = Folder::new("metrics-hostile");
        let hostile = [
            "a\"} 1\nnetstat_evil 7\n#",
            "b\\\u{1b}[2J\u{202e}x",
            &"c".repeat(200),
            &("c".repeat(200) + "d"),
        ];
        let servers: Vec<Server> = hostile
            .iter()
            .map(|name| {
                let program = folder.path(name);
                std::fs::copy(NETSTAT, &program).unwrap();
                // A program that is open for writing in a child of another test cannot be run for a moment.
                eventually("the program", || {
                    let run = Command::new(&program).arg("--version").stdout(Stdio::null()).status();
                    run.is_ok_and(|status| status.success()).then_some(())
                })
                .unwrap();
                Server::start(&program, "")
            })
            .collect();
        let text = servers[0].metrics();
        assert!(!text.lines().any(|line| line.starts_with("netstat_evil")), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        assert!(text.contains("process=\"a\\\"} 1\\\\x0anetstat_evil 7\\\\x0a#\""), "{text}");
        let listening =
            |text: &str, name: &str| value(text, &["netstat_process_sockets{", "\"listen\"", name]);
        // Both are shortened to the same name, and are one value.
        assert_eq!(listening(&text, "process=\"ccc"), 2.0);
        let longest = text.lines().filter(|line| !line.starts_with('#')).map(str::len).max().unwrap();
        assert!(longest < 250, "{longest}");
        // One name, and the rest is one.
        let few = Server::start(Path::new(NETSTAT), "--top 1").metrics();
        let names: BTreeSet<&str> = few
            .lines()
            .filter(|line| line.starts_with("netstat_process_sockets{"))
            .filter_map(|line| line.split("owner=").nth(1)?.split('"').nth(1))
            .collect();
        assert!(names.contains("other") && names.contains("process"), "{few}");
        if has("python3", &["-c", "import prometheus_client"]) {
            let program = "import sys\nfrom prometheus_client.parser import text_string_to_metric_families as read\n\
                           names = {s.labels.get('process') for f in read(sys.stdin.read()) for s in f.samples}\n\
                           assert 'a\"} 1\\\\x0anetstat_evil 7\\\\x0a#' in names, names";
            gives(Command::new("python3").args(["-c", program]), text.as_bytes());
        }
    });
}

#[test]
fn whoever_means_no_good_does_not_stop_it() {
    on_own_thread(|_| {
        let mut server = Server::start(Path::new(NETSTAT), "");
        let status = |bytes: &[u8]| {
            let answer = String::from_utf8_lossy(&server.ask(bytes)).into_owned();
            answer.lines().next().unwrap_or_default().to_owned()
        };
        assert_eq!(status(b"GET /metrics HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 OK");
        assert_eq!(status(b"GET / HTTP/1.0\r\n\r\n"), "HTTP/1.1 200 OK");
        assert_eq!(status(b"GET /other HTTP/1.1\r\n\r\n"), "HTTP/1.1 404 Not Found");
        assert_eq!(status(b"DELETE /metrics HTTP/1.1\r\n\r\n"), "HTTP/1.1 405 Method Not Allowed");
        assert_eq!(status(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"), "HTTP/1.1 400 Bad Request");
        let mut huge = b"GET /metrics HTTP/1.1\r\n".to_vec();
        huge.extend(std::iter::repeat_n(*b"x: y\r\n", 5000).flatten());
        assert_eq!(status(&huge), "HTTP/1.1 431 Request Header Fields Too Large");
        let long = [b"GET /".as_slice(), &vec![b'a'; 1 << 20]].concat();
        assert_eq!(status(&long), "HTTP/1.1 431 Request Header Fields Too Large");
        let head = server.ask(b"HEAD /metrics HTTP/1.1\r\n\r\n");
        assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n") && head.ends_with(b"\r\n\r\n"));

        // One that says nothing is told so in the end; others are served meanwhile.
        let begun = Instant::now();
        let mut silent = server.connect();
        silent.write_all(b"GET /met").unwrap();
        let mut slow = server.connect();
        assert!(server.metrics().contains("netstat_sockets{"));
        let mut answer = String::new();
        let _ = silent.read_to_string(&mut answer);
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer} after {:?}", begun.elapsed());
        let mut answer = String::new();
        let _ = slow.read_to_string(&mut answer);
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");

        // So many and no more; when they have gone there is room again.
        eventually("a connection too many is sent away", || {
            let many: Vec<TcpStream> =
                (0..netstat_metrics::CONNECTIONS + 8).map(|_| server.connect()).collect();
            let mut answer = String::new();
            let _ = many.last()?.read_to_string(&mut answer);
            answer.starts_with("HTTP/1.1 503 ").then_some(())
        })
        .unwrap();
        eventually("there is room again", || {
            let answer = server.ask(b"GET /metrics HTTP/1.1\r\n\r\n");
            answer.starts_with(b"HTTP/1.1 200 ").then_some(())
        })
        .unwrap();
        assert_eq!(server.stop(), Some(0));
    });
}

#[test]
fn a_place_that_is_taken_is_said_and_one_for_everybody_too() {
    on_own_thread(|_| {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = taken.local_addr().unwrap();
        let run = finish(command(&format!("metrics --listen {place}")));
        assert_ne!(run.code, Some(0));
        assert!(run.complaint.contains(&format!("cannot listen at {place}")), "{run:?}");
        let mut open = command("metrics --listen 0.0.0.0:0").stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(open.stderr.take().unwrap()).lines();
        let said: Vec<String> = (0..2).map(|_| lines.next().unwrap().unwrap()).collect();
        open.kill().unwrap();
        open.wait().unwrap();
        assert!(said[1].starts_with("netstat: other machines can reach 0.0.0.0:"), "{said:?}");
    });
}

#[test]
fn a_file_for_node_exporter_is_written_whole() {
    on_own_thread(|_| {
        let folder = Folder::new("metrics-file");
        let file = folder.path("netstat.prom");
        for _ in 0..2 {
            let mut once = command("metrics --once -o");
            once.arg(&file);
            let run = finish(once);
            assert_eq!((run.code, run.text.as_str()), (Some(0), ""), "{run:?}");
        }
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("\nnetstat_look_success{part=\"sockets\"} 1\n"), "{text}");
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
        let mut once = command("metrics --once -o");
        once.arg(folder.path("no/such/folder.prom"));
        let run = finish(once);
        assert_ne!(run.code, Some(0));
        support::assert_one_line(&run.complaint);
    });
}

#[test]
fn what_the_recorder_counts_is_told() {
    on_own_thread(|_| {
        let folder = Folder::new("metrics-recorder");
        let store = folder.path("history");
        let ask = || {
            let mut once = command("metrics --once --store");
            once.arg(&store);
            let run = finish(once);
            assert_eq!(run.code, Some(0), "{run:?}");
            run.text
        };
        let without = ask();
        assert!(!without.contains("recorder"), "nothing is known, so nothing is said: {without}");
        let mut record = command("record --store");
        record.arg(&store).stdout(Stdio::null()).stderr(Stdio::null());
        let mut recorder = record.spawn().unwrap();
        let text = eventually("a status", || {
            Some(ask()).filter(|text| text.contains("netstat_recorder_running 1\n"))
        });
        let stopped = {
            let mut stop = command("record --stop --store");
            stop.arg(&store);
            finish(stop)
        };
        assert_eq!(stopped.code, Some(0), "{stopped:?}");
        recorder.wait().unwrap();
        let text = text.unwrap();
        assert_eq!(value(&text, &["netstat_look_success", "recorder"]), 1.0);
        assert!(value(&text, &["netstat_recorder_history_bytes"]) > 0.0);
        assert!(value(&text, &["netstat_recorder_lost_events_total", "begins"]) >= 0.0);
        assert_eq!(value(&ask(), &["netstat_recorder_running"]), 0.0);
        std::fs::write(folder.path("history/history.db.status"), "{}").unwrap();
        let odd = {
            let mut once = command("metrics --once --store");
            once.arg(&store);
            finish(once)
        };
        assert!(odd.complaint.contains("history.db.status"), "{odd:?}");
        assert_eq!(odd.code, Some(1), "what is known is written all the same");
        assert_eq!(value(&odd.text, &["netstat_look_success", "recorder"]), 0.0);
        assert!(!odd.text.contains("netstat_recorder_"), "{}", odd.text);
    });
}

/// What a collector was sent: the path, the headers, and the body as JSON.
struct Got {
    head: String,
    body: Value,
}

/// How a collector behaves.
#[derive(Clone, Copy)]
enum Manner {
    /// It closes the connection in the middle of a request.
    Cut,
    Answer(&'static str, &'static str),
}

/// A collector that behaves like this, one request after the other, and tells of what it took to the end.
fn collector(manners: Vec<Manner>) -> (SocketAddr, Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    let (told, got) = channel();
    thread::spawn(move || {
        for manner in manners {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = Vec::new();
            let mut part = [0; 4096];
            let (head, length) = loop {
                let length = stream.read(&mut part).unwrap();
                bytes.extend(&part[..length]);
                let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
                let length: usize = head
                    .split("content-length: ")
                    .nth(1)
                    .unwrap()
                    .lines()
                    .next()
                    .unwrap()
                    .trim()
                    .parse()
                    .unwrap();
                bytes.drain(..end + 4);
                break (head, length);
            };
            let Manner::Answer(status, more) = manner else { continue };
            while bytes.len() < length {
                let length = stream.read(&mut part).unwrap();
                bytes.extend(&part[..length]);
            }
            let mut json = String::new();
            GzDecoder::new(bytes.as_slice()).read_to_string(&mut json).unwrap();
            let mut answer = String::new();
            write!(answer, "HTTP/1.1 {status}\r\nConnection: close\r\n{more}").unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            let _ = told.send(Got { head, body: serde_json::from_str(&json).unwrap() });
        }
    });
    (place, got)
}

const TAKEN: Manner = Manner::Answer("200 OK", "Content-Length: 2\r\n\r\n{}");

/// Returns the metric of a name, out of a request of OTLP.
fn metric<'a>(got: &'a Got, name: &str) -> &'a Value {
    let metrics = got.body.pointer("/resourceMetrics/0/scopeMetrics/0/metrics").unwrap().as_array().unwrap();
    metrics.iter().find(|metric| metric["name"] == name).unwrap_or_else(|| panic!("no {name}: {metrics:?}"))
}

#[test]
fn a_collector_that_is_away_for_a_while_gets_it_all_the_same() {
    on_own_thread(|_| {
        let busy = Manner::Answer("503 Service Unavailable", "Retry-After: 1\r\nContent-Length: 0\r\n\r\n");
        let (place, got) = collector(vec![Manner::Cut, busy, TAKEN]);
        let begun = Instant::now();
        let mut once = command(&format!("metrics --once --otlp http://{place}"));
        once.env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret");
        let run = finish(once);
        assert_eq!((run.code, run.text.as_str()), (Some(0), ""), "{run:?}");
        assert!(begun.elapsed() >= Duration::from_secs(1), "it waits as long as it is told");
        let [first, second] = [got.recv().unwrap(), got.recv().unwrap()];
        assert_eq!(first.body, second.body, "the same is sent again");
        assert!(second.head.starts_with("post /v1/metrics http/1.1\r\n"), "{}", second.head);
        for line in
            ["content-type: application/json", "content-encoding: gzip", "authorization: bearer secret"]
        {
            assert!(second.head.lines().any(|other| other == line), "{line}: {}", second.head);
        }
        let resource = second.body.pointer("/resourceMetrics/0/resource/attributes").unwrap().to_string();
        assert!(
            resource.contains(r#"{"key":"service.name","value":{"stringValue":"netstat"}}"#),
            "{resource}"
        );
        let sockets = metric(&second, "netstat.sockets");
        assert_eq!(sockets["unit"], "{socket}");
        let points = sockets.pointer("/gauge/dataPoints").unwrap().as_array().unwrap();
        let listening =
            points.iter().find(|point| point.to_string().contains(r#""stringValue":"listen""#)).unwrap();
        // The collector listens, and nobody else here does.
        assert_eq!(listening["asInt"], "1");
        assert!(listening["attributes"].to_string().contains("network.connection.state"), "{listening}");
        assert!(listening["timeUnixNano"].as_str().unwrap().parse::<u64>().unwrap() > 0);
        let overflows = metric(&second, "netstat.listen.overflows");
        assert_eq!(overflows.pointer("/sum/aggregationTemporality").unwrap(), 2);
        assert_eq!(overflows.pointer("/sum/isMonotonic").unwrap(), true);
        let queue = metric(&second, "netstat.listen.queue_length").to_string();
        let port = format!(r#"{{"key":"server.port","value":{{"intValue":"{}"}}}}"#, place.port());
        assert!(queue.contains(&port), "{queue}");
    });
}

#[test]
fn a_collector_that_refuses_is_not_asked_again() {
    on_own_thread(|_| {
        let refuses = Manner::Answer("400 Bad Request", "Content-Length: 9\r\n\r\nno\u{1b}[2J so");
        let (place, got) = collector(vec![refuses]);
        let run = finish(command(&format!("metrics --once --otlp http://{place}/")));
        assert_ne!(run.code, Some(0));
        let said = run.complaint.lines().last().unwrap();
        assert!(said.starts_with("netstat: the collector refuses (status 400): no"), "{run:?}");
        assert!(!run.complaint.contains('\u{1b}'));
        assert_eq!(got.iter().count(), 1);
        let partly = "\r\n{\"partialSuccess\":{\"rejectedDataPoints\":\"2\",\"errorMessage\":\"too new\"}}";
        let (place, _got) = collector(vec![Manner::Answer("200 OK", partly)]);
        let run = finish(command(&format!("metrics --once --otlp http://{place}")));
        assert!(run.complaint.contains("the collector has rejected 2 values: too new"), "{run:?}");
    });
}

#[test]
fn what_is_sent_is_sent_again_and_again_and_counted() {
    on_own_thread(|_| {
        let busy = Manner::Answer("429 Too Many Requests", "Retry-After: 3600\r\nContent-Length: 0\r\n\r\n");
        let (place, got) = collector(vec![TAKEN, TAKEN, busy, TAKEN]);
        let mut server = Server::start(Path::new(NETSTAT), &format!("--otlp http://{place} 1"));
        for _ in 0..3 {
            got.recv_timeout(PATIENCE).unwrap();
        }
        let text = eventually("it is given up", || {
            let failed = |text: &String| value(text, &["netstat_otlp_exports_total", "failed"]) >= 2.0;
            Some(server.metrics()).filter(failed)
        })
        .unwrap();
        assert!(got.try_recv().is_err(), "it is told nothing before it wants to hear it");
        assert_eq!(value(&text, &["netstat_otlp_exports_total", "sent"]), 2.0);
        assert_eq!(value(&text, &["netstat_otlp_resent_total"]), 0.0);
        assert_eq!(server.stop(), Some(0));
    });
}

#[test]
fn connections_that_ended_are_sent_as_logs() {
    on_own_thread(|_| {
        let folder = Folder::new("metrics-logs");
        let store = folder.path("history");
        let mut record = command("record --store");
        record.arg(&store).stdout(Stdio::null()).stderr(Stdio::null());
        let mut recorder = record.spawn().unwrap();
        let ask = |words: &str| {
            let mut asked = command(words);
            asked.arg("--store").arg(&store);
            finish(asked)
        };
        eventually("the recorder", || (ask("record --status").code == Some(0)).then_some(())).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        for _ in 0..3 {
            let client = TcpStream::connect(place).unwrap();
            drop(listener.accept().unwrap());
            drop(client);
        }
        // An end is sent when the recorder has written what came some seconds after it.
        let (collector, got) = collector(vec![TAKEN, Manner::Cut, TAKEN, TAKEN, TAKEN, TAKEN, TAKEN, TAKEN]);
        let run = eventually("the ends", || {
            let run = ask(&format!("history --columns local,ended --json lport {}", place.port()));
            (run.text.matches("\"ended\":\"").count() >= 3).then_some(())
        });
        run.unwrap();
        let ended = Instant::now();
        eventually("some seconds", || (ended.elapsed() > Duration::from_secs(7)).then_some(())).unwrap();
        let run = ask(&format!("metrics --once --otlp http://{collector} --logs --since 1h"));
        let _ = ask("record --stop");
        recorder.wait().unwrap();
        assert_eq!(run.code, Some(0), "{run:?}");
        let logs: Vec<Got> = got.try_iter().filter(|got| got.head.starts_with("post /v1/logs ")).collect();
        let records: Vec<&Value> = logs
            .iter()
            .flat_map(|got| {
                got.body.pointer("/resourceLogs/0/scopeLogs/0/logRecords").unwrap().as_array().unwrap()
            })
            .collect();
        let port = format!(r#"{{"key":"server.port","value":{{"intValue":"{}"}}}}"#, place.port());
        let of_clients = records.iter().filter(|record| {
            let text = record["attributes"].to_string();
            text.contains(&port) && text.contains(r#""key":"client.port""#)
        });
        // Both ends of each are here; without BPF nobody knows which of them is which.
        let local = format!("127.0.0.1:{}", place.port());
        let about: Vec<_> =
            records.iter().filter(|record| record["body"].to_string().contains(&local)).collect();
        assert!(about.len() >= 3, "{records:?}");
        for record in of_clients {
            assert_eq!(record["eventName"], "netstat.connection.ended");
            assert!(
                record["timeUnixNano"].as_str().unwrap() < record["observedTimeUnixNano"].as_str().unwrap()
            );
        }
    });
}
