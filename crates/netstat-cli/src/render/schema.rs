//! The JSON Schema of `--json` and `--jsonl`, made from the table of columns.

use super::header::SCHEMA;
use super::json::REASONS;
use netstat_engine::columns::{self, Column, Kind, TIMER_WORDS};
use netstat_engine::text::words;
use netstat_engine::text::words::RUNTIME_WORDS;
use netstat_model::TcpState;
use serde_json::{Map, Value, json};

/// Returns the schema as text with a line end.
pub fn schema() -> String {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "netstat --json",
        "description": "One document of netstat --json. A line of netstat --jsonl is #/$defs/socket, or \
                        #/$defs/group with --group-by. Which keys of columns are there is chosen with --columns; \
                        null is what is unknown, or what the socket does not have.",
        "oneOf": [{ "$ref": "#/$defs/sockets" }, { "$ref": "#/$defs/groups" }],
        "$defs": {
            "display": {
                "type": "integer",
                "minimum": 1,
                "description": "Number of the display, in a line of --jsonl with an interval",
            },
            "warnings": {
                "description": "What is missing, and why, in words",
                "type": "array",
                "items": { "type": "string" },
            },
            "sockets": document("sockets", "socket"),
            "groups": document("groups", "group"),
            "socket": socket(),
            "owner": owner(),
            "group": group(),
            "end": { "oneOf": [
                object(json!({
                    "address": { "type": "string", "description": "IPv4, or IPv6 with %index where it is link-local" },
                    "port": number(Some(65535)),
                })),
                object(json!({
                    "name": {
                        "type": "string",
                        "description": "End of a socket beyond TCP and UDP: of a Unix socket its path, its abstract name \
                                        after @, or its inode after *",
                    },
                })),
            ] },
            "timer": object(json!({
                "kind": { "enum": TIMER_WORDS },
                "expires_in_ms": number(None),
                "retransmits": number(Some(255)),
            })),
            "container": object(json!({
                "runtime": { "enum": RUNTIME_WORDS },
                "id": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
                "name": { "type": ["string", "null"], "description": "Its name, where a file of its runtime tells it" },
                "pod": { "type": ["string", "null"], "description": "UID of the Kubernetes pod" },
                "pod_name": { "type": ["string", "null"], "description": "Name of that pod" },
            })),
        },
    });
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        let mut header = header_properties(SCHEMA);
        definitions.extend(header.remove("schema").map(|version| ("version".to_owned(), version)));
        definitions.extend(header);
    }
    // Serialization cannot fail: all keys are strings.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

fn number(maximum: Option<u32>) -> Value {
    match maximum {
        Some(maximum) => json!({ "type": "integer", "minimum": 0, "maximum": maximum }),
        None => json!({ "type": "integer", "minimum": 0 }),
    }
}

/// Returns the schema of what each document begins with.
pub(super) fn header_properties(version: u32) -> Map<String, Value> {
    let properties = json!({
        "schema": { "const": version, "description": "Version of this schema" },
        "host": { "type": ["string", "null"], "description": "Host name, as it was set" },
        "boot_id": { "type": ["string", "null"], "description": "Random ID of this boot; Linux only" },
        "netns": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "Inode of the network namespace; Linux only",
        },
        "time": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When the data was taken, UTC (RFC 3339)",
        },
        "uptime_ms": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "Time since boot when the data was taken",
            "x-unit": "ms",
        },
    });
    if let Value::Object(properties) = properties { properties } else { Map::new() }
}

/// Returns the schema of an object with exactly these keys.
pub(super) fn object(properties: Value) -> Value {
    let required: Vec<String> =
        properties.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
    json!({ "type": "object", "required": required, "additionalProperties": false, "properties": properties })
}

fn document(name: &str, item: &str) -> Value {
    let mut properties = Map::new();
    properties.insert("schema".to_owned(), json!({ "$ref": "#/$defs/version" }));
    for key in ["host", "boot_id", "netns", "time", "uptime_ms"] {
        properties.insert(key.to_owned(), json!({ "$ref": format!("#/$defs/{key}") }));
    }
    let item = format!("#/$defs/{item}");
    properties.insert(name.to_owned(), json!({ "type": "array", "items": { "$ref": item } }));
    properties.insert("warnings".to_owned(), json!({ "$ref": "#/$defs/warnings" }));
    object(Value::Object(properties))
}

