//! What the checks found, as one JSON document, and its JSON Schema.

use super::check::Looked;
use super::header::Header;
use super::report_json::write_document;
use super::schema::{header_properties, object};
use netstat_check::{self as check, Check, Culprit, Finding, HeldBy, Severity, worst};
use netstat_engine::text::Language;
use netstat_model::SnapshotInfo;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// The version of the schema. It grows when a key is removed or changes its meaning, not when one is added.
const SCHEMA: u32 = 2;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    header: Header<'a>,
    report: &'static str,
    severity: &'static str,
    exit_code: u8,
    elapsed_seconds: Option<f64>,
    since: Option<&'a str>,
    until: Option<&'a str>,
    sockets: usize,
    checks: Vec<Entry<'a>>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'static str,
    severity: &'static str,
    findings: Vec<FindingEntry<'a>>,
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    severity: &'static str,
    subject: Option<&'a str>,
    sentence: &'a str,
    facts: Map<String, Value>,
    details: Vec<&'a str>,
    processes: Vec<ProcessEntry>,
    command: Option<&'a str>,
    meaning: Option<&'a str>,
    next: Vec<&'a str>,
}

#[derive(Serialize)]
struct ProcessEntry {
    pid: Option<u32>,
    name: Option<String>,
    unknown: Option<&'static str>,
    sockets: usize,
}

impl ProcessEntry {
    fn new(culprit: &Culprit) -> Self {
        let (pid, name, unknown) = match &culprit.holder {
            HeldBy::Process { pid, name, .. } => {
                (Some(*pid), name.as_ref().map(|name| name.to_string_lossy().into_owned()), None)
            }
            HeldBy::Nobody(why) => (None, None, Some(super::json::reason(*why))),
            HeldBy::NotAsked => (None, None, None),
        };
        Self { pid, name, unknown, sockets: culprit.sockets }
    }
}

impl<'a> FindingEntry<'a> {
    fn new(finding: &'a Finding, language: Language) -> Self {
        Self {
            severity: finding.severity.word(),
            subject: Some(finding.subject.as_str()).filter(|subject| !subject.is_empty()),
            sentence: finding.sentence.of(language),
            facts: finding.facts.iter().map(|fact| (fact.key.to_owned(), fact.value.clone())).collect(),
            details: finding
                .facts
                .iter()
                .filter_map(|fact| fact.text.as_ref())
                .map(|text| text.of(language))
                .collect(),
            processes: finding.processes.iter().map(ProcessEntry::new).collect(),
            command: finding.rows.as_deref(),
            meaning: finding.meaning.as_ref().map(|meaning| meaning.of(language)),
            next: finding.next.iter().map(|step| step.of(language)).collect(),
        }
    }
}

/// Writes the document, on one line: the findings, and the severity that the exit code stands for.
pub(crate) fn render<W: Write>(
    (findings, overall): (&[Finding], Severity),
    checks: &[&'static Check],
    looked: &Looked,
    info: &SnapshotInfo,
    warnings: Vec<String>,
    language: Language,
    out: &mut W,
) -> io::Result<()> {
    let of = |check: &Check| {
        let name = check.name;
        findings.iter().filter(move |finding| finding.check == name)
    };
    let document = Document {
        header: Header::of_version(SCHEMA, info),
        report: "check",
        severity: overall.word(),
        exit_code: overall.exit_code(),
        elapsed_seconds: looked.elapsed.map(|elapsed| elapsed.as_secs_f64()),
        since: looked.span.as_ref().map(|[since, _]| since.as_str()),
        until: looked.span.as_ref().map(|[_, until]| until.as_str()),
        sockets: looked.sockets,
        checks: checks
            .iter()
            .map(|check| Entry {
                name: check.name,
                severity: worst(of(check)).word(),
                findings: of(check).map(|finding| FindingEntry::new(finding, language)).collect(),
            })
            .collect(),
        warnings,
    };
    write_document(&document, out)
}

/// The schema, as text with a line end.
pub(crate) fn schema() -> String {
    let severities: Vec<&str> = Severity::ALL.iter().map(|severity| severity.word()).collect();
    let text = |description: &str| json!({ "type": "string", "description": description });
    let text_or_null = |description: &str| json!({ "type": ["string", "null"], "description": description });
    let severity = json!({ "enum": severities });
    let mut reasons: Vec<Value> = super::json::REASONS.iter().map(|reason| json!(reason)).collect();
    reasons.push(Value::Null);
    let process = object(json!({
        "pid": { "type": ["integer", "null"], "minimum": 0 },
        "name": { "type": ["string", "null"] },
        "unknown": { "description": "Why there is no process; null where there is one", "enum": reasons },
        "sockets": { "type": "integer", "minimum": 0, "description": "How many of the sockets it holds" },
    }));
    let finding = object(json!({
        "severity": severity,
        "subject": text_or_null(
            "What it is about, the same from one look to the next: a process, an address; null for the system"
        ),
        "sentence": text("What is the matter, with the numbers, in the language of --lang"),
        "facts": {
            "type": "object",
            "description": "The numbers and other facts it rests on; their keys belong to the check",
            "propertyNames": { "pattern": "^[a-z][a-z0-9_]*$" },
        },
        "details": { "type": "array", "items": { "type": "string" }, "description": "Facts in words" },
        "processes": { "type": "array", "items": { "$ref": "#/$defs/process" } },
        "command": text_or_null("The command that shows the rows it rests on"),
        "meaning": text_or_null("What it usually means"),
        "next": { "type": "array", "items": { "type": "string" }, "description": "What to do next, a step each" },
    }));
    let check = object(json!({
        "name": { "enum": check::NAMES },
        "severity": severity,
        "findings": { "type": "array", "items": { "$ref": "#/$defs/finding" } },
    }));
    let mut document = json!({
        "report": { "const": "check" },
        "severity": severity,
        "exit_code": { "enum": [0, 1, 2, 3] },
        "elapsed_seconds": {
            "type": ["number", "null"],
            "minimum": 0,
            "description": "Time since the look before, where rates were judged",
            "x-unit": "s",
        },
        "since": text_or_null("The begin of the span that was judged (--since); null for a moment"),
        "until": text_or_null("The end of that span"),
        "sockets": {
            "type": "integer",
            "minimum": 0,
            "description": "How many sockets were looked at; of a span, how many connections that ended in it",
        },
        "checks": { "type": "array", "items": { "$ref": "#/$defs/check" } },
        "warnings": {
            "type": "array",
            "items": { "type": "string" },
            "description": "What the evidence may lack, in words",
        },
    });
    if let Some(map) = document.as_object_mut() {
        map.extend(header_properties(SCHEMA));
    }
    let mut document = object(document);
    if let Some(map) = document.as_object_mut() {
        map.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        map.insert("title".to_owned(), json!("netstat check --json"));
        map.insert("$defs".to_owned(), json!({ "check": check, "finding": finding, "process": process }));
    }
    // Serialization cannot fail: all keys are strings.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}
