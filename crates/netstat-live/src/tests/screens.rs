//! Every screen, as it is drawn: at three sizes, in both languages, in ASCII.

use super::made::{machine, seen, state};
use crate::event::{Event, Key};
use crate::state::State;
use crate::tab::Tab;
use netstat_engine::both;
use netstat_engine::text::Language;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::time::Duration;

/// Draws the screen as text, without the spaces at the ends of lines.
pub(super) fn drawn(state: &State) -> String {
    let (width, height) = state.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| crate::draw::draw(state, frame)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let mut text = String::new();
    for line in 0..height {
        let mut shown = String::new();
        let mut skip = 0;
        for column in 0..width {
            let symbol = buffer[(column, line)].symbol();
            // The second cell of a wide character is empty.
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = netstat_engine::text::cells(symbol.as_bytes()).saturating_sub(1);
            shown.push_str(symbol);
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

pub(super) fn sized(mut state: State, size: (u16, u16)) -> State {
    state.update(Event::Resize(size.0, size.1), Duration::from_secs(15));
    state
}

pub(super) fn pressed(mut state: State, keys: &[Key]) -> State {
    for key in keys {
        state.update(Event::Key(*key), Duration::from_secs(3));
    }
    state
}

pub(super) const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (160, 50)];

/// Lets the view know of interfaces and findings as well.
fn beside(mut state: State) -> State {
    for second in 0..2_u64 {
        state.update(
            Event::Links(Duration::from_secs(second), super::made::links(second)),
            Duration::from_secs(2),
        );
    }
    state.update(Event::Findings(super::made::findings()), Duration::from_secs(2));
    state
}

/// Every screen: its name, and what leads to it.
fn screens(language: Language, ascii: bool) -> Vec<(String, State)> {
    use Key::{Char, Down, Enter, F};
    let mut screens: Vec<(String, State)> =
        Tab::ALL.map(|tab| (tab.name().to_owned(), beside(seen(language, ascii, tab, "")))).into();
    let connections = || seen(language, ascii, Tab::Connections, "");
    screens.push(("help".to_owned(), pressed(connections(), &[F(1)])));
    let finding = || beside(seen(language, ascii, Tab::Findings, ""));
    screens.push(("finding".to_owned(), pressed(finding(), &[Down, Enter])));
    screens.push(("rows-of-a-finding".to_owned(), pressed(finding(), &[Enter])));
    screens.push(("details".to_owned(), pressed(connections(), &[Down, Enter])));
    screens.push(("close".to_owned(), pressed(connections(), &[Down, Down, F(7)])));
    screens.push(("end".to_owned(), pressed(connections(), &[Down, Down, F(9)])));
    let wrong: Vec<Key> = "/process orders lprt 80".chars().map(Char).chain([Enter]).collect();
    screens.push(("filter-error".to_owned(), pressed(connections(), &wrong)));
    screens.push(("filter".to_owned(), seen(language, ascii, Tab::Connections, "process orders")));
    screens.push(("nothing".to_owned(), seen(language, ascii, Tab::Connections, "port 1")));
    let mut paused = pressed(connections(), &[Char('p')]);
    let mut next = machine(3);
    next.sockets = [].into_iter().collect();
    paused.update(Event::Look(Box::new(next)), Duration::from_secs(15));
    screens.push(("paused".to_owned(), paused));
    let mut past = beside(seen(language, ascii, Tab::Connections, ""));
    past.update(Event::Look(Box::new(machine(90))), Duration::from_secs(90));
    screens.push(("past".to_owned(), pressed(past, &[Char('<')])));
    screens.push(("accused".to_owned(), pressed(beside(connections()), &[Down, Down, Down])));
    let grouped = || pressed(connections(), &[Char('t')]);
    screens.push(("grouped".to_owned(), pressed(grouped(), &[Down, Char('z'), Down])));
    screens.push(("grouped-by-state".to_owned(), pressed(grouped(), &[F(5), F(5)])));
    screens.push(("columns".to_owned(), pressed(connections(), &[F(2), Down, Down, Char(' '), Down])));
    let chosen = [F(2), Char(' '), Down, Down, Char(' '), Key::Esc];
    screens.push(("chosen-columns".to_owned(), pressed(connections(), &chosen)));
    screens.push(("export".to_owned(), pressed(connections(), &[Char('e')])));
    let mut failed = connections();
    let why = both!("the kernel refused sock_diag", "커널이 sock_diag를 거부했습니다");
    failed.update(Event::Failed(why), Duration::from_secs(3));
    screens.push(("failed".to_owned(), failed));
    screens.push(("begin".to_owned(), state(language, ascii, Tab::Connections, "")));
    screens
}

fn together(language: Language, ascii: bool, size: (u16, u16)) -> String {
    screens(language, ascii)
        .into_iter()
        .map(|(name, state)| format!("===== {name}\n{}", drawn(&sized(state, size))))
        .collect()
}

#[test]
fn screens_in_english() {
    for size in SIZES {
        insta::assert_snapshot!(
            format!("english_{}x{}", size.0, size.1),
            together(Language::English, false, size)
        );
    }
}

#[test]
fn screens_in_korean() {
    for size in SIZES {
        insta::assert_snapshot!(
            format!("korean_{}x{}", size.0, size.1),
            together(Language::Korean, false, size)
        );
    }
}

#[test]
fn screens_in_ascii() {
    let screens = together(Language::English, true, (80, 24));
    assert!(screens.is_ascii(), "{screens}");
    insta::assert_snapshot!("ascii_80x24", screens);
}

#[test]
fn a_terminal_that_is_too_small_says_so() {
    for language in [Language::English, Language::Korean] {
        let state = sized(seen(language, false, Tab::Connections, ""), (39, 12));
        assert!(drawn(&state).contains("40 x 8"), "{}", drawn(&state));
        for size in [(1, 1), (0, 0), (200, 1), (1, 60), (40, 7)] {
            drawn(&sized(seen(language, false, Tab::Connections, ""), size));
        }
    }
}

#[test]
fn without_colour_no_cell_has_one() {
    for (name, state) in screens(Language::English, false) {
        let state = sized(state, (80, 24));
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| crate::draw::draw(&state, frame)).unwrap();
        for cell in terminal.backend().buffer().content() {
            let style = cell.style();
            assert_eq!(
                (style.fg, style.bg),
                (Some(ratatui::style::Color::Reset), Some(ratatui::style::Color::Reset)),
                "{name}"
            );
        }
    }
}

#[test]
fn nothing_is_wider_than_the_screen_and_sentences_are_whole_at_80_columns() {
    for language in [Language::English, Language::Korean] {
        for (name, state) in screens(language, false) {
            for size in SIZES {
                let state = sized(state_of(&name, language), size);
                for line in drawn(&state).lines() {
                    let width = netstat_engine::text::cells(line.as_bytes());
                    assert!(width <= usize::from(size.0), "{name} {size:?}: {width}: {line}");
                }
            }
            let _ = state;
        }
        let help = drawn(&sized(state_of("help", language), (80, 24)));
        assert!(!help.contains('…'), "{help}");
        for binding in crate::keys::BINDINGS.iter().filter(|binding| !binding.written.is_empty()) {
            assert!(help.contains(binding.does.of(language)), "{}: {help}", binding.written);
            assert!(help.contains(binding.written), "{}: {help}", binding.written);
        }
    }
}

fn state_of(name: &str, language: Language) -> State {
    screens(language, false).into_iter().find(|(of, _)| of == name).map(|(_, state)| state).unwrap()
}

#[test]
fn closed_rows_take_a_third_of_the_screen_at_most() {
    let mut state = state(Language::English, false, Tab::Connections, "");
    let sockets = |kept: std::ops::Range<u64>| {
        kept.map(|at| {
            let local = format!("192.0.2.1:{}", 1000 + at);
            super::made::connection(at, &local, "198.51.100.1:443", netstat_model::TcpState::Established, 0)
        })
        .collect()
    };
    let all = super::made::look(0, sockets(1..101), Vec::new());
    state.update(Event::Look(Box::new(all)), Duration::ZERO);
    let few = super::made::look(1, sockets(1..11), Vec::new());
    state.update(Event::Look(Box::new(few)), Duration::from_secs(1));
    let rows = usize::from(state.layout().rows);
    assert_eq!(state.items().len(), 10 + rows / 3);
    assert!(drawn(&sized(state, (80, 24))).contains("+0 -90"), "all are counted");
}