/// Returns the schema of a column's values, null included.
fn column(column: &Column) -> Value {
    let typed = match column.kind {
        Kind::Text => json!({ "type": ["string", "null"] }),
        Kind::Number | Kind::Microseconds | Kind::Milliseconds => {
            json!({ "type": ["integer", "null"], "minimum": 0 })
        }
        Kind::End => json!({ "anyOf": [{ "$ref": "#/$defs/end" }, { "type": "null" }] }),
        Kind::Timer => json!({ "anyOf": [{ "$ref": "#/$defs/timer" }, { "type": "null" }] }),
        Kind::Container => json!({ "anyOf": [{ "$ref": "#/$defs/container" }, { "type": "null" }] }),
        Kind::Time => json!({ "type": ["string", "null"], "format": "date-time" }),
        Kind::Words => json!({ "type": ["array", "null"], "items": { "type": "string" } }),
        Kind::Numbers => json!({ "type": ["array", "null"], "items": { "type": "integer", "minimum": 0 } }),
    };
    let unit = match column.kind {
        Kind::Microseconds => "us",
        _ => column.unit,
    };
    let mut typed = typed;
    if let Some(map) = typed.as_object_mut() {
        map.insert("description".to_owned(), json!(column.meaning.english()));
        if !unit.is_empty() {
            map.insert("x-unit".to_owned(), json!(unit));
        }
    }
    typed
}

fn properties(wanted: impl Fn(&Column) -> bool) -> Map<String, Value> {
    columns::ALL
        .iter()
        .filter(|known| wanted(known))
        .map(|known| (known.key.to_owned(), column(known)))
        .collect()
}

/// Adds the keys of a `--jsonl` line.
fn add_line_keys(properties: &mut Map<String, Value>) {
    for (key, definition) in [("schema", "version"), ("time", "time"), ("display", "display")] {
        properties.insert(key.to_owned(), json!({ "$ref": format!("#/$defs/{definition}") }));
    }
}

fn socket() -> Value {
    let mut properties = properties(|_| true);
    add_line_keys(&mut properties);
    properties.insert(
        "owners".to_owned(),
        json!({
            "description": "Every process that holds the socket, the principal one first; there with any column of \
                            a process",
            "type": "array",
            "items": { "$ref": "#/$defs/owner" },
        }),
    );
    properties.insert(
        "owners_complete".to_owned(),
        json!({
            "description": "Whether the socket is known to have no other owners: false where a process could not be \
                            read",
            "type": "boolean",
        }),
    );
    let mut reasons: Vec<Value> = REASONS.iter().map(|reason| json!(reason)).collect();
    reasons.push(Value::Null);
    properties.insert(
        "unowned".to_owned(),
        json!({ "description": "Why there is no process; null where there is one", "enum": reasons }),
    );
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn owner() -> Value {
    let mut properties = properties(Column::is_of_owner);
    properties.insert("pid".to_owned(), json!({ "type": "integer", "minimum": 0 }));
    json!({ "type": "object", "required": ["pid"], "additionalProperties": false, "properties": properties })
}

fn group() -> Value {
    let mut properties = properties(|_| true);
    add_line_keys(&mut properties);
    properties.insert("rows".to_owned(), json!({ "type": "integer", "minimum": 1 }));
    let mut names: Vec<String> = TcpState::ALL.into_iter().map(words::state).collect();
    names.push("UNKNOWN_[0-9]+".to_owned());
    let names = format!("^({})$", names.join("|"));
    properties.insert(
        "states".to_owned(),
        json!({
            "description": "How many of the rows are in each TCP state that occurs",
            "type": "object",
            "propertyNames": { "pattern": names },
            "additionalProperties": { "type": "integer", "minimum": 1 },
        }),
    );
    json!({
        "type": "object",
        "required": ["rows", "states"],
        "additionalProperties": false,
        "properties": properties,
    })
}
