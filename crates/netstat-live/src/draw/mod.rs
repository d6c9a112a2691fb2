//! Draws the screen: a pure function of the state.

mod overlay;
mod table;
mod words;

use crate::amount::short;
use crate::item::Item;
use crate::layout::{LEAST, Layout, tab_text};
use crate::state::{Mode, State};
use crate::tab::Tab;
use netstat_engine::both;
use netstat_engine::filter::FilterError;
use netstat_engine::text::both::duration;
use netstat_engine::text::{Text, amount, cells, escape};
use netstat_model::Warning;
use ratatui::Frame;
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier, Style};
use std::ffi::OsStr;
use std::time::Duration;
use words::cut;

/// A screen that is drawn line by line.
pub(crate) struct Canvas<'a, 'b> {
    frame: &'a mut Frame<'b>,
    pub(crate) state: &'a State,
    pub(crate) width: u16,
    pub(crate) height: u16,
}

impl Canvas<'_, '_> {
    /// Writes a text that is safe for a terminal, cut at a width. Returns the cell behind it.
    pub(crate) fn put(&mut self, column: u16, line: u16, text: &str, width: u16, style: Style) -> u16 {
        let width = width.min(self.width.saturating_sub(column));
        if line >= self.height || width == 0 {
            return column;
        }
        let text = cut(text, usize::from(width), self.state.environment.ascii);
        let style = self.style(style);
        let (end, _) = self.frame.buffer_mut().set_stringn(column, line, &text, usize::from(width), style);
        end
    }

    /// Colours a whole line.
    pub(crate) fn wash(&mut self, line: u16, style: Style) {
        if line < self.height {
            let style = self.style(style);
            let area = ratatui::layout::Rect { x: 0, y: line, width: self.width, height: 1 };
            self.frame.buffer_mut().set_style(area, style);
        }
    }

    /// Puts the terminal's own cursor on a cell: screen readers and magnifiers follow it.
    pub(crate) fn point(&mut self, column: u16, line: u16) {
        if line < self.height {
            self.frame.set_cursor_position(Position::new(column.min(self.width.saturating_sub(1)), line));
        }
    }

    fn style(&self, style: Style) -> Style {
        if self.state.environment.colour { style } else { Style { fg: None, bg: None, ..style } }
    }
}

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
pub(crate) const REVERSED: Style = Style::new().add_modifier(Modifier::REVERSED);
pub(crate) const DIM: Style = Style::new().add_modifier(Modifier::DIM);
pub(crate) const GREEN: Style = Style::new().fg(Color::Green);
pub(crate) const YELLOW: Style = Style::new().fg(Color::Yellow);
pub(crate) const RED: Style = Style::new().fg(Color::Red);

/// Draws the screen.
pub(crate) fn draw(state: &State, frame: &mut Frame<'_>) {
    let area = frame.area();
    let (width, height) = (area.width, area.height);
    let canvas = &mut Canvas { frame, state, width, height };
    let language = state.environment.language;
    if (width, height) < (LEAST.0, 0) || height < LEAST.1 || width < LEAST.0 {
        let text = both!(
            "too small: {columns} x {lines} at least",
            "터미널이 너무 작습니다: {columns} x {lines} 이상 필요",
            columns = LEAST.0,
            lines = LEAST.1
        );
        canvas.put(0, 0, text.of(language), width, PLAIN);
        return;
    }
    head(canvas);
    match &state.mode {
        Mode::Help(from) => overlay::help(canvas, *from),
        Mode::Columns(at) => overlay::columns(canvas, *at),
        Mode::Finding(at, from) => overlay::finding(canvas, *at, *from),
        Mode::Details(key, from) => overlay::details(canvas, key, *from),
        Mode::Dialog(dialog) => overlay::dialog(canvas, dialog),
        Mode::Table | Mode::Filter(..) | Mode::Find(_) | Mode::Export(_) | Mode::Capture(..) => {
            let layout = state.layout();
            tabs(canvas, &layout);
            filter(canvas, &layout);
            table::draw(canvas, &layout);
            foot(canvas, &layout);
        }
    }
}

