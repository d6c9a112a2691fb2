//! Runs the fuzz targets. Needs the nightly compiler and cargo-fuzz.

use crate::workspace;
use anyhow::{Context, Result};
use std::process::Command;

/// Runs each target for `seconds`. Stops at the first that finds something.
pub(crate) fn run(seconds: u32) -> Result<()> {
    let list = workspace::output(cargo_fuzz(&["list"])).context(
        "fuzzing needs the nightly compiler and cargo-fuzz: run `rustup toolchain install nightly` and `cargo install \
         cargo-fuzz`",
    )?;
    let list = String::from_utf8(list).context("cargo fuzz list")?;
    workspace::run(&mut cargo_fuzz(&["build"]), "the fuzz targets do not compile")?;
    for target in list.lines() {
        println!("== {target}");
        let limit = format!("-max_total_time={seconds}");
        let failure = format!("the target {target} failed; the input is in fuzz/artifacts/{target}");
        workspace::run(&mut cargo_fuzz(&["run", target, "--", &limit]), &failure)?;
    }
    println!("== {} targets, {seconds} s each, found nothing", list.lines().count());
    Ok(())
}

fn cargo_fuzz(arguments: &[&str]) -> Command {
    let mut command = workspace::program("rustup");
    command.args(["run", "nightly", "cargo", "fuzz"]).args(arguments);
    command
}
