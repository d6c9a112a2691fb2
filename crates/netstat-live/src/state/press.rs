//! What keys and clicks do.

use super::{Cursor, Mode, Sort, State};
use crate::beside::{Beside, filter_of};
use crate::event::{Effect, Key};
use crate::group::Grouping;
use crate::item::{Item, ItemKey};
use crate::keys::{Action, BINDINGS, action};
use crate::line::Line;
use crate::tab::{Spec, Tab};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_model::SocketKey;
use std::time::Duration;

/// The intervals that `i` and `I` go through.
const INTERVALS: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

impl State {
    pub(super) fn click(&mut self, column: u16, line: u16) {
        let layout = self.layout();
        if self.mode != Mode::Table {
            return;
        }
        if line == layout.headings {
            if let Some(spec) = layout.column_at(column) {
                self.sort_by(spec);
            }
        } else if let Some(at) = line.checked_sub(layout.table).filter(|at| *at < layout.rows) {
            let place = self.top + usize::from(at);
            if place < self.items.len() {
                self.put_cursor(place, self.top);
            }
        } else if Some(line) == layout.tabs
            && let Some(tab) = layout.tab_at(self.environment.language, self.beside.faults(), column)
        {
            self.go_to(tab);
        }
    }

    /// Turns the wheel.
    pub(super) fn turn(&mut self, lines: isize) {
        match &mut self.mode {
            Mode::Details(_, from) | Mode::Finding(_, from) | Mode::Help(from) | Mode::Columns(from) => {
                *from = from.saturating_add_signed(lines)
            }
            Mode::Table => self.move_by(lines),
            Mode::Filter(..) | Mode::Find(_) | Mode::Export(_) | Mode::Capture(..) | Mode::Dialog(_) => {}
        }
    }

    pub(super) fn sort_by(&mut self, spec: &Spec) {
        let numeric = spec.right;
        let sort = self.sort_mut();
        *sort = match sort.column == spec.name {
            true => Sort { descending: !sort.descending, ..*sort },
            // Of numbers the largest is of interest.
            false => Sort { column: spec.name, descending: numeric && spec.name != "pid" },
        };
        self.order_anew();
    }

    pub(super) fn go_to(&mut self, tab: Tab) {
        if self.tab != tab {
            self.tab = tab;
            self.opened_from = None;
            self.cursor = None;
            self.top = 0;
            self.order_anew();
        }
    }

    pub(super) fn press(&mut self, key: Key, effects: &mut Vec<Effect>) {
        if key == Key::Ctrl('c') {
            effects.push(Effect::End);
            return;
        }
        if key == Key::Ctrl('z') {
            effects.push(Effect::Suspend);
            return;
        }
        match std::mem::replace(&mut self.mode, Mode::Table) {
            Mode::Filter(line, error) => self.type_filter(line, error, key),
            Mode::Find(line) => self.type_find(line, key),
            Mode::Columns(at) => self.press_in_columns(at, key, effects),
            Mode::Export(line) => self.type_export(line, key, effects),
            Mode::Capture(line, filter) => self.type_capture(line, filter, key, effects),
            // Any other key leads back; one that ends the program ends it.
            Mode::Help(from) => match action(key) {
                Some(Action::End) => effects.push(Effect::End),
                Some(Action::Up) => self.mode = Mode::Help(from.saturating_sub(1)),
                Some(Action::Down) => self.mode = Mode::Help(from.saturating_add(1).min(BINDINGS.len())),
                _ => {}
            },
            Mode::Finding(at, from) => match action(key) {
                Some(Action::End) => effects.push(Effect::End),
                Some(Action::Up) => self.mode = Mode::Finding(at, from.saturating_sub(1)),
                Some(Action::Down) => self.mode = Mode::Finding(at, from.saturating_add(1).min(1000)),
                _ => {}
            },
            Mode::Details(of, from) => self.press_in_details(of, from, key, effects),
            Mode::Dialog(dialog) => self.answer(dialog, key, effects),
            Mode::Table => {
                self.message = None;
                match action(key) {
                    Some(action) => self.act(action, effects),
                    None => {
                        self.message = Some(both!(
                            "this key does nothing; F1 shows the keys",
                            "쓰이지 않는 키입니다. F1: 키 목록"
                        ));
                    }
                }
            }
        }
    }

