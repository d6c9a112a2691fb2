//! [`Beside`]: the files beside a history. By them a recorder tells how it is doing, and hears that it is to stop.
//!
//! The folder may be one that others write to. So none of these files is opened through a link, and each is named after
//! the history, because two of them may share a folder.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The name of the file in the folder of a recorder.
const FILE: &str = "history.db";

/// Who may read a history: who connects where is nobody's business but the administrators'.
#[cfg(unix)]
const MODE: u32 = 0o640;

/// The most bytes of a status.
const MOST: u64 = 1 << 16;

/// A status takes a multiple of so many bytes, so that the next one fits where it is.
const ROOM: usize = 4096;

/// What a recorder tells of itself, and a wish that it may stop.
pub struct Beside {
    status: PathBuf,
    stop: PathBuf,
}

impl Beside {
    /// Returns the files of a store, named as a folder or as the file in it.
    pub fn of(store: &Path) -> Self {
        let file = file_of(store);
        Self { status: named_after(&file, "status"), stop: named_after(&file, "stop") }
    }

    /// Returns the file of the status.
    pub fn status(&self) -> &Path {
        &self.status
    }

    /// Replaces the status. On a full disk, which has no room for another file, it is written over the last one: whoever
    /// reads meanwhile may find a part of each.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write_status(&self, text: &[u8]) -> io::Result<()> {
        let mut text = text.to_vec();
        text.resize(text.len().next_multiple_of(ROOM), b' ');
        let new = named_after(&self.status, "new");
        self.replace_status(&new, &text).or_else(|error| {
            let _ = std::fs::remove_file(&new);
            self.write_over_status(&text).map_err(|_| error)
        })
    }

    fn replace_status(&self, new: &Path, text: &[u8]) -> io::Result<()> {
        match std::fs::remove_file(new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        options().write(true).create_new(true).open(new)?.write_all(text)?;
        std::fs::rename(new, &self.status)
    }

    fn write_over_status(&self, text: &[u8]) -> io::Result<()> {
        let mut file = options().write(true).open(&self.status)?;
        let found = file.metadata()?;
        if !found.is_file() || found.len() != text.len() as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        file.write_all(text)
    }

    /// Returns the last status; `None` where no recorder ever ran.
    ///
    /// # Errors
    /// When it cannot be read, or is nothing that a recorder wrote.
    pub fn read_status(&self) -> io::Result<Option<Vec<u8>>> {
        let file = match options().read(true).open(&self.status) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let invalid = |why| io::Error::new(io::ErrorKind::InvalidData, why);
        if !file.metadata()?.is_file() {
            return Err(invalid("it is no ordinary file"));
        }
        let mut text = Vec::new();
        file.take(MOST + 1).read_to_end(&mut text)?;
        if text.len() as u64 > MOST {
            return Err(invalid("it is too long"));
        }
        text.truncate(text.trim_ascii_end().len());
        Ok(Some(text))
    }

    /// Wishes that the recorder may stop.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn wish_stop(&self) -> io::Result<()> {
        match options().write(true).create_new(true).open(&self.stop) {
            // Somebody else wishes the same.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_wish(&self.stop) => Ok(()),
            made => made.map(drop),
        }
    }

    /// Returns whether the recorder may stop.
    pub fn is_stop_wished(&self) -> bool {
        is_wish(&self.stop)
    }

    /// Takes back a wish to stop that came too late for its recorder.
    pub fn forget_stop(&self) {
        let _ = std::fs::remove_file(&self.stop);
    }
}

/// Returns the file of a store: the one that is named, or the one in the folder that is.
pub fn file_of(path: &Path) -> PathBuf {
    let is_file = path.is_file() || (!path.exists() && path.extension().is_some());
    if is_file { path.to_owned() } else { path.join(FILE) }
}

/// Returns the name of a file with an ending more.
pub(crate) fn named_after(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".");
    name.push(ending);
    name.into()
}

