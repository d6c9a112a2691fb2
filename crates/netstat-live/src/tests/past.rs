//! A moment of the past is what was seen then.

use super::made::{look, machine, process, state};
use super::reducer::{Machine, change};
use super::screens::drawn;
use crate::book::Book;
use crate::event::{Effect, Event, Key};
use crate::last::LastLook;
use crate::mark::Mark;
use crate::recalled::Recalled;
use crate::ring::Ring;
use crate::state::State;
use crate::tab::Tab;
use netstat_engine::both;
use netstat_engine::flow::Rates;
use netstat_engine::look::Look;
use netstat_engine::text::Language;
use netstat_model::{SocketKey, TcpFields, TcpState, Warning};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

/// All that a view shows of a socket that moves.
type Shown = (Mark, Option<TcpState>, Option<Rates>, String, Option<u64>);

fn shown(book: &Book) -> BTreeMap<SocketKey, Shown> {
    book.slots()
        .map(|slot| {
            let socket = book.socket(slot).unwrap();
            let ends = format!("{:?} {:?} {:?}", socket.local, socket.remote, socket.ownership().principal());
            let sent = socket.tcp_number(TcpFields::BYTES_SENT);
            (book.key(slot).unwrap().clone(), (book.mark(slot), socket.state, book.rates(slot), ends, sent))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_look_that_is_kept_can_be_gone_back_to(
        looks in proptest::collection::vec(
            (1..4000_u16, proptest::collection::vec(change(), 0..12), prop::bool::weighted(0.8), prop::bool::weighted(0.1)),
            1..40,
        ),
        has_cookies: bool,
        // The ring has to thin out in the smaller ones.
        room in proptest::sample::select(vec![3_000_usize, 20_000, 1 << 24]),
    ) {
        let mut made = Machine::new(has_cookies);
        let mut book = Book::going_back();
        let mut ring = Ring::with_room(room);
        let mut were = BTreeMap::new();
        for (after, changes, whole, twice) in looks {
            book.apply(made.look(after, &changes, whole, twice), |_| false);
            if let Some(back) = book.take_back() {
                ring.take(back.saying(LastLook::default()), book.looked());
            }
            were.insert(book.looked(), (shown(&book), book.open()));
        }
        let kept: Vec<Duration> = ring.looks().collect();
        prop_assert!(room < 1 << 24 || kept.len() + 1 == were.len());
        for looked in kept {
            let then = book.at(&ring.at(looked).unwrap());
            let (was, open) = &were[&looked];
            prop_assert_eq!(&shown(&then), was);
            prop_assert_eq!((then.looked(), then.open()), (looked, *open));
            for slot in then.slots() {
                prop_assert_eq!(then.slot(then.key(slot).unwrap()), Some(slot));
            }
        }
    }
}

/// Returns a view of the machine after so many looks, one a second.
fn seen(seconds: u64) -> State {
    let mut state = state(Language::English, false, Tab::Connections, "");
    for second in 0..seconds {
        state.update(Event::Look(Box::new(machine(second))), Duration::from_secs(second));
    }
    state
}

fn press(state: &mut State, key: char) -> Vec<Effect> {
    state.update(Event::Key(Key::Char(key)), Duration::from_secs(1000))
}

fn has(state: &State, cookie: u64) -> bool {
    let book = state.shown_book();
    book.slot(&SocketKey::Cookie(cookie)).is_some_and(|slot| book.mark(slot) != Mark::Gone)
}

#[test]
fn two_minutes_back_is_two_keys_away_and_the_present_one() {
    let mut state = seen(300);
    let now = state.shown_look().time.unwrap();
    assert!(has(&state, 2) && !has(&state, 9));
    press(&mut state, '<');
    press(&mut state, '<');
    assert!(state.is_past());
    assert_eq!(state.ago(), Some(Duration::from_secs(120)));
    // Looking goes on.
    state.update(Event::Look(Box::new(machine(300))), Duration::from_secs(300));
    assert_eq!(state.ago(), Some(Duration::from_secs(121)));
    press(&mut state, '.');
    assert_eq!(state.ago(), Some(Duration::from_secs(120)));
    press(&mut state, '0');
    assert!(!state.is_past());
    assert_eq!(state.shown_look().time, Some(now + Duration::from_secs(1)));
}

#[test]
fn what_was_there_then_is_shown_and_nothing_can_be_done_to_it() {
    let mut state = seen(10);
    for _ in 0..8 {
        press(&mut state, ',');
    }
    assert!(has(&state, 9) && !has(&state, 2), "at the second look curl was there");
    assert!(press(&mut state, 'x').is_empty());
    assert!(state.message.is_some());
    for _ in 0..8 {
        press(&mut state, '.');
    }
    assert!(!state.is_past(), "the step behind the last look is the present");
    assert!(has(&state, 2));
}

#[test]
fn beyond_the_oldest_look_a_recorder_is_asked_if_there_is_one() {
    let mut alone = seen(3);
    press(&mut alone, '<');
    assert!(alone.is_past(), "the oldest look");
    assert!(press(&mut alone, '<').is_empty());

    let mut state = seen(3);
    state.environment.has_history = true;
    let first = SystemTime::UNIX_EPOCH;
    let effects = press(&mut state, '<');
    let Some(Effect::Recall(asked)) = effects.first() else { panic!("{effects:?}") };
    assert!(*asked > first && !state.is_past(), "nothing is shown before it is known");
    let asked = *asked;
    let found = look(
        0,
        vec![super::made::connection(77, "192.0.2.1:1", "192.0.2.2:2", TcpState::Established, 5)],
        vec![process(5, "old", None)],
    );
    state.update(
        Event::Recalled(asked, Ok(Box::new(Recalled { look: found, lack: None }))),
        Duration::from_secs(1000),
    );
    assert!(state.is_past() && has(&state, 77));
    assert_eq!(state.shown_look().time, Some(asked));
    // Of connections that were not chosen it does not say that there were none.
    let only = Warning::OnlyRecorded { filter: "port 443".to_owned() };
    let chosen = Look { warnings: vec![only], ..look(0, Vec::new(), Vec::new()) };
    let lack = Some(both!("ends were lost", "잃음"));
    let chosen = Recalled { look: chosen, lack };
    state.update(Event::Recalled(asked, Ok(Box::new(chosen))), Duration::from_secs(1000));
    assert!(drawn(&state).contains("ends were lost"));
    assert!(drawn(&state).contains("only connections were recorded that match: port 443"));
    // One that is not recorded leaves what is shown.
    state.update(
        Event::Recalled(asked, Err(both!("nothing is known of it", "기록이 없습니다"))),
        Duration::from_secs(1000),
    );
    assert!(state.is_past() && state.message.is_some());
    press(&mut state, '>');
    assert!(state.is_past(), "the looks go on where the history is left");
    press(&mut state, '0');
    assert!(!state.is_past());
}
