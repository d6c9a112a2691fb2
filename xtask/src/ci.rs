//! Everything that must hold before a change goes in, except the tests.

use crate::{bpf, generate, tidy, workspace};
use anyhow::{Result, bail};

type Step = fn() -> Result<()>;

/// Runs every step, even after one has failed, so that one run reports everything.
pub(crate) fn run() -> Result<()> {
    let steps: [(&str, Step); 7] = [
        ("fmt", format),
        ("clippy", clippy),
        ("fuzzing build", fuzzing_build),
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
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    println!("== all {} steps passed", steps.len());
    Ok(())
}

fn format() -> Result<()> {
    let mut cargo = workspace::cargo();
    workspace::run(cargo.args(["fmt", "--all", "--check"]), "run cargo fmt --all")?;
    // The fuzz targets are not part of the workspace.
    let mut cargo = workspace::cargo();
    let fuzz = ["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"];
    workspace::run(cargo.args(fuzz), "run cargo fmt --manifest-path fuzz/Cargo.toml")
}

fn clippy() -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]);
    workspace::run(&mut cargo, "fix what clippy found")
}

/// Compiles the libraries with the decoders public that fuzz targets call. No other build does that.
fn fuzzing_build() -> Result<()> {
    for package in ["netstat-os", "netstat-engine"] {
        let mut cargo = workspace::cargo();
        cargo.args(["rustc", "-p", package, "--lib", "--profile", "check", "--locked"]);
        cargo.args(["--", "--cfg", "fuzzing", "-D", "warnings"]);
        workspace::run(&mut cargo, "fix what does not compile with --cfg fuzzing")?;
    }
    Ok(())
}

fn documentation() -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings");
    workspace::run(&mut cargo, "fix what rustdoc found")
}
