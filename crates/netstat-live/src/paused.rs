//! [`Paused`]: a screen that shows another moment than the present.

use crate::book::Book;
use crate::last::LastLook;
use netstat_model::SocketKey;
use std::time::{Duration, SystemTime};

/// Which moment is shown while the present is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The one at which the screen was paused.
    Paused,
    /// The look of that time since boot.
    Look(Duration),
    /// What a history tells of that time.
    Recorded(SystemTime),
}

/// A screen that shows another moment than the present.
#[derive(Debug)]
pub(crate) struct Paused {
    pub(crate) book: Book,
    pub(crate) then: Then,
    /// Since when, by the time of the view.
    pub(crate) since: Duration,
    /// What has changed meanwhile.
    pub(crate) waiting: usize,
    /// Sockets that are named here and have come to have another key meanwhile.
    pub(crate) renamed: Vec<(SocketKey, SocketKey)>,
    /// The look that is shown.
    pub(crate) last: LastLook,
}
