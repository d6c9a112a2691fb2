//! Puts the manifest and the version into the program for Windows, and no time of the build. Does nothing for other
//! systems.

mod resources;

use std::env;
use std::fs;
use std::path::PathBuf;

const MANIFEST: &str = "windows/netstat.manifest";

fn main() -> Result<(), String> {
    for file in ["build.rs", "resources.rs", MANIFEST] {
        println!("cargo::rerun-if-changed={file}");
    }
    if variable("CARGO_CFG_TARGET_OS")? != "windows" {
        return Ok(());
    }
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let manifest = folder.join(MANIFEST);
    let manifest = fs::read(&manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let architecture = variable("CARGO_CFG_TARGET_ARCH")?;
    let part = |name: &str| {
        let number = variable(&format!("CARGO_PKG_VERSION_{name}"))?;
        number.parse().map_err(|error| format!("the version has {number}: {error}"))
    };
    let version = [part("MAJOR")?, part("MINOR")?, part("PATCH")?];
    // Windows shows these as the properties of the file.
    let text = variable("CARGO_PKG_VERSION")?;
    let strings = [
        ("FileDescription", "Connections, listeners, routes and counters of this machine"),
        ("FileVersion", &text),
        ("InternalName", "netstat"),
        ("LegalCopyright", "MIT OR Apache-2.0"),
        ("OriginalFilename", "netstat.exe"),
        ("ProductName", "netstat"),
        ("ProductVersion", &text),
    ];
    let bytes = resources::object(&architecture, version, &strings, &manifest)
        .ok_or_else(|| format!("no resources are known for Windows on {architecture}"))?;
    let object = PathBuf::from(variable("OUT_DIR")?).join("resources.o");
    fs::write(&object, bytes).map_err(|error| format!("{}: {error}", object.display()))?;
    println!("cargo::rustc-link-arg-bins={}", object.display());
    let abi = env::var("CARGO_CFG_TARGET_ABI").unwrap_or_default();
    let arguments: &[&str] = match (variable("CARGO_CFG_TARGET_ENV")?.as_str(), abi.as_str()) {
        // The manifest is in the object. Libraries are those of the system folder, also what the program imports.
        ("msvc", _) => &["/MANIFEST:NO", "/Brepro", "/DEPENDENTLOADFLAG:0x800"],
        // What links there decides for itself; Zig knows no such argument.
        (_, "llvm") => &[],
        _ => &["-Wl,--no-insert-timestamp"],
    };
    for argument in arguments {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}
