//! `--at`: the table of a past moment, from a history; and what all questions about the past share.

use super::unavailable::Available;
use super::{Displayed, Failure, Session, connections, explain, rights};
use crate::output::{self, Trouble, Warnings};
use crate::settings::{FleetPlace, Past as Asked, Report, Settings, is_kept};
use netstat_engine::both;
use netstat_engine::columns::{Column, ColumnNeeds};
use netstat_engine::look::{LookSource as _, LookWishes, Walk, WalkWishes};
use netstat_engine::text::quote::one_line;
use netstat_engine::text::{Text, When, Zone, escape, system};
use netstat_live::Recalled;
use netstat_model::history::GapCause;
use netstat_model::query::{Kinds, Listing, ProcessFields, RouteQuery, Scope, Visit};
use netstat_model::{
    Answer, Error, Interface, Namespace, OwnerMethod, PersistentRoute, Process, ProcessKey, Route, SocketRef,
    SocketTable, Warning,
};
use netstat_os::{
    Machine, NameDatabases, NameLookup, Opened, Origin, Processes, Routes, SocketWatch, Sockets,
};
use netstat_store::{At, Fault, Filtered, Gap, Past, Reader, Span, Standing, StoreError};
use std::borrow::Cow;
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
pub(super) const OF_HISTORY: Available = Available { is: is_kept, template: false, why: NOT_KEPT };

/// Those that it has at any moment.
pub(super) const OF_MOMENTS: Available = Available { is: is_kept_of_moments, template: false, why: NOT_KEPT };

fn is_kept_of_moments(column: &Column) -> bool {
    is_kept(column) && !OF_THE_END.contains(&column.name)
}

/// The past as a system: sockets and processes are those of the history; services are called as they are here.
pub(super) struct PastSystem<'a, P> {
    pub(super) past: &'a P,
    /// Tells the names of users where it was recorded: its numbers may be other users here.
    pub(super) users: &'a dyn Fn() -> Answer<Vec<u8>>,
    pub(super) live: &'a Opened,
}

impl<P: Sockets> Sockets for PastSystem<'_, P> {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        self.past.sockets(listing, visit)
    }
}

impl<P: Processes> Processes for PastSystem<'_, P> {
    fn processes(&self, wanted: &[ProcessKey], fields: ProcessFields) -> Answer<Vec<Process>> {
        self.past.processes(wanted, fields)
    }
}

impl<P: Machine> Machine for PastSystem<'_, P> {
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

impl<P> NameDatabases for PastSystem<'_, P> {
    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error> {
        self.live.local_addresses()
    }

    fn services(&self) -> Answer<Vec<u8>> {
        self.live.services()
    }

    fn users(&self) -> Answer<Vec<u8>> {
        (self.users)()
    }

    fn name_lookup(&self) -> Arc<dyn NameLookup> {
        self.live.name_lookup()
    }
}

/// What is past does not change.
impl<P> SocketWatch for PastSystem<'_, P> {}

/// A history has none.
impl<P> Routes for PastSystem<'_, P> {
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

/// Returns the names of users, or why they are not known.
pub(super) fn users_of<E: std::fmt::Display>(users: Result<Vec<u8>, E>) -> Answer<Vec<u8>> {
    match users {
        Ok(users) => Answer::whole(users),
        Err(error) => {
            let reason = error.to_string();
            let warning = Warning::SourceUnavailable { what: "the names of users", reason };
            Answer { data: Vec::new(), warnings: vec![warning] }
        }
    }
}

/// A history that is asked.
pub(super) enum Place<'a> {
    /// That of one host.
    Store(&'a Path),
    /// Those of many.
    Fleet(&'a FleetPlace),
}

/// Returns the history that is asked, if one is.
pub(super) fn place(settings: &Settings) -> Option<Place<'_>> {
    let (store, fleet) = match &settings.report {
        Report::History(history) => (&history.store, &history.fleet),
        Report::Check(checks) => return checks.past.as_ref().map(|past| Place::Store(past.store())),
        _ => settings.past.as_ref().map(|past| (&past.store, &past.fleet))?,
    };
    Some(fleet.as_ref().map_or(Place::Store(store), |fleet| Place::Fleet(fleet)))
}

