//! A program that holds a connection: one that hides, and one that does not.

use crate::error::{Doing, LabError, Result};
use crate::held::Held;
use crate::holders::Holders;
use crate::namespace::Namespace;
use crate::remote_host::{INTERFACE, RemoteHost};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A process that alone holds a connection to a distant machine.
#[derive(Debug)]
pub struct Program {
    /// The process.
    pub pid: u32,
    /// The path it was started from.
    pub path: PathBuf,
    /// The distant machine. No packet for it leaves the namespace.
    pub remote: SocketAddr,
    folder: Option<PathBuf>,
    // Dropped before the folder.
    _holders: Holders,
    _held: Held,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Program {
    /// Runs a program from a hidden folder in the temporary folder and deletes it after its start.
    pub fn implant(namespace: &Namespace, host: &RemoteHost, remote: SocketAddr) -> Result<Self> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new("/tmp").join(format!(".netstat-lab-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).doing(|| format!("make {}", folder.display()))?;
        let path = folder.join("kworkerd");
        let copied = std::fs::copy(cat()?, &path).doing(|| format!("copy a program to {}", path.display()));
        let started = copied.and_then(|_| Self::start(namespace, host, remote, path.clone()));
        let deleted = std::fs::remove_file(&path).doing(|| format!("delete {}", path.display()));
        match started {
            Ok(mut program) => {
                program.folder = Some(folder);
                deleted.map(|()| program)
            }
            Err(error) => {
                let _ = std::fs::remove_dir_all(&folder);
                Err(error)
            }
        }
    }

    /// Runs the same program from its usual place.
    pub fn in_its_place(namespace: &Namespace, host: &RemoteHost, remote: SocketAddr) -> Result<Self> {
        Self::start(namespace, host, remote, cat()?)
    }

    fn start(namespace: &Namespace, host: &RemoteHost, remote: SocketAddr, path: PathBuf) -> Result<Self> {
        namespace.ip(&format!("route replace default dev {INTERFACE}\n"))?;
        let mut held = host.connect_far(remote)?;
        // A file just written is busy (ETXTBSY) while the child of another thread's fork has it open.
        let mut failure = None;
        let holders = crate::eventually("the program run", || {
            Holders::share_with(&path, &mut held, 1).map_err(|error| failure = Some(error)).ok()
        });
        let holders = holders.map_err(|error| failure.unwrap_or(error))?;
        held.leave_to(holders.pids())?;
        let pid = holders.pids().first().copied().unwrap_or(0);
        Ok(Self { pid, path, remote, folder: None, _holders: holders, _held: held })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn cat() -> Result<PathBuf> {
    ["/usr/bin/cat", "/bin/cat"]
        .into_iter()
        .map(PathBuf::from)
        // A copy of an applet would not know which one it is.
        .find(|path| path.canonicalize().is_ok_and(|file| file.ends_with("cat")))
        .ok_or_else(|| LabError::unavailable("`cat` is missing, or an applet of busybox"))
}
