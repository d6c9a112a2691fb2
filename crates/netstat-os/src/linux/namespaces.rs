//! Network namespaces: which there are on this machine, and by which file each is entered.
//!
//! The kernel has no list of them. They are found by what keeps them alive: processes and their threads
//! (`/proc/PID/ns/net`), mounts of their files (`ip netns`, container runtimes), descriptors, and sockets. Only BPF tells the
//! namespace of a socket; without it, one that only a socket keeps alive is not found.

use super::bpf::{Failure, decode_records};
use super::descriptor_links::{MOST_LINKS, fetch_pids};
use super::host::{self, decode_namespace};
use super::privileges::why_no_bpf;
use super::processes::{ContainerNames, container_of};
use super::source::{Next, ProcessSource, Source, Walk};
use super::stat::{is_gone, is_refused};
use netstat_model::error::words_of;
use netstat_model::{Answer, Error, Namespace, NetworkNamespace, NoBpf, Operation, Warning};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;

/// Where `ip netns` mounts namespaces by name.
const NAMED: [&str; 2] = ["/run/netns", "/var/run/netns"];

/// A network namespace, and the file by which it is entered.
pub(super) struct Place {
    pub(super) namespace: NetworkNamespace,
    pub(super) path: String,
}

/// Finds the network namespaces of this machine, in the order of their inodes; that of the calling thread is one of them.
///
/// # Errors
/// If `/proc` cannot be listed.
pub(super) fn find(source: &dyn Source) -> Result<Answer<Vec<Place>>, Error> {
    let pids = fetch_pids(source).map_err(|error| Error::new(Operation::ListNamespaces, error))?;
    let by_bpf = Descriptors::by_bpf(source);
    let mut finder = Finder {
        source,
        found: BTreeMap::new(),
        names: ContainerNames::default(),
        reads_links: by_bpf.is_err(),
        links_left: MOST_LINKS,
        refused: 0,
        failed: None,
    };
    let mounts = finder.link("/proc/self/ns/mnt");
    if let Some(Namespace { inode }) = host::namespace(source) {
        finder.add(inode, "/proc/thread-self/ns/net".to_owned(), None);
    }
    let mut text = Vec::new();
    if source.read("/proc/self/mountinfo", &mut text).is_ok() {
        finder.mounts(&text, "");
    }
    let mut seen = vec![mounts];
    for pid in pids {
        match finder.process(pid, &mut seen) {
            Err(error) if is_refused(&error) => finder.refused += 1,
            Err(error) if !is_gone(&error) => _ = finder.failed.get_or_insert(error),
            Ok(()) | Err(_) => {}
        }
    }
    let without_bpf = by_bpf.map(|descriptors| finder.descriptors(descriptors)).err();
    let mut warnings = Vec::new();
    let mut lacks = |what, reason| warnings.push(Warning::SourceUnavailable { what, reason });
    match (finder.refused, &finder.failed) {
        (0, None) => {
            if let Some(reason) = without_bpf {
                lacks("whether sockets alone keep more network namespaces alive", reason.to_string());
            }
        }
        (0, Some(error)) => lacks("the network namespace of some processes", words_of(error)),
        (1, _) => lacks("the network namespace of 1 process", "reading it was refused".to_owned()),
        (refused, _) => {
            let reason = format!("reading those of {refused} was refused");
            lacks("the network namespace of some processes", reason);
        }
    }
    if finder.links_left == 0 {
        let reason = format!("more than {MOST_LINKS} descriptors are open");
        lacks("whether descriptors hold more network namespaces", reason);
    }
    Ok(Answer { data: finder.found.into_values().collect(), warnings })
}

struct Finder<'a> {
    source: &'a dyn Source,
    found: BTreeMap<u64, Place>,
    /// The names of containers that were read.
    names: ContainerNames,
    /// Whether descriptors are read from `/proc`.
    reads_links: bool,
    /// How many more of them may be read.
    links_left: usize,
    /// The number of processes that could not be read.
    refused: usize,
    failed: Option<io::Error>,
}

/// A descriptor: the process, and its number there.
type Descriptor = (u32, u32);

