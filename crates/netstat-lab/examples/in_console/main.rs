//! Runs a program in a console of its own, for the tests of the Windows build, which have none.
//!
//!     in_console page NUMBER OUT ERR PROGRAM WORD...    with this output code page, both streams going to files
//!     in_console shown OUT MODES PROGRAM WORD...        with standard output going to the console
//!     in_console interrupted OUT MODES PROGRAM WORD...  the same, with Ctrl+C as soon as colours are switched on
//!
//! OUT then gets what a terminal would have shown. MODES is three numbers: the exit code of the program, and the output
//! mode of the console before and after. This program's own exit code is that of PROGRAM, or 0 for the latter two; it is
//! 100 where something could not be started. The console is a pseudo console, which needs no window; this program starts
//! a second instance of itself in it.

#[cfg(windows)]
mod console;

fn main() -> std::process::ExitCode {
    #[cfg(windows)]
    {
        console::main()
    }
    #[cfg(not(windows))]
    {
        eprintln!("in_console: runs on Windows only");
        std::process::ExitCode::FAILURE
    }
}
