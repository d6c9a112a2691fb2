//! Terminals that take UTF-8 and colours as they are.

#[path = "at_start.rs"]
mod at_start;

use super::encoder::Charset;
use super::stream::Stream;
use netstat_engine::text::Language;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, IsTerminal};

/// No code page: everything is UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) enum CodePage {}

impl Charset for CodePage {
    fn encode(&self, _: &str, _: &mut Vec<u8>) {
        match *self {}
    }
}

/// Returns the code page for a stream; `None` means UTF-8.
pub(super) fn code_page(_: Stream) -> Option<CodePage> {
    None
}

/// Returns true if standard output shows colours.
pub(super) fn takes_colours() -> bool {
    io::stdout().is_terminal()
}

/// Does nothing: there is no mode to restore.
pub(super) fn restore() {}

/// Returns true if standard output was closed when the program began.
pub(super) fn was_closed_at_start() -> bool {
    at_start::WAS_CLOSED.load(std::sync::atomic::Ordering::Relaxed)
}

/// Returns true if the stack of the first thread is limited to less than this many bytes.
pub(super) fn has_little_stack(needed: usize) -> bool {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Stack).current.is_some_and(|limit| limit < needed as u64)
}

/// Returns true if standard output is a pipe that nobody reads any more.
pub(super) fn is_closed() -> bool {
    let out = io::stdout();
    let mut ends = [PollFd::new(&out, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut ends, Some(&at_once)).is_ok() && ends.iter().any(|end| end.revents().contains(PollFlags::ERR))
}

/// Returns `None`: only the locale tells the language.
pub(super) fn language() -> Option<Language> {
    None
}
