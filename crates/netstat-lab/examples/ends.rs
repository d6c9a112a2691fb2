//! Connections that end in every way, at a rate, by servers and clients that are processes of their own. It prints each end
//! that was made, as `SIDE PID SERVER:PORT CLIENT-PORT REASON`, and last `ready`, the seconds that it took, and how many there
//! are. The client port of what was refused is 0.
//!
//! Arguments: connections a second, seconds, and which connections are made by a process that lives for nothing else: each
//! N-th, 0 for none.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program of the laboratory that fails by panicking"
)]

use rustix::net::sockopt::set_socket_linger;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SERVERS: usize = 4;
const CLIENTS: usize = 4;

/// Addresses of the servers: each has ports enough for a while.
const ADDRESSES: usize = 24;

/// A pipe takes so many bytes at once, and does not mix them with those of others.
const AT_ONCE: usize = 4096;

/// Lines that wait to be printed.
#[derive(Default)]
struct Log(String);

impl Log {
    fn add(&mut self, side: &str, server: SocketAddr, client: u16, reason: &str) {
        let line = format!("{side} {} {server} {client} {reason}\n", std::process::id());
        if self.0.len() + line.len() > AT_ONCE {
            self.print();
        }
        self.0.push_str(&line);
    }

    fn print(&mut self) {
        std::io::stdout().write_all(self.0.as_bytes()).unwrap();
        std::io::stdout().flush().unwrap();
        self.0.clear();
    }
}

fn reset(stream: TcpStream) {
    let _ = set_socket_linger(&stream, Some(Duration::ZERO));
    drop(stream);
}

fn serve() {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    // It ends with the process that started it.
    let is_over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let over = std::sync::Arc::clone(&is_over);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let mut log = Log::default();
    listener.set_nonblocking(true).unwrap();
    loop {
        let (mut stream, client) = match listener.accept() {
            Ok(accepted) => accepted,
            // What was not printed has to be when nothing more comes.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                log.print();
                if is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            Err(_) => continue,
        };
        stream.set_nonblocking(false).unwrap();
        let Ok(server) = stream.local_addr() else { panic!("no local end") };
        let mut word = [0];
        let reason = match stream.read(&mut word) {
            Err(_) => "reset-by-peer",
            Ok(1) if word == *b"r" => {
                reset(stream);
                log.add("in", server, client.port(), "aborted-by-us");
                continue;
            }
            Ok(1) => {
                stream.write_all(b"x").unwrap();
                if word == *b"c" {
                    let _ = stream.read(&mut word);
                    "closed-by-peer"
                } else {
                    "closed-by-us"
                }
            }
            Ok(_) => "closed-by-peer",
        };
        drop(stream);
        log.add("in", server, client.port(), reason);
    }
}

fn make(kind: u8, server: SocketAddr, log: &mut Log) {
    let mut stream = match TcpStream::connect(server) {
        Ok(stream) => stream,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            log.add("out", server, 0, "refused");
            return;
        }
        Err(error) => panic!("{server}: {error}"),
    };
    let port = stream.local_addr().unwrap().port();
    let mut word = [0];
    if b"csr".contains(&kind) {
        stream.write_all(&[kind]).unwrap();
    }
    let reason = match kind {
        b'c' => {
            stream.read_exact(&mut word).unwrap();
            "closed-by-us"
        }
        b's' => {
            stream.read_exact(&mut word).unwrap();
            assert_eq!(stream.read(&mut word).unwrap(), 0);
            "closed-by-peer"
        }
        b'r' => {
            assert!(stream.read(&mut word).is_err());
            "reset-by-peer"
        }
        b'R' => {
            reset(stream);
            log.add("out", server, port, "aborted-by-us");
            return;
        }
        _ => "closed-by-us",
    };
    drop(stream);
    log.add("out", server, port, reason);
}

/// Random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

