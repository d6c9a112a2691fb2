//! The package of Fedora, Red Hat and SUSE, made by rpmbuild from a folder.

use super::layout::{self, Family, File, Files, filled};
use super::licences::expression;
use super::tools::{need, said};
use super::{Built, Release};
use crate::workspace;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Makes the package and returns its path.
pub(super) fn make(release: &Release, built: &Built, number: u32, folder: &Path) -> Result<PathBuf> {
    need("rpmbuild", "rpm")?;
    let machine = built.target.machine;
    let top = release.work.join(format!("rpm-{machine}"));
    let tree = top.join("tree");
    let files = layout::files(Family::Fedora, &built.content())?;
    layout::lay_out(&files, &tree, release.time)?;
    let spec = String::from_utf8(layout::read("packaging/rpm/netstat.spec")?)?;
    let day = said("date", &["-u", "-d", &format!("@{}", release.time), "+%a %b %d %Y"])?;
    let spec = filled(
        &spec,
        &[
            ("VERSION", &release.version),
            ("RELEASE", &number.to_string()),
            ("LICENCES", &expression(&built.linked)),
            ("HOME", &release.home),
            ("TREE", &tree.display().to_string()),
            ("FILES", &listed(&files)),
            ("DAY", day.trim()),
            ("MAINTAINER", &release.maintainer),
        ],
    )?;
    let path = top.join("netstat.spec");
    fs::write(&path, spec)?;
    let mut build = workspace::program("rpmbuild");
    build.env("SOURCE_DATE_EPOCH", release.time.to_string()).env("LC_ALL", "C");
    build.args(["-bb", "--quiet", "--target", &format!("{machine}-linux")]);
    build.args(["--define", &format!("_topdir {}", top.display())]).arg(&path);
    workspace::run(&mut build, "rpmbuild failed")?;
    let name = format!("netstat-{}-{number}.{machine}.rpm", release.version);
    let rpm = folder.join(&name);
    let made = top.join("RPMS").join(machine).join(&name);
    fs::copy(&made, &rpm).with_context(|| made.display().to_string())?;
    Ok(rpm)
}

/// Returns the list of files as rpmbuild reads it, with the folders that are the package's own.
fn listed(files: &Files) -> String {
    let mut lines = vec!["%defattr(-,root,root,-)".to_owned()];
    for folder in
        ["usr/lib/netstat", "usr/share/netstat", "usr/share/licenses/netstat", "usr/share/doc/netstat"]
    {
        lines.push(format!("%dir /{folder}"));
        let inner: BTreeSet<&str> = files
            .keys()
            .filter_map(|path| path.strip_prefix(folder)?.strip_prefix('/')?.rsplit_once('/'))
            .map(|(inner, _)| inner)
            .collect();
        lines.extend(inner.into_iter().map(|inner| format!("%dir /{folder}/{inner}")));
    }
    for (path, file) in files {
        let kind = match path.as_str() {
            path if path.starts_with("usr/share/doc/") => "%doc ",
            path if path.starts_with("usr/share/licenses/") => "%license ",
            _ => "",
        };
        let mode = if matches!(file, File::Data(_)) { "%attr(0644,root,root) " } else { "" };
        lines.push(format!("{kind}{mode}/{path}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_package_are_listed_and_others_are_not() {
        let data = || File::Data(Vec::new());
        let files = Files::from([
            ("usr/bin/nets".to_owned(), File::Link("x".to_owned())),
            ("usr/share/doc/netstat/docs/a.md".to_owned(), data()),
            ("usr/share/doc/netstat/docs/b/c.json".to_owned(), data()),
            ("usr/share/doc/netstat/docs/d.md".to_owned(), data()),
        ]);
        let listed = listed(&files);
        assert!(listed.contains("\n%dir /usr/share/doc/netstat/docs\n"), "{listed}");
        assert_eq!(listed.matches("%dir /usr/share/doc/netstat/docs\n").count(), 1);
        assert!(listed.contains("\n%doc %attr(0644,root,root) /usr/share/doc/netstat/docs/a.md\n"));
        assert!(listed.contains("\n/usr/bin/nets\n") && !listed.contains("%dir /usr/bin\n"));
    }
}
