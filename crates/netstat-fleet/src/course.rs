//! [`Course`]: how far a question has got, and that it may be taken back.

use crate::client::Client;
use crate::error::FleetError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What a question is doing, for whoever watches it from another thread.
#[derive(Debug, Default)]
pub struct Course {
    query_id: Mutex<Option<String>>,
    rows: AtomicU64,
    is_cancelled: AtomicBool,
}

impl Course {
    /// Returns the name of the question that is being answered; `None` between two.
    pub fn query_id(&self) -> Option<String> {
        self.query_id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns how many rows have come so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Asks for no more, and takes back what is being answered.
    pub fn cancel(&self, client: &Client) {
        self.is_cancelled.store(true, Ordering::Relaxed);
        if let Some(id) = self.query_id() {
            client.cancel(&id);
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self) {
        self.rows.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn begin(&self, id: &str) -> Result<(), FleetError> {
        if self.is_cancelled.load(Ordering::Relaxed) {
            return Err(FleetError::Cancelled);
        }
        *self.query_id.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.to_owned());
        Ok(())
    }

    pub(crate) fn end(&self) {
        *self.query_id.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
