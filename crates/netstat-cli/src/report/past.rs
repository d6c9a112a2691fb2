//! `--at`: the table of a past moment, from a history; and what all questions about the past share.

use super::unavailable::Available;
use super::{Displayed, Failure, Session, connections, explain, rights};
use crate::output::{self, Trouble, Warnings};
use crate::settings::{Past as Asked, Report, Settings, is_kept};
use netstat_engine::columns::Column;
use netstat_engine::text::{When, Zone, escape};
use netstat_model::history::GapCause;
use netstat_model::query::{Listing, ProcessFields, RouteQuery, Visit};
use netstat_model::{
    Answer, Error, Interface, Namespace, OwnerMethod, PersistentRoute, Process, ProcessKey, Route, SocketRef,
    SocketTable, Warning,
};
use netstat_os::{Machine, NameDatabases, NameLookup, Opened, Processes, Routes, Sockets};
use netstat_store::{Fault, Gap, Past, Reader, Span, Standing};
use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What a history knows of a connection at its end only.
const OF_THE_END: [&str; 5] = ["rtt", "min_rtt", "retrans", "bytes_acked", "bytes_received"];

const NOT_KEPT: &str = "the history does not keep it";

/// The columns that a history has values for.
pub(super) const OF_HISTORY: Available = Available { is: is_kept, why: NOT_KEPT };

/// Those that it has at any moment.
pub(super) const OF_MOMENTS: Available = Available { is: is_kept_of_moments, why: NOT_KEPT };

fn is_kept_of_moments(column: &Column) -> bool {
    is_kept(column) && !OF_THE_END.contains(&column.name)
}

/// The past as a system: sockets and processes are those of the history; services are called as they are here.
pub(super) struct PastSystem<'a> {
    pub(super) past: Past<'a>,
    pub(super) reader: &'a Reader,
    pub(super) live: &'a Opened,
}

impl Sockets for PastSystem<'_> {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        self.past.sockets(listing, visit)
    }
}

impl Processes for PastSystem<'_> {
    fn processes(&self, wanted: &[ProcessKey], fields: ProcessFields) -> Answer<Vec<Process>> {
        self.past.processes(wanted, fields)
    }
}

impl Machine for PastSystem<'_> {
    fn host_name(&self) -> Result<String, Error> {
        self.past.host_name()
    }

    fn uptime(&self) -> Result<Duration, Error> {
        self.past.uptime()
    }

    fn now(&self) -> Option<SystemTime> {
        self.past.now()
    }

    fn boot_id(&self) -> Option<Box<str>> {
        self.past.boot_id()
    }

    fn namespace(&self) -> Option<Namespace> {
        self.past.namespace()
    }
}

impl NameDatabases for PastSystem<'_> {
    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error> {
        self.live.local_addresses()
    }

    fn services(&self) -> Answer<Vec<u8>> {
        self.live.services()
    }

    /// Those of the recorded host: its numbers may be other users here.
    fn users(&self) -> Answer<Vec<u8>> {
        let (data, warnings) = match self.reader.users() {
            Ok(users) => (users, Vec::new()),
            Err(error) => {
                let reason = error.to_string();
                (Vec::new(), vec![Warning::SourceUnavailable { what: "the names of users", reason }])
            }
        };
        Answer { data, warnings }
    }

    fn name_lookup(&self) -> Arc<dyn NameLookup> {
        self.live.name_lookup()
    }
}

/// A history has none.
impl Routes for PastSystem<'_> {
    fn interfaces(&self) -> Result<Answer<Vec<Interface>>, Error> {
        Ok(Answer { data: Vec::new(), warnings: Vec::new() })
    }

    fn routes(&self, _: &RouteQuery) -> Result<Answer<Vec<Route>>, Error> {
        Ok(Answer { data: Vec::new(), warnings: Vec::new() })
    }

    fn persistent_routes(&self) -> Result<Answer<Vec<PersistentRoute>>, Error> {
        Ok(Answer { data: Vec::new(), warnings: Vec::new() })
    }
}

/// Returns the history that is asked, if one is.
pub(super) fn store(settings: &Settings) -> Option<&Path> {
    match &settings.report {
        Report::History(history) => Some(&history.store),
        _ => settings.past.as_ref().map(|past| &*past.store),
    }
}

/// Opens the history that is named.
///
/// # Errors
/// Why it cannot be read, and what to do.
pub(super) fn open(store: &Path) -> Result<Reader, String> {
    rights::may_open_what_the_user_names().map_err(|why| format!("the history is not opened: {why}"))?;
    Reader::open(store).map_err(|error| {
        let mut shown = Vec::new();
        escape::write_text(&mut shown, store.as_os_str());
        let shown = String::from_utf8_lossy(&shown);
        match error.fault {
            Fault::Missing => format!(
                "there is no history in {shown}: netstat record begins one, --store PATH names another"
            ),
            _ => format!("the history in {shown} cannot be read: {error}"),
        }
    })
}

/// Returns the moment that an option names.
///
/// # Errors
/// Why it is none.
pub(super) fn moment(session: &Session<'_>, option: &str, when: &When) -> Result<SystemTime, String> {
    let now = session.backend.now().ok_or("the system does not tell what time it is")?;
    when.moment(now, &session.zone).map_err(|why| format!("{option} is no time: {why}"))
}

