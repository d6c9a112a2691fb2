//! Listeners that systemd keeps for services: real sockets, held by a first process of that name, and made-up units of a mount
//! namespace of the test.
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
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use support::{Folder, NETSTAT, Run, finish};

/// Holds listeners, starts a program that is handed the last one, and runs the words.
const MANAGER: &str = "import os, socket, subprocess, sys
folder, held = sys.argv[1], []
def listener(family, kind, end):
    held.append(socket.socket(family, kind))
    held[-1].bind(end)
    if kind == socket.SOCK_STREAM:
        held[-1].listen()
listener(socket.AF_INET6, socket.SOCK_STREAM, ('::', 22))
listener(socket.AF_INET, socket.SOCK_DGRAM, ('127.0.0.1', 69))
listener(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', 9999))
listener(socket.AF_UNIX, socket.SOCK_STREAM, folder + '/lp')
listener(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', 631))
service = subprocess.Popen(['sleep', '1000'], pass_fds=[held[-1].fileno()])
code = subprocess.call(sys.argv[2:])
service.kill()
sys.exit(code)";

/// The folders of a machine: files below `/etc/systemd/system`, and control groups.
struct Machine(Folder);

impl Machine {
    fn new(name: &str, units: &[(&str, &str)], groups: &[&str]) -> Self {
        let folder = Folder::new(name);
        let made = |path: &str| std::fs::create_dir_all(folder.path(path)).unwrap();
        ["units", "none", "groups"].iter().for_each(|path| made(path));
        groups.iter().for_each(|group| made(&format!("groups/system.slice/{group}")));
        for (file, text) in units {
            let path = folder.path("units").join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text.replace("FOLDER", &folder.0.display().to_string())).unwrap();
        }
        Self(folder)
    }

    /// Runs the program where systemd is the first process, and holds the listeners.
    fn netstat(&self, words: &str) -> Run {
        let script = "cd \"$1\" && rm -f lp && \
            export PYTHONHOME=\"$(python3 -c 'import sys; print(sys.base_prefix)')\" && \
            cp -L \"$(python3 -c 'import sys; print(sys.executable)')\" systemd && \
            mount --bind units /etc/systemd/system && mount --bind groups /sys/fs/cgroup && \
            for folder in /run /usr/local/lib /usr/lib /lib; do \
                if test -e $folder/systemd/system; then mount --bind none $folder/systemd/system || exit; fi; done && \
            manager=$2 && shift 2 && exec ./systemd -c \"$manager\" \"$PWD\" \"$@\"";
        let mut command = Command::new("unshare");
        command.args([
            "--mount",
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
            "sh",
            "-c",
            script,
            "sh",
        ]);
        command.arg(&self.0.0).arg(MANAGER).arg(NETSTAT).args(words.split_ascii_whitespace());
        command.env("LC_ALL", "C");
        finish(command)
    }

    /// Whether the folders of this machine can be mounted over; skips the test where they cannot.
    fn is_here() -> bool {
        let here = ["/etc/systemd/system", "/sys/fs/cgroup"].iter().all(|folder| Path::new(folder).is_dir());
        if !here {
            netstat_lab::skip_unless_required("this machine has no folder of systemd or of control groups");
        }
        here
    }

    /// The cells of a column of every row with this local end.
    fn cells(&self, column: &str, words: &str) -> Vec<Value> {
        let run = self.netstat(&format!("--json --columns local,{column} {words}"));
        assert_eq!(run.code, Some(0), "{}", run.complaint);
        let document: Value = serde_json::from_str(&run.text).unwrap();
        document["sockets"].as_array().unwrap().iter().map(|row| row[column].clone()).collect()
    }
}

const UNITS: &[(&str, &str)] = &[
    ("ssh.socket", "[Socket]\nListenStream=22\n"),
    ("tftp.socket", "[Socket]\nListenDatagram=127.0.0.1:69\nService=tftpd.service\n"),
    ("lp.socket", "[Socket]\nListenStream=FOLDER/lp\nAccept=yes\n"),
    ("lp.socket.d/more.conf", "[Socket]\nListenStream=127.0.0.1:631\nAccept=no\n"),
    ("other.socket", "[Socket]\nListenStream=22\n"),
];

#[test]
fn a_listener_of_systemd_is_shown_with_its_unit() {
    if !Machine::is_here() {
        return;
    }
    on_own_thread(|_| {
        let groups = ["ssh.socket", "tftp.socket", "lp.socket", "cron.service"];
        let machine = Machine::new("units", UNITS, &groups);
        let behind = |words: &str| machine.cells("behind", words);
        let ssh = "ssh.socket > ssh.service";
        assert_eq!(behind("lport 22"), [ssh, ssh], "both rows of one socket");
        assert_eq!(behind("lport 69"), ["tftp.socket > tftpd.service"]);
        assert_eq!(behind("--family unix process systemd listening"), ["lp.socket > lp.service"]);
        assert_eq!(behind("lport 9999"), [Value::Null], "of no unit");
        // The service was handed this one, and stands before systemd.
        assert_eq!(machine.cells("process", "lport 631"), ["sleep"]);
        assert_eq!(behind("lport 631"), ["lp.socket > lp.service"]);
        let text = machine.netstat("-anb listening lport 22").text;
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.ends_with(&["  ssh.socket > ssh.service", " [systemd]"]), "{text}");
    });
}

#[test]
fn where_nobody_tells_which_units_are_active_all_that_fit_are_named() {
    if !Machine::is_here() {
        return;
    }
    on_own_thread(|_| {
        let machine = Machine::new("units-of-old", UNITS, &[]);
        let both = "other.socket > other.service, ssh.socket > ssh.service";
        assert_eq!(machine.cells("behind", "lport 22 ipv6"), [both]);
    });
}

#[test]
fn who_stops_a_bind_is_the_unit_and_not_systemd() {
    if !Machine::is_here() {
        return;
    }
    on_own_thread(|_| {
        let machine = Machine::new("units-bind", UNITS, &["ssh.socket", "lp.socket"]);
        let run = machine.netstat("check bind 22/tcp");
        let text = run.text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("systemd (1) for ssh.socket > ssh.service listens on 22/tcp"), "{text}");
        assert!(text.contains("stop it: systemctl stop ssh.service ssh.socket, or"), "{text}");
        let run = machine.netstat("check --json bind 631/tcp");
        let document: Value = serde_json::from_str(&run.text).unwrap();
        let finding = &document["checks"][0]["findings"][0];
        assert_eq!(finding["facts"]["behind"], "lp.socket > lp.service", "{document}");
    });
}

#[test]
fn a_recording_tells_the_same() {
    if !Machine::is_here() {
        return;
    }
    on_own_thread(|_| {
        let machine = Machine::new("units-recorded", UNITS, &["ssh.socket"]);
        let tape = machine.0.path("tape");
        let table = "--columns local,process,behind lport 22";
        let recorded = machine.netstat(&format!("--record {} {table}", tape.display())).text;
        let mut replay = Command::new(NETSTAT);
        replay.arg("--replay").arg(Path::new(&tape)).args(table.split(' ')).env("LC_ALL", "C");
        assert_eq!(finish(replay).text, recorded);
        assert!(recorded.contains("ssh.socket > ssh.service"), "{recorded}");
    });
}
