//! `netstat record --status` and `--stop`, and the files by which they speak with the recorder.

use super::past::store_error;
use super::{Session, lasting, ship};
use crate::output::{self, Trouble};
use crate::render::recorder_status::{RecorderStatus, SCHEMA, lines};
use netstat_engine::both;
use netstat_engine::text::quote::quoted;
use netstat_engine::text::system::io_error;
use netstat_store::{Beside, Reader, is_recording};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait for a recorder to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often to look whether it has.
const PAUSE: Duration = Duration::from_millis(100);

/// Replaces the status of a recorder.
pub(super) fn write(beside: &Beside, status: &RecorderStatus) -> io::Result<()> {
    beside.write_status(&serde_json::to_vec(status)?)
}

pub(super) fn read(beside: &Beside) -> io::Result<Option<RecorderStatus>> {
    let Some(text) = beside.read_status()? else { return Ok(None) };
    let version: Version = serde_json::from_slice(&text)?;
    match version.schema {
        SCHEMA => Ok(Some(serde_json::from_slice(&text)?)),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "another version of this program wrote it")),
    }
}

#[derive(serde::Deserialize)]
struct Version {
    schema: u32,
}

fn is_running(store: &Path) -> Result<bool, Trouble> {
    is_recording(store).map_err(|error| store_error(&error).into())
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
    let mut text = lines(&status, running, left.as_deref(), settings.language);
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
            return Err(match read(&beside) {
                // A suspended process hears of it when it goes on.
                Ok(Some(status)) if cfg!(unix) => both!(
                    "the recorder, process {pid}, has not stopped within {patience}: if it is suspended, type kill -CONT {pid}",
                    "기록기(프로세스 {pid})가 {patience} 안에 중지하지 않았습니다. 멈춰 둔 프로세스라면 kill -CONT {pid}",
                    pid = status.pid.to_string(),
                    patience = PATIENCE
                ),
                _ => both!(
                    "the recorder has not stopped within {patience}",
                    "기록기가 {patience} 안에 중지하지 않았습니다",
                    patience = PATIENCE
                ),
            }
            .into());
        }
        thread::sleep(PAUSE);
    }
    Ok(ExitCode::SUCCESS)
}
