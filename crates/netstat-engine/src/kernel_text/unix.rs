//! Unix sockets.

use super::words::{hex, number, words};

/// A Unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixSocket<'a> {
    /// The references to it in the kernel.
    pub references: u32,
    /// Its flags: `SO_ACCEPTCON` of a listener.
    pub flags: u32,
    /// Its type (`SOCK_STREAM` and its kin).
    pub kind: u32,
    /// Its state (`SS_CONNECTED` and its kin).
    pub state: u32,
    /// Its inode; 0 of a connection that waits to be accepted.
    pub inode: u64,
    /// Its path, or its name in the abstract namespace with `@` for each zero byte; empty without one. It ends where a line
    /// ends, which may be within the name.
    pub path: &'a [u8],
}

/// Returns the rows of `/proc/net/unix`.
pub fn unix_sockets(text: &[u8]) -> Vec<UnixSocket<'_>> {
    text.split(|&byte| byte == b'\n').skip(1).filter_map(row).collect()
}

fn row(line: &[u8]) -> Option<UnixSocket<'_>> {
    // Everything before the inode is of a fixed width, but for the address of the socket, which ends with a colon.
    let colon = line.iter().position(|&byte| byte == b':')?;
    let [references, _, flags, kind, state, inode, ..] = words(line.get(colon + 1..)?)[..] else {
        return None;
    };
    let [references, flags, kind, state] = [references, flags, kind, state].map(hex);
    // One space stands between the inode and the path.
    let fixed = line.get(colon + 1..)?;
    let rest = fixed.get(" 00000002 00000000 00010000 0001 01 ".len()..)?.trim_ascii_start();
    let path = rest.get(inode.len()..)?.strip_prefix(b" ").unwrap_or_default();
    Some(UnixSocket {
        references: references?,
        flags: flags?,
        kind: kind?,
        state: state?,
        inode: number(inode)?,
        path,
    })
}
