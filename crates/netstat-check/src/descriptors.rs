//! `descriptors`: processes that hold sockets no table lists, and processes that run out of descriptors.

use super::data::{check_data, say};
use super::held_by::HeldBy;
use super::identity::WHO;
use super::surroundings::Wanted;
use super::text::Text;
use super::{Check, Culprit, Evidence, EvidenceNeeds, Fact, Finding, Lack, Severity, Thresholds};
use netstat_model::{DescriptorUse, ProcessDescriptors};
use std::time::Duration;

check_data!("descriptors.toml");

pub(crate) static CHECK: Check = Check {
    name: "descriptors",
    data: &DATA,
    needs: EvidenceNeeds {
        descriptors: true,
        process: WHO,
        surroundings: Wanted { users: true, ..Wanted::NOTHING },
        ..EvidenceNeeds::NOTHING
    },
    run,
};

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let counted = match &evidence.descriptors {
        Ok(Some(counted)) => counted,
        Ok(None) => return vec![Finding::never_told(say!("not-told"), say!("next-not-told"))],
        Err(Lack::FilteredOut) => return vec![Finding::ok(say!("no-process-named"))],
        Err(lack) => {
            return vec![Finding::unknown(say!("unknown", why = lack.reason()), say!("next-unknown"))];
        }
    };
    let mut findings: Vec<Finding> = Vec::new();
    for counts in &counted.processes {
        let one = Judged::new(evidence, counts);
        findings.extend(one.leak(thresholds));
        findings.extend(one.limit(thresholds));
    }
    findings.sort_by(|one, other| {
        (other.severity, other.amount)
            .partial_cmp(&(one.severity, one.amount))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let fullest = counted
        .processes
        .iter()
        .max_by(|one, other| percent(one).unwrap_or(0.0).total_cmp(&percent(other).unwrap_or(0.0)));
    if fullest.is_none() {
        let none = Finding::new(Severity::Notice, say!("none"));
        findings.push(Finding { subject: "filter".to_owned(), ..none });
    }
    findings.extend(lacks(counted));
    let Some(fullest) = fullest.filter(|_| findings.is_empty()) else { return findings };
    let unlisted: u64 = counted.processes.iter().filter_map(|counts| counts.unlisted).sum();
    let who = evidence.holder_of(fullest.process).text();
    let (n, percent) = (counted.processes.len(), percent(fullest).unwrap_or(0.0));
    vec![Finding::ok(say!("ok", n, unlisted, who, percent))]
}

/// Returns the share of its descriptors that a process uses, in percent.
fn percent(counts: &ProcessDescriptors) -> Option<f64> {
    let limit = counts.soft_limit?;
    Some(counts.open as f64 * 100.0 / limit.max(1) as f64)
}

/// Says what could not be counted. What only root may read is not counted against an ordinary user who did not name the check.
fn lacks(counted: &DescriptorUse) -> Vec<Finding> {
    let mut lacks = Vec::new();
    let is_for_root = counted.unreadable > 0;
    if is_for_root {
        let n = counted.unreadable;
        let finding = Finding::never_told(say!("unreadable", n), say!("next-root"));
        lacks.push(Finding { subject: "processes".to_owned(), amount: n as f64, ..finding });
    }
    if counted.processes.iter().any(|counts| counts.unlisted.is_none()) {
        let mut finding = Finding::unknown(say!("tables-unknown"), say!("next-tables"));
        finding.never_told = is_for_root;
        lacks.push(Finding { subject: "tables".to_owned(), ..finding });
    }
    let n = counted.processes.iter().filter(|counts| counts.soft_limit.is_none()).count();
    if n > 0 {
        let finding = Finding::unknown(say!("limits-unknown", n), say!("next-root"));
        lacks.push(Finding { subject: "limits".to_owned(), amount: n as f64, ..finding });
    }
    lacks
}

/// A process that is judged.
struct Judged<'a> {
    evidence: &'a Evidence,
    counts: &'a ProcessDescriptors,
    holder: HeldBy,
    /// How many more descriptors and sockets in no table it has than the fewest that watching saw, and since when.
    grown: Option<(u64, Option<u64>, Duration)>,
}

impl<'a> Judged<'a> {
    fn new(evidence: &'a Evidence, counts: &'a ProcessDescriptors) -> Self {
        let growth = || {
            let since = evidence.descriptors_since.get(&counts.process)?;
            let time = evidence.now.at.as_ref().ok()?.checked_sub(since.at).filter(|time| !time.is_zero())?;
            let unlisted = counts.unlisted.zip(since.unlisted);
            let unlisted = unlisted.map(|(now, then)| now.saturating_sub(then));
            Some((counts.open.saturating_sub(since.open), unlisted, time))
        };
        Self { evidence, counts, holder: evidence.holder_of(counts.process), grown: growth() }
    }