/// The first line: what is looked at, what changed, how fast, when.
fn head(canvas: &mut Canvas<'_, '_>) {
    let state = canvas.state;
    let language = state.environment.language;
    let last = state.shown_look();
    let mut host = Vec::new();
    escape::write_word(&mut host, OsStr::new(&state.environment.host));
    let mut parts = vec![format!("live {}", String::from_utf8_lossy(&host))];
    let paused = state.paused_for();
    if state.is_past() {
        let time = last.time.map(|time| state.environment.zone.to_the_second(time)).unwrap_or_default();
        let ago = Duration::from_secs(state.ago().unwrap_or_default().as_secs());
        let text = both!("PAST {time}, {ago} ago", "과거 {time} ({ago} 전)", time, ago);
        parts.insert(0, text.of(language).to_owned());
    } else if let Some(time) = paused {
        let waiting = state.paused.as_ref().map_or(0, |paused| paused.waiting);
        let text = both!(
            "PAUSED {time}, {waiting:change waits|changes wait}",
            "멈춤 {time}, 대기 중인 변경 {waiting}건",
            time = duration(time),
            waiting = waiting as u64
        );
        parts.insert(0, text.of(language).to_owned());
    }
    if !state.has_looked() {
        parts.push(both!("looking ...", "조회 중 ...").of(language).to_owned());
    } else {
        let open = amount::grouped(state.open() as u64);
        parts.push(both!("{open} sockets", "소켓 {open}개", open).of(language).to_owned());
        parts.push(format!("+{} -{}", last.changes.opened, last.changes.closed));
    }
    if let Some(rates) = last.rates {
        let (down, up) = (short(rates.down), short(rates.up));
        parts.push(
            both!("down {down} up {up} B/s", "수신 {down} 송신 {up} B/s", down, up).of(language).to_owned(),
        );
    }
    if state.last.lost > 0 {
        parts.push(both!("lost {n}", "손실 {n}", n = state.last.lost).of(language).to_owned());
    }
    let pause = state.interval;
    let pace = match last.by_events {
        true => both!("every {pause} and by events", "{pause} 간격과 이벤트", pause),
        false => both!("every {pause}", "{pause} 간격", pause),
    };
    parts.push(pace.of(language).to_owned());
    if last.age > state.interval * 3 / 2 && !state.is_past() {
        let age = Duration::from_secs(last.age.as_secs());
        parts.push(both!("table {age} old", "{age} 전의 표", age).of(language).to_owned());
    }
    let style = if paused.is_some() { REVERSED } else { BOLD };
    canvas.wash(0, style);
    let clock = last.time.map(|time| {
        let text = state.environment.zone.to_the_second(time);
        text.rsplit(' ').next().unwrap_or_default().to_owned()
    });
    let clock = clock.unwrap_or_default();
    let room = width_of(&clock);
    // What has no room is left out as a whole, the last first.
    let left = canvas.width.saturating_sub(room + 1);
    while parts.len() > 1 && width_of(&parts.join("  ")) > left {
        parts.pop();
    }
    canvas.put(0, 0, &parts.join("  "), left, style);
    canvas.put(canvas.width.saturating_sub(room), 0, &clock, room, style);
}

/// Returns the cells that a text takes.
pub(crate) fn width_of(text: &str) -> u16 {
    u16::try_from(cells(text.as_bytes())).unwrap_or(u16::MAX)
}

fn tabs(canvas: &mut Canvas<'_, '_>, layout: &Layout) {
    let Some(line) = layout.tabs else { return };
    let mut at = 0;
    let (language, faults) = (canvas.state.environment.language, canvas.state.beside.faults());
    let gap = layout.tab_gap(language, faults);
    for (number, tab) in (1..).zip(Tab::ALL) {
        let text = tab_text(language, number, tab, faults);
        let style = if tab == canvas.state.tab { REVERSED } else { PLAIN };
        at = canvas.put(at, line, &text, u16::MAX, style) + gap;
    }
}

