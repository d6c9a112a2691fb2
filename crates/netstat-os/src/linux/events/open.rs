//! The connections and listeners that are open, in all network namespaces that may be entered.

use crate::linux::source::Source;
use crate::linux::{host, table};
use crate::looks;
use netstat_model::history::ConnectionRecord;
use netstat_model::query::{Fields, Kinds, Listing, OwnerSearch, Scope, SocketQuery, States, Visit};
use netstat_model::{Namespace, SocketRef, SocketTable, TcpState, TimerKind, Warning};
use rustc_hash::FxHashSet;
use std::time::Duration;

/// The sockets that are there: their cookies, as the rows of all of them take ten times the memory.
#[derive(Default)]
pub(super) struct There {
    pub(super) cookies: FxHashSet<u64>,
    /// The network namespaces that were listed, but for those that have no socket.
    pub(super) namespaces: FxHashSet<Namespace>,
}

impl There {
    /// Lists them; `None` where not all of those in a namespace could be listed.
    pub(super) fn list(source: &dyn Source) -> Option<Self> {
        let mut there = Self::default();
        let warnings = visit(source, &mut |socket| there.note(socket));
        there.namespaces.extend(host::namespace(source));
        // A namespace that cannot be entered lacks all of its sockets, and none of them is missed.
        warnings.is_some_and(|warnings| is_whole(&warnings)).then_some(there)
    }

    fn note(&mut self, socket: &SocketRef<'_>) {
        self.namespaces.extend(socket.namespace());
        if is_open(socket) {
            self.cookies.extend(socket.id.cookie);
        }
    }
}

/// Makes records of the open sockets with some cookies.
pub(super) fn records(source: &dyn Source, cookies: &FxHashSet<u64>, now: Duration) -> Vec<ConnectionRecord> {
    let own = host::namespace(source);
    let mut records = Vec::new();
    // One that is not there any more has ended, and that was told.
    visit(source, &mut |socket| {
        if is_open(socket) && socket.id.cookie.is_some_and(|cookie| cookies.contains(&cookie)) {
            records.extend(record_of(socket, socket.namespace().or(own), now));
        }
    });
    // A list that began anew has some of them twice.
    records.sort_unstable_by_key(|record| record.cookie);
    records.dedup_by_key(|record| record.cookie);
    records
}

/// Shows all sockets that are not time-wait blocks; `None` where they cannot be listed.
fn visit(source: &dyn Source, each: &mut dyn FnMut(&SocketRef<'_>)) -> Option<Vec<Warning>> {
    let states = States::all() - States::TIME_WAIT - States::BOUND - States::CLOSED;
    let (fields, scope) = (Fields::COMMON, Scope::All);
    let query = SocketQuery { fields, scope, ..SocketQuery::new(Kinds::TCP, states) };
    let listing = Listing { query: &query, owners: OwnerSearch::No, may_restart: true };
    let answer = table::table(source, &listing, &mut |socket| {
        each(socket);
        Visit::Skip
    });
    answer.ok().map(|answer| answer.warnings)
}

/// The network namespaces all of whose sockets were listed.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Whether it is all that there are.
    all: bool,
    some: FxHashSet<Namespace>,
}

impl Listed {
    /// Says what a table has, by what it lacks.
    pub(super) fn new(table: &SocketTable, own: Option<Namespace>, lacks: &[Warning]) -> Self {
        if !is_whole(lacks) {
            return Self::default();
        }
        let leaves_out = |lack: &Warning| {
            matches!(lack, Warning::NamespacesLeftOut { .. } | Warning::SourceUnavailable { .. })
                && !lack.hides_owners()
        };
        Self { all: !lacks.iter().any(leaves_out), some: namespaces(table, own) }
    }

    /// Returns whether a network namespace is one of them; one that is not known is this one.
    pub(super) fn has(&self, namespace: Option<Namespace>) -> bool {
        self.all || namespace.map_or(!self.some.is_empty(), |namespace| self.some.contains(&namespace))
    }
}

fn namespaces(table: &SocketTable, own: Option<Namespace>) -> FxHashSet<Namespace> {
    table.iter().filter_map(|socket| socket.namespace()).chain(own).collect()
}

