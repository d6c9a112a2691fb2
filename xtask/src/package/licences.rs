//! What is linked into the program: its crates, and the texts of their licences.

use super::tools::said;
use crate::workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// A crate that is linked into the program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) licence: String,
    pub(super) repository: Option<String>,
    pub(super) description: Option<String>,
    /// False for those of this workspace.
    pub(super) is_foreign: bool,
    /// The folder of its manifest.
    folder: String,
    id: String,
}

/// The crates of a program, and which needs which.
#[derive(Debug, Default)]
pub(super) struct Linked {
    pub(super) crates: Vec<Crate>,
    /// Names with versions of what each crate needs, by its name with version.
    pub(super) needs: BTreeMap<String, BTreeSet<String>>,
}

impl Crate {
    /// Returns the name with the version, as in `zstd@0.14.4`.
    pub(super) fn at_version(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// Asks cargo what is linked into the program for a target. Crates that only builds and tests need are left out.
pub(super) fn linked(target: &str) -> Result<Linked> {
    let mut cargo = workspace::cargo();
    cargo.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", target]);
    let metadata = serde_json::from_slice(&workspace::output(cargo)?).context("cargo metadata")?;
    of_metadata(&metadata)
}

fn of_metadata(metadata: &Value) -> Result<Linked> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let packages: BTreeMap<String, Crate> = list(&metadata["packages"])
        .iter()
        .filter_map(|package| {
            let manifest = package["manifest_path"].as_str()?;
            let found = Crate {
                name: text(&package["name"])?,
                version: text(&package["version"])?,
                // Old manifests write `/` for OR.
                licence: text(&package["license"])
                    .unwrap_or_default()
                    .replace('/', " OR ")
                    .replace("  ", " "),
                repository: text(&package["repository"]),
                description: text(&package["description"]),
                is_foreign: !package["source"].is_null(),
                folder: Path::new(manifest).parent()?.display().to_string(),
                id: text(&package["id"])?,
            };
            Some((found.id.clone(), found))
        })
        .collect();
    let nodes: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .filter_map(|node| {
            let is_linked =
                |needed: &&Value| list(&needed["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            let needs = list(&node["deps"]);
            let needs = needs.iter().filter(is_linked).filter_map(|needed| text(&needed["pkg"])).collect();
            Some((text(&node["id"])?, needs))
        })
        .collect();
    let root = packages.values().find(|package| package.name == "netstat-cli" && !package.is_foreign);
    let mut open = vec![root.context("cargo metadata has no netstat-cli")?.id.clone()];
    let mut seen = BTreeSet::new();
    let mut linked = Linked::default();
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let package = packages.get(&id).with_context(|| format!("cargo metadata has no {id}"))?;
        let needs = nodes.get(&id).cloned().unwrap_or_default();
        let names = needs.iter().filter_map(|id| packages.get(id)).map(Crate::at_version).collect();
        linked.needs.insert(package.at_version(), names);
        linked.crates.push(package.clone());
        open.extend(needs);
    }
    linked.crates.sort();
    Ok(linked)
}

/// What is linked beside crates, and the files of the toolchain with its licences.
const OTHERS: &str = "\
The standard library of Rust: MIT OR Apache-2.0, with parts under Apache-2.0 WITH LLVM-exception (compiler-rt, libunwind),
  BSD-2-Clause (backtrace tables) and MIT (hashbrown, cfg-if and others): https://github.com/rust-lang/rust
musl, on Linux: MIT, copyright 2005-2020 Rich Felker and others: https://musl.libc.org
mingw-w64, on Windows: ZPL-2.1 and public domain: https://www.mingw-w64.org
SQLite, in libsqlite3-sys: public domain: https://sqlite.org
Zstandard, in zstd-sys: BSD-3-Clause, copyright Meta Platforms, Inc. and affiliates: https://github.com/facebook/zstd
";

/// Returns the page with all licences.
pub(super) fn third_party(linked: &Linked) -> Result<String> {
    let mut page = String::from("What is linked into netstat, and under which licence\n\n");
    page.push_str(OTHERS);
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut list = String::new();
    for one in linked.crates.iter().filter(|one| one.is_foreign) {
        let _ = writeln!(
            list,
            "{} {}: {}{}",
            one.name,
            one.version,
            one.licence,
            one.repository.as_ref().map(|at| format!(": {at}")).unwrap_or_default()
        );
        let mut found = texts_of(Path::new(&one.folder))?;
        // A part of a project that left the text to another part.
        let is_sibling = |other: &&Crate| other.repository.is_some() && other.repository == one.repository;
        if found.is_empty() {
            for other in linked.crates.iter().filter(is_sibling) {
                found.extend(texts_of(Path::new(&other.folder))?);
            }
        }
        // The text of this licence is the same for everybody, and names nobody.
        if found.is_empty() && one.licence.split(" OR ").any(|choice| choice == "Apache-2.0") {
            found.insert(fs::read_to_string(workspace::root().join("LICENSE-APACHE"))?);
        }
        if found.is_empty() {
            bail!("{} has no text of its licence: look for it in its repository", one.at_version());
        }
        for text in found {
            texts.entry(text).or_default().push(one.at_version());
        }
    }
    for text in texts_of_std()? {
        texts.entry(text).or_default().push("the standard library of Rust".to_owned());
    }
    let _ = write!(page, "\nCrates\n\n{list}");
    let mut texts: Vec<(Vec<String>, String)> =
        texts.into_iter().map(|(text, whose)| (whose, text)).collect();
    texts.sort();
    for (whose, text) in texts {
        let line = "-".repeat(80);
        let _ = write!(page, "\n{line}\nOf {}\n\n{}\n", whose.join(", "), text.trim_end());
    }
    Ok(page)
}

/// Returns the texts of licences in the folder of a crate.
fn texts_of(folder: &Path) -> Result<BTreeSet<String>> {
    let mut texts = BTreeSet::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let is_licence = ["LICEN", "COPY", "NOTICE", "UNLICEN"].iter().any(|begin| name.starts_with(begin));
        if is_licence && entry.path().is_file() {
            let bytes = fs::read(entry.path())?;
            let text = String::from_utf8_lossy(&bytes).replace('\r', "");
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            texts.insert(lines.join("\n").trim_matches('\n').to_owned());
        }
    }
    Ok(texts)
}

/// Returns the texts of the licences of the standard library, which come with the compiler.
fn texts_of_std() -> Result<Vec<String>> {
    let sysroot = said("rustc", &["--print", "sysroot"])?;
    let folder = Path::new(sysroot.trim_end()).join("share/doc/rust/licenses");
    ["Apache-2.0.txt", "LLVM-exception.txt", "MIT.txt", "BSD-2-Clause.txt"]
        .iter()
        .map(|name| folder.join(name))
        .filter(|path| path.exists())
        .map(|path| fs::read_to_string(&path).with_context(|| path.display().to_string()))
        .collect()
}

/// Returns the licences of all crates as one SPDX expression.
pub(super) fn expression(linked: &Linked) -> String {
    let all: BTreeSet<String> =
        linked
            .crates
            .iter()
            .filter(|one| one.is_foreign)
            .map(|one| {
                if one.licence.contains(" OR ") { format!("({})", one.licence) } else { one.licence.clone() }
            })
            .collect();
    all.into_iter().collect::<Vec<_>>().join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn metadata() -> Value {
        let package = |name: &str, source: Value, licence: &str| {
            json!({ "id": name, "name": name, "version": "1.0.0", "license": licence, "source": source,
                "repository": null, "description": null, "manifest_path": format!("/src/{name}/Cargo.toml") })
        };
        let needs = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        json!({
            "packages": [
                package("netstat-cli", Value::Null, "MIT OR Apache-2.0"),
                package("zstd", json!("registry"), "MIT/Apache-2.0"),
                package("cc", json!("registry"), "MIT"),
                package("apart", json!("registry"), "MIT"),
                package("zlib", json!("registry"), "Zlib"),
            ],
            "resolve": { "nodes": [
                { "id": "netstat-cli", "deps": [needs("zstd", Value::Null)] },
                { "id": "zstd", "deps": [needs("cc", json!("build")), needs("zlib", Value::Null)] },
                { "id": "apart", "deps": [] },
            ]},
        })
    }

    #[test]
    fn what_only_builds_need_is_not_linked() {
        let linked = of_metadata(&metadata()).unwrap();
        let names: Vec<&str> = linked.crates.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["netstat-cli", "zlib", "zstd"]);
        assert_eq!(linked.needs["zstd@1.0.0"], BTreeSet::from(["zlib@1.0.0".to_owned()]));
        assert_eq!(expression(&linked), "(MIT OR Apache-2.0) AND Zlib");
    }

    #[test]
    fn every_crate_has_the_text_of_its_licence() {
        let linked = linked("x86_64-unknown-linux-musl").unwrap();
        let page = third_party(&linked).unwrap();
        for crate_name in ["rusqlite", "ratatui", "jiff", "zstd-sys"] {
            assert!(page.contains(&format!("\n{crate_name} ")), "{crate_name}");
        }
        assert!(page.contains("Permission is hereby granted, free of charge"));
        assert!(!page.contains("\ninsta "), "insta is for tests");
    }
}
