//! What building for Windows takes, from Debian's packages.

use crate::workspace;
use anyhow::{Context, Result};
use std::path::Path;

/// A file that says whether a package is here, and the package.
const NEEDS: [(&str, &str); 7] = [
    ("/usr/bin/rustc", "rustc-web"),
    ("/usr/bin/cargo", "cargo-web"),
    ("/usr/bin/clippy-driver", "rust-web-clippy"),
    ("/usr/lib/rustlib/src/rust/library/std/Cargo.toml", "rust-web-src"),
    ("/usr/bin/x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64-win32"),
    ("/usr/bin/wine", "wine"),
    ("/usr/lib/wine/wine64", "wine64"),
];

/// Whether all is here.
#[derive(Debug)]
pub(super) enum Packages {
    Here,
    /// What is not, for people.
    Missing(String),
}

fn missing() -> Vec<&'static str> {
    NEEDS.iter().filter(|(file, _)| !Path::new(file).exists()).map(|&(_, package)| package).collect()
}

/// Installs what is missing, and only then asks the package system at all.
pub(super) fn install() -> Result<Packages> {
    let wanted = missing();
    if wanted.is_empty() {
        return Ok(Packages::Here);
    }
    println!("== packages: {}", wanted.join(", "));
    if !Path::new("/usr/bin/apt-get").exists() {
        return Ok(Packages::Missing(format!(
            "{} cannot be installed: there is no apt-get",
            wanted.join(", ")
        )));
    }
    apt_get(&["update"])?;
    let mut words = vec!["install", "-y", "--no-install-recommends"];
    words.extend(&wanted);
    apt_get(&words)?;
    let still = missing();
    if still.is_empty() {
        return Ok(Packages::Here);
    }
    Ok(Packages::Missing(format!("{} could not be installed", still.join(", "))))
}

/// Runs apt-get. Whether it did what it should is seen by the files.
fn apt_get(words: &[&str]) -> Result<()> {
    let mut apt = workspace::program("timeout");
    apt.args(["600", "apt-get", "-qq", "-o", "Acquire::Retries=1"]).args(words);
    apt.env("DEBIAN_FRONTEND", "noninteractive").stdout(std::process::Stdio::null());
    apt.status().context("apt-get could not be started")?;
    Ok(())
}
