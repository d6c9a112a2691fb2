use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A process, told from a later one with the same number by when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProcessKey {
    /// The process ID, in the reader's own PID namespace.
    pub pid: u32,
    /// When it started. Linux: clock ticks since boot (field 22 of `/proc/PID/stat`). Windows: a FILETIME.
    pub start_time: u64,
}

/// One process that holds a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Owner {
    /// The process.
    pub process: ProcessKey,
    /// Its parent's process ID; `None` where it could not be read, 0 for a process without one.
    pub parent: Option<u32>,
    /// The lowest descriptor by which it holds the socket; `None` where an io_uring of the process holds it. Linux only.
    pub descriptor: Option<u32>,
}

/// Why no process is known to hold a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NoOwner {
    /// The system has no process for it: TIME_WAIT, a half-open request, an orphan that is closing.
    NoProcess,
    /// Some processes could not be looked into, and none of the others holds it.
    NotPermitted,
    /// Every process was looked into and none holds it by a descriptor or an io_uring, and all processes of the machine
    /// are visible: the kernel itself does, or the descriptor is in flight between two processes.
    Kernel,
    /// Every visible process was looked into; the holder is in another PID namespace.
    OtherNamespace,
    /// The socket was gone when looked for again.
    Vanished,
}

/// Which processes hold a socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Ownership {
    /// Nobody asked.
    NotRead,
    /// The table of sockets itself names the process by its number (Windows), and nobody asked yet which process that
    /// is.
    Listed {
        /// The process ID.
        pid: u32,
        /// When the socket was made, a FILETIME; 0 where that is not known. The process is no younger.
        since: u64,
    },
    /// At least one process; the first is the one to show where there is room for one: the ancestor of the
    /// others, else the oldest, but a service manager (systemd) last.
    Held(Vec<Owner>),
    /// No process, and why.
    Unowned(NoOwner),
}

/// [`Ownership`] in short: the process to show where there is room for one, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Holder {
    /// Nobody asked.
    NotRead,
    /// This process.
    Process(u32),
    /// No process, and why.
    Nobody(NoOwner),
}

impl Ownership {
    /// In short.
    pub fn holder(&self) -> Holder {
        match self {
            Self::NotRead | Self::Listed { .. } => Holder::NotRead,
            Self::Held(owners) => {
                owners.first().map_or(Holder::NotRead, |owner| Holder::Process(owner.process.pid))
            }
            Self::Unowned(reason) => Holder::Nobody(*reason),
        }
    }

    /// Whether somebody asked.
    pub fn is_read(&self) -> bool {
        !matches!(self, Self::NotRead | Self::Listed { .. })
    }

    /// The processes that are known to hold it.
    pub fn owners(&self) -> &[Owner] {
        match self {
            Self::Held(owners) => owners,
            _ => &[],
        }
    }

    /// The process to show where there is room for one.
    pub fn principal(&self) -> Option<Owner> {
        self.owners().first().copied()
    }
}

/// Why something about a process is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Missing {
    /// Nobody asked.
    NotRead,
    /// The system does not let this user read it.
    NotPermitted,
    /// The process has ended.
    Gone,
    /// There is no such thing for this process: a kernel thread has no executable, not every process a unit.
    NotApplicable,
    /// The system gave an answer that makes no sense, or an error that is none of the above.
    Unreadable,
}

/// The file a process runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Executable {
    /// Its path, as the process's own root has it, without any mark.
    pub path: PathBuf,
    /// The file has been deleted or replaced since the process started.
    pub deleted: bool,
}

impl Executable {
    /// Returns the name of the file, or `memfd:NAME` of a program that was never a file.
    pub fn file_name(&self) -> &OsStr {
        // The name that was given to memfd_create(2) may contain slashes.
        if let Ok(name) = self.path.strip_prefix("/")
            && name.as_os_str().as_encoded_bytes().starts_with(b"memfd:")
        {
            return name.as_os_str();
        }
        self.path.file_name().unwrap_or(self.path.as_os_str())
    }
}

/// Which container runtime, as far as the name of a control group tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ContainerRuntime {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
    /// containerd, by itself or under Kubernetes.
    Containerd,
    /// CRI-O.
    CriO,
    /// A container of a Kubernetes pod whose name does not tell the runtime.
    Kubernetes,
    /// LXC, by itself or under Incus and LXD.
    Lxc,
    /// systemd-nspawn.
    Nspawn,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Container {
    /// Who runs it.
    pub runtime: ContainerRuntime,
    /// Its ID: 64 hexadecimal digits, in lower case. LXC and systemd-nspawn have names alone: then it is the name, of
    /// letters, digits and `-_.+@:`.
    pub id: Box<str>,
    /// Its name, where a file of its runtime tells it. Whoever made it chose the name: escape it before showing it.
    pub name: Option<Box<str>>,
    /// The UID of the Kubernetes pod it belongs to, as the API has it: 8-4-4-4-12 hexadecimal digits, or 32 for the
    /// pod of a manifest on the node itself. `None` outside of Kubernetes.
    pub pod: Option<Box<str>>,
    /// The name of that pod, where the runtime tells it, to be escaped as well.
    pub pod_name: Option<Box<str>>,
}

