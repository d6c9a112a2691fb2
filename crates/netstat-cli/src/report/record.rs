//! `netstat record`: connections as they open and end.

use super::chosen::{Chosen, Key};
use super::gone::{gone, keys_of};
use super::means;
use super::missed::{HeldBack, Watch};
use super::past::{no_time, store_error};
use super::recorder_status;
use super::{Session, explain, lasting, rights, service, ship};
use crate::output::{self, Reader, Trouble};
use crate::render::events::{write_connection, write_gap};
use crate::render::recorder_status::{RecorderStatus, SCHEMA, Stuck};
use crate::settings::{Recorder, Recording, Tape};
use netstat_engine::both;
use netstat_engine::enrich::UserNames;
use netstat_engine::text::Text;
use netstat_engine::text::quote::quoted;
use netstat_engine::text::system;
use netstat_model::NoBpf;
use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, EventCounts, EventMethod, ProcessInstance, ProcessRecord,
};
use netstat_model::query::Owners;
use netstat_os::{EventStream, EventWishes, Events, KeptBack, KeptIn, Machine, NameDatabases};
use netstat_store::{Beside, Fault, Writer, WriterOptions};
use rustc_hash::{FxHashMap, FxHashSet};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// The most processes whose records are kept for the lines to come; beyond it all are forgotten, and lines name a process
/// by its ID alone until it is told of again.
const MOST: usize = 1 << 16;

/// So much the clock may differ from what it was before it counts as having been set: the time since boot comes in steps of
/// 10 ms.
const SET: Duration = Duration::from_millis(50);

/// How often what was seen is written.
const COMMIT: Duration = Duration::from_secs(1);

/// How often what is kept is sent, where it is.
const SHIPPING: Duration = Duration::from_secs(10);

/// How often the status is, in commits.
const STATUS: u64 = 5;

/// Answers `netstat record`.
pub(super) fn run(session: &Session<'_>, recorder: &Recorder) -> Result<ExitCode, Trouble> {
    rights::may_open_what_the_user_names()
        .map_err(|why| both!("netstat record is refused: {why}", "netstat record 거부: {why}", why))?;
    match recorder {
        Recorder::Status(store) => recorder_status::show(session, store),
        Recorder::Stop(store) => recorder_status::stop(session, store),
        Recorder::Install(recording) => service::install(session.settings, recording),
        Recorder::Uninstall => service::uninstall(),
        Recorder::Run(recording) => record(session, recording),
    }
}

