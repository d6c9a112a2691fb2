//! Runs the fuzz targets, which need the nightly compiler and cargo-fuzz.

use crate::workspace;
use anyhow::{Context, Result, bail};

/// Runs each target for `seconds`. Stops at the first that finds something.
pub(crate) fn run(seconds: u32) -> Result<()> {
    let mut probe = workspace::program("rustup");
    probe.args(["run", "nightly", "cargo", "fuzz", "--version"]);
    probe.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
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
    let mut build = workspace::program("rustup");
    build.args(["run", "nightly", "cargo", "fuzz", "build"]);
    if !build.status().context("rustup could not be started")?.success() {
        bail!("the fuzz targets do not compile");
    }
    for target in &targets {
        println!("== {target}");
        let mut fuzz = workspace::program("rustup");
        fuzz.args(["run", "nightly", "cargo", "fuzz", "run", target, "--"]);
        fuzz.arg(format!("-max_total_time={seconds}"));
        let status = fuzz.status().context("rustup could not be started")?;
        if !status.success() {
            bail!("the target {target} failed; what it failed on is in fuzz/artifacts/{target}");
        }
    }
    println!("== {} targets, {seconds} s each, found nothing", targets.len());
    Ok(())
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
    fn a_target_is_a_file_in_the_folder_of_targets() {
        let files = ["fuzz/Cargo.toml", "fuzz/fuzz_targets/a.rs", "fuzz/fuzz_targets/x/b.rs", "src/c.rs"];
        assert_eq!(targets(&files.map(str::to_owned)), ["a"]);
    }
}
