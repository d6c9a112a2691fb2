//! The most ports that were taken at once in a span.

use super::texts::{DATA, SOURCE};
use crate::data::say;
use crate::over_time::{Judged, OverTime};
use crate::{Fact, Finding, Thresholds};
use std::net::SocketAddr;

/// How long an end that closed first keeps its port, in seconds.
const TIME_WAIT: f64 = 60.0;

/// Judges each destination by the share of the ports that it took.
pub(crate) fn judge(over: &OverTime, thresholds: &Thresholds<'_>) -> Judged {
    let most = over.destinations.iter().map(|(_, taken)| *taken).max().unwrap_or(0);
    let Some(ports) = over.ports.filter(|ports| *ports > 0) else {
        let mut findings = Vec::new();
        if most > 0 {
            let mut finding = Finding::unknown(say!("over-range-unknown", most), say!("over-next-range"));
            finding.subject = "range".to_owned();
            findings.push(finding);
        }
        return Judged { findings, ok: say!("over-none") };
    };
    let share = |taken: u64| taken as f64 * 100.0 / ports as f64;
    let mut findings = Vec::new();
    for (end, taken) in &over.destinations {
        let percent = share(*taken);
        let Some(severity) = thresholds.graded(percent) else { continue };
        let place = SocketAddr::from(*end);
        let percent = format!("{percent:.0}");
        let text = say!("over-taken", n = *taken, all = ports, percent = &percent, end = place);
        let mut finding = Finding::new(severity, text);
        finding.subject = place.to_string();
        finding.amount = share(*taken);
        // Most of them wait, each for as long.
        let rate = *taken as f64 / TIME_WAIT;
        finding.facts = vec![
            Fact::said("taken", *taken),
            Fact::said("ports", ports),
            Fact::shown("connections_per_second", rate, say!("over-rate", rate = format!("{rate:.0}"))),
        ];
        finding.meaning = Some(say!("over-meaning"));
        finding.rows = Some(format!(
            "netstat history {} dst {} rport {}",
            over.options,
            crate::text::host(*end),
            end.port
        ));
        findings.push(finding);
    }
    let ok = match most {
        0 => say!("over-none"),
        most => say!("over-ok", most, all = ports, percent = format!("{:.0}", share(most))),
    };
    Judged { findings, ok }
}
