//! What is in a package: files with their paths, and the folder that they are laid out in.

use super::tools::{filter, run};
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum File {
    /// What is run.
    Program(Vec<u8>),
    /// What is read.
    Data(Vec<u8>),
    /// A symbolic link to this path.
    Link(String),
}

/// The files of a package by their paths below the top of the system.
pub(super) type Files = BTreeMap<String, File>;

/// Where a package puts what each family of distributions puts elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Debian,
    Fedora,
    /// An archive that is unpacked in `/usr/local`, or anywhere.
    Archive,
}

/// What packages have beside the program.
#[derive(Debug)]
pub(super) struct Content<'a> {
    pub(super) program: &'a [u8],
    /// The licences of what is linked into the program.
    pub(super) third_party: &'a str,
}

/// The services, all of which are off until somebody enables one.
const UNITS: [&str; 3] = ["netstat-record.service", "netstat-metrics.service", "netstat-ship.service"];

/// The name under which the program never gives way to another netstat.
const OTHER_NAME: &str = "nets";

/// The program in the packages of distributions. What is in the folder of commands is a link to it.
pub(super) const PROGRAM: &str = "usr/lib/netstat/netstat";

/// Returns the files of a package.
pub(super) fn files(family: Family, content: &Content) -> Result<Files> {
    let mut files = Files::new();
    let program = File::Program(content.program.to_vec());
    let is_archive = family == Family::Archive;
    let usr = if is_archive { "" } else { "usr/" };
    if is_archive {
        files.insert("bin/netstat".to_owned(), program);
    } else {
        files.insert(PROGRAM.to_owned(), program);
        files.insert(format!("usr/bin/{OTHER_NAME}"), File::Link("../lib/netstat/netstat".to_owned()));
        files.insert(
            "usr/lib/netstat/net-tools".to_owned(),
            File::Program(read("packaging/net-tools/netstat")?),
        );
        files.insert("usr/lib/netstat/caps".to_owned(), File::Program(read("packaging/caps/caps")?));
        files.insert(
            "usr/lib/sysusers.d/netstat.conf".to_owned(),
            File::Data(read("packaging/sysusers.d/netstat.conf")?),
        );
    }
    man(&mut files, usr, family)?;
    completions(&mut files, usr, family)?;
    let started = if is_archive { "/usr/local/bin/netstat" } else { "/usr/lib/netstat/netstat" };
    let units = if is_archive { "share/netstat" } else { "usr/lib/systemd/system" };
    for name in UNITS {
        let unit = String::from_utf8(read(&format!("packaging/systemd/{name}"))?)?;
        let unit = replaced(&unit, "ExecStart=/usr/bin/netstat ", &format!("ExecStart={started} "))?;
        files.insert(format!("{units}/{name}"), File::Data(unit.into_bytes()));
    }
    if is_archive {
        let users = read("packaging/sysusers.d/netstat.conf")?;
        files.insert("share/netstat/sysusers.conf".to_owned(), File::Data(users));
    }
    documents(&mut files, &format!("{usr}share/doc/netstat"))?;
    let licences = match family {
        Family::Debian | Family::Archive => format!("{usr}share/doc/netstat"),
        Family::Fedora => "usr/share/licenses/netstat".to_owned(),
    };
    files.insert(format!("{licences}/THIRD-PARTY"), File::Data(content.third_party.as_bytes().to_vec()));
    if family != Family::Debian {
        for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
            files.insert(format!("{licences}/{name}"), File::Data(read(name)?));
        }
    }
    Ok(files)
}

/// Adds the man pages, compressed where distributions do that.
fn man(files: &mut Files, usr: &str, family: Family) -> Result<()> {
    let compressed = family != Family::Archive;
    let end = if compressed { ".gz" } else { "" };
    for (page, folder) in [("docs/netstat.1", "man1"), ("docs/netstat.ko.1", "ko/man1")] {
        let text = read(page)?;
        let text = if compressed { filter("gzip", &["-9n"], &text)? } else { text };
        files.insert(format!("{usr}share/man/{folder}/netstat.1{end}"), File::Data(text));
        if compressed {
            let link = File::Link(format!("netstat.1{end}"));
            files.insert(format!("{usr}share/man/{folder}/{OTHER_NAME}.1{end}"), link);
        }
    }
    Ok(())
}

/// Adds the completions of the command, and of its other name.
fn completions(files: &mut Files, usr: &str, family: Family) -> Result<()> {
    let zsh = if family == Family::Debian { "vendor-completions" } else { "site-functions" };
    let scripts = [
        ("netstat.bash", "bash-completion/completions".to_owned(), "", ""),
        ("_netstat", format!("zsh/{zsh}"), "_", ""),
        ("netstat.fish", "fish/vendor_completions.d".to_owned(), "", ".fish"),
    ];
    for (script, folder, begin, end) in scripts {
        let text = read(&format!("crates/netstat-cli/completions/{script}"))?;
        if family != Family::Archive {
            let other = String::from_utf8(text.clone())?.replace("netstat", OTHER_NAME);
            files.insert(
                format!("{usr}share/{folder}/{begin}{OTHER_NAME}{end}"),
                File::Data(other.into_bytes()),
            );
        }
        files.insert(format!("{usr}share/{folder}/{begin}netstat{end}"), File::Data(text));
    }
    files.insert(
        format!("{usr}share/netstat/netstat.ps1"),
        File::Data(read("crates/netstat-cli/completions/netstat.ps1")?),
    );
    Ok(())
}

