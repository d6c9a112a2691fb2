//! The descriptors of processes: how many are in use, how many may be, and how many are sockets that no table lists.
//!
//! Only processes of the reader's network namespace are counted, as everything else here is about that namespace. Their
//! sockets may be of another one, so what the own tables lack is looked for in those of all namespaces.

use super::descriptor_links::{decode_socket_link, each_process};
use super::host;
use super::sockets::list_inodes;
use super::source::{Next, ProcessSource, Source};
use super::stat::{fetch_stat, is_gone};
use super::unlisted::{WHICH, listed};
use netstat_model::query::Scope;
use netstat_model::{
    Answer, DescriptorUse, Error, Namespace, Operation, ProcessDescriptors, ProcessKey, Warning,
};
use rustc_hash::FxHashSet;
use std::io;

/// Counts the descriptors of each process.
///
/// # Errors
/// If the processes or the sockets cannot be listed.
pub(super) fn descriptors(source: &dyn Source) -> Result<Answer<DescriptorUse>, Error> {
    count(source, &mut |scope, each| list_inodes(source, scope, each))
}

/// Passes on the inode of each socket in the tables of a scope. Returns what these may lack.
type Lists<'a> = dyn FnMut(Scope, &mut dyn FnMut(u64)) -> Result<Vec<Warning>, Error> + 'a;

/// What a process has, and the inodes of its sockets.
type Counted = (ProcessDescriptors, Vec<u32>);

fn count(source: &dyn Source, lists: &mut Lists<'_>) -> Result<Answer<DescriptorUse>, Error> {
    let failed = |error| Error::new(Operation::CountDescriptors, error);
    let own = host::namespace(source)
        .ok_or_else(|| failed(io::Error::other("the network namespace is not known")))?;
    let mut warnings = Vec::new();
    // A socket may enter a table or be closed between the two, so it is looked for twice.
    let first = listed(&mut |each| lists(Scope::Own, each))?;
    let (mut processes, unreadable) = look(source, own).map_err(failed)?;
    let mut unlisted = first.map(|first| {
        let sockets = processes.iter().flat_map(|(_, sockets)| sockets.iter().copied());
        sockets.filter(|inode| !first.contains(inode)).collect::<FxHashSet<u32>>()
    });
    if let Some(candidates) = unlisted.as_mut().ok().filter(|candidates| !candidates.is_empty()) {
        match listed(&mut |each| lists(Scope::All, each))? {
            Ok(all) => candidates.retain(|inode| !all.contains(inode)),
            Err(reason) => unlisted = Err(reason),
        }
        (processes, _) = look(source, own).map_err(failed)?;
    }
    if let Err(reason) = &unlisted {
        warnings.push(Warning::SourceUnavailable { what: WHICH, reason: reason.clone() });
    }
    let counted = |(counts, sockets): Counted| {
        let of = |unlisted: &FxHashSet<u32>| sockets.iter().filter(|inode| unlisted.contains(inode)).count();
        let unlisted = unlisted.as_ref().ok().and_then(|unlisted| u64::try_from(of(unlisted)).ok());
        ProcessDescriptors { unlisted, ..counts }
    };
    let processes = processes.into_iter().map(counted).collect();
    Ok(Answer { data: DescriptorUse { processes, unreadable }, warnings })
}

/// Returns the processes of a network namespace, each with the inodes of its sockets, and how many may not be read.
fn look(source: &dyn Source, of: Namespace) -> io::Result<(Vec<Counted>, usize)> {
    let (mut processes, mut buffer) = (Vec::new(), Vec::new());
    let mut seen = 0_usize;
    let refused = each_process(source, &mut |pid, process| {
        seen += 1;
        if host::decode_namespace(&process.read_link("ns/net")?) == Some(of.inode) {
            processes.extend(read(pid, process, &mut buffer)?);
        }
        Ok(())
    })?;
    if seen == 0 && refused == 0 {
        // This one is there.
        return Err(io::Error::other("/proc lists no process"));
    }
    processes.sort_unstable_by_key(|(counts, _)| counts.process);
    Ok((processes, refused))
}

/// Reads one process; `None` where it has no descriptors, as a kernel thread.
fn read(pid: u32, process: &dyn ProcessSource, buffer: &mut Vec<u8>) -> io::Result<Option<Counted>> {
    let (mut open, mut sockets) = (0, Vec::new());
    process.links("fd", &mut |_, target| {
        open += 1;
        sockets.extend(decode_socket_link(target).and_then(|inode| u32::try_from(inode).ok()));
        Next::More
    })?;
    if open == 0 {
        return Ok(None);
    }
    // Copies of a descriptor lead to the same socket.
    sockets.sort_unstable();
    sockets.dedup();
    let soft_limit = match process.read("limits", buffer) {
        Ok(()) => decode_soft_limit(buffer),
        Err(error) if is_gone(&error) => return Err(error),
        Err(_) => None,
    };
    let start_time = fetch_stat(process, buffer)?.start_time;
    let process = ProcessKey { pid, start_time };
    Ok(Some((ProcessDescriptors { process, open, soft_limit, unlisted: None }, sockets)))
}