/// Descriptors that keep network namespaces alive.
#[derive(Default)]
struct Descriptors {
    /// Those of namespaces of any kind.
    namespaces: Vec<Descriptor>,
    /// For each network namespace that has sockets, one of theirs.
    sockets: BTreeMap<u64, Descriptor>,
}

impl Descriptors {
    /// Asks the BPF program, which sees the descriptors of all processes.
    fn by_bpf(source: &dyn Source) -> Result<Self, NoBpf> {
        why_no_bpf(source)?;
        let program = source.owners_program().map_err(Failure::reason)?;
        let (mut found, mut odd) = (Self::default(), false);
        let told = program.walk(Walk::Namespaces, &mut |piece| match decode_records(piece) {
            Some(records) => records.for_each(|record| {
                let descriptor = (record.pid, record.descriptor);
                match record.cookie {
                    Some(namespace) => _ = found.sockets.entry(namespace).or_insert(descriptor),
                    None => found.namespaces.push(descriptor),
                }
            }),
            None => odd = true,
        });
        told.and(if odd { Err(Failure::ODD) } else { Ok(found) }).map_err(Failure::reason)
    }
}

impl Finder<'_> {
    /// Adds what descriptors keep alive.
    fn descriptors(&mut self, descriptors: Descriptors) {
        let path = |(pid, descriptor): Descriptor| format!("/proc/{pid}/fd/{descriptor}");
        for descriptor in descriptors.namespaces {
            // Whoever opens millions makes everybody's question no longer than `/proc` does.
            let Some(left) = self.links_left.checked_sub(1) else { break };
            self.links_left = left;
            let path = path(descriptor);
            if let Some(inode) = self.link(&path).and_then(|target| decode_namespace(&target)) {
                self.add(inode, path, None);
            }
        }
        for (inode, descriptor) in descriptors.sockets {
            self.add(inode, path(descriptor), None);
        }
    }

    fn link(&self, path: &str) -> Option<Vec<u8>> {
        self.source.read_link(path).ok()
    }

    fn add(&mut self, inode: u64, path: String, process: Option<u32>) -> &mut NetworkNamespace {
        let place = self.found.entry(inode).or_insert_with(|| {
            let id = Namespace { inode };
            Place { namespace: NetworkNamespace { id, name: None, container: None, process }, path }
        });
        &mut place.namespace
    }

    /// Adds what one process holds. `mounts` are the mount namespaces that were looked at.
    fn process(&mut self, pid: u32, mounts: &mut Vec<Option<Vec<u8>>>) -> io::Result<()> {
        let handle = self.source.process(pid)?;
        let handle = handle.as_ref();
        if let Some(inode) = decode_namespace(&handle.read_link("ns/net")?) {
            let path = || format!("/proc/{pid}/ns/net");
            let known = self.add(inode, path(), Some(pid)).process;
            if known.is_none_or(|known| known == pid) {
                let container = container_of(self.source, handle, &mut self.names);
                let namespace = self.add(inode, path(), Some(pid));
                (namespace.process, namespace.container) = (Some(pid), container);
            }
        }
        self.threads(handle, pid);
        let of_process = Some(handle.read_link("ns/mnt")?);
        if !mounts.contains(&of_process) {
            mounts.push(of_process);
            let mut text = Vec::new();
            handle.read("mountinfo", &mut text)?;
            self.mounts(&text, &format!("/proc/{pid}/root"));
        }
        if !self.reads_links {
            return Ok(());
        }
        let mut held = Vec::new();
        let left = &mut self.links_left;
        handle.links("fd", &mut |descriptor, target| {
            held.extend(decode_namespace(target).map(|inode| (inode, descriptor)));
            *left = left.saturating_sub(1);
            if *left == 0 { Next::Done } else { Next::More }
        })?;
        for (inode, descriptor) in held {
            self.add(inode, format!("/proc/{pid}/fd/{descriptor}"), None);
        }
        Ok(())
    }

    /// Adds the namespaces of threads, each of which may have left that of its process.
    fn threads(&mut self, handle: &dyn ProcessSource, pid: u32) {
        let mut threads = Vec::new();
        if handle.numbers("task", &mut |thread| threads.push(thread)).is_err() {
            return;
        }
        for thread in threads.into_iter().filter(|&thread| thread != pid) {
            let name = format!("task/{thread}/ns/net");
            if let Some(inode) = handle.read_link(&name).ok().and_then(|target| decode_namespace(&target)) {
                let namespace = self.add(inode, format!("/proc/{pid}/{name}"), Some(pid));
                namespace.process.get_or_insert(pid);
            }
        }
    }

    /// Adds the namespaces that are mounted, by a table of mounts whose paths begin at `root`.
    fn mounts(&mut self, text: &[u8], root: &str) {
        for (inode, point) in decode_mounts(text) {
            // A path that is not UTF-8 cannot be asked for.
            let Ok(point) = String::from_utf8(point) else { continue };
            let is_first = !self.found.contains_key(&inode);
            let (folder, name) = point.rsplit_once('/').unwrap_or_default();
            let is_named = NAMED.contains(&folder) && root.is_empty();
            let namespace = self.add(inode, format!("{root}{point}"), None);
            // Of another mount namespace, its user chose the name.
            let is_own = root.is_empty();
            if is_named || (is_own && is_first && namespace.name.is_none()) {
                namespace.name = Some(OsString::from(name));
            }
        }
    }
}

