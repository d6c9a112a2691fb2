//! The log of what existed when. Times are in nanoseconds of the monotonic clock, `-` for never:
//!
//! - `row ID LOCAL REMOTE STATE SPAN`: a row of the table of sockets
//! - `own ID PID SPAN`: a process that holds it
//!
//! where SPAN is four times: the earliest and the latest possible begin, and the earliest and the latest possible end.

use std::io::{self, Read, Write};
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use netstat_lab::monotonic_nanoseconds as now;

/// After its reset, the rest of a connection may exist this long until the kernel removes it.
pub(crate) const GRACE: u64 = 100_000_000;

/// When something exists.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) may_from: u64,
    pub(crate) must_from: u64,
    pub(crate) must_to: u64,
    pub(crate) may_to: u64,
}

pub(crate) const NEVER: u64 = u64::MAX;

impl Span {
    /// Existing from now on.
    pub(crate) fn since(may_from: u64) -> Self {
        Self { may_from, must_from: now(), must_to: NEVER, may_to: NEVER }
    }

    /// Possibly existing.
    pub(crate) fn perhaps(may_from: u64, may_to: u64) -> Self {
        Self { may_from, must_from: NEVER, must_to: 0, may_to }
    }
}

/// The rows of one thread, present and past.
#[derive(Debug, Default)]
pub(crate) struct Log {
    text: String,
}

impl Log {
    pub(crate) fn row(
        &mut self,
        id: &str,
        local: SocketAddrV4,
        remote: SocketAddrV4,
        state: &str,
        span: Span,
    ) {
        self.text.push_str(&format!("row {id} {local} {remote} {state} {}\n", times(span)));
    }

    pub(crate) fn own(&mut self, id: &str, pid: u32, span: Span) {
        self.text.push_str(&format!("own {id} {pid} {}\n", times(span)));
    }

    pub(crate) fn print(&self) -> io::Result<()> {
        io::stdout().write_all(self.text.as_bytes())
    }
}

fn times(span: Span) -> String {
    let time = |time: u64| if time == NEVER { "-".to_owned() } else { time.to_string() };
    [span.may_from, span.must_from, span.must_to, span.may_to].map(time).join(" ")
}

/// Prints `ready`, and returns a flag that is set once standard input has closed.
pub(crate) fn ready() -> io::Result<Arc<AtomicBool>> {
    let over = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&over);
    std::thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        flag.store(true, Ordering::Relaxed);
    });
    let mut out = io::stdout();
    out.write_all(b"ready\n")?;
    out.flush()?;
    Ok(over)
}
