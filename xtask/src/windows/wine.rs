//! Wine, with a prefix that is made anew for each run.

use super::toolchain;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program itself; the script around it asks for 32-bit parts, which are not needed.
const WINE: &str = "/usr/lib/wine/wine64";
const SERVER: &str = "/usr/lib/wine/wineserver64";

/// The source of a DLL that older versions of Wine lack.
const SHIM: &str = "xtask/src/windows/bcryptprimitives.c";

/// Arguments of timeout: 300 s for one program, which stays in our process group and is killed together with it.
const LIMIT: [&str; 4] = ["--foreground", "-k", "10", "300"];

/// A running Wine. It ends with this value, and its prefix is removed.
pub(crate) struct Wine {
    prefix: PathBuf,
}

impl Wine {
    /// Makes a prefix in a folder, and starts Wine there.
    pub(crate) fn start(prefix: &Path) -> Result<Self> {
        let wine = Self { prefix: prefix.to_owned() };
        if prefix.exists() {
            wine.end();
            fs::remove_dir_all(prefix).with_context(|| prefix.display().to_string())?;
        }
        let boot = wine.command(&["wineboot", "--init"]).output().context("cannot run Wine")?;
        let system = prefix.join("drive_c/windows/system32");
        if !boot.status.success() || !system.is_dir() {
            bail!("Wine could not make its prefix: {}", String::from_utf8_lossy(&boot.stderr));
        }
        let dll = system.join("bcryptprimitives.dll");
        if !dll.exists() {
            toolchain::build_dll(&workspace::root().join(SHIM), &dll)?;
        }
        Ok(wine)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = workspace::program("timeout");
        command.args(LIMIT).arg(WINE).args(words);
        self.set(&mut command);
        command
    }

    fn set(&self, command: &mut Command) {
        command.env("WINEPREFIX", &self.prefix).env("WINEDEBUG", "-all").env("WINEARCH", "win64");
        // Wine must not ask about parts that are not installed.
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml=").env_remove("DISPLAY");
    }

    /// Runs a program, or one of Wine's own, and returns what it printed.
    pub(crate) fn run(&self, words: &[&str]) -> Result<String> {
        Ok(String::from_utf8_lossy(&workspace::output(self.command(words))?).into_owned())
    }

    /// Returns the folder that is `C:`.
    pub(crate) fn drive(&self) -> PathBuf {
        self.prefix.join("drive_c")
    }

    pub(super) fn version(&self) -> Result<String> {
        let said = String::from_utf8(workspace::output(self.command(&["--version"]))?)
            .context("the version of Wine")?;
        Ok(said.trim().to_owned())
    }

    /// Makes cargo run what it builds under this Wine.
    pub(super) fn runs_programs_of(&self, cargo: &mut Command, target: &str) {
        let variable = format!("CARGO_TARGET_{}_RUNNER", target.to_uppercase().replace('-', "_"));
        cargo.env(variable, format!("timeout {} {WINE}", LIMIT.join(" ")));
        cargo.env("NETSTAT_ON_WINE", "1");
        self.set(cargo);
    }

    /// Ends what still runs in the prefix, and waits until it has ended.
    fn end(&self) {
        let mut server = workspace::program(SERVER);
        server.arg("-k");
        self.set(&mut server);
        let _ = server.output();
        let mut server = workspace::program("timeout");
        server.args(["30", SERVER, "-w"]);
        self.set(&mut server);
        let _ = server.output();
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        self.end();
        // It takes hundreds of megabytes, and the next run makes a new one.
        let _ = fs::remove_dir_all(&self.prefix);
    }
}
