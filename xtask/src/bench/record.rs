//! `cargo xtask bench record`: what the flight recorder costs, and whether it is complete, in parts that take minutes each.
//!
//! Connections are made by the example `ends` of the laboratory in a network namespace, and what it says that it made is
//! compared with the history. Everything has mounts of its own, with a BPF file system.

mod judge;
mod like_tcplife;

use super::crowd::Crowd;
use super::machine::Machine;
use crate::workspace;
use anyhow::{Context, Result, bail};
use judge::Ends;
use netstat_lab::Namespace;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The parts, in their order.
const PARTS: [&str; 8] = ["cpu", "idle", "open", "complete", "stopped", "killed", "owners", "queries"];

/// Ends a second.
const RATES: [u32; 2] = [1_000, 10_000];

/// What to measure, and for how long each.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Options {
    only: Option<&'static str>,
    seconds: u64,
    /// The number of ends that are asked about.
    ends: String,
    /// Whether to take the programs of a debug build: to try the benchmark.
    is_trial: bool,
}

impl Options {
    fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self { only: None, seconds: 60, ends: "10000000".to_owned(), is_trial: false };
        let mut rest = arguments.iter();
        while let Some(&argument) = rest.next() {
            let mut value = || rest.next().copied().with_context(|| format!("{argument} needs a value"));
            match argument {
                "--only" => {
                    let part = value()?;
                    let known = PARTS.into_iter().find(|known| *known == part);
                    options.only = Some(known.with_context(|| format!("--only {}", PARTS.join("|")))?);
                }
                "--seconds" => options.seconds = value()?.parse().context("--seconds")?,
                "--ends" => options.ends = value()?.parse::<u64>().context("--ends")?.to_string(),
                "--trial" => options.is_trial = true,
                other => bail!(
                    "unknown argument of bench record: {other}; [--only {}] [--seconds N] [--ends N] [--trial]",
                    PARTS.join("|")
                ),
            }
        }
        if !(2..=600).contains(&options.seconds) {
            bail!("--seconds takes 2 to 600");
        }
        Ok(options)
    }

    fn program(&self, name: &str) -> PathBuf {
        match self.is_trial {
            true => workspace::root().join("target/debug").join(name),
            false => workspace::built(name),
        }
    }
}

/// Measures and prints.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let options = Options::parse(arguments)?;
    if !options.is_trial {
        workspace::build(&["--package", "netstat-cli"])?;
        workspace::build(&["--package", "netstat-lab", "--examples"])?;
    }
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{}; load {}\n", Machine::this(), load.split(' ').next().unwrap_or_default());
    for part in PARTS.into_iter().filter(|part| options.only.is_none_or(|only| only == *part)) {
        println!("## {part}\n");
        if part == "queries" {
            workspace::run_example("netstat-store", "ten_million", &[&options.ends])?;
            continue;
        }
        // A namespace belongs to a thread, and the thread leaves it by ending.
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| play(&options, part));
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })?;
        println!();
    }
    Ok(())
}

fn play(options: &Options, part: &str) -> Result<()> {
    let namespace = Namespace::enter().context("enter a network namespace")?;
    namespace.mount_bpf().context("mount a BPF file system")?;
    match part {
        "cpu" => RATES.into_iter().try_for_each(|rate| cost(options, rate, 0)),
        "idle" => cost(options, 0, 0),
        "open" => cost(options, 0, 100_000),
        "complete" => [0, 5].into_iter().try_for_each(|every| {
            let recorder = Recorder::start(options)?;
            let made = Made::make(options, 5_000, every)?;
            let (kept, lost) = recorder.end()?;
            judge::print(
                &format!("{} own process: each {every}th", made.words()),
                &made.ends.judge(&kept),
                lost,
            );
            Ok(())
        }),
        "stopped" => stopped(options),
        "killed" => killed(options),
        _ => like_tcplife::compare(options),
    }
}