/// Keeps connections, or prints them, until it is told to stop or nobody reads on.
fn record(session: &Session<'_>, recording: &Recording) -> Result<ExitCode, Trouble> {
    let system = &session.backend;
    let stopped = Arc::new(AtomicBool::new(false));
    #[cfg(windows)]
    let running = service::Running::begin(&stopped, recording.store.as_deref());
    let flag = Arc::clone(&stopped);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).map_err(|error| {
        both!("cannot wait for Ctrl+C: {why}", "Ctrl+C를 기다릴 수 없습니다: {why}", why = error.to_string())
    })?;
    #[cfg(windows)]
    if let Some(store) = &recording.store {
        service::prepare(store, netstat_os::Sockets::is_elevated(&**system).unwrap_or(false))?;
    }
    let wishes = EventWishes {
        arguments: recording.arguments,
        without_bpf: session.settings.owners == Owners::Proc,
        tcp_alone: false,
        flows: recording.udp,
    };
    let mut clock = read_clock(session)?;
    // Whatever is wrong with the store is known before anything is watched.
    let mut history = match &recording.store {
        Some(store) => Some(History::open(session, recording, store, &clock)?),
        None => None,
    };
    #[cfg(windows)]
    if let Some(running) = &running {
        running.has_started();
    }
    let mut chosen = session.filter.clone().map(|filter| {
        let kept = history.as_ref().map(|history| &*history.open_before).unwrap_or_default();
        Chosen::new(filter, system.host_name().ok(), kept)
    });
    let beside = match (&recording.ship, &history) {
        (Some(place), Some(history)) => Some(ship::Beside::begin(history.writer.file(), place, SHIPPING)?),
        _ => None,
    };
    let mut stream = match &history {
        Some(history) => system.events_kept(wishes, &history.kept_in()?),
        None => system.events(wishes),
    };
    if matches!(session.settings.tape, Tape::Replay(_)) && stream.method() != EventMethod::Trace {
        return Err(both!(
            "--replay needs a recording of netstat record on Windows, by an administrator: this one has no events",
            "--replay에는 Windows에서 관리자가 netstat record로 만든 기록이 필요합니다. 이 기록에는 이벤트가 없습니다"
        )
        .into());
    }
    output::complain(&system::event_method(&stream.method()));
    lasting::say(&*stream);
    let mut tells_flows = recording.udp && !say_flows(&*stream);
    if let Some(history) = history.as_ref().filter(|_| stream.has_resumed()) {
        let before = history.writer.filter_before().map_err(|error| store_error(&error))?;
        lasting::say_filter(before.as_deref(), history.filter.as_deref());
    }
    let users = UserNames::parse(&system.users().data);
    let mut printer =
        Printer { opens: recording.opens, users, processes: FxHashMap::default(), clock: clock.clone() };
    let mut events = Vec::new();
    let mut lines = Vec::new();
    // Loading programs into the kernel takes its time, in which the machine was not suspended.
    clock = read_clock(session).unwrap_or(clock);
    let mut held_back = HeldBack::new(clock.since_boot);
    let mut watch = Watch::new(clock.since_boot, Instant::now());
    loop {
        // What happened before it was told to stop is kept.
        let is_last = stopped.load(Ordering::Relaxed)
            || history.as_ref().is_some_and(|history| history.beside.is_stop_wished())
            || stream.is_over();
        let taken = stream.take(&mut events);
        tells_flows = tells_flows && !say_flows(&*stream);
        if is_last {
            stream.finish(&mut events);
        }
        // A clock that cannot be read is read the next time.
        clock = read_clock(session).unwrap_or(clock);
        let missed = watch.note(taken.is_ok(), clock.since_boot, Instant::now());
        // A replay takes less time than what it replays.
        if !matches!(session.settings.tape, Tape::Replay(_)) {
            events.extend(missed.into_iter().map(ConnectionEvent::Gap));
        }
        match &taken {
            Ok(()) if !watch.has_begun => {
                watch.has_begun = true;
                if let Some(history) = &mut history {
                    history.begin(&*stream, &clock)?;
                }
            }
            Ok(()) => {}
            Err(error) if watch.is_first_failure() => {
                let why = explain(error, session.settings);
                output::complain(&both!(
                    "{why}; the recorder goes on, and what it misses becomes a gap",
                    "{why}. 기록기는 계속 실행되며, 놓친 구간은 빈 구간으로 남습니다",
                    why
                ));
            }
            Err(_) => {}
        }
        printer.set_clock(clock.clone());
        events.iter_mut().for_each(|event| printer.name_user(event));
        if let Some(chosen) = &mut chosen {
            chosen.choose(&mut events, &clock);
        }
        let mut reader = Reader::Listening;
        if recording.follow {
            events.iter().for_each(|event| printer.print(event, &mut lines));
            let mut stdout = output::stdout();
            reader = output::outcome(stdout.write_all(&lines).and_then(|()| stdout.flush()))?;
            lines.clear();
        }
        match &mut history {
            // Once all that is open has been told, whatever else the history has as open is gone.
            Some(history) if watch.has_begun => {
                held_back.give(&mut events);
                let gone = history.settle(&events, taken.is_ok() && !stream.tells_on(), &*stream, &clock);
                if let Some(chosen) = &mut chosen {
                    chosen.forget(&gone);
                }
                history.keep(&mut events, &clock, &mut *stream, is_last)?;
            }
            Some(_) => held_back.add(&mut events, clock.since_boot),
            None => {
                events.clear();
                stream.release();
            }
        }
        if matches!(session.settings.tape, Tape::Record(_)) {
            session.finish()?;
        }
        if is_last || reader == Reader::Gone {
            break;
        }
        match &taken {
            Ok(()) if stream.tells_on() => {}
            Ok(()) => thread::sleep(stream.pause()),
            Err(_) => thread::sleep(stream.pause().max(COMMIT)),
        }
    }
    if let Some(beside) = beside {
        beside.end();
    }
    if let Some(history) = &history {
        history.end();
    }
    #[cfg(windows)]
    if let Some(running) = running {
        running.end();
    }
    Ok(ExitCode::SUCCESS)
}

