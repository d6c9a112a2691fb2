//! Terminals and character sets where both are no question: UTF-8, and terminals that take colours as they are.

use super::Stream;
use super::encoder::Charset;
use crate::text::Language;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, IsTerminal};

/// No character set but UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) enum CodePage {}

impl Charset for CodePage {
    fn encode(&self, _: &str, _: &mut Vec<u8>) {
        match *self {}
    }
}

/// The character set that a stream takes; `None` for UTF-8.
pub(super) fn code_page(_: Stream) -> Option<CodePage> {
    None
}

/// Whether standard output shows colours.
pub(super) fn takes_colours() -> bool {
    io::stdout().is_terminal()
}

/// Puts the terminal back as it was found.
pub(super) fn restore() {}

/// Whether standard output is a pipe that nobody reads any longer.
pub(super) fn is_closed() -> bool {
    let out = io::stdout();
    let mut ends = [PollFd::new(&out, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut ends, Some(&at_once)).is_ok() && ends.iter().any(|end| end.revents().contains(PollFlags::ERR))
}

/// The language that the system as a whole has been given; `None` where only the locale tells.
pub(super) fn language() -> Option<Language> {
    None
}
