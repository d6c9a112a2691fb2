//! The project's targets for speed and memory, and whether they are met.

use super::namespaces::{NAMESPACES, PAIRS};
use super::scenes::{Results, Scene, Scenes, name};
use std::time::Duration;

/// One target and what was measured for it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    pub(super) what: String,
    pub(super) wanted: String,
    pub(super) measured: String,
    /// `None` if it could not be measured.
    pub(super) met: Option<bool>,
}

impl Target {
    /// Makes a target of what was measured and whether that is good enough.
    fn new(what: &str, wanted: String, result: Option<(String, bool)>) -> Self {
        let met = result.as_ref().map(|(_, met)| *met);
        let measured = result.map_or_else(|| "not measured".to_owned(), |(measured, _)| measured);
        Self { what: what.to_owned(), wanted, measured, met }
    }
}

/// The number of sockets that the targets for speed are about.
pub(super) const SIZE: usize = 100_000;

/// Medians of a program in milliseconds, or how many times one is of another.
///
/// The wall time decides. The processor time shows how far it can be trusted on a machine that does other things too.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Times {
    wall: f64,
    cpu: f64,
}

fn times(results: &Results, name: &str) -> Option<Times> {
    let series = results.get(name)?;
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    Some(Times { wall: ms(series.wall()?), cpu: ms(series.median(|sample| sample.cpu)?) })
}

fn ratio(of: Option<Times>, to: Option<Times>) -> Option<Times> {
    let (of, to) = of.zip(to)?;
    let one = |of: f64, to: f64| of / to.max(f64::MIN_POSITIVE);
    Some(Times { wall: one(of.wall, to.wall), cpu: one(of.cpu, to.cpu) })
}

fn at_most(what: &str, limit: f64, of: &str, mine: Option<Times>, theirs: Option<Times>) -> Target {
    let result = ratio(mine, theirs)
        .map(|Times { wall, cpu }| (format!("{wall:.2} times (processors {cpu:.2})"), wall <= limit));
    Target::new(what, format!("at most {limit} times {of}"), result)
}

fn faster(what: &str, limit: f64, than: &str, mine: Option<Times>, theirs: Option<Times>) -> Target {
    let result = ratio(theirs, mine)
        .map(|Times { wall, cpu }| (format!("{wall:.1} times (processors {cpu:.1})"), wall >= limit));
    Target::new(what, format!("at least {limit} times faster than {than}"), result)
}

/// Compares what was measured with every target.
pub(super) fn all(scenes: &Scenes) -> Vec<Target> {
    let mut targets = Vec::new();
    let scene = scenes.large.iter().find(|scene| scene.size == SIZE);
    if let Some(scene) = scene {
        speed(scene, &mut targets);
    }
    small_host(scenes, &mut targets);
    for [alone, spread] in PAIRS {
        let of = |name| times(&scenes.spread.results, name);
        let what = format!("{spread}: {} sockets in {NAMESPACES} namespaces", scenes.spread.sockets);
        targets.push(at_most(&what, 3.0, alone, of(spread), of(alone)));
    }
    for scene in &scenes.large {
        memory(scene, &mut targets);
    }
    if let Some(scene) = scene {
        growth(scene, scenes, &mut targets);
    }
    targets
}

fn speed(scene: &Scene, targets: &mut Vec<Target>) {
    let of = |name| times(&scene.results, name);
    let floor = of(name::FLOOR);
    for (name, limit) in [
        (name::AN, 0.85),
        (name::ANO, 1.15),
        (name::COLUMNS, 1.2),
        (name::GROUPS, 1.3),
        (name::JSON, 4.0),
        (name::AN_DIAG, 1.1),
        (name::COLUMNS_DIAG, 1.6),
    ] {
        targets.push(at_most(name, limit, "F", of(name), floor));
    }
    for (limit, other) in [(60.0, name::SS_TANP), (20.0, name::NET_TOOLS_TANP), (10.0, name::LSOF)] {
        targets.push(faster(name::ANO, limit, other, of(name::ANO), of(other)));
    }
    let same = "the same request of the bare program";
    targets.push(at_most(name::FILTER, 1.1, same, of(name::FILTER), of(name::FILTER_FLOOR)));
    targets.push(at_most(name::FILTER_OWNER, 1.0, name::ANO, of(name::FILTER_OWNER), of(name::ANO)));
}

