//! Connections that the kernel tells of by their ends, as they begin and end, joined with looks at the table.
//!
//! What is told comes later than a look that has seen it. So a look may show a connection before its start is told, and an
//! end is known to be that of the connection which was there then.

use super::{Key, Looks, Open};
use crate::contract::{Machine, Processes, Sockets};
use netstat_model::history::{
    BeginBound, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, EventMethod, OwnerSource,
    ProcessInstance,
};
use netstat_model::{IpEndpoint, ProcessKey, Transport};
use std::time::Duration;

/// A connection, as the kernel tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) local: IpEndpoint,
    pub(crate) remote: IpEndpoint,
    /// When it happened, since boot.
    pub(crate) at: Duration,
    /// The process that has it.
    pub(crate) process: Option<ProcessKey>,
}

impl Told {
    fn owner(&self, source: OwnerSource) -> Option<(ProcessInstance, OwnerSource)> {
        self.process.map(|process| (ProcessInstance { process, executions: 0 }, source))
    }

    /// A record of what is known by this alone.
    fn record(&self, source: OwnerSource) -> ConnectionRecord {
        ConnectionRecord {
            process: self.owner(source),
            ..ConnectionRecord::new(self.local, Some(self.remote))
        }
    }
}

impl<S: Sockets + Processes + Machine> Looks<'_, S> {
    /// Returns what tells a socket from others that has no number. What the kernel tells lacks the interface of a link-local
    /// address.
    pub(super) fn key_of_ends(
        &self,
        transport: Transport,
        local: IpEndpoint,
        remote: Option<IpEndpoint>,
    ) -> Key {
        let bare = |end: IpEndpoint| match self.method {
            EventMethod::Trace => IpEndpoint { scope: 0, ..end },
            _ => end,
        };
        Key::Ends(transport, bare(local), remote.map(bare))
    }

    fn key_of(&self, told: &Told) -> Key {
        self.key_of_ends(Transport::Tcp, told.local, Some(told.remote))
    }

    /// Tells that a connection is established, which the given end began.
    pub(crate) fn begin(&mut self, told: &Told, role: ConnectionRole, into: &mut Vec<ConnectionEvent>) {
        let key = self.key_of(told);
        if let Some(open) = self.open.get_mut(&key).filter(|open| open.begins_with(told)) {
            let record = &mut open.record;
            record.role = role;
            record.established = Some(told.at);
            // Where a look saw it being made, it began before.
            if !matches!(record.bound, Some(BeginBound::NoLaterThan(seen)) if seen < told.at) {
                (record.started, record.bound) = (Some(told.at), None);
            }
            record.retransmits.get_or_insert(0);
            record.process = told.owner(OwnerSource::Made).or(record.process);
            into.push(ConnectionEvent::Opened(record.clone()));
            return;
        }
        let record = ConnectionRecord {
            role,
            started: Some(told.at),
            established: Some(told.at),
            retransmits: Some(0),
            ..told.record(OwnerSource::Made)
        };
        self.open_told(key, record, told.at, into);
    }

    /// Tells that a connection is tried again that was not established.
    pub(crate) fn try_again(&mut self, told: &Told, into: &mut Vec<ConnectionEvent>) {
        let key = self.key_of(told);
        if self.open.get(&key).is_some_and(|open| !open.has_ended) {
            return;
        }
        let record = ConnectionRecord {
            role: ConnectionRole::Active,
            bound: Some(BeginBound::NoLaterThan(told.at)),
            ..told.record(OwnerSource::Made)
        };
        self.open_told(key, record, told.at, into);
    }

    fn open_told(
        &mut self,
        key: Key,
        record: ConnectionRecord,
        at: Duration,
        into: &mut Vec<ConnectionEvent>,
    ) {
        // The end of one that had the same ends was lost.
        if let Some(mut gone) = self.open.remove(&key).filter(|gone| !gone.has_ended) {
            gone.end(at, EndReason::Unseen, &mut self.counts, into);
        }
        let record = Box::new(record);
        self.counts.opened += 1;
        into.push(ConnectionEvent::Opened(record.clone()));
        self.open.insert(key, Open::new(record, self.looks, false));
    }

    /// Tells that a segment was sent again.
    pub(crate) fn send_again(&mut self, told: &Told) {
        let key = self.key_of(told);
        if let Some(open) = self.open.get_mut(&key).filter(|open| !open.has_ended)
            && let Some(count) = &mut open.record.retransmits
        {
            *count = count.saturating_add(1);
        }
    }

    /// Tells that a connection has ended. How, a look may know: it saw the state, or sees that it waits.
    pub(crate) fn end_told(&mut self, told: &Told, into: &mut Vec<ConnectionEvent>) {
        let key = self.key_of(told);
        let waits = self.waiting.contains(&key);
        let look = self.looks;
        let open = self
            .open
            .entry(key)
            .or_insert_with(|| Open::new(Box::new(told.record(OwnerSource::Closed)), look, false));
        if open.has_ended {
            open.may_be_told = false;
            return;
        }
        open.record.process = open.record.process.or_else(|| told.owner(OwnerSource::Closed));
        let reason = match open.record.first_fin {
            _ if waits => EndReason::ClosedByUs,
            Some((_, true)) => EndReason::ClosedByUs,
            Some((_, false)) => EndReason::ClosedByPeer,
            None => EndReason::Unseen,
        };
        open.end(told.at, reason, &mut self.counts, into);
    }
}

impl Open {
    /// Returns whether it can be the connection that is told to be established: a look saw it first, then or while it was made.
    fn begins_with(&self, told: &Told) -> bool {
        let record = &self.record;
        let is_being_made = record.role == ConnectionRole::Active && record.established.is_none();
        let is_later = match record.bound {
            Some(BeginBound::NoLaterThan(seen)) => seen >= told.at,
            Some(BeginBound::NoEarlierThan(_)) | None => true,
        };
        !self.has_ended && record.started.is_none() && (is_being_made || is_later)
    }
}
