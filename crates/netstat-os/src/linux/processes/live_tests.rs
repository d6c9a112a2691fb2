//! Real processes, made for the test; they wait for the end of their standard input and so end with it.

use super::*;
use crate::linux::live::Live;
use crate::linux::source::Recording;
use crate::linux::stat::decode_stat;
use crate::tape::{Player, Recorder};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A private folder that is removed on drop.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("netstat-processes-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder.canonicalize().unwrap())
    }

    /// Copies `cat` to another name. `cp` does it, because a child of another test may inherit a file that this process has
    /// open for writing, which then is busy.
    fn cat(&self, name: &[u8]) -> PathBuf {
        let cat = ["/bin/cat", "/usr/bin/cat"].map(Path::new).into_iter().find(|path| path.exists()).unwrap();
        let path = self.0.join(OsStr::from_bytes(name));
        assert!(Command::new("cp").arg(cat).arg(&path).status().unwrap().success());
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Starts a program. When this returns the program runs, because `exec` errors are reported by then.
fn run(program: &Path) -> Ended {
    Ended(Command::new(program).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
}

fn id(pid: u32) -> ProcessKey {
    let start_time = decode_stat(&std::fs::read(format!("/proc/{pid}/stat")).unwrap()).unwrap().start_time;
    ProcessKey { pid, start_time }
}

fn all(id: ProcessKey) -> Process {
    processes(&Live, &[id], ProcessFields::all()).data.remove(0)
}

#[test]
fn this_process_knows_itself() {
    let process = all(id(std::process::id()));
    let mut name = std::fs::read("/proc/self/comm").unwrap();
    assert_eq!(name.pop(), Some(b'\n'));
    assert_eq!(process.comm.unwrap().as_bytes(), name);
    let path = std::env::current_exe().unwrap();
    assert_eq!(process.name.unwrap(), path.file_name().unwrap());
    assert_eq!(process.executable, Ok(Executable { path, deleted: false }));
    assert_ne!(process.unit, Err(Missing::NotRead));
    assert_ne!(process.container, Err(Missing::NotRead));
    assert_eq!(process.user, Ok(rustix::process::geteuid().as_raw()));
    assert_eq!(process.command_line.unwrap(), std::env::args_os().collect::<Vec<_>>());
}

#[test]
fn a_deleted_executable_is_marked() {
    let folder = Folder::new("deleted");
    let path = folder.cat(b"cat");
    let child = run(&path);
    let id = id(child.0.id());
    assert_eq!(all(id).executable, Ok(Executable { path: path.clone(), deleted: false }));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(all(id).executable, Ok(Executable { path: path.clone(), deleted: true }));
    // A decoy by the very name that the kernel shows changes nothing.
    folder.cat(b"cat (deleted)");
    assert_eq!(all(id).executable, Ok(Executable { path, deleted: true }));
}

#[test]
fn a_file_with_a_deleted_suffix_in_its_name_exists() {
    let folder = Folder::new("named");
    let path = folder.cat(b"cat (deleted)");
    let child = run(&path);
    let id = id(child.0.id());
    let named = Executable { path: path.clone(), deleted: false };
    let record = folder.0.join("recording");
    let recording = Recording::new(Live, std::sync::Arc::new(Recorder::create(&record).unwrap()));
    let process = processes(&recording, &[id], ProcessFields::EXECUTABLE).data.remove(0);
    recording.finish().unwrap();
    assert_eq!(process.executable, Ok(named.clone()));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(all(id).executable, Ok(Executable { path, deleted: true }));
    let replayed =
        processes(&Player::open(&record).unwrap(), &[id], ProcessFields::EXECUTABLE).data.remove(0);
    assert_eq!(replayed.executable, Ok(named));
}

#[test]
fn an_ended_process_is_gone() {
    let folder = Folder::new("ended");
    let mut child = run(&folder.cat(b"cat"));
    let id = id(child.0.id());
    let earlier = ProcessKey { start_time: id.start_time - 1, ..id };
    assert_eq!(all(earlier), Process::unknown(earlier, Missing::Gone));
    child.0.kill().unwrap();
    // Ended, but not waited for: the name is there, the file is not.
    while !decode_stat(&std::fs::read(format!("/proc/{}/stat", id.pid)).unwrap()).unwrap().is_zombie() {
        std::thread::yield_now();
    }
    let process = all(id);
    assert_eq!((process.name, process.comm), (Ok("cat".into()), Ok("cat".into())));
    assert_eq!(process.executable, Err(Missing::Gone));
    child.0.wait().unwrap();
    assert_eq!(all(id), Process::unknown(id, Missing::Gone));
}
