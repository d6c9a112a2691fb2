//! The Windows console and its code pages.
//!
//! The standard library writes Unicode to a console, whatever its code page. Redirected output is written in the output
//! code page of the console, as the programs of Windows do, or without a console in the OEM code page of the system.
//! Terminals that are not consoles (mintty, for instance) take UTF-8.
#![expect(
    unsafe_code,
    reason = "console modes and code pages are Windows functions that fill buffers by address"
)]

use super::encoder::Charset;
use super::stream::Stream;
use netstat_engine::text::Language;
use std::io::{self, IsTerminal};
use std::ptr;
use std::sync::OnceLock;
use windows_sys::Win32::Foundation::{HANDLE, NO_ERROR};
use windows_sys::Win32::Globalization::{
    CP_UTF8, GetOEMCP, GetUserDefaultUILanguage, WC_NO_BEST_FIT_CHARS, WideCharToMultiByte,
};
use windows_sys::Win32::System::Console::{
    ENABLE_PROCESSED_OUTPUT, ENABLE_VIRTUAL_TERMINAL_PROCESSING, GetConsoleMode, GetConsoleOutputCP,
    GetStdHandle, STD_ERROR_HANDLE, STD_OUTPUT_HANDLE, SetConsoleCtrlHandler, SetConsoleMode,
};
use windows_sys::Win32::System::LibraryLoader::{LOAD_LIBRARY_SEARCH_SYSTEM32, SetDefaultDllDirectories};
use windows_sys::Win32::System::Registry::{HKEY_LOCAL_MACHINE, RRF_RT_REG_SZ, RegGetValueW};
use windows_sys::core::{BOOL, w};

/// The lower ten bits of a `LANGID` that means Korean.
const LANG_KOREAN: u16 = 0x12;

/// A code page, by its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct CodePage(u32);

impl Charset for CodePage {
    fn encode(&self, text: &str, out: &mut Vec<u8>) {
        let wide: Vec<u16> = text.encode_utf16().collect();
        // A few code pages (GB 18030) have every character and refuse a substitute for missing ones.
        let encoded = self.convert(&wide, Some(b'?')).or_else(|| self.convert(&wide, None));
        match encoded {
            Some(bytes) => out.extend_from_slice(&bytes),
            None => out.extend(text.chars().map(|_| b'?')),
        }
    }
}

impl CodePage {
    fn convert(self, wide: &[u16], substitute: Option<u8>) -> Option<Vec<u8>> {
        // No code page needs more bytes for a UTF-16 unit.
        let mut bytes = vec![0u8; wide.len() * 8];
        let (flags, default) = match &substitute {
            Some(byte) => (WC_NO_BEST_FIT_CHARS, ptr::from_ref(byte)),
            None => (0, ptr::null()),
        };
        let units = i32::try_from(wide.len()).ok()?;
        let room = i32::try_from(bytes.len()).ok()?;
        // SAFETY: both buffers are as long as stated, and the substitute is one byte that outlives the call.
        let used = unsafe {
            WideCharToMultiByte(
                self.0,
                flags,
                wide.as_ptr(),
                units,
                bytes.as_mut_ptr(),
                room,
                default,
                ptr::null_mut(),
            )
        };
        bytes.truncate(usize::try_from(used).ok().filter(|&used| used > 0)?);
        Some(bytes)
    }
}

fn handle(stream: Stream) -> HANDLE {
    let which = match stream {
        Stream::Output => STD_OUTPUT_HANDLE,
        Stream::Error => STD_ERROR_HANDLE,
    };
    // SAFETY: the function accepts each of these constants.
    unsafe { GetStdHandle(which) }
}

/// Returns the mode of the console behind a stream; `None` if the stream is redirected.
fn mode(stream: Stream) -> Option<u32> {
    let mut mode = 0;
    // SAFETY: the pointer to the mode is valid, and an invalid handle is refused.
    (unsafe { GetConsoleMode(handle(stream), &mut mode) } != 0).then_some(mode)
}

