//! Packages for every system, all of them made on this machine.

mod archive;
mod container;
mod deb;
mod layout;
mod licences;
mod recipes;
mod rpm;
mod sbom;
mod toolchain;
mod tools;
mod trial;
mod windows;

use crate::workspace;
use anyhow::{Context, Result, bail};
use layout::{Content, Family};
use licences::Linked;
use std::fs;
use std::path::{Path, PathBuf};
use toolchain::{LINUX, Target, Toolchain};

/// What stands for the home of the project where `Cargo.toml` names no repository: a name that can lead nowhere.
const NOWHERE: &str = "https://netstat.invalid";

/// What is released, and where its parts are made.
#[derive(Debug)]
struct Release {
    version: String,
    /// The time that everything in it has, in seconds since 1970: that of the last commit, or `SOURCE_DATE_EPOCH`.
    time: u64,
    /// The day of that time.
    date: String,
    /// Where the project is found.
    home: String,
    maintainer: String,
    /// The folder of what is made on the way.
    work: PathBuf,
}

/// The program for a target of Linux, and what goes with it.
#[derive(Debug)]
struct Built {
    target: Target,
    program: Vec<u8>,
    third_party: String,
    linked: Linked,
}

impl Release {
    fn new(work: PathBuf, time: u64) -> Result<Self> {
        let home = env!("CARGO_PKG_REPOSITORY");
        if home.is_empty() {
            println!("note: Cargo.toml names no repository; what tells where the project is says {NOWHERE}");
        }
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            time,
            date: workspace::date(Some(time))?,
            home: if home.is_empty() { NOWHERE } else { home }.to_owned(),
            maintainer: "the netstat developers <maintainers@netstat.invalid>".to_owned(),
            work,
        })
    }

    #[cfg(test)]
    fn for_tests() -> Self {
        Self {
            version: "1.2.3".to_owned(),
            time: 1_700_000_000,
            date: "2023-11-14".to_owned(),
            home: NOWHERE.to_owned(),
            maintainer: "nobody <nobody@netstat.invalid>".to_owned(),
            work: std::env::temp_dir(),
        }
    }
}

impl Built {
    fn new(toolchain: &Toolchain, target: Target) -> Result<Self> {
        let program = toolchain.build(target)?;
        let program = fs::read(&program).with_context(|| program.display().to_string())?;
        let linked = licences::linked(target.triple)?;
        let third_party = licences::third_party(&linked)?;
        Ok(Self { target, program, third_party, linked })
    }

    fn content(&self) -> Content<'_> {
        Content { program: &self.program, third_party: &self.third_party }
    }
}

/// Returns `SOURCE_DATE_EPOCH`, else the time of the last commit.
fn time() -> Result<u64> {
    let time = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => tools::said("git", &["log", "-1", "--format=%ct"])?,
    };
    time.trim().parse().context("SOURCE_DATE_EPOCH is not a number of seconds")
}

/// Makes what is named, or everything; tries it with `--test`; makes it twice with `--check`.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let top = workspace::target().join("package");
    let (options, names): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|word| word.starts_with('-'));
    let wanted = Wanted::new(&names)?;
    match options[..] {
        [] => make(&wanted, &workspace::root(), &top, time()?, false),
        ["--test"] => make(&wanted, &workspace::root(), &top, time()?, true),
        ["--check"] => check(&wanted, &top),
        _ => bail!("package has no options {}", options.join(" ")),
    }
}

/// Fails unless the same sources in another folder make the same bytes.
fn check(wanted: &Wanted, top: &Path) -> Result<()> {
    let time = time()?;
    let again = top.join("again");
    let sources = again.join("sources");
    if sources.exists() {
        fs::remove_dir_all(&sources)?;
    }
    for path in workspace::files()? {
        let to = sources.join(&path);
        fs::create_dir_all(to.parent().context("a file without a folder")?)?;
        fs::copy(workspace::root().join(&path), &to).with_context(|| path.clone())?;
    }
    for (sources, top) in [(workspace::root(), top), (sources, &again)] {
        let out = top.join("out");
        if out.exists() {
            fs::remove_dir_all(&out)?;
        }
        make(wanted, &sources, top, time, false)?;
    }
    let folders = [top.join("out"), again.join("out")].map(|folder| folder.display().to_string());
    tools::run("diff", &["-r", &folders[0], &folders[1]]).context("two builds are not the same")?;
    println!("two builds in two folders are the same bytes");
    Ok(())
}

/// What can be asked for by name: kinds of packages, and processors.
const KINDS: [&str; 5] = ["archives", "deb", "rpm", "container", "windows"];
const MACHINES: [&str; 2] = ["x86_64", "aarch64"];

