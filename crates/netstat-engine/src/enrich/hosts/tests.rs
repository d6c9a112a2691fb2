use super::*;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A budget that no test may use up: a test that waits for it does not end.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

fn host(number: u32) -> HostAddress {
    HostAddress::new(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 | number)), 0)
}

/// Answers each address with its name. Look-ups of dead addresses block until they are released.
#[derive(Default)]
struct Fake {
    dead: FxHashSet<HostAddress>,
    /// The number of answers before the first look-up of a dead address may return.
    free_after: Option<usize>,
    inner: Mutex<Inner>,
    changed: Condvar,
    asked: AtomicUsize,
}

#[derive(Default)]
struct Inner {
    calls: FxHashMap<HostAddress, usize>,
    answered: usize,
    at_once: usize,
    most_at_once: usize,
    let_go: bool,
}

impl Fake {
    fn with_dead(dead: impl IntoIterator<Item = HostAddress>) -> Arc<Self> {
        Arc::new(Self { dead: dead.into_iter().collect(), ..Self::default() })
    }

    fn let_go(&self) {
        self.inner.lock().unwrap().let_go = true;
        self.changed.notify_all();
    }

    fn most_calls_for_one(&self) -> usize {
        self.inner.lock().unwrap().calls.values().copied().max().unwrap_or(0)
    }
}

impl NameLookup for Fake {
    fn name_of(&self, address: HostAddress) -> Option<String> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut inner = self.inner.lock().unwrap();
        *inner.calls.entry(address).or_default() += 1;
        inner.at_once += 1;
        inner.most_at_once = inner.most_at_once.max(inner.at_once);
        if self.dead.contains(&address) {
            inner = self
                .changed
                .wait_while(inner, |inner| {
                    !inner.let_go && self.free_after.is_none_or(|others| inner.answered < others)
                })
                .unwrap();
        } else {
            inner.answered += 1;
            self.changed.notify_all();
        }
        inner.at_once -= 1;
        Some(format!("host-{address}.example"))
    }

    fn full_name_of(&self, host: &str) -> Option<String> {
        Some(format!("{host}.example"))
    }
}

#[test]
fn ten_thousand_dead_addresses_take_no_longer_than_the_budget() {
    let dead: Vec<_> = (0..10_000).map(host).collect();
    let fake = Fake::with_dead(dead.iter().copied());
    let mut resolver = HostResolver::new(Arc::clone(&fake) as Arc<dyn NameLookup>);
    // No look-up returns, so this would not return if it waited for one.
    let names = resolver.resolve(dead.iter().copied(), None, Duration::from_millis(400));
    assert_eq!(names, HostNames { unanswered: dead.len(), ..HostNames::default() });
    {
        let inner = fake.inner.lock().unwrap();
        assert!(inner.at_once > 0, "somebody was asked, and still is");
        assert!(inner.most_at_once <= MOST_THREADS, "{} at once", inner.most_at_once);
        assert!(!inner.let_go);
    }
    // The next round neither repeats the blocked look-ups nor starts more threads.
    resolver.resolve(dead.iter().copied(), None, Duration::from_millis(100));
    assert_eq!(fake.most_calls_for_one(), 1);
    assert!(fake.inner.lock().unwrap().most_at_once <= MOST_THREADS);
    fake.let_go();
}

#[test]
fn resolving_ends_with_the_last_answer() {
    let fake = Fake::with_dead([]);
    let mut resolver = HostResolver::new(Arc::clone(&fake) as Arc<dyn NameLookup>);
    let names = resolver.resolve((0..1000).chain(0..1000).map(host), Some("web"), FOR_EVER);
    for number in 0..1000 {
        assert_eq!(names.name(host(number)), Some(format!("host-{}.example", host(number)).as_str()));
    }
    assert_eq!(names.name(host(1000)), None);
    assert_eq!(names.own_full_name(), Some("web.example"));
    assert_eq!(fake.most_calls_for_one(), 1, "each address is asked once");
    assert_eq!(fake.asked.load(Ordering::Relaxed), 1000);
    assert!(fake.inner.lock().unwrap().most_at_once <= MOST_THREADS);
}

#[test]
fn dead_addresses_do_not_delay_the_others() {
    // More dead addresses than first threads, all at the front of the queue; none returns before all others have.
    let dead = 0..(u32::try_from(FIRST_THREADS).unwrap() * 3);
    let living = dead.end..dead.end + 500;
    let fake = Arc::new(Fake {
        dead: dead.clone().map(host).collect(),
        free_after: Some(living.len()),
        ..Fake::default()
    });
    let mut resolver = HostResolver::new(Arc::clone(&fake) as Arc<dyn NameLookup>);
    let names = resolver.resolve(dead.chain(living.clone()).map(host), None, FOR_EVER);
    assert!(living.map(host).all(|address| names.name(address).is_some()));
}

#[test]
fn silent_servers_of_one_network_leave_threads_for_the_rest() {
    // As many as there may be threads, and all of them in front.
    let of = |network: u8, number: u32| {
        let [_, _, high, low] = number.to_be_bytes();
        HostAddress::new(std::net::IpAddr::from([10, network, high, low]), 0)
    };
    let dead: Vec<HostAddress> =
        (0..u32::try_from(MOST_THREADS).unwrap()).map(|number| of(1, number)).collect();
    let living: Vec<HostAddress> = (0..2000).map(|number| of(2, number)).collect();
    let fake = Fake::with_dead(dead.iter().copied());
    let mut resolver = HostResolver::new(Arc::clone(&fake) as Arc<dyn NameLookup>);
    let all = dead.iter().chain(&living).copied();
    let names = resolver.resolve(all, None, Duration::from_secs(5));
    assert!(living.iter().all(|address| names.name(*address).is_some()));
    assert_eq!(names.unanswered(), dead.len());
    fake.let_go();
}

