//! Connections that ended, as log records of OTLP.

use super::{Resource, nanoseconds, text_attribute};
use crate::name::shown;
use netstat_engine::text::lifespan::{gap_cause, reason};
use netstat_engine::text::time::rfc_3339;
use netstat_model::history::GapCause;
use netstat_model::{ConnectionRole, Endpoint, IpEndpoint, Process, Socket};
use serde_json::{Value as Json, json};
use std::net::SocketAddr;
use std::time::SystemTime;

/// The most records of one request.
pub const MOST_RECORDS: usize = 512;

/// The number that OTLP gives to what is worth knowing (`INFO`).
const INFO: u8 = 9;

/// And to what somebody should look at (`WARN`).
const WARN: u8 = 13;

/// Records for one request.
#[derive(Debug, Default)]
pub struct LogBatch(Vec<Json>);

impl LogBatch {
    /// Adds a connection, a listener or a UDP socket that ended. What did not end is no record.
    pub fn add(&mut self, socket: &Socket, process: Option<&Process>) {
        self.0.extend(record(socket, process));
    }

    /// Adds a span of which the history is not whole: what ended there may be no record. `lost` is how many of what `cause`
    /// names, where that is known.
    pub fn add_gap(&mut self, from: SystemTime, until: SystemTime, lost: Option<u64>, cause: GapCause) {
        let cause = gap_cause(cause);
        let mut attributes = vec![
            text_attribute("netstat.gap.cause", cause),
            text_attribute("netstat.gap.from", &rfc_3339(from)),
            text_attribute("netstat.gap.until", &rfc_3339(until)),
        ];
        attributes.extend(lost.map(|lost| number("netstat.gap.lost", lost)));
        let said =
            format!("the history is not whole from {} to {}: {cause}", rfc_3339(from), rfc_3339(until));
        self.0.push(json!({
            "timeUnixNano": nanoseconds(until),
            "severityNumber": WARN,
            "severityText": "WARN",
            "eventName": "netstat.history.gap",
            "body": { "stringValue": said },
            "attributes": attributes,
        }));
    }

    /// Returns how many records there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the request, and begins a new one. `now` is when the records were read.
    pub fn take_json(&mut self, resource: &Resource, now: SystemTime) -> Vec<u8> {
        let observed = nanoseconds(now);
        let mut records = std::mem::take(&mut self.0);
        for record in &mut records {
            if let Some(record) = record.as_object_mut() {
                record.insert("observedTimeUnixNano".to_owned(), observed.clone().into());
            }
        }
        let scope_logs = json!([{ "scope": resource.scope(), "logRecords": records }]);
        let document = json!({
            "resourceLogs": [{ "resource": resource.json(), "scopeLogs": scope_logs }],
        });
        document.to_string().into_bytes()
    }
}

fn record(socket: &Socket, process: Option<&Process>) -> Option<Json> {
    let life = socket.lifespan.as_deref()?;
    let (ended, why) = life.ended?;
    let local = ip(&socket.local)?;
    let remote = socket.remote.as_ref().and_then(ip);
    let why = reason(why);
    let name = process.and_then(|process| process.name.as_ref().ok()).map(|name| shown(name));
    let transport = socket.protocol.name().to_ascii_lowercase();
    let family = if local.address.is_ipv4() { "ipv4" } else { "ipv6" };

    let mut attributes = vec![
        text_attribute("network.transport", &transport),
        text_attribute("network.type", family),
        text_attribute("netstat.connection.reason", &why),
    ];
    attributes.extend(end("network.local", local));
    attributes.extend(remote.into_iter().flat_map(|remote| end("network.peer", remote)));
    // Which end is which is said only where somebody saw it.
    let sides = match life.role {
        ConnectionRole::Active => [Some(("client", local)), remote.map(|remote| ("server", remote))],
        ConnectionRole::Passive => [Some(("server", local)), remote.map(|remote| ("client", remote))],
        ConnectionRole::Listener => [Some(("server", local)), None],
        ConnectionRole::Unknown => [None, None],
    };
    attributes.extend(sides.into_iter().flatten().flat_map(|(side, place)| end(side, place)));
    attributes.extend(name.as_deref().map(|name| text_attribute("process.executable.name", name)));
    let owner = netstat_model::OwnershipRef::from(&socket.ownership).principal();
    attributes.extend(owner.map(|owner| number("process.pid", owner.process.pid.into())));
    let tcp = socket.tcp.as_deref();
    let counts = [
        ("netstat.connection.bytes_sent", tcp.and_then(|tcp| tcp.bytes_acked)),
        ("netstat.connection.bytes_received", tcp.and_then(|tcp| tcp.bytes_received)),
        ("netstat.connection.retransmits", tcp.and_then(|tcp| tcp.total_retransmits).map(u64::from)),
        // What is the same in two records is the same connection, sent twice.
        ("netstat.connection.cookie", socket.id.cookie),
    ];
    attributes.extend(counts.into_iter().filter_map(|(key, value)| Some(number(key, value?))));
    let times = [
        ("netstat.connection.duration", life.lasted),
        ("netstat.connection.rtt", tcp.and_then(|tcp| tcp.rtt)),
    ];
    let seconds = |(key, time): (&str, Option<std::time::Duration>)| {
        Some(json!({ "key": key, "value": { "doubleValue": time?.as_secs_f64() } }))
    };
    attributes.extend(times.into_iter().filter_map(seconds));

    let who = name.unwrap_or_else(|| "?".to_owned());
    let place = |end: IpEndpoint| SocketAddr::from(end).to_string();
    let said = match remote {
        Some(remote) => format!("{who}: {} > {}: {why}", place(local), place(remote)),
        None => format!("{who}: {}: {why}", place(local)),
    };
    Some(json!({
        "timeUnixNano": nanoseconds(ended),
        "severityNumber": INFO,
        "severityText": "INFO",
        "eventName": "netstat.connection.ended",
        "body": { "stringValue": said },
        "attributes": attributes,
    }))
}

fn ip(end: &Endpoint) -> Option<IpEndpoint> {
    match end {
        Endpoint::Ip(end) => Some(*end),
        _ => None,
    }
}

/// Returns an end as two attributes.
fn end(what: &str, end: IpEndpoint) -> [Json; 2] {
    let address = text_attribute(&format!("{what}.address"), &end.address.to_string());
    [address, number(&format!("{what}.port"), end.port.into())]
}

/// Returns a whole number, which OTLP has signed and JSON as text.
fn number(key: &str, value: u64) -> Json {
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}
