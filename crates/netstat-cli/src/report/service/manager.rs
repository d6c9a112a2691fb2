//! Asking the service manager to install, start, stop and remove the service.
#![expect(unsafe_code, reason = "the service manager is asked by functions of Windows that take addresses")]

use crate::output;
use netstat_engine::both;
use netstat_engine::text::Text;
use std::ffi::OsString;
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::ptr::{null, null_mut};
use std::thread;
use std::time::{Duration, Instant};
use windows_sys::Win32::Storage::FileSystem::DELETE;
use windows_sys::Win32::System::Services::{
    ChangeServiceConfig2W, CloseServiceHandle, ControlService, CreateServiceW, DeleteService, OpenSCManagerW,
    OpenServiceW, QueryServiceStatus, SC_ACTION, SC_ACTION_RESTART, SC_HANDLE, SC_MANAGER_CONNECT,
    SC_MANAGER_CREATE_SERVICE, SERVICE_ALL_ACCESS, SERVICE_AUTO_START, SERVICE_CONFIG_DESCRIPTION,
    SERVICE_CONFIG_FAILURE_ACTIONS, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, SERVICE_CONTROL_STOP,
    SERVICE_DESCRIPTIONW, SERVICE_ERROR_NORMAL, SERVICE_FAILURE_ACTIONS_FLAG, SERVICE_FAILURE_ACTIONSW,
    SERVICE_QUERY_STATUS, SERVICE_START_PENDING, SERVICE_STATUS, SERVICE_STOP, SERVICE_STOPPED,
    SERVICE_WIN32_OWN_PROCESS, StartServiceW,
};
use windows_sys::core::{BOOL, PCWSTR, w};

/// The name of the service, as `sc query` takes it.
pub(super) const NAME: PCWSTR = w!("netstat-record");
/// The least that may hear the events of Windows: with fewer rights than the system, and none on the network.
const ACCOUNT: PCWSTR = w!("NT AUTHORITY\\LocalService");

/// `ERROR_INVALID_LEVEL`.
const NO_SUCH_LEVEL: i32 = 124;

/// `ERROR_SERVICE_DATABASE_LOCKED`.
const LOCKED: i32 = 1055;

/// How long to wait for it to start or stop.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

/// So long after a failure it is started again, in milliseconds, and after so long without one it counts as the first, in
/// seconds.
const RESTART: u32 = 10_000;
const RESET: u32 = 86_400;

/// A handle of the service manager, closed on drop.
struct Handle(SC_HANDLE);

impl Handle {
    fn new(handle: SC_HANDLE) -> io::Result<Self> {
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(Self(handle)) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open and has no other owner.
        unsafe { CloseServiceHandle(self.0) };
    }
}

/// A text for Windows, in the language of whoever installs.
fn wide(text: &Text) -> Vec<u16> {
    text.of(output::language()).encode_utf16().chain([0]).collect()
}

