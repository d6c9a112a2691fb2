//! The report of `-s`, in English to the byte as Windows prints it.
//!
//! Unknown values are `-`. Rates follow what Windows prints:
//!
//! ```text
//!   Packets Received                   = 1234  (+12/s)
//!   Messages                  5873        9527        (+1/s, +0.4/s)
//!   Retransmission Rate                 = 0.47%  (1.20% in this interval)
//! ```

mod labels;

use super::LineEnd;
use labels::label;
use netstat_engine::both;
use netstat_engine::text::words::UNKNOWN;
use netstat_engine::text::{Language, Text, pad};
use netstat_engine::view::rates::Value;
use netstat_engine::view::statistics::{Kind, Row, Section};
use netstat_model::Family;
use std::io::{self, Write};

/// Writes the sections: a blank line before each title, none after the last row.
pub fn render_statistics(
    out: &mut impl Write,
    sections: &[Section],
    language: Language,
    line_end: LineEnd,
) -> io::Result<()> {
    let mut text = Vec::with_capacity(8 * 1024);
    for section in sections {
        lines(section, language, line_end.bytes(), &mut text);
    }
    out.write_all(&text)
}

/// Returns the title of a section.
fn title(kind: Kind) -> Text {
    match kind {
        Kind::Ip(Family::V4) => both!("IPv4 Statistics", "IPv4 통계"),
        Kind::Ip(Family::V6) => both!("IPv6 Statistics", "IPv6 통계"),
        Kind::Icmp(Family::V4) => both!("ICMPv4 Statistics", "ICMPv4 통계"),
        Kind::Icmp(Family::V6) => both!("ICMPv6 Statistics", "ICMPv6 통계"),
        Kind::Tcp(Some(Family::V4)) => both!("TCP Statistics for IPv4", "IPv4의 TCP 통계"),
        Kind::Tcp(Some(Family::V6)) => both!("TCP Statistics for IPv6", "IPv6의 TCP 통계"),
        Kind::Tcp(None) => both!("TCP Statistics for IPv4 and IPv6", "IPv4와 IPv6의 TCP 통계"),
        Kind::Udp(Family::V4) => both!("UDP Statistics for IPv4", "IPv4의 UDP 통계"),
        Kind::Udp(Family::V6) => both!("UDP Statistics for IPv6", "IPv6의 UDP 통계"),
    }
}

static ICMP_HEADING: Text = Text::fixed(
    "                            Received    Sent",
    "                            받음        보냄",
);

fn lines(section: &Section, language: Language, end: &[u8], text: &mut Vec<u8>) {
    for part in [end, title(section.kind).of(language).as_bytes(), end, end] {
        text.extend_from_slice(part);
    }
    let width = match section.kind {
        Kind::Ip(_) => 34,
        Kind::Icmp(_) => {
            text.extend_from_slice(ICMP_HEADING.of(language).as_bytes());
            text.extend_from_slice(end);
            25
        }
        Kind::Tcp(_) => 35,
        Kind::Udp(_) => 21,
    };
    for row in &section.rows {
        line(row, width, language, text);
        text.extend_from_slice(end);
    }
}

fn line(row: &Row, width: usize, language: Language, text: &mut Vec<u8>) {
    text.extend_from_slice(b"  ");
    let start = text.len();
    text.extend_from_slice(label(row.label, language).as_bytes());
    pad(text, start, width);
    let value = number(row.value);
    let rest = match row.sent {
        None => format!(" = {value}{}{}", one_change(row.value), recent_share(row.value, language)),
        Some(sent) => format!(" {value:10}  {:10}{}", number(sent), two_changes(row.value, sent)),
    };
    text.extend_from_slice(rest.as_bytes());
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
        _ => String::new(),
    }
}

/// Returns the share of this interval; nothing for what is no share.
fn recent_share(value: Value, language: Language) -> String {
    let Value::Percent { recent: Some(recent), .. } = value else { return String::new() };
    let recent = recent.to_string();
    both!("  ({recent} in this interval)", "  (이번 간격 {recent})", recent).of(language).to_owned()
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