/// Decodes the soft limit of `Max open files` in `/proc/PID/limits`.
pub(super) fn decode_soft_limit(limits: &[u8]) -> Option<u64> {
    let line = limits.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"Max open files "))?;
    match std::str::from_utf8(line).ok()?.split_ascii_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::{Fake, stat_line};
    use crate::linux::live::Live;
    use proptest::prelude::*;
    use rustix::io::Errno;

    const LIMITS: &str = "Limit                     Soft Limit           Hard Limit           Units     \n\
        Max cpu time              unlimited            unlimited            seconds   \n\
        Max open files            1024                 524288               files     \n";

    fn process(fake: Fake, pid: u32, net: u64, links: &[(u32, &str)]) -> Fake {
        fake.alive(pid, 1, 5, links)
            .file(&format!("/proc/{pid}/ns/net"), format!("net:[{net}]"))
            .file(&format!("/proc/{pid}/limits"), LIMITS)
    }

    fn machine() -> Fake {
        Fake::new().file("/proc/thread-self/ns/net", "net:[1]")
    }

    fn counts(answer: &DescriptorUse) -> Vec<(u32, u64, Option<u64>, Option<u64>)> {
        let all = answer.processes.iter();
        all.map(|it| (it.process.pid, it.open, it.soft_limit, it.unlisted)).collect()
    }

    #[test]
    fn sockets_in_no_table_are_counted_by_process() {
        let held = [
            (0, "/dev/null"),
            (3, "socket:[44]"),
            (4, "socket:[44]"),
            (5, "socket:[45]"),
            (6, "socket:[46]"),
        ];
        let fake = process(process(machine(), 7, 1, &held), 8, 2, &[(3, "socket:[44]")]);
        let fake = process(fake, 9, 1, &[(0, "pipe:[3]")]);
        let mut asked = Vec::new();
        let answer = count(&fake, &mut |scope, each| {
            asked.push(scope);
            each(45);
            if scope == Scope::All {
                each(46);
            }
            Ok(Vec::new())
        });
        let Answer { data, warnings } = answer.unwrap();
        // Two descriptors of one socket are one socket; one of another namespace is in a table; 8 is in another namespace.
        assert_eq!(counts(&data), [(7, 5, Some(1024), Some(1)), (9, 1, Some(1024), Some(0))]);
        assert_eq!((data.unreadable, warnings, asked), (0, vec![], vec![Scope::Own, Scope::All]));
    }

    #[test]
    fn tables_of_other_namespaces_are_asked_only_where_something_is_missing() {
        let fake = process(machine(), 7, 1, &[(3, "socket:[44]")]);
        let answer = count(&fake, &mut |scope, each| {
            assert_eq!(scope, Scope::Own);
            each(44);
            Ok(Vec::new())
        });
        assert_eq!(counts(&answer.unwrap().data), [(7, 1, Some(1024), Some(0))]);
    }

    #[test]
    fn what_a_table_lacks_is_unknown_and_not_zero() {
        let fake = process(machine(), 7, 1, &[(3, "socket:[44]")]);
        let lack = Warning::NamespacesLeftOut { namespaces: 1, reason: "no".into() };
        let answer = count(&fake, &mut |scope, _| {
            Ok(if scope == Scope::All { vec![lack.clone()] } else { Vec::new() })
        });
        let Answer { data, warnings } = answer.unwrap();
        assert_eq!(counts(&data), [(7, 1, Some(1024), None)]);
        assert!(warnings[0].to_string().starts_with(WHICH), "{warnings:?}");
    }

    #[test]
    fn processes_that_may_not_be_read_are_counted() {
        let kernel_thread = stat_line(9, 'S', 2, 0x0020_0000, 1, 1);
        let fake = process(machine(), 7, 1, &[(0, "/dev/null")])
            .pid(8)
            .file("/proc/8/stat", stat_line(8, 'S', 1, 0, 1, 1))
            .fails("/proc/8/ns/net", Errno::ACCESS)
            .pid(9)
            .file("/proc/9/stat", kernel_thread)
            .fails("/proc/9/ns/net", Errno::ACCESS);
        let answer = count(&fake, &mut |_, _| Ok(Vec::new())).unwrap();
        assert_eq!((counts(&answer.data).len(), answer.data.unreadable), (1, 1));
        let nothing = count(&Fake::new(), &mut |_, _| Ok(Vec::new()));
        assert_eq!(nothing.unwrap_err().operation, Operation::CountDescriptors);
    }

    #[test]
    fn the_soft_limit_is_the_first_number() {
        assert_eq!(decode_soft_limit(LIMITS.as_bytes()), Some(1024));
        for (line, expected) in [
            ("Max open files            unlimited            unlimited            files\n", Some(u64::MAX)),
            ("Max open files            -1    1 files\n", None),
            ("Max open files            99999999999999999999 1 files\n", None),
            ("Max open files            \n", None),
            ("Max open files", None),
            ("Max open filesets 3\n", None),
            ("", None),
        ] {
            assert_eq!(decode_soft_limit(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn this_process_is_counted() {
        let namespace = host::namespace(&Live).unwrap();
        let held: Vec<std::fs::File> = (0..20).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
        let (processes, _) = look(&Live, namespace).unwrap();
        let own = processes.iter().find(|(counts, _)| counts.process.pid == std::process::id()).unwrap();
        assert!(own.0.open >= held.len() as u64 && own.0.soft_limit.is_some_and(|limit| limit >= own.0.open));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>, text in "Max open files [0-9a-z\\-\\n ]{0,40}") {
            decode_soft_limit(&bytes);
            decode_soft_limit(text.as_bytes());
        }
    }
}
