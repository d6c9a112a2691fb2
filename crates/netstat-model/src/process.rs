use std::ffi::OsString;
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
    /// The lowest descriptor by which it holds the socket. Linux only.
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
    /// Every process was looked into and none holds it, and all processes of the machine are visible:
    /// the kernel itself does, or the descriptor is in flight between two processes.
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
    /// others, else the oldest.
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
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Container {
    /// Who runs it.
    pub runtime: ContainerRuntime,
    /// Its ID: 64 hexadecimal digits, in lower case.
    pub id: Box<str>,
    /// The UID of the Kubernetes pod it belongs to, as the API has it: 8-4-4-4-12 hexadecimal digits, or 32 for the
    /// pod of a manifest on the node itself. `None` outside of Kubernetes.
    pub pod: Option<Box<str>>,
}

/// What is known of a process that holds a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Process {
    /// Which one.
    pub id: ProcessKey,
    /// The name: Linux `comm` (15 bytes at most), Windows the image name.
    pub name: Result<OsString, Missing>,
    /// The file it runs.
    pub executable: Result<Executable, Missing>,
    /// The service it belongs to: Linux the systemd unit of its cgroup, Windows the service name.
    pub unit: Result<OsString, Missing>,
    /// The words it was started with, its own name first; a process may have written over them. Not escaped and not
    /// to be trusted. Trailing empty words are left out: they cannot be told from what remains of such writing.
    pub command_line: Result<Vec<OsString>, Missing>,
    /// The user it acts as: Linux the effective user ID.
    pub user: Result<u32, Missing>,
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
            executable: Err(reason),
            unit: Err(reason),
            command_line: Err(reason),
            user: Err(reason),
            account: Err(reason),
            container: Err(reason),
        }
    }
}
