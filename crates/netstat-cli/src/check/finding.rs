//! What a check answers.

use super::held_by::HeldBy;
use super::text::Text;
use serde_json::Value;

/// How bad it is.
///
/// The order is that of attention: what is not known is worse than what is merely worth knowing, and better than what
/// is known to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Severity {
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
    /// The word of the JSON form.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Notice => "notice",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// Every severity, the mildest first.
    pub(crate) const ALL: [Self; 5] = [Self::Ok, Self::Notice, Self::Unknown, Self::Warning, Self::Critical];

    /// The exit code, as monitoring systems expect it.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Ok | Self::Notice => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// The worst of the findings; nothing at all is well.
pub(crate) fn worst<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Severity {
    findings.into_iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok)
}

/// A number or another fact that the finding rests on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fact {
    /// Its key in JSON.
    pub(crate) key: &'static str,
    /// Its value in JSON.
    pub(crate) value: Value,
    /// It in words; `None` where the sentence of the finding says it already.
    pub(crate) text: Option<Text>,
}

impl Fact {
    /// A fact that has a line of its own.
    pub(crate) fn shown(key: &'static str, value: impl Into<Value>, text: Text) -> Self {
        Self { key, value: value.into(), text: Some(text) }
    }

    /// A fact that the sentence says already.
    pub(crate) fn said(key: &'static str, value: impl Into<Value>) -> Self {
        Self { key, value: value.into(), text: None }
    }
}

/// A process, or those that are not known, with how many sockets of the finding it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Culprit {
    /// Who.
    pub(crate) holder: HeldBy,
    /// How many of the sockets it holds.
    pub(crate) sockets: usize,
}

/// One answer of one check.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    /// The name of the check, which [`Check::judge`](super::Check::judge) enters.
    pub(crate) check: &'static str,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What it is about, the same from one look to the next: a process, an address. Empty where it is the system.
    pub(crate) subject: String,
    /// How much of it there is, to tell whether it grew.
    pub(crate) amount: f64,
    /// What is the matter, with the numbers.
    pub(crate) sentence: Text,
    /// What it rests on.
    pub(crate) facts: Vec<Fact>,
    /// Who does it.
    pub(crate) processes: Vec<Culprit>,
    /// The command that shows the rows it rests on.
    pub(crate) rows: Option<String>,
    /// What it usually means.
    pub(crate) meaning: Option<Text>,
    /// What to do next, one step each.
    pub(crate) next: Vec<Text>,
    /// An input is missing because this system never tells it. Who did not name the check is not troubled by that.
    pub(crate) never_told: bool,
}

impl Finding {
    /// A finding that says no more than this yet.
    pub(crate) fn new(severity: Severity, sentence: Text) -> Self {
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

    /// That nothing is wrong, with the number of what was looked at.
    pub(crate) fn ok(sentence: Text) -> Self {
        Self::new(Severity::Ok, sentence)
    }

    /// That an input is missing: what cannot be judged and why, and what it would take.
    pub(crate) fn unknown(why: Text, needs: Text) -> Self {
        let mut finding = Self::new(Severity::Unknown, why);
        finding.next.push(needs);
        finding
    }

    /// That an input is missing which this system never tells.
    pub(crate) fn never_told(why: Text, needs: Text) -> Self {
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
