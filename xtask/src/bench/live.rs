//! `cargo xtask bench live`: what `netstat live` takes while nothing happens, and how soon its first screen is there.
//!
//! The view runs on a terminal of its own that `script` makes, in a network namespace with idle connections. Times are those that
//! the kernel counts for its process; what the kernel's programs take in the context of others is not among them.

use super::crowd::Crowd;
use super::machine::Machine;
use crate::workspace::{self, built};
use anyhow::{Context, Result, bail};
use netstat_lab::Namespace;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Numbers of sockets that are idle.
const SIZES: [usize; 3] = [1_000, 20_000, 100_000];

/// How long the view settles, and how long it is measured then.
const SETTLES: Duration = Duration::from_secs(15);
const MEASURED: Duration = Duration::from_secs(60);

/// What rows of connections contain, and nothing else on the screen.
const ROW: &[u8] = b"ESTAB";

/// What one run showed.
struct Run {
    sockets: usize,
    options: &'static str,
    /// Until the first rows were there.
    first: Duration,
    /// Of one processor, in percent.
    processor: f64,
    resident_kib: u64,
    /// Bytes a second to the terminal.
    bytes: f64,
}

/// Measures and prints.
pub(crate) fn run() -> Result<()> {
    workspace::build(&["--package", "netstat-cli"])?;
    workspace::build(&["--package", "netstat-lab", "--examples"])?;
    println!("{}\n", Machine::this());
    println!("| sockets | options | first rows ms | processor % | resident MiB | bytes/s to the terminal |");
    println!("|--:|---|--:|--:|--:|--:|");
    for size in SIZES {
        for options in ["", "--owners proc", "--watch 1s --budget 100%"] {
            // A namespace belongs to a thread, and the thread leaves it by ending.
            let run = std::thread::scope(|scope| {
                let thread = scope.spawn(|| one(size, options));
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })?;
            println!(
                "| {} | `{}` | {} | {:.2} | {} | {:.0} |",
                run.sockets,
                run.options,
                run.first.as_millis(),
                run.processor,
                run.resident_kib / 1024,
                run.bytes
            );
        }
    }
    Ok(())
}

fn one(size: usize, options: &'static str) -> Result<Run> {
    let _net = Namespace::enter().context("enter a network namespace")?;
    let crowd = Crowd::gather(size, 10)?;
    let program = built("netstat").display().to_string();
    let lasts = (SETTLES + MEASURED + Duration::from_secs(10)).as_secs();
    let begun = Instant::now();
    let mut script = Command::new("script")
        .args([
            "-qfec",
            &format!("stty rows 24 cols 80; exec {program} live --for {lasts}s {options}"),
            "/dev/null",
        ])
        .env("LC_ALL", "C.UTF-8")
        .env("TERM", "xterm-256color")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("run script (util-linux)")?;
    let bytes = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&bytes);
    let mut out = script.stdout.take().context("the output of script")?;
    let (found, finds) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut part, mut before) = ([0; 65_536], Vec::new());
        while let Ok(length @ 1..) = out.read(&mut part) {
            counted.fetch_add(length as u64, Ordering::Relaxed);
            before.extend_from_slice(part.get(..length).unwrap_or_default());
            if before.windows(ROW.len()).any(|window| window == ROW) {
                let _ = found.send(begun.elapsed());
            }
            let rest = before.len().saturating_sub(ROW.len());
            before.drain(..rest);
        }
    });
    let measured = measure(&script, &bytes, &finds);
    let _ = script.kill();
    let _ = script.wait();
    let (first, processor, resident_kib, bytes) = measured?;
    Ok(Run { sockets: crowd.sockets, options, first, processor, resident_kib, bytes })
}

fn measure(
    script: &Child,
    bytes: &AtomicU64,
    finds: &std::sync::mpsc::Receiver<Duration>,
) -> Result<(Duration, f64, u64, f64)> {
    let first = finds.recv_timeout(Duration::from_secs(60)).context("no rows came")?;
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", script.id()))?;
    let pid: u32 = children.split_whitespace().next().context("the view has ended")?.parse()?;
    std::thread::sleep(SETTLES);
    let (ticks, sent, begun) = (ticks(pid)?, bytes.load(Ordering::Relaxed), Instant::now());
    std::thread::sleep(MEASURED);
    let took = begun.elapsed().as_secs_f64();
    let used = self::ticks(pid)? - ticks;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident =
        resident.and_then(|line| line.split_whitespace().next()).context("no resident set")?.parse()?;
    let sent = bytes.load(Ordering::Relaxed) - sent;
    // A tick is a hundredth of a second on every system that Linux runs on today (`USER_HZ`).
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    Ok((first, used as f64 / took, resident, sent as f64 / took))
}

/// Returns the processor time of a process, user and system, in ticks.
fn ticks(pid: u32) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let Some((_, rest)) = stat.rsplit_once(')') else { bail!("not a stat file") };
    let mut fields = rest.split_whitespace().skip(11);
    let mut next = || -> Result<u64> { Ok(fields.next().context("a short stat file")?.parse()?) };
    Ok(next()? + next()?)
}
