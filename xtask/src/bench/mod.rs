//! `cargo xtask bench`: how fast netstat is and how much memory it takes, compared with the least that the kernel's
//! answer costs and with other programs, on sockets in network namespaces of the benchmark's own.
//!
//! Every process it starts ends when a pipe from here closes, and so with this program, however that ends.

pub(crate) mod capture;
mod checks;
mod crowd;
pub(crate) mod live;
mod machine;
mod namespaces;
mod profile;
pub(crate) mod record;
mod report;
mod runs;
mod scenes;
mod targets;

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

pub(crate) use machine::Machine;
pub(crate) use runs::{Contender, LSOF, Programs, SS, measure, output_file};
pub(crate) use scenes::requests;

/// How much to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Options {
    /// Numbers of sockets, ascending.
    sizes: Vec<usize>,
    /// Runs of each program that does not take long.
    runs: usize,
    /// The file of the report. A benchmark without the size of the targets is only printed, unless a file is given.
    output: Option<PathBuf>,
}

impl Options {
    fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self { sizes: vec![1_000, 10_000, 100_000], runs: 15, output: None };
        let mut rest = arguments.iter();
        while let Some(&argument) = rest.next() {
            match argument {
                "--quick" => (options.sizes, options.runs) = (vec![1_000, 10_000], 5),
                "--million" => options.sizes.push(1_000_000),
                "--sizes" => options.sizes = parse_sizes(rest.next().context("--sizes needs numbers")?)?,
                "--output" => options.output = Some(rest.next().context("--output needs a file")?.into()),
                other => {
                    bail!(
                        "unknown argument of bench: {other}; [--quick | --million | --sizes N,N] [--output FILE]"
                    )
                }
            }
        }
        if options.sizes.contains(&targets::SIZE) && options.output.is_none() {
            options.output = Some(workspace::root().join("docs/performance.md"));
        }
        Ok(options)
    }
}

fn parse_sizes(text: &str) -> Result<Vec<usize>> {
    let sizes: Result<Vec<usize>, _> = text.split(',').map(str::parse).collect();
    let sizes = sizes.context("--sizes needs numbers: 1000,100000")?;
    if sizes.iter().any(|size| !(100..=2_000_000).contains(size)) {
        bail!("--sizes takes 100 to 2000000");
    }
    Ok(sizes)
}

/// Builds, measures, and writes the report.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let options = Options::parse(arguments)?;
    workspace::build(&["--package", "netstat-cli"])?;
    workspace::build(&["--package", "netstat-lab", "--examples"])?;
    let programs = Programs::find();
    // A namespace belongs to a thread, and the thread leaves it by ending.
    let scenes = std::thread::scope(|scope| {
        let thread = scope.spawn(|| scenes::play(&programs, &options.sizes, options.runs));
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    let command = [&["cargo xtask bench"], arguments].concat().join(" ");
    let text = report::render(&scenes, &programs, &command)?;
    println!("{text}");
    if let Some(output) = &options.output {
        std::fs::write(output, text).with_context(|| format!("write {}", output.display()))?;
        println!("written to {}", output.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_options_are_accepted_and_others_refused() {
        let quick = Options::parse(&["--quick", "--output", "a.md"]).unwrap();
        assert_eq!(
            (quick.sizes.as_slice(), quick.output.as_deref()),
            ([1_000, 10_000].as_slice(), Some(std::path::Path::new("a.md")))
        );
        assert_eq!(Options::parse(&["--million"]).unwrap().sizes.last(), Some(&1_000_000));
        assert!(Options::parse(&[]).unwrap().output.unwrap().ends_with("docs/performance.md"));
        assert_eq!(Options::parse(&["--quick"]).unwrap().output, None);
        assert_eq!(Options::parse(&["--sizes", "500,20000"]).unwrap().sizes, [500, 20_000]);
        assert!(Options::parse(&["--sizes", "5"]).is_err());
        assert!(Options::parse(&["--output"]).is_err());
        assert!(Options::parse(&["--fast"]).is_err());
    }
}
