//! Histories of many hosts: how their server is reached, and what is said of it.

use super::past::{filtered_text, gap_text, store_error};
use super::{Session, rights};
use crate::output::{self, Trouble, interrupt};
use crate::settings::FleetPlace;
use netstat_engine::both;
use netstat_engine::text::quote::quoted;
use netstat_engine::text::system::io_error;
use netstat_engine::text::{Text, Zone, escape};
use netstat_fleet::{Client, Course, Credentials, Fleet, FleetError, HostFilter, HostGap, Hosts};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

/// How long a question may take.
pub(super) const ASKING: Duration = Duration::from_secs(60);

/// The most bytes of a file with user and password.
const MOST: u64 = 1 << 16;

/// The most hosts that are named in a line.
const NAMED: usize = 5;

/// Returns a client of a database.
///
/// # Errors
/// When the file with user and password cannot be used, and why.
pub(super) fn client(place: &FleetPlace, timeout: Duration) -> Result<Client, Text> {
    let credentials = match &place.file {
        Some(file) => {
            rights::may_open_what_the_user_names()
                .map_err(|why| both!("--credentials is refused: {why}", "--credentials 거부: {why}", why))?;
            read_credentials(file)?
        }
        None => place.environment.clone(),
    };
    Ok(Client::new(place.target.clone(), credentials, timeout))
}

/// Opens what the server of a database has.
///
/// # Errors
/// Why it cannot be asked.
pub(super) fn open(place: &FleetPlace) -> Result<Fleet, Text> {
    Fleet::open(client(place, ASKING)?).map_err(|error| fleet_error(&error, place))
}

/// Reads user and password, each in a line of its own.
fn read_credentials(path: &Path) -> Result<Credentials, Text> {
    let file = quoted(path.as_os_str());
    let cannot = |why: Text| {
        both!("cannot read {file}: {why}", "{file}: 읽을 수 없습니다. {why}", file = file.clone(), why)
    };
    let opened = File::open(path).map_err(|error| cannot(io_error(&error)))?;
    if is_open_to_others(&opened) {
        return Err(both!(
            "{file} can be read by others than its owner: type chmod 600 {file}",
            "{file}: 소유자가 아닌 사용자도 읽을 수 있습니다. 이렇게 입력하세요: chmod 600 {file}",
            file
        ));
    }
    let mut text = String::new();
    opened.take(MOST).read_to_string(&mut text).map_err(|error| cannot(io_error(&error)))?;
    let mut credentials = Credentials::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once('=') {
            Some(("user", user)) => credentials.user = Some(user.to_owned()),
            Some(("password", password)) => credentials.password = Some(password.to_owned()),
            // The line is not repeated: it may be the password.
            _ => {
                return Err(both!(
                    "{file} has a line that is neither user=NAME nor password=TEXT",
                    "{file}: user=이름도 password=암호도 아닌 줄이 있습니다",
                    file
                ));
            }
        }
    }
    Ok(credentials)
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // A group may have it, such as the one that the service runs as.
    file.metadata().is_ok_and(|it| it.mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &File) -> bool {
    false
}

/// Returns what is wrong with a server, and what to do.
pub(super) fn fleet_error(error: &FleetError, place: &FleetPlace) -> Text {
    let server = place.target.to_string();
    let said = |text: &str| {
        let mut shown = Vec::new();
        escape::write_text(&mut shown, text.as_ref());
        String::from_utf8_lossy(&shown).into_owned()
    };
    match error {
        FleetError::Away(why) => {
            both!(
                "{server} does not answer: {why}",
                "{server}: 응답이 없습니다. {why}",
                server,
                why = said(why)
            )
        }
        FleetError::Denied(why) => both!(
            "{server} refuses the user: {why}; --credentials FILE names a file with user=NAME and password=TEXT",
            "{server}: 인증에 실패했습니다. {why} --credentials 파일에 user=이름과 password=암호를 적으세요",
            server,
            why = said(why)
        ),
        FleetError::Refused(_, why) => {
            both!("{server} refuses: {why}", "{server}: 거부했습니다. {why}", server, why = said(why))
        }
        FleetError::NoTables(database) => both!(
            "{server}: there is no database {database} with the tables of netstat: type CREATE DATABASE {database} there, then \
             netstat ship --create --to {server}",
            "{server}: netstat의 테이블이 있는 데이터베이스 {database}이(가) 없습니다. 서버에서 CREATE DATABASE {database}를 실행한 뒤 \
             이렇게 입력하세요: netstat ship --create --to {server}",
            server,
            database = database.clone()
        ),
        FleetError::OtherTables(lacks) => both!(
            "{server}: the tables lack {lacks}: type netstat ship --create --to {server}",
            "{server}: 테이블에 {lacks}이(가) 없습니다. 이렇게 입력하세요: netstat ship --create --to {server}",
            server,
            lacks = lacks.clone()
        ),
        FleetError::Garbled => both!(
            "what {server} answers makes no sense: is it the HTTP port of ClickHouse?",
            "{server}: 알 수 없는 응답입니다. ClickHouse의 HTTP 포트가 맞습니까?",
            server
        ),
        FleetError::Cancelled => both!("cancelled", "취소했습니다"),
        FleetError::TooMany(rows, most) => both!(
            "{rows} connections match, more than the {most} that may be fetched: ask about a shorter time (--since), a filter, \
             --group-by or --summary, or raise --max-rows",
            "연결 {rows}개가 맞습니다. 가져올 수 있는 {most}개보다 많습니다. 기간을 줄이거나(--since) 필터, --group-by, --summary를 쓰거나 \
             --max-rows를 늘리세요",
            rows = *rows,
            most = *most
        ),
        FleetError::Store(error) => store_error(error),
    }
}

