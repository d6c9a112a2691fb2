//! `suspicious`: connections to public addresses about which something is odd. Facts, never a verdict.

mod facts;
mod texts;

use super::data::say;
use super::held_by::HeldBy;
use super::holders::to_see_all;
use super::identity::WHO;
use super::surroundings::Wanted;
use super::text::named;
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Severity, Text, Thresholds};
use facts::Reason;
use netstat_engine::enrich::Reach;
use netstat_engine::filter::Glob;
use netstat_model::query::{Kinds, ProcessFields, States};
use netstat_model::{IpEndpoint, IpSocketRef, Missing, NoOwner, OwnershipRef, Process, TcpState, Transport};
use rustc_hash::FxHashSet;
use std::cmp::Reverse;
use std::net::{IpAddr, SocketAddr};
use texts::{DATA, SOURCE};

/// `suspicious`: connections and listeners that an attacker might have made.
pub static CHECK: Check = Check {
    name: "suspicious",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP,
        states: JUDGED,
        listening: true,
        owners: JUDGED,
        process: WHO.union(ProcessFields::COMMAND_LINE),
        surroundings: Wanted { users: true, lists: true, places: true, ..Wanted::NOTHING },
        ..EvidenceNeeds::NOTHING
    },
    run,
};

const JUDGED: States = States::SYN_SENT.union(States::ESTABLISHED).union(States::CLOSE_WAIT);

/// What the settings call usual.
struct Usual {
    countries: Vec<String>,
    networks: Vec<String>,
    ports: Vec<u16>,
    paths: Vec<Glob>,
}

impl Usual {
    fn of(thresholds: &Thresholds<'_>) -> Self {
        let words = |setting| thresholds.words(setting);
        Self {
            countries: words("usual-countries").iter().map(|code| code.to_ascii_uppercase()).collect(),
            networks: words("usual-networks").iter().map(|name| name.to_lowercase()).collect(),
            ports: words("usual-ports").iter().filter_map(|port| tcp_port(port)).collect(),
            paths: words("usual-paths").iter().map(|pattern| Glob::new(pattern)).collect(),
        }
    }

    /// Returns whether the executable of a process is a usual one.
    fn has_path(&self, process: &Process) -> bool {
        let path = process.executable.as_ref().ok().map(|file| file.path.as_os_str());
        path.is_some_and(|path| self.paths.iter().any(|glob| glob.matches(path)))
    }

    fn has_network(&self, number: Option<u32>, name: Option<&str>) -> bool {
        self.networks.iter().any(|usual| {
            let digits = usual.strip_prefix("as").unwrap_or(usual);
            match digits.parse::<u32>() {
                Ok(wanted) => number == Some(wanted),
                Err(_) => name.is_some_and(|name| Glob::new(usual).matches(name.to_lowercase().as_ref())),
            }
        })
    }
}

/// Returns the port of `8000` or `8000/tcp`.
fn tcp_port(word: &str) -> Option<u16> {
    let (number, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    number.trim().parse().ok().filter(|_| protocol.eq_ignore_ascii_case("tcp"))
}

/// Which side made a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// This host did.
    Out,
    /// The other side did: it came to a port that somebody listens on here.
    In,
}

/// A connection with a public address.
#[derive(Clone, Copy)]
struct Connection<'a> {
    socket: IpSocketRef<'a>,
    remote: IpEndpoint,
    direction: Direction,
}

impl<'a> Connection<'a> {
    /// Returns `None` for a socket that leads to no public address.
    fn of(socket: IpSocketRef<'a>, listening: &FxHashSet<(Transport, u16)>) -> Option<Self> {
        let judged = socket.state.is_some_and(|state| JUDGED.contains(States::of(state)));
        let remote = socket.remote.filter(|end| Reach::of(end.address) == Some(Reach::Public))?;
        if socket.protocol != Transport::Tcp || !judged || remote.address == socket.local.address {
            return None;
        }
        let inward = listening.contains(&(Transport::Tcp, socket.local.port));
        Some(Self { socket, remote, direction: if inward { Direction::In } else { Direction::Out } })
    }
}