/// Opens the history that is named.
///
/// # Errors
/// Why it cannot be read, and what to do.
pub(super) fn open(store: &Path) -> Result<Reader, Text> {
    rights::may_open_what_the_user_names()
        .map_err(|why| both!("the history is not opened: {why}", "기록을 열지 않습니다: {why}", why))?;
    Reader::open(store).map_err(|error| {
        let mut shown = Vec::new();
        escape::write_text(&mut shown, store.as_os_str());
        let shown = String::from_utf8_lossy(&shown).into_owned();
        match error.fault {
            Fault::Missing => both!(
                "there is no history in {shown}: netstat record begins one, --store PATH names another",
                "{shown}에 기록이 없습니다. netstat record로 시작하거나, --store PATH로 다른 기록을 지정하세요",
                shown
            ),
            _ => both!(
                "the history in {shown} cannot be read: {why}",
                "{shown}의 기록을 읽을 수 없습니다: {why}",
                shown,
                why = store_error(&error)
            ),
        }
    })
}

/// Returns what is wrong with a history.
pub(super) fn store_error(error: &StoreError) -> Text {
    system::phrase(&error.to_string())
}

/// Says that a history has nothing.
pub(super) fn empty() -> Text {
    both!(
        "the history is empty: nothing was ever recorded",
        "기록이 비어 있습니다: 아무것도 기록된 적이 없습니다"
    )
}

/// Says that a system has no clock.
pub(super) fn no_time() -> Text {
    both!("the system does not tell what time it is", "시스템이 현재 시각을 알려 주지 않습니다")
}

/// Returns the moment that an option names.
///
/// # Errors
/// Why it is none.
pub(super) fn moment(session: &Session<'_>, option: &str, when: &When) -> Result<SystemTime, Text> {
    let now = session.backend.now().ok_or_else(no_time)?;
    when.moment(now, &session.zone).map_err(|why| {
        both!("{option} is no time: {why}", "{option}: 그런 시각이 없습니다. {why}", option, why)
    })
}

/// Returns a moment of a history.
///
/// # Errors
/// Why nothing is known of it.
pub(super) fn recorded(reader: &Reader, time: SystemTime, zone: &Zone) -> Result<At, Text> {
    let shown = |time| zone.to_the_second(time);
    Err(match reader.standing(time) {
        Standing::Recorded(at) => return Ok(at),
        Standing::Before(first) => both!(
            "nothing is known of {time}: the history begins at {first}",
            "{time}의 기록이 없습니다: 기록은 {first}에 시작합니다",
            time = shown(time),
            first = shown(first)
        ),
        Standing::After(last) => both!(
            "nothing is known of {time}: the history ends at {last}; a recorder writes once a second, and netstat record --status tells whether one runs",
            "{time}의 기록이 없습니다: 기록은 {last}에 끝납니다. 기록기는 1초마다 씁니다. 실행 중인지는 netstat record --status로 확인하세요",
            time = shown(time),
            last = shown(last)
        ),
        Standing::Within(gap) => both!(
            "nothing is known of {time}: {gap}",
            "{time}의 기록이 없습니다: {gap}",
            time = shown(time),
            gap = gap_text(&gap, zone)
        ),
        Standing::Empty => empty(),
    })
}

/// Returns whether a recorder was in another network namespace of this machine, since it was booted, than this program is.
fn is_elsewhere(reader: &Reader, at: At, live: &Opened) -> bool {
    let is_here = live.boot_id() == Past::table(reader, at, SystemTime::UNIX_EPOCH).boot_id();
    is_here && reader.namespace(at).zip(live.namespace()).is_some_and(|(its, own)| its != own)
}

/// Returns the table of a moment as a look of a live view. What is missing of it is among its warnings.
///
/// # Errors
/// Why there is none.
pub(super) fn look(
    store: &Path,
    time: SystemTime,
    (how, needs): (WalkWishes, ColumnNeeds),
    zone: &Zone,
) -> Result<Recalled, Text> {
    let reader = open(store)?;
    let at = recorded(&reader, time, zone)?;
    let span = Span { since: Some(time), until: time.checked_add(Duration::from_micros(1)) };
    let only =
        reader.filtered(&span).into_iter().map(|it| Warning::OnlyRecorded { filter: it.filter.into() });
    let live = netstat_os::open(Origin::Live).map_err(|error| system::error(&error))?;
    if how.scope == Scope::Own && is_elsewhere(&reader, at, &live) {
        return Err(both!(
            "the history is that of another network namespace: netstat live --netns all shows all that it has",
            "기록은 다른 네트워크 네임스페이스의 것입니다. netstat live --netns all은 기록 전체를 보여 줍니다"
        ));
    }
    let users = || users_of(reader.users());
    let system = PastSystem { past: &Past::table(&reader, at, time), users: &users, live: &live };
    let wishes = LookWishes { kinds: Kinds::TCP_UDP, needs };
    let mut look = Walk::new(&system, how, wishes).look(&[]).map_err(|error| system::error(&error))?;
    look.warnings.extend(only);
    live.finish().map_err(|error| system::error(&error))?;
    let gaps = reader.gaps(&span).map_err(|error| store_error(&error))?;
    let lack = gaps.first().map(|gap| {
        let (lack, more) = (gap_text(gap, zone), gaps.len() - 1);
        match more {
            0 => both!("the history is incomplete: {lack}", "기록이 완전하지 않습니다: {lack}", lack),
            more => both!(
                "the history is incomplete: {lack}; and {more:more gap|more gaps}",
                "기록이 완전하지 않습니다: {lack}. 빈 구간 {more}개 더",
                lack,
                more
            ),
        }
    });
    Ok(Recalled { look, lack })
}

