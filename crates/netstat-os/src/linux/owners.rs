//! Owners of sockets: the processes that hold them, as a BPF program in the kernel ([`descriptors`]) or `/proc/PID/fd`
//! ([`search`]) lists them.
//!
//! One pass over all processes finds the owners of nearly all sockets. The rest is checked again before anything is said
//! about it: the sockets are listed once more (those that are gone have [`NoOwner::Vanished`]), all processes are read a
//! second time (a descriptor may have moved from a process not yet read to one already read, or to one that was born
//! meanwhile), and the sockets are listed a last time. So a socket that is said to have no process existed during two whole
//! passes that did not see it. Where a process was refused the last list is left out: what remains is
//! [`NoOwner::NotPermitted`], whether it still exists or not.
//!
//! BPF sees the descriptors of all processes in the reader's PID namespace, whoever they belong to, and those of threads
//! that have tables of their own. A kernel may still hide a process from it that it also hides from root in `/proc`; a
//! socket without an owner is therefore `NotPermitted` while any process may not be read. The rest of this text is about
//! `/proc` alone.
//!
//! Threads of a process share one descriptor table, so that of the main thread is read for all of them. There are two
//! exceptions. A main thread that has ended while others run has no table any more: theirs is read. A thread may have
//! a table of its own (`unshare(CLONE_FILES)`): the second pass reads the tables of all threads, up to
//! [`MOST_LINKS`](super::descriptor_links::MOST_LINKS) descriptors, because a busy process of many threads has thousands of times as many otherwise. A
//! socket whose owner is found in the first pass is not looked for in such tables.
//!
//! A process may hold a socket without any descriptor, in the table of files of an io_uring (`IORING_REGISTER_FILES`). The
//! second pass reads what `/proc/PID/fdinfo` tells of each ring; after BPF, which tells of rings, only for the processes that
//! have some. Kernels that tell that a ring has files and not which make a missing owner unknown.
//!
//! A socket is not said to have no owner if the reader may have been unable to see the owner. A process whose descriptors
//! are refused, and a `/proc` mounted with `hidepid`, which hides the processes of other users, both make a missing owner
//! `NotPermitted`. An unprivileged user always meets the former on an ordinary machine, because PID 1 belongs to root.
//!
//! The BPF program may have looked while the sockets were being listed ([`HeadStart`]). That look can only find owners, not
//! rule them out: a socket can be younger than the look, and the look is a quick one ([`Walk::Quick`](super::source::Walk)),
//! which skips some sockets, though never one that several processes hold. What it did not find is looked for as if there
//! had been none.

mod ancestry;
pub(super) mod by_cookie;
mod descriptors;
mod holders;
#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod made;
#[cfg(test)]
mod namespace_tests;
mod search;
#[cfg(test)]
mod tests;

use super::host::INITIAL_PID_NAMESPACE;
use super::privileges::Privileges;
use super::sockets::Namespaces;
use super::source::{Source, Walk};
use super::stat::{NOT_MOUNTED, is_mounted};
pub(super) use descriptors::HeadStart;
use netstat_model::error::words_of;
use netstat_model::query::{Listing, OwnerSearch, Owners, Programs, Scope, SocketQuery, States, Visit};
use netstat_model::{
    Answer, Error, FamilyFacts, NoOwner, Operation, OwnerMethod, ShortId, SocketTable, Warning,
};
use rustc_hash::FxHashSet;
use search::{Found, Search, Threads};
use std::io;

/// Lists the sockets again, as those in the table were listed, of these network namespaces if any are named. Returns what the
/// list may lack.
type List<'a> = dyn FnMut(Option<&Namespaces>, &mut dyn FnMut(ShortId)) -> Result<Vec<Warning>, Error> + 'a;

/// Finds the owners of the sockets whose owners the table wants, starting from what was found while they were listed.
///
/// # Errors
/// If only BPF may be used and it failed, or `/proc` cannot be listed.
pub(super) fn attach<'a>(
    source: &'a dyn Source,
    table: &mut SocketTable,
    query: &SocketQuery,
    by: Owners,
    found: Found<'a>,
) -> Result<Answer<OwnerMethod>, Error> {
    let is_wide = query.scope == Scope::All || !query.kinds.others().is_empty();
    let walk = if is_wide { Walk::Everything } else { Walk::Full };
    let search = Search::new(source, table, by, walk, found);
    attach_asking(search, table, &mut |within, each| list_again(source, query, within, each))
}

/// The same where it is decided which namespaces.
type ListAgain<'a> = dyn FnMut(&mut dyn FnMut(ShortId)) -> Result<Vec<Warning>, Error> + 'a;

