//! What the view knows beside sockets: interfaces, what the checks found, and what happened.

use netstat_check::{Finding, Severity};
use netstat_engine::both;
use netstat_engine::columns::Value;
use netstat_engine::text::{Language, Text, Zone, words};
use netstat_model::{InterfaceCounters, InterfaceStats, Socket, TcpState};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::time::{Duration, SystemTime};

/// So many events are kept, and the oldest forgotten.
pub(crate) const MOST_EVENTS: usize = 10_000;

/// What one of them is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    LinkName,
    LinkDown,
    LinkUp,
    PacketsIn,
    PacketsOut,
    Errors,
    Drops,
    Severity,
    Check,
    Sentence,
    Time,
    What,
    Process,
    Pid,
    Local,
    Foreign,
    Lasted,
    Received,
    Sent,
}

/// An interface, as it was read last.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) index: u32,
    name: OsString,
    at: Duration,
    stats: InterfaceStats,
    /// What it counted in the last second; `None` after one reading.
    second: Option<Second>,
}

#[derive(Debug, Clone, Copy)]
struct Second {
    down: Option<u64>,
    up: Option<u64>,
    packets_in: Option<u64>,
    packets_out: Option<u64>,
}

/// What became of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Opened,
    Closed,
    Changed(Option<TcpState>),
}

/// An event.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    pub(crate) number: u64,
    pub(crate) time: Option<SystemTime>,
    pub(crate) what: What,
    /// Whether the socket matched the filter.
    pub(crate) passes: bool,
    /// As it was then.
    pub(crate) socket: Box<Socket>,
    /// The process in words, safe for a terminal, and so are the ends.
    pub(crate) process: String,
    pub(crate) pid: Option<u64>,
    pub(crate) local: String,
    pub(crate) foreign: String,
    /// How it ended, for how long it was there, and its bytes, where that is known.
    pub(crate) how: String,
    pub(crate) lasted: Option<Duration>,
    pub(crate) received: Option<u64>,
    pub(crate) sent: Option<u64>,
}

/// What happened to a socket, seen by the look at this time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When it was seen.
    pub time: Option<SystemTime>,
    /// `opened`, `closed` or `changed`.
    pub what: &'static str,
    /// The state that it has now, where that changed.
    pub state: Option<String>,
    /// The process in words, safe for a terminal: `?` where it is not known, `-` where there is none.
    pub process: String,
    /// Its process ID.
    pub pid: Option<u64>,
    /// The local end, safe for a terminal.
    pub local: String,
    /// The foreign end, safe for a terminal.
    pub foreign: String,
    /// How a connection ended, where the system told: a word of the filter `reason`.
    pub reason: Option<String>,
    /// For how long it was there, where that is known.
    pub lasted: Option<Duration>,
    /// Bytes that it received, of what is closed.
    pub received: Option<u64>,
    /// Bytes that it sent, of what is closed.
    pub sent: Option<u64>,
}

/// What the view knows beside sockets.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    pub(crate) links: Vec<Link>,
    /// What is wrong, the worst first, each with its number among those of the same check and subject; `None` before the first
    /// judgement.
    pub(crate) findings: Option<Vec<(Finding, usize)>>,
    pub(crate) happened: VecDeque<Happening>,
    next: u64,
}

impl Beside {
    /// Takes what the interfaces have counted.
    pub(crate) fn take_links(&mut self, at: Duration, counters: Vec<InterfaceCounters>) {
        let before = std::mem::take(&mut self.links);
        self.links = counters
            .into_iter()
            .map(|now| {
                let second = before.iter().find(|link| link.index == now.index).and_then(|then| {
                    let micros = at.checked_sub(then.at)?.as_micros();
                    let rate = |now: Option<u64>, then: Option<u64>| {
                        let moved = now?.checked_sub(then?)?;
                        u64::try_from(u128::from(moved) * 1_000_000 / micros.max(1)).ok()
                    };
                    (micros > 0).then(|| Second {
                        down: rate(now.stats.rx_bytes, then.stats.rx_bytes),
                        up: rate(now.stats.tx_bytes, then.stats.tx_bytes),
                        packets_in: rate(now.stats.rx_packets, then.stats.rx_packets),
                        packets_out: rate(now.stats.tx_packets, then.stats.tx_packets),
                    })
                });
                Link { index: now.index, name: now.name, at, stats: now.stats, second }
            })
            .collect();
    }

    /// Takes what the checks say. What is in order is left out.
    pub(crate) fn take_findings(&mut self, findings: Vec<Finding>) {
        let mut wrong: Vec<Finding> = findings
            .into_iter()
            .filter(|finding| finding.severity != Severity::Ok && !finding.never_told)
            .collect();
        wrong.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let mut numbered: Vec<(Finding, usize)> = Vec::new();
        for finding in wrong {
            let same =
                |of: &&(Finding, usize)| of.0.check == finding.check && of.0.subject == finding.subject;
            let number = numbered.iter().filter(same).count();
            numbered.push((finding, number));
        }
        self.findings = Some(numbered);
    }

