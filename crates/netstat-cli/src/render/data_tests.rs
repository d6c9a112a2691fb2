//! JSON and CSV against their schema, and against other readers.

use super::format::{Format, Frame, Groups, Rows};
use super::sockets::TableStyle;
use super::{LineEnd, csv, json, jsonl, schema, sockets};
use crate::render::made::{self, CONTAINER_ID, EVERY_ROW, facts, four_sockets, table};
use jsonschema::Validator;
use netstat_engine::columns::{self, by_name};
use netstat_engine::text::{Language, cells};
use netstat_engine::view::ConnectionsView;
use netstat_engine::view::groups::{Group, count_groups};
use netstat_engine::view::sort::Order;
use netstat_model::{Namespace, SnapshotInfo, Socket, Warning};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::{Duration, UNIX_EPOCH};

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn the_schema() -> Value {
    parsed(schema::schema().as_bytes())
}

/// What `#/$defs/NAME` allows.
fn validator_of(name: &str) -> Validator {
    let mut schema = the_schema();
    let map = schema.as_object_mut().unwrap();
    map.remove("oneOf");
    map.insert("$ref".to_owned(), json!(format!("#/$defs/{name}")));
    jsonschema::validator_for(&schema).unwrap()
}

fn valid(validator: &Validator, value: &Value) {
    let wrong: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?} in {value}");
}

fn info() -> SnapshotInfo {
    SnapshotInfo {
        at: Some(UNIX_EPOCH + Duration::from_millis(1_764_425_109_123)),
        uptime: Some(Duration::from_millis(4_500)),
        host: Some("web-1".to_owned()),
        boot_id: Some("68fc1b26-5ad8-4a2e-8d33-1d8b7ee5a1a0".into()),
        namespace: Some(Namespace { inode: 4_026_531_840 }),
    }
}

fn frame<'a>(info: &'a SnapshotInfo, warnings: &'a [Warning]) -> Frame<'a> {
    Frame { info, display: None, warnings }
}