fn list_again(
    source: &dyn Source,
    query: &SocketQuery,
    within: Option<&Namespaces>,
    each: &mut dyn FnMut(ShortId),
) -> Result<Vec<Warning>, Error> {
    // A socket that only changed its state since is not gone.
    let bound = query.states & States::BOUND;
    let states = States::all().difference(States::BOUND) | bound;
    // Programs look only at the ends, which TCP sockets keep once they have both, or listen.
    let tcp = query.programs.tcp.clone().filter(|_| bound.is_empty());
    let programs = Programs { tcp, udp: None };
    let scope = query.scope;
    let again = SocketQuery { programs, scope, ..SocketQuery::new(query.kinds, states) };
    let listing = Listing { query: &again, owners: OwnerSearch::No, may_restart: true };
    let answer = super::sockets::list_within(source, &listing, within, &mut |socket| {
        each(ShortId::new(socket.id.inode, socket.id.cookie));
        // Another network namespace may have it, and then the list does not.
        if let Some(peer) = socket.family_facts().and_then(FamilyFacts::peer) {
            each(ShortId::new(Some(peer), None));
        }
        Visit::Skip
    })?;
    Ok(answer.warnings)
}

/// The same as [`attach`], with the way to list the sockets again.
fn attach_asking(
    mut search: Search<'_>,
    table: &mut SocketTable,
    list: &mut List<'_>,
) -> Result<Answer<OwnerMethod>, Error> {
    let mut warnings = Vec::new();
    let mut vanished = FxHashSet::default();
    let mut unowned = NoOwner::NotPermitted;
    if !search.wanted.is_empty() {
        search.look(Threads::Shared).map_err(|error| Error::new(Operation::FindOwners, error))?;
        if !search.wanted.is_empty() {
            let within = namespaces_of(table, &search);
            let list = &mut |each: &mut dyn FnMut(ShortId)| list(within.as_ref(), each);
            unowned = settle(&mut search, list, &mut vanished, &mut warnings);
        }
        report(&mut search, &mut warnings);
        if !vanished.is_empty() {
            warnings.push(Warning::OwnersVanished { sockets: vanished.len() });
        }
    }
    let mut ancestry = ancestry::Ancestry::new(search.source);
    table.set_owners(&mut |id, owners| {
        search.holders.owners(id, owners);
        ancestry.put_principal_first(owners);
        match owners.is_empty() {
            false => Ok(()),
            true if vanished.contains(&id.inode) => Err(NoOwner::Vanished),
            true => Err(unowned),
        }
    });
    Ok(Answer { data: search.method, warnings })
}

/// Returns the network namespaces of the sockets still without an owner; `None` where one is not known.
fn namespaces_of(table: &SocketTable, search: &Search<'_>) -> Option<Namespaces> {
    let is_wanted = |inode: Option<u64>| {
        inode.and_then(|inode| u32::try_from(inode).ok()).is_some_and(|it| search.wanted.contains_key(&it))
    };
    let wanted = table.iter().filter(|socket| {
        is_wanted(socket.id.inode) || is_wanted(socket.family_facts().and_then(FamilyFacts::peer))
    });
    wanted.map(|socket| socket.namespace()).collect()
}

/// Finds out about the sockets that the first pass found no process for. Returns why those that are neither found now nor
/// `vanished` have no owner.
fn settle(
    search: &mut Search<'_>,
    list: &mut ListAgain<'_>,
    vanished: &mut FxHashSet<u32>,
    warnings: &mut Vec<Warning>,
) -> NoOwner {
    let mut unknown = |what: &'static str, reason: String| {
        warnings.push(Warning::SourceUnavailable { what, reason });
        NoOwner::NotPermitted
    };
    let mut doubts = Vec::new();
    for last in [false, true] {
        match drop_vanished(search, list, vanished) {
            Ok(lacks) => doubts.extend(lacks.into_iter().filter(|warning| {
                matches!(warning, Warning::DumpInterrupted { .. } | Warning::DumpOverrun { .. })
            })),
            Err(error) => {
                return unknown("whether some sockets still exist", words_of(&error.source));
            }
        }
        if last || search.wanted.is_empty() {
            break;
        }
        if let Err(error) = search.look(Threads::All) {
            return unknown(Warning::SOME_OWNERS, words_of(&error));
        }
        if search.method == OwnerMethod::Bpf {
            search.look_beyond_descriptors();
        }
        // The rest is `NotPermitted` then, which another list could not make untrue.
        if !search.is_clear() {
            break;
        }
    }
    let reason = if search.wanted.is_empty() || !search.is_clear() {
        NoOwner::NotPermitted
    } else if search.method != OwnerMethod::Bpf
        && let Some(reason) = why_processes_lack(search.source)
    {
        unknown(Warning::SOME_OWNERS, reason)
    } else {
        match search.source.read_link("/proc/self/ns/pid") {
            Ok(namespace) if namespace == INITIAL_PID_NAMESPACE => NoOwner::Kernel,
            Ok(_) => {
                doubts.push(Warning::OwnersInOtherNamespace);
                NoOwner::OtherNamespace
            }
            Err(error) => {
                let reason = format!("/proc/self/ns/pid: {}", words_of(&error));
                unknown(Warning::SOME_OWNERS, reason)
            }
        }
    };
    warnings.append(&mut doubts);
    reason
}

