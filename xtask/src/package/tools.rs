//! Programs of this machine that packages are made with, and the Debian packages that have them.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// Runs a program at the top of the workspace.
pub(super) fn run(program: &str, words: &[&str]) -> Result<()> {
    let mut command = workspace::program(program);
    command.args(words);
    workspace::run(&mut command, &format!("{program} {} failed", words.join(" ")))
}

/// Runs a program in a folder.
pub(super) fn run_in(folder: &Path, program: &str, words: &[&str]) -> Result<()> {
    let mut command = workspace::program(program);
    command.current_dir(folder).args(words);
    workspace::run(&mut command, &format!("{program} {} failed", words.join(" ")))
}

/// Runs a program and returns what it printed.
pub(super) fn said(program: &str, words: &[&str]) -> Result<String> {
    let mut command = workspace::program(program);
    command.args(words);
    Ok(String::from_utf8(workspace::output(command)?)?)
}

/// Gives a program its input, and returns its output.
pub(super) fn filter(program: &str, words: &[&str], input: &[u8]) -> Result<Vec<u8>> {
    let mut command = workspace::program(program);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {program}"))?;
    let mut standard_input = child.stdin.take().context("no input")?;
    let input = input.to_vec();
    // Programs such as gzip write before they have read everything.
    let writer = std::thread::spawn(move || standard_input.write_all(&input));
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{program} failed ({})", output.status);
    }
    writer
        .join()
        .ok()
        .context("the input was not written")?
        .with_context(|| format!("write to {program}"))?;
    Ok(output.stdout)
}

/// Returns the SHA-256 of bytes, in lower case.
pub(super) fn sha256(bytes: &[u8]) -> Result<String> {
    let said = String::from_utf8(filter("sha256sum", &[], bytes)?)?;
    Ok(said.split_whitespace().next().context("sha256sum said nothing")?.to_owned())
}

/// Returns true if a program is in `PATH`, or where only root looks.
pub(super) fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).exists())
}

/// Fails if a program is not here, and says which Debian package has it.
pub(super) fn need(program: &str, package: &str) -> Result<()> {
    if !is_here(program) {
        bail!("{program} is missing: apt-get install {package}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_larger_than_a_pipe_goes_through() {
        let input = vec![b'x'; 1 << 20];
        assert_eq!(filter("cat", &[], &input).unwrap(), input);
        assert!(filter("false", &[], b"").is_err());
    }

    #[test]
    fn the_sum_of_nothing() {
        let sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b"").unwrap(), sum);
    }

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        assert!(need("sh", "dash").is_ok());
        let said = need("no-such-program", "some-package").unwrap_err().to_string();
        assert_eq!(said, "no-such-program is missing: apt-get install some-package");
    }
}