    /// Returns how many faults were found.
    pub(crate) fn faults(&self) -> usize {
        let is_fault = |of: &&(Finding, usize)| of.0.severity >= Severity::Warning;
        self.findings.as_ref().map_or(0, |findings| findings.iter().filter(is_fault).count())
    }

    /// Notes an event.
    pub(crate) fn note(&mut self, mut event: Happening) {
        event.number = self.next;
        self.next += 1;
        self.happened.push_back(event);
        while self.happened.len() > MOST_EVENTS {
            self.happened.pop_front();
        }
    }

    pub(crate) fn link(&self, index: u32) -> Option<&Link> {
        self.links.iter().find(|link| link.index == index)
    }

    pub(crate) fn finding(&self, at: u32) -> Option<&(Finding, usize)> {
        self.findings.as_ref()?.get(at as usize)
    }

    pub(crate) fn event(&self, number: u64) -> Option<&Happening> {
        let first = self.happened.front()?.number;
        self.happened.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }
}

fn number(of: Option<u64>) -> Value<'static> {
    of.map_or(Value::Unknown, Value::Number)
}

impl Link {
    pub(crate) fn value(&self, fact: Fact) -> Value<'_> {
        let second = self.second.as_ref();
        let stats = &self.stats;
        // Missing is not zero: a sum has only what is known, and is unknown without any of it.
        let sum = |parts: [Option<u64>; 3]| parts.into_iter().flatten().reduce(u64::saturating_add);
        match fact {
            Fact::LinkName => Value::Text(self.name.as_os_str().into()),
            Fact::LinkDown => number(second.and_then(|of| of.down)),
            Fact::LinkUp => number(second.and_then(|of| of.up)),
            Fact::PacketsIn => number(second.and_then(|of| of.packets_in)),
            Fact::PacketsOut => number(second.and_then(|of| of.packets_out)),
            Fact::Errors => number(sum([stats.rx_errors, stats.tx_errors, stats.rx_missed_errors])),
            Fact::Drops => number(sum([stats.rx_dropped, stats.tx_dropped, None])),
            _ => Value::Unknown,
        }
    }
}

/// Returns a severity in words.
fn severity(of: Severity) -> Text {
    match of {
        Severity::Ok => both!("ok", "정상"),
        Severity::Notice => both!("notice", "알림"),
        Severity::Unknown => both!("unknown", "알 수 없음"),
        Severity::Warning => both!("warning", "경고"),
        Severity::Critical => both!("critical", "심각"),
    }
}

/// Returns what a finding says.
pub(crate) fn of_finding(finding: &Finding, fact: Fact, language: Language) -> Value<'static> {
    match fact {
        Fact::Severity => Value::Named(severity(finding.severity).of(language).to_owned()),
        Fact::Check => Value::Named(finding.check.to_owned()),
        Fact::Sentence => Value::Named(finding.sentence.of(language).to_owned()),
        _ => Value::Unknown,
    }
}

impl Happening {
    /// Returns it as it is told to programs.
    pub(crate) fn told(&self) -> Happened {
        let (what, state) = match self.what {
            What::Opened => ("opened", None),
            What::Closed => ("closed", None),
            What::Changed(state) => ("changed", state.map(words::state)),
        };
        Happened {
            time: self.time,
            what,
            state,
            process: self.process.clone(),
            pid: self.pid,
            local: self.local.clone(),
            foreign: self.foreign.clone(),
            reason: Some(self.how.clone()).filter(|how| !how.is_empty()),
            lasted: self.lasted,
            received: self.received,
            sent: self.sent,
        }
    }

    pub(crate) fn value<'a>(&'a self, fact: Fact, language: Language, zone: &'a Zone) -> Value<'a> {
        let named = |text: &str| Value::Named(text.to_owned());
        match fact {
            Fact::Time => self.time.map_or(Value::Unknown, |time| Value::Time(time, zone)),
            // How it ended says that it did.
            Fact::What if !self.how.is_empty() => named(&self.how),
            Fact::What => Value::Named(self.what.words().of(language).to_owned()),
            Fact::Process => named(&self.process),
            Fact::Pid => number(self.pid),
            Fact::Local => named(&self.local),
            Fact::Foreign => named(&self.foreign),
            Fact::Lasted => self.lasted.map_or(Value::Unknown, Value::Microseconds),
            Fact::Received => number(self.received),
            Fact::Sent => number(self.sent),
            _ => Value::Unknown,
        }
    }
}

