//! The licences of everything in the dependency graph.

use crate::tidy::Complaint;
use crate::workspace;
use anyhow::{Context, Result};
use serde_json::Value;

/// What may be linked into a program under MIT OR Apache-2.0 without more conditions than naming the authors.
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

/// A complaint for each dependency whose licence is none of those.
pub(crate) fn complaints() -> Result<Vec<Complaint>> {
    let mut cargo = workspace::cargo();
    cargo.args(["metadata", "--format-version", "1", "--locked"]);
    let metadata = serde_json::from_slice(&workspace::output(cargo)?).context("cargo metadata")?;
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock")).context("Cargo.lock")?;
    Ok(of_packages(&metadata, &lock))
}

fn of_packages(metadata: &Value, lock: &str) -> Vec<Complaint> {
    let packages = metadata.get("packages").and_then(Value::as_array);
    let mut complaints = Vec::new();
    // Packages without a source are our own.
    for package in packages.into_iter().flatten().filter(|package| !package["source"].is_null()) {
        let name = package["name"].as_str().unwrap_or("?");
        let licence = package["license"].as_str();
        if licence.is_some_and(allows) {
            continue;
        }
        let entry = format!("name = \"{name}\"");
        let line = lock.lines().position(|line| line == entry).map_or(1, |at| at + 1);
        let has = licence.unwrap_or("no licence that it names");
        complaints.push(Complaint::new(
            "Cargo.lock",
            line,
            format!("{name} has {has}; take another crate, or write the part it serves"),
        ));
    }
    complaints
}

/// Whether an SPDX expression leaves a choice of licences that are all allowed. The slash is an old way to write OR.
fn allows(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest) == Some(true) && rest.is_empty()
}

fn any_of(rest: &mut &[&str]) -> Option<bool> {
    let mut allowed = all_of(rest)?;
    while let ["OR", after @ ..] = rest {
        *rest = after;
        // Not lazily: what stands there has to be read either way.
        allowed |= all_of(rest)?;
    }
    Some(allowed)
}

fn all_of(rest: &mut &[&str]) -> Option<bool> {
    let mut allowed = one(rest)?;
    while let ["AND", after @ ..] = rest {
        *rest = after;
        allowed &= one(rest)?;
    }
    Some(allowed)
}

fn one(rest: &mut &[&str]) -> Option<bool> {
    match rest {
        ["(", after @ ..] => {
            *rest = after;
            let allowed = any_of(rest)?;
            let [")", after @ ..] = rest else { return None };
            *rest = after;
            Some(allowed)
        }
        [name, "WITH", exception, after @ ..] => {
            *rest = after;
            Some(ALLOWED.contains(&format!("{name} WITH {exception}").as_str()))
        }
        [name, after @ ..] => {
            *rest = after;
            Some(ALLOWED.contains(name))
        }
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_needs_one_and_a_sum_needs_all() {
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "Unlicense OR MIT",
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
            "MPL-2.0",
            "MIT OR",
            "MIT Apache-2.0",
            "(MIT",
            "MIT)",
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
