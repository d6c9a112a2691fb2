//! Wine, with a Windows of its own that is made anew for each run.

use super::toolchain;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program itself: the script around it asks for 32-bit parts, which are not needed.
const WINE: &str = "/usr/lib/wine/wine64";
const SERVER: &str = "/usr/lib/wine/wineserver64";

/// The DLL that Wine may lack.
const SHIM: &str = "xtask/src/windows/bcryptprimitives.c";

/// Seconds for one program. It stays in the process group of this one, so that who ends that ends it too.
const LIMIT: [&str; 4] = ["--foreground", "-k", "10", "300"];

/// A running Wine; it and its Windows end with the value.
pub(super) struct Wine {
    prefix: PathBuf,
}

impl Wine {
    /// Makes an empty Windows in a folder.
    pub(super) fn start(prefix: &Path) -> Result<Self> {
        let wine = Self { prefix: prefix.to_owned() };
        if prefix.exists() {
            wine.end();
            fs::remove_dir_all(prefix).with_context(|| prefix.display().to_string())?;
        }
        let boot = wine.command(&["wineboot", "--init"]).output().context("Wine could not be started")?;
        let system = prefix.join("drive_c/windows/system32");
        if !boot.status.success() || !system.is_dir() {
            bail!("Wine could not make its folder: {}", String::from_utf8_lossy(&boot.stderr));
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
        // No questions about parts that are not installed.
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml=").env_remove("DISPLAY");
    }

    pub(super) fn version(&self) -> Result<String> {
        let said =
            String::from_utf8(workspace::output(self.command(&["--version"]))?).context("its version")?;
        Ok(said.trim().to_owned())
    }

    /// Lets cargo run what it builds under this Wine.
    pub(super) fn runs_programs_of(&self, cargo: &mut Command, target: &str) {
        let variable = format!("CARGO_TARGET_{}_RUNNER", target.to_uppercase().replace('-', "_"));
        cargo.env(variable, format!("timeout {} {WINE}", LIMIT.join(" ")));
        cargo.env("NETSTAT_ON_WINE", "1");
        self.set(cargo);
    }

    /// Ends what still runs in its Windows, and waits for that.
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
        // It has hundreds of megabytes, and the next run makes its own.
        let _ = fs::remove_dir_all(&self.prefix);
    }
}