/// Says that the flows of UDP are not recorded, where they cannot be. Returns whether that is so.
fn say_flows(stream: &dyn EventStream) -> bool {
    let Some(why) = why_no_flows(stream) else { return false };
    output::complain(&both!(
        "flows of UDP are not recorded: {why}; UDP sockets are, once a second",
        "UDP 소켓이 누구와 통신하는지는 기록하지 않습니다: {why}. 소켓 자체는 1초마다 기록합니다",
        why
    ));
    true
}

/// Returns why the flows of UDP are not recorded; `None` where they are.
fn why_no_flows(stream: &dyn EventStream) -> Option<Text> {
    Some(match stream.flows() {
        Some(Ok(())) => return None,
        Some(Err(NoBpf::NotPermitted)) => both!(
            "not permitted; their hooks take CAP_NET_ADMIN beside CAP_BPF and CAP_PERFMON",
            "권한 없음. 훅을 쓰려면 CAP_BPF, CAP_PERFMON과 함께 CAP_NET_ADMIN이 필요합니다"
        ),
        Some(Err(reason)) => system::no_bpf(&reason),
        None => both!("that takes BPF", "BPF가 필요합니다"),
    })
}

/// The store, and what is told of it.
struct History {
    writer: Writer,
    beside: Beside,
    /// Since when the counters count, in milliseconds since 1970, and since when those of the recorder before this one did.
    since: u64,
    since_before: Option<u64>,
    /// When the last commit was, since boot.
    committed: Duration,
    commits: u64,
    failed: u64,
    /// Since when nothing can be written, and why.
    stuck: Option<(u64, Text)>,
    /// Until when the recorder before this one ran without being able to write, in milliseconds since 1970.
    stuck_before: Option<u64>,
    /// How many of the connections that were open at the start were told.
    taken_over: u64,
    /// What the store thinks is open, until the first look.
    open_before: Vec<ConnectionRecord>,
    /// What was told until then.
    told_first: FxHashSet<Key>,
    /// The filter that chooses what is kept.
    filter: Option<String>,
    /// Whether flows of UDP are to be kept.
    wishes_flows: bool,
    shows_progress: bool,
}

impl History {
    fn open(
        session: &Session<'_>,
        recording: &Recording,
        store: &Path,
        clock: &ClockReading,
    ) -> Result<Self, Trouble> {
        let options = WriterOptions {
            keep_bytes: recording.keep_bytes,
            keep_for: recording.keep_for,
            host: session.backend.host_name().ok(),
            namespace: session.backend.namespace(),
            filter: session.filter.as_ref().map(ToString::to_string),
            ..WriterOptions::default()
        };
        let before = recorder_status::read(&Beside::of(store)).ok().flatten();
        let writer = Writer::open(store, &options, clock).map_err(|error| {
            both!(
                "the history in {store} cannot be kept: {why}",
                "{store}에 기록을 저장할 수 없습니다: {why}",
                store = quoted(store.as_os_str()),
                why = store_error(&error)
            )
        })?;
        let open_before = writer.open_records().map_err(|error| store_error(&error))?;
        let beside = Beside::of(writer.file());
        beside.forget_stop();
        Ok(Self {
            writer,
            beside,
            since: milliseconds(clock),
            since_before: before.as_ref().map(|status| status.since),
            stuck_before: before.as_ref().and_then(|status| status.stuck.as_ref().map(|_| status.at)),
            taken_over: 0,
            committed: Duration::ZERO,
            commits: 0,
            failed: 0,
            stuck: None,
            open_before,
            told_first: FxHashSet::default(),
            filter: options.filter,
            wishes_flows: recording.udp,
            shows_progress: !recording.follow && io::stderr().is_terminal(),
        })
    }

    /// Says what a stream needs to go on where it was.
    fn kept_in(&self) -> Result<KeptIn, Trouble> {
        let writer = &self.writer;
        let asked = writer.number().and_then(|store| Ok((store, writer.reached()?, writer.kept_back()?)));
        let (store, reached, kept_back) = asked.map_err(|error| store_error(&error))?;
        Ok(KeptIn { file: lasting::whole_path(writer.file()), store, reached, kept_back })
    }

    /// Notes that the stream tells what happens from now on, or what happened since the recorder before this one.
    fn begin(&mut self, stream: &dyn EventStream, clock: &ClockReading) -> Result<(), Trouble> {
        let mode = means::word(stream.method());
        if !stream.has_resumed() {
            self.writer.begin(mode, clock);
            if let Some(until) = self.stuck_before {
                let ago = Duration::from_millis(milliseconds(clock).saturating_sub(until));
                let until = clock.since_boot.saturating_sub(ago);
                self.writer.note_unwritten(until).map_err(|error| store_error(&error))?;
            }
            return Ok(());
        }
        self.since = self.since_before.unwrap_or(self.since);
        Ok(self.writer.resume(mode).map_err(|error| store_error(&error))?)
    }

