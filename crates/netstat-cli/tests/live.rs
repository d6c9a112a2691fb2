//! `netstat live` on a terminal: real sockets, keys that are typed, the screen as it is read, and the terminal afterwards.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{on_own_thread, skip};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// The view on a terminal of its own.
struct Live {
    terminal: OwnedFd,
    /// The program's end, kept open so that its settings can be read when the program has ended.
    end: File,
    before: Termios,
    child: Child,
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

fn winsize((rows, columns): (u16, u16)) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

impl Live {
    fn start(words: &str, size: (u16, u16)) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        tcsetwinsize(&terminal, winsize(size)).unwrap();
        let path = PathBuf::from(ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap());
        let end = || {
            let mut options = File::options();
            std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, 0o400); // O_NOCTTY
            options.read(true).write(true).open(&path).unwrap()
        };
        let before = tcgetattr(end()).unwrap();
        let child = Command::new("setsid")
            .args(["--ctty", support::NETSTAT, "live"])
            .args(words.split_ascii_whitespace())
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let parser = vt100::Parser::new(size.0, size.1, 0);
        Self { terminal, end: end(), before, child, parser, bytes: Vec::new() }
    }

    fn press(&self, keys: &str) {
        let mut rest = keys.as_bytes();
        while !rest.is_empty() {
            let written = rustix::io::write(&self.terminal, rest).unwrap();
            rest = &rest[written..];
        }
    }

    /// Reads what there is, for at most so long.
    fn read(&mut self, patience: Duration) {
        let mut ends = [PollFd::new(&self.terminal, PollFlags::IN)];
        let time = Timespec { tv_sec: 0, tv_nsec: i64::try_from(patience.as_nanos()).unwrap() };
        poll(&mut ends, Some(&time)).unwrap();
        if ends[0].revents().contains(PollFlags::IN) {
            let mut part = [0; 16_384];
            let length = rustix::io::read(&self.terminal, &mut part).unwrap_or(0);
            self.bytes.extend(&part[..length]);
            self.parser.process(&part[..length]);
        }
    }

    fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Returns the screen once it is as wanted.
    fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}:\n{screen}");
            assert!(self.child.try_wait().unwrap().is_none(), "it ended; {what}:\n{screen}");
            self.read(Duration::from_millis(200));
        }
    }

    /// Waits until the cursor of the terminal stands there.
    fn until_cursor(&mut self, place: (u16, u16)) {
        let begun = Instant::now();
        while self.parser.screen().cursor_position() != place {
            assert!(
                begun.elapsed() < PATIENCE,
                "{:?}:\n{}",
                self.parser.screen().cursor_position(),
                self.screen()
            );
            self.read(Duration::from_millis(200));
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end, and returns its code.
    fn code(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            self.read(Duration::from_millis(50));
            if let Some(status) = self.child.try_wait().unwrap() {
                self.read(Duration::from_millis(50));
                return status.code();
            }
            if begun.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!("it does not end:\n{}", self.screen());
            }
        }
    }

    /// Whether the terminal is as it was before.
    fn is_given_back(&self, when: &str) {
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "{when}: the alternate screen is still there");
        assert!(!screen.hide_cursor(), "{when}: the cursor is hidden");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "{when}");
        let now = tcgetattr(&self.end).unwrap();
        let modes = |of: &Termios| (of.input_modes, of.output_modes, of.control_modes, of.local_modes);
        assert_eq!(modes(&now), modes(&self.before), "{when}");
    }

    /// Waits until the process is stopped, or runs.
    fn until_stopped(&mut self, wanted: bool) {
        let begun = Instant::now();
        loop {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
            if stat.rsplit(')').next().unwrap().trim_start().starts_with('T') == wanted {
                return self.read(Duration::from_millis(200));
            }
            assert!(begun.elapsed() < PATIENCE, "{stat}");
            self.read(Duration::from_millis(20));
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A listener of loopback, and a connection with both its ends.
fn connected() -> (TcpListener, TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    (listener, stream, accepted)
}

fn row<'a>(screen: &'a str, text: &str) -> &'a str {
    screen.lines().find(|line| line.contains(text)).unwrap_or_default()
}