/// Stops looking for sockets that are not in a newer list. Returns what that list may lack.
fn drop_vanished(
    search: &mut Search<'_>,
    list: &mut ListAgain<'_>,
    vanished: &mut FxHashSet<u32>,
) -> Result<Vec<Warning>, Error> {
    let mut there = FxHashSet::default();
    let wanted = &mut search.wanted;
    let lacks = list(&mut |id| {
        // Inodes are used again, cookies are not.
        let same = |&cookie: &u32| ShortId { inode: id.inode, cookie }.may_be(id);
        if wanted.get(&id.inode).is_some_and(same) {
            there.insert(id.inode);
        }
    })?;
    wanted.retain(|inode, _| {
        let stays = there.contains(inode);
        if !stays {
            vanished.insert(*inode);
        }
        stays
    });
    Ok(lacks)
}

/// Warns of processes that could not be read: they may hold sockets without an owner, or hold others as well.
fn report(search: &mut Search<'_>, warnings: &mut Vec<Warning>) {
    let all_have_one = search.wanted.is_empty();
    if search.refused > 0 {
        let processes = search.refused;
        let as_root = Privileges::fetch(search.source).is_ok_and(|held| held.is_root);
        warnings.push(match all_have_one {
            true => {
                let reason = format!("{processes} could not be read");
                Warning::OwnersIncomplete { reason, root_could: !as_root }
            }
            false => Warning::OwnersNotPermitted { processes, as_root },
        });
    } else if all_have_one
        && search.method != OwnerMethod::Bpf
        && let Ok(Some(reason)) = why_hidden(search.source)
    {
        warnings.push(Warning::OwnersIncomplete { reason, root_could: false });
    } else if all_have_one
        && let Ok(namespace) = search.source.read_link("/proc/self/ns/pid")
        && namespace != INITIAL_PID_NAMESPACE
    {
        let reason = "processes outside this PID namespace are not seen".to_owned();
        warnings.push(Warning::OwnersIncomplete { reason, root_could: false });
    }
    if let Some(error) = search.failed.take() {
        let what = if all_have_one { Warning::OTHER_OWNERS } else { Warning::SOME_OWNERS };
        warnings.push(Warning::SourceUnavailable { what, reason: words_of(&error) });
    }
}

/// Returns why `/proc` may show this reader fewer processes than there are, also if that cannot be found out.
fn why_processes_lack(source: &dyn Source) -> Option<String> {
    match why_hidden(source) {
        Ok(reason) => reason,
        Err(_) if !is_mounted(source) => Some(NOT_MOUNTED.to_owned()),
        Err(error) => Some(format!("/proc/self/mounts: {}", words_of(&error))),
    }
}

/// Returns why `/proc` shows this reader fewer processes than there are.
fn why_hidden(source: &dyn Source) -> io::Result<Option<String>> {
    let held = Privileges::fetch(source).ok();
    if held.is_some_and(Privileges::may_read_all) {
        return Ok(None);
    }
    let mut mounts = Vec::new();
    source.read("/proc/self/mounts", &mut mounts)?;
    let needs = if held.is_some_and(|held| held.is_root) { "CAP_SYS_PTRACE" } else { "root" };
    Ok(decode_hidepid(&mounts)
        .then(|| format!("/proc may hide the processes of other users (hidepid); seeing them takes {needs}")))
}

/// Returns whether `/proc` is mounted with `hidepid`, from the list of mounts; true if it is not in the list.
fn decode_hidepid(mounts: &[u8]) -> bool {
    // The last mount on a directory hides the earlier ones.
    let options = mounts.split(|&byte| byte == b'\n').rev().find_map(|line| {
        let mut fields = line.split(|&byte| byte == b' ').skip(1);
        (fields.next()? == b"/proc" && fields.next()? == b"proc").then(|| fields.next())?
    });
    options.is_none_or(|options| {
        options
            .split(|&byte| byte == b',')
            .filter_map(|option| option.strip_prefix(b"hidepid="))
            .any(|value| value != b"0" && value != b"off")
    })
}
