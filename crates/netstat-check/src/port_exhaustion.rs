//! `port-exhaustion`: the ports that the system chooses for connections run out.

pub(crate) mod over_time;
mod texts;
mod use_of_ports;

use super::data::say;
use super::holders::counted;
use super::needs::{Twice, time_wait_may_overflow};
use super::text::{EN, KO, grouped, named};
use super::{
    Check, Culprit, Evidence, EvidenceNeeds, Fact, Finding, HeldBy, Lack, Severity, Text, Thresholds,
};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{
    Family, IpEndpoint, IpSocketRef, Limits, NoOwner, SocketLevels, TcpState, TimeWaitReuse, Transport,
};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use texts::{DATA, SOURCE};
use use_of_ports::{Pool, Use, share_no_port, uses};

pub(crate) static CHECK: Check = Check {
    name: "port-exhaustion",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP_UDP,
        states: States::all(),
        fields: Fields::TIME_IN_STATE,
        owners: States::all().difference(States::TIME_WAIT),
        udp_owners: true,
        process: ProcessFields::NAME,
        counters: true,
        limits: true,
        twice: Twice::IfTimeWaitMayOverflow,
        ..EvidenceNeeds::NOTHING
    },
    run,
};

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let limits = match &evidence.limits {
        Ok(limits) => limits,
        Err(lack) => {
            return vec![Finding::unknown(say!("range-unknown", why = lack.reason()), say!("next-range"))];
        }
    };
    let now = uses(&evidence.now.sockets, limits);
    let mut findings: Vec<Finding> = now
        .iter()
        .filter(|used| used.is_of_its_own())
        .filter_map(|used| {
            let severity = thresholds.graded(used.percent())?;
            Some(of_pool(evidence, used, severity, limits.time_wait_reuse))
        })
        .collect();
    findings.sort_by(|one, other| other.amount.total_cmp(&one.amount));
    findings.extend(buckets(evidence, thresholds));
    findings.extend(buckets_not_known(evidence));
    findings.extend(not_known(evidence, limits));
    if findings.is_empty() {
        let fullest = now.iter().max_by(|one, other| one.percent().total_cmp(&other.percent()));
        let sentence = match fullest.filter(|used| used.percent() > 0.0) {
            Some(used) => say!("ok", percent = used.percent(), pool = used.pool.text()),
            None => say!("ok-none"),
        };
        findings.push(Finding::ok(sentence));
    }
    findings
}

/// Ports of the local range that are taken, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortsTaken {
    /// TCP or UDP.
    pub protocol: Transport,
    /// The local address.
    pub local: IpAddr,
    /// The remote end of the connections that take them; `None` if they are of all remote ends together.
    pub remote: Option<IpEndpoint>,
    /// How many are taken, those among them that programs have bound.
    pub taken: usize,
    /// How many there are to choose from.
    pub of: usize,
}

/// Returns which ports of the local range are taken, as this check counts them: by connections of one address to one
/// remote end, or by UDP sockets of one address. The most used come first. `None` where the limits are not known.
pub fn ports_taken(evidence: &Evidence) -> Option<Vec<PortsTaken>> {
    let limits = evidence.limits.as_ref().ok()?;
    let taken = |used: &Use<'_>| {
        let (protocol, local, remote) = match used.pool {
            Pool::Tcp { local, remote } => (Transport::Tcp, local, remote),
            Pool::Udp { local } => (Transport::Udp, local, None),
            // These are part of what each of the others takes.
            Pool::Bound { .. } => return None,
        };
        Some(PortsTaken { protocol, local, remote, taken: used.taken(), of: used.capacity })
    };
    let mut list: Vec<PortsTaken> = uses(&evidence.now.sockets, limits).iter().filter_map(taken).collect();
    let place =
        |one: &PortsTaken| (one.local, one.remote.map(|end| (end.address, end.port)), one.protocol as u8);
    list.sort_by(|one, other| other.taken.cmp(&one.taken).then_with(|| place(one).cmp(&place(other))));
    Some(list)
}

/// Reports that the table of TIME_WAIT could not be read.
fn buckets_not_known(evidence: &Evidence) -> Option<Finding> {
    let Err(Lack::Refused(why)) = &evidence.now.counters else { return None };
    let mut finding = Finding::unknown(say!("buckets-unknown", why), say!("next-buckets-unknown"));
    finding.subject = "tcp_max_tw_buckets".to_owned();
    Some(finding)
}

/// Reports that the range is not known of some sockets.
fn not_known(evidence: &Evidence, limits: &Limits) -> Option<Finding> {
    let mut lacking: Vec<&str> = Vec::new();
    for (protocol, family, name) in [
        (Transport::Tcp, Family::V4, "TCP/IPv4"),
        (Transport::Tcp, Family::V6, "TCP/IPv6"),
        (Transport::Udp, Family::V4, "UDP/IPv4"),
        (Transport::Udp, Family::V6, "UDP/IPv6"),
    ] {
        let mut sockets = evidence.now.sockets.iter_ip().filter(|socket| {
            socket.protocol == protocol && socket.local.address.is_ipv4() == (family == Family::V4)
        });
        if use_of_ports::ports(limits, protocol, family).is_none() && sockets.next().is_some() {
            lacking.push(name);
        }
    }
    if lacking.is_empty() {
        return None;
    }
    let mut finding =
        Finding::unknown(say!("range-unknown-of", names = lacking.join(", ")), say!("next-range"));
    finding.subject = "range".to_owned();
    finding.facts = vec![Fact::said("not_known", lacking)];
    Some(finding)
}