#[test]
fn a_late_answer_is_used_in_the_next_round() {
    let fake = Fake::with_dead([host(1)]);
    let mut resolver = HostResolver::new(Arc::clone(&fake) as Arc<dyn NameLookup>);
    let names = resolver.resolve([host(1)], None, Duration::from_millis(100));
    assert_eq!(names.name(host(1)), None);
    assert_eq!(names.unanswered(), 1);
    // A round does not wait for what an earlier one has waited for.
    assert_eq!(resolver.resolve([host(1)], None, FOR_EVER).unanswered(), 1);
    fake.let_go();
    let mut names = HostNames::default();
    while names.name(host(1)).is_none() {
        names = resolver.resolve([host(1)], None, FOR_EVER);
    }
    assert_eq!(names.unanswered(), 0);
    assert!(fake.most_calls_for_one() <= 1);
}

#[test]
fn answers_are_kept_while_their_address_is_wanted() {
    let fake = Fake::with_dead([]);
    let mut resolver = HostResolver::new(Arc::clone(&fake) as Arc<dyn NameLookup>);
    resolver.resolve([host(1), host(2)], None, FOR_EVER);
    let names = resolver.resolve([host(2)], None, FOR_EVER);
    assert_eq!(fake.asked.load(Ordering::Relaxed), 2, "the second round had nothing to ask");
    assert!(names.name(host(2)).is_some());
    assert_eq!(names.name(host(1)), None, "only what is in the table is kept");
    resolver.resolve([host(1)], None, FOR_EVER);
    assert_eq!(fake.asked.load(Ordering::Relaxed), 3);
}

#[test]
fn more_threads_start_if_the_queue_would_outlast_the_budget() {
    let second = Some(Duration::from_secs(1));
    assert!(!in_time(0, 1, second), "nothing moves");
    assert!(!in_time(1, 21, second));
    assert!(in_time(1, 20, second));
    assert!(!in_time(0, 1, None));
    assert!(in_time(1, 10_000, None));
    assert!(in_time(u64::MAX, usize::MAX, None));
    assert!(in_time(0, 0, second), "nothing is left to take");
}

#[test]
fn an_answer_is_reused_for_a_minute() {
    let now = Instant::now();
    let mut state = State::default();
    let (old, fresh) = (Question::NameOf(host(1)), Question::NameOf(host(2)));
    for question in [&old, &fresh] {
        state.questions.insert(question.clone(), Progress::Answered { name: None, at: now });
    }
    let wanted = FxHashSet::from_iter([old.clone(), fresh.clone()]);
    let later = now + GOOD_FOR - Duration::from_secs(1);
    state.begin(&wanted, vec![old.clone(), fresh.clone()], later);
    assert!(state.open.is_empty());
    state.begin(&wanted, vec![old, fresh], now + GOOD_FOR);
    assert_eq!(state.open, wanted);
}

#[test]
fn without_budget_or_addresses_nothing_is_looked_up() {
    let fake = Fake::with_dead([]);
    let mut resolver = HostResolver::new(Arc::clone(&fake) as Arc<dyn NameLookup>);
    let unasked = resolver.resolve([host(1)], None, Duration::ZERO);
    assert_eq!(unasked, HostNames { unanswered: 1, ..HostNames::default() });
    assert_eq!(resolver.resolve([], None, FOR_EVER), HostNames::default());
    assert_eq!(fake.asked.load(Ordering::Relaxed), 0);
    // A deadline beyond the range of the clock.
    assert!(resolver.resolve([host(1)], None, Duration::MAX).name(host(1)).is_some());
}

#[test]
fn a_host_name_with_a_dot_is_a_full_name() {
    let fake = Fake::with_dead([]);
    let mut resolver = HostResolver::new(Arc::clone(&fake) as Arc<dyn NameLookup>);
    let names = resolver.resolve([], Some("web.example.org"), FOR_EVER);
    assert_eq!(names.own_full_name(), Some("web.example.org"));
    assert_eq!(resolver.resolve([], Some(""), FOR_EVER).own_full_name(), None);
    assert_eq!(resolver.resolve([], None, FOR_EVER).own_full_name(), None);
}

#[test]
fn an_empty_name_is_no_name() {
    struct Empty;
    impl NameLookup for Empty {
        fn name_of(&self, _: HostAddress) -> Option<String> {
            Some(String::new())
        }
        fn full_name_of(&self, _: &str) -> Option<String> {
            None
        }
    }
    let mut resolver = HostResolver::new(Arc::new(Empty));
    assert_eq!(resolver.resolve([host(1)], Some("web"), FOR_EVER), HostNames::default());
}

#[test]
fn an_old_name_stays_while_its_server_is_silent() {
    let fake = Fake::with_dead([host(1)]);
    let mut resolver = HostResolver::new(Arc::clone(&fake) as Arc<dyn NameLookup>);
    let Some(long_ago) = Instant::now().checked_sub(GOOD_FOR) else { return };
    let known = Progress::Answered { name: Some("old".into()), at: long_ago };
    resolver.shared.state().questions.insert(Question::NameOf(host(1)), known);
    for _ in 0..2 {
        let names = resolver.resolve([host(1)], None, Duration::from_millis(30));
        assert_eq!((names.name(host(1)), names.unanswered()), (Some("old"), 0));
    }
    assert_eq!(fake.asked.load(Ordering::Relaxed), 1, "it is asked again, once");
    fake.let_go();
    let new = || resolver.resolve([host(1)], None, FOR_EVER).name(host(1)).map(str::to_owned);
    let replaced = std::iter::repeat_with(new).find(|name| name.as_deref() != Some("old"));
    assert!(replaced.is_some(), "and the new answer replaces it");
}
