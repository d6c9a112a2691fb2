//! The table of a tab.

use super::words::cut_middle;
use super::{BOLD, Canvas, DIM, GREEN, PLAIN, RED, REVERSED, YELLOW};
use crate::item::Item;
use crate::layout::{Layout, margin};
use crate::mark::Mark;
use crate::tab::{Source, Spec, Tab};
use netstat_engine::both;
use netstat_engine::text::cells;
use ratatui::style::Style;

/// Draws headings and rows.
pub(super) fn draw(canvas: &mut Canvas<'_, '_>, layout: &Layout) {
    headings(canvas, layout);
    let state = canvas.state;
    let at_cursor = state.index();
    if state.items().is_empty() && state.has_looked() {
        let text = match (state.tab, state.filter_text.as_str()) {
            (Tab::Events, _) if state.is_recorded() => both!(
                "not shown of a history; netstat history --since ... tells what ended",
                "기록에서는 보여 주지 않습니다. 끝난 연결은 netstat history --since ..."
            ),
            (Tab::Links | Tab::Findings, _) if state.is_past() => {
                both!("not kept of the past; 0 goes back to now", "과거의 것은 보관되지 않습니다. 0: 현재로")
            }
            (Tab::Findings, _) if state.beside.findings.is_none() => both!("judging ...", "검사 중 ..."),
            (Tab::Findings, _) => both!("the checks found nothing wrong", "진단에서 이상을 찾지 못했습니다"),
            (Tab::Links, _) => both!("asking ...", "조회 중 ..."),
            (Tab::Events, _) => both!("nothing has happened yet", "아직 아무 일도 없습니다"),
            (_, "") => both!("none", "없음"),
            _ => both!("no row matches the filter", "필터에 맞는 행이 없습니다"),
        };
        canvas.put(margin(canvas.width), layout.table, text.of(state.environment.language), u16::MAX, DIM);
        return;
    }
    let cells_of = state.cells();
    cells_of.with(|filled| {
        for (line, (place, item)) in
            (layout.table..layout.table + layout.rows).zip(state.items().iter().enumerate().skip(state.top))
        {
            let is_current = place == at_cursor;
            let (mark, style) = mark(canvas, *item);
            let style = if is_current { style.patch(REVERSED) } else { style };
            canvas.wash(line, style);
            let at_mark = margin(canvas.width) - 2;
            canvas.put(at_mark, line, mark, 1, style);
            if is_current {
                canvas.put(0, line, ">", 1, style);
            }
            let is_group = matches!(item, Item::Group(_));
            let mut cells = layout.columns().peekable();
            while let Some((spec, begin, mut width)) = cells.next() {
                let text = filled.text(*item, spec, width);
                // The name of a group runs on over cells that are empty.
                while is_group
                    && spec.source == Source::Column("process")
                    && let Some((_, next, more)) =
                        cells.next_if(|(spec, _, more)| filled.text(*item, spec, *more).is_empty())
                {
                    width = next + more - begin;
                }
                put_cell(canvas, (begin, line), &text, (spec, width), style);
            }
            if is_current && state.mode == crate::state::Mode::Table {
                canvas.point(0, line);
            }
        }
    });
}

fn headings(canvas: &mut Canvas<'_, '_>, layout: &Layout) {
    let sort = canvas.state.sort();
    let language = canvas.state.environment.language;
    canvas.wash(layout.headings, BOLD);
    for (spec, begin, width) in layout.columns() {
        let mut text = spec.heading.of(language).to_owned();
        if spec.name == sort.column {
            text.push_str(if sort.descending { " v" } else { " ^" });
        }
        put_cell(canvas, (begin, layout.headings), &text, (spec, width), BOLD);
    }
}

fn put_cell(
    canvas: &mut Canvas<'_, '_>,
    at: (u16, u16),
    text: &str,
    (spec, width): (&Spec, u16),
    style: Style,
) {
    let used = u16::try_from(cells(text.as_bytes())).unwrap_or(u16::MAX);
    let begin = if spec.right { at.0 + width.saturating_sub(used) } else { at.0 };
    if used > width && canvas.state.whole {
        // Whole texts take the cells of their neighbours, which come behind them.
        canvas.put(begin, at.1, text, u16::MAX, style);
        return;
    }
    if spec.is_address() {
        let text = cut_middle(text, usize::from(width), canvas.state.environment.ascii);
        canvas.put(begin, at.1, &text, width, style);
        return;
    }
    canvas.put(begin, at.1, text, width, style);
}

/// Returns the mark of a row, and its colour.
fn mark(canvas: &Canvas<'_, '_>, item: Item) -> (&'static str, Style) {
    let state = canvas.state;
    if state.key_of(item).is_some_and(|key| state.tags.contains(&key)) {
        return ("*", BOLD);
    }
    let Item::Socket(slot) = item else { return (" ", PLAIN) };
    match state.shown_book().mark(slot) {
        Mark::Nothing if state.accusation(slot).is_some() => ("!", RED),
        Mark::Nothing if state.cells().has_unknown_owner(slot) => ("?", DIM),
        Mark::Nothing => (" ", PLAIN),
        Mark::New => ("+", GREEN),
        Mark::Changed => ("~", YELLOW),
        Mark::Gone => ("-", RED),
    }
}
