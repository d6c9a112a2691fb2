//! A recorder that is killed.

use super::{Folder, clock, connection, ended, ends, opened, still_open};
use crate::{Reader, Span, Writer, WriterOptions};
use netstat_model::history::EndReason;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

/// Tells the program of the tests that it is to write, and where.
const FOLDER: &str = "NETSTAT_STORE_TEST_FOLDER";

/// Ends of one commit.
const EACH: u64 = 300;

/// Not a test of its own: what [`a_killed_recorder_loses_no_commit_and_leaves_no_half_of_one`] runs and kills.
#[test]
fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut writer = Writer::open(folder.as_ref(), &WriterOptions::default(), &clock(100)).unwrap();
    // Those of the last commit are open.
    let last = writer.open_records().unwrap().iter().map(|record| record.cookie).max();
    let first = last.map_or(0, |cookie| cookie / EACH + 1);
    for commit in first.. {
        let cookies = commit * EACH + 1..(commit + 1) * EACH + 1;
        for cookie in cookies {
            writer.append(&[opened(connection(cookie, 100, None))]);
            // Every second one is open for the time of a commit.
            if cookie % 2 == 0 {
                writer.append(&[ended(connection(cookie, 100, Some((101, EndReason::ClosedByPeer))))]);
            }
        }
        if commit > 0 {
            for cookie in ((commit - 1) * EACH + 1..commit * EACH + 1).filter(|cookie| cookie % 2 == 1) {
                writer.append(&[ended(connection(cookie, 100, Some((102, EndReason::ClosedByUs))))]);
            }
        }
        writer.commit(&clock(103 + commit)).unwrap();
        let mut out = std::io::stdout();
        writeln!(out, "commit {commit}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_killed_recorder_loses_no_commit_and_leaves_no_half_of_one() {
    let folder = Folder::new();
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::crash::writes_until_it_is_killed", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder.as_ref())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut last = None;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let Some((_, commit)) = line.split_once("commit ") else { continue };
            last = Some(commit.parse::<u64>().unwrap());
            if last >= Some(5 + round * 9) {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let reader = Reader::open(folder.as_ref()).unwrap();
        let opened: Vec<u64> = still_open(&reader).iter().filter_map(|it| it.id.cookie).collect();
        let commit = opened.iter().max().unwrap() / EACH;
        assert!(Some(commit) >= last, "{commit} {last:?}");
        let mut found: Vec<u64> =
            ends(&reader, &Span::default()).0.iter().filter_map(|it| it.id.cookie).collect();
        found.extend(&opened);
        found.sort_unstable();
        let expected = (commit + 1) * EACH;
        let wrong = found.iter().zip(1..).find(|(cookie, expected)| **cookie != *expected);
        assert!(wrong.is_none() && found.len() as u64 == expected, "{wrong:?} of {expected}");
        assert_eq!(opened.len() as u64, EACH / 2, "those of the last commit");
    }
}
