//! One file for each report: what it asks of the system, and how that becomes a display.

mod act;
mod as_read;
mod capture;
mod captured;
mod check;
mod check_past;
mod chosen;
mod collector;
mod connections;
mod elsewhere;
mod exists;
mod files;
mod filter;
mod fleet;
mod fleet_past;
mod fleet_summary;
mod follow;
mod gone;
mod history;
mod in_place;
mod judge;
mod lasting;
mod live;
mod logs;
mod meaning;
mod means;
mod metrics;
mod missed;
mod multicast;
mod names;
mod net_tools;
mod page;
mod past;
mod places;
mod record;
mod recorder_status;
mod rights;
mod routes;
mod service;
mod ship;
mod statistics;
mod unavailable;

use crate::output::{self, Reader, Trouble, Warnings};
use crate::render::titles;
use crate::settings::{Capture, Purpose, Report, Settings, Tape};
use crate::warning_text::warning_text;
use in_place::InPlace;
use jiff::tz::TimeZone;
pub(crate) use meaning::meaning;
use names::NameSource;
use netstat_engine::both;
use netstat_engine::enrich::Geo;
use netstat_engine::filter::{Filter, Test};
use netstat_engine::flow::Flows;
use netstat_engine::select::Selection;
use netstat_engine::text::{Text, Zone, escape, system};
use netstat_engine::view::ConnectionsOptions;
use netstat_engine::watch::{Next, watch};
use netstat_model::query::{Fields, SocketQuery, States};
use netstat_model::{Error, ListMethod, Operation, OwnerMethod, Warning};
use netstat_os::{Machine, NameDatabases, Opened, Origin, Processes, Routes, Sockets};
use std::cell::LazyCell;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use unavailable::Available;

/// Why a display could not be shown.
enum Failure {
    /// The system did not answer. Nothing was written, because reports are written when everything has been read; but for
    /// rows that are written as they come (`--sort none`).
    System(Error),
    /// Standard output did not take it.
    Output(io::Error),
}

/// What a display lacks, or why there is none.
type Displayed = Result<Vec<Warning>, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::System(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// What is kept from one display to the next.
struct Session<'a> {
    backend: Rc<Opened>,
    settings: &'a Settings,
    names: NameSource,
    filter: Option<Filter>,
    /// Countries and networks of addresses.
    geo: Arc<Geo>,
    /// The time zone of whoever reads times. Finding it reads a folder of hundreds of files, so only who shows times asks.
    zone: LazyCell<Zone>,
    before: statistics::Before,
    /// How fast bytes go, where a column shows it.
    flows: Rc<Flows>,
    /// How many displays have begun.
    displays: u64,
    /// The owner method last reported to the user.
    told: Option<OwnerMethod>,
    /// How TCP sockets were listed, as it was said last.
    told_listed: Option<ListMethod>,
    /// The last display in which it was said that processes could not be looked into, as net-tools says it.
    said_what_is_hidden: u64,
    /// The exit code, where a report has said why it ends.
    ended: Option<u8>,
    /// Which columns can have values.
    available: Available,
    /// Where the report is drawn in place.
    in_place: Option<InPlace>,
    /// How wide the columns of a text table were so far, where its rows come one after another.
    widths: Option<Vec<usize>>,
}

/// What the table of connections asks a system for.
trait System: Sockets + Processes + Machine + NameDatabases + Routes {}

impl<T: Sockets + Processes + Machine + NameDatabases + Routes> System for T {}