fn small_host(scenes: &Scenes, targets: &mut Vec<Target>) {
    let alone = |name| times(&scenes.small.results, name);
    let what = format!("{} on a small host", name::ANO);
    targets.push(at_most(&what, 1.0, name::SS_TUNAP, alone(name::ANO), alone(name::SS_TUNAP)));
    for (name, limit) in [(name::AN, 1.1), (name::ANO, 1.6)] {
        let what = format!("{name} on a small host");
        targets.push(at_most(&what, limit, "F", alone(name), alone(name::FLOOR)));
    }
    let Some(beside) = &scenes.beside else { return };
    let slower = |name| Some(times(&beside.results, name)?.wall - alone(name)?.wall);
    let result = slower(name::ANO).zip(slower(name::FLOOR)).map(|(ours, floor)| {
        (format!("slowed by {ours:.2} ms, the bare program by {floor:.2} ms"), ours <= floor * 1.1)
    });
    let wanted = "slowed by no more than one walk costs (as the bare program is, plus 10 %)".to_owned();
    targets.push(Target::new(&format!("{what}, {} sockets elsewhere", beside.sockets), wanted, result));
}

fn memory(scene: &Scene, targets: &mut Vec<Target>) {
    let sockets = scene.sockets as u64;
    for (name, per_socket) in [(name::AN, 48), (name::ANO, 64), (name::UNSORTED, 0)] {
        let limit = 8 * 1024 + sockets * per_socket / 1024;
        let peak = scene.results.get(name).and_then(|series| series.median(|sample| sample.peak_kib));
        let rule = match per_socket {
            0 => String::new(),
            bytes => format!(" (8 MiB and {bytes} bytes a socket)"),
        };
        targets.push(Target::new(
            &format!("{name}: memory with {sockets} sockets"),
            format!("at most {limit} KiB{rule}"),
            peak.map(|peak| (format!("{peak} KiB"), peak <= limit)),
        ));
    }
}

/// From the size of the targets to a million sockets, times may grow as n log n.
fn growth(scene: &Scene, scenes: &Scenes, targets: &mut Vec<Target>) {
    let million = scenes.large.iter().find(|scene| scene.size == 1_000_000);
    let n_log_n = |sockets: usize| {
        let sockets = sockets as f64;
        sockets * sockets.log2()
    };
    let limit = n_log_n(million.map_or(1_000_000, |million| million.sockets)) / n_log_n(scene.sockets);
    for name in [name::AN, name::ANO] {
        let result = million.and_then(|million| {
            let ratio = times(&million.results, name)?.wall / times(&scene.results, name)?.wall;
            Some((format!("{ratio:.1} times, {} sockets", million.sockets), ratio <= limit))
        });
        let wanted = format!("works; at most {limit:.1} times the time of 100,000 (n log n)");
        let mut target = Target::new(&format!("{name}: 1,000,000 sockets"), wanted, result);
        if target.met.is_none() {
            target.measured.push_str(" (--million)");
        }
        targets.push(target);
    }
}

/// Formats a time with three digits.
pub(super) fn milliseconds(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    match ms {
        ..10.0 => format!("{ms:.2}"),
        ..100.0 => format!("{ms:.1}"),
        _ => format!("{ms:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_missed_or_not_measured() {
        let ms = |wall| Some(Times { wall, cpu: wall });
        assert_eq!(at_most("a", 1.5, "F", ms(3.0), ms(2.0)).met, Some(true));
        assert_eq!(at_most("a", 1.5, "F", ms(3.1), ms(2.0)).met, Some(false));
        assert_eq!(at_most("a", 1.5, "F", None, ms(2.0)).met, None);
        assert_eq!(faster("a", 10.0, "b", ms(1.0), ms(10.0)).met, Some(true));
        assert_eq!(faster("a", 10.0, "b", ms(1.0), ms(9.0)).met, Some(false));
        assert_eq!(faster("a", 10.0, "b", ms(1.0), None).measured, "not measured");
    }

    #[test]
    fn times_have_three_digits() {
        assert_eq!(milliseconds(Duration::from_micros(1234)), "1.23");
        assert_eq!(milliseconds(Duration::from_micros(45_600)), "45.6");
        assert_eq!(milliseconds(Duration::from_millis(4567)), "4567");
    }
}
