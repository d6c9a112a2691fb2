//! Activity that continues while a program looks.

use crate::error::{Doing, LabError, Result};
use crate::namespace::eventually;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    rounds: AtomicU64,
    failure: Mutex<Option<String>>,
}

/// An action repeated on a thread of its own, in the namespace of the thread that started it, until this value is
/// dropped.
#[derive(Debug)]
pub(crate) struct Ongoing {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Ongoing {
    /// Starts, with a pause after each round, and returns after the first rounds.
    pub(crate) fn start(
        what: &'static str,
        pause: Duration,
        mut round: impl FnMut() -> Result<()> + Send + 'static,
    ) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let work = move || {
            while !own.stop.load(Ordering::Relaxed) {
                if let Err(error) = round() {
                    *own.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
                    return;
                }
                own.rounds.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(pause);
            }
        };
        let thread =
            std::thread::Builder::new().name(what.into()).spawn(work).doing(|| format!("begin: {what}"))?;
        let ongoing = Self { shared, thread: Some(thread) };
        ongoing.more_rounds(3)?;
        Ok(ongoing)
    }

    /// Waits for this many more rounds.
    pub(crate) fn more_rounds(&self, count: u64) -> Result<()> {
        let goal = self.shared.rounds.load(Ordering::Relaxed) + count;
        eventually("another round", || {
            let done = self.shared.rounds.load(Ordering::Relaxed) >= goal;
            (done || self.failure().is_some()).then_some(())
        })?;
        match self.failure() {
            Some(failure) => Err(LabError::failed("go on", failure)),
            None => Ok(()),
        }
    }

    fn failure(&self) -> Option<String> {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
