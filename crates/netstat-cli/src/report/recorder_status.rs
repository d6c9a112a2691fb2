//! `netstat record --status` and `--stop`, and the files by which they speak with the recorder.

use super::past::store_error;
use super::{Session, lasting, ship};
use crate::output::{self, Trouble};
use crate::render::recorder_status::{RecorderStatus, Running, SCHEMA, Stuck, lines};
use netstat_engine::both;
use netstat_engine::text::quote::{one_line, quoted};
use netstat_engine::text::system::io_error;
use netstat_engine::text::{Text, Zone};
use netstat_store::{Beside, Reader, is_recording};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// How long to wait for a recorder to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often to look whether it has.
const PAUSE: Duration = Duration::from_millis(100);

/// How often a status is read that makes no sense: one that is being written over.
const TRIES: u32 = 5;

/// Replaces the status of a recorder.
pub(super) fn write(beside: &Beside, status: &RecorderStatus) -> io::Result<()> {
    beside.write_status(&serde_json::to_vec(status)?)
}

pub(super) fn read(beside: &Beside) -> io::Result<Option<RecorderStatus>> {
    let mut tries = 1;
    loop {
        let Some(text) = beside.read_status()? else { return Ok(None) };
        match decode(&text) {
            Err(error) if error.is_data() || tries >= TRIES => return Err(error.into()),
            Err(_) => tries += 1,
            Ok(Some(status)) => return Ok(Some(status)),
            Ok(None) => {
                let why = "another version of this program wrote it";
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
        thread::sleep(PAUSE);
    }
}

/// Decodes a status; `None` for one of another version.
fn decode(text: &[u8]) -> serde_json::Result<Option<RecorderStatus>> {
    let version: Version = serde_json::from_slice(text)?;
    (version.schema == SCHEMA).then(|| serde_json::from_slice(text)).transpose()
}

#[derive(serde::Deserialize)]
struct Version {
    schema: u32,
}

fn is_running(store: &Path) -> Result<bool, Trouble> {
    is_recording(store).map_err(|error| {
        both!(
            "the recorder of {store} cannot be asked: {why}",
            "{store}의 기록기에 물을 수 없습니다: {why}",
            store = quoted(store.as_os_str()),
            why = store_error(&error)
        )
        .into()
    })
}

/// Returns whether a process was halted, by a signal or a debugger.
fn is_halted(pid: u32) -> bool {
    #[cfg(target_os = "linux")]
    {
        let stat = std::fs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name before it may be anything.
        let state = stat.iter().rposition(|byte| *byte == b')').and_then(|at| stat.get(at + 2));
        matches!(state, Some(b'T' | b't'))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = pid;
        false
    }
}

/// Says, on standard error, that the recorder of a history is behind: what happened meanwhile is missing in an answer.
pub(super) fn say_behind(file: &Path, zone: &Zone) {
    // Whether one runs, and how it is doing, is no part of an answer: what cannot be read is left out.
    let Ok(true) = is_recording(file) else { return };
    let Ok(Some(status)) = read(&Beside::of(file)) else { return };
    if is_halted(status.pid) {
        output::complain(&both!(
            "the recorder is halted, and what has happened since then is missing: type kill -CONT {pid}",
            "기록기가 멈춰 있어 그 뒤의 일이 빠져 있습니다. 이렇게 입력하세요: kill -CONT {pid}",
            pid = status.pid.to_string()
        ));
    }
    if let Some(stuck) = &status.stuck {
        let [english, korean] = &stuck.why;
        let since = UNIX_EPOCH.checked_add(Duration::from_millis(stuck.since));
        output::complain(&both!(
            "the recorder cannot write since {since}: {why}; what waits in its memory ({waiting:event|events}) is missing here",
            "{since}부터 기록기가 쓸 수 없습니다: {why}. 메모리에서 대기하는 {waiting}건은 여기에 없습니다",
            since = since.map(|since| zone.to_the_second(since)).unwrap_or_default(),
            why = Text::new(one_line(english), one_line(korean)),
            waiting = stuck.waiting
        ));
    }
}

/// Tells how the recorder of a store is doing.
pub(super) fn show(session: &Session<'_>, store: &Path) -> Result<ExitCode, Trouble> {
    let settings = session.settings;
    let running = is_running(store)?;
    let beside = Beside::of(store);
    let named = quoted(beside.status().as_os_str());
    let read = read(&beside).map_err(|error| {
        both!(
            "{named} cannot be read: {why}",
            "{named} 파일을 읽을 수 없습니다: {why}",
            named,
            why = io_error(&error)
        )
    })?;
    let Some(status) = read else {
        let store = quoted(store.as_os_str());
        return Err(both!(
            "no recorder has written to {store}: type netstat record",
            "{store}에 기록한 기록기가 없습니다. 이렇게 입력하세요: netstat record",
            store
        )
        .into());
    };
    let left = if running { None } else { lasting::status(session, store) };
    let left = left.map(|left| left.of(settings.language).to_owned());
    let state = match running {
        true if is_halted(status.pid) => Running::Halted,
        true => Running::Yes,
        false => Running::No,
    };
    let mut text = lines(&status, state, left.as_deref(), settings.language);
    // A history that cannot be read says so where it is asked.
    if let Ok(reader) = Reader::open(store)
        && let Ok(shipped) = reader.shipped()
    {
        text.push_str(&ship::lines(&reader, &shipped, store, settings.language)?.0);
    }
    output::people(&text)?;
    Ok(if running { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Stops the recorder of a store.
pub(super) fn stop(session: &Session<'_>, store: &Path) -> Result<ExitCode, Trouble> {
    if !is_running(store)? {
        if lasting::remove(session, store)? {
            return Ok(ExitCode::SUCCESS);
        }
        return Err(both!(
            "no recorder is writing to {store}",
            "{store}에 기록 중인 기록기가 없습니다",
            store = quoted(store.as_os_str())
        )
        .into());
    }
    let beside = Beside::of(store);
    beside.wish_stop().map_err(|error| {
        let store = quoted(store.as_os_str());
        both!(
            "the recorder of {store} cannot be told to stop: {why}",
            "{store}의 기록기에 중지를 요청할 수 없습니다: {why}",
            store,
            why = io_error(&error)
        )
    })?;
    let begin = Instant::now();
    while is_running(store)? {
        if begin.elapsed() > PATIENCE {
            return Err(unwilling(&beside).into());
        }
        thread::sleep(PAUSE);
    }
    if !beside.is_stop_wished() {
        return Ok(ExitCode::SUCCESS);
    }
    // A recorder that has written everything takes the wish away.
    beside.forget_stop();
    let stuck = read(&beside).ok().flatten().and_then(|status| status.stuck);
    Err(unwritten(stuck.as_ref(), store).into())
}

/// Says what is lost with a recorder that has ended and could not write.
fn unwritten(stuck: Option<&Stuck>, store: &Path) -> Text {
    let store = quoted(store.as_os_str());
    let Some(stuck) = stuck else {
        return both!(
            "the recorder of {store} has ended without writing what it had seen last: that is lost",
            "{store}의 기록기가 마지막에 본 것을 쓰지 못하고 끝났습니다. 그 내용은 잃었습니다",
            store
        );
    };
    let [english, korean] = &stuck.why;
    both!(
        "the recorder of {store} has ended, and {waiting:begin or end|begins and ends} of connections that waited in its memory are \
         lost, {lost:end|ends} before: {why}",
        "{store}의 기록기는 끝났지만, 메모리에서 대기하던 연결의 시작·종료 {waiting}건을 잃었습니다. 그전에 종료 {lost}건도 잃었습니다: {why}",
        store,
        waiting = stuck.waiting,
        lost = stuck.lost,
        why = Text::new(one_line(english), one_line(korean))
    )
}

/// Says that a recorder has not stopped, and what helps.
fn unwilling(beside: &Beside) -> Text {
    let pid = match read(beside) {
        Ok(Some(status)) if cfg!(unix) => status.pid,
        _ => {
            return both!(
                "the recorder has not stopped within {patience}",
                "기록기가 {patience} 안에 중지하지 않았습니다",
                patience = PATIENCE
            );
        }
    };
    let (halted, pid) = (is_halted(pid), pid.to_string());
    match halted {
        // It hears of the wish when it goes on.
        true => both!(
            "the recorder, process {pid}, is halted by a signal or a debugger, and stops when it goes on: type kill -CONT {pid}",
            "기록기(프로세스 {pid})가 시그널이나 디버거로 멈춰 있어 다시 실행되어야 중지합니다. 이렇게 입력하세요: kill -CONT {pid}",
            pid
        ),
        false => both!(
            "the recorder, process {pid}, has not stopped within {patience}; it will when it can; to end it at once and keep \
             what it has written, type kill -KILL {pid}",
            "기록기(프로세스 {pid})가 {patience} 안에 중지하지 않았습니다. 가능해지면 중지합니다. 지금까지 쓴 것만 남기고 바로 끝내려면 \
             kill -KILL {pid}",
            pid,
            patience = PATIENCE
        ),
    }
}
