//! Runs programs of Windows for what no function returns.

use super::error_of;
use super::network::system_folder;
use crate::windows::memory::Memory;
use netstat_model::{Family, Transport};
use std::io::{self, Read};
use std::os::windows::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use wait_timeout::ChildExt;
use windows_sys::Win32::Foundation::{ERROR_GEN_FAILURE, WAIT_TIMEOUT};
use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;

/// Timeout. netsh usually answers within a fraction of a second, PowerShell within two.
const LIMIT: Duration = Duration::from_secs(10);

/// Prints the template of each connection. The module is named by its folder, because PowerShell looks for a name in those of
/// the user first.
const TEMPLATES: &str = r#"$ErrorActionPreference = 'Stop'; Import-Module "$PSHOME\Modules\NetTCPIP"; foreach ($of in NetTCPIP\Get-NetTCPConnection) { [Console]::WriteLine("$($of.LocalAddress) $($of.LocalPort) $($of.RemoteAddress) $($of.RemotePort) $($of.AppliedSetting)") }"#;

/// Runs `netsh interface ipv4 show WHAT protocol=tcp`.
pub(super) fn show(protocol: Transport, family: Family, what: &str) -> io::Result<Memory> {
    let family = match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    };
    let protocol = match protocol {
        Transport::Tcp => "protocol=tcp",
        Transport::Udp => "protocol=udp",
    };
    run("netsh.exe", &["interface", family, "show", what, protocol])
}

/// Runs `netsh http show servicestate view=requestq verbose=no`.
pub(super) fn http_queues() -> io::Result<Memory> {
    run("netsh.exe", &["http", "show", "servicestate", "view=requestq", "verbose=no"])
}

/// Asks PowerShell for the templates of connections.
pub(super) fn templates() -> io::Result<Memory> {
    let options = ["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", TEMPLATES];
    run(r"WindowsPowerShell\v1.0\powershell.exe", &options)
}

/// Runs a program by its full path, so that no other can take its place.
fn run(program: &str, words: &[&str]) -> io::Result<Memory> {
    let mut command = Command::new(system_folder()?.join(program));
    command.args(words).stdin(Stdio::null()).stderr(Stdio::null()).creation_flags(CREATE_NO_WINDOW);
    output_within(&mut command, LIMIT).map(Memory::flat)
}

/// Returns the output of a program that succeeds. Kills it after the timeout.
fn output_within(program: &mut Command, limit: Duration) -> io::Result<Vec<u8>> {
    let mut child = program.stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take();
    // Read on another thread: a full pipe would keep the program from ending.
    let reader = thread::spawn(move || {
        let mut written = Vec::new();
        stdout.map_or(Ok(0), |mut stdout| stdout.read_to_end(&mut written)).map(|_| written)
    });
    match child.wait_timeout(limit)? {
        None => {
            child.kill()?;
            child.wait()?;
            Err(error_of(WAIT_TIMEOUT))
        }
        Some(status) if !status.success() => Err(error_of(ERROR_GEN_FAILURE)),
        Some(_) => reader.join().unwrap_or_else(|_| Err(error_of(ERROR_GEN_FAILURE))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cmd(words: &str) -> Command {
        let mut cmd = Command::new("cmd.exe");
        cmd.args(["/c", words]).stdin(Stdio::null()).stderr(Stdio::null());
        cmd
    }

    #[test]
    fn a_program_that_hangs_is_killed() {
        let (input, never_written) = io::pipe().unwrap();
        let mut waits = cmd("set /p answer=");
        let error = output_within(waits.stdin(input), Duration::from_millis(200)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(never_written);
    }

    #[test]
    fn the_output_counts_if_the_program_succeeds() {
        let written = output_within(&mut cmd("echo 49152"), LIMIT).unwrap();
        assert_eq!(written.trim_ascii(), b"49152");
        assert!(output_within(&mut cmd("echo 49152 & exit 3"), LIMIT).is_err());
    }
}
