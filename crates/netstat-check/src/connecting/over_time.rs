//! Connects that failed in a span, by where they went.

use super::{DATA, SOURCE};
use crate::data::say;
use crate::over_time::{Judged, OverTime, who};
use crate::text::host;
use crate::{Fact, Finding, Severity, Thresholds};
use netstat_engine::text::lifespan;
use netstat_model::IpEndpoint;
use netstat_model::history::EndReason;
use rustc_hash::FxHashMap;
use std::ffi::OsString;
use std::net::SocketAddr;

/// The most programs that are named.
const NAMED: usize = 3;

type Failed<'a> = (EndReason, Option<&'a OsString>, u64);

/// Judges each destination by how many connections to it failed.
pub(crate) fn judge(over: &OverTime, thresholds: &Thresholds<'_>) -> Judged {
    let mut by_end: FxHashMap<IpEndpoint, Vec<Failed<'_>>> = FxHashMap::default();
    for (reason, end, program, n) in &over.failures {
        // One that was reset later was a connection.
        let failed = matches!(
            reason,
            EndReason::Refused
                | EndReason::ConnectTimedOut
                | EndReason::ConnectAbandoned
                | EndReason::NoLocalPort
                | EndReason::Unreachable
        );
        if failed {
            by_end.entry(*end).or_default().push((*reason, program.as_ref(), *n));
        }
    }
    let mut findings: Vec<Finding> = by_end
        .into_iter()
        .filter_map(|(end, failed)| {
            let n: u64 = failed.iter().map(|(.., n)| n).sum();
            let reaches = |name| n as f64 >= thresholds.number(name).max(1.0);
            let severity = match () {
                () if reaches("failed") => Severity::Warning,
                () if reaches("failed-notice") => Severity::Notice,
                () => return None,
            };
            Some(finding(over, end, n, &failed, severity))
        })
        .collect();
    findings.sort_by(|one, other| {
        other.amount.total_cmp(&one.amount).then_with(|| one.subject.cmp(&other.subject))
    });
    Judged { findings, ok: say!("over-ok", n = over.ends, failed = over.failed) }
}

fn finding(over: &OverTime, end: IpEndpoint, n: u64, failed: &[Failed<'_>], severity: Severity) -> Finding {
    let mut reasons: Vec<(String, u64)> = Vec::new();
    let mut programs: Vec<(Option<&OsString>, u64)> = Vec::new();
    for (reason, program, n) in failed {
        let word = lifespan::reason(*reason).into_owned();
        match reasons.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += n,
            None => reasons.push((word, *n)),
        }
        match programs.iter_mut().find(|(known, _)| known == program) {
            Some((_, count)) => *count += n,
            None => programs.push((*program, *n)),
        }
    }
    reasons.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    programs.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let listed: Vec<String> = reasons.iter().map(|(word, n)| format!("{n} {word}")).collect();
    let place = SocketAddr::from(end);
    let mut finding = Finding::new(severity, say!("over-failed", n, end = place, listed = listed.join(", ")));
    finding.subject = place.to_string();
    finding.amount = n as f64;
    finding.facts = vec![Fact::said("failed", n)];
    for (program, n) in programs.into_iter().take(NAMED) {
        let name = who(program);
        let value = program.map(|name| name.to_string_lossy().into_owned());
        finding.facts.push(Fact::shown("program", value, say!("over-program", name, n)));
    }
    finding.rows =
        Some(format!("netstat history {} dst {} rport {} reason failed", over.options, host(end), end.port));
    finding.meaning = Some(say!("over-meaning"));
    finding
}
