//! Which sockets are rows of the connection table, and in which order.

use netstat_model::query::{Kinds, States};
use netstat_model::{Endpoint, Family, Ownership, ProcessId, Protocol, Section, Socket, TableRow, TcpState};
use std::cmp::Ordering;
use std::net::IpAddr;

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionsOptions {
    /// Listening sockets and UDP as well (`-a`).
    pub listening: bool,
    /// All that, and sockets that are bound only (`-q`).
    pub bound: bool,
    /// Which parts of the table (`-p`). Where no part is TCP and neither `-a` nor `-q` is given, the connected
    /// UDP sockets are shown: what Windows does then is not known, and they are the connections of that protocol.
    pub kinds: Kinds,
}

impl ConnectionsOptions {
    /// The TCP states that can become rows, to ask the system for no more than that.
    pub fn states(&self) -> States {
        let mut states = States::CONNECTIONS;
        states.set(States::LISTEN, self.listening || self.bound);
        states.set(States::BOUND, self.bound);
        states
    }

    /// Whether a socket has rows.
    pub fn wants(&self, protocol: Protocol, state: Option<TcpState>, has_remote: bool) -> bool {
        let all = self.listening || self.bound;
        match protocol {
            Protocol::Tcp => match state {
                Some(TcpState::Listen) => all,
                Some(TcpState::Bound) => self.bound,
                _ => true,
            },
            Protocol::Udp => all || (has_remote && !self.kinds.intersects(Kinds::TCP)),
        }
    }
}

/// What stands in the foreign column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// A UDP socket that hears everybody.
    Anybody,
    /// The other end; for a TCP socket without one, any address.
    End(Endpoint),
}

/// One row: a socket in one part of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The socket.
    pub socket: &'a Socket,
    /// The part of the table.
    pub section: Section,
}

impl Foreign {
    /// What it is of a row of this part of the table.
    pub fn of(remote: Option<Endpoint>, section: Section) -> Self {
        match (remote, section) {
            (Some(end), _) => Self::End(end),
            (None, Section::UdpV4 | Section::UdpV6) => Self::Anybody,
            (None, Section::TcpV4) => Self::End(Endpoint::ANY_V4),
            (None, Section::TcpV6) => Self::End(Endpoint::ANY_V6),
        }
    }
}

impl Row<'_> {
    /// The local end as this part of the table has it.
    pub fn local(&self) -> Endpoint {
        self.section.local(self.socket.local)
    }

    /// The foreign end.
    pub fn foreign(&self) -> Foreign {
        Foreign::of(self.socket.remote, self.section)
    }

    /// What the table of Windows has of it.
    pub fn in_brief(&self) -> TableRow {
        let Socket { remote, state, ref ownership, .. } = *self.socket;
        TableRow { section: self.section, local: self.local(), remote, state, holder: ownership.holder() }
    }

    fn is_v4(&self) -> bool {
        self.section.is_v4()
    }

    /// The order inside a block, in full.
    fn compare(&self, other: &Self) -> Ordering {
        let ends = |row: &Self| {
            let (local, remote) = (row.local(), row.socket.remote);
            (
                (number(local.address), local.scope, local.port),
                remote.map(|end| (number(end.address), end.scope, end.port)),
                row.socket.id.inode,
                row.socket.state,
            )
        };
        ends(self).cmp(&ends(other))
    }
}

/// The rows of the connection table, in order.
///
/// Blocks: TCP and then bound-only TCP over IPv4, the same over IPv6, UDP over IPv4, over IPv6. Inside a block
/// local address, scope and port, then the remote ones, each as a number; sockets that are equal in all of these
/// by inode and state, so that two runs agree. [`Table::sort`] has the same order.
///
/// [`Table::sort`]: netstat_model::Table::sort
#[derive(Debug)]
pub struct ConnectionsView<'a> {
    rows: Vec<Row<'a>>,
}

