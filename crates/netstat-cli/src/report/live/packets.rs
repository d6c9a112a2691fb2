//! The packets of a connection, written by `netstat capture` beside the view: it gives up its rights, which the view needs on.

use netstat_engine::both;
use netstat_engine::text::system::io_error;
use netstat_engine::text::{Language, Text};
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How often to see whether it has ended by itself.
const PAUSE: Duration = Duration::from_millis(100);

/// It ends by itself after this, should nobody be left to end it.
const LONGEST: &str = "1h";

/// How much of what it says is kept.
const MOST: u64 = 64 << 10;

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
    loop {
        match stopped.recv_timeout(PAUSE) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => {
                end(&mut child);
                break;
            }
        }
        // What it says fits into the pipe.
        if !matches!(child.try_wait(), Ok(None)) {
            break;
        }
    }
    let mut said = Vec::new();
    let read = child.stderr.take().map(|mut pipe| pipe.by_ref().take(MOST).read_to_end(&mut said));
    let _ = child.wait();
    if let Some(Err(error)) = read {
        return failed(&error);
    }
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().last().unwrap_or_default();
    Text::same(last.strip_prefix("netstat: ").unwrap_or(last).to_owned())
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
