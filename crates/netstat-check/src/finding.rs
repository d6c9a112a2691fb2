//! The answer of a check.

use super::held_by::HeldBy;
use super::text::Text;
use serde_json::Value;

/// How bad a finding is.
///
/// The order is that of attention: an unknown is worse than something worth knowing, and better than a known fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is wrong.
    Ok,
    /// Worth knowing; nobody has to do anything.
    Notice,
    /// An input is missing, so the check abstains.
    Unknown,
    /// Somebody should look at it soon.
    Warning,
    /// It hurts now, or will within minutes.
    Critical,
}

impl Severity {
    /// Returns the word that stands for it in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Notice => "notice",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// Every severity, the mildest first.
    pub const ALL: [Self; 5] = [Self::Ok, Self::Notice, Self::Unknown, Self::Warning, Self::Critical];

    /// Returns the exit code, as monitoring systems expect it.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Ok | Self::Notice => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// Returns the worst severity of findings; `Ok` if there are none.
pub fn worst<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Severity {
    findings.into_iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok)
}

/// A number or another fact that a finding is based on.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its key in JSON.
    pub key: &'static str,
    /// Its value in JSON.
    pub value: Value,
    /// The fact in words; `None` if the sentence of the finding says it already.
    pub text: Option<Text>,
}

impl Fact {
    /// Creates a fact with a line of its own.
    pub fn shown(key: &'static str, value: impl Into<Value>, text: Text) -> Self {
        Self { key, value: value.into(), text: Some(text) }
    }

    /// Creates a fact that the sentence says already.
    pub fn said(key: &'static str, value: impl Into<Value>) -> Self {
        Self { key, value: value.into(), text: None }
    }
}

/// A process, or the unknown ones, and how many sockets of a finding it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Culprit {
    /// Who.
    pub holder: HeldBy,
    /// How many of the sockets it holds.
    pub sockets: usize,
}

/// One answer of one check.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The name of the check, which [`Check::judge`](super::Check::judge) enters.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about, the same from one look to the next: a process, an address. Empty if it is the system.
    pub subject: String,
    /// How much of it there is, to see whether it grows.
    pub amount: f64,
    /// What is wrong, with the numbers.
    pub sentence: Text,
    /// What it is based on.
    pub facts: Vec<Fact>,
    /// The processes that cause it.
    pub processes: Vec<Culprit>,
    /// The command that shows the rows it is based on.
    pub rows: Option<String>,
    /// What it usually means.
    pub meaning: Option<Text>,
    /// What to do next, one step each.
    pub next: Vec<Text>,
    /// Whether an input is missing that this system never reports, or only to root; shown only to a user who named the check.
    pub never_told: bool,
}

impl Finding {
    /// Creates a finding without details.
    pub fn new(severity: Severity, sentence: Text) -> Self {
        Self {
            check: "",
            severity,
            subject: String::new(),
            amount: 0.0,
            sentence,
            facts: Vec::new(),
            processes: Vec::new(),
            rows: None,
            meaning: None,
            next: Vec::new(),
            never_told: false,
        }
    }

    /// Says that nothing is wrong, and how much was looked at.
    pub fn ok(sentence: Text) -> Self {
        Self::new(Severity::Ok, sentence)
    }

    /// Says that an input is missing: what cannot be judged and why, and what it would take.
    pub fn unknown(why: Text, needs: Text) -> Self {
        let mut finding = Self::new(Severity::Unknown, why);
        finding.next.push(needs);
        finding
    }

    /// Says that an input is missing that this system never reports, or only to root.
    pub fn never_told(why: Text, needs: Text) -> Self {
        Self { never_told: true, ..Self::unknown(why, needs) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_and_a_known_fault_is_worse_than_an_unknown() {
        let of = |list: &[Severity]| {
            let findings: Vec<Finding> =
                list.iter().map(|&severity| Finding::new(severity, Text::fixed("", ""))).collect();
            worst(&findings).exit_code()
        };
        use Severity::{Critical, Notice, Ok, Unknown, Warning};
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[Ok, Notice]), 0);
        assert_eq!(of(&[Notice, Unknown]), 3);
        assert_eq!(of(&[Unknown, Warning, Ok]), 1);
        assert_eq!(of(&[Critical, Unknown, Warning]), 2);
    }
}
