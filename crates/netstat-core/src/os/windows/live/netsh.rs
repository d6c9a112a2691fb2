//! What `netsh` says: settings that Windows has no function for.

use super::error_of;
use super::network::system_folder;
use crate::model::{Family, Protocol};
use crate::os::windows::memory::Memory;
use std::io;
use std::os::windows::process::CommandExt;
use std::process::{Command, Stdio};
use windows_sys::Win32::Foundation::ERROR_GEN_FAILURE;
use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;

/// Runs `netsh interface ipv4 show WHAT protocol=tcp`, by its path: nothing else of that name is run.
pub(super) fn show(protocol: Protocol, family: Family, what: &str) -> io::Result<Memory> {
    let mut netsh = Command::new(system_folder()?.join("netsh.exe"));
    netsh.arg("interface").arg(match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    });
    netsh.arg("show").arg(what).arg(match protocol {
        Protocol::Tcp => "protocol=tcp",
        Protocol::Udp => "protocol=udp",
    });
    let output =
        netsh.stdin(Stdio::null()).stderr(Stdio::null()).creation_flags(CREATE_NO_WINDOW).output()?;
    if !output.status.success() {
        return Err(error_of(ERROR_GEN_FAILURE));
    }
    Ok(Memory::flat(output.stdout))
}
