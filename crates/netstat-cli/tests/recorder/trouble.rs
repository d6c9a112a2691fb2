//! A full disk, somebody who follows while the recorder is killed, and a process that gives itself other names.

use super::{
    EACH, Ends, Maker, Recorder, address, ask, assert_same, ends_in, has_bpf_files, kept, kill_process,
    pinned,
};
use crate::support::{Folder, command};
use netstat_lab::{eventually, on_own_thread};
use rustix::process::Signal;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

/// Makes connections that have ended when this returns.
fn connect(address: Ipv4Addr, times: usize) {
    let listener = TcpListener::bind((address, 0)).unwrap();
    for _ in 0..times {
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        drop((listener.accept().unwrap(), client));
    }
}

/// How many ends of connections a history has.
fn count(store: &Path, address: Ipv4Addr) -> usize {
    let run = ask(store, &format!("history --csv --columns lport host {address} and rport 1-65535"));
    run.text.lines().count().saturating_sub(1)
}

#[test]
fn a_full_disk_is_told_and_so_is_what_is_lost_with_the_recorder() {
    const MORE: usize = 40;
    on_own_thread(|namespace| {
        if !has_bpf_files(namespace) {
            return;
        }
        let folder = Folder::new("full");
        let disk = folder.path("disk");
        std::fs::create_dir(&disk).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=3m", "small"])
            .arg(&disk)
            .status()
            .unwrap();
        assert!(mounted.success());
        let store = disk.join("history");
        let address = address(8);
        let Some(recorder) = Recorder::start(&store) else { return };
        connect(address, 10);
        eventually("what ended before", || (count(&store, address) == 20).then_some(())).unwrap();
        assert!(!ask(&store, "record --status").text.contains("Cannot be written"));
        let fill = || {
            let mut filler = File::options().append(true).create(true).open(disk.join("filler")).unwrap();
            while filler.write_all(&[0; 4096]).is_ok() {}
        };
        // What is the log's already it can still write to.
        let told = |after: &str| {
            eventually("that nothing can be written", || {
                fill();
                let run = ask(&store, "record --status");
                let line = |name| run.text.lines().find_map(|line: &str| line.strip_prefix(name));
                let (_, at) = line("Counted:")?.rsplit_once(" - ")?;
                let stuck = line("Cannot be written:")?.to_owned();
                (run.code == Some(0) && at > after).then_some(stuck)
            })
            .unwrap()
        };
        let line = told("");
        assert!(line.contains("since 20") && line.contains("ends are lost"), "{line}");
        connect(address, MORE);
        // Whatever is told later has them.
        let line = told(&netstat_engine::text::time::rfc_3339(SystemTime::now()));
        let (before, _) = line.split_once(" begins and ends wait in memory, 0 ends are lost").unwrap();
        let waiting: usize = before.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(waiting >= 2 * MORE, "{line}");
        recorder.kill();
        let run = ask(&store, "record --status");
        assert_eq!(run.code, Some(1));
        assert!(run.text.contains("that waited in memory are lost with it"), "{}", run.text);
        // What comes while no recorder runs is in the kernel.
        connect(address, 5);
        std::fs::remove_file(disk.join("filler")).unwrap();
        let mut record = command("record --store");
        let mut child = record.arg(&store).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let said: Vec<String> = said.take(2).collect();
        eventually("what came later", || (count(&store, address) >= 30).then_some(())).unwrap();
        let stopped = ask(&store, "record --stop");
        child.wait().unwrap();
        assert_eq!(stopped.code, Some(0), "{stopped:?}");
        assert!(said[1].contains("what waited in its memory is lost"), "{said:?}");
        assert_eq!(count(&store, address), 30);
        let complaint = ask(&store, "history").complaint;
        let lost = "were lost, because the history could not be written";
        assert_eq!(complaint.matches(lost).count(), 1, "{complaint}");
        assert!(!ask(&store, "record --status").text.contains("Cannot be written"));
        assert_eq!(pinned(), [""; 0]);
        // One that is stopped meanwhile says what is lost, and so does whoever stops it.
        let Some(mut recorder) = Recorder::start(&store) else { return };
        connect(address, 1);
        eventually("what ended before", || (count(&store, address) == 32).then_some(())).unwrap();
        told("");
        let stopped = ask(&store, "record --stop");
        assert_eq!(stopped.code, Some(1), "{stopped:?}");
        assert!(stopped.complaint.contains("in its memory are lost"), "{stopped:?}");
        assert_eq!(recorder.child.wait().unwrap().code(), Some(1));
        std::fs::remove_file(disk.join("filler")).unwrap();
        let Some(recorder) = Recorder::start(&store) else { return };
        connect(address, 1);
        eventually("what comes later", || (count(&store, address) == 34).then_some(())).unwrap();
        let complaint = ask(&store, "history").complaint;
        assert_eq!(complaint.matches(lost).count(), 2, "{complaint}");
        assert_eq!(ask(&store, "record --stop").code, Some(0));
        drop(recorder);
    });
}

