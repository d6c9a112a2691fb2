//! Rules about files as such: how long, what they are called, how their lines end.

use super::complaint::Complaint;

/// The most lines a file may have.
const LONGEST: usize = 600;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 7] = ["util", "utils", "common", "helper", "helpers", "misc", "shared"];

/// What kinds of files we write by hand. Everything else, and all but Rust in a folder of tests, is data: samples,
/// recordings, snapshots.
const WRITTEN: [&str; 9] = ["rs", "toml", "md", "c", "h", "sh", "yml", "yaml", "json"];

/// Whether a path has a folder of this name.
fn has_folder(path: &str, names: &[&str]) -> bool {
    path.rsplit_once('/').is_some_and(|(folders, _)| folders.split('/').any(|folder| names.contains(&folder)))
}

/// Whether a file is text that we write.
pub(super) fn is_ours(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if extension != "rs" && has_folder(path, &["tests", "generated"]) {
        return false;
    }
    WRITTEN.contains(&extension) || path == ".ci/run" || name == ".gitignore"
}

/// No file is longer than a person can find something in.
pub(super) fn length(path: &str, text: &str) -> Option<Complaint> {
    let lines = text.lines().count();
    let counted = [".rs", ".c", ".h"].iter().any(|end| path.ends_with(end))
        && !has_folder(path, &["tests", "benches", "fuzz", "generated"]);
    (counted && lines > LONGEST).then(|| {
        let what = format!("has {lines} lines, more than {LONGEST}; split it by what its parts are for");
        Complaint::new(path, LONGEST + 1, what)
    })
}

/// Whether a module must not have this name.
pub(super) fn says_nothing(name: &str) -> bool {
    EMPTY_NAMES.contains(&name)
}

/// No module is called after nothing in particular.
pub(super) fn names(path: &str) -> Option<Complaint> {
    let stem = path.strip_suffix(".rs")?;
    let name = stem.split('/').find(|name| says_nothing(name))?;
    Some(Complaint::new(path, 1, format!("is called {name}; name it after what it does")))
}

/// No blanks at the ends of lines, and an end to the last line.
pub(super) fn blanks(path: &str, text: &str) -> Vec<Complaint> {
    let mut complaints: Vec<Complaint> = text
        .split('\n')
        .enumerate()
        .filter(|(_, line)| line.ends_with([' ', '\t', '\r']))
        .map(|(at, _)| Complaint::new(path, at + 1, "ends in blanks; take them away"))
        .collect();
    let lines = text.lines().count().max(1);
    if !text.is_empty() && !text.ends_with('\n') {
        complaints.push(Complaint::new(path, lines, "does not end its last line; add a newline"));
    }
    if text.ends_with("\n\n") {
        complaints.push(Complaint::new(path, lines, "ends in empty lines; take them away"));
    }
    complaints
}

/// Every fuzz target is in the manifest, and everything in the manifest is there.
pub(super) fn fuzz_targets(manifest: Option<&str>, paths: &[&str]) -> Vec<Complaint> {
    let manifest = manifest.unwrap_or_default();
    let listed: Vec<(usize, &str)> = manifest
        .lines()
        .enumerate()
        .filter_map(|(at, line)| {
            let value = line.trim().strip_prefix("path")?.trim_start().strip_prefix('=')?;
            let path = value.trim().trim_matches('"');
            path.starts_with("fuzz_targets/").then_some((at + 1, path))
        })
        .collect();
    let mut complaints = Vec::new();
    for path in paths {
        let Some(target) = path.strip_prefix("fuzz/") else { continue };
        let top = target.strip_prefix("fuzz_targets/").is_some_and(|name| !name.contains('/'));
        if top && target.ends_with(".rs") && !listed.iter().any(|(_, listed)| *listed == target) {
            complaints.push(Complaint::new(path, 1, "is not in fuzz/Cargo.toml; add a [[bin]] for it"));
        }
    }
    for (line, target) in listed {
        if !paths.contains(&format!("fuzz/{target}").as_str()) {
            let what = format!("names {target}, which is not there; remove the entry");
            complaints.push(Complaint::new("fuzz/Cargo.toml", line, what));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_hundred_lines_are_enough() {
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
    fn lines_end_where_their_text_does() {
        assert_eq!(blanks("a.md", "one\ntwo\n"), []);
        assert_eq!(blanks("a.md", ""), []);
        assert_eq!(blanks("a.md", "one \n\ttwo\t\nthree\r\n").len(), 3);
        assert_eq!(blanks("a.md", "one\ntwo")[0].line, 2);
        assert_eq!(blanks("a.md", "one\n\n").len(), 1);
    }

    #[test]
    fn data_is_not_ours() {
        for ours in ["README.md", "src/a.rs", "tests/a.rs", ".ci/run", "fuzz/.gitignore", "a/tests/b/c.rs"] {
            assert!(is_ours(ours), "{ours}");
        }
        for data in ["tests/samples/a.md", "a/tests/x.snap", "logo.png", "completions/_netstat", "a/b.snap"] {
            assert!(!is_ours(data), "{data}");
        }
    }

    #[test]
    fn fuzz_targets_and_their_manifest_agree() {
        let manifest = "[[bin]]\nname = \"a\"\npath = \"fuzz_targets/a.rs\"\n";
        assert_eq!(fuzz_targets(Some(manifest), &["fuzz/fuzz_targets/a.rs"]), []);
        let said = fuzz_targets(Some(manifest), &["fuzz/fuzz_targets/b.rs"]);
        assert_eq!(said.len(), 2);
        assert!(said[0].to_string().starts_with("fuzz/fuzz_targets/b.rs:1: is not in"));
        assert!(said[1].to_string().starts_with("fuzz/Cargo.toml:3: names fuzz_targets/a.rs"));
        assert_eq!(fuzz_targets(None, &["fuzz/fuzz_targets/a.rs"]).len(), 1);
        assert_eq!(fuzz_targets(None, &["src/a.rs"]), []);
    }
}
