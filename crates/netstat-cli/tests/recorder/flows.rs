//! With whom UDP sockets talk.

use super::Recorder;
use crate::support::Folder;
use netstat_lab::{eventually, keep_errors, on_own_thread, send_with_service};
use rustix::net::RecvFlags;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The programs see all network namespaces, so the flows of one test take the room of those of another.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a recorder of flows; `None` where this system does not tell them.
fn start(folder: &Folder) -> Option<Recorder> {
    let mut recorder = Recorder::of(folder, "--udp");
    let status = recorder.ask("record --status").text;
    let line = status.lines().find_map(|line| line.strip_prefix("Flows of UDP:")).unwrap().trim();
    if line == "kept" {
        return Some(recorder);
    }
    let why = line.strip_prefix("not kept: ").unwrap();
    assert!(!why.contains("refused"), "{why}");
    assert_eq!(recorder.ask("record --stop").code, Some(0));
    let (code, said) = recorder.end();
    assert_eq!(code, Some(0));
    assert!(said.contains(&format!("flows of UDP are not recorded: {why}; UDP sockets are")), "{said}");
    netstat_lab::skip("flows of UDP are not told here");
    None
}

impl Recorder {
    /// Returns rows of the history: what was asked for, by columns.
    fn rows(&self, words: &str) -> Vec<Vec<String>> {
        let run = self.ask(&format!("history {words} --csv"));
        let rows = run.text.lines().skip(1);
        rows.map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }
}

#[test]
fn who_sends_to_whom_is_kept_with_its_process_and_its_bytes() {
    let _alone = alone();
    on_own_thread(|_| {
        let folder = Folder::new("flows");
        let Some(mut recorder) = start(&folder) else { return };
        let me = std::process::id().to_string();
        for host in ["127.0.0.1:0", "[::1]:0"] {
            let server = UdpSocket::bind(host).unwrap();
            let to = server.local_addr().unwrap();
            let client = UdpSocket::bind(host).unwrap();
            let from = client.local_addr().unwrap();
            client.send_to(b"hello", to).unwrap();
            let mut buffer = [0; 64];
            assert_eq!(server.recv_from(&mut buffer).unwrap(), (5, from));
            server.send_to(b"hello yourself", from).unwrap();
            assert_eq!(client.recv_from(&mut buffer).unwrap(), (14, to));
            let of = |local: SocketAddr, remote: SocketAddr| {
                format!("udp and lport {} and rport {}", local.port(), remote.port())
            };
            // While they are open, in the table of the past as well.
            eventually("the flow", || {
                let open = recorder.rows(&format!("{} --columns pid,bytes_acked", of(from, to)));
                (open == [[me.as_str(), ""]]).then_some(())
            })
            .unwrap();
            eventually("the table of the past", || {
                let then = recorder.ask(&format!("-ano --at 1s rport {}", to.port()));
                (then.text.contains(&from.to_string()) && then.text.contains(&me)).then_some(())
            })
            .unwrap();
            drop((server, client));
            let columns = "--columns pid,side,reason,bytes_acked,bytes_received";
            for (filter, side, sent, received) in
                [(of(from, to), "out", "5", "14"), (of(to, from), "in", "14", "5")]
            {
                let wanted = [[me.as_str(), side, "closed", sent, received]];
                eventually("the end of the flow", || {
                    (recorder.rows(&format!("{filter} {columns}")) == wanted).then_some(())
                })
                .unwrap();
            }
        }
        assert_eq!(recorder.ask("record --stop").code, Some(0));
        assert_eq!(recorder.end().0, Some(0));
    });
}

#[test]
fn a_socket_that_is_connected_is_one_with_its_flow() {
    let _alone = alone();
    on_own_thread(|_| {
        let folder = Folder::new("flows-connected");
        let Some(mut recorder) = start(&folder) else { return };
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(server.local_addr().unwrap()).unwrap();
        client.send(b"one").unwrap();
        let mut buffer = [0; 64];
        // Whoever asks not from whom it came is told of by no flow.
        assert_eq!(server.recv(&mut buffer).unwrap(), 3);
        let (from, to) = (client.local_addr().unwrap().port(), server.local_addr().unwrap().port());
        let of_client =
            format!("udp and lport {from} and rport {to} --columns reason,bytes_acked,bytes_received");
        eventually("the socket", || (recorder.rows(&of_client) == [["", "", ""]]).then_some(())).unwrap();
        client.send(b"two more").unwrap();
        drop(client);
        eventually("its end", || (recorder.rows(&of_client) == [["closed", "11", "0"]]).then_some(()))
            .unwrap();
        // Both the look and the flow have told it by now, or the next ones do: it stays one.
        let again = UdpSocket::bind("127.0.0.1:0").unwrap();
        again.send_to(b"x", server.local_addr().unwrap()).unwrap();
        let later =
            format!("udp and lport {} and rport {to} --columns reason", again.local_addr().unwrap().port());
        eventually("what came later", || (recorder.rows(&later).len() == 1).then_some(())).unwrap();
        drop(again);
        eventually("its end", || (recorder.rows(&later) == [["closed"]]).then_some(())).unwrap();
        assert_eq!(recorder.rows(&of_client), [["closed", "11", "0"]]);
        assert_eq!(recorder.rows(&format!("udp and lport {to} and rport {from} --columns reason")).len(), 0);
        assert_eq!(recorder.ask("record --stop").code, Some(0));
        assert_eq!(recorder.end().0, Some(0));
    });
}

