//! OpenTelemetry: metrics and log records as JSON of OTLP (1.x), and sending them by HTTP.

mod headers;
mod logs;
mod send;

pub use headers::parse_headers;
pub use logs::{LogBatch, MOST_RECORDS};
pub use send::{Failed, Outcome, Sender};

use crate::look::Exposure;
use crate::metric::{Kind, Label, Value, Values};
use serde_json::{Value as Json, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Who sends.
#[derive(Debug, Clone)]
pub struct Resource {
    /// The name of this machine.
    pub host: Option<String>,
    /// The version of the program.
    pub version: &'static str,
}

impl Resource {
    /// Returns what it says of itself, by the semantic conventions.
    pub(crate) fn json(&self) -> Json {
        let os = if cfg!(windows) { "windows" } else { "linux" };
        let mut attributes = vec![
            text_attribute("service.name", "netstat"),
            text_attribute("service.version", self.version),
            text_attribute("os.type", os),
        ];
        attributes.extend(self.host.as_deref().map(|host| text_attribute("host.name", host)));
        json!({ "attributes": attributes })
    }

    fn scope(&self) -> Json {
        json!({ "name": "netstat", "version": self.version })
    }
}

pub(crate) fn text_attribute(name: &str, value: &str) -> Json {
    json!({ "key": name, "value": { "stringValue": value } })
}

/// Returns what was measured as a request of OTLP.
pub fn metrics_json(exposure: &Exposure, resource: &Resource) -> Vec<u8> {
    let at = nanoseconds(exposure.at.unwrap_or_else(SystemTime::now));
    let metrics: Vec<Json> = exposure
        .values
        .iter()
        // The version is part of who sends.
        .filter(|values| values.metric.kind != Kind::Info && !values.samples.is_empty())
        .map(|values| metric(values, &at))
        .collect();
    let scope_metrics = json!([{ "scope": resource.scope(), "metrics": metrics }]);
    let document = json!({
        "resourceMetrics": [{ "resource": resource.json(), "scopeMetrics": scope_metrics }],
    });
    document.to_string().into_bytes()
}

/// Returns a time as OTLP has it: 64 bits, which JSON has as text.
pub(crate) fn nanoseconds(at: SystemTime) -> String {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string()
}

fn metric(values: &Values, at: &str) -> Json {
    let points: Vec<Json> = values
        .samples
        .iter()
        .map(|sample| {
            let attributes: Vec<Json> =
                sample.labels.iter().map(|(label, text)| attribute(*label, text)).collect();
            let (key, value) = match sample.value {
                Value::Whole(value) => ("asInt", json!(value.to_string())),
                Value::Real(value) => ("asDouble", json!(value)),
            };
            json!({ "attributes": attributes, "timeUnixNano": at, key: value })
        })
        .collect();
    let metric = values.metric;
    let (name, help, unit) = (metric.name, metric.help, metric.ucum());
    match metric.kind {
        // When the kernel began to count nobody tells, so no start is given.
        Kind::Counter => json!({
            "name": name, "description": help, "unit": unit,
            "sum": { "dataPoints": points, "aggregationTemporality": 2, "isMonotonic": true },
        }),
        Kind::Gauge | Kind::Info => json!({
            "name": name, "description": help, "unit": unit, "gauge": { "dataPoints": points },
        }),
    }
}

/// Returns a label as an attribute; ports are numbers there.
fn attribute(label: Label, text: &str) -> Json {
    match (label, text.parse::<u16>()) {
        (Label::Port | Label::RemotePort, Ok(port)) => {
            json!({ "key": label.attribute(), "value": { "intValue": port.to_string() } })
        }
        _ => text_attribute(label.attribute(), text),
    }
}
