//! The connections that are open when the programs start: they are listed once and told in parts, because events are larger
//! than the rows of a table.

use super::open::{Listed, is_open, is_time_wait, record_of};
use crate::linux::source::Source;
use crate::linux::{clock, host, table};
use netstat_model::history::{ConnectionRecord, ConnectionRole, OwnerSource, ProcessInstance};
use netstat_model::query::{Fields, Kinds, Listing, OwnerSearch, Owners, Scope, SocketQuery, States, Visit};
use netstat_model::{Error, Namespace, Owner, ProcessKey, RowId, SocketTable};
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::time::Duration;

/// How many events are told at once.
pub(super) const AT_ONCE: usize = 1 << 10;

/// A process and the user of a socket.
type Holder = (ProcessInstance, Option<u32>);

/// What a look told of an open connection. Those of one holder share what is known of it.
pub(super) struct Held {
    pub(super) role: ConnectionRole,
    pub(super) owner: Option<Rc<Holder>>,
}

impl Held {
    /// Adds what a look told to what the programs know.
    pub(super) fn complete(&self, record: &mut ConnectionRecord) {
        if record.role == ConnectionRole::Unknown {
            record.role = self.role;
        }
        if record.process.is_none()
            && let Some((instance, uid)) = self.owner.as_deref().copied()
        {
            record.process = Some((instance, OwnerSource::Held));
            record.uid = uid;
        }
    }
}

/// The sockets that were there at the start and have not been told yet.
pub(super) struct First {
    table: SocketTable,
    /// The next rows of the table, and how many were taken from it.
    rows: std::vec::IntoIter<RowId>,
    taken: usize,
    at: Duration,
    /// The network namespace of sockets that say none.
    namespace: Option<Namespace>,
    /// The processes that it has met.
    pub(super) met: FxHashMap<ProcessKey, ProcessInstance>,
    holders: FxHashMap<Holder, Rc<Holder>>,
}

impl First {
    /// Lists the connections and listeners that are open, and says of which network namespaces these are all.
    pub(super) fn list(source: &dyn Source) -> Result<(Self, Listed), Error> {
        let states = States::all() - States::TIME_WAIT - States::BOUND - States::CLOSED;
        // The programs see all network namespaces; those that may not be entered are told of when they end.
        let (fields, scope) = (Fields::COMMON, Scope::All);
        let query = SocketQuery { fields, scope, ..SocketQuery::new(Kinds::TCP, states) };
        let listing = Listing { query: &query, owners: OwnerSearch::All(Owners::Auto), may_restart: true };
        let answer = table::table(source, &listing, &mut |_| Visit::Keep)?;
        let table = answer.data.0;
        let namespace = host::namespace(source);
        let at = clock::uptime(source)?;
        let listed = Listed::new(&table, namespace, &answer.warnings);
        let (met, holders) = (FxHashMap::default(), FxHashMap::default());
        Ok((Self { table, rows: Vec::new().into_iter(), taken: 0, at, namespace, met, holders }, listed))
    }

    /// Returns the next socket, the process that holds it, and whether it is open and not only being made.
    pub(super) fn next_socket(&mut self) -> Option<(ConnectionRecord, Option<Owner>, bool)> {
        loop {
            if self.rows.len() == 0 {
                let rows: Vec<_> = self.table.rows_as_given().skip(self.taken).take(AT_ONCE).collect();
                self.taken += rows.len();
                self.rows = rows.into_iter();
            }
            let socket = self.table.get(self.rows.next()?)?;
            if is_time_wait(&socket) {
                continue;
            }
            let namespace = socket.namespace().or(self.namespace);
            if let Some(record) = record_of(&socket, namespace, self.at) {
                return Some((record, socket.ownership().principal(), is_open(&socket)));
            }
        }
    }

    /// Returns what the sockets of one holder share.
    pub(super) fn shared(&mut self, holder: Holder) -> Rc<Holder> {
        Rc::clone(self.holders.entry(holder).or_insert_with(|| Rc::new(holder)))
    }
}
