//! The meaning of what was typed after `netstat close` and `netstat end`.

use crate::options::{ActArguments, Arguments, Colour};
use netstat_model::query::Kinds;

/// What `netstat close` or `netstat end` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) deed: Deed,
    /// The families among which the targets are.
    pub(crate) kinds: Kinds,
    /// How far it goes without asking.
    pub(crate) how: ActArguments,
    pub(crate) colour: Colour,
}

/// What is done to the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Sockets are closed.
    Close,
    /// Processes are asked to end.
    End,
    /// Processes are ended at once.
    Kill,
}

/// Interprets what was typed.
pub(super) fn settings(arguments: &Arguments, deed: Deed, colour: Colour) -> Act {
    let kinds = arguments.family.map_or(Kinds::TCP_UDP, |families| families.kinds);
    Act { deed, kinds, how: arguments.act, colour }
}