/// What is known of a process that holds a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Process {
    /// Which one.
    pub id: ProcessKey,
    /// The name of its program. Linux: the file name of the executable; of a script, that of the script, where the kernel
    /// named the process after it; where the executable may not be read, [`Process::comm`], whole if the command line
    /// tells the rest of it. Windows: the image name.
    pub name: Result<OsString, Missing>,
    /// The name of the main thread, Linux only: the first 15 bytes of the name of the file that was started, or whatever
    /// the process has named itself since.
    pub comm: Result<OsString, Missing>,
    /// The file it runs.
    pub executable: Result<Executable, Missing>,
    /// The service it belongs to: Linux the systemd unit of its cgroup, Windows the service name.
    pub unit: Result<OsString, Missing>,
    /// The words it was started with, its own name first; a process may have written over them. Not escaped and not
    /// to be trusted. Trailing empty words are left out: they cannot be told from what remains of such writing.
    pub command_line: Result<Vec<OsString>, Missing>,
    /// The user it acts as: Linux the effective user ID.
    pub user: Result<u32, Missing>,
    /// Its ID in its own PID namespace, Linux only: in a container the one by which it knows itself.
    pub namespace_pid: Result<u32, Missing>,
    /// The account it runs as: Windows the user with the domain, `DOMAIN\\name`. Linux knows users by number.
    pub account: Result<OsString, Missing>,
    /// The container it runs in: Linux by the names of its control groups. [`Missing::NotApplicable`] where they name
    /// none, as they do not inside of a container with a cgroup namespace of its own.
    pub container: Result<Container, Missing>,
}

impl Process {
    /// A process of which nothing is known, for one reason.
    pub fn unknown(id: ProcessKey, reason: Missing) -> Self {
        Self {
            id,
            name: Err(reason),
            comm: Err(reason),
            executable: Err(reason),
            unit: Err(reason),
            command_line: Err(reason),
            user: Err(reason),
            namespace_pid: Err(reason),
            account: Err(reason),
            container: Err(reason),
        }
    }

    /// Returns whether one of the names of the process passes: of its program, of its executable, and the one that it has
    /// given itself. `None` where none does and one of them is not known.
    pub fn is_named(&self, mut passes: impl FnMut(&OsStr) -> bool) -> Option<bool> {
        let file = self.executable.as_ref().map(Executable::file_name).map_err(|&why| why);
        let names =
            [self.name.as_deref().map_err(|&why| why), self.comm.as_deref().map_err(|&why| why), file];
        if names.into_iter().flatten().any(&mut passes) {
            return Some(true);
        }
        // A system without names of threads has only one name for a process.
        if let (Ok(_), Err(Missing::NotApplicable)) = (&self.name, &self.comm) {
            return Some(false);
        }
        let known = names.iter().all(|name| matches!(name, Ok(_) | Err(Missing::NotApplicable)));
        known.then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_in_memory_has_the_name_that_it_was_given() {
        for (path, expected) in [
            ("/usr/bin/python3.11", "python3.11"),
            ("/memfd:a b", "memfd:a b"),
            ("/memfd:runc_cloned:/proc/self/exe", "memfd:runc_cloned:/proc/self/exe"),
            ("/tmp/memfd:x", "memfd:x"),
            ("/", "/"),
        ] {
            let executable = Executable { path: path.into(), deleted: false };
            assert_eq!(executable.file_name(), expected, "{path}");
        }
    }

    #[test]
    fn a_name_that_is_not_known_may_be_any() {
        let id = ProcessKey { pid: 7, start_time: 1 };
        let named = |process: &Process, wanted: &str| process.is_named(|name| name == wanted);
        let mut node = Process::unknown(id, Missing::NotPermitted);
        assert_eq!(named(&node, "node"), None);
        (node.name, node.comm) = (Ok("MainThread".into()), Ok("MainThread".into()));
        assert_eq!((named(&node, "MainThread"), named(&node, "node")), (Some(true), None));
        node.name = Ok("node".into());
        node.executable = Ok(Executable { path: "/usr/bin/node".into(), deleted: true });
        assert_eq!((named(&node, "MainThread"), named(&node, "node")), (Some(true), Some(true)));
        assert_eq!(named(&node, "nod"), Some(false));
        // Windows: the list of processes has the name, even of those that may not be opened.
        let mut protected = Process::unknown(id, Missing::NotPermitted);
        (protected.name, protected.comm) = (Ok("lsass.exe".into()), Err(Missing::NotApplicable));
        assert_eq!((named(&protected, "lsass.exe"), named(&protected, "x")), (Some(true), Some(false)));
    }
}
