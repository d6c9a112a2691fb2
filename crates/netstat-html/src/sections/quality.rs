//! How well it went: states, round-trip times, segments sent again, failures, and local ports.

use super::{Colours, Scene, sum};
use crate::plot::{Kind, OTHERS, Plot, Series};
use crate::shown::{Unit, end};
use netstat_engine::both;
use netstat_engine::text::{Text, words};

pub(crate) fn plots(scene: &Scene<'_>) -> Vec<Plot> {
    vec![failures(scene), states(scene), round_trips(scene), sent_again(scene), ports(scene)]
}

fn failures(scene: &Scene<'_>) -> Plot {
    let course = scene.report.course;
    let lines = course.failures.iter().map(|(reason, line)| (scene.reason(*reason), &line[..]));
    let mut total = vec![0_u64; scene.frame.interval.count];
    for (_, line) in &course.failures {
        total.iter_mut().zip(line).for_each(|(sum, value)| *sum = sum.saturating_add(*value));
    }
    let mut series =
        scene.lines(lines, &total, &Text::fixed("other reasons", "다른 이유"), &mut Colours::default());
    if series.is_empty() {
        // That there were none is known where something was recorded.
        let name = scene.say(&Text::fixed("failures", "실패"));
        series.push(Series { name, colour: OTHERS, values: scene.frame.known(&total) });
    }
    Plot {
        id: "failures",
        title: scene.say(&Text::fixed("Failures by reason", "원인별 연결 실패")),
        note: scene.say(&Text::fixed(
            "Connections that were never established, were reset, or went unanswered.",
            "맺어지지 못했거나, 초기화(RST)되었거나, 응답이 끊긴 연결.",
        )),
        unit: Unit::Count,
        kind: Kind::Bars,
        series,
        limit: None,
    }
}

fn states(scene: &Scene<'_>) -> Plot {
    let states = scene.report.course.states.iter().filter(|(_, line)| line.iter().any(|value| *value > 0));
    let series = |(colour, (state, line)): (usize, &(_, Vec<u64>))| Series {
        name: words::state(*state).to_owned(),
        colour,
        values: scene.frame.known(line),
    };
    Plot {
        id: "states",
        title: scene.say(&Text::fixed("TCP sockets by state", "상태별 TCP 소켓")),
        note: scene.say(&Text::fixed(
            "The most that were there at once, by eight looks in each interval.",
            "동시에 있던 수의 최댓값. 구간마다 여덟 번 봅니다.",
        )),
        unit: Unit::Count,
        kind: Kind::Levels,
        series: states.enumerate().map(series).collect(),
        limit: None,
    }
}

fn round_trips(scene: &Scene<'_>) -> Plot {
    let rtt = &scene.report.course.rtt;
    let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let is_known = rtt.iter().any(Option::is_some);
    let series = |name: Text, colour, values| Series { name: scene.say(&name), colour, values };
    let half = rtt.iter().map(|of| of.map(|of| micros(of.half))).collect();
    let most = rtt.iter().map(|of| of.map(|of| micros(of.most))).collect();
    let lines = vec![
        series(Text::fixed("half of the connections (median)", "연결의 절반 (중앙값)"), 0, half),
        series(Text::fixed("95 % of the connections", "연결의 95%"), 1, most),
    ];
    Plot {
        id: "round-trips",
        title: scene.say(&Text::fixed("Round-trip time", "왕복 시간(RTT)")),
        note: scene.say(&Text::fixed(
            "Smoothed, as each connection had it when it ended. It was not longer than this; to 3 %.",
            "연결이 끝날 때의 평활 RTT. 이 값보다 길지 않았습니다(오차 3%).",
        )),
        unit: Unit::Time,
        kind: Kind::Levels,
        series: if is_known { lines } else { Vec::new() },
        limit: None,
    }
}

fn sent_again(scene: &Scene<'_>) -> Plot {
    let course = scene.report.course;
    let known = sum(&course.with_course);
    let values = scene.frame.known(&course.sent_again);
    let name = scene.say(&Text::fixed("segments sent again", "다시 보낸 세그먼트"));
    let note = both!(
        "Segments sent again, counted when a connection ends; known of {known:connection|connections}.",
        "다시 보낸 세그먼트. 연결이 끝날 때 셉니다. 연결 {known}개에서 알려졌습니다.",
        known
    );
    Plot {
        id: "retransmissions",
        title: scene.say(&Text::fixed("Retransmissions", "재전송")),
        note: scene.say(&note),
        unit: Unit::Count,
        kind: Kind::Bars,
        series: if known > 0 { vec![Series { name, colour: 5, values }] } else { Vec::new() },
        limit: None,
    }
}

fn ports(scene: &Scene<'_>) -> Plot {
    let report = scene.report;
    let mut lines: Vec<_> = report.course.ports.iter().collect();
    lines.sort_by_key(|(_, line)| std::cmp::Reverse(line.iter().copied().max()));
    let series = |(colour, (to, line)): (usize, &&(_, Vec<u64>))| Series {
        name: format!("→ {}", end(to)),
        colour,
        values: scene.frame.known(line),
    };
    let (note, limit) = match report.local_ports {
        Some(ports) => {
            let words = both!("{ports} ports in the range", "사용 가능한 포트 {ports}개", ports);
            let note = both!(
                "Connections at once to one destination, TIME_WAIT among them: each takes a local port of the range, which \
                 has {ports}.",
                "한 목적지로 동시에 열린 연결(TIME_WAIT 포함). 저마다 로컬 포트 하나를 쓰며, 범위에는 {ports}개가 있습니다.",
                ports
            );
            (note, Some((ports, scene.say(&words))))
        }
        None => (
            both!(
                "Connections at once to one destination, TIME_WAIT among them: each takes a local port. How many there are \
                 on that host is not known.",
                "한 목적지로 동시에 열린 연결(TIME_WAIT 포함). 저마다 로컬 포트 하나를 씁니다. 그 호스트의 포트 범위는 알 수 없습니다."
            ),
            None,
        ),
    };
    Plot {
        id: "ports",
        title: scene.say(&Text::fixed("Local ports by destination", "목적지별 로컬 포트 사용")),
        note: scene.say(&note),
        unit: Unit::Count,
        kind: Kind::Lines,
        series: lines.iter().enumerate().map(series).collect(),
        limit,
    }
}
