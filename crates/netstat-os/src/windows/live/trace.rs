//! Sessions of event tracing: one for each provider, and for each a thread that Windows calls with what happens.
#![expect(unsafe_code, reason = "these functions of Windows take structures by address, and call back")]

use super::{Live, error_of};
use crate::windows::etw::{self, Head, Losses, Provider, Raw};
use crate::windows::processes;
use crate::windows::source::Trace;
use netstat_model::ProcessKey;
use std::ffi::c_void;
use std::io;
use std::mem::{offset_of, size_of};
use std::ptr::null;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use windows_sys::Win32::Foundation::{
    ERROR_CALL_NOT_IMPLEMENTED, ERROR_INVALID_DATA, ERROR_MORE_DATA, ERROR_SUCCESS,
};
use windows_sys::Win32::System::Diagnostics::Etw::{
    CONTROLTRACE_HANDLE, CloseTrace, ControlTraceW, ENABLE_TRACE_PARAMETERS,
    ENABLE_TRACE_PARAMETERS_VERSION_2, EVENT_CONTROL_CODE_ENABLE_PROVIDER, EVENT_FILTER_DESCRIPTOR,
    EVENT_FILTER_TYPE_EVENT_ID, EVENT_RECORD, EVENT_TRACE_CONTROL, EVENT_TRACE_CONTROL_FLUSH,
    EVENT_TRACE_CONTROL_QUERY, EVENT_TRACE_CONTROL_STOP, EVENT_TRACE_LOGFILEW, EVENT_TRACE_PROPERTIES,
    EVENT_TRACE_REAL_TIME_MODE, EnableTraceEx2, OpenTraceW, PROCESS_TRACE_MODE_EVENT_RECORD,
    PROCESS_TRACE_MODE_RAW_TIMESTAMP, PROCESS_TRACE_MODE_REAL_TIME, PROCESSTRACE_HANDLE, ProcessTrace,
    QueryAllTracesW, StartTraceW, WNODE_FLAG_TRACED_GUID,
};
use windows_sys::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};
use windows_sys::core::GUID;

const KERNEL_NETWORK: GUID = GUID::from_u128(0x7dd42a49_5329_4832_8dfd_43d979153a88);
const KERNEL_PROCESS: GUID = GUID::from_u128(0x22fb2cd6_0e7b_422b_a0c7_2fad1fd0e716);

/// Connections of both families; processes.
const NETWORK_KEYWORDS: u64 = 0x30;
const PROCESS_KEYWORDS: u64 = 0x10;

/// `TRACE_LEVEL_INFORMATION`: all that these providers tell.
const LEVEL: u8 = 4;

/// The size of a buffer in KiB. With small ones Windows loses what comes in bursts.
const BUFFER: u32 = 256;
const BUFFERS: [u32; 2] = [16, 64];

/// After so many seconds a buffer is passed on that is not full.
const FLUSH: u32 = 1;

/// How often to ask what was lost.
const ASK: Duration = Duration::from_secs(1);

/// How long what is flushed may take until it is told.
const SETTLE: Duration = Duration::from_millis(250);

/// The most bytes of events that wait to be taken.
const MOST: usize = 64 << 20;

/// The most sessions that Windows has.
const SESSIONS: usize = 64;

/// No trace.
const INVALID: u64 = u64::MAX;

/// The longest name of a session that is asked for, in UTF-16 units.
const NAME: usize = 1024;

/// `EVENT_TRACE_PROPERTIES`, and room for the names of the session and of a file behind it, where Windows wants them.
#[repr(C)]
struct Properties {
    all: EVENT_TRACE_PROPERTIES,
    session: [u16; NAME],
    file: [u16; NAME],
}

impl Properties {
    fn new() -> Box<Self> {
        let mut properties =
            Box::new(Self { all: EVENT_TRACE_PROPERTIES::default(), session: [0; NAME], file: [0; NAME] });
        let all = &mut properties.all;
        all.Wnode.BufferSize = small(size_of::<Self>());
        all.LoggerNameOffset = small(offset_of!(Self, session));
        all.LogFileNameOffset = small(offset_of!(Self, file));
        properties
    }

    /// Its address for Windows, which also writes what is behind the first part.
    fn address(&mut self) -> *mut EVENT_TRACE_PROPERTIES {
        (&raw mut *self).cast()
    }

    fn name(&self) -> String {
        let end = self.session.iter().position(|&unit| unit == 0).unwrap_or(NAME);
        String::from_utf16_lossy(self.session.get(..end).unwrap_or_default())
    }

