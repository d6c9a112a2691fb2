//! TCP sockets from the BPF program that lists them (`bpf/tcp.bpf.c`), in half the time that sock_diag takes.

use super::Lister;
use super::requests::kernel_states;
use crate::linux::bpf::{Failure, TcpRow, TcpSettings, decode_tcp_rows};
use crate::linux::privileges::why_no_bpf;
use crate::linux::source::{Next, Source};
use netstat_model::query::{Fields, Kinds, SocketQuery, SocketSource, States};
use netstat_model::{Error, ListMethod, NoBpf, Operation};
use std::io;

/// The number of TCP sockets from which on the program costs less than sock_diag. Loading it takes 2 to 4 ms, and it saves half
/// a microsecond for each.
const MANY: u64 = 10_000;

/// With less available memory than this the kernel may have none for the batches of an iterator, which it asks for where it cannot
/// wait.
const LEAST_MEMORY_KIB: u64 = 128 << 10;

/// The states that the program lists: it does not see those of the others.
const LISTED: States = States::all().difference(States::BOUND).difference(States::CLOSED);

/// Lists the TCP sockets of the own network namespace, except those that are only bound, if the program is to be used and can
/// be. Returns whether it did.
///
/// # Errors
/// If the program was asked for and failed, or it failed when sockets had been visited that must not be visited twice.
pub(super) fn list(query: &SocketQuery, lister: &mut Lister<'_>) -> Result<bool, Error> {
    let before = lister.progress();
    let reason = match is_worth_it(lister.source, query) {
        Ok(()) => match walk(query, lister) {
            Ok(()) => {
                lister.table.set_listed_by(ListMethod::Bpf);
                return Ok(true);
            }
            Err(failure) => failure.reason(),
        },
        Err(reason) => reason,
    };
    if query.source == SocketSource::Iter || !lister.take_back(before) {
        let reason = io::Error::other(format!("by BPF: {reason}"));
        return Err(Error::new(Operation::ListSockets, reason));
    }
    lister.table.set_listed_by(ListMethod::Diag(reason));
    Ok(false)
}

/// Returns why the program is not worth loading, or cannot be used.
fn is_worth_it(source: &dyn Source, query: &SocketQuery) -> Result<(), NoBpf> {
    let is_told =
        query.fields.intersection(Fields::TRAFFIC_CLASS | Fields::CONGESTION | Fields::MEMORY).is_empty();
    match query.source {
        SocketSource::Diag | SocketSource::Proc => return Err(NoBpf::NotAsked),
        _ if !is_told => return Err(NoBpf::OtherQuestion),
        SocketSource::Iter => {}
        SocketSource::Auto => {
            // sock_diag looks at no connection where only listeners are wanted, and tells only of what a filter lets pass.
            let most = query.states.contains(States::ESTABLISHED) && query.kinds.contains(Kinds::TCP_V4);
            if !most || query.programs.tcp.is_some() {
                return Err(NoBpf::OtherQuestion);
            }
            if tcp_sockets(source).is_some_and(|sockets| sockets < MANY) {
                return Err(NoBpf::FewSockets);
            }
            if is_short_of_memory(source) {
                return Err(NoBpf::LittleMemory);
            }
        }
    }
    why_no_bpf(source)
}

/// Returns how many TCP sockets there are in the own network namespace; `None` where that is not told.
fn tcp_sockets(source: &dyn Source) -> Option<u64> {
    let mut bytes = Vec::new();
    source.read("/proc/net/sockstat", &mut bytes).ok()?;
    let v4 = decode_sockstat(&bytes, b"TCP:")?;
    // A kernel without IPv6 lacks the file.
    let v6 =
        source.read("/proc/net/sockstat6", &mut bytes).ok().and_then(|()| decode_sockstat(&bytes, b"TCP6:"));
    Some(v4.saturating_add(v6.unwrap_or_default()))
}

/// Whether the kernel may have no memory for an iterator.
pub(super) fn is_short_of_memory(source: &dyn Source) -> bool {
    available_memory(source).is_some_and(|kib| kib < LEAST_MEMORY_KIB)
}

/// Returns how much memory can be had without swapping, in KiB; `None` where that is not told.
fn available_memory(source: &dyn Source) -> Option<u64> {
    let mut bytes = Vec::new();
    source.read("/proc/meminfo", &mut bytes).ok()?;
    let line = bytes.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"MemAvailable:"))?;
    std::str::from_utf8(line).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

/// Adds up the sockets in use and in TIME_WAIT in a line of `/proc/net/sockstat`:
///
/// ```text
/// TCP: inuse 5 orphan 0 tw 2 alloc 9 mem 1
/// ```
fn decode_sockstat(bytes: &[u8], protocol: &[u8]) -> Option<u64> {
    let line = bytes.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(protocol))?;
    let words: Vec<&str> = std::str::from_utf8(line).ok()?.split_ascii_whitespace().collect();
    let (pairs, _) = words.as_chunks();
    let counts = pairs.iter().filter(|[name, _]| matches!(*name, "inuse" | "tw"));
    counts.map(|[_, count]| count.parse::<u64>().ok()).try_fold(0, |sum: u64, count| sum.checked_add(count?))
}

/// Shows each row to the visitor.
fn walk(query: &SocketQuery, lister: &mut Lister<'_>) -> Result<(), Failure> {
    let settings = TcpSettings {
        fields: query.tcp,
        states: kernel_states(query.states & LISTED),
        // Nobody has asked for what comes with every row of sock_diag where nothing but the course of connections is wanted.
        details: !query.fields.is_empty(),
        ages: query.fields.contains(Fields::AGE),
    };
    let program = lister.source.tcp_program(settings)?;
    let (mut is_whole, mut is_kept) = (true, true);
    program.walk(&mut |piece| {
        is_whole &= decode_tcp_rows(piece, settings, &mut |row| {
            is_kept &= show(row, lister);
            !lister.full
        });
        if is_whole && !lister.full { Next::More } else { Next::Done }
    })?;
    if is_whole && is_kept { Ok(()) } else { Err(Failure::ODD) }
}

/// Adds a row. Returns false if the table cannot keep it.
#[inline(always)]
fn show(row: &TcpRow<'_>, lister: &mut Lister<'_>) -> bool {
    lister.listed(&row.head, &mut |wanted, socket, spare| row.add_details(wanted, socket, spare))
}

#[cfg(test)]
mod tests;