    /// Ends what the store thinks is open and the first events do not tell of. Returns these ends.
    fn settle(
        &mut self,
        first: &[ConnectionEvent],
        is_all: bool,
        stream: &dyn EventStream,
        now: &ClockReading,
    ) -> Vec<ConnectionEvent> {
        if self.open_before.is_empty() {
            return Vec::new();
        }
        self.told_first.extend(keys_of(first));
        if !is_all {
            return Vec::new();
        }
        let (before, told) = (std::mem::take(&mut self.open_before), std::mem::take(&mut self.told_first));
        let is_told =
            |it: &ConnectionRecord| stream.has_listed(it.namespace) && !stream.keeps_back(it.cookie);
        let gone = gone(before, &told, is_told, now.since_boot);
        self.writer.append(&gone);
        gone
    }

    /// Keeps events, and writes them once a second. The stream lets go of them then.
    ///
    /// # Errors
    /// When they can never be written: there is no further commit, or the file was removed.
    fn keep(
        &mut self,
        events: &mut Vec<ConnectionEvent>,
        now: &ClockReading,
        stream: &mut dyn EventStream,
        is_last: bool,
    ) -> Result<(), Trouble> {
        if stream.tells_on() {
            let told = events.iter().filter(|event| matches!(event, ConnectionEvent::Opened(_))).count();
            self.taken_over += u64::try_from(told).unwrap_or(0);
        }
        self.writer.append(events);
        events.clear();
        if !is_last && !stream.tells_on() && now.since_boot < self.committed + COMMIT {
            return Ok(());
        }
        self.committed = now.since_boot;
        self.writer.note_reached(stream.reached());
        for KeptBack { cookie, bytes } in stream.kept_back() {
            self.writer.note_kept_back(cookie, bytes);
        }
        let written = self.writer.commit(now);
        // What could not be written is in the writer's memory, or counted there.
        stream.release();
        let was_stuck = self.stuck.is_some();
        if written.is_ok() {
            self.stuck = None;
        }
        if let Err(error) = written {
            let file = quoted(self.writer.file().as_os_str());
            if matches!(error.fault, Fault::Gone) {
                self.end();
                let why = store_error(&error);
                return Err(both!(
                    "the history {file} cannot be kept: {why}; start netstat record again",
                    "{file}: 기록을 저장할 수 없습니다. {why}. netstat record를 다시 시작하세요",
                    file,
                    why
                )
                .into());
            }
            if is_last {
                // The wish to stop stays: whoever has it sees by that, and by the status, that something is lost.
                let since = self.stuck.as_ref().map_or(milliseconds(now), |(since, _)| *since);
                self.stuck = Some((since, store_error(&error)));
                self.failed += 1;
                self.tell(now, stream);
                self.end_line();
                let unwritten = self.writer.unwritten();
                return Err(both!(
                    "the history {file} lacks the last {unwritten:event|events} of connections: {why}",
                    "{file}: 연결의 시작과 종료 중 마지막 {unwritten}건이 기록에 없습니다. {why}",
                    file,
                    unwritten,
                    why = store_error(&error)
                )
                .into());
            }
            if !was_stuck {
                self.stuck = Some((milliseconds(now), store_error(&error)));
                output::complain(&both!(
                    "{why}; what is seen waits until it can be written",
                    "{why}. 본 것은 쓸 수 있을 때까지 메모리에 둡니다",
                    why = store_error(&error)
                ));
            }
            self.failed += 1;
        }
        if is_last || was_stuck != self.stuck.is_some() || self.commits.is_multiple_of(STATUS) {
            self.tell(now, stream);
        }
        self.commits += 1;
        Ok(())
    }

