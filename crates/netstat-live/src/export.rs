//! Rows of a tab as data for other programs.

use crate::beside::Fact;
use crate::item::{Filled, Item};
use crate::tab::{Source, Spec};
use csv::WriterBuilder;
use netstat_engine::columns::{Value, by_name};
use std::ffi::OsString;
use std::path::Path;

/// The formats, each by the ending of a file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Json,
    Jsonl,
}

impl Format {
    /// Returns the format that the name of a file asks for.
    pub(crate) fn of(file: &str) -> Option<Self> {
        let ending = Path::new(file).extension()?.to_str()?.to_ascii_lowercase();
        Some(match ending.as_str() {
            "csv" => Self::Csv,
            "json" => Self::Json,
            "jsonl" | "ndjson" => Self::Jsonl,
            _ => return None,
        })
    }
}

/// Returns the key of a column: that of JSON and CSV where the program has the same column.
fn key(spec: &Spec) -> &'static str {
    match spec.source {
        Source::Column(_) | Source::Fact(Fact::Lasted) => {
            by_name(spec.name).map_or(spec.name, |column| column.key)
        }
        _ => spec.name,
    }
}

/// Returns rows in a format, with the values of these columns.
pub(crate) fn export(
    format: Format,
    filled: &Filled<'_>,
    items: impl Iterator<Item = Item>,
    specs: &[&'static Spec],
) -> Vec<u8> {
    match format {
        Format::Csv => csv(filled, items, specs),
        Format::Json | Format::Jsonl => {
            let is_array = format == Format::Json;
            let mut out = if is_array { b"[".to_vec() } else { Vec::new() };
            for (at, item) in items.enumerate() {
                if is_array {
                    out.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
                }
                object(&mut out, filled, item, specs);
                if !is_array {
                    out.push(b'\n');
                }
            }
            if is_array {
                out.extend_from_slice(b"\n]\n");
            }
            out
        }
    }
}

/// Returns what the view has put into words as a text.
fn plain(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Named(text) => Value::Text(OsString::from(text).into()),
        value => value,
    }
}

fn object(out: &mut Vec<u8>, filled: &Filled<'_>, item: Item, specs: &[&'static Spec]) {
    out.push(b'{');
    for (at, spec) in specs.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(format!("\"{}\":", key(spec)).as_bytes());
        plain(filled.value(item, spec)).write_json(out);
    }
    out.push(b'}');
}

fn csv(filled: &Filled<'_>, items: impl Iterator<Item = Item>, specs: &[&'static Spec]) -> Vec<u8> {
    let mut writer = WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Nothing refuses to be written to memory.
    let _ = writer.write_record(specs.iter().map(|spec| key(spec)));
    for item in items {
        let fields = specs.iter().map(|spec| {
            let mut field = Vec::new();
            plain(filled.value(item, spec)).write_csv(&mut field);
            field
        });
        let _ = writer.write_record(fields);
    }
    writer.into_inner().unwrap_or_default()
}