/// Shows the table of a moment.
///
/// # Errors
/// What failed, or why there is no such table.
pub(super) fn run(session: &mut Session<'_>, asked: &Asked) -> Result<ExitCode, Trouble> {
    let reader = open(&asked.store)?;
    say_undated(&reader);
    if session.settings.scope == Scope::All {
        output::complain(&both!(
            "only TCP is recorded for other network namespaces: their UDP sockets are not in this table",
            "다른 네트워크 네임스페이스는 TCP만 기록합니다. 그 UDP 소켓은 이 표에 없습니다"
        ));
    }
    let time = moment(session, "--at", &asked.at)?;
    let at = recorded(&reader, time, &session.zone)?;
    if session.settings.scope == Scope::Own && is_elsewhere(&reader, at, &session.backend) {
        output::complain(&both!(
            "this is the table of the recorder's network namespace, which is another than this one",
            "이 표는 기록기의 네트워크 네임스페이스 것이며, 지금 네임스페이스와 다릅니다"
        ));
    }
    if let Some(filter) = &mut session.filter {
        filter.set_now(Some(time));
    }
    let span = Span { since: Some(time), until: time.checked_add(Duration::from_micros(1)) };
    let gaps = reader.gaps(&span).map_err(|error| store_error(&error))?;
    let live = Rc::clone(&session.backend);
    let users = || users_of(reader.users());
    let past = Past::table(&reader, at, time);
    let system = PastSystem { past: &past, users: &users, live: &live };
    show_moment(session, &system, &|error| explain(error, session.settings).into())?;
    say_filtered(&reader, &span, session);
    say_all_gaps(gaps, &past, session);
    Ok(ExitCode::SUCCESS)
}

/// Shows the table of a moment.
///
/// # Errors
/// What failed.
pub(super) fn show_moment<P: Sockets + Processes + Machine>(
    session: &mut Session<'_>,
    system: &PastSystem<'_, P>,
    explained: &dyn Fn(&Error) -> Trouble,
) -> Result<(), Trouble> {
    let settings = session.settings;
    show(session, system, explained, |session, system, out| match &settings.report {
        Report::ProcessCounts(rows) => connections::process_counts(session, system, rows, out),
        Report::Connections(table) => connections::table(session, system, table, out),
        _ => Ok(Vec::new()),
    })
}

/// Says what is missing of a history, and what of it could not be read.
pub(super) fn say_all_gaps(mut gaps: Vec<Gap>, past: &Past<'_>, session: &Session<'_>) {
    gaps.extend(past.damaged());
    say_gaps(&gaps, &session.zone);
}

/// Shows what a report makes of the past.
///
/// # Errors
/// What failed.
pub(super) fn show<P>(
    session: &mut Session<'_>,
    system: &PastSystem<'_, P>,
    explained: &dyn Fn(&Error) -> Trouble,
    display: impl FnOnce(&mut Session<'_>, &PastSystem<'_, P>, &mut output::Output) -> Displayed,
) -> Result<(), Trouble> {
    session.displays += 1;
    let mut out = output::stdout();
    let shown = display(session, system, &mut out).and_then(|lacks| Ok((lacks, out.flush()?)));
    drop(out);
    let lacks = match shown {
        Ok((lacks, ())) => lacks,
        Err(Failure::System(error)) => return Err(explained(&error)),
        Err(Failure::Output(error)) => {
            output::outcome(Err(error))?;
            Vec::new()
        }
    };
    Warnings::default().say(lacks);
    Ok(())
}

