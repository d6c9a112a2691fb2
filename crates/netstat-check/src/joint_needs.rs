//! The needs of all chosen checks together: what the system is asked for, and what of it is kept.

use super::marks::Mark;
use super::needs::{Details, EvidenceNeeds};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{Protocol, Socket};

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
            surroundings: sum.surroundings.and(one.surroundings),
            listening: sum.listening || one.listening,
            twice: sum.twice || one.twice,
        });
        Self { asked, each }
    }

    /// Returns what the first of two looks a moment apart has to ask for: owners are the same in both.
    pub fn first_look(&self) -> EvidenceNeeds {
        let twice = self.each.iter().copied().filter(|needs| needs.twice);
        EvidenceNeeds {
            owners: States::empty(),
            udp_owners: false,
            process: ProcessFields::empty(),
            limits: false,
            listening: false,
            ..Self::of(twice).asked
        }
    }

    /// Drops the details of a socket that no check reads: they are most of its size, and of most connections nothing
    /// happened since the look before.
    pub fn lighten(&self, before: &Mark, now: &mut Socket) {
        let reads = |asks_for: fn(&EvidenceNeeds) -> bool, now: &Socket| {
            let asks = |needs: &&EvidenceNeeds| asks_for(needs) && is_asked(needs, now);
            self.each.iter().filter(asks).any(|needs| match needs.details {
                Details::All => true,
                Details::SentAgain => before.sent_again(now).is_some(),
                Details::Stuck => before.is_undelivered(now) || before.is_unread(now),
            })
        };
        if now.memory.is_some() && !reads(|needs| needs.fields.contains(Fields::MEMORY), now) {
            now.memory = None;
        }
        if now.tcp.is_some() && !reads(|needs| !needs.tcp.is_empty(), now) {
            now.tcp = None;
        }
    }
}

/// Returns whether a socket is one of those that a check asks for.
fn is_asked(needs: &EvidenceNeeds, socket: &Socket) -> bool {
    match socket.protocol {
        Protocol::Tcp => {
            needs.kinds.intersects(Kinds::TCP)
                && socket.state.is_none_or(|state| needs.states.contains(States::of(state)))
        }
        Protocol::Udp => needs.kinds.intersects(Kinds::UDP),
    }
}

#[cfg(test)]
mod tests;
