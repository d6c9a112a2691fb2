//! Connections that wait for an answer, and whether it is late.

use super::needs::Twice;
use super::{Evidence, Finding};
use netstat_model::{IpSocketRef, TcpState};
use std::time::Duration;

/// The connections in a state that an answer ends.
pub(super) struct Waiting<'a> {
    /// Those whose answer is late.
    pub(super) late: Vec<IpSocketRef<'a>>,
    /// Those of which it is not known.
    perhaps: Vec<IpSocketRef<'a>>,
}

impl<'a> Waiting<'a> {
    /// Two looks where the system reports no timers.
    pub(super) const TWICE: Twice = if cfg!(windows) { Twice::Always } else { Twice::Never };

    /// Finds the connections in this state.
    pub(super) fn of(evidence: &'a Evidence, state: TcpState) -> Self {
        let mut waiting = Self { late: Vec::new(), perhaps: Vec::new() };
        for socket in evidence.in_state(state) {
            match is_late(evidence, &socket) {
                Some(true) => waiting.late.push(socket),
                Some(false) => {}
                None => waiting.perhaps.push(socket),
            }
        }
        waiting
    }

    /// Judges the late ones. If that finds nothing, but would find something together with those of which it is not known,
    /// returns `not_known` of their number.
    pub(super) fn judged(
        &self,
        judge: impl Fn(&[IpSocketRef<'_>]) -> Vec<Finding>,
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

/// The time after which the first segment is sent again (RFC 6298).
const LATE: Duration = Duration::from_secs(1);

/// The least of it that two looks a second apart measure, if the clock ticks 64 times a second.
const BETWEEN_LOOKS: Duration = Duration::from_millis(950);

/// Returns whether the answer to a connection is late, if that is known.
fn is_late(evidence: &Evidence, socket: &IpSocketRef<'_>) -> Option<bool> {
    if let Some(timer) = socket.timer() {
        return Some(timer.retransmits > 0);
    }
    if let Some(watched) = evidence.watched_for(socket) {
        return Some(watched >= LATE);
    }
    let before = evidence.before.as_ref().filter(|before| before.whole || Waiting::TWICE == Twice::Always);
    before.and(evidence.elapsed()).filter(|elapsed| *elapsed >= BETWEEN_LOOKS)?;
    Some(evidence.before(socket).is_some_and(|then| then.state == socket.state))
}
