//! [`Holders`]: the descriptors of sockets, by socket.

use netstat_model::{Owner, ProcessKey, ShortId};
use rustc_hash::FxHashMap;

/// A descriptor of a socket.
#[derive(Debug, Clone, Copy)]
struct Descriptor {
    /// The inode of the socket, scrambled to spread consecutive inodes. Equal keys mean equal inodes.
    key: u32,
    /// The cookie of the socket; 0 if unknown.
    cookie: u32,
    /// The index of the process in [`Holders::processes`].
    process: u32,
    number: u32,
}

/// Descriptors of sockets and the processes that have them, 16 bytes each. Call [`Holders::seal`] after the last addition:
/// descriptors added later are not found.
#[derive(Debug, Default)]
pub(super) struct Holders {
    processes: Vec<Holding>,
    places: FxHashMap<ProcessKey, u32>,
    descriptors: Vec<Descriptor>,
    /// Indexes of the first descriptor of each part, a part being the keys with the same upper bits; then the end.
    starts: Vec<u32>,
}

/// A process that has descriptors.
#[derive(Debug, Clone, Copy)]
struct Holding {
    process: ProcessKey,
    parent: u32,
}

/// The number of the descriptor of a holder that has none: an io_uring.
pub(super) const NO_DESCRIPTOR: u32 = u32::MAX;

fn scramble(inode: u32) -> u32 {
    // An odd factor near 2^32 divided by the golden ratio keeps consecutive inodes far apart.
    inode.wrapping_mul(0x9e37_79b1)
}

impl Holders {
    /// Adds a descriptor.
    pub(super) fn add(&mut self, process: ProcessKey, parent: u32, socket: ShortId, number: u32) {
        // The descriptors of a process mostly come in a row.
        let last = self.descriptors.last().map(|last| last.process);
        let same = |place: &u32| self.processes.get(*place as usize).is_some_and(|it| it.process == process);
        let place = last.filter(same).unwrap_or_else(|| {
            *self.places.entry(process).or_insert_with(|| {
                self.processes.push(Holding { process, parent });
                u32::try_from(self.processes.len() - 1).unwrap_or(u32::MAX)
            })
        });
        let ShortId { inode, cookie } = socket;
        self.descriptors.push(Descriptor { key: scramble(inode), cookie, process: place, number });
    }

    /// Returns the number of descriptors.
    pub(super) fn len(&self) -> usize {
        self.descriptors.len()
    }

