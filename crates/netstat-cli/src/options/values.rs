//! The text of one value to the value.

use super::arguments::{Lang, ProtocolName, owners_from_name};
use super::complaint::{Complaint, nearest};
use super::generate::Document;
use super::quote::quoted;
use netstat_core::query::Owners;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

/// Seconds that `--resolve-timeout` may say at most: nobody waits longer, and sums of times stay in range.
const LONGEST_TIMEOUT: u64 = 3600;

/// A whole number.
#[derive(Debug, PartialEq, Eq)]
enum Whole {
    /// It fits.
    Number(u64),
    /// Digits only, but too many.
    Huge,
    /// Something else.
    Not,
}

fn whole(text: &str) -> Whole {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Whole::Not;
    }
    text.parse().map_or(Whole::Huge, Whole::Number)
}

/// Seconds between two displays.
pub(super) fn parse_interval(text: &OsStr) -> Result<u32, Complaint> {
    let word = quoted(text);
    let seconds = match text.to_str().map_or(Whole::Not, whole) {
        Whole::Number(seconds) => seconds,
        Whole::Huge => u64::MAX,
        Whole::Not => {
            return Err(Complaint::new(format!(
                "{word} is not an interval: seconds are a whole number, as in netstat -ano 5"
            )));
        }
    };
    match u32::try_from(seconds) {
        Ok(0) => Err(Complaint::new(format!(
            "the interval {word} is too short: type 1 or more, as in netstat -ano 1"
        ))),
        Ok(seconds) => Ok(seconds),
        Err(_) => {
            Err(Complaint::new(format!("the interval {word} is too long: type at most {} seconds", u32::MAX)))
        }
    }
}

/// The value of `--count`.
pub(super) fn parse_count(text: &OsStr) -> Result<u64, Complaint> {
    let word = quoted(text);
    match text.to_str().map_or(Whole::Not, whole) {
        Whole::Number(0) => Err(Complaint::new(format!("--count {word} would show nothing: type 1 or more"))),
        Whole::Number(count) => Ok(count),
        Whole::Huge => Err(Complaint::new(format!(
            "--count {word} is too large: leave --count out to go on until CTRL+C is pressed"
        ))),
        Whole::Not => Err(Complaint::new(format!(
            "--count needs a whole number, not {word}: type, for example, --count 3"
        ))),
    }
}

/// The value of `--resolve-timeout`.
pub(super) fn parse_timeout(text: &OsStr) -> Result<Duration, Complaint> {
    let word = quoted(text);
    let lower = text.to_str().map(str::to_ascii_lowercase).unwrap_or_default();
    let duration = if let Some(milliseconds) = lower.strip_suffix("ms") {
        (whole(milliseconds), Duration::from_millis as fn(u64) -> Duration)
    } else {
        (whole(lower.strip_suffix('s').unwrap_or(&lower)), Duration::from_secs as fn(u64) -> Duration)
    };
    match duration {
        (Whole::Not, _) => Err(Complaint::new(format!(
            "--resolve-timeout needs seconds or milliseconds, not {word}: type, for example, 2, 2s or 500ms"
        ))),
        (Whole::Number(number), unit) if unit(number) <= Duration::from_secs(LONGEST_TIMEOUT) => {
            Ok(unit(number))
        }
        _ => Err(Complaint::new(format!(
            "--resolve-timeout {word} is too long: type at most {LONGEST_TIMEOUT} seconds, or -n to look no names up"
        ))),
    }
}

/// The value of `-p`.
pub(super) fn parse_protocol(text: &OsStr) -> Result<ProtocolName, Complaint> {
    let name = text.to_str().unwrap_or_default();
    ProtocolName::from_name(name).ok_or_else(|| {
        let instead = match nearest(name, ProtocolName::NAMES, (name.len() / 3).clamp(1, 2)) {
            Some(near) => format!("type -p {near}"),
            None => "type tcp, tcpv6, udp or udpv6; with -s also ip, ipv6, icmp or icmpv6".to_owned(),
        };
        Complaint::new(format!("{} is not a protocol that -p knows: {instead}", quoted(text)))
    })
}

/// The value of `--owners`.
pub(super) fn parse_owners(text: &OsStr) -> Result<Owners, Complaint> {
    text.to_str().and_then(owners_from_name).ok_or_else(|| {
        Complaint::new(format!(
            "--owners {} is not a means known here: type --owners auto, --owners bpf or --owners proc",
            quoted(text)
        ))
    })
}

/// The value of `--lang`.
pub(super) fn parse_lang(text: &OsStr) -> Result<Lang, Complaint> {
    text.to_str().and_then(Lang::from_name).ok_or_else(|| {
        Complaint::new(format!(
            "--lang {} is not a language known here: type --lang en or --lang ko",
            quoted(text)
        ))
    })
}

/// The value of `--generate`.
pub(super) fn parse_document(text: &OsStr) -> Result<Document, Complaint> {
    let name = text.to_str().unwrap_or_default();
    Document::from_name(name).ok_or_else(|| {
        // A shell alone means its completion.
        let shell = Document::NAMES.into_iter().find(|known| name.len() > 2 && known.ends_with(name));
        let instead = match shell.or_else(|| nearest(name, Document::NAMES, (name.len() / 3).clamp(1, 3))) {
            Some(near) => format!("type --generate {near}"),
            None => format!("type one of {}", Document::NAMES.join(", ")),
        };
        Complaint::new(format!("--generate does not know {}: {instead}", quoted(text)))
    })
}

/// The value of `--record` and `--replay`.
pub(super) fn parse_directory(option: &str, text: &OsStr) -> Result<PathBuf, Complaint> {
    if text.is_empty() {
        return Err(Complaint::new(format!(
            "the directory name after {option} is empty: type, for example, {option} recording"
        )));
    }
    Ok(PathBuf::from(text))
}