/// Shows the table of a moment.
///
/// # Errors
/// What failed, or why there is no such table.
pub(super) fn run(session: &mut Session<'_>, asked: &Asked) -> Result<ExitCode, Trouble> {
    let reader = open(&asked.store)?;
    let time = moment(session, "--at", &asked.at)?;
    let shown = |time| session.zone.to_the_second(time);
    let at = match reader.standing(time) {
        Standing::Recorded(at) => at,
        Standing::Before(first) => {
            return Err(format!(
                "nothing is known of {}: the history begins at {}",
                shown(time),
                shown(first)
            )
            .into());
        }
        Standing::After(last) => {
            return Err(format!(
                "nothing is known of {}: the history ends at {}; netstat record goes on with it",
                shown(time),
                shown(last)
            )
            .into());
        }
        Standing::Within(gap) => {
            return Err(
                format!("nothing is known of {}: {}", shown(time), gap_text(&gap, &session.zone)).into()
            );
        }
        Standing::Empty => return Err("the history is empty: nothing was ever recorded".to_owned().into()),
    };
    if let Some(filter) = &mut session.filter {
        filter.set_now(Some(time));
    }
    let span = Span { since: Some(time), until: time.checked_add(Duration::from_micros(1)) };
    let gaps = reader.gaps(&span).map_err(|error| error.to_string())?;
    let live = Rc::clone(&session.backend);
    let system = PastSystem { past: Past::table(&reader, at, time), reader: &reader, live: &live };
    let settings = session.settings;
    show(session, &system, gaps, |session, system, out| match &settings.report {
        Report::ProcessCounts(rows) => connections::process_counts(session, system, rows, out),
        Report::Connections(table) => connections::table(session, system, table, out),
        _ => Ok(Vec::new()),
    })
}

/// Shows what a report makes of the past, and says what is missing of it.
///
/// # Errors
/// What failed.
pub(super) fn show(
    session: &mut Session<'_>,
    system: &PastSystem<'_>,
    mut gaps: Vec<Gap>,
    display: impl FnOnce(&mut Session<'_>, &PastSystem<'_>, &mut output::Output) -> Displayed,
) -> Result<ExitCode, Trouble> {
    session.displays += 1;
    let mut out = output::stdout();
    let shown = display(session, system, &mut out).and_then(|lacks| Ok((lacks, out.flush()?)));
    drop(out);
    let lacks = match shown {
        Ok((lacks, ())) => lacks,
        Err(Failure::System(error)) => return Err(explain(&error, session.settings).into()),
        Err(Failure::Output(error)) => {
            output::outcome(Err(error))?;
            Vec::new()
        }
    };
    gaps.extend(system.past.damaged());
    let mut warnings = Warnings::default();
    warnings.say(lacks);
    say_gaps(&gaps, &session.zone);
    Ok(ExitCode::SUCCESS)
}

/// The most gaps that are said one by one.
const MOST_SAID: usize = 5;

/// Says what is missing, on standard error.
pub(super) fn say_gaps(gaps: &[Gap], zone: &Zone) {
    for gap in gaps.iter().take(MOST_SAID) {
        output::complain(&format!("the history is not whole: {}", gap_text(gap, zone)));
    }
    if let more @ 1.. = gaps.len().saturating_sub(MOST_SAID) {
        let noun = if more == 1 { "gap" } else { "gaps" };
        output::complain(&format!("the history is not whole: there are {more} more {noun}"));
    }
}

/// Returns what is missing in a gap, and why.
pub(super) fn gap_text(gap: &Gap, zone: &Zone) -> String {
    let span = format!("from {} to {}", zone.to_the_second(gap.from), zone.to_the_second(gap.until));
    let lost = match gap.lost {
        Some(1) => "1 end of a connection".to_owned(),
        Some(lost) => format!("{lost} ends of connections"),
        None => "ends of connections".to_owned(),
    };
    match gap.cause {
        GapCause::NotRunning => {
            format!("{span} nothing was recorded, because netstat record was not running")
        }
        GapCause::Suspended => format!("{span} the machine was suspended"),
        GapCause::Ring => {
            format!("{span} {lost} were lost, because the buffer between kernel and recorder was full")
        }
        GapCause::Begins => {
            let (connections, them) = match gap.lost {
                Some(1) => ("1 connection".to_owned(), "it is"),
                Some(lost) => (format!("{lost} connections"), "they are"),
                None => ("connections".to_owned(), "they are"),
            };
            format!(
                "{span} the begin of {connections} was lost, because the buffer between kernel and recorder was full: {them} missing until the end is told"
            )
        }
        GapCause::Processes => {
            let lost = gap.lost.map_or_else(String::new, |lost| format!("{lost} "));
            format!(
                "{span} {lost}records of processes were lost, because there was no room for them: of some connections the process is not known"
            )
        }
        GapCause::Store => format!("{span} {lost} were lost, because the history could not be written"),
        GapCause::Unseen if gap.from == gap.until => {
            "the clock was set over that time, so there was no such moment".to_owned()
        }
        GapCause::Unseen => format!("{span} {lost} were not seen"),
        GapCause::Damaged => {
            format!("{span} {lost} cannot be read, because that part of the history is damaged")
        }
    }
}
