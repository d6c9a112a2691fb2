//! The process column, and colours.

use super::tests::{NUMERIC, lines, sockets, table};
use super::*;
use crate::render::extras::Extras;
use crate::render::made;
use netstat_engine::columns;

/// The table with a process column of this kind; what is known of processes is what [`made`] says.
fn with_process(column: &str, form: Classic<'_>) -> Vec<String> {
    let facts = made::facts();
    let sockets = made::four_sockets();
    let columns = [columns::by_name(column).unwrap()];
    let last = LastColumns { columns: &columns, given: facts.given() };
    lines(&Classic { last: Some(last), ..form }, &sockets)
}

#[test]
fn the_process_stands_last_in_any_form() {
    assert_eq!(
        with_process("process", NUMERIC),
        [
            "  Proto  Local Address          Foreign Address        State           PROCESS",
            "  TCP    192.0.2.1:50000        198.51.100.7:443       ESTABLISHED     ng,\"inx\\x0a",
            "  TCP    192.0.2.1:50001        198.51.100.7:443       UNKNOWN         -",
            "  TCP    [::]:80                [::]:0                 LISTENING       -",
            "  UDP    0.0.0.0:53             *:*                                    -",
        ]
    );
    assert_eq!(
        with_process("path", Classic { pid: true, ..NUMERIC }),
        [
            "  Proto  Local Address          Foreign Address        State           PID    PROCESS",
            "  TCP    192.0.2.1:50000        198.51.100.7:443       ESTABLISHED     10     /usr/bin/sp ace",
            "  TCP    192.0.2.1:50001        198.51.100.7:443       UNKNOWN         -      -",
            "  TCP    [::]:80                [::]:0                 LISTENING       12     -",
            "  UDP    0.0.0.0:53             *:*                                    0      -",
        ]
    );
    let extras = Extras { offload: true, ..Extras::default() };
    let columns = extras.columns();
    assert_eq!(
        with_process("cmdline", Classic { pid: true, columns: &columns, ..NUMERIC }),
        [
            "  Proto  Local Address          Foreign Address        State           PID      Offload State  PROCESS",
            "",
            "  TCP    192.0.2.1:50000        198.51.100.7:443       ESTABLISHED     10\tInHost         \
             ng,\"inx\\x0a -c a \\x1b[2J\"b,",
            "  TCP    192.0.2.1:50001        198.51.100.7:443       UNKNOWN         -\tInHost         -",
            "  TCP    [::]:80                [::]:0                 LISTENING       12\tInHost         -",
            "  UDP    0.0.0.0:53             *:*                                    0\t               -",
        ]
    );
}

#[test]
fn the_process_stands_below_its_heading() {
    let korean = |form| Classic { language: Language::Korean, ..form };
    let with_pid = Classic { pid: true, ..NUMERIC };
    for form in [NUMERIC, with_pid, korean(NUMERIC), korean(with_pid)] {
        let lines = with_process("process", form);
        let (before, _) = lines[0].split_once(PROCESS.of(form.language)).unwrap();
        let at = cells(before.as_bytes());
        let shown = |line: &str| {
            line.chars().fold(String::new(), |mut shown, character| {
                match character {
                    '\t' => shown.push_str(&" ".repeat(8 - shown.len() % 8)),
                    other => shown.push(other),
                }
                shown
            })
        };
        assert!(shown(&lines[1])[at..].starts_with("ng,"), "{lines:?}");
        assert!(shown(&lines[4])[at..].starts_with('-'), "{lines:?}");
    }
}

#[test]
fn colours_move_nothing_and_touch_states_alone() {
    for form in [NUMERIC, Classic { pid: true, ..NUMERIC }] {
        let plain = table(&form, &sockets());
        let coloured = table(&Classic { colour: true, ..form }, &sockets());
        assert!(coloured.contains("  \u{1b}[36mLISTENING\u{1b}[0m"), "{coloured:?}");
        assert!(coloured.contains("  \u{1b}[32mESTABLISHED\u{1b}[0m"), "{coloured:?}");
        let mut bare = coloured;
        for sequence in ["\u{1b}[36m", "\u{1b}[32m", "\u{1b}[0m"] {
            bare = bare.replace(sequence, "");
        }
        assert_eq!(bare, plain);
    }
}
