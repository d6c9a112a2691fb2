//! Connections as they open and end, as JSON lines. `docs/recorder.md` explains them.

use netstat_engine::text::{decimal, escape, json, lifespan, time::rfc_3339};
use netstat_model::history::{
    BeginBound, ClockReading, ConnectionRecord, GapCause, OwnerSource, ProcessRecord, RecordGap, SinceBoot,
};
use netstat_model::{IpEndpoint, Transport};
use std::time::UNIX_EPOCH;

/// The version of the lines. It grows when a key goes or changes its meaning.
const SCHEMA: u64 = 1;

/// Writes the line of a connection or listener, under the name of what happened to it. `process` is what is known of who holds it.
pub(crate) fn write_connection(
    out: &mut Vec<u8>,
    event: &str,
    record: &ConnectionRecord,
    process: Option<&ProcessRecord>,
    clock: &ClockReading,
) {
    begin(out, event);
    word(
        out,
        "proto",
        Some(match record.transport {
            Transport::Tcp => "TCP",
            Transport::Udp => "UDP",
        }),
    );
    end(out, ["local", "laddr", "lport"], Some(record.local));
    end(out, ["foreign", "raddr", "rport"], record.remote);
    word(out, "side", lifespan::side(record.role));
    moment(out, "started", record.started, clock);
    let (before, after) = match record.bound {
        Some(BeginBound::NoLaterThan(at)) => (Some(at), None),
        Some(BeginBound::NoEarlierThan(at)) => (None, Some(at)),
        None => (None, None),
    };
    moment(out, "started_before", before, clock);
    moment(out, "started_after", after, clock);
    moment(out, "established", record.established, clock);
    moment(out, "first_fin", record.first_fin.map(|(at, _)| at), clock);
    word(out, "first_fin_by", record.first_fin.map(|(_, ours)| if ours { "us" } else { "peer" }));
    moment(out, "ended", record.ended.map(|(at, _)| at), clock);
    let lasted =
        record.ended.zip(record.started).and_then(|((ended, _), started)| ended.checked_sub(started));
    number(out, "lasted_us", lasted.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)));
    word(out, "reason", record.ended.map(|(_, reason)| lifespan::reason(reason)).as_deref());
    let instance = record.process.map(|(instance, _)| instance);
    number(out, "pid", instance.map(|instance| instance.process.pid.into()));
    number(out, "process_start", instance.map(|instance| instance.process.start_time));
    word(out, "owner_source", record.process.map(|(_, source)| owner_source(source)));
    process_keys(out, process);
    number(out, "uid", record.uid.or_else(|| process?.uid).map(u64::from));
    number(out, "bytes_sent", record.bytes_sent);
    number(out, "bytes_received", record.bytes_received);
    number(out, "rtt_us", record.rtt.map(u64::from));
    number(out, "min_rtt_us", record.min_rtt.map(u64::from));
    number(out, "retrans", record.retransmits.map(u64::from));
    number(out, "netns", record.namespace.map(|namespace| namespace.inode));
    number(out, "cookie", Some(record.cookie).filter(|cookie| *cookie != 0));
    out.extend_from_slice(b"}\n");
}

/// Writes the line of a gap.
pub(crate) fn write_gap(out: &mut Vec<u8>, gap: &RecordGap, clock: &ClockReading) {
    begin(out, "gap");
    moment(out, "from", Some(gap.from), clock);
    moment(out, "until", Some(gap.until), clock);
    number(out, "lost", gap.lost);
    word(
        out,
        "cause",
        Some(match gap.cause {
            GapCause::Ring => "ring",
            GapCause::Begins => "begins",
            GapCause::Processes => "processes",
            GapCause::Store => "store",
            GapCause::Unseen => "unseen",
            GapCause::NotRunning => "not-running",
            GapCause::Suspended => "suspended",
            GapCause::Damaged => "damaged",
            GapCause::Unsent => "unsent",
            GapCause::HalfClosed => "half-closed",
        }),
    );
    out.extend_from_slice(b"}\n");
}

/// Returns the word for from what an owner is known.
fn owner_source(source: OwnerSource) -> &'static str {
    match source {
        OwnerSource::Made => "made",
        OwnerSource::Closed => "closed",
        OwnerSource::Held => "held",
    }
}

fn process_keys(out: &mut Vec<u8>, process: Option<&ProcessRecord>) {
    let text = |out: &mut Vec<u8>, key, text: Option<&[u8]>| {
        key_or_null(out, key, text, |out, text| {
            json::string(out, |out| escape::write_text_bytes(out, text));
        });
    };
    text(out, "process", process.map(|process| &*process.name));
    text(out, "path", process.and_then(|process| process.executable.as_deref()));
    // Each argument is ended by a NUL.
    key_or_null(out, "cmdline", process.and_then(|process| process.arguments.as_deref()), |out, words| {
        let words = words.strip_suffix(b"\0").unwrap_or(words).split(|byte| *byte == 0);
        json::list(out, words, |out, word| json::string(out, |out| escape::write_text_bytes(out, word)));
    });
    number(out, "parent", process.and_then(|process| process.parent).map(u64::from));
    text(out, "user", process.and_then(|process| process.user.as_deref()).map(str::as_bytes));
    text(out, "unit", process.and_then(|process| process.unit.as_deref()).map(str::as_bytes));
    text(out, "cgroup", process.and_then(|process| process.cgroup.as_deref()));
    text(out, "container", process.and_then(|process| process.container.as_ref()).map(|it| it.id.as_bytes()));
}

fn begin(out: &mut Vec<u8>, event: &str) {
    out.push(b'{');
    word(out, "event", Some(event));
    number(out, "schema", Some(SCHEMA));
}

