//! What building for Windows takes, from Debian's packages.

use crate::workspace;
use anyhow::{Context, Result};
use std::path::Path;
use std::time::{Duration, Instant};

/// A file that says whether a package is here, and the package.
type Need = (&'static str, &'static str);

const NEEDS: [Need; 6] = [
    ("/usr/bin/rustc", "rustc-web"),
    ("/usr/bin/cargo", "cargo-web"),
    ("/usr/lib/rustlib/src/rust/library/std/Cargo.toml", "rust-web-src"),
    ("/usr/bin/x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64-win32"),
    ("/usr/bin/wine", "wine"),
    ("/usr/lib/wine/wine64", "wine64"),
];

/// The same for what the code can do without.
pub(super) const CLIPPY: Need = ("/usr/bin/clippy-driver", "rust-web-clippy");

/// For all packages together.
const LIMIT: Duration = Duration::from_secs(900);

/// Installs what is missing, one at a time: one that is not to be had must not keep the others out. Answers with the
/// packages that are needed and still not here.
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

/// Runs apt-get, and says whether it did what it should.
fn apt_get(words: &[&str], limit: Duration) -> Result<bool> {
    let mut apt = workspace::program("timeout");
    apt.args(["-k", "10", &limit.as_secs().max(1).to_string(), "apt-get", "-qq", "-o", "Acquire::Retries=1"]);
    apt.args(words).env("DEBIAN_FRONTEND", "noninteractive").stdout(std::process::Stdio::null());
    Ok(apt.status().context("apt-get could not be started")?.success())
}
