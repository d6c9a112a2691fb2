//! Unix sockets as `ss` of iproute2 lists them.

use super::ss;
use crate::error::{LabError, Result};

/// A row of `ss -x`. Queues are left out, which change by themselves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixRow {
    /// The inode.
    pub inode: u64,
    /// `u_str`, `u_dgr` or `u_seq`.
    pub kind: String,
    /// The state, in the words of ss.
    pub state: String,
    /// The path, or an abstract name with `@` for each NUL; `*` where there is none.
    pub name: String,
    /// The inode of the peer; 0 for none.
    pub peer: u64,
    /// The processes that hold it, each once, in order.
    pub pids: Vec<u32>,
}

/// Lists all Unix sockets of the calling thread's network namespace with `ss -HOaxp`. Names must have no blanks.
///
/// # Errors
///
/// As [`ss`](super::ss()).
pub fn unix() -> Result<Vec<UnixRow>> {
    let text = ss::run(&["-HOaxp"])?;
    let mut rows: Vec<UnixRow> = text
        .lines()
        .map(|line| {
            parse(line).ok_or_else(|| {
                LabError::failed(
                    "parse the output of ss",
                    format!("unexpected line: {}", line.escape_debug()),
                )
            })
        })
        .collect::<Result<_>>()?;
    rows.sort();
    Ok(rows)
}

/// `netid state recv-q send-q name inode name-of-peer inode-of-peer [users:((...))]`
fn parse(line: &str) -> Option<UnixRow> {
    let mut words = line.split_ascii_whitespace();
    let mut word = || words.next().map(str::to_owned);
    let (kind, state) = (word()?, word()?);
    word()?;
    word()?;
    let (name, inode) = (word()?, word()?.parse().ok()?);
    word()?;
    let peer = word()?.parse().ok()?;
    Some(UnixRow { inode, kind, state, name, peer, pids: ss::parse_pids(line) })
}
