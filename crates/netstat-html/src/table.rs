//! A table with typed cells, which can be sorted and filtered where scripts run.

use crate::shown::Unit;
use maud::{Markup, html};
use netstat_engine::both;
use netstat_engine::text::{Language, Text};

/// The rows of a table on paper; the style sheet leaves the others out.
const PRINTED: usize = 30;

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Words.
    Text(String),
    /// A short text that stays on one line: an address, a reason.
    Word(String),
    /// A number of something; `None` where it is not known.
    Number(Option<u64>, Unit),
    /// A number with a bar that shows how much of the largest of its column it is, in thousandths.
    Bar(u64, Unit, u32),
    /// A moment, as text and as something to sort by.
    Time(String, u64),
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// Its name within the page.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    /// What is to be known to read it.
    pub(crate) note: Option<String>,
    /// The headings, and whether what is below them is a number.
    pub(crate) columns: Vec<(String, bool)>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// How many rows there are that are not here.
    pub(crate) left_out: usize,
    /// What stands there if there is no row.
    pub(crate) empty: String,
}

impl Table {
    /// Returns the table with everything around it.
    pub(crate) fn section(&self, language: Language) -> Markup {
        let all = self.rows.len().saturating_add(self.left_out);
        let left_out = both!(
            "The first {shown} of {all}; {left:other is|others are} left out.",
            "전체 {all}개 중 처음 {shown}개입니다. {left}개는 뺐습니다.",
            shown = self.rows.len(),
            all,
            left = self.left_out
        );
        let printed = both!(
            "On paper: the first {printed} of {shown}.",
            "인쇄물에는 {shown}개 중 처음 {printed}개만 있습니다.",
            printed = PRINTED,
            shown = self.rows.len()
        );
        html! {
            section id=(self.id) class="table" {
                h3 { (self.title) " " @if all > 0 { span class="count" { (Unit::Count.text(all as u64, language)) } } }
                @if let Some(note) = &self.note { p class="note" { (note) } }
                @if self.rows.is_empty() {
                    p class="empty" { (self.empty) }
                } @else {
                    div class="scroll" tabindex="0" role="region" aria-label=(self.title) {
                        table class="sortable" {
                            caption class="unseen" { (self.title) }
                            thead {
                                tr { @for (heading, is_number) in &self.columns {
                                    th scope="col" class=[is_number.then_some("n")] { (heading) }
                                } }
                            }
                            tbody { @for row in &self.rows {
                                tr { @for cell in row { (cell.html(language)) } }
                            } }
                        }
                    }
                    @if self.rows.len() > PRINTED { p class="note printed" { (printed.of(language)) } }
                    @if self.left_out > 0 { p class="note" { (left_out.of(language)) } }
                }
            }
        }
    }
}

impl Cell {
    fn html(&self, language: Language) -> Markup {
        let unknown = Text::fixed("not known", "알 수 없음");
        match self {
            Self::Text(text) => html! { td { (text) } },
            Self::Word(text) => html! { td class="t" { (text) } },
            Self::Number(Some(value), unit) => {
                // What is shown as it is is sorted by what is shown.
                let shown = unit.text(*value, language);
                let sorts = (shown != value.to_string()).then(|| value.to_string());
                html! { td class="n" data-v=[sorts] { (shown) } }
            }
            Self::Number(None, _) => {
                html! { td class="n" data-v="-1" { abbr title=(unknown.of(language)) { "–" } } }
            }
            Self::Bar(value, unit, share) => html! {
                td class="n bar" data-v=(value) {
                    svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                        rect width=(f64::from(*share) / 10.0) height="10" {}
                    }
                    (unit.text(*value, language))
                }
            },
            Self::Time(text, at) => html! { td class="t" data-v=(at) { (text) } },
        }
    }
}
