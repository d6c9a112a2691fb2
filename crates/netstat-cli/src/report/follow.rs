//! `netstat history --follow`: connections as a recorder writes them.

use super::past::{self, PastSystem};
use super::{Failure, Session, connections, explain, means};
use crate::output::{self, Trouble};
use crate::settings::{History, Layout};
use netstat_engine::both;
use netstat_engine::text::quote::{one_line, quoted};
use netstat_model::Warning;
use netstat_os::Machine;
use netstat_store::{Past, Reader, Span, is_recording};
use std::io::Write as _;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

/// How often the history is looked at. A recorder writes once a second.
const PAUSE: Duration = Duration::from_millis(300);

/// The most ends that are shown at once.
const MOST: u64 = 20_000;

/// Shows what comes until Ctrl+C, or until nobody reads on.
///
/// # Errors
/// Why the history cannot be read, or not any more.
pub(super) fn run(session: &mut Session<'_>, asked: &History) -> Result<ExitCode, Trouble> {
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).map_err(|error| {
        both!("cannot wait for Ctrl+C: {why}", "Ctrl+C를 기다릴 수 없습니다: {why}", why = error.to_string())
    })?;
    let since = asked.since.as_ref().map(|when| past::moment(session, "--since", when)).transpose()?;
    let reader = past::open(&asked.store)?;
    past::say_undated(&reader);
    let told = |error| past::store_error(&error);
    let mut place = match since {
        Some(since) => reader.place_of(since),
        None => reader.place(),
    }
    .map_err(told)?;
    if asked.opens {
        place = place.before_open();
    }
    let begun = reader.reach().map(|(_, last)| last);
    if since.is_some() {
        let span = Span { since, until: None };
        past::say_gaps(&reader.gaps(&span).map_err(told)?, &session.zone);
        past::say_filtered(&reader, &Span { since, until: begun }, session);
    }
    drop(reader);
    let mut runs = Runs { was_recording: true, filter: None, mode: None };
    let mut columns = Vec::new();
    let mut is_first = true;
    loop {
        // What a recorder writes before it stops is shown before that is said.
        let is_recording = is_recording(&asked.store).map_err(told)?;
        let reader = past::open(&asked.store)?;
        let next = reader.next_place(&mut place, MOST).map_err(told)?;
        let has_more = reader.place().map_err(told)? != next;
        if is_first || next != place {
            runs.say_filter(&reader, session);
            runs.say_mode(&reader, session, asked);
            past::say_gaps(&reader.gaps_between(&place, &next).map_err(told)?, &session.zone);
            let now = session.backend.now().unwrap_or(SystemTime::UNIX_EPOCH);
            let past = Past::between(&reader, [place, next], asked.opens, since, now);
            let text = shown(session, asked, &reader, &past, &mut columns, is_first)?;
            let missing = past.missing();
            drop(past);
            // Whoever reads may take hours, in which a state of the history that is held lets the recorder's log grow.
            drop(reader);
            let mut stdout = output::stdout();
            let outcome = output::outcome(stdout.write_all(&text).and_then(|()| stdout.flush()))?;
            if outcome == output::Reader::Gone {
                break;
            }
            say_missing(missing);
            place = next;
            is_first = false;
        }
        if stopped.load(Ordering::Relaxed) || output::reader() == output::Reader::Gone {
            break;
        }
        if !has_more {
            runs.say_recording(is_recording, asked);
            thread::sleep(PAUSE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the rows between two places as they are shown, under headings or keys where they are the first.
fn shown(
    session: &mut Session<'_>,
    asked: &History,
    reader: &Reader,
    past: &Past<'_>,
    columns: &mut Vec<usize>,
    is_first: bool,
) -> Result<Vec<u8>, Trouble> {
    let now = session.backend.now();
    if let Some(filter) = &mut session.filter {
        filter.set_now(now);
    }
    let mut table = asked.table.clone();
    table.header &= is_first;
    let live = Rc::clone(&session.backend);
    let users = || past::users_of(reader.users());
    let system = PastSystem { past, users: &users, live: &live };
    let mut text = Vec::new();
    session.displays += 1;
    session.widths = Some(std::mem::take(columns));
    let lacks = connections::table(session, &system, &table, &mut text);
    *columns = session.widths.take().unwrap_or_default();
    let lacks = lacks.map_err(|failure| match failure {
        Failure::System(error) => Trouble::from(explain(&error, session.settings)),
        Failure::Output(error) => both!("{why}", "{why}", why = error.to_string()).into(),
    })?;
    if is_first {
        // Who holds a connection that is over is known, or will never be.
        let lacks = lacks.into_iter().filter(|lack| !matches!(lack, Warning::OwnersVanished { .. }));
        output::Warnings::default().say(lacks.collect::<Vec<_>>());
    } else if matches!(table.form, Layout::Data(format, _) if format.begins_with_keys) {
        // The keys were the first line of the first rows.
        let end = text.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        text.drain(..end);
    }
    Ok(text)
}

/// What has been said of the recorders.
struct Runs {
    was_recording: bool,
    filter: Option<String>,
    mode: Option<String>,
}

impl Runs {
    /// Says that nobody records, or that somebody does again.
    fn say_recording(&mut self, is_recording: bool, asked: &History) {
        if self.was_recording == is_recording {
            return;
        }
        self.was_recording = is_recording;
        let store = quoted(asked.store.as_os_str());
        output::complain(&match is_recording {
            true => both!("a recorder writes to {store} again", "기록기가 다시 {store}에 기록합니다", store),
            false => both!(
                "no recorder is writing to {store}: what comes is shown when netstat record runs",
                "{store}에 기록 중인 기록기가 없습니다. netstat record를 실행하면 이어서 표시합니다",
                store
            ),
        });
    }

    /// Says which connections alone the last recorder keeps, where that has changed.
    fn say_filter(&mut self, reader: &Reader, session: &Session<'_>) {
        let Some((_, last)) = reader.reach() else { return };
        let filtered = reader.filtered(&Span { since: Some(last), until: None });
        let filter = filtered.last().map(|it| it.filter.to_owned());
        if self.filter == filter {
            return;
        }
        let asked = session.filter.as_ref().map(ToString::to_string);
        if let Some(only) = filter.as_ref().filter(|filter| asked.as_ref() != Some(filter)) {
            output::complain(&both!(
                "the history is incomplete: only connections are recorded that match: {filter}",
                "기록이 완전하지 않습니다: 다음 필터에 맞는 연결만 기록합니다: {filter}",
                filter = one_line(only)
            ));
        }
        self.filter = filter;
    }

    /// Says what the last recorder does not see of what is asked, where that has changed.
    fn say_mode(&mut self, reader: &Reader, session: &Session<'_>, asked: &History) {
        let Some((_, last)) = reader.reach() else { return };
        let behind = last.checked_add(Duration::from_micros(1)).unwrap_or(last);
        let modes = reader.modes(last, behind);
        let mode = modes.last().map(|mode| (*mode).to_owned());
        if self.mode != mode {
            means::say_endings_untold(session, &asked.table, &modes);
            self.mode = mode;
        }
    }
}

/// Says how many ends cannot be shown.
fn say_missing(missing: u64) {
    if missing > 0 {
        output::complain(&both!(
            "the history is incomplete: {missing:end|ends} of connections cannot be shown: deleted to make room, or damaged",
            "기록이 완전하지 않습니다: 끝난 연결 {missing}개를 표시할 수 없습니다. 공간을 비우느라 지웠거나 손상되었습니다",
            missing
        ));
    }
}
