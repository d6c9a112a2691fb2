//! Unix sockets, from sock_diag (`unix_diag`), or from `/proc/net/unix`, which does not tell who is connected with whom.

use super::answers::{Dumped, Lines};
use crate::linux::source::{Netlink, NetworkSource};
use crate::linux::tcp_info::decode_memory;
use crate::linux::wire::{self, u8_at, u32_at};
use netstat_model::query::{Fields, SocketQuery};
use netstat_model::{
    Endpoint, FamilyFacts, NoOwner, Ownership, Protocol, Socket, SocketFile, SocketId, SocketType, TcpState,
    UnixFacts,
};
use rustc_hash::FxHashMap;

const AF_UNIX: u8 = 1;

const UDIAG_SHOW_NAME: u32 = 1;
const UDIAG_SHOW_VFS: u32 = 1 << 1;
const UDIAG_SHOW_PEER: u32 = 1 << 2;
const UDIAG_SHOW_ICONS: u32 = 1 << 3;
const UDIAG_SHOW_RQLEN: u32 = 1 << 4;
const UDIAG_SHOW_MEMINFO: u32 = 1 << 5;
const UDIAG_SHOW_UID: u32 = 1 << 6;

const UNIX_DIAG_NAME: u16 = 0;
const UNIX_DIAG_VFS: u16 = 1;
const UNIX_DIAG_PEER: u16 = 2;
const UNIX_DIAG_ICONS: u16 = 3;
const UNIX_DIAG_RQLEN: u16 = 4;
const UNIX_DIAG_MEMINFO: u16 = 5;
const UNIX_DIAG_UID: u16 = 7;

/// `struct unix_diag_msg`.
const MESSAGE: usize = 16;

/// `__SO_ACCEPTCON`, a flag in `/proc/net/unix`: the socket listens.
const LISTENS: u32 = 1 << 16;

/// `SS_CONNECTED`, a state in `/proc/net/unix`.
const CONNECTED: u8 = 3;

/// A row of the dump.
#[derive(Debug)]
pub(in crate::linux) struct Row {
    socket: Socket,
    inode: u32,
    /// The inode of the peer; 0 where the peer was closed, or its connection waits to be accepted.
    peer: Option<u32>,
    /// The peers of the connections that wait to be accepted.
    waiting: Vec<u32>,
}

/// Lists the sockets of the reader's network namespace. Those of another one may be at the other end.
pub(super) fn from_sock_diag(source: &dyn NetworkSource, query: &SocketQuery) -> Dumped {
    let (rows, end) = wire::collect(source, Netlink::SockDiag, super::SOCK_DIAG_BY_FAMILY, &body(query), {
        |message| message.of_kind(super::SOCK_DIAG_BY_FAMILY).and_then(decode_row)
    })?;
    Ok((connect(rows), end))
}

/// Returns a `struct unix_diag_req`.
#[doc(alias = "unix_diag_req")]
fn body(query: &SocketQuery) -> Vec<u8> {
    let mut show = UDIAG_SHOW_NAME
        | UDIAG_SHOW_VFS
        | UDIAG_SHOW_PEER
        | UDIAG_SHOW_ICONS
        | UDIAG_SHOW_RQLEN
        | UDIAG_SHOW_UID;
    if query.fields.contains(Fields::MEMORY) {
        show |= UDIAG_SHOW_MEMINFO;
    }
    let mut body = vec![AF_UNIX, 0, 0, 0];
    // All states, any inode, what to show, any cookie.
    for number in [u32::MAX, 0, show, u32::MAX, u32::MAX] {
        body.extend_from_slice(&number.to_ne_bytes());
    }
    body
}

/// Decodes a row: `struct unix_diag_msg` and its attributes. Returns `None` if it is too short or of another family.
#[doc(alias = "unix_diag_msg")]
pub(in crate::linux) fn decode_row(bytes: &[u8]) -> Option<Row> {
    let fixed: &[u8; MESSAGE] = bytes.first_chunk()?;
    if fixed[0] != AF_UNIX {
        return None;
    }
    let inode = u32_at(fixed, 4)?;
    let cookie = u64::from(u32_at(fixed, 8)?) | u64::from(u32_at(fixed, 12)?) << 32;
    let (mut name, mut peer, mut waiting, mut facts) = (None, None, Vec::new(), UnixFacts::default());
    let mut socket = bare(decode_type(fixed[1])?, inode);
    socket.id.cookie = (cookie != 0).then_some(cookie);
    socket.state = decode_state(fixed[2]);
    for (kind, value) in wire::attributes(&bytes[MESSAGE..]) {
        match kind {
            UNIX_DIAG_NAME => name = decode_name(value),
            UNIX_DIAG_VFS => {
                let file = u32_at(value, 0).zip(u32_at(value, 4));
                facts.file = file.map(|(inode, device)| SocketFile { inode, device });
            }
            UNIX_DIAG_PEER => peer = u32_at(value, 0),
            UNIX_DIAG_ICONS => {
                let (inodes, _) = value.as_chunks::<4>();
                waiting.extend(inodes.iter().map(|inode| u32::from_ne_bytes(*inode)));
            }
            UNIX_DIAG_RQLEN => (socket.recv_queue, socket.send_queue) = (u32_at(value, 0), u32_at(value, 4)),
            UNIX_DIAG_MEMINFO => socket.memory = Some(Box::new(decode_memory(value))),
            UNIX_DIAG_UID => socket.uid = u32_at(value, 0),
            _ => {}
        }
    }
    if let Some(name) = name {
        socket.local = name;
    }
    socket.family_facts = Some(Box::new(FamilyFacts::Unix(facts)));
    Some(Row { socket, inode, peer, waiting })
}

