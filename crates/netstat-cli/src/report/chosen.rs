//! Which events a recorder keeps that was given a filter.

use netstat_engine::filter::{Context, Filter};
use netstat_model::history::{
    BeginBound, ClockReading, ConnectionEvent, ConnectionRecord, ConnectionRole, OwnerSource,
    ProcessInstance, ProcessRecord, SinceBoot,
};
use netstat_model::{IpEndpoint, Owner, Process, ProcessKey, Transport};
use netstat_os::described;
use netstat_store::{Seen, socket_of};
use rustc_hash::FxHashMap;
use std::time::{Duration, UNIX_EPOCH};

/// The most processes that are remembered, beyond which those go that were not needed for longest.
const MOST_PROCESSES: usize = 1 << 16;

/// The most open connections that are remembered. Others are judged by what their ends tell alone.
const MOST_OPEN: usize = 1 << 19;

/// Tells one open socket from all others.
pub(super) type Key = (u64, Option<(Transport, IpEndpoint, Option<IpEndpoint>)>);

pub(super) fn key_of(record: &ConnectionRecord) -> Key {
    let ends = (record.cookie == 0).then_some((record.transport, record.local, record.remote));
    (record.cookie, ends)
}

/// What is remembered of a connection that is open.
struct Open {
    is_kept: bool,
    process: Option<(ProcessInstance, OwnerSource)>,
    started: Option<SinceBoot>,
    role: ConnectionRole,
}

/// What is remembered of a process.
struct Known {
    record: Box<ProcessRecord>,
    process: Process,
    is_told: bool,
    /// When it was needed last, in processes that were needed.
    needed: u64,
}

/// Chooses from the events of a recorder: connections that a filter selects while they are open or by what is known at their
/// ends, and their processes. What is missing is told in any case.
pub(super) struct Chosen {
    filter: Filter,
    /// The name of this host, as a history has it.
    host: Option<String>,
    processes: FxHashMap<ProcessInstance, Known>,
    open: FxHashMap<Key, Open>,
    needed: u64,
}

impl Chosen {
    /// `open` are the connections that are kept already, and whose ends will be.
    pub(super) fn new(filter: Filter, host: Option<String>, open: &[ConnectionRecord]) -> Self {
        let (processes, known) = (FxHashMap::default(), FxHashMap::default());
        let mut chosen = Self { filter, host, processes, open: known, needed: 0 };
        for record in open {
            chosen.remember(record, true);
        }
        chosen
    }

    /// Takes out the events that are not kept.
    pub(super) fn choose(&mut self, events: &mut Vec<ConnectionEvent>, now: &ClockReading) {
        self.filter.set_now(UNIX_EPOCH.checked_add(now.since_1970));
        for event in std::mem::take(events) {
            match event {
                ConnectionEvent::Process(record) => self.meet(record, events),
                ConnectionEvent::Opened(record) => {
                    let is_kept = self.is_kept(&record);
                    let has_room = is_kept || self.open.len() < MOST_OPEN;
                    if is_kept || (has_room && self.selects(&record, now)) {
                        self.remember(&record, true);
                        self.tell_process(&record, events);
                        events.push(ConnectionEvent::Opened(record));
                    } else if has_room {
                        self.remember(&record, false);
                    }
                }
                ConnectionEvent::HalfClosed(record) => {
                    if self.is_kept(&record) {
                        events.push(ConnectionEvent::HalfClosed(record));
                    }
                }
                ConnectionEvent::Ended(mut record) => {
                    let open = self.open.remove(&key_of(&record));
                    if let Some(open) = &open {
                        record.process = record.process.or(open.process);
                        record.started = record.started.or(open.started);
                        if record.role == ConnectionRole::Unknown {
                            record.role = open.role;
                        }
                    }
                    if open.is_some_and(|open| open.is_kept) || self.selects(&record, now) {
                        self.tell_process(&record, events);
                        events.push(ConnectionEvent::Ended(record));
                    }
                }
                gap @ ConnectionEvent::Gap(_) => events.push(gap),
            }
        }
    }

    /// Forgets connections that are kept as ended without having been told as events.
    pub(super) fn forget(&mut self, ended: &[ConnectionEvent]) {
        for event in ended {
            if let ConnectionEvent::Ended(record) = event {
                self.open.remove(&key_of(record));
            }
        }
    }

