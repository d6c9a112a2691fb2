//! The typed value of a column: its text, sort order and JSON are defined here only.

use crate::text::words::{self, UNKNOWN, runtime_word};
use crate::text::{Zone, address, decimal, escape, json};
use netstat_model::{Container, Endpoint, EndpointRef, IpEndpoint, TcpState, Timer, TimerKind};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::time::{Duration, SystemTime};

/// A typed value. Text in it is untrusted and not escaped yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Unknown.
    Unknown,
    /// Known not to exist; text tables show this, JSON and CSV nothing.
    Absent(&'static str),
    /// A whole number.
    Number(u64),
    /// A duration in microseconds.
    Microseconds(Duration),
    /// A duration in milliseconds.
    Milliseconds(Duration),
    /// Text.
    Text(Cow<'a, OsStr>),
    /// A list of texts.
    Words(&'a [OsString]),
    /// A list of whole numbers.
    Numbers(Vec<u64>),
    /// An address with a port, or another end of a socket; and the name of the interface that a link-local address belongs
    /// to, as far as it is known.
    End(EndpointRef<'a>, Option<&'a OsStr>),
    /// An end of a socket with the names of its parts.
    Named(String),
    /// An address without one, and the name of its interface.
    Host(IpEndpoint, Option<&'a OsStr>),
    /// A TCP state.
    State(TcpState),
    /// A running timer.
    Timer(Timer),
    /// A container.
    Container(&'a Container),
    /// A moment, and the time zone to show it in.
    Time(SystemTime, &'a Zone),
}

/// What stands for an empty text, which is not an unknown one: a process may have an empty name.
const EMPTY: &str = "\"\"";

/// The process ID of a socket without a process, as `-o` shows it.
pub const NO_PROCESS: Value<'static> = Value::Absent("0");

impl<'a> Value<'a> {
    pub(super) fn number(number: Option<impl Into<u64>>) -> Self {
        number.map_or(Self::Unknown, |number| Self::Number(number.into()))
    }

    pub(super) fn word(word: &'a str) -> Self {
        Self::Text(OsStr::new(word).into())
    }

    /// Returns true if there is nothing to show: JSON has null, CSV an empty field.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Unknown | Self::Absent(_))
    }

    /// Writes the text for a table, safe for a terminal and never empty.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        let start = out.len();
        match self {
            Self::Unknown => {}
            Self::Absent(text) => out.extend_from_slice(text.as_bytes()),
            Self::Microseconds(time) => {
                let micros = whole(time.as_micros());
                decimal(out, micros / 1000);
                out.push(b'.');
                // 1000 and up, so that there are always three digits behind it.
                let point = out.len();
                decimal(out, 1000 + micros % 1000);
                out.remove(point);
            }
            Self::Time(moment, zone) => out.extend_from_slice(zone.date_and_time(*moment).as_bytes()),
            _ => self.write_data(out),
        }
        if out.len() == start {
            out.extend_from_slice(if self.is_none() { UNKNOWN } else { EMPTY }.as_bytes());
        }
    }

    /// Writes the text for a CSV field: numbers in the unit of the key, nothing if there is no value, `""` for an empty
    /// text. Text that a spreadsheet would take for a formula has its first character escaped like any other that is not
    /// safe to show.
    pub fn write_csv(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.write_data(out);
        match out.get(start).copied() {
            None if !self.is_none() => out.extend_from_slice(EMPTY.as_bytes()),
            Some(first @ (b'=' | b'+' | b'-' | b'@')) => {
                out.splice(start..=start, format!("\\x{first:02x}").into_bytes());
            }
            _ => {}
        }
    }

    /// Writes the text of a value, safe for a terminal: numbers in the unit of the key, nothing if there is no value.
    fn write_data(&self, out: &mut Vec<u8>) {
        match self {
            Self::Unknown | Self::Absent(_) => {}
            Self::Number(number) => decimal(out, *number),
            Self::Microseconds(time) => decimal(out, whole(time.as_micros())),
            Self::Milliseconds(time) => decimal(out, whole(time.as_millis())),
            Self::Text(text) => escape::write_text(out, text),
            Self::Words(words) => {
                for (index, word) in words.iter().enumerate() {
                    if index > 0 {
                        out.push(b' ');
                    }
                    escape::write_text(out, word);
                }
            }
            Self::Numbers(numbers) => {
                for (index, number) in numbers.iter().enumerate() {
                    if index > 0 {
                        out.push(b' ');
                    }
                    decimal(out, *number);
                }
            }
            Self::End(Endpoint::Ip(end), zone @ Some(_)) => {
                out.push(b'[');
                write_host(out, end, *zone);
                out.extend_from_slice(b"]:");
                decimal(out, end.port.into());
            }
            Self::End(end, _) => address::write_end(out, *end),
            Self::Named(name) => escape::write_text(out, OsStr::new(name)),
            Self::Host(end, zone) => write_host(out, end, *zone),
            Self::State(state) => words::write_state(out, *state),
            Self::Timer(timer) => {
                out.extend_from_slice(timer_word(timer.kind).as_bytes());
                out.push(b'/');
                decimal(out, whole(timer.expires_in.as_millis()));
                out.push(b'/');
                decimal(out, timer.retransmits.into());
            }
            Self::Container(container) => {
                out.extend_from_slice(runtime_word(container.runtime).as_bytes());
                out.push(b':');
                escape::write_text(out, OsStr::new(container.name.as_deref().unwrap_or(&container.id)));
            }
            Self::Time(moment, zone) => out.extend_from_slice(zone.rfc_3339(*moment).as_bytes()),
        }
    }

    /// Writes the value for JSON: numbers are numbers, missing values are null, text is escaped as in a table.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let text = |out: &mut Vec<u8>, text: &str| {
            json::string(out, |out| escape::write_text(out, OsStr::new(text)));
        };
        match self {
            Self::Unknown | Self::Absent(_) => out.extend_from_slice(b"null"),
            Self::Number(_) | Self::Microseconds(_) | Self::Milliseconds(_) => self.write_data(out),
            Self::Text(_) | Self::Host(..) | Self::State(_) | Self::Time(..) => {
                json::string(out, |out| self.write_data(out))
            }
            Self::Words(words) => json::list(out, *words, |out, word| {
                json::string(out, |out| escape::write_text(out, word));
            }),
            Self::Numbers(numbers) => json::list(out, numbers, |out, number| decimal(out, *number)),
            Self::End(Endpoint::Ip(end), zone) => {
                out.extend_from_slice(b"{\"address\":");
                json::string(out, |out| write_host(out, end, *zone));
                json::key(out, "port");
                decimal(out, end.port.into());
                out.push(b'}');
            }
            Self::End(..) | Self::Named(_) => {
                out.extend_from_slice(b"{\"name\":");
                json::string(out, |out| self.write_data(out));
                out.push(b'}');
            }
            Self::Timer(timer) => {
                out.extend_from_slice(b"{\"kind\":");
                text(out, timer_word(timer.kind));
                json::key(out, "expires_in_ms");
                decimal(out, whole(timer.expires_in.as_millis()));
                json::key(out, "retransmits");
                decimal(out, timer.retransmits.into());
                out.push(b'}');
            }
            Self::Container(container) => {
                out.extend_from_slice(b"{\"runtime\":");
                text(out, runtime_word(container.runtime));
                json::key(out, "id");
                text(out, &container.id);
                let more =
                    [("name", &container.name), ("pod", &container.pod), ("pod_name", &container.pod_name)];
                for (key, value) in more {
                    json::key(out, key);
                    match value {
                        Some(value) => text(out, value),
                        None => out.extend_from_slice(b"null"),
                    }
                }
                out.push(b'}');
            }
        }
    }

    /// Compares two values of a column. Missing values come last; see [`Value::compare_descending`].
    pub fn compare(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank()).then_with(|| self.compare_known(other))
    }

    /// Compares in descending order, in which missing values come last too.
    pub fn compare_descending(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank()).then_with(|| other.compare_known(self))
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Unknown => 2,
            Self::Absent(_) => 1,
            _ => 0,
        }
    }

    fn compare_known(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Absent(one), Self::Absent(two)) => one.cmp(two),
            (Self::Number(one), Self::Number(two)) => one.cmp(two),
            (Self::Microseconds(one), Self::Microseconds(two))
            | (Self::Milliseconds(one), Self::Milliseconds(two)) => one.cmp(two),
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            (Self::Time(one, _), Self::Time(two, _)) => one.cmp(two),
            (Self::Words(one), Self::Words(two)) => one.cmp(two),
            (Self::Numbers(one), Self::Numbers(two)) => one.cmp(two),
            (Self::End(one, zone), Self::End(two, other)) => (one, zone).cmp(&(two, other)),
            (Self::Named(one), Self::Named(two)) => one.cmp(two),
            (Self::End(..), Self::Named(_)) => Ordering::Less,
            (Self::Named(_), Self::End(..)) => Ordering::Greater,
            (Self::Host(one, zone), Self::Host(two, other)) => {
                (one.address, one.scope, zone).cmp(&(two.address, two.scope, other))
            }
            (Self::State(one), Self::State(two)) => one.cmp(two),
            (Self::Timer(one), Self::Timer(two)) => {
                let order = |timer: &Timer| (timer.expires_in, timer_word(timer.kind), timer.retransmits);
                order(one).cmp(&order(two))
            }
            (Self::Container(one), Self::Container(two)) => {
                (one.runtime, &one.id, &one.pod).cmp(&(two.runtime, &two.id, &two.pod))
            }
            _ => Ordering::Equal,
        }
    }
}

/// Writes an address on its own: IPv6 without brackets.
fn write_host(out: &mut Vec<u8>, end: &IpEndpoint, zone: Option<&OsStr>) {
    address::write_ip(out, end.address);
    if end.scope != 0 {
        out.push(b'%');
        match zone {
            Some(name) => escape::write_word(out, name),
            None => decimal(out, end.scope.into()),
        }
    }
}

/// Saturates after half a million years of microseconds.
fn whole(count: u128) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The words for timers, in the order of [`TimerKind`]; also for the schema.
pub const TIMER_WORDS: [&str; 4] = ["retransmit", "keepalive", "timewait", "probe"];

fn timer_word(kind: TimerKind) -> &'static str {
    let [retransmit, keep_alive, time_wait, probe] = TIMER_WORDS;
    match kind {
        TimerKind::Retransmit => retransmit,
        TimerKind::KeepAlive => keep_alive,
        TimerKind::TimeWait => time_wait,
        TimerKind::Probe => probe,
    }
}