    /// Removes all but the first `len` descriptors. Call only if [`Holders::seal`] was not called since there were `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        self.descriptors.truncate(len);
    }

    /// Sorts the descriptors so that they are found. Keeps only the lowest descriptor of a process for a socket.
    pub(super) fn seal(&mut self) {
        self.count_parts();
        self.sort();
        let all = self.descriptors.len();
        self.descriptors.dedup_by_key(|it| (it.key, it.process, it.cookie));
        if self.descriptors.len() < all {
            self.count_parts();
        }
    }

    /// Finds where each part starts once the descriptors are sorted.
    fn count_parts(&mut self) {
        // About two descriptors in each part.
        let parts = (self.descriptors.len() / 2).next_power_of_two();
        self.starts.clear();
        self.starts.resize(parts + 1, 0);
        let shift = self.shift();
        for descriptor in &self.descriptors {
            if let Some(start) = self.starts.get_mut(part(descriptor.key, shift) + 1) {
                *start += 1;
            }
        }
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }
    }

    /// Moves each descriptor into its part, which takes a quarter of the instructions of comparing all with each other, and
    /// sorts the parts.
    fn sort(&mut self) {
        let shift = self.shift();
        let mut next = self.starts.clone();
        for (here, ends) in self.starts.windows(2).enumerate() {
            let &[start, end] = ends else { continue };
            while let Some(&at) = next.get(here).filter(|&&at| at < end) {
                let Some(descriptor) = self.descriptors.get(at as usize) else { break };
                let there = part(descriptor.key, shift);
                let Some(place) = next.get_mut(there) else { break };
                if there != here {
                    self.descriptors.swap(at as usize, *place as usize);
                }
                *place += 1;
            }
            if let Some(part @ [_, _, ..]) = self.descriptors.get_mut(start as usize..end as usize) {
                part.sort_unstable_by_key(|it| (it.key, it.process, it.cookie, it.number));
            }
        }
    }

    /// Returns by how many bits to shift a key to get its part.
    fn shift(&self) -> u32 {
        u32::BITS - self.starts.len().saturating_sub(1).max(1).ilog2()
    }

    /// Returns the descriptors of a socket.
    fn of(&self, socket: ShortId) -> impl Iterator<Item = &Descriptor> {
        let key = scramble(socket.inode);
        let part = part(key, self.shift());
        let start = |part: usize| self.starts.get(part).map_or(0, |&start| start as usize);
        let part = self.descriptors.get(start(part)..start(part + 1)).unwrap_or_default();
        // Inodes of sockets have 32 bits, and the kernel reuses one even while a socket still has it. Cookies are unique.
        part.iter().filter(move |it| {
            it.key == key && ShortId { inode: socket.inode, cookie: it.cookie }.may_be(socket)
        })
    }

    /// Returns whether a process holds the socket.
    pub(super) fn hold(&self, socket: ShortId) -> bool {
        self.of(socket).next().is_some()
    }

    /// Replaces `into` with the owners of the socket: each process once, with its lowest descriptor.
    pub(super) fn owners(&self, socket: ShortId, into: &mut Vec<Owner>) {
        into.clear();
        let owners = self.of(socket).filter_map(|it| {
            let Holding { process, parent } = *self.processes.get(it.process as usize)?;
            Some(Owner { process, parent: Some(parent), descriptor: Some(it.number) })
        });
        into.extend(owners);
        if into.len() > 1 {
            into.sort_unstable_by_key(|owner| (owner.process, owner.descriptor));
            into.dedup_by_key(|owner| owner.process);
        }
        for owner in into {
            owner.descriptor = owner.descriptor.filter(|&number| number != NO_DESCRIPTOR);
        }
    }
}

fn part(key: u32, shift: u32) -> usize {
    key.checked_shr(shift).unwrap_or(0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_set_holds_nothing() {
        let mut holders = Holders::default();
        let socket = ShortId { inode: 7, cookie: 0 };
        assert!(!holders.hold(socket));
        holders.seal();
        assert!(!holders.hold(socket));
    }

    proptest! {
        #[test]
        fn every_holder_is_found_by_its_lowest_descriptor(
            all in proptest::collection::vec((0u32..4, prop_oneof![0u32..6, any::<u32>()], 0u32..3, 0u32..9), 0..60),
            before in 0usize..60,
        ) {
            let mut holders = Holders::default();
            for (at, &(pid, inode, cookie, number)) in all.iter().enumerate() {
                if at == before {
                    holders.seal();
                }
                let process = ProcessKey { pid, start_time: 1 };
                holders.add(process, 0, ShortId { inode, cookie }, number);
            }
            holders.seal();
            let mut found = Vec::new();
            for &(_, inode, cookie, _) in &all {
                let socket = ShortId { inode, cookie };
                holders.owners(socket, &mut found);
                let mut expected: Vec<(u32, u32)> = all
                    .iter()
                    .filter(|other| ShortId { inode: other.1, cookie: other.2 }.may_be(socket))
                    .map(|other| (other.0, other.3))
                    .collect();
                expected.sort_unstable();
                expected.dedup_by_key(|(pid, _)| *pid);
                let found: Vec<_> =
                    found.iter().map(|owner| (owner.process.pid, owner.descriptor.unwrap())).collect();
                prop_assert_eq!(found, expected);
                prop_assert!(holders.hold(socket));
            }
        }
    }
}
