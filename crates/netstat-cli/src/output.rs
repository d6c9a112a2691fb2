//! The one writer of standard output, and the messages on standard error.
//!
//! The rest of the program produces UTF-8. This module converts it on its way out: on Windows, redirected output is
//! written in the code page that other programs there use, except with `--utf8` and for data (JSON, CSV).

#[cfg(windows)]
mod console;
#[cfg(not(windows))]
#[path = "output/plain.rs"]
mod console;
mod encoder;
pub(crate) mod interrupt;
mod stream;

use crate::options::Colour;
use crate::render::LineEnd;
use crate::warning_text::warning_text;
use console::CodePage;
use encoder::Encoder;
use netstat_engine::both;
use netstat_engine::filter::FilterError;
use netstat_engine::text::quote::one_line;
use netstat_engine::text::system::io_error;
use netstat_engine::text::{Language, Text};
use netstat_model::Warning;
use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};
use stream::Stream;
pub(crate) use stream::{Utf8, language, speak, write_utf8};

/// A word of the Korean table headings. A code page that has it has the other headings as well.
const KOREAN_SAMPLE: &str = "활성";

/// Returns the encoder for a stream; `None` if the stream takes UTF-8.
fn encoder_of(stream: Stream) -> Option<Encoder<CodePage>> {
    if stream.is_utf8() { None } else { console::code_page(stream).map(Encoder::new) }
}

/// Standard output, locked by this thread.
pub(crate) struct Output {
    out: io::StdoutLock<'static>,
    encoder: Option<Encoder<CodePage>>,
    encoded: Vec<u8>,
}

/// Locks standard output. Whatever is written to it must be UTF-8.
pub(crate) fn stdout() -> Output {
    Output { out: io::stdout().lock(), encoder: encoder_of(Stream::Output), encoded: Vec::new() }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if console::was_closed_at_start() {
            return Err(io::Error::other("it is closed"));
        }
        let Some(encoder) = &mut self.encoder else { return self.out.write_all(bytes) };
        self.encoded.clear();
        encoder.push(bytes, &mut self.encoded);
        self.out.write_all(&self.encoded)
    }

    /// Also ends a character of which only the beginning was written.
    fn flush(&mut self) -> io::Result<()> {
        if let Some(encoder) = &mut self.encoder {
            self.encoded.clear();
            encoder.finish(&mut self.encoded);
            self.out.write_all(&self.encoded)?;
        }
        self.out.flush()
    }
}

/// Converts line ends to those of this system.
fn with_line_ends(text: &str) -> Cow<'_, str> {
    match LineEnd::NATIVE {
        LineEnd::Lf => Cow::Borrowed(text),
        LineEnd::CrLf => Cow::Owned(text.replace("\r\n", "\n").replace('\n', "\r\n")),
    }
}

/// Writes to standard error. If that is closed, the exit code is all that is left to tell.
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

/// Decides whether to use colours. Switches the console to a mode that shows them if need be; [`restore`] switches it
/// back.
pub(crate) fn shows_colour(wanted: Colour) -> bool {
    match wanted {
        Colour::Auto => console::takes_colours(),
        // The caller insists, so the answer of the console does not matter.
        Colour::Always => {
            console::takes_colours();
            true
        }
        Colour::Never => false,
    }
}

/// Returns the width and height of the terminal, in cells; `None` if standard output is none.
pub(crate) fn size() -> Option<(usize, usize)> {
    terminal_size::terminal_size_of(io::stdout())
        .map(|(width, height)| (usize::from(width.0), usize::from(height.0)))
}

/// Returns the width of the terminal, in cells; `None` for lines of any length.
pub(crate) fn width() -> Option<usize> {
    size().map(|(width, _)| width)
}

/// Returns true if standard output is a terminal on which the cursor can be moved.
pub(crate) fn is_screen() -> bool {
    console::takes_colours() && std::env::var_os("TERM").is_none_or(|term| term != "dumb") && size().is_some()
}

/// Restores the mode that the console had at the start.
pub(crate) fn restore() {
    console::restore();
}

/// Makes the program load libraries of the system alone. Call it before anything else.
#[cfg(windows)]
pub(crate) fn trust_system_libraries_alone() {
    console::trust_system_libraries_alone();
}

/// Returns true if the system gives the program less stack than this many bytes.
pub(crate) fn has_little_stack(needed: usize) -> bool {
    console::has_little_stack(needed)
}

