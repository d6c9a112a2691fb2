//! What is known of the hosts: from when to when each was recorded, and what is missing.

use crate::client::Client;
use crate::error::FleetError;
use crate::tables::{CAUSES, GAPS, RUNS, Server};
use netstat_model::Namespace;
use netstat_model::history::GapCause;
use netstat_store::{Filtered, Gap, Span};
use rustc_hash::FxHashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The store of a host, which is another one after it was made anew.
pub(crate) type Place = (Box<str>, u64);

/// How old the news of a host may be: senders send every few seconds, or once a minute.
const PATIENCE: Duration = Duration::from_secs(120);

/// A run of a recorder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    from: SystemTime,
    until: SystemTime,
    mode: Box<str>,
    namespace: Option<Namespace>,
    /// The filter that chose what was kept.
    filter: Option<Box<str>>,
}

/// That only those connections of a host were kept in a span that a filter selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFilter<'h> {
    /// The host.
    pub host: &'h str,
    /// The filter, and when it held.
    pub filtered: Filtered<'h>,
}

/// What is missing of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostGap {
    /// The host.
    pub host: Box<str>,
    /// What is missing.
    pub gap: Gap,
}

/// Which hosts were recorded, and when.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    runs: FxHashMap<Place, Vec<Run>>,
    gaps: Vec<HostGap>,
}

/// What is known of a moment, of how many hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moments {
    /// Hosts that were recorded then.
    pub recorded: Vec<Box<str>>,
    /// Hosts of which nothing is known of that moment.
    pub unknown: Vec<Box<str>>,
}

impl Hosts {
    /// Asks a server.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) fn read(client: &Client, server: &Server) -> Result<Self, FleetError> {
        let mut hosts = Self::default();
        // Tables that an earlier version made do not have it.
        let filter = if server.has(RUNS, "filter") { "argMax(filter, version)" } else { "''" };
        let runs = client.text(&format!(
            "SELECT host, store, run, argMax(from_us, version), argMax(until_us, version), argMax(mode, version),
                 argMax(ifNull(namespace, 0), version), {filter}
             FROM {RUNS} GROUP BY host, store, run ORDER BY host, store, run FORMAT TabSeparated"
        ))?;
        for line in runs.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [host, store, _, from, until, mode, namespace, filter] = fields[..] else {
                return Err(FleetError::Garbled);
            };
            let place = (unescaped(host), store.parse().map_err(|_| FleetError::Garbled)?);
            hosts.runs.entry(place).or_default().push(Run {
                from: time(from)?,
                until: time(until)?,
                mode: unescaped(mode),
                namespace: namespace
                    .parse()
                    .ok()
                    .filter(|inode| *inode != 0)
                    .map(|inode| Namespace { inode }),
                filter: Some(unescaped(filter)).filter(|filter| !filter.is_empty()),
            });
        }
        let gaps = client.text(&format!(
            "SELECT host, store, gap, argMax(from_us, version), argMax(until_us, version),
                 argMax(ifNull(toString(lost), ''), version), argMax(cause, version)
             FROM {GAPS} GROUP BY host, store, gap FORMAT TabSeparated"
        ))?;
        for line in gaps.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [host, _, _, from, until, lost, cause] = fields[..] else { return Err(FleetError::Garbled) };
            let cause = CAUSES.iter().find(|(_, word)| *word == cause);
            hosts.gaps.push(HostGap {
                host: unescaped(host),
                gap: Gap {
                    from: time(from)?,
                    until: time(until)?,
                    lost: lost.parse().ok(),
                    cause: cause.map_or(GapCause::Unseen, |(cause, _)| *cause),
                },
            });
        }
        for (place, runs) in &hosts.runs {
            for two in runs.windows(2) {
                if let [before, after] = two
                    && before.until < after.from
                {
                    let gap = Gap {
                        from: before.until,
                        until: after.from,
                        lost: None,
                        cause: GapCause::NotRunning,
                    };
                    hosts.gaps.push(HostGap { host: place.0.clone(), gap });
                }
            }
        }
        hosts.gaps.sort_by_key(|known| (known.gap.from, known.host.clone()));
        Ok(hosts)
    }

    /// Returns from when to when anything was recorded; `None` where nothing ever was.
    pub fn reach(&self) -> Option<(SystemTime, SystemTime)> {
        let runs = || self.runs.values().flatten();
        runs().map(|run| run.from).min().zip(runs().map(|run| run.until).max())
    }

    /// Returns the hosts of which nothing has come for longer than senders need, up to a moment, and until when they were
    /// recorded, of those that pass.
    pub fn silent(&self, until: SystemTime, passes: impl Fn(&str) -> bool) -> Vec<(&str, SystemTime)> {
        let last = |host: &str| {
            let of_host = self.runs.iter().filter(|((name, _), _)| **name == *host);
            of_host.flat_map(|(_, runs)| runs).map(|run| run.until).max()
        };
        let names = self.names().into_iter().filter(|host| passes(host));
        names
            .filter_map(|host| Some((host, last(host)?)))
            .filter(|(_, last)| last.checked_add(PATIENCE).is_some_and(|last| last < until))
            .collect()
    }

    /// Returns the names of all hosts, each once, in their order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.runs.keys().map(|(host, _)| &**host).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns what is missing of a span, of the hosts that pass.
    pub fn gaps(&self, span: &Span, passes: impl Fn(&str) -> bool) -> Vec<HostGap> {
        let touches = |gap: &Gap| {
            span.since.is_none_or(|since| gap.until >= since)
                && span.until.is_none_or(|until| gap.from < until)
        };
        let gaps = self.gaps.iter().filter(|known| touches(&known.gap) && passes(&known.host));
        gaps.cloned().collect()
    }

    /// Returns where only some connections of a span were kept, of the hosts that pass, in the order of their names.
    pub fn filtered(&self, span: &Span, passes: impl Fn(&str) -> bool) -> Vec<HostFilter<'_>> {
        let mut all: Vec<HostFilter<'_>> = Vec::new();
        for ((host, _), runs) in self.runs.iter().filter(|((host, _), _)| passes(host)) {
            // One filter of many runs in a row is said once. A run without one between them was whole.
            let mut before = None;
            for run in runs {
                let touches = span.since.is_none_or(|since| since <= run.until)
                    && span.until.is_none_or(|until| run.from < until);
                let filter = run.filter.as_deref().filter(|_| touches);
                if let Some(filter) = filter {
                    let (from, until) = (run.from, run.until);
                    match all.last_mut().filter(|_| before == Some(filter)) {
                        Some(last) => last.filtered.until = last.filtered.until.max(until),
                        None => all.push(HostFilter { host, filtered: Filtered { from, until, filter } }),
                    }
                }
                before = filter;
            }
        }
        all.sort_by_key(|it| (it.host, it.filtered.from));
        all
    }

    /// Returns which hosts were recorded at a moment, of those that pass.
    pub fn at(&self, moment: SystemTime, passes: impl Fn(&str) -> bool) -> Moments {
        let mut moments = Moments::default();
        for host in self.names().into_iter().filter(|host| passes(host)) {
            let of_host = self.runs.iter().filter(|((name, _), _)| **name == *host);
            let recorded = of_host.flat_map(|(_, runs)| runs).any(|run| run.holds(moment));
            let list = if recorded { &mut moments.recorded } else { &mut moments.unknown };
            list.push(host.into());
        }
        moments
    }

    /// Returns whether a store was recorded at a moment, and in which network namespace its recorder was then.
    pub(crate) fn recorded(&self, place: &Place, moment: SystemTime) -> Option<Option<Namespace>> {
        let runs = self.runs.get(place)?;
        runs.iter().rev().find(|run| run.holds(moment)).map(|run| run.namespace)
    }

    /// Returns the last moment of a store that was recorded.
    pub(crate) fn last(&self, place: &Place) -> Option<Duration> {
        let last = self.runs.get(place)?.iter().map(|run| run.until).max()?;
        last.duration_since(UNIX_EPOCH).ok()
    }

    /// Returns how connections were seen in a span, each word once.
    pub fn modes(&self, from: SystemTime, until: SystemTime) -> Vec<&str> {
        let ran = self.runs.values().flatten().filter(|run| run.from < until && from <= run.until);
        let mut modes: Vec<&str> = ran.map(|run| &*run.mode).filter(|mode| !mode.is_empty()).collect();
        modes.sort_unstable();
        modes.dedup();
        modes
    }
}

