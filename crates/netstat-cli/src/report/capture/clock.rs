//! The clock of packets.

use netstat_os::Machine;
use std::time::{Duration, UNIX_EPOCH};

/// Returns the time of day, since 1970.
pub(super) fn now(system: &impl Machine) -> Duration {
    system.now().and_then(|now| now.duration_since(UNIX_EPOCH).ok()).unwrap_or_default()
}
