//! Measurements of made-up systems: what fails leaves the rest, and what is not known has no value.

use crate::metric::{Sample, Value, Values};
use crate::{
    Beside, Exposure, Form, Known, Label, LogBatch, Looks, Measured, Recorder, Resource, Wishes, all,
    metrics_json, text,
};
use netstat_check::{CheckSettings, Surroundings, by_name};
use netstat_model::history::GapCause;
use netstat_model::query::{Listing, Owners, ProcessFields, RouteQuery, Visit};
use netstat_model::{
    Answer, ConnectionRole, Conntrack, Counters, EndReason, Error, Firewall, Inbound, Interface,
    InterfaceCounters, IpEndpoint, Lifespan, Limits, Missing, Namespace, NoOwner, Operation, Owner,
    OwnerMethod, Ownership, PersistentRoute, Process, ProcessKey, Route, Socket, SocketRef, SocketTable,
    TcpCounters, TcpState, Transport,
};
use netstat_os::{
    CounterSources, Machine, NameDatabases, NameLookup, Processes, Restrictions, Routes, Sockets,
};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A system that has these sockets, or refuses to list any.
struct Made(Option<Vec<Socket>>);

fn refused(operation: Operation) -> Error {
    Error::new(operation, ErrorKind::PermissionDenied.into())
}

impl Sockets for Made {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        let sockets = self.0.as_ref().ok_or_else(|| refused(Operation::ListSockets))?;
        let mut table = SocketTable::new(listing.query.keep());
        for socket in sockets.iter().filter(|socket| listing.query.selects(*socket)) {
            let socket = SocketRef::from(socket);
            match visit(&socket) {
                Visit::Stop => break,
                Visit::Skip => {}
                _ => assert!(table.push(&socket)),
            }
        }
        Ok(Answer::whole((table, OwnerMethod::NotNeeded)))
    }
}

impl Processes for Made {
    fn processes(&self, wanted: &[ProcessKey], _: ProcessFields) -> Answer<Vec<Process>> {
        let named = |id: &ProcessKey| {
            let mut process = Process::unknown(*id, Missing::NotRead);
            if id.pid != 13 {
                process.name = Ok(format!("p{}", id.pid).into());
            }
            process
        };
        Answer::whole(wanted.iter().map(named).collect())
    }
}

impl Machine for Made {
    fn host_name(&self) -> Result<String, Error> {
        Ok("made".to_owned())
    }

    fn uptime(&self) -> Result<Duration, Error> {
        Ok(Duration::from_secs(100))
    }

    fn now(&self) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(Duration::from_secs(1_000_000_000))
    }

    fn boot_id(&self) -> Option<Box<str>> {
        None
    }

    fn namespace(&self) -> Option<Namespace> {
        None
    }
}

impl CounterSources for Made {
    fn counters(&self) -> Result<Answer<Counters>, Error> {
        // Each family by itself, as Windows counts.
        let counted = |segments| TcpCounters { out_segs: Some(segments), ..TcpCounters::default() };
        let counters = Counters { tcp_v4: Some(counted(4)), tcp_v6: Some(counted(6)), ..Counters::default() };
        Ok(Answer::whole(counters))
    }

    fn interface_counters(&self) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
        unreachable!("nothing asks for it")
    }
}

impl Restrictions for Made {
    fn limits(&self) -> Result<Answer<Limits>, Error> {
        Err(refused(Operation::ReadCounters))
    }

    fn conntrack(&self) -> Result<Answer<Option<Conntrack>>, Error> {
        Ok(Answer::whole(None))
    }

    fn firewall(&self, _: &[Inbound]) -> Firewall {
        unreachable!("the check that asks for it is not among these")
    }
}

impl NameDatabases for Made {
    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error> {
        Ok(Answer::whole(Vec::new()))
    }

    fn services(&self) -> Answer<Vec<u8>> {
        Answer::whole(Vec::new())
    }

    fn users(&self) -> Answer<Vec<u8>> {
        Answer::whole(Vec::new())
    }

    fn name_lookup(&self) -> Arc<dyn NameLookup> {
        unreachable!("no name is looked up")
    }
}

impl Routes for Made {
    fn interfaces(&self) -> Result<Answer<Vec<Interface>>, Error> {
        Ok(Answer::whole(Vec::new()))
    }

    fn routes(&self, _: &RouteQuery) -> Result<Answer<Vec<Route>>, Error> {
        Ok(Answer::whole(Vec::new()))
    }

    fn persistent_routes(&self) -> Result<Answer<Vec<PersistentRoute>>, Error> {
        unreachable!("nothing asks for it")
    }
}