    /// Writes the status, and shows progress on a terminal.
    fn tell(&self, now: &ClockReading, stream: &dyn EventStream) {
        let Ok(size) = self.writer.size() else { return };
        let counts: EventCounts = stream.counts();
        let status = RecorderStatus {
            schema: SCHEMA,
            pid: std::process::id(),
            since: self.since,
            at: milliseconds(now),
            mode: stream.method().to_string(),
            filter: self.filter.clone(),
            file: self.writer.file().display().to_string(),
            bytes: size.bytes,
            ends: size.ends,
            open: size.open,
            oldest: size
                .oldest
                .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
                .and_then(|at| u64::try_from(at.as_millis()).ok()),
            opened: counts.opened,
            ended: counts.ended,
            ended_of_before: counts.ended_of_before,
            lost: counts.lost,
            lost_begins: counts.lost_begins,
            lost_processes: counts.lost_processes,
            lost_half_closed: counts.lost_half_closed,
            unseen: counts.unseen,
            late: counts.late,
            skipped: counts.skipped,
            saved: counts.saved,
            not_followed: counts.not_followed,
            failed_writes: self.failed,
            pinned: stream.pinned().and_then(|pinned| Some(pinned.ok()?.display().to_string())),
            flows: self.wishes_flows && stream.flows() == Some(Ok(())),
            no_flows: why_no_flows(stream).filter(|_| self.wishes_flows).map(|why| lasting::both(&why)),
            not_pinned: stream.pinned().and_then(Result::err).map(|why| lasting::both(&lasting::why(why))),
            stuck: self.stuck.as_ref().map(|(since, why)| Stuck {
                since: *since,
                why: lasting::both(why),
                waiting: u64::try_from(self.writer.unwritten()).unwrap_or(u64::MAX),
                lost: self.writer.given_up(),
            }),
            taking_over: stream.tells_on().then_some(self.taken_over),
        };
        // Without it, --status tells an older one, with its time.
        let _ = recorder_status::write(&self.beside, &status);
        if self.shows_progress {
            let RecorderStatus { ends, open, bytes, .. } = status;
            let lost = status.lost + status.unseen;
            let said = both!(
                "\r{ends} ended, {open} open, {lost} lost, {bytes} bytes   ",
                "\r종료 {ends}, 열림 {open}, 손실 {lost}, {bytes}바이트   ",
                ends,
                open,
                lost,
                bytes
            );
            output::error_text(said.of(output::language()));
        }
    }

    fn end(&self) {
        self.beside.forget_stop();
        self.end_line();
    }

    /// Ends the line of progress.
    fn end_line(&self) {
        if self.shows_progress {
            output::error_text("\n");
        }
    }
}

fn milliseconds(clock: &ClockReading) -> u64 {
    u64::try_from(clock.since_1970.as_millis()).unwrap_or(u64::MAX)
}

/// Reads what the time since boot is by the clock on the wall.
fn read_clock(session: &Session<'_>) -> Result<ClockReading, Trouble> {
    let system = &session.backend;
    let since_boot = system.uptime().map_err(|error| explain(&error, session.settings))?;
    let now = system.now().and_then(|now| now.duration_since(UNIX_EPOCH).ok());
    let since_1970 = now.ok_or_else(no_time)?;
    Ok(ClockReading { boot_id: system.boot_id().unwrap_or_default(), since_boot, since_1970 })
}

/// Makes lines of events.
struct Printer {
    opens: bool,
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

    /// Adds the name of the user of a process, which the kernel does not know.
    fn name_user(&self, event: &mut ConnectionEvent) {
        if let ConnectionEvent::Process(process) = event
            && process.user.is_none()
        {
            process.user = process.uid.and_then(|uid| self.users.name(uid)).map(Into::into);
        }
    }

    fn print(&mut self, event: &ConnectionEvent, lines: &mut Vec<u8>) {
        match event {
            ConnectionEvent::Process(process) => {
                if self.processes.len() >= MOST {
                    self.processes.clear();
                }
                self.processes.insert(process.instance, (**process).clone());
            }
            ConnectionEvent::Opened(record) if self.opens => self.connection("opened", record, lines),
            ConnectionEvent::HalfClosed(record) if self.opens => {
                self.connection("half-closed", record, lines)
            }
            ConnectionEvent::Opened(_) | ConnectionEvent::HalfClosed(_) => {}
            ConnectionEvent::Ended(record) => self.connection("ended", record, lines),
            ConnectionEvent::Gap(gap) => write_gap(lines, gap, &self.clock),
        }
    }

    fn connection(&self, event: &str, record: &ConnectionRecord, lines: &mut Vec<u8>) {
        let process = record.process.and_then(|(instance, _)| self.processes.get(&instance));
        write_connection(lines, event, record, process, &self.clock);
    }
}