impl<'a> ConnectionsView<'a> {
    /// Chooses and sorts. A dual-stack listener or unconnected UDP socket gives two rows; a UDP socket of both
    /// families with an IPv6 peer gives one, in its own part, where Windows adds an IPv4 row with an address
    /// that does not exist.
    pub fn new(sockets: &'a [Socket], options: &ConnectionsOptions) -> Self {
        let mut blocks: [Vec<Entry<'a>>; 6] = Default::default();
        for row in chosen(sockets, options) {
            if let Some(block) = blocks.get_mut(block(&row)) {
                block.push(Entry { key: key(&row), row });
            }
        }
        let mut rows = Vec::with_capacity(blocks.iter().map(Vec::len).sum());
        for mut block in blocks {
            // Stable, so that sockets that are equal in everything stay as the kernel gave them.
            block.sort_by(|a, b| a.key.cmp(&b.key).then_with(|| a.row.compare(&b.row)));
            rows.extend(block.into_iter().map(|entry| entry.row));
        }
        Self { rows }
    }

    /// Chooses likewise and leaves the order as the system gave it.
    pub fn unsorted(sockets: &'a [Socket], options: &ConnectionsOptions) -> Self {
        Self { rows: chosen(sockets, options).collect() }
    }

    /// Puts the rows into another order.
    pub(super) fn rows_mut(&mut self) -> &mut Vec<Row<'a>> {
        &mut self.rows
    }

    /// The rows.
    pub fn rows(&self) -> &[Row<'a>] {
        &self.rows
    }

    /// The foreign ends that may have names: for whoever looks them up. An address comes as often as it is shown.
    pub fn peers(&self) -> impl Iterator<Item = Endpoint> + '_ {
        self.rows.iter().filter_map(|row| row.socket.remote).filter(|end| !end.address.is_unspecified())
    }

    /// The processes shown, each once: for whoever reads what is known of them.
    pub fn processes(&self) -> Vec<ProcessId> {
        let mut processes: Vec<_> = self
            .rows
            .iter()
            .filter_map(|row| row.socket.ownership.principal())
            .map(|it| it.process)
            .collect();
        processes.sort_unstable();
        processes.dedup();
        processes
    }

    /// All processes that hold a socket of the rows, each once.
    pub fn all_processes(&self) -> Vec<ProcessId> {
        let owners = self.rows.iter().flat_map(|row| match &row.socket.ownership {
            Ownership::Held(owners) => owners.as_slice(),
            Ownership::NotRead | Ownership::Listed { .. } | Ownership::Unowned(_) => &[],
        });
        let mut processes: Vec<_> = owners.map(|owner| owner.process).collect();
        processes.sort_unstable();
        processes.dedup();
        processes
    }
}

/// The rows of each socket that is wanted, in the order of the sockets.
fn chosen<'a>(sockets: &'a [Socket], options: &ConnectionsOptions) -> impl Iterator<Item = Row<'a>> {
    sockets.iter().filter(|it| options.wants(it.protocol, it.state, it.remote.is_some())).flat_map(
        move |socket| {
            let families = socket.sections();
            [(Family::V4, families.v4), (Family::V6, families.v6)].into_iter().filter_map(
                move |(family, present)| {
                    let wanted = present && options.kinds.contains(Kinds::of(socket.protocol, family));
                    wanted.then(|| Row { socket, section: Section::of(socket.protocol, family) })
                },
            )
        },
    )
}

/// A row with the beginning of its sort order, so that most comparisons need not look at the socket.
struct Entry<'a> {
    key: (u128, u128),
    row: Row<'a>,
}

fn block(row: &Row<'_>) -> usize {
    let bound = row.socket.state == Some(TcpState::Bound);
    match row.section {
        Section::TcpV4 => usize::from(bound),
        Section::TcpV6 => 2 + usize::from(bound),
        Section::UdpV4 => 4,
        Section::UdpV6 => 5,
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// IPv4 rows fit whole; of IPv6 rows the last six bytes of the remote end are left to [`Row::compare`].
fn key(row: &Row<'_>) -> (u128, u128) {
    let local = row.local();
    let (remote, remote_port) = row.socket.remote.map_or((0, 0), |end| (number(end.address), end.port));
    if row.is_v4() {
        let short = |address: u128| address.min(u128::from(u32::MAX));
        let local_end = short(number(local.address)) << 16 | u128::from(local.port);
        let remote_end = short(remote) << 16 | u128::from(remote_port);
        (local_end << 48 | remote_end, 0)
    } else {
        (number(local.address), u128::from(local.scope) << 96 | u128::from(local.port) << 80 | remote >> 48)
    }
}

#[cfg(test)]
mod tests;
