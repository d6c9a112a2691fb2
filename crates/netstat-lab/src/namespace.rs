//! A private network namespace for one test thread.

use crate::error::{Doing, LabError, Result};
use crate::kernel;
use crate::peer::PATIENCE;
use crate::skip::skip_unless_required;
use rustix::thread::LinkNameSpaceType;
use std::fs::File;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A network namespace that belongs to the thread that entered it.
///
/// Sockets, threads and processes that this thread makes while the value lives are inside it. Dropping it moves
/// the thread back; the namespace itself ends with the last socket and process inside.
///
/// Code that reads `/proc/self/net` or `/proc/net` sees the namespace of the *process*, not of this thread: read
/// `/proc/thread-self/net`, or run the code under test as a child process, for which all three are the same.
/// `/sys/class/net` keeps showing the interfaces of the namespace it was mounted in.
#[derive(Debug)]
pub struct Namespace {
    before: File,
    inode: u64,
    // The namespace is a property of the thread, so the value must not leave it.
    not_send: PhantomData<*const ()>,
}

const OWN_NAMESPACE: &str = "/proc/thread-self/ns/net";

impl Namespace {
    /// Moves the calling thread into a new network namespace and brings its loopback interface up.
    ///
    /// # Errors
    ///
    /// [`LabError::Unavailable`] without `CAP_SYS_ADMIN` (a user namespace is no way round: a process with several
    /// threads, as every test is, cannot make one), or where the `ip` program is missing;
    /// [`LabError::Failed`] for the rest.
    pub fn enter() -> Result<Self> {
        let namespace = Self::enter_bare()?;
        // The new namespace may inherit settings of the machine that would take ::1 away or reorder the tests.
        namespace.try_set("net/ipv6/conf/all/disable_ipv6", "0");
        namespace.try_set("net/ipv6/bindv6only", "0");
        namespace.ip("link set lo up\n")?;
        Ok(namespace)
    }

    /// The same with nothing up in it, and without another program: a child has copies of all descriptors for a moment.
    ///
    /// # Errors
    /// When this process may not do that.
    pub fn enter_bare() -> Result<Self> {
        let before = File::open(OWN_NAMESPACE).doing(|| format!("open {OWN_NAMESPACE}"))?;
        kernel::unshare_network().map_err(|error| match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => {
                LabError::unavailable("a network namespace needs CAP_SYS_ADMIN; run the tests as root")
            }
            Some(libc::EINVAL | libc::ENOSYS) => {
                LabError::unavailable("this kernel is built without network namespaces (CONFIG_NET_NS)")
            }
            _ => LabError::Failed { doing: "make a network namespace".into(), source: error },
        })?;
        // From here on, a failure drops the value, which moves the thread back.
        let mut namespace = Self { before, inode: 0, not_send: PhantomData };
        namespace.inode = std::fs::metadata(OWN_NAMESPACE).doing(|| format!("read {OWN_NAMESPACE}"))?.ino();
        Ok(namespace)
    }

    /// Identifies this namespace: the inode of `/proc/thread-self/ns/net`.
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// Writes a setting of this namespace. `name` is its path below `/proc/sys`, such as `net/ipv4/tcp_syn_retries`.
    ///
    /// # Errors
    ///
    /// When the kernel has no such setting, refuses the value, or `/proc/sys` is read-only.
    pub fn set_sysctl(&self, name: &str, value: &str) -> Result<()> {
        // /proc/sys/net follows the namespace of the thread that opens the file.
        let path = Path::new("/proc/sys").join(name);
        std::fs::write(&path, value).doing(|| format!("write {value} to {}", path.display()))
    }

    /// Writes a setting that helps but is not needed; a failure is ignored.
    pub(crate) fn try_set(&self, name: &str, value: &str) {
        let _ = self.set_sysctl(name, value);
    }

    /// Gives this thread, and what it starts from now on, mounts of its own, with an empty BPF file system where it usually is.
    /// They end with the last of them.
    ///
    /// # Errors
    ///
    /// Where the kernel refuses either, or `mount` is missing.
    pub fn mount_bpf(&self) -> Result<()> {
        kernel::unshare_mounts().doing(|| "make mounts of its own".into())?;
        for arguments in [&["--make-rprivate", "/"][..], &["-t", "bpf", "bpf", "/sys/fs/bpf"]] {
            let doing = || format!("mount {}", arguments.join(" "));
            let output = Command::new("mount").args(arguments).output().doing(doing)?;
            if !output.status.success() {
                return Err(LabError::failed(doing(), String::from_utf8_lossy(&output.stderr).trim()));
            }
        }
        Ok(())
    }

    /// Runs lines of `ip` commands (without the word `ip`) in this namespace.
    ///
    /// # Errors
    ///
    /// [`LabError::Unavailable`] where `ip` is not installed; [`LabError::Failed`] with its message where it fails.
    pub fn ip(&self, batch: &str) -> Result<()> {
        let mut child = Command::new("ip")
            .args(["-batch", "-"])
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => LabError::unavailable("`ip` is missing; install iproute2"),
                _ => LabError::Failed { doing: "run ip".into(), source: error },
            })?;
        if let Some(mut input) = child.stdin.take() {
            // An `ip` that died early explains itself on standard error, which is better than reporting a broken pipe.
            let _ = input.write_all(batch.as_bytes());
        }
        let output = child.wait_with_output().doing(|| "wait for ip".into())?;
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if words.contains("Operation not permitted") {
            return Err(LabError::unavailable(
                "setting up a network needs CAP_NET_ADMIN; run the tests as root",
            ));
        }
        Err(LabError::failed(format!("set up the network ({})", batch.trim()), words))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let back =
            rustix::thread::move_into_link_name_space(self.before.as_fd(), Some(LinkNameSpaceType::Network));
        if let Err(error) = back {
            eprintln!("netstat-lab: this thread could not leave its network namespace: {error}");
        }
    }
}

/// Runs the body of a test on a new thread in a new network namespace. A panic of the body
/// is a panic of the caller. Where namespaces are not permitted it skips the test (see
/// [`skip_unless_required`](crate::skip_unless_required)) and returns `None`.
///
/// # Panics
///
/// If the body panics, and if the namespace cannot be made for a reason other than permission.
pub fn on_own_thread<T: Send>(body: impl FnOnce(&Namespace) -> T + Send) -> Option<T> {
    on_thread(|| Namespace::enter().map(|namespace| body(&namespace)))
}

/// Polls until the answer is `Some`, for up to 20 seconds. For what another process or the kernel
/// does in its own time: a child that ends, a descriptor that another thread's `fork` copied for a moment
/// before its `exec` (tests of one binary run side by side, and each starts programs).
///
/// # Errors
///
/// When the time is up.
pub fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = probe() {
            return Ok(answer);
        }
        if start.elapsed() > PATIENCE {
            return Err(LabError::failed(format!("see {what}"), format!("still not after {PATIENCE:?}")));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The part that [`on_own_thread`] and [`with_remote_host`](crate::with_remote_host) share.
pub(crate) fn on_thread<T: Send>(body: impl FnOnce() -> Result<T> + Send) -> Option<T> {
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    let outcome = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(name).spawn_scoped(scope, body);
        match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(source) => Err(LabError::Failed { doing: "start the thread of a test".into(), source }),
        }
    });
    match outcome {
        Ok(value) => Some(value),
        Err(LabError::Unavailable(why)) => {
            skip_unless_required(why);
            None
        }
        Err(error) => fail(&error),
    }
}

#[expect(clippy::panic, reason = "a panic is how a test fails")]
fn fail(error: &LabError) -> ! {
    panic!("the network laboratory: {error}")
}
