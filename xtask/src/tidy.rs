//! The project's rules that no other tool checks. Each is a function of paths and text, and each complaint names a
//! file, a line, and what to do.

mod files;
mod layers;
mod links;
mod rust;
mod rust_rules;

use crate::{licences, workspace};
use anyhow::{Context, Result, bail};
use rust::Source;
use std::collections::BTreeMap;
use std::fmt;

/// The files that may hold `unsafe`, and why no safe code serves. In each of them `#![allow(unsafe_code)]` stands
/// at the top, and a SAFETY comment at each block.
const UNSAFE_FILES: &[(&str, &str)] = &[
    (
        "crates/netstat-os/src/linux/bpf/syscall.rs",
        "bpf(2) takes addresses and answers with descriptors, and rustix does not have it",
    ),
    (
        "crates/netstat-os/src/windows/live.rs",
        "the functions of Windows take buffers by address, and no safe crate has the tables of sockets",
    ),
    (
        "crates/netstat-os/src/windows/live/network.rs",
        "the functions of Windows take buffers by address, and no safe crate has the tables of routes and counters",
    ),
    (
        "crates/netstat-os/src/windows/live/registry.rs",
        "the values of a key are read whole, with their errors, which no safe crate does",
    ),
    (
        "crates/netstat-os/src/windows/live/names.rs",
        "GetNameInfoW takes buffers by address; the safe crates have the function of the ANSI code page",
    ),
    (
        "crates/netstat-cli/src/output/console.rs",
        "code pages and the modes of a console are functions of Windows that take buffers by address",
    ),
    (
        "crates/netstat-lab/examples/in_console/console.rs",
        "tests need pseudo consoles, for which the standard library has no call",
    ),
    (
        "crates/netstat-os/src/windows/live/connections.rs",
        "functions of Windows that are looked up when they are called, some of them not documented",
    ),
    (
        "crates/netstat-os/src/windows/live/processes.rs",
        "no safe crate answers with the bytes of what Windows says of a process, which the seam records",
    ),
    (
        "crates/netstat-lab/src/kernel.rs",
        "tests need namespaces and TUN devices, for which rustix has no safe call",
    ),
];

/// Something against the rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Complaint {
    path: String,
    line: usize,
    what: String,
}

impl Complaint {
    /// A complaint about a line, counted from 1.
    pub(crate) fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Checks every rule on every file of the project.
pub(crate) fn run() -> Result<()> {
    let mut texts = BTreeMap::new();
    for path in workspace::files()? {
        let bytes = std::fs::read(workspace::root().join(&path)).with_context(|| path.clone())?;
        texts.insert(path, bytes);
    }
    let mut complaints = of_files(&texts, UNSAFE_FILES);
    complaints.extend(licences::complaints()?);
    complaints.sort();
    if complaints.is_empty() {
        return Ok(());
    }
    for complaint in &complaints {
        println!("{complaint}");
    }
    bail!("{} complaints", complaints.len());
}

fn of_files(files: &BTreeMap<String, Vec<u8>>, unsafe_files: &[(&str, &str)]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let paths: Vec<&str> = files.keys().map(String::as_str).collect();
    let mut sources = BTreeMap::new();
    for (path, bytes) in files {
        complaints.extend(files::names(path));
        if !files::is_ours(path) {
            continue;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                complaints.extend(files::length(path, text));
                complaints.extend(files::blanks(path, text));
                if path.ends_with(".md") {
                    complaints.extend(links::broken(path, text, &paths));
                }
                if path.ends_with(".rs") {
                    sources.insert(path.as_str(), Source::new(text));
                }
            }
            Err(_) => complaints.push(Complaint::new(path, 1, "is not UTF-8; write it as UTF-8")),
        }
    }
    let test_files = rust::test_files(&sources);
    for (path, source) in &sources {
        let mut source = source.clone();
        if test_files.contains(*path) {
            source.all_test();
        }
        complaints.extend(rust_rules::attributes(path, &source, unsafe_files));
        complaints.extend(rust_rules::unsafe_code(path, &source, unsafe_files));
        complaints.extend(rust_rules::module_names(path, &source));
        complaints.extend(layers::crossed(path, &source));
    }
    complaints.extend(rust_rules::unsafe_list(&sources, unsafe_files));
    let manifest = files.get("fuzz/Cargo.toml").map(|bytes| String::from_utf8_lossy(bytes));
    complaints.extend(files::fuzz_targets(manifest.as_deref(), &paths));
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(files: &[(&str, &str)], unsafe_files: &[(&str, &str)]) -> Vec<String> {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        of_files(&files, unsafe_files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_rules_are_put_to_each_file() {
        let said = said(
            &[
                ("crates/netstat-core/src/lib.rs", "//! It.\n#[cfg(test)]\nmod fake;\nmod real;\n"),
                ("crates/netstat-core/src/fake.rs", "//! It.\nfn f() { println!(); }\n"),
                ("crates/netstat-core/src/real.rs", "//! It.\nfn f() { println!(); } \n"),
                ("crates/netstat-core/src/util.rs", "//! It.\n"),
                ("crates/netstat-core/tests/data.txt", "blanks are data here \n"),
                ("README.md", "[x](gone.md)\n"),
                ("fuzz/fuzz_targets/a.rs", "//! It.\n"),
            ],
            &[("src/gone.rs", "reason")],
        );
        let begins = [
            "README.md:1: links to gone.md",
            "crates/netstat-core/src/real.rs:2: ends in blanks",
            "crates/netstat-core/src/util.rs:1: is called util",
            "crates/netstat-core/src/real.rs:2: println! in the core",
            "src/gone.rs:1: is on the list",
            "fuzz/fuzz_targets/a.rs:1: is not in fuzz/Cargo.toml",
        ];
        for begin in begins {
            assert!(said.iter().any(|line| line.starts_with(begin)), "{begin} is not in {said:#?}");
        }
        assert_eq!(said.len(), begins.len(), "{said:#?}");
    }

    #[test]
    fn text_that_is_not_utf8_is_told_and_data_may_be_anything() {
        let files = BTreeMap::from([
            ("src/a.rs".to_owned(), vec![0xff]),
            ("tests/samples/a.txt".to_owned(), vec![0xff, b' ']),
            ("logo.png".to_owned(), vec![0xff]),
        ]);
        let said = of_files(&files, &[]);
        assert_eq!(said, [Complaint::new("src/a.rs", 1, "is not UTF-8; write it as UTF-8")]);
    }
}
