//! `netstat record --status` and `--stop`, and the files by which they speak with the recorder.

use crate::output::{self, Trouble};
use crate::render::recorder_status::{RecorderStatus, SCHEMA, lines};
use crate::settings::Settings;
use netstat_store::is_recording;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait for a recorder to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often to look whether it has.
const PAUSE: Duration = Duration::from_millis(100);

/// The files beside the history: what the recorder tells of itself, and a wish that it may stop.
pub(super) struct Beside {
    status: PathBuf,
    stop: PathBuf,
}

impl Beside {
    /// Returns the files of a store, named as a folder or as the file in it.
    pub(super) fn of(store: &Path) -> Self {
        let folder = match store.parent() {
            Some(folder) if store.is_file() || (!store.exists() && store.extension().is_some()) => folder,
            _ => store,
        };
        Self { status: folder.join("recorder.json"), stop: folder.join("recorder.stop") }
    }

    /// Replaces the status.
    pub(super) fn write(&self, status: &RecorderStatus) -> io::Result<()> {
        let new = self.status.with_extension("new");
        std::fs::write(&new, serde_json::to_vec(status)?)?;
        std::fs::rename(new, &self.status)
    }

    /// Returns the last status; `None` where no recorder ever ran.
    fn read(&self) -> io::Result<Option<RecorderStatus>> {
        let text = match std::fs::read(&self.status) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let status: RecorderStatus = serde_json::from_slice(&text)?;
        match status.schema {
            SCHEMA => Ok(Some(status)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "another version of this program wrote it")),
        }
    }

    /// Takes back a wish to stop that came too late for its recorder.
    pub(super) fn forget_stop(&self) {
        let _ = std::fs::remove_file(&self.stop);
    }

    /// Returns whether the recorder may stop.
    pub(super) fn is_stop_wished(&self) -> bool {
        self.stop.exists()
    }
}

fn is_running(store: &Path) -> Result<bool, Trouble> {
    is_recording(store).map_err(|error| error.to_string().into())
}

/// Tells how the recorder of a store is doing.
pub(super) fn show(store: &Path, settings: &Settings) -> Result<ExitCode, Trouble> {
    let running = is_running(store)?;
    let beside = Beside::of(store);
    let read = beside.read().map_err(|error| format!("{}: {error}", beside.status.display()))?;
    let Some(status) = read else {
        return Err(format!("no recorder has written to {}: type netstat record", store.display()).into());
    };
    output::people(&lines(&status, running, settings.language))?;
    Ok(if running { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Stops the recorder of a store.
pub(super) fn stop(store: &Path) -> Result<ExitCode, Trouble> {
    if !is_running(store)? {
        return Err(format!("no recorder is writing to {}", store.display()).into());
    }
    let beside = Beside::of(store);
    std::fs::write(&beside.stop, []).map_err(|error| format!("{}: {error}", beside.stop.display()))?;
    let begin = Instant::now();
    while is_running(store)? {
        if begin.elapsed() > PATIENCE {
            return Err(format!("the recorder has not stopped within {} s", PATIENCE.as_secs()).into());
        }
        thread::sleep(PAUSE);
    }
    Ok(ExitCode::SUCCESS)
}
