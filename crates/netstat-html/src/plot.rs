//! A plot over time: its drawing, its legend, what it says in a sentence, and its values as a table.

mod clock;
mod draw;
mod scale;

use crate::report::{Break, Interval, LINES};
use crate::shown::{Unit, clipped, length, offset, to_the_minute};
use maud::{Markup, html};
use netstat_engine::both;
use netstat_engine::text::{Language, Text, Zone};
use std::time::{Duration, SystemTime};

/// The longest name in a legend, in characters.
const LEGEND: usize = 44;

/// The colour of what has no line of its own.
pub(crate) const OTHERS: usize = LINES;

/// How values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sums of an interval, one upon the other.
    Bars,
    /// Lines from 0 on.
    Lines,
    /// Lines of values that may be of different orders.
    Levels,
}

/// One line, or the bars of one colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// The number of its colour.
    pub(crate) colour: usize,
    /// A value for each interval; `None` where nothing is known.
    pub(crate) values: Vec<Option<u64>>,
}

/// A plot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plot {
    /// Its name within the page.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    /// What is to be known to read it.
    pub(crate) note: String,
    pub(crate) unit: Unit,
    pub(crate) kind: Kind,
    pub(crate) series: Vec<Series>,
    /// A value that cannot be exceeded, and what it is.
    pub(crate) limit: Option<(u64, String)>,
}

/// What all plots of a page have in common.
pub(crate) struct Frame<'a> {
    pub(crate) language: Language,
    pub(crate) zone: &'a Zone,
    pub(crate) interval: Interval,
    pub(crate) until: SystemTime,
    pub(crate) breaks: &'a [Break],
    /// Whether nothing at all was recorded, for each interval.
    blank: Vec<bool>,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(
        language: Language,
        zone: &'a Zone,
        interval: Interval,
        until: SystemTime,
        breaks: &'a [Break],
    ) -> Self {
        let mut frame = Self { language, zone, interval, until, breaks, blank: Vec::new() };
        frame.blank = (0..interval.count).map(|at| frame.nothing_recorded(at)).collect();
        frame
    }

    /// Returns how long all intervals are.
    pub(crate) fn length(&self) -> Duration {
        self.interval.step.saturating_mul(u32::try_from(self.interval.count).unwrap_or(u32::MAX))
    }

    /// Returns the start of the first interval.
    pub(crate) fn begin(&self) -> SystemTime {
        self.until.checked_sub(self.length()).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Returns the start of an interval.
    pub(crate) fn begin_of(&self, interval: usize) -> SystemTime {
        let step = self.interval.step.saturating_mul(u32::try_from(interval).unwrap_or(u32::MAX));
        self.begin().checked_add(step).unwrap_or(self.until)
    }

    fn nothing_recorded(&self, interval: usize) -> bool {
        let (from, until) = (self.begin_of(interval), self.begin_of(interval + 1));
        let blank = self.breaks.iter().filter(|gap| gap.is_blank);
        let within = |gap: &Break| gap.until.min(until).duration_since(gap.from.max(from)).ok();
        let missing: Duration = blank.filter_map(within).sum();
        missing.saturating_add(Duration::from_millis(1)) >= self.interval.step
    }

    /// Returns the values of intervals; what was not recorded is not 0.
    pub(crate) fn known(&self, values: &[u64]) -> Vec<Option<u64>> {
        let known = |(interval, value): (usize, &u64)| {
            (!self.blank.get(interval).copied().unwrap_or(false)).then_some(*value)
        };
        values.iter().enumerate().map(known).collect()
    }

    /// Returns an interval in words: `2026-12-01 13:45 – 14:00`.
    pub(crate) fn interval_in_words(&self, interval: usize) -> String {
        let (from, until) = (self.begin_of(interval), self.begin_of(interval + 1));
        let shown = |at| {
            let text = self.zone.to_the_second(at);
            let is_minutes = self.interval.step.as_secs().is_multiple_of(60) && self.until_is_round();
            if is_minutes { to_the_minute(self.zone, at) } else { text }
        };
        let (from, until) = (shown(from), shown(until));
        match (from.split_once(' '), until.split_once(' ')) {
            (Some((one, _)), Some((other, time))) if one == other => format!("{from} – {time}"),
            _ => format!("{from} – {until}"),
        }
    }

    fn until_is_round(&self) -> bool {
        self.until
            .duration_since(SystemTime::UNIX_EPOCH)
            .is_ok_and(|since| since.as_secs().is_multiple_of(60))
    }
}

impl Plot {
    /// Returns the sum of each interval; `None` where nothing is known.
    fn sums(&self) -> Vec<Option<u64>> {
        let count = self.series.iter().map(|series| series.values.len()).max().unwrap_or(0);
        let sum = |interval: usize| {
            let values =
                self.series.iter().filter_map(|series| series.values.get(interval).copied().flatten());
            values.fold(None, |sum: Option<u64>, value| Some(sum.unwrap_or(0).saturating_add(value)))
        };
        (0..count).map(sum).collect()
    }

