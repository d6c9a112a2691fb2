//! Whether the file of a Unix socket is still at its path.
//!
//! A path is that of the process that bound it, so it is looked up in the root directory of a process that holds the socket.
//! A link on the way leads from the reader's root, whoever follows it: where the two roots differ, a path that leads nowhere
//! tells nothing.

use super::source::{FileId, Source};
use netstat_model::{Endpoint, FamilyFacts, SocketFile, SocketRef, SocketTable};
use rustc_hash::FxHashMap;
use std::io;

/// Marks the sockets of a table whose owners are known.
pub(super) fn mark(source: &dyn Source, table: &mut SocketTable) {
    let mut roots = Roots { source, own: None, is_own: FxHashMap::default() };
    // A listener and its connections have one file.
    let mut known: FxHashMap<(u32, u32, Vec<u8>), Option<bool>> = FxHashMap::default();
    table.update_facts(|socket| {
        let Some(FamilyFacts::Unix(facts)) = socket.family_facts() else { return None };
        let (file, path, pid) =
            (facts.file?, absolute_path(socket)?, socket.ownership().principal()?.process.pid);
        let key = (pid, file.inode, path.to_vec());
        let is_deleted = *known.entry(key).or_insert_with(|| is_deleted(&mut roots, pid, path, file));
        let mut facts = facts.clone();
        facts.is_deleted = is_deleted;
        Some(FamilyFacts::Unix(facts))
    });
}

fn absolute_path<'a>(socket: &SocketRef<'a>) -> Option<&'a [u8]> {
    match socket.local {
        Endpoint::Path(path) if path.starts_with(b"/") => Some(path),
        _ => None,
    }
}

/// Root directories of processes.
struct Roots<'a> {
    source: &'a dyn Source,
    /// That of the reader; `None` before it is read, and within where it could not be.
    own: Option<Option<FileId>>,
    is_own: FxHashMap<u32, bool>,
}

impl Roots<'_> {
    /// Returns whether a process has the reader's root.
    fn is_own(&mut self, pid: u32) -> bool {
        let source = self.source;
        let root = |pid| source.process(pid).and_then(|process| process.file_id("root")).ok();
        let own = *self.own.get_or_insert_with(|| {
            let own = source.read_link("/proc/self").ok()?;
            root(std::str::from_utf8(&own).ok()?.parse().ok()?)
        });
        *self.is_own.entry(pid).or_insert_with(|| own.is_some() && root(pid) == own)
    }
}

fn is_deleted(roots: &mut Roots<'_>, pid: u32, path: &[u8], file: SocketFile) -> Option<bool> {
    let path = format!("root{}", std::str::from_utf8(path).ok()?);
    let found = roots.source.process(pid).and_then(|process| process.file_id(&path));
    match found {
        // Some file systems show other numbers of devices than they have.
        Ok(found) if found.inode == u64::from(file.inode) => Some(false),
        Ok(found) if found.device == device(file.device) && roots.is_own(pid) => Some(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound && roots.is_own(pid) => Some(true),
        _ => None,
    }
}

/// Turns the number that the kernel has for a device into the one that it shows: `st_dev`.
fn device(number: u32) -> u64 {
    let (major, minor) = (u64::from(number >> 20), u64::from(number & 0xf_ffff));
    minor & 0xff | major << 8 | (minor & !0xff) << 12
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;
    use netstat_model::query::Keep;
    use netstat_model::{Owner, Ownership, ProcessKey, Protocol, Socket, SocketType, UnixFacts};
    use rustix::io::Errno;

    fn bound(pid: u32, path: &str) -> Socket {
        let file = Some(SocketFile { inode: 77, device: 0x0080_0101 });
        let owner = Owner { process: ProcessKey { pid, start_time: 1 }, parent: None, descriptor: None };
        let local = Endpoint::Path(path.as_bytes().into());
        Socket {
            family_facts: Some(Box::new(FamilyFacts::Unix(UnixFacts { file, ..UnixFacts::default() }))),
            ownership: Ownership::Held(vec![owner]),
            ..Socket::of_protocol(Protocol::Unix(SocketType::Stream), local, None)
        }
    }

    #[test]
    fn a_file_is_gone_where_that_can_be_told() {
        let own_device = 0x10_0801;
        let fake = Fake::new()
            .file("/proc/self", "9")
            .file_is("/proc/9/root", 1, 2)
            .file_is("/proc/5/root", 1, 2)
            .file_is("/proc/6/root", 1, 3)
            .file_is("/proc/5/root/there", 4, 77)
            .file_is("/proc/5/root/replaced", own_device, 78)
            .file_is("/proc/5/root/odd", 4, 78)
            .fails("/proc/5/root/refused", Errno::ACCESS)
            .file_is("/proc/6/root/there", own_device, 77);
        let cases = [
            (5, "/there", Some(false)),
            (5, "/replaced", Some(true)),
            (5, "/odd", None),
            (5, "/refused", None),
            (5, "/gone", Some(true)),
            (5, "relative", None),
            (6, "/there", Some(false)),
            (6, "/gone", None),
        ];
        let mut table = SocketTable::new(Keep { details: true, ..Keep::default() });
        for (pid, path, _) in cases {
            assert!(table.push(&SocketRef::from(&bound(pid, path))));
        }
        mark(&fake, &mut table);
        let marked: Vec<_> =
            table.iter().map(|socket| socket.family_facts().unwrap().unix().unwrap().is_deleted).collect();
        assert_eq!(marked, cases.map(|(.., is_deleted)| is_deleted));
    }

    #[test]
    fn devices_are_numbered_as_stat_shows_them() {
        assert_eq!(device(0x0080_0101), 0x10_0801);
        assert_eq!(device(253 << 20 | 3), 253 << 8 | 3);
    }
}
