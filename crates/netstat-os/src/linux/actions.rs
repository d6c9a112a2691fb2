//! Closes sockets (`SOCK_DESTROY`) and ends processes.

use super::host;
use super::namespaces;
use super::sockets::destroy_request;
use super::source::{Netlink, NetworkSource, ProcessSource, Source};
use super::stat::{Stat, fetch_stat, is_gone};
use super::wire;
use crate::contract::{Closed, Ended, Ending};
use netstat_model::{Error, Namespace, Operation, ProcessKey, SocketRef, TcpState};
use rustix::io::Errno;
use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

/// `SOCK_DESTROY`. Linux 4.5, with `CONFIG_INET_DIAG_DESTROY`.
const SOCK_DESTROY: u16 = 21;

/// How often to look whether processes have ended.
const PAUSE: Duration = Duration::from_millis(5);

/// The longest chain of processes that is followed: numbers that are used again could lead in a circle.
const GENERATIONS: usize = 64;

/// Closes sockets, each in its own network namespace.
pub(super) fn close(source: &dyn Source, sockets: &[SocketRef<'_>]) -> Vec<Result<Closed, Error>> {
    let mut places = Places { source, own: host::namespace(source), paths: None, entered: HashMap::new() };
    let closed = sockets.iter().map(|socket| {
        let place = places.of(socket.namespace())?;
        close_one(place.unwrap_or(source), socket)
    });
    closed.map(|closed| closed.map_err(|error| Error::new(Operation::CloseSocket, error))).collect()
}

fn close_one(place: &dyn NetworkSource, socket: &SocketRef<'_>) -> io::Result<Closed> {
    let Some(request) = destroy_request(socket) else {
        // Without a cookie it could be any socket with these ends.
        return Err(io::Error::new(io::ErrorKind::Unsupported, "the kernel did not tell which socket it is"));
    };
    let Err(error) = wire::change(place, Netlink::SockDiag, SOCK_DESTROY, &request) else {
        return Ok(Closed::Accepted);
    };
    match Errno::from_io_error(&error) {
        Some(Errno::NOENT) => Ok(Closed::NotFound),
        Some(Errno::PERM | Errno::ACCESS) => {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "it takes root (CAP_NET_ADMIN)"))
        }
        Some(Errno::OPNOTSUPP) => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            match socket.state {
                Some(TcpState::TimeWait | TcpState::SynReceived) => {
                    "this kernel closes no socket in this state before its time"
                }
                _ => "this kernel was built without it (CONFIG_INET_DIAG_DESTROY)",
            },
        )),
        _ => Err(error),
    }
}

/// The network namespaces that have been entered.
struct Places<'a> {
    source: &'a dyn Source,
    own: Option<Namespace>,
    /// The file of each, once somebody has asked.
    paths: Option<HashMap<u64, String>>,
    entered: HashMap<u64, Box<dyn NetworkSource + 'a>>,
}

impl Places<'_> {
    /// Enters a network namespace; `None` for that of this program.
    fn of(&mut self, namespace: Option<Namespace>) -> io::Result<Option<&dyn NetworkSource>> {
        let Some(Namespace { inode }) = namespace.filter(|namespace| self.own != Some(*namespace)) else {
            return Ok(None);
        };
        if !self.entered.contains_key(&inode) {
            let source = self.source;
            let paths = self.paths.get_or_insert_with(|| {
                let found = namespaces::find(source).map(|answer| answer.data).unwrap_or_default();
                found.into_iter().map(|place| (place.namespace.id.inode, place.path)).collect()
            });
            let gone = || io::Error::new(io::ErrorKind::NotFound, "its network namespace is not found");
            let path = paths.get(&inode).ok_or_else(gone)?;
            self.entered.insert(inode, source.enter(path, inode)?);
        }
        Ok(self.entered.get(&inode).map(|place| &**place))
    }
}

/// A process that was told to end.
enum Told<'a> {
    /// It is waited for.
    Waiting(Box<dyn ProcessSource + 'a>),
    /// What became of it is known.
    Done(Result<Ended, Error>),
}

/// Ends processes, and waits for all of them together.
pub(super) fn end(
    source: &dyn Source,
    processes: &[ProcessKey],
    how: Ending,
    patience: Duration,
) -> Vec<Result<Ended, Error>> {
    let begin = Instant::now();
    let failed = |error| Err(Error::new(Operation::EndProcess, error));
    let mut told: Vec<Told<'_>> = processes
        .iter()
        .map(|process| match tell(source, *process, how) {
            Ok(Some(handle)) => Told::Waiting(handle),
            Ok(None) => Told::Done(Ok(Ended::Before)),
            Err(error) if is_gone(&error) => Told::Done(Ok(Ended::Before)),
            Err(error) => Told::Done(failed(error)),
        })
        .collect();
    loop {
        let mut waits = false;
        for one in &mut told {
            if let Told::Waiting(handle) = one {
                match has_ended(&**handle) {
                    Ok(false) => waits = true,
                    Ok(true) => *one = Told::Done(Ok(Ended::Yes)),
                    Err(error) => *one = Told::Done(failed(error)),
                }
            }
        }
        if !waits || begin.elapsed() >= patience {
            break;
        }
        std::thread::sleep(PAUSE);
    }
    let became = |one| match one {
        Told::Done(became) => became,
        Told::Waiting(_) => Ok(Ended::NotYet),
    };
    told.into_iter().map(became).collect()
}

/// Tells a process to end, by a handle that stays with it. Returns `None` if it has ended before: the handle is that of a
/// process that started at another time.
fn tell<'a>(
    source: &'a dyn Source,
    process: ProcessKey,
    how: Ending,
) -> io::Result<Option<Box<dyn ProcessSource + 'a>>> {
    let handle = source.process(process.pid)?;
    let stat = fetch_stat(&*handle, &mut Vec::new())?;
    if stat.start_time != process.start_time || is_dead(stat) {
        return Ok(None);
    }
    handle.end(how).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::PERM) => io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is another user's process; it takes root (CAP_KILL)",
        ),
        Some(Errno::NOSYS) => io::Error::new(io::ErrorKind::Unsupported, "it needs Linux 5.1 or later"),
        _ => error,
    })?;
    Ok(Some(handle))
}

fn has_ended(handle: &dyn ProcessSource) -> io::Result<bool> {
    match fetch_stat(handle, &mut Vec::new()) {
        Ok(stat) => Ok(is_dead(stat)),
        Err(error) if is_gone(&error) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Whether nothing of the process runs any more: its parent alone has not waited for it yet.
fn is_dead(stat: Stat) -> bool {
    stat.is_zombie() && stat.threads <= 1
}

/// Returns a process and those that it descends from.
pub(super) fn ancestry(source: &dyn Source, own: u32) -> Vec<ProcessKey> {
    let (mut line, mut pid) = (Vec::new(), own);
    while pid != 0 && line.len() < GENERATIONS {
        let stat = source.process(pid).and_then(|handle| fetch_stat(&*handle, &mut Vec::new()));
        let Ok(Stat { parent, start_time, .. }) = stat else { break };
        line.push(ProcessKey { pid, start_time });
        pid = parent;
    }
    line
}

#[cfg(test)]
mod tests;
