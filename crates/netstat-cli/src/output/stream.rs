//! The two streams of the program: which of them are UTF-8 whatever the reader expects, and the language of messages.

use netstat_engine::text::Language;
use std::sync::atomic::{AtomicBool, Ordering};

/// A stream that text is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Output,
    Error,
}

/// What is written as UTF-8 whatever code page the reader expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Utf8 {
    /// Standard output, because it is data for programs (JSON, CSV).
    Data,
    /// Both streams (`--utf8`).
    Everything,
}

static OUTPUT_IS_UTF8: AtomicBool = AtomicBool::new(false);
static ERROR_IS_UTF8: AtomicBool = AtomicBool::new(false);
static IS_KOREAN: AtomicBool = AtomicBool::new(false);

/// Sets the language of messages. Call before the first one.
pub(crate) fn speak(language: Language) {
    IS_KOREAN.store(language == Language::Korean, Ordering::Relaxed);
}

/// Returns the language of messages.
pub(crate) fn language() -> Language {
    if IS_KOREAN.load(Ordering::Relaxed) { Language::Korean } else { Language::English }
}

/// Sets the encoding of the streams. Call before the first write.
pub(crate) fn write_utf8(what: Utf8) {
    OUTPUT_IS_UTF8.store(true, Ordering::Relaxed);
    if what == Utf8::Everything {
        ERROR_IS_UTF8.store(true, Ordering::Relaxed);
    }
}

impl Stream {
    /// Returns true if [`write_utf8`] was called for this stream.
    pub(super) fn is_utf8(self) -> bool {
        match self {
            Self::Output => &OUTPUT_IS_UTF8,
            Self::Error => &ERROR_IS_UTF8,
        }
        .load(Ordering::Relaxed)
    }
}
