//! Sockets by protocol, state and process; listeners and the connections that wait there.

use crate::metric::{Kind, Label, Metric, Sample, Unit, Value, Values};
use crate::name::shown;
use netstat_check::Evidence;
use netstat_model::{IpSocketRef, NoOwner, OwnershipRef, ProcessKey, TcpState, Transport};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The most listeners whose queues are told.
pub(crate) const LISTENERS: usize = 256;

pub(crate) static SOCKETS: Metric = Metric {
    name: "netstat.sockets",
    kind: Kind::Gauge,
    unit: Unit::Of("{socket}"),
    help: "Sockets of TCP by state, and of UDP.",
};

pub(crate) static OF_PROCESSES: Metric = Metric {
    name: "netstat.process.sockets",
    kind: Kind::Gauge,
    unit: Unit::Of("{socket}"),
    help: "Sockets by protocol, state and the name of the program that holds them. The programs with the most sockets have their names, as many as --top says; the rest is process=other, owner=other. Sockets that no process holds have owner=none, those of which nobody may know who holds them owner=unknown.",
};

pub(crate) static PROCESSES: Metric = Metric {
    name: "netstat.processes",
    kind: Kind::Gauge,
    unit: Unit::Of("{process}"),
    help: "Processes that hold a socket of TCP or UDP, as far as they may be seen.",
};

pub(crate) static QUEUE: Metric = Metric {
    name: "netstat.listen.queue_length",
    kind: Kind::Gauge,
    unit: Unit::Of("{connection}"),
    help: "Connections that wait to be accepted. Listeners of one place and program are one value; the 256 with the fullest queues are told.",
};

pub(crate) static QUEUE_LIMIT: Metric = Metric {
    name: "netstat.listen.queue_limit",
    kind: Kind::Gauge,
    unit: Unit::Of("{connection}"),
    help: "How many connections may wait to be accepted, for the same listeners.",
};

pub(crate) static FULLEST: Metric = Metric {
    name: "netstat.listen.queue_fullest",
    kind: Kind::Gauge,
    unit: Unit::Ratio,
    help: "How full the fullest queue is of the listeners of one place and program: 1 is at its limit, and the kernel takes one more.",
};

/// All of them.
pub(crate) static ALL: &[&Metric] = &[&SOCKETS, &OF_PROCESSES, &PROCESSES, &QUEUE, &QUEUE_LIMIT, &FULLEST];

/// Who holds a socket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Holder {
    /// A program, by its name.
    Program(String),
    /// One of those that have no value of their own.
    Other,
    /// No process.
    Nobody,
    /// A process that may not be seen, or whose name may not.
    Unknown,
}

impl Holder {
    /// Returns the labels that name it.
    fn labels(&self) -> Vec<(Label, String)> {
        let (process, owner) = match self {
            Self::Program(name) => (Some(name.as_str()), "process"),
            Self::Other => (Some("other"), "other"),
            Self::Nobody => (None, "none"),
            Self::Unknown => (None, "unknown"),
        };
        let process = process.map(|name| (Label::Process, name.to_owned()));
        process.into_iter().chain([(Label::Owner, owner.to_owned())]).collect()
    }
}

/// Whom a process key stands for, each asked once.
struct Holders<'a> {
    evidence: &'a Evidence,
    names: FxHashMap<ProcessKey, Holder>,
}

impl Holders<'_> {
    fn of(&mut self, socket: &IpSocketRef<'_>) -> Holder {
        let ownership = socket.ownership();
        if let Some(owner) = ownership.principal() {
            let evidence = self.evidence;
            let holder = self.names.entry(owner.process).or_insert_with(|| {
                let process = evidence.processes.get(&owner.process);
                let name = process.and_then(|process| process.name.as_ref().ok());
                name.map_or(Holder::Unknown, |name| Holder::Program(shown(name)))
            });
            return holder.clone();
        }
        match ownership {
            OwnershipRef::Unowned(NoOwner::NoProcess | NoOwner::Kernel | NoOwner::Vanished) => Holder::Nobody,
            _ if socket.state == Some(TcpState::TimeWait) => Holder::Nobody,
            _ => Holder::Unknown,
        }
    }
}

/// Returns the name of a protocol.
pub(crate) fn protocol_name(protocol: Transport) -> &'static str {
    match protocol {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    }
}

/// Returns the name of a state. One that has no name is `unknown`, whatever its number.
fn state_name(state: TcpState) -> String {
    match state {
        TcpState::Unknown(_) => "unknown".to_owned(),
        named => named.to_string().to_ascii_lowercase(),
    }
}

