//! CLOSE_WAIT that grew over a span.

use super::{DATA, SOURCE};
use crate::data::say;
use crate::over_time::{Judged, OverTime, who};
use crate::{Fact, Finding, Thresholds};

/// Judges each program by how much it grew: the least of the last quarter is more than the most of the first one.
pub(crate) fn judge(over: &OverTime, thresholds: &Thresholds<'_>) -> Judged {
    let mut findings = Vec::new();
    let mut most = 0;
    for (program, counts) in &over.close_wait {
        most = counts.iter().copied().max().unwrap_or(0).max(most);
        let quarter = counts.len() / 4;
        let Some((first, last)) = counts.get(..quarter).zip(counts.get(counts.len() - quarter..)) else {
            continue;
        };
        let (Some(began), Some(least)) = (first.iter().max(), last.iter().min()) else { continue };
        let Some(grown) = least.checked_sub(*began) else { continue };
        let Some(severity) = thresholds.graded(grown as f64) else { continue };
        let first = counts.first().copied().unwrap_or(0);
        let last = counts.last().copied().unwrap_or(0);
        let text = say!("over-grown", who = who(program.as_ref()), first, last, time = over.length);
        let mut finding = Finding::new(severity, text);
        finding.subject =
            program.as_ref().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        finding.amount = grown as f64;
        finding.facts = vec![
            Fact::said("first", first),
            Fact::said("last", last),
            Fact::shown("grown", grown, say!("over-least", began = *began, least = *least)),
        ];
        finding.meaning = Some(say!("meaning-leak"));
        findings.push(finding);
    }
    findings.sort_by(|one, other| {
        other.amount.total_cmp(&one.amount).then_with(|| one.subject.cmp(&other.subject))
    });
    Judged { findings, ok: say!("over-ok", most) }
}