/// Reports one pool of ports.
fn of_pool(evidence: &Evidence, used: &Use<'_>, severity: Severity, reuse: Option<TimeWaitReuse>) -> Finding {
    let (n, all, percent) = (used.taken(), used.capacity, used.percent());
    let pool = used.pool.text();
    let subject = pool.of(EN).to_owned();
    let mut finding = Finding::new(severity, say!("taken", n, all, percent, pool));
    finding.subject = subject;
    finding.amount = percent;
    finding.facts = facts(evidence, used);
    finding.facts.extend(made(evidence, used));
    finding.processes = evidence.culprits(used.sockets());
    finding.rows = Some(used.pool.command());
    let waiting = used.waiting * 2 > n;
    let binders = if used.bound_first { binders(evidence, used) } else { Binders::default() };
    finding.meaning = Some(match used.pool {
        _ if used.bound_first && binders.are_the_cause(used) => say!("meaning-bound-first"),
        Pool::Bound { .. } => say!("meaning-bound"),
        Pool::Udp { .. } => say!("meaning-udp"),
        _ if waiting => say!("meaning-time-wait"),
        _ => say!("meaning-open"),
    });
    finding.next = next(used, waiting, reuse, &binders);
    finding
}

/// Who is known to bind before it connects, and how many of the ports its connections take.
#[derive(Default)]
struct Binders {
    names: Vec<Text>,
    ports: usize,
}

impl Binders {
    /// Returns whether they take at least half of the ports. Where nobody alone is seen to bind first, all do together.
    fn are_the_cause(&self, used: &Use<'_>) -> bool {
        self.names.is_empty() || self.ports * 2 >= used.taken()
    }
}

/// Finds those whose own connections share no port: a program that binds first keeps its ports from the connections of all
/// others, so that of all connections together none shares a port either.
fn binders(evidence: &Evidence, used: &Use<'_>) -> Binders {
    let mut binders = Binders::default();
    for (holder, sockets) in evidence.by_holder(used.sockets()) {
        if share_no_port(sockets.iter().copied(), used.capacity) {
            binders.ports += sockets.len();
            binders.names.push(holder.text());
        }
    }
    binders
}

/// The most processes that are named in one text.
const MOST_NAMED: usize = 3;

/// Says where most of the sockets in TIME_WAIT led, and who has connections there now: a socket in TIME_WAIT has no process,
/// but its program is mostly among them.
fn made(evidence: &Evidence, used: &Use<'_>) -> Option<Fact> {
    let is_waiting = |socket: &IpSocketRef<'_>| socket.state == Some(TcpState::TimeWait);
    let ends = counted(used.sockets().filter(is_waiting).filter_map(|socket| socket.remote));
    let (remote, n) = *ends.first()?;
    let there = evidence.now.sockets.iter().filter_map(|socket| socket.ip());
    let there = there.filter(|socket| socket.remote == Some(remote));
    let mut holders = evidence.culprits(there.filter(|socket| !is_waiting(socket)));
    holders.retain(|culprit| !is_gone(&culprit.holder));
    let remote = SocketAddr::from(remote);
    let text = if holders.is_empty() {
        say!("made-by-nobody", n, remote)
    } else {
        let share = |it: &Culprit| {
            let held = grouped(it.sockets);
            it.holder.text().around("", &format!(": {held}"), "", &format!(": {held}"))
        };
        say!("made-by", n, remote, who = all_of(&holders.iter().map(share).collect::<Vec<_>>()))
    };
    let value = serde_json::json!({ "remote": remote.to_string(), "time_wait": n });
    Some(Fact::shown("time_wait_to", value, text))
}

/// Joins names, each in both languages.
fn all_of(names: &[Text]) -> Text {
    let of = |language| {
        let names: Vec<String> = names.iter().map(|name| name.of(language).to_owned()).collect();
        named(&names, MOST_NAMED).of(language).to_owned()
    };
    Text::new(of(EN), of(KO))
}

/// Returns whether no process holds the sockets any longer.
fn is_gone(holder: &HeldBy) -> bool {
    matches!(holder, HeldBy::Nobody(NoOwner::NoProcess | NoOwner::Vanished))
}

