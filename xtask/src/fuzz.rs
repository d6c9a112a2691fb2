//! Runs the fuzz targets. Needs the nightly compiler and cargo-fuzz.

use crate::workspace;
use anyhow::{Result, bail};
use std::process::{Command, Stdio};

/// Runs each target for `seconds`. Stops at the first that finds something.
pub(crate) fn run(seconds: u32) -> Result<()> {
    let mut probe = cargo_fuzz(&["--version"]);
    probe.stdout(Stdio::null()).stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        bail!(
            "fuzzing needs the nightly compiler and cargo-fuzz: run `rustup toolchain install nightly` and \
             `cargo install cargo-fuzz`"
        );
    }
    let files = workspace::files()?;
    let targets = targets(&files);
    if targets.is_empty() {
        bail!("there are no targets in fuzz/fuzz_targets");
    }
    workspace::run(&mut cargo_fuzz(&["build"]), "the fuzz targets do not compile")?;
    for target in &targets {
        println!("== {target}");
        let limit = format!("-max_total_time={seconds}");
        let failure = format!("the target {target} failed; the input is in fuzz/artifacts/{target}");
        workspace::run(&mut cargo_fuzz(&["run", target, "--", &limit]), &failure)?;
    }
    println!("== {} targets, {seconds} s each, found nothing", targets.len());
    Ok(())
}

fn cargo_fuzz(arguments: &[&str]) -> Command {
    let mut command = workspace::program("rustup");
    command.args(["run", "nightly", "cargo", "fuzz"]).args(arguments);
    command
}

fn targets(files: &[String]) -> Vec<&str> {
    files
        .iter()
        .filter_map(|path| path.strip_prefix("fuzz/fuzz_targets/")?.strip_suffix(".rs"))
        .filter(|name| !name.contains('/'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_file_directly_in_the_target_folder() {
        let files = ["fuzz/Cargo.toml", "fuzz/fuzz_targets/a.rs", "fuzz/fuzz_targets/x/b.rs", "src/c.rs"];
        assert_eq!(targets(&files.map(str::to_owned)), ["a"]);
    }
}
