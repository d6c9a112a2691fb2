//! [`FleetSummary`]: what happened on all hosts in a span, counted by the server.

use crate::error::FleetError;
use crate::known::unescaped;
use crate::past::Fleet;
use crate::row::micros;
use crate::sql::{Rows, decided, not_before};
use crate::tables::{ENDS, OPEN};
use netstat_engine::filter::Filter;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The most rows of a list.
const MOST: usize = 10;

/// Before a span this time is looked at as well, to tell what is new.
const BEFORE: Duration = Duration::from_secs(86_400);

/// What somebody had a part in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// Who: a host, a program, or an address.
    pub who: Box<str>,
    /// On how many hosts.
    pub hosts: u64,
    /// Connections that ended, and those of them that never were established.
    pub ends: u64,
    /// See [`ends`](Self::ends).
    pub failed: u64,
    /// Bytes.
    pub sent: u64,
    /// See [`sent`](Self::sent).
    pub received: u64,
}

/// What was not there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// An address, or the port of a listener.
    pub what: Box<str>,
    /// On how many hosts.
    pub hosts: u64,
    /// When it was there first, on which host, and the program that had to do with it.
    pub at: SystemTime,
    /// See [`at`](Self::at).
    pub host: Box<str>,
    /// See [`at`](Self::at); empty where it is not known.
    pub process: Box<str>,
}

/// Where connects fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// How, in the word of the filter.
    pub reason: Box<str>,
    /// The foreign address, and its port.
    pub remote: Box<str>,
    /// See [`remote`](Self::remote).
    pub port: u16,
    /// The program; empty where it is not known.
    pub process: Box<str>,
    /// On how many hosts, and how often.
    pub hosts: u64,
    /// See [`hosts`](Self::hosts).
    pub ends: u64,
}

/// What happened on all hosts in a span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FleetSummary {
    /// Everything, and the hosts with the most bytes.
    pub total: Option<Amount>,
    /// See [`total`](Self::total).
    pub hosts: Vec<Amount>,
    /// Programs and foreign addresses with the most bytes.
    pub processes: Vec<Amount>,
    /// See [`processes`](Self::processes).
    pub remotes: Vec<Amount>,
    /// Foreign addresses and listeners that no host had the day before; `None` where nothing of that day is known.
    pub new_remotes: Option<Vec<Fresh>>,
    /// See [`new_remotes`](Self::new_remotes).
    pub new_listeners: Option<Vec<Fresh>>,
    /// Where connects fail, most first.
    pub failures: Vec<Failing>,
}

const FAILED: &str =
    "reason IN ('refused', 'connect-timed-out', 'connect-abandoned', 'no-local-port', 'unreachable')";