fn end(port: u16) -> IpEndpoint {
    IpEndpoint::new([10, 0, 0, 1].into(), port, 0)
}

fn socket(port: u16, state: TcpState, ownership: Ownership) -> Socket {
    let family = netstat_model::Family::V4;
    let remote = (state != TcpState::Listen).then(|| IpEndpoint::new([192, 0, 2, 1].into(), 443, 0));
    Socket { state: Some(state), ownership, ..Socket::new(Transport::Tcp, family, end(port), remote) }
}

fn held(pid: u32) -> Ownership {
    let process = ProcessKey { pid, start_time: 1 };
    Ownership::Held(vec![Owner { process, parent: None, descriptor: None }])
}

fn measured(system: &Made, top: usize, recorder: Known<Recorder>) -> Measured {
    let wishes = Wishes {
        checks: vec![by_name("close-wait").unwrap()],
        settings: CheckSettings::default(),
        surroundings: Surroundings::default(),
        owners: Owners::Auto,
        top,
        version: "1.2.3",
    };
    Looks::begin(system, wishes).take(Beside { recorder, sending: None })
}

fn lines(measured: Measured) -> String {
    text(&Arc::new(measured.exposure), Form::Prometheus)
}

#[test]
fn what_fails_has_no_value_and_leaves_the_rest() {
    let measured = measured(&Made(None), 20, Known::Failed);
    assert_eq!(measured.failures.len(), 1);
    let text = lines(measured);
    for line in [
        "netstat_look_success{part=\"sockets\"} 0",
        "netstat_look_success{part=\"counters\"} 1",
        "netstat_look_success{part=\"recorder\"} 0",
        "netstat_tcp_segments_total{family=\"ipv4\",direction=\"transmit\"} 4",
        "netstat_tcp_segments_total{family=\"ipv6\",direction=\"transmit\"} 6",
        "netstat_build_info{version=\"1.2.3\"} 1",
        "netstat_look_timestamp_seconds 1000000000.0",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    for name in [
        "netstat_sockets",
        "netstat_check_findings",
        "netstat_local_ports",
        "netstat_recorder",
        "\"receive\"",
    ] {
        assert!(!text.contains(name), "{name}\n{text}");
    }
}

#[test]
fn who_holds_a_socket_is_never_guessed() {
    let sockets = vec![
        socket(1, TcpState::Established, held(1)),
        socket(2, TcpState::Established, held(1)),
        socket(3, TcpState::Established, held(2)),
        socket(4, TcpState::Established, held(13)),
        socket(5, TcpState::Established, Ownership::Unowned(NoOwner::NotPermitted)),
        socket(6, TcpState::TimeWait, Ownership::NotRead),
        socket(7, TcpState::CloseWait, Ownership::Unowned(NoOwner::Kernel)),
    ];
    let text = lines(measured(&Made(Some(sockets)), 1, Known::Nothing));
    let of_processes: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("netstat_process_sockets{protocol=\"tcp\","))
        .collect();
    assert_eq!(
        of_processes,
        [
            "state=\"close_wait\",owner=\"none\"} 1",
            "state=\"established\",process=\"p1\",owner=\"process\"} 2",
            "state=\"established\",process=\"other\",owner=\"other\"} 1",
            "state=\"established\",owner=\"unknown\"} 2",
            "state=\"time_wait\",owner=\"none\"} 1",
        ]
    );
    assert!(text.contains("\nnetstat_sockets{protocol=\"tcp\",state=\"listen\"} 0\n"), "{text}");
    assert!(text.contains("\nnetstat_sockets{protocol=\"udp\"} 0\n"), "{text}");
    assert!(text.contains("\nnetstat_look_success{part=\"limits\"} 0\n"), "{text}");
    assert!(!text.contains("netstat_local_ports"), "the range is not known: {text}");
    assert!(!text.contains("recorder"), "there is none: {text}");
    assert!(text.contains("\nnetstat_check_findings{check=\"close-wait\",level=\"critical\"} 0\n"), "{text}");
}