/// Says what a history has and nobody can tell when it was.
pub(super) fn say_undated(reader: &Reader) {
    if let undated @ 1.. = reader.undated() {
        output::complain(&both!(
            "the history is incomplete: {undated:run|runs} of the recorder cannot be dated, because the record of the clock is damaged",
            "기록이 완전하지 않습니다: 시계 기록이 손상되어 기록기 실행 {undated}회의 시각을 알 수 없습니다",
            undated
        ));
    }
}

/// Returns what was recorded in a span: how connections were seen, in the words of the recorders, and which of them alone were
/// kept, in those of the reader.
pub(super) fn what_was_recorded<'r>(
    reader: &'r Reader,
    (from, until): (SystemTime, SystemTime),
    session: &Session<'_>,
) -> Vec<Cow<'r, str>> {
    let span = Span { since: Some(from), until: Some(until) };
    let mut what: Vec<Cow<'r, str>> = reader.modes(from, until).into_iter().map(Cow::Borrowed).collect();
    for it in reader.filtered(&span) {
        let only =
            both!("only those that match: {filter}", "다음 필터에 맞는 것만: {filter}", filter = it.filter);
        let only = only.of(session.settings.language).to_owned();
        if !what.contains(&Cow::Borrowed(only.as_str())) {
            what.push(Cow::Owned(only));
        }
    }
    what
}

/// Says which connections alone were recorded in a span, where that was not all of them.
pub(super) fn say_filtered(reader: &Reader, span: &Span, session: &Session<'_>) {
    let asked = session.filter.as_ref().map(ToString::to_string);
    let mut filtered = reader.filtered(span);
    // Who asks for what was chosen lacks nothing.
    filtered.retain(|it| asked.as_deref() != Some(it.filter));
    say_lacks(&filtered.iter().map(|it| filtered_text(it, &session.zone)).collect::<Vec<_>>());
}

/// Returns which connections alone were recorded, and when.
pub(super) fn filtered_text(it: &Filtered<'_>, zone: &Zone) -> Text {
    both!(
        "from {from} to {until} only connections were recorded that match: {filter}",
        "{from}부터 {until}까지는 다음 필터에 맞는 연결만 기록함: {filter}",
        from = zone.to_the_second(it.from),
        until = zone.to_the_second(it.until),
        filter = one_line(it.filter)
    )
}

/// The most gaps that are said one by one.
const MOST_SAID: usize = 5;

/// Says what is missing, on standard error.
pub(super) fn say_gaps(gaps: &[Gap], zone: &Zone) {
    say_lacks(&gaps.iter().map(|gap| gap_text(gap, zone)).collect::<Vec<_>>());
}

/// Says why a history is not whole, on standard error.
pub(super) fn say_lacks(lacks: &[Text]) {
    for lack in lacks.iter().take(MOST_SAID) {
        output::complain(&both!(
            "the history is incomplete: {lack}",
            "기록이 완전하지 않습니다: {lack}",
            lack
        ));
    }
    if let more @ 1.. = lacks.len().saturating_sub(MOST_SAID) {
        output::complain(&both!(
            "the history is incomplete: there {more?is|are} {more} more {more?gap|gaps}",
            "기록이 완전하지 않습니다: 빈 구간이 {more}개 더 있습니다",
            more
        ));
    }
}

/// How long after the last moment that was written another one may still be on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(5);

/// Returns where the history of a span ends before the span does: of what came then nothing is known. Whoever asks without a
/// span asks for what there is.
pub(super) fn ends_early(session: &Session<'_>, reader: &Reader, span: &Span) -> Option<Text> {
    let (_, last) = reader.reach()?;
    let now = session.backend.now()?;
    let end = match (span.since, span.until) {
        (None, None) => return None,
        (_, until) => until.map_or(now, |until| until.min(now)),
    };
    last.checked_add(ON_ITS_WAY).is_some_and(|last| last < end).then(|| {
        both!(
            "the history ends at {last}, and nothing is known of what came then",
            "기록은 {last}에 끝나며, 그 뒤의 일은 알 수 없음",
            last = session.zone.to_the_second(last)
        )
    })
}

/// Says where the history of a span ends before the span does.
pub(super) fn say_end(session: &Session<'_>, reader: &Reader, span: &Span) {
    if let Some(end) = ends_early(session, reader, span) {
        output::complain(&end);
    }
}

