//! What changed from one round of `--watch` to the next.

use super::finding::{Finding, Severity};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::{Ordering, Reverse};

/// The factor by which a finding has to grow to be reported again: less is the noise of a busy system.
const GROWTH: f64 = 1.25;

/// A change of a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Change<'a> {
    /// It was not there before.
    Appeared(&'a Finding),
    /// It is more severe, or its amount has grown.
    Worsened(&'a Finding),
    /// It is less severe.
    Eased(&'a Finding),
    /// It is no longer there.
    Gone(&'a Finding),
}

impl<'a> Change<'a> {
    /// Returns the finding.
    pub fn finding(&self) -> &'a Finding {
        let (Self::Appeared(finding) | Self::Worsened(finding) | Self::Eased(finding) | Self::Gone(finding)) =
            self;
        finding
    }
}

/// Identifies a finding: the check, the subject, and its number among those with the same check and subject.
type FindingKey<'a> = (&'static str, &'a str, usize);

/// Returns the findings that are reported, the worst first, with their keys. That nothing is wrong is not reported.
fn told(findings: &[Finding]) -> Vec<(FindingKey<'_>, &Finding)> {
    let mut told: Vec<&Finding> =
        findings.iter().filter(|finding| finding.severity != Severity::Ok).collect();
    told.sort_by_key(|finding| Reverse(finding.severity));
    let mut met: FxHashMap<(&str, &str), usize> = FxHashMap::default();
    told.into_iter()
        .map(|finding| {
            let which = met.entry((finding.check, &finding.subject)).or_default();
            *which += 1;
            ((finding.check, finding.subject.as_str(), *which), finding)
        })
        .collect()
}

/// Returns how a finding changed since it was reported, if it did.
fn change<'a>(before: Option<&Finding>, now: &'a Finding) -> Option<Change<'a>> {
    let Some(before) = before else { return Some(Change::Appeared(now)) };
    match now.severity.cmp(&before.severity) {
        Ordering::Greater => Some(Change::Worsened(now)),
        Ordering::Less => Some(Change::Eased(now)),
        Ordering::Equal => (now.amount > before.amount * GROWTH).then_some(Change::Worsened(now)),
    }
}

/// Returns what changed, the new findings first. `told_before` holds each finding as last reported, so slow growth adds
/// up.
pub fn changes<'a>(told_before: &'a [Finding], now: &'a [Finding]) -> Vec<Change<'a>> {
    let (before, now) = (told(told_before), told(now));
    let then: FxHashMap<FindingKey<'_>, &Finding> = before.iter().copied().collect();
    let still: FxHashSet<FindingKey<'_>> = now.iter().map(|(key, _)| *key).collect();
    let mut changes: Vec<Change<'a>> =
        now.iter().filter_map(|(key, finding)| change(then.get(key).copied(), finding)).collect();
    let gone = before.iter().filter(|(key, _)| !still.contains(key));
    changes.extend(gone.map(|(_, finding)| Change::Gone(finding)));
    changes
}

/// Returns what the next round is compared with: each finding as last reported.
pub fn retold(told_before: &[Finding], now: &[Finding]) -> Vec<Finding> {
    let then: FxHashMap<FindingKey<'_>, &Finding> = told(told_before).into_iter().collect();
    told(now)
        .into_iter()
        .map(|(key, finding)| match then.get(&key).copied() {
            Some(before) if change(Some(before), finding).is_none() => before.clone(),
            _ => finding.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::text::Text;
    use super::*;

    fn finding(subject: &str, severity: Severity, amount: f64) -> Finding {
        let mut finding = Finding::new(severity, Text::fixed("", ""));
        finding.subject = subject.to_owned();
        finding.amount = amount;
        finding
    }

    fn words(before: &[Finding], now: &[Finding]) -> Vec<String> {
        changes(before, now)
            .into_iter()
            .map(|change| match change {
                Change::Appeared(finding) => format!("+{}", finding.subject),
                Change::Worsened(finding) => format!("^{}", finding.subject),
                Change::Eased(finding) => format!("v{}", finding.subject),
                Change::Gone(finding) => format!("-{}", finding.subject),
            })
            .collect()
    }

    #[test]
    fn each_change_is_reported_once() {
        use Severity::{Critical, Notice, Ok, Warning};
        let before = [
            finding("a", Warning, 100.0),
            finding("b", Warning, 100.0),
            finding("c", Critical, 100.0),
            finding("d", Notice, 1.0),
            finding("e", Warning, 100.0),
            finding("", Ok, 0.0),
        ];
        let now = [
            finding("a", Critical, 100.0),
            finding("b", Warning, 126.0),
            finding("c", Warning, 100.0),
            finding("e", Warning, 120.0),
            finding("f", Notice, 1.0),
        ];
        assert_eq!(words(&before, &now), ["^a", "^b", "vc", "+f", "-d"]);
        assert_eq!(words(&now, &now), Vec::<String>::new());
        assert_eq!(words(&[], &[finding("", Ok, 0.0)]), Vec::<String>::new());
    }

    #[test]
    fn findings_with_one_subject_are_told_apart_by_severity() {
        use Severity::{Critical, Warning};
        let (worse, better) = (finding("a", Critical, 1.0), finding("a", Warning, 9.0));
        let both = [worse.clone(), better.clone()];
        assert_eq!(words(&both, &both), Vec::<String>::new());
        assert_eq!(words(&both, &[better.clone(), worse.clone()]), Vec::<String>::new());
        assert_eq!(words(&retold(&both, &both), &both), Vec::<String>::new());
        assert_eq!(words(std::slice::from_ref(&better), &both), ["^a", "+a"]);
        assert_eq!(words(&both, &[worse]), ["-a"]);
    }

    #[test]
    fn slow_growth_adds_up() {
        let first = [finding("a", Severity::Warning, 100.0)];
        let second = retold(&first, &[finding("a", Severity::Warning, 120.0)]);
        assert_eq!(second[0].amount, 100.0, "what was told stays the measure");
        assert_eq!(words(&second, &[finding("a", Severity::Warning, 130.0)]), ["^a"]);
        assert_eq!(retold(&second, &[finding("a", Severity::Warning, 130.0)])[0].amount, 130.0);
    }
}
