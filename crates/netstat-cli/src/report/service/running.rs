//! Being a service: the manager is told how it goes, and says when to stop.
//!
//! Whoever starts the program asks nothing for that: a process that the service manager has started is a service, any other is
//! not, and the manager knows.
#![expect(unsafe_code, reason = "the service manager calls back, and takes structures by address")]

use super::manager::NAME;
use crate::output;
use netstat_engine::both;
use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::os::windows::io::IntoRawHandle as _;
use std::path::Path;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use windows_sys::Win32::Foundation::{ERROR_CALL_NOT_IMPLEMENTED, ERROR_SERVICE_SPECIFIC_ERROR, NO_ERROR};
use windows_sys::Win32::System::Console::{STD_ERROR_HANDLE, SetStdHandle};
use windows_sys::Win32::System::Services::{
    RegisterServiceCtrlHandlerExW, SERVICE_ACCEPT_SHUTDOWN, SERVICE_ACCEPT_STOP, SERVICE_CONTROL_INTERROGATE,
    SERVICE_CONTROL_SHUTDOWN, SERVICE_CONTROL_STOP, SERVICE_RUNNING, SERVICE_START_PENDING, SERVICE_STATUS,
    SERVICE_STATUS_CURRENT_STATE, SERVICE_STATUS_HANDLE, SERVICE_STOP_PENDING, SERVICE_STOPPED,
    SERVICE_TABLE_ENTRYW, SERVICE_WIN32_OWN_PROCESS, SetServiceStatus, StartServiceCtrlDispatcherW,
};
use windows_sys::core::PWSTR;

/// How long stopping may take, in milliseconds: the last commit, and an event that waits for others.
const STOPPING: u32 = 20_000;

/// How long starting may take, in milliseconds: a history that an older version wrote is converted.
const STARTING: u32 = 60_000;

/// The size from which on the file of messages is begun anew, in bytes.
const MOST: u64 = 1 << 20;

/// What the callbacks of the manager share with the recorder.
struct Shared {
    stopped: Arc<AtomicBool>,
    /// Tells the recorder that the manager runs it.
    begun: Mutex<Option<Sender<()>>>,
    /// Tells the manager how it ended.
    ended: Mutex<Option<Receiver<bool>>>,
    status: Mutex<Option<Status>>,
}

/// The handle by which a service tells how it goes.
#[derive(Clone, Copy)]
struct Status(SERVICE_STATUS_HANDLE);

// SAFETY: the handle is a number that any thread may use.
unsafe impl Send for Status {}

static SHARED: OnceLock<Shared> = OnceLock::new();

/// A recorder that the service manager runs. Ended by [`end`](Self::end), or, where it fails, on drop.
pub(in crate::report) struct Running {
    outcome: Sender<bool>,
    dispatcher: Option<thread::JoinHandle<()>>,
}

impl Running {
    /// Becomes a service, if the manager has started this process. `stopped` becomes true when it is to stop. Messages go to a
    /// file beside the history then.
    pub(in crate::report) fn begin(stopped: &Arc<AtomicBool>, store: Option<&Path>) -> Option<Self> {
        let (begun, has_begun) = channel();
        let (outcome, ended) = channel();
        let shared = Shared {
            stopped: Arc::clone(stopped),
            begun: Mutex::new(Some(begun)),
            ended: Mutex::new(Some(ended)),
            status: Mutex::new(None),
        };
        SHARED.set(shared).ok()?;
        let dispatcher = thread::Builder::new().name("service".to_owned()).spawn(dispatch).ok()?;
        // The sender is gone where this is no service.
        has_begun.recv().ok()?;
        if let Some(store) = store {
            write_messages_to(store);
        }
        Some(Self { outcome, dispatcher: Some(dispatcher) })
    }

    /// Tells the manager that it has started: its history is open.
    #[expect(clippy::unused_self, reason = "only one that the manager runs tells it")]
    pub(in crate::report) fn has_started(&self) {
        if let Some(shared) = SHARED.get() {
            tell(shared, SERVICE_RUNNING, NO_ERROR);
        }
    }

    /// Tells the manager that it has ended as it should.
    pub(in crate::report) fn end(self) {
        let _ = self.outcome.send(true);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The first one counts.
        let _ = self.outcome.send(false);
        if let Some(dispatcher) = self.dispatcher.take() {
            let _ = dispatcher.join();
        }
    }
}

