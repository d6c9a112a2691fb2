//! The package of Debian and what came of it, made by dpkg-deb from a folder.

use super::layout::{self, Family, File, Files, filled};
use super::tools::{filter, need, run, said};
use super::{Built, Release};
use anyhow::{Context, Result};
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];

/// Makes the package and returns its path. `revision` is what stands behind the version of the program, from 1.
pub(super) fn make(release: &Release, built: &Built, revision: u32, folder: &Path) -> Result<PathBuf> {
    need("dpkg-deb", "dpkg")?;
    let version = format!("{}-{revision}", release.version);
    let tree = release.work.join(format!("deb-{}", built.target.deb));
    let mut files = layout::files(Family::Debian, &built.content())?;
    add_documents(&mut files, release, &version)?;
    layout::lay_out(&files, &tree, release.time)?;
    let size = said("du", &["-sk", "--apparent-size", &tree.display().to_string()])?;
    let size = size.split_whitespace().next().context("du said nothing")?;
    let control = String::from_utf8(layout::read("packaging/deb/control")?)?;
    let control = filled(
        &control,
        &[
            ("VERSION", &version),
            ("ARCHITECTURE", built.target.deb),
            ("MAINTAINER", &release.maintainer),
            ("SIZE", size),
        ],
    )?;
    let to = tree.join("DEBIAN");
    fs::create_dir(&to)?;
    fs::write(to.join("control"), control)?;
    fs::write(to.join("triggers"), layout::read("packaging/deb/triggers")?)?;
    fs::write(to.join("md5sums"), md5_sums(&files)?)?;
    for name in SCRIPTS {
        fs::write(to.join(name), layout::read(&format!("packaging/deb/{name}"))?)?;
    }
    for entry in fs::read_dir(&to)? {
        let path = entry?.path();
        let is_script = path.file_name().is_some_and(|name| SCRIPTS.iter().any(|script| name == *script));
        fs::set_permissions(&path, fs::Permissions::from_mode(if is_script { 0o755 } else { 0o644 }))?;
    }
    layout::settle(&tree, release.time)?;
    let deb = folder.join(format!("netstat_{version}_{}.deb", built.target.deb));
    let time = format!("SOURCE_DATE_EPOCH={}", release.time);
    let words = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build"];
    run(
        "env",
        &[&[time.as_str()], &words[..], &[&tree.display().to_string(), &deb.display().to_string()]].concat(),
    )?;
    Ok(deb)
}

/// Adds what Debian wants to find beside the pages: the changes, the licences, and what its checker must not complain of.
fn add_documents(files: &mut Files, release: &Release, version: &str) -> Result<()> {
    let folder = "usr/share/doc/netstat";
    if let Some(File::Data(changes)) = files.remove(&format!("{folder}/CHANGELOG.md")) {
        files.insert(format!("{folder}/changelog.gz"), File::Data(filter("gzip", &["-9n"], &changes)?));
    }
    let day = said("date", &["-u", "-R", "-d", &format!("@{}", release.time)])?;
    let changes = format!(
        "netstat ({version}) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- {}  {}\n",
        release.maintainer,
        day.trim()
    );
    let changes = filter("gzip", &["-9n"], changes.as_bytes())?;
    files.insert(format!("{folder}/changelog.Debian.gz"), File::Data(changes));
    let expat = String::from_utf8(layout::read("LICENSE-MIT")?)?;
    let mut indented = String::new();
    for line in expat.lines().skip_while(|line| !line.starts_with("Permission")) {
        let _ = writeln!(indented, " {}", if line.is_empty() { "." } else { line });
    }
    let copyright = String::from_utf8(layout::read("packaging/deb/copyright")?)?;
    let copyright = filled(&copyright, &[("HOME", &release.home), ("EXPAT", indented.trim_end())])?;
    files.insert(format!("{folder}/copyright"), File::Data(copyright.into_bytes()));
    let overrides = layout::read("packaging/deb/lintian-overrides")?;
    files.insert("usr/share/lintian/overrides/netstat".to_owned(), File::Data(overrides));
    Ok(())
}

fn md5_sums(files: &Files) -> Result<String> {
    let mut text = String::new();
    for (path, file) in files {
        if let File::Program(bytes) | File::Data(bytes) = file {
            let sum = String::from_utf8(filter("md5sum", &[], bytes)?)?;
            let _ =
                writeln!(text, "{}  {path}", sum.split_whitespace().next().context("md5sum said nothing")?);
        }
    }
    Ok(text)
}
