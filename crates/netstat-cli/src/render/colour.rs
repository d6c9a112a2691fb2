//! Colours of states on a terminal. They only repeat what the word says.

use netstat_model::TcpState;

/// Ends a colour.
pub(crate) const END: &[u8] = b"\x1b[0m";

/// Returns what begins the colour of a state; empty for the default colour.
pub(crate) fn of_state(state: TcpState) -> &'static [u8] {
    match state {
        TcpState::Established => b"\x1b[32m",
        TcpState::Listen => b"\x1b[36m",
        TcpState::SynSent | TcpState::SynReceived => b"\x1b[35m",
        // The peer has closed and the local process has not: the state that piles up in leaks.
        TcpState::CloseWait => b"\x1b[33m",
        TcpState::TimeWait => b"\x1b[2m",
        TcpState::Unknown(_) => b"\x1b[31m",
        TcpState::Closed
        | TcpState::FinWait1
        | TcpState::FinWait2
        | TcpState::Closing
        | TcpState::LastAck
        | TcpState::Bound
        | TcpState::DeleteTcb => b"",
    }
}
