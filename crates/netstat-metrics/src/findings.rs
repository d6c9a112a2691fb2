//! What the checks found.

use crate::metric::{Kind, Label, Metric, Unit, Values};
use netstat_check::{Check, CheckSettings, Evidence, Severity};

pub(crate) static FINDINGS: Metric = Metric {
    name: "netstat.check.findings",
    kind: Kind::Gauge,
    unit: Unit::Of("{finding}"),
    help: "What netstat check finds, by check and level. Each check that has judged has a value for each level; unknown is what it cannot judge for lack of evidence.",
};

/// All of them.
pub(crate) static ALL: &[&Metric] = &[&FINDINGS];

/// Returns how many findings there are of each level, for each check.
pub(crate) fn values(
    evidence: &Evidence,
    checks: &[&'static Check],
    settings: &CheckSettings,
) -> [Values; 1] {
    let mut values = Values::new(&FINDINGS);
    for check in checks {
        let findings = check.judge(evidence, settings);
        for level in Severity::ALL.into_iter().filter(|level| *level != Severity::Ok) {
            // As netstat check: what this system never tells concerns only somebody who named the check.
            let count =
                findings.iter().filter(|finding| finding.severity == level && !finding.never_told).count();
            values.add([(Label::Check, check.name), (Label::Level, level.word())], u64::try_from(count).ok());
        }
    }
    [values]
}
