//! Builds the program for Windows, on Linux, and runs it under Wine: the release program, then the tests of the
//! workspace that are compiled for Windows.

mod packages;
mod toolchain;
mod wine;

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use toolchain::{TARGET, Toolchain};
use wine::Wine;

/// The tests that are run under Wine: the packages with code for Windows.
const PACKAGES: [&str; 4] = ["netstat-model", "netstat-os", "netstat-engine", "netstat-cli"];

/// The examples of the laboratory that these tests start, and where they learn their places from.
const EXAMPLES: [(&str, &str); 2] =
    [("hold_states", "NETSTAT_HOLD_STATES"), ("in_console", "NETSTAT_IN_CONSOLE")];

/// Builds, and runs the tests. Where what that takes is not to be had it fails, or with `or_skip` says `skipped:`.
pub(crate) fn run(or_skip: bool) -> Result<()> {
    let missing = packages::install()?.join(", ");
    if !missing.is_empty() {
        if !or_skip {
            bail!("these packages of Debian are not here and could not be installed: {missing}");
        }
        println!("skipped: without {missing} nothing was built for Windows, and no test ran under Wine");
        return Ok(());
    }
    let toolchain = Toolchain::new()?;
    println!("== netstat.exe");
    toolchain.build(&["build", "--release", "--package", "netstat-cli", "--bin", "netstat"])?;
    let program = toolchain.folder().join("release/netstat.exe");
    let size = fs::metadata(&program).with_context(|| program.display().to_string())?.len();
    println!("{} has {size} bytes ({} KiB)", shown(&program), size.div_ceil(1024));

    if packages::is_here(packages::CLIPPY) {
        println!("== Clippy");
        let words: Vec<&str> = PACKAGES.iter().flat_map(|package| ["--package", package]).collect();
        toolchain.lint(&words)?;
    } else {
        println!(
            "skipped: {} is not here, so Clippy did not look at the code for Windows",
            packages::CLIPPY.1
        );
    }

    println!("== Wine");
    let wine = Wine::start(&toolchain.folder().join("wine"))?;
    println!("{}", wine.version()?);
    println!("== tests under Wine");
    let mut words = vec!["build", "--package", "netstat-lab"];
    words.extend(EXAMPLES.iter().flat_map(|(example, _)| ["--example", example]));
    toolchain.build(&words)?;
    let mut cargo = toolchain.cargo(&["test", "--no-fail-fast"]);
    for package in PACKAGES {
        cargo.args(["--package", package]);
    }
    cargo.args(["--lib", "--tests", "--", "--show-output"]);
    wine.runs_programs_of(&mut cargo, TARGET);
    for (example, variable) in EXAMPLES {
        cargo.env(variable, toolchain.folder().join(format!("debug/examples/{example}.exe")));
    }
    // What its programs are asked for the top of the workspace cannot be asked there.
    cargo.env("INSTA_WORKSPACE_ROOT", workspace::root());
    let (succeeded, output) = workspace::shown_output(cargo)?;
    let counts = Counts::of(&output);
    drop(wine);
    println!("{} tests passed under Wine, {} failed", counts.passed, counts.failed);
    if !succeeded || counts.failed > 0 {
        bail!("the tests under Wine failed");
    }
    if counts.passed == 0 {
        bail!("no test ran under Wine");
    }
    Ok(())
}

fn shown(path: &std::path::Path) -> String {
    path.strip_prefix(workspace::root()).unwrap_or(path).display().to_string()
}

/// How many tests there were.
#[derive(Debug, PartialEq, Eq, Default)]
struct Counts {
    passed: u64,
    failed: u64,
}

impl Counts {
    /// The sum of the last lines of all test programs.
    fn of(output: &str) -> Self {
        let mut counts = Self::default();
        for line in output.lines().filter_map(|line| line.split_once("test result: ")) {
            let number = |after: &str| {
                let words: Vec<&str> = line.1.split_whitespace().collect();
                let at = words.iter().position(|&word| word == after)?;
                words.get(at.checked_sub(1)?)?.parse::<u64>().ok()
            };
            counts.passed += number("passed;").unwrap_or(0);
            counts.failed += number("failed;").unwrap_or(0);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_over_all_programs() {
        let output = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out\n\
                      x\ntest result: FAILED. 3 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(Counts::of(output), Counts { passed: 5, failed: 4 });
        assert_eq!(Counts::of("no such line"), Counts::default());
    }
}
