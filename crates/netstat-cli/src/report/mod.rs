//! One file for each report: what it asks of the system, and how that becomes a display.

mod connections;
mod names;

use crate::output::{self, Reader, Warnings};
use crate::render::escape;
use crate::settings::{Report, Settings, Tape};
use names::NameSource;
use netstat_core::os::{self, Backend, Native, Origin};
use netstat_core::{Error, Warning};
use std::thread;

/// A display, as bytes, and what it lacks.
struct Display {
    bytes: Vec<u8>,
    warnings: Vec<Warning>,
}

/// What is kept from one display to the next.
struct Session<'a> {
    backend: Native,
    settings: &'a Settings,
    names: NameSource,
}

/// Shows the report, again and again where that is asked for, until nobody reads on.
///
/// # Errors
/// What failed, as a line for people.
pub(crate) fn run(settings: &Settings) -> Result<(), String> {
    let origin = match &settings.tape {
        Tape::None => Origin::Live,
        Tape::Record(folder) => Origin::Record(folder),
        Tape::Replay(folder) => Origin::Replay(folder),
    };
    let backend = os::open(origin).map_err(|error| explain(&error, settings))?;
    let names = NameSource::new(backend.name_lookup());
    let mut session = Session { backend, settings, names };
    let mut warnings = Warnings::default();
    let mut shown: u64 = 0;
    loop {
        let display = session.display();
        // The recording of a run that fails is the one that is needed most.
        session.backend.finish().map_err(|error| explain(&error, settings))?;
        let display = display.map_err(|error| explain(&error, settings))?;
        let reader = output::display(|out| out.write_all(&display.bytes))
            .map_err(|error| format!("cannot write to standard output: {error}"))?;
        warnings.say(display.warnings);
        shown += 1;
        if reader == Reader::Gone || settings.repeat.count.is_some_and(|count| shown >= count) {
            return Ok(());
        }
        match settings.repeat.pause {
            Some(pause) => thread::sleep(pause),
            None => return Ok(()),
        }
    }
}

fn explain(error: &Error, settings: &Settings) -> String {
    match &settings.tape {
        Tape::Record(folder) | Tape::Replay(folder) => {
            let mut shown = Vec::new();
            escape::write_text(&mut shown, folder.as_os_str());
            format!("{error} ({})", String::from_utf8_lossy(&shown))
        }
        Tape::None => error.to_string(),
    }
}

impl Session<'_> {
    fn display(&mut self) -> Result<Display, Error> {
        match &self.settings.report {
            Report::Connections(table) => connections::table(self, table),
            Report::ProcessCounts(rows) => connections::process_counts(self, rows),
            Report::Rdma => connections::rdma(self),
            Report::Routes | Report::Statistics { .. } => {
                Err(Error::new(netstat_core::Operation::ListRoutes, std::io::ErrorKind::Unsupported.into()))
            }
        }
    }
}