    pub(super) fn press_in_details(
        &mut self,
        of: SocketKey,
        from: usize,
        key: Key,
        effects: &mut Vec<Effect>,
    ) {
        let rows = usize::from(self.size.1).saturating_sub(4).max(1);
        let from = match action(key) {
            Some(Action::Up) => from.saturating_sub(1),
            Some(Action::Down) => from + 1,
            Some(Action::PageUp) => from.saturating_sub(rows),
            Some(Action::PageDown) => from + rows,
            Some(Action::First) => 0,
            Some(Action::End) => {
                effects.push(Effect::End);
                return;
            }
            Some(Action::Copy) => {
                self.copy(effects);
                from
            }
            Some(Action::Clear) => {
                effects.push(Effect::Clear);
                from
            }
            Some(Action::Capture) => {
                self.press_capture(effects);
                return;
            }
            // It leads back.
            _ => return,
        };
        self.mode = Mode::Details(of, from);
    }

    /// Lets somebody choose the columns of the tab.
    fn press_in_columns(&mut self, at: usize, key: Key, effects: &mut Vec<Effect>) {
        let possible = self.tab.possible();
        let last = possible.len().saturating_sub(1);
        let rows = usize::from(self.size.1).saturating_sub(4).max(1);
        let at = match action(key) {
            Some(Action::End) => {
                effects.push(Effect::End);
                return;
            }
            Some(Action::Up) => at.saturating_sub(1),
            Some(Action::Down) => at + 1,
            Some(Action::PageUp) => at.saturating_sub(rows),
            Some(Action::PageDown) => at + rows,
            Some(Action::First) => 0,
            Some(Action::Last) => last,
            Some(Action::Tag) => {
                let mut shown = self.columns();
                let wanted = possible.get(at.min(last)).copied();
                let is_shown = |spec: &&Spec| shown.iter().any(|of| of.name == spec.name);
                let toggled: Vec<&'static Spec> = possible
                    .iter()
                    .copied()
                    .filter(|spec| is_shown(spec) != wanted.is_some_and(|of| of.name == spec.name))
                    .collect();
                // One has to stay.
                if !toggled.is_empty() {
                    shown = toggled;
                }
                *self.tab.of(self.chosen.each_mut()) = Some(shown);
                at
            }
            Some(Action::UntagAll) => {
                *self.tab.of(self.chosen.each_mut()) = None;
                at
            }
            _ => return,
        };
        self.mode = Mode::Columns(at.min(last));
    }

