//! The workspace's folders and files, and programs that run in it.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns the top folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Returns the folder that Cargo builds into.
pub(crate) fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Returns the path of a release build: `netstat`, or `examples/hold`.
pub(crate) fn built(name: impl AsRef<OsStr>) -> PathBuf {
    target().join("release").join(name.as_ref())
}

/// Prepares the cargo that runs this program, at the top of the workspace.
pub(crate) fn cargo() -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Prepares a program at the top of the workspace, without input.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs a program, which prints what it likes. Fails with `hint` where the program fails.
pub(crate) fn run(command: &mut Command, hint: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", name(command)))?;
    if !status.success() {
        bail!("{hint}");
    }
    Ok(())
}

/// Runs a program and returns its standard output.
pub(crate) fn output(mut command: Command) -> Result<Vec<u8>> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {}", name(&command)))?;
    if !output.status.success() {
        bail!("{} failed ({})", name(&command), output.status);
    }
    Ok(output.stdout)
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// Builds a part of the workspace in release mode.
pub(crate) fn build(what: &[&str]) -> Result<()> {
    let mut cargo = cargo();
    cargo.args(["build", "--release", "--locked", "--quiet"]).args(what);
    run(&mut cargo, &format!("cargo build {} failed", what.join(" ")))
}

/// Builds and runs an example of a package, optimized.
pub(crate) fn run_example(package: &str, example: &str, arguments: &[&str]) -> Result<()> {
    let mut cargo = cargo();
    cargo.args(["run", "--release", "--locked", "--quiet", "--package", package, "--example", example, "--"]);
    run(cargo.args(arguments), &format!("the example {example} failed"))
}

/// Lists the files that git tracks or would add, relative to the top; deleted ones are left out.
pub(crate) fn files() -> Result<Vec<String>> {
    let mut git = program("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = String::from_utf8(output(git)?).context("a path is not UTF-8")?;
    let root = root();
    let mut files: Vec<String> = listed
        .split('\0')
        .filter(|path| !path.is_empty() && root.join(path).is_file())
        .map(str::to_owned)
        .collect();
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

/// Returns the date in UTC of a time in seconds since 1970, as in `2026-06-17`; now where none is given.
pub(crate) fn date(seconds: Option<u64>) -> Result<String> {
    let mut date = program("date");
    date.args(["-u", "+%Y-%m-%d"]).args(seconds.map(|seconds| format!("--date=@{seconds}")));
    Ok(String::from_utf8(output(date)?)?.trim().to_owned())
}
