//! Runs one program and measures it: `measure SECONDS OUTPUT PROGRAM [ARGUMENT ...]`. Its standard output goes to the
//! file OUTPUT, its standard error to OUTPUT.err. Prints wall time and processor time in nanoseconds, the part of the
//! latter in the program itself, peak memory in KiB, and the exit code (-1 after a signal, -2 after the time limit).
//!
//! It is a process of its own because the kernel counts the parent's memory as the child's until the exec, so the parent
//! should be small. When its standard input closes, it kills the program and ends.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    match linux::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("measure: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("measure: runs on Linux only");
    ExitCode::FAILURE
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
    use std::fs::File;
    use std::io::{self, Read};
    use std::process::{Command, Stdio};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    pub(super) fn run() -> io::Result<()> {
        let mut arguments = std::env::args_os().skip(1);
        let usage = || io::Error::other("usage: measure SECONDS OUTPUT PROGRAM [ARGUMENT ...]");
        let limit: i64 =
            arguments.next().and_then(|seconds| seconds.to_str()?.parse().ok()).ok_or_else(usage)?;
        let output = arguments.next().ok_or_else(usage)?;
        let program = arguments.next().ok_or_else(usage)?;
        let mut errors = output.clone();
        errors.push(".err");
        let (output, errors) = (File::create(output)?, File::create(errors)?);
        let mut command = Command::new(&program);
        command.args(arguments).stdin(Stdio::null()).stdout(output).stderr(errors).env("LC_ALL", "C");

        let start = Instant::now();
        let child = command
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", program.display())))?;
        // The PID cannot have been reused: the child has not been waited for.
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(usage)?;
        let handle = pidfd_open(pid, PidfdFlags::empty())?;
        let late = std::sync::Arc::new(AtomicBool::new(false));
        let overtime = std::sync::Arc::clone(&late);
        std::thread::spawn(move || {
            let input = io::stdin();
            let mut watched = [PollFd::new(&input, PollFlags::IN)];
            let limit = Timespec { tv_sec: limit, tv_nsec: 0 };
            if matches!(poll(&mut watched, Some(&limit)), Ok(0)) {
                overtime.store(true, Ordering::Relaxed);
            } else {
                let _ = input.lock().read_to_end(&mut Vec::new());
            }
            let _ = pidfd_send_signal(&handle, Signal::KILL);
        });
        let usage = netstat_lab::wait_with_usage(child).map_err(io::Error::other)?;
        let wall = start.elapsed();
        let code = if late.load(Ordering::Relaxed) { -2 } else { usage.status.code().unwrap_or(-1) };
        let cpu = usage.user + usage.system;
        let (wall, cpu) = (wall.as_nanos(), cpu.as_nanos());
        println!("{wall} {cpu} {} {} {code}", usage.user.as_nanos(), usage.peak_kib);
        Ok(())
    }
}
