//! See `main.rs`.
#![expect(unsafe_code, reason = "the standard library has no call for the pseudo consoles that tests need")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, ptr, thread};
use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Console::{
    COORD, CTRL_C_EVENT, ClosePseudoConsole, CreatePseudoConsole, ENABLE_VIRTUAL_TERMINAL_PROCESSING,
    GenerateConsoleCtrlEvent, GetConsoleMode, HPCON, SetConsoleCtrlHandler, SetConsoleMode,
    SetConsoleOutputCP,
};
use windows_sys::Win32::System::Pipes::CreatePipe;
use windows_sys::Win32::System::Threading::{
    CreateProcessW, EXTENDED_STARTUPINFO_PRESENT, GetExitCodeProcess, INFINITE,
    InitializeProcThreadAttributeList, PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE, PROCESS_INFORMATION,
    STARTF_USESTDHANDLES, STARTUPINFOEXW, UpdateProcThreadAttribute, WaitForSingleObject,
};
use windows_sys::core::BOOL;

/// The first argument of the second start of this program.
const INSIDE: &str = "inside";

/// Time limit for the program to show colours.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [INSIDE, rest @ ..] => inside(rest),
        ["shown" | "interrupted", out, ..] => outside(&words).and_then(|(code, shown)| {
            fs::write(out, shown)?;
            Ok(code)
        }),
        _ => outside(&words).map(|(code, _)| code),
    };
    match done {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)),
        Err(error) => {
            eprintln!("in_console: {error}");
            ExitCode::from(100)
        }
    }
}

/// Runs inside the console.
fn inside(words: &[&str]) -> io::Result<u32> {
    match words {
        ["page", number, out, err, program, words @ ..] => {
            let number = number.parse().map_err(|_| ErrorKind::InvalidInput)?;
            // SAFETY: the function takes any number.
            if unsafe { SetConsoleOutputCP(number) } == 0 {
                return Err(io::Error::last_os_error());
            }
            let mut command = Command::new(program);
            command.args(words).stdin(Stdio::null()).stdout(File::create(out)?).stderr(File::create(err)?);
            let code = command.status()?.code().unwrap_or(-1);
            Ok(code.cast_unsigned())
        }
        [way, _, modes, program, words @ ..] => {
            let console = OpenOptions::new().read(true).write(true).open("CONOUT$")?;
            let before = mode(&console)? & !ENABLE_VIRTUAL_TERMINAL_PROCESSING;
            // SAFETY: the handle is that of a console.
            if unsafe { SetConsoleMode(console.as_raw_handle(), before) } == 0 {
                return Err(io::Error::last_os_error());
            }
            let mut command = Command::new(program);
            command.args(words).stdin(Stdio::null()).stdout(console.try_clone()?).stderr(Stdio::null());
            let mut child = command.spawn()?;
            if *way == "interrupted" {
                interrupt(&console, &mut child)?;
            }
            let code = child.wait()?.code().unwrap_or(-1).cast_unsigned();
            fs::write(modes, format!("{code} {before} {}", mode(&console)?))?;
            Ok(0)
        }
        _ => Err(ErrorKind::InvalidInput.into()),
    }
}

fn mode(console: &File) -> io::Result<u32> {
    let mut mode = 0;
    // SAFETY: the handle is open, and the place for the mode is valid.
    match unsafe { GetConsoleMode(console.as_raw_handle(), &mut mode) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(mode),
    }
}

/// Presses Ctrl+C once the program has switched colours on.
fn interrupt(console: &File, child: &mut Child) -> io::Result<()> {
    let begin = Instant::now();
    while mode(console)? & ENABLE_VIRTUAL_TERMINAL_PROCESSING == 0 {
        if begin.elapsed() > PATIENCE || child.try_wait()?.is_some() {
            child.kill()?;
            return Err(ErrorKind::TimedOut.into());
        }
        thread::sleep(Duration::from_millis(10));
    }
    // SAFETY: the handler is a function of this program; the event goes to all programs of this console.
    unsafe {
        SetConsoleCtrlHandler(Some(unmoved), 1);
        GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
    }
    Ok(())
}

