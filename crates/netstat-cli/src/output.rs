//! The one writer of standard output, and what is said on standard error.
//!
//! All of the program makes UTF-8. What becomes of it on the way out is decided here: on Windows what is redirected is
//! in the code page that other programs there expect, but for `--utf8` and for data (JSON, CSV).

#[cfg(windows)]
mod console;
#[cfg(not(windows))]
#[path = "output/plain.rs"]
mod console;
mod encoder;

use crate::options::Colour;
use crate::render::LineEnd;
use crate::text::Language;
use crate::text::quote::one_line;
use crate::warning_text::warning_text;
use console::CodePage;
use encoder::Encoder;
use netstat_engine::filter::FilterError;
use netstat_model::Warning;
use netstat_model::error::words_of;
use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Where text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Output,
    Error,
}

/// What is written as UTF-8 whatever the reader expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Utf8 {
    /// Standard output: it is data for programs.
    Data,
    /// Both streams (`--utf8`).
    Everything,
}

static OUTPUT_IS_UTF8: AtomicBool = AtomicBool::new(false);
static ERROR_IS_UTF8: AtomicBool = AtomicBool::new(false);

/// Says so, before anything is written.
pub(crate) fn write_utf8(what: Utf8) {
    OUTPUT_IS_UTF8.store(true, Ordering::Relaxed);
    if what == Utf8::Everything {
        ERROR_IS_UTF8.store(true, Ordering::Relaxed);
    }
}

/// What turns UTF-8 into what a stream takes; `None` where it takes UTF-8.
fn encoder_of(stream: Stream) -> Option<Encoder<CodePage>> {
    let utf8 = match stream {
        Stream::Output => &OUTPUT_IS_UTF8,
        Stream::Error => &ERROR_IS_UTF8,
    };
    if utf8.load(Ordering::Relaxed) { None } else { console::code_page(stream).map(Encoder::new) }
}

/// Standard output, for this thread alone.
pub(crate) struct Output {
    out: io::StdoutLock<'static>,
    encoder: Option<Encoder<CodePage>>,
    encoded: Vec<u8>,
}

/// Standard output; what is written to it has to be UTF-8.
pub(crate) fn stdout() -> Output {
    Output { out: io::stdout().lock(), encoder: encoder_of(Stream::Output), encoded: Vec::new() }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(encoder) = &mut self.encoder else { return self.out.write_all(bytes) };
        self.encoded.clear();
        encoder.push(bytes, &mut self.encoded);
        self.out.write_all(&self.encoded)
    }

    /// A character that was begun ends here.
    fn flush(&mut self) -> io::Result<()> {
        if let Some(encoder) = &mut self.encoder {
            self.encoded.clear();
            encoder.finish(&mut self.encoded);
            self.out.write_all(&self.encoded)?;
        }
        self.out.flush()
    }
}

/// A text with the line ends of this system.
fn with_line_ends(text: &str) -> Cow<'_, str> {
    match LineEnd::NATIVE {
        LineEnd::Lf => Cow::Borrowed(text),
        LineEnd::CrLf => Cow::Owned(text.replace("\r\n", "\n").replace('\n', "\r\n")),
    }
}

/// Writes to standard error. Where that is closed, the exit code has to say it all.
pub(crate) fn error_text(text: &str) {
    let text = with_line_ends(text);
    let mut encoded = Vec::new();
    let bytes = match encoder_of(Stream::Error) {
        Some(mut encoder) => {
            encoder.push(text.as_bytes(), &mut encoded);
            &encoded
        }
        None => text.as_bytes(),
    };
    let _ = io::stderr().write_all(bytes);
}

/// Whether colours are shown, as it was asked for. A console that has to be told to show them is told so, and put back
/// by [`restore`].
pub(crate) fn shows_colour(wanted: Colour) -> bool {
    match wanted {
        Colour::Auto => console::takes_colours(),
        // Also where nobody knows what becomes of them.
        Colour::Always => {
            console::takes_colours();
            true
        }
        Colour::Never => false,
    }
}

/// Puts the terminal back as it was found.
pub(crate) fn restore() {
    console::restore();
}

/// The language that the system has been given, as far as standard output can show it; `None` where only the locale
/// tells.
pub(crate) fn system_language() -> Option<Language> {
    console::language()
}

/// Whether there is somebody left to write for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Go on.
    Listening,
    /// The pipe is closed: nobody reads on, and that is success.
    Gone,
}

/// Whether somebody reads standard output, as far as can be told without writing to it.
pub(crate) fn reader() -> Reader {
    if console::is_closed() { Reader::Gone } else { Reader::Listening }
}

/// Writes a text for people to standard output, all of it.
///
/// # Errors
/// What failed and why, as a line for people. A closed pipe is no error.
pub(crate) fn people(words: &str) -> Result<Reader, String> {
    text(with_line_ends(words).as_bytes())
}

/// Writes a text to standard output, all of it.
///
/// # Errors
/// What failed and why, as a line for people. A closed pipe is no error.
pub(crate) fn text(text: &[u8]) -> Result<Reader, String> {
    let mut out = stdout();
    outcome(out.write_all(text).and_then(|()| out.flush()))
}

/// Whether an error says that nobody reads the other end of a pipe. Windows has three: that of `BrokenPipe`,
/// `ERROR_NO_DATA` and `ERROR_PIPE_NOT_CONNECTED`.
fn is_closed(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe || cfg!(windows) && matches!(error.raw_os_error(), Some(232 | 233))
}

/// What it means that standard output was written, or was not.
///
/// # Errors
/// What failed and why, as a line for people. A closed pipe is no error.
pub(crate) fn outcome(written: io::Result<()>) -> Result<Reader, String> {
    match written {
        Ok(()) => Ok(Reader::Listening),
        Err(error) if is_closed(&error) => Ok(Reader::Gone),
        Err(error) => Err(format!("cannot write to standard output: {}", words_of(&error))),
    }
}

/// One line on standard error.
///
/// The line may hold what others wrote, a recording from elsewhere among them, so nothing in it is left that moves
/// the cursor of a terminal.
pub(crate) fn complain(line: &str) {
    error_text(&format!("netstat: {}\n", one_line(line)));
}

/// A line on standard error as Windows says it, without the name of this program.
pub(crate) fn say(line: &str) {
    error_text(&format!("{line}\n"));
}

/// Why the program cannot do what was asked: one line, and where the fault is in a filter, lines that point at it.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) line: String,
    pub(crate) filter: Option<FilterError>,
}

impl From<String> for Trouble {
    fn from(line: String) -> Self {
        Self { line, filter: None }
    }
}

impl Trouble {
    /// Says it on standard error.
    pub(crate) fn say(&self) {
        complain(&self.line);
        if let Some(error) = &self.filter {
            for line in error.to_string().lines() {
                error_text(&format!("  {line}\n"));
            }
        }
    }
}

/// Warnings, each said once however often the report is repeated.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    said: Vec<Warning>,
}

impl Warnings {
    /// Says what has not been said yet.
    pub(crate) fn say(&mut self, warnings: impl IntoIterator<Item = Warning>) {
        self.say_as(warnings, warning_text);
    }

    /// The same in other words.
    pub(crate) fn say_as(
        &mut self,
        warnings: impl IntoIterator<Item = Warning>,
        words: impl Fn(&Warning) -> String,
    ) {
        for warning in warnings {
            if !self.said.iter().any(|said| warning.repeats(said)) {
                complain(&words(&warning));
                self.said.push(warning);
            }
        }
    }
}
