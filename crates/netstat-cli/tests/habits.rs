//! What people type who come from other tools, on a machine that has what their words name.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use std::net::TcpListener;
use support::{Keeper, command, finish};

#[test]
fn a_word_that_names_something_here_is_answered_with_a_command_that_works() {
    netstat_lab::on_own_thread(|_| {
        let _keeper = Keeper::cat(TcpListener::bind(("127.0.0.1", 8080)).unwrap());
        for (words, meaning) in [
            ("cat", "cat is a process: type netstat -ano process cat"),
            ("-anp cat", "cat is a process: type netstat -ano process cat"),
            ("-i lo", "lo is an interface: netstat -e -v shows its counters, netstat -r its routes"),
            ("root", "root is a user: type netstat -ano user root"),
        ] {
            let run = finish(command(words));
            assert_eq!((run.code, &*run.text), (Some(1), ""), "{words}");
            let last = run.complaint.lines().last().unwrap_or_default();
            assert_eq!(last, format!("netstat: {meaning}"), "{words}");
        }
        let rows = support::netstat("-ano process cat");
        assert!(rows.contains("127.0.0.1:8080"), "{rows}");
        let run = finish(command("nothing-has-this-name"));
        assert!(run.complaint.starts_with("netstat: the filter is not understood"), "{}", run.complaint);
        let program = "if nothing-has-this-name is a program, it has no sockets now: netstat -ano process nothing-has-this-name shows them";
        assert!(run.complaint.contains(program), "{}", run.complaint);
        assert_eq!(support::netstat("-ano --no-header process nothing-has-this-name"), "");
        // An interface that the machine does not have as well.
        let run = finish(command("-i nothing0"));
        assert!(run.complaint.starts_with("netstat: -i takes no name here"), "{}", run.complaint);
        assert_eq!(run.complaint.lines().count(), 1, "{}", run.complaint);
    });
}

#[test]
fn without_a_header_there_are_rows_alone() {
    netstat_lab::on_own_thread(|_| {
        let keeper = Keeper::cat(TcpListener::bind(("127.0.0.1", 8080)).unwrap());
        let row = "  TCP    127.0.0.1:8080         0.0.0.0:0              LISTENING\n";
        assert_eq!(support::netstat("-an --no-header"), row);
        assert_eq!(support::netstat("-an --no-header --sort none"), row);
        assert_eq!(support::netstat("--no-header --columns pid port 8080"), format!("{}\n", keeper.pid()));
        assert_eq!(support::netstat("--no-header --group-by lport listening"), "1  8080  1\n");
        assert_eq!(support::netstat("-an --no-header lport 1"), "");
    });
}