#[test]
fn connections_come_and_go_and_keys_find_them() {
    on_own_thread(|_| {
        let (listener, stream, accepted) = connected();
        let server = listener.local_addr().unwrap().port();
        let client = stream.local_addr().unwrap().port();
        let mut live = Live::start("--watch 200ms", (24, 80));
        let screen = live.until("the connection", |screen| screen.contains("2 shown"));
        assert!(screen.contains(&format!("127.0.0.1:{client}")) && screen.contains("ESTAB"), "{screen}");
        assert!(screen.lines().next().unwrap().contains("3 sockets"), "{screen}");
        assert!(live.parser.screen().alternate_screen());

        // A connection that comes is marked, and so is one that goes.
        let second = TcpStream::connect(("127.0.0.1", server)).unwrap();
        let (other, _) = listener.accept().unwrap();
        let port = second.local_addr().unwrap().port();
        let local = format!(" 127.0.0.1:{port} ");
        live.until("the new one", |screen| row(screen, &local).starts_with(" +"));
        // Closed by a reset, so that nothing of it is left.
        rustix::net::sockopt::set_socket_linger(&second, Some(Duration::ZERO)).unwrap();
        drop((second, other));
        live.until("the closed one", |screen| {
            row(screen, &local).starts_with(" -") && row(screen, &local).contains("closed")
        });
        live.until("it is forgotten", |screen| !screen.contains(&local));

        // The filter, its error, and its completion.
        live.press(&format!("/lprt {client}\r"));
        let screen = live.until("the error", |screen| screen.contains("nearest word: lport"));
        assert_eq!(row(&screen, "nearest word").find('^'), row(&screen, "filter:").find("lprt"), "{screen}");
        live.press(&format!("\x15lpo\tX\x7f{client}\r"));
        let screen = live.until("one row", |screen| screen.contains("1 shown"));
        assert!(screen.contains(&format!("filter: lport {client}")), "{screen}");

        // Details and back; the cursor of the terminal stands on the row.
        live.press("\r");
        let screen = live.until("details", |screen| screen.contains("Foreign Port"));
        assert!(screen.contains(&server.to_string()) && screen.contains("ESTABLISHED"), "{screen}");
        live.press("\x1b");
        live.until("the table", |screen| screen.contains("1 shown"));
        live.until_cursor((4, 0));

        // The other tabs, each without the filter.
        live.press("/\x15\r4");
        live.until("listeners", |screen| row(screen, &format!("127.0.0.1:{server} ")).contains("TCP"));
        live.press("2");
        let own = std::process::id().to_string();
        live.until("processes", |screen| screen.lines().skip(3).any(|line| line.contains(&own)));
        live.press("3");
        live.until("remotes", |screen| row(screen, ">  127.0.0.1 ").contains(" 2 "));
        live.press("?");
        live.until("help", |screen| screen.contains("q F10 Ctrl+C"));
        live.press("x1");
        live.until("the table", |screen| screen.contains("2 shown"));

        // What is paused stays; looking goes on.
        live.press("p");
        live.until("paused", |screen| screen.contains("PAUSED"));
        drop((stream, accepted));
        let screen = live.until("changes wait", |screen| {
            screen.contains("changes wait") && !screen.contains(" 0 changes")
        });
        assert!(screen.contains(&format!("127.0.0.1:{client}")), "{screen}");

        // Another size is drawn at once.
        tcsetwinsize(&live.terminal, winsize((12, 40))).unwrap();
        live.parser.screen_mut().set_size(12, 40);
        live.until("a small screen", |screen| screen.contains("[1 Connections]"));
        live.press("q");
        assert_eq!(live.code(), Some(0));
        live.is_given_back("q");
    });
}