/// Writes the rows in a format.
fn rows(
    format: &Format,
    view: &ConnectionsView<'_>,
    columns: &[&'static columns::Column],
    facts: &made::Facts,
    display: Option<u64>,
) -> Vec<u8> {
    let (info, warnings) = (info(), [Warning::OwnersNotPermitted { processes: 3, as_root: false }]);
    let frame = Frame { display, ..frame(&info, &warnings) };
    let mut out = Vec::new();
    (format.sockets)(
        &Rows { view, columns, given: &facts.given(), all_owners_known: false },
        &frame,
        &mut out,
    )
    .unwrap();
    out
}

/// Writes the groups in a format.
fn grouped(format: &Format, groups: &[Group<'_>], columns: &[&'static columns::Column]) -> Vec<u8> {
    let info = info();
    let mut out = Vec::new();
    (format.groups)(&Groups { groups, columns }, &frame(&info, &[]), &mut out).unwrap();
    out
}

fn groups<'a>(view: &ConnectionsView<'a>, facts: &'a made::Facts, by: &[&str]) -> Vec<Group<'a>> {
    let by: Vec<_> = by.iter().map(|name| by_name(name).unwrap()).collect();
    count_groups(view, &by, Order::Usual, &facts.given())
}

fn document(sockets: &[Socket]) -> Vec<u8> {
    let (sockets, facts) = (table(sockets), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    rows(&json::FORMAT, &view, columns::ALL, &facts, None)
}

#[test]
fn the_document_is_typed_whole_and_valid() {
    let bytes = document(&four_sockets());
    assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 6, "a row is a line");
    let document = parsed(&bytes);
    valid(&jsonschema::validator_for(&the_schema()).unwrap(), &document);
    let header = json!({
        "schema": 2, "host": "web-1", "boot_id": "68fc1b26-5ad8-4a2e-8d33-1d8b7ee5a1a0", "netns": 4_026_531_840_u64,
        "time": "2025-11-29T14:05:09.123Z", "uptime_ms": 4500,
    });
    for (key, value) in header.as_object().unwrap() {
        assert_eq!(&document[key], value, "{key}");
    }
    assert!(document["warnings"][0].as_str().unwrap().starts_with("3 processes were not readable"));
    let [known, unknown, listener, udp] = document["sockets"].as_array().unwrap().as_slice() else {
        panic!()
    };
    for column in columns::ALL {
        for row in [known, unknown, listener, udp] {
            assert!(row.get(column.key).is_some(), "{}", column.key);
        }
        // A connection has no backlog and nobody behind it, addresses of documentation are nowhere, what is there has not ended, packets alone tell names, and other families
        // have peers and details.
        let none = [
            "backlog",
            "behind",
            "country",
            "network",
            "detail",
            "ended",
            "reason",
            "side",
            "host",
            "first_fin",
            "app",
            "name",
        ];
        let none = none.contains(&column.name)
            || column.name.starts_with("peer_")
            || column.name.starts_with("started_");
        assert_eq!(known[column.key].is_null(), none, "{}", column.key);
    }
    let end = |address: &str, port: u16| json!({ "address": address, "port": port });
    assert_eq!((&known["local"], &known["foreign"]), (&end("192.0.2.1", 50000), &end("198.51.100.7", 443)));
    assert_eq!((&known["rtt_us"], &known["age_ms"]), (&json!(40_125), &json!(123_456)));
    assert_eq!(known["bytes_sent"], json!(5_000_000_000u64));
    assert_eq!(known["timer"], json!({ "kind": "keepalive", "expires_in_ms": 7_190_000, "retransmits": 2 }));
    assert_eq!(known["process"], json!("ng,\"inx\\x0a"), "escaped as in a table");
    assert_eq!(
        (&known["pids"], &unknown["pids"], &udp["pids"]),
        (&json!([10, 11]), &Value::Null, &Value::Null)
    );
    assert_eq!(known["cmdline"], json!(["ng,\"inx\\x0a", "-c", "a \\x1b[2J\"b,"]));
    assert_eq!(
        known["container"],
        json!({
            "runtime": "cri-o",
            "id": CONTAINER_ID,
            "name": null,
            "pod": "ac04f3f2-1f2c-11e9-b015-1ebee232acfa",
            "pod_name": null,
        })
    );
    let owners = known["owners"].as_array().unwrap();
    assert_eq!(owners.iter().map(|owner| &owner["pid"]).collect::<Vec<_>>(), [&json!(10), &json!(11)]);
    assert_eq!(owners[1]["container"]["name"], json!("w\\x1beb"), "escaped as in a table");
    assert_eq!((&owners[1]["process"], &owners[1]["fd"]), (&json!("=worker"), &json!(9)));
    assert_eq!(owners[1]["path"], json!("/usr/bin/sp ace (deleted)"));
    // What is not known, and what is not there.
    assert_eq!(
        (&unknown["state"], &unknown["rtt_us"], &unknown["pid"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!((&unknown["owners"], &unknown["unowned"]), (&json!([]), &json!("not_permitted")));
    assert_eq!((&listener["foreign"], &listener["backlog"]), (&Value::Null, &json!(128)));
    assert_eq!((&listener["owners"][0]["process"], &listener["unowned"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&udp["state"], &udp["unowned"], &udp["user"]),
        (&Value::Null, &json!("kernel"), &json!("root"))
    );
}

#[test]
fn only_the_columns_that_were_chosen_are_keys() {
    let (sockets, facts) = (table(&four_sockets()[..1]), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let line = |names: &[&str]| {
        let columns: Vec<_> = names.iter().map(|name| by_name(name).unwrap()).collect();
        String::from_utf8(rows(&jsonl::FORMAT, &view, &columns, &facts, None)).unwrap()
    };
    assert_eq!(line(&["state", "lport"]), "{\"schema\":2,\"state\":\"ESTABLISHED\",\"lport\":50000}\n");
    assert_eq!(
        line(&["process"]),
        "{\"schema\":2,\"process\":\"ng,\\\"inx\\\\x0a\",\"owners\":[{\"pid\":10,\"process\":\"ng,\\\"inx\\\\x0a\"},\
         {\"pid\":11,\"process\":\"=worker\"}],\"owners_complete\":false,\"unowned\":null}\n"
    );
}

#[test]
fn lines_are_valid_each() {
    let (sockets, facts) = (table(&four_sockets()), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let text = String::from_utf8(rows(&jsonl::FORMAT, &view, columns::ALL, &facts, None)).unwrap();
    assert_eq!(text.lines().count(), 4);
    let validator = validator_of("socket");
    text.lines().for_each(|line| valid(&validator, &parsed(line.as_bytes())));
    // The schema is not one that allows whatever comes.
    assert!(!validator.is_valid(&json!({ "rtt_us": "40" })));
    assert!(!validator.is_valid(&json!({ "rtt": 40 })));
    assert!(!validator.is_valid(&json!({ "rtt_us": -1 })));
    assert!(!validator.is_valid(&json!({ "schema": 1 })));
    assert!(!validator.is_valid(&json!({ "local": { "address": "::" } })));
}

#[test]
fn a_repeated_report_numbers_its_displays() {
    let (sockets, facts) = (table(&four_sockets()[..1]), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let columns = [by_name("lport").unwrap()];
    let text = |format| String::from_utf8(rows(format, &view, &columns, &facts, Some(3))).unwrap();
    let line = text(&jsonl::FORMAT);
    assert_eq!(line, "{\"time\":\"2025-11-29T14:05:09.123Z\",\"display\":3,\"schema\":2,\"lport\":50000}\n");
    valid(&validator_of("socket"), &parsed(line.as_bytes()));
    assert_eq!(text(&csv::FORMAT), "time,display,lport\r\n2025-11-29T14:05:09.123Z,3,50000\r\n");
}

#[test]
fn groups_are_valid_in_every_format() {
    let (sockets, facts) = (table(&four_sockets()), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let by = ["raddr", "container"];
    let columns: Vec<_> = by.iter().map(|name| by_name(name).unwrap()).collect();
    let groups = groups(&view, &facts, &by);
    let out = grouped(&json::FORMAT, &groups, &columns);
    valid(&jsonschema::validator_for(&the_schema()).unwrap(), &parsed(&out));
    assert_eq!(parsed(&out)["groups"].as_array().unwrap().len(), groups.len());
    let out = grouped(&jsonl::FORMAT, &groups, &columns);
    let validator = validator_of("group");
    String::from_utf8(out).unwrap().lines().for_each(|line| valid(&validator, &parsed(line.as_bytes())));

    let out = grouped(&csv::FORMAT, &groups, &columns);
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("rows,raddr,container,CLOSED,LISTENING,SYN_SENT,"), "{text}");
    assert_eq!(text.lines().count(), groups.len() + 1);
}

#[test]
fn groups_as_a_table() {
    let (sockets, facts) = (table(&four_sockets()), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let columns = [by_name("raddr").unwrap()];
    let mut out = Vec::new();
    let style = style(None, false, Language::English);
    sockets::render_groups(&groups(&view, &facts, &["raddr"]), &columns, style, &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "Rows  Foreign Host  LISTENING  ESTABLISHED\n   2  198.51.100.7          0            1\n   \
         2  *                     1            0\n"
    );
}

fn style(width: Option<usize>, colour: bool, language: Language) -> TableStyle {
    TableStyle { width, colour, line_end: LineEnd::Lf, header: true, language }
}

/// A syllable takes two cells, so what is aligned is cells, not characters.
#[test]
fn korean_headings_stand_above_their_cells() {
    let (sockets, facts) = (table(&four_sockets()), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let style = |width| style(width, false, Language::Korean);
    let columns = ["lport", "state", "bytes_sent", "process"].map(|name| by_name(name).unwrap());
    let table = |width| {
        let mut out = Vec::new();
        sockets::render_sockets(&view, &columns, &facts.given(), style(width), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let whole =
        "로컬 포트  상태         송신 바이트  프로세스\n    50000  ESTABLISHED   5000000000  ng,\"inx\\x0a\n";
    assert!(table(None).starts_with(whole), "{}", table(None));
    // Cut, but not below the heading.
    let cut = table(Some(45));
    assert!(
        cut.starts_with(
            "로컬 포트  상태         송신 바이트  프로세스\n    50000  ESTABLISHED   5000000000  ng,\"inx…\n"
        ),
        "{cut}"
    );
    let blocks = table(Some(20));
    let first = "로컬 포트    50000\n상태         ESTABLISHED\n송신 바이트  5000000000\n프로세스     ng,\"inx\\x0a\n\n";
    assert!(blocks.starts_with(first), "{blocks}");

    let mut out = Vec::new();
    let by = ["raddr", "lport"].map(|name| by_name(name).unwrap());
    sockets::render_groups(&groups(&view, &facts, &["raddr", "lport"]), &by, style(None), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("행  외부 IP       로컬 포트  LISTENING  ESTABLISHED\n"), "{text}");
    let mut widths = text.lines().map(|line| cells(line.as_bytes()));
    let first = widths.next().unwrap();
    assert!(widths.all(|width| width == first), "the last cell of each line is right-aligned:\n{text}");
}

#[test]
fn a_table_of_columns_with_colours() {
    let (sockets, facts) = (table(&four_sockets()), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let columns = ["pid", "state", "process"].map(|name| by_name(name).unwrap());
    let table = |colour, width| {
        let mut out = Vec::new();
        let style = style(width, colour, Language::English);
        sockets::render_sockets(&view, &columns, &facts.given(), style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let plain = "PID  State        Process\n 10  ESTABLISHED  ng,\"inx\\x0a\n  -  -            -\n 12  LISTENING    \
                 -\n  0  -            -\n";
    assert_eq!(table(false, None), plain);
    let coloured = table(true, None);
    assert!(coloured.contains(" 10  \u{1b}[32mESTABLISHED\u{1b}[0m  ng"), "{coloured:?}");
    assert!(coloured.contains("\u{1b}[36mLISTENING\u{1b}[0m    -"), "{coloured:?}");
    assert_eq!(table(false, Some(27)).lines().nth(1), Some(" 10  ESTABLISHED  ng,\"inx\\…"));
}

fn csv_of(sockets: &[Socket]) -> Vec<u8> {
    let (sockets, facts) = (table(sockets), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    rows(&csv::FORMAT, &view, columns::ALL, &facts, None)
}

/// The keys, and the fields of each row.
fn expected_fields() -> Vec<Vec<String>> {
    let (sockets, facts) = (table(&four_sockets()), facts());
    let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
    let mut lines = vec![columns::ALL.iter().map(|column| column.key.to_owned()).collect::<Vec<_>>()];
    lines.extend(view.rows().map(|row| {
        let field = |column: &&columns::Column| {
            let mut out = Vec::new();
            column.value(&row, &facts.given()).write_csv(&mut out);
            String::from_utf8(out).unwrap()
        };
        columns::ALL.iter().map(field).collect()
    }));
    lines
}

#[test]
fn no_field_is_a_formula_and_an_empty_name_is_not_unknown() {
    let field = |name: &str| {
        let mut out = Vec::new();
        netstat_engine::columns::Value::Text(std::ffi::OsStr::new(name).into()).write_csv(&mut out);
        String::from_utf8(out).unwrap()
    };
    for (name, shown) in [
        ("=cmd|'/c'!", "\\x3dcmd|'/c'!"),
        ("+1", "\\x2b1"),
        ("-bash", "\\x2dbash"),
        ("@SUM(1)", "\\x40SUM(1)"),
        ("\t=1", "\\x09=1"),
        ("a=b", "a=b"),
        ("", "\"\""),
    ] {
        assert_eq!(field(name), shown);
    }
    let mut text = Vec::new();
    netstat_engine::columns::Value::Text(std::ffi::OsStr::new("").into()).write_text(&mut text);
    assert_eq!(text, b"\"\"");
}

#[test]
fn csv_reads_back_by_its_crate() {
    let bytes = csv_of(&four_sockets());
    assert!(bytes.ends_with(b"\r\n") && bytes.iter().filter(|byte| **byte == b'\n').count() == 5);
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
    let lines: Vec<Vec<String>> =
        reader.records().map(|line| line.unwrap().iter().map(str::to_owned).collect()).collect();
    assert_eq!(lines, expected_fields());
    let column = |name| columns::ALL.iter().position(|column| column.name == name).unwrap();
    assert_eq!((lines[1][column("rtt")].as_str(), lines[2][column("rtt")].as_str()), ("40125", ""));
    assert_eq!(lines[1][column("process")], "ng,\"inx\\x0a");
}

#[cfg(target_os = "linux")]
#[test]
fn csv_reads_back_by_python() {
    use std::process::{Command, Stdio};

    let script = "import csv, io, json, sys\n\
                  text = sys.stdin.buffer.read().decode()\n\
                  print(json.dumps(list(csv.reader(io.StringIO(text, newline=''), strict=True))))";
    let python = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn();
    let mut python = match python {
        Ok(python) => python,
        Err(error) => {
            netstat_lab::skip(format_args!("python3: {error}"));
            return;
        }
    };
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), &csv_of(&four_sockets())).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let lines: Vec<Vec<String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(lines, expected_fields());
}

#[test]
fn the_schema_in_the_documents_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/netstat-2.json");
    let checked_in = std::fs::read_to_string(path).unwrap();
    assert!(checked_in == schema::schema(), "docs/schema is out of date: run cargo xtask generate");
    jsonschema::meta::validate(&the_schema()).unwrap();
}

#[test]
fn the_help_of_columns() {
    for language in [Language::English, Language::Korean] {
        let mut out = Vec::new();
        sockets::render_column_help(&mut out, |_| true, language).unwrap();
        let text = String::from_utf8(out).unwrap().replace("\r\n", "\n");
        assert!(text.lines().all(|line| cells(line.as_bytes()) <= 80), "{text}");
        insta::assert_snapshot!(format!("the_help_of_columns_{language:?}"), text);
    }
}

#[test]
fn the_help_of_columns_says_which_are_unknown() {
    let help = |available| {
        let mut out = Vec::new();
        sockets::render_column_help(&mut out, available, Language::English).unwrap();
        String::from_utf8(out).unwrap()
    };
    let marked = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").matches(" (not known on this system)").count()
    };
    assert_eq!(marked(&help(|_| true)), 0);
    let linux_only = columns::ALL.iter().filter(|column| column.linux_only).count();
    assert!(linux_only > 0);
    assert_eq!(marked(&help(|column| !column.linux_only)), linux_only);
}

proptest! {
    /// Whatever a process is called, the document is one and safe for a terminal, and CSV has its fields.
    #[test]
    fn no_name_breaks_a_format(name: String) {
        let sockets = table(&four_sockets());
        let mut given = facts();
        let process = given.processes.values_mut().find(|process| process.id.pid == 10).unwrap();
        process.name = Ok(name.as_str().into());
        let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
        let columns = [by_name("process").unwrap(), by_name("lport").unwrap()];
        let mut shown = Vec::new();
        netstat_engine::text::escape::write_text(&mut shown, name.as_ref());
        let shown = String::from_utf8(shown).unwrap();
        let out = rows(&json::FORMAT, &view, &columns, &given, None);
        prop_assert_eq!(&parsed(&out)["sockets"][0]["process"], &json!(shown));
        prop_assert!(!String::from_utf8(out).unwrap().chars().any(|c| c.is_control() && c != '\n'));
        let out = rows(&csv::FORMAT, &view, &columns, &given, None);
        let mut reader = ::csv::Reader::from_reader(out.as_slice());
        let first = reader.records().next().unwrap().unwrap();
        let mut field = Vec::new();
        netstat_engine::columns::Value::Text(std::ffi::OsStr::new(&name).into()).write_csv(&mut field);
        let field = String::from_utf8(field).unwrap();
        prop_assert_eq!((&first[0], &first[1], first.len()), (field.as_str(), "50000", 2));
    }

    #[test]
    fn any_choice_of_columns_is_valid(picked in proptest::collection::vec(0..columns::ALL.len(), 1..6)) {
        let sockets = table(&four_sockets());
        let view = ConnectionsView::unsorted(&sockets, &EVERY_ROW);
        let mut columns: Vec<&'static columns::Column> = Vec::new();
        for at in picked {
            if !columns.contains(&columns::ALL[at]) {
                columns.push(columns::ALL[at]);
            }
        }
        let out = rows(&json::FORMAT, &view, &columns, &made::Facts::default(), None);
        valid(&jsonschema::validator_for(&the_schema()).unwrap(), &parsed(&out));
    }
}
