//! The columns of the classic table that may stand behind the state and the process ID: one `const` each.

use crate::render::words::UNKNOWN;
use crate::render::{decimal, words};
use netstat_model::{Offload, Protocol, Socket, TcpState};

/// What a column shows beyond the socket itself.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Who handles the TCP connections of a system that does not tell it of each.
    pub offload: Offload,
}

/// One column of the classic table.
#[derive(Debug)]
pub struct Column {
    /// What stands above it.
    pub heading: &'static str,
    /// How wide its cells are at least, also at the end of a line.
    pub least: usize,
    /// Whether UDP sockets have a value.
    pub udp: bool,
    /// Writes the cell.
    pub write: fn(&mut Vec<u8>, &Socket, &Facts),
}

/// Who handles the connection (`-t`); no sample has a word for UDP.
pub const OFFLOAD: Column = Column {
    heading: "Offload State",
    least: 12,
    udp: false,
    write: |out, socket, facts| {
        let known = socket.windows.as_ref().map_or(Some(facts.offload), |windows| windows.offload);
        out.extend_from_slice(known.map_or(UNKNOWN, words::offload).as_bytes());
    },
};

/// How long the socket has been in its state (`-i`), in milliseconds.
pub const TIME_IN_STATE: Column = Column {
    heading: "Time in State (ms)",
    least: 0,
    udp: false,
    write: |out, socket, _| match socket.time_in_state {
        // Half a thousand million years fit.
        Some(time) => decimal(out, u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        None => out.extend_from_slice(UNKNOWN.as_bytes()),
    },
};

/// The differentiated services code point (`-d`), 0 to 63: the upper six bits of the traffic class.
pub const DSCP: Column = Column {
    heading: "DSCP",
    least: 0,
    udp: true,
    write: |out, socket, _| match socket.traffic_class {
        Some(class) => decimal(out, u64::from(class >> 2)),
        None => out.extend_from_slice(UNKNOWN.as_bytes()),
    },
};

/// The TCP template (`-y`): on Linux the congestion control, which is what a template chooses first of all.
/// Sockets that carry no data, or no longer, have none.
pub const TEMPLATE: Column = Column {
    heading: "Template",
    least: 0,
    udp: false,
    write: |out, socket, _| match (&socket.congestion, socket.state) {
        (_, Some(TcpState::Listen | TcpState::Bound | TcpState::TimeWait | TcpState::Closed)) => {
            out.extend_from_slice(words::NOT_APPLICABLE.as_bytes());
        }
        (Some(name), _) => crate::render::escape::write_text(out, name.as_ref().as_ref()),
        (None, Some(TcpState::SynReceived)) => out.extend_from_slice(words::NOT_APPLICABLE.as_bytes()),
        (None, _) => out.extend_from_slice(UNKNOWN.as_bytes()),
    },
};

/// Which of them are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extras {
    /// [`OFFLOAD`].
    pub offload: bool,
    /// [`TIME_IN_STATE`].
    pub time_in_state: bool,
    /// [`DSCP`].
    pub dscp: bool,
    /// [`TEMPLATE`].
    pub template: bool,
}

impl Extras {
    /// The columns in the order in which they are shown.
    pub fn columns(self) -> Vec<&'static Column> {
        [
            (self.offload, &OFFLOAD),
            (self.time_in_state, &TIME_IN_STATE),
            (self.dscp, &DSCP),
            (self.template, &TEMPLATE),
        ]
        .into_iter()
        .filter_map(|(wanted, column)| wanted.then_some(column))
        .collect()
    }
}

impl Column {
    /// Whether a row of this protocol has a value here.
    pub fn applies(&self, protocol: Protocol) -> bool {
        protocol == Protocol::Tcp || self.udp
    }
}