/// What is wanted: all kinds where none is named, for all processors where none is named.
#[derive(Debug)]
struct Wanted<'a>(&'a [&'a str]);

impl<'a> Wanted<'a> {
    fn new(names: &'a [&'a str]) -> Result<Self> {
        if let Some(name) = names.iter().find(|name| !KINDS.contains(name) && !MACHINES.contains(name)) {
            bail!("there is no package {name}; there are {}, {}", KINDS.join(", "), MACHINES.join(", "));
        }
        Ok(Self(names))
    }

    fn has(&self, name: &str) -> bool {
        let group: &[&str] = if MACHINES.contains(&name) { &MACHINES } else { &KINDS };
        self.0.contains(&name) || !self.0.iter().any(|name| group.contains(name))
    }
}

fn make(wanted: &Wanted, sources: &Path, top: &Path, time: u64, tries: bool) -> Result<()> {
    let release = Release::new(top.join("work"), time)?;
    let out = top.join("out");
    fs::create_dir_all(&out)?;
    fs::create_dir_all(&release.work)?;
    let toolchain = Toolchain::new(sources, &top.join("build"))?;
    if wanted.has("windows") {
        let mut programs = Vec::new();
        if wanted.has("x86_64") {
            let folder = if sources == workspace::root() { workspace::target() } else { top.to_owned() }
                .join("windows");
            programs.push(windows::Program::x86_64(&release, sources, &folder)?);
        }
        if wanted.has("aarch64") {
            match windows::Program::aarch64(&release, &toolchain) {
                Ok(program) => programs.push(program),
                Err(error) => trial::skip("Windows on ARM", &format!("{error:#}")),
            }
        }
        for program in &programs {
            windows::zip(&release, program, &out)?;
            windows::msi(&release, program, &out)?;
            if tries {
                fs::create_dir_all(top.join("trial"))?;
                windows::try_them(&release, program, &out, &top.join("trial"))?;
            }
        }
    }
    let for_linux = ["archives", "deb", "rpm", "container"].iter().any(|kind| wanted.has(kind));
    for target in LINUX.into_iter().filter(|target| for_linux && wanted.has(target.machine)) {
        let built = Built::new(&toolchain, target)?;
        let is_native = target.machine == std::env::consts::ARCH;
        if wanted.has("archives") {
            archives(&release, &built, &out)?;
        }
        if wanted.has("deb") {
            deb::make(&release, &built, 1, &out)?;
        }
        if wanted.has("rpm") {
            rpm::make(&release, &built, 1, &out)?;
        }
        let image = wanted.has("container").then(|| container::make(&release, &built, &out)).transpose()?;
        archive::sums(&out)?;
        if !tries {
            continue;
        }
        let work = top.join("trial");
        fs::create_dir_all(&work)?;
        if wanted.has("archives") {
            trial::try_archives(&release, &built, &out, &work)?;
        }
        if let Some(image) = image {
            trial::try_container(&release, &built, &image, &work)?;
        }
        if wanted.has("deb") && is_native {
            trial::try_deb(&release, &built, &work)?;
        }
        if wanted.has("rpm") && is_native {
            trial::try_rpm(&release, &built, &work)?;
        }
    }
    recipes::write(&release, &out)?;
    archive::sums(&out)
}

/// Makes the archives for systems without a package, and the bill of what is in the program.
fn archives(release: &Release, built: &Built, out: &Path) -> Result<()> {
    let name = format!("netstat-{}-{}-linux", release.version, built.target.machine);
    let tree = release.work.join(&name);
    layout::lay_out(&layout::files(Family::Archive, &built.content())?, &tree, release.time)?;
    let tar = archive::tar(&release.work, &[&name], release.time)?;
    fs::write(out.join(format!("{name}.tar.gz")), archive::gzip(&tar)?)?;
    fs::write(out.join(format!("{name}.tar.zst")), archive::zstd(&tar)?)?;
    let bill = serde_json::to_string_pretty(&sbom::bill(release, &built.linked))? + "\n";
    Ok(fs::write(out.join(format!("{name}.cdx.json")), bill)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_processors_are_named_apart() {
        let wanted = Wanted::new(&[]).unwrap();
        assert!(wanted.has("deb") && wanted.has("aarch64"));
        let wanted = Wanted::new(&["deb"]).unwrap();
        assert!(wanted.has("deb") && !wanted.has("rpm") && wanted.has("aarch64"));
        let wanted = Wanted::new(&["aarch64"]).unwrap();
        assert!(wanted.has("rpm") && wanted.has("aarch64") && !wanted.has("x86_64"));
        assert!(Wanted::new(&["dep"]).unwrap_err().to_string().contains("deb"));
    }
}