    fn losses(&self) -> Losses {
        let all = &self.all;
        Losses { events: all.EventsLost, log_buffers: all.LogBuffersLost, buffers: all.RealTimeBuffersLost }
    }
}

/// A number that is known to be small.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn done(error: u32) -> io::Result<()> {
    if error == ERROR_SUCCESS { Ok(()) } else { Err(error_of(error)) }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// What was told and not yet taken.
#[derive(Default)]
struct Waiting {
    packed: Vec<u8>,
    dropped: u64,
}

/// What the callback of a session works with.
struct Listener {
    provider: Provider,
    id: u128,
    waiting: Arc<Mutex<Waiting>>,
}

/// A session, and the thread that hears of it.
struct Session {
    handle: CONTROLTRACE_HANDLE,
    name: Vec<u16>,
    trace: Option<PROCESSTRACE_HANDLE>,
    thread: Option<JoinHandle<()>>,
    losses: Losses,
}

impl Session {
    fn begin(provider: Provider, owner: ProcessKey, waiting: &Arc<Mutex<Waiting>>) -> io::Result<Self> {
        let name = wide(&etw::name(provider, owner));
        let mut properties = Properties::new();
        let all = &mut properties.all;
        all.Wnode.Flags = WNODE_FLAG_TRACED_GUID;
        // Times are readings of the performance counter, which nobody sets.
        all.Wnode.ClientContext = 1;
        all.LogFileMode = EVENT_TRACE_REAL_TIME_MODE;
        all.LogFileNameOffset = 0;
        all.BufferSize = BUFFER;
        [all.MinimumBuffers, all.MaximumBuffers] = BUFFERS;
        all.FlushTimer = FLUSH;
        let mut handle = CONTROLTRACE_HANDLE::default();
        // SAFETY: the name ends in a zero, and the properties have the room behind them that they tell of.
        done(unsafe { StartTraceW(&raw mut handle, name.as_ptr(), properties.address()) })?;
        let mut session = Self { handle, name, trace: None, thread: None, losses: Losses::default() };
        session.enable(provider)?;
        session.hear(provider, waiting)?;
        Ok(session)
    }

    fn enable(&self, provider: Provider) -> io::Result<()> {
        let (id, keywords, wanted) = match provider {
            Provider::Network => (KERNEL_NETWORK, NETWORK_KEYWORDS, &etw::NETWORK[..]),
            Provider::Process => (KERNEL_PROCESS, PROCESS_KEYWORDS, &etw::PROCESS[..]),
        };
        // EVENT_FILTER_EVENT_ID: let in, nothing, how many, the numbers.
        let count = u16::try_from(wanted.len()).unwrap_or(u16::MAX);
        let mut filter: Vec<u16> = vec![1, count];
        filter.extend(wanted);
        let mut described = EVENT_FILTER_DESCRIPTOR {
            Ptr: filter.as_ptr().expose_provenance() as u64,
            Size: small(filter.len() * 2),
            Type: EVENT_FILTER_TYPE_EVENT_ID,
        };
        let parameters = ENABLE_TRACE_PARAMETERS {
            Version: ENABLE_TRACE_PARAMETERS_VERSION_2,
            EnableFilterDesc: &raw mut described,
            FilterDescCount: 1,
            ..ENABLE_TRACE_PARAMETERS::default()
        };
        // SAFETY: the session has begun; the provider, the parameters and what they point to outlive the call.
        done(unsafe {
            EnableTraceEx2(
                self.handle,
                &raw const id,
                EVENT_CONTROL_CODE_ENABLE_PROVIDER,
                LEVEL,
                keywords,
                0,
                0,
                &raw const parameters,
            )
        })
    }

