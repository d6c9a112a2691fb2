//! A private root of apt: packages of other releases, from where this machine gets its own, without touching it.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One suite that this machine has packages from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    uri: String,
    suite: String,
    signed_by: Option<String>,
}

/// The suites that this machine has packages from.
#[derive(Debug)]
pub(super) struct Sources {
    sources: Vec<Source>,
    /// The code name of its release.
    own: String,
}

impl Sources {
    /// Reads those of this machine.
    pub(super) fn of_this_machine() -> Result<Self> {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let own = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
        let own = own.context("this machine does not say which release it is")?.trim_matches('"').to_owned();
        let mut paths = vec![PathBuf::from("/etc/apt/sources.list")];
        if let Ok(folder) = fs::read_dir("/etc/apt/sources.list.d") {
            paths.extend(folder.flatten().map(|entry| entry.path()));
        }
        let mut sources = Vec::new();
        for path in paths {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("list") => sources.extend(text.lines().filter_map(one_line)),
                Some("sources") => sources.extend(text.split("\n\n").flat_map(stanza)),
                _ => {}
            }
        }
        Ok(Self { sources, own })
    }

    /// Returns a list of sources with suites of another release: where this machine has `CODENAME-security` from, that of
    /// the other release is looked for. What this machine does not have is where its release itself is.
    fn for_release(&self, release: &str, suites: &[&str]) -> Result<String> {
        let mut lines = String::new();
        for ending in suites {
            let is = |wanted: &str| self.sources.iter().find(|source| source.suite == wanted);
            let source = is(&format!("{}{ending}", self.own)).or_else(|| is(&self.own));
            let source = source.with_context(|| format!("this machine has no packages of {}", self.own))?;
            let key = source.signed_by.as_ref().map(|key| format!("[signed-by={key}] "));
            lines += &format!("deb {}{} {release}{ending} main\n", key.unwrap_or_default(), source.uri);
        }
        Ok(lines)
    }
}

/// Decodes `deb [signed-by=KEY] URI SUITE COMPONENTS`.
fn one_line(line: &str) -> Option<Source> {
    let rest = line.trim().strip_prefix("deb ")?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace();
    let signed_by = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
    Some(Source {
        uri: words.next()?.to_owned(),
        suite: words.next()?.to_owned(),
        signed_by: signed_by.map(str::to_owned),
    })
}

/// Decodes a paragraph of `Key: value` lines, which may name several suites.
fn stanza(text: &str) -> Vec<Source> {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.map(str::trim).filter(|value| !value.is_empty())
    };
    let (Some(types), Some(uris), Some(suites)) = (value("Types"), value("URIs"), value("Suites")) else {
        return Vec::new();
    };
    let Some(uri) = uris.split_whitespace().next().filter(|_| types.split_whitespace().any(|t| t == "deb"))
    else {
        return Vec::new();
    };
    let made = |suite: &str| Source {
        uri: uri.to_owned(),
        suite: suite.to_owned(),
        signed_by: value("Signed-By").map(str::to_owned),
    };
    suites.split_whitespace().map(made).collect()
}

/// A private root with the lists of packages of some suites.
#[derive(Debug)]
pub(super) struct Root {
    folder: PathBuf,
}

impl Root {
    /// Makes one, and fetches the lists. Suites that are not to be had are left out by apt, which says so.
    pub(super) fn make(folder: &Path, release: &str, suites: &[&str]) -> Result<Self> {
        for part in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part)).with_context(|| folder.display().to_string())?;
        }
        fs::write(folder.join("state/status"), "")?;
        fs::write(folder.join("sources.list"), Sources::of_this_machine()?.for_release(release, suites)?)?;
        let root = Self { folder: folder.to_owned() };
        let mut update = root.apt("apt-get");
        update.args(["-qq", "update"]);
        // Fails where one suite is not to be had as well; what is missing then is missed below.
        update.status().context("cannot run apt-get")?;
        Ok(root)
    }

    fn apt(&self, program: &str) -> Command {
        let mut apt = workspace::program("timeout");
        apt.args(["-k", "10", "300", program]);
        for (key, part) in [
            ("Dir::State", "state"),
            ("Dir::State::status", "state/status"),
            ("Dir::Cache", "cache"),
            ("Dir::Etc::sourcelist", "sources.list"),
        ] {
            apt.arg("-o").arg(format!("{key}={}", self.folder.join(part).display()));
        }
        for setting in [
            "Dir::Etc::sourceparts=/dev/null",
            "Dir::Etc::preferences=/dev/null",
            "Dir::Etc::preferencesparts=/dev/null",
            "APT::Sandbox::User=root",
            "APT::Architecture=amd64",
            "Acquire::Languages=none",
            "Acquire::Retries=1",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
        ] {
            apt.args(["-o", setting]);
        }
        apt
    }

    /// Returns the packages that a package needs, by names alone; `None` if it is not there.
    pub(super) fn needs(&self, package: &str) -> Result<Option<Vec<String>>> {
        let mut show = self.apt("apt-cache");
        show.args(["show", "--no-all-versions", package]).stderr(Stdio::null());
        let said = show.output().context("cannot run apt-cache")?;
        let said = String::from_utf8_lossy(&said.stdout);
        if !said.lines().any(|line| line.starts_with("Package:")) {
            return Ok(None);
        }
        let needs = said.lines().find_map(|line| line.strip_prefix("Depends:")).unwrap_or_default();
        let name = |need: &str| need.split_whitespace().next().unwrap_or_default().to_owned();
        Ok(Some(needs.split(',').map(name).collect()))
    }

    /// Downloads packages into a folder; fails where one is not to be had.
    pub(super) fn download(&self, packages: &[String], folder: &Path) -> Result<()> {
        let mut download = self.apt("apt-get");
        download.args(["-qq", "download"]).args(packages).current_dir(folder);
        let done = download.output().context("cannot run apt-get")?;
        if !done.status.success() {
            bail!("{}", String::from_utf8_lossy(&done.stderr).lines().next().unwrap_or("apt-get failed"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(own: &str, text: &str) -> Sources {
        let sources = text.lines().filter_map(one_line).chain(text.split("\n\n").flat_map(stanza)).collect();
        Sources { sources, own: own.to_owned() }
    }

    #[test]
    fn suites_of_another_release_are_where_those_of_this_one_are() {
        let old = sources("one", "# deb http://c one main\ndeb [signed-by=/k] http://a one main\n");
        assert_eq!(
            old.for_release("two", &["", "-security"]).unwrap(),
            "deb [signed-by=/k] http://a two main\ndeb [signed-by=/k] http://a two-security main\n"
        );
        let new = sources(
            "one",
            "Types: deb\nURIs: http://a\nSuites: one one-updates\nSigned-By: /k\n\n\
             Types: deb deb-src\nURIs: http://b\nSuites: one-security\n",
        );
        assert_eq!(
            new.for_release("two", &["-security", ""]).unwrap(),
            "deb http://b two-security main\ndeb [signed-by=/k] http://a two main\n"
        );
        assert!(sources("three", "deb http://a one main").for_release("two", &[""]).is_err());
    }
}
