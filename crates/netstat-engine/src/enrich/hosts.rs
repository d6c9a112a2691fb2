//! Host names: many concurrent lookups within a time budget.
//!
//! A lookup blocks in the system resolver and cannot be cancelled. So lookups run on worker threads, and the caller stops
//! waiting when the budget is spent. A thread that is still blocked is left behind: it keeps the shared state alive,
//! stores its answer there if one arrives, and ends with the process at the latest. Such threads count against the limit
//! of later rounds, so a table repeated for days cannot accumulate them.

use netstat_model::HostAddress;
use netstat_os::NameLookup;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The number of threads at the start.
const FIRST_THREADS: usize = 32;

/// The limit on threads, including those left behind. Each DNS lookup holds a file descriptor, and a process has 1,024 of
/// them by default.
const MOST_THREADS: usize = 256;

/// The stack size: enough for the resolver of glibc and its modules, which keep packets on the stack. Only touched pages
/// take memory.
const STACK: usize = 256 * 1024;

/// How often the pace is checked: a few dead addresses must not delay the rest.
const TICK: Duration = Duration::from_millis(50);

/// How long an answer is reused, for repeated tables.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// The names found in time. They are untrusted text: escape them before showing them on a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostNames {
    names: FxHashMap<HostAddress, Box<str>>,
    own_full_name: Option<Box<str>>,
    unanswered: usize,
}

impl HostNames {
    /// Returns how many addresses nobody answered for in time. One that has no name is answered for.
    pub fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Returns the full name of an address; `None` if it has none or it was not found in time.
    pub fn name(&self, address: HostAddress) -> Option<&str> {
        self.names.get(&address).map(AsRef::as_ref)
    }

    /// Returns the full name of this machine, if requested; `None` if it has none or it was not found in time.
    pub fn own_full_name(&self) -> Option<&str> {
        self.own_full_name.as_deref()
    }
}

/// Looks up the names of many hosts concurrently. Keep it for as long as a table is repeated: it remembers the answers of
/// the last round for a minute, and the lookups still running.
pub struct HostResolver {
    shared: Arc<Shared>,
    gives_up: fn() -> bool,
}

struct Shared {
    lookup: Arc<dyn NameLookup>,
    state: Mutex<State>,
    /// Notified when nothing is left to wait for.
    answered: Condvar,
}

#[derive(Default)]
struct State {
    /// Running lookups and known answers.
    questions: FxHashMap<Question, Progress>,
    /// Lookups that no thread has taken yet.
    queue: Queue,
    /// Lookups that this round waits for.
    open: FxHashSet<Question>,
    /// The number of threads.
    threads: usize,
    /// The number of answers so far.
    answers: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Question {
    NameOf(HostAddress),
    FullNameOf(Box<str>),
}

enum Progress {
    /// With the answer of an earlier round, which is shown until there is another.
    Asking {
        before: Option<Box<str>>,
    },
    Answered {
        name: Option<Box<str>>,
        at: Instant,
    },
}

impl HostResolver {
    /// Returns a resolver on top of `lookup`, as returned by [`netstat_os::NameDatabases::name_lookup`].
    pub fn new(lookup: Arc<dyn NameLookup>) -> Self {
        let shared = Shared { lookup, state: Mutex::default(), answered: Condvar::new() };
        Self { shared: Arc::new(shared), gives_up: || false }
    }

    /// Lets a round end before its budget is spent: when this returns true, which is asked every 50 ms.
    #[must_use]
    pub fn giving_up_when(self, gives_up: fn() -> bool) -> Self {
        Self { gives_up, ..self }
    }