fn done(succeeded: BOOL) -> io::Result<()> {
    if succeeded == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The service manager.
pub(super) struct Manager(Handle);

impl Manager {
    /// Opens it, to make a service or only to find one.
    pub(super) fn open(makes: bool) -> io::Result<Self> {
        let access = if makes { SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE } else { SC_MANAGER_CONNECT };
        // SAFETY: without names it is that of this machine.
        Handle::new(unsafe { OpenSCManagerW(null(), null(), access) }).map(Self)
    }

    /// Installs the service with this command line, and starts it once everything else is prepared. One that cannot be
    /// started is removed again.
    pub(super) fn install<E: From<io::Error>>(
        &self,
        command: &[u16],
        prepare: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let shown = wide(&both!("Recorder of network connections", "네트워크 연결 기록기"));
        // SAFETY: all texts end in a zero.
        let service = Handle::new(unsafe {
            CreateServiceW(
                self.0.0,
                NAME,
                shown.as_ptr(),
                SERVICE_ALL_ACCESS,
                SERVICE_WIN32_OWN_PROCESS,
                SERVICE_AUTO_START,
                SERVICE_ERROR_NORMAL,
                command.as_ptr(),
                null(),
                null_mut(),
                null(),
                ACCOUNT,
                null(),
            )
        })?;
        let prepared = Self::set_up(&service).map_err(E::from).and_then(|()| prepare());
        let started = prepared.and_then(|()| Ok(Self::start(&service)?));
        if started.is_err() {
            // SAFETY: the handle is open.
            unsafe { DeleteService(service.0) };
        }
        started
    }

    /// Starts it. The manager takes no second one while it starts another, as it does when the system has just come up.
    fn start(service: &Handle) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            // SAFETY: the handle is open; there are no words.
            let started = done(unsafe { StartServiceW(service.0, 0, null()) });
            let is_busy = matches!(&started, Err(error) if error.raw_os_error() == Some(LOCKED));
            if !is_busy || begun.elapsed() > PATIENCE {
                started?;
                break;
            }
            thread::sleep(PAUSE);
        }
        let mut status = SERVICE_STATUS::default();
        loop {
            // SAFETY: the handle is open, and the status is valid for the call.
            done(unsafe { QueryServiceStatus(service.0, &raw mut status) })?;
            // One that opens a long history goes on.
            if status.dwCurrentState != SERVICE_START_PENDING || begun.elapsed() > PATIENCE {
                break;
            }
            thread::sleep(PAUSE);
        }
        match status.dwCurrentState {
            SERVICE_STOPPED => Err(io::Error::from_raw_os_error(status.dwWin32ExitCode.cast_signed())),
            _ => Ok(()),
        }
    }

    /// Sets what it is, and that it is started again after a failure.
    fn set_up(service: &Handle) -> io::Result<()> {
        let mut told = wide(&both!(
            "Keeps each TCP connection that ends: who made it, to whom, when, and for how long (netstat record).",
            "끝난 TCP 연결을 누가 어디로 언제 얼마 동안 맺었는지 저장합니다(netstat record)."
        ));
        let description = SERVICE_DESCRIPTIONW { lpDescription: told.as_mut_ptr() };
        let mut action = SC_ACTION { Type: SC_ACTION_RESTART, Delay: RESTART };
        let actions = SERVICE_FAILURE_ACTIONSW {
            dwResetPeriod: RESET,
            lpRebootMsg: null_mut(),
            lpCommand: null_mut(),
            cActions: 1,
            lpsaActions: &raw mut action,
        };
        // SAFETY: the handle is open, and the structures and what they point to outlive the calls.
        unsafe {
            done(ChangeServiceConfig2W(
                service.0,
                SERVICE_CONFIG_DESCRIPTION,
                (&raw const description).cast(),
            ))?;
            done(ChangeServiceConfig2W(
                service.0,
                SERVICE_CONFIG_FAILURE_ACTIONS,
                (&raw const actions).cast(),
            ))?;
            // One that says that it failed is started again, too, not only one that crashed.
            let flag = SERVICE_FAILURE_ACTIONS_FLAG { fFailureActionsOnNonCrashFailures: 1 };
            match done(ChangeServiceConfig2W(
                service.0,
                SERVICE_CONFIG_FAILURE_ACTIONS_FLAG,
                (&raw const flag).cast(),
            )) {
                // Wine has none.
                Err(error) if error.raw_os_error() == Some(NO_SUCH_LEVEL) => Ok(()),
                set => set,
            }
        }
    }

    /// Stops the service, waits until it has, and removes it.
    pub(super) fn uninstall(&self) -> io::Result<()> {
        let access = DELETE | SERVICE_STOP | SERVICE_QUERY_STATUS;
        // SAFETY: the name ends in a zero.
        let service = Handle::new(unsafe { OpenServiceW(self.0.0, NAME, access) })?;
        let mut status = SERVICE_STATUS::default();
        // One that does not run cannot be stopped.
        // SAFETY: the handle is open, and the status is valid for the calls.
        unsafe { ControlService(service.0, SERVICE_CONTROL_STOP, &raw mut status) };
        let begun = Instant::now();
        loop {
            // SAFETY: as above.
            done(unsafe { QueryServiceStatus(service.0, &raw mut status) })?;
            if status.dwCurrentState == SERVICE_STOPPED {
                break;
            }
            if begun.elapsed() > PATIENCE {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(PAUSE);
        }
        // SAFETY: the handle is open.
        done(unsafe { DeleteService(service.0) })
    }
}

/// Makes a command line of words, from which a program gets the same words: each in quotation marks, in which a backslash
/// counts before such a mark alone.
pub(super) fn command_line(words: &[OsString]) -> Vec<u16> {
    let (quote, backslash) = (u16::from(b'"'), u16::from(b'\\'));
    let mut line = Vec::new();
    for word in words {
        if !line.is_empty() {
            line.push(u16::from(b' '));
        }
        line.push(quote);
        let mut slashes = 0;
        for unit in word.encode_wide() {
            match unit {
                unit if unit == backslash => slashes += 1,
                unit if unit == quote => {
                    line.extend(std::iter::repeat_n(backslash, slashes + 1));
                    slashes = 0;
                }
                _ => slashes = 0,
            }
            line.push(unit);
        }
        line.extend(std::iter::repeat_n(backslash, slashes));
        line.push(quote);
    }
    line.push(0);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_has_the_same_words() {
        let words = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(Into::into).collect();
            let line = command_line(&words);
            String::from_utf16(line.strip_suffix(&[0]).unwrap()).unwrap()
        };
        assert_eq!(
            words(&["C:\\Program Files\\netstat.exe", "record"]),
            r#""C:\Program Files\netstat.exe" "record""#
        );
        assert_eq!(words(&["a", "D:\\my data\\"]), r#""a" "D:\my data\\""#);
        assert_eq!(words(&["a", r#"\"b\\"#]), r#""a" "\\\"b\\\\""#);
    }
}
