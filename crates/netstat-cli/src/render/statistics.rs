//! The report of `-s`, to the byte as Windows prints it.
//!
//! Unknown values are `-`. Rates follow what Windows prints:
//!
//! ```text
//!   Packets Received                   = 1234  (+12/s)
//!   Messages                  5873        9527        (+1/s, +0.4/s)
//!   Retransmission Rate                 = 0.47%  (1.20% in this interval)
//! ```

use super::LineEnd;
use netstat_engine::text::words::UNKNOWN;
use netstat_engine::view::rates::Value;
use netstat_engine::view::statistics::{Kind, Row, Section};
use netstat_model::Family;
use std::io::{self, Write};

/// Writes the sections: a blank line before each title, none after the last row.
pub fn render_statistics(out: &mut impl Write, sections: &[Section], line_end: LineEnd) -> io::Result<()> {
    let mut text = Vec::with_capacity(8 * 1024);
    for section in sections {
        lines(section, line_end.bytes(), &mut text);
    }
    out.write_all(&text)
}

/// Returns the title of a section.
fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Ip(Family::V4) => "IPv4 Statistics",
        Kind::Ip(Family::V6) => "IPv6 Statistics",
        Kind::Icmp(Family::V4) => "ICMPv4 Statistics",
        Kind::Icmp(Family::V6) => "ICMPv6 Statistics",
        Kind::Tcp(Some(Family::V4)) => "TCP Statistics for IPv4",
        Kind::Tcp(Some(Family::V6)) => "TCP Statistics for IPv6",
        Kind::Tcp(None) => "TCP Statistics for IPv4 and IPv6",
        Kind::Udp(Family::V4) => "UDP Statistics for IPv4",
        Kind::Udp(Family::V6) => "UDP Statistics for IPv6",
    }
}

fn lines(section: &Section, end: &[u8], text: &mut Vec<u8>) {
    for part in [end, title(section.kind).as_bytes(), end, end] {
        text.extend_from_slice(part);
    }
    let width = match section.kind {
        Kind::Ip(_) => 34,
        Kind::Icmp(_) => {
            text.extend_from_slice(b"                            Received    Sent");
            text.extend_from_slice(end);
            25
        }
        Kind::Tcp(_) => 35,
        Kind::Udp(_) => 21,
    };
    for row in &section.rows {
        text.extend_from_slice(line(row, width).as_bytes());
        text.extend_from_slice(end);
    }
}

fn line(row: &Row, width: usize) -> String {
    let label = row.label;
    let value = number(row.value);
    match row.sent {
        None => format!("  {label:width$} = {value}{}", one_change(row.value)),
        Some(sent) => {
            format!("  {label:width$} {value:10}  {:10}{}", number(sent), two_changes(row.value, sent))
        }
    }
}

/// Returns the value as Windows prints it.
pub(super) fn number(value: Value) -> String {
    match value {
        Value::Counter { total, .. } | Value::Level(total) => total.map(|total| total.to_string()),
        Value::Percent { total, .. } => total.map(|total| total.to_string()),
    }
    .unwrap_or_else(|| UNKNOWN.to_owned())
}

pub(super) fn one_change(value: Value) -> String {
    match value {
        Value::Counter { rate: Some(rate), .. } => format!("  (+{rate})"),
        Value::Percent { recent: Some(recent), .. } => format!("  ({recent} in this interval)"),
        _ => String::new(),
    }
}

/// Returns the rates of two values on a line; nothing if neither is known.
pub(super) fn two_changes(received: Value, sent: Value) -> String {
    let rate = |value| match value {
        Value::Counter { rate, .. } => rate,
        _ => None,
    };
    let text = |rate: Option<_>| rate.map_or_else(|| UNKNOWN.to_owned(), |rate| format!("+{rate}"));
    match (rate(received), rate(sent)) {
        (None, None) => String::new(),
        (received, sent) => format!("  ({}, {})", text(received), text(sent)),
    }
}

#[cfg(test)]
mod tests;