/// Returns what is odd about the remote end.
fn of_remote(evidence: &Evidence, usual: &Usual, connection: &Connection<'_>) -> Vec<Reason> {
    let address = connection.remote.address;
    let out = connection.direction == Direction::Out;
    let mut reasons = Vec::new();
    if let Some((list, entry)) = evidence.surroundings.listed(address) {
        reasons.push(Reason {
            key: "listed",
            weight: if out { facts::LISTED_OUT } else { facts::LISTED_IN },
            text: say!("listed", address, list, line = entry.line.to_string(), entry = entry.to_string()),
        });
    }
    // A client of a service here may come from anywhere and from any port.
    if !out {
        return reasons;
    }
    reasons.extend(facts::of_ports(connection.socket.local.port, connection.remote.port, &usual.ports));
    if let Some(country) = evidence.surroundings.geo.country(address)
        && !usual.countries.is_empty()
        && !usual.countries.iter().any(|known| known == country.code())
    {
        let text = say!("country", country = country.to_string(), address);
        reasons.push(Reason { key: "country", weight: facts::COUNTRY, text });
    }
    if let Some(network) = evidence.surroundings.geo.network(address)
        && !usual.networks.is_empty()
        && !usual.has_network(network.number, network.name.as_deref())
    {
        let text = say!("network", network = network.to_string(), address);
        reasons.push(Reason { key: "network", weight: facts::NETWORK, text });
    }
    reasons
}

/// Returns what is odd about a process, and whether all of it was known.
fn of_process(process: &Process) -> (Vec<Reason>, bool) {
    let mut reasons = Vec::new();
    let mut known = true;
    match &process.executable {
        Ok(executable) => {
            reasons.extend(facts::of_executable(executable));
            reasons.extend(facts::of_name(executable.file_name()));
            reasons.extend(facts::of_other_names(process, executable.file_name()));
        }
        // Kernel threads, and systems that tell of some processes nothing but the name.
        Err(why) => {
            known = *why == Missing::NotApplicable && process.name.is_ok();
            reasons.extend(process.name.as_deref().ok().and_then(facts::of_name));
        }
    }
    (reasons, known)
}

/// Returns what is odd about the principal process of a socket.
fn of_principal(evidence: &Evidence, socket: &IpSocketRef<'_>) -> (Vec<Reason>, bool) {
    evidence.process_of(socket).map_or_else(
        || {
            // A socket that an attacker keeps in flight looks like one of the kernel.
            (Vec::new(), matches!(socket.ownership(), OwnershipRef::Unowned(NoOwner::NoProcess)))
        },
        of_process,
    )
}

/// Returns what is odd about the other holders of a socket, such as a shell that got it from a script: each kind of
/// reason once, and none that the principal process has already.
fn of_others(others: &[&Process], of_principal: &[Reason]) -> (Vec<Reason>, bool) {
    let mut reasons: Vec<Reason> = Vec::new();
    let mut known = true;
    for process in others {
        let (more, all) = of_process(process);
        known &= all;
        for reason in more {
            if !of_principal.iter().chain(&reasons).any(|other| other.key == reason.key) {
                reasons.push(reason);
            }
        }
    }
    (reasons, known)
}

/// The weight of a connection's own reasons, the reasons, and the connection.
type Judged<'a> = (u32, Vec<Reason>, Connection<'a>);

/// The most addresses that are named.
const MOST_ADDRESSES: usize = 5;

/// Returns the other listed addresses of the process: only the oddest connection is shown in full.
fn also_listed(worst: &Connection<'_>, judged: &[Judged<'_>]) -> Option<Fact> {
    let is_listed = |reasons: &[Reason]| reasons.iter().any(|reason| reason.key == "listed");
    let listed = judged.iter().filter(|(_, reasons, _)| is_listed(reasons));
    let mut addresses: Vec<IpAddr> = listed.map(|(.., connection)| connection.remote.address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses.retain(|address| *address != worst.remote.address);
    let mut names: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    let text = say!("also-listed", listed = named(&names, MOST_ADDRESSES));
    names.truncate(MOST_ADDRESSES);
    (!names.is_empty()).then(|| Fact::shown("also_listed", names, text))
}

fn weight(reasons: &[Reason]) -> u32 {
    reasons.iter().map(|reason| reason.weight).sum()
}

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let usual = Usual::of(thresholds);
    let connection = |socket| Connection::of(socket, &evidence.listening);
    let all: Vec<IpSocketRef<'_>> =
        evidence.now.sockets.iter_ip().filter(|socket| connection(*socket).is_some()).collect();
    let mut findings = Vec::new();
    let mut not_known: Vec<IpSocketRef<'_>> = Vec::new();
    let mut lesser = 0;
    for (holder, sockets) in evidence.by_holder(all.iter().copied()) {
        let Some(first) = sockets.first() else { continue };
        let is_usual = evidence.process_of(first).is_some_and(|process| usual.has_path(process));
        let (of_process, mut known) =
            if is_usual { (Vec::new(), true) } else { of_principal(evidence, first) };
        let mut judged: Vec<Judged<'_>> = Vec::new();
        for socket in &sockets {
            let Some(connection) = connection(*socket) else { continue };
            let others: Vec<&Process> =
                evidence.others_of(socket).filter(|process| !usual.has_path(process)).collect();
            if is_usual && others.is_empty() {
                continue;
            }
            let (mut reasons, all) = of_others(&others, &of_process);
            known &= all;
            reasons.extend(of_remote(evidence, &usual, &connection));
            judged.push((weight(&reasons), reasons, connection));
        }
        judged.sort_by_key(|(weight, _, connection)| (Reverse(*weight), connection.remote));
        let Some((of_worst, reasons, worst)) = judged.first() else { continue };
        let score_of = |connection: u32| weight(&of_process) + connection;
        let score = score_of(*of_worst);
        // Nothing here is ever critical.
        let Some(severity) = thresholds.graded_by(f64::from(score), ["notice", "warning", "warning"]) else {
            if known {
                lesser += judged.iter().filter(|(weight, ..)| score_of(*weight) > 0).count();
            } else {
                not_known.extend(&sockets);
            }
            continue;
        };
        let severity = severity.min(Severity::Warning);
        let reasons: Vec<&Reason> = of_process.iter().chain(reasons).collect();
        let mut finding = finding(evidence, severity, score, &holder, &sockets, worst, &reasons);
        finding.facts.extend(also_listed(worst, &judged));
        findings.push(finding);
    }
    if !not_known.is_empty() {
        findings.push(unseen(evidence, &not_known, all.len()));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(match lesser {
            0 => say!("ok", n = all.len()),
            lesser => say!("ok-lesser", n = all.len(), lesser),
        }));
    }
    findings
}

