//! The licences of everything in the dependency graph.

use super::complaint::Complaint;
use crate::workspace;
use anyhow::{Context, Result};
use serde_json::Value;
use spdx::{Expression, LicenseReq, ParseMode};

/// Licences that ask for no more than naming the authors, which a program under MIT OR Apache-2.0 can do.
const ALLOWED: [&str; 12] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "ISC",
    "Unicode-3.0",
    "Zlib",
    "CC0-1.0",
    "Unlicense",
];

/// What the program is built for.
const PLATFORMS: [&str; 3] = ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-gnu", "x86_64-pc-windows-msvc"];

/// Checks the licence of each dependency.
pub(super) fn complaints() -> Result<Vec<Complaint>> {
    let mut cargo = workspace::cargo();
    cargo.args(["metadata", "--format-version", "1", "--locked"]);
    // Some libraries name others for browsers or telephones, which are in nothing that is built here.
    for platform in PLATFORMS {
        cargo.args(["--filter-platform", platform]);
    }
    let metadata = serde_json::from_slice(&workspace::output(cargo)?).context("cargo metadata")?;
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock")).context("Cargo.lock")?;
    Ok(of_packages(&metadata, &lock))
}

fn of_packages(metadata: &Value, lock: &str) -> Vec<Complaint> {
    let packages = metadata.get("packages").and_then(Value::as_array);
    let mut complaints = Vec::new();
    // Packages without a source are members of the workspace.
    for package in packages.into_iter().flatten().filter(|package| !package["source"].is_null()) {
        let name = package["name"].as_str().unwrap_or("?");
        let licence = package["license"].as_str();
        if licence.is_some_and(allows) {
            continue;
        }
        let entry = format!("name = \"{name}\"");
        let line = lock.lines().position(|line| line == entry).map_or(1, |at| at + 1);
        let has = licence.unwrap_or("no licence in its manifest");
        let what = format!("{name} has {has}; use another crate, or write the part that is needed");
        complaints.push(Complaint::new("Cargo.lock", line, what));
    }
    complaints
}

/// Returns true if an SPDX expression can be met with allowed licences alone. Old manifests write `/` for OR.
fn allows(expression: &str) -> bool {
    let mode = ParseMode { allow_slash_as_or_operator: true, ..ParseMode::STRICT };
    let is_allowed = |licence: &LicenseReq| ALLOWED.contains(&licence.to_string().as_str());
    Expression::parse_mode(expression, mode).is_ok_and(|expression| expression.evaluate(is_allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn or_needs_one_allowed_licence_and_and_needs_all() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "MIT OR Apache-2.0 OR LGPL-2.1-or-later",
            "GPL-3.0-only OR (MIT AND Zlib)",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
        ] {
            assert!(allows(good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "(MIT OR Apache-2.0) AND MPL-2.0",
            "MIT OR",
            "GPL-2.0-only WITH Classpath-exception-2.0",
        ] {
            assert!(!allows(bad), "{bad}");
        }
    }

    #[test]
    fn the_complaint_names_the_line_of_the_lock_file() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "ours", "source": null, "license": null },
            { "name": "good", "source": "registry", "license": "MIT" },
            { "name": "odd", "source": "registry", "license": "GPL-3.0-only" },
            { "name": "none", "source": "registry", "license": null },
        ]});
        let lock = "[[package]]\nname = \"good\"\n\n[[package]]\nname = \"odd\"\n";
        let said: Vec<String> = of_packages(&metadata, lock).iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("Cargo.lock:5: odd has GPL-3.0-only; "), "{said:?}");
        assert!(said[1].starts_with("Cargo.lock:1: none has no licence"), "{said:?}");
    }
}
