//! TCP sockets of all network namespaces at once, from a BPF program (`bpf/everywhere.bpf.c`). The kernel keeps them in one
//! table, and sock_diag goes over all of it for the sockets of one namespace.

use super::Lister;
use super::by_program::is_short_of_memory;
use crate::linux::bpf::{Failure, Told, decode_everywhere};
use crate::linux::host;
use crate::linux::privileges::why_no_bpf;
use crate::linux::source::{NetworkSource, Next, Rows, Source};
use netstat_model::query::{Fields, Kinds, SocketQuery, SocketSource, States};
use netstat_model::{Error, ListMethod, Namespace, NoBpf, Operation, SocketRef, TcpState};
use rustc_hash::FxHashSet;
use std::io;

/// The number of network namespaces from which on the program costs less than sock_diag. Loading it takes some milliseconds, and
/// each walk over the table of a usual machine up to one.
const MANY: usize = 8;

/// How many sockets of a chain are looked at for another with the same ends: chains have a socket or two.
const NEIGHBOURS: usize = 64;

/// The size of the table of connections; negative for that of the machine, which namespaces share. Since Linux 6.1, like tables
/// that they do not share.
const TABLE_SIZE: &str = "/proc/sys/net/ipv4/tcp_ehash_entries";

/// What the program has told.
pub(super) struct Everywhere {
    /// The namespace that the machine booted with.
    machine: Option<u64>,
    /// Those with connections in the table.
    seen: FxHashSet<u64>,
}

impl Everywhere {
    /// The states of the sockets of a namespace that the program has not told of: it knows no table of connections that is not
    /// shared.
    pub(super) fn left_of(&self, namespace: Namespace, within: &dyn NetworkSource) -> States {
        let is_shared = self.machine == Some(namespace.inode)
            || self.seen.contains(&namespace.inode)
            || !has_own_table(within);
        if is_shared { States::BOUND } else { States::all().difference(States::LISTEN) }
    }
}

/// Whether a namespace has a table of connections that others do not share, as that of the machine seems to have. Unknown is
/// yes: it is asked for its sockets then.
fn has_own_table(within: &dyn NetworkSource) -> bool {
    let mut bytes = Vec::new();
    match within.read(TABLE_SIZE, &mut bytes) {
        Ok(()) => !bytes.starts_with(b"-"),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Lists the TCP sockets of all network namespaces, except those that are only bound, if the program is to be used and can be;
/// `None` otherwise.
///
/// # Errors
/// If the program was asked for and failed, or it failed when sockets had been visited that must not be visited twice.
pub(super) fn list(lister: &mut Lister<'_>, namespaces: usize) -> Result<Option<Everywhere>, Error> {
    let query = lister.listing.query;
    if !query.kinds.intersects(Kinds::TCP) {
        return Ok(None);
    }
    let before = lister.progress();
    let told = machine_of(lister.source, query, namespaces)
        .and_then(|machine| walk(lister, machine).map_err(Failure::reason));
    match told {
        Ok(told) => {
            lister.table.set_listed_by(ListMethod::Bpf);
            Ok(Some(told))
        }
        Err(reason) if query.source == SocketSource::Iter || !lister.take_back(before) => {
            let reason = io::Error::other(format!("by BPF: {reason}"));
            Err(Error::new(Operation::ListSockets, reason))
        }
        Err(_) => Ok(None),
    }
}

/// Returns the namespace whose table the program goes over, or why it is not worth loading or cannot be used.
fn machine_of(source: &dyn Source, query: &SocketQuery, namespaces: usize) -> Result<Option<u64>, NoBpf> {
    match query.source {
        SocketSource::Diag | SocketSource::Proc => return Err(NoBpf::NotAsked),
        // The program tells ends and states.
        _ if !Fields::NAMESPACE.contains(query.fields) || !query.tcp.is_empty() => {
            return Err(NoBpf::OtherQuestion);
        }
        SocketSource::Iter => {}
        SocketSource::Auto => {
            if !query.states.contains(States::ESTABLISHED) || !query.kinds.contains(Kinds::TCP_V4) {
                return Err(NoBpf::OtherQuestion);
            }
            if namespaces < MANY {
                return Err(NoBpf::FewSockets);
            }
            if is_short_of_memory(source) {
                return Err(NoBpf::LittleMemory);
            }
        }
    }
    why_no_bpf(source)?;
    // It goes over the table that the reader's namespace has, which is to be that of the machine.
    let machine = host::machine_namespace(source).map(|of| of.inode);
    let own = host::namespace(source).map(|of| of.inode);
    if machine.is_some() && machine == own || !has_own_table(source) {
        Ok(machine)
    } else {
        Err(NoBpf::OtherNamespace)
    }
}

/// Shows each socket to the visitor.
fn walk(lister: &mut Lister<'_>, machine: Option<u64>) -> Result<Everywhere, Failure> {
    let source = lister.source;
    let program = source.row_program(Rows::TcpEverywhere)?;
    let mut chain = Chain::default();
    let mut seen = FxHashSet::default();
    let (mut is_whole, mut is_kept) = (true, true);
    program.walk(&mut |piece| {
        is_whole &= decode_everywhere(piece, &mut |told| {
            match told {
                Told::Socket { chain: number, namespace, head } => {
                    if chain.number != number {
                        is_kept &= chain.pass_on(lister);
                        chain.number = number;
                    }
                    // The table of listeners is one in any case.
                    if head.state != Some(TcpState::Listen) {
                        seen.insert(namespace.inode);
                    }
                    chain.add(namespace, head);
                }
                Told::Again(number) if chain.number == number => chain.sockets.clear(),
                Told::Again(_) | Told::More => {}
            }
            !lister.full
        });
        if is_whole && !lister.full { Next::More } else { Next::Done }
    })?;
    is_kept &= chain.pass_on(lister);
    if is_whole && is_kept { Ok(Everywhere { machine, seen }) } else { Err(Failure::ODD) }
}

/// What was told of a chain, as long as that may become void.
#[derive(Default)]
struct Chain {
    number: u32,
    sockets: Vec<(Namespace, SocketRef<'static>)>,
}

impl Chain {
    /// Adds a socket. A connection that is told twice is about to become a block of TIME_WAIT: that is in the table before the
    /// socket leaves it.
    fn add(&mut self, namespace: Namespace, head: SocketRef<'static>) {
        if head.state != Some(TcpState::Listen) {
            let is_same = |(of, other): &(Namespace, SocketRef<'_>)| {
                *of == namespace
                    && other.state != Some(TcpState::Listen)
                    && (other.local, other.remote, other.interface())
                        == (head.local, head.remote, head.interface())
            };
            let earlier = self.sockets.len().saturating_sub(NEIGHBOURS);
            let found = self.sockets.iter().skip(earlier).position(is_same);
            if let Some(at) = found {
                self.sockets.remove(earlier + at);
            }
        }
        self.sockets.push((namespace, head));
    }

    /// Shows the sockets to the visitor. Returns false if the table cannot keep one.
    fn pass_on(&mut self, lister: &mut Lister<'_>) -> bool {
        let mut is_kept = true;
        for (namespace, head) in self.sockets.drain(..) {
            lister.namespace = Some(namespace);
            is_kept &= lister.listed(&head, &mut |_, _, _| {});
        }
        is_kept
    }
}
