//! Checks of the sockets that match a filter: what may match is not "nothing wrong", and neither is what cannot.

use crate::answer::{ask, assert_valid};
use crate::support::{Folder, as_other_user, command, finish, program_for_all};
use netstat_lab::{Place, on_own_thread};

#[test]
fn sockets_whose_owners_are_hidden_are_not_known() {
    on_own_thread(|namespace| {
        let _theirs = namespace.listener(Place::AnyV4, 8080).unwrap();
        let folder = Folder::new("check-hidden");
        let program = program_for_all(&folder);
        let own = std::process::id();
        // A listener may match; a connection without an answer may not, because there is none.
        for (check, code) in [("listen-queue", 3), ("connecting", 0)] {
            let run = as_other_user(&program, &format!("check {check} pid {own} --json"));
            assert_eq!(run.code, Some(code), "{run:?}");
            assert_valid(&serde_json::from_str(&run.text).unwrap());
        }
        for filter in [format!("pid {own}"), "process shop".to_owned(), "not process shop".to_owned()] {
            let run = as_other_user(&program, &format!("check {filter}"));
            assert_eq!(run.code, Some(3), "{run:?}");
            let text = run.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let said = text.matches("whether 1 socket matches the filter is not known").count();
            assert!(said == 1 && run.text.contains("run as root"), "{run:?}");
        }
        // Root sees who it is.
        assert_eq!(ask(&format!("listen-queue pid {own}")).run.code, Some(0));
    });
}

#[test]
fn a_filter_that_nothing_matches_says_so() {
    on_own_thread(|namespace| {
        let _held = namespace.listener(Place::LoopbackV4, 8080).unwrap();
        for (words, nothing) in [
            ("check process shopp", true),
            ("check close-wait lport 8081", true),
            ("check close-wait lport 8080", false),
            ("check conntrack lport 8081", false),
        ] {
            let run = finish(command(words));
            assert_eq!(run.code, Some(0), "{run:?}");
            assert_eq!(run.text.contains("no socket matches the filter"), nothing, "{words}: {run:?}");
            assert_eq!(run.text.contains("Nothing wrong"), !nothing, "{words}: {run:?}");
        }
    });
}
