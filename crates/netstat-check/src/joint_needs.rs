//! The needs of all chosen checks together: what the system is asked for, and what of it is kept.

use super::evidence::Input;
use super::marks::Mark;
use super::needs::{Details, EvidenceNeeds, LEAST_IDLE, Twice, time_wait_may_overflow};
use netstat_engine::row::idle;
use netstat_model::query::{Fields, ProcessFields, States};
use netstat_model::{Counters, SocketRef};

/// The sum of the needs of several checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointNeeds {
    /// Everything that one of them needs; `details` has no meaning here.
    pub asked: EvidenceNeeds,
    each: Vec<EvidenceNeeds>,
}

impl JointNeeds {
    /// Adds up the needs of checks.
    pub fn of(each: impl IntoIterator<Item = EvidenceNeeds>) -> Self {
        let each: Vec<EvidenceNeeds> = each.into_iter().collect();
        let asked = each.iter().fold(EvidenceNeeds::NOTHING, |sum, one| EvidenceNeeds {
            kinds: sum.kinds | one.kinds,
            states: sum.states | one.states,
            fields: sum.fields | one.fields,
            tcp: sum.tcp | one.tcp,
            details: Details::All,
            owners: sum.owners | one.owners,
            udp_owners: sum.udp_owners || one.udp_owners,
            process: sum.process | one.process,
            counters: sum.counters || one.counters,
            limits: sum.limits || one.limits,
            conntrack: sum.conntrack || one.conntrack,
            descriptors: sum.descriptors || one.descriptors,
            surroundings: sum.surroundings.and(one.surroundings),
            addresses: sum.addresses || one.addresses,
            listening: sum.listening || one.listening,
            twice: sum.twice.max(one.twice),
        });
        Self { asked, each }
    }

    /// Returns what the first of two looks a moment apart has to ask for; `None` if one look is enough. Owners are the same
    /// in both.
    pub fn first_look(&self) -> Option<EvidenceNeeds> {
        let of_first = |needs: &EvidenceNeeds| match needs.twice {
            Twice::Never => None,
            Twice::IfTimeWaitMayOverflow => Some(EvidenceNeeds { counters: true, ..EvidenceNeeds::NOTHING }),
            Twice::Always => Some(EvidenceNeeds {
                owners: States::empty(),
                udp_owners: false,
                process: ProcessFields::empty(),
                limits: false,
                descriptors: false,
                addresses: false,
                listening: false,
                ..*needs
            }),
        };
        (self.asked.twice != Twice::Never).then(|| Self::of(self.each.iter().filter_map(of_first)).asked)
    }

    /// Returns whether a second look has to follow the first one, after a moment.
    pub fn need_second_look(&self, counters: &Input<Counters>) -> bool {
        match self.asked.twice {
            Twice::Never => false,
            Twice::IfTimeWaitMayOverflow => counters.as_ref().is_ok_and(time_wait_may_overflow),
            Twice::Always => true,
        }
    }

    /// Returns whether a check reads the course or the memory of a socket, which are most of its size: of most connections
    /// nothing happened since the look before.
    pub fn keeps_details(&self, before: Option<&Mark>, now: &SocketRef<'_>) -> bool {
        let reads = |needs: &EvidenceNeeds| {
            let asks = needs.fields.contains(Fields::MEMORY) || !needs.tcp.is_empty();
            asks && needs.asks_for(now.protocol, now.state)
                && match (needs.details, before) {
                    (Details::Idle, _) => idle(now).is_some_and(|idle| idle >= LEAST_IDLE),
                    (Details::All, _) | (_, None) => true,
                    (Details::SentAgain, Some(before)) => before.sent_again(now).is_some(),
                    (Details::Stuck, Some(before)) => before.is_undelivered(now) || before.is_unread(now),
                }
        };
        self.each.iter().any(reads)
    }
}

#[cfg(test)]
mod tests;
