//! The packets of a connection, written by `netstat capture` beside the view: it gives up its rights, which the view needs on.

use netstat_engine::both;
use netstat_engine::text::system::io_error;
use netstat_engine::text::{Language, Text};
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How often to see whether it has ended by itself.
const PAUSE: Duration = Duration::from_millis(100);

/// It ends by itself after this, should nobody be left to end it.
const LONGEST: &str = "1h";

/// How much of a line that it says is kept.
const MOST: u64 = 4 << 10;

/// Writes the packets that a filter means until somebody says to end or is gone. Returns what it said last.
pub(super) fn write(file: &Path, filter: &str, stopped: &Receiver<()>, language: Language) -> Text {
    let failed = |error: &io::Error| {
        both!("packets cannot be written: {why}", "패킷을 저장할 수 없습니다: {why}", why = io_error(error))
    };
    let lang = match language {
        Language::English => "en",
        Language::Korean => "ko",
    };
    let begun = std::env::current_exe().and_then(|program| {
        let mut capture = Command::new(program);
        capture.args(["capture", "--lang", lang, "--for", LONGEST, "--write"]).arg(file).arg(filter);
        capture.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
    });
    let mut child = match begun {
        Ok(child) => child,
        Err(error) => return failed(&error),
    };
    // Read as it comes: a pipe that is full would stop the program.
    let hearer = child.stderr.take().map(|pipe| std::thread::spawn(move || last_line(pipe)));
    loop {
        match stopped.recv_timeout(PAUSE) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => {
                end(&mut child);
                break;
            }
        }
        if !matches!(child.try_wait(), Ok(None)) {
            break;
        }
    }
    let said = hearer.and_then(|hearer| hearer.join().ok()).unwrap_or_else(|| Ok(String::new()));
    let _ = child.wait();
    match said {
        Ok(last) => Text::same(last.strip_prefix("netstat: ").unwrap_or(&last).to_owned()),
        Err(error) => failed(&error),
    }
}

/// Reads to the end. Returns the last line that is not empty, as far as it is kept.
fn last_line(pipe: impl Read) -> io::Result<String> {
    let mut pipe = BufReader::new(pipe);
    let (mut last, mut line) = (Vec::new(), Vec::new());
    loop {
        let read = (&mut pipe).take(MOST).read_until(b'\n', &mut line)?;
        if !line.trim_ascii().is_empty() {
            std::mem::swap(&mut last, &mut line);
        }
        line.clear();
        if read == 0 {
            return Ok(String::from_utf8_lossy(last.trim_ascii()).into_owned());
        }
    }
}

/// Asks it to end, as Ctrl+C does.
fn end(child: &mut Child) {
    #[cfg(unix)]
    {
        let pid = rustix::process::Pid::from_child(child);
        // One that has ended already is as good.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
    }
    #[cfg(not(unix))]
    {
        let _ = child.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_however_much_there_was() {
        let of = |said: &str| last_line(said.as_bytes()).unwrap();
        assert_eq!((of(""), of("a"), of("a\nb \n\n")), (String::new(), "a".to_owned(), "b".to_owned()));
        assert_eq!(of(&format!("{}the end\n", "a warning\n".repeat(100_000))), "the end");
        assert!(of(&"x".repeat(1 << 20)).len() <= 4 << 10);
    }
}
