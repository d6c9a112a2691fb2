//! The Win32 errors that the back end tells apart, and the reasons it gives for missing data.

use netstat_model::Warning;
use netstat_model::error::words_of;
use std::io;

pub(super) const ACCESS_DENIED: i32 = 5;
const NOT_SUPPORTED: i32 = 50;
/// No process has this number, or no connection has these ends.
pub(super) const INVALID_PARAMETER: i32 = 87;
const PROC_NOT_FOUND: i32 = 127;
pub(super) const NOT_FOUND: i32 = 1168;
/// A SID belongs to no account.
pub(super) const NONE_MAPPED: i32 = 1332;

/// The reason for missing data where an undocumented table fails its checks.
pub(super) const UNKNOWN_FORM: &str = "this version of Windows returns it in an unknown format";

/// Returns true if the error has this Win32 number.
pub(super) fn is(error: &io::Error, number: i32) -> bool {
    error.raw_os_error() == Some(number)
}

/// Returns true if the machine does not have what was asked for, IPv6 for instance.
pub(super) fn is_absent(error: &io::Error) -> bool {
    is(error, NOT_SUPPORTED) || is(error, NOT_FOUND)
}

/// Returns true if this version of Windows lacks the function.
pub(super) fn is_missing_function(error: &io::Error) -> bool {
    is(error, PROC_NOT_FOUND)
}

/// Words the reason for missing data.
pub(super) fn reason(error: &io::Error) -> String {
    if is_missing_function(error) {
        return "this version of Windows does not report it".to_owned();
    }
    words_of(error)
}

/// Makes the warning that `what` is unknown because of an error.
pub(super) fn unavailable(what: &'static str, error: &io::Error) -> Warning {
    Warning::SourceUnavailable { what, reason: reason(error) }
}

/// Adds a warning unless an equal one is there already.
pub(super) fn warn_once(warnings: &mut Vec<Warning>, warning: Warning) {
    if !warnings.contains(&warning) {
        warnings.push(warning);
    }
}
