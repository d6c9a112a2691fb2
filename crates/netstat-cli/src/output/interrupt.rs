//! Ctrl+C while names are looked up: what is known by then is shown, and the program ends after that, by the same signal as
//! ever.
#![expect(unsafe_code, reason = "no safe call puts the former handler back")]

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody has pressed Ctrl+C while it was [`Deferred`].
static PENDING: AtomicBool = AtomicBool::new(false);

/// Returns whether the program has to end.
pub(crate) fn is_pending() -> bool {
    PENDING.load(Ordering::Relaxed)
}

#[cfg(unix)]
mod system {
    use super::{Ordering, PENDING};

    /// Ctrl+C is noted for as long as this lives, and has its usual effect again afterwards.
    pub(crate) struct Deferred(Option<libc::sigaction>);

    extern "C" fn note(_: libc::c_int) {
        PENDING.store(true, Ordering::Relaxed);
    }

    impl Deferred {
        pub(crate) fn new() -> Self {
            // SAFETY: all zeros is the empty set of signals, no flags, and the default handler.
            let [mut before, mut action] = unsafe { std::mem::zeroed::<[libc::sigaction; 2]>() };
            action.sa_sigaction = note as extern "C" fn(libc::c_int) as usize;
            // A lookup goes on, and is given up by whoever waits for it.
            action.sa_flags = libc::SA_RESTART;
            // SAFETY: both live during the call.
            if unsafe { libc::sigaction(libc::SIGINT, std::ptr::null(), &raw mut before) } != 0
                || before.sa_sigaction == libc::SIG_IGN
            {
                // Whoever has started the program in the background means it to be ignored.
                return Self(None);
            }
            // SAFETY: the handler does nothing but store a flag.
            let installed = unsafe { libc::sigaction(libc::SIGINT, &raw const action, std::ptr::null_mut()) };
            Self((installed == 0).then_some(before))
        }
    }

    impl Drop for Deferred {
        fn drop(&mut self) {
            if let Some(before) = &self.0 {
                // SAFETY: the action is the one that was there before.
                unsafe { libc::sigaction(libc::SIGINT, before, std::ptr::null_mut()) };
            }
        }
    }

    /// Ends the program by the signal, so that a shell knows why.
    pub(crate) fn end() {
        // SAFETY: the function has no preconditions.
        unsafe { libc::raise(libc::SIGINT) };
    }
}

#[cfg(windows)]
mod system {
    use super::{Ordering, PENDING};
    use windows_sys::Win32::System::Console::{CTRL_C_EVENT, SetConsoleCtrlHandler};
    use windows_sys::core::BOOL;

    /// Ctrl+C is noted for as long as this lives, and has its usual effect again afterwards.
    pub(crate) struct Deferred;

    /// Runs on a thread of its own. 1 says that nobody else has to be asked.
    extern "system" fn note(event: u32) -> BOOL {
        let is_interrupt = event == CTRL_C_EVENT;
        PENDING.fetch_or(is_interrupt, Ordering::Relaxed);
        is_interrupt.into()
    }

    impl Deferred {
        pub(crate) fn new() -> Self {
            // SAFETY: the handler is a static function.
            unsafe { SetConsoleCtrlHandler(Some(note), 1) };
            Self
        }
    }

    impl Drop for Deferred {
        fn drop(&mut self) {
            // SAFETY: as above.
            unsafe { SetConsoleCtrlHandler(Some(note), 0) };
        }
    }

    /// Ends the program with the code that Windows gives to one that Ctrl+C has ended.
    pub(crate) fn end() {
        std::process::exit(0xc000_013a_u32.cast_signed());
    }
}

pub(crate) use system::{Deferred, end};
