//! Names of hosts: many look-ups side by side, all of them within a budget of time.
//!
//! A look-up blocks in the system resolver and cannot be called off. So each runs on a thread of its own kind, and
//! whoever waits stops waiting when the budget is spent. The thread is left behind: it holds its part of the shared
//! state, brings its answer there if it ever gets one, and ends with the process at the latest. Threads that earlier
//! rounds left behind count against the limit of later ones, so that a table repeated for days cannot pile them up.

use netstat_model::HostAddress;
use netstat_os::NameLookup;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many threads begin.
const FIRST_THREADS: usize = 32;

/// How many threads there may be, those left behind included. Each look-up in DNS holds a descriptor, of which a
/// process has 1,024 by default.
const MOST_THREADS: usize = 256;

/// Enough for the resolver of glibc and the modules it loads, which keep their packets on the stack. Only what is
/// touched becomes memory.
const STACK: usize = 256 * 1024;

/// How often the pace is looked at: a few dead addresses must not hold up the rest.
const TICK: Duration = Duration::from_millis(50);

/// How long an answer is good, for a table that is repeated.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// The names that were learned in time. Each is hostile text: it has to be escaped before a terminal sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostNames {
    names: FxHashMap<HostAddress, Box<str>>,
    own_full_name: Option<Box<str>>,
}

impl HostNames {
    /// The full name of an address; `None` where it has none or none was learned in time.
    pub fn name(&self, address: HostAddress) -> Option<&str> {
        self.names.get(&address).map(AsRef::as_ref)
    }

    /// The full name of this machine, if it was asked for; `None` where it has none or none was learned in time.
    pub fn own_full_name(&self) -> Option<&str> {
        self.own_full_name.as_deref()
    }
}

/// The name up to its first dot; never empty where the name is not.
pub fn short_name(name: &str) -> &str {
    match name.split_once('.') {
        Some((first, _)) if !first.is_empty() => first,
        _ => name,
    }
}

/// Asks for the names of many hosts side by side. Keep one for as long as a table is repeated: it remembers the
/// answers of its last round for a minute, and what is still being asked.
pub struct HostResolver {
    shared: Arc<Shared>,
}

struct Shared {
    lookup: Arc<dyn NameLookup>,
    state: Mutex<State>,
    /// Told when nothing is left to wait for.
    answered: Condvar,
}

#[derive(Default)]
struct State {
    /// What is being asked, and what is known.
    questions: FxHashMap<Question, Progress>,
    /// What no thread has taken yet.
    queue: VecDeque<Question>,
    /// What this round waits for.
    open: FxHashSet<Question>,
    /// How many threads there are.
    threads: usize,
    /// How many answers there have been.
    answers: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Question {
    NameOf(HostAddress),
    FullNameOf(Box<str>),
}

enum Progress {
    Asking,
    Answered { name: Option<Box<str>>, at: Instant },
}

impl HostResolver {
    /// A resolver that asks `lookup`, which [`netstat_os::Backend::name_lookup`] gives.
    pub fn new(lookup: Arc<dyn NameLookup>) -> Self {
        Self { shared: Arc::new(Shared { lookup, state: Mutex::default(), answered: Condvar::new() }) }
    }

    /// The names of the addresses, and the full name of this machine if its name is given in `own_name`.
    ///
    /// Each address is asked once, however often it is given. Returns when all have answered, and when the budget
    /// is spent at the latest; what has not answered by then has no name in this round. If the system refuses
    /// threads there are fewer look-ups at a time, down to none, and no names.
    pub fn resolve(
        &mut self,
        addresses: impl IntoIterator<Item = HostAddress>,
        own_name: Option<&str>,
        budget: Duration,
    ) -> HostNames {
        let begin = Instant::now();
        // A budget beyond the end of the clock is no limit.
        let deadline = begin.checked_add(budget);
        // A full name is one with a dot: then there is nothing to ask.
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
        // Whoever comes back later must find nothing to go on with.
        state.queue.clear();
        state.open.clear();
        let mut names = HostNames::default();
        for (question, progress) in &state.questions {
            match (question, progress) {
                _ if !wanted.contains(question) => {}
                (_, Progress::Asking | Progress::Answered { name: None, .. }) => {}
                (Question::NameOf(address), Progress::Answered { name: Some(name), .. }) => {
                    names.names.insert(*address, name.clone());
                }
                (Question::FullNameOf(_), Progress::Answered { name: Some(name), .. }) => {
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

    /// Waits until nothing is open or the deadline has come, and sees to it that there are threads enough.
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
            if left == Some(Duration::ZERO) {
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

    /// Adds threads, no more than there are questions nobody has taken; `false` when the system refuses one.
    fn add_threads(&self, state: &mut State, more: usize) -> bool {
        let more = more.min(state.queue.len()).min(MOST_THREADS.saturating_sub(state.threads));
        for _ in 0..more {
            let shared = Arc::clone(&self.shared);
            let spawned = thread::Builder::new()
                .name("name look-up".into())
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

/// Whether so many answers a tick get through the queue in the time that is left.
fn in_time(answers: u64, queue: usize, left: Option<Duration>) -> bool {
    let ticks = left.map_or(u128::MAX, |left| left.as_millis() / TICK.as_millis());
    u128::from(answers).saturating_mul(ticks) >= queue as u128
}

impl State {
    /// Forgets what is no longer wanted or too old, and opens the questions that have no answer yet.
    fn begin(&mut self, wanted: &FxHashSet<Question>, in_order: Vec<Question>, now: Instant) {
        self.questions.retain(|question, progress| match progress {
            Progress::Asking => true,
            Progress::Answered { at, .. } => {
                wanted.contains(question) && now.saturating_duration_since(*at) < GOOD_FOR
            }
        });
        for question in in_order {
            match self.questions.get(&question) {
                Some(Progress::Answered { .. }) => {}
                Some(Progress::Asking) => {
                    self.open.insert(question);
                }
                None => {
                    self.open.insert(question.clone());
                    self.queue.push_back(question);
                }
            }
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks until there is nothing left to ask.
    fn work(&self) {
        let mut state = self.state();
        while let Some(question) = state.queue.pop_front() {
            state.questions.insert(question.clone(), Progress::Asking);
            drop(state);
            let name = match &question {
                Question::NameOf(address) => self.lookup.name_of(*address),
                Question::FullNameOf(host) => self.lookup.full_name_of(host),
            };
            state = self.state();
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