/// Waits for the manager, until the service has stopped.
fn dispatch() {
    let table = [
        SERVICE_TABLE_ENTRYW { lpServiceName: NAME.cast_mut(), lpServiceProc: Some(main) },
        SERVICE_TABLE_ENTRYW { lpServiceName: null_mut(), lpServiceProc: None },
    ];
    // SAFETY: the table ends in an empty entry and outlives the call.
    unsafe { StartServiceCtrlDispatcherW(table.as_ptr()) };
    if let Some(shared) = SHARED.get() {
        take(&shared.begun);
    }
}

fn take<T>(place: &Mutex<Option<T>>) -> Option<T> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The manager calls this on a thread of its own; the service runs until it returns.
unsafe extern "system" fn main(_: u32, _: *mut PWSTR) {
    let Some(shared) = SHARED.get() else { return };
    // SAFETY: the name ends in a zero, and the function has the signature that is wanted.
    let handle = unsafe { RegisterServiceCtrlHandlerExW(NAME, Some(control), null_mut()) };
    if handle.is_null() {
        return;
    }
    *shared.status.lock().unwrap_or_else(PoisonError::into_inner) = Some(Status(handle));
    tell(shared, SERVICE_START_PENDING, NO_ERROR);
    let Some(begun) = take(&shared.begun) else { return };
    let _ = begun.send(());
    let is_good = take(&shared.ended).is_some_and(|ended| ended.recv().unwrap_or(false));
    tell(shared, SERVICE_STOPPED, if is_good { NO_ERROR } else { ERROR_SERVICE_SPECIFIC_ERROR });
}

/// The manager calls this with what it wants.
unsafe extern "system" fn control(wanted: u32, _: u32, _: *mut c_void, _: *mut c_void) -> u32 {
    let Some(shared) = SHARED.get() else { return ERROR_CALL_NOT_IMPLEMENTED };
    match wanted {
        SERVICE_CONTROL_STOP | SERVICE_CONTROL_SHUTDOWN => {
            tell(shared, SERVICE_STOP_PENDING, NO_ERROR);
            shared.stopped.store(true, Ordering::Relaxed);
            NO_ERROR
        }
        SERVICE_CONTROL_INTERROGATE => NO_ERROR,
        _ => ERROR_CALL_NOT_IMPLEMENTED,
    }
}

/// Tells the manager how it goes.
fn tell(shared: &Shared, state: SERVICE_STATUS_CURRENT_STATE, error: u32) {
    let Some(Status(handle)) = *shared.status.lock().unwrap_or_else(PoisonError::into_inner) else { return };
    let accepts = if state == SERVICE_RUNNING { SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN } else { 0 };
    let status = SERVICE_STATUS {
        dwServiceType: SERVICE_WIN32_OWN_PROCESS,
        dwCurrentState: state,
        dwControlsAccepted: accepts,
        dwWin32ExitCode: error,
        dwServiceSpecificExitCode: u32::from(error == ERROR_SERVICE_SPECIFIC_ERROR),
        dwCheckPoint: 0,
        dwWaitHint: match state {
            SERVICE_START_PENDING => STARTING,
            SERVICE_STOP_PENDING => STOPPING,
            _ => 0,
        },
    };
    // SAFETY: the handle is that of this service, and the status outlives the call.
    unsafe { SetServiceStatus(handle, &raw const status) };
}

/// Sends standard error, which a service does not have, to a file in the folder of the history.
fn write_messages_to(store: &Path) {
    let folder = if store.is_file() { store.parent().unwrap_or(store) } else { store };
    let Ok(file) = open(&folder.join("record.log")) else { return };
    // SAFETY: the handle stays open, because nobody owns it any more.
    unsafe { SetStdHandle(STD_ERROR_HANDLE, file.into_raw_handle()) };
    let now = jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string();
    let pid = std::process::id().to_string();
    output::complain(&both!("process {pid} begins, {now}", "프로세스 {pid} 시작, {now}", pid, now));
}

fn open(path: &Path) -> std::io::Result<File> {
    let is_long = std::fs::metadata(path).is_ok_and(|file| file.len() > MOST);
    let mut options = OpenOptions::new();
    match is_long {
        true => options.write(true).truncate(true),
        false => options.append(true).create(true),
    };
    options.open(path)
}
