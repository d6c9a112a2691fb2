//! The report of `-e`, to the byte as Windows prints it, and the blocks of `-e -v`, which are our own.
//!
//! Unknown values are `-`, right-aligned like numbers. Rates, `(received, sent)` per second, follow what Windows
//! prints:
//!
//! ```text
//! Bytes                    1774347996       265623222  (+5120/s, +88/s)
//! ```

use super::LineEnd;
use super::statistics::{number, two_changes};
use netstat_engine::text::escape;
use netstat_engine::view::ethernet::{Block, Measure, Row};
use netstat_engine::view::rates::Value;
use std::io::{self, Write};

/// The words of the report in one language. Labels include the spaces up to the number, because translations of
/// Windows do not align the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labels {
    /// The title.
    pub title: &'static str,
    /// The headings.
    pub heading: &'static str,
    /// The labels of the rows that Windows shows, from the top.
    pub rows: [&'static str; 6],
}

impl Labels {
    /// English. No sample shows the Korean report, so Korean uses it too.
    pub const ENGLISH: Self = Self {
        title: "Interface Statistics",
        heading: "                           Received            Sent",
        rows: [
            "Bytes                ",
            "Unicast packets      ",
            "Non-unicast packets  ",
            "Discards             ",
            "Errors               ",
            "Unknown protocols    ",
        ],
    };

    fn of(&self, measure: Measure) -> &'static str {
        let [bytes, unicast, non_unicast, discards, errors, unknown] = self.rows;
        match measure {
            Measure::Bytes => bytes,
            Measure::Unicast => unicast,
            Measure::NonUnicast => non_unicast,
            Measure::Discards => discards,
            Measure::Errors => errors,
            Measure::UnknownProtocols => unknown,
            Measure::Packets => "Packets              ",
            Measure::Multicast => "Multicast packets    ",
            Measure::Missed => "Missed packets       ",
            Measure::NoHandler => "No-handler packets   ",
            Measure::Collisions => "Collisions           ",
        }
    }
}

/// Writes the blocks: the sum begins without a blank line and ends without one, so that repeated reports follow one
/// another as on Windows. The blocks of single interfaces have their name in the title, and a blank line between
/// them.
pub fn render_ethernet(
    out: &mut impl Write,
    blocks: &[Block],
    labels: &Labels,
    line_end: LineEnd,
) -> io::Result<()> {
    let end = line_end.bytes();
    let mut text = Vec::with_capacity(512 * blocks.len());
    for (number, block) in blocks.iter().enumerate() {
        if number > 0 {
            text.extend_from_slice(end);
        }
        text.extend_from_slice(labels.title.as_bytes());
        if let Some(name) = &block.name {
            text.extend_from_slice(b" for ");
            escape::write_word(&mut text, name);
        }
        for part in [end, end, labels.heading.as_bytes(), end, end] {
            text.extend_from_slice(part);
        }
        for row in &block.rows {
            text.extend_from_slice(line(row, labels).as_bytes());
            text.extend_from_slice(end);
        }
    }
    out.write_all(&text)
}

fn line(row: &Row, labels: &Labels) -> String {
    let place = |value: Option<Value>| value.map(number).unwrap_or_default();
    let none = Value::Level(None);
    let label = labels.of(row.measure);
    let received = place(row.received);
    let changes = two_changes(row.received.unwrap_or(none), row.sent.unwrap_or(none));
    match row.sent {
        Some(sent) => format!("{label}{received:>14} {:>15}{changes}", number(sent)),
        None => format!("{label}{received:>14}{changes}"),
    }
}

#[cfg(test)]
mod tests;