    /// Returns how many open connections are remembered.
    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.open.len()
    }

    fn is_kept(&self, record: &ConnectionRecord) -> bool {
        self.open.get(&key_of(record)).is_some_and(|open| open.is_kept)
    }

    fn remember(&mut self, record: &ConnectionRecord, is_kept: bool) {
        let ConnectionRecord { process, started, role, .. } = *record;
        let open = self.open.entry(key_of(record)).or_insert(Open { is_kept, process, started, role });
        open.is_kept |= is_kept;
        open.process = process.or(open.process);
        open.started = started.or(open.started);
    }

    /// Remembers a process. One that was told already is told again, with what is known now.
    fn meet(&mut self, record: Box<ProcessRecord>, events: &mut Vec<ConnectionEvent>) {
        if self.processes.len() >= MOST_PROCESSES {
            let mut needed: Vec<u64> = self.processes.values().map(|known| known.needed).collect();
            needed.sort_unstable();
            let oldest = needed.get(needed.len() / 2).copied().unwrap_or(0);
            self.processes.retain(|_, known| known.needed > oldest);
        }
        let is_told = self.processes.get(&record.instance).is_some_and(|known| known.is_told);
        if is_told {
            events.push(ConnectionEvent::Process(record.clone()));
        }
        self.needed += 1;
        let process = described(record.instance.process, &record);
        let needed = self.needed;
        self.processes.insert(record.instance, Known { record, process, is_told, needed });
    }

    fn tell_process(&mut self, record: &ConnectionRecord, events: &mut Vec<ConnectionEvent>) {
        let known = record.process.and_then(|(instance, _)| self.processes.get_mut(&instance));
        if let Some(known) = known
            && !known.is_told
        {
            known.is_told = true;
            events.push(ConnectionEvent::Process(known.record.clone()));
        }
    }

    /// Whether the filter selects a connection, as it will when the history is asked.
    fn selects(&mut self, record: &ConnectionRecord, now: &ClockReading) -> bool {
        self.needed += 1;
        let known = record.process.and_then(|(instance, _)| self.processes.get_mut(&instance));
        if let Some(known) = known {
            known.needed = self.needed;
        }
        let known = record.process.and_then(|(instance, _)| self.processes.get(&instance));
        let owner = record.process.map(|(instance, _)| Owner {
            process: instance.process,
            parent: known.and_then(|known| known.record.parent),
            descriptor: None,
        });
        let seen = Seen::Whole { last: record.ended.is_none().then_some(now.since_1970) };
        let socket = socket_of(&dated(record, now), None, owner, self.host.as_deref(), seen);
        let find = |key: ProcessKey| known.map(|known| &known.process).filter(|process| process.id == key);
        let context = Context::new(&find);
        // Of a process that was forgotten nobody can say that it does not match.
        let is_forgotten = record.process.is_some() && known.is_none();
        self.filter.matches(&socket, &context).is_yes()
            || is_forgotten && self.filter.may_match(&socket, &context)
    }
}

