//! Looks at a made-up system, which answers what it is asked for and no more.

use super::*;
use crate::data::CheckData;
use crate::made::{fired, held, numbered, process, queues, tcp, udp, with};
use crate::policy::Policy;
use crate::thresholds::Thresholds;
use crate::{ALL, Check, CheckSettings, Fact, Finding, Severity, Text};
use netstat_model::query::{Kinds, Listing, ProcessFields, Visit};
use netstat_model::{
    Conntrack, Counters, Firewall, InterfaceCounters, Judgement, Limits, Missing, Namespace, OwnerMethod,
    Ownership, Passage, PortRange, ProcessDescriptors, Socket, SocketLevels, SocketMemory, TcpCounters,
    TcpExtCounters, TcpFields, TimerKind, UdpCounters,
};
use std::cell::Cell;
use std::sync::LazyLock;
use std::time::SystemTime;

/// A machine whose connections fail in every way that a check recognises.
struct Faulty {
    second: Cell<u64>,
    /// Sockets in TIME_WAIT; there may be 100.
    time_wait: u64,
}

impl Faulty {
    fn new(time_wait: u64) -> Self {
        Self { second: Cell::new(1), time_wait }
    }

    fn all_sockets(&self) -> Vec<Socket> {
        let second = u32::try_from(self.second.get()).unwrap();
        let connection = |number: u32| {
            let state = match number % 8 {
                1 => TcpState::CloseWait,
                4 => TcpState::SynSent,
                5 => TcpState::SynReceived,
                6 => TcpState::TimeWait,
                _ => TcpState::Established,
            };
            let remote = if number < 80 { "192.0.2.1:443" } else { "8.8.8.8:14444" };
            // Requests have the port of their listener.
            let port = if state == TcpState::SynReceived { 6379 } else { 40_000 + number };
            let socket = held(tcp(&format!("10.0.0.1:{port}"), remote, state), 7);
            let mut socket = with(numbered(socket, number.into()), |tcp| {
                tcp.rtt = Some(Duration::from_millis(number.into()));
                tcp.bytes_acked = Some(100);
                tcp.last_ack_received = Some(Duration::from_secs(200));
                tcp.last_data_sent = Some(Duration::from_secs(8000));
                tcp.send_window = Some(0);
                tcp.data_segs_out = Some(10 * second);
                tcp.total_retransmits = Some(if number % 8 == 2 { 9 * second } else { 0 });
                tcp.timeouts = Some(3);
            });
            if state == TcpState::TimeWait {
                (socket.tcp, socket.time_in_state) = (None, Some(Duration::from_secs(20)));
            }
            let waits = matches!(state, TcpState::SynSent | TcpState::SynReceived);
            let socket = if waits { fired(socket, TimerKind::Retransmit, 3) } else { socket };
            queues(socket, 0, if number % 8 == 3 { 5000 } else { 0 })
        };
        let listener = queues(held(tcp("0.0.0.0:6379", "", TcpState::Listen), 8), 129, 128);
        let mut resolver = numbered(held(udp("0.0.0.0:53", ""), 8), 501);
        let memory = SocketMemory { drops: Some(500 * second), ..SocketMemory::default() };
        resolver.memory = Some(Box::new(memory));
        (0..160).map(connection).chain([numbered(listener, 500), resolver]).collect()
    }
}

/// Removes what a query does not ask for.
fn as_asked(mut socket: Socket, query: &SocketQuery) -> Socket {
    if !query.reads_tcp_info() {
        socket.tcp = None;
    }
    if !query.fields.contains(Fields::MEMORY) {
        socket.memory = None;
    }
    if !query.fields.contains(Fields::TIME_IN_STATE) {
        socket.time_in_state = None;
    }
    socket
}

impl Sockets for Faulty {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        let mut table = SocketTable::new(listing.query.keep());
        for mut socket in self.all_sockets() {
            let owners = std::mem::replace(&mut socket.ownership, Ownership::NotRead);
            socket = as_asked(socket, listing.query);
            if !listing.query.selects(&socket) {
                continue;
            }
            let (visit, light) = match visit(&(&socket).into()) {
                Visit::KeepLight { owners: true } => (Visit::KeepWithOwners, true),
                Visit::KeepLight { owners: false } => (Visit::Keep, true),
                other => (other, false),
            };
            if visit == Visit::KeepWithOwners {
                socket.ownership = owners;
            }
            let socket = SocketRef::from(&socket);
            match visit {
                Visit::Stop => break,
                Visit::Skip => {}
                _ if light => assert!(table.push_light(&socket, false)),
                _ => assert!(table.push(&socket)),
            }
        }
        Ok(Answer { data: (table, OwnerMethod::NotNeeded), warnings: Vec::new() })
    }
}

impl Processes for Faulty {
    fn processes(&self, wanted: &[ProcessKey], fields: ProcessFields) -> Answer<Vec<Process>> {
        let known = wanted.iter().map(|id| process(id.pid, &format!("/tmp/p{}", id.pid)));
        let as_asked = |mut process: Process| {
            if !fields.contains(ProcessFields::EXECUTABLE) {
                process.executable = Err(Missing::NotRead);
            }
            process
        };
        Answer::whole(known.map(as_asked).collect())
    }
}

