//! The project's rules that no other tool checks. Each is a function of paths and text, and each complaint names a
//! file, a line, and what to do.

mod code;
mod complaint;
mod files;
mod floors;
mod languages;
mod licences;
mod links;
mod modules;
mod pages;
mod rust;

use crate::workspace;
use anyhow::{Context, Result, bail};
use complaint::Complaint;
use rust::Source;
use std::collections::BTreeMap;

/// The files that may hold `unsafe`. Each says at its top, in `#![expect(unsafe_code, reason = "..")]`, why no safe code
/// serves; Clippy asks for a SAFETY comment at each block.
const UNSAFE_FILES: &[&str] = &[
    "crates/netstat-os/src/linux/bpf/ring.rs",
    "crates/netstat-os/src/linux/bpf/syscall.rs",
    "crates/netstat-os/src/linux/bpf/table.rs",
    "crates/netstat-os/src/linux/mapping.rs",
    "crates/netstat-os/src/linux/packet_ring.rs",
    "crates/netstat-os/src/linux/sockopt.rs",
    "crates/netstat-os/src/windows/live.rs",
    "crates/netstat-os/src/windows/live/network.rs",
    "crates/netstat-os/src/windows/live/registry.rs",
    "crates/netstat-os/src/windows/live/names.rs",
    "crates/netstat-cli/src/output/at_start.rs",
    "crates/netstat-cli/src/output/console.rs",
    "crates/netstat-cli/src/output/interrupt.rs",
    "crates/netstat-lab/examples/in_console/console.rs",
    "crates/netstat-os/src/windows/live/actions.rs",
    "crates/netstat-os/src/windows/live/connections.rs",
    "crates/netstat-os/src/windows/live/iphlpapi.rs",
    "crates/netstat-os/src/windows/live/processes.rs",
    "crates/netstat-lab/src/kernel.rs",
    "crates/netstat-cli/src/report/service/folder.rs",
    "crates/netstat-cli/src/report/service/manager.rs",
    "crates/netstat-cli/src/report/service/running.rs",
    "crates/netstat-os/src/windows/live/trace.rs",
];

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

fn of_files(files: &BTreeMap<String, Vec<u8>>, unsafe_files: &[&str]) -> Vec<Complaint> {
    let text = |path: &str| files.get(path).map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
    let mut complaints = Vec::new();
    let paths: Vec<&str> = files.keys().map(String::as_str).collect();
    let guides = [text("docs/README.md"), text("docs/README.ko.md")];
    let mut sources = BTreeMap::new();
    for (path, bytes) in files {
        complaints.extend(files::names(path));
        if !files::is_ours(path) {
            continue;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            complaints.push(Complaint::new(path, 1, "is not UTF-8; write it as UTF-8"));
            continue;
        };
        complaints.extend(files::length(path, text));
        complaints.extend(files::blanks(path, text));
        if path.ends_with(".md") {
            complaints.extend(links::broken(path, text, &paths));
            let [english, korean] = &guides;
            complaints.extend(links::hidden(
                path,
                text,
                if path.ends_with(".ko.md") { korean } else { english },
            ));
            complaints.extend(pages::complaints(path, text, &|path| {
                files.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            }));
        }
        if path.ends_with(".rs") {
            match Source::parse(text) {
                Ok(source) => drop(sources.insert(path.as_str(), source)),
                Err(error) => complaints.push(Complaint::new(path, 1, format!("is not Rust: {error}"))),
            }
        }
    }
    for (path, source) in &sources {
        complaints.extend(code::disabled_tests(path, source));
        complaints.extend(code::module_names(path, source));
        complaints.extend(code::model(path, source));
    }
    complaints.extend(code::unsafe_files(&sources, unsafe_files));
    complaints.extend(languages::complaints(&sources));
    complaints.extend(floors::complaints(&modules::edges(&sources), &text(floors::TABLE)));
    complaints.extend(files::fuzz_targets(&text("fuzz/Cargo.toml"), &paths));
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_applied() {
        let files = [
            ("crates/a/src/lib.rs", "//! A.\n#[cfg(test)]\nmod fake;\nmod real;\nmod low;\n"),
            ("crates/a/src/fake.rs", "//! Fake.\nuse crate::low::L;\n"),
            ("crates/a/src/real.rs", "//! Real.\nuse crate::low::L; \n"),
            ("crates/a/src/low.rs", "//! Low.\nunsafe fn f() {}\n"),
            ("crates/a/src/util.rs", "//! Util.\n"),
            ("crates/a/src/broken.rs", "fn f() {\n"),
            ("crates/a/tests/data.txt", "blanks are data here \n"),
            ("README.md", "[한국어](README.ko.md) [x](gone.md)\n"),
            ("README.ko.md", "[English](README.md)\n\n# 가\n"),
            ("fuzz/fuzz_targets/a.rs", "//! It.\n"),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
        let said: Vec<String> =
            of_files(&files.into(), &["src/gone.rs"]).iter().map(ToString::to_string).collect();
        let begins = [
            "README.md:1: links to gone.md",
            "README.ko.md:1: has other headings",
            "crates/a/src/real.rs:2: ends in blanks",
            "crates/a/src/real.rs:2: a/real uses a/low",
            "crates/a/src/util.rs:1: is called util",
            "crates/a/src/low.rs:2: holds unsafe",
            "crates/a/src/broken.rs:1: is not Rust",
            "src/gone.rs:1: holds no unsafe",
            "fuzz/fuzz_targets/a.rs:1: is not in fuzz/Cargo.toml",
        ];
        for begin in begins {
            assert!(said.iter().any(|line| line.starts_with(begin)), "{begin} is not in {said:#?}");
        }
        assert_eq!(said.len(), begins.len(), "{said:#?}");
    }

    #[test]
    fn text_must_be_utf8_and_data_may_be_anything() {
        let files = BTreeMap::from([
            ("src/a.rs".to_owned(), vec![0xff]),
            ("tests/samples/a.txt".to_owned(), vec![0xff, b' ']),
            ("logo.png".to_owned(), vec![0xff]),
        ]);
        let said = of_files(&files, &[]);
        assert_eq!(said, [Complaint::new("src/a.rs", 1, "is not UTF-8; write it as UTF-8")]);
    }
}
