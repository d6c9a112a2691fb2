//! What ends parsing early.

use crate::options::command::Command;
use crate::options::complaint::Complaint;
use crate::options::printed_text::PrintedText;

/// Why a word is not an option: what getopt_long(3) would say, if anything, after which the usage text follows.
pub(super) struct Misused(pub(super) String);

/// What ends parsing early.
pub(super) enum Stop {
    Misused(Misused),
    Complaint(Complaint),
    /// What net-tools says in place of a report.
    Said(PrintedText),
    Answer(Command),
}

impl From<Misused> for Stop {
    fn from(misused: Misused) -> Self {
        Self::Misused(misused)
    }
}

impl From<Complaint> for Stop {
    fn from(complaint: Complaint) -> Self {
        Self::Complaint(complaint)
    }
}