    /// Judges the sockets in no table, and descriptors that become more and more.
    fn leak(&self, thresholds: &Thresholds<'_>) -> Option<Finding> {
        let n = self.counts.unlisted.unwrap_or(0);
        let held = thresholds.graded(n as f64);
        let enough = thresholds.count("grown").max(1) as u64;
        let grows = match self.grown {
            Some((_, Some(sockets), _)) if sockets >= enough => Some(Severity::Warning),
            Some((open, ..)) if open >= enough => Some(Severity::Notice),
            _ => None,
        };
        let severity = held.max(grows)?;
        let sentence = match (self.grown, n) {
            (Some((open, _, time)), 0) => say!("grows", who = self.who(), change = open, time),
            (None, 0) => return None,
            _ => say!("held", who = self.who(), n),
        };
        let mut finding = self.finding(severity, sentence, self.open());
        finding.amount = n.max(self.grown.map_or(0, |(open, ..)| open)) as f64;
        finding.subject = self.holder.subject();
        if n > 0 {
            finding.meaning = Some(say!("meaning-leak"));
            finding.rows = Some(format!("netstat --family unlisted pid {}", self.counts.process.pid));
        } else {
            finding.meaning = Some(say!("meaning-grows"));
        }
        finding.next.push(say!("next-watch"));
        if severity >= Severity::Warning {
            finding.next.push(say!("next-trace", pid = self.pid()));
        }
        Some(finding)
    }

    /// Judges how many descriptors are left.
    fn limit(&self, thresholds: &Thresholds<'_>) -> Option<Finding> {
        let percent = percent(self.counts)?;
        let severity = thresholds.graded_by(percent, ["full-notice", "full-warning", "full-critical"])?;
        let (open, limit) = (self.counts.open, self.counts.soft_limit?);
        let mut finding = self.finding(severity, say!("full", who = self.who(), open, limit, percent), None);
        finding.amount = percent;
        finding.subject = format!("limit of {}", self.holder.subject());
        finding.rows = Some(format!("netstat --family all pid {}", self.counts.process.pid));
        finding.meaning = Some(say!("meaning-full"));
        finding.next = vec![say!("next-files", pid = self.pid()), say!("next-limit", pid = self.pid())];
        Some(finding)
    }

    /// Returns a finding with what is known of the process. `in_use` says how many descriptors that is, unless the sentence
    /// does.
    fn finding(&self, severity: Severity, sentence: Text, in_use: Option<Text>) -> Finding {
        let mut finding = Finding::new(severity, sentence);
        let ProcessDescriptors { open, soft_limit, unlisted, .. } = *self.counts;
        // No limit is no number.
        let limit = soft_limit.filter(|limit| *limit < u64::MAX);
        finding.facts = vec![
            Fact { key: "open", value: open.into(), text: in_use },
            Fact::said("limit", limit),
            Fact::said("percent", percent(self.counts)),
            Fact::said("unlisted", unlisted),
        ];
        finding.facts.extend(self.growth(limit));
        let process = self.evidence.processes.get(&self.counts.process);
        finding.facts.extend(process.map_or_else(Vec::new, |process| self.evidence.identity_of(process)));
        let sockets = unlisted.and_then(|unlisted| usize::try_from(unlisted).ok()).unwrap_or(0);
        finding.processes = vec![Culprit { holder: self.holder.clone(), sockets }];
        finding
    }

    /// Returns how many descriptors are in use, of how many.
    fn open(&self) -> Option<Text> {
        let limit = self.counts.soft_limit.filter(|limit| *limit < u64::MAX)?;
        Some(say!("open", open = self.counts.open, limit))
    }

    /// Returns how much was added while watching, and when the limit is reached at that rate.
    fn growth(&self, limit: Option<u64>) -> Vec<Fact> {
        let Some((open, unlisted, time)) = self.grown.filter(|(open, ..)| *open > 0) else {
            return Vec::new();
        };
        let mut facts = vec![
            Fact::said("grown_unlisted", unlisted),
            Fact::shown("grown", open, say!("grown", n = open, time)),
        ];
        let rate = open as f64 / time.as_secs_f64();
        let left = limit.map(|limit| limit.saturating_sub(self.counts.open) as f64 / rate);
        let left = left.and_then(|left| Duration::try_from_secs_f64(left).ok());
        // A moment's growth says nothing about days ahead.
        if let Some(left) = left.filter(|left| *left < Duration::from_secs(86_400)) {
            facts.push(Fact::shown("seconds_left", left.as_secs(), say!("left", left)));
        }
        facts
    }

    fn who(&self) -> Text {
        self.holder.text()
    }

    fn pid(&self) -> String {
        self.counts.process.pid.to_string()
    }
}

#[cfg(test)]
mod tests;
