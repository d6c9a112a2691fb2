//! Where things stand on the screen.

use crate::tab::{Spec, Tab, fit};
use netstat_engine::text::{Language, cells};

/// The least terminal that anything is drawn on.
pub(crate) const LEAST: (u16, u16) = (40, 8);

/// Returns the cells before the first column: the cursor and a mark, which share one where there is little room.
pub(crate) fn margin(width: u16) -> u16 {
    if width < 60 { 2 } else { 3 }
}

/// The lines of the screen: each is the number of a line from the top.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The line that names the tabs.
    pub(crate) tabs: Option<u16>,
    pub(crate) filter: u16,
    pub(crate) headings: u16,
    /// The first row.
    pub(crate) table: u16,
    pub(crate) rows: u16,
    /// What is known of the row of the cursor.
    pub(crate) summary: Option<u16>,
    pub(crate) message: u16,
    pub(crate) keys: u16,
    width: u16,
    margin: u16,
    widths: Vec<(&'static Spec, u16)>,
}

impl Layout {
    /// Lays out the screen of a tab with these columns, in a terminal of so many columns and lines. `has_error` makes room for what
    /// is wrong with a filter, below it.
    pub(crate) fn new(size: (u16, u16), specs: (&[&'static Spec], bool), has_error: bool) -> Self {
        let (width, height) = size;
        let has_tabs = width >= 60 && height >= 12;
        let has_summary = height >= 18;
        let filter = 1 + u16::from(has_tabs);
        let headings = filter + 1 + u16::from(has_error);
        let table = headings + 1;
        let bottom = 2 + if has_summary { 2 } else { 0 };
        let rows = height.saturating_sub(table + bottom);
        let summary = has_summary.then_some(table + rows);
        let message = height.saturating_sub(2);
        let (specs, chosen) = specs;
        let widths = fit(specs, chosen, width.saturating_sub(margin(width)));
        Self {
            tabs: has_tabs.then_some(1),
            filter,
            headings,
            table,
            rows,
            summary,
            message,
            keys: height.saturating_sub(1),
            width,
            margin: margin(width),
            widths,
        }
    }

    /// Returns the columns with their first cell and their width.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&'static Spec, u16, u16)> + '_ {
        self.widths.iter().scan(self.margin, |at, (spec, width)| {
            let begin = *at;
            *at += width + 1;
            Some((*spec, begin, *width))
        })
    }

    /// Returns the column of a cell.
    pub(crate) fn column_at(&self, cell: u16) -> Option<&'static Spec> {
        self.columns()
            .find(|(_, begin, width)| (*begin..begin + width).contains(&cell))
            .map(|(spec, ..)| spec)
    }

    /// Returns the cells between the names of two tabs.
    pub(crate) fn tab_gap(&self, language: Language, faults: usize) -> u16 {
        let texts = (1..).zip(Tab::ALL).map(|(number, tab)| tab_text(language, number, tab, faults));
        let all: usize = texts.map(|text| cells(text.as_bytes()) + 2).sum();
        if all > usize::from(self.width) + 2 { 1 } else { 2 }
    }

    /// Returns the tab whose name is at a cell.
    pub(crate) fn tab_at(&self, language: Language, faults: usize, cell: u16) -> Option<Tab> {
        let mut at = 0;
        for (number, tab) in (1..).zip(Tab::ALL) {
            let text = tab_text(language, number, tab, faults);
            let width = u16::try_from(cells(text.as_bytes())).unwrap_or(u16::MAX);
            if (at..at + width).contains(&cell) {
                return Some(tab);
            }
            at += width + self.tab_gap(language, faults);
        }
        None
    }
}

/// Returns how the line of tabs names one.
pub(crate) fn tab_text(language: Language, number: usize, tab: Tab, faults: usize) -> String {
    match tab {
        Tab::Findings if faults > 0 => format!("{number} {} !{faults}", tab.title().of(language)),
        _ => format!("{number} {}", tab.title().of(language)),
    }
}
