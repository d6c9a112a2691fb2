//! `cargo xtask accuracy`: what netstat and others miss, invent and get wrong while sockets come and go, compared with
//! the log of the program that makes these sockets.

mod judge;
mod tables;
mod truth;

use crate::bench::{Contender, LSOF, Machine, Programs, SS, measure, output_file};
use crate::companion::Companion;
use crate::workspace;
use anyhow::{Context, Result, bail};
use judge::Verdict;
use netstat_lab::{Namespace, monotonic_nanoseconds};
use std::fmt::Write as _;
use std::path::PathBuf;
use tables::Table;

/// Runs of each program, unless `--runs` is given.
const RUNS: usize = 50;

/// Reads what a program printed.
type Reader = fn(&str) -> Table;

/// A line of the report: its label, and its number.
type Line = (&'static str, fn(&Verdict) -> u64);

/// One run: when it was, in nanoseconds of the monotonic clock, and what it showed.
struct Run {
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
            other => bail!("unknown argument of accuracy: {other}; [--runs N] [--output FILE]"),
        }
    }
    workspace::build(&["--package", "netstat-cli"])?;
    workspace::build(&["--package", "netstat-lab", "--examples"])?;
    let programs = Programs::find();
    let contenders = contenders(&programs);
    // A namespace belongs to a thread, and the thread leaves it by ending.
    let verdicts = std::thread::scope(|scope| {
        let thread = scope.spawn(|| play(&contenders, runs));
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    let command = [&["cargo xtask accuracy"], arguments].concat().join(" ");
    let text = report(&contenders, &verdicts, &programs, &command)?;
    println!("{text}");
    std::fs::write(&output, text).with_context(|| format!("write {}", output.display()))?;
    println!("written to {}", output.display());
    Ok(())
}

fn contenders(programs: &Programs) -> Vec<(Contender, Reader)> {
    let mut all: Vec<(Contender, Reader)> = Vec::new();
    for (source, owners) in [("iter", "bpf"), ("diag", "proc")] {
        let arguments = ["-ano", "--source", source, "--owners", owners];
        let name = format!("netstat {}", arguments.join(" "));
        all.push((Contender::new(&name, &programs.netstat, &arguments), tables::read_netstat));
    }
    let others: [(&str, &str, &[&str], Reader); 2] = [
        ("ss -tunap", SS, &["-tunap"], tables::read_ss),
        ("lsof -nP -i", LSOF, &["-nP", "-i"], tables::read_lsof),
    ];
    for (name, program, arguments, read) in others {
        if programs.has(program) {
            // lsof exits with 1 when it did not find everything that it was asked for.
            let contender = Contender { largest_answer: 1, ..Contender::new(name, program, arguments) };
            all.push((contender, read));
        }
    }
    all
}

fn play(contenders: &[(Contender, Reader)], runs: usize) -> Result<Vec<Verdict>> {
    let _net = Namespace::enter().context("enter a network namespace")?;
    let mut generators = Vec::new();
    for what in ["connections", "family"] {
        let mut generator = Companion::start("churn", &[what.to_owned()])?;
        generator.wait_until_ready()?;
        generators.push(generator);
    }
    let mut done = Vec::new();
    for round in 0..runs {
        if round % 10 == 0 {
            println!("run {} of {runs}", round + 1);
        }
        for (number, (contender, read)) in contenders.iter().enumerate() {
            let from = monotonic_nanoseconds();
            let sample = measure(contender)?;
            let to = monotonic_nanoseconds();
            if !(0..=contender.largest_answer).contains(&sample.code) {
                bail!("{} ended with {}", contender.name, sample.code);
            }
            let text = std::fs::read(output_file()).context("read the output")?;
            done.push(Run { contender: number, from, to, table: read(&String::from_utf8_lossy(&text)) });
        }
    }
    let mut truth = truth::Truth::default();
    for generator in generators {
        truth.add(&generator.finish()?)?;
    }
    let mut verdicts = vec![Verdict::default(); contenders.len()];
    for run in &done {
        if let Some(verdict) = verdicts.get_mut(run.contender) {
            verdict.judge(&truth, &run.table, run.from, run.to);
        }
    }
    Ok(verdicts)
}

fn report(
    contenders: &[(Contender, Reader)],
    verdicts: &[Verdict],
    programs: &Programs,
    command: &str,
) -> Result<String> {
    let mut out = String::new();
    writeln!(out, "# Accuracy\n\n[한국어](accuracy.ko.md)\n")?;
    writeln!(out, "Written by `{command}`; run it to measure again. {}.\n", Machine::this())?;
    writeln!(out, "Measured against: {}.\n", programs.described().join(", "))?;
    out.push_str(HOW);
    let names: Vec<String> =
        contenders.iter().map(|(contender, _)| format!("`{}`", contender.name)).collect();
    writeln!(out, "\n| | {} |", names.join(" | "))?;
    writeln!(out, "|---|{}", "--:|".repeat(contenders.len()))?;
    let lines: [Line; 10] = [
        ("runs", |v| v.runs),
        ("rows that existed during the whole run", |v| v.certain),
        ("**missed** of these", |v| v.missed),
        ("with the wrong state", |v| v.wrong_state),
        ("**rows invented**", |v| v.invented),
        ("owners shown", |v| v.owners_shown),
        ("**owners wrong**", |v| v.owners_wrong),
        ("owners missed, of rows that existed during the whole run", |v| v.owners_missed),
        ("rows that opened or closed during the run", |v| v.changing),
        ("shown of these", |v| v.changing_shown),
    ];
    for (what, of) in lines {
        let cells: Vec<String> = verdicts.iter().map(|verdict| of(verdict).to_string()).collect();
        writeln!(out, "| {what} | {} |", cells.join(" | "))?;
    }
    for (name, verdict) in names.iter().zip(verdicts) {
        if !verdict.examples.is_empty() {
            writeln!(out, "\nThe first errors of {name}:\n")?;
            for example in &verdict.examples {
                writeln!(out, "- {example}")?;
            }
        }
    }
    Ok(out)
}

const HOW: &str = "\
In a network namespace of its own, two threads open and close about 1,000 TCP sockets a second from few ports, so that the
same pairs of addresses come up again and again; a fifth of the connections is passed to another process. Beside them
are 1,600 sockets that stay: some passed to another process, some in flight between two processes and held by neither,
some inherited by child processes, of which 50 a second come and go. All programs run equally often, in turn. The
generator logs each action with the times at which it began and ended. A row counts as missed, and an owner as wrong or
missed, only if it was so from before the program started until after it ended. `netstat` shows one owner of each socket,
and lsof shows no socket that no process holds; those count as missed.
";

#[cfg(test)]
mod tests;
