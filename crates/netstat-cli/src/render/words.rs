//! The words of the classic dialect: states, titles, headings, in the languages that samples exist of.
//!
//! Korean Windows translates the title and the headings of the connection table and leaves the rows, the states
//! among them, in English. How it says the rest (the line for an unknown owner, the headings of `-t`, `-i`, `-d`,
//! `-y`, `-c` and `-x`) is in no sample, so those stay English here: a guess would break
//! whoever searches for the real text.

use netstat_model::{Offload, RdmaRole, TcpState};

/// The language of titles and headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Korean, as Korean Windows has it.
    Korean,
}

impl Language {
    /// The title of the connection table.
    pub fn connections_title(self) -> &'static str {
        match self {
            Self::English => "Active Connections",
            Self::Korean => "활성 연결",
        }
    }

    /// The headings of the connection table up to the state.
    pub fn connections_heading(self) -> &'static str {
        match self {
            Self::English => "  Proto  Local Address          Foreign Address        State",
            Self::Korean => "  프로토콜  로컬 주소           외부 주소              상태",
        }
    }

    /// The headings of the connection table up to the process ID. The Korean ones stand three cells too far
    /// right, in every sample.
    pub fn connections_heading_with_pid(self) -> &'static str {
        match self {
            Self::English => "  Proto  Local Address          Foreign Address        State           PID",
            Self::Korean => "  프로토콜  로컬 주소              외부 주소              상태            PID",
        }
    }
}

impl Language {
    /// What `-b` says to a process that may not be told: the system's own words for that error.
    pub fn elevation_required(self) -> &'static str {
        match self {
            Self::English => "The requested operation requires elevation.",
            Self::Korean => "요청한 작업을 수행하려면 권한 상승이 필요합니다.",
        }
    }
}

/// The line after a row whose owner, or whose executable, may not be known.
pub const NO_OWNERSHIP: &str = " Can not obtain ownership information";

/// What stands for a value that is not known.
pub const UNKNOWN: &str = "-";

/// What stands for a template where a connection has none.
pub const NOT_APPLICABLE: &str = "Not Applicable";

/// The title of the table of processes by ports.
pub const PROCESS_COUNTS_TITLE: &str = "Ports in Use by Process";

/// The title of the RDMA table.
pub const RDMA_TITLE: &str = "Active NetworkDirect Connections, Listeners, SharedEndpoints";

/// The headings of the RDMA table.
pub const RDMA_HEADING: &str =
    "  Mode   IfIndex Type           Local Address          Foreign Address        PID";

/// What kind of RDMA endpoint it is.
pub fn rdma_role(role: RdmaRole) -> &'static str {
    match role {
        RdmaRole::Connection => "Connection",
        RdmaRole::Listener => "Listener",
    }
}

/// Every state that has a name.
pub(crate) const STATES: [TcpState; 13] = [
    TcpState::Closed,
    TcpState::Listen,
    TcpState::SynSent,
    TcpState::SynReceived,
    TcpState::Established,
    TcpState::FinWait1,
    TcpState::FinWait2,
    TcpState::CloseWait,
    TcpState::Closing,
    TcpState::LastAck,
    TcpState::TimeWait,
    TcpState::Bound,
    TcpState::DeleteTcb,
];

/// The word for a TCP state, as [`write_state`] writes it.
pub(crate) fn state(state: TcpState) -> String {
    let mut word = Vec::with_capacity(12);
    write_state(&mut word, state);
    String::from_utf8_lossy(&word).into_owned()
}

/// Writes the word for a TCP state. A state this program does not know is `UNKNOWN_` and its number: still one
/// word, and not longer than the column.
pub fn write_state(out: &mut Vec<u8>, state: TcpState) {
    let word = match state {
        TcpState::Closed => "CLOSED",
        TcpState::Listen => "LISTENING",
        TcpState::SynSent => "SYN_SENT",
        TcpState::SynReceived => "SYN_RECEIVED",
        TcpState::Established => "ESTABLISHED",
        TcpState::FinWait1 => "FIN_WAIT_1",
        TcpState::FinWait2 => "FIN_WAIT_2",
        TcpState::CloseWait => "CLOSE_WAIT",
        TcpState::Closing => "CLOSING",
        TcpState::LastAck => "LAST_ACK",
        TcpState::TimeWait => "TIME_WAIT",
        TcpState::Bound => "BOUND",
        TcpState::DeleteTcb => "DELETE_TCB",
        TcpState::Unknown(number) => {
            out.extend_from_slice(b"UNKNOWN_");
            super::decimal(out, u64::from(number));
            return;
        }
    };
    out.extend_from_slice(word.as_bytes());
}

/// The word for who handles a TCP connection.
pub fn offload(offload: Offload) -> &'static str {
    match offload {
        Offload::InHost => "InHost",
        Offload::Offloading => "Offloading",
        Offload::Offloaded => "Offloaded",
        Offload::Uploading => "Uploading",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_fits_its_column() {
        let all = STATES.into_iter().chain((0..=255).map(TcpState::Unknown));
        for state in all {
            let mut out = Vec::new();
            write_state(&mut out, state);
            let word = String::from_utf8(out).unwrap();
            assert!(word.len() <= 12, "{word}");
            assert!(!word.contains(' '), "{word}");
        }
    }
}
