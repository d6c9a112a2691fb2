//! The screen stopped, and the way back: looks that are kept, and before those a recorder's history.

use super::State;
use crate::book::Book;
use crate::event::Effect;
use crate::last::LastLook;
use crate::paused::{Paused, Then};
use crate::recalled::Recalled;
use crate::ring::Step;
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_model::Warning;
use std::time::{Duration, SystemTime};

/// How far a key goes.
const MINUTE: Duration = Duration::from_secs(60);

/// How far one goes in a history, which has no looks.
const SECOND: Duration = Duration::from_secs(1);

impl State {
    /// Stops the screen, or lets it go on. In the past it has stopped.
    pub(super) fn press_pause(&mut self) {
        if self.is_past() {
            self.message =
                Some(both!("this is the past: 0 goes back to now", "과거의 화면입니다. 0: 현재로"));
        } else {
            self.pause();
        }
    }

    fn pause(&mut self) {
        match self.paused.take() {
            Some(paused) => self.rename(paused.renamed),
            None => self.stop_at(Then::Paused, self.book.copy(), self.last.clone()),
        }
        self.order_anew();
    }

    /// Goes to the present.
    pub(super) fn go_to_now(&mut self) {
        if self.paused.is_some() {
            self.pause();
        }
    }

    fn stop_at(&mut self, then: Then, book: Book, last: LastLook) {
        let (since, waiting, renamed) = match self.paused.take() {
            Some(paused) => (paused.since, paused.waiting, paused.renamed),
            None => (self.now, 0, Vec::new()),
        };
        self.paused = Some(Paused { book, then, since, waiting, renamed, last });
        self.order_anew();
    }

    /// Keeps what leads back from a look that was taken.
    pub(super) fn keep_back(&mut self, before: LastLook) {
        if let Some(step) = self.book.take_back() {
            self.ring.take(Step::saying(step, before), self.book.looked());
        }
    }

    /// Returns whether the past is shown.
    pub(crate) fn is_past(&self) -> bool {
        self.paused.as_ref().is_some_and(|paused| paused.then != Then::Paused)
    }

    /// Returns whether what is shown comes from a recorder's history.
    pub(crate) fn is_recorded(&self) -> bool {
        self.paused.as_ref().is_some_and(|paused| matches!(paused.then, Then::Recorded(_)))
    }

    /// Returns how long ago the moment was that is shown.
    pub(crate) fn ago(&self) -> Option<Duration> {
        let shown = self.shown_look().time?;
        Some(self.last.time?.duration_since(shown).unwrap_or_default())
    }

    /// Goes one look back, or a minute.
    pub(super) fn go_back(&mut self, minute: bool, effects: &mut Vec<Effect>) {
        if !self.has_looked() {
            return;
        }
        if let Some(Then::Recorded(time)) = self.paused.as_ref().map(|paused| paused.then) {
            self.recall(time.checked_sub(if minute { MINUTE } else { SECOND }), effects);
            return;
        }
        let shown = self.shown_book().looked();
        let most =
            if minute { shown.saturating_sub(MINUTE) } else { shown.saturating_sub(Duration::from_nanos(1)) };
        let earlier = self.ring.looks().rev().find(|looked| *looked <= most);
        let oldest = self.ring.looks().next().filter(|oldest| *oldest < shown);
        match (earlier, oldest) {
            (Some(looked), _) => self.show_look(looked),
            _ if self.environment.has_history => {
                let time = self.shown_look().time;
                let far = if minute { MINUTE } else { SECOND };
                self.recall(time.and_then(|time| time.checked_sub(far)), effects);
            }
            (None, Some(oldest)) => {
                self.show_look(oldest);
                self.message = Some(oldest_text());
            }
            (None, None) => self.message = Some(oldest_text()),
        }
    }

    /// Goes one look forward, or a minute: at last to the present.
    pub(super) fn go_forward(&mut self, minute: bool, effects: &mut Vec<Effect>) {
        let far = if minute { MINUTE } else { SECOND };
        let least = match self.paused.as_ref().map(|paused| paused.then) {
            None => return,
            Some(Then::Recorded(time)) => {
                let Some(time) = time.checked_add(far) else { return };
                let begins = self.ring.looks().next().and_then(|looked| self.ring.at(looked)?.last.time);
                if begins.or(self.last.time).is_some_and(|begins| time < begins) {
                    self.recall(Some(time), effects);
                    return;
                }
                // The looks go on from here.
                Duration::ZERO
            }
            Some(_) if minute => self.shown_book().looked() + far,
            Some(_) => self.shown_book().looked() + Duration::from_nanos(1),
        };
        let later = self.ring.looks().find(|looked| *looked >= least);
        match later {
            Some(looked) => self.show_look(looked),
            None => self.go_to_now(),
        }
    }

    fn show_look(&mut self, looked: Duration) {
        let Some(moment) = self.ring.at(looked) else { return };
        let (book, last) = (self.book.at(&moment), moment.last.clone());
        self.stop_at(Then::Look(looked), book, last);
    }

    /// Asks for a moment that a recorder has kept.
    fn recall(&mut self, time: Option<SystemTime>, effects: &mut Vec<Effect>) {
        let Some(time) = time else { return };
        self.message = Some(both!(
            "asking the recorder for {time} ...",
            "{time}의 기록을 찾는 중 ...",
            time = self.environment.zone.to_the_second(time)
        ));
        effects.push(Effect::Recall(time));
    }

    /// Shows what a recorder has kept of a moment.
    pub(super) fn recalled(&mut self, time: SystemTime, found: Result<Recalled, Text>) {
        let Recalled { look, lack } = match found {
            Ok(found) => found,
            Err(why) => {
                self.message = Some(why);
                return;
            }
        };
        // A message stands where a warning would: what was left out on purpose is said with what was lost.
        let only = look.warnings.iter().find(|warning| matches!(warning, Warning::OnlyRecorded { .. }));
        self.message = match (lack, only.map(netstat_engine::text::system::warning)) {
            (Some(lack), Some(only)) => {
                Some(both!("{lack}; besides, {only}", "{lack}. 또한 {only}", lack, only))
            }
            (lack, _) => lack,
        };
        let warnings = look.warnings.clone();
        let mut book = Book::default();
        book.apply(look, |_| false);
        let last = LastLook { time: Some(time), is_whole: true, warnings, ..LastLook::default() };
        self.stop_at(Then::Recorded(time), book, last);
    }
}

fn oldest_text() -> Text {
    both!(
        "this is the oldest look that is kept; netstat record keeps days",
        "보관된 조회 중 가장 오래된 것입니다. netstat record는 며칠 치를 보관합니다"
    )
}