impl Run {
    fn holds(&self, moment: SystemTime) -> bool {
        self.from <= moment && moment <= self.until
    }
}

fn time(micros: &str) -> Result<SystemTime, FleetError> {
    let micros: i64 = micros.parse().map_err(|_| FleetError::Garbled)?;
    let since = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
    Ok(UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH))
}

/// Undoes what TabSeparated makes of text.
pub(crate) fn unescaped(text: &str) -> Box<str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        plain.push(match character {
            '\\' => match rest.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('0') => '\0',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_said_once_for_runs_in_a_row_alone() {
        let at = |seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap();
        let one = [None, Some("port 443"), Some("port 443"), Some("process curl"), None, Some("port 443")];
        let runs = |filters: &[Option<&str>]| -> Vec<Run> {
            let run = |(number, filter): (u64, &Option<&str>)| Run {
                from: at(number * 10),
                until: at(number * 10 + 5),
                mode: "complete".into(),
                namespace: None,
                filter: filter.map(Into::into),
            };
            (0..).zip(filters).map(run).collect()
        };
        let mut hosts = Hosts::default();
        hosts.runs.insert(("a".into(), 1), runs(&one));
        // What another store of the same host had is another run.
        hosts.runs.insert(("b".into(), 1), runs(&[Some("udp")]));
        hosts.runs.insert(("b".into(), 2), runs(&[None, Some("udp")]));
        let told = |span: &Span| -> Vec<(String, SystemTime, SystemTime, String)> {
            let all = hosts.filtered(span, |_| true).into_iter();
            all.map(|it| {
                (it.host.to_owned(), it.filtered.from, it.filtered.until, it.filtered.filter.to_owned())
            })
            .collect()
        };
        let wanted = [
            ("a", 10, 25, "port 443"),
            ("a", 30, 35, "process curl"),
            ("a", 50, 55, "port 443"),
            ("b", 0, 5, "udp"),
            ("b", 10, 15, "udp"),
        ];
        let wanted = wanted
            .map(|(host, from, until, filter)| (host.to_owned(), at(from), at(until), filter.to_owned()));
        assert_eq!(told(&Span::default()), wanted);
        let later = Span { since: Some(at(26)), until: Some(at(50)) };
        assert_eq!(told(&later), wanted[1..2]);
    }
}