/// Returns the code page for a stream; `None` if the stream takes UTF-8.
pub(super) fn code_page(stream: Stream) -> Option<CodePage> {
    let terminal = match stream {
        Stream::Output => io::stdout().is_terminal(),
        Stream::Error => io::stderr().is_terminal(),
    };
    if terminal || mode(stream).is_some() {
        return None;
    }
    // SAFETY: the function has no preconditions.
    let number = match unsafe { GetConsoleOutputCP() } {
        0 => oem_code_page(),
        number => number,
    };
    (number != CP_UTF8).then_some(CodePage(number))
}

/// Returns the OEM code page of the system. `GetOEMCP` answers UTF-8 to this process because of its manifest; the
/// registry has the code page that other programs use.
fn oem_code_page() -> u32 {
    let mut text = [0u16; 16];
    let mut size = u32::try_from(size_of_val(&text)).unwrap_or(0);
    // SAFETY: both names end in a zero, and the buffer is as long as stated.
    let error = unsafe {
        RegGetValueW(
            HKEY_LOCAL_MACHINE,
            w!(r"SYSTEM\CurrentControlSet\Control\Nls\CodePage"),
            w!("OEMCP"),
            RRF_RT_REG_SZ,
            ptr::null_mut(),
            text.as_mut_ptr().cast(),
            &mut size,
        )
    };
    let digits = text.split(|&unit| unit == 0).next().unwrap_or_default();
    let number = (error == NO_ERROR).then(|| String::from_utf16_lossy(digits).parse().ok()).flatten();
    // SAFETY: the function has no preconditions.
    number.unwrap_or_else(|| unsafe { GetOEMCP() })
}

/// The mode that the console had before [`takes_colours`] changed it.
static FOUND: OnceLock<u32> = OnceLock::new();

/// Returns true if standard output shows colours. Switches a console to interpreting escape sequences (Windows 10).
pub(super) fn takes_colours() -> bool {
    let Some(found) = mode(Stream::Output) else { return io::stdout().is_terminal() };
    if found & ENABLE_VIRTUAL_TERMINAL_PROCESSING != 0 {
        return true;
    }
    let wanted = found | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING;
    FOUND.get_or_init(|| {
        // SAFETY: the handler is a static function.
        unsafe { SetConsoleCtrlHandler(Some(interrupted), 1) };
        found
    });
    // SAFETY: the handle is a console, whose mode was just read.
    unsafe { SetConsoleMode(handle(Stream::Output), wanted) != 0 }
}

/// Restores the mode that the console had at the start.
pub(super) fn restore() {
    if let Some(&found) = FOUND.get() {
        // SAFETY: as above.
        unsafe { SetConsoleMode(handle(Stream::Output), found) };
    }
}

/// Returns false: on Windows only writing tells that a pipe is closed.
pub(super) fn is_closed() -> bool {
    false
}

/// Returns false: writing to a handle that is not there fails.
pub(super) fn was_closed_at_start() -> bool {
    false
}

/// Makes Windows load libraries from its own folder alone, from now on: beside the program, somebody else may have put one.
pub(super) fn trust_system_libraries_alone() {
    // Without it, libraries come from where they always did.
    // SAFETY: the function has no preconditions.
    unsafe { SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32) };
}

/// Returns false: the size of the stack stands in the program.
pub(super) fn has_little_stack(_: usize) -> bool {
    false
}

/// Runs on its own thread when the user presses Ctrl+C or closes the window. Returning 0 passes the event on to the
/// default handler, which ends the process.
extern "system" fn interrupted(_: u32) -> BOOL {
    restore();
    0
}

/// Returns the display language of the user.
pub(super) fn language() -> Option<Language> {
    // SAFETY: the function has no preconditions.
    let language = unsafe { GetUserDefaultUILanguage() };
    Some(if language & 0x3ff == LANG_KOREAN { Language::Korean } else { Language::English })
}
