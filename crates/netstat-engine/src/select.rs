//! Which sockets a question is about: those of a query that match a filter, with no more read than that takes.
//!
//! ```
//! use netstat_engine::filter::{Filter, NumbersOnly};
//! use netstat_engine::select::Selection;
//! use netstat_model::query::{Kinds, Owners, SocketQuery, States};
//!
//! let filter = Filter::parse(&["lport 443".into()], &NumbersOnly)?;
//! let query = SocketQuery::new(Kinds::TCP_UDP, States::all());
//! let selection = Selection::new(query, Some(&filter), Owners::Auto);
//! assert!(!selection.needs_owners_to_match());
//! let system = netstat_os::open(netstat_os::Origin::Live)?;
//! let selected = selection.take(&system, |_| true)?;
//! assert!(selected.sockets.iter().all(|socket| socket.local.port() == Some(443)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::filter::{Context, Filter, Stage, Tri};
use netstat_model::query::{Kinds, Listing, OwnerSearch, Owners, ProcessFields, SocketQuery, Visit};
use netstat_model::{
    Answer, Error, NoOwner, OwnerMethod, OwnershipRef, Process, ProcessKey, Protocol, SocketRef, SocketTable,
    TcpState, Warning,
};
use netstat_os::{Processes, Sockets};
use std::collections::{BTreeMap, HashMap};

/// What is asked of the sockets of a machine.
pub struct Selection<'a> {
    /// Which sockets, and what of each.
    pub query: SocketQuery,
    /// Which of them match; `None` for all.
    pub filter: Option<&'a Filter>,
    /// How owners are found. They are looked for where the filter cannot decide without, and where
    /// [`owners_of`](Self::owners_of) says so.
    pub owners: Owners,
    /// Which sockets' owners are shown or judged.
    pub owners_of: OwnersOf<'a>,
}

/// Whose owners are wanted.
#[derive(Clone, Copy)]
pub enum OwnersOf<'a> {
    /// Nobody's.
    Nothing,
    /// Those of every socket.
    Everything,
    /// Those of the sockets for which this returns true.
    Those(&'a dyn Fn(&SocketRef<'_>) -> bool),
}

/// What the table keeps of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Nothing: it is left out.
    Nothing,
    /// All but the course of its connection and its memory, which are most of its size.
    Row,
    /// Everything that the query asks for.
    All,
}

/// How many sockets of each protocol and TCP state may match a filter.
pub type Undecided = BTreeMap<(Protocol, Option<TcpState>), usize>;

/// Sockets that match, and what was learned on the way.
pub struct Selected {
    /// The sockets.
    pub sockets: SocketTable,
    /// The protocols and families that can have sockets: what the filter leaves of those of the query.
    pub kinds: Kinds,
    /// How owners were found.
    pub method: OwnerMethod,
    /// How many more sockets of each kind may match: their owners decide, and cannot be seen.
    pub undecided: Undecided,
    /// What the answer may lack.
    pub warnings: Vec<Warning>,
}

impl<'a> Selection<'a> {
    /// Returns a question that wants no owners.
    pub fn new(query: SocketQuery, filter: Option<&'a Filter>, owners: Owners) -> Self {
        let query = filter.map_or_else(|| query.clone(), |filter| filter.narrow(query.clone()).query);
        Self { query, filter, owners, owners_of: OwnersOf::Nothing }
    }

    /// Returns true if owners decide which sockets match.
    pub fn needs_owners_to_match(&self) -> bool {
        self.filter.is_some_and(|filter| filter.needs().owners)
    }

    fn search(&self) -> OwnerSearch {
        match self.owners_of {
            OwnersOf::Everything => OwnerSearch::All(self.owners),
            OwnersOf::Those(_) => OwnerSearch::Some(self.owners),
            OwnersOf::Nothing if self.needs_owners_to_match() => OwnerSearch::Some(self.owners),
            OwnersOf::Nothing => OwnerSearch::No,
        }
    }

