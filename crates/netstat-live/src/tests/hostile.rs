//! Names from outside are hostile: nothing of them reaches the terminal as anything but text, and no line breaks.

use super::made::{connection, listener, look, process, state};
use super::screens::{SIZES, drawn, pressed, sized};
use crate::event::{Event, Key};
use crate::state::State;
use crate::tab::Tab;
use netstat_engine::text::{Language, Text, cells};
use netstat_model::{TcpState, Transport};
use std::time::Duration;

const NAMES: [&str; 10] = [
    "\x1b[2J\x1b[31mred",
    "\x1b]52;c;AAAA\x07",
    "one\ntwo\rthree\ttab",
    "\u{202e}txt.exe",
    "zero\u{200b}width\u{feff}\u{2060}",
    "\u{9b}31m\u{85}",
    "한글이름이매우길어서칸을넘친다한글이름이매우길어서칸을넘친다",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}",
    "👩‍👩‍👧‍👦 family",
    "\0\x08\x7f",
];

fn views(language: Language) -> Vec<State> {
    let long = "x".repeat(5000);
    let names: Vec<&str> = NAMES.iter().copied().chain([long.as_str()]).collect();
    let pids = 100..100 + u32::try_from(names.len()).unwrap();
    let sockets = || {
        pids.clone()
            .flat_map(|pid| {
                let local = format!("192.0.2.1:{pid}");
                [
                    connection(u64::from(pid), &local, "198.51.100.1:443", TcpState::Established, pid),
                    listener(u64::from(pid) + 1000, Transport::Tcp, &local, pid),
                ]
            })
            .collect()
    };
    let processes: Vec<_> =
        pids.clone().zip(&names).map(|(pid, name)| process(pid, name, Some(name))).collect();
    let mut views = Vec::new();
    for tab in Tab::ALL {
        for downs in 0..names.len() {
            let mut view = state(language, false, tab, "");
            view.environment.host = "host\x1b[31m\n\u{202e}".to_owned();
            view.update(Event::Look(Box::new(look(0, sockets(), processes.clone()))), Duration::ZERO);
            if tab == Tab::Events {
                view.update(Event::Look(Box::new(look(1, Vec::new(), Vec::new()))), Duration::from_secs(1));
            }
            if tab == Tab::Links {
                let mut links = super::made::links(1);
                links
                    .iter_mut()
                    .zip(names.iter().skip(downs))
                    .for_each(|(link, name)| link.name = (*name).into());
                view.update(Event::Links(Duration::from_secs(1), links), Duration::from_secs(1));
            }
            if tab == Tab::Findings {
                let mut findings = super::made::findings();
                for (finding, name) in findings.iter_mut().zip(names.iter().skip(downs)) {
                    finding.sentence = Text::same((*name).to_owned());
                    finding.rows = None;
                }
                view.update(Event::Findings(findings), Duration::from_secs(1));
            }
            let mut keys = vec![Key::Down; downs];
            views.push(pressed(view, &keys));
            if tab == Tab::Findings && downs % 2 == 1 {
                let held = views.pop().map(|view| pressed(view, &[Key::Enter]));
                views.extend(held);
            }
            if tab == Tab::Connections {
                let mut view = state(language, false, tab, "");
                view.update(Event::Look(Box::new(look(0, sockets(), processes.clone()))), Duration::ZERO);
                keys.push(Key::Enter);
                views.push(pressed(view, &keys));
            }
        }
    }
    // What somebody pastes is hostile as well.
    let pasted =
        "/process \u{202e}\u{9b}한 \"".chars().map(Key::Char).chain([Key::Enter]).collect::<Vec<_>>();
    views.push(pressed(state(language, false, Tab::Connections, ""), &pasted));
    views
}

#[test]
fn no_control_character_and_no_broken_line() {
    for language in [Language::English, Language::Korean] {
        for view in views(language) {
            let mut view = view;
            for size in SIZES {
                view = sized(view, size);
                let screen = drawn(&view);
                assert_eq!(screen.lines().count(), usize::from(size.1), "{screen}");
                for line in screen.lines() {
                    assert!(cells(line.as_bytes()) <= usize::from(size.0), "{line:?}");
                    let odd = line.chars().find(|character| {
                        character.is_control()
                            || matches!(*character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
                    });
                    assert_eq!(odd, None, "{line:?}");
                }
            }
        }
    }
}
