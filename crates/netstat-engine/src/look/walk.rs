//! [`Walk`]: looks by listing every socket, as seldom as that does.

use super::told::{Feed, Teller, Told};
use super::{Look, LookSource, LookWishes};
use crate::select::{OwnersOf, Selection};
use netstat_model::query::{Fields, Keep, Kinds, Owners, ProcessFields, Scope, SocketQuery, States};
use netstat_model::{Error, OwnerMethod, Process, ProcessKey, Socket, SocketRef, SocketTable, Warning};
use netstat_os::{Machine, Processes, SocketWatch, Sockets};
use rustc_hash::FxHashSet;
use std::time::{Duration, Instant, SystemTime};

/// Nothing else tells of sockets that are bound only.
const BOUND_AGAIN: Duration = Duration::from_secs(5);

/// So often everything is listed though no counter moved: a socket may have come to another process, or one of UDP have taken the
/// place of another.
const WALK_AGAIN: Duration = Duration::from_secs(10);

/// How a walk lists sockets.
#[derive(Debug, Clone, Copy)]
pub struct WalkWishes {
    /// Which network namespaces.
    pub scope: Scope,
    /// How owners are found.
    pub owners: Owners,
    /// How much of one processor listing may take, in percent: 100 lists at every look at which anything may have changed.
    pub budget: u32,
}

impl Default for WalkWishes {
    fn default() -> Self {
        Self { scope: Scope::default(), owners: Owners::default(), budget: 2 }
    }
}

/// Lists every socket, where anything may have changed since it did so last and the budget allows it. Between that, only the
/// sockets that somebody looks at are read again, and the system tells of those that it destroys.
pub struct Walk<'a, S> {
    system: &'a S,
    how: WalkWishes,
    wishes: LookWishes,
    /// The processes that were told of.
    told: FxHashSet<ProcessKey>,
    teller: Teller<'a>,
    /// Events that have not begun yet.
    feed: Option<Feed>,
    /// The last walk.
    walked: Option<Walked>,
    /// When bound sockets were listed last, and how long that took.
    bound: Option<(Instant, Duration)>,
    /// What the system has told and no look could tell, because listing failed.
    held_back: Told,
}

/// A walk, for whoever decides about the next.
struct Walked {
    at: Instant,
    took: Duration,
    /// What counted before it began.
    pulse: Option<Vec<u8>>,
    /// The time of day before it began.
    now: Option<SystemTime>,
    method: OwnerMethod,
    warnings: Vec<Warning>,
    /// Whether something is known to be missing.
    is_stale: bool,
}

impl<'a, S: Sockets + SocketWatch + Processes + Machine> Walk<'a, S> {
    /// Returns a source of looks at a system, which listens from now on to what is destroyed.
    pub fn new(system: &'a S, how: WalkWishes, wishes: LookWishes) -> Self {
        // Only this network namespace tells.
        let destroyed = if how.scope == Scope::Own { system.destroyed() } else { None };
        Self {
            system,
            how,
            wishes,
            told: FxHashSet::default(),
            teller: destroyed.map_or(Teller::Nobody, Teller::Destroyed),
            feed: None,
            walked: None,
            bound: None,
            held_back: Told::default(),
        }
    }

    /// Takes what opens and ends from events, as soon as these have begun.
    #[must_use]
    pub fn with_events(self, feed: Feed) -> Self {
        Self { feed: Some(feed), ..self }
    }

    fn query(&self, kinds: Kinds, states: States) -> SocketQuery {
        let needs = self.wishes.needs;
        SocketQuery {
            // The cookie is the identity from one look to the next.
            fields: needs.fields | Fields::COMMON,
            tcp: needs.tcp,
            scope: self.how.scope,
            ..SocketQuery::new(kinds, states)
        }
    }

    /// Lists sockets with their owners.
    fn list(
        &mut self,
        kinds: Kinds,
        states: States,
    ) -> Result<(SocketTable, OwnerMethod, Vec<Warning>), Error> {
        let selection = Selection {
            owners_of: OwnersOf::Everything,
            ..Selection::new(self.query(kinds, states), None, self.how.owners)
        };
        let selected = selection.take(self.system, |_| true)?;
        Ok((selected.sockets, selected.method, selected.warnings))
    }