/// Keeps this program running after Ctrl+C.
extern "system" fn unmoved(_: u32) -> BOOL {
    1
}

/// Starts this program again in a console, and returns its exit code and what the console shows.
fn outside(words: &[&str]) -> io::Result<(u32, Vec<u8>)> {
    let (console_reads, _typed) = pipe()?;
    let (mut shown, console_writes) = pipe()?;
    let mut console: HPCON = 0;
    // SAFETY: both handles are open, and the place for the console is valid.
    let made = unsafe {
        let size = COORD { X: 200, Y: 100 };
        CreatePseudoConsole(
            size,
            console_reads.as_raw_handle(),
            console_writes.as_raw_handle(),
            0,
            &mut console,
        )
    };
    if made < 0 {
        return Err(io::Error::from_raw_os_error(made & 0xffff));
    }
    drop((console_reads, console_writes));
    let reader = thread::spawn(move || {
        let mut all = Vec::new();
        // The end of a pipe is an error on Windows.
        let _ = shown.read_to_end(&mut all);
        all
    });
    let code = start_inside(words, console);
    // SAFETY: the console was made above, and is closed once.
    unsafe { ClosePseudoConsole(console) };
    let shown = reader.join().map_err(|_| ErrorKind::Other)?;
    Ok((code?, shown))
}

fn pipe() -> io::Result<(File, File)> {
    let (mut read, mut write): (HANDLE, HANDLE) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the places for both ends are valid.
    if unsafe { CreatePipe(&mut read, &mut write, ptr::null(), 0) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: both were opened here, and nobody else closes them.
    Ok(unsafe { (OwnedHandle::from_raw_handle(read).into(), OwnedHandle::from_raw_handle(write).into()) })
}

fn start_inside(words: &[&str], console: HPCON) -> io::Result<u32> {
    let mut line = String::from("in_console inside");
    for word in words {
        // The tests' arguments have neither quotes nor trailing backslashes.
        line.push_str(&format!(" \"{word}\""));
    }
    let mut line: Vec<u16> = line.encode_utf16().chain([0]).collect();
    let program: Vec<u16> = env::current_exe()?.as_os_str().encode_wide().chain([0]).collect();
    let mut start = STARTUPINFOEXW::default();
    start.StartupInfo.cb = u32::try_from(size_of::<STARTUPINFOEXW>()).unwrap_or_default();
    // The streams of this program must not be those of the other one.
    start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    let mut room = 0;
    // SAFETY: this call only asks for the size of the list.
    unsafe { InitializeProcThreadAttributeList(ptr::null_mut(), 1, 0, &mut room) };
    let mut list = vec![0u64; room.div_ceil(8)];
    start.lpAttributeList = list.as_mut_ptr().cast();
    let mut process = PROCESS_INFORMATION::default();
    // SAFETY: the list has the size asked for and outlives the call, and so do the strings, which end in zeros.
    let started = unsafe {
        InitializeProcThreadAttributeList(start.lpAttributeList, 1, 0, &mut room) != 0
            && UpdateProcThreadAttribute(
                start.lpAttributeList,
                0,
                PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE as usize,
                console as *const _,
                size_of::<HPCON>(),
                ptr::null_mut(),
                ptr::null(),
            ) != 0
            && CreateProcessW(
                program.as_ptr(),
                line.as_mut_ptr(),
                ptr::null(),
                ptr::null(),
                0,
                EXTENDED_STARTUPINFO_PRESENT,
                ptr::null(),
                ptr::null(),
                &start.StartupInfo,
                &mut process,
            ) != 0
    };
    if !started {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: both handles were opened by the start, and nobody else closes them.
    let (process, _thread) = unsafe {
        (OwnedHandle::from_raw_handle(process.hProcess), OwnedHandle::from_raw_handle(process.hThread))
    };
    let mut code = 0;
    // SAFETY: the handle is open, and the place for the code is valid.
    unsafe {
        WaitForSingleObject(process.as_raw_handle(), INFINITE);
        GetExitCodeProcess(process.as_raw_handle(), &mut code);
    }
    Ok(code)
}
