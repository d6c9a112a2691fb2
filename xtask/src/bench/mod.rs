//! `cargo xtask bench`: how fast netstat is, and how much memory it takes, against the least that the kernel's answer
//! costs and against other programs, on sockets that it makes itself in network namespaces of its own.
//!
//! Every process it starts ends when a pipe from here closes, and so with this program, however that ends.

mod checks;
mod crowd;
mod machine;
mod profile;
mod report;
mod runs;
mod scenes;
mod targets;

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::PathBuf;

pub(crate) use crowd::Crowd;
pub(crate) use machine::Machine;
pub(crate) use runs::{LSOF, Programs, SS, measure, output_file};
pub(crate) use scenes::requests;

/// How much to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Options {
    /// How many sockets, from few to many.
    sizes: Vec<usize>,
    /// How often each program runs that does not take long.
    runs: usize,
    /// Where the report goes beside standard output: that of less than everything goes nowhere unless it is said.
    output: Option<PathBuf>,
    /// As typed, for the report.
    typed: String,
}

impl Options {
    fn parse(arguments: &[&str]) -> Result<Self> {
        let mut sizes = vec![1_000, 10_000, 100_000];
        let mut runs = 15;
        let mut output = None;
        let mut rest = arguments.iter();
        while let Some(&argument) = rest.next() {
            match argument {
                "--quick" => (sizes, runs) = (vec![1_000, 10_000], 5),
                "--million" => sizes.push(1_000_000),
                "--sizes" => sizes = parse_sizes(rest.next().context("--sizes needs numbers")?)?,
                "--output" => output = Some(PathBuf::from(rest.next().context("--output needs a file")?)),
                other => {
                    bail!("bench does not know {other}: [--quick | --million | --sizes N,N] [--output FILE]")
                }
            }
        }
        if sizes.contains(&100_000) && output.is_none() {
            output = Some(workspace::root().join("docs/performance.md"));
        }
        let typed = ["cargo xtask bench"].iter().chain(arguments).copied().collect::<Vec<_>>().join(" ");
        Ok(Self { sizes, runs, output, typed })
    }
}

fn parse_sizes(text: &str) -> Result<Vec<usize>> {
    let sizes: Vec<usize> = text
        .split(',')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .context("--sizes needs numbers: 1000,100000")?;
    if sizes.iter().any(|size| !(100..=2_000_000).contains(size)) {
        bail!("--sizes takes 100 to 2000000");
    }
    Ok(sizes)
}

/// Builds, measures, and writes the report.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let options = Options::parse(arguments)?;
    build(&["--package", "netstat-cli"])?;
    build(&["--package", "netstat-lab", "--examples"])?;
    let programs = Programs::find()?;
    // The namespaces belong to a thread; with it they are left.
    let scenes = std::thread::scope(|scope| {
        let thread = scope.spawn(|| scenes::play(&programs, &options.sizes, options.runs));
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    let text = report::render(&scenes, &programs, &options.typed)?;
    println!("{text}");
    if let Some(output) = &options.output {
        std::fs::write(output, text).with_context(|| format!("write {}", output.display()))?;
        println!("written to {}", output.display());
    }
    Ok(())
}

/// Builds a part of the workspace as it is released.
pub(crate) fn build(what: &[&str]) -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--release", "--locked", "--quiet"]).args(what);
    let status = cargo.status().context("cargo could not be started")?;
    if !status.success() {
        bail!("cargo build {} failed", what.join(" "));
    }
    Ok(())
}

/// Where a released program of the workspace lies.
pub(crate) fn built(name: impl AsRef<OsStr>) -> PathBuf {
    let folder = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace::root().join("target"), |folder| workspace::root().join(folder));
    folder.join("release").join(name.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_understood_and_others_refused() {
        let quick = Options::parse(&["--quick", "--output", "a.md"]).unwrap();
        assert_eq!(
            (quick.sizes.as_slice(), quick.output.as_deref()),
            ([1_000, 10_000].as_slice(), Some(std::path::Path::new("a.md")))
        );
        assert_eq!(quick.typed, "cargo xtask bench --quick --output a.md");
        assert_eq!(Options::parse(&["--million"]).unwrap().sizes.last(), Some(&1_000_000));
        assert!(Options::parse(&[]).unwrap().output.unwrap().ends_with("docs/performance.md"));
        assert_eq!(Options::parse(&["--quick"]).unwrap().output, None);
        assert_eq!(Options::parse(&["--sizes", "500,20000"]).unwrap().sizes, [500, 20_000]);
        assert!(Options::parse(&["--sizes", "5"]).is_err());
        assert!(Options::parse(&["--output"]).is_err());
        assert!(Options::parse(&["--fast"]).is_err());
    }
}
