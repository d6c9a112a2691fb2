//! Published output of Windows is parsed into the model and rendered again: the bytes must be the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod parse;
mod samples;

use netstat_cli::render::classic::{NameColumn, OwnerLines};
use netstat_cli::render::extras::Extras;
use netstat_cli::render::{Classic, LineEnd};
use netstat_engine::enrich::StandIns;
use netstat_engine::text::Language;
use netstat_engine::view::{ConnectionsOptions, ConnectionsView};
use netstat_model::query::Kinds;
use parse::{Cells, is_owner_line, is_row, parse};
use samples::{Blanks, EXCLUDED, Head, SAMPLES, Sample};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

/// Reads a sample and applies the edits of its entry, each of which must match as often as the entry says.
fn text(sample: &Sample) -> String {
    let mut text = std::fs::read_to_string(folder().join(sample.file)).unwrap();
    for &(from, to, times) in sample.edits {
        assert_eq!(text.matches(from).count(), times, "{}: {from:?}", sample.file);
        text = text.replace(from, to);
    }
    text
}

/// Renders rows as the command of the sample does.
fn render(sample: &Sample, lines: &[String], line_end: LineEnd) -> String {
    let form = sample.form;
    let cells = Cells {
        pid: form.pid,
        offload: form.offload,
        owner_lines: form.owners,
        host: sample.host.filter(|_| form.names),
    };
    let parsed = parse(lines, cells);
    let options = ConnectionsOptions { listening: true, bound: true, kinds: Kinds::TCP_UDP };
    let mut sockets = parsed.sockets.iter().cloned().collect();
    let view = ConnectionsView::new(&mut sockets, &options);
    assert_eq!(view.rows().count(), parsed.sockets.len(), "{}", sample.file);
    let stand_ins = StandIns::default();
    let extras = Extras { offload: form.offload, ..Extras::default() };
    let table = Classic {
        language: if sample.korean { Language::Korean } else { Language::English },
        line_end,
        pid: form.pid,
        columns: &extras.columns(),
        names: form.names.then_some(NameColumn { lookup: &parsed.names, full: false }),
        owners: form.owners.then_some(OwnerLines {
            lookup: &parsed.processes,
            stand_ins: &stand_ins,
            path: false,
        }),
        last: None,
        colour: false,
        header: true,
    };
    let mut out = Vec::new();
    table.render(&view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Consecutive rows, and the lines above them.
#[derive(Default)]
struct Run {
    head: Vec<String>,
    rows: Vec<String>,
}

/// Splits a sample into runs. Every line must be a heading, a row, a line of `-b`, or named in the entry of the sample.
fn runs(sample: &Sample) -> Vec<Run> {
    let text = text(sample);
    let mut unused: BTreeSet<&str> = sample.skipped.iter().chain(sample.stray).copied().collect();
    let mut runs = vec![Run::default()];
    let lines = text.lines().skip_while(|line| sample.from.is_some_and(|from| *line != from));
    for line in lines.take_while(|line| sample.until.is_none_or(|until| *line != until)) {
        if sample.stray.contains(&line) {
            unused.remove(line);
            continue;
        }
        let run = runs.last_mut().unwrap();
        if sample.skipped.contains(&line) {
            unused.remove(line);
            runs.push(Run::default());
        } else if is_row(line) || (is_owner_line(line) && sample.form.owners && !run.rows.is_empty()) {
            run.rows.push(line.to_owned());
        } else {
            assert!(run.rows.is_empty(), "{}: what is {line:?}?", sample.file);
            run.head.push(line.to_owned());
        }
    }
    assert!(unused.is_empty(), "{}: no such line: {unused:?}", sample.file);
    runs.retain(|run| !run.head.is_empty() || !run.rows.is_empty());
    runs
}

fn expand_tabs(line: &str) -> String {
    let mut out = String::new();
    for character in line.chars() {
        if character == '\t' {
            out.push(' ');
            while !out.len().is_multiple_of(8) {
                out.push(' ');
            }
        } else {
            out.push(character);
        }
    }
    out
}

/// Applies to a line what happened to the blanks of a sample.
fn pasted(line: &str, blanks: Blanks) -> String {
    match blanks {
        Blanks::Exact | Blanks::Kept => line.to_owned(),
        Blanks::TrailingLost => line.trim_end().to_owned(),
        Blanks::TabsExpanded => expand_tabs(line).trim_end().to_owned(),
    }
}

/// Rows, their order and their headings, in every sample.
#[test]
fn rows_and_headings_come_back() {
    for sample in SAMPLES {
        let mut count = 0;
        let mut heads = 0;
        for run in runs(sample) {
            let ours = render(sample, &run.rows, LineEnd::Lf);
            let ours: Vec<_> = ours.lines().collect();
            let head_length = if sample.form.offload { 5 } else { 4 };
            let (head, rows) = ours.split_at(head_length);
            let shown =
                |lines: &[&str]| -> Vec<_> { lines.iter().map(|line| pasted(line, sample.blanks)).collect() };
            assert_eq!(shown(rows), run.rows, "{}", sample.file);
            count += run.rows.iter().filter(|line| is_row(line)).count();
            if run.head.is_empty() {
                continue;
            }
            heads += 1;
            let theirs: Vec<_> = run.head.iter().map(|line| line.trim_end()).collect();
            match sample.head {
                Head::Whole => assert_eq!(head, theirs, "{}", sample.file),
                Head::WithoutEmptyLines => {
                    let head: Vec<_> = head.iter().copied().filter(|line| !line.is_empty()).collect();
                    assert_eq!(head, theirs, "{}", sample.file);
                }
                Head::HeadingOnly => assert_eq!([head[3]], *theirs, "{}", sample.file),
                Head::None => panic!("{}: what is {theirs:?}?", sample.file),
            }
        }
        assert_eq!(count, sample.rows, "rows of {}", sample.file);
        assert_eq!(heads, usize::from(sample.head != Head::None), "heads of {}", sample.file);
    }
}

/// Samples that are raw files are compared whole, byte for byte.
#[test]
fn raw_files_come_back_whole() {
    let mut files = 0;
    for sample in SAMPLES.iter().filter(|sample| sample.blanks == Blanks::Exact) {
        let mut theirs = text(sample);
        let rows: Vec<_> =
            theirs.lines().filter(|line| is_row(line) || is_owner_line(line)).map(str::to_owned).collect();
        // Whoever saved this one stripped its last line end.
        if !theirs.ends_with("\r\n") {
            assert_eq!(sample.file, "win10_netstat__jc.txt");
            theirs.push_str("\r\n");
        }
        let ours = render(sample, &rows, LineEnd::CrLf);
        if let Some((line, (a, b))) =
            ours.split('\n').zip(theirs.split('\n')).enumerate().find(|(_, (a, b))| a != b)
        {
            panic!("{} line {}:\n{a:?}\n{b:?}", sample.file, line + 1);
        }
        assert!(ours == theirs, "{}", sample.file);
        files += 1;
    }
    assert_eq!(files, 4);
}

/// Every file in the folder is tested, or excluded with a reason.
#[test]
fn every_sample_is_in_the_table() {
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".txt"))
        .collect();
    let listed: BTreeSet<String> = SAMPLES
        .iter()
        .map(|sample| sample.file)
        .chain(EXCLUDED.map(|(file, _)| file))
        .map(str::to_owned)
        .collect();
    assert_eq!(there, listed);
}
