//! `netstat record`: connections as they open and end.

use super::{Session, explain};
use crate::output::{self, Reader, Trouble};
use crate::render::events::{write_connection, write_gap};
use crate::settings::Recording;
use netstat_engine::enrich::UserNames;
use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, ProcessInstance, ProcessRecord,
};
use netstat_model::query::Owners;
use netstat_os::{EventWishes, Events, Machine, NameDatabases};
use rustc_hash::FxHashMap;
use std::io::Write;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

/// The most processes whose records are kept for the lines to come; beyond it all are forgotten, and lines name a process
/// by its ID alone until it is told of again.
const MOST: usize = 1 << 16;

/// So much the clock may differ from what it was before it counts as having been set: the time since boot comes in steps of
/// 10 ms.
const SET: Duration = Duration::from_millis(50);

/// Prints connections as they end, until nobody reads on.
pub(super) fn run(session: &Session<'_>, recording: Recording) -> Result<ExitCode, Trouble> {
    let system = &session.backend;
    let wishes =
        EventWishes { arguments: recording.arguments, without_bpf: session.settings.owners == Owners::Proc };
    let mut stream = system.events(wishes);
    output::complain(&stream.method().to_string());
    let users = UserNames::parse(&system.users().data);
    let clock = read_clock(session)?;
    let mut printer = Printer { recording, users, processes: FxHashMap::default(), clock };
    let mut events = Vec::new();
    let mut lines = Vec::new();
    loop {
        stream.take(&mut events).map_err(|error| explain(&error, session.settings))?;
        printer.set_clock(read_clock(session)?);
        events.drain(..).for_each(|event| printer.print(event, &mut lines));
        let mut stdout = output::stdout();
        let reader = output::outcome(stdout.write_all(&lines).and_then(|()| stdout.flush()))?;
        drop(stdout);
        lines.clear();
        stream.release();
        if reader == Reader::Gone {
            return Ok(ExitCode::SUCCESS);
        }
        thread::sleep(stream.pause());
    }
}

/// Reads what the time since boot is by the clock on the wall.
fn read_clock(session: &Session<'_>) -> Result<ClockReading, Trouble> {
    let system = &session.backend;
    let since_boot = system.uptime().map_err(|error| explain(&error, session.settings))?;
    let now = system.now().and_then(|now| now.duration_since(UNIX_EPOCH).ok());
    let since_1970 = now.ok_or_else(|| "the system does not tell the time of day".to_owned())?;
    Ok(ClockReading { boot_id: system.boot_id().unwrap_or_default(), since_boot, since_1970 })
}

/// Makes lines of events.
struct Printer {
    recording: Recording,
    users: UserNames,
    processes: FxHashMap<ProcessInstance, ProcessRecord>,
    clock: ClockReading,
}

impl Printer {
    /// Keeps a reading of the clock if it was set meanwhile.
    fn set_clock(&mut self, now: ClockReading) {
        let boot = |clock: &ClockReading| clock.since_1970.saturating_sub(clock.since_boot);
        if boot(&self.clock).abs_diff(boot(&now)) >= SET {
            self.clock = now;
        }
    }

    fn print(&mut self, event: ConnectionEvent, lines: &mut Vec<u8>) {
        match event {
            ConnectionEvent::Process(mut process) => {
                if self.processes.len() >= MOST {
                    self.processes.clear();
                }
                if process.user.is_none() {
                    process.user = process.uid.and_then(|uid| self.users.name(uid)).map(Into::into);
                }
                self.processes.insert(process.instance, *process);
            }
            ConnectionEvent::Opened(record) if self.recording.opens => self.connection(&record, lines),
            ConnectionEvent::Opened(_) => {}
            ConnectionEvent::Ended(record) => self.connection(&record, lines),
            ConnectionEvent::Gap(gap) => write_gap(lines, &gap, &self.clock),
        }
    }

    fn connection(&self, record: &ConnectionRecord, lines: &mut Vec<u8>) {
        let process = record.process.and_then(|(instance, _)| self.processes.get(&instance));
        write_connection(lines, record, process, &self.clock);
    }
}
