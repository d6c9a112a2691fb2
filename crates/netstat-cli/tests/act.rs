//! `netstat close` and `netstat end`: what they do to real sockets and processes, and what they leave.
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
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use support::{Folder, Keeper, NETSTAT, Run, as_other_user, command, finish, program_for_all};

/// A connection whose near end another process holds; the far end is that of this process, from which netstat descends.
struct Held {
    keeper: Keeper,
    far: TcpStream,
    port: u16,
}

impl Held {
    fn connect(listener: &TcpListener) -> Self {
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().unwrap();
        let port = near.local_addr().unwrap().port();
        Self { keeper: Keeper::cat(near), far, port }
    }

    fn is_open(&mut self) -> bool {
        is_open(&mut self.far)
    }
}

fn is_open(far: &mut TcpStream) -> bool {
    far.set_nonblocking(true).unwrap();
    matches!(far.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn run(words: &str) -> Run {
    finish(command(words))
}

#[test]
fn one_connection_is_closed_and_no_other() {
    on_own_thread(|_| {
        let listener = listener();
        let mut held: Vec<Held> = (0..4).map(|_| Held::connect(&listener)).collect();
        let filter = format!("lport {}", held[2].port);
        let dry = run(&format!("close {filter} --dry-run"));
        assert_eq!((dry.code, held[2].is_open()), (Some(0), true), "{dry:?}");
        let expected = format!(
            "TCP  127.0.0.1:{} -> {}  ESTABLISHED  cat",
            held[2].port,
            listener.local_addr().unwrap()
        );
        assert!(dry.text.contains("1 socket to close:\n") && dry.text.contains(&expected), "{dry:?}");
        let closed = run(&format!("close {filter} --yes"));
        assert_eq!((closed.code, &*closed.complaint), (Some(0), ""), "{closed:?}");
        assert!(closed.text.ends_with("\nclosed 1\n"), "{closed:?}");
        let open: Vec<bool> = held.iter_mut().map(Held::is_open).collect();
        assert_eq!(open, [true, true, false, true]);
        let again = run(&format!("close {filter} --yes"));
        assert_eq!((again.code, &*again.complaint), (Some(1), "netstat: no socket matches\n"));
        let korean = run(&format!("close lport {} --yes --lang ko", held[0].port));
        assert!(korean.text.ends_with("\n1개를 닫음\n"), "{korean:?}");
    });
}

#[test]
fn a_listener_is_closed_where_the_filter_says_so() {
    on_own_thread(|_| {
        let socket = listener();
        let to = socket.local_addr().unwrap();
        let _keeper = Keeper::cat(socket);
        let left = run(&format!("close lport {} --yes", to.port()));
        assert!(left.code == Some(1) && left.text.contains("unless the filter says listening"), "{left:?}");
        assert!(TcpStream::connect(to).is_ok());
        let closed = run(&format!("close lport {} listening --yes", to.port()));
        assert!(closed.code == Some(0) && closed.text.ends_with("closed 1\n"), "{closed:?}");
        assert!(TcpStream::connect(to).is_err());
    });
}

#[test]
fn without_rights_it_says_what_works() {
    let folder = Folder::new("act");
    let program = program_for_all(&folder);
    on_own_thread(|_| {
        let listener = listener();
        let mut held = Held::connect(&listener);
        let filter = format!("lport {}", held.port);
        let refused = as_other_user(&program, &format!("close {filter} --yes"));
        assert_eq!((refused.code, held.is_open()), (Some(2), true), "{refused:?}");
        assert!(refused.text.contains("it takes root (CAP_NET_ADMIN)"), "{refused:?}");
        let advice = format!("netstat: type sudo netstat close {filter} --yes\n");
        assert!(refused.complaint.contains(&advice), "{refused:?}");
        let refused = as_other_user(&program, &format!("end {filter} --yes"));
        assert_eq!((refused.code, held.is_open()), (Some(1), true), "{refused:?}");
        assert!(refused.text.contains("its process is not certain"), "{refused:?}");
    });
}

#[test]
fn processes_that_hold_what_matches_are_ended() {
    on_own_thread(|_| {
        let listener = listener();
        let (mut one, mut other) = (Held::connect(&listener), Held::connect(&listener));
        let filter = format!("lport {}", one.port);
        let dry = run(&format!("end {filter} --dry-run"));
        assert_eq!((dry.code, one.is_open()), (Some(0), true));
        let expected =
            format!("1 process to end:\n  cat ({})\n      TCP  127.0.0.1:{}", one.keeper.pid(), one.port);
        assert!(dry.text.starts_with(&expected), "{dry:?}");
        let ended = run(&format!("end {filter} --yes"));
        assert!(ended.code == Some(0) && ended.text.ends_with("\nended 1\n"), "{ended:?}");
        assert_eq!((one.is_open(), other.is_open()), (false, true));
        let killed = run(&format!("end process cat lport {} --kill --yes", other.port));
        assert!(killed.code == Some(0) && !other.is_open(), "{killed:?}");
    });
}

#[test]
fn what_netstat_descends_from_is_left() {
    on_own_thread(|_| {
        let listener = listener();
        let mut held = Held::connect(&listener);
        // The far end is that of this process.
        let filter = format!("rport {}", held.port);
        for verb in ["close", "end"] {
            let left = run(&format!("{verb} {filter} --yes"));
            assert!(left.code == Some(1) && left.text.contains("--this-terminal"), "{left:?}");
            assert!(held.is_open());
        }
        let of_terminal = |text: String| {
            let mut command = command(&format!("close lport {} --yes", held.port));
            finish({
                command.env("SSH_CONNECTION", text);
                command
            })
        };
        let to = listener.local_addr().unwrap().port();
        let left = of_terminal(format!("127.0.0.1 {to} 127.0.0.1 {}", held.port));
        assert!(left.code == Some(1) && left.text.contains("--this-terminal"), "{left:?}");
        assert!(held.is_open());
        let closed = run(&format!("close {filter} --yes --this-terminal"));
        assert!(closed.code == Some(0) && !held.is_open(), "{closed:?}");
    });
}

#[test]
fn connections_of_another_network_namespace_are_closed_there() {
    let (told, hear) = mpsc::channel();
    let (done, wait) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            on_own_thread(move |_| {
                // No other test has this address.
                let listener = TcpListener::bind("127.77.16.9:0").unwrap();
                let mut held = Held::connect(&listener);
                told.send(held.keeper.pid()).unwrap();
                wait.recv().unwrap();
                assert!(!held.is_open());
                let _ = told.send(0);
            });
        });
        // Where there may be no namespaces nothing is told.
        let Ok(pid) = hear.recv() else { return };
        for netns in ["all".to_owned(), pid.to_string()] {
            let closed = run(&format!("close dst 127.77.16.9 --netns {netns} --yes"));
            match &*netns {
                "all" => assert!(closed.code == Some(0) && closed.text.ends_with("closed 1\n"), "{closed:?}"),
                _ => assert_eq!(closed.complaint.lines().last(), Some("netstat: no socket matches")),
            }
        }
        done.send(()).unwrap();
        assert_eq!(hear.recv(), Ok(0));
    });
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    on_own_thread(|_| {
        let listener = listener();
        let mut held = Held::connect(&listener);
        for verb in ["close", "end"] {
            let refused = run(&format!("{verb} lport {}", held.port));
            let works = format!("type netstat {verb} lport {} --yes", held.port);
            assert!(refused.code == Some(2) && refused.complaint.contains(&works), "{refused:?}");
            assert!(held.is_open() && refused.text.is_empty());
        }
    });
}

