//! How a connection ended, from what the kernel knew when it did.

use netstat_model::history::{ConnectionRole, EndReason};

/// States, by the numbers of include/net/tcp_states.h.
const ESTABLISHED: u8 = 1;
const SYN_SENT: u8 = 2;
const SYN_RECV: u8 = 3;
const FIN_WAIT1: u8 = 4;
const FIN_WAIT2: u8 = 5;
const CLOSE_WAIT: u8 = 8;
const LAST_ACK: u8 = 9;
const CLOSING: u8 = 11;

/// What the kernel knew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) role: ConnectionRole,
    /// The state before.
    pub(super) old_state: u8,
    /// `sk_err`; 0 where there is none.
    pub(super) error: u16,
    /// Whether it had a local port.
    pub(super) has_port: bool,
    /// Whether no process could have the socket: it was never accepted, or everybody has closed it.
    pub(super) had_no_process: bool,
    /// Whether the end itself was seen, and not only that the socket was freed, which happens at any time.
    pub(super) was_seen: bool,
}

impl Ending {
    /// Whether the remote end had acknowledged the FIN of the local one.
    pub(super) fn was_fin_acknowledged(self) -> bool {
        self.error == 0 && matches!(self.old_state, FIN_WAIT2 | CLOSING | LAST_ACK)
    }
}

/// Returns how it ended.
pub(super) fn reason(ending: Ending) -> EndReason {
    let Ending { role, old_state, error, has_port, had_no_process, was_seen } = ending;
    if role == ConnectionRole::Listener {
        return EndReason::Closed;
    }
    let is_connecting = matches!(old_state, SYN_SENT | SYN_RECV) && role != ConnectionRole::Passive;
    if !was_seen {
        // A FIN of either end leads to an orderly end; what was established may have ended in any way.
        return match old_state {
            FIN_WAIT1 | FIN_WAIT2 | CLOSING if error == 0 => EndReason::ClosedByUs,
            LAST_ACK if error == 0 => EndReason::ClosedByPeer,
            _ => EndReason::Unseen,
        };
    }
    match i32::from(error) {
        0 => match old_state {
            SYN_SENT if !has_port => EndReason::NoLocalPort,
            SYN_SENT | SYN_RECV if is_connecting => EndReason::ConnectAbandoned,
            // Who closes a listener resets what nobody has accepted.
            ESTABLISHED | CLOSE_WAIT | SYN_RECV if had_no_process => EndReason::NeverAccepted,
            // Nobody waits for an answer to the FIN: a reset was sent instead.
            ESTABLISHED | CLOSE_WAIT | SYN_RECV | FIN_WAIT1 => EndReason::AbortedByUs,
            FIN_WAIT2 | CLOSING => EndReason::ClosedByUs,
            LAST_ACK => EndReason::ClosedByPeer,
            _ => EndReason::Unseen,
        },
        libc::ECONNREFUSED if is_connecting => EndReason::Refused,
        // The kernel calls a reset EPIPE if the remote end had closed its direction before.
        libc::ECONNRESET | libc::EPIPE => EndReason::ResetByPeer,
        libc::ECONNABORTED => EndReason::Destroyed,
        libc::ETIMEDOUT if is_connecting => EndReason::ConnectTimedOut,
        libc::EHOSTUNREACH | libc::ENETUNREACH | libc::EACCES | libc::EPERM if is_connecting => {
            EndReason::Unreachable
        }
        // Of an established connection the kernel tells what an ICMP message said in the meantime.
        libc::ETIMEDOUT | libc::EHOSTUNREACH | libc::ENETUNREACH => EndReason::TimedOut,
        _ => EndReason::Other(error),
    }
}