    /// Reads the processes that hold sockets of a table and were not told of before.
    fn introduce(&mut self, table: &SocketTable, warnings: &mut Vec<Warning>) -> Vec<Process> {
        let new: Vec<ProcessKey> =
            table.processes().into_iter().filter(|process| !self.told.contains(process)).collect();
        if new.is_empty() {
            return Vec::new();
        }
        let answer = self.system.processes(&new, self.wishes.needs.process | ProcessFields::NAME);
        warnings.extend(answer.warnings);
        self.told.extend(new);
        answer.data
    }

    /// Returns whether nothing has happened since the last walk.
    fn is_still(&self, pulse: Option<&Vec<u8>>) -> bool {
        self.walked
            .as_ref()
            .is_some_and(|walked| !walked.is_stale && pulse.is_some() && pulse == walked.pulse.as_ref())
    }

    /// Returns whether the budget allows another walk.
    fn may_walk(&self) -> bool {
        self.walked.as_ref().is_none_or(|walked| walked.at.elapsed() + walked.took >= self.pause(walked.took))
    }

    /// Returns how long to wait before something that took so long is done again.
    fn pause(&self, took: Duration) -> Duration {
        took * 100 / self.how.budget.max(1)
    }

    /// Reads again what somebody looks at. Who holds it is not read.
    fn again(&self, visible: &[Socket]) -> SocketTable {
        let query = self.query(self.wishes.kinds, States::all());
        let asked: Vec<SocketRef<'_>> = visible.iter().map(SocketRef::from).collect();
        // What is refused stays as it was.
        self.system.again(&asked, &query).unwrap_or_else(|_| SocketTable::new(query.keep()))
    }
}