fn clients(number: u64, rate: f64, seconds: u64, every: usize, ports: &[u16]) {
    let mut random = Random(88_172_645_463_325_252 ^ number << 32);
    let mut log = Log::default();
    let begin = Instant::now();
    let mut made = 0_usize;
    while begin.elapsed() < Duration::from_secs(seconds) {
        let due = Duration::from_secs_f64(made as f64 / rate);
        // Many at a time, so that sleeping costs little.
        if due > begin.elapsed() + Duration::from_millis(2) {
            std::thread::sleep(due - begin.elapsed());
        }
        made += 1;
        let kind = *b"csnrRf".get(random.below(6)).unwrap();
        let last = u8::try_from(1 + random.below(ADDRESSES)).unwrap();
        let port = if kind == b'f' { 1 } else { *ports.get(random.below(ports.len())).unwrap() };
        let server = SocketAddr::from((Ipv4Addr::new(127, 77, 0, last), port));
        if every > 0 && made.is_multiple_of(every) {
            let arguments = ["one".to_owned(), char::from(kind).to_string(), server.to_string()];
            assert!(own().args(arguments).status().unwrap().success());
        } else {
            make(kind, server, &mut log);
        }
    }
    log.print();
}

fn own() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve"] => serve(),
        ["one", kind, server] => {
            let mut log = Log::default();
            make(kind.as_bytes()[0], server.parse().unwrap(), &mut log);
            log.print();
        }
        ["make", number, rate, seconds, every, ref ports @ ..] => {
            let ports: Vec<u16> = ports.iter().map(|port| port.parse().unwrap()).collect();
            let [number, seconds] = [number, seconds].map(|word| word.parse().unwrap());
            clients(number, rate.parse().unwrap(), seconds, every.parse().unwrap(), &ports);
        }
        [rate, seconds, every] => run(rate.parse().unwrap(), seconds, every),
        _ => panic!("connections a second, seconds, each N-th by a process of its own"),
    }
}

fn run(rate: f64, seconds: &str, every: &str) {
    let mut servers: Vec<(Child, BufReader<std::process::ChildStdout>)> = Vec::new();
    let mut ports = Vec::new();
    for _ in 0..SERVERS {
        let mut child = own().arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        output.read_line(&mut port).unwrap();
        ports.push(port.trim().to_owned());
        servers.push((child, output));
    }
    let begin = Instant::now();
    let rate = (rate / CLIENTS as f64).to_string();
    let made: usize = std::thread::scope(|scope| {
        let inputs: Vec<_> = servers.iter_mut().map(|(child, _)| child.stdin.take()).collect();
        let readers: Vec<_> = servers
            .iter_mut()
            .map(|(_, output)| scope.spawn(|| output.lines().map(Result::unwrap).collect::<Vec<String>>()))
            .collect();
        let clients: Vec<Vec<String>> = (0..CLIENTS)
            .map(|number| {
                let mut client = own();
                client.args(["make", &number.to_string(), &rate, seconds, every]).args(&ports);
                let mut child = client.stdout(Stdio::piped()).spawn().unwrap();
                let output = BufReader::new(child.stdout.take().unwrap());
                scope.spawn(move || {
                    let lines = output.lines().map(Result::unwrap).collect();
                    assert!(child.wait().unwrap().success());
                    lines
                })
            })
            .collect::<Vec<_>>()
            .into_iter()
            .map(|reader| reader.join().unwrap())
            .collect();
        // Servers print what they have noted when nothing comes any more.
        std::thread::sleep(Duration::from_millis(500));
        drop(inputs);
        let noted = readers.into_iter().map(|reader| reader.join().unwrap());
        let all: Vec<Vec<String>> = clients.into_iter().chain(noted).collect();
        let mut out = std::io::BufWriter::new(std::io::stdout());
        all.iter().flatten().for_each(|line| writeln!(out, "{line}").unwrap());
        all.iter().map(Vec::len).sum()
    });
    println!("ready {:.2} {made}", begin.elapsed().as_secs_f64() - 0.5);
    servers.iter_mut().for_each(|(child, _)| assert!(child.wait().unwrap().success()));
}
