//! Lines that are typed: the filter, and a text to find.

use super::{Mode, State};
use crate::beside::filter_of;
use crate::event::{Effect, Key};
use crate::export::{Format, export};
use crate::item::Item;
use crate::line::Line;
use crate::mark::Slot;
use crate::tab::Spec;
use netstat_check::{Finding, Severity};
use netstat_engine::both;
use netstat_engine::filter::{Context, Filter, FilterError, Tri, next};
use netstat_engine::text::{Text, cells};
use netstat_model::SocketRef;
use std::ffi::OsString;
use std::sync::Arc;

impl State {
    /// Sets the filter. The one before stays where this is wrong.
    pub(super) fn set_filter(&mut self, text: &str) -> Result<(), FilterError> {
        let text = text.trim();
        self.filter = match text {
            "" => None,
            text => Some(self.parse(text)?),
        };
        if self.filter_text != text {
            self.filter_text = text.to_owned();
            self.top = 0;
        }
        let find = |key| self.book.processes().get(&key);
        let context = Context::new(&find);
        for event in &mut self.beside.happened {
            let matches = |filter: &Filter| filter.matches(SocketRef::from(&*event.socket), &context);
            event.passes = self.filter.as_ref().is_none_or(|filter| matches(filter) == Tri::Yes);
        }
        self.order_anew();
        Ok(())
    }

    fn parse(&self, text: &str) -> Result<Filter, FilterError> {
        let filter = Filter::parse(&[OsString::from(text)], &*self.environment.lookups)?;
        Ok(filter.with_geo(Arc::clone(&self.environment.geo)))
    }

    /// Finds out which rows the findings name.
    pub(super) fn accuse(&mut self) {
        let findings = self.beside.findings.iter().flatten();
        let accused = (0..).zip(findings).filter_map(|(at, (finding, _))| {
            let is_fault = finding.severity >= Severity::Warning;
            let filter = finding.rows.as_deref().filter(|_| is_fault).and_then(filter_of)?;
            Some((self.parse(&filter).ok()?, at))
        });
        self.accused = accused.collect();
    }

    /// Returns the finding that names a socket. Those of the present say nothing of the past.
    pub(crate) fn accusation(&self, slot: Slot) -> Option<&Finding> {
        if self.is_past() || self.accused.is_empty() {
            return None;
        }
        let book = self.shown_book();
        let socket = book.socket(slot)?;
        let find = |key| book.processes().get(&key);
        let context = Context::new(&find);
        let names = |(filter, _): &&(Filter, u32)| filter.matches(socket, &context) == Tri::Yes;
        let (_, at) = self.accused.iter().find(names)?;
        self.beside.finding(*at).map(|(finding, _)| finding)
    }

    pub(super) fn type_filter(&mut self, mut line: Line, mut error: Option<FilterError>, key: Key) {
        match key {
            Key::Esc => return,
            Key::Enter => match self.set_filter(line.text()) {
                Ok(()) => return,
                Err(wrong) => error = Some(wrong),
            },
            Key::Tab => {
                let before = line.before().to_owned();
                if let Some(place) = next(&before, &*self.environment.lookups) {
                    let typed = place.typed.to_ascii_lowercase();
                    let fitting: Vec<&str> = place
                        .words
                        .iter()
                        .map(|word| word.text.as_str())
                        .filter(|word| word.to_ascii_lowercase().starts_with(&typed))
                        .collect();
                    if let Some(common) = common_prefix(&fitting) {
                        let whole = if fitting.len() == 1 { format!("{common} ") } else { common.to_owned() };
                        line.complete(place.at, &whole);
                    }
                    self.message = (fitting.len() > 1).then(|| Text::same(fitting.join("  ")));
                }
            }
            key => {
                line.press(key);
                // What is wrong is said once it has been left; while it is typed everything is unfinished.
                error = None;
                self.message = None;
            }
        }
        self.mode = Mode::Filter(line, error);
    }

    pub(super) fn type_find(&mut self, mut line: Line, key: Key) {
        match key {
            Key::Esc => return,
            Key::Enter => {
                self.found = line.text().to_owned();
                self.find(true);
                return;
            }
            key => {
                line.press(key);
            }
        }
        self.mode = Mode::Find(line);
    }

    pub(super) fn type_export(&mut self, mut line: Line, key: Key, effects: &mut Vec<Effect>) {
        match key {
            Key::Esc => return,
            Key::Enter => {
                let Some(format) = Format::of(line.text()) else {
                    self.message = Some(both!(
                        "the name says the format: it ends with .csv, .json or .jsonl",
                        "파일 이름이 형식을 정합니다. .csv, .json, .jsonl로 끝나야 합니다"
                    ));
                    self.mode = Mode::Export(line);
                    return;
                };
                let rows = self.all_rows();
                let specs: Vec<&Spec> = self.columns().to_vec();
                let count = rows.len();
                let bytes = self.cells().with(|filled| export(format, filled, rows.into_iter(), &specs));
                effects.push(Effect::Write(line.text().into(), bytes, count));
                return;
            }
            key => {
                line.press(key);
                self.message = None;
            }
        }
        self.mode = Mode::Export(line);
    }

    /// Returns the rows, those in folded groups in place of the groups.
    fn all_rows(&self) -> Vec<Item> {
        let sockets = |number| self.grouping.as_ref().and_then(|all| all.group(number)).map(|of| &of.slots);
        let grouped = self.items.iter().filter_map(|item| match item {
            Item::Group(number) => sockets(*number),
            _ => None,
        });
        let grouped: Vec<Item> = grouped.flatten().copied().map(Item::Socket).collect();
        if grouped.is_empty() { self.items.clone() } else { grouped }
    }

    /// Puts the cursor on the next row that has the text, or on the one before.
    pub(super) fn find(&mut self, forward: bool) {
        let wanted = self.found.to_lowercase();
        if wanted.is_empty() || self.items.is_empty() {
            return;
        }
        let layout = self.layout();
        let columns: Vec<(&'static Spec, u16, u16)> = layout.columns().collect();
        let len = self.items.len();
        let begin = self.index();
        let found = self.cells().with(|filled| {
            (1..=len)
                .map(|step| if forward { (begin + step) % len } else { (begin + len - step % len) % len })
                .find(|place| {
                    self.items.get(*place).is_some_and(|item| {
                        columns.iter().any(|(spec, ..)| {
                            filled.text(*item, spec, u16::MAX).to_lowercase().contains(&wanted)
                        })
                    })
                })
        });
        match found {
            Some(place) => self.put_cursor(place, self.top),
            None => {
                self.message =
                    Some(both!("not found: {text}", "찾을 수 없음: {text}", text = self.found.clone()));
            }
        }
    }
}

fn common_prefix<'a>(words: &[&'a str]) -> Option<&'a str> {
    let first = *words.first()?;
    let len = words.iter().fold(first.len(), |len, word| {
        let same =
            first.bytes().zip(word.bytes()).take_while(|(one, two)| one.eq_ignore_ascii_case(two)).count();
        len.min(same)
    });
    first.get(..len).filter(|common| cells(common.as_bytes()) > 0)
}