/// Adds the pages of the documentation, which link to each other.
pub(super) fn documents(files: &mut Files, folder: &str) -> Result<()> {
    for path in workspace::files()? {
        let is_page = path.starts_with("docs/") && (path.ends_with(".md") || path.ends_with(".json"));
        if is_page || ["README.md", "README.ko.md", "CHANGELOG.md"].contains(&path.as_str()) {
            files.insert(format!("{folder}/{path}"), File::Data(read(&path)?));
        }
    }
    Ok(())
}

/// Lays the files out in a folder, which is made anew, all of them changed at one time.
pub(super) fn lay_out(files: &Files, folder: &Path, time: u64) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    for (path, file) in files {
        let at = folder.join(path);
        let parent = at.parent().context("a file without a folder")?;
        fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        match file {
            File::Link(to) => symlink(to, &at)?,
            File::Program(bytes) | File::Data(bytes) => {
                fs::write(&at, bytes).with_context(|| at.display().to_string())?;
                let mode = if matches!(file, File::Program(_)) { 0o755 } else { 0o644 };
                fs::set_permissions(&at, fs::Permissions::from_mode(mode))?;
            }
        }
    }
    settle(folder, time)
}

/// Gives folders their mode, and everything one time.
pub(super) fn settle(folder: &Path, time: u64) -> Result<()> {
    let folder = folder.display().to_string();
    run("find", &[&folder, "-type", "d", "-exec", "chmod", "755", "{}", "+"])?;
    run("find", &[&folder, "-depth", "-exec", "touch", "-h", "-d", &format!("@{time}"), "{}", "+"])
}

/// Reads a file of the workspace.
pub(super) fn read(path: &str) -> Result<Vec<u8>> {
    fs::read(workspace::root().join(path)).with_context(|| path.to_owned())
}

/// Replaces what occurs once.
fn replaced(text: &str, old: &str, new: &str) -> Result<String> {
    if text.matches(old).count() != 1 {
        bail!("{old:?} does not occur once");
    }
    Ok(text.replace(old, new))
}

/// Fills a template: `@NAME@` becomes the value with this name. A name without a value is an error, and so is a value that
/// the template does not use.
pub(super) fn filled(template: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut text = template.to_owned();
    for (name, value) in values {
        let place = format!("@{name}@");
        if !text.contains(&place) {
            bail!("the template has no {place}");
        }
        text = text.replace(&place, value);
    }
    let mut pieces = text.split('@').skip(1);
    if let Some(name) = pieces.find(|piece| {
        piece.len() > 1 && piece.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')
    }) {
        bail!("the template has @{name}@, which nobody fills");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: Content = Content { program: b"\x7fELF", third_party: "licences\n" };

    fn text(files: &Files, path: &str) -> String {
        match files.get(path) {
            Some(File::Program(bytes) | File::Data(bytes)) => String::from_utf8(bytes.clone()).unwrap(),
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn no_package_of_a_distribution_has_the_file_of_net_tools() {
        for family in [Family::Debian, Family::Fedora] {
            let files = files(family, &CONTENT).unwrap();
            for path in ["usr/bin/netstat", "bin/netstat", "usr/share/man/man8/netstat.8.gz"] {
                assert!(!files.contains_key(path), "{path}");
            }
            assert_eq!(files["usr/bin/nets"], File::Link("../lib/netstat/netstat".to_owned()));
            assert_eq!(files[PROGRAM], File::Program(b"\x7fELF".to_vec()));
            // The wrapper runs the program where the package has it.
            assert!(text(&files, "usr/lib/netstat/net-tools").contains(&format!("exec /{PROGRAM} ")));
            let unit = text(&files, "usr/lib/systemd/system/netstat-record.service");
            assert!(unit.contains(&format!("ExecStart=/{PROGRAM} record --store /var/lib/netstat\n")));
            for name in UNITS {
                let unit = text(&files, &format!("usr/lib/systemd/system/{name}"));
                assert!(unit.contains(&format!("ExecStart=/{PROGRAM} ")), "{name}");
            }
        }
    }

    #[test]
    fn the_user_of_the_unit_is_the_one_that_is_made() {
        let files = files(Family::Debian, &CONTENT).unwrap();
        let users = text(&files, "usr/lib/sysusers.d/netstat.conf");
        for name in ["netstat-record.service", "netstat-ship.service"] {
            let unit = text(&files, &format!("usr/lib/systemd/system/{name}"));
            let user = unit.lines().find_map(|line| line.strip_prefix("User=")).unwrap();
            assert!(users.lines().any(|line| line.starts_with(&format!("u {user} "))), "{users}");
        }
    }

    #[test]
    fn completions_are_there_for_both_names() {
        let files = files(Family::Debian, &CONTENT).unwrap();
        let bash = "usr/share/bash-completion/completions";
        assert!(text(&files, &format!("{bash}/netstat")).contains("complete -F _netstat netstat\n"));
        assert!(text(&files, &format!("{bash}/nets")).contains("complete -F _nets nets\n"));
        assert!(text(&files, "usr/share/zsh/vendor-completions/_nets").starts_with("#compdef nets\n"));
    }

    #[test]
    fn pages_of_each_package_link_to_pages_that_it_has() {
        for (family, folder) in
            [(Family::Debian, "usr/share/doc/netstat"), (Family::Archive, "share/doc/netstat")]
        {
            let files = files(family, &CONTENT).unwrap();
            for page in ["README.md", "README.ko.md", "docs/options.md", "docs/schema/netstat-2.json"] {
                assert!(files.contains_key(&format!("{folder}/{page}")), "{page}");
            }
        }
    }

    #[test]
    fn templates_are_filled_whole() {
        assert_eq!(filled("v@A@ @A@ user@host", &[("A", "1")]).unwrap(), "v1 1 user@host");
        assert!(filled("@A@ @B_C@", &[("A", "1")]).is_err());
        assert!(filled("@A@", &[("A", "1"), ("B", "2")]).is_err());
    }
}
