//! What was learned allows what was there; what came later is found.

use crate::answer::{ask, assert_found, assert_only, assert_quiet};
use crate::support::{Folder, command, finish, netstat};
use netstat_lab::{Loop, Place, on_own_thread};
use std::net::{TcpListener, TcpStream};

#[test]
fn what_was_learned_gives_no_finding_and_what_comes_later_does() {
    let folder = Folder::new("policy");
    let file = folder.path("policy.toml");
    let policy = format!("--policy {}", file.display());
    on_own_thread(|namespace| {
        namespace.ip("address add 10.1.1.1/32 dev lo\naddress add 10.1.1.2/32 dev lo\n").unwrap();
        namespace.ip("route replace local 10.1.1.1 dev lo table local src 10.1.1.2\n").unwrap();
        let _listener = namespace.listener(Place::AnyV4, 8080).unwrap();
        let _udp = namespace.udp(Place::AnyV4, 53).unwrap();
        let _own = namespace.connected(Loop::V4).unwrap();
        let server = TcpListener::bind("10.1.1.1:9000").unwrap();
        let _client = TcpStream::connect("10.1.1.1:9000").unwrap();
        std::fs::write(&file, netstat("check policy --learn")).unwrap();
        assert_quiet("policy", &policy);
        assert_only(&[]);

        let late = TcpListener::bind("0.0.0.0:8081").unwrap();
        let finding = assert_found("policy", &policy, "warning");
        assert!(finding.sentence().contains("listens on 8081/tcp"), "{finding:?}");
        assert_eq!(finding.rows().len(), 1);
        drop(late);
        netstat_lab::eventually("the listener gone", || {
            (finish(command(&format!("check policy {policy}"))).code == Some(0)).then_some(())
        })
        .unwrap();

        let other = TcpListener::bind("10.1.1.1:9001").unwrap();
        let text = std::fs::read_to_string(&file).unwrap() + "\n[[allow.listen]]\nport = 9001\n";
        std::fs::write(&file, text + "\n[[forbid.connect]]\nport = 9001\nnote = \"not this one\"\n").unwrap();
        assert_quiet("policy", &policy);
        let _to_other = TcpStream::connect("10.1.1.1:9001").unwrap();
        let finding = assert_found("policy", &policy, "critical");
        assert!(finding.sentence().contains("has connections to port 9001/tcp"), "{finding:?}");
        assert_eq!((finding.fact("note"), finding.rows().len()), (&"not this one".into(), 1));
        drop((server, other));
    });
}

#[test]
fn without_a_file_nothing_is_judged_by_it_and_a_configuration_may_name_one() {
    let folder = Folder::new("policy-of-configuration");
    let (file, configuration) = (folder.path("policy.toml"), folder.path("check.toml"));
    std::fs::write(&file, "[[forbid.listen]]\nport = 8080\n").unwrap();
    std::fs::write(&configuration, format!("[policy]\nfile = {:?}\n", file.display().to_string())).unwrap();
    on_own_thread(|namespace| {
        let _listener = namespace.listener(Place::AnyV4, 8080).unwrap();
        let names = |words: &str| {
            let document = ask(words).document;
            let checks = document["checks"].as_array().unwrap().iter();
            checks.map(|check| check["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        // Without a port `bind` judges nothing either.
        let listed = netstat("check --list").lines().count() - 1;
        let without = names("");
        assert_eq!((without.len(), without.contains(&"policy".to_owned())), (listed - 1, false));
        let said = finish(command("check")).text;
        // Where the machine has a process that not even root may read, its descriptors are not judged.
        let judged = listed - 1 - usize::from(said.contains("Not judged, or only in part: descriptors."));
        assert!(said.starts_with(&format!("Nothing wrong: {judged} checks of 1 socket.\n")), "{said}");
        let configured = format!("--config {}", configuration.display());
        assert_eq!(names(&configured).len(), listed);
        assert_found("policy", &configured, "critical");
    });
}

#[test]
fn a_policy_that_is_wrong_or_missing_is_an_error() {
    let folder = Folder::new("no-policy");
    let file = folder.path("policy.toml");
    std::fs::write(&file, "[[allow.listen]]\nprot = 5\n").unwrap();
    for (words, why) in [
        (
            format!("check policy --policy {}", file.display()),
            "policy.toml: line 2: not understood: expected one of `process`",
        ),
        ("check policy --policy /nonexistent".to_owned(), "cannot read the policy /nonexistent: "),
        ("check policy".to_owned(), "there is no policy to check by"),
        ("check exposed --learn".to_owned(), "type netstat check policy --learn"),
    ] {
        let run = finish(command(&words));
        assert_eq!((run.code, run.text.as_str()), (Some(3), ""), "{words}: {run:?}");
        assert!(run.complaint.contains(why), "{words}: {run:?}");
    }
}
