//! Rules about any file: its length, its name, the ends of its lines.

use super::complaint::Complaint;

/// The most lines a file may have.
const LONGEST: usize = 600;

/// Names that say nothing about the contents.
const EMPTY_NAMES: [&str; 7] = ["util", "utils", "common", "helper", "helpers", "misc", "shared"];

/// Extensions of files written by hand. All others, and all but Rust in a folder of tests, are data: samples, recordings,
/// snapshots.
const WRITTEN: [&str; 9] = ["rs", "toml", "md", "c", "h", "sh", "yml", "yaml", "json"];

/// Returns true if a path has a folder with one of these names.
fn has_folder(path: &str, names: &[&str]) -> bool {
    path.rsplit_once('/').is_some_and(|(folders, _)| folders.split('/').any(|folder| names.contains(&folder)))
}

/// Returns true if a file is written by hand.
pub(super) fn is_ours(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if extension != "rs" && has_folder(path, &["tests", "generated"]) {
        return false;
    }
    WRITTEN.contains(&extension) || path == ".ci/run" || name == ".gitignore"
}

/// No source file has more than 600 lines.
pub(super) fn length(path: &str, text: &str) -> Option<Complaint> {
    let lines = text.lines().count();
    let counted = [".rs", ".c", ".h"].iter().any(|end| path.ends_with(end))
        && !has_folder(path, &["tests", "benches", "fuzz", "generated"]);
    (counted && lines > LONGEST).then(|| {
        let what = format!("has {lines} lines, more than {LONGEST}; split it by what its parts are for");
        Complaint::new(path, LONGEST + 1, what)
    })
}

/// Returns true if a module must not have this name.
pub(super) fn says_nothing(name: &str) -> bool {
    EMPTY_NAMES.contains(&name)
}

/// No Rust file or folder has an empty name.
pub(super) fn names(path: &str) -> Option<Complaint> {
    let stem = path.strip_suffix(".rs")?;
    let name = stem.split('/').find(|name| says_nothing(name))?;
    Some(Complaint::new(path, 1, format!("is called {name}; name it after what it does")))
}

/// No line ends in blanks, and the last line ends.
pub(super) fn blanks(path: &str, text: &str) -> Vec<Complaint> {
    let mut complaints: Vec<Complaint> = text
        .split('\n')
        .enumerate()
        .filter(|(_, line)| line.ends_with([' ', '\t', '\r']))
        .map(|(at, _)| Complaint::new(path, at + 1, "ends in blanks; remove them"))
        .collect();
    let lines = text.lines().count().max(1);
    if !text.is_empty() && !text.ends_with('\n') {
        complaints.push(Complaint::new(path, lines, "has no newline at its end; add it"));
    }
    if text.ends_with("\n\n") {
        complaints.push(Complaint::new(path, lines, "ends in empty lines; remove them"));
    }
    complaints
}

/// Every fuzz target is in the manifest. That each entry of the manifest has its file is for cargo to see.
pub(super) fn fuzz_targets(manifest: &str, paths: &[&str]) -> Vec<Complaint> {
    let is_missing = |path: &&&str| {
        let target = path.strip_prefix("fuzz/").filter(|target| target.starts_with("fuzz_targets/"));
        target.is_some_and(|target| {
            target.matches('/').count() == 1 && !manifest.contains(&format!("\"{target}\""))
        })
    };
    let what = "is not in fuzz/Cargo.toml; add a [[bin]] for it";
    paths.iter().filter(is_missing).map(|path| Complaint::new(path, 1, what)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_hundred_lines_are_the_most() {
        assert_eq!(length("src/a.rs", &"x\n".repeat(600)), None);
        let complaint = length("src/a.rs", &"x\n".repeat(601)).unwrap();
        assert!(complaint.to_string().starts_with("src/a.rs:601: has 601 lines"));
        assert!(length("src/tests.rs", &"x\n".repeat(601)).is_some());
        assert_eq!(length("tests/a.rs", &"x\n".repeat(601)), None);
        assert_eq!(length("fuzz/fuzz_targets/a.rs", &"x\n".repeat(601)), None);
        assert_eq!(length("docs/a.md", &"x\n".repeat(601)), None);
    }

    #[test]
    fn names_that_say_nothing() {
        assert!(names("src/util.rs").is_some());
        assert!(names("src/helpers/mod.rs").is_some());
        assert!(names("tests/common/mod.rs").is_some());
        assert_eq!(names("src/utility_bill.rs"), None);
        assert_eq!(names("docs/common/a.md"), None);
    }

    #[test]
    fn lines_do_not_end_in_blanks() {
        assert_eq!(blanks("a.md", "one\ntwo\n"), []);
        assert_eq!(blanks("a.md", ""), []);
        assert_eq!(blanks("a.md", "one \n\ttwo\t\nthree\r\n").len(), 3);
        assert_eq!(blanks("a.md", "one\ntwo")[0].line, 2);
        assert_eq!(blanks("a.md", "one\n\n").len(), 1);
    }

    #[test]
    fn data_is_not_checked() {
        for ours in ["README.md", "src/a.rs", "tests/a.rs", ".ci/run", "fuzz/.gitignore", "a/tests/b/c.rs"] {
            assert!(is_ours(ours), "{ours}");
        }
        for data in [
            "tests/samples/a.md",
            "a/tests/x.snap",
            "logo.png",
            "crates/netstat-cli/completions/_netstat",
            "a/b.snap",
        ] {
            assert!(!is_ours(data), "{data}");
        }
    }

    #[test]
    fn fuzz_targets_are_in_the_manifest() {
        let manifest = "[[bin]]\nname = \"a\"\npath = \"fuzz_targets/a.rs\"\n";
        let paths = ["fuzz/fuzz_targets/a.rs", "fuzz/fuzz_targets/x/part.rs", "src/a.rs"];
        assert_eq!(fuzz_targets(manifest, &paths), []);
        assert_eq!(fuzz_targets("", &paths).len(), 1);
    }
}
