//! `conntrack`: the table in which the firewall keeps what it tracks is full.

use super::data::{check_data, say};
use super::needs::Twice;
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Severity, Thresholds};
use netstat_model::Conntrack;
use std::time::Duration;

check_data!("conntrack.toml");

pub(crate) static CHECK: Check = Check {
    name: "conntrack",
    data: &DATA,
    needs: EvidenceNeeds { conntrack: true, twice: Twice::Always, ..EvidenceNeeds::NOTHING },
    run,
};

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let table = match &evidence.now.conntrack {
        Ok(Some(table)) => table,
        Ok(None) => return vec![Finding::ok(say!("not-tracked"))],
        Err(lack) => {
            return vec![Finding::unknown(say!("unknown", why = lack.reason()), say!("next-unknown"))];
        }
    };
    let before = evidence.before.as_ref().and_then(|before| before.conntrack.as_ref().ok()?.as_ref());
    let grown = |get: fn(&Conntrack) -> Option<u64>| Some(get(table)?.saturating_sub(before.and_then(get)?));
    // A packet whose entry could not be inserted is counted as dropped as well; that has nothing to do with room.
    let collided = grown(|table| table.insert_failed);
    let dropped = grown(|table| table.drop).map(|dropped| dropped.saturating_sub(collided.unwrap_or(0)));
    let pushed_out = grown(|table| table.early_drop);
    let (Some(entries), Some(max)) = (table.entries, table.max.filter(|max| *max > 0)) else {
        return vec![Finding::unknown(say!("unknown-size"), say!("next-unknown"))];
    };
    let percent = entries as f64 * 100.0 / max as f64;
    let filled = thresholds.graded(percent);
    let lost = match (dropped.unwrap_or(0), pushed_out.unwrap_or(0)) {
        (0, 0) => None,
        (0, _) => Some(Severity::Warning),
        _ => Some(Severity::Critical),
    };
    let collisions = collided.filter(|n| *n > 0).map(of_collisions);
    let Some(severity) = filled.max(lost) else {
        return vec![collisions.unwrap_or_else(|| Finding::ok(say!("ok", entries, max, percent)))];
    };
    let sentence = match dropped.unwrap_or(0) {
        0 => say!("full", entries, max, percent),
        n => say!("dropped", n, entries, max, percent),
    };
    let mut finding = Finding::new(severity, sentence);
    finding.amount = percent;
    finding.facts = vec![
        Fact::said("entries", entries),
        Fact::said("max", max),
        Fact::said("percent", percent),
        Fact::said("dropped", dropped),
        Fact::said("pushed_out", pushed_out),
        Fact::said("insert_failed", collided),
    ];
    if table.drop.is_none() {
        finding.facts.push(Fact::shown("drops_known", false, say!("drops-unknown")));
    }
    if let Some(n) = pushed_out.filter(|pushed_out| *pushed_out > 0) {
        finding.facts.push(Fact::shown("pushed_out_entries", n, say!("pushed-out", n)));
    }
    finding.facts.extend(time_left(evidence, before.and_then(|before| before.entries), entries, max));
    finding.rows = Some("netstat --group-by raddr connected".to_owned());
    finding.meaning = Some(say!("meaning"));
    finding.next = vec![say!("next-room", max = max.saturating_mul(2).to_string()), say!("next-what")];
    std::iter::once(finding).chain(collisions).collect()
}

/// Reports packets that were dropped because their connection would have had the same ends as another after translation.
fn of_collisions(n: u64) -> Finding {
    let mut finding = Finding::new(Severity::Warning, say!("collided", n));
    finding.subject = "insert_failed".to_owned();
    finding.amount = n as f64;
    finding.facts = vec![Fact::said("insert_failed", n)];
    finding.meaning = Some(say!("meaning-collided"));
    finding.next = vec![say!("next-ports"), say!("next-random"), say!("next-see-collided")];
    finding
}

fn time_left(evidence: &Evidence, before: Option<u64>, now: u64, max: u64) -> Option<Fact> {
    let rate = evidence.per_second(now.checked_sub(before?)?).filter(|rate| *rate > 0.0)?;
    let left = Duration::try_from_secs_f64(max.saturating_sub(now) as f64 / rate).ok()?;
    // The growth of one second says nothing about hours ahead.
    let is_soon = left < Duration::from_secs(3600);
    is_soon.then(|| Fact::shown("seconds_left", left.as_secs(), say!("growth", rate, left)))
}

#[cfg(test)]
mod tests;
