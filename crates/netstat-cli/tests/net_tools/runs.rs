//! Runs of another user, and runs that go on.

use crate::compare::{ORACLE, at_rest, has_oracle, mask_timers};
use crate::support::{self, Folder, Keeper, Run};
use netstat_lab::{Loop, Place};
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// An ordinary user.
const NOBODY: u32 = 65534;

/// Compares what both programs show and say to an ordinary user.
#[track_caller]
fn assert_same_for_nobody(program: &Path, lines: &[&str]) {
    for words in lines {
        let said = |run: Run| (run.text, run.complaint, run.code);
        let (wanted, got) = at_rest(
            || said(support::as_other_user(Path::new(ORACLE), words)),
            || said(support::as_other_user(program, &format!("--dialect net-tools {words}"))),
        );
        assert_eq!(got, wanted, "netstat {words}");
    }
}

#[test]
fn an_ordinary_user_is_told_what_net_tools_tells() {
    if !has_oracle() {
        return;
    }
    netstat_lab::on_own_thread(|namespace| {
        let folder = Folder::new("net-tools-nobody");
        let program = support::program_for_all(&folder);
        let _pair = namespace.connected(Loop::V4).unwrap();
        let _udp = namespace.udp(Place::AnyV4, 53).unwrap();
        let lines =
            ["-tanp", "-xlp", "-tulpn", "-wanp", "-tulpen", "-lp", "-gpn", "-tan", "-rnp", "-inp", "-ie"];
        assert_same_for_nobody(&program, &lines);
        let mut cat = Command::new("cat");
        cat.uid(NOBODY).gid(NOBODY).current_dir("/");
        let keeper = Keeper::start(&mut cat, TcpListener::bind("127.0.0.1:8080").unwrap().into());
        assert_same_for_nobody(&program, &lines);
        let shown = support::as_other_user(&program, "-tlnp --dialect net-tools");
        assert!(shown.text.contains(&format!(" {}/cat ", keeper.pid())), "{shown:?}");
        assert!(shown.complaint.starts_with("(Not all processes could be identified"), "{shown:?}");
    });
}

/// Returns what a program writes before this heading comes for the third time, and ends it.
fn two_displays(mut command: Command, heading: &str) -> String {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let (mut text, mut headings) = (String::new(), 0);
    for line in lines.by_ref() {
        headings += usize::from(line.starts_with(heading));
        if headings == 3 {
            break;
        }
        text.push_str(&line);
        text.push('\n');
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(headings, 3, "{text}");
    mask_timers(&text)
}

#[test]
fn displays_are_repeated_as_net_tools_repeats_them() {
    if !has_oracle() {
        return;
    }
    netstat_lab::on_own_thread(|namespace| {
        let _listener = namespace.listener(Place::AnyV4, 8080).unwrap();
        for (words, heading) in [
            ("-tlnc", "Proto"),
            ("-tlnpoc", "Proto"),
            ("-xlc", "Proto"),
            ("-rnc", "Destination"),
            ("-ianc", "Iface"),
            ("-iec", "lo: flags="),
            ("--wide --continuous -tuln", "Proto"),
        ] {
            let mut oracle = Command::new(ORACLE);
            oracle.args(words.split(' ')).env("LC_ALL", "C");
            let mut ours = support::command(words);
            ours.env("NETSTAT_DIALECT", "net-tools");
            assert_eq!(two_displays(ours, heading), two_displays(oracle, heading), "netstat {words}");
        }
        // From the second display on, net-tools reads the groups of IPv4 as if they were those of IPv6.
        let mut groups = support::command("-gnc");
        groups.env("NETSTAT_DIALECT", "net-tools");
        let text = two_displays(groups, "Interface");
        assert_eq!(text.matches("lo              1      224.0.0.1\n").count(), 2, "{text}");
    });
}