impl CounterSources for Faulty {
    fn counters(&self) -> Result<Answer<Counters>, Error> {
        let second = self.second.get();
        let tcp = TcpCounters {
            out_segs: Some(1000 * second),
            retrans_segs: Some(200 * second),
            ..TcpCounters::default()
        };
        let tcp_ext = TcpExtCounters {
            time_wait_overflow: Some(7 * second),
            listen_overflows: Some(30 * second),
            ..TcpExtCounters::default()
        };
        let levels = SocketLevels {
            tcp_tw: Some(self.time_wait),
            tcp_max_tw_buckets: Some(100),
            ..SocketLevels::default()
        };
        let udp = UdpCounters { rcvbuf_errors: Some(500 * second), ..UdpCounters::default() };
        Ok(Answer {
            data: Counters {
                tcp: Some(tcp),
                tcp_ext: Some(tcp_ext),
                levels: Some(levels),
                udp_v4: Some(udp),
                ..Counters::default()
            },
            warnings: Vec::new(),
        })
    }

    fn interface_counters(&self) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
        unreachable!("no check asks for it")
    }
}

impl Restrictions for Faulty {
    fn limits(&self) -> Result<Answer<Limits>, Error> {
        let ports = netstat_model::DynamicPorts {
            range: PortRange { first: 40_000, last: 40_199 },
            excluded: Vec::new(),
            shared_by_remotes: true,
        };
        let [tcp_v4_ports, tcp_v6_ports, udp_v4_ports, udp_v6_ports] =
            std::array::from_fn(|_| Some(ports.clone()));
        let ports = Limits { tcp_v4_ports, tcp_v6_ports, udp_v4_ports, udp_v6_ports, ..Limits::default() };
        Ok(Answer { data: ports, warnings: Vec::new() })
    }

    fn conntrack(&self) -> Result<Answer<Option<Conntrack>>, Error> {
        Ok(Answer { data: None, warnings: Vec::new() })
    }

    fn descriptors(&self) -> Result<Answer<Option<DescriptorUse>>, Error> {
        let process = ProcessKey { pid: 7, start_time: 1 };
        let counts = ProcessDescriptors { process, open: 300, soft_limit: Some(1024), unlisted: Some(150) };
        Ok(Answer::whole(Some(DescriptorUse { processes: vec![counts], unreadable: 0 })))
    }

    fn firewall(&self, asked: &[Inbound]) -> Firewall {
        let open =
            |_: &Inbound| Some(Judgement { passage: Passage::Open, by: Vec::new(), diverted: Vec::new() });
        let judgements = asked.iter().map(open).collect();
        Firewall { judgements, published: Vec::new(), unread: Vec::new() }
    }
}

impl Machine for Faulty {
    fn uptime(&self) -> Result<Duration, Error> {
        Ok(Duration::from_secs(self.second.get()))
    }

    fn host_name(&self) -> Result<String, Error> {
        unreachable!("no check asks for it")
    }

    fn now(&self) -> Option<SystemTime> {
        None
    }

    fn boot_id(&self) -> Option<Box<str>> {
        None
    }

    fn namespace(&self) -> Option<Namespace> {
        None
    }
}

impl NameDatabases for Faulty {
    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error> {
        Ok(Answer::whole(vec!["10.0.0.77".parse().unwrap()]))
    }

    fn services(&self) -> Answer<Vec<u8>> {
        unreachable!("no check asks for it")
    }

    fn users(&self) -> Answer<Vec<u8>> {
        unreachable!("whoever runs the checks asks for it")
    }

    fn name_lookup(&self) -> Arc<dyn netstat_os::NameLookup> {
        unreachable!("no check asks for it")
    }
}

impl Routes for Faulty {
    fn interfaces(&self) -> Result<Answer<Vec<netstat_model::Interface>>, Error> {
        unreachable!("no check asks for it")
    }

    fn routes(&self, _: &RouteQuery) -> Result<Answer<Vec<netstat_model::Route>>, Error> {
        Ok(Answer::whole(Vec::new()))
    }

    fn persistent_routes(&self) -> Result<Answer<Vec<netstat_model::PersistentRoute>>, Error> {
        unreachable!("no check asks for it")
    }
}

/// A check that reads a field of every TCP socket which no other check reads of an idle one.
static RTT: Check = Check {
    name: "rtt",
    data: &RTT_DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP,
        states: States::all(),
        tcp: TcpFields::RTT,
        ..EvidenceNeeds::NOTHING
    },
    run: average_rtt,
};

static RTT_DATA: LazyLock<CheckData> = LazyLock::new(CheckData::default);

