//! `cargo xtask accuracy`: what netstat and others miss, invent and get wrong while sockets come and go, against what
//! is known of them.

mod judge;
mod tables;
mod truth;

use crate::bench::{Machine, Programs, build, built, measure, output_file};
use crate::workspace;
use anyhow::{Context, Result, bail};
use judge::Verdict;
use netstat_lab::{Namespace, monotonic_nanoseconds};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tables::Table;

/// How often each program runs, unless it is said otherwise.
const RUNS: usize = 50;

/// Reads what a program printed.
type Reader = fn(&str) -> Table;

/// A line of the report: what it tells, and where that is.
type Line = (&'static str, fn(&Verdict) -> u64);

struct Contender {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    read: Reader,
}

/// One run: when, and what it showed.
struct Shown {
    contender: usize,
    from: u64,
    to: u64,
    table: Table,
}

/// Measures and writes docs/accuracy.md.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let mut output = workspace::root().join("docs/accuracy.md");
    let mut runs = RUNS;
    let mut rest = arguments.iter();
    while let Some(&argument) = rest.next() {
        match argument {
            "--runs" => runs = rest.next().context("--runs needs a number")?.parse().context("--runs")?,
            "--output" => output = PathBuf::from(rest.next().context("--output needs a file")?),
            other => bail!("accuracy does not know {other}: [--runs N] [--output FILE]"),
        }
    }
    build(&["--package", "netstat-cli"])?;
    build(&["--package", "netstat-lab", "--examples"])?;
    let programs = Programs::find()?;
    let contenders = contenders(&programs);
    // The namespace belongs to a thread; with it it is left.
    let verdicts = std::thread::scope(|scope| {
        let thread = scope.spawn(|| play(&contenders, runs));
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    let typed = ["cargo xtask accuracy"].iter().chain(arguments).copied().collect::<Vec<_>>().join(" ");
    let text = report(&contenders, &verdicts, &programs, &typed)?;
    println!("{text}");
    std::fs::write(&output, text).with_context(|| format!("write {}", output.display()))?;
    println!("written to {}", output.display());
    Ok(())
}

fn contenders(programs: &Programs) -> Vec<Contender> {
    let contender = |name: &str, program: &Path, arguments: &[&str], read| Contender {
        name: name.to_owned(),
        program: program.to_owned(),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        read,
    };
    let mut all = Vec::new();
    if programs.has("--owners") {
        for method in ["bpf", "proc"] {
            let name = format!("netstat -ano --owners {method}");
            let arguments = ["-ano", "--owners", method];
            all.push(contender(&name, &programs.netstat, &arguments, tables::read_netstat));
        }
    } else {
        all.push(contender("netstat -ano", &programs.netstat, &["-ano"], tables::read_netstat));
    }
    let others: [(&str, &str, &[&str], Reader); 2] = [
        ("ss -tunap", crate::bench::SS, &["-tunap"], tables::read_ss),
        ("lsof -nP -i", crate::bench::LSOF, &["-nP", "-i"], tables::read_lsof),
    ];
    for (name, program, arguments, read) in others {
        if programs.is_there(program) {
            all.push(contender(name, Path::new(program), arguments, read));
        }
    }
    all
}

/// A process that makes sockets and writes down what it made. It ends when its input closes, and so with this value.
struct Churn {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Churn {
    fn begin(what: &str) -> Result<Self> {
        let mut child = Command::new(built("examples/churn"))
            .arg(what)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("run churn")?;
        let mut output = BufReader::new(child.stdout.take().context("the output of churn")?);
        let mut line = String::new();
        output.read_line(&mut line).context("hear from churn")?;
        if line != "ready\n" {
            let _ = child.wait();
            bail!("churn {what} could not make its sockets");
        }
        Ok(Self { child, output })
    }

    /// Ends it and answers its log.
    fn end(mut self) -> Result<String> {
        drop(self.child.stdin.take());
        let mut log = String::new();
        self.output.read_to_string(&mut log).context("read the log of churn")?;
        let status = self.child.wait().context("wait for churn")?;
        if !status.success() {
            bail!("churn failed ({status})");
        }
        Ok(log)
    }
}

impl Drop for Churn {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn play(contenders: &[Contender], runs: usize) -> Result<Vec<Verdict>> {
    let _net = Namespace::enter().context("a network namespace of its own")?;
    let churns = [Churn::begin("connections")?, Churn::begin("family")?];
    let mut shown = Vec::new();
    for round in 0..runs {
        if round % 10 == 0 {
            println!("run {} of {runs}", round + 1);
        }
        for (number, contender) in contenders.iter().enumerate() {
            let from = monotonic_nanoseconds();
            let sample = measure(60, &contender.program, &contender.arguments)?;
            let to = monotonic_nanoseconds();
            // lsof answers 1 when something it was asked for was not found.
            if sample.code != 0 && sample.code != 1 {
                bail!("{} ended with {}", contender.name, sample.code);
            }
            let text = std::fs::read(output_file()).context("read the output")?;
            let table = (contender.read)(&String::from_utf8_lossy(&text));
            shown.push(Shown { contender: number, from, to, table });
        }
    }
    let mut truth = truth::Truth::default();
    for churn in churns {
        truth.add(&churn.end()?)?;
    }
    let mut verdicts = vec![Verdict::default(); contenders.len()];
    for shown in &shown {
        if let Some(verdict) = verdicts.get_mut(shown.contender) {
            verdict.add(&judge::judge(&truth, &shown.table, shown.from, shown.to));
        }
    }
    Ok(verdicts)
}

fn report(
    contenders: &[Contender],
    verdicts: &[Verdict],
    programs: &Programs,
    command: &str,
) -> Result<String> {
    let mut out = String::new();
    writeln!(out, "# Accuracy\n")?;
    writeln!(out, "Written by `{command}`; run it to measure again. {}.\n", Machine::this())?;
    let versions = programs
        .versions
        .iter()
        .map(|(program, version)| format!("`{program}` {}", version.as_deref().unwrap_or("(missing)")));
    writeln!(out, "Measured against: {}.\n", versions.collect::<Vec<_>>().join(", "))?;
    out.push_str(HOW);
    writeln!(
        out,
        "\n| | {} |",
        contenders.iter().map(|c| format!("`{}`", c.name)).collect::<Vec<_>>().join(" | ")
    )?;
    writeln!(out, "|---|{}", "--:|".repeat(contenders.len()))?;
    let lines: [Line; 10] = [
        ("runs", |v| v.runs),
        ("rows that were there all the time", |v| v.certain),
        ("**missed** of these", |v| v.missed),
        ("with the wrong state", |v| v.wrong_state),
        ("**rows invented**", |v| v.invented),
        ("owners told", |v| v.owners_told),
        ("**owners wrong**", |v| v.owners_wrong),
        ("owners missed, of rows that were there all the time", |v| v.owners_missed),
        ("rows that opened or closed meanwhile", |v| v.changing),
        ("shown of these", |v| v.changing_shown),
    ];
    for (what, of) in lines {
        let cells: Vec<String> = verdicts.iter().map(|verdict| of(verdict).to_string()).collect();
        writeln!(out, "| {what} | {} |", cells.join(" | "))?;
    }
    for (contender, verdict) in contenders.iter().zip(verdicts) {
        if !verdict.examples.is_empty() {
            writeln!(out, "\n`{}`, the first of its errors:\n", contender.name)?;
            for example in &verdict.examples {
                writeln!(out, "- {example}")?;
            }
        }
    }
    Ok(out)
}

const HOW: &str = "\
In a network namespace of its own two threads open and close about 1,000 TCP sockets a second, from few ports, so that
the same pairs of addresses come again and again; a fifth of the connections is passed to another process. Beside them
are 1,600 sockets that stay: some passed to another process, some in flight between two and held by nobody, some
inherited by child processes, of which 50 a second come and go. Each program runs as often, in turn. What the generator
did is written down with the time at which each thing was begun and done; a row counts as missed, and an owner as wrong or
missed, only when it was so from before the program was started until after it had ended. `netstat` tells one owner of
each socket, and lsof no socket that no process holds; these are among what it missed.
";

#[cfg(test)]
mod tests;
