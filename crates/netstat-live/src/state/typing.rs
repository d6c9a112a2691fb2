//! Lines that are typed: the filter, and a text to find.

use super::{Mode, State};
use crate::event::Key;
use crate::line::Line;
use crate::tab::Spec;
use netstat_engine::both;
use netstat_engine::filter::{Filter, FilterError, next};
use netstat_engine::text::{Text, cells};
use std::ffi::OsString;
use std::sync::Arc;

impl State {
    /// Sets the filter. The one before stays where this is wrong.
    pub(super) fn set_filter(&mut self, text: &str) -> Result<(), FilterError> {
        let text = text.trim();
        self.filter = match text {
            "" => None,
            text => {
                let filter = Filter::parse(&[OsString::from(text)], &*self.environment.lookups)?;
                Some(filter.with_geo(Arc::clone(&self.environment.geo)))
            }
        };
        if self.filter_text != text {
            self.filter_text = text.to_owned();
            self.top = 0;
        }
        self.order_anew();
        Ok(())
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
