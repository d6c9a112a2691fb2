//! Which TCP connection to close, and which processes this one descends from. `live` alone closes and ends.

use super::memory::{u32_at, u64_at};
use super::mib_table::{FIRST_ROW, rows};
use super::processes::Listed;
use super::sockets::layout::{TCP_V4, decode_end};
use super::source::{Question, Source};
use netstat_model::{Family, OwnershipRef, ProcessKey, SocketRef, Transport};
use rustc_hash::FxHashMap;
use std::io;

/// `MIB_TCP_STATE_DELETE_TCB`, the only state that can be set.
const DELETE: u32 = 12;

/// The size of a `MIB_TCPROW`: the state and both ends, with which a row of the larger table begins.
const ROW: usize = 20;

/// A connection is dated by a clock that steps, up to 16 ms behind the one that `seen` comes from: 20 ms in hundreds of
/// nanoseconds.
const STEP: u64 = 200_000;

/// The longest chain of processes that is followed.
const GENERATIONS: usize = 64;

/// Returns the row by which Windows closes a connection; `None` if it is gone: no connection has these ends, or one that is
/// another process's, or younger than `seen`, a `FILETIME` before the socket was listed.
///
/// # Errors
/// If the table was refused, or Windows has no way to close such a socket.
pub(super) fn row_to_close(
    source: &dyn Source,
    socket: &SocketRef<'_>,
    seen: u64,
) -> io::Result<Option<[u8; ROW]>> {
    let no_way = |why| io::Error::new(io::ErrorKind::Unsupported, why);
    let (Some(local), Some(remote), Some(Transport::Tcp)) =
        (socket.local_ip(), socket.remote_ip(), socket.protocol.transport())
    else {
        return Err(no_way("Windows closes connections alone, no listener and no UDP socket"));
    };
    if socket.family != Some(Family::V4) {
        return Err(no_way("Windows has no way to close a connection over IPv6"));
    }
    let pid = match socket.ownership() {
        OwnershipRef::Listed { pid, .. } => pid,
        held => held.principal().map_or(0, |owner| owner.process.pid),
    };
    let oldest = seen.saturating_sub(STEP);
    let table = source.ask(&Question::TcpTable(Family::V4))?;
    let (mut listed, _) = rows(table.bytes(), FIRST_ROW, TCP_V4.size);
    let found = listed.find(|row| {
        let end = |place| decode_end(row, Family::V4, place);
        let same_ends = end(TCP_V4.local) == Some(local) && TCP_V4.remote.and_then(end) == Some(remote);
        same_ends && u32_at(row, TCP_V4.pid) == Some(pid)
    });
    let Some(found) = found else { return Ok(None) };
    // Only one connection has these ends at a time: if this one is as old, it is the one that was seen.
    match u64_at(found, TCP_V4.created) {
        None | Some(0) => {
            return Err(no_way("Windows does not tell how old it is, so it may be another one"));
        }
        Some(created) if created > oldest => return Ok(None),
        Some(_) => {}
    }
    let Some(mut row) = found.first_chunk::<ROW>().copied() else { return Ok(None) };
    row.iter_mut().zip(DELETE.to_le_bytes()).for_each(|(byte, of_state)| *byte = of_state);
    Ok(Some(row))
}

/// Returns a process and those that it descends from. One that is younger than its child only has the number of the parent.
pub(super) fn ancestry(listed: &[Listed], own: u32) -> Vec<ProcessKey> {
    let by_pid: FxHashMap<u32, &Listed> = listed.iter().map(|process| (process.id.pid, process)).collect();
    let mut line: Vec<ProcessKey> = Vec::new();
    let mut next = by_pid.get(&own);
    while let Some(process) = next
        && line.len() < GENERATIONS
        && line.last().is_none_or(|child| process.id.start_time <= child.start_time)
    {
        line.push(process.id);
        next = by_pid.get(&process.parent).filter(|parent| parent.id.pid != 0);
    }
    line
}

#[cfg(test)]
mod tests;