    pub(super) fn act(&mut self, action: Action, effects: &mut Vec<Effect>) {
        let rows = isize::try_from(self.layout().rows).unwrap_or(1).max(1);
        match action {
            Action::Up => self.move_by(-1),
            Action::Down => self.move_by(1),
            Action::PageUp => self.move_by(-rows),
            Action::PageDown => self.move_by(rows),
            Action::HalfUp => self.move_by(-(rows / 2).max(1)),
            Action::HalfDown => self.move_by((rows / 2).max(1)),
            Action::First => {
                (self.cursor, self.top) = (None, 0);
            }
            Action::Last => {
                let last = self.items.len().saturating_sub(1);
                self.put_cursor(last, last);
            }
            Action::Open => self.open_row(),
            Action::Back => self.back(),
            Action::NextTab => self.step_tab(1),
            Action::PreviousTab => self.step_tab(Tab::ALL.len() - 1),
            Action::Tab(at) => {
                if let Some(tab) = Tab::ALL.get(usize::from(at)) {
                    self.go_to(*tab);
                }
            }
            Action::Sort => {
                let shown: Vec<&'static Spec> = self.layout().columns().map(|(spec, ..)| spec).collect();
                let at = shown.iter().position(|spec| spec.name == self.sort().column);
                if let Some(spec) = shown.get(at.map_or(0, |at| (at + 1) % shown.len().max(1))) {
                    self.sort_by(spec);
                }
            }
            Action::Reverse => {
                let sort = self.sort_mut();
                sort.descending = !sort.descending;
                self.order_anew();
            }
            Action::Filter => self.mode = Mode::Filter(Line::new(self.filter_text.clone()), None),
            Action::Find => self.mode = Mode::Find(Line::new(self.found.clone())),
            Action::FindNext => self.find(true),
            Action::FindPrevious => self.find(false),
            Action::Group => self.group(),
            Action::Fold => self.fold(),
            Action::Tag => {
                if let Some(key) = self.at_cursor().and_then(|item| self.key_of(item)) {
                    if !self.tags.remove(&key) {
                        self.tags.insert(key);
                    }
                    self.move_by(1);
                }
            }
            Action::UntagAll => self.tags.clear(),
            Action::Pause => self.press_pause(),
            Action::Earlier => self.go_back(false, effects),
            Action::Later => self.go_forward(false, effects),
            Action::MinuteEarlier => self.go_back(true, effects),
            Action::MinuteLater => self.go_forward(true, effects),
            Action::Now => self.go_to_now(),
            Action::Faster => self.change_interval(false, effects),
            Action::Slower => self.change_interval(true, effects),
            Action::Whole => self.whole = !self.whole,
            Action::Names => {
                self.names.wanted = !self.names.wanted;
                self.message = Some(match self.names.wanted {
                    true => both!(
                        "names of addresses on: the resolver is asked",
                        "주소 이름 표시: 리졸버에 묻습니다"
                    ),
                    false => both!("names of addresses off", "주소 이름 표시 끔"),
                });
            }
            Action::Copy => self.copy(effects),
            Action::Columns => self.mode = Mode::Columns(0),
            Action::Export => self.mode = Mode::Export(Line::new("netstat.csv".to_owned())),
            Action::Capture => self.press_capture(effects),
            Action::Command => self.message = Some(Text::same(self.command())),
            Action::Close => self.ask_to_close(),
            Action::EndProcess => self.ask_to_end(),
            Action::Help => self.mode = Mode::Help(0),
            Action::Clear => effects.push(Effect::Clear),
            Action::Suspend => effects.push(Effect::Suspend),
            Action::End => effects.push(Effect::End),
        }
    }

    /// Groups by the next column, at last by none.
    fn group(&mut self) {
        if !matches!(self.tab, Tab::Connections | Tab::Listening) {
            self.message = Some(both!(
                "only sockets are grouped: 1 or 4 shows them",
                "소켓만 묶습니다. 1이나 4를 누르세요"
            ));
            return;
        }
        self.grouping = Grouping::after(self.grouping.as_ref());
        self.message = Some(match &self.grouping {
            Some(grouping) => {
                both!("grouped by {column}", "{column} 열로 묶음", column = grouping.column.name)
            }
            None => both!("not grouped", "묶지 않음"),
        });
        self.order_anew();
    }

    /// Folds the group at the cursor, or unfolds it.
    fn fold(&mut self) {
        if self.grouping.is_none() {
            self.message = Some(both!("F5 groups the rows first", "먼저 F5로 행을 묶으세요"));
            return;
        }
        let place = self.index();
        let Some(grouping) = &mut self.grouping else { return };
        let group = match self.items.get(place) {
            Some(Item::Group(number)) => grouping.group(*number),
            Some(Item::Socket(slot)) => grouping.group_of(*slot),
            _ => None,
        };
        let Some(name) = group.map(|group| group.name.clone()) else { return };
        grouping.fold(&name);
        // The cursor goes to its line.
        let line = self.cursor.as_ref().map_or(0, |cursor| cursor.line);
        self.cursor = Some(Cursor { key: ItemKey::Group(name), line });
        self.order_anew();
    }

    pub(super) fn step_tab(&mut self, by: usize) {
        let at = Tab::ALL.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        if let Some(tab) = Tab::ALL.get((at + by) % Tab::ALL.len()) {
            self.go_to(*tab);
        }
    }

