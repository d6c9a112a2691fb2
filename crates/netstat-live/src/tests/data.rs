//! What is written to a file is what is shown, in values that programs read.

use super::made::{connection, look, moved, process, seen, state};
use super::screens::pressed;
use crate::event::{Effect, Event, Key};
use crate::state::State;
use crate::tab::Tab;
use netstat_engine::text::Language;
use netstat_model::{Namespace, TcpState};
use std::time::Duration;

/// Types a name and returns what would be written.
fn written(mut state: State, name: &str) -> (String, String, usize) {
    let keys =
        [Key::Char('e'), Key::Ctrl('u')].into_iter().chain(name.chars().map(Key::Char)).chain([Key::Enter]);
    for key in keys {
        for effect in state.update(Event::Key(key), Duration::from_secs(3)) {
            if let Effect::Write(file, bytes, rows) = effect {
                return (file.display().to_string(), String::from_utf8(bytes).unwrap(), rows);
            }
        }
    }
    panic!("nothing was written: {:?}", state.message)
}

#[test]
fn each_format_has_the_same_rows() {
    let shown = || seen(Language::Korean, false, Tab::Connections, "process orders");
    let (file, csv, rows) = written(shown(), "a b.csv");
    assert_eq!((file.as_str(), rows, csv.lines().count()), ("a b.csv", 2, 3));
    assert!(csv.starts_with("process,pid,user,local,foreign,country,state,down,up,rtt_us,"), "{csv}");
    assert!(
        csv.contains("orders,4711,shop,192.0.2.10:52824,192.0.2.20:5432,,ESTABLISHED,402000,88000,410,"),
        "{csv}"
    );
    let (_, lines, _) = written(shown(), "x.jsonl");
    let of_lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (_, array, _) = written(shown(), "x.JSON");
    let of_array: Vec<serde_json::Value> = serde_json::from_str(&array).unwrap();
    assert_eq!(of_lines, of_array);
    assert!(of_array.iter().any(|row| row["down"] == 402_000));
    assert_eq!(of_array[0]["country"], serde_json::Value::Null);
}

#[test]
fn rows_in_folded_groups_are_written_too() {
    let grouped = pressed(seen(Language::English, false, Tab::Connections, ""), &[Key::Char('t')]);
    assert!(grouped.items().len() < grouped.shown());
    let shown = grouped.shown();
    assert_eq!(written(grouped, "x.csv").2, shown);
}

#[test]
fn hostile_names_stay_text_in_every_format() {
    let mut state = state(Language::English, false, Tab::Connections, "");
    let socket = moved(connection(1, "192.0.2.1:1", "192.0.2.2:2", TcpState::Established, 5), 0, 0);
    let name = "=cmd|'/c calc'!A0\n\"},{\u{1b}[2J";
    state.update(Event::Look(Box::new(look(0, vec![socket], vec![process(5, name, None)]))), Duration::ZERO);
    let (_, csv, _) = written(pressed(state, &[]), "x.csv");
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows.len(), 2, "{csv}");
    // No spreadsheet takes it for a formula, quoted or not.
    assert!(rows[1].trim_start_matches('"').starts_with("\\x3dcmd"), "{csv}");
    let mut state = self::state(Language::English, false, Tab::Connections, "");
    let socket = moved(connection(1, "192.0.2.1:1", "192.0.2.2:2", TcpState::Established, 5), 0, 0);
    state.update(Event::Look(Box::new(look(0, vec![socket], vec![process(5, name, None)]))), Duration::ZERO);
    let (_, array, _) = written(pressed(state, &[]), "x.json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&array).unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!array.contains('\u{1b}'), "{array}");
}

#[test]
fn a_name_without_a_format_is_asked_again() {
    let mut state = seen(Language::English, false, Tab::Connections, "");
    for key in "ecsv".chars().map(Key::Char).chain([Key::Ctrl('u'), Key::Char('x'), Key::Enter]) {
        assert!(state.update(Event::Key(key), Duration::from_secs(3)).is_empty());
    }
    assert!(state.message.is_some());
}

#[test]
fn the_packets_of_another_network_namespace_are_not_those_of_the_same_ends_here() {
    let mut state = state(Language::English, false, Tab::Connections, "");
    let mut socket = connection(1, "192.0.2.1:40000", "192.0.2.2:443", TcpState::Established, 5);
    socket.namespace = Some(Namespace { inode: 7 });
    state.update(Event::Look(Box::new(look(0, vec![socket], vec![]))), Duration::ZERO);
    for key in [Key::Char('w'), Key::Enter] {
        let effects = state.update(Event::Key(key), Duration::from_secs(3));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Capture(..))));
        if key == Key::Char('w') {
            let said = state.message.as_ref().unwrap().english();
            assert!(said.contains("another network namespace"), "{said}");
        }
    }
}

#[test]
fn the_packets_of_a_connection_are_asked_for_by_its_ends() {
    let mut state = state(Language::English, false, Tab::Connections, "");
    let socket = connection(1, "192.0.2.1:40000", "192.0.2.2:443", TcpState::Established, 5);
    state.update(Event::Look(Box::new(look(0, vec![socket], vec![]))), Duration::ZERO);
    let mut press = |keys: &[Key]| -> Vec<Effect> {
        let press = |key: &Key| state.update(Event::Key(*key), Duration::from_secs(3));
        let effects = keys.iter().flat_map(press);
        effects.filter(|effect| matches!(effect, Effect::Capture(..) | Effect::EndCapture)).collect()
    };
    let begin = |file: &str| {
        let filter = "tcp src 192.0.2.1 lport 40000 dst 192.0.2.2 rport 443";
        vec![Effect::Capture(file.into(), filter.to_owned())]
    };
    assert_eq!(press(&[Key::Char('w'), Key::Esc]), []);
    assert_eq!(press(&[Key::Char('w'), Key::Enter]), begin("netstat.pcapng"));
    // The same key ends it, and only then another begins.
    assert_eq!(press(&[Key::Char('w'), Key::Enter, Key::Esc]), [Effect::EndCapture]);
    state.update(Event::Captured(netstat_engine::text::Text::same("it is whole".to_owned())), Duration::ZERO);
    let mut press = |keys: &[Key]| -> Vec<Effect> {
        let press = |key: &Key| state.update(Event::Key(*key), Duration::from_secs(3));
        keys.iter().flat_map(press).filter(|effect| matches!(effect, Effect::Capture(..))).collect()
    };
    let in_details = [Key::Enter, Key::Char('w'), Key::Ctrl('u'), Key::Char('a'), Key::Enter];
    assert_eq!(press(&in_details), begin("a"));
}
