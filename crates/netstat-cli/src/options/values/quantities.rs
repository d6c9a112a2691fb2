//! Parses numbers, times and sizes.

use crate::options::complaint::{Complaint, complaint};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::quote::quoted;
use std::ffi::OsStr;
use std::time::Duration;

/// The maximum of `--resolve-timeout` in seconds, an hour: nobody waits longer, and sums of times stay in range.
const LONGEST_TIMEOUT: u64 = 3600;

/// The maximum of `--timeout` and `--watch` in seconds: a day.
const LONGEST_WAIT: u64 = 86_400;

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

/// Parses an interval in seconds.
pub(in crate::options) fn parse_interval(text: &OsStr) -> Result<u32, Complaint> {
    let word = quoted(text);
    let seconds = match text.to_str().map_or(Whole::Not, whole) {
        Whole::Number(seconds) => seconds,
        Whole::Huge => u64::MAX,
        Whole::Not => {
            return Err(complaint!(
                "{word} is not an interval: type a whole number of seconds, as in netstat -ano 5",
                "{word}: 간격이 아닙니다. 초를 정수로 입력하세요. 예: netstat -ano 5",
                word
            ));
        }
    };
    match u32::try_from(seconds) {
        Ok(0) => Err(complaint!(
            "the interval {word} is too short: type 1 or more, as in netstat -ano 1",
            "{word}: 간격이 너무 짧습니다. 1 이상을 입력하세요. 예: netstat -ano 1",
            word
        )),
        Ok(seconds) => Ok(seconds),
        Err(_) => Err(complaint!(
            "the interval {word} is too long: type at most {most} seconds",
            "{word}: 간격이 너무 깁니다. 최대 {most}초까지 입력할 수 있습니다",
            word,
            most = u32::MAX.to_string()
        )),
    }
}

/// Parses a number of displays or rows, at least 1; `None` if it is beyond all bounds.
fn parse_number(option: &str, text: &OsStr, example: u32) -> Result<Option<u64>, Complaint> {
    let word = quoted(text);
    match text.to_str().map_or(Whole::Not, whole) {
        Whole::Number(0) => Err(complaint!(
            "{option} {word} would show nothing: type 1 or more",
            "{option} {word}: 아무것도 표시하지 않게 됩니다. 1 이상을 입력하세요",
            option,
            word
        )),
        Whole::Number(count) => Ok(Some(count)),
        Whole::Huge => Ok(None),
        Whole::Not => Err(complaint!(
            "{option} needs a whole number, not {word}: type, for example, {option} {example}",
            "{option} {word}: 정수가 필요합니다. 입력 예: {option} {example}",
            option,
            word,
            example = example.to_string()
        )),
    }
}

pub(in crate::options) fn parse_count(text: &OsStr) -> Result<u64, Complaint> {
    parse_number("--count", text, 3)?.ok_or_else(|| {
        complaint!(
            "--count {word} is too large: leave --count out to go on until Ctrl+C is pressed",
            "--count {word}: 너무 큽니다. --count를 빼면 Ctrl+C를 누를 때까지 계속합니다",
            word = quoted(text)
        )
    })
}

pub(in crate::options) fn parse_resolve_timeout(text: &OsStr) -> Result<Duration, Complaint> {
    parse_duration(
        "--resolve-timeout",
        text,
        LONGEST_TIMEOUT,
        &both!("-n for no name lookups", "이름 조회를 하지 않으려면 -n"),
    )
}

pub(in crate::options) fn parse_wait_timeout(text: &OsStr) -> Result<Duration, Complaint> {
    parse_duration(
        "--timeout",
        text,
        LONGEST_WAIT,
        &both!("leave it out to wait forever", "끝없이 기다리려면 빼세요"),
    )
}

/// Parses seconds, or another unit (`ms`, `m`, `h`), up to `longest` seconds. A fraction may follow, as in filters.
fn parse_duration(option: &str, text: &OsStr, longest: u64, instead: &Text) -> Result<Duration, Complaint> {
    let word = quoted(text);
    let lower = text.to_str().map(str::to_ascii_lowercase).unwrap_or_default();
    let units =
        [("ms", NANOSECONDS / 1000), ("s", NANOSECONDS), ("m", 60 * NANOSECONDS), ("h", 3600 * NANOSECONDS)];
    let written = units.into_iter().find_map(|(unit, of)| Some((lower.strip_suffix(unit)?, of)));
    let (number, unit) = written.unwrap_or((&lower, NANOSECONDS));
    match nanoseconds(number, unit) {
        None => Err(complaint!(
            "{option} needs a time, not {word}: type, for example, 2, 0.5s, 500ms or 10m",
            "{option} {word}: 시간이 필요합니다. 입력 예: 2, 0.5s, 500ms, 10m",
            option,
            word
        )),
        Some(Some(duration)) if duration <= Duration::from_secs(longest) => Ok(duration),
        Some(_) => Err(complaint!(
            "{option} {word} is too long: type at most {longest} seconds, or {instead}",
            "{option} {word}: 너무 깁니다. 최대 {longest}초까지 입력하거나, {instead}",
            option,
            word,
            longest = longest.to_string(),
            instead
        )),
    }
}

