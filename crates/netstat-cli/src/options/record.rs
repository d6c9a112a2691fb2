//! The words after `netstat record`.

use super::arguments::Arguments;
use super::complaint::{Complaint, complaint};
use netstat_engine::text::quote::quoted;
use std::ffi::OsString;

/// Rejects words that are not options, and options that need each other.
pub(super) fn settle(plain: &[OsString], arguments: &Arguments) -> Result<(), Complaint> {
    if let Some(word) = plain.first() {
        return Err(complaint!(
            "{} is not for netstat record: type netstat record --help to see its options",
            quoted(word)
        ));
    }
    if !arguments.recorder.follow {
        return Err(Complaint::new("netstat record has nothing to do: type netstat record --follow"));
    }
    Ok(())
}
