//! The option table: one entry for each option, in lists by topic.

use super::arguments::{ProtocolName, Verb};
use super::entry::{Effect, Entry, Topic};
use crate::render::format::Format;
use crate::render::formats;
use std::sync::LazyLock;

mod act;
mod capture;
mod check;
mod connections;
mod history;
mod live;
mod metrics;
mod program;
mod record;
mod report;
mod reports;
mod shape;
mod ship;

pub(super) use program::INTERVAL;

const LISTS: [&[Entry]; 14] = [
    connections::OPTIONS,
    shape::OPTIONS,
    reports::OPTIONS,
    check::OPTIONS,
    record::OPTIONS,
    history::OPTIONS,
    act::OPTIONS,
    act::OF_END,
    live::OPTIONS,
    capture::OPTIONS,
    metrics::OPTIONS,
    report::OPTIONS,
    ship::OPTIONS,
    program::OPTIONS,
];

/// Returns the long spellings of the options without a first word that go with this one as well.
pub(super) fn shared_with(verb: Verb) -> &'static [&'static str] {
    match verb {
        Verb::Check => &check::SHARED,
        Verb::Record => &record::SHARED,
        Verb::History => &history::SHARED,
        Verb::Close => &act::SHARED,
        Verb::End => &act::SHARED_WITH_END,
        Verb::Live => &live::SHARED,
        Verb::Capture => &capture::SHARED,
        Verb::Metrics => &metrics::SHARED,
        Verb::Report => &report::SHARED,
        Verb::Ship => &ship::SHARED,
    }
}

/// The options that choose data formats, one for each row of [`formats::ALL`].
static FORMATS: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let entry = |format: &'static Format| Entry {
        letters: &[],
        long: format.name,
        in_synopsis: false,
        summary: format.summary,
        help: format.help.clone(),
        details: format.details.clone(),
        inferred: None,
        report: Topic::Connections,
        effect: Effect::Format(format),
    };
    formats::ALL.into_iter().map(entry).collect()
});

/// Returns every option in table order.
pub(super) fn all() -> impl Iterator<Item = &'static Entry> {
    LISTS.into_iter().flatten().chain(FORMATS.iter())
}

/// Returns every option in document order: options with a letter by letter, then the others by long spelling.
pub(super) fn sorted() -> Vec<&'static Entry> {
    let mut entries: Vec<_> = all().collect();
    entries.sort_by_key(|entry| (entry.letters.is_empty(), entry.letters.first(), entry.long));
    entries
}

/// Finds an option by letter, ignoring case. That of the first word comes before that of the tables. Those of another first word than this one are not there: `-w` is a letter of
/// net-tools.
pub(super) fn by_letter(letter: char, verb: Option<Verb>) -> Option<&'static Entry> {
    let has_it = |entry: &&Entry| entry.letters.contains(&letter.to_ascii_lowercase());
    let of_verb = |entry: &&Entry| verb.is_some() && entry.report.verb() == verb;
    let of_none = |entry: &&Entry| entry.report.verb().is_none();
    all().filter(has_it).find(of_verb).or_else(|| all().filter(has_it).find(of_none))
}

/// Finds an option by long spelling without dashes, ignoring case. One that is the name of a protocol belongs to its first word
/// alone: elsewhere `--udp` is that protocol.
pub(super) fn by_long(long: &str) -> Option<&'static Entry> {
    by_long_of(long, None)
}

/// The same behind a first word.
pub(super) fn by_long_of(long: &str, verb: Option<Verb>) -> Option<&'static Entry> {
    let may_be_meant =
        |entry: &&Entry| ProtocolName::from_name(entry.long).is_none() || entry.report.verb() == verb;
    all().find(|entry| entry.long.eq_ignore_ascii_case(long)).filter(may_be_meant)
}