/// Reports connections whose processes could not be looked at.
fn unseen(evidence: &Evidence, sockets: &[IpSocketRef<'_>], all: usize) -> Finding {
    let culprits = evidence.culprits(sockets.iter().copied());
    let n = sockets.len();
    let mut finding = Finding::unknown(say!("unseen", n, all), to_see_all(&culprits));
    finding.subject = "processes that may not be seen".to_owned();
    finding.amount = n as f64;
    finding.facts = vec![Fact::said("connections", n)];
    finding.processes = culprits;
    finding.rows =
        Some("netstat --columns local,foreign,country,pid,process tcp connected public".to_owned());
    finding
}

fn finding(
    evidence: &Evidence,
    severity: Severity,
    score: u32,
    holder: &HeldBy,
    sockets: &[IpSocketRef<'_>],
    worst: &Connection<'_>,
    reasons: &[&Reason],
) -> Finding {
    let remote = worst.remote;
    let country = evidence.surroundings.geo.country(remote.address).map(|country| country.to_string());
    let network = evidence.surroundings.geo.network(remote.address).map(|network| network.to_string());
    let place: Vec<&str> = country.iter().chain(&network).map(String::as_str).collect();
    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
    let end = SocketAddr::new(remote.address, remote.port);
    let does = match (worst.direction, worst.socket.state) {
        (Direction::In, _) => say!("has-from"),
        (_, Some(TcpState::SynSent)) => say!("tries"),
        _ => say!("is-connected"),
    };
    let more = match sockets.len() - 1 {
        0 => Text::default(),
        n => say!("and-more", n),
    };
    let who = holder.text();
    let sentence = match reasons.len() {
        1 => say!("one-odd", who, does, end, place, more),
        n => say!("odd", who, does, end, place, more, n),
    };
    let mut finding = Finding::new(severity, sentence);
    finding.subject = holder.subject();
    finding.amount = f64::from(score);
    finding.facts = vec![
        Fact::said("score", score),
        Fact::said("remote", end.to_string()),
        Fact::said("country", country),
        Fact::said("network", network),
    ];
    for reason in reasons {
        let text = say!("weighed", reason = &reason.text, weight = reason.weight);
        finding.facts.push(Fact::shown(reason.key, reason.weight, text));
    }
    finding.facts.extend(evidence.identity(sockets.iter().copied()));
    finding.facts.extend(evidence.others(sockets.iter().copied()));
    finding.processes = evidence.culprits(sockets.iter().copied());
    finding.rows = Some(format!(
        "netstat --columns local,foreign,country,state,pid,process,path tcp connected public{}",
        holder.filter_words()
    ));
    finding.meaning = Some(say!("meaning"));
    if let HeldBy::Process { pid, .. } = holder {
        let pid = pid.to_string();
        finding.next = vec![say!("next-who", pid = &pid), say!("next-keep", pid)];
    }
    finding.next.push(say!("next-usual"));
    finding
}

#[cfg(test)]
mod tests;
