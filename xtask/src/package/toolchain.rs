//! The compilers of the packages: the Rust of this machine with the standard library of each target, and Zig, which
//! compiles C for all of them and links for Windows.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A system that programs are built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// What Rust calls it.
    pub(super) triple: &'static str,
    /// What Zig calls it.
    zig: &'static str,
    /// What Debian calls the processor.
    pub(super) deb: &'static str,
    /// What RPM, Linux and the names of our archives call the processor.
    pub(super) machine: &'static str,
    /// What OCI calls the processor.
    pub(super) oci: &'static str,
}

pub(super) const LINUX: [Target; 2] = [
    Target {
        triple: "x86_64-unknown-linux-musl",
        zig: "x86_64-linux-musl",
        deb: "amd64",
        machine: "x86_64",
        oci: "amd64",
    },
    Target {
        triple: "aarch64-unknown-linux-musl",
        zig: "aarch64-linux-musl",
        deb: "arm64",
        machine: "aarch64",
        oci: "arm64",
    },
];

/// Windows on ARM. That on x86_64 is built by `cargo xtask windows`, whose tests it passes.
pub(super) const WINDOWS_ARM: Target = Target {
    triple: "aarch64-pc-windows-gnullvm",
    zig: "aarch64-windows-gnu",
    deb: "arm64",
    machine: "aarch64",
    oci: "arm64",
};

/// The Zig that is installed from PyPI, a folder with everything that it needs. Another one makes other bytes.
const ZIG: &str = "ziglang==0.17.1";

/// The compilers, and the sources that they compile.
#[derive(Debug)]
pub(super) struct Toolchain {
    sources: PathBuf,
    folder: PathBuf,
    sysroot: PathBuf,
    commit: String,
}

impl Toolchain {
    /// Finds the compiler, and installs Zig if it is not there yet. `sources` is the top of a workspace; what is built
    /// goes below `folder`.
    pub(super) fn new(sources: &Path, folder: &Path) -> Result<Self> {
        let mut rustc = workspace::program("rustc");
        rustc.args(["--print", "sysroot"]);
        let sysroot = PathBuf::from(String::from_utf8(workspace::output(rustc)?)?.trim_end());
        let mut rustc = workspace::program("rustc");
        rustc.arg("-vV");
        let said = String::from_utf8(workspace::output(rustc)?)?;
        let commit = said.lines().find_map(|line| line.strip_prefix("commit-hash: "));
        let commit = commit.context("rustc does not tell its commit")?.to_owned();
        let zig = tools().join("ziglang/zig");
        if !zig.exists() {
            println!("== {ZIG}");
            let mut pip = workspace::program("python3");
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
            pip.args(["--only-binary", ":all:", "--target"]).arg(tools()).arg(ZIG);
            workspace::run(&mut pip, "Zig could not be installed: it takes python3-pip and PyPI")?;
        }
        Ok(Self { sources: sources.to_owned(), folder: folder.to_owned(), sysroot, commit })
    }

    /// Builds the program for a target and returns its path.
    pub(super) fn build(&self, target: Target) -> Result<PathBuf> {
        println!("== {}", target.triple);
        self.install_std(target)?;
        let compiler = wrapper(&format!("cc-{}", target.triple), &compiler_script(target))?;
        let archiver = wrapper("ar", &format!("#!/bin/sh\nexec {} ar \"$@\"\n", zig().display()))?;
        let variable = target.triple.replace('-', "_");
        let linker = if target == WINDOWS_ARM { compiler.as_path() } else { Path::new("rust-lld") };
        let mut cargo = workspace::cargo();
        cargo.current_dir(&self.sources);
        for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        cargo.env(format!("CC_{variable}"), &compiler).env(format!("AR_{variable}"), archiver);
        cargo.env("ZIG_GLOBAL_CACHE_DIR", tools().join("cache"));
        cargo.env("ZIG_LOCAL_CACHE_DIR", tools().join("cache"));
        cargo.env(format!("CARGO_TARGET_{}_LINKER", variable.to_uppercase()), linker);
        cargo.env(format!("CARGO_TARGET_{}_RUSTFLAGS", variable.to_uppercase()), self.flags()?.join(" "));
        cargo.env("CARGO_TARGET_DIR", &self.folder).env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
        cargo.args(["build", "--release", "--locked", "--quiet", "--target", target.triple]);
        cargo.args(["--package", "netstat-cli", "--bin", "netstat"]);
        workspace::run(&mut cargo, &format!("the build for {} failed", target.triple))?;
        let name = if target == WINDOWS_ARM { "netstat.exe" } else { "netstat" };
        let program = self.folder.join(target.triple).join("release").join(name);
        let bytes = fs::read(&program).with_context(|| program.display().to_string())?;
        tells_nothing_of(&bytes, &self.paths()?)?;
        Ok(program)
    }

