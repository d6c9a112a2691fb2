//! What a check is made of.

use super::data::CheckData;
use super::evidence::Evidence;
use super::finding::{Finding, Severity};
use super::holders::to_see_all;
use super::needs::EvidenceNeeds;
use super::text::{Text, grouped};
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
        if self.needs.sockets() {
            filtered(&mut findings, evidence, &self.needs);
        }
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

/// Replaces "nothing is wrong" where the filter left nothing to judge, or may have left out what is wrong.
fn filtered(findings: &mut Vec<Finding>, evidence: &Evidence, needs: &EvidenceNeeds) {
    let of_check = |((protocol, state), count): (&(_, _), &usize)| {
        if needs.asks_for_owner(*protocol, *state) { *count } else { 0 }
    };
    let finding = match evidence.now.undecided.iter().map(of_check).sum::<usize>() {
        0 if evidence.nothing_matches => Finding::new(
            Severity::Notice,
            Text::fixed("no socket matches the filter", "필터에 맞는 소켓이 없음"),
        ),
        0 => return,
        1 => Finding::unknown(
            Text::fixed(
                "whether 1 socket matches the filter is not known, because what decides could not be read",
                "소켓 1개는 정보를 읽을 수 없어 필터에 맞는지 확인 불가",
            ),
            to_see_all(&[]),
        ),
        n => Finding::unknown(
            Text::new(
                format!(
                    "whether {} sockets match the filter is not known, because what decides could not be read",
                    grouped(n)
                ),
                format!("소켓 {}개는 정보를 읽을 수 없어 필터에 맞는지 확인 불가", grouped(n)),
            ),
            to_see_all(&[]),
        ),
    };
    findings.retain(|finding| finding.severity != Severity::Ok);
    findings.push(Finding { subject: "filter".to_owned(), ..finding });
}