#[test]
fn a_connection_that_is_gone_is_found_in_the_past_and_written_to_a_file() {
    on_own_thread(|_| {
        let (listener, stream, accepted) = connected();
        let client = stream.local_addr().unwrap().port();
        let local = format!(" 127.0.0.1:{client} ");
        let mut live = Live::start("--watch 200ms --store /nonexistent", (24, 100));
        live.until("the connection", |screen| screen.contains(&local));
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
        drop((stream, accepted));
        live.until("it is forgotten", |screen| !screen.contains(&local));

        let mut steps = 0;
        while !(live.screen().contains("PAST") && row(&live.screen(), &local).contains("ESTAB")) {
            steps += 1;
            assert!(steps < 300, "{}", live.screen());
            live.press(",");
            live.read(Duration::from_millis(100));
        }
        live.press("x");
        live.until("nothing is done to the past", |screen| screen.contains("this is the past"));
        let file = std::env::temp_dir().join(format!("netstat-live-{}.jsonl", std::process::id()));
        live.press(&format!("e\x15{}\r", file.display()));
        live.until("it is written", |screen| screen.contains("2 rows written"));
        let written = std::fs::read_to_string(&file).unwrap();
        // What is there already stays as it is.
        live.press(&format!("e\x15{}\r", file.display()));
        live.until("it is not written again", |screen| screen.contains("there already"));
        std::fs::remove_file(&file).unwrap();
        let rows: Vec<serde_json::Value> =
            written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let is_it =
            |row: &&serde_json::Value| row["local"]["port"] == client && row["state"] == "ESTABLISHED";
        assert_eq!(rows.iter().filter(is_it).count(), 1, "{written}");

        live.press("0");
        live.until("the present", |screen| !screen.contains("PAST") && screen.contains("0 shown"));
        live.press("4t");
        let name = std::env::current_exe().unwrap();
        let name = name.file_name().unwrap().to_string_lossy().into_owned();
        live.until("the group", |screen| row(screen, "[+]").contains(name.get(..6).unwrap()));
        live.press("z");
        let of_listener = format!(" {} ", listener.local_addr().unwrap());
        live.until("its rows", |screen| screen.contains(&of_listener));
        live.press("q");
        assert_eq!(live.code(), Some(0));
    });
}

#[test]
fn the_packets_of_the_connection_at_the_cursor_are_written() {
    on_own_thread(|_| {
        let (_listener, mut stream, mut accepted) = connected();
        let other = connected();
        let client = stream.local_addr().unwrap().port();
        let local = format!(" 127.0.0.1:{client} ");
        let words = format!("--watch 200ms --store /nonexistent lport {client}");
        let mut live = Live::start(&words, (24, 250));
        live.until("the connection", |screen| screen.contains(&local));
        let folder = support::Folder::new("live-packets");
        let file = folder.path("x.pcapng");
        // From its details.
        live.press("\r");
        live.until("its details", |screen| screen.contains("Esc") && screen.contains(&client.to_string()));
        live.press(&format!("w\x15{}\r", file.display()));
        live.until("packets go there", |screen| screen.contains("packets go to"));
        // Once it is there, packets are taken.
        live.until("the file", |_| file.exists());
        for connection in [&mut stream, &mut accepted, &mut other.1.try_clone().unwrap()] {
            connection.write_all(b"hello").unwrap();
        }
        accepted.read_exact(&mut [0; 5]).unwrap();
        live.press("w");
        live.until("what was written", |screen| screen.contains(" packets seen, "));
        live.press("q");
        assert_eq!(live.code(), Some(0));
        let mut asked = support::command("capture --csv --columns lport,rport --sort lport --read");
        asked.arg(&file);
        let run = support::finish(asked);
        let server = accepted.local_addr().unwrap().port();
        // The server is a row of its own where it was known who it is by then; the other connection is none.
        let ends = [format!("{client},{server}"), format!("{server},{client}")];
        let rows: Vec<&str> = run.text.lines().skip(1).collect();
        assert!(!rows.is_empty() && rows.iter().all(|row| ends.iter().any(|end| end == row)), "{}", run.text);
    });
}