    /// Installs the standard library of a target, if rustup manages the compiler. One that is not to be had is missed
    /// by the build, which says so.
    fn install_std(&self, target: Target) -> Result<()> {
        if self.sysroot.join("lib/rustlib").join(target.triple).exists() {
            return Ok(());
        }
        let mut rustup = workspace::program("rustup");
        rustup.args(["target", "add", target.triple]);
        workspace::run(&mut rustup, &format!("the standard library for {} is not to be had", target.triple))
    }

    /// Returns the flags of the compiler: paths of this machine are not in the program. Those of the standard library
    /// are as in its own build, whether its source is here or not.
    fn flags(&self) -> Result<Vec<String>> {
        let std = self.sysroot.join("lib/rustlib/src/rust");
        let to = |path: &Path| {
            if std == path { format!("/rustc/{}", self.commit) } else { ".".to_owned() }
        };
        let flags: Vec<String> = self
            .paths()?
            .iter()
            .map(|path| format!("--remap-path-prefix={}={}", path.display(), to(path)))
            .collect();
        if let Some(flag) = flags.iter().find(|flag| flag.contains(' ')) {
            bail!("a folder has a blank in its name, which cargo takes for the end of a flag: {flag}");
        }
        Ok(flags)
    }

    /// Returns the folders of this machine that source code is compiled from.
    fn paths(&self) -> Result<Vec<PathBuf>> {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).context("where is cargo?")?;
        Ok(vec![self.sources.clone(), home, self.sysroot.join("lib/rustlib/src/rust")])
    }
}

/// Returns the folder of what is installed for the packages alone.
fn tools() -> PathBuf {
    workspace::target().join("package/tools")
}

fn zig() -> PathBuf {
    tools().join("ziglang/zig")
}

/// Returns a compiler of C as the crate `cc` calls it: with a triple that Zig does not read. What is not optimized would
/// call a library of checks, which only Zig's linker brings.
fn compiler_script(target: Target) -> String {
    format!(
        "#!/bin/sh\nfor word; do\n    shift\n    case $word in --target=*) ;; *) set -- \"$@\" \"$word\" ;; esac\ndone\n\
         exec {} cc -target {} -fno-sanitize=undefined \"$@\"\n",
        zig().display(),
        target.zig
    )
}

/// Writes a script that calls a part of Zig.
fn wrapper(name: &str, script: &str) -> Result<PathBuf> {
    let path = tools().join(name);
    fs::write(&path, script).with_context(|| path.display().to_string())?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

/// Fails if a program has one of these paths in it.
fn tells_nothing_of(program: &[u8], paths: &[PathBuf]) -> Result<()> {
    for path in paths {
        let path = path.display().to_string();
        if program.windows(path.len()).any(|found| found == path.as_bytes()) {
            bail!("the program has {path} in it, a path of this machine");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_machine_in_a_program_is_found() {
        let paths = [PathBuf::from("/home/builder/src")];
        assert!(tells_nothing_of(b"\0crates/netstat-os/src/lib.rs\0", &paths).is_ok());
        assert!(tells_nothing_of(b"\0/home/builder/src/a.rs", &paths).is_err());
    }

    #[test]
    fn zig_is_not_told_the_triple_of_rust() {
        let script = compiler_script(LINUX[1]).replace(&zig().display().to_string(), "echo");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script, "cc", "--target=aarch64-unknown-linux-musl", "-O3", "a b.c"]);
        let said = workspace::output(shell).unwrap();
        assert_eq!(
            String::from_utf8(said).unwrap(),
            "cc -target aarch64-linux-musl -fno-sanitize=undefined -O3 a b.c\n"
        );
    }
}
