//! A plot as SVG.

use super::clock::ticks;
use super::scale::Scale;
use super::{Frame, Kind, Plot, Series};
use crate::shown::{Unit, clipped};
use maud::{Markup, html};
use std::fmt::Write as _;
use std::time::SystemTime;

/// The size of a drawing, and the area of its values within it, in pixels of a plot that is shown at its own size.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 264.0;
pub(super) const LEFT: f64 = 66.0;
const RIGHT: f64 = 728.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 220.0;

/// The most labels of the axis of time.
const TIMES: u64 = 9;

/// The room of a date below the axis.
const DATE: f64 = 78.0;

/// Returns a place with one decimal, which is as exact as anybody sees.
fn place(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Where a moment is, from left to right.
fn across(frame: &Frame<'_>, at: SystemTime) -> f64 {
    let begin = frame.begin();
    let all = frame.length().as_secs_f64().max(1e-6);
    let since = match at.duration_since(begin) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    };
    LEFT + (since / all).clamp(0.0, 1.0) * (RIGHT - LEFT)
}

/// Where the start of an interval is.
fn left_of(frame: &Frame<'_>, interval: usize) -> f64 {
    LEFT + (RIGHT - LEFT) * interval as f64 / frame.interval.count.max(1) as f64
}

/// Returns where the history is not whole, from left to right. A short gap is as wide as can be seen, and those that touch are
/// one, so that there are not many however many gaps there are.
fn marks(frame: &Frame<'_>, blank: bool, least: f64) -> Vec<(f64, f64)> {
    let gaps = frame.breaks.iter().filter(|gap| gap.is_blank == blank);
    let mut all: Vec<(f64, f64)> = gaps
        .map(|gap| {
            let (left, right) = (across(frame, gap.from), across(frame, gap.until));
            (left, right.max(left + least))
        })
        .collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut marks: Vec<(f64, f64)> = Vec::new();
    for (left, right) in all {
        match marks.last_mut() {
            Some(last) if left <= last.1 => last.1 = last.1.max(right),
            _ => marks.push((left, right)),
        }
    }
    marks
}

fn up(scale: Scale, value: u64) -> f64 {
    BOTTOM - scale.height(value) * (BOTTOM - TOP)
}

/// Returns the path of bars that stand on what is below them.
fn bars(frame: &Frame<'_>, scale: Scale, series: &Series, below: &mut [u64]) -> String {
    let mut path = String::new();
    for (interval, (value, below)) in series.values.iter().zip(below).enumerate() {
        let Some(value @ 1..) = *value else { continue };
        let (left, right) = (left_of(frame, interval), left_of(frame, interval + 1));
        let gap = ((right - left) * 0.12).min(1.0);
        let (bottom, top) = (up(scale, *below), up(scale, below.saturating_add(value)));
        *below = below.saturating_add(value);
        // Writing to a String cannot fail.
        let _ = write!(
            path,
            "M{} {}h{}V{}H{}z",
            place(left + gap / 2.0),
            place(bottom),
            place(right - left - gap),
            // What is there is seen.
            place(top.min(bottom - 0.6)),
            place(left + gap / 2.0)
        );
    }
    path
}

/// Returns the path of a line through the middles of the intervals, which is broken where nothing is known, and that of the
/// points that stand alone.
fn line(frame: &Frame<'_>, scale: Scale, series: &Series) -> (String, String) {
    let (mut path, mut points) = (String::new(), String::new());
    let known = |interval: usize| series.values.get(interval).copied().flatten();
    for (interval, value) in series.values.iter().enumerate() {
        let Some(value) = *value else { continue };
        let middle = place(f64::midpoint(left_of(frame, interval), left_of(frame, interval + 1)));
        let height = place(up(scale, value));
        let is_first = interval.checked_sub(1).and_then(known).is_none();
        // Writing to a String cannot fail.
        let _ = match (is_first, known(interval + 1)) {
            // A line of no length, with round ends.
            (true, None) => write!(points, "M{middle} {height}h.1"),
            (true, Some(_)) => write!(path, "M{middle} {height}"),
            (false, _) => write!(path, "L{middle} {height}"),
        };
    }
    (path, points)
}

