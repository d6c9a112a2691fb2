use super::*;
use crate::report::{Break, Interval};
use netstat_engine::text::{Language, Text, Zone};
use std::time::{Duration, SystemTime};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
}

static UTC: Zone = Zone::UTC;

fn frame(breaks: &[Break]) -> Frame<'_> {
    let interval = Interval { step: Duration::from_secs(60), count: 4 };
    Frame::new(Language::English, &UTC, interval, at(240), breaks)
}

fn series(values: &[Option<u64>]) -> Series {
    Series { name: String::new(), colour: 0, values: values.to_vec() }
}

#[test]
fn bars_stand_on_each_other() {
    let frame = frame(&[]);
    let mut below = vec![0; 4];
    let lower = bars(&frame, Scale::Linear(10), &series(&[Some(5), None, Some(0), Some(10)]), &mut below);
    assert_eq!(lower.matches('M').count(), 2, "neither nothing nor what is not known is drawn: {lower}");
    assert_eq!(below, [5, 0, 0, 10]);
    let upper = bars(&frame, Scale::Linear(10), &series(&[Some(5), None, None, None]), &mut below);
    let middle = place(f64::midpoint(TOP, BOTTOM));
    assert!(
        lower.contains(&format!("V{middle}")) && upper.contains(&format!(" {middle}h")),
        "{lower} {upper}"
    );
    assert!(upper.contains(&format!("V{}", place(TOP))));
}

#[test]
fn a_line_is_broken_where_nothing_is_known() {
    let (path, points) = line(&frame(&[]), Scale::Linear(10), &series(&[Some(0), Some(10), None, Some(5)]));
    assert_eq!((path.matches('M').count(), path.matches('L').count()), (1, 1), "{path}");
    assert_eq!(points.matches("h.1").count(), 1, "what is alone is a point: {points}");
}

#[test]
fn a_gap_lies_where_it_was() {
    let what = Text::fixed("", "");
    let gap =
        |from, until, is_blank| Break { from: at(from), until: at(until), is_blank, what: what.clone() };
    let breaks = [gap(60, 120, true), gap(200, 200, false), gap(1000, 2000, true)];
    let frame = frame(&breaks);
    assert!((across(&frame, at(60)) - left_of(&frame, 1)).abs() < 1e-6);
    let known = frame.known(&[1, 2, 3, 4]);
    assert_eq!(known, [Some(1), None, Some(3), Some(4)]);
    let plot = Plot {
        id: "x",
        title: String::new(),
        note: String::new(),
        unit: Unit::Count,
        kind: Kind::Bars,
        series: vec![series(&known)],
        limit: None,
    };
    let drawn = draw(&plot, &frame, "title", "words").into_string();
    let quarter = place((RIGHT - LEFT) / 4.0);
    assert!(drawn.contains(&format!("class=\"blank\" x=\"{}\"", place(left_of(&frame, 1)))), "{drawn}");
    assert!(drawn.contains(&format!("width=\"{quarter}\"")), "{drawn}");
    assert!(drawn.contains("class=\"partial\""), "one of no length is seen");
    assert!(drawn.contains("role=\"img\" aria-labelledby=\"title words\""), "{drawn}");
}