#[test]
fn of_too_many_ends_each_is_kept_or_counted() {
    const MADE: u64 = 70_000;
    let _alone = alone();
    on_own_thread(|_| {
        let folder = Folder::new("flows-many");
        let Some(mut recorder) = start(&folder) else { return };
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = client.local_addr().unwrap().port();
        for number in 0..u32::try_from(MADE).unwrap() {
            let [_, a, b, c] = number.to_be_bytes();
            let to = SocketAddr::from(([127, a + 1, b, c], 9));
            // The error of an earlier one may be told instead.
            while client.send_to(b"x", to).is_err() {}
        }
        drop(client);
        let mut said = String::new();
        eventually("all of them", || {
            let run =
                recorder.ask(&format!("history udp and lport {port} and rport 9 --csv --columns reason"));
            let ended = run.text.lines().filter(|reason| matches!(*reason, "closed" | "idle"));
            let kept = u64::try_from(ended.count()).unwrap();
            let lost = run.complaint.lines().filter_map(|line| {
                let (before, _) = line
                    .split_once(" datagrams of UDP: ")
                    .or_else(|| line.split_once(" datagram of UDP: "))?;
                before.rsplit(' ').next()?.replace(',', "").parse::<u64>().ok()
            });
            let lost: u64 = lost.sum();
            said = format!("{kept} kept, {lost} lost: {}", run.complaint);
            // Whatever else the machine sends may be among what is lost.
            (kept + lost >= MADE).then_some(())
        })
        .unwrap_or_else(|error| panic!("{error}: {said}"));
        assert_eq!(recorder.ask("record --stop").code, Some(0));
        assert_eq!(recorder.end().0, Some(0));
    });
}

