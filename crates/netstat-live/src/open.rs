//! How the system is opened that is looked at.

use netstat_model::Error;
use netstat_os::Opened;
use std::sync::Arc;

/// Opens the system to look at: each thread has its own.
pub type Open = Arc<dyn Fn() -> Result<Opened, Error> + Send + Sync>;