fn average_rtt(evidence: &Evidence, _: &Thresholds<'_>) -> Vec<Finding> {
    let connections = || evidence.now.sockets.iter().filter(|socket| socket.protocol == Transport::Tcp);
    let known: Vec<Duration> = connections().filter_map(|socket| socket.tcp()?.rtt).collect();
    let text = Text::same(format!("known of {} of {}", known.len(), connections().count()));
    let mut finding = Finding::new(Severity::Ok, text);
    let sum = u64::try_from(known.iter().sum::<Duration>().as_millis()).unwrap();
    finding.facts.push(Fact::said("sum_ms", sum));
    vec![finding]
}

/// Looks as the program does.
fn evidence(machine: &Faulty, chosen: &[&Check]) -> Evidence {
    let needs = JointNeeds::of(chosen.iter().map(|check| check.needs));
    let policy = Policy::parse("allow.listen = []\nallow.connect = []\n").unwrap();
    let surroundings = Surroundings { policy: Some(Arc::new(policy)), ..Surroundings::default() };
    let mut source = EvidenceSource::new(machine, needs, surroundings);
    let mut warnings = Vec::new();
    if source.first_look(&mut warnings).unwrap() {
        machine.second.set(machine.second.get() + 1);
    }
    source.look(&mut warnings).unwrap()
}

/// Returns what a check finds if these are chosen.
fn found(check: &Check, chosen: &[&Check], time_wait: u64) -> Vec<Finding> {
    check.judge(&evidence(&Faulty::new(time_wait), chosen), &CheckSettings::default())
}

#[test]
fn a_check_finds_the_same_alone_and_beside_others() {
    let all: Vec<&Check> = ALL.into_iter().chain([&RTT]).collect();
    for time_wait in [10, 100] {
        let rtt = found(&RTT, &[&RTT], time_wait);
        assert_eq!(rtt[0].sentence, Text::same("known of 140 of 161".to_owned()));
        assert_eq!(found(&RTT, &all, time_wait), rtt);
        for check in ALL {
            assert_eq!(found(&RTT, &[&RTT, check], time_wait), rtt, "beside {}", check.name);
            let alone = found(check, &[check], time_wait);
            for other in &all {
                let beside = found(check, &[check, *other], time_wait);
                assert_eq!(beside, alone, "{} beside {}, {time_wait}", check.name, other.name);
            }
            assert_eq!(found(check, &all, time_wait), alone, "{} beside all, {time_wait}", check.name);
        }
    }
}

/// So that the test above compares more than "nothing is wrong".
#[test]
fn the_machine_has_something_wrong_for_nearly_every_check() {
    let well: Vec<&str> = ALL
        .into_iter()
        .filter(|check| found(check, &[*check], 100).iter().all(|finding| finding.severity == Severity::Ok))
        .map(|check| check.name)
        .collect();
    assert_eq!(well, ["conntrack", "shadowed"]);
}

#[test]
fn a_full_table_of_time_wait_is_looked_at_twice_and_another_is_not() {
    let check = crate::by_name("port-exhaustion").unwrap();
    for (time_wait, twice) in [(0, false), (49, false), (50, true), (100, true)] {
        let machine = Faulty::new(time_wait);
        let evidence = evidence(&machine, &[check]);
        assert_eq!((evidence.before.is_some(), machine.second.get() == 2), (twice, twice), "{time_wait}");
    }
}

#[test]
fn a_filter_selects_processes_by_their_descriptors() {
    let machine = Faulty::new(0);
    let check = crate::by_name("descriptors").unwrap();
    let severity = |words: &str| {
        let filter = Filter::parse(&[words.into()], &netstat_engine::filter::NumbersOnly).unwrap();
        let needs = JointNeeds::of([check.needs]);
        let mut source =
            EvidenceSource::new(&machine, needs, Surroundings::default()).filtered(Some(&filter));
        let evidence = source.look(&mut Vec::new()).unwrap();
        check.judge(&evidence, &CheckSettings::default())[0].severity
    };
    for (words, expected) in [
        ("pid 7", Severity::Warning),
        ("process p7", Severity::Warning),
        ("not process p7", Severity::Notice),
        ("pid 8", Severity::Notice),
        ("lport 80", Severity::Ok),
    ] {
        assert_eq!(severity(words), expected, "{words}");
    }
}

#[test]
fn growth_is_measured_from_the_fewest_descriptors() {
    let counts = |open, unlisted| ProcessDescriptors {
        process: ProcessKey { pid: 7, start_time: 1 },
        open,
        soft_limit: None,
        unlisted,
    };
    let mut since = FxHashMap::default();
    let mut at = 0;
    let mut look = |open, unlisted| {
        at += 1;
        let now = DescriptorUse { processes: vec![counts(open, unlisted)], unreadable: 0 };
        since = fewest(&now, &since, Duration::from_secs(at));
        let fewest = since.values().next().unwrap();
        (fewest.at.as_secs(), fewest.open, fewest.unlisted)
    };
    assert_eq!(look(20, Some(3)), (1, 20, Some(3)));
    assert_eq!(look(25, None), (1, 20, Some(3)));
    assert_eq!(look(30, Some(1)), (1, 20, Some(1)));
    assert_eq!(look(10, Some(2)), (4, 10, Some(2)));
    assert_eq!(look(11, Some(9)), (4, 10, Some(2)));
}
