//! The files that the program itself writes from its table of options.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::{fs, io};

/// A word for `netstat --generate`, and the file its output goes to.
const FILES: [(&str, &str); 9] = [
    ("man", "docs/netstat.1"),
    ("markdown", "docs/options.md"),
    ("complete-bash", "completions/netstat.bash"),
    ("complete-zsh", "completions/_netstat"),
    ("complete-fish", "completions/netstat.fish"),
    ("complete-powershell", "completions/netstat.ps1"),
    ("schema", "docs/schema/netstat-2.json"),
    ("check-schema", "docs/schema/check-1.json"),
    ("checks", "docs/check.md"),
];

/// Writes the files that are not what the program would write.
pub(crate) fn write() -> Result<()> {
    write_all(&workspace::root(), &by_the_program)
}

/// Fails if a file is not what the program would write, and says which.
pub(crate) fn check() -> Result<()> {
    let stale = stale(&workspace::root(), &by_the_program)?;
    if stale.is_empty() {
        return Ok(());
    }
    bail!("{}\nrun cargo xtask generate", stale.join("\n"));
}

fn by_the_program(kind: &str) -> Result<Vec<u8>> {
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--quiet", "--locked", "--package", "netstat-cli", "--bin", "netstat", "--"]);
    cargo.args(["--generate", kind]);
    workspace::output(cargo)
}

type Generate = dyn Fn(&str) -> Result<Vec<u8>>;

fn generated(generate: &Generate, kind: &str) -> Result<Vec<u8>> {
    let fresh = generate(kind).with_context(|| format!("netstat --generate {kind}"))?;
    if fresh.is_empty() {
        bail!("netstat --generate {kind} wrote nothing");
    }
    Ok(fresh)
}

fn current(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn write_all(root: &Path, generate: &Generate) -> Result<()> {
    for (kind, file) in FILES {
        let fresh = generated(generate, kind)?;
        let path = root.join(file);
        if current(&path)?.as_ref() == Some(&fresh) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(&path, fresh).with_context(|| format!("cannot write {}", path.display()))?;
        println!("wrote {file}");
    }
    Ok(())
}

/// One line for each file that is not what it should be.
fn stale(root: &Path, generate: &Generate) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for (kind, file) in FILES {
        let fresh = generated(generate, kind)?;
        match current(&root.join(file))? {
            None => stale.push(format!("{file}: is not there")),
            Some(old) if old != fresh => {
                let line = first_difference(&old, &fresh);
                stale.push(format!("{file}:{line}: is not what netstat --generate {kind} writes"));
            }
            Some(_) => {}
        }
    }
    Ok(stale)
}

/// The first line, counted from 1, that differs.
fn first_difference(old: &[u8], fresh: &[u8]) -> usize {
    let same = old.iter().zip(fresh).take_while(|(old, fresh)| old == fresh);
    1 + same.filter(|(byte, _)| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_and_missing_files_are_told_and_mended() {
        let root = std::env::temp_dir().join(format!("netstat-xtask-generate-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("docs")).unwrap();
        fs::write(root.join("docs/netstat.1"), "one\ntwo of man\n").unwrap();
        fs::write(root.join("docs/options.md"), "one\nnot it\n").unwrap();
        let fake = |kind: &str| Ok(format!("one\ntwo of {kind}\n").into_bytes());

        let complaints = stale(&root, &fake).unwrap();
        assert_eq!(complaints.len(), FILES.len() - 1, "{complaints:?}");
        assert_eq!(complaints[0], "docs/options.md:2: is not what netstat --generate markdown writes");
        assert_eq!(complaints[1], "completions/netstat.bash: is not there");

        write_all(&root, &fake).unwrap();
        assert_eq!(stale(&root, &fake).unwrap(), Vec::<String>::new());
        assert_eq!(fs::read(root.join("completions/_netstat")).unwrap(), b"one\ntwo of complete-zsh\n");
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_program_that_writes_nothing_overwrites_nothing() {
        let root = std::env::temp_dir().join(format!("netstat-xtask-empty-{}", std::process::id()));
        let error = write_all(&root, &|_| Ok(Vec::new())).unwrap_err().to_string();
        assert!(error.contains("--generate man wrote nothing"), "{error}");
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