/// Returns whether a table has all sockets of the namespaces that were entered.
fn is_whole(lacks: &[Warning]) -> bool {
    !lacks.iter().any(|lack| {
        matches!(
            lack,
            Warning::DumpInterrupted { .. }
                | Warning::DumpOverrun { .. }
                | Warning::OddMessages { .. }
                | Warning::ProcNetFallback { .. }
                | Warning::FamilyUnavailable { .. }
        )
    })
}

/// Returns whether a socket is open; the programs tell of a connection that is being made when it is there, or has failed.
/// A time-wait block in FIN_WAIT_2 has the cookie of a socket that is no more.
pub(super) fn is_open(socket: &SocketRef<'_>) -> bool {
    let is_being_made = matches!(socket.state, Some(TcpState::SynSent | TcpState::SynReceived));
    !is_being_made && !is_time_wait(socket)
}

/// Returns whether a row is a time-wait block.
pub(super) fn is_time_wait(socket: &SocketRef<'_>) -> bool {
    socket.timer().is_some_and(|timer| timer.kind == TimerKind::TimeWait)
}

/// Makes a record of a socket that is open; `None` for one without a cookie, whose end could not be told from another's.
pub(super) fn record_of(
    socket: &SocketRef<'_>,
    namespace: Option<Namespace>,
    now: Duration,
) -> Option<ConnectionRecord> {
    let cookie = socket.id.cookie?;
    Some(ConnectionRecord { cookie, namespace, ..looks::record_of(socket, now)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::{Family, IpEndpoint, Socket, SocketId, Timer, Transport};

    fn socket(cookie: u64, state: TcpState) -> Socket {
        let [local, remote] = [1, 2].map(|last| IpEndpoint::new([10, 0, 0, last].into(), 80, 0));
        Socket {
            state: Some(state),
            id: SocketId { inode: None, cookie: Some(cookie) },
            ..Socket::new(Transport::Tcp, Family::V4, local, Some(remote))
        }
    }

    /// The cookies of those that are open.
    fn open(sockets: &[Socket]) -> Vec<u64> {
        let mut there = There::default();
        sockets.iter().for_each(|socket| there.note(&SocketRef::from(socket)));
        let mut cookies: Vec<u64> = there.cookies.into_iter().collect();
        cookies.sort_unstable();
        cookies
    }

    #[test]
    fn what_is_being_made_is_not_open() {
        use TcpState::{Established, Listen, SynReceived, SynSent};
        let states = [(1, SynSent), (2, SynReceived), (3, Established), (4, Listen)];
        assert_eq!(open(&states.map(|(cookie, state)| socket(cookie, state))), [3, 4]);
    }

    #[test]
    fn a_time_wait_block_is_not_open_in_fin_wait_2() {
        let with = |cookie, kind| {
            let timer = Timer { kind, expires_in: Duration::from_secs(9), retransmits: 0 };
            Socket { timer: Some(timer), ..socket(cookie, TcpState::FinWait2) }
        };
        let sockets =
            [with(1, TimerKind::TimeWait), with(2, TimerKind::KeepAlive), socket(3, TcpState::FinWait2)];
        assert_eq!(open(&sockets), [2, 3]);
    }

    #[test]
    fn what_was_left_out_was_not_listed() {
        let (own, other) = (Namespace { inode: 1 }, Namespace { inode: 2 });
        let query = SocketQuery { fields: Fields::COMMON, ..SocketQuery::new(Kinds::TCP, States::all()) };
        let table = SocketTable::new(query.keep());
        let listed = |lacks: &[Warning]| {
            let listed = Listed::new(&table, Some(own), lacks);
            [Some(own), None, Some(other)].map(|namespace| listed.has(namespace))
        };
        assert_eq!(listed(&[]), [true, true, true], "a namespace that is no more has no sockets");
        let left_out = Warning::NamespacesLeftOut { namespaces: 1, reason: "no".into() };
        assert_eq!(listed(&[left_out]), [true, true, false]);
        let unknown = Warning::SourceUnavailable { what: "some", reason: "no".into() };
        assert_eq!(listed(&[unknown]), [true, true, false]);
        let unowned = Warning::SourceUnavailable { what: Warning::SOME_OWNERS, reason: "no".into() };
        assert_eq!(listed(&[unowned]), [true, true, true]);
        let odd = Warning::OddMessages { what: "some", count: 1 };
        assert_eq!(listed(&[odd]), [false, false, false]);
        assert!(!Listed::default().has(None));
    }
}