/// The nanoseconds of a second.
const NANOSECONDS: u64 = 1_000_000_000;

/// Returns a decimal number of a unit of so many nanoseconds: `None` if it is no number, `Some(None)` if it is beyond all bounds.
fn nanoseconds(number: &str, unit: u64) -> Option<Option<Duration>> {
    let (integer, fraction) = match number.split_once('.') {
        Some((_, "")) => return None,
        Some((integer, fraction)) => (integer, fraction),
        None => (number, "0"),
    };
    if whole(integer) == Whole::Not || whole(fraction) == Whole::Not {
        return None;
    }
    // Less than a nanosecond is nothing.
    let fraction = fraction.get(..9).unwrap_or(fraction);
    let part = fraction.bytes().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let scale = fraction.bytes().fold(1_u64, |scale, _| scale * 10);
    let Whole::Number(integer) = whole(integer) else { return Some(None) };
    let part = u64::try_from(u128::from(unit) * u128::from(part) / u128::from(scale)).ok();
    let total = integer.checked_mul(unit).and_then(|total| total.checked_add(part?));
    Some(total.map(Duration::from_nanos))
}

pub(in crate::options) fn parse_watch(text: &OsStr) -> Result<Duration, Complaint> {
    let pause = parse_duration(
        "--watch",
        text,
        LONGEST_WAIT,
        &both!("leave it out to look once", "한 번만 보려면 빼세요"),
    )?;
    if pause.is_zero() {
        return Err(complaint!(
            "--watch needs a pause: type, for example, --watch 10s",
            "--watch에는 0보다 긴 시간이 필요합니다. 입력 예: --watch 10s"
        ));
    }
    Ok(pause)
}

/// Parses the value of `--budget`: a whole number of percent.
pub(in crate::options) fn parse_budget(text: &OsStr) -> Result<u32, Complaint> {
    let number = text.to_str().map(|text| text.strip_suffix('%').unwrap_or(text));
    match number.and_then(|number| number.parse().ok()) {
        Some(percent @ 1..=100) => Ok(percent),
        _ => Err(complaint!(
            "--budget {text} is not 1% to 100%: type, for example, --budget 5%",
            "--budget {text}: 1%에서 100% 사이로 지정하세요. 입력 예: --budget 5%",
            text = quoted(text)
        )),
    }
}

/// Parses the value of `--for`.
pub(in crate::options) fn parse_lasts(text: &OsStr) -> Result<Duration, Complaint> {
    parse_duration(
        "--for",
        text,
        LONGEST_WAIT,
        &both!("leave it out to go on until q", "q를 누를 때까지 계속하려면 빼세요"),
    )
}

/// Parses the value of `--keep`.
pub(in crate::options) fn parse_size(text: &OsStr) -> Result<u64, Complaint> {
    /// Less has no room for a block and its log.
    const LEAST: u64 = 16 << 20;
    let size = parse_bytes("--keep", text)?;
    if size < LEAST {
        return Err(complaint!(
            "--keep {word} has room for nothing: type 16M or more",
            "--keep {word}: 너무 작아 아무것도 저장할 수 없습니다. 16M 이상을 입력하세요",
            word = quoted(text)
        ));
    }
    Ok(size)
}

/// Parses the value of `--max-size`.
pub(in crate::options) fn parse_max_size(text: &OsStr) -> Result<u64, Complaint> {
    /// Less has no room for the names of interfaces.
    const LEAST: u64 = 64 << 10;
    let size = parse_bytes("--max-size", text)?;
    if size < LEAST {
        return Err(complaint!(
            "--max-size {word} has room for nothing: type 64K or more",
            "--max-size {word}: 너무 작아 아무것도 저장할 수 없습니다. 64K 이상을 입력하세요",
            word = quoted(text)
        ));
    }
    Ok(size)
}

