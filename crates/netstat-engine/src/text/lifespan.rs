//! Words for how connections began and ended. They are data, the same in every language.

use super::decimal::decimal;
use netstat_model::history::{ConnectionRole, EndReason, GapCause, OwnerSource};
use std::borrow::Cow;

/// Returns the word for the side that a connection was begun by; `None` where that is not known.
pub fn side(role: ConnectionRole) -> Option<&'static str> {
    match role {
        ConnectionRole::Active => Some("out"),
        ConnectionRole::Passive => Some("in"),
        ConnectionRole::Listener => Some("listen"),
        ConnectionRole::Unknown => None,
    }
}

/// Returns the word for from what an owner is known.
pub fn owner_source(source: OwnerSource) -> &'static str {
    match source {
        OwnerSource::Made => "made",
        OwnerSource::Closed => "closed",
        OwnerSource::Held => "held",
    }
}

/// Returns the word for why a history is not whole.
pub fn gap_cause(cause: GapCause) -> &'static str {
    match cause {
        GapCause::Ring => "ring",
        GapCause::Begins => "begins",
        GapCause::Processes => "processes",
        GapCause::Store => "store",
        GapCause::Unseen => "unseen",
        GapCause::NotRunning => "not-running",
        GapCause::Suspended => "suspended",
        GapCause::Damaged => "damaged",
        GapCause::Unsent => "unsent",
        GapCause::HalfClosed => "half-closed",
        GapCause::Datagrams => "datagrams",
    }
}

/// The reasons that have a word.
pub const NAMED_REASONS: [EndReason; 15] = [
    EndReason::ClosedByUs,
    EndReason::ClosedByPeer,
    EndReason::AbortedByUs,
    EndReason::ResetByPeer,
    EndReason::Refused,
    EndReason::ConnectTimedOut,
    EndReason::ConnectAbandoned,
    EndReason::NoLocalPort,
    EndReason::Unreachable,
    EndReason::TimedOut,
    EndReason::Destroyed,
    EndReason::NeverAccepted,
    EndReason::Closed,
    EndReason::Idle,
    EndReason::Unseen,
];

/// Returns the word for how a connection ended, as [`write_reason`] writes it.
pub fn reason(reason: EndReason) -> Cow<'static, str> {
    match known_reason(reason) {
        Some(word) => Cow::Borrowed(word),
        None => {
            let mut word = Vec::new();
            write_reason(&mut word, reason);
            Cow::Owned(String::from_utf8_lossy(&word).into_owned())
        }
    }
}

/// Returns the word for how a connection ended; `None` for an error that has none.
pub fn known_reason(reason: EndReason) -> Option<&'static str> {
    Some(match reason {
        EndReason::ClosedByUs => "closed-by-us",
        EndReason::ClosedByPeer => "closed-by-peer",
        EndReason::AbortedByUs => "aborted-by-us",
        EndReason::ResetByPeer => "reset-by-peer",
        EndReason::Refused => "refused",
        EndReason::ConnectTimedOut => "connect-timed-out",
        EndReason::ConnectAbandoned => "connect-abandoned",
        EndReason::NoLocalPort => "no-local-port",
        EndReason::Unreachable => "unreachable",
        EndReason::TimedOut => "timed-out",
        EndReason::Destroyed => "destroyed",
        EndReason::NeverAccepted => "never-accepted",
        EndReason::Closed => "closed",
        EndReason::Idle => "idle",
        EndReason::Unseen => "unseen",
        EndReason::Other(_) => return None,
    })
}

/// Writes the word for how a connection ended: an error without one as `error-` and its number.
pub fn write_reason(out: &mut Vec<u8>, reason: EndReason) {
    match (known_reason(reason), reason) {
        (None, EndReason::Other(number)) => {
            out.extend_from_slice(b"error-");
            decimal(out, number.into());
        }
        (word, _) => out.extend_from_slice(word.unwrap_or_default().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_a_word_is_its_number() {
        assert_eq!(reason(EndReason::Other(71)), "error-71");
        assert_eq!(reason(EndReason::ResetByPeer), "reset-by-peer");
        assert!(NAMED_REASONS.into_iter().all(|reason| known_reason(reason).is_some()));
    }
}