    /// Says what is most striking: the most, and when it was.
    fn in_words(&self, frame: &Frame<'_>) -> Text {
        let peak = match self.kind {
            Kind::Bars => {
                let sums = self.sums();
                let peak = sums
                    .iter()
                    .enumerate()
                    .filter_map(|(at, sum)| Some(((*sum)?, at)))
                    .rev()
                    .max_by_key(|(sum, _)| *sum);
                peak.map(|(most, at)| (most, at, None))
            }
            Kind::Lines | Kind::Levels => self
                .series
                .iter()
                .flat_map(|series| {
                    let values = series.values.iter().enumerate();
                    values.filter_map(|(at, value)| Some(((*value)?, at, Some(series.name.clone()))))
                })
                .max_by_key(|(most, at, _)| (*most, std::cmp::Reverse(*at))),
        };
        let text = |value| self.unit.text(value, frame.language);
        match peak {
            None => both!("Nothing is known of this span.", "이 기간에 알려진 값이 없습니다."),
            Some((0, ..)) => both!("None in this span.", "이 기간에는 없습니다."),
            Some((most, at, None)) => both!(
                "Most: {most}, {when}.",
                "최대 {most}, {when}.",
                most = text(most),
                when = frame.interval_in_words(at)
            ),
            Some((most, at, Some(who))) => both!(
                "Most: {most} ({who}), {when}.",
                "최대 {most} ({who}), {when}.",
                most = text(most),
                who = clipped(&who, LEGEND),
                when = frame.interval_in_words(at)
            ),
        }
    }

    /// Returns the plot with everything around it.
    pub(crate) fn figure(&self, frame: &Frame<'_>) -> Markup {
        let language = frame.language;
        let say = |text: Text| text.of(language).to_owned();
        let [title, words] = ["title", "words"].map(|part| format!("{}-{part}", self.id));
        let has_gaps = frame.breaks.iter().any(|gap| gap.is_blank);
        let has_losses = frame.breaks.iter().any(|gap| !gap.is_blank);
        let shape = match self.kind {
            Kind::Bars => "s",
            Kind::Lines | Kind::Levels => "l",
        };
        html! {
            figure id=(self.id) {
                figcaption class="head" {
                    h3 id=(title) { (self.title) }
                    p class="note" { (self.note) }
                }
                div class="drawing" tabindex="0" role="group" aria-labelledby=(title) {
                    (draw::draw(self, frame, &title, &words))
                }
                div class="beside" {
                    ul class="legend" {
                        @for series in &self.series {
                            li {
                                svg class="swatch" viewBox="0 0 22 12" aria-hidden="true" {
                                    @if shape == "s" {
                                        path class={ "s" (series.colour) } d="M4 0h14v12H4z" {}
                                    } @else {
                                        path class={ "l" (series.colour) } d="M1 6h20" {}
                                    }
                                }
                                span { (clipped(&series.name, LEGEND)) }
                            }
                        }
                        @if has_gaps {
                            li {
                                svg class="swatch" viewBox="0 0 22 12" aria-hidden="true" { rect class="blank" x="4" width="14" height="12" {} }
                                span { (say(Text::fixed("not recorded", "기록 없음"))) }
                            }
                        }
                        @if has_losses {
                            li {
                                svg class="swatch" viewBox="0 0 22 12" aria-hidden="true" { rect class="partial" x="4" y="3" width="14" height="6" {} }
                                span { (say(Text::fixed("recorded in part", "일부만 기록"))) }
                            }
                        }
                    }
                    p class="peak" id=(words) { (say(self.in_words(frame))) }
                    @if !self.series.is_empty() {
                        details class="values" {
                            summary { (say(both!("Values for every {step}", "{step}마다의 값", step = length(frame.interval.step, language)))) }
                            (self.values(frame))
                        }
                    }
                }
            }
        }
    }

    /// Returns the values as a table.
    fn values(&self, frame: &Frame<'_>) -> Markup {
        let language = frame.language;
        let time = both!("Time ({zone})", "시각 ({zone})", zone = offset(frame.zone, frame.until));
        let missing = Text::fixed("not known", "알 수 없음");
        html! {
            div class="scroll" tabindex="0" role="region" aria-label=(self.title) {
                table {
                    thead {
                        tr {
                            th scope="col" { (time.of(language)) }
                            @for series in &self.series { th scope="col" class="n" { (clipped(&series.name, LEGEND)) } }
                        }
                    }
                    tbody {
                        @for interval in 0..frame.interval.count {
                            tr {
                                th scope="row" { (frame.interval_in_words(interval)) }
                                @for series in &self.series {
                                    td class="n" {
                                        @match series.values.get(interval).copied().flatten() {
                                            Some(value) => (self.unit.text(value, language)),
                                            None => abbr title=(missing.of(language)) { "–" },
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
