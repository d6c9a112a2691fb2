//! Debian's compiler, which builds the standard library for Windows from source.

use crate::workspace;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const TARGET: &str = "x86_64-pc-windows-gnu";
const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";
const CLIPPY: &str = "/usr/bin/clippy-driver";
pub(super) const GCC: &str = "x86_64-w64-mingw32-gcc";

pub(super) struct Toolchain {
    sources: PathBuf,
    target_folder: PathBuf,
}

impl Toolchain {
    pub(super) fn new() -> Self {
        Self::of(&workspace::root(), &workspace::target().join("windows"))
    }

    /// Compiles the workspace in a folder into another one.
    pub(super) fn of(sources: &Path, target_folder: &Path) -> Self {
        Self { sources: sources.to_owned(), target_folder: target_folder.to_owned() }
    }

    /// Returns the folder of the programs for Windows.
    pub(super) fn folder(&self) -> PathBuf {
        self.target_folder.join(TARGET)
    }

    /// Returns the folders of this machine that source code is compiled from.
    pub(super) fn paths(&self) -> Result<Vec<PathBuf>> {
        let mut rustc = workspace::program(RUSTC);
        rustc.args(["--print", "sysroot"]);
        let sysroot = PathBuf::from(String::from_utf8(workspace::output(rustc)?)?.trim_end());
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
        let mut paths = vec![self.sources.clone()];
        for path in home.into_iter().chain([sysroot.join("lib/rustlib/src/rust")]) {
            // The compiler sees either where one is a link to the other.
            paths.extend(path.canonicalize().ok().filter(|real| *real != path));
            paths.push(path);
        }
        Ok(paths)
    }

    /// Prepares cargo for Windows, without the variables that the cargo that runs this program has set.
    pub(super) fn cargo(&self, words: &[&str]) -> Command {
        let mut cargo = workspace::program(CARGO);
        cargo.current_dir(&self.sources);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let of_the_user = ["CARGO_HOME", "CARGO_INCREMENTAL"].contains(&name.as_str())
                || name.starts_with("CARGO_PROFILE_");
            if name.starts_with("CARGO") && !of_the_user || name.starts_with("RUST") {
                cargo.env_remove(name);
            }
        }
        cargo.env("RUSTC", RUSTC).env("RUSTC_BOOTSTRAP", "1");
        cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", GCC);
        cargo.env("CARGO_TARGET_DIR", &self.target_folder);
        // Full debug information would take gigabytes, and nobody debugs under Wine.
        const DEBUG: &str = "CARGO_PROFILE_DEV_DEBUG";
        if std::env::var_os(DEBUG).is_none() {
            cargo.env(DEBUG, "line-tables-only");
        }
        let (word, rest) = words.split_first().unwrap_or((&"build", &[]));
        cargo.arg(word).args(["--locked", "-Zbuild-std=std,panic_abort", "--target", TARGET]);
        // Makes warnings errors in the workspace; `RUSTFLAGS` would also apply to the standard library.
        cargo.args(["-Zwarnings", "--config", "build.warnings=\"deny\""]).args(rest);
        cargo
    }

    /// Runs cargo with these words.
    pub(super) fn build(&self, words: &[&str]) -> Result<()> {
        workspace::run(&mut self.cargo(words), "the build for Windows failed")
    }

    /// Runs Clippy. `cargo clippy` would pick the Clippy of another toolchain where one is installed.
    pub(super) fn lint(&self, words: &[&str]) -> Result<()> {
        let mut cargo = self.cargo(&["check", "--all-targets", "--keep-going"]);
        cargo.args(words).env("RUSTC_WORKSPACE_WRAPPER", CLIPPY);
        workspace::run(&mut cargo, "fix what Clippy found in code for Windows")
    }
}

/// Returns the setting of cargo that takes these folders off the paths of source files.
pub(super) fn remapped(paths: &[PathBuf]) -> String {
    let flags = paths.iter().map(|path| format!("'--remap-path-prefix={}=.'", path.display()));
    format!("build.rustflags=[{}]", flags.collect::<Vec<_>>().join(", "))
}

/// Compiles a C file to a DLL.
pub(super) fn build_dll(source: &Path, dll: &Path) -> Result<()> {
    let mut gcc = workspace::program(GCC);
    gcc.args(["-shared", "-O2", "-Wall", "-Werror", "-s", "-o"]).arg(dll).arg(source).arg("-ladvapi32");
    workspace::output(gcc).map(drop)
}
