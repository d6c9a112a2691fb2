//! The Win32 errors that the back end tells apart, and the reasons it gives for missing data.

use netstat_model::Warning;
use netstat_model::error::words_of;
use std::fmt;
use std::io::{self, ErrorKind};

pub(super) const FILE_NOT_FOUND: i32 = 2;
pub(super) const ACCESS_DENIED: i32 = 5;
const NOT_SUPPORTED: i32 = 50;
/// No process has this number, or no connection has these ends.
pub(super) const INVALID_PARAMETER: i32 = 87;
pub(super) const CALL_NOT_IMPLEMENTED: i32 = 120;
pub(super) const PROC_NOT_FOUND: i32 = 127;
pub(super) const NOT_FOUND: i32 = 1168;
pub(super) const PRIVILEGE_NOT_HELD: i32 = 1314;
/// A SID belongs to no account.
pub(super) const NONE_MAPPED: i32 = 1332;

/// The reason for missing data where an undocumented table fails its checks.
pub(super) const UNKNOWN_FORM: &str = "this version of Windows returns it in an unknown format";

/// An error of Windows in a recording that another system replays, where its number means something else.
#[derive(Debug)]
struct Foreign(i32);

impl std::error::Error for Foreign {}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match FOREIGN.iter().find(|(number, ..)| *number == self.0) {
            Some((.., words)) => f.write_str(words),
            None => write!(f, "error {} of Windows", self.0),
        }
    }
}

/// The errors that a recording is likely to have: number, kind, the words of Windows.
const FOREIGN: &[(i32, ErrorKind, &str)] = &[
    (FILE_NOT_FOUND, ErrorKind::NotFound, "The system cannot find the file specified."),
    (3, ErrorKind::NotFound, "The system cannot find the path specified."),
    (ACCESS_DENIED, ErrorKind::PermissionDenied, "Access is denied."),
    (NOT_SUPPORTED, ErrorKind::Unsupported, "The request is not supported."),
    (INVALID_PARAMETER, ErrorKind::InvalidInput, "The parameter is incorrect."),
    (PROC_NOT_FOUND, ErrorKind::Unsupported, "The specified procedure could not be found."),
    (258, ErrorKind::TimedOut, "The wait operation timed out."),
    (NOT_FOUND, ErrorKind::NotFound, "Element not found."),
];

/// Makes the error of Windows with the number of a recorded error. One without a number stays as it is.
pub(super) fn foreign(recorded: io::Error) -> io::Error {
    let Some(number) = recorded.raw_os_error() else { return recorded };
    let kind =
        FOREIGN.iter().find(|(known, ..)| *known == number).map_or(ErrorKind::Other, |(_, kind, _)| *kind);
    io::Error::new(kind, Foreign(number))
}

/// Returns the Win32 number of an error.
pub(super) fn number(error: &io::Error) -> Option<i32> {
    let foreign = || error.get_ref()?.downcast_ref::<Foreign>().map(|foreign| foreign.0);
    error.raw_os_error().or_else(foreign)
}

/// Returns true if the error has this Win32 number.
pub(super) fn is(error: &io::Error, wanted: i32) -> bool {
    number(error) == Some(wanted)
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