/// Says what is missing of the hosts that are asked about.
pub(super) fn say_gaps(gaps: &[HostGap], zone: &Zone) {
    for HostGap { host, gap } in gaps.iter().take(NAMED) {
        output::complain(&both!(
            "the history of {host} is incomplete: {gap}",
            "{host}의 기록이 완전하지 않습니다: {gap}",
            host = quoted(OsStr::new(&**host)),
            gap = gap_text(gap, zone)
        ));
    }
    if let more @ 1.. = gaps.len().saturating_sub(NAMED) {
        output::complain(&both!(
            "histories are incomplete: there {more?is|are} {more} more {more?gap|gaps}",
            "기록이 완전하지 않습니다: 빈 구간이 {more}개 더 있습니다",
            more
        ));
    }
}

/// Says where only some connections were kept, where that is not what is asked for.
pub(super) fn say_filtered(filtered: &[HostFilter<'_>], session: &Session<'_>) {
    let asked = session.filter.as_ref().map(ToString::to_string);
    let lacks: Vec<_> = filtered.iter().filter(|it| asked.as_deref() != Some(it.filtered.filter)).collect();
    for HostFilter { host, filtered } in lacks.iter().take(NAMED) {
        output::complain(&both!(
            "the history of {host} is incomplete: {lack}",
            "{host}의 기록이 완전하지 않습니다: {lack}",
            host = quoted(OsStr::new(host)),
            lack = filtered_text(filtered, &session.zone)
        ));
    }
    if let more @ 1.. = lacks.len().saturating_sub(NAMED) {
        output::complain(&both!(
            "histories are incomplete: on {more} more {more?host|hosts} only some connections were recorded",
            "기록이 완전하지 않습니다: 일부 연결만 기록한 호스트가 {more}개 더 있습니다",
            more
        ));
    }
}

/// Says of which hosts nothing has come for a while.
pub(super) fn say_silent(silent: &[(&str, SystemTime)], zone: &Zone) {
    for (host, last) in silent.iter().take(NAMED) {
        output::complain(&both!(
            "nothing has come from {host} since {last}: what was open there then is listed as open",
            "{host}에서 {last} 뒤로 들어온 기록이 없습니다. 그때 열려 있던 것은 열린 것으로 나옵니다",
            host = quoted(OsStr::new(host)),
            last = zone.to_the_second(*last)
        ));
    }
    if let more @ 1.. = silent.len().saturating_sub(NAMED) {
        output::complain(&both!(
            "nothing has come from {more} more {more?host|hosts} for a while",
            "한동안 기록이 들어오지 않은 호스트가 {more}개 더 있습니다",
            more
        ));
    }
}

/// Names hosts, as many as fit a line.
pub(super) fn named(hosts: &[Box<str>]) -> Text {
    let some: Vec<String> = hosts.iter().take(NAMED).map(|host| quoted(OsStr::new(&**host))).collect();
    let some = some.join(", ");
    match hosts.len().saturating_sub(NAMED) {
        0 => Text::same(some),
        more => both!("{some} and {more} more", "{some} 외 {more}개", some, more),
    }
}

/// Says that nothing was ever sent.
pub(super) fn empty(hosts: &Hosts) -> Result<(), Text> {
    match hosts.reach() {
        Some(_) => Ok(()),
        None => Err(both!(
            "no host has sent anything there: netstat ship --to URL does",
            "아직 아무 호스트도 보내지 않았습니다. 보내려면 netstat ship --to URL"
        )),
    }
}

/// Watches a question: shows how far it has got, and takes it back when somebody presses Ctrl+C.
pub(super) struct Watched {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _deferred: interrupt::Deferred,
}

impl Watched {
    pub(super) fn begin(client: &Client, course: Arc<Course>) -> Self {
        let deferred = interrupt::Deferred::new();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let client = client.with_timeout(Duration::from_secs(5));
        let shows = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let thread = thread::Builder::new().name("watch".to_owned()).spawn(move || {
            let mut ticks = 0u32;
            let mut has_shown = false;
            while !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(50));
                if interrupt::is_pending() {
                    course.cancel(&client);
                    break;
                }
                ticks += 1;
                // Most answers are there before anybody wonders.
                if shows && ticks.is_multiple_of(10) && !over.load(Ordering::Relaxed) {
                    let read = course.query_id().and_then(|id| client.progress(&id));
                    let rows = course.rows();
                    let said = match read {
                        Some((read, total)) => both!(
                            "\r{rows} connections; the server has read {read} of {total} rows   ",
                            "\r연결 {rows}개. 서버가 {total}행 중 {read}행을 읽었습니다   ",
                            rows,
                            read,
                            total = total.max(read)
                        ),
                        None => both!("\r{rows} connections   ", "\r연결 {rows}개   ", rows),
                    };
                    output::error_text(said.of(output::language()));
                    has_shown = true;
                }
            }
            if has_shown {
                // The line is there no more.
                output::error_text(&format!("\r{}\r", " ".repeat(78)));
            }
        });
        Self { is_over, thread: thread.ok(), _deferred: deferred }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Ends the program as Ctrl+C does, where it was pressed.
pub(super) fn or_interrupted(trouble: Trouble) -> Trouble {
    if interrupt::is_pending() {
        interrupt::end();
    }
    trouble
}
