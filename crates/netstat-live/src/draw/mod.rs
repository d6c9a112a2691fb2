//! Draws the screen: a pure function of the state.

mod overlay;
mod table;
mod words;

use crate::amount::short;
use crate::layout::{LEAST, Layout, tab_text};
use crate::state::{Mode, State};
use crate::tab::Tab;
use netstat_engine::both;
use netstat_engine::text::both::duration;
use netstat_engine::text::{amount, cells, escape};
use ratatui::Frame;
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier, Style};
use std::ffi::OsStr;
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
        Mode::Help => overlay::help(canvas),
        Mode::Details(key, from) => overlay::details(canvas, key, *from),
        Mode::Table | Mode::Filter(..) | Mode::Find(_) => {
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
    let last = &state.last;
    let mut host = Vec::new();
    escape::write_word(&mut host, OsStr::new(&state.environment.host));
    let host = String::from_utf8_lossy(&host).into_owned();
    let mut parts = vec![format!("live {host}")];
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
    if last.lost > 0 {
        parts.push(both!("lost {n}", "손실 {n}", n = last.lost).of(language).to_owned());
    }
    parts.push(both!("every {pause}", "{pause} 간격", pause = state.interval).of(language).to_owned());
    let paused = state.paused_for();
    let style = if paused.is_some() { REVERSED } else { BOLD };
    if let Some(time) = paused {
        let waiting = state.paused.as_ref().map_or(0, |paused| paused.waiting);
        let text = both!(
            "PAUSED {time}, {waiting:change waits|changes wait}",
            "멈춤 {time}, 대기 중인 변경 {waiting}건",
            time = duration(time),
            waiting = waiting as u64
        );
        parts.insert(1, text.of(language).to_owned());
    }
    canvas.wash(0, style);
    let clock = last.time.map(|time| {
        let text = state.environment.zone.to_the_second(time);
        text.rsplit(' ').next().unwrap_or_default().to_owned()
    });
    let room = clock.as_ref().map_or(0, |clock| u16::try_from(clock.len()).unwrap_or(0) + 1);
    canvas.put(0, 0, &parts.join("  "), canvas.width.saturating_sub(room), style);
    if let Some(clock) = clock {
        canvas.put(canvas.width + 1 - room, 0, &clock, room, style);
    }
}

fn tabs(canvas: &mut Canvas<'_, '_>, layout: &Layout) {
    let Some(line) = layout.tabs else { return };
    let mut at = 0;
    for (number, tab) in (1..).zip(Tab::ALL) {
        let text = tab_text(canvas.state.environment.language, number, tab);
        let style = if tab == canvas.state.tab { REVERSED } else { PLAIN };
        at = canvas.put(at, line, &text, u16::MAX, style) + 2;
    }
}

/// The line of the filter, and where it is wrong.
fn filter(canvas: &mut Canvas<'_, '_>, layout: &Layout) {
    let state = canvas.state;
    let language = state.environment.language;
    let line = layout.filter;
    let shown = amount::grouped(state.items().len() as u64);
    let shown = both!("{shown} shown", "{shown}개 표시", shown).of(language).to_owned();
    let room = u16::try_from(cells(shown.as_bytes())).unwrap_or(0);
    let typed = match &state.mode {
        Mode::Filter(typed, error) => Some((both!("filter: ", "필터: "), typed, error.as_ref())),
        Mode::Find(typed) => Some((both!("find: ", "찾기: "), typed, None)),
        _ => None,
    };
    let Some((title, typed, error)) = typed else {
        let text = match state.filter_text.as_str() {
            "" if layout.tabs.is_none() => {
                let number = Tab::ALL.iter().position(|tab| *tab == state.tab).unwrap_or(0) + 1;
                format!("[{}]", tab_text(language, number, state.tab))
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
    let width = u16::try_from(cells(before.as_bytes())).unwrap_or(u16::MAX);
    // The end of a line that is longer than the screen is what is being typed.
    let skipped = width.saturating_sub(room);
    let text: String = words::skip(&safe(typed.text()), usize::from(skipped));
    canvas.put(begin, line, &text, room, PLAIN);
    canvas.point(begin + width.saturating_sub(skipped), line);
    if let Some(error) = error {
        let at = safe(error.text.get(..error.at).unwrap_or_default());
        let at = begin + u16::try_from(cells(at.as_bytes())).unwrap_or(0).saturating_sub(skipped);
        let mut said = match &error.nearest {
            Some(near) => both!(
                "^ {expected}; nearest word: {near}",
                "^ {expected}. 비슷한 말: {near}",
                expected = error.expected.clone(),
                near = near.clone()
            ),
            None => both!("^ {expected}", "^ {expected}", expected = error.expected.clone()),
        }
        .of(language)
        .to_owned();
        said = safe(&said);
        let width = u16::try_from(cells(said.as_bytes())).unwrap_or(u16::MAX);
        // It begins below the fault if it fits there.
        let at = if at.saturating_add(width) > canvas.width {
            canvas.width.saturating_sub(width).min(at)
        } else {
            at
        };
        canvas.put(at, line + 1, &said, canvas.width, RED);
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
    let doubts = state.last.warnings.iter().find(|warning| warning.hides_owners());
    if let Some(failure) = &state.failure {
        let text = both!("the table is old: {why}", "오래된 표입니다: {why}", why = failure.clone());
        canvas.put(0, layout.message, &safe(text.of(language)), canvas.width, RED);
    } else if let Some(message) = &state.message {
        canvas.put(0, layout.message, &safe(message.of(language)), canvas.width, PLAIN);
    } else if let Some(warning) = doubts {
        let text = netstat_engine::text::system::warning(warning);
        canvas.put(0, layout.message, &safe(text.of(language)), canvas.width, YELLOW);
    }
    let mut at = 0;
    for (key, does) in crate::keys::BINDINGS.iter().filter_map(|binding| binding.short.as_ref()) {
        at = canvas.put(at, layout.keys, key, u16::MAX, BOLD);
        at = canvas.put(at, layout.keys, does.of(language), u16::MAX, REVERSED) + 1;
    }
}

/// Returns a text with everything escaped that a terminal might take for something else.
pub(crate) fn safe(text: &str) -> String {
    let mut out = Vec::new();
    escape::write_text(&mut out, OsStr::new(text));
    String::from_utf8_lossy(&out).into_owned()
}