    /// Opens the session and begins a thread that hears of it until it ends.
    fn hear(&mut self, provider: Provider, waiting: &Arc<Mutex<Waiting>>) -> io::Result<()> {
        let id = match provider {
            Provider::Network => KERNEL_NETWORK,
            Provider::Process => KERNEL_PROCESS,
        };
        let listener = Box::new(Listener { provider, id: number(&id), waiting: Arc::clone(waiting) });
        let mut file = EVENT_TRACE_LOGFILEW { LoggerName: self.name.as_mut_ptr(), ..Default::default() };
        file.Anonymous1.ProcessTraceMode =
            PROCESS_TRACE_MODE_REAL_TIME | PROCESS_TRACE_MODE_EVENT_RECORD | PROCESS_TRACE_MODE_RAW_TIMESTAMP;
        file.Anonymous2.EventRecordCallback = Some(told);
        file.Context = (&raw const *listener).cast_mut().cast();
        // SAFETY: the name ends in a zero and lives as long as the session.
        let trace = unsafe { OpenTraceW(&raw mut file) };
        // A session that began proves nothing: Wine begins one, and has no trace of it.
        if trace.Value == INVALID {
            return Err(error_of(ERROR_CALL_NOT_IMPLEMENTED));
        }
        self.trace = Some(trace);
        let trace = trace.Value;
        let hear = move || {
            let handle = PROCESSTRACE_HANDLE { Value: trace };
            // The callback has its address until this returns.
            let _listener = listener;
            // SAFETY: the trace is open until this thread has ended.
            unsafe { ProcessTrace(&raw const handle, 1, null(), null()) };
        };
        self.thread = Some(thread::Builder::new().name("events of Windows".to_owned()).spawn(hear)?);
        Ok(())
    }

    fn control(&self, code: EVENT_TRACE_CONTROL) -> io::Result<Losses> {
        control(self.handle, code)
    }

    /// Notes what was lost so far; what it was at last where that cannot be asked.
    fn ask(&mut self) {
        if let Ok(losses) = self.control(EVENT_TRACE_CONTROL_QUERY) {
            self.losses = losses;
        }
    }

    /// Returns whether it is being heard of. Somebody may have ended it: how much it would have told nobody counts.
    fn is_heard(&mut self) -> bool {
        let is_heard = self.thread.as_ref().is_some_and(|thread| !thread.is_finished());
        if !is_heard {
            self.losses.buffers = self.losses.buffers.saturating_add(1);
        }
        is_heard
    }
}

