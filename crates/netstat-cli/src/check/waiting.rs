//! Connections that wait for an answer, and whether it is late.

use super::{Evidence, Finding};
use netstat_model::{Socket, TcpState};
use std::time::Duration;

/// The connections in a state that an answer ends.
pub(super) struct Waiting<'a> {
    /// Those whose answer is late.
    pub(super) late: Vec<&'a Socket>,
    /// Those of which the system does not tell whether it is.
    perhaps: Vec<&'a Socket>,
}

impl<'a> Waiting<'a> {
    /// Where a first look is taken for this, because the system tells of no timers.
    pub(super) const LOOKS_TWICE: bool = cfg!(windows);

    /// The connections in this state.
    pub(super) fn of(evidence: &'a Evidence, state: TcpState) -> Self {
        let mut waiting = Self { late: Vec::new(), perhaps: Vec::new() };
        for socket in evidence.in_state(state) {
            match is_late(evidence, socket) {
                Some(true) => waiting.late.push(socket),
                Some(false) => {}
                None => waiting.perhaps.push(socket),
            }
        }
        waiting
    }

    /// What is found in those that are late; where that is nothing, and would be something with those of which it is not
    /// known, what is said of so many.
    pub(super) fn judged(
        &self,
        judge: impl Fn(&[&Socket]) -> Vec<Finding>,
        not_known: impl FnOnce(usize) -> Finding,
    ) -> Vec<Finding> {
        let mut findings = judge(&self.late);
        let more = !self.perhaps.is_empty();
        if findings.is_empty() && more && !judge(&[self.late.as_slice(), &self.perhaps].concat()).is_empty() {
            findings.push(not_known(self.perhaps.len()));
        }
        findings
    }
}

/// After this time what was sent first is sent again (RFC 6298).
const LATE: Duration = Duration::from_secs(1);

/// What is left of that between two looks, where the clock ticks 64 times a second.
const BETWEEN_LOOKS: Duration = Duration::from_millis(950);

/// Whether the answer to a connection is late; `None` where that is not known.
fn is_late(evidence: &Evidence, socket: &Socket) -> Option<bool> {
    if let Some(timer) = socket.timer {
        // What was sent had to be sent again.
        return Some(timer.retransmits > 0);
    }
    if let Some(watched) = evidence.watched_for(socket) {
        return Some(watched >= LATE);
    }
    let before = evidence.before.as_ref().filter(|before| before.whole || Waiting::LOOKS_TWICE);
    before.and(evidence.elapsed()).filter(|elapsed| *elapsed >= BETWEEN_LOOKS)?;
    Some(evidence.before(socket).is_some_and(|then| then.state == socket.state))
}