/// Measures what a recorder takes, at so many ends a second, or beside so many sockets that are open.
fn cost(options: &Options, rate: u32, open: usize) -> Result<()> {
    let crowd = (open > 0).then(|| Crowd::gather(open, 10)).transpose()?;
    let _statistics = Statistics::begin()?;
    let recorder = Recorder::start(options)?;
    std::thread::sleep(Duration::from_secs(2));
    let (before, kernel_before, begun) = (recorder.processor_time()?, kernel_time()?, Instant::now());
    let made = match rate {
        0 => {
            std::thread::sleep(Duration::from_secs(options.seconds));
            None
        }
        rate => Some(Made::make(options, rate / 2, 0)?),
    };
    let took = begun.elapsed();
    let user = recorder.processor_time()?.saturating_sub(before);
    let kernel = kernel_time()?.saturating_sub(kernel_before);
    let percent = |time: Duration| 100.0 * time.as_secs_f64() / took.as_secs_f64();
    let resident = recorder.most_memory()?;
    let status = recorder.status()?;
    let (bytes, kept) = (status.number("Size in bytes:")?, status.number("Connections kept:")?);
    let what = match (&made, &crowd) {
        (Some(made), _) => made.words(),
        (None, Some(crowd)) => format!("{} open sockets, idle", crowd.sockets),
        (None, None) => "idle".to_owned(),
    };
    println!(
        "{what}: recorder {:.2} % of a core, kernel programs {:.2} %, {:.1} MiB resident, {bytes} bytes for {kept} ends \
         ({:.1} each)",
        percent(user),
        percent(kernel),
        resident / 1024.0,
        bytes as f64 / kept.max(1) as f64
    );
    if let Some(made) = &made {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / made.ends.count() as f64;
        println!("  for each end: recorder {:.2} us, kernel programs {:.2} us", each(user), each(kernel));
    }
    recorder.end().map(drop)
}

/// Stops the recorder for a while: what was made is kept or told as lost.
fn stopped(options: &Options) -> Result<()> {
    let recorder = Recorder::start(options)?;
    recorder.signal("STOP")?;
    let made = Made::make(options, 5_000, 0);
    recorder.signal("CONT")?;
    let made = made?;
    let (kept, lost) = recorder.end()?;
    let verdict = made.ends.judge(&kept);
    judge::print(&format!("{}, recorder stopped", made.words()), &verdict, lost);
    println!("  kept + lost - made = {}", verdict.kept as i64 + lost as i64 - made.ends.count() as i64);
    Ok(())
}

/// Kills the recorder in the middle, and starts it again.
fn killed(options: &Options) -> Result<()> {
    let mut recorder = Recorder::start(options)?;
    let generator = Made::begin(options, 5_000, 0)?;
    std::thread::sleep(Duration::from_secs(options.seconds / 2));
    recorder.child.kill().context("kill the recorder")?;
    recorder.child.wait().context("wait for the recorder")?;
    std::thread::sleep(Duration::from_secs(1));
    recorder.child = Recorder::spawn(options, &recorder.store)?;
    let made = generator.finish()?;
    recorder.wait_until_ready()?;
    let (kept, lost) = recorder.end()?;
    judge::print(
        &format!("{}, recorder killed, and again after 1 s", made.words()),
        &made.ends.judge(&kept),
        lost,
    );
    Ok(())
}

/// A recorder with a store of its own.
struct Recorder {
    program: PathBuf,
    child: Child,
    store: PathBuf,
}

/// What `--status` printed.
struct Status(String);

impl Status {
    /// Returns the number that a line begins with.
    fn number(&self, line: &str) -> Result<u64> {
        let rest = self.0.lines().find_map(|found| found.strip_prefix(line));
        let word = rest.and_then(|rest| rest.split_ascii_whitespace().next());
        word.and_then(|word| word.parse().ok())
            .with_context(|| format!("no {line} in the status:\n{}", self.0))
    }
}