/// Returns the scale of a plot, with its labelled values.
fn scale(plot: &Plot) -> (Scale, Vec<u64>) {
    let values = || plot.series.iter().flat_map(|series| series.values.iter().flatten().copied());
    let most = match plot.kind {
        Kind::Bars => plot.sums().into_iter().flatten().max(),
        Kind::Lines | Kind::Levels => values().max(),
    };
    let limit = plot.limit.as_ref().map(|(limit, _)| *limit);
    // A limit that is far away would leave nothing to see of what there is.
    let limit = limit.filter(|limit| most.is_some_and(|most| most.saturating_mul(4) >= *limit));
    let most = most.max(limit).unwrap_or(0);
    match plot.kind {
        Kind::Levels => {
            // A number of things may be 0, a time is not.
            let least = match plot.unit {
                Unit::Time => values().min().unwrap_or(1).max(1),
                Unit::Count | Unit::Bytes => 0,
            };
            if most / least.max(1) >= 20 {
                Scale::logarithmic(least, most)
            } else {
                Scale::linear(most, plot.unit)
            }
        }
        Kind::Bars | Kind::Lines => Scale::linear(most, plot.unit),
    }
}

/// Draws a plot. `title` and `description` are the names of the elements that say what it shows.
pub(super) fn draw(plot: &Plot, frame: &Frame<'_>, title: &str, description: &str) -> Markup {
    let (scale, labels) = scale(plot);
    let mut below = vec![0; frame.interval.count];
    let language = frame.language;
    let times = ticks(frame.begin(), frame.until, frame.zone, TIMES);
    let mut room_from = f64::NEG_INFINITY;
    // The date of a day that begins wins over that of the first moment.
    let dates: Vec<Option<&str>> = times
        .iter()
        .enumerate()
        .map(|(at, tick)| {
            let date = tick.date.as_deref()?;
            let here = across(frame, tick.at);
            let next = times.iter().skip(at + 1).find(|later| later.date.is_some());
            let collides = next.is_some_and(|next| across(frame, next.at) - here < DATE);
            if here < room_from || (at == 0 && collides) {
                return None;
            }
            room_from = here + DATE;
            Some(date)
        })
        .collect();
    html! {
        svg class="plot" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-labelledby={ (title) " " (description) }
            data-left=(LEFT) data-right=(RIGHT) data-width=(WIDTH) data-top=(TOP) data-bottom=(BOTTOM)
        {
            g class="grid" {
                @for label in &labels {
                    @let height = place(up(scale, *label));
                    line x1=(LEFT) x2=(RIGHT) y1=(height) y2=(height) class=[(*label == 0).then_some("zero")] {}
                }
            }
            g class="gaps" {
                @for (left, right) in marks(frame, true, 1.5) {
                    rect class="blank" x=(place(left)) y=(TOP) width=(place(right - left)) height=(BOTTOM - TOP) {}
                }
                @for (left, right) in marks(frame, false, 5.0) {
                    rect class="partial" x=(place(left)) y=(TOP - 7.0) width=(place(right - left)) height="6" {}
                }
            }
            @match plot.kind {
                Kind::Bars => g class="bars" {
                    // The largest stands lowest, as it stands first in the legend.
                    @for series in &plot.series {
                        path class={ "s" (series.colour) } d=(bars(frame, scale, series, &mut below)) {}
                    }
                },
                Kind::Lines | Kind::Levels => g class="lines" {
                    @for series in plot.series.iter().rev() {
                        @let (path, points) = line(frame, scale, series);
                        path class={ "l" (series.colour) } d=(path) {}
                        @if !points.is_empty() { path class={ "l" (series.colour) " points" } d=(points) {} }
                    }
                },
            }
            @if let Some((limit, words)) = &plot.limit {
                @let height = up(scale, *limit);
                @if height >= TOP - 1.0 {
                    line class="limit" x1=(LEFT) x2=(RIGHT) y1=(place(height)) y2=(place(height)) {}
                    text class="limit" x=(RIGHT - 4.0) y=(place(height + 13.0)) text-anchor="end" { (words) }
                }
            }
            g class="axis" {
                @for label in &labels {
                    text x=(LEFT - 8.0) y=(place(up(scale, *label) + 4.0)) text-anchor="end" {
                        (clipped(&plot.unit.label(*label, language), 12))
                    }
                }
                @for (tick, date) in times.iter().zip(&dates) {
                    @let here = across(frame, tick.at);
                    line x1=(place(here)) x2=(place(here)) y1=(BOTTOM) y2=(BOTTOM + 5.0) {}
                    text x=(place(here)) y=(BOTTOM + 19.0) text-anchor="middle" { (tick.label) }
                    @if let Some(date) = date {
                        text class="date" x=(place(here)) y=(BOTTOM + 36.0) text-anchor="middle" { (date) }
                    }
                }
            }
            line class="cursor" x1="0" x2="0" y1=(TOP) y2=(BOTTOM) visibility="hidden" {}
        }
    }
}

#[cfg(test)]
mod tests;