    /// Shows what is in the row: a group by a filter on its connections, a socket in its details.
    pub(super) fn open_row(&mut self) {
        let Some(item) = self.at_cursor() else { return };
        let word = match item {
            Item::Socket(slot) => {
                if let Some(key) = self.shown_book().key(slot).cloned() {
                    self.put_cursor(self.index(), self.top);
                    self.mode = Mode::Details(key, 0);
                }
                return;
            }
            Item::Group(_) => {
                self.fold();
                return;
            }
            Item::Process(Some(process)) => format!("pid {}", process.pid),
            Item::Process(None) => {
                self.message = Some(both!(
                    "these sockets have no process that is known",
                    "프로세스를 알 수 없거나 없는 소켓입니다"
                ));
                return;
            }
            Item::Remote(address) => format!("raddr {address}"),
            Item::Finding(at) => {
                self.open_finding(at);
                return;
            }
            Item::Link(_) | Item::Event(_) => {
                self.message =
                    Some(both!("there is no more to see of this row", "더 볼 내용이 없는 행입니다"));
                return;
            }
        };
        let text = match self.filter_text.as_str() {
            "" => word,
            before => format!("({before}) and {word}"),
        };
        let from = (self.tab, self.filter_text.clone());
        if self.set_filter(&text).is_ok() {
            self.go_to(Tab::Connections);
            self.opened_from = Some(from);
        }
    }

    /// Shows all that a finding says. Its rows are one key away where it has any.
    fn open_finding(&mut self, at: u32) {
        let Some((finding, _)) = self.beside.finding(at) else { return };
        let filter = finding.rows.as_deref().and_then(filter_of);
        let is_shown = filter.is_some_and(|filter| self.set_filter(&filter).is_ok());
        if is_shown {
            self.message = Some(finding_text(&self.beside, at));
            self.go_to(Tab::Connections);
        } else {
            self.mode = Mode::Finding(at, 0);
        }
    }

    pub(super) fn back(&mut self) {
        self.message = None;
        if self.cursor.is_none()
            && let Some((tab, filter)) = self.opened_from.take()
        {
            // What was a filter before is one.
            let _ = self.set_filter(&filter);
            self.go_to(tab);
            return;
        }
        if !self.filter_text.is_empty() && self.cursor.is_none() {
            let _ = self.set_filter("");
        }
        self.cursor = None;
        self.message = None;
    }

    pub(super) fn change_interval(&mut self, slower: bool, effects: &mut Vec<Effect>) {
        let now = self.interval;
        let next = match slower {
            true => INTERVALS.iter().find(|interval| **interval > now),
            false => INTERVALS.iter().rev().find(|interval| **interval < now),
        };
        if let Some(next) = next {
            self.interval = *next;
            effects.push(Effect::Every(*next));
        }
    }

    pub(super) fn copy(&mut self, effects: &mut Vec<Effect>) {
        let Some(item) = self.at_cursor() else { return };
        let text = match item {
            Item::Remote(address) => Some(address.to_string()),
            Item::Socket(slot) => {
                let socket = self.shown_book().socket(slot);
                socket.and_then(|socket| Some(socket.remote?.address()?.to_string()))
            }
            Item::Process(process) => process.map(|process| process.pid.to_string()),
            Item::Finding(at) => self.beside.finding(at).and_then(|(finding, _)| finding.rows.clone()),
            Item::Group(number) => {
                self.grouping.as_ref().and_then(|all| all.group(number)).map(|group| group.name.clone())
            }
            Item::Link(_) | Item::Event(_) => None,
        };
        if let Some(text) = text {
            self.message = Some(both!("copied: {text}", "복사함: {text}", text = text.clone()));
            effects.push(Effect::Copy(text));
        }
    }
}

/// Returns what is wrong, to be said beside the rows.
fn finding_text(beside: &Beside, at: u32) -> Text {
    beside.finding(at).map_or_else(Text::default, |(finding, _)| finding.sentence.clone())
}
