//! The files that the program itself writes from its option table and its lists of checks and columns, and the Korean of
//! the pages that measurements write.

use crate::measured;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// What a file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The output of `netstat --generate` with this value, in this language.
    Program(&'static str, &'static str),
    /// A page in English, which is put into Korean.
    English(&'static str),
}

use Origin::{English, Program};

const FILES: [(Origin, &str); 12] = [
    (Program("man", "en"), "docs/netstat.1"),
    (Program("man", "ko"), "docs/netstat.ko.1"),
    (Program("markdown", "en"), "docs/options.md"),
    (Program("markdown", "ko"), "docs/options.ko.md"),
    (Program("schema", "en"), "docs/schema/netstat-2.json"),
    (Program("check-schema", "en"), "docs/schema/check-2.json"),
    (Program("checks", "en"), "docs/check.md"),
    (Program("checks", "ko"), "docs/check.ko.md"),
    (Program("dialects", "en"), "docs/dialects.md"),
    (Program("dialects", "ko"), "docs/dialects.ko.md"),
    (English("docs/accuracy.md"), "docs/accuracy.ko.md"),
    (English("docs/performance.md"), "docs/performance.ko.md"),
];

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Program(kind, language) => write!(f, "the output of netstat --lang {language} --generate {kind}"),
            English(page) => write!(f, "the Korean of {page}"),
        }
    }
}

/// Writes the files whose contents are out of date.
pub(crate) fn write() -> Result<()> {
    write_all(&workspace::root(), &made)
}

/// Fails if a file is out of date, and names each that is.
pub(crate) fn check() -> Result<()> {
    let stale = stale(&workspace::root(), &made)?;
    if stale.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = stale.into_iter().map(|stale| stale.complaint).collect();
    bail!("{}\nrun cargo xtask generate", lines.join("\n"));
}

fn made(of: Origin) -> Result<Vec<u8>> {
    match of {
        Program(kind, language) => {
            let mut cargo = workspace::cargo();
            cargo.args(["run", "--quiet", "--locked", "--package", "netstat-cli", "--bin", "netstat", "--"]);
            cargo.args(["--lang", language, "--generate", kind]);
            workspace::output(cargo)
        }
        English(page) => {
            let text = fs::read_to_string(workspace::root().join(page)).with_context(|| page.to_owned())?;
            Ok(measured::korean(&text)?.into_bytes())
        }
    }
}

type Generate = dyn Fn(Origin) -> Result<Vec<u8>>;

/// A file that is missing or out of date.
struct Stale {
    file: &'static str,
    path: PathBuf,
    fresh: Vec<u8>,
    complaint: String,
}

fn write_all(root: &Path, generate: &Generate) -> Result<()> {
    for Stale { file, path, fresh, .. } in stale(root, generate)? {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&path, fresh).with_context(|| format!("cannot write {}", path.display()))?;
        println!("wrote {file}");
    }
    Ok(())
}

fn stale(root: &Path, generate: &Generate) -> Result<Vec<Stale>> {
    let mut stale = Vec::new();
    for (origin, file) in FILES {
        let fresh = generate(origin).with_context(|| origin.to_string())?;
        if fresh.is_empty() {
            bail!("{origin} is empty");
        }
        let path = root.join(file);
        let complaint = match fs::read(&path) {
            Ok(old) if old == fresh => continue,
            Ok(old) => {
                let line = first_difference(&old, &fresh);
                format!("{file}:{line}: differs from {origin}")
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => format!("{file}: is missing"),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        stale.push(Stale { file, path, fresh, complaint });
    }
    Ok(stale)
}

/// Returns the number of the first line that differs, counted from 1.
fn first_difference(old: &[u8], fresh: &[u8]) -> usize {
    let same = old.iter().zip(fresh).take_while(|(old, fresh)| old == fresh);
    1 + same.filter(|(byte, _)| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_and_missing_files_are_named_and_rewritten() {
        let root = std::env::temp_dir().join(format!("netstat-xtask-generate-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("docs")).unwrap();
        fs::write(root.join("docs/netstat.1"), "one\ntwo of man\n").unwrap();
        fs::write(root.join("docs/options.md"), "one\nnot it\n").unwrap();
        let fake = |origin: Origin| match origin {
            Program(kind, "en") => Ok(format!("one\ntwo of {kind}\n").into_bytes()),
            other => Ok(other.to_string().into_bytes()),
        };

        let lines = |root: &Path| -> Vec<String> {
            stale(root, &fake).unwrap().into_iter().map(|stale| stale.complaint).collect()
        };
        let complaints = lines(&root);
        assert_eq!(complaints.len(), FILES.len() - 1, "{complaints:?}");
        assert_eq!(complaints[0], "docs/netstat.ko.1: is missing");
        assert_eq!(
            complaints[1],
            "docs/options.md:2: differs from the output of netstat --lang en --generate markdown"
        );

        write_all(&root, &fake).unwrap();
        assert_eq!(lines(&root), Vec::<String>::new());
        assert_eq!(fs::read(root.join("docs/dialects.md")).unwrap(), b"one\ntwo of dialects\n");
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_program_that_writes_nothing_overwrites_nothing() {
        let root = std::env::temp_dir().join(format!("netstat-xtask-empty-{}", std::process::id()));
        let error = write_all(&root, &|_| Ok(Vec::new())).unwrap_err().to_string();
        assert!(error.contains("--generate man is empty"), "{error}");
        assert!(!root.exists());
        assert!(stale(&root, &|_| bail!("no such option")).is_err());
    }

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference(b"a\nb\nc\n", b"a\nB\nc\n"), 2);
        assert_eq!(first_difference(b"a\n", b"a\nb\n"), 2);
        assert_eq!(first_difference(b"", b"a\n"), 1);
    }
}