    /// Asks for the sockets that match. `wants` leaves out sockets that the query alone does not.
    ///
    /// # Errors
    /// When the system did not give the table, or owners could not be found by the only means allowed.
    pub fn take(
        &self,
        backend: &(impl Sockets + Processes),
        mut wants: impl FnMut(&SocketRef<'_>) -> bool,
    ) -> Result<Selected, Error> {
        self.sift(backend, |socket| if wants(socket) { Kept::All } else { Kept::Nothing })
    }

    /// Asks for the sockets that match. `keep` sees each that may match as it is listed, with all that was read of it, and
    /// again if the system has to list it again; it says what is kept. Where owners decide whether a socket matches, all of
    /// it is kept, for the filter.
    ///
    /// # Errors
    /// As [`Selection::take`].
    pub fn sift(
        &self,
        backend: &(impl Sockets + Processes),
        mut keep: impl FnMut(&SocketRef<'_>) -> Kept,
    ) -> Result<Selected, Error> {
        let listing = Listing { query: &self.query, owners: self.search(), may_restart: true };
        let mut any_open = false;
        let Answer { data: (mut sockets, method), warnings } = backend.sockets(&listing, &mut |socket| {
            let matches = self.filter.map_or(Some(true), |filter| filter.decided(socket, Stage::Socket));
            if matches == Some(false) {
                return Visit::Skip;
            }
            let kept = keep(socket);
            if kept == Kept::Nothing {
                return Visit::Skip;
            }
            if matches.is_none() {
                any_open = true;
                return Visit::KeepWithOwners;
            }
            let owners = matches!(self.owners_of, OwnersOf::Those(wanted) if wanted(socket));
            match kept {
                Kept::Row => Visit::KeepLight { owners },
                _ if owners => Visit::KeepWithOwners,
                _ => Visit::Keep,
            }
        })?;
        let mut undecided = Undecided::new();
        if let (Some(filter), true) = (self.filter, any_open) {
            let wanted = undecided_owners(filter, &sockets);
            let processes = read_processes(backend, &wanted, filter.needs().processes);
            let find = |id: ProcessKey| processes.get(&id);
            let context = Context::new(&find);
            sockets.retain(|socket| {
                let answer = filter.matches(socket, &context);
                if answer == Tri::Unknown && is_hidden(&socket.ownership()) {
                    *undecided.entry((socket.protocol, socket.state)).or_default() += 1;
                }
                answer.is_yes()
            });
        }
        Ok(Selected { sockets, kinds: self.query.kinds, method, undecided, warnings })
    }

    /// Passes on each socket that matches as it comes, until `hand` returns false; nothing is kept. Owners are not known.
    /// What the system cannot finish is not begun again, because it has been passed on: a warning says so.
    ///
    /// # Errors
    /// When the system did not give the table; sockets may have been passed on before.
    pub fn stream(
        &self,
        backend: &impl Sockets,
        mut hand: impl FnMut(&SocketRef<'_>) -> bool,
    ) -> Result<Vec<Warning>, Error> {
        let listing = Listing { query: &self.query, owners: OwnerSearch::No, may_restart: false };
        let answer = backend.sockets(&listing, &mut |socket| {
            let matches = self.filter.map_or(Some(true), |filter| filter.decided(socket, Stage::Socket));
            if matches == Some(true) && !hand(socket) { Visit::Stop } else { Visit::Skip }
        })?;
        Ok(answer.warnings)
    }
}

/// Returns whether somebody may hold the socket who could not be seen.
fn is_hidden(ownership: &OwnershipRef<'_>) -> bool {
    match ownership {
        OwnershipRef::NotRead
        | OwnershipRef::Listed { .. }
        | OwnershipRef::Unowned(NoOwner::NotPermitted | NoOwner::OtherNamespace) => true,
        OwnershipRef::One(_) | OwnershipRef::Several(_) | OwnershipRef::Unowned(_) => false,
    }
}

/// Returns the owners of the sockets that process IDs alone do not decide, each once.
fn undecided_owners(filter: &Filter, sockets: &SocketTable) -> Vec<ProcessKey> {
    let mut wanted = Vec::new();
    for socket in sockets.iter().filter(|socket| filter.decided(socket, Stage::Owners).is_none()) {
        wanted.extend(socket.ownership().owners().iter().map(|owner| owner.process));
    }
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// Reads what is asked of processes.
pub fn read_processes(
    backend: &impl Processes,
    wanted: &[ProcessKey],
    fields: ProcessFields,
) -> HashMap<ProcessKey, Process> {
    if wanted.is_empty() || fields.is_empty() {
        return HashMap::new();
    }
    backend.processes(wanted, fields).into_iter().map(|process| (process.id, process)).collect()
}
