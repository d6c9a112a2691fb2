//! One socket as a row of a table.

use netstat_model::{Endpoint, Section, Socket, TableRow};

/// What the foreign column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// A UDP socket that accepts datagrams from any peer.
    Anybody,
    /// The remote endpoint; the wildcard address for a TCP socket without one.
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
    /// Returns what a row of this section shows for this remote endpoint.
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
    /// Returns the local endpoint in the form of this section.
    pub fn local(&self) -> Endpoint {
        self.section.local(self.socket.local)
    }

    /// Returns what the foreign column shows.
    pub fn foreign(&self) -> Foreign {
        Foreign::of(self.socket.remote, self.section)
    }

    /// Returns what the Windows table shows of the row.
    pub fn in_brief(&self) -> TableRow {
        let Socket { remote, state, ref ownership, .. } = *self.socket;
        TableRow { section: self.section, local: self.local(), remote, state, holder: ownership.holder() }
    }
}
