//! Surroundings that are set against the program: closed streams, little stack, more rights than the user has.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::on_own_thread;
use std::process::Command;
use support::{Folder, NETSTAT, as_other_user, command, finish, program_for_all};

/// Runs the program by a shell that first does something to itself.
fn after(first: &str, words: &str) -> support::Run {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{first}; exec {NETSTAT} {words}")]).env("LC_ALL", "C");
    finish(shell)
}

#[test]
fn a_closed_output_is_an_error() {
    for (words, code) in [("-an", 1), ("--help", 1), ("-an --json", 1), ("check conntrack", 3), ("-r", 1)] {
        let run = after("exec >&-", words);
        assert_eq!(run.code, Some(code), "{words}: {run:?}");
        assert!(run.complaint.contains("cannot write to standard output: it is closed"), "{words}: {run:?}");
        assert_eq!(after("exec >/dev/null", words).code, Some(0), "{words}");
    }
}

#[test]
fn little_stack_is_enough() {
    on_own_thread(|_| {
        for words in ["check", "-an --json", "-ano", "-s"] {
            let run = after("ulimit -s 64", words);
            assert_eq!(run.code, Some(0), "{words}: {run:?}");
        }
    });
}

#[test]
fn with_more_rights_than_the_user_no_file_is_opened() {
    on_own_thread(|_| {
        let folder = Folder::new("more-rights");
        let program = program_for_all(&folder);
        let secret = folder.path("secret.toml");
        std::fs::write(&secret, "password = 1\n").unwrap();
        let secret = secret.display();
        let recording = folder.path("recording");
        let words = [
            format!("check --config {secret}"),
            format!("check policy --policy {secret}"),
            format!("check suspicious --set suspicious.lists={secret}"),
            format!("-an --geo {secret} --columns network"),
            format!("-an --record {}", recording.display()),
            format!("-an --replay {}", folder.0.display()),
        ];
        let refused = "has more rights than you have";
        for words in &words {
            let run = as_other_user(&program, words);
            assert!(!run.complaint.contains(refused), "{words}: {run:?}");
        }
        let _ = std::fs::remove_dir_all(&recording);
        let mark = |words: &[&str]| {
            let done = Command::new(words[0]).args(&words[1..]).arg(&program).status();
            done.is_ok_and(|status| status.success())
        };
        let capable =
            ["/usr/sbin/setcap", "/sbin/setcap"].into_iter().find(|path| std::path::Path::new(path).exists());
        let mut kinds = vec![vec!["chmod", "4755"]];
        kinds.extend(capable.map(|setcap| vec![setcap, "cap_dac_read_search+ep"]));
        for kind in kinds {
            assert!(mark(&["chmod", "755"]) && mark(&kind), "{kind:?}");
            for words in &words {
                let run = as_other_user(&program, words);
                assert!(run.complaint.contains(refused) && run.text.is_empty(), "{kind:?} {words}: {run:?}");
                assert!(!run.complaint.contains("password") && run.code != Some(0), "{run:?}");
            }
            assert_eq!(as_other_user(&program, "-an").code, Some(0));
            assert!(!recording.exists());
        }
    });
}

#[test]
fn an_error_does_not_repeat_what_is_long() {
    let long = "port 80 or ".repeat(11_000);
    let mut words = command("");
    words.arg(format!("{long} ("));
    let run = finish(words);
    assert_eq!(run.code, Some(1), "{}", run.complaint.len());
    assert!(run.complaint.len() < 1000, "{} bytes", run.complaint.len());
}