impl Recorder {
    fn start(options: &Options) -> Result<Self> {
        let store = std::env::temp_dir().join(format!("netstat-bench-record-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&store);
        let child = Self::spawn(options, &store)?;
        let recorder = Self { program: options.program("netstat"), child, store };
        recorder.wait_until_ready()?;
        Ok(recorder)
    }

    fn spawn(options: &Options, store: &Path) -> Result<Child> {
        let mut command = Command::new(options.program("netstat"));
        command.env("LC_ALL", "C").args(["record", "--keep", "8GiB", "--store"]).arg(store);
        let mut child = command.stderr(Stdio::piped()).spawn().context("start netstat record")?;
        let mut first = String::new();
        let output = child.stderr.take().context("its standard error")?;
        BufReader::new(output).read_line(&mut first).context("read its first line")?;
        if !first.contains("complete") {
            let _ = child.kill();
            bail!("the recorder does not see everything: {first}");
        }
        Ok(child)
    }

    fn ask(&self, words: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.env("LC_ALL", "C").args(words).arg("--store").arg(&self.store);
        let output = command.output().context("ask netstat")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn status(&self) -> Result<Status> {
        Ok(Status(self.ask(&["record", "--status"])?))
    }

    fn wait_until_ready(&self) -> Result<()> {
        let begin = Instant::now();
        let pid = format!("(PID {})", self.child.id());
        while !self.ask(&["record", "--status"])?.contains(&pid) {
            if begin.elapsed() > Duration::from_secs(60) {
                bail!("the recorder does not tell its status");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        if status.context("kill")?.success() { Ok(()) } else { bail!("cannot send {name}") }
    }

    /// The time that all its threads ran, as the scheduler counts it, not by ticks.
    fn processor_time(&self) -> Result<Duration> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).context("its threads")?;
        let mut all = 0;
        for task in tasks {
            let file = task.context("a thread")?.path().join("schedstat");
            let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            all += text.split(' ').next().and_then(|word| word.parse::<u64>().ok()).context("schedstat")?;
        }
        Ok(Duration::from_nanos(all))
    }

    /// Its peak of resident memory, in KiB.
    fn most_memory(&self) -> Result<f64> {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).context("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        line.split_ascii_whitespace().next().and_then(|word| word.parse().ok()).context("VmHWM")
    }

    /// Stops it. Returns what it kept, and how many ends it lost.
    fn end(mut self) -> Result<(Ends, u64)> {
        // What waits for its owner does so for a second.
        std::thread::sleep(Duration::from_secs(7));
        self.ask(&["record", "--stop"])?;
        self.child.wait().context("wait for the recorder")?;
        // It tells last what it found when it compared for the last time.
        let status = self.status()?;
        let lost = status.number("Lost: buffer full:")? + status.number("Lost: never told:")?;
        let columns = "side,pid,laddr,lport,raddr,rport,reason";
        let text = self.ask(&["history", "--csv", "--columns", columns])?;
        std::fs::remove_dir_all(&self.store).context("remove the store")?;
        Ok((Ends::of_history(&text), lost))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The generator while it runs.
struct Running(std::thread::JoinHandle<Result<Made>>);

impl Running {
    fn finish(self) -> Result<Made> {
        self.0.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// What the generator made.
struct Made {
    ends: Ends,
    seconds: f64,
}

impl Made {
    /// Starts it: so many connections a second, each N-th by a process of its own.
    fn begin(options: &Options, rate: u32, every: u32) -> Result<Running> {
        let mut command = Command::new(options.program("examples/ends"));
        command.args([rate.to_string(), options.seconds.to_string(), every.to_string()]);
        let child = command.stdout(Stdio::piped()).spawn().context("start ends")?;
        let read = move || {
            let output = child.wait_with_output().context("wait for ends")?;
            if !output.status.success() {
                bail!("ends failed ({})", output.status);
            }
            let text = String::from_utf8_lossy(&output.stdout);
            let last = text.lines().last().unwrap_or_default();
            let [word, seconds, count] = last.split(' ').collect::<Vec<_>>()[..] else {
                bail!("ends: {last}")
            };
            let ends = Ends::of_generator(&text)?;
            if word != "ready" || count.parse() != Ok(ends.count()) {
                bail!("ends said {last}, and {} ends", ends.count());
            }
            Ok(Self { ends, seconds: seconds.parse().context("seconds")? })
        };
        Ok(Running(std::thread::spawn(read)))
    }

    fn make(options: &Options, rate: u32, every: u32) -> Result<Self> {
        Self::begin(options, rate, every)?.finish()
    }

    fn words(&self) -> String {
        format!("{} ends, {:.0} a second", self.ends.count(), self.ends.count() as f64 / self.seconds)
    }
}

/// While it lives the kernel counts how long its programs run.
struct Statistics(String);

const STATISTICS: &str = "/proc/sys/kernel/bpf_stats_enabled";

impl Statistics {
    fn begin() -> Result<Self> {
        let before = std::fs::read_to_string(STATISTICS).context(STATISTICS)?;
        std::fs::write(STATISTICS, "1").context(STATISTICS)?;
        Ok(Self(before))
    }
}

impl Drop for Statistics {
    fn drop(&mut self) {
        let _ = std::fs::write(STATISTICS, &self.0);
    }
}

/// How long the programs of recorders have run.
fn kernel_time() -> Result<Duration> {
    let text = workspace::output({
        let mut bpftool = workspace::program(like_tcplife::bpftool());
        bpftool.args(["-j", "prog", "show"]);
        bpftool
    })?;
    let all: serde_json::Value = serde_json::from_slice(&text).context("bpftool prog show")?;
    let ours = ["state_1", "state_2", "destroy_1", "destroy_2"];
    let programs = all.as_array().into_iter().flatten();
    let times = programs.filter(|program| program["name"].as_str().is_some_and(|name| ours.contains(&name)));
    Ok(Duration::from_nanos(times.filter_map(|program| program["run_time_ns"].as_u64()).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_chosen_by_their_names() {
        assert_eq!(Options::parse(&["--only", "cpu", "--seconds", "5"]).unwrap().only, Some("cpu"));
        assert!(Options::parse(&["--only", "gpu"]).is_err());
        assert!(Options::parse(&["--seconds", "1"]).is_err());
        assert!(Options::parse(&["--fast"]).is_err());
    }

    #[test]
    fn numbers_of_a_status_are_found() {
        let status = Status("Size in bytes:      180224\nLost: never told:   0\n".to_owned());
        assert_eq!(status.number("Size in bytes:").unwrap(), 180_224);
        assert!(status.number("Open now:").is_err());
    }
}
