//! Colour for states, where a terminal shows it. It only repeats what the word says.

use netstat_model::TcpState;

/// What ends a colour.
pub(crate) const END: &[u8] = b"\x1b[0m";

/// What begins the colour of a state; empty for one that keeps that of the terminal.
pub(crate) fn of_state(state: TcpState) -> &'static [u8] {
    match state {
        TcpState::Established => b"\x1b[32m",
        TcpState::Listen => b"\x1b[36m",
        TcpState::SynSent | TcpState::SynReceived => b"\x1b[35m",
        // What waits for this side's own process to close it: the one that piles up.
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
