//! Looks at standard output before the runtime of Rust does, which puts `/dev/null` in the place of a closed one: what is
//! written there would be lost without an error.
#![expect(unsafe_code, reason = "nothing but a linker section runs before the runtime")]

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether standard output was closed.
pub(super) static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

// SAFETY: the section is a list of functions to be called before `main`, and the type is that of its entries.
#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    // A system call that needs nothing of the runtime.
    let is_closed = rustix::io::fcntl_getfd(rustix::stdio::stdout()) == Err(rustix::io::Errno::BADF);
    WAS_CLOSED.store(is_closed, Ordering::Relaxed);
}