/// Returns how these files are opened: not through a link, and not so that a pipe can hold up who opens it.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    restrict(&mut options);
    options
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions) {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.mode(MODE).custom_flags(flags.bits().cast_signed());
}

/// Who may make links there may do anything.
#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions) {}

/// Opens the lock of a store.
pub(crate) fn open_lock(file: &Path, make: bool) -> io::Result<File> {
    open_lock_named(file, "lock", make)
}

/// Opens a lock of a store that has another ending.
pub(crate) fn open_lock_named(file: &Path, ending: &str, make: bool) -> io::Result<File> {
    options().read(true).write(make).create(make).open(named_after(file, ending))
}

/// What tells a file from another of the same name.
#[cfg(unix)]
pub(crate) fn identity(file: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(file).map(|it| (it.dev(), it.ino()))
}

/// Nobody can remove a file there that is being written.
#[cfg(not(unix))]
pub(crate) fn identity(_: &Path) -> io::Result<(u64, u64)> {
    Ok((0, 0))
}

#[cfg(unix)]
fn is_wish(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let mine = rustix::process::geteuid().as_raw();
    // In a folder for everybody, everybody could stop it.
    std::fs::symlink_metadata(file).is_ok_and(|it| it.is_file() && (it.uid() == mine || it.uid() == 0))
}

#[cfg(not(unix))]
fn is_wish(file: &Path) -> bool {
    std::fs::symlink_metadata(file).is_ok_and(|it| it.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Folder;

    #[test]
    fn two_histories_of_a_folder_have_files_of_their_own() {
        let folder = Folder::new();
        std::fs::create_dir_all(folder.as_ref()).unwrap();
        let [one, other] = ["a.db", "a.sqlite"].map(|name| Beside::of(&folder.as_ref().join(name)));
        one.write_status(b"one").unwrap();
        one.wish_stop().unwrap();
        one.wish_stop().unwrap();
        assert_eq!(one.read_status().unwrap().as_deref(), Some(&b"one"[..]));
        assert_eq!(other.read_status().unwrap(), None);
        assert!(one.is_stop_wished() && !other.is_stop_wished());
        one.forget_stop();
        assert!(!one.is_stop_wished());
        let _lock = open_lock(&folder.as_ref().join("a.db"), true).unwrap();
        assert!(open_lock(&folder.as_ref().join("a.sqlite"), false).is_err());
    }

    #[test]
    fn a_status_without_an_end_is_not_read() {
        let folder = Folder::new();
        std::fs::create_dir_all(folder.as_ref()).unwrap();
        let beside = Beside::of(folder.as_ref());
        std::fs::write(beside.status(), vec![b'x'; 1 << 17]).unwrap();
        assert!(beside.read_status().is_err());
        std::fs::remove_file(beside.status()).unwrap();
        std::fs::create_dir(beside.status()).unwrap();
        assert!(beside.read_status().is_err());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_opened_through_a_link() {
        use std::os::unix::fs::symlink;
        let folder = Folder::new();
        std::fs::create_dir_all(folder.as_ref()).unwrap();
        let victim = folder.as_ref().join("victim");
        std::fs::write(&victim, b"untouched").unwrap();
        let store = folder.as_ref().join("history.db");
        let beside = Beside::of(folder.as_ref());
        for ending in ["status", "status.new", "stop", "lock"] {
            symlink(&victim, named_after(&store, ending)).unwrap();
        }
        assert!(beside.read_status().is_err());
        assert!(!beside.is_stop_wished());
        assert!(beside.wish_stop().is_err());
        assert!(open_lock(&store, true).is_err());
        beside.write_status(b"mine").unwrap();
        assert_eq!(beside.read_status().unwrap().as_deref(), Some(&b"mine"[..]));
        assert_eq!(std::fs::read(&victim).unwrap(), b"untouched");
    }
}
