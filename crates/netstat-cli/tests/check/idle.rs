//! Where nothing is wrong, little is said.

use crate::answer::ask;
use crate::support::{command, finish};
use netstat_lab::{Flavor, Place, TcpState, on_own_thread, with_remote_host};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

/// All checks together, as an operator types it.
fn assert_silent() {
    let answer = ask("");
    assert_eq!(answer.accusations(), []);
    for lang in ["en", "ko"] {
        let run = finish(command(&format!("check --lang {lang}")));
        assert_eq!((run.code, &*run.complaint), (Some(0), ""), "{run:?}");
        assert!(run.text.lines().count() <= 3, "{}", run.text);
    }
}

#[test]
fn an_empty_machine() {
    on_own_thread(|_| assert_silent());
}

#[test]
fn a_server_with_a_few_connections() {
    with_remote_host(|namespace, host| {
        let mut held = vec![
            namespace.listener(Place::AnyV4, 22).unwrap(),
            namespace.listener(Place::AnyV6Only, 22).unwrap(),
            namespace.listener(Place::AnyDualStack, 443).unwrap(),
            namespace.listener(Place::LoopbackV4, 5432).unwrap(),
            namespace.udp(Place::LoopbackV4, 323).unwrap(),
            namespace.udp(Place::AnyV4, 68).unwrap(),
        ];
        for flavor in [Flavor::V4, Flavor::V6] {
            held.extend((0..5).map(|_| host.hold(TcpState::Established, flavor).unwrap()));
            held.push(host.hold(TcpState::TimeWait, flavor).unwrap());
            held.push(host.hold(TcpState::CloseWait, flavor).unwrap());
            held.push(host.hold(TcpState::FinWait2, flavor).unwrap());
            held.push(host.hold(TcpState::SynSent, flavor).unwrap());
        }
        assert_silent();
        drop(held);
    });
}

#[test]
fn a_watch_that_has_nothing_to_say_ends_with_its_reader() {
    on_own_thread(|_| {
        let mut watch = command("check --watch 20ms").stdout(Stdio::piped()).spawn().unwrap();
        let mut reader = BufReader::new(watch.stdout.take().unwrap());
        assert!(reader.read_line(&mut String::new()).unwrap() > 0);
        drop(reader);
        let end = netstat_lab::eventually("the end of the watch", || watch.try_wait().unwrap());
        if end.is_err() {
            watch.kill().unwrap();
        }
        assert_eq!(end.unwrap().code(), Some(0));
    });
}