/// The line of the filter, and where it is wrong.
fn filter(canvas: &mut Canvas<'_, '_>, layout: &Layout) {
    let state = canvas.state;
    let language = state.environment.language;
    let line = layout.filter;
    let shown = amount::grouped(state.shown() as u64);
    let shown = match state.grouped_by() {
        Some(column) => both!("{shown} by {column}", "{shown}개, {column}별", shown, column),
        None => both!("{shown} shown", "{shown}개 표시", shown),
    };
    let shown = shown.of(language).to_owned();
    let room = width_of(&shown);
    let typed = match &state.mode {
        Mode::Filter(typed, error) => Some((both!("filter: ", "필터: "), typed, error.as_ref())),
        Mode::Export(typed) => Some((both!("write to file: ", "저장할 파일: "), typed, None)),
        Mode::Capture(typed, _) => {
            Some((both!("write its packets to: ", "패킷을 저장할 파일: "), typed, None))
        }
        Mode::Find(typed) => Some((both!("find: ", "찾기: "), typed, None)),
        _ => None,
    };
    let Some((title, typed, error)) = typed else {
        let text = match state.filter_text.as_str() {
            "" if layout.tabs.is_none() => {
                let number = Tab::ALL.iter().position(|tab| *tab == state.tab).unwrap_or(0) + 1;
                format!("[{}]", tab_text(language, number, state.tab, state.beside.faults()))
            }
            "" => both!("filter: none (F4 or /)", "필터: 없음 (F4 또는 /)").of(language).to_owned(),
            filter => {
                both!("filter: {filter}", "필터: {filter}", filter = safe(filter)).of(language).to_owned()
            }
        };
        canvas.put(0, line, &text, canvas.width.saturating_sub(room + 1), PLAIN);
        canvas.put(canvas.width.saturating_sub(room), line, &shown, room, PLAIN);
        return;
    };
    let begin = canvas.put(0, line, title.of(language), u16::MAX, BOLD);
    let room = canvas.width.saturating_sub(begin + 1);
    let before = safe(typed.before());
    let width = width_of(&before);
    // The end of a line that is longer than the screen is what is being typed.
    let skipped = width.saturating_sub(room);
    let text: String = words::skip(&safe(typed.text()), usize::from(skipped));
    canvas.put(begin, line, &text, room, PLAIN);
    canvas.point(begin + width.saturating_sub(skipped), line);
    if let Some(error) = error {
        let at = safe(error.text.get(..error.at).unwrap_or_default());
        let at = (begin + width_of(&at)).saturating_sub(skipped);
        let said = safe(fault(error).0.of(language));
        // It begins below the fault if it fits there, else it ends there.
        let width = width_of(&said);
        let (before, at) = match at.checked_sub(width) {
            Some(before) if at + 2 + width > canvas.width => (Some(before.saturating_sub(1)), at),
            _ => (None, at),
        };
        if let Some(before) = before {
            canvas.put(before, line + 1, &said, canvas.width, RED);
            canvas.put(at, line + 1, "^", canvas.width, RED);
        } else {
            canvas.put(at, line + 1, &format!("^ {said}"), canvas.width, RED);
        }
    }
}

/// Says what is wrong with a filter in few words, and what is expected if those words are others.
fn fault(error: &FilterError) -> (Text, Option<Text>) {
    let expected = error.expected.clone();
    match &error.nearest {
        Some(near) => (
            both!("nearest word: {near}", "비슷한 말: {near}", near = near.clone()),
            Some(both!("expected: {expected}", "필요한 것: {expected}", expected)),
        ),
        None => (expected, None),
    }
}