impl Fleet {
    /// Sums up a span, of what matches a filter; `None` where the server cannot decide the filter.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn summary(
        &self,
        from: SystemTime,
        until: SystemTime,
        filter: Option<&Filter>,
    ) -> Result<Option<FleetSummary>, FleetError> {
        let matching = decided(filter, Rows::Ended, self.has_addresses());
        if !matching.is_whole {
            return Ok(None);
        }
        let (begin, end) = (micros(from), micros(until));
        let before = not_before(begin);
        let within = format!("{before} AND ended_us < toInt64({end}) AND {}", matching.sql);
        let mut summary = FleetSummary::default();
        let total = self.amounts("'-'", &within, "")?;
        summary.total = total.into_iter().next();
        summary.hosts = self.amounts("host", &within, "")?;
        summary.processes = self.amounts("process_name", &within, "")?;
        summary.remotes = self.amounts("remote", &within, " AND has_remote = 1")?;
        let before = from.checked_sub(BEFORE).unwrap_or(UNIX_EPOCH);
        if self.hosts().reach().is_some_and(|(first, _)| first <= before) {
            let since = format!(
                "ended_us >= toInt64({}) AND ended_us < toInt64({end}) AND {}",
                micros(before),
                matching.sql
            );
            summary.new_remotes = Some(self.fresh(
                &format!(
                    "SELECT {remote}, uniq(host), min(ended_us), argMin(host, ended_us), argMin(process_name, ended_us)
                     FROM {ENDS} WHERE {since} AND has_remote = 1 GROUP BY remote
                     HAVING min(ended_us) >= toInt64({begin}) ORDER BY uniq(host) DESC, min(ended_us) LIMIT {MOST}",
                    remote = shown("remote"),
                ),
            )?);
            summary.new_listeners = Some(self.new_listeners(begin, micros(before), end, filter)?);
        }
        let sql = format!(
            "SELECT reason, {remote}, remote_port, process_name, uniq(host), count() FROM {ENDS}
             WHERE {within} AND {FAILED} GROUP BY reason, remote, remote_port, process_name
             ORDER BY count() DESC, remote LIMIT {MOST} FORMAT TabSeparated",
            remote = shown("remote")
        );
        for line in self.text(&sql)?.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [reason, remote, port, process, hosts, ends] = fields[..] else {
                return Err(FleetError::Garbled);
            };
            summary.failures.push(Failing {
                reason: unescaped(reason),
                remote: plain_address(remote),
                port: number(port)?.try_into().map_err(|_| FleetError::Garbled)?,
                process: unescaped(process),
                hosts: number(hosts)?,
                ends: number(ends)?,
            });
        }
        Ok(Some(summary))
    }

    fn amounts(&self, by: &str, within: &str, more: &str) -> Result<Vec<Amount>, FleetError> {
        let who = if by == "remote" { shown(by) } else { by.to_owned() };
        let grouped = if by == "'-'" { String::new() } else { format!("GROUP BY {by}") };
        let sql = format!(
            "SELECT {who}, uniq(host), count(), countIf({FAILED}), sum(ifNull(bytes_sent, toUInt64(0))), sum(ifNull(bytes_received, toUInt64(0)))
             FROM {ENDS} WHERE {within}{more} {grouped}
             ORDER BY sum(ifNull(bytes_sent, toUInt64(0))) + sum(ifNull(bytes_received, toUInt64(0))) DESC LIMIT {MOST}
             FORMAT TabSeparated"
        );
        let mut amounts = Vec::new();
        for line in self.text(&sql)?.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [who, hosts, ends, failed, sent, received] = fields[..] else {
                return Err(FleetError::Garbled);
            };
            amounts.push(Amount {
                who: if by == "remote" { plain_address(who) } else { unescaped(who) },
                hosts: number(hosts)?,
                ends: number(ends)?,
                failed: number(failed)?,
                sent: number(sent)?,
                received: number(received)?,
            });
        }
        Ok(amounts)
    }

    /// Listeners of a program and port that began in the span, and of which there was none the day before.
    fn new_listeners(
        &self,
        begin: i64,
        before: i64,
        end: i64,
        filter: Option<&Filter>,
    ) -> Result<Vec<Fresh>, FleetError> {
        // Of what is open the server decides less; it is few rows, and a listener too many is told with its host.
        let open = decided(filter, Rows::Open, self.has_addresses()).sql;
        let ended = decided(filter, Rows::Ended, self.has_addresses()).sql;
        let begun = "ifNull(started_us, ifNull(started_before_us, toInt64(0)))";
        let columns = format!("proto, local_port, process_name, host, {begun} AS begun");
        let sql = format!(
            "SELECT concat(concat(upper(proto), ' '), toString(local_port)), uniq(host), min(begun), argMin(host, begun),
                 process_name
             FROM (SELECT {columns} FROM {OPEN} FINAL WHERE gone = 0 AND side = 'listen' AND {open}
                   UNION ALL
                   SELECT {columns} FROM {ENDS} WHERE side = 'listen' AND ended_us >= toInt64({before}) AND {ended})
             WHERE begun < toInt64({end}) GROUP BY proto, local_port, process_name
             HAVING min(begun) >= toInt64({begin}) ORDER BY uniq(host) DESC, min(begun) LIMIT {MOST}"
        );
        self.fresh(&sql)
    }

    fn fresh(&self, sql: &str) -> Result<Vec<Fresh>, FleetError> {
        let mut fresh = Vec::new();
        for line in self.text(&format!("{sql} FORMAT TabSeparated"))?.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [what, hosts, at, host, process] = fields[..] else { return Err(FleetError::Garbled) };
            let at: i64 = at.parse().map_err(|_| FleetError::Garbled)?;
            let at = Duration::from_micros(u64::try_from(at).unwrap_or(0));
            fresh.push(Fresh {
                what: plain_address(what),
                hosts: number(hosts)?,
                at: UNIX_EPOCH.checked_add(at).unwrap_or(UNIX_EPOCH),
                host: unescaped(host),
                process: unescaped(process),
            });
        }
        Ok(fresh)
    }
}

/// Returns what shows an address, whichever type it has.
fn shown(column: &str) -> String {
    format!("IPv6NumToString(CAST({column} AS FixedString(16)))")
}

fn plain_address(text: &str) -> Box<str> {
    match text.parse::<std::net::IpAddr>() {
        Ok(address) => address.to_canonical().to_string().into(),
        Err(_) => unescaped(text),
    }
}

fn number(text: &str) -> Result<u64, FleetError> {
    text.parse().map_err(|_| FleetError::Garbled)
}
