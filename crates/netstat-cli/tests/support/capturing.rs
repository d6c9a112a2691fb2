//! Captures by the program under test, and tshark as the oracle of what is in them.

use super::command;
use netstat_lab::skip;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

/// A capture in the network namespace of this thread.
pub(crate) struct Capturing {
    pub(crate) child: Child,
    pub(crate) said: BufReader<ChildStderr>,
    /// Whether events tell of every connection.
    pub(crate) is_complete: bool,
}

impl Capturing {
    pub(crate) fn start(words: &str, file: &Path) -> Self {
        let mut capture = command("capture --for 60s -w");
        capture.arg(file).args(words.split_ascii_whitespace());
        let mut child = capture.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let mut capturing = Self { child, said, is_complete: true };
        let mut line = String::new();
        while !line.contains("capturing to") {
            line.clear();
            assert_ne!(capturing.said.read_line(&mut line).unwrap(), 0, "the capture did not begin");
            capturing.is_complete &= !line.contains("may have no process");
        }
        capturing
    }

    /// Ends it as Ctrl+C does. Returns what it counted, and what it said.
    pub(crate) fn end(mut self) -> (Counts, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{said}");
        let last = said.lines().last().unwrap().to_owned();
        (Counts::read(&last), said)
    }
}

impl Drop for Capturing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The numbers of the last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) seen: u64,
    pub(crate) written: u64,
    pub(crate) not_matched: u64,
    pub(crate) not_attributed: u64,
    pub(crate) dropped: u64,
}

impl Counts {
    pub(crate) fn read(line: &str) -> Self {
        let number = |words: &str| {
            let before = line.split(words).next().unwrap().trim_end();
            let digits = before.rsplit(|it: char| !it.is_ascii_digit() && it != ',').next().unwrap();
            digits.replace(',', "").parse().unwrap_or_else(|_| panic!("{words}: {line}"))
        };
        Self {
            seen: number(" packets seen"),
            written: number(" written"),
            not_matched: number(" not matched"),
            not_attributed: number(" not attributed"),
            dropped: number(" dropped by the kernel"),
        }
    }

    pub(crate) fn assert_whole(self) {
        let Self { seen, written, not_matched, not_attributed, dropped } = self;
        assert_eq!(written + not_matched + not_attributed + dropped, seen, "{self:?}");
    }
}

/// Whether tshark is here; a test without it is skipped.
pub(crate) fn has_tshark() -> bool {
    let there = Command::new("tshark").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        skip("tshark is not here");
    }
    there
}

/// The fields of each packet of a file that matches a filter of tshark.
pub(crate) fn tshark(file: &Path, filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-n").arg("-r").arg(file).args(["-Y", filter, "-T", "fields", "-E", "separator=/t"]);
    for field in fields {
        tshark.args(["-e", field]);
    }
    let output = tshark.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // It says that it runs as root, and nothing about the file.
    let odd = said.lines().find(|line| !line.contains("Running as user"));
    assert_eq!((output.status.success(), odd), (true, None), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// Runs a program of Python. Returns its process ID.
pub(crate) fn python(program: &str) -> u32 {
    let child = Command::new("python3").args(["-c", program]).stdin(Stdio::null()).spawn().unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    pid
}