/// The lines below the table: what is known of the row, what is to be said, the keys.
fn foot(canvas: &mut Canvas<'_, '_>, layout: &Layout) {
    let state = canvas.state;
    let language = state.environment.language;
    if let Some(line) = layout.summary {
        for (line, text) in (line..).zip(state.summary()) {
            canvas.put(0, line, &text, canvas.width, DIM);
        }
    }
    let warnings = &state.shown_look().warnings;
    let is_chosen = |warning: &&Warning| matches!(warning, Warning::OnlyRecorded { .. });
    let doubts = warnings.iter().find(is_chosen);
    let doubts = doubts.or_else(|| warnings.iter().find(|warning| warning.hides_owners()));
    let expected = match &state.mode {
        Mode::Filter(_, Some(error)) => fault(error).1,
        _ => None,
    };
    if let Some(expected) = expected {
        say(canvas, layout, &expected, PLAIN);
    } else if let Some(failure) = &state.failure {
        let text = both!("the table is old: {why}", "오래된 표입니다: {why}", why = failure.clone());
        say(canvas, layout, &text, RED);
    } else if let Some(message) = &state.message {
        say(canvas, layout, message, PLAIN);
    } else if let Some(finding) = state.at_cursor().and_then(|item| match item {
        Item::Socket(slot) => state.accusation(slot),
        _ => None,
    }) {
        let text = format!("! {}", finding.sentence.of(language));
        canvas.put(0, layout.message, &safe(&text), canvas.width, RED);
    } else if let Some(warning) = doubts {
        // It stays for as long as the view: it takes no line from the row of the cursor.
        let text = netstat_engine::text::system::warning(warning);
        canvas.put(0, layout.message, &safe(text.of(language)), canvas.width, YELLOW);
    }
    keys(canvas, layout.keys);
}

/// Says a sentence. A long one takes the last line about the row as well, where there is one.
fn say(canvas: &mut Canvas<'_, '_>, layout: &Layout, text: &Text, style: Style) {
    let text = safe(text.of(canvas.state.environment.language));
    let lines = words::wrapped(&text, usize::from(canvas.width));
    match lines.split_first() {
        Some((first, rest)) if !rest.is_empty() && layout.summary.is_some() => {
            let above = layout.message.saturating_sub(1);
            canvas.put(0, above, &" ".repeat(usize::from(canvas.width)), canvas.width, PLAIN);
            canvas.put(0, above, first, canvas.width, style);
            canvas.put(0, layout.message, &rest.join(" "), canvas.width, style);
        }
        _ => {
            canvas.put(0, layout.message, &text, canvas.width, style);
        }
    }
}

/// The keys that are used most. The first and the last are always there.
fn keys(canvas: &mut Canvas<'_, '_>, line: u16) {
    let language = canvas.state.environment.language;
    let mut shown: Vec<(&str, String)> = crate::keys::BINDINGS
        .iter()
        .filter_map(|binding| binding.short.as_ref())
        .map(|(key, does)| {
            // A letter would run into the word behind it.
            let space = if key.len() == 1 { " " } else { "" };
            (*key, format!("{space}{}", does.of(language)))
        })
        .collect();
    let width = |shown: &[(&str, String)]| -> u16 {
        shown.iter().map(|(key, does)| width_of(key) + width_of(does) + 1).sum::<u16>().saturating_sub(1)
    };
    while width(&shown) > canvas.width && shown.len() > 2 {
        shown.remove(shown.len() - 2);
    }
    let mut at = 0;
    for (key, does) in shown {
        at = canvas.put(at, line, key, u16::MAX, BOLD);
        at = canvas.put(at, line, &does, u16::MAX, REVERSED) + 1;
    }
}

/// Returns a text with everything escaped that a terminal might take for something else.
pub(crate) fn safe(text: &str) -> String {
    let mut out = Vec::new();
    escape::write_text(&mut out, OsStr::new(text));
    String::from_utf8_lossy(&out).into_owned()
}