impl What {
    fn words(self) -> Text {
        match self {
            Self::Opened => both!("opened", "열림"),
            Self::Closed => both!("closed", "닫힘"),
            Self::Changed(Some(state)) => Text::same(words::state(state)),
            Self::Changed(None) => both!("changed", "바뀜"),
        }
    }
}

/// Returns all that a finding says, a line each.
pub(crate) fn finding_lines(finding: &Finding, language: Language) -> Vec<String> {
    let mut lines = vec![finding.sentence.of(language).to_owned()];
    lines.extend(finding.facts.iter().filter_map(|fact| Some(fact.text.as_ref()?.of(language).to_owned())));
    for culprit in &finding.processes {
        let who = culprit.holder.text();
        let text = both!(
            "{who}: {sockets:socket|sockets}",
            "{who}: 소켓 {sockets}개",
            who,
            sockets = culprit.sockets
        );
        lines.push(text.of(language).to_owned());
    }
    if let Some(meaning) = &finding.meaning {
        lines.extend([String::new(), meaning.of(language).to_owned()]);
    }
    if !finding.next.is_empty() {
        lines.extend([String::new(), both!("next:", "다음 단계:").of(language).to_owned()]);
        lines.extend(finding.next.iter().map(|next| format!("- {}", next.of(language))));
    }
    if let Some(rows) = &finding.rows {
        lines.extend([String::new(), rows.clone()]);
    }
    lines
}

/// Returns the filter of the command that shows the rows of a finding.
pub(crate) fn filter_of(command: &str) -> Option<String> {
    let mut words = command.strip_prefix("netstat")?.split_ascii_whitespace().peekable();
    while let Some(word) = words.next_if(|word| word.starts_with('-')) {
        let takes_a_value = word.starts_with("--") && !word.contains('=');
        if takes_a_value && word != "--wide" {
            words.next();
        }
    }
    let rest: Vec<&str> = words.map(|word| word.trim_matches(['\'', '"'])).collect();
    Some(rest.join(" ")).filter(|filter| !filter.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::{Family, IpEndpoint, Transport};

    #[test]
    fn a_finding_leads_to_its_rows() {
        for (command, filter) in [
            ("netstat -ano src 192.0.2.1", Some("src 192.0.2.1")),
            ("netstat --group-by raddr,rport syn_sent", Some("syn_sent")),
            ("netstat --columns local,pid 'state close_wait and pid 7'", Some("state close_wait and pid 7")),
            ("netstat -a --columns local,foreign", None),
        ] {
            assert_eq!(filter_of(command).as_deref(), filter, "{command}");
        }
    }

    #[test]
    fn an_interface_has_rates_by_the_true_time_and_none_at_first() {
        let counters = |rx, tx| InterfaceCounters {
            index: 2,
            name: "eth0".into(),
            loopback: false,
            stats: InterfaceStats {
                rx_bytes: Some(rx),
                tx_bytes: tx,
                rx_errors: Some(3),
                ..InterfaceStats::default()
            },
        };
        let mut beside = Beside::default();
        beside.take_links(Duration::from_secs(1), vec![counters(1000, Some(50))]);
        assert_eq!(beside.links[0].value(Fact::LinkDown), Value::Unknown);
        beside.take_links(Duration::from_millis(1500), vec![counters(3000, None)]);
        assert_eq!(beside.links[0].value(Fact::LinkDown), Value::Number(4000));
        assert_eq!(beside.links[0].value(Fact::LinkUp), Value::Unknown);
        assert_eq!(beside.links[0].value(Fact::Errors), Value::Number(3));
        assert_eq!(beside.links[0].value(Fact::Drops), Value::Unknown);
        // Counters that went back are those of another interface.
        beside.take_links(Duration::from_millis(2500), vec![counters(10, Some(1))]);
        assert_eq!(beside.links[0].value(Fact::LinkDown), Value::Unknown);
    }

    #[test]
    fn events_are_bounded_and_found_by_number() {
        let mut beside = Beside::default();
        for _ in 0..MOST_EVENTS + 5 {
            beside.note(Happening {
                number: 0,
                time: None,
                what: What::Opened,
                passes: true,
                socket: Box::new(Socket::new(Transport::Tcp, Family::V4, IpEndpoint::ANY_V4, None)),
                process: String::new(),
                pid: None,
                local: String::new(),
                foreign: String::new(),
                how: String::new(),
                lasted: None,
                received: None,
                sent: None,
            });
        }
        assert_eq!(beside.happened.len(), MOST_EVENTS);
        assert!(beside.event(4).is_none());
        assert_eq!(beside.event(5).map(|event| event.number), Some(5));
        assert!(beside.event(u64::MAX).is_none());
    }
}
