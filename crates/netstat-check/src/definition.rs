//! What a check is made of.

use super::data::CheckData;
use super::evidence::Evidence;
use super::finding::{Finding, Severity};
use super::holders::to_see_all;
use super::needs::EvidenceNeeds;
use super::text::{Text, grouped, number_of};
use super::thresholds::{CheckSettings, Thresholds};
use std::sync::LazyLock;

/// A diagnosis: one thing that can be wrong, and how it is recognised.
#[derive(Debug)]
pub struct Check {
    /// The stable name, in lower case with dashes.
    pub name: &'static str,
    /// Its texts and settings.
    pub data: &'static LazyLock<CheckData>,
    /// The evidence it reads.
    pub needs: EvidenceNeeds,
    /// Judges the evidence. Returns at least one finding; [`Severity::Ok`](super::Severity::Ok) says that nothing is wrong.
    pub run: fn(&Evidence, &Thresholds<'_>) -> Vec<Finding>,
}

impl Check {
    /// Runs the check.
    pub fn judge(&self, evidence: &Evidence, settings: &CheckSettings) -> Vec<Finding> {
        let mut findings = (self.run)(evidence, &self.thresholds(settings));
        let undecided = evidence.now.undecided;
        if undecided > 0
            && self.needs.sockets()
            && findings.iter().all(|finding| finding.severity == Severity::Ok)
        {
            // What is looked for may be among the sockets that the filter could not decide on.
            findings = vec![not_decided(undecided)];
        }
        findings.iter_mut().for_each(|finding| finding.check = self.name);
        findings
    }

    /// Returns the settings of this check.
    pub fn thresholds<'a>(&self, settings: &'a CheckSettings) -> Thresholds<'a> {
        Thresholds::new(self.name, self.data, settings)
    }
}

fn not_decided(sockets: usize) -> Finding {
    let why = Text::new(
        format!(
            "{} may match the filter as well, but what decides could not be read",
            number_of(sockets, "socket", "sockets")
        ),
        format!("필터에 맞는지 확인할 수 없는 소켓이 {}개 있음", grouped(sockets)),
    );
    Finding::unknown(why, to_see_all(&[]))
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