/// Returns a socket without a name. One without an inode waits to be accepted, so that no process has it yet.
fn bare(kind: SocketType, inode: u32) -> Socket {
    let local = Endpoint::Inode(inode.into());
    let mut socket = Socket::of_protocol(Protocol::Unix(kind), local, None);
    socket.id = SocketId { inode: (inode != 0).then_some(inode.into()), cookie: None };
    if inode == 0 {
        socket.ownership = Ownership::Unowned(NoOwner::NoProcess);
    }
    socket
}

fn decode_type(number: u8) -> Option<SocketType> {
    Some(match number {
        1 => SocketType::Stream,
        2 => SocketType::Datagram,
        5 => SocketType::SeqPacket,
        _ => return None,
    })
}

/// Decodes the state, which has the numbers of TCP. What is not connected has none: the kernel says CLOSED of it.
fn decode_state(number: u8) -> Option<TcpState> {
    match number {
        1 => Some(TcpState::Established),
        2 => Some(TcpState::SynSent),
        7 => None,
        10 => Some(TcpState::Listen),
        other => Some(TcpState::Unknown(other)),
    }
}

/// Decodes a name. A path ends at the first NUL, an abstract name begins with one and may have more.
fn decode_name(bytes: &[u8]) -> Option<Endpoint> {
    match bytes.split_first()? {
        (0, name) => Some(Endpoint::Abstract(name.into())),
        _ => Some(Endpoint::Path(bytes.split(|&byte| byte == 0).next()?.into())),
    }
}

/// What an inode leads to. The kernel gives one inode to two sockets when it has come round 2^32 of them.
#[derive(Clone, Copy)]
enum Found {
    One(usize),
    Several,
}

/// Returns the sockets with their other ends: a peer by its name, where it has one. A connection that waits to be accepted
/// is connected with a socket that nobody has yet; its peer is the listener.
pub(in crate::linux) fn connect(mut rows: Vec<Row>) -> Vec<Socket> {
    let mut by_inode: FxHashMap<u32, Found> = FxHashMap::default();
    let mut listeners: FxHashMap<u32, Found> = FxHashMap::default();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.inode != 0) {
        by_inode.entry(row.inode).and_modify(|found| *found = Found::Several).or_insert(Found::One(at));
        for &client in row.waiting.iter().filter(|&&client| client != 0) {
            listeners.entry(client).and_modify(|found| *found = Found::Several).or_insert(Found::One(at));
        }
    }
    for at in 0..rows.len() {
        let Some(Row { inode, peer: Some(peer), .. }) = rows.get(at) else { continue };
        let (peer, is_waiting) = match (peer, listeners.get(inode)) {
            (0, Some(Found::One(listener))) => match rows.get(*listener) {
                Some(listener) => (listener.inode, true),
                None => continue,
            },
            // It was closed.
            (0, _) => continue,
            (peer, _) => (*peer, false),
        };
        let (name, is_certain) = match by_inode.get(&peer) {
            Some(Found::One(at)) => (rows.get(*at).map(|row| row.socket.local.clone()), true),
            Some(Found::Several) => (None, false),
            // It is in another network namespace.
            None => (None, true),
        };
        let Some(row) = rows.get_mut(at) else { continue };
        row.socket.remote = Some(name.unwrap_or(Endpoint::Inode(peer.into())));
        if let Some(FamilyFacts::Unix(facts)) = row.socket.family_facts.as_deref_mut() {
            facts.peer = is_certain.then_some(peer.into());
            facts.is_waiting = is_waiting;
        }
    }
    rows.into_iter().map(|row| row.socket).collect()
}

/// Lists the sockets from `/proc/net/unix`.
pub(super) fn from_proc_net(source: &dyn NetworkSource) -> Lines {
    let mut bytes = Vec::new();
    source.read("/proc/net/unix", &mut bytes)?;
    Ok(decode_file(&bytes))
}

/// Decodes `/proc/net/unix`. Returns the sockets and the number of malformed lines: a path may have a line end in it.
pub(in crate::linux) fn decode_file(bytes: &[u8]) -> (Vec<Socket>, u64) {
    let (mut sockets, mut odd) = (Vec::new(), 0);
    // The first line is the heading.
    for line in bytes.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.is_empty()) {
        match decode_line(line) {
            Some(socket) => sockets.push(socket),
            None => odd += 1,
        }
    }
    (sockets, odd)
}

/// Decodes `Num: RefCount Protocol Flags Type St Inode [Path]`. An abstract name begins with `@`, which also stands for each
/// NUL in it.
fn decode_line(line: &[u8]) -> Option<Socket> {
    let mut rest = line;
    let mut word = || {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        rest = behind;
        std::str::from_utf8(word).ok().filter(|word| !word.is_empty())
    };
    word()?.strip_suffix(':')?;
    word()?;
    word()?;
    let flags = u32::from_str_radix(word()?, 16).ok()?;
    let kind = decode_type(u8::from_str_radix(word()?, 16).ok()?)?;
    let state = u8::from_str_radix(word()?, 16).ok()?;
    let inode = word()?.parse().ok()?;
    let mut socket = bare(kind, inode);
    socket.state = match (flags & LISTENS != 0, state) {
        (true, _) => Some(TcpState::Listen),
        (_, CONNECTED) => Some(TcpState::Established),
        _ => None,
    };
    // One space; the name may begin with others.
    if let Some(name) = rest.get(1..).filter(|name| !name.is_empty()) {
        socket.local = match u8_at(name, 0) {
            Some(b'@') => Endpoint::Abstract(name.get(1..)?.into()),
            _ => Endpoint::Path(name.into()),
        };
    }
    socket.family_facts = Some(Box::new(FamilyFacts::Unix(UnixFacts::default())));
    Some(socket)
}

#[cfg(test)]
mod tests;
