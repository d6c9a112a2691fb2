//! `--watch` on a terminal: the table is drawn in place, with marks on the rows that came and went.
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
use std::io::Read;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use support::{NETSTAT, finish, netstat};

/// What begins a display: no wrapping, the cursor in the corner.
const BEGIN: &str = "\x1b[?7l\x1b[H";
const END: &str = "\x1b[?7h";

/// The program on a terminal of this size.
struct Terminal {
    child: Child,
    read: Vec<u8>,
}

impl Terminal {
    fn start(words: &str, rows: u16, columns: u16) -> Self {
        let line = format!("stty rows {rows} cols {columns}; exec {NETSTAT} {words}");
        let mut script = Command::new("script");
        script.args(["-q", "-e", "-f", "-c", &line, "/dev/null"]).env("LC_ALL", "C").env("TERM", "xterm");
        let child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        Self { child, read: Vec::new() }
    }

    /// Returns the lines of the first display from now on that is asked for.
    fn display(&mut self, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        loop {
            let text = String::from_utf8_lossy(&self.read).into_owned();
            for display in text.split(BEGIN).skip(1).filter_map(|display| Some(display.split_once(END)?.0)) {
                let display = display.replace("\x1b[2K", "").replace("\x1b[J", "").replace('\r', "");
                let lines: Vec<String> = display.lines().map(str::to_owned).collect();
                if wanted(&lines) {
                    self.read.clear();
                    return lines;
                }
            }
            let mut piece = [0; 4096];
            let size = self.child.stdout.as_mut().unwrap().read(&mut piece).unwrap();
            assert!(size > 0, "the program ended: {text:?}");
            self.read.extend_from_slice(&piece[..size]);
        }
    }

    fn end(mut self) -> Option<i32> {
        self.child.stdout.as_mut().unwrap().read_to_end(&mut self.read).unwrap();
        self.child.wait().unwrap().code()
    }
}

fn marked<'a>(lines: &'a [String], mark: &str) -> Vec<&'a str> {
    lines.iter().filter_map(|line| line.strip_prefix(mark)).collect()
}

#[test]
fn rows_that_come_and_go_are_marked() {
    on_own_thread(|_| {
        let first = TcpListener::bind("127.0.0.1:4101").unwrap();
        for form in ["-an", "--columns proto,local,foreign,state -a"] {
            let mut terminal = Terminal::start(&format!("{form} --watch 50ms --color never"), 24, 80);
            let begin = terminal.display(|_| true);
            assert!(begin[0].contains("rows: 1, +0, -0"), "{begin:#?}");
            let second = TcpListener::bind("127.0.0.1:4102").unwrap();
            let came = terminal.display(|lines| lines[0].contains("+1, -0"));
            assert_eq!(marked(&came, "+ ").len(), 1, "{came:#?}");
            assert!(marked(&came, "+ ")[0].contains("127.0.0.1:4102"), "{came:#?}");
            assert!(came.iter().any(|line| line.starts_with("  TCP") && line.contains(":4101")), "{came:#?}");
            drop(second);
            let went = terminal.display(|lines| lines[0].contains("+0, -1"));
            assert!(marked(&went, "- ")[0].contains("127.0.0.1:4102"), "{went:#?}");
            let after = terminal.display(|_| true);
            assert!(
                !after.iter().any(|line| line.contains(":4102")),
                "it is shown once more only: {after:#?}"
            );
            terminal
                .child
                .stdin
                .as_mut()
                .map(|input| std::io::Write::write_all(input, b"\x03"))
                .unwrap()
                .unwrap();
            assert_ne!(terminal.end(), Some(2));
        }
        drop(first);
    });
}

#[test]
fn a_small_terminal_has_what_fits_and_the_number_of_the_rest() {
    on_own_thread(|_| {
        let held: Vec<TcpListener> = (0..20).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let mut terminal = Terminal::start("-an --watch 50ms --count 2", 12, 80);
        let lines = terminal.display(|_| true);
        assert_eq!(lines.len(), 11, "{lines:#?}");
        let shown = lines.iter().filter(|line| line.contains("LISTENING")).count();
        assert!(lines[10].starts_with(&format!("  {} more", held.len() - shown)), "{lines:#?}");
        assert_eq!(terminal.end(), Some(0));
        // Where no line of it fits, a row is a block.
        let mut narrow = Terminal::start(
            "--columns proto,local,foreign,state,pid -a --watch 50ms --count 1 --color never",
            12,
            40,
        );
        let lines = narrow.display(|_| true);
        assert!(
            lines.iter().any(|line| line.trim_end().ends_with("State            LISTENING")),
            "{lines:#?}"
        );
        assert_eq!(narrow.end(), Some(0));
    });
}

#[test]
fn elsewhere_it_is_an_interval() {
    on_own_thread(|_| {
        let _held = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(netstat("-an --watch 10ms --count 3"), netstat("-an").repeat(3));
        let documents = netstat("-an --json --watch 10ms --count 2");
        assert_eq!(
            documents.lines().filter(|line| line.starts_with("{\"schema\"")).count(),
            2,
            "{documents}"
        );
        for (words, code, complaint) in [
            ("-an 5 --watch 1s", 1, "leave one of the two out"),
            ("--exists port 80 --watch 1s", 2, "leave --watch out"),
            ("-an --watch 0", 1, "needs a pause"),
        ] {
            let run = finish(support::command(words));
            assert!(run.code == Some(code) && run.complaint.contains(complaint), "{words}: {run:?}");
        }
    });
}
