//! The console of Windows and its code pages.
//!
//! A console takes text as Unicode, whatever its code page: the standard library sees to that. What is redirected is
//! written in the output code page of the console, as the programs of Windows do it, or, where there is no console, in
//! that of the system for such programs (OEM). A terminal that is no console (mintty and its kin) takes UTF-8.
#![expect(
    unsafe_code,
    reason = "console modes and code pages are Windows functions that fill buffers by address"
)]

use super::Stream;
use super::encoder::Charset;
use crate::text::Language;
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
use windows_sys::Win32::System::Registry::{HKEY_LOCAL_MACHINE, RRF_RT_REG_SZ, RegGetValueW};
use windows_sys::core::{BOOL, w};

/// What `LANGID` has in its lower ten bits for Korean.
const LANG_KOREAN: u16 = 0x12;

/// A word of the Korean headings: a code page that has it has the others.
const KOREAN: &str = "활성";

/// A code page, by its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct CodePage(u32);

impl Charset for CodePage {
    fn encode(&self, text: &str, out: &mut Vec<u8>) {
        let wide: Vec<u16> = text.encode_utf16().collect();
        // A few code pages (GB 18030) have every character, and refuse to be told what to do about others.
        let encoded = self.convert(&wide, Some(b'?')).or_else(|| self.convert(&wide, None));
        match encoded {
            Some(bytes) => out.extend_from_slice(&bytes),
            None => out.extend(text.chars().map(|_| b'?')),
        }
    }
}

impl CodePage {
    fn convert(self, wide: &[u16], otherwise: Option<u8>) -> Option<Vec<u8>> {
        // No character set of Windows has more bytes for a unit.
        let mut bytes = vec![0u8; wide.len() * 8];
        let (flags, default) = match &otherwise {
            Some(byte) => (WC_NO_BEST_FIT_CHARS, ptr::from_ref(byte)),
            None => (0, ptr::null()),
        };
        let units = i32::try_from(wide.len()).ok()?;
        let room = i32::try_from(bytes.len()).ok()?;
        // SAFETY: both buffers have as much as is said, and the character for all others is one byte.
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
    // SAFETY: the function takes any of the three numbers.
    unsafe { GetStdHandle(which) }
}

/// The mode of the console that a stream goes to; `None` where it goes elsewhere.
fn mode(stream: Stream) -> Option<u32> {
    let mut mode = 0;
    // SAFETY: the place for the mode is valid, and a handle that is none is refused.
    (unsafe { GetConsoleMode(handle(stream), &mut mode) } != 0).then_some(mode)
}

/// The character set that a stream takes; `None` for UTF-8.
pub(super) fn code_page(stream: Stream) -> Option<CodePage> {
    let terminal = match stream {
        Stream::Output => io::stdout().is_terminal(),
        Stream::Error => io::stderr().is_terminal(),
    };
    if terminal || mode(stream).is_some() {
        return None;
    }
    // SAFETY: the function takes nothing.
    let number = match unsafe { GetConsoleOutputCP() } {
        0 => of_the_system(),
        number => number,
    };
    (number != CP_UTF8).then_some(CodePage(number))
}

/// The code page of the system for programs of the console. To this process Windows would call it UTF-8, because its
/// manifest says so of the process; the registry has that of the others.
fn of_the_system() -> u32 {
    let mut text = [0u16; 16];
    let mut size = u32::try_from(size_of_val(&text)).unwrap_or(0);
    // SAFETY: both names end in a zero, and the buffer has the room that is said.
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
    // SAFETY: the function takes nothing.
    number.unwrap_or_else(|| unsafe { GetOEMCP() })
}

/// The mode of the console as it was found, where it was changed.
static FOUND: OnceLock<u32> = OnceLock::new();

/// Whether standard output shows colours. A console is told to understand them, and does so from Windows 10 on.
pub(super) fn takes_colours() -> bool {
    let Some(found) = mode(Stream::Output) else { return io::stdout().is_terminal() };
    if found & ENABLE_VIRTUAL_TERMINAL_PROCESSING != 0 {
        return true;
    }
    let wanted = found | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING;
    FOUND.get_or_init(|| {
        // SAFETY: the handler is a function of this program, which lives as long as the process.
        unsafe { SetConsoleCtrlHandler(Some(interrupted), 1) };
        found
    });
    // SAFETY: the handle is that of a console, whose mode has just been read.
    unsafe { SetConsoleMode(handle(Stream::Output), wanted) != 0 }
}

/// Puts the console back as it was found.
pub(super) fn restore() {
    if let Some(&found) = FOUND.get() {
        // SAFETY: as above.
        unsafe { SetConsoleMode(handle(Stream::Output), found) };
    }
}

/// Whether standard output is a pipe that nobody reads any longer: here only writing to it tells.
pub(super) fn is_closed() -> bool {
    false
}

/// Called on a thread of its own when the user interrupts the program, or closes its window. The next handler, that of
/// Windows, ends the process.
extern "system" fn interrupted(_: u32) -> BOOL {
    restore();
    0
}

/// The language of the user. Korean only where its headings can be shown: in a code page without them they would be
/// nothing but question marks.
pub(super) fn language() -> Option<Language> {
    // SAFETY: the function takes nothing.
    let language = unsafe { GetUserDefaultUILanguage() };
    let shown = super::encoder_of(Stream::Output).is_none_or(|mut encoder| {
        let mut out = Vec::new();
        encoder.push(KOREAN.as_bytes(), &mut out);
        !out.contains(&b'?')
    });
    Some(if language & 0x3ff == LANG_KOREAN && shown { Language::Korean } else { Language::English })
}
