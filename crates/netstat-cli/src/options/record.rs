//! The words after `netstat record`.

use super::arguments::Arguments;
use super::complaint::{Complaint, complaint};
use netstat_engine::text::quote::quoted;
use std::ffi::OsString;

/// Rejects words that are not options, and options that do not go together.
pub(super) fn settle(plain: &[OsString], arguments: &Arguments) -> Result<(), Complaint> {
    if let Some(word) = plain.first() {
        return Err(complaint!(
            "{} is not for netstat record: type netstat record --help to see its options",
            quoted(word)
        ));
    }
    let typed = &arguments.recorder;
    if typed.status && typed.stop {
        return Err(Complaint::new("--status and --stop cannot be combined: type one of them"));
    }
    let asks = if typed.status { Some("--status") } else { typed.stop.then_some("--stop") };
    let records = [
        (typed.follow, "--follow"),
        (typed.opens, "--opens"),
        (typed.arguments, "--arguments"),
        (typed.keep.is_some(), "--keep"),
        (typed.keep_days.is_some(), "--keep-days"),
        (arguments.owners.is_some(), "--owners"),
    ];
    if let (Some(asks), Some((_, option))) = (asks, records.iter().find(|(given, _)| *given)) {
        return Err(complaint!("{asks} records nothing, so {option} has no effect: leave it out"));
    }
    if typed.opens && !typed.follow {
        return Err(Complaint::new("--opens needs --follow: type netstat record --follow --opens"));
    }
    Ok(())
}
