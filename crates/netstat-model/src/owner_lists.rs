//! Who holds the sockets of a table, each process once.

use crate::{Holder, NoOwner, Owner, OwnershipRef, ProcessKey};
use rustc_hash::FxHashMap;

/// What a row says of the owners of its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnerMark {
    /// Owners are not looked for. The note is the cookie.
    NotRead,
    /// Owners are to be looked for. The note is the cookie.
    Wanted,
    /// The note is a place among the processes of the table.
    One,
    /// The note is a place among the lists of owners of the table.
    Several,
    /// The note is a place among the process IDs of the table.
    Listed,
    /// There is no process, for this reason.
    Nobody(NoOwner),
}

/// Who holds the sockets of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnerLists {
    pub(crate) processes: Vec<(ProcessKey, Option<u32>)>,
    places: FxHashMap<ProcessKey, u32>,
    /// The place that was asked for last: the next socket is often one of the same process.
    last: u32,
    /// Those of sockets that several processes hold.
    pub(crate) several: Vec<Vec<Owner>>,
    /// Process IDs and times that the system's own table names (Windows).
    pub(crate) listed: Vec<(u32, u64)>,
}

impl OwnerLists {
    fn place(&mut self, owner: &Owner) -> u32 {
        if self.processes.get(self.last as usize).is_none_or(|(process, _)| *process != owner.process) {
            self.last = *self.places.entry(owner.process).or_insert_with(|| {
                self.processes.push((owner.process, owner.parent));
                u32::try_from(self.processes.len() - 1).unwrap_or(u32::MAX)
            });
        }
        self.last
    }

    /// Adds the owners of a socket.
    pub(crate) fn add(&mut self, owners: &[Owner]) -> (OwnerMark, u32) {
        match owners {
            [owner] => (OwnerMark::One, self.place(owner)),
            owners => {
                self.several.push(owners.to_vec());
                (OwnerMark::Several, u32::try_from(self.several.len() - 1).unwrap_or(u32::MAX))
            }
        }
    }

    /// Adds what a socket says of its owners; `None` where nobody asked.
    pub(crate) fn intern(&mut self, ownership: &OwnershipRef<'_>) -> Option<(OwnerMark, Option<u32>)> {
        let (mark, note) = match *ownership {
            OwnershipRef::NotRead => return None,
            OwnershipRef::Listed { pid, since } => {
                self.listed.push((pid, since));
                (OwnerMark::Listed, u32::try_from(self.listed.len() - 1).unwrap_or(u32::MAX))
            }
            OwnershipRef::Unowned(reason) => (OwnerMark::Nobody(reason), 0),
            OwnershipRef::One(owner) => self.add(&[owner]),
            OwnershipRef::Several(owners) => self.add(owners),
        };
        Some((mark, Some(note)))
    }

    /// Returns the principal process of a socket by its ID, or why there is none.
    pub(crate) fn holder(&self, (mark, note): (OwnerMark, u32)) -> Holder {
        match (mark, self.processes.get(note as usize)) {
            (OwnerMark::One, Some((process, _))) => Holder::Process(process.pid),
            _ => self.get((mark, note), None).holder(),
        }
    }

    pub(crate) fn get(&self, (mark, note): (OwnerMark, u32), descriptor: Option<u32>) -> OwnershipRef<'_> {
        let place = note as usize;
        match mark {
            OwnerMark::NotRead | OwnerMark::Wanted => OwnershipRef::NotRead,
            OwnerMark::Nobody(reason) => OwnershipRef::Unowned(reason),
            OwnerMark::Listed => self
                .listed
                .get(place)
                .map_or(OwnershipRef::NotRead, |&(pid, since)| OwnershipRef::Listed { pid, since }),
            OwnerMark::One => {
                self.processes.get(place).map_or(OwnershipRef::NotRead, |&(process, parent)| {
                    OwnershipRef::One(Owner { process, parent, descriptor })
                })
            }
            OwnerMark::Several => {
                self.several.get(place).map_or(OwnershipRef::NotRead, |owners| OwnershipRef::Several(owners))
            }
        }
    }
}