#[test]
fn a_label_is_text_in_every_form() {
    let evil = "a\"b\\c\nd\u{0}";
    let mut values = Values::new(all().next().unwrap());
    values.samples.push(Sample { labels: vec![(Label::Version, evil.to_owned())], value: Value::Whole(1) });
    let mut gauge = Values::new(&crate::look::DURATION);
    let port = vec![(Label::Process, evil.to_owned()), (Label::Port, "80".to_owned())];
    gauge.samples.push(Sample { labels: port, value: Value::Real(0.5) });
    let exposure = Arc::new(Exposure { at: None, values: vec![values, gauge] });
    for (form, comments) in [(Form::Prometheus, 4), (Form::OpenMetrics, 6)] {
        let text = text(&exposure, form);
        assert_eq!(text.lines().filter(|line| line.starts_with('#')).count(), comments, "{text}");
        assert!(text.contains("process=\"a\\\"b\\\\c\\nd\u{0}\",port=\"80\"} 0.5\n"), "{text}");
    }
    let resource = Resource { host: Some(evil.to_owned()), version: "1" };
    let json: serde_json::Value = serde_json::from_slice(&metrics_json(&exposure, &resource)).unwrap();
    let point = json.pointer("/resourceMetrics/0/scopeMetrics/0/metrics/0/gauge/dataPoints/0").unwrap();
    assert_eq!(point.pointer("/attributes/0/value/stringValue").unwrap(), evil);
    assert_eq!(point.pointer("/attributes/1/value/intValue").unwrap(), "80");
    assert_eq!(point["asDouble"], 0.5);
}

#[test]
fn an_ended_connection_is_a_record() {
    let mut gone = socket(40_000, TcpState::Closed, held(7));
    let ended = UNIX_EPOCH + Duration::from_secs(5);
    gone.lifespan = Some(Box::new(Lifespan {
        host: None,
        alike: 1,
        role: ConnectionRole::Active,
        started: None,
        started_before: None,
        started_after: None,
        established: None,
        first_fin: None,
        ended: Some((ended, EndReason::Refused)),
        lasted: Some(Duration::from_millis(1500)),
    }));
    gone.id.cookie = Some(u64::MAX);
    let mut process = Process::unknown(ProcessKey { pid: 7, start_time: 1 }, Missing::NotRead);
    process.name = Ok("cu\u{1b}rl".into());
    let mut batch = LogBatch::default();
    batch.add(&gone, Some(&process));
    // What is open is no record.
    batch.add(&socket(1, TcpState::Established, held(7)), None);
    assert_eq!(batch.len(), 1);
    batch.add_gap(UNIX_EPOCH, ended, Some(3), GapCause::Ring);
    let resource = Resource { host: None, version: "1" };
    let json: serde_json::Value = serde_json::from_slice(&batch.take_json(&resource, ended)).unwrap();
    assert!(batch.is_empty());
    let record = json.pointer("/resourceLogs/0/scopeLogs/0/logRecords/0").unwrap();
    assert_eq!(record["timeUnixNano"], "5000000000");
    assert_eq!(record["body"]["stringValue"], "cu\\x1brl: 10.0.0.1:40000 > 192.0.2.1:443: refused");
    let gap = json.pointer("/resourceLogs/0/scopeLogs/0/logRecords/1").unwrap();
    assert_eq!(
        (gap["severityText"].as_str(), gap["eventName"].as_str()),
        (Some("WARN"), Some("netstat.history.gap"))
    );
    assert!(
        gap["attributes"].to_string().contains(r#"{"key":"netstat.gap.lost","value":{"intValue":"3"}}"#),
        "{gap}"
    );
    let attributes = record["attributes"].as_array().unwrap();
    let of = |key: &str| {
        let found: Vec<_> = attributes.iter().filter(|attribute| attribute["key"] == key).collect();
        assert!(found.len() <= 1, "{key} twice");
        found.first().map(|attribute| attribute["value"].to_string())
    };
    assert_eq!(of("client.port").unwrap(), r#"{"intValue":"40000"}"#);
    assert_eq!(of("server.address").unwrap(), r#"{"stringValue":"192.0.2.1"}"#);
    assert_eq!(of("network.peer.port").unwrap(), r#"{"intValue":"443"}"#);
    assert_eq!(of("process.pid").unwrap(), r#"{"intValue":"7"}"#);
    assert_eq!(of("netstat.connection.duration").unwrap(), r#"{"doubleValue":1.5}"#);
    assert_eq!(of("netstat.connection.reason").unwrap(), r#"{"stringValue":"refused"}"#);
    assert_eq!(of("netstat.connection.bytes_sent"), None, "it is not known");
}

#[test]
fn names_are_those_that_prometheus_wants() {
    let names: Vec<String> = all().map(|metric| metric.prometheus()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "one is there twice");
    for (metric, name) in all().zip(&names) {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(name.starts_with("netstat_") && name.bytes().all(plain), "{name}");
        assert!(
            !metric.help.contains(['\\', '\n', '"']) && metric.help.ends_with('.'),
            "{name}: {}",
            metric.help
        );
        // The library adds it.
        assert!(!metric.name.ends_with("_total"), "{name}");
    }
}