fn key_or_null<T>(out: &mut Vec<u8>, key: &str, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    json::key(out, key);
    match value {
        Some(value) => write(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

fn number(out: &mut Vec<u8>, key: &str, value: Option<u64>) {
    key_or_null(out, key, value, decimal);
}

/// Writes a word of our own, which needs no escapes.
fn word(out: &mut Vec<u8>, key: &str, value: Option<&str>) {
    key_or_null(out, key, value, |out, value| {
        json::string(out, |out| out.extend_from_slice(value.as_bytes()));
    });
}

/// Writes an end in three ways: as one text, its address, its port.
fn end(out: &mut Vec<u8>, [both, address, port]: [&str; 3], end: Option<IpEndpoint>) {
    word(out, both, end.map(|end| end.to_string()).as_deref());
    word(out, address, end.map(|end| end.address.to_string()).as_deref());
    number(out, port, end.map(|end| end.port.into()));
}

/// Writes a moment in UTC.
fn moment(out: &mut Vec<u8>, key: &str, at: Option<SinceBoot>, clock: &ClockReading) {
    let boot = clock.since_1970.saturating_sub(clock.since_boot);
    let text = at.and_then(|at| UNIX_EPOCH.checked_add(boot)?.checked_add(at)).map(rfc_3339);
    word(out, key, text.as_deref());
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::history::{ConnectionRole, EndReason, ProcessInstance};
    use netstat_model::{Namespace, ProcessKey};
    use std::time::Duration;

    fn clock() -> ClockReading {
        ClockReading {
            boot_id: "x".into(),
            since_boot: Duration::from_secs(100),
            since_1970: Duration::from_secs(1_000_000_100),
        }
    }

    fn record() -> ConnectionRecord {
        let process = ProcessKey { pid: 7, start_time: 9 };
        ConnectionRecord {
            cookie: 5,
            namespace: Some(Namespace { inode: 3 }),
            transport: Transport::Tcp,
            role: ConnectionRole::Active,
            local: IpEndpoint::new([10, 0, 0, 1].into(), 40_000, 0),
            remote: Some(IpEndpoint::new("::1".parse().unwrap(), 443, 0)),
            v6_only: None,
            started: Some(Duration::from_millis(1000)),
            bound: None,
            established: None,
            first_fin: None,
            ended: Some((Duration::from_millis(1250), EndReason::Refused)),
            process: Some((ProcessInstance { process, executions: 2 }, OwnerSource::Made)),
            uid: Some(0),
            bytes_sent: Some(0),
            bytes_received: None,
            rtt: None,
            min_rtt: None,
            retransmits: Some(1),
        }
    }

    fn process() -> ProcessRecord {
        ProcessRecord {
            instance: record().process.unwrap().0,
            parent: Some(1),
            uid: Some(0),
            user: Some("root".into()),
            name: b"evil\x1b[2J".as_slice().into(),
            comm: b"evil".as_slice().into(),
            executable: Some(b"/tmp/a b".as_slice().into()),
            arguments: Some(b"a\0\0b\"\0".as_slice().into()),
            cgroup: Some(b"/".as_slice().into()),
            unit: None,
            container: None,
        }
    }

    #[test]
    fn an_end_is_one_line_of_json_and_unknown_is_null() {
        let mut out = Vec::new();
        write_connection(&mut out, "ended", &record(), Some(&process()), &clock());
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        for (key, value) in [
            ("event", "\"ended\""),
            ("proto", "\"TCP\""),
            ("local", "\"10.0.0.1:40000\""),
            ("raddr", "\"::1\""),
            ("rport", "443"),
            ("side", "\"out\""),
            ("started", "\"2001-09-09T01:46:41.000Z\""),
            ("established", "null"),
            ("lasted_us", "250000"),
            ("reason", "\"refused\""),
            ("pid", "7"),
            ("owner_source", "\"made\""),
            ("process", r#""evil\\x1b[2J""#),
            ("path", "\"/tmp/a b\""),
            ("cmdline", r#"["a","","b\""]"#),
            ("bytes_sent", "0"),
            ("bytes_received", "null"),
        ] {
            assert_eq!(line[key].to_string(), value, "{key}");
        }
    }

    #[test]
    fn without_a_process_its_keys_are_null() {
        let mut out = Vec::new();
        let mut record = record();
        (record.process, record.ended, record.uid, record.cookie) = (None, None, None, 0);
        write_connection(&mut out, "opened", &record, None, &clock());
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["event"], "opened");
        for key in [
            "started_before",
            "started_after",
            "pid",
            "process",
            "path",
            "user",
            "uid",
            "reason",
            "ended",
            "cookie",
            "owner_source",
        ] {
            assert!(line[key].is_null(), "{key}");
        }
    }

    #[test]
    fn of_a_begin_that_nobody_saw_a_bound_is_told() {
        let at = Duration::from_millis(1000);
        for (bound, key) in [
            (BeginBound::NoLaterThan(at), "started_before"),
            (BeginBound::NoEarlierThan(at), "started_after"),
        ] {
            let mut out = Vec::new();
            let record = ConnectionRecord { started: None, bound: Some(bound), ..record() };
            write_connection(&mut out, "opened", &record, None, &clock());
            let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(line[key], "2001-09-09T01:46:41.000Z");
            assert!(line["started"].is_null() && line["lasted_us"].is_null());
        }
    }

    #[test]
    fn a_gap_tells_what_is_missing() {
        let mut out = Vec::new();
        let (from, until) = (Duration::from_secs(1), Duration::from_secs(2));
        let gap = RecordGap { boot_id: None, from, until, lost: Some(9), cause: GapCause::Ring };
        write_gap(&mut out, &gap, &clock());
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            (&line["event"], &line["lost"], &line["cause"]),
            (&"gap".into(), &9.into(), &"ring".into())
        );
    }
}
