//! Owners of sockets: process IDs, executables, owners the user may not see, and counts for each process.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Flavor, Holders, Place, TcpState, on_own_thread, with_remote_host};
use std::ffi::OsStr;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{
    Folder, HEADING_WITH_PID, Keeper, OTHER_USER, as_other_user, assert_one_line, at, command_of, netstat,
    program_for_all, rows, shown, table, table_when,
};

const NO_OWNERSHIP: &str = " Can not obtain ownership information";

fn cat() -> PathBuf {
    ["/bin/cat", "/usr/bin/cat"].map(PathBuf::from).into_iter().find(|path| path.exists()).unwrap()
}

fn own_executable() -> String {
    let path = std::env::current_exe().unwrap();
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn a_shared_socket_shows_the_ancestor_of_its_holders() {
    on_own_thread(|namespace| {
        let own = namespace.listener(Place::AnyV4, 80).unwrap();
        let mut shared = namespace.listener(Place::AnyV4, 81).unwrap();
        let workers = Holders::share(&mut shared, 3).unwrap();
        let mut left = namespace.listener(Place::AnyV4, 82).unwrap();
        let siblings = Holders::share(&mut left, 2).unwrap();
        left.leave_to(siblings.pids()).unwrap();
        let kept = Keeper::cat(TcpListener::bind("0.0.0.0:83").unwrap());

        let table = table_when("the processes", "-ano", |table| {
            // A child of another test holds a copy of the socket between its fork and its exec.
            at(table, "TCP", "0.0.0.0:82").pid() == siblings.pids()[0].to_string()
        });
        let me = std::process::id().to_string();
        assert_eq!(at(&table, "TCP", "0.0.0.0:80").pid(), me);
        assert_eq!(at(&table, "TCP", "0.0.0.0:81").pid(), me);
        assert_eq!(at(&table, "TCP", "0.0.0.0:83").pid(), kept.pid().to_string());
        assert_eq!(table.len(), 4);
        drop((own, workers));
    });
}

#[test]
fn a_filter_shows_the_holder_that_it_means() {
    on_own_thread(|namespace| {
        let mut shared = namespace.listener(Place::AnyV4, 81).unwrap();
        let workers = Holders::share(&mut shared, 3).unwrap();
        let me = std::process::id();
        let shown = |filter: &str| {
            let text = netstat(&format!("--columns pid,process --no-header lport 81 {filter}"));
            text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        for pid in workers.pids() {
            assert_eq!(shown(&format!("pid {pid}")), [pid.to_string(), "cat".to_owned()]);
        }
        assert_eq!(shown("process cat")[1], "cat");
        // Without a holder that is meant it is the ancestor of all.
        for filter in [String::new(), format!("pid {me}"), "not pid 1".to_owned()] {
            assert_eq!(shown(&filter)[0], me.to_string(), "{filter}");
        }
    });
}

#[test]
fn sockets_without_a_process_have_pid_0_and_no_executable() {
    with_remote_host(|_, host| {
        use TcpState::{Closing, FinWait1, FinWait2, LastAck, SynReceived, TimeWait};
        let mut held = Vec::new();
        for flavor in Flavor::ALL {
            held.push(host.hold(TimeWait, flavor).unwrap());
            held.push(host.hold(SynReceived, flavor).unwrap());
            for state in [FinWait1, FinWait2, Closing, LastAck] {
                held.push(host.hold(state, flavor).unwrap().orphan().unwrap());
            }
        }
        let table = table("-nob");
        assert_eq!(table.len(), held.len());
        for line in table {
            assert_eq!((line.pid(), line.below.len()), ("0", 0), "{line:?}");
        }
    });
}

#[test]
fn the_executable_is_shown_below_its_rows() {
    on_own_thread(|namespace| {
        let _own = namespace.listener(Place::AnyDualStack, 80).unwrap();
        let _udp = namespace.udp(Place::AnyV4, 53).unwrap();
        let kept = Keeper::cat(TcpListener::bind("127.0.0.1:81").unwrap());
        let me = own_executable();
        let program = std::fs::read_link(format!("/proc/{}/exe", kept.pid())).unwrap();
        for (words, own, other) in [
            ("-anob", me.clone(), "cat".to_owned()),
            ("-anob --path", own_path(), program.to_str().unwrap().to_owned()),
        ] {
            let table = table(words);
            for (proto, local, name) in [
                ("TCP", "0.0.0.0:80", &own),
                ("TCP", "[::]:80", &own),
                ("UDP", "0.0.0.0:53", &own),
                ("TCP", "127.0.0.1:81", &other),
            ] {
                let row = at(&table, proto, local);
                assert_eq!(row.below.last(), Some(&format!(" [{name}]")), "{row:?}");
                // The service, if there is one, is on the line above.
                assert!(row.below.len() <= 2, "{row:?}");
                if let [service, _] = &*row.below {
                    assert!(service.starts_with("  ") && !service.starts_with("   "), "{row:?}");
                }
            }
        }
        // Without -o there is no process ID.
        for line in rows(&netstat("-anb"), support::HEADING) {
            assert_eq!(line.rest, Vec::<String>::new());
            assert!(!line.below.is_empty());
        }
    });
}

fn own_path() -> String {
    std::env::current_exe().unwrap().canonicalize().unwrap().to_str().unwrap().to_owned()
}

fn copy_of_cat(folder: &Folder, name: &OsStr) -> PathBuf {
    let path = folder.path(name);
    std::fs::copy(cat(), &path).unwrap();
    path
}

#[test]
fn a_deleted_executable_is_marked() {
    on_own_thread(|_| {
        let folder = Folder::new("deleted");
        let program = copy_of_cat(&folder, OsStr::new("implant"));
        let socket = TcpListener::bind("127.0.0.1:80").unwrap();
        let kept = Keeper::start(&mut Command::new(&program), socket.into());
        let line = |words| at(&table(words), "TCP", "127.0.0.1:80").below.last().cloned().unwrap();
        let path = program.canonicalize().unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(line("-anob --path"), format!(" [{path}]"));
        std::fs::remove_file(&program).unwrap();
        assert_eq!(line("-anob --path"), format!(" [{path} (deleted)]"));
        assert_eq!(line("-anob"), " [implant]");
        drop(kept);
    });
}

#[test]
fn hostile_process_name_never_reaches_the_terminal() {
    on_own_thread(|_| {
        let folder = Folder::new("hostile");
        let names: [(&[u8], &str); 7] = [
            (b"harmless", "harmless"),
            (b"a\x1b[31mred", r"a\x1b[31mred"),
            (b"two\nlines", r"two\x0alines"),
            (b"cr\rtab\tbell\x07", r"cr\x0dtab\x09bell\x07"),
            ("\u{202e}gpj.exe".as_bytes(), r"\u{202e}gpj.exe"),
            (b"bad\xffbyte", r"bad\xffbyte"),
            (b"x\n  TCP    1.2.3.4:5", r"x\x0a  TCP    1.2.3.4:5"),
        ];
        let kept: Vec<Keeper> = names
            .iter()
            .enumerate()
            .map(|(index, (name, _))| {
                let program = copy_of_cat(&folder, OsStr::from_bytes(name));
                let socket = TcpListener::bind(("127.0.0.1", 8000 + u16::try_from(index).unwrap())).unwrap();
                Keeper::start(&mut Command::new(program), socket.into())
            })
            .collect();
        for (words, path) in [("-anob", false), ("-anob --path", true)] {
            let text = netstat(words);
            assert!(text.split('\n').all(|line| !line.chars().any(char::is_control)), "{text:?}");
            let table = rows(&text, HEADING_WITH_PID);
            assert_eq!(table.len(), names.len(), "{text}");
            // The processes differ only in their names, so all have equally many lines.
            let below = table[0].below.len();
            assert_eq!(text.matches('\n').count(), 4 + names.len() * (1 + below), "{text}");
            for (index, (_, wanted)) in names.iter().enumerate() {
                let row = at(&table, "TCP", &format!("127.0.0.1:{}", 8000 + index));
                assert_eq!(row.pid(), kept[index].pid().to_string());
                let last = row.below.last().unwrap();
                if path {
                    assert!(last.starts_with(" [/") && last.ends_with(&format!("/{wanted}]")), "{last}");
                } else {
                    assert_eq!(*last, format!(" [{wanted}]"));
                }
            }
        }
        let text = netstat("-c");
        assert!(text.split('\n').all(|line| !line.chars().any(char::is_control)), "{text:?}");
        assert_eq!(text.lines().count(), 4 + names.len(), "{text}");
        for (index, (_, wanted)) in names.iter().enumerate() {
            let pid = format!("  {:<7}  ", kept[index].pid());
            let line = text.lines().find(|line| line.starts_with(&pid)).unwrap();
            assert!(line.ends_with(&format!("  {wanted}")), "{line}");
        }
    });
}

#[test]
fn an_ordinary_user_sees_all_rows_and_its_own_processes() {
    if !netstat_lab::lists_bound() {
        return;
    }
    with_remote_host(|namespace, host| {
        let folder = Folder::new("user");
        let program = program_for_all(&folder);
        let theirs = namespace.listener(Place::AnyV4, 80).unwrap();
        let gone = host.hold(TcpState::TimeWait, Flavor::V4).unwrap();
        let bound = host.hold(TcpState::Bound, Flavor::V6).unwrap();
        let mut nobody = Command::new("cat");
        nobody.uid(OTHER_USER).gid(OTHER_USER).current_dir("/");
        let tcp = Keeper::start(&mut nobody, TcpListener::bind("127.0.0.1:8080").unwrap().into());
        let udp = Keeper::start(&mut nobody, UdpSocket::bind("127.0.0.1:5353").unwrap().into());

        // Root sees every owner.
        assert_eq!(at(&table("-ano"), "TCP", "127.0.0.1:8080").pid(), tcp.pid().to_string());

        let run = as_other_user(&program, "-anoq");
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_one_line(&run.complaint);
        let table = rows(&run.text, HEADING_WITH_PID);
        assert_eq!(table.len(), 5, "{table:#?}");
        assert_eq!(at(&table, "TCP", "0.0.0.0:80").pid(), "-");
        assert_eq!(at(&table, "TCP", &shown(bound.row.local)).pid(), "-");
        assert_eq!(at(&table, "TCP", &shown(gone.row.local)).pid(), "0");
        assert_eq!(at(&table, "TCP", "127.0.0.1:8080").pid(), tcp.pid().to_string());
        // A row whose owner is hidden is not shown, and not left out silently.
        let run = as_other_user(&program, "-an process cat");
        let lines: Vec<&str> = run.complaint.lines().collect();
        assert_eq!(
            (run.code, rows(&run.text, support::HEADING).len(), lines.len()),
            (Some(0), 2, 2),
            "{run:?}"
        );
        assert!(lines[1].contains("1 more socket may match the filter: its owner is unknown"), "{lines:?}");

        let run = as_other_user(&program, "check exposed process cat lport 80");
        assert_eq!(run.code, Some(3), "what may not be seen may be exposed: {run:?}");

        // A hidden owner may match, so the answer is neither yes nor no.
        for (words, code) in [
            ("--exists lport 8080 process cat", 0),
            ("--exists lport 8080 process dog", 1),
            ("--exists lport 80 process cat", 2),
            ("--exists lport 80 not process cat", 2),
            ("--exists lport 80", 0),
            ("--exists lport 81 process cat", 1),
            ("--wait lport 80 process cat --timeout 10ms", 1),
        ] {
            let run = as_other_user(&program, words);
            assert_eq!(run.code, Some(code), "{words}: {run:?}");
            assert_eq!(run.complaint.contains("whether a row matches is not known"), code == 2, "{run:?}");
        }
        assert_eq!(at(&table, "UDP", "127.0.0.1:5353").pid(), udp.pid().to_string());

        let run = as_other_user(&program, "-anob");
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_one_line(&run.complaint);
        let table = rows(&run.text, HEADING_WITH_PID);
        assert_eq!(at(&table, "TCP", "0.0.0.0:80").below, [NO_OWNERSHIP]);
        assert_eq!(at(&table, "TCP", "127.0.0.1:8080").below.last().map(String::as_str), Some(" [cat]"));

        // Ports of hidden owners are counted as unknown, not as ports without a process.
        let run = as_other_user(&program, "-c");
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_one_line(&run.complaint);
        let unknown = ("-".to_owned(), [2, 0, 2], "(not known)".to_owned());
        let nobody_at_all = ("0".to_owned(), [1, 0, 1], "(no process)".to_owned());
        let seen = counts(&run.text);
        assert!(seen.contains(&unknown) && seen.contains(&nobody_at_all) && seen.len() == 4, "{seen:#?}");

        // No warning where all rows belong to the user, or where no owners are shown.
        for words in ["-ano -p udp", "-an", "-qn"] {
            let run = as_other_user(&program, words);
            assert_eq!((run.code, &*run.complaint), (Some(0), ""), "netstat {words}");
        }
        // One warning, however often the table is repeated.
        let run = as_other_user(&program, "-ano 1 --count 3");
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_one_line(&run.complaint);
        drop(theirs);
    });
}

/// The program with `CAP_PERFMON` and `CAP_BPF` and nothing else, as an ordinary user; `None` where that cannot be had.
fn with_capabilities(program: &Path, words: &str) -> Option<support::Run> {
    let mut command = command_of(Path::new("setpriv"), "");
    let user = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let capabilities = ["--inh-caps", "+cap_38,+cap_39", "--ambient-caps", "+cap_38,+cap_39"];
    command.args(user).args(capabilities).arg(program).args(words.split_ascii_whitespace()).current_dir("/");
    let run = support::finish(command);
    if run.complaint.contains("setpriv") || run.complaint.contains("in /proc, not with BPF") {
        netstat_lab::skip(format_args!("BPF for an ordinary user: {}", run.complaint));
        return None;
    }
    Some(run)
}

#[test]
fn a_fact_that_may_not_be_read_decides_nothing() {
    on_own_thread(|_| {
        let folder = Folder::new("unread");
        let program = program_for_all(&folder);
        let long = copy_of_cat(&folder, OsStr::new("a-program-with-a-long-name"));
        let socket = TcpListener::bind("127.0.0.1:18085").unwrap();
        let kept = Keeper::start(&mut Command::new(&long), socket.into());
        // BPF tells who holds it where /proc does not; the executable stays hidden.
        let Some(run) = with_capabilities(&program, "-vano --process lport 18085") else { return };
        assert!(run.complaint.contains("owners were found with BPF"), "{run:?}");
        let row = run.text.lines().last().unwrap();
        let name = format!("{:<6} a-program-with-a-long-name", kept.pid());
        assert!(row.ends_with(&name), "{row}");
        assert!(run.complaint.contains("some facts about 1 process are unknown: /proc/PID/exe: "), "{run:?}");
        for (words, code) in [
            ("--exists path *averylong* lport 18085", 2),
            ("--exists not path *averylong* lport 18085", 2),
            ("--exists process a-program-with-another-name lport 18085", 2),
            ("--exists process a-program-with-a-long-name lport 18085", 0),
            ("--exists process a-program-with- lport 18085", 0),
            ("--exists path *averylong* lport 18086", 1),
        ] {
            let run = with_capabilities(&program, words).unwrap();
            assert_eq!(run.code, Some(code), "{words}: {run:?}");
        }
        for words in ["-an path *averylong*", "-an not path *averylong*"] {
            let run = with_capabilities(&program, words).unwrap();
            assert_eq!((run.code, rows(&run.text, support::HEADING).len()), (Some(0), 0), "{run:?}");
            assert!(run.complaint.contains("1 more socket may match the filter"), "{run:?}");
        }
    });
}

/// A script that gives itself the name in its argument, if there is one, and echoes its input.
const SCRIPT: &str = "#!/usr/bin/perl\n$0 = $ARGV[0] if @ARGV;\n\
    while (sysread STDIN, $b, 1) { syswrite STDOUT, $b }\n";

#[test]
fn a_process_has_one_name_everywhere() {
    on_own_thread(|_| {
        if !Path::new("/usr/bin/perl").exists() {
            return netstat_lab::skip("there is no /usr/bin/perl");
        }
        let folder = Folder::new("one-name");
        let script = folder.path("a-script-with-a-long-name");
        std::fs::write(&script, SCRIPT).unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let long = copy_of_cat(&folder, OsStr::new("a-program-with-a-long-name"));
        let bind = |port: u16| TcpListener::bind(("127.0.0.1", port)).unwrap();
        let kept = [
            Keeper::start(&mut Command::new(&script), bind(80).into()),
            Keeper::start(&mut Command::new(&long), bind(81).into()),
            Keeper::start(Command::new(&script).arg("[kworker/0:0]"), bind(82).into()),
        ];
        let names = [
            ("a-script-with-a-long-name", "a-script-with-a"),
            ("a-program-with-a-long-name", "a-program-with-"),
            ("perl", "[kworker/0:0]"),
        ];
        let own = netstat("-ano --process");
        let lines = table("-anob");
        let counted = counts(&netstat("-c"));
        let json: serde_json::Value =
            serde_json::from_str(&netstat("-a --json --columns lport,process,comm")).unwrap();
        let policy = netstat("check policy --learn");
        for ((port, keeper), (name, comm)) in (80_u16..).zip(&kept).zip(names) {
            let local = format!("127.0.0.1:{port}");
            let row = own.lines().find(|line| line.contains(&local)).unwrap();
            assert!(row.ends_with(&format!("{:<6} {name}", keeper.pid())), "{row}");
            assert_eq!(at(&lines, "TCP", &local).below.last(), Some(&format!(" [{name}]")));
            assert!(counted.contains(&(keeper.pid().to_string(), [1, 0, 1], name.to_owned())), "{counted:?}");
            let row = json["sockets"].as_array().unwrap().iter().find(|row| row["lport"] == port).unwrap();
            assert_eq!((&row["process"], &row["comm"]), (&name.into(), &comm.into()));
            assert!(policy.contains(&format!("process = \"{name}\"\n")), "{policy}");
            for named in [name, comm] {
                let words =
                    ["--exists", "lport", &port.to_string(), "process", &named.replace('[', "?")].join(" ");
                assert_eq!(support::finish(support::command(&words)).code, Some(0), "{words}");
            }
        }
    });
}

/// Rows of `-c`: process ID, counts of TCP, UDP and both, name.
fn counts(text: &str) -> Vec<(String, [u32; 3], String)> {
    let head = "\nPorts in Use by Process\n\n  PID      TCP    UDP    Total  Process\n";
    text.strip_prefix(head)
        .unwrap_or_else(|| panic!("another head:\n{text}"))
        .lines()
        .map(|line| {
            let mut words = line.split_ascii_whitespace();
            let pid = words.next().unwrap().to_owned();
            let mut number = || words.next().unwrap().parse().unwrap();
            let numbers = [number(), number(), number()];
            (pid, numbers, words.collect::<Vec<_>>().join(" "))
        })
        .collect()
}

#[test]
fn ports_are_counted_for_every_holder() {
    if !netstat_lab::lists_bound() {
        return;
    }
    with_remote_host(|namespace, host| {
        let mut held = [
            namespace.listener(Place::AnyV4, 80).unwrap(),
            // Counted once: the same port at another address.
            namespace.listener(Place::AnyV6Only, 80).unwrap(),
            namespace.udp(Place::AnyV4, 80).unwrap(),
            host.hold(TcpState::Bound, Flavor::V4).unwrap(),
            host.hold(TcpState::Established, Flavor::V4).unwrap(),
        ];
        let gone: Vec<_> = (0..2).map(|_| host.hold(TcpState::TimeWait, Flavor::V4).unwrap()).collect();
        let workers = Holders::share(&mut held[2], 1).unwrap();
        let kept = Keeper::cat(UdpSocket::bind("127.0.0.1:53").unwrap());
        let row = |pid: u32, tcp, udp, name: &str| (pid.to_string(), [tcp, udp, tcp + udp], name.to_owned());
        let mut equals = [row(workers.pids()[0], 0, 1, "cat"), row(kept.pid(), 0, 1, "cat")];
        equals.sort_by_key(|(pid, ..)| pid.parse::<u32>().unwrap());
        let mut wanted = vec![row(std::process::id(), 3, 1, &own_executable()), row(0, 2, 0, "(no process)")];
        wanted.extend(equals);
        let mut seen = Vec::new();
        // Children of other tests may hold copies for a moment.
        let right = netstat_lab::eventually("the counts", || {
            seen = counts(&netstat("-c"));
            (seen == wanted).then_some(())
        });
        assert!(right.is_ok(), "{seen:#?} is not {wanted:#?}");
        drop(gone);
    });
}

/// A process that is the first in a PID namespace of its own, and ends by itself.
#[test]
fn a_process_has_its_own_number_in_its_pid_namespace() {
    netstat_lab::on_own_thread(|_| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // The child of the shell is in the namespace, and holds the socket alone once the shell has let go of it.
        let script = "sleep 60 & exec 2>/dev/null; wait";
        let mut parent = std::process::Command::new("unshare");
        parent.args(["--pid", "sh", "-c", script]).stderr(std::os::fd::OwnedFd::from(listener));
        let mut shell = parent.spawn().unwrap();
        drop(parent);
        let rows = |filter: &str| -> Vec<serde_json::Value> {
            let words = format!("--json --columns pid,nspid,process lport {port} {filter}");
            let document: serde_json::Value = serde_json::from_str(&support::netstat(&words)).unwrap();
            document["sockets"].as_array().unwrap().clone()
        };
        let found = netstat_lab::eventually("the process in its namespace", || {
            rows("").into_iter().find(|row| row["process"] == "sleep")
        });
        let row = found.unwrap();
        let pid = row["pid"].as_i64().and_then(|pid| rustix::process::Pid::from_raw(pid.try_into().ok()?));
        assert_eq!(row["nspid"], 1, "{row}");
        assert_ne!(row["pid"], 1, "{row}");
        assert_eq!((rows("nspid 1").len(), rows("nspid 2").len()), (1, 0));
        // A process in the namespace of the reader has one number.
        let own = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let words = format!("--json --columns pid,nspid lport {}", own.local_addr().unwrap().port());
        let document: serde_json::Value = serde_json::from_str(&support::netstat(&words)).unwrap();
        assert_eq!(document["sockets"][0]["nspid"], document["sockets"][0]["pid"]);
        rustix::process::kill_process(pid.unwrap(), rustix::process::Signal::KILL).unwrap();
        shell.wait().unwrap();
    });
}
