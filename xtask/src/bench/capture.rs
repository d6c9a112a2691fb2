//! `cargo xtask bench capture`: what `netstat capture -w` loses and takes beside dumpcap and tcpdump, of the same traffic.
//!
//! The traffic is of a network namespace's loopback: short connections at a pace, then datagrams as fast as they go. Each program
//! captures by itself, so that none slows another down. Packets of the loopback are seen twice; netstat keeps one of both.

use super::machine::Machine;
use crate::workspace::{self, built};
use anyhow::{Context, Result, bail};
use netstat_lab::Namespace;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Connections a second, and for how long; each is opened and closed.
const CONNECTIONS: u32 = 10_000;
const LASTS: Duration = Duration::from_secs(10);

/// Datagrams of so many bytes, for so long.
const DATAGRAM: usize = 200;
const FLOOD: Duration = Duration::from_secs(5);

/// The processor's time is counted in hundredths of a second.
const TICKS: f64 = 100.0;

/// A program that captures, and how it is started.
struct Contender {
    name: &'static str,
    /// What it says once it captures.
    begins: &'static str,
    words: Vec<String>,
}

/// Measures and prints. `--netstat FILE` measures that program, which is not built then.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let program = match arguments {
        [] => {
            workspace::build(&["--package", "netstat-cli"])?;
            built("netstat")
        }
        ["--netstat", file] => PathBuf::from(file),
        _ => bail!("bench capture [--netstat FILE]"),
    };
    let folder = workspace::root().join("target/bench-capture");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("packets.pcapng");
    println!("{}\n", Machine::this());
    println!("| traffic | program | packets sent | a second | written | dropped | CPU s | CPU µs a packet |");
    println!("|---|---|--:|--:|--:|--:|--:|--:|");
    for (traffic, send) in
        [("connections", connections as fn() -> Result<()>), ("datagrams", datagrams as fn() -> Result<()>)]
    {
        for contender in contenders(&program, &file) {
            if Command::new(contender.words.first().context("a program")?).arg("--version").output().is_err()
            {
                continue;
            }
            // A namespace belongs to a thread, and the thread leaves it by ending.
            let line = std::thread::scope(|scope| {
                let thread = scope.spawn(|| one(traffic, &contender, send));
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })?;
            println!("{line}");
            let _ = std::fs::remove_file(&file);
        }
    }
    Ok(())
}

/// Each ends by itself in the end, whatever becomes of this program.
fn contenders(program: &Path, file: &Path) -> Vec<Contender> {
    let file = file.display().to_string();
    let words = |text: &str| text.split(' ').map(str::to_owned).chain([file.clone()]).collect();
    let netstat = |more: &str| words(&format!("{} capture{more} --for 3m -w", program.display()));
    vec![
        Contender { name: "netstat", begins: "capturing to", words: netstat("") },
        Contender {
            name: "netstat, filter on a process",
            begins: "capturing to",
            words: netstat(" process *"),
        },
        Contender { name: "dumpcap", begins: "File:", words: words("dumpcap -i lo -a duration:180 -w") },
        Contender {
            name: "tcpdump",
            begins: "listening on",
            words: words("tcpdump -i lo -U -G 180 -W 1 -w"),
        },
    ]
}

/// Sends while a program captures. Returns the line of the table.
fn one(traffic: &str, contender: &Contender, send: fn() -> Result<()>) -> Result<String> {
    let _net = Namespace::enter().context("enter a network namespace")?;
    let (program, words) = contender.words.split_first().context("a program")?;
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("run {program}"))?;
    let measured = measure(&mut child, contender.begins, send);
    let _ = child.kill();
    let _ = child.wait();
    let (sent, took, processor, said) = measured?;
    let (written, dropped) = counts(&said).with_context(|| format!("{}: {said}", contender.name))?;
    Ok(format!(
        "| {traffic} | {} | {sent} | {:.0} | {written} | {dropped} | {processor:.2} | {:.2} |",
        contender.name,
        sent as f64 / took.as_secs_f64(),
        processor * 1e6 / sent as f64
    ))
}

