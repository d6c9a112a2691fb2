//! What a check is made of.

use super::data::CheckData;
use super::evidence::Evidence;
use super::finding::Finding;
use super::needs::EvidenceNeeds;
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
        findings.iter_mut().for_each(|finding| finding.check = self.name);
        findings
    }

    /// Returns the settings of this check.
    pub fn thresholds<'a>(&self, settings: &'a CheckSettings) -> Thresholds<'a> {
        Thresholds::new(self.name, self.data, settings)
    }
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