#[test]
fn a_connect_that_never_leaves_is_kept() {
    let _alone = alone();
    on_own_thread(|_| {
        let folder = Folder::new("flows-connect");
        let Some(mut recorder) = start(&folder) else { return };
        // No route leads there from a namespace that has the loopback interface alone.
        for remote in ["192.0.2.7:8080", "[2001:db8::7]:8080", "[::ffff:192.0.2.8]:8080"] {
            let refused = TcpStream::connect(remote).unwrap_err();
            assert_eq!(refused.kind(), std::io::ErrorKind::NetworkUnreachable, "{refused}");
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        drop(listener);
        TcpStream::connect(("127.0.0.1", port)).unwrap_err();
        let columns = "--columns pid,side,reason,raddr,bytes_acked --sort raddr";
        let me = std::process::id().to_string();
        let wanted =
            ["192.0.2.7", "192.0.2.8", "2001:db8::7"].map(|to| [me.as_str(), "out", "unreachable", to, "0"]);
        eventually("the attempts", || {
            (recorder.rows(&format!("rport 8080 {columns}")) == wanted).then_some(())
        })
        .unwrap();
        // Those that left are told once, by what became of them.
        let of_port = format!("rport {port} --columns reason --sort reason");
        eventually("the others", || (recorder.rows(&of_port).len() == 2).then_some(())).unwrap();
        assert_eq!(recorder.rows(&of_port)[0], ["refused"]);
        assert_eq!(
            recorder.rows("reason unreachable --columns raddr --sort raddr"),
            wanted.map(|row| [row[3]])
        );
        assert_eq!(recorder.ask("record --stop").code, Some(0));
        assert_eq!(recorder.end().0, Some(0));
    });
}

#[test]
fn calls_with_control_data_and_errors_that_come_back_are_what_they_are() {
    let _alone = alone();
    on_own_thread(|_| {
        let folder = Folder::new("flows-control");
        let Some(mut recorder) = start(&folder) else { return };
        for host in ["127.0.0.1:0", "[::1]:0"] {
            let server = UdpSocket::bind(host).unwrap();
            let client = UdpSocket::bind(host).unwrap();
            client.connect(server.local_addr().unwrap()).unwrap();
            let is_v6 = client.local_addr().unwrap().is_ipv6();
            assert_eq!(send_with_service(&client, b"hello", is_v6).unwrap(), 5);
            let (from, to) = (client.local_addr().unwrap().port(), server.local_addr().unwrap().port());
            let columns = "--columns side,reason,bytes_acked,bytes_received";
            let of_client = format!("udp and lport {from} and rport {to} {columns}");
            drop(client);
            eventually("the flow", || {
                (recorder.rows(&of_client) == [["out", "closed", "5", "0"]]).then_some(())
            })
            .unwrap_or_else(|error| panic!("{error}: {:?}", recorder.rows(&of_client)));
            drop(server);

            let client = UdpSocket::bind(host).unwrap();
            keep_errors(&client, is_v6).unwrap();
            let from = client.local_addr().unwrap().port();
            let closed = SocketAddr::new(client.local_addr().unwrap().ip(), to);
            client.connect(closed).unwrap();
            client.send(b"nobody").unwrap();
            let mut buffer = [0; 64];
            let flags = RecvFlags::ERRQUEUE | RecvFlags::DONTWAIT;
            let (came, _) =
                eventually("the error", || rustix::net::recv(&client, &mut buffer, flags).ok()).unwrap();
            assert_eq!(came, 6, "what was sent comes back");
            drop(client);
            let of_client = format!("udp and lport {from} and rport {to} {columns}");
            eventually("the flow", || {
                (recorder.rows(&of_client) == [["out", "closed", "6", "0"]]).then_some(())
            })
            .unwrap_or_else(|error| panic!("{error}: {:?}", recorder.rows(&of_client)));
        }
        assert_eq!(recorder.ask("record --stop").code, Some(0));
        assert_eq!(recorder.end().0, Some(0));
    });
}

#[test]
fn of_what_was_there_before_no_begin_and_no_bytes_are_told_and_one_call_elsewhere_is_its_own_flow() {
    let _alone = alone();
    on_own_thread(|_| {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let old = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = server.local_addr().unwrap();
        old.send_to(b"before", to).unwrap();
        let folder = Folder::new("flows-before");
        let Some(mut recorder) = start(&folder) else { return };
        old.send_to(b"again", to).unwrap();
        // Connected, and sends elsewhere first.
        let new = UdpSocket::bind("127.0.0.1:0").unwrap();
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        new.connect(other.local_addr().unwrap()).unwrap();
        new.send_to(b"elsewhere", to).unwrap();
        new.send(b"here").unwrap();
        let ports = [&old, &new, &other].map(|socket| socket.local_addr().unwrap().port());
        drop((old, new));
        let columns = "--columns side,started,reason,bytes_acked,bytes_received";
        let of_old = format!("udp and lport {} and rport {} {columns}", ports[0], to.port());
        eventually("the old one", || (recorder.rows(&of_old) == [["", "", "closed", "", ""]]).then_some(()))
            .unwrap_or_else(|error| panic!("{error}: {:?}", recorder.rows(&of_old)));
        for (remote, bytes) in [(to.port(), "9"), (ports[2], "4")] {
            let of_new = format!(
                "udp and lport {} and rport {remote} --columns side,reason,bytes_acked,bytes_received",
                ports[1]
            );
            eventually("the new one", || {
                (recorder.rows(&of_new) == [["out", "closed", bytes, "0"]]).then_some(())
            })
            .unwrap_or_else(|error| panic!("{error}: {:?}", recorder.rows(&of_new)));
        }
        assert_eq!(recorder.ask("record --stop").code, Some(0));
        assert_eq!(recorder.end().0, Some(0));
    });
}

#[test]
fn a_recorder_that_was_killed_leaves_a_gap_of_flows() {
    let _alone = alone();
    on_own_thread(|namespace| {
        if let Err(error) = namespace.mount_bpf() {
            netstat_lab::skip(format_args!("{error}"));
            return;
        }
        let folder = Folder::new("flows-killed");
        let Some(mut recorder) = start(&folder) else { return };
        // What is written shows that something was: only behind that a recorder goes on.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        eventually("an end", || {
            (!recorder.rows(&format!("rport {port} --columns reason")).is_empty()).then_some(())
        })
        .unwrap();
        let child = recorder.child.as_mut().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let Some(mut recorder) = start(&folder) else { return };
        eventually("the gap", || {
            let said = recorder.ask("history").complaint;
            said.contains("flows of UDP were not seen").then_some(())
        })
        .unwrap();
        assert_eq!(recorder.ask("record --stop").code, Some(0));
        assert_eq!(recorder.end().0, Some(0));
    });
}