#[test]
fn a_key_closes_one_connection_and_no_other() {
    on_own_thread(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let pairs: Vec<(TcpStream, TcpStream)> =
            (0..5).map(|_| (TcpStream::connect(server).unwrap(), listener.accept().unwrap().0)).collect();
        let chosen = pairs[2].0.local_addr().unwrap().port();
        let mut live = Live::start("--watch 200ms", (24, 80));
        live.until("the connections", |screen| screen.contains("10 shown"));
        live.press(&format!("/lport {chosen}\r"));
        live.until("one row", |screen| screen.contains("1 shown"));
        live.press("x");
        let asked = live.until("the question", |screen| screen.contains("Close 1 connection?"));
        assert!(asked.contains(&format!("127.0.0.1:{chosen} -> {server}")), "{asked}");
        live.press("\x1b");
        live.until("nothing", |screen| screen.contains("nothing was done"));
        // The test holds both ends, and the view descends from the test.
        live.press("xy");
        live.until("the second question", |screen| screen.contains("You may lose this terminal"));
        live.press("y");
        live.until("the result", |screen| screen.contains("closed 1"));
        for (at, (near, far)) in pairs.iter().enumerate() {
            let is_open = |stream: &TcpStream| {
                stream.set_nonblocking(true).unwrap();
                let peeked = stream.peek(&mut [0]);
                matches!(peeked, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
            };
            assert_eq!((is_open(near), is_open(far)), (at != 2, at != 2), "{at}");
        }
        live.press("q");
        assert_eq!(live.code(), Some(0));
    });
}

#[test]
fn the_terminal_is_given_back_whatever_ends_it() {
    on_own_thread(|_| {
        for (how, words) in [
            ("q", ""),
            ("ctrl+c", ""),
            ("f10", ""),
            ("term", ""),
            ("hup", ""),
            ("int", ""),
            ("for", "--for 600ms"),
        ] {
            let mut live = Live::start(words, (24, 80));
            live.until("the first screen", |screen| {
                screen.contains("0 shown") && screen.contains("0 sockets")
            });
            assert!(live.parser.screen().alternate_screen());
            assert_ne!(live.parser.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
            match how {
                "q" => live.press("q"),
                "ctrl+c" => live.press("\x03"),
                "f10" => live.press("\x1b[21~"),
                "term" => live.signal(Signal::TERM),
                "hup" => live.signal(Signal::HUP),
                "int" => live.signal(Signal::INT),
                _ => {}
            }
            assert_eq!(live.code(), Some(0), "{how}");
            live.is_given_back(how);
        }
    });
}

#[test]
fn suspended_it_gives_the_terminal_back_and_takes_it_again() {
    on_own_thread(|_| {
        let (_listener, _stream, _accepted) = connected();
        let mut live = Live::start("--watch 200ms", (24, 80));
        live.until("the first screen", |screen| screen.contains("2 shown"));
        for how in ["key", "signal"] {
            match how {
                "key" => live.press("\x1a"),
                _ => live.signal(Signal::TSTP),
            }
            live.until_stopped(true);
            live.is_given_back(how);
            live.signal(Signal::CONT);
            live.until_stopped(false);
            live.until("the screen again", |screen| screen.contains("2 shown"));
            assert!(live.parser.screen().alternate_screen(), "{how}");
            assert_ne!(tcgetattr(&live.end).unwrap().local_modes, live.before.local_modes, "{how}");
        }
        // Stopped without being asked, while somebody else used the terminal.
        live.signal(Signal::STOP);
        live.until_stopped(true);
        let mut cooked = tcgetattr(&live.end).unwrap();
        cooked.local_modes = live.before.local_modes;
        rustix::termios::tcsetattr(&live.end, rustix::termios::OptionalActions::Now, &cooked).unwrap();
        live.parser.process(b"\x1b[?1049l\x1b[?25h");
        live.signal(Signal::CONT);
        live.until_stopped(false);
        live.until("the screen again", |screen| screen.contains("2 shown"));
        live.press("q");
        assert_eq!(live.code(), Some(0));
        live.is_given_back("q");
    });
}

#[test]
fn a_terminal_that_is_closed_ends_it() {
    on_own_thread(|_| {
        let mut live = Live::start("", (24, 80));
        live.until("the first screen", |screen| screen.contains("0 sockets"));
        let nowhere = File::open("/dev/null").unwrap();
        live.end = nowhere.try_clone().unwrap();
        live.terminal = nowhere.into();
        let begun = Instant::now();
        while live.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE, "it goes on without a terminal");
            std::thread::sleep(Duration::from_millis(20));
        }
    });
}