/// The program on a terminal.
struct Terminal {
    child: Child,
    text: String,
}

impl Terminal {
    fn start(words: &str) -> Self {
        let mut script = Command::new("script");
        script.args(["-q", "-e", "-f", "-c", &format!("exec {NETSTAT} {words}"), "/dev/null"]);
        script.env("LC_ALL", "C").env("TERM", "xterm").env_remove("SSH_CONNECTION").env_remove("NO_COLOR");
        let child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        Self { child, text: String::new() }
    }

    /// Reads until this was asked.
    fn wait_for(&mut self, question: &str) -> &str {
        while !self.text.contains(question) {
            let mut piece = [0; 4096];
            let size = self.child.stdout.as_mut().unwrap().read(&mut piece).unwrap();
            assert!(size > 0, "the program ended: {:?}", self.text);
            self.text.push_str(&String::from_utf8_lossy(&piece[..size]));
        }
        &self.text
    }

    fn answer(&mut self, line: &str) {
        self.text.clear();
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Returns the rest and the exit code.
    fn end(mut self) -> (String, Option<i32>) {
        self.child.stdout.as_mut().unwrap().read_to_string(&mut self.text).unwrap();
        (self.text, self.child.wait().unwrap().code())
    }
}

#[test]
fn a_person_is_asked_and_no_is_no() {
    on_own_thread(|_| {
        let listener = listener();
        let mut held = Held::connect(&listener);
        let words = format!("close lport {}", held.port);
        for answer in ["", "n", "yy", "1"] {
            let mut terminal = Terminal::start(&words);
            terminal.wait_for("Close 1 socket? Both sides of a connection are told at once (reset). [y/N]");
            terminal.answer(answer);
            let (text, code) = terminal.end();
            assert!(code == Some(1) && text.contains("nothing was closed"), "{answer}: {text}");
            assert!(held.is_open());
        }
        let mut terminal = Terminal::start(&words);
        terminal.wait_for("[y/N]");
        terminal.answer("Y");
        let (text, code) = terminal.end();
        assert!(code == Some(0) && text.contains("closed 1\r\n") && !held.is_open(), "{text}");
    });
}

#[test]
fn of_many_the_number_is_typed_and_this_terminal_is_asked_about_in_red() {
    on_own_thread(|_| {
        let listener = listener();
        let to = listener.local_addr().unwrap();
        let mut pairs: Vec<(TcpStream, TcpStream)> =
            (0..11).map(|_| (TcpStream::connect(to).unwrap(), listener.accept().unwrap().0)).collect();
        let words = format!("close rport {}", to.port());
        let mut terminal = Terminal::start(&format!("{words} --this-terminal"));
        terminal.wait_for("Close 11 sockets?");
        terminal.wait_for("Type the number:");
        terminal.answer("y");
        let (text, code) = terminal.end();
        assert!(code == Some(1) && text.contains("nothing was closed"), "{text}");
        let mut terminal = Terminal::start(&words);
        terminal.wait_for("\x1b[31mYou may lose this terminal.");
        terminal.answer("");
        assert_eq!(terminal.end().1, Some(1));
        assert!(pairs.iter_mut().all(|(_, far)| is_open(far)));
        let mut terminal = Terminal::start(&format!("{words} --this-terminal"));
        terminal.wait_for("Type the number:");
        terminal.answer("11");
        let (text, code) = terminal.end();
        assert!(code == Some(0) && text.contains("closed 11\r\n"), "{text}");
        assert!(pairs.iter_mut().all(|(_, far)| !is_open(far)));
    });
}

#[test]
fn what_took_its_place_while_the_question_was_open_is_not_closed() {
    on_own_thread(|_| {
        let listener = listener();
        let to = listener.local_addr().unwrap();
        let from = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 40_119);
        let mut near = connect(from, to);
        let mut far = listener.accept().unwrap().0;
        for _ in 0..10 {
            let mut terminal = Terminal::start("close lport 40119 --this-terminal");
            terminal.wait_for("[y/N]");
            drop((near, far));
            near = connect(from, to);
            far = listener.accept().unwrap().0;
            terminal.answer("y");
            let (text, code) = terminal.end();
            assert!(code == Some(0) && text.contains("closed 0, 1 was gone already\r\n"), "{text}");
            assert!(is_open(&mut far));
        }
        drop(near);
    });
}

/// Connects from a port that may be used again at once.
fn connect(from: SocketAddrV4, to: SocketAddr) -> TcpStream {
    let socket =
        net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    sockopt::set_socket_reuseaddr(&socket, true).unwrap();
    sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).unwrap();
    net::bind(&socket, &from).unwrap();
    // A child of another test may hold the former connection between its fork and its exec.
    netstat_lab::eventually("the ends are free", || net::connect(&socket, &to).ok()).unwrap();
    socket.into()
}
