//! The front door: one look at the sockets of this machine.
//!
//! ```
//! use netstat_engine::snapshot::{Query, Snapshot};
//!
//! # fn main() -> Result<(), netstat_model::Error> {
//! let snapshot = Snapshot::take(&Query::tcp().tcp_info().owners())?;
//! for socket in snapshot.iter() {
//!     let rtt = socket.tcp().and_then(|tcp| tcp.rtt);
//!     let pid = socket.ownership().principal().map(|owner| owner.process.pid);
//!     println!("{} {:?} {pid:?} {rtt:?}", socket.local, socket.state);
//! }
//! # Ok(())
//! # }
//! ```

use crate::filter::Filter;
use crate::select::{OwnersOf, Selected, Selection};
use netstat_model::query::{Fields, Kinds, Owners, ProcessFields, SocketQuery, States};
use netstat_model::{Error, OwnerMethod, Process, SnapshotInfo, SocketRef, SocketTable, TcpFields, Warning};
use netstat_os::{Machine, Origin, Processes, Sockets};

/// Says which sockets to list, and what to read of each. Whatever is not asked for is not read.
///
/// ```
/// use netstat_engine::snapshot::Query;
/// use netstat_model::query::{ProcessFields, States};
///
/// let stuck = Query::tcp().states(States::CLOSE_WAIT).processes(ProcessFields::NAME);
/// let everything = Query::all().bound().details().tcp_info().memory().owners();
/// ```
#[derive(Debug, Clone)]
pub struct Query {
    sockets: SocketQuery,
    filter: Option<Filter>,
    owners: bool,
    means: Owners,
    processes: ProcessFields,
}

impl Query {
    fn new(kinds: Kinds) -> Self {
        let sockets = SocketQuery::new(kinds, States::all().difference(States::BOUND));
        let processes = ProcessFields::empty();
        Self { sockets, filter: None, owners: false, means: Owners::Auto, processes }
    }

    /// Asks for TCP sockets of both families: connections and listeners.
    pub fn tcp() -> Self {
        Self::new(Kinds::TCP)
    }

    /// Asks for UDP sockets of both families.
    pub fn udp() -> Self {
        Self::new(Kinds::UDP)
    }

    /// Asks for TCP and UDP sockets of both families.
    pub fn all() -> Self {
        Self::new(Kinds::TCP_UDP)
    }

    /// Leaves out TCP sockets that do not listen. UDP sockets have no state and stay.
    pub fn listening(self) -> Self {
        self.states(States::LISTEN)
    }

    /// Adds TCP sockets that are bound to a port and neither listen nor connect (Linux 6.8).
    pub fn bound(mut self) -> Self {
        self.sockets.states |= States::BOUND;
        self
    }

    /// Leaves out TCP sockets in other states than these.
    pub fn states(mut self, states: States) -> Self {
        self.sockets.states = states;
        self
    }

    /// Leaves out sockets that do not match. Owners and processes are read as far as the filter needs them to decide.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Reads the whole course of each connection: [`SocketRef::tcp`].
    pub fn tcp_info(self) -> Self {
        self.tcp_fields(TcpFields::all())
    }

    /// Reads these fields of the course of each connection; each takes 8 bytes a socket.
    pub fn tcp_fields(mut self, fields: TcpFields) -> Self {
        self.sockets.tcp |= fields;
        self
    }

    /// Reads the memory of each socket: [`SocketRef::memory`].
    pub fn memory(mut self) -> Self {
        self.sockets.fields |= Fields::MEMORY;
        self
    }

    /// Reads what the system tells of each socket at no extra cost: queues, user, interface, timer, cookie.
    pub fn details(mut self) -> Self {
        self.sockets.fields |= Fields::COMMON;
        self
    }

    /// Looks for the processes that hold each socket: [`SocketRef::ownership`].
    pub fn owners(mut self) -> Self {
        self.owners = true;
        self
    }

    /// Looks for owners by these means alone.
    pub fn owners_by(mut self, means: Owners) -> Self {
        self.means = means;
        self.owners()
    }

    /// Looks for owners and reads these fields of each: [`Snapshot::process`].
    pub fn processes(mut self, fields: ProcessFields) -> Self {
        self.processes |= fields;
        self.owners()
    }
}

/// The sockets of a machine at one time.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Snapshot {
    /// Where and when it was taken.
    pub info: SnapshotInfo,
    /// The sockets, in the order of the system.
    pub sockets: SocketTable,
    /// The processes that hold them, by key; empty unless [`Query::processes`] asked for them.
    pub processes: Vec<Process>,
    /// How owners were found.
    pub owner_method: OwnerMethod,
    /// How many more sockets may match the filter: what decides could not be read.
    pub undecided: usize,
    /// What the snapshot may lack, and why.
    pub warnings: Vec<Warning>,
}

impl Snapshot {
    /// Looks at the running system.
    ///
    /// # Errors
    /// When the system did not give the table, or owners could not be found by the only means allowed. What is missing
    /// for any other reason is in [`Snapshot::warnings`].
    pub fn take(query: &Query) -> Result<Self, Error> {
        Self::take_from(&netstat_os::open(Origin::Live)?, query)
    }

    /// Looks at any system: the running one, a recording, or one of your own.
    ///
    /// # Errors
    /// As [`Snapshot::take`].
    pub fn take_from(backend: &(impl Sockets + Processes + Machine), query: &Query) -> Result<Self, Error> {
        let mut selection = Selection::new(query.sockets.clone(), query.filter.as_ref(), query.means);
        if query.owners {
            selection.owners_of = OwnersOf::Everything;
        }
        let info = backend.info();
        let Selected { sockets, method, undecided, mut warnings, .. } = selection.take(backend, |_| true)?;
        let mut processes = Vec::new();
        if !query.processes.is_empty() {
            let answer = backend.processes(&sockets.processes(), query.processes);
            processes = answer.data;
            warnings.extend(answer.warnings);
            processes.sort_unstable_by_key(|process| process.id);
        }
        Ok(Self {
            info,
            sockets,
            processes,
            owner_method: method,
            undecided: undecided.values().sum(),
            warnings,
        })
    }

    /// Returns the sockets.
    pub fn iter(&self) -> impl Iterator<Item = SocketRef<'_>> + '_ {
        self.sockets.iter()
    }

    /// Returns the process to show for a socket: of several that hold it, the ancestor of the others, else the oldest.
    /// `None` if none is known, or [`Query::processes`] did not ask for them.
    pub fn process(&self, socket: &SocketRef<'_>) -> Option<&Process> {
        let wanted = socket.ownership().principal()?.process;
        let at = self.processes.binary_search_by_key(&wanted, |process| process.id).ok()?;
        self.processes.get(at)
    }
}
