//! What is wanted, and whether it is reached.

use super::scenes::{Beside, Results, Scene, Scenes, name};
use std::time::Duration;

/// One target and what was measured for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) wanted: String,
    /// What was measured, or why nothing was.
    pub(crate) measured: String,
    /// Whether it is reached; `None` when it could not be measured.
    pub(crate) met: Option<bool>,
}

/// The size the targets are for.
const SIZE: usize = 100_000;

/// Medians of a program, in milliseconds: time on the clock, and on the processors.
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

/// How many times one is of the other. The clock counts; the processors tell how far the clock can be trusted on a
/// machine that does other things as well.
fn ratio(of: Option<Times>, to: Option<Times>) -> Option<Times> {
    let (of, to) = of.zip(to)?;
    let one = |of: f64, to: f64| of / to.max(f64::MIN_POSITIVE);
    Some(Times { wall: one(of.wall, to.wall), cpu: one(of.cpu, to.cpu) })
}

fn at_most(what: &str, limit: f64, of: &str, mine: Option<Times>, theirs: Option<Times>) -> Target {
    let ratio = ratio(mine, theirs);
    Target {
        what: what.to_owned(),
        wanted: format!("at most {limit} times {of}"),
        measured: ratio
            .map_or_else(missing, |ratio| format!("{:.2} times (processors {:.2})", ratio.wall, ratio.cpu)),
        met: ratio.map(|ratio| ratio.wall <= limit),
    }
}

fn faster(what: &str, limit: f64, than: &str, mine: Option<Times>, theirs: Option<Times>) -> Target {
    let ratio = ratio(theirs, mine);
    Target {
        what: what.to_owned(),
        wanted: format!("at least {limit} times faster than {than}"),
        measured: ratio
            .map_or_else(missing, |ratio| format!("{:.1} times (processors {:.1})", ratio.wall, ratio.cpu)),
        met: ratio.map(|ratio| ratio.wall >= limit),
    }
}

fn missing() -> String {
    "not measured".to_owned()
}

/// Every target of the project for speed and memory.
pub(crate) fn all(scenes: &Scenes) -> Vec<Target> {
    let mut targets = Vec::new();
    if let Some(scene) = scenes.scenes.iter().find(|scene| scene.size == SIZE) {
        speed(scene, &mut targets);
    }
    small_host(scenes, &mut targets);
    for scene in &scenes.scenes {
        memory(scene, &mut targets);
    }
    if let Some(scene) = scenes.scenes.iter().find(|scene| scene.size == SIZE) {
        growth(scene, scenes, &mut targets);
    }
    targets
}

fn speed(scene: &Scene, targets: &mut Vec<Target>) {
    let of = |name| times(&scene.results, name);
    let floor = of(name::FLOOR);
    targets.push(at_most(name::AN, 1.5, "F", of(name::AN), floor));
    targets.push(at_most(name::ANO, 2.0, "F", of(name::ANO), floor));
    for (limit, other) in [(25.0, name::SS_TANP), (20.0, name::NET_TOOLS_TANP), (10.0, name::LSOF)] {
        targets.push(faster(name::ANO, limit, other, of(name::ANO), of(other)));
    }
    let same = "the same request of the bare program";
    targets.push(at_most(name::FILTER, 1.1, same, of(name::FILTER), of(name::FILTER_FLOOR)));
    targets.push(at_most(name::FILTER_OWNER, 1.0, name::ANO, of(name::FILTER_OWNER), of(name::ANO)));
}

fn small_host(scenes: &Scenes, targets: &mut Vec<Target>) {
    let small = &scenes.small;
    let what = format!("{} on a small host", name::ANO);
    targets.push(at_most(
        &what,
        1.0,
        name::SS_TUNAP,
        times(&small.alone, name::ANO),
        times(&small.alone, name::SS_TUNAP),
    ));
    let Some(Beside { sockets: elsewhere, results: beside, .. }) = &small.beside else { return };
    let slower = |name| Some(times(beside, name)?.wall - times(&small.alone, name)?.wall);
    let (ours, floor) = (slower(name::ANO), slower(name::FLOOR));
    targets.push(Target {
        what: format!("{what}, {elsewhere} sockets elsewhere"),
        wanted: "slowed no more than one walk does (as the bare program is, and 10 %)".into(),
        measured: ours.zip(floor).map_or_else(missing, |(ours, floor)| {
            format!("slowed by {ours:.2} ms, the bare program by {floor:.2} ms")
        }),
        met: ours.zip(floor).map(|(ours, floor)| ours <= floor * 1.1),
    });
}

fn memory(scene: &Scene, targets: &mut Vec<Target>) {
    let sockets = scene.sockets as u64;
    let cases = [(name::AN, 48, true), (name::ANO, 64, true), (name::UNSORTED, 0, false)];
    for (name, per_socket, sorted) in cases {
        let limit = 8 * 1024 + sockets * per_socket / 1024;
        let peak = scene.results.get(name).and_then(|series| series.median(|sample| sample.peak_kib));
        let rule = if sorted { format!(" (8 MiB and {per_socket} bytes a socket)") } else { String::new() };
        targets.push(Target {
            what: format!("{name}: memory with {sockets} sockets"),
            wanted: format!("at most {limit} KiB{rule}"),
            measured: peak.map_or_else(missing, |peak| format!("{peak} KiB")),
            met: peak.map(|peak| peak <= limit),
        });
    }
}

/// From the size of the targets to a million: no faster than n log n.
fn growth(scene: &Scene, scenes: &Scenes, targets: &mut Vec<Target>) {
    let million = scenes.scenes.iter().find(|scene| scene.size == 1_000_000);
    for name in [name::AN, name::ANO] {
        let ratio = million.and_then(|million| {
            Some((times(&million.results, name)?.wall / times(&scene.results, name)?.wall, million.sockets))
        });
        let n_log_n = |sockets: usize| {
            let sockets = sockets as f64;
            sockets * sockets.log2()
        };
        let limit = n_log_n(million.map_or(1_000_000, |m| m.sockets)) / n_log_n(scene.sockets);
        targets.push(Target {
            what: format!("{name}: 1,000,000 sockets"),
            wanted: format!("works; at most {limit:.1} times the time of 100,000 (n log n)"),
            measured: ratio.map_or_else(
                || "not measured (--million)".to_owned(),
                |(ratio, sockets)| format!("{ratio:.1} times, {sockets} sockets"),
            ),
            met: ratio.map(|(ratio, _)| ratio <= limit),
        });
    }
}

/// A time for people.
pub(crate) fn milliseconds(time: Duration) -> String {
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