/// Returns what is missing in a gap, and why.
pub(super) fn gap_text(gap: &Gap, zone: &Zone) -> Text {
    let (from, until) = (zone.to_the_second(gap.from), zone.to_the_second(gap.until));
    let span = both!("from {from} to {until}", "{from}부터 {until}까지", from, until);
    let lost = match gap.lost {
        Some(lost) => both!("{lost:end of a connection|ends of connections}", "끝난 연결 {lost}개", lost),
        None => both!("ends of connections", "끝난 연결"),
    };
    let connections = match gap.lost {
        Some(lost) => both!("{lost:connection|connections}", "연결 {lost}개", lost),
        None => both!("connections", "연결"),
    };
    match gap.cause {
        GapCause::NotRunning => both!(
            "{span} nothing was recorded, because netstat record was not running",
            "{span} netstat record가 실행되지 않아 기록이 없습니다",
            span
        ),
        GapCause::Suspended => {
            both!("{span} the machine was suspended", "{span} 시스템이 절전 상태였습니다", span)
        }
        GapCause::Ring => both!(
            "{span} {lost} were lost, because the buffer between kernel and recorder was full",
            "{span} 커널과 기록기 사이의 버퍼가 가득 차 {lost}의 기록을 잃었습니다",
            span,
            lost
        ),
        GapCause::Begins => both!(
            "{span} the beginning of {connections} was lost, because the buffer between kernel and recorder was full: they are \
             missing until they end",
            "{span} 커널과 기록기 사이의 버퍼가 가득 차 {connections}의 시작을 놓쳤습니다. 끝날 때까지는 표에 없습니다",
            span,
            connections
        ),
        GapCause::HalfClosed => both!(
            "{span} the buffer between kernel and recorder was full: {connections} may be shown as ESTABLISHED until they end, \
             although one side had closed",
            "{span} 커널과 기록기 사이의 버퍼가 가득 차 {connections}에서 한쪽이 닫은 사실을 놓쳤습니다. 끝날 때까지 ESTABLISHED로 \
             나올 수 있습니다",
            span,
            connections
        ),
        GapCause::Processes => {
            let records = match gap.lost {
                Some(lost) => {
                    both!("{lost:record of a process|records of processes}", "프로세스 정보 {lost}건", lost)
                }
                None => both!("records of processes", "프로세스 정보"),
            };
            both!(
                "{span} {records} were lost, because there was no room for them: of some connections the process is not known",
                "{span} 공간이 없어 {records}의 기록을 잃었습니다. 일부 연결은 프로세스를 알 수 없습니다",
                span,
                records
            )
        }
        GapCause::Store => both!(
            "{span} {lost} were lost, because the history could not be written",
            "{span} 기록을 쓸 수 없어 {lost}의 기록을 잃었습니다",
            span,
            lost
        ),
        GapCause::Datagrams if gap.lost.is_none() => both!(
            "{span} flows of UDP were not seen: they are missing, or lack bytes",
            "{span} UDP 데이터그램의 상대를 알 수 없었습니다. 그 흐름은 없거나 바이트 수가 모자랍니다",
            span
        ),
        GapCause::Datagrams => {
            let lost = gap.lost.unwrap_or(0);
            let datagrams = both!("{lost:datagram|datagrams}", "데이터그램 {lost}개", lost);
            both!(
                "{span} there was no room for the flows of {datagrams} of UDP: they are missing, or lack bytes",
                "{span} 공간이 없어 UDP {datagrams}의 상대를 기록하지 못했습니다. 그 흐름은 없거나 바이트 수가 모자랍니다",
                span,
                datagrams
            )
        }
        GapCause::Unseen if gap.from == gap.until => both!(
            "the clock was set over that time, so there was no such moment",
            "시계를 그 시각 너머로 맞추어 그런 시각이 없었습니다"
        ),
        GapCause::Unseen => {
            both!("{span} {lost} were not seen", "{span} {lost}의 기록을 보지 못했습니다", span, lost)
        }
        GapCause::Unsent => both!(
            "{span} {lost} were deleted to make room on that host before they could be sent",
            "{span} 그 호스트에서 보내기 전에 공간을 비우느라 {lost}의 기록을 지웠습니다",
            span,
            lost
        ),
        GapCause::Damaged => both!(
            "{span} {lost} cannot be read, because that part of the history is damaged",
            "{span} 기록의 그 부분이 손상되어 {lost}의 기록을 읽을 수 없습니다",
            span,
            lost
        ),
    }
}
