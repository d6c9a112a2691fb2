//! Everything that must hold before a change goes in, but for the tests.

use crate::{bpf, generate, tidy, workspace};
use anyhow::{Context, Result, bail};
use std::process::Command;

type Step = fn() -> Result<()>;

/// Runs every step, also after one has failed, so that one run tells everything.
pub(crate) fn run() -> Result<()> {
    let steps: [(&str, Step); 7] = [
        ("fmt", format),
        ("clippy", clippy),
        ("what is fuzzed", fuzzed),
        ("tidy", tidy::run),
        ("documentation", documentation),
        ("generated files", generate::check),
        ("kernel program", bpf::check),
    ];
    let mut failed = Vec::new();
    for (name, step) in steps {
        println!("== {name}");
        if let Err(error) = step() {
            println!("{error:#}");
            failed.push(name);
        }
    }
    if failed.is_empty() {
        println!("== all {} steps hold", steps.len());
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "));
}

fn must(mut command: Command, hint: &str) -> Result<()> {
    let status = command.status().context("cargo could not be started")?;
    if !status.success() {
        bail!("{hint}");
    }
    Ok(())
}

fn format() -> Result<()> {
    let hint = "run cargo fmt --all";
    let mut cargo = workspace::cargo();
    cargo.args(["fmt", "--all", "--check"]);
    must(cargo, hint)?;
    // The fuzz targets are no part of the workspace.
    if workspace::root().join("fuzz/Cargo.toml").is_file() {
        let mut cargo = workspace::cargo();
        cargo.args(["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"]);
        must(cargo, "run cargo fmt --manifest-path fuzz/Cargo.toml")?;
    }
    Ok(())
}

fn clippy() -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]);
    must(cargo, "mend what clippy found")
}

/// The library with the decoders made public that the fuzz targets call, which nothing else builds so.
fn fuzzed() -> Result<()> {
    for package in ["netstat-os", "netstat-engine"] {
        let mut cargo = workspace::cargo();
        cargo.args(["rustc", "-p", package, "--lib", "--profile", "check", "--locked"]);
        cargo.args(["--", "--cfg", "fuzzing", "-D", "warnings"]);
        must(cargo, "mend what does not compile with --cfg fuzzing")?;
    }
    Ok(())
}

fn documentation() -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings");
    must(cargo, "mend what rustdoc found")
}
