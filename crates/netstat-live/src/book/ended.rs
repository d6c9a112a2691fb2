//! Sockets that the system has told have ended.

use super::{Book, Entry, note};
use crate::mark::{Changes, Mark};
use netstat_engine::flow::FLOW_FIELDS;
use netstat_model::query::Keep;
use netstat_model::{Socket, SocketKey, SocketRef, SocketTable, TcpState};
use std::time::Duration;

/// The most connections of one look that are told although no look saw them open. More are counted as lost.
const MOST_UNSEEN: usize = 10_000;

impl Book {
    /// Takes sockets that were destroyed. One that no look saw came and went between two.
    pub(super) fn end(&mut self, closed: &[Socket], at: Duration, changes: &mut Changes) {
        if closed.is_empty() {
            return;
        }
        let keep = Keep { details: true, tcp: FLOW_FIELDS, lifespan: true, ..Keep::default() };
        let mut unseen = SocketTable::new(keep);
        let (mut keys, mut ended) = (Vec::new(), Vec::new());
        for socket in closed {
            let key = SocketKey::of(socket);
            changes.closed += 1;
            let known = self.slot(&key);
            match known.and_then(|slot| Some((slot, self.entries.get_mut(slot.0 as usize)?.as_mut()?))) {
                Some((_, entry)) if entry.mark == Mark::Gone => {
                    entry.look = self.looks;
                    changes.closed -= 1;
                }
                Some((slot, entry)) => {
                    note(&mut self.back, &self.tables, slot, entry);
                    entry.look = self.looks;
                    entry.set_mark(Mark::Gone, at);
                    // What is told at the end is newer than what a look has seen.
                    let is_whole = socket.remote.is_some()
                        && socket.tcp.as_ref().is_some_and(|tcp| tcp.bytes_received.is_some());
                    let known = self.tables.get(entry.table as usize).and_then(|of| of.get(entry.row));
                    let mut socket = socket.clone();
                    if let Some(known) = known.filter(|_| socket.ownership.principal().is_none()) {
                        let known = known.to_socket();
                        (socket.ownership, socket.uid) = (known.ownership, socket.uid.or(known.uid));
                    }
                    if (socket.lifespan.is_some() || is_whole) && unseen.push(&SocketRef::from(&socket)) {
                        ended.push((slot, unseen.last_row()));
                    }
                }
                None => {
                    changes.opened += 1;
                    // More than fit on any screen are only counted.
                    if keys.len() < MOST_UNSEEN && unseen.push(&SocketRef::from(socket)) {
                        keys.push((key, unseen.last_row()));
                    } else {
                        changes.untold += 1;
                    }
                }
            }
        }
        let table = u32::try_from(self.tables.len()).unwrap_or(u32::MAX);
        for (slot, row) in ended {
            if let (Some(Some(entry)), Some(row)) = (self.entries.get_mut(slot.0 as usize), row) {
                (entry.table, entry.row) = (table, row);
                // Also one that a list has seen wait before its end was told.
                entry.state = Some(TcpState::Closed);
            }
        }
        for (key, row) in keys {
            let Some(row) = row else { continue };
            let looks = self.looks;
            let state = Some(TcpState::Closed);
            self.insert(Entry {
                key,
                table,
                row,
                look: looks,
                mark: Mark::Gone,
                marked: at,
                marked_look: looks,
                state,
                flow: None,
                missing: None,
            });
        }
        if !unseen.is_empty() {
            self.tables.push(unseen);
        }
    }
}
