//! Running both programs with the same words, and comparing what they say.

use crate::support::{self, Run};
use netstat_lab::skip;
use std::process::{Command, Stdio};

/// The netstat of net-tools. Ours may be the first `netstat` in PATH.
pub(crate) const ORACLE: &str = "/usr/bin/netstat";

/// Returns whether the netstat of net-tools is installed in the version that is followed; else the test is skipped.
pub(crate) fn has_oracle() -> bool {
    let version = Command::new(ORACLE).arg("--version").output();
    let text = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if text.starts_with("net-tools 2.10\n") {
        return true;
    }
    skip(format!("{ORACLE} is not that of net-tools 2.10"));
    false
}

pub(crate) fn oracle(words: &str) -> Run {
    let mut command = Command::new(ORACLE);
    command.args(words.split_ascii_whitespace()).env("LC_ALL", "C").stdin(Stdio::null());
    support::finish(command)
}

pub(crate) fn ours(words: &str) -> Run {
    let mut command = support::command(words);
    command.env("NETSTAT_DIALECT", "net-tools");
    support::finish(command)
}

/// What a program wrote, without what may differ: the time that a running timer has left, the path behind which a program says
/// what is wrong, and the usage text, which is that of each program.
fn said(run: Run) -> (String, String, Option<i32>) {
    let complaint = run.complaint.replace(&format!("{ORACLE}: "), "netstat: ");
    let complaint = match complaint.split_once("usage: ") {
        Some((before, _)) => format!("{before}usage"),
        None => complaint,
    };
    (mask_timers(&run.text), complaint, run.code)
}

/// Replaces the seconds in `on (0.20/1/0)`: they run. 0.00 is that of a timer that is off.
pub(crate) fn mask_timers(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(" (") {
        let (before, after) = rest.split_at(at + 2);
        masked.push_str(before);
        let seconds = after.split('/').next().unwrap_or_default();
        let runs = seconds.contains('.') && seconds.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if runs && seconds != "0.00" {
            masked.push('#');
            rest = &after[seconds.len()..];
        } else {
            rest = after;
        }
    }
    masked + rest
}

/// Returns what both programs say, once they say the same; if they never do, what they said last. The kernel sends packets on its
/// own (IPv6), which it counts; and a child of another test holds copies of all sockets between its fork and its exec.
pub(crate) fn at_rest<T: PartialEq>(oracle: impl Fn() -> T, ours: impl Fn() -> T) -> (T, T) {
    let mut last = None;
    let _ = netstat_lab::eventually("a machine at rest", || {
        let (wanted, got) = last.insert((oracle(), ours()));
        (wanted == got).then_some(())
    });
    last.unwrap()
}

/// Compares standard output, standard error and the exit code of both programs for each command line.
#[track_caller]
pub(crate) fn assert_same_for(lines: &[&str]) {
    let mut differ = Vec::new();
    for words in lines {
        let (wanted, got) = at_rest(|| said(oracle(words)), || said(ours(words)));
        if got != wanted {
            differ.push(format!("netstat {words}\nnet-tools: {wanted:#?}\nours: {got:#?}"));
        }
    }
    assert!(differ.is_empty(), "{} of {} differ\n{}", differ.len(), lines.len(), differ.join("\n"));
}

#[test]
fn a_running_timer_is_masked_and_nothing_else() {
    let text = "a (w/o servers)\nb on (12.34/2/0)\nc off (0.00/0/0)\nd timewait (5.00/0/0) (x/1)";
    assert_eq!(
        mask_timers(text),
        "a (w/o servers)\nb on (#/2/0)\nc off (0.00/0/0)\nd timewait (#/0/0) (x/1)"
    );
}