/// Returns the user's language if the system has one set; `None` if only the locale tells.
///
/// Korean becomes English if standard output is in a code page without Korean, where it would be all question marks.
pub(crate) fn system_language() -> Option<Language> {
    let language = console::language()?;
    let readable = language != Language::Korean
        || encoder_of(Stream::Output).is_none_or(|mut encoder| {
            let mut sample = Vec::new();
            encoder.push(KOREAN_SAMPLE.as_bytes(), &mut sample);
            !sample.contains(&b'?')
        });
    Some(if readable { language } else { Language::English })
}

/// Whether anybody still reads standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody reads on.
    Listening,
    /// The pipe is closed. This counts as success.
    Gone,
}

/// Checks whether anybody still reads standard output, as far as one can tell without writing.
pub(crate) fn reader() -> Reader {
    if console::is_closed() { Reader::Gone } else { Reader::Listening }
}

/// Writes a message for people to standard output, with the line ends of this system.
///
/// # Errors
/// One line that says what failed and why. A closed pipe is not an error.
pub(crate) fn people(words: &str) -> Result<Reader, Text> {
    text(with_line_ends(words).as_bytes())
}

/// Writes bytes to standard output as they are.
///
/// # Errors
/// One line that says what failed and why. A closed pipe is not an error.
pub(crate) fn text(text: &[u8]) -> Result<Reader, Text> {
    let mut out = stdout();
    outcome(out.write_all(text).and_then(|()| out.flush()))
}

/// Returns true if the error means that the other end of a pipe is closed. Windows has two more errors for this than
/// `BrokenPipe`: `ERROR_NO_DATA` and `ERROR_PIPE_NOT_CONNECTED`.
pub(crate) fn is_closed(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe || cfg!(windows) && matches!(error.raw_os_error(), Some(232 | 233))
}

/// Turns the result of writing to standard output into [`Reader`] or an error message.
///
/// # Errors
/// One line that says what failed and why. A closed pipe is not an error.
pub(crate) fn outcome(written: io::Result<()>) -> Result<Reader, Text> {
    match written {
        Ok(()) => Ok(Reader::Listening),
        Err(error) if is_closed(&error) => Ok(Reader::Gone),
        Err(error) => Err(both!(
            "cannot write to standard output: {why}",
            "표준 출력에 쓸 수 없습니다: {why}",
            why = io_error(&error)
        )),
    }
}

/// Writes one line to standard error, in the language of the messages and after the name of the program.
///
/// The line may contain text from outside (a recording from another machine, for instance), so control characters
/// are escaped.
pub(crate) fn complain(line: &Text) {
    error_text(&format!("netstat: {}\n", one_line(line.of(language()))));
}

/// Writes one line to standard error without the name of the program, as Windows netstat does.
pub(crate) fn say(line: &str) {
    error_text(&format!("{line}\n"));
}

/// Why the program cannot do what was asked: one line, and for an error in a filter more lines that point at it.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) line: Text,
    pub(crate) filter: Option<Box<FilterError>>,
    /// What a word that was not understood is the name of, and what to type then.
    pub(crate) meaning: Option<Text>,
}

impl From<Text> for Trouble {
    fn from(line: Text) -> Self {
        Self { line, filter: None, meaning: None }
    }
}

impl Trouble {
    /// Writes it to standard error.
    pub(crate) fn say(&self) {
        complain(&self.line);
        if let Some(error) = &self.filter {
            for line in error.message(language()).lines() {
                error_text(&format!("  {line}\n"));
            }
        }
        if let Some(meaning) = &self.meaning {
            complain(meaning);
        }
    }
}

/// Writes each warning once, however often the report repeats.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    said: Vec<Warning>,
}

impl Warnings {
    /// Writes the warnings that have not been written yet.
    pub(crate) fn say(&mut self, warnings: impl IntoIterator<Item = Warning>) {
        self.say_as(warnings, warning_text);
    }

    /// Like [`say`](Self::say), worded by the caller.
    pub(crate) fn say_as(
        &mut self,
        warnings: impl IntoIterator<Item = Warning>,
        words: impl Fn(&Warning) -> Text,
    ) {
        for warning in warnings {
            if !self.said.iter().any(|said| warning.repeats(said)) {
                complain(&words(&warning));
                self.said.push(warning);
            }
        }
    }
}