impl<S: Sockets + SocketWatch + Processes + Machine> LookSource for Walk<'_, S> {
    fn look(&mut self, visible: &[Socket]) -> Result<Look, Error> {
        let begun = Instant::now();
        let now = self.system.now();
        let boot = self.system.uptime().ok().and_then(|uptime| now?.checked_sub(uptime));
        let place = (self.how.scope, self.system.namespace());
        self.teller.take(place, boot, &mut self.held_back);
        self.held_back.bound();
        if let Some(Ok(first)) = self.feed.as_ref().map(|feed| feed.try_recv()) {
            self.teller = self.feed.take().map_or(Teller::Nobody, Teller::Events);
            self.held_back.hear(first, place, boot);
            // The list that comes now has what is open.
            self.held_back.opened.clear();
            // What came before them is listed again.
            self.walked.iter_mut().for_each(|walked| walked.is_stale = true);
        }
        // The counters are those of this network namespace.
        let pulse = if self.how.scope == Scope::Own { self.system.pulse() } else { None };
        let told = &self.held_back;
        let has_moved = told.lost > 0 || !told.closed.is_empty() || !told.opened.is_empty();
        if let Some(walked) = &mut self.walked {
            walked.is_stale |= has_moved;
        }
        let is_still = self.is_still(pulse.as_ref());
        let is_old = self.walked.as_ref().is_none_or(|walked| walked.at.elapsed() >= WALK_AGAIN);
        let is_due = (!is_still || is_old) && self.may_walk();
        let mut warnings = Vec::new();
        let (mut sockets, mut processes) = (SocketTable::new(Keep::default()), Vec::new());
        if is_due {
            let (table, method, lacks) = self.list(self.wishes.kinds, States::all())?;
            warnings = lacks;
            processes = self.introduce(&table, &mut warnings);
            sockets = table;
            let took = begun.elapsed();
            let is_stale = false;
            self.walked =
                Some(Walked { at: begun, now, took, pulse, method, warnings: warnings.clone(), is_stale });
            self.bound = Some((begun, Duration::ZERO));
        } else if self.bound.is_none_or(|(at, took)| at.elapsed() >= BOUND_AGAIN.max(self.pause(took))) {
            let (table, _, lacks) = self.list(self.wishes.kinds & Kinds::TCP, States::BOUND)?;
            warnings = lacks;
            processes = self.introduce(&table, &mut warnings);
            sockets = table;
            self.bound = Some((begun, begun.elapsed()));
        } else if !visible.is_empty() {
            sockets = self.again(visible);
        }
        let told = std::mem::take(&mut self.held_back);
        // What a look has read of a process is more than an event tells, and comes last.
        let mut all = told.processes;
        all.append(&mut processes);
        let by_events = self.teller.are_events();
        let walked = self.walked.as_ref();
        Ok(Look {
            info: self.system.info(),
            sockets,
            whole: is_due,
            opened: told.opened.into_values().collect(),
            closed: told.closed,
            lost: told.lost,
            by_events,
            processes: all,
            method: walked.map_or(OwnerMethod::NotNeeded, |walked| walked.method),
            warnings: walked.map(|walked| walked.warnings.clone()).unwrap_or(warnings),
            took: begun.elapsed(),
            age: walked
                .map_or(Duration::ZERO, |walked| if is_due { Duration::ZERO } else { walked.at.elapsed() }),
            is_current: is_due || is_still,
            listed: walked.and_then(|walked| walked.now),
        })
    }

    fn set_wishes(&mut self, wishes: LookWishes) {
        if wishes.needs.process != self.wishes.needs.process {
            self.told.clear();
        }
        self.wishes = wishes;
        self.walked = None;
    }

    fn forget_processes(&mut self) {
        self.told.clear();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::columns::ColumnNeeds;
    use crate::flow::FLOW_FIELDS;
    use netstat_os::Origin;
    use std::net::{TcpListener, TcpStream};

    fn wishes() -> LookWishes {
        let needs = ColumnNeeds { tcp: FLOW_FIELDS, ..ColumnNeeds::NOTHING };
        LookWishes { kinds: Kinds::TCP_UDP, needs }
    }

    #[test]
    fn a_look_has_what_was_opened_since_and_names_a_process_once() {
        let system = netstat_os::open(Origin::Live).unwrap();
        let every_time = WalkWishes { budget: 100, ..WalkWishes::default() };
        let mut walk = Walk::new(&system, every_time, wishes());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut ends = |want: usize, named: bool| {
            let look = walk.look(&[]).unwrap();
            assert!(look.whole && look.is_current);
            let of_port = look.sockets.iter().filter(|socket| {
                socket.local.port() == Some(port) || socket.remote.and_then(|end| end.port()) == Some(port)
            });
            assert_eq!(of_port.count(), want);
            let own = look.processes.iter().any(|process| process.id.pid == std::process::id());
            assert_eq!(own, named);
        };
        ends(1, true);
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        ends(3, false);
        drop((stream, listener));
    }

    #[test]
    fn nothing_is_listed_while_no_counter_moves_and_those_of_other_namespaces_are_not_known() {
        netstat_lab::on_own_thread(|_| {
            let system = netstat_os::open(Origin::Live).unwrap();
            let every_time = WalkWishes { budget: 100, ..WalkWishes::default() };
            let mut walk = Walk::new(&system, every_time, wishes());
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let first = walk.look(&[]).unwrap();
            assert!(first.whole);
            let visible: Vec<Socket> = first.sockets.iter().map(|socket| socket.to_socket()).collect();
            for _ in 0..3 {
                let still = walk.look(&visible).unwrap();
                assert!(!still.whole && still.is_current && still.closed.is_empty());
                assert_eq!(still.sockets.len(), visible.len(), "what is looked at is read again");
                assert!(still.sockets.iter().all(|socket| !socket.ownership().is_read()));
            }
            let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            assert!(walk.look(&[]).unwrap().whole);
            drop(stream);
            let all = WalkWishes { scope: Scope::All, ..every_time };
            let mut walk = Walk::new(&system, all, wishes());
            assert!(walk.look(&[]).unwrap().whole && walk.look(&[]).unwrap().whole);
        });
    }
}
