//! What the finished program must not have in it: paths of the machine that built it, the time when it was built, and an
//! import of a library that Windows would take from the program's own folder.

use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// Libraries of Windows that are not loaded from the system folder before any other (`KnownDLLs`).
const LOADED_FROM_ANYWHERE: [&str; 1] = ["iphlpapi.dll"];

/// Fails if the program has any of it. `paths` are folders of this machine.
pub(super) fn inspect(program: &[u8], paths: &[PathBuf]) -> Result<()> {
    let stamp = time_stamp(program).context("the program has no PE header")?;
    if stamp != 0 {
        bail!("the program has the time of its build in it: --no-insert-timestamp is missing");
    }
    let has = |text: &[u8]| program.windows(text.len()).any(|found| found.eq_ignore_ascii_case(text));
    for path in paths {
        let path = path.display().to_string();
        if has(path.as_bytes()) {
            bail!("the program has {path} in it, a path of this machine: --remap-path-prefix is missing");
        }
    }
    for library in LOADED_FROM_ANYWHERE {
        // Names of imports end in a zero. Those of libraries that are loaded by name are UTF-16.
        if has(&[library.as_bytes(), &[0]].concat()) {
            bail!(
                "the program imports {library}, which Windows loads from the program's own folder: load it by name"
            );
        }
    }
    Ok(())
}

/// Returns the time stamp of the PE header.
fn time_stamp(program: &[u8]) -> Option<u32> {
    let number = |at: usize| Some(u32::from_le_bytes(*program.get(at..)?.first_chunk()?));
    let header = usize::try_from(number(0x3c)?).ok()?;
    (program.get(header..)?.starts_with(b"PE\0\0")).then(|| number(header.checked_add(8)?)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(stamp: u32, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 0x3c];
        bytes.extend(0x40u32.to_le_bytes());
        bytes.extend(b"PE\0\0\x64\x86\x05\0");
        bytes.extend(stamp.to_le_bytes());
        bytes.extend(content);
        bytes
    }

    #[test]
    fn what_tells_of_the_build_or_loads_foreign_libraries_is_refused() {
        let paths = [PathBuf::from("/home/builder/src")];
        let said = |program: &[u8]| inspect(program, &paths).map_err(|error| error.to_string());
        let wide: Vec<u8> = "iphlpapi.dll\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(said(&program(0, b"crates/netstat-cli/src/lib.rs\0KERNEL32.dll\0")), Ok(()));
        assert_eq!(said(&program(0, &wide)), Ok(()));
        assert!(said(&program(1_795_953_600, b"")).unwrap_err().contains("time of its build"));
        assert!(said(&program(0, b"x/home/builder/src/main.rs")).unwrap_err().contains("/home/builder/src"));
        assert!(said(&program(0, b"IPHLPAPI.DLL\0")).unwrap_err().contains("imports iphlpapi.dll"));
        for cut in [&b""[..], b"MZ", &program(0, b"")[..0x46]] {
            assert!(said(cut).unwrap_err().contains("no PE header"));
        }
    }
}
