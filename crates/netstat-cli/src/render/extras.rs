//! The optional columns of the classic table, which stand behind the state and the process ID.

use netstat_engine::text::words::{NOT_APPLICABLE, UNKNOWN, offload};
use netstat_engine::text::{decimal, escape};
use netstat_model::{Offload, Protocol, SocketRef, TcpState};

/// One optional column.
#[derive(Debug)]
pub struct ExtraColumn {
    /// The heading.
    pub heading: &'static str,
    /// The least width of its cells in characters, at the end of a line too.
    pub least: usize,
    /// Whether UDP sockets have a value.
    pub udp: bool,
    /// Writes the cell.
    pub write: fn(&mut Vec<u8>, &SocketRef<'_>),
}

/// Who handles the connection (`-t`); no sample has a word for UDP.
const OFFLOAD: ExtraColumn = ExtraColumn {
    heading: "Offload State",
    least: 12,
    udp: false,
    write: |out, socket| {
        // Linux has no TCP offload engine: the host itself handles every connection. Windows reports each.
        let state = socket.windows().map_or(Some(Offload::InHost), |windows| windows.offload);
        out.extend_from_slice(state.map_or(UNKNOWN, offload).as_bytes());
    },
};

/// How long the socket has been in its state (`-i`), in milliseconds.
const TIME_IN_STATE: ExtraColumn = ExtraColumn {
    heading: "Time in State (ms)",
    least: 0,
    udp: false,
    write: |out, socket| {
        let time = socket.time_in_state();
        number(out, time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)));
    },
};

/// The differentiated services code point (`-d`), 0 to 63: the upper six bits of the traffic class.
const DSCP: ExtraColumn = ExtraColumn {
    heading: "DSCP",
    least: 0,
    udp: true,
    write: |out, socket| number(out, socket.traffic_class().map(|class| u64::from(class >> 2))),
};

/// The TCP template (`-y`). Linux has none: it is the congestion control there, the main thing a template selects.
/// Sockets that carry no data, or no longer carry any, have none.
const TEMPLATE: ExtraColumn = ExtraColumn {
    heading: "Template",
    least: 0,
    udp: false,
    write: |out, socket| match (template(socket), socket.state) {
        (_, Some(TcpState::Listen | TcpState::Bound | TcpState::TimeWait | TcpState::Closed))
        | (None, Some(TcpState::SynReceived)) => out.extend_from_slice(NOT_APPLICABLE.as_bytes()),
        (Some(name), _) => escape::write_text(out, name.as_ref()),
        (None, _) => out.extend_from_slice(UNKNOWN.as_bytes()),
    },
};

fn template<'s>(socket: &SocketRef<'s>) -> Option<&'s str> {
    socket.congestion().or_else(|| socket.windows().and_then(|windows| windows.template.as_deref()))
}

fn number(out: &mut Vec<u8>, value: Option<u64>) {
    match value {
        Some(value) => decimal(out, value),
        None => out.extend_from_slice(UNKNOWN.as_bytes()),
    }
}

/// Which optional columns are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extras {
    /// `-t`.
    pub offload: bool,
    /// `-i`.
    pub time_in_state: bool,
    /// `-d`.
    pub dscp: bool,
    /// `-y`.
    pub template: bool,
}

impl Extras {
    /// Returns the chosen columns in display order.
    pub fn columns(self) -> Vec<&'static ExtraColumn> {
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

impl ExtraColumn {
    /// Returns true if a row of this protocol has a value here.
    pub fn applies(&self, protocol: Protocol) -> bool {
        protocol == Protocol::Tcp || self.udp
    }
}
