//! What is asked before anything is closed or ended, and what only a clear yes does.

use super::made::{connection, environment, look, machine, process, seen};
use super::screens::pressed;
use crate::deed::Deed;
use crate::event::{Effect, Event, Key};
use crate::state::{Beginning, Mode, State};
use crate::tab::Tab;
use netstat_engine::act::Circumstances;
use netstat_engine::text::Language;
use netstat_model::{ProcessKey, TcpState};
use netstat_os::Ending;
use std::time::Duration;

const NOW: Duration = Duration::from_secs(9);

fn connections() -> State {
    seen(Language::English, false, Tab::Connections, "")
}

fn press(state: &mut State, key: Key) -> Vec<Effect> {
    state.update(Event::Key(key), NOW)
}

fn deeds(effects: Vec<Effect>) -> Vec<Deed> {
    let deed = |effect| match effect {
        Effect::Act(deed, _) => Some(deed),
        _ => None,
    };
    effects.into_iter().filter_map(deed).collect()
}

#[test]
fn only_a_clear_yes_does_anything() {
    for key in [Key::Enter, Key::Esc, Key::Char(' '), Key::Char('Y'), Key::F(7), Key::F(9), Key::Char('q')] {
        for ask in [Key::F(7), Key::Char('x'), Key::F(9)] {
            let mut state = pressed(connections(), &[Key::Down, Key::Down, ask]);
            assert!(matches!(state.mode, Mode::Dialog(_)), "{ask:?}: {:?}", state.message);
            assert_eq!(press(&mut state, key), [], "{ask:?}, {key:?}");
            assert_eq!(state.mode, Mode::Table);
        }
    }
    let mut state = pressed(connections(), &[Key::Down, Key::Down, Key::F(9)]);
    let done = deeds(press(&mut state, Key::Char('y')));
    assert!(matches!(done.as_slice(), [Deed::End(one, Ending::Asked)] if one.len() == 1), "{done:?}");
}

#[test]
fn a_target_that_is_replaced_while_the_question_is_open_is_not_the_target() {
    let ends = ("192.0.2.1:1000", "198.51.100.1:443");
    let of = |cookie| connection(cookie, ends.0, ends.1, TcpState::Established, 7);
    let beginning = Beginning {
        filter: String::new(),
        tab: Tab::Connections,
        sort: None,
        interval: Duration::from_secs(1),
        at: None,
        read_only: false,
        group_by: None,
        columns: Vec::new(),
    };
    let mut state = State::new(environment(Language::English, false), &beginning).unwrap();
    state.update(Event::Resize(80, 24), Duration::ZERO);
    let see = |state: &mut State, second, cookie| {
        let look = look(second, vec![of(cookie)], vec![process(7, "curl", None)]);
        state.update(Event::Look(Box::new(look)), Duration::from_secs(second));
    };
    see(&mut state, 1, 100);
    press(&mut state, Key::F(7));
    see(&mut state, 20, 101);
    see(&mut state, 30, 101);
    let done = deeds(press(&mut state, Key::Char('y')));
    let [Deed::Close(sockets)] = done.as_slice() else { panic!("{done:?}") };
    assert_eq!(sockets.iter().map(|socket| socket.id.cookie).collect::<Vec<_>>(), [Some(100)]);
}

#[test]
fn the_number_of_many_targets_is_typed() {
    let many = || {
        let mut state = connections();
        let sockets = (0..12).map(|at| {
            let local = format!("192.0.2.1:{}", 2000 + at);
            connection(500 + at, &local, "198.51.100.1:443", TcpState::Established, 7)
        });
        // What is gone is shown for a while and is no target.
        let look = look(3, sockets.collect(), vec![process(7, "curl", None)]);
        state.update(Event::Look(Box::new(look)), Duration::from_secs(3));
        pressed(state, &[[Key::Char(' '); 40].as_slice(), &[Key::F(7)]].concat())
    };
    let mut state = many();
    assert!(matches!(&state.mode, Mode::Dialog(dialog) if dialog.wants_number()), "{:?}", state.mode);
    assert_eq!(press(&mut state, Key::Char('y')), [], "y is no number");
    for (typed, done) in [("1", false), ("12", true)] {
        let mut state = many();
        assert!(typed.chars().all(|digit| press(&mut state, Key::Char(digit)).is_empty()));
        let Mode::Dialog(dialog) = &state.mode else { panic!("{:?}", state.mode) };
        assert_eq!(dialog.deed.len(), 12, "{:?}", dialog.lines);
        assert_eq!(!deeds(press(&mut state, Key::Enter)).is_empty(), done, "{typed}");
    }
}

#[test]
fn what_this_terminal_depends_on_is_asked_about_twice() {
    let mut state = connections();
    state.environment.circumstances = Circumstances {
        ancestry: machine(0).processes.iter().map(|process| process.id).collect(),
        terminal: None,
    };
    let mut state = pressed(state, &[Key::Down, Key::Down, Key::F(7)]);
    assert_eq!(press(&mut state, Key::Char('y')), []);
    assert!(matches!(&state.mode, Mode::Dialog(dialog) if dialog.is_sure));
    assert_eq!(deeds(press(&mut state, Key::Char('y'))).len(), 1);
}

#[test]
fn a_paused_screen_offers_nothing() {
    let mut state = pressed(connections(), &[Key::Char('p')]);
    for ask in [Key::F(7), Key::F(9)] {
        assert_eq!(press(&mut state, ask), []);
        assert_eq!(state.mode, Mode::Table);
        assert!(state.message.is_some());
    }
}

#[test]
fn a_process_that_has_not_ended_can_be_ended_at_once_after_another_question() {
    let mut state = connections();
    let left = vec![ProcessKey { pid: 812, start_time: 1 }];
    let said = netstat_engine::both!("1 is still there", "1개는 남아 있음");
    state.update(Event::Done { said, left: Some(left.clone()) }, NOW);
    assert!(
        matches!(&state.mode, Mode::Dialog(dialog) if dialog.deed == Deed::End(left.clone(), Ending::Forced))
    );
    assert_eq!(deeds(press(&mut state, Key::Char('y'))), [Deed::End(left, Ending::Forced)]);
}
