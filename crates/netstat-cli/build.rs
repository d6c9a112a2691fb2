//! Puts the manifest and the version into the program for Windows, and no time of the build. Does nothing for other
//! systems.
//!
//! No crate serves: those that do this bring a dozen others, for what one call of the tool of each linker does.

use std::env;
use std::path::PathBuf;
use std::process::Command;

const MANIFEST: &str = "windows/netstat.manifest";
const RESOURCES: &str = "windows/netstat.rc";

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={MANIFEST}");
    println!("cargo::rerun-if-changed={RESOURCES}");
    if variable("CARGO_CFG_TARGET_OS")? != "windows" {
        return Ok(());
    }
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    if variable("CARGO_CFG_TARGET_ENV")? == "msvc" {
        // Its linker takes a manifest as it is; a version would take a compiler that only the SDK has.
        println!("cargo::rustc-link-arg-bins=/MANIFEST:EMBED");
        println!("cargo::rustc-link-arg-bins=/Brepro");
        // Libraries are those of the system folder, also what the program imports.
        println!("cargo::rustc-link-arg-bins=/DEPENDENTLOADFLAG:0x800");
        println!("cargo::rustc-link-arg-bins=/MANIFESTINPUT:{}", folder.join(MANIFEST).display());
        return Ok(());
    }
    println!("cargo::rustc-link-arg-bins=-Wl,--no-insert-timestamp");
    let object = PathBuf::from(variable("OUT_DIR")?).join("resources.o");
    let windres = format!("{}-w64-mingw32-windres", variable("CARGO_CFG_TARGET_ARCH")?);
    let mut command = Command::new(&windres);
    command
        .current_dir(&folder)
        .args(["--input", RESOURCES, "--output-format=coff", "--output"])
        .arg(&object);
    for part in ["MAJOR", "MINOR", "PATCH"] {
        command.arg(format!("-DVERSION_{part}={}", variable(&format!("CARGO_PKG_VERSION_{part}"))?));
    }
    let status = command.status().map_err(|error| format!("{windres} could not be started: {error}"))?;
    if !status.success() {
        return Err(format!("{windres} failed ({status})"));
    }
    println!("cargo::rustc-link-arg-bins={}", object.display());
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}
