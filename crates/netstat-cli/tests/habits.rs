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

use std::net::{TcpListener, TcpStream};
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

#[test]
fn an_empty_table_says_how_the_words_were_read() {
    netstat_lab::on_own_thread(|_| {
        let _listener = TcpListener::bind("[::1]:9601").unwrap();
        let run = finish(command("-an ::1:9601"));
        assert!(run.complaint.contains("'[::1]:9601'"), "{run:?}");
        // Where something matches, or the word is an address alone, there is nothing to say.
        for words in ["-an [::1]:9601", "-an ::1", "-an ::2"] {
            let run = finish(command(words));
            assert_eq!((run.code, &*run.complaint), (Some(0), ""), "{words}");
        }
        let run = finish(command("-x"));
        assert!(
            run.complaint.contains("netstat --family unix, or netstat --dialect net-tools -x"),
            "{run:?}"
        );
        for words in ["--family unix", "--dialect net-tools -x"] {
            assert_eq!(finish(command(words)).code, Some(0), "{words}");
        }
    });
}

#[test]
fn rows_in_time_wait_have_no_owner_and_that_is_said() {
    netstat_lab::on_own_thread(|_| {
        let server = TcpListener::bind("127.0.0.1:9602").unwrap();
        let client = TcpStream::connect("127.0.0.1:9602").unwrap();
        let (accepted, _) = server.accept().unwrap();
        // The end that closes first waits.
        drop(accepted);
        drop(client);
        netstat_lab::eventually("TIME_WAIT", || {
            support::netstat("-an --no-header TIME_WAIT").contains("TIME_WAIT").then_some(())
        })
        .unwrap();
        let said = "netstat: these rows are in TIME_WAIT, of which the kernel keeps no owner\n";
        for (words, expected) in [
            ("--group-by process TIME_WAIT", said),
            ("--columns local,process TIME_WAIT", said),
            ("-an --process TIME_WAIT", said),
            ("--columns local,state TIME_WAIT", ""),
            ("-ano TIME_WAIT", ""),
            ("--group-by process port 9602", ""),
        ] {
            assert_eq!(finish(command(words)).complaint, expected, "{words}");
        }
    });
}
