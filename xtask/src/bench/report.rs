//! Writes docs/performance.md.

use super::machine::Machine;
use super::namespaces::NAMESPACES;
use super::profile::Profile;
use super::runs::{Programs, Series};
use super::scenes::{Results, Scenes, name};
use super::targets::{self, Target, milliseconds};
use anyhow::Result;
use std::fmt::Write;

/// Renders the report.
pub(super) fn render(scenes: &Scenes, programs: &Programs, command: &str) -> Result<String> {
    let mut out = String::new();
    writeln!(out, "# Performance\n\n[한국어](performance.ko.md)\n")?;
    writeln!(out, "Written by `{command}`; run it to measure again. {}.\n", Machine::this())?;
    writeln!(out, "Measured against: {}; the floor F.\n", programs.described().join("; "))?;
    out.push_str(HOW);
    writeln!(out, "\n## Targets\n")?;
    targets_table(&mut out, &targets::all(scenes))?;
    for scene in &scenes.large {
        writeln!(out, "\n## {} TCP sockets in {} processes\n", scene.sockets, scene.processes)?;
        results_table(&mut out, &scene.results)?;
        if !scene.checks.is_empty() {
            writeln!(out, "\n### The checks\n\n{CHECKS}")?;
            results_table(&mut out, &scene.checks)?;
        }
    }
    let small = &scenes.small;
    writeln!(out, "\n## A small host: {} sockets, {} processes\n", small.sockets, small.processes)?;
    results_table(&mut out, &small.results)?;
    if let Some(beside) = &scenes.beside {
        writeln!(out, "\nThe same with {} sockets in another network namespace:\n", beside.sockets)?;
        results_table(&mut out, &beside.results)?;
        for profile in &beside.profiles {
            out.push_str("\nWhere the time goes then: ");
            profile_table(&mut out, profile)?;
            out.push_str(WALKS);
        }
    }
    let spread = &scenes.spread;
    writeln!(out, "\n## {} sockets in one namespace, and in {NAMESPACES}\n", spread.sockets)?;
    results_table(&mut out, &spread.results)?;
    for scene in scenes.large.iter().filter(|scene| !scene.profiles.is_empty()) {
        writeln!(out, "\n## Where the time goes, with {} sockets", scene.sockets)?;
        for profile in &scene.profiles {
            out.push('\n');
            profile_table(&mut out, profile)?;
        }
    }
    // The list of contents stands behind the first paragraph, as on the other pages.
    let links: Vec<String> = out
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| {
            format!("[{heading}](#{})", heading.to_lowercase().replace([':', ','], "").replace(' ', "-"))
        })
        .collect();
    Ok(out.replacen("\n\nMeasured against", &format!("\n\n{}\n\nMeasured against", links.join(" ·\n")), 1))
}

const WALKS: &str = "
`tcp_diag_dump` is the kernel's walk over all sockets of the machine, which the bare program causes too. `bpf_prog_*` is
the program that walks all descriptor tables; `copy_from_kernel_nofault` and `bpf_probe_read_kernel` are its reads. `btf_*`
and `bpf_core_*` are the kernel's searches of its own types while it loads the program.
";

const HOW: &str = "\
The sockets are established connections over loopback, both ends held by the same process, in a network namespace of
their own. Each program runs as a whole process with its output in a file. All programs take turns, after a first run
each that does not count; programs that take longer than 2 s run three times, those that take longer than 20 s once. Times
are medians in milliseconds. The floor F is a bare program that sends the dump requests of `netstat -an --source diag` and receives the
answers into a buffer without decoding them; the floor of the filter sends netstat's filter to the kernel as well. Memory
is the peak resident set. Above 100,000 sockets, programs that would take minutes are left out.
";

const CHECKS: &str = "\
A check that judges a rate looks twice, one second apart, and its wall time includes that second. All checks together look
twice.
";

fn targets_table(out: &mut String, targets: &[Target]) -> Result<()> {
    writeln!(out, "| what | wanted | measured | |\n|---|---|---|---|")?;
    for Target { what, wanted, measured, met } in targets {
        let met = match met {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "not measured",
        };
        writeln!(out, "| {what} | {wanted} | {measured} | {met} |")?;
    }
    Ok(())
}

/// Writes the results, fastest first. Checks have no floor to compare with.
fn results_table(out: &mut String, results: &Results) -> Result<()> {
    writeln!(out, "| program | wall ms | user + system ms | times F | peak KiB | lines | runs |")?;
    writeln!(out, "|---|--:|--:|--:|--:|--:|--:|")?;
    let floor = results.get(name::FLOOR).and_then(Series::wall);
    let mut sorted: Vec<_> = results.iter().collect();
    sorted.sort_by_key(|(_, series)| (series.wall().is_none(), series.wall()));
    for (name, series) in sorted {
        let (Some(wall), Some(cpu)) = (series.wall(), series.median(|sample| sample.cpu)) else {
            let why = series.trouble.as_deref().unwrap_or("did not run").replace('|', "/");
            writeln!(out, "| {name} | {why} | | | | | |")?;
            continue;
        };
        let user = series.median(|sample| sample.user).unwrap_or_default();
        let ratio = floor.map(|floor| format!("{:.2}", wall.as_secs_f64() / floor.as_secs_f64()));
        writeln!(
            out,
            "| {name} | {} | {} + {} | {} | {} | {} | {} |",
            milliseconds(wall),
            milliseconds(user),
            milliseconds(cpu.saturating_sub(user)),
            ratio.unwrap_or_default(),
            series.median(|sample| sample.peak_kib).unwrap_or(0),
            series.lines,
            series.samples.len()
        )?;
    }
    Ok(())
}

fn profile_table(out: &mut String, profile: &Profile) -> Result<()> {
    writeln!(out, "`{}`: {:.0} % in the kernel\n", profile.command, profile.kernel)?;
    writeln!(out, "| part | where | function |\n|--:|---|---|")?;
    for (percent, kernel, function) in &profile.functions {
        let place = if *kernel { "kernel" } else { "program" };
        writeln!(out, "| {percent:.1} % | {place} | `{}` |", function.replace('|', "\\|"))?;
    }
    Ok(())
}
