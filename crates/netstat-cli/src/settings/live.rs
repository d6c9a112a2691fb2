//! What the command line means that asks for the live view.

use super::Colour;
use crate::options::Arguments;
use netstat_engine::columns::Column;
use netstat_engine::text::When;
use netstat_engine::view::sort::Order;
use netstat_live::Tab;
use std::path::PathBuf;
use std::time::Duration;

/// What a live view is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LiveForm {
    /// A screen.
    Screen,
    /// Lines for people.
    Plain,
    /// Lines for programs.
    Jsonl,
}

/// How the live view begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Live {
    pub(crate) tab: Tab,
    pub(crate) sort: Option<(&'static Column, bool)>,
    pub(crate) interval: Duration,
    pub(crate) lasts: Option<Duration>,
    pub(crate) mouse: bool,
    pub(crate) ascii: bool,
    pub(crate) budget: Option<u32>,
    pub(crate) colour: Colour,
    pub(crate) form: LiveForm,
    pub(crate) read_only: bool,
    pub(crate) group_by: Option<&'static Column>,
    /// Those of the tab if there are none.
    pub(crate) columns: Vec<&'static Column>,
    /// The moment that is shown first.
    pub(crate) at: Option<When>,
    /// The history that has it, and what is older than the view.
    pub(crate) store: PathBuf,
    pub(crate) is_store_named: bool,
}

/// Interprets what was typed after `netstat live`.
pub(super) fn settings(arguments: &Arguments, colour: Colour, store: PathBuf) -> Live {
    let seconds = arguments.interval.map(|seconds| Duration::from_secs(seconds.into()));
    Live {
        tab: arguments.live.view.unwrap_or(Tab::Connections),
        sort: match arguments.sort {
            Some(Order::By { column, descending }) => Some((column, descending)),
            _ => None,
        },
        interval: seconds.or(arguments.watch).unwrap_or(Duration::from_secs(1)),
        lasts: arguments.lasts,
        mouse: !arguments.live.no_mouse,
        ascii: arguments.live.ascii,
        budget: arguments.live.budget,
        colour,
        read_only: arguments.live.read_only,
        columns: arguments.columns.clone().unwrap_or_default(),
        group_by: arguments.group_by.as_ref().and_then(|columns| columns.first().copied()),
        at: arguments.at.clone(),
        store,
        is_store_named: arguments.store.is_some(),
        form: match (arguments.formats.is_empty(), arguments.live.plain) {
            // The only one that it takes is --jsonl.
            (false, _) => LiveForm::Jsonl,
            (true, true) => LiveForm::Plain,
            (true, false) => LiveForm::Screen,
        },
    }
}
