//! What a history tells of a span, for the checks that judge one.

use super::finding::Finding;
use super::text::Text;
use netstat_model::IpEndpoint;
use netstat_model::history::EndReason;
use std::ffi::OsString;
use std::time::Duration;

/// What a history tells of a span. Programs are told apart by their names; `None` is one that is not known.
#[derive(Debug, Clone, Default)]
pub struct OverTime {
    /// How long the span is.
    pub length: Duration,
    /// The options that ask a history about it.
    pub options: String,
    /// Why the history of it is not whole, if it is not.
    pub lacks: Vec<Text>,
    /// How many connections ended.
    pub ends: u64,
    /// How many of them never were connections.
    pub failed: u64,
    /// What failed: how, where to, by which program, how many.
    pub failures: Vec<(EndReason, IpEndpoint, Option<OsString>, u64)>,
    /// How many ports the system has for connections to one destination; `None` where that is not known.
    pub ports: Option<u64>,
    /// The destinations of most connections, and the most local ports that each took at once.
    pub destinations: Vec<(IpEndpoint, u64)>,
    /// How many connections each program had in CLOSE_WAIT, at moments of the same distance.
    pub close_wait: Vec<(Option<OsString>, Vec<u64>)>,
}

/// What a check found in a span.
pub(super) struct Judged {
    /// What is wrong, or worth knowing.
    pub(super) findings: Vec<Finding>,
    /// What there is to say if nothing is.
    pub(super) ok: Text,
}

/// Returns the name of a program, for a sentence.
pub(super) fn who(program: Option<&OsString>) -> Text {
    match program {
        Some(name) => Text::same(name.to_string_lossy().into_owned()),
        None => Text::fixed("unknown programs", "알 수 없는 프로그램"),
    }
}
