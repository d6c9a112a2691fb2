//! Processes that hold sockets in no table, and processes that run out of descriptors.

use crate::answer::{ask, assert_found, assert_valid};
use crate::support::{Folder, as_other_user, command, program_for_all};
use netstat_lab::on_own_thread;
use rustix::net::{AddressFamily, SocketType, socket};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

const CHECK: &str = "descriptors";

/// A shell in the namespace of this thread, which is not that of the test's process. Its standard error is a socket.
struct Shell(Child);

impl Shell {
    fn start(first: &str, socket: OwnedFd) -> Self {
        let mut shell = Command::new("sh");
        let mut child =
            shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::from(socket)).spawn().unwrap();
        let input = child.stdin.as_mut().unwrap();
        write!(input, "{first}\necho .\n").unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 2]).unwrap();
        Self(child)
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// How bad each finding is, but for the one about processes that not even root may read.
fn severities(words: &str) -> Vec<String> {
    let found = ask(&format!("{CHECK} {words}")).of(CHECK);
    let judged = found.iter().filter(|finding| finding.subject() != "processes");
    judged.map(|finding| finding.severity().to_owned()).filter(|severity| severity != "ok").collect()
}

fn unbound() -> OwnedFd {
    socket(AddressFamily::INET, SocketType::STREAM, None).unwrap()
}

fn listening() -> OwnedFd {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().into()
}

#[test]
fn a_socket_in_no_table_is_found_with_its_process() {
    on_own_thread(|_| {
        let leaks = Shell::start("", unbound());
        let _well = Shell::start("", listening());
        let set = "--set descriptors.warning=1";
        let finding = assert_found(CHECK, set, "warning");
        assert!(finding.sentence().contains("holds 1 socket in no table"), "{finding:?}");
        assert_eq!(finding.processes(), [(Some(leaks.pid().into()), 1)]);
        let rows = finding.rows();
        assert!(rows.iter().any(|row| row.contains(&leaks.pid().to_string())), "{rows:#?}");
        // The one that listens is not accused, nor is the other as long as there is one socket alone.
        assert_eq!(severities(set), ["warning"]);
        assert_eq!(severities(""), [""; 0]);
        // A filter selects processes.
        assert_eq!(severities(&format!("{set} not pid {}", leaks.pid())), [""; 0]);
        assert_eq!(severities(&format!("{set} pid {}", leaks.pid())), ["warning"]);
        assert_eq!(severities("process no-such-program"), ["notice"]);
    });
}

#[test]
fn a_process_near_its_limit_is_found() {
    on_own_thread(|_| {
        // What the shell inherits counts as well, so the limit comes from what it holds, and from the folder it lists.
        let set = "exec 4<&0 5<&0 6<&0 7<&0 8<&0 9<&0; set -- /proc/$$/fd/*; ulimit -Sn $#";
        let full = Shell::start(set, listening());
        let finding = assert_found(CHECK, "", "warning");
        assert!(finding.sentence().contains("descriptors"), "{finding:?}");
        assert_eq!(finding.fact("unlisted").as_u64(), Some(0));
        let held = std::fs::read_dir(format!("/proc/{}/fd", full.pid())).unwrap().count() as f64;
        assert_eq!((finding.number("open"), finding.number("limit")), (held, held + 1.0));
    });
}

#[test]
fn growth_is_found_while_watching() {
    on_own_thread(|_| {
        let mut grows = Shell::start("", listening());
        let words = "check descriptors --watch 100ms --count 100 --set descriptors.grown=5";
        let mut watch = command(words).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = lines.find(|line| !line.is_empty()).unwrap();
        assert!(!first.contains("gained"), "{first}");
        writeln!(grows.0.stdin.as_mut().unwrap(), "exec 4<&0 5<&0 6<&0 7<&0 8<&0 9<&0").unwrap();
        let pid = format!("({})", grows.pid());
        let said = lines.find(|line| line.contains("gained"));
        assert!(said.as_ref().is_some_and(|line| line.contains(&pid)), "{said:?}");
        drop(lines);
        watch.wait().unwrap();
    });
}

#[test]
fn processes_of_other_users_are_unknown() {
    on_own_thread(|_| {
        let _theirs = Shell::start("", unbound());
        let folder = Folder::new("check-descriptors");
        let program = program_for_all(&folder);
        let run = as_other_user(&program, "check descriptors --json");
        assert_eq!(run.code, Some(3), "{run:?}");
        let document = serde_json::from_str(&run.text).unwrap();
        assert_valid(&document);
        assert!(run.text.contains("because they may not be read"), "{run:?}");
    });
}
