//! A program in a temporary directory that speaks to a public address, and honest ones that do.

use crate::answer::{ask, assert_found, assert_only, assert_quiet};
use crate::support::{Folder, command, finish};
use netstat_lab::faults::Program;
use netstat_lab::{Namespace, on_own_thread, with_remote_host};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// Makes the remote address one of this namespace, which is reached from a private one.
fn public_host(namespace: &Namespace) {
    namespace.ip("address add 10.1.1.2/32 dev lo\naddress add 168.126.63.1/32 dev lo\n").unwrap();
    namespace.ip("route replace local 168.126.63.1 dev lo table local src 10.1.1.2\n").unwrap();
}

/// A program that runs until it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_program_that_hides_is_found_and_an_honest_one_is_not() {
    let folder = Folder::new("suspicious");
    on_own_thread(|namespace| {
        public_host(namespace);
        let https = TcpListener::bind("168.126.63.1:443").unwrap();
        let _honest = TcpStream::connect("168.126.63.1:443").unwrap();
        assert_quiet("suspicious", "--set suspicious.usual-paths=/none");
        assert_only(&[]);

        let control = TcpListener::bind("168.126.63.1:4444").unwrap();
        let miner = folder.path("miner");
        std::fs::copy("/bin/bash", &miner).unwrap();
        let script = "exec 3<>/dev/tcp/168.126.63.1/4444; read -r line <&3";
        let mut run = Command::new(&miner);
        run.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null());
        let _miner = Running(run.spawn().unwrap());
        let _accepted = control.accept().unwrap();
        let finding = assert_found("suspicious", "", "warning");
        assert!(finding.sentence().contains("is connected to 168.126.63.1:4444 (KR)"), "{finding:?}");
        assert_eq!(
            (finding.number("score"), finding.number("temporary"), finding.number("known_port")),
            (70.0, 40.0, 30.0)
        );
        assert_eq!(finding.fact("path"), miner.to_str().unwrap());
        assert_eq!((finding.fact("country"), finding.rows().len()), (&"KR".into(), 1));
        assert_only(&["suspicious"]);
        assert_quiet("suspicious", &format!("--set suspicious.usual-paths={}", miner.display()));
        drop(https);
    });
}

#[test]
fn a_filter_does_not_turn_a_client_into_a_destination() {
    on_own_thread(|namespace| {
        namespace.ip("address add 168.126.63.1/32 dev lo\naddress add 8.8.8.8/32 dev lo\n").unwrap();
        namespace.ip("route replace local 168.126.63.1 dev lo table local src 8.8.8.8\n").unwrap();
        // To a high port, as from another country: in both directions of which only one was made from here.
        let server = TcpListener::bind("168.126.63.1:50051").unwrap();
        let client = TcpStream::connect("168.126.63.1:50051").unwrap();
        let accepted = server.accept().unwrap();
        for words in ["dst 8.8.8.8", "dst 8.8.8.8 not listening"] {
            let found = ask(&format!(
                "suspicious {words} --set suspicious.notice=1 --set suspicious.usual-countries=KR \
                 --set suspicious.usual-paths=/none"
            ));
            let found = found.of("suspicious");
            assert_eq!(
                found.iter().map(|one| one.severity()).collect::<Vec<_>>(),
                ["ok"],
                "{words}: {found:#?}"
            );
        }
        // The other end is one of a connection that was made from here.
        let found = ask("suspicious dst 168.126.63.1 --set suspicious.notice=1").of("suspicious");
        assert!(found[0].sentence().contains("is connected to 168.126.63.1:50051"), "{found:#?}");
        drop((client, accepted));
    });
}

#[test]
fn a_list_that_is_something_else_is_not_taken_for_an_empty_one() {
    let folder = Folder::new("no-list");
    let list = folder.path("page.html");
    std::fs::write(&list, "<html>\n<body>moved</body>\n</html>\n").unwrap();
    let run = finish(command(&format!("check suspicious --set suspicious.lists={}", list.display())));
    assert_eq!((run.code, &*run.text), (Some(3), ""), "{run:?}");
    assert!(run.complaint.contains("has no address or network that is understood"), "{run:?}");
}

#[test]
fn an_address_on_a_list_is_found_with_its_line() {
    let folder = Folder::new("lists");
    let (list, odd) = (folder.path("drop.txt"), folder.path("odd.txt"));
    std::fs::write(&list, "; a list\n168.126.0.0/16 ; SBL1\n").unwrap();
    std::fs::write(&odd, "# a list\n0.0.0.0 evil.example\nwhat is this\n192.0.2.1\n").unwrap();
    on_own_thread(|namespace| {
        public_host(namespace);
        let _server = TcpListener::bind("168.126.63.1:443").unwrap();
        let _client = TcpStream::connect("168.126.63.1:443").unwrap();
        let finding =
            assert_found("suspicious", &format!("--set suspicious.lists={}", list.display()), "warning");
        assert!(finding.words().contains("drop.txt (line 2: 168.126.0.0/16) [60]"), "{finding:?}");

        let run = finish(command(&format!("check suspicious --set suspicious.lists={}", odd.display())));
        assert_eq!(run.code, Some(0));
        let said =
            "odd.txt: 1 entry used; 1 invalid line, first at line 3; 1 line blocks names, not addresses";
        assert!(run.complaint.contains(said), "{run:?}");
        let answer = ask(&format!("suspicious --lang ko --set suspicious.lists={}", odd.display()));
        let warning = answer.document["warnings"][0].as_str().unwrap();
        assert!(warning.contains("odd.txt에서 주소와 네트워크 1개를 씀"), "{warning}");
        assert!(answer.run.complaint.contains(warning), "{:?}", answer.run);
        let run = finish(command("check suspicious --set suspicious.lists=/nonexistent"));
        assert_eq!(run.code, Some(3));
        assert!(run.complaint.contains("cannot read the list /nonexistent: "), "{run:?}");
    });
}

#[test]
fn a_deleted_program_is_found_and_the_same_from_its_place_is_not() {
    with_remote_host(|namespace, host| {
        let web: SocketAddr = "93.184.215.14:443".parse().unwrap();
        let _honest = Program::in_its_place(namespace, host, web).unwrap();
        assert_quiet("suspicious", "");
        assert_only(&[]);

        let there: SocketAddr = "93.184.215.14:4444".parse().unwrap();
        let implant = Program::implant(namespace, host, there).unwrap();
        let finding = assert_found("suspicious", "", "warning");
        let words = finding.words();
        for fact in ["deleted", "93.184.215.14:4444", implant.path.to_str().unwrap()] {
            assert!(words.contains(fact), "{fact} is not in {words}");
        }
        assert_eq!(finding.processes(), [(Some(implant.pid.into()), 1)]);
        let rows = finding.rows();
        assert!(rows.len() == 1 && rows[0].contains("93.184.215.14:4444"), "{rows:#?}");
        assert_only(&["suspicious"]);
    });
}