fn control(session: CONTROLTRACE_HANDLE, code: EVENT_TRACE_CONTROL) -> io::Result<Losses> {
    let mut properties = Properties::new();
    // SAFETY: the properties have the room behind them that they tell of.
    match unsafe { ControlTraceW(session, null(), properties.address(), code) } {
        // The names did not fit, which nobody wants.
        ERROR_SUCCESS | ERROR_MORE_DATA => Ok(properties.losses()),
        error => Err(error_of(error)),
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.control(EVENT_TRACE_CONTROL_STOP);
        if let Some(trace) = self.trace.take() {
            // SAFETY: it was opened and is closed once.
            unsafe { CloseTrace(trace) };
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Windows calls this with each event.
///
/// # Safety
/// The record is valid for the call, and its context is the `Listener` of the session.
unsafe extern "system" fn told(record: *mut EVENT_RECORD) {
    // SAFETY: the record is valid for the call.
    let Some(record) = (unsafe { record.as_ref() }) else { return };
    // SAFETY: the context is the listener, which lives until `ProcessTrace` has returned.
    let Some(listener) = (unsafe { record.UserContext.cast::<Listener>().as_ref() }) else { return };
    // A session also tells of itself.
    if number(&record.EventHeader.ProviderId) != listener.id {
        return;
    }
    let payload: &[u8] = if record.UserData.is_null() {
        &[]
    } else {
        // SAFETY: there are so many bytes, which live through the call.
        unsafe {
            std::slice::from_raw_parts(record.UserData.cast::<u8>(), usize::from(record.UserDataLength))
        }
    };
    let described = &record.EventHeader.EventDescriptor;
    let raw = Raw {
        provider: listener.provider,
        version: described.Version,
        id: described.Id,
        at: record.EventHeader.TimeStamp.cast_unsigned(),
        payload,
    };
    let wanted = match listener.provider {
        Provider::Network => &etw::NETWORK[..],
        Provider::Process => &etw::PROCESS[..],
    };
    // Where the filter is not heeded.
    if !wanted.contains(&raw.id) {
        return;
    }
    let mut waiting = listener.waiting.lock().unwrap_or_else(PoisonError::into_inner);
    if waiting.packed.len() + payload.len() > MOST {
        waiting.dropped += 1;
    } else {
        raw.encode(&mut waiting.packed);
    }
}

fn number(id: &GUID) -> u128 {
    let [d0, d1, d2, d3, d4, d5, d6, d7] = id.data4;
    let rest = u64::from_be_bytes([d0, d1, d2, d3, d4, d5, d6, d7]);
    u128::from(id.data1) << 96 | u128::from(id.data2) << 80 | u128::from(id.data3) << 64 | u128::from(rest)
}

/// Both sessions; `None` after one of them has ended, until they begin anew.
pub(super) struct Sessions(Option<Begun>);

struct Begun {
    network: Session,
    process: Session,
    waiting: Arc<Mutex<Waiting>>,
    frequency: u64,
    asked: Instant,
}

impl Sessions {
    pub(super) fn begin() -> io::Result<Self> {
        Begun::begin().map(|begun| Self(Some(begun)))
    }
}

impl Begun {
    /// Begins them, after ending those that programs of ours left behind.
    fn begin() -> io::Result<Self> {
        // Whoever had one by then is listed afterwards, if it runs.
        let found = all_sessions();
        let listed = processes::list(&Live)?;
        let own = std::process::id();
        let own = listed.iter().map(|process| process.id).find(|process| process.pid == own);
        let own = own.ok_or_else(|| error_of(ERROR_INVALID_DATA))?;
        // Those of this process are from a stream of it that ends.
        end_left_behind(&found, |owner| owner != own && listed.iter().any(|process| process.id == owner));
        let waiting = Arc::default();
        let mut frequency = 0;
        // SAFETY: the number is valid for the call.
        unsafe { QueryPerformanceFrequency(&raw mut frequency) };
        Ok(Self {
            network: Session::begin(Provider::Network, own, &waiting)?,
            process: Session::begin(Provider::Process, own, &waiting)?,
            waiting,
            frequency: frequency.cast_unsigned(),
            asked: Instant::now(),
        })
    }
}

impl Trace for Sessions {
    fn take(&mut self) -> io::Result<Vec<u8>> {
        let Some(begun) = &mut self.0 else {
            // What happened until now was not told, which is an error though they begin.
            self.0 = Some(Begun::begin()?);
            return Err(error_of(ERROR_CALL_NOT_IMPLEMENTED));
        };
        // What was told until one ended is not lost.
        let is_heard = begun.is_heard();
        let taken = begun.take();
        if !is_heard {
            self.0 = None;
        }
        Ok(taken)
    }

    fn flush(&mut self) {
        let Some(begun) = &self.0 else { return };
        for session in [&begun.network, &begun.process] {
            let _ = session.control(EVENT_TRACE_CONTROL_FLUSH);
        }
        // Nobody tells when the last event has been told.
        thread::sleep(SETTLE);
    }
}

impl Begun {
    fn is_heard(&mut self) -> bool {
        let heard = [self.network.is_heard(), self.process.is_heard()];
        heard == [true; 2]
    }

    fn take(&mut self) -> Vec<u8> {
        if self.asked.elapsed() >= ASK {
            self.asked = Instant::now();
            self.network.ask();
            self.process.ask();
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let packed = std::mem::take(&mut waiting.packed);
        let dropped = waiting.dropped;
        drop(waiting);
        let mut counter = 0;
        // SAFETY: the number is valid for the call.
        unsafe { QueryPerformanceCounter(&raw mut counter) };
        let head = Head {
            counter: counter.cast_unsigned(),
            frequency: self.frequency,
            network: self.network.losses,
            process: self.process.losses,
            dropped,
        };
        [&head.encode()[..], &packed].concat()
    }
}

/// Returns the sessions there are.
fn all_sessions() -> Vec<Box<Properties>> {
    let mut found: Vec<Box<Properties>> = (0..SESSIONS).map(|_| Properties::new()).collect();
    let mut places: Vec<*mut EVENT_TRACE_PROPERTIES> =
        found.iter_mut().map(|properties| properties.address()).collect();
    let mut count = 0;
    // SAFETY: there are so many structures with the room behind them that they tell of.
    unsafe { QueryAllTracesW(places.as_mut_ptr(), small(places.len()), &raw mut count) };
    found.truncate(usize::try_from(count).unwrap_or(0));
    found
}

/// Ends sessions of ours whose program is no more.
fn end_left_behind(found: &[Box<Properties>], runs: impl Fn(ProcessKey) -> bool) {
    for properties in found {
        if etw::is_left_behind(&properties.name(), &runs) {
            // SAFETY: of the union, this is what Windows fills in.
            let handle = unsafe { properties.all.Wnode.Anonymous1.HistoricalContext };
            let _ = control(CONTROLTRACE_HANDLE { Value: handle }, EVENT_TRACE_CONTROL_STOP);
        }
    }
}

/// The structures have the sizes that Windows expects behind pointers.
const _: () = assert!(size_of::<*mut c_void>() == 8);
