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

use crate::filter::{Context, Filter, Stage};
use netstat_model::query::{Kinds, Listing, OwnerSearch, Owners, ProcessFields, SocketQuery, Visit};
use netstat_model::{
    Answer, Error, ListMethod, NoOwner, Owner, OwnerMethod, Process, ProcessKey, Protocol, SocketRef,
    SocketTable, TcpState, Warning,
};
use netstat_os::{Processes, Sockets};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

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
    /// How many more sockets of each kind may match: what decides could not be read.
    pub undecided: Undecided,
    /// What the answer may lack.
    pub warnings: Vec<Warning>,
}

/// What became of sockets that were passed on.
pub struct Streamed {
    /// How many more sockets may match: what decides could not be read.
    pub undecided: usize,
    /// By what means TCP sockets were listed; `None` where the system has only one.
    pub listed_by: Option<ListMethod>,
    /// What the answer may lack.
    pub warnings: Vec<Warning>,
}

/// Counts sockets that may match, and those of them whose owner is unknown.
#[derive(Default)]
struct Doubts {
    sockets: Undecided,
    without_owner: usize,
}

impl Doubts {
    fn add(&mut self, socket: &SocketRef<'_>) {
        *self.sockets.entry((socket.protocol, socket.state)).or_default() += 1;
        let unowned = socket.ownership().unowned();
        self.without_owner +=
            usize::from(matches!(unowned, Some(NoOwner::NotPermitted | NoOwner::OtherNamespace)));
    }

    fn count(&self) -> usize {
        self.sockets.values().sum()
    }

    fn warning(&self) -> Option<Warning> {
        let (sockets, without_owner) = (self.count(), self.without_owner);
        (sockets > 0).then_some(Warning::MayMatch { sockets, without_owner })
    }
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
        let mut doubts = Doubts::default();
        let answer = backend.sockets(&listing, &mut |socket| {
            let matches = self.filter.map_or(Some(true), |filter| filter.decided(socket, Stage::Socket));
            if matches == Some(false) {
                let may_match = self.filter.is_some_and(|filter| filter.may_match_unread(socket));
                if may_match && keep(socket) != Kept::Nothing {
                    doubts.add(socket);
                }
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
        let Answer { data: (mut sockets, method), mut warnings } = answer;
        if let (Some(filter), true) = (self.filter, any_open) {
            let wanted = undecided_owners(filter, &sockets);
            let processes = read_processes(backend, &wanted, filter.needs().processes, &mut warnings);
            let find = |id: ProcessKey| processes.get(&id);
            let context = Context::new(&find);
            sockets.retain(|socket| {
                let matches = filter.matches(socket, &context).is_yes();
                if !matches && filter.may_match(socket, &context) {
                    doubts.add(socket);
                }
                matches
            });
            // Who is asked for stands for the others of a socket that several hold.
            sockets.lead_with(|socket, owners| {
                let is_meant =
                    |owner: &Owner| filter.matches(*socket, &context.as_if_held_by(owner.process)).is_yes();
                owners.iter().position(is_meant)
            });
        }
        warnings.extend(doubts.warning());
        Ok(Selected { sockets, kinds: self.query.kinds, method, undecided: doubts.sockets, warnings })
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
    ) -> Result<Streamed, Error> {
        let listing = Listing { query: &self.query, owners: OwnerSearch::No, may_restart: false };
        let mut doubts = Doubts::default();
        let answer = backend.sockets(&listing, &mut |socket| match self
            .filter
            .map_or(Some(true), |filter| filter.decided(socket, Stage::Socket))
        {
            Some(true) if !hand(socket) => Visit::Stop,
            Some(true) => Visit::Skip,
            Some(false) | None => {
                if self.filter.is_some_and(|filter| filter.may_match_unread(socket)) {
                    doubts.add(socket);
                }
                Visit::Skip
            }
        })?;
        let mut warnings = answer.warnings;
        warnings.extend(doubts.warning());
        Ok(Streamed { undecided: doubts.count(), listed_by: answer.data.0.listed_by(), warnings })
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

/// Reads what is asked of processes. What could not be read is added to the warnings, unless they have it already.
pub fn read_processes(
    backend: &impl Processes,
    wanted: &[ProcessKey],
    fields: ProcessFields,
    warnings: &mut Vec<Warning>,
) -> FxHashMap<ProcessKey, Process> {
    if wanted.is_empty() || fields.is_empty() {
        return FxHashMap::default();
    }
    let answer = backend.processes(wanted, fields);
    for warning in answer.warnings {
        if !warnings.iter().any(|earlier| warning.repeats(earlier)) {
            warnings.push(warning);
        }
    }
    answer.data.into_iter().map(|process| (process.id, process)).collect()
}
