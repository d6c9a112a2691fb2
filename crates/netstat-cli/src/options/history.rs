//! The words after `netstat history`: a filter.

use super::arguments::Arguments;
use super::complaint::{Complaint, complaint};
use super::{combine, words};
use std::ffi::OsString;

/// Takes the filter, and rejects what does not go with it.
pub(super) fn settle(plain: Vec<OsString>, arguments: &mut Arguments) -> Result<(), Complaint> {
    words::settle(plain, arguments)?;
    if let Some(seconds) = arguments.interval {
        return Err(complaint!(
            "netstat history shows nothing to repeat: leave {seconds} out, or for a port type port {seconds}"
        ));
    }
    combine::check_shape(arguments)?;
    if arguments.history.summary {
        let shape = [
            (arguments.columns.is_some(), "--columns"),
            (arguments.group_by.is_some(), "--group-by"),
            (arguments.sort.is_some(), "--sort"),
            (arguments.limit.is_some(), "--limit"),
            (!arguments.formats.is_empty(), "--json, --jsonl and --csv"),
        ];
        if let Some((_, option)) = shape.iter().find(|(typed, _)| *typed) {
            return Err(complaint!("--summary is a text of its own: leave {option} out"));
        }
    }
    Ok(())
}