/// Parses the value of `--files`.
pub(in crate::options) fn parse_files(text: &OsStr) -> Result<usize, Complaint> {
    /// All of them are open at once.
    const MOST: u64 = 200;
    match whole(text.to_str().unwrap_or_default()) {
        Whole::Number(number @ 2..=MOST) => Ok(usize::try_from(number).unwrap_or(2)),
        _ => Err(complaint!(
            "--files needs a number from 2 to {most}, not {word}: type, for example, --files 10",
            "--files {word}: 2~{most}의 수가 필요합니다. 입력 예: --files 10",
            most = MOST,
            word = quoted(text)
        )),
    }
}

/// Parses a number of bytes, with a unit of 1024.
fn parse_bytes(option: &str, text: &OsStr) -> Result<u64, Complaint> {
    let lower = text.to_str().map(str::to_ascii_lowercase).unwrap_or_default();
    let plain = lower.strip_suffix("ib").or(lower.strip_suffix('b')).unwrap_or(&lower);
    let (digits, shift) = match plain.as_bytes().last() {
        Some(b'k') => (plain.strip_suffix('k'), 10),
        Some(b'm') => (plain.strip_suffix('m'), 20),
        Some(b'g') => (plain.strip_suffix('g'), 30),
        Some(b't') => (plain.strip_suffix('t'), 40),
        _ => (Some(plain), 0),
    };
    let size = match whole(digits.unwrap_or_default()) {
        Whole::Number(number) => number.checked_mul(1 << shift),
        Whole::Huge => None,
        Whole::Not => {
            return Err(complaint!(
                "{option} needs a size, not {word}: type, for example, {option} 500M or {option} 2GiB",
                "{option} {word}: 크기가 필요합니다. 입력 예: {option} 500M, {option} 2GiB",
                option,
                word = quoted(text)
            ));
        }
    };
    match size {
        // Sizes of files are signed numbers.
        Some(size) if i64::try_from(size).is_ok() => Ok(size),
        _ => Err(complaint!(
            "{option} {word} is too large: type, for example, {option} 100G",
            "{option} {word}: 너무 큽니다. 입력 예: {option} 100G",
            option,
            word = quoted(text)
        )),
    }
}

/// Parses the value of `--keep-days`.
pub(in crate::options) fn parse_keep_days(text: &OsStr) -> Result<u64, Complaint> {
    let days = parse_number("--keep-days", text, 30)?;
    days.filter(|days| *days <= 36_500).ok_or_else(|| {
        complaint!(
            "--keep-days {word} is too large: leave it out to keep what there is room for",
            "--keep-days {word}: 너무 큽니다. 빼면 공간이 있는 동안 보관합니다",
            word = quoted(text)
        )
    })
}

/// Parses the value of `--top`: how many names there may be, so that nobody makes a page without an end.
pub(in crate::options) fn parse_top(text: &OsStr) -> Result<usize, Complaint> {
    const MOST: u64 = 1000;
    let count = parse_number("--top", text, 20)?.filter(|count| *count <= MOST);
    count.and_then(|count| usize::try_from(count).ok()).ok_or_else(|| {
        complaint!(
            "--top {word} is too many: type at most {most}",
            "--top {word}: 너무 많습니다. 최대 {most}까지 입력할 수 있습니다",
            word = quoted(text),
            most = MOST.to_string()
        )
    })
}

/// Parses the value of `--max-rows`.
pub(in crate::options) fn parse_max_rows(text: &OsStr) -> Result<u64, Complaint> {
    Ok(parse_number("--max-rows", text, 1_000_000)?.unwrap_or(u64::MAX))
}

/// Parses the value of `--every`: at most an hour.
pub(in crate::options) fn parse_every(text: &OsStr) -> Result<Duration, Complaint> {
    match parse_number("--every", text, 10)? {
        Some(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err(complaint!(
            "--every {word} is more than an hour: type fewer seconds",
            "--every {word}: 한 시간이 넘습니다. 더 작은 초를 입력하세요",
            word = quoted(text)
        )),
    }
}

/// Parses the value of `--snap`.
pub(in crate::options) fn parse_snap(text: &OsStr) -> Result<usize, Complaint> {
    let bytes = parse_number("--snap", text, 256)?;
    Ok(bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(usize::MAX))
}

pub(in crate::options) fn parse_limit(text: &OsStr) -> Result<usize, Complaint> {
    let count = parse_number("--limit", text, 10)?;
    Ok(count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX))
}