/// Returns what is known of the sockets.
pub(crate) fn values(evidence: &Evidence, top: usize) -> Vec<Values> {
    let mut holders = Holders { evidence, names: FxHashMap::default() };
    let mut counts: FxHashMap<(Transport, Option<TcpState>, Holder), u64> = FxHashMap::default();
    let mut processes: FxHashSet<ProcessKey> = FxHashSet::default();
    let mut places: BTreeMap<Place, Queue> = BTreeMap::new();
    for socket in evidence.now.sockets.iter_ip() {
        let holder = holders.of(&socket);
        processes.extend(socket.ownership().owners().iter().map(|owner| owner.process));
        if socket.state == Some(TcpState::Listen)
            && let (Some(waiting), Some(limit)) = (socket.recv_queue(), socket.send_queue())
        {
            let place = (socket.local.address, socket.local.port, holder.clone());
            places.entry(place).or_default().add(waiting, limit);
        }
        *counts.entry((socket.protocol, socket.state, holder)).or_default() += 1;
    }
    let mut values = vec![by_state(evidence, &counts), by_holder(&counts, top)];
    values.push(Values::one(&PROCESSES, u64::try_from(processes.len()).ok()));
    values.extend(queues(places));
    values
}

type Counts = FxHashMap<(Transport, Option<TcpState>, Holder), u64>;

/// Returns the sockets of each state; of a state that has none it is known that it has none.
fn by_state(evidence: &Evidence, counts: &Counts) -> Values {
    let mut sums: BTreeMap<(&str, Option<String>), u64> = BTreeMap::new();
    let is_listed = |state: &TcpState| match state {
        TcpState::Bound => evidence.now.listed.bound,
        TcpState::DeleteTcb => cfg!(windows),
        _ => true,
    };
    if evidence.now.listed.whole {
        let states = TcpState::ALL.iter().filter(|state| is_listed(state));
        sums.extend(states.map(|state| (("tcp", Some(state_name(*state))), 0)));
        sums.insert(("udp", None), 0);
    }
    for ((protocol, state, _), count) in counts {
        let state = state.filter(|_| *protocol == Transport::Tcp).map(state_name);
        *sums.entry((protocol_name(*protocol), state)).or_default() += count;
    }
    let mut values = Values::new(&SOCKETS);
    for ((protocol, state), count) in sums {
        match state {
            Some(state) => {
                values.add([(Label::Protocol, protocol), (Label::State, &state)], Some(count));
            }
            None => values.add([(Label::Protocol, protocol)], Some(count)),
        }
    }
    values
}

fn by_holder(counts: &Counts, top: usize) -> Values {
    let mut programs: FxHashMap<&Holder, u64> = FxHashMap::default();
    for ((_, _, holder), count) in counts {
        if matches!(holder, Holder::Program(_)) {
            *programs.entry(holder).or_default() += count;
        }
    }
    let mut programs: Vec<(&Holder, u64)> = programs.into_iter().collect();
    programs.sort_unstable_by_key(|(holder, count)| (Reverse(*count), *holder));
    let named: FxHashSet<&Holder> = programs.iter().take(top).map(|(holder, _)| *holder).collect();
    let mut sums: BTreeMap<(&str, Option<String>, &Holder), u64> = BTreeMap::new();
    for ((protocol, state, holder), count) in counts {
        let is_other = matches!(holder, Holder::Program(_)) && !named.contains(holder);
        let holder = if is_other { &Holder::Other } else { holder };
        let state = state.filter(|_| *protocol == Transport::Tcp).map(state_name);
        *sums.entry((protocol_name(*protocol), state, holder)).or_default() += count;
    }
    let mut values = Values::new(&OF_PROCESSES);
    for ((protocol, state, holder), count) in sums {
        let mut labels = vec![(Label::Protocol, protocol.to_owned())];
        labels.extend(state.map(|state| (Label::State, state)));
        labels.extend(holder.labels());
        values.samples.push(Sample { labels, value: Value::Whole(count) });
    }
    values
}

/// A place that somebody listens at, and who: several listeners may share it.
type Place = (IpAddr, u16, Holder);

/// The queues of the listeners of a place.
#[derive(Debug, Default)]
struct Queue {
    waiting: u64,
    limit: u64,
    fullest: f64,
}

impl Queue {
    fn add(&mut self, waiting: u32, limit: u32) {
        self.waiting += u64::from(waiting);
        self.limit += u64::from(limit);
        // A limit of 0 takes one connection.
        self.fullest = self.fullest.max(f64::from(waiting) / f64::from(limit.max(1)));
    }
}

fn queues(places: BTreeMap<Place, Queue>) -> [Values; 3] {
    let mut places: Vec<(Place, Queue)> = places.into_iter().collect();
    let fuller = |one: &Queue, other: &Queue| {
        other
            .fullest
            .partial_cmp(&one.fullest)
            .unwrap_or(Ordering::Equal)
            .then(other.waiting.cmp(&one.waiting))
    };
    // Stable: of equals, the order of places.
    places.sort_by(|(_, one), (_, other)| fuller(one, other));
    places.truncate(LISTENERS);
    places.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut all = [&QUEUE, &QUEUE_LIMIT, &FULLEST].map(Values::new);
    for ((address, port, holder), queue) in places {
        let mut labels = vec![
            (Label::Protocol, "tcp".to_owned()),
            (Label::Address, address.to_string()),
            (Label::Port, port.to_string()),
        ];
        labels.extend(holder.labels());
        let numbers = [Value::Whole(queue.waiting), Value::Whole(queue.limit), Value::Real(queue.fullest)];
        for (values, value) in all.iter_mut().zip(numbers) {
            values.samples.push(Sample { labels: labels.clone(), value });
        }
    }
    all
}
