//! The folder in which the programs of a recorder have names, so that the kernel goes on when the recorder is killed.
//!
//! Each user has a folder of its own in the BPF file system, and each history one in that. It is locked for as long as its
//! recorder runs. What is in it is a name for each object, and a link to the history.

use crate::contract::{KeptIn, NotPinned};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Dir, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where systemd mounts the BPF file system.
const ROOT: &str = "/sys/fs/bpf";

/// `BPF_FS_MAGIC` of linux/magic.h.
const MAGIC: rustix::fs::FsWord = 0xcafe_4a11;

/// The begin of the name of a user's folder.
const OURS: &str = "netstat-";

/// The link to the history.
const HISTORY: &str = "history";

/// How long a process that was killed may hold its lock: the kernel closes its files one by one.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// The folder of a history, locked. Dropping this removes it with all that is in it.
pub(super) struct Pins {
    folder: PathBuf,
    lock: OwnedFd,
}

impl Pins {
    /// Opens the folder of a history, and makes it where there is none. `pid_namespace` is that of this program: processes
    /// have other numbers in another.
    pub(super) fn open(kept_in: &KeptIn, pid_namespace: u32) -> Result<Self, NotPinned> {
        let root = mounted()?;
        let user = root.join(format!("{OURS}{}", rustix::process::geteuid().as_raw()));
        make_private(&user)?;
        let path = fnv(kept_in.file.as_os_str().as_bytes());
        let folder = user.join(format!("{pid_namespace:x}-{:x}-{path:x}", kept_in.store));
        make_private(&folder)?;
        let lock = open_folder(&folder).map_err(|error| NotPinned::Refused(folder.clone(), error))?;
        let begin = Instant::now();
        while let Err(error) = rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            match error {
                Errno::WOULDBLOCK if begin.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
                Errno::WOULDBLOCK => return Err(NotPinned::InUse(folder)),
                other => return Err(NotPinned::Refused(folder, other.into())),
            }
        }
        // For whoever looks at the folder, and for `left_behind`.
        match std::os::unix::fs::symlink(&kept_in.file, folder.join(HISTORY)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(NotPinned::Refused(folder, error))
            }
            _ => Ok(Self { folder, lock }),
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the path of a name.
    pub(super) fn path(&self, kind: &str, name: &str) -> PathBuf {
        self.folder.join(format!("{kind}-{name}"))
    }

    /// Removes all names but that of the history.
    pub(super) fn clear(&self) -> io::Result<()> {
        clear(&self.lock)
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        // What is left then `--status` tells, and `--stop` removes.
        let _ = remove(&self.folder, &self.lock);
    }
}

/// Returns the folders of a history whose recorder was killed, and removes them if that is wanted.
pub(crate) fn left_behind(file: &Path, wants_removal: bool) -> Result<Vec<PathBuf>, NotPinned> {
    let root = match mounted() {
        // Nothing can be there.
        Err(NotPinned::NotMounted(_)) => return Ok(Vec::new()),
        mounted => mounted?,
    };
    let mut found = Vec::new();
    let users = std::fs::read_dir(root).map_err(|error| NotPinned::Refused(root.to_owned(), error))?;
    // What somebody may not look into below that was left by somebody else, who will find it.
    for user in users.filter_map(|entry| Some(entry.ok()?.path())) {
        if !user.file_name().is_some_and(|name| name.as_bytes().starts_with(OURS.as_bytes())) {
            continue;
        }
        for folder in entries(&user) {
            let is_of_file = std::fs::read_link(folder.join(HISTORY)).is_ok_and(|link| link == file);
            // Locked until it is removed, so that no recorder begins in it.
            if let Some(lock) = is_of_file.then(|| idle(&user, &folder)).flatten() {
                if wants_removal {
                    remove(&folder, &lock).map_err(|error| NotPinned::Refused(folder.clone(), error))?;
                }
                found.push(folder);
            }
        }
    }
    Ok(found)
}

/// Returns where a BPF file system is mounted.
fn mounted() -> Result<&'static Path, NotPinned> {
    let root = Path::new(ROOT);
    match rustix::fs::statfs(root) {
        Ok(found) if found.f_type == MAGIC => Ok(root),
        Ok(_) | Err(Errno::NOENT) => Err(NotPinned::NotMounted(root)),
        Err(error) => Err(NotPinned::Refused(root.to_owned(), error.into())),
    }
}

/// Makes a folder that nobody else may look into, or finds one.
fn make_private(folder: &Path) -> Result<(), NotPinned> {
    let refused = |error| NotPinned::Refused(folder.to_owned(), error);
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(refused(error)),
        Err(_) => {}
    }
    let found = std::fs::symlink_metadata(folder).map_err(refused)?;
    let is_ours = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw();
    if is_ours && found.mode() & 0o077 == 0 { Ok(()) } else { Err(NotPinned::NotOurs(folder.to_owned())) }
}

fn open_folder(folder: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(CWD, folder, flags, Mode::empty())?)
}

/// Opens a folder that no recorder holds, and locks it. Whoever owns the folder of a user may put links to anywhere in it, so
/// that nothing of a path is believed but what was opened.
fn idle(user: &Path, folder: &Path) -> Option<OwnedFd> {
    let user = open_folder(user).ok()?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let lock = rustix::fs::openat(&user, folder.file_name()?, flags, Mode::empty()).ok()?;
    let is_bpf = rustix::fs::fstatfs(&lock).is_ok_and(|found| found.f_type == MAGIC);
    (is_bpf && rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok()).then_some(lock)
}

/// Returns what is in a folder; nothing where it may not be read, or is none.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// Removes the names of objects: links first, so that nothing runs any more when the rest goes.
fn clear(folder: &OwnedFd) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    names.retain(|name| name.to_bytes() != HISTORY.as_bytes());
    names.sort_by_key(|name| !name.to_bytes().starts_with(b"link-"));
    names.iter().try_for_each(|name| Ok(rustix::fs::unlinkat(folder, name, AtFlags::empty())?))
}

/// Removes the folder of a history, which is open as well, and that of its user where it was the last.
fn remove(folder: &Path, opened: &OwnedFd) -> io::Result<()> {
    clear(opened)?;
    match rustix::fs::unlinkat(opened, HISTORY, AtFlags::empty()) {
        Err(error) if error != Errno::NOENT => return Err(error.into()),
        // Where a link has come in its place, this fails.
        _ => std::fs::remove_dir(folder)?,
    }
    if let Some(user) = folder.parent() {
        // One that a service manager has made stays.
        let _ = std::fs::remove_dir(user);
    }
    Ok(())
}

/// Returns a number for bytes (FNV-1a).
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
