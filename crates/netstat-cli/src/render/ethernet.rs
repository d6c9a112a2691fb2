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
use netstat_engine::text::{Language, escape};
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
    /// What stands between the title and the name of an interface.
    pub of: &'static str,
    /// The labels of the rows that Windows shows, from the top.
    pub rows: [&'static str; 6],
    /// The labels of the others.
    pub more: [&'static str; 5],
}

impl Labels {
    /// English.
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
        of: " for ",
        more: [
            "Packets              ",
            "Multicast packets    ",
            "Missed packets       ",
            "No-handler packets   ",
            "Collisions           ",
        ],
    };

    /// Korean. No sample of Windows shows it.
    pub const KOREAN: Self = Self {
        title: "인터페이스 통계",
        heading: "                               받음            보냄",
        rows: [
            "바이트               ",
            "유니캐스트 패킷      ",
            "비유니캐스트 패킷    ",
            "폐기                 ",
            "오류                 ",
            "알 수 없는 프로토콜  ",
        ],
        of: ": ",
        more: [
            "패킷                 ",
            "멀티캐스트 패킷      ",
            "놓친 패킷            ",
            "처리할 곳 없는 패킷  ",
            "충돌                 ",
        ],
    };

    /// Returns those of a language.
    pub fn in_language(language: Language) -> &'static Self {
        match language {
            Language::English => &Self::ENGLISH,
            Language::Korean => &Self::KOREAN,
        }
    }

    fn label(&self, measure: Measure) -> &'static str {
        let [bytes, unicast, non_unicast, discards, errors, unknown] = self.rows;
        let [packets, multicast, missed, no_handler, collisions] = self.more;
        match measure {
            Measure::Bytes => bytes,
            Measure::Unicast => unicast,
            Measure::NonUnicast => non_unicast,
            Measure::Discards => discards,
            Measure::Errors => errors,
            Measure::UnknownProtocols => unknown,
            Measure::Packets => packets,
            Measure::Multicast => multicast,
            Measure::Missed => missed,
            Measure::NoHandler => no_handler,
            Measure::Collisions => collisions,
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
            text.extend_from_slice(labels.of.as_bytes());
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
    let label = labels.label(row.measure);
    let received = place(row.received);
    let changes = two_changes(row.received.unwrap_or(none), row.sent.unwrap_or(none));
    match row.sent {
        Some(sent) => format!("{label}{received:>14} {:>15}{changes}", number(sent)),
        None => format!("{label}{received:>14}{changes}"),
    }
}

#[cfg(test)]
mod tests;
