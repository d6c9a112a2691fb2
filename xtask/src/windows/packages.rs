//! The Debian packages that a build for Windows needs.

use crate::workspace;
use anyhow::{Context, Result};
use std::path::Path;
use std::time::{Duration, Instant};

/// A file whose existence shows that a package is installed, and the package.
type Need = (&'static str, &'static str);

const NEEDS: [Need; 6] = [
    ("/usr/bin/rustc", "rustc-web"),
    ("/usr/bin/cargo", "cargo-web"),
    ("/usr/lib/rustlib/src/rust/library/std/Cargo.toml", "rust-web-src"),
    ("/usr/bin/x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64-win32"),
    ("/usr/bin/wine", "wine"),
    ("/usr/lib/wine/wine64", "wine64"),
];

/// A package that the build can do without.
pub(super) const CLIPPY: Need = ("/usr/bin/clippy-driver", "rust-web-clippy");

/// The time limit for all packages together.
const LIMIT: Duration = Duration::from_secs(900);

/// Installs what is missing, one package at a time, so that an unavailable one does not block the others. Returns the
/// packages that are needed and still missing.
pub(super) fn install() -> Result<Vec<&'static str>> {
    let wanted: Vec<Need> = NEEDS.into_iter().chain([CLIPPY]).filter(|&need| !is_here(need)).collect();
    if !wanted.is_empty() && Path::new("/usr/bin/apt-get").exists() {
        let begun = Instant::now();
        apt_get(&["update"], LIMIT)?;
        for (_, package) in wanted {
            let left = LIMIT.saturating_sub(begun.elapsed());
            println!("== package {package}");
            if left.is_zero() || !apt_get(&["install", "-y", "--no-install-recommends", package], left)? {
                println!("{package} could not be installed");
            }
        }
    }
    Ok(NEEDS.into_iter().filter(|&need| !is_here(need)).map(|(_, package)| package).collect())
}

pub(super) fn is_here((file, _): Need) -> bool {
    Path::new(file).exists()
}

/// Runs apt-get, and returns whether it succeeded.
fn apt_get(words: &[&str], limit: Duration) -> Result<bool> {
    let mut apt = workspace::program("timeout");
    apt.args(["-k", "10", &limit.as_secs().max(1).to_string(), "apt-get", "-qq", "-o", "Acquire::Retries=1"]);
    // Another apt-get may be at work; the limit of all packages holds while this one waits as well.
    apt.args(["-o", "DPkg::Lock::Timeout=600"]);
    apt.args(words).env("DEBIAN_FRONTEND", "noninteractive").stdout(std::process::Stdio::null());
    Ok(apt.status().context("cannot run apt-get")?.success())
}