fn facts(evidence: &Evidence, used: &Use<'_>) -> Vec<Fact> {
    let mut facts = vec![Fact::said("ports", used.capacity), Fact::said("taken", used.taken())];
    // If the oldest is younger than a minute, all of them ended within its age, and not within the minute.
    let waiting = used.sockets().filter(|socket| socket.state == Some(TcpState::TimeWait));
    let oldest = waiting.filter_map(|socket| socket.time_in_state()).max();
    let seconds =
        oldest.map_or(TIME_WAIT_SECONDS, |oldest| oldest.as_secs_f64().clamp(1.0, TIME_WAIT_SECONDS));
    let rate = used.waiting as f64 / seconds;
    let number = |key, count: usize, text: Text| {
        if count == 0 { Fact::said(key, 0) } else { Fact::shown(key, count, text) }
    };
    facts.push(number("time_wait", used.waiting, say!("time-wait", n = used.waiting, rate)));
    facts.push(number("time_wait_reusable", used.reusable, say!("time-wait-reusable", n = used.reusable)));
    if !matches!(used.pool, Pool::Bound { .. } | Pool::Udp { .. }) {
        facts.push(number("bound", used.bound, say!("bound", n = used.bound)));
    }
    if used.bound_first {
        facts.push(Fact::shown("bound_before_connecting", true, say!("bound-first")));
    }
    facts.extend(trend(evidence, used));
    facts
}

/// How long TIME_WAIT lasts on Linux.
const TIME_WAIT_SECONDS: f64 = 60.0;

/// Returns how fast ports are taken and how long those that are left last.
fn trend(evidence: &Evidence, used: &Use<'_>) -> Vec<Fact> {
    let Some((before, elapsed)) = evidence.earlier() else { return Vec::new() };
    let Ok(limits) = &evidence.limits else { return Vec::new() };
    let then = uses(&before.sockets, limits);
    let before = then.iter().find(|before| before.pool == used.pool);
    // The pools were others before it was seen that programs bind first.
    if used.bound_first && before.is_none() {
        return Vec::new();
    }
    let before = before.map_or(0, Use::taken);
    let rate = (used.taken() as f64 - before as f64) / elapsed.as_secs_f64();
    let mut facts = vec![Fact::said("taken_per_second", rate)];
    if rate > 0.0 {
        let free = used.capacity.saturating_sub(used.taken());
        let left = Duration::try_from_secs_f64(free as f64 / rate).unwrap_or(Duration::MAX);
        facts.push(Fact::shown("seconds_left", left.as_secs(), say!("growth", rate, left)));
    }
    facts
}

fn next(used: &Use<'_>, waiting: bool, reuse: Option<TimeWaitReuse>, binders: &Binders) -> Vec<Text> {
    let mut next = vec![say!("next-watch")];
    if matches!(used.pool, Pool::Bound { .. }) {
        next.push(say!("next-bound"));
        return next;
    }
    if waiting {
        next.push(say!("next-keep-open"));
        if cfg!(windows) || matches!(reuse, Some(TimeWaitReuse::Never | TimeWaitReuse::Loopback)) {
            next.push(say!("next-shorter"));
        }
    } else {
        next.push(say!("next-limit-pool"));
    }
    // Windows has one pool for all remote ends, so nothing there tells who bound first.
    if used.bound_first && cfg!(not(windows)) {
        let step = if binders.names.is_empty() {
            say!("next-bound-first")
        } else {
            let who = all_of(&binders.names);
            say!("next-bound-first-by", who, n = binders.ports)
        };
        next.insert(if binders.are_the_cause(used) { 1 } else { next.len() }, step);
    }
    let (family, protocol) = used.pool.words();
    next.push(say!("next-widen", family, protocol));
    next
}

/// Returns how many connections were closed without TIME_WAIT since the look before. After a first look that
/// [`time_wait_may_overflow`] says no to there is no pause, unless another check needs one: what was counted then does not
/// count, so that the answer is the same with and without that check.
fn overflowed(evidence: &Evidence) -> Option<u64> {
    let before = evidence.before.as_ref()?;
    if !before.whole && !before.counters.as_ref().is_ok_and(time_wait_may_overflow) {
        return None;
    }
    evidence.grown(|counters| counters.tcp_ext.as_ref()?.time_wait_overflow)
}

/// Judges the table of TIME_WAIT.
fn buckets(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Option<Finding> {
    let counters = evidence.now.counters.as_ref().ok()?;
    let levels: &SocketLevels = counters.levels.as_ref()?;
    let (used, max) = (levels.tcp_tw?, levels.tcp_max_tw_buckets.filter(|max| *max > 0)?);
    let n = overflowed(evidence).unwrap_or(0);
    let percent = used as f64 * 100.0 / max as f64;
    if n == 0 && (percent < thresholds.number("buckets") || used == 0) {
        return None;
    }
    let sentence =
        if n > 0 { say!("buckets-full", used, max, n) } else { say!("buckets-nearly-full", used, max) };
    let mut finding = Finding::new(Severity::Warning, sentence);
    finding.subject = "tcp_max_tw_buckets".to_owned();
    finding.amount = percent;
    finding.facts =
        vec![Fact::said("time_wait", used), Fact::said("max_time_wait", max), Fact::said("overflowed", n)];
    finding.rows = Some("netstat --group-by raddr,rport time_wait".to_owned());
    finding.meaning = Some(say!("meaning-buckets"));
    finding.next =
        vec![say!("next-use-again"), say!("next-buckets", max = max.saturating_mul(2).to_string())];
    Some(finding)
}

#[cfg(test)]
mod tests;
