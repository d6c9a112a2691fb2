//! Archives, the same bytes whenever they are made: sorted, of one time, owned by nobody.

use super::tools::{filter, run_in, said};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Returns a tar of what is in a folder, `what` of it, with everything changed at one time.
pub(super) fn tar(folder: &Path, what: &[&str], time: u64) -> Result<Vec<u8>> {
    let time = format!("--mtime=@{time}");
    let folder = folder.display().to_string();
    let words = [
        "--sort=name",
        "--format=gnu",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        &time,
        "-C",
        &folder,
        "-cf",
        "-",
    ];
    filter("tar", &[&words, what].concat(), b"")
}

/// Compresses as gzip, without a name and a time.
pub(super) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    filter("gzip", &["-9n"], bytes)
}

/// Compresses as Zstandard.
pub(super) fn zstd(bytes: &[u8]) -> Result<Vec<u8>> {
    filter("zstd", &["-19", "-q", "-T1"], bytes)
}

/// Makes a zip of the files in a folder, which have their time already. Folders have no entries of their own.
pub(super) fn zip(folder: &Path, archive: &Path) -> Result<()> {
    if archive.exists() {
        fs::remove_file(archive)?;
    }
    let listed = said("find", &[&folder.display().to_string(), "-type", "f", "-printf", "%P\n"])?;
    let mut names: Vec<&str> = listed.lines().collect();
    names.sort_unstable();
    let archive = archive.display().to_string();
    // Zip keeps local times.
    let words = [&["TZ=UTC", "zip", "-X", "-q", "-9", &archive][..], &names].concat();
    run_in(folder, "env", &words)
}

/// Writes the sums of the files in a folder to `SHA256SUMS` there, for `sha256sum -c`.
pub(super) fn sums(folder: &Path) -> Result<()> {
    let mut text = String::new();
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() && name != "SHA256SUMS" {
            names.push(name);
        }
    }
    names.sort_unstable();
    for name in names {
        let bytes = fs::read(folder.join(&name)).with_context(|| name.clone())?;
        text.push_str(&format!("{}  {name}\n", super::tools::sha256(&bytes)?));
    }
    fs::write(folder.join("SHA256SUMS"), text).context("SHA256SUMS")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::layout::{File, Files, lay_out};
    use crate::package::tools::is_here;

    #[test]
    fn the_same_files_make_the_same_bytes_wherever_they_lie() {
        for tool in ["zip", "zstd"] {
            if !is_here(tool) {
                return netstat_lab::skip(format!("{tool} is missing"));
            }
        }
        let folder = std::env::temp_dir().join(format!("netstat-xtask-archive-{}", std::process::id()));
        let files = |order: [&str; 3]| -> Files {
            order.map(|name| (name.to_owned(), File::Data(name.as_bytes().to_vec()))).into()
        };
        let mut made = Vec::new();
        for (name, order) in [("one", ["b", "a/c", "a/b"]), ("two", ["a/c", "a/b", "b"])] {
            let tree = folder.join(name).join("tree");
            lay_out(&files(order), &tree, 1_700_000_000).unwrap();
            let tar = tar(tree.parent().unwrap(), &["tree"], 1_700_000_000).unwrap();
            let archive = folder.join(name).join("a.zip");
            zip(&tree, &archive).unwrap();
            made.push([gzip(&tar).unwrap(), zstd(&tar).unwrap(), fs::read(archive).unwrap(), tar]);
        }
        assert!(made[0] == made[1]);
        sums(&folder.join("one")).unwrap();
        run_in(&folder.join("one"), "sha256sum", &["-c", "--quiet", "SHA256SUMS"]).unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}