/// A program that follows a history, until it is dropped.
struct Follower(Child);

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn who_follows_gets_each_end_once_though_the_recorder_is_killed() {
    on_own_thread(|namespace| {
        if !has_bpf_files(namespace) {
            return;
        }
        let folder = Folder::new("followed");
        let store = folder.path("history");
        let address = address(9);
        let (Some(recorder), Some(mut maker)) = (Recorder::start(&store), Maker::start(address)) else {
            return;
        };
        let lines = folder.path("lines");
        let mut follow =
            command("history --follow --csv --columns side,pid,laddr,lport,raddr,rport,reason,path");
        follow.arg("lport 1-65535").arg("--store").arg(&store).stdout(File::create(&lines).unwrap());
        let follow = Follower(follow.stderr(Stdio::null()).spawn().unwrap());
        let followed = || ends_in(&std::fs::read_to_string(&lines).unwrap(), address);
        eventually("the keys", || (!std::fs::read(&lines).unwrap().is_empty()).then_some(())).unwrap();
        maker.begin(EACH);
        maker.wait_for(EACH);
        recorder.kill();
        maker.finish_round();
        maker.begin(EACH);
        maker.wait_for(EACH);
        let Some(recorder) = Recorder::start(&store) else { return };
        maker.finish_round();
        let made = maker.end();
        recorder.stop();
        let sum = |ends: &Ends| ends.values().sum::<u32>();
        let all = eventually("the ends", || (sum(&followed()) >= sum(&made)).then_some(()));
        let followed = followed();
        drop(follow);
        assert_same(&followed, &made);
        assert_same(&kept(&store, address).0, &made);
        all.unwrap();
    });
}

/// Connects once under each of its arguments as its name.
const NAMED: &str = r#"
import socket, sys
address, port = sys.argv[1], int(sys.argv[2])
for name in sys.argv[3:]:
    open("/proc/self/comm", "w").write(name)
    socket.create_connection((address, port)).close()
"#;

#[test]
fn a_connection_has_the_name_that_its_process_had_then() {
    on_own_thread(|_| {
        let folder = Folder::new("named");
        let store = folder.path("history");
        let address = address(10);
        let Some(recorder) = Recorder::start(&store) else { return };
        let listener = TcpListener::bind((address, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let names = ["one-of-names", "other-of-names", "one-of-names", "third-of-names"];
        let made = Command::new("python3")
            .args(["-c", NAMED, &address.to_string(), &port.to_string()])
            .args(names)
            .status();
        let Ok(made) = made else {
            netstat_lab::skip("there is no python3");
            return;
        };
        assert!(made.success());
        for _ in names {
            drop(listener.accept().unwrap());
        }
        recorder.stop();
        let count = |name: &str| {
            let run =
                ask(&store, &format!("history --csv --columns comm,pid rport {port} and process {name}"));
            assert_eq!(run.code, Some(0), "{}", run.complaint);
            run.text.lines().count().saturating_sub(1)
        };
        let counts = ["one-of-names", "other-of-names", "third-of-names", "python3"].map(count);
        assert_eq!(counts[..3], [2, 1, 1]);
        assert_eq!(ask(&store, &format!("history --csv --columns pid rport {port}")).text.lines().count(), 5);
    });
}

#[test]
fn a_recorder_that_is_halted_is_not_waited_for_without_end() {
    on_own_thread(|_| {
        let folder = Folder::new("halted");
        let store = folder.path("history");
        let Some(mut recorder) = Recorder::start(&store) else { return };
        let pid = recorder.child.id();
        kill_process(recorder.pid(), Signal::STOP).unwrap();
        let halted = format!("halted (PID {pid}): to let it go on, type kill -CONT {pid}");
        eventually("that it is halted", || {
            ask(&store, "record --status").text.contains(&halted).then_some(())
        })
        .unwrap();
        let stop = ask(&store, "record --stop");
        assert_eq!((stop.code, stop.complaint.lines().count()), (Some(1), 1), "{stop:?}");
        assert!(stop.complaint.ends_with(&format!("type kill -CONT {pid}\n")), "{stop:?}");
        kill_process(recorder.pid(), Signal::CONT).unwrap();
        assert_eq!(recorder.child.wait().unwrap().code(), Some(0));
    });
}
