//! Sockets that no table lists: made and never bound, or reset by their peers and not closed. A process that leaks them runs
//! out of descriptors while every table is empty.
//!
//! Only the descriptors of processes lead to them. What is in no list of any family and network namespace is one; both are
//! read twice, because a socket may enter a list, or be closed, between the two.

use super::descriptor_links::{decode_socket_link, each_process};
use super::source::{Next, Source};
use netstat_model::{Endpoint, Error, Operation, Protocol, Socket, SocketId, Warning};
use rustc_hash::FxHashSet;
use std::io;

/// What is unknown where not everything could be read.
pub(super) const WHICH: &str = "which sockets are in no table";

/// Passes on the inode of each socket in every list that there is. Returns what the lists may lack.
pub(super) type List<'a> = dyn FnMut(&mut dyn FnMut(u64)) -> Result<Vec<Warning>, Error> + 'a;

/// Returns the sockets that no table lists. None where a namespace could not be looked into, whose sockets would seem to be
/// such.
///
/// # Errors
/// If the sockets or the processes cannot be listed.
pub(super) fn sockets(
    source: &dyn Source,
    list: &mut List<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Socket>, Error> {
    let (mut unlisted, mut refused) = (FxHashSet::default(), 0);
    for look in 0..2 {
        let listed = match listed(list)? {
            Ok(listed) => listed,
            Err(reason) => {
                warnings.push(Warning::SourceUnavailable { what: WHICH, reason });
                return Ok(Vec::new());
            }
        };
        let mut held = FxHashSet::default();
        refused = descriptors(source, &mut held).map_err(|error| Error::new(Operation::FindOwners, error))?;
        held.retain(|inode| !listed.contains(inode) && (look == 0 || unlisted.contains(inode)));
        unlisted = held;
    }
    if refused > 0 {
        let which = if refused == 1 { "1 process".to_owned() } else { format!("{refused} processes") };
        let reason = format!(
            "{which} could not be read; reading all takes root with CAP_SYS_PTRACE, and no security module that forbids it"
        );
        warnings.push(Warning::SourceUnavailable { what: "which of their sockets are in no table", reason });
    }
    let mut inodes: Vec<u32> = unlisted.into_iter().collect();
    inodes.sort_unstable();
    let socket = |inode: u32| Socket {
        id: SocketId { inode: Some(inode.into()), cookie: None },
        ..Socket::of_protocol(Protocol::Unlisted, Endpoint::Inode(inode.into()), None)
    };
    Ok(inodes.into_iter().map(socket).collect())
}

/// Returns the inodes of all sockets that a table lists, or why some may be missing.
pub(super) fn listed(list: &mut List<'_>) -> Result<Result<FxHashSet<u32>, String>, Error> {
    let mut inodes = FxHashSet::default();
    let lacks = list(&mut |inode| inodes.extend(u32::try_from(inode).ok()))?;
    let lack = lacks.iter().find(|warning| {
        matches!(
            warning,
            Warning::NamespacesLeftOut { .. }
                | Warning::DumpInterrupted { .. }
                | Warning::DumpOverrun { .. }
                | Warning::OddMessages { .. }
        )
    });
    Ok(lack.map_or(Ok(inodes), |lack| Err(lack.to_string())))
}

/// Collects the sockets that descriptors of processes lead to. Returns the number of processes that may not be read.
fn descriptors(source: &dyn Source, into: &mut FxHashSet<u32>) -> io::Result<usize> {
    each_process(source, &mut |_, process| {
        process.links("fd", &mut |_, target| {
            into.extend(decode_socket_link(target).and_then(|inode| u32::try_from(inode).ok()));
            Next::More
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::{Fake, stat_line};

    fn inodes(found: &[Socket]) -> Vec<u64> {
        found.iter().filter_map(|socket| socket.id.inode).collect()
    }

    /// A process with the descriptors of two looks.
    fn process(first: &[(u32, &str)], second: &[(u32, &str)]) -> Fake {
        Fake::new().alive(7, 1, 1, first).links("/proc/7/fd", second)
    }

    #[test]
    fn what_is_held_twice_and_never_listed_is_in_no_table() {
        let both = [(3, "socket:[44]"), (4, "socket:[45]"), (5, "/dev/null"), (6, "socket:[46]")];
        let fake = process(&both, &[both[0], both[1], (7, "socket:[47]")]);
        let mut looks = [vec![45], vec![45, 46]].into_iter();
        let mut warnings = Vec::new();
        let found = sockets(
            &fake,
            &mut |each| {
                looks.next().unwrap().into_iter().for_each(each);
                Ok(Vec::new())
            },
            &mut warnings,
        );
        assert_eq!((inodes(&found.unwrap()), warnings), (vec![44], vec![]));
    }

    #[test]
    fn where_a_list_lacks_something_nothing_is_said_of_any_socket() {
        let held = [(3, "socket:[44]")];
        let mut warnings = Vec::new();
        let lack = Warning::NamespacesLeftOut { namespaces: 1, reason: "no".into() };
        let found = sockets(&process(&held, &held), &mut |_| Ok(vec![lack.clone()]), &mut warnings);
        assert_eq!(found.unwrap(), []);
        assert!(warnings[0].to_string().starts_with(WHICH), "{warnings:?}");
    }

    #[test]
    fn processes_that_may_not_be_read_are_counted() {
        let fake = process(&[(3, "socket:[44]")], &[(3, "socket:[44]")])
            .pid(8)
            .file("/proc/8/stat", stat_line(8, 'S', 1, 0, 1, 1))
            .fails("/proc/8/fd", rustix::io::Errno::ACCESS);
        let mut warnings = Vec::new();
        let found = sockets(&fake, &mut |_| Ok(Vec::new()), &mut warnings).unwrap();
        assert_eq!(inodes(&found), [44]);
        assert!(warnings[0].to_string().contains("1 process could not be read"), "{warnings:?}");
    }
}