#[test]
fn without_a_screen_it_is_a_line_for_each_event_and_look() {
    on_own_thread(|_| {
        let (listener, stream, accepted) = connected();
        let server = listener.local_addr().unwrap().port();
        let mut command = support::command(&format!("live --jsonl --watch 100ms lport {server}"));
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        let mut next =
            || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
        let first = next();
        assert_eq!((&first["event"], &first["sockets"]), (&"look".into(), &3.into()), "{first}");
        assert!(first["down"].is_null(), "one reading makes no rate: {first}");
        let mut until = |event: &str| loop {
            let line = next();
            if line["event"] == event {
                return line;
            }
        };
        let second = TcpStream::connect(("127.0.0.1", server)).unwrap();
        let (other, _) = listener.accept().unwrap();
        let opened = until("opened");
        // The end that the filter leaves out is not told of.
        assert_eq!(opened["local"], format!("127.0.0.1:{server}"), "{opened}");
        assert_eq!(opened["foreign"], second.local_addr().unwrap().to_string(), "{opened}");
        assert_eq!(opened["pid"], std::process::id(), "{opened}");
        rustix::net::sockopt::set_socket_linger(&other, Some(Duration::ZERO)).unwrap();
        drop((other, second));
        assert_eq!(until("closed")["foreign"], opened["foreign"]);
        // Whoever reads no more ends it.
        drop(lines);
        assert_eq!(child.wait().unwrap().code(), Some(0));

        let plain = support::netstat("live --plain --watch 100ms --for 350ms");
        let looks: Vec<&str> = plain.lines().collect();
        assert!(
            looks.len() >= 2 && looks.iter().all(|line| line.contains(" = 3 sockets, +0 -0 ~0, down ")),
            "{plain}"
        );
        drop((stream, accepted));
    });
}

#[test]
fn a_connection_of_a_moment_has_its_process_and_how_it_ended() {
    on_own_thread(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap().port();
        let mut command = support::command(&format!("live --jsonl --watch 100ms --for 60s port {server}"));
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        let mut next =
            || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
        let mut looks = 0;
        while next()["by_events"] != true {
            looks += 1;
            if looks == 300 {
                child.kill().unwrap();
                child.wait().unwrap();
                return skip("BPF is not permitted, so connections of a moment have no process");
            }
        }
        let mut made: Vec<u16> = (0..30)
            .map(|_| {
                let stream = TcpStream::connect(("127.0.0.1", server)).unwrap();
                let (accepted, _) = listener.accept().unwrap();
                let port = stream.local_addr().unwrap().port();
                std::io::Write::write_all(&mut &stream, b"hello").unwrap();
                std::io::Read::read_exact(&mut &accepted, &mut [0; 5]).unwrap();
                rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
                drop((stream, accepted));
                port
            })
            .collect();
        while !made.is_empty() {
            let line = next();
            let local = |port: &u16| line["local"] == format!("127.0.0.1:{port}");
            if line["event"] == "closed"
                && let Some(at) = made.iter().position(local)
            {
                made.remove(at);
                assert_eq!(line["pid"], std::process::id(), "{line}");
                assert_eq!((&line["reason"], &line["sent"]), (&"aborted-by-us".into(), &5.into()), "{line}");
                assert_eq!(line["foreign"], format!("127.0.0.1:{server}"), "{line}");
            }
            assert_ne!(line["lost"], 1, "{line}");
        }
        drop(lines);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    });
}

#[test]
fn without_a_terminal_it_says_so() {
    let run = support::finish(support::command("live"));
    assert_eq!(run.code, Some(2));
    assert!(run.complaint.contains("needs a terminal"), "{run:?}");
}
