//! Cross-compiles the release program for Windows, and runs the workspace's tests for Windows under Wine.

mod packages;
mod program;
mod toolchain;
mod wine;

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use toolchain::{TARGET, Toolchain};
pub(crate) use wine::Wine;

/// The packages whose tests run under Wine.
const PACKAGES: [&str; 5] = ["netstat-model", "netstat-os", "netstat-engine", "netstat-check", "netstat-cli"];

/// The examples of the laboratory that these tests start, and the variable that gives each test the path.
const EXAMPLES: [(&str, &str); 2] =
    [("hold_states", "NETSTAT_HOLD_STATES"), ("in_console", "NETSTAT_IN_CONSOLE")];

/// Builds, and runs the tests. Where packages are missing it fails, or prints `skipped:` with `or_skip`.
pub(crate) fn run(or_skip: bool) -> Result<()> {
    let missing = packages::install()?.join(", ");
    if !missing.is_empty() {
        if !or_skip {
            bail!("these Debian packages are missing and could not be installed: {missing}");
        }
        println!(
            "skipped: nothing was built for Windows and no test ran under Wine, because {missing} is missing"
        );
        return Ok(());
    }
    let toolchain = Toolchain::new();
    let program = build(&toolchain)?;
    let size = fs::metadata(&program).with_context(|| program.display().to_string())?.len();
    println!("{} has {size} bytes ({} KiB)", shown(&program), size.div_ceil(1024));

    if packages::is_here(packages::CLIPPY) {
        println!("== Clippy");
        let words: Vec<&str> = PACKAGES.iter().flat_map(|package| ["--package", package]).collect();
        toolchain.lint(&words)?;
    } else {
        println!(
            "skipped: Clippy did not check the code for Windows, because {} is missing",
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
    // insta would run cargo to find the workspace, which does not work under Wine.
    cargo.env("INSTA_WORKSPACE_ROOT", workspace::root());
    workspace::run(&mut cargo, "the tests under Wine failed")
}

/// Builds the release program of the workspace in a folder, after installing what that takes, and returns its path below
/// the other folder.
pub(crate) fn program(sources: &Path, target_folder: &Path) -> Result<PathBuf> {
    let missing = packages::install()?.join(", ");
    if !missing.is_empty() {
        bail!("these Debian packages are missing and could not be installed: {missing}");
    }
    build(&Toolchain::of(sources, target_folder))
}

fn build(toolchain: &Toolchain) -> Result<PathBuf> {
    println!("== netstat.exe");
    let paths = toolchain.paths()?;
    let remapped = toolchain::remapped(&paths);
    let words = ["build", "--release", "--package", "netstat-cli", "--bin", "netstat", "--config", &remapped];
    toolchain.build(&words)?;
    let program = toolchain.folder().join("release/netstat.exe");
    let bytes = fs::read(&program).with_context(|| program.display().to_string())?;
    program::inspect(&bytes, &paths)?;
    Ok(program)
}

fn shown(path: &Path) -> String {
    path.strip_prefix(workspace::root()).unwrap_or(path).display().to_string()
}