    /// Looks up the names of the addresses, and the full name of this machine if its name is given in `own_name`.
    ///
    /// Each address is looked up once, however often it is given. Returns when all lookups are done or the budget is
    /// spent; an address without an answer by then has no name in this round. If the system refuses threads there are
    /// fewer concurrent lookups, down to none at all.
    pub fn resolve(
        &mut self,
        addresses: impl IntoIterator<Item = HostAddress>,
        own_name: Option<&str>,
        budget: Duration,
    ) -> HostNames {
        let begin = Instant::now();
        // A deadline beyond the range of the clock is no limit.
        let deadline = begin.checked_add(budget);
        // A name with a dot is already a full name.
        let own = own_name.filter(|name| !name.is_empty() && !name.contains('.'));
        let mut wanted: FxHashSet<Question> = FxHashSet::default();
        let mut in_order = Vec::new();
        let own = own.map(|name| Question::FullNameOf(name.into()));
        for question in own.iter().cloned().chain(addresses.into_iter().map(Question::NameOf)) {
            if wanted.insert(question.clone()) {
                in_order.push(question);
            }
        }

        let mut state = self.shared.state();
        state.begin(&wanted, in_order, begin);
        let mut state = self.wait(state, deadline);
        // Threads that return later must find nothing left to do.
        state.queue.clear();
        state.open.clear();
        let is_answered = |question: &&Question| {
            let progress = state.questions.get(question);
            matches!(progress, Some(Progress::Answered { .. } | Progress::Asking { before: Some(_) }))
        };
        let mut names = HostNames {
            unanswered: wanted.len() - wanted.iter().filter(is_answered).count(),
            ..HostNames::default()
        };
        for (question, progress) in &state.questions {
            match (question, progress) {
                _ if !wanted.contains(question) => {}
                (_, Progress::Asking { before: None } | Progress::Answered { name: None, .. }) => {}
                (
                    Question::NameOf(address),
                    Progress::Asking { before: Some(name) } | Progress::Answered { name: Some(name), .. },
                ) => {
                    names.names.insert(*address, name.clone());
                }
                (
                    Question::FullNameOf(_),
                    Progress::Asking { before: Some(name) } | Progress::Answered { name: Some(name), .. },
                ) => {
                    names.own_full_name = Some(name.clone());
                }
            }
        }
        drop(state);
        if let Some(full) = own_name.filter(|name| name.contains('.')) {
            names.own_full_name = Some(full.into());
        }
        names
    }

    /// Waits until all lookups are done or the deadline has passed, and starts threads as needed.
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        deadline: Option<Instant>,
    ) -> MutexGuard<'a, State> {
        let mut may_grow = true;
        let mut more = FIRST_THREADS;
        let mut before = state.answers;
        while !state.open.is_empty() {
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) || (self.gives_up)() {
                break;
            }
            if may_grow && more > 0 {
                may_grow = self.add_threads(&mut state, more);
            }
            if state.threads == 0 {
                break;
            }
            let pause = left.map_or(TICK, |left| left.min(TICK));
            state = self.shared.answered.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
            let answers = state.answers.wrapping_sub(before);
            before = state.answers;
            more = if in_time(answers, state.queue.len(), left) { 0 } else { state.threads };
        }
        state
    }

    /// Starts threads, at most one for each lookup in the queue; returns false if the system refuses one.
    fn add_threads(&self, state: &mut State, more: usize) -> bool {
        let more = more.min(state.queue.len()).min(MOST_THREADS.saturating_sub(state.threads));
        for _ in 0..more {
            let shared = Arc::clone(&self.shared);
            let spawned = thread::Builder::new()
                .name("name lookup".into())
                .stack_size(STACK)
                .spawn(move || shared.work());
            if spawned.is_err() {
                return false;
            }
            state.threads += 1;
        }
        true
    }
}

/// Returns true if this number of answers per tick empties the queue in the time left.
fn in_time(answers: u64, queue: usize, left: Option<Duration>) -> bool {
    let ticks = left.map_or(u128::MAX, |left| left.as_millis() / TICK.as_millis());
    u128::from(answers).saturating_mul(ticks) >= queue as u128
}

/// Lookups that wait for a thread. The next one is of the network with the fewest lookups that are being asked: where the
/// name servers of one network are silent, its lookups pile up, and those of all others go on.
#[derive(Default)]
struct Queue {
    networks: FxHashMap<Zone, Line>,
    /// The networks with waiting lookups, in their turn: how many are being asked, and when the network came.
    turns: BTreeSet<(usize, usize, Zone)>,
    waiting: usize,
}