/// Returns how many packets were sent, how long that took, the time of the processor, and what the program said at its end.
fn measure(
    child: &mut Child,
    begins: &str,
    send: fn() -> Result<()>,
) -> Result<(u64, Duration, f64, String)> {
    let mut said = BufReader::new(child.stderr.take().context("what it says")?);
    let mut line = String::new();
    while !line.contains(begins) {
        line.clear();
        if said.read_line(&mut line)? == 0 {
            bail!("it did not begin");
        }
    }
    let (before, begun) = (packets()?, Instant::now());
    send()?;
    let (sent, took) = (packets()? - before, begun.elapsed());
    // What is in its buffers is written meanwhile.
    std::thread::sleep(Duration::from_secs(2));
    let processor = ticks(child.id())? / TICKS;
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().context("run kill")?;
    let mut rest = String::new();
    said.read_to_string(&mut rest)?;
    Ok((sent, took, processor, rest))
}

/// Packets that the loopback has sent.
fn packets() -> Result<u64> {
    // Of this thread: that of the process is another namespace's.
    let table = std::fs::read_to_string("/proc/thread-self/net/dev")?;
    let line = table.lines().find_map(|line| line.trim_start().strip_prefix("lo:")).context("lo")?;
    Ok(line.split_whitespace().nth(9).context("its packets")?.parse()?)
}

fn ticks(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").context("its fields")?;
    let time = |at: usize| fields.split(' ').nth(at).and_then(|ticks| ticks.parse::<f64>().ok());
    time(11).zip(time(12)).map(|(user, system)| user + system).context("its time")
}

/// Reads what the programs say at their end: packets that are in the file, and those that were dropped.
fn counts(said: &str) -> Option<(u64, u64)> {
    let plain: String = said.chars().filter(|character| *character != ',').collect();
    let before = |words: &str| {
        let (before, _) = plain.split_once(words)?;
        before.trim_end().rsplit(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
    };
    // `Packets received/dropped on interface 'lo': 20/0 (...)` of dumpcap.
    if let Some((_, rest)) = plain.split_once("received/dropped on interface") {
        let (received, rest) = rest.split_once(": ")?.1.split_once('/')?;
        let dropped = rest.split(|character: char| !character.is_ascii_digit()).next()?;
        return Some((received.parse().ok()?, dropped.parse().ok()?));
    }
    let written = before(" written").or_else(|| before(" packets captured"))?;
    Some((written, before(" dropped by the kernel").or_else(|| before(" packets dropped by kernel"))?))
}

/// Opens and closes connections at a pace.
fn connections() -> Result<()> {
    let listener = TcpListener::bind("0.0.0.0:0")?;
    let port = listener.local_addr()?.port();
    // It ends with the first connection that says something.
    let server = std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            if matches!(stream.read(&mut [0; 1]), Ok(1)) {
                return;
            }
        }
    });
    let begun = Instant::now();
    let all = CONNECTIONS * u32::try_from(LASTS.as_secs())?;
    for number in 0..all {
        let due = Duration::from_secs_f64(f64::from(number) / f64::from(CONNECTIONS));
        if let Some(early) =
            due.checked_sub(begun.elapsed()).filter(|early| *early > Duration::from_millis(1))
        {
            std::thread::sleep(early);
        }
        // Ports wait after their connections, and there are not enough of them for one address.
        let [.., last] = number.to_be_bytes();
        drop(TcpStream::connect((Ipv4Addr::new(127, 0, 0, 1 + last % 8), port))?);
    }
    std::io::Write::write_all(&mut TcpStream::connect(("127.0.0.1", port))?, b"x")?;
    let _ = server.join();
    Ok(())
}

/// Sends datagrams as fast as they go.
fn datagrams() -> Result<()> {
    let (receiver, sender) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    sender.connect(receiver.local_addr()?)?;
    let begun = Instant::now();
    while begun.elapsed() < FLOOD {
        for _ in 0..100 {
            sender.send(&[7; DATAGRAM])?;
        }
    }
    Ok(())
}