/// Returns a record whose times are since 1970.
fn dated(record: &ConnectionRecord, now: &ClockReading) -> ConnectionRecord {
    let booted = now.since_1970.saturating_sub(now.since_boot);
    let dated = |at: Duration| at.saturating_add(booted);
    let mut record = record.clone();
    record.started = record.started.map(dated);
    record.established = record.established.map(dated);
    record.first_fin = record.first_fin.map(|(at, is_local)| (dated(at), is_local));
    record.ended = record.ended.map(|(at, reason)| (dated(at), reason));
    record.bound = record.bound.map(|bound| match bound {
        BeginBound::NoLaterThan(at) => BeginBound::NoLaterThan(dated(at)),
        BeginBound::NoEarlierThan(at) => BeginBound::NoEarlierThan(dated(at)),
    });
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_engine::filter::NumbersOnly;
    use netstat_model::history::{EndReason, GapCause, RecordGap};
    use netstat_store::{Preselection, Reader, Span, Writer, WriterOptions};
    use std::ops::ControlFlow;

    fn process(pid: u32, name: &str) -> ConnectionEvent {
        let process = ProcessKey { pid, start_time: 1 };
        ConnectionEvent::Process(Box::new(ProcessRecord {
            instance: ProcessInstance { process, executions: 1 },
            parent: Some(1),
            uid: Some(0),
            user: None,
            name: name.as_bytes().into(),
            comm: name.as_bytes().into(),
            executable: None,
            arguments: None,
            cgroup: None,
            unit: None,
            container: None,
        }))
    }

    fn connection(cookie: u64, pid: u32, ended: Option<u64>) -> ConnectionRecord {
        let end = |port| IpEndpoint::new([192, 0, 2, 1].into(), port, 0);
        let process = ProcessKey { pid, start_time: 1 };
        ConnectionRecord {
            cookie,
            namespace: None,
            transport: Transport::Tcp,
            role: ConnectionRole::Active,
            local: end(40_000),
            remote: Some(end(443)),
            v6_only: None,
            started: Some(Duration::from_secs(100)),
            bound: None,
            established: Some(Duration::from_secs(100)),
            first_fin: None,
            ended: ended.map(|at| (Duration::from_secs(at), EndReason::ClosedByUs)),
            process: Some((ProcessInstance { process, executions: 1 }, OwnerSource::Made)),
            uid: None,
            bytes_sent: Some(1),
            bytes_received: None,
            rtt: None,
            min_rtt: None,
            retransmits: None,
        }
    }

    /// What is kept of events, each in a word.
    fn kept(chosen: &mut Chosen, mut events: Vec<ConnectionEvent>) -> Vec<String> {
        let now = ClockReading {
            boot_id: "".into(),
            since_boot: Duration::from_secs(200),
            since_1970: Duration::from_secs(1_790_000_200),
        };
        chosen.choose(&mut events, &now);
        let word = |event: &ConnectionEvent| match event {
            ConnectionEvent::Process(record) => format!("process {}", record.instance.process.pid),
            ConnectionEvent::Opened(record) => format!("opened {}", record.cookie),
            ConnectionEvent::HalfClosed(record) => format!("half {}", record.cookie),
            ConnectionEvent::Ended(record) => format!("ended {}", record.cookie),
            ConnectionEvent::Gap(_) => "gap".to_owned(),
        };
        events.iter().map(word).collect()
    }

    fn chosen(filter: &str, open: &[ConnectionRecord]) -> Chosen {
        Chosen::new(Filter::parse(&[filter.into()], &NumbersOnly).unwrap(), Some("web-1".into()), open)
    }

    fn opened(record: ConnectionRecord) -> ConnectionEvent {
        ConnectionEvent::Opened(Box::new(record))
    }

    fn ended(record: ConnectionRecord) -> ConnectionEvent {
        ConnectionEvent::Ended(Box::new(record))
    }

    #[test]
    fn a_connection_is_kept_with_its_process_and_no_other() {
        let mut chosen = chosen("process curl", &[]);
        let first = vec![
            process(1, "curl"),
            process(2, "other"),
            opened(connection(10, 1, None)),
            opened(connection(20, 2, None)),
            ended(connection(30, 1, Some(150))),
        ];
        assert_eq!(kept(&mut chosen, first), ["process 1", "opened 10", "ended 30"]);
        let gap = RecordGap {
            boot_id: None,
            from: Duration::ZERO,
            until: Duration::ZERO,
            lost: None,
            cause: GapCause::Ring,
        };
        // What an end does not say is known from when it was open.
        let poor = |cookie| ConnectionRecord { process: None, ..connection(cookie, 1, Some(160)) };
        let half = |cookie| ConnectionEvent::HalfClosed(Box::new(poor(cookie)));
        let later = vec![half(10), half(20), ended(poor(10)), ended(poor(20)), ConnectionEvent::Gap(gap)];
        assert_eq!(kept(&mut chosen, later), ["half 10", "ended 10", "gap"]);
        assert!(chosen.open.is_empty());
    }

    #[test]
    fn the_end_decides_unless_it_was_kept_while_it_was_open() {
        let mut long = chosen("lasted > 70s", &[]);
        let events = vec![
            opened(ConnectionRecord { started: Some(Duration::from_secs(150)), ..connection(1, 1, None) }),
            ended(connection(1, 1, Some(120))),
            ended(connection(2, 1, Some(190))),
        ];
        assert_eq!(kept(&mut long, events), ["ended 2"]);
        // One that an earlier recorder kept is not open for ever.
        let mut established = chosen("state established", &[connection(3, 1, None)]);
        let events = vec![
            opened(connection(4, 1, None)),
            ended(connection(3, 1, Some(190))),
            ended(connection(4, 1, Some(190))),
            ended(connection(5, 1, Some(190))),
        ];
        assert_eq!(kept(&mut established, events), ["opened 4", "ended 3", "ended 4"]);
    }

    #[test]
    fn what_is_gone_is_not_remembered() {
        let before = [connection(1, 1, None), connection(2, 1, None)];
        let mut chosen = chosen("process curl", &before);
        assert_eq!(chosen.remembered(), 2);
        chosen.forget(&[ended(connection(2, 1, Some(190)))]);
        assert_eq!(chosen.remembered(), 1);
        assert_eq!(kept(&mut chosen, vec![ended(connection(1, 1, Some(190)))]), ["ended 1"]);
        assert_eq!(chosen.remembered(), 0);
    }

    /// The cookies of the ends that a history has, of those that a filter selects.
    fn asked(store: &std::path::Path, filter: Option<&str>) -> Vec<u64> {
        let reader = Reader::open(store).unwrap();
        let (processes, _) = reader.processes().unwrap();
        let filter = filter.map(|text| Filter::parse(&[text.into()], &NumbersOnly).unwrap());
        let mut cookies = Vec::new();
        reader
            .ends(&Span::default(), &Preselection::default(), &mut |socket| {
                let find = |key: ProcessKey| processes.get(&key);
                let context = Context::new(&find);
                if filter.as_ref().is_none_or(|filter| filter.matches(socket, &context).is_yes()) {
                    cookies.extend(socket.id.cookie);
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        cookies.sort_unstable();
        cookies
    }

    #[test]
    fn what_is_kept_is_what_the_history_of_all_would_have_answered() {
        let folder = std::env::temp_dir().join(format!("netstat-chosen-{}", std::process::id()));
        let now = ClockReading {
            boot_id: "one".into(),
            since_boot: Duration::from_secs(200),
            since_1970: Duration::from_secs(1_790_000_200),
        };
        let options = WriterOptions { host: Some("web-1".into()), ..WriterOptions::default() };
        let other = |cookie, change: fn(&mut ConnectionRecord)| {
            let mut record = connection(cookie, 2, Some(150 + cookie));
            change(&mut record);
            ended(record)
        };
        let events = vec![
            process(1, "curl"),
            process(2, "other"),
            ended(connection(1, 1, Some(101))),
            ended(connection(2, 1, Some(190))),
            other(3, |record| record.remote = Some(IpEndpoint::new([10, 0, 0, 1].into(), 22, 0))),
            other(4, |record| record.ended = Some((Duration::from_secs(160), EndReason::Refused))),
            other(5, |record| record.process = None),
            other(6, |record| record.started = None),
            other(7, |record| record.transport = Transport::Udp),
            other(8, |record| record.bytes_received = Some(1 << 20)),
            other(9, |record| (record.role, record.remote) = (ConnectionRole::Listener, None)),
        ];
        let keep = |name: &str, events: &[ConnectionEvent]| {
            let store = folder.join(name);
            let mut writer = Writer::open(&store, &options, &now).unwrap();
            writer.append(events);
            writer.commit(&now).unwrap();
            store
        };
        let all = keep("all", &events);
        assert_eq!(asked(&all, None).len(), 9);
        let filters = [
            "process curl",
            "not process curl",
            "pid 1 or port 22",
            "dst 10.0.0.0/8",
            "not dst 10.0.0.0/8 and tcp",
            "udp",
            "lasted > 60s",
            "not lasted > 60s",
            "reason refused",
            "bytes_received > 1k",
            "hostname web-*",
            "state closed",
            "started > 2026-09-21T14:14:00Z",
            "ended < 2026-09-21T14:15:30Z",
            "not rport 443",
        ];
        let mut found = 0;
        for (number, filter) in filters.iter().enumerate() {
            let mut chosen = chosen(filter, &[]);
            let mut some = events.clone();
            chosen.choose(&mut some, &now);
            let kept = asked(&keep(&number.to_string(), &some), None);
            assert_eq!(kept, asked(&all, Some(filter)), "{filter}");
            found += kept.len();
        }
        assert!(found > 30, "{found}");
        let _ = std::fs::remove_dir_all(folder);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_who_is_forgotten_may_match() {
        let mut chosen = chosen("process curl", &[]);
        for pid in 1..=u32::try_from(MOST_PROCESSES).unwrap() + 10 {
            kept(&mut chosen, vec![process(pid, "other")]);
        }
        assert!(chosen.processes.len() <= MOST_PROCESSES);
        let last = u32::try_from(MOST_PROCESSES).unwrap() + 10;
        let events = vec![ended(connection(1, 1, Some(150))), ended(connection(2, last, Some(150)))];
        assert_eq!(kept(&mut chosen, events), ["ended 1"]);
    }
}