/// Shows the report, again and again where that is asked for, until nobody reads on.
///
/// # Errors
/// What failed, as a line for people.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode, Trouble> {
    if let Report::Check(checks) = &settings.report
        && let Some(text) = check::text(checks, settings.language)
    {
        output::people(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(seconds) = settings.long_interval {
        let said = if seconds <= u16::MAX.into() {
            both!(
                "this repeats every {seconds} seconds; for the port type :{seconds}",
                "{seconds}초마다 되풀이합니다. 포트라면 이렇게 입력하세요: :{seconds}",
                seconds = seconds.to_string()
            )
        } else {
            both!(
                "this repeats every {seconds} seconds; a number alone is the interval",
                "{seconds}초마다 되풀이합니다. 숫자만 쓰면 간격입니다",
                seconds = seconds.to_string()
            )
        };
        output::complain(&said);
    }
    let origin = match &settings.tape {
        Tape::None => Origin::Live,
        Tape::Record(folder) => Origin::Record(folder),
        Tape::Replay(folder) => Origin::Replay(folder),
    };
    if settings.tape != Tape::None {
        rights::may_open_what_the_user_names().map_err(|why| {
            both!("--record and --replay are refused: {why}", "--record와 --replay 거부: {why}", why)
        })?;
    }
    if let Some(of) = &settings.namespace {
        rights::may_open_what_the_user_names()
            .map_err(|why| both!("--netns is refused: {why}", "--netns 거부: {why}", why))?;
        netstat_os::enter_namespace(of).map_err(|error| explain(&error, settings))?;
    }
    let backend = Rc::new(netstat_os::open(origin).map_err(|error| explain(&error, settings))?);
    if connections::tells_modules(&settings.report)
        && !backend.is_elevated().map_err(|error| explain(&error, settings))?
    {
        backend.finish().map_err(|error| explain(&error, settings))?;
        output::say(titles::elevation_required(settings.language));
        return Ok(ExitCode::FAILURE);
    }
    let names = NameSource::new(backend.name_lookup());
    let zone: LazyCell<Zone> = LazyCell::new(|| Zone::new(TimeZone::system()));
    let past_users = match past::place(settings).filter(|_| !settings.filter.is_empty()) {
        Some(past::Place::Store(store)) => {
            Some(past::open(store)?.users().map_err(|error| past::store_error(&error))?)
        }
        // Names are looked up where the filter has one.
        Some(past::Place::Fleet(place)) if names_user(&settings.filter) => {
            Some(fleet::open(place)?.users().map_err(|error| fleet::fleet_error(&error, place))?)
        }
        Some(past::Place::Fleet(_)) => Some(Vec::new()),
        None => None,
    };
    let filter = filter::filter(&*backend, &settings.filter, &zone, past_users.as_deref())?;
    let asked = filter.as_ref().map(Filter::needs).is_some_and(|needs| needs.countries || needs.networks);
    let geo = places::open(settings, asked || connections::shows_places(&settings.report))?;
    let available = match &settings.report {
        Report::History(_) | Report::Record(_) => past::OF_HISTORY,
        Report::Capture(Capture::Read { .. }) => captured::OF_CAPTURES,
        Report::Capture(Capture::Live(_)) => capture::OF_PACKETS,
        _ if settings.past.is_some() => past::OF_MOMENTS,
        _ => Available::LIVE,
    };
    let filter = unavailable::answer(places::answer(filter, &geo)?, available)?;
    let before = statistics::Before::default();
    let mut session = Session {
        backend,
        settings,
        names,
        filter,
        geo,
        zone,
        before,
        flows: Rc::default(),
        displays: 0,
        told: None,
        told_listed: None,
        said_what_is_hidden: 0,
        ended: None,
        available,
        in_place: in_place(settings),
        widths: None,
    };
    match &settings.report {
        Report::Check(checks) => {
            return match &checks.past {
                Some(past) => check_past::run(&session, checks, past),
                None => check::run(&session, checks),
            };
        }
        Report::Record(recording) => return record::run(&session, recording),
        Report::History(asked) => {
            return match &asked.fleet {
                Some(place) => fleet_past::history(&mut session, asked, place),
                None => history::run(&mut session, asked),
            };
        }
        Report::Act(asked) => return act::run(&session, asked),
        Report::Live(asked) => return live::run(&session, asked),
        Report::Ship(asked) => return ship::run(&session, asked),
        Report::Page(asked) => return page::run(&session, asked),
        Report::Metrics(asked) => return metrics::run(&session, asked),
        Report::Capture(Capture::Live(asked)) => return capture::run(&session, asked),
        Report::Capture(Capture::Read { file, table }) => return captured::run(&mut session, file, table),
        _ => {}
    }
    if let Some(asked) = &settings.past {
        return match &asked.fleet {
            Some(place) => fleet_past::moment(&mut session, &asked.at, place),
            None => past::run(&mut session, asked),
        };
    }
    if settings.purpose != Purpose::Show {
        return exists::answer(&mut session);
    }
    let mut warnings = Warnings::default();
    let explained = |failure| match failure {
        Failure::System(error) => Err(explain(&error, settings).into()),
        Failure::Output(error) => output::outcome(Err(error)).map_err(Trouble::from),
    };
    watch(
        &mut session,
        |session| {
            session.displays += 1;
            if let Some(filter) = &mut session.filter
                && filter.needs().fields.contains(Fields::LIFESPAN)
            {
                filter.set_now(session.backend.now());
            }
            match session.show() {
                Ok(lacks) => Ok((Reader::Listening, lacks)),
                Err(failure) => explained(failure).map(|reader| (reader, Vec::new())),
            }
        },
        |session| session.finish(),
        |session, (reader, lacks)| {
            warnings.say(lacks);
            if let Some(code) = session.ended {
                return Ok(Next::Done(ExitCode::from(code)));
            }
            let shown = settings.repeat.count.is_some_and(|count| session.displays >= count);
            Ok(match settings.repeat.pause {
                _ if output::interrupt::is_pending() => Next::Done(ExitCode::SUCCESS),
                Some(pause) if reader != Reader::Gone && !shown => Next::LookAgain(pause),
                _ => Next::Done(ExitCode::SUCCESS),
            })
        },
    )
}

/// Whether a filter may have the name of a user in it.
fn names_user(filter: &[std::ffi::OsString]) -> bool {
    filter.iter().any(|word| word.to_string_lossy().to_ascii_lowercase().contains("user"))
}

/// Returns where the report is drawn in place: where that was asked for, on a terminal that can do it. Data is not drawn.
fn in_place(settings: &Settings) -> Option<InPlace> {
    let pause = settings.repeat.pause.filter(|_| settings.repeat.in_place && !settings.report.is_data())?;
    // Only rows of sockets have marks.
    let coloured =
        matches!(&settings.report, Report::Connections(table) if output::shows_colour(table.colour));
    output::is_screen().then(|| InPlace::new(pause, settings.language, coloured))
}

/// Returns whether a warning is written to standard error. An ordinary user can never see all owners, so that they may have
/// company is said only to somebody who wants to know everything; JSON marks the rows (`owners_complete`).
fn is_said(warning: &Warning, settings: &Settings) -> bool {
    settings.verbose || !matches!(warning, Warning::OwnersIncomplete { .. })
}

/// What failed, why, and what to do about it.
fn explain(error: &Error, settings: &Settings) -> Text {
    let folder = match &settings.tape {
        Tape::Record(folder) | Tape::Replay(folder) => {
            let mut shown = Vec::new();
            escape::write_text(&mut shown, folder.as_os_str());
            String::from_utf8_lossy(&shown).into_owned()
        }
        Tape::None => return system::error(error),
    };
    let failed = system::operation(&error.operation);
    match (&error.operation, error.source.kind()) {
        (Operation::Record, ErrorKind::AlreadyExists) => both!(
            "{failed}: {folder} holds one already; name another folder",
            "{failed}: {folder} 폴더에 이미 있습니다. 다른 폴더를 지정하세요",
            failed,
            folder
        ),
        (Operation::Replay, ErrorKind::NotFound) => both!(
            "{failed}: {folder} holds none; name a folder that --record made",
            "{failed}: {folder} 폴더에 없습니다. --record로 만든 폴더를 지정하세요",
            failed,
            folder
        ),
        (Operation::Record | Operation::Replay, _) => {
            both!("{error} ({folder})", "{error} ({folder})", error = system::error(error), folder)
        }
        _ => system::error(error),
    }
}

impl Session<'_> {
    /// Ends what a look recorded.
    fn finish(&self) -> Result<(), Trouble> {
        self.backend.finish().map_err(|error| explain(&error, self.settings).into())
    }

    /// The rows that are asked for: a filter that names bound-only sockets asks for them.
    fn rows(&self, rows: ConnectionsOptions) -> ConnectionsOptions {
        let mut bound = rows.bound;
        if let Some(filter) = &self.filter {
            filter.each_test(|test| {
                bound |= matches!(test, Test::State(states) if states.contains(States::BOUND))
            });
        }
        ConnectionsOptions { bound, ..rows }
    }

    /// The sockets of a query that match the filter; owners are looked for only where they decide that.
    fn selection(&self, query: SocketQuery) -> Selection<'_> {
        let (scope, source) = (self.settings.scope, self.settings.source);
        Selection::new(SocketQuery { scope, source, ..query }, self.filter.as_ref(), self.settings.owners)
    }

    /// Says how owners were found, where that is asked for and not what was said before.
    fn tell(&mut self, method: OwnerMethod) {
        if self.settings.verbose && method != OwnerMethod::NotNeeded && self.told != Some(method) {
            self.complain(system::owner_method(&method));
            self.told = Some(method);
        }
    }

    /// Says how TCP sockets were listed, likewise.
    fn tell_listed(&mut self, method: Option<ListMethod>) {
        if let Some(method) = method
            && self.settings.verbose
            && self.told_listed != Some(method)
        {
            self.complain(system::list_method(&method));
            self.told_listed = Some(method);
        }
    }

    /// Returns the number of this display, from 1, if the report is repeated.
    fn display_number(&self) -> Option<u64> {
        self.settings.repeat.pause.map(|_| self.displays)
    }

    /// Says something beside the report.
    fn complain(&mut self, line: Text) {
        match &mut self.in_place {
            Some(in_place) => in_place.note(line),
            None => output::complain(&line),
        }
    }

    /// Shows the report once. Returns what it lacks and nobody has been told.
    fn show(&mut self) -> Displayed {
        let mut out = output::stdout();
        if self.in_place.is_none() {
            let mut lacks = self.display(&mut out)?;
            out.flush()?;
            lacks.retain(|warning| is_said(warning, self.settings));
            return Ok(lacks);
        }
        let mut text = Vec::new();
        let lacks = self.display(&mut text)?;
        let time = self.backend.info().at.map(|at| self.zone.time_of_day(at)).unwrap_or_default();
        if let Some(in_place) = &mut self.in_place {
            for warning in lacks.iter().filter(|warning| is_said(warning, self.settings)) {
                in_place.note(warning_text(warning));
            }
            in_place.draw(&text, &time, &mut out)?;
            out.flush()?;
        }
        Ok(Vec::new())
    }

    fn display(&mut self, out: &mut impl Write) -> Displayed {
        match &self.settings.report {
            // They have a course of their own, above.
            Report::Check(_)
            | Report::Record(_)
            | Report::History(_)
            | Report::Act(_)
            | Report::Live(_)
            | Report::Metrics(_)
            | Report::Page(_)
            | Report::Ship(_)
            | Report::Capture(_) => Ok(Vec::new()),
            Report::Connections(table) => connections::table(self, &*Rc::clone(&self.backend), table, out),
            Report::NetTools(report) => net_tools::show(self, report, out),
            Report::ProcessCounts(rows) => {
                connections::process_counts(self, &*Rc::clone(&self.backend), rows, out)
            }
            Report::Rdma => connections::rdma(self, out),
            Report::Interfaces { rates, json } => statistics::interfaces(self, *rates, *json, out),
            Report::Multicast { json } => multicast::groups(self, *json, out),
            Report::Routes { query, json } => routes::table(self, query, *json, out),
            Report::Statistics(what) => statistics::counters(self, what, out),
        }
    }
}
