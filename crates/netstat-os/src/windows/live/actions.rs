//! Closes TCP connections over IPv4, and ends processes.
#![expect(unsafe_code, reason = "no safe crate has these functions of Windows")]

use super::iphlpapi::SetTcpEntry;
use super::{Live, aligned, error_of, error_unless};
use crate::contract::{Closed, Ended};
use crate::windows::actions::row_to_close;
use crate::windows::clock::filetime_of;
use crate::windows::win32_error::{INVALID_PARAMETER, is};
use netstat_model::{Error, Operation, ProcessKey, SocketRef};
use std::io;
use std::time::{Duration, Instant, SystemTime};
use windows_sys::Win32::Foundation::{
    CloseHandle, ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, ERROR_MR_MID_NOT_FOUND, ERROR_NOT_FOUND,
    FILETIME, HANDLE, NO_ERROR, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE,
    TerminateProcess, WaitForSingleObject,
};

/// Closes connections.
pub(in crate::windows) fn close(sockets: &[SocketRef<'_>], seen: SystemTime) -> Vec<Result<Closed, Error>> {
    let seen = filetime_of(seen);
    let one = |socket| {
        let Some(row) = row_to_close(&Live, socket, seen)? else { return Ok(Closed::NotFound) };
        set_tcp_entry(&row)
    };
    let closed = sockets.iter().map(one);
    closed.map(|closed| closed.map_err(|error| Error::new(Operation::CloseSocket, error))).collect()
}

fn set_tcp_entry(row: &[u8]) -> io::Result<Closed> {
    let row = aligned(row);
    // SAFETY: the row has the twenty bytes of a MIB_TCPROW at least, aligned to eight.
    match unsafe { SetTcpEntry(row.as_ptr().cast()) } {
        NO_ERROR => Ok(Closed::Accepted),
        // It went between two calls. The function has several numbers for that.
        ERROR_NOT_FOUND | ERROR_INVALID_PARAMETER => Ok(Closed::NotFound),
        // Without rights it has this number for a long time, instead of that of a refusal.
        ERROR_ACCESS_DENIED | ERROR_MR_MID_NOT_FOUND => {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "it takes an administrator"))
        }
        error => Err(error_of(error)),
    }
}

/// A process that is open to be ended.
struct Opened(HANDLE);

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: the handle is open and has no other owner.
        unsafe { CloseHandle(self.0) };
    }
}

impl Opened {
    /// Opens a process by its number. Returns it with its creation time.
    fn open(pid: u32) -> io::Result<(Self, u64)> {
        let rights = PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE;
        // SAFETY: the function accepts any number.
        let handle = unsafe { OpenProcess(rights, 0, pid) };
        succeeded(error_unless(i32::from(!handle.is_null())))?;
        let process = Self(handle);
        let mut times = [FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 }; 4];
        let [created, exited, kernel, user] = &mut times;
        // SAFETY: the handle is open, and the four pointers are valid.
        succeeded(error_unless(unsafe { GetProcessTimes(process.0, created, exited, kernel, user) }))?;
        let created = times[0];
        Ok((process, u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime)))
    }

    fn terminate(&self) -> io::Result<()> {
        // SAFETY: the handle is open and has the right to terminate.
        succeeded(error_unless(unsafe { TerminateProcess(self.0, 1) }))
    }

    /// Waits up to this time for its end. Returns whether it has ended.
    fn has_ended(&self, within: Duration) -> io::Result<bool> {
        let milliseconds = u32::try_from(within.as_millis()).unwrap_or(u32::MAX - 1);
        // SAFETY: the handle is open and has the right to be waited for.
        match unsafe { WaitForSingleObject(self.0, milliseconds) } {
            WAIT_OBJECT_0 => Ok(true),
            WAIT_TIMEOUT => Ok(false),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

fn succeeded(error: u32) -> io::Result<()> {
    if error == NO_ERROR { Ok(()) } else { Err(error_of(error)) }
}

/// Ends processes, and waits for all of them together.
pub(in crate::windows) fn end(processes: &[ProcessKey], patience: Duration) -> Vec<Result<Ended, Error>> {
    let begin = Instant::now();
    // Each is ended before the first is waited for.
    let told: Vec<io::Result<Option<Opened>>> = processes.iter().map(|process| tell(*process)).collect();
    let became = |told: io::Result<Option<Opened>>| {
        let Some(process) = told? else { return Ok(Ended::Before) };
        let ended = process.has_ended(patience.saturating_sub(begin.elapsed()))?;
        Ok(if ended { Ended::Yes } else { Ended::NotYet })
    };
    let failed = |error| Error::new(Operation::EndProcess, error);
    told.into_iter().map(|one| became(one).map_err(failed)).collect()
}

/// Ends a process; `None` if it has ended before.
fn tell(process: ProcessKey) -> io::Result<Option<Opened>> {
    let (opened, created) = match Opened::open(process.pid) {
        Ok(opened) => opened,
        Err(error) if is(&error, INVALID_PARAMETER) => return Ok(None),
        Err(error) => return Err(refusal(error)),
    };
    if created != process.start_time || opened.has_ended(Duration::ZERO)? {
        return Ok(None);
    }
    match opened.terminate() {
        // It is refused for one that is ending.
        Err(error) if !opened.has_ended(Duration::ZERO)? => Err(refusal(error)),
        _ => Ok(Some(opened)),
    }
}

fn refusal(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            io::Error::new(error.kind(), "it takes an administrator, and some processes nobody may end")
        }
        _ => error,
    }
}