/// The addresses whose names mostly come from the same servers: of one /16 or /32, or names of this machine.
type Zone = Option<[u8; 4]>;

#[derive(Default)]
struct Line {
    waiting: VecDeque<Question>,
    asking: usize,
    place: usize,
}

impl Queue {
    fn zone(question: &Question) -> Zone {
        match question {
            Question::FullNameOf(_) => None,
            Question::NameOf(host) => Some(match host.address {
                IpAddr::V4(address) => {
                    let [a, b, ..] = address.octets();
                    [a, b, 0, 0]
                }
                IpAddr::V6(address) => {
                    let [a, b, c, d, ..] = address.octets();
                    [a, b, c, d]
                }
            }),
        }
    }

    fn len(&self) -> usize {
        self.waiting
    }

    fn push(&mut self, question: Question) {
        let zone = Self::zone(&question);
        let place = self.networks.len();
        let line = self.networks.entry(zone).or_insert_with(|| Line { place, ..Line::default() });
        line.waiting.push_back(question);
        self.turns.insert((line.asking, line.place, zone));
        self.waiting += 1;
    }

    /// Takes the next lookup, to be asked now.
    fn take(&mut self) -> Option<Question> {
        let (_, _, zone) = self.turns.pop_first()?;
        let line = self.networks.get_mut(&zone)?;
        let question = line.waiting.pop_front()?;
        line.asking += 1;
        self.waiting -= 1;
        if !line.waiting.is_empty() {
            self.turns.insert((line.asking, line.place, zone));
        }
        Some(question)
    }

    /// Notes that a lookup has come back.
    fn answered(&mut self, question: &Question) {
        let zone = Self::zone(question);
        let Some(line) = self.networks.get_mut(&zone) else { return };
        let waits = self.turns.remove(&(line.asking, line.place, zone));
        line.asking = line.asking.saturating_sub(1);
        if waits {
            self.turns.insert((line.asking, line.place, zone));
        }
    }

    /// Drops what waits. What is being asked still counts.
    fn clear(&mut self) {
        self.networks.values_mut().for_each(|line| line.waiting.clear());
        self.turns.clear();
        self.waiting = 0;
    }
}

impl State {
    /// Drops answers that are unwanted, and queues the lookups that have no answer yet or an old one. An old name is shown
    /// until there is another answer: a server that has gone silent takes no name off a repeated table.
    fn begin(&mut self, wanted: &FxHashSet<Question>, in_order: Vec<Question>, now: Instant) {
        self.questions.retain(|question, progress| match progress {
            Progress::Asking { .. } => true,
            Progress::Answered { .. } => wanted.contains(question),
        });
        for question in in_order {
            match self.questions.get(&question) {
                Some(Progress::Answered { at, .. }) if now.saturating_duration_since(*at) < GOOD_FOR => {}
                // It took more than the time of an earlier round; this one goes on without it.
                Some(Progress::Asking { .. }) => {}
                Some(Progress::Answered { .. }) | None => {
                    self.open.insert(question.clone());
                    self.queue.push(question);
                }
            }
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs lookups until the queue is empty.
    fn work(&self) {
        let mut state = self.state();
        while let Some(question) = state.queue.take() {
            let before = match state.questions.remove(&question) {
                Some(Progress::Answered { name, .. }) => name,
                Some(Progress::Asking { .. }) | None => None,
            };
            state.questions.insert(question.clone(), Progress::Asking { before });
            drop(state);
            let name = match &question {
                Question::NameOf(address) => self.lookup.name_of(*address),
                Question::FullNameOf(host) => self.lookup.full_name_of(host),
            };
            state = self.state();
            state.queue.answered(&question);
            state.answers = state.answers.wrapping_add(1);
            state.open.remove(&question);
            let name = name.filter(|name| !name.is_empty()).map(String::into_boxed_str);
            state.questions.insert(question, Progress::Answered { name, at: Instant::now() });
            if state.open.is_empty() {
                self.answered.notify_all();
            }
        }
        state.threads -= 1;
    }
}

#[cfg(test)]
mod tests;
