//! Connections and bytes over time, by process and by remote address.

use super::{Colours, Scene, sum};
use crate::plot::{Kind, Plot};
use crate::shown::{Unit, length};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_store::CourseLine;

const OTHERS: Text = Text::fixed("all others", "그 밖의 모두");

pub(crate) fn plots(scene: &Scene<'_>) -> Vec<Plot> {
    let (language, course) = (scene.report.language, scene.report.course);
    let step = || length(scene.frame.interval.step, language);
    let ended = both!("Connections that ended, per {step}.", "{step}마다 끝난 연결 수.", step = step());
    let without = sum(&course.without_bytes);
    let mut bytes = both!(
        "Bytes both ways, per {step}, counted when a connection ends: a long one appears with all of its bytes where it ended.",
        "{step}마다의 양방향 바이트. 연결이 끝날 때 한꺼번에 셉니다. 오래 열려 있던 연결은 끝난 때에 전부 나타납니다.",
        step = step()
    );
    if without > 0 {
        bytes = both!(
            "{bytes} Of {without:connection|connections} they are not known.",
            "{bytes} 연결 {without}개는 바이트를 알 수 없습니다.",
            bytes = &bytes,
            without
        );
    }
    let total: Vec<u64> = course
        .sent
        .iter()
        .zip(&course.received)
        .map(|(sent, received)| sent.saturating_add(*received))
        .collect();
    let processes = || course.processes.iter().map(|(name, line)| (scene.process(name.as_deref()), line));
    let remotes = || course.remotes.iter().map(|(address, line)| (scene.place(*address), line));
    let plot = |id, title: Text, note: &Text, unit, series| Plot {
        id,
        title: scene.say(&title),
        note: scene.say(note),
        unit,
        kind: Kind::Bars,
        series,
        limit: None,
    };
    // Of those who are in two plots.
    let (mut of_processes, mut of_remotes) = (Colours::default(), Colours::default());
    let by_process = |line: fn(&CourseLine) -> &[u64], total: &[u64], colours: &mut Colours| {
        scene.lines(processes().map(|(name, of)| (name, line(of))), total, &OTHERS, colours)
    };
    let by_remote = |line: fn(&CourseLine) -> &[u64], total: &[u64], colours: &mut Colours| {
        scene.lines(remotes().map(|(name, of)| (name, line(of))), total, &OTHERS, colours)
    };
    vec![
        plot(
            "connections-by-process",
            Text::fixed("Connections by process", "프로세스별 연결"),
            &ended,
            Unit::Count,
            by_process(|of| &of.ends, &course.ends, &mut of_processes),
        ),
        plot(
            "connections-by-remote",
            Text::fixed("Connections by remote address", "외부 주소별 연결"),
            &ended,
            Unit::Count,
            by_remote(|of| &of.ends, &course.ends, &mut of_remotes),
        ),
        plot(
            "bytes-by-process",
            Text::fixed("Bytes by process", "프로세스별 전송량"),
            &bytes,
            Unit::Bytes,
            by_process(|of| &of.bytes, &total, &mut of_processes),
        ),
        plot(
            "bytes-by-remote",
            Text::fixed("Bytes by remote address", "외부 주소별 전송량"),
            &bytes,
            Unit::Bytes,
            by_remote(|of| &of.bytes, &total, &mut of_remotes),
        ),
    ]
}