/// Decodes the network namespaces in `/proc/PID/mountinfo`: the inode of each, and where it is mounted.
fn decode_mounts(text: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let lines = text.split(|&byte| byte == b'\n');
    let mount = |line: &[u8]| {
        let mut fields = line.split(|&byte| byte == b' ').skip(3);
        Some((decode_namespace(fields.next()?)?, unescape(fields.next()?)))
    };
    lines.filter_map(mount).collect()
}

/// Turns the octal escapes of `/proc/PID/mountinfo` (`\040` for a blank) into their bytes.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.get(..3).filter(|_| byte == b'\\').and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 8).ok()
        });
        out.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    out
}

/// Runs every decoder on any bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    decode_namespace(bytes);
    decode_mounts(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;
    use proptest::prelude::*;
    use rustix::io::Errno;

    const MOUNTS: &str = "22 1 254:0 / / rw - ext4 /dev/root rw\n\
        50 22 0:4 net:[4026532001] /run/netns/web rw shared:1 - nsfs nsfs rw\n\
        51 22 0:4 net:[4026532002] /run/docker/netns/a\\040b rw - nsfs nsfs rw\n\
        52 22 0:4 net:[4026532002] /run/netns/db rw - nsfs nsfs rw\n\
        53 22 0:4 mnt:[4026532003] /run/x rw - nsfs nsfs rw\n";

    fn process(fake: Fake, pid: u32, threads: &[u32], [net, mnt]: [&str; 2]) -> Fake {
        let at = |name: &str| format!("/proc/{pid}/{name}");
        fake.pid(pid)
            .file(&at("ns/net"), net)
            .file(&at("ns/mnt"), mnt)
            .links(&at("task"), &threads.iter().map(|&thread| (thread, "")).collect::<Vec<_>>())
    }

    /// What is not known where BPF cannot be used, as in most tests here.
    const NO_BPF: &str = "whether sockets alone keep more network namespaces alive";

    fn machine() -> Fake {
        let fake = Fake::new()
            .file("/proc/thread-self/ns/net", "net:[4026531840]")
            .file("/proc/self/ns/mnt", "mnt:[1]")
            .file("/proc/self/mountinfo", MOUNTS);
        let fake = process(fake, 1, &[1], ["net:[4026531840]", "mnt:[1]"]).links("/proc/1/fd", &[]);
        process(fake, 7, &[7], ["net:[4026532002]", "mnt:[1]"])
            .file("/proc/7/cgroup", format!("0::/docker/{}\n", "ab".repeat(32)))
            .links("/proc/7/fd", &[(3, "socket:[7]"), (4, "net:[4026532009]")])
    }

    /// Inode, name, process and path of each.
    type Known = (u64, String, Option<u32>, String);

    fn found(fake: &Fake) -> (Vec<Known>, Vec<Warning>) {
        let Answer { data, warnings } = find(fake).unwrap();
        let all = data.into_iter().map(|Place { namespace, path }| {
            let name = namespace.name.unwrap_or_default().into_string().unwrap();
            (namespace.id.inode, name, namespace.process, path)
        });
        (all.collect(), warnings)
    }

    #[test]
    fn what_keeps_a_namespace_alive_finds_it() {
        let (all, warnings) = found(&machine());
        let place = |inode, name: &str, process, path: &str| (inode, name.into(), process, path.into());
        assert_eq!(
            all,
            [
                place(4_026_531_840, "", Some(1), "/proc/thread-self/ns/net"),
                place(4_026_532_001, "web", None, "/run/netns/web"),
                place(4_026_532_002, "db", Some(7), "/run/docker/netns/a b"),
                place(4_026_532_009, "", None, "/proc/7/fd/4"),
            ]
        );
        let [Warning::SourceUnavailable { what: NO_BPF, .. }] = &warnings[..] else { panic!("{warnings:?}") };
        let container = find(&machine()).unwrap().data.remove(2).namespace.container.unwrap();
        assert_eq!(*container.id, *"ab".repeat(32));
    }

    #[test]
    fn threads_and_other_mount_namespaces_have_some_of_their_own() {
        let fake = process(machine(), 9, &[9, 10], ["net:[4026531840]", "mnt:[2]"])
            .links("/proc/9/fd", &[])
            .file("/proc/9/mountinfo", "9 1 0:4 net:[4026532010] /run/netns/inner rw - nsfs nsfs rw\n")
            .file("/proc/9/task/10/ns/net", "net:[4026532011]");
        let (all, _) = found(&fake);
        let last: Vec<_> =
            all.iter().rev().take(2).rev().map(|(.., name, pid, path)| (&**name, *pid, &**path)).collect();
        assert_eq!(
            last,
            [("", None, "/proc/9/root/run/netns/inner"), ("", Some(9), "/proc/9/task/10/ns/net")]
        );
    }

    #[test]
    fn what_may_not_be_read_is_said() {
        let fake = machine().pid(8).fails("/proc/8/ns/net", Errno::ACCESS);
        let (all, warnings) = found(&fake);
        assert_eq!(all.len(), 4);
        let [Warning::SourceUnavailable { what, .. }] = &warnings[..] else { panic!("{warnings:?}") };
        assert_eq!(*what, "the network namespace of 1 process");
        // What ends meanwhile is normal.
        assert_eq!(found(&machine().pid(8).fails("/proc/8/ns/net", Errno::SRCH)).1.len(), 1);
    }

    #[test]
    fn bpf_tells_of_descriptors_and_sockets() {
        // Process, descriptor, inode, and the network namespace of a socket.
        let records = [(7, 4, 9, 0), (7, 5, 8, 0), (7, 6, 70, 4_026_532_002), (9, 3, 71, 4_026_532_020)];
        let walk =
            records.into_iter().flat_map(|(pid, descriptor, inode, namespace): (u32, u32, u32, u64)| {
                let numbers = [inode, descriptor, pid, 1].into_iter().flat_map(u32::to_ne_bytes);
                [10_000_000, namespace]
                    .into_iter()
                    .flat_map(u64::to_ne_bytes)
                    .chain(numbers)
                    .collect::<Vec<_>>()
            });
        let fake = machine()
            .file("/proc/self/status", "Name:\tx\nNSpid:\t9\nCapEff:\t000001ffffffffff\n")
            .file("/proc/7/fd/4", "net:[4026532009]")
            .file("/proc/7/fd/5", "mnt:[4026532008]")
            .walk(walk.collect(), Ok(()));
        let (all, warnings) = found(&fake);
        assert_eq!(warnings, []);
        let paths: Vec<_> = all.iter().map(|(inode, .., path)| (*inode, &**path)).collect();
        assert_eq!(
            paths[2..],
            [
                (4_026_532_002, "/run/docker/netns/a b"),
                (4_026_532_009, "/proc/7/fd/4"),
                (4_026_532_020, "/proc/9/fd/3"),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[a-z:\\[\\]0-9 \\\\\n]{0,100}") {
            decode_all(&bytes);
            decode_all(text.as_bytes());
        }
    }
}
