//! What changed from one round of `--watch` to the next.

use super::{Finding, Severity};

/// How much a finding has to grow until that is told: less is the noise of a busy system.
const GROWTH: f64 = 1.25;

/// A change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change<'a> {
    /// It was not there before.
    Appeared(&'a Finding),
    /// It is more severe, or there is a good deal more of it.
    Worsened(&'a Finding),
    /// It is less severe.
    Eased(&'a Finding),
    /// It is no longer there.
    Gone(&'a Finding),
}

fn is_same(one: &Finding, other: &Finding) -> bool {
    one.check == other.check && one.subject == other.subject
}

/// The findings that are told: that all is well is not one.
fn told(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.severity != Severity::Ok)
}

/// What changed, the new findings first. `told_before` is what was told of each last: a slow growth adds up.
pub(crate) fn changes<'a>(told_before: &'a [Finding], now: &'a [Finding]) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    for finding in told(now) {
        match told(told_before).find(|before| is_same(before, finding)) {
            None => changes.push(Change::Appeared(finding)),
            Some(before) if finding.severity > before.severity => changes.push(Change::Worsened(finding)),
            Some(before) if finding.severity < before.severity => changes.push(Change::Eased(finding)),
            Some(before) if finding.amount > before.amount * GROWTH => {
                changes.push(Change::Worsened(finding))
            }
            Some(_) => {}
        }
    }
    let gone = told(told_before).filter(|before| !told(now).any(|finding| is_same(finding, before)));
    changes.extend(gone.map(Change::Gone));
    changes
}

/// What the next round is compared with: what was told of each finding.
pub(crate) fn retold(told_before: &[Finding], now: &[Finding]) -> Vec<Finding> {
    let changed = changes(told_before, now);
    told(now)
        .map(|finding| {
            let new = changed.iter().any(|change| match change {
                Change::Appeared(told) | Change::Worsened(told) | Change::Eased(told) => {
                    is_same(told, finding)
                }
                Change::Gone(_) => false,
            });
            let before = told(told_before).find(|before| is_same(before, finding));
            before.filter(|_| !new).unwrap_or(finding).clone()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Text;

    fn finding(subject: &str, severity: Severity, amount: f64) -> Finding {
        let mut finding = Finding::new("x", severity, Text::fixed("", ""));
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
    fn what_changes_is_told_once() {
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
    fn slow_growth_adds_up() {
        let first = [finding("a", Severity::Warning, 100.0)];
        let second = retold(&first, &[finding("a", Severity::Warning, 120.0)]);
        assert_eq!(second[0].amount, 100.0, "what was told stays the measure");
        assert_eq!(words(&second, &[finding("a", Severity::Warning, 130.0)]), ["^a"]);
        assert_eq!(retold(&second, &[finding("a", Severity::Warning, 130.0)])[0].amount, 130.0);
    }
}
