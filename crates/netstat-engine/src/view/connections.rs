//! Which sockets are rows of the connection table, and in which order.

use crate::row::{Row, Section};
use netstat_model::query::{Kinds, States};
use netstat_model::{
    Family, IpEndpoint, Owner, ProcessKey, Protocol, RowId, SocketRef, SocketTable, TcpState,
};
use std::cmp::Ordering;
use std::collections::HashSet;

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

    /// Returns whether a socket has rows.
    pub fn wants(&self, socket: &SocketRef<'_>) -> bool {
        let all = self.listening || self.bound;
        match (socket.protocol, socket.state) {
            (_, Some(TcpState::Listen)) => all,
            (_, Some(TcpState::Bound)) => self.bound,
            (Protocol::Udp, _) => all || (socket.remote.is_some() && !self.kinds.intersects(Kinds::TCP)),
            (Protocol::Tcp, _) => true,
            _ => all || socket.remote.is_some(),
        }
    }
}

/// The rows of the connection table, in order.
///
/// Sections: TCP and then bound-only TCP over IPv4, the same over IPv6, UDP over IPv4, over IPv6. Inside each, the order is
/// that of [`SocketTable::sort`], with dual-stack sockets in their places among those of IPv4.
#[derive(Debug)]
pub struct ConnectionsView<'a> {
    table: &'a SocketTable,
    options: ConnectionsOptions,
    rows: Rows,
    limit: usize,
}

/// Which rows, in which order.
#[derive(Debug)]
enum Rows {
    /// All of a table that was sorted, in its order.
    Sorted,
    /// These.
    Listed(Vec<(RowId, Section)>),
}

/// The parts of a table in the order of the rows, with whether bound-only sockets are meant.
const PARTS: [(Section, bool); 7] = [
    (Section::TcpV4, false),
    (Section::TcpV4, true),
    (Section::TcpV6, false),
    (Section::TcpV6, true),
    (Section::UdpV4, false),
    (Section::UdpV6, false),
    (Section::Other, false),
];

impl<'a> ConnectionsView<'a> {
    /// Sorts the table and chooses its rows.
    pub fn new(table: &'a mut SocketTable, options: &ConnectionsOptions) -> Self {
        table.sort();
        Self { table, options: *options, rows: Rows::Sorted, limit: usize::MAX }
    }

    /// Chooses rows and leaves them in the order in which the system gave them.
    pub fn unsorted(table: &'a SocketTable, options: &ConnectionsOptions) -> Self {
        let rows = table
            .rows_as_given()
            .filter_map(|id| Some((id, table.get(id)?)))
            .filter(|(_, socket)| options.wants(socket))
            .flat_map(|(id, socket)| {
                Section::of_socket(&socket, options.kinds).map(move |section| (id, section))
            })
            .collect();
        Self { table, options: *options, rows: Rows::Listed(rows), limit: usize::MAX }
    }

    /// Returns the rows.
    pub fn rows(&self) -> impl Iterator<Item = Row<'a>> + '_ {
        self.placed().map(|(_, row)| row).take(self.limit)
    }

    /// The rows, each with its place in the table.
    fn placed(&self) -> impl Iterator<Item = (RowId, Row<'a>)> + '_ {
        let (sorted, listed) = match &self.rows {
            Rows::Sorted => (PARTS.as_slice(), [].as_slice()),
            Rows::Listed(rows) => ([].as_slice(), rows.as_slice()),
        };
        let table = self.table;
        let sorted = sorted.iter().flat_map(|&(section, bound)| self.part(section, bound));
        let listed =
            listed.iter().filter_map(|&(id, section)| Some((id, Row { socket: table.get(id)?, section })));
        sorted.chain(listed)
    }

    /// The rows of one part of a sorted table, of those that are asked for.
    fn part(&self, section: Section, bound: bool) -> impl Iterator<Item = (RowId, Row<'a>)> + use<'a> {
        let (table, options) = (self.table, self.options);
        let transport = section.transport();
        let family = if section.is_v4() { Family::V4 } else { Family::V6 };
        let row = move |(id, socket)| (id, Row { socket, section });
        // Rows without a local address stand at the beginning.
        let begin = |family| {
            let rows = table.rows(transport, family, bound).map(row);
            rows.take_while(|(_, row)| {
                row.socket.local.address().is_some_and(|address| address.is_unspecified())
            })
        };
        let is_asked_for = match transport {
            Some(transport) => options.kinds.contains(Kinds::of(transport, family)),
            None => true,
        };
        let mut mixed: Vec<(RowId, Row<'_>)> = Vec::new();
        if is_asked_for && section.is_v4() {
            mixed.extend(begin(Family::V6).filter(|(_, row)| row.socket.families().v4));
        }
        let mut own = 0;
        if !mixed.is_empty() {
            // Dual-stack sockets take their places among the IPv4 ones, behind their equals.
            let dual = mixed.len();
            mixed.extend(begin(family));
            own = mixed.len() - dual;
            mixed.rotate_left(dual);
            mixed.sort_by(|(_, one), (_, two)| one.compare(two));
        }
        let rest = is_asked_for.then(|| table.rows(transport, family, bound).skip(own).map(row));
        mixed.into_iter().chain(rest.into_iter().flatten()).filter(move |(_, row)| options.wants(&row.socket))
    }

    /// Sorts the rows by a key; rows with equal keys stay as they are.
    pub(super) fn sort_by<K>(&mut self, key: impl Fn(&Row<'a>) -> K, compare: impl Fn(&K, &K) -> Ordering) {
        let mut keyed: Vec<_> = self.placed().map(|(id, row)| (key(&row), id, row.section)).collect();
        keyed.sort_by(|(one, ..), (two, ..)| compare(one, two));
        self.rows = Rows::Listed(keyed.into_iter().map(|(_, id, section)| (id, section)).collect());
    }

    /// Leaves the first rows only.
    pub fn limit(&mut self, rows: usize) {
        self.limit = rows;
    }

    /// Returns the foreign ends that may have names: for whoever looks them up. An address comes as often as it is shown.
    pub fn peers(&self) -> impl Iterator<Item = IpEndpoint> + '_ {
        self.rows().filter_map(|row| row.socket.remote_ip()).filter(|end| !end.address.is_unspecified())
    }

    /// Returns the principal processes of the rows and of their other ends, each once: for whoever reads what is known of
    /// them.
    pub fn processes(&self) -> Vec<ProcessKey> {
        self.owners(|owners| owners.get(..1).unwrap_or_default())
    }

    /// Returns all processes that hold a socket of the rows or of their other ends, each once.
    pub fn all_processes(&self) -> Vec<ProcessKey> {
        self.owners(|owners| owners)
    }

    fn owners(&self, of: impl Fn(&[Owner]) -> &[Owner]) -> Vec<ProcessKey> {
        let mut processes = HashSet::new();
        let mut last = None;
        let mut add = |owners: &[Owner]| {
            for owner in of(owners) {
                // Sockets of one process often stand together.
                if last.replace(owner.process) != Some(owner.process) {
                    processes.insert(owner.process);
                }
            }
        };
        for row in self.rows() {
            add(row.socket.ownership().owners());
            if row.section == Section::Other {
                add(row.socket.peer_ownership().owners());
            }
        }
        let mut processes: Vec<_> = processes.into_iter().collect();
        processes.sort_unstable();
        processes
    }
}

#[cfg(test)]
mod tests;
