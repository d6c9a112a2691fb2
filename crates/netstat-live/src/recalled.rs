//! A moment of a recorder's history.

use netstat_engine::look::Look;
use netstat_engine::text::Text;

/// A look at a moment that a recorder has kept.
#[derive(Debug)]
pub struct Recalled {
    /// What there was.
    pub look: Look,
    /// What is missing of it.
    pub lack: Option<Text>,
}
