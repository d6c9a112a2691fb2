//! Whole pages.

use crate::{Break, Judged, NotJudged, Report, intervals, page};
use netstat_check::{Finding, Severity};
use netstat_engine::enrich::Geo;
use netstat_engine::text::{Language, Text, Zone};
use netstat_model::history::{ConnectionRole, EndReason};
use netstat_model::{IpEndpoint, TcpState};
use netstat_store::{Course, CourseLine, Failure, Life, Listener, Quantiles, Storm, Summary, Traffic};
use std::ffi::OsString;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, SystemTime};

/// An hour, in 60 intervals; nothing was recorded in the eleventh to the twentieth minute.
const BEGIN: u64 = 1_790_000_040;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(BEGIN + seconds)
}

fn address(number: u32) -> IpAddr {
    Ipv6Addr::from_bits((0x2001_0db8_ffff_ffff_ffff_ffff << 32) | u128::from(number)).into()
}

fn end(number: u32) -> IpEndpoint {
    IpEndpoint::new(address(number), 65_535, 0)
}

/// As much as there can be: so many processes of the longest names, remotes, failures and storms.
fn filled(many: u32, name: &str) -> (Summary, Course) {
    let traffic = Traffic { ends: 1 << 40, sent: u64::MAX, received: u64::MAX };
    let who = |number: u32| Some(OsString::from(format!("{number}{name}")));
    let summary = Summary {
        total: traffic,
        failed: 1 << 39,
        processes: (0..many).map(|number| (who(number), traffic)).collect(),
        remotes: (0..many).map(|number| ((address(number), 7), traffic)).collect(),
        failures: (0..many)
            .map(|number| Failure {
                reason: EndReason::Other(65_535),
                process: who(number),
                end: end(number),
                came_in: false,
                ends: u64::MAX,
            })
            .collect(),
        storms: (0..many)
            .map(|number| Storm {
                minute: at(0),
                process: who(number),
                end: end(number),
                came_in: true,
                ends: u64::MAX,
                reason: EndReason::Refused,
                alike: u64::MAX,
            })
            .collect(),
        new_remotes: Some((0..many).map(|number| ((address(number), 7), traffic)).collect()),
        new_listeners: Some(
            (0..many).map(|number| Listener { local: end(number), process: who(number) }).collect(),
        ),
        ..Summary::default()
    };
    let numbers = || vec![u64::MAX / 2; 60];
    let line = || CourseLine { ends: numbers(), bytes: numbers() };
    let life = |number| Life {
        process: who(number),
        role: ConnectionRole::Active,
        local: end(number),
        remote: Some(end(number)),
        began: at(0),
        began_is_known: false,
        ended: Some((at(10), EndReason::Refused)),
        sent: Some(u64::MAX),
        received: None,
    };
    let quantiles = Quantiles { half: Duration::from_micros(400), most: Duration::from_millis(90) };
    let course = Course {
        ends: numbers(),
        failed: numbers(),
        sent: numbers(),
        received: numbers(),
        without_bytes: numbers(),
        processes: (0..14).map(|number| (who(number), line())).collect(),
        remotes: (0..14).map(|number| ((address(number), 0), line())).collect(),
        failures: (0..300).map(|number| (EndReason::Other(number), numbers())).collect(),
        states: vec![(TcpState::Established, numbers()), (TcpState::TimeWait, vec![0; 60])],
        rtt: vec![Some(quantiles); 60],
        sent_again: numbers(),
        with_course: numbers(),
        ports: (0..7).map(|number| (end(number), numbers())).collect(),
        longest: (0..50).map(life).collect(),
        largest: (0..50).map(life).collect(),
        damaged: Vec::new(),
    };
    (summary, course)
}

fn made(summary: &Summary, course: &Course, change: impl FnOnce(&mut Report<'_>)) -> String {
    let gap = Break {
        from: at(600),
        until: at(1200),
        is_blank: true,
        what: Text::fixed("nobody wrote", "아무도 쓰지 않았습니다"),
    };
    let geo = Geo::built_in();
    let mut report = Report {
        language: Language::English,
        zone: &Zone::UTC,
        geo: &geo,
        host: Some("<b>host</b>\u{202e}"),
        modes: vec!["complete", "<i>new</i>"],
        from: at(0),
        until: at(3600),
        interval: intervals(at(0), at(3600)),
        made: Some(at(3700)),
        program: "netstat 0",
        command: "netstat report -o '<u>.html'",
        notes: vec![Text::same("a <s>note</s>".to_owned())],
        summary,
        course,
        breaks: vec![gap],
        judged: Ok(Judged::default()),
        local_ports: Some(28_232),
    };
    change(&mut report);
    page(&report)
}

#[test]
fn the_policy_names_the_style_and_the_script_of_the_page() {
    let (summary, course) = filled(3, "x");
    let html = made(&summary, &course, |_| ());
    let between = |from: &str, to: &str| {
        let (_, rest) = html.split_once(from).unwrap();
        rest.split_once(to).unwrap().0
    };
    for (from, to, directive) in
        [("<style>", "</style>", "style-src"), ("<script>", "</script>", "script-src")]
    {
        let named = between(&format!("{directive} "), ";");
        assert_eq!(named, crate::page::hash(between(from, to)), "{directive}");
    }
    assert_eq!(crate::page::hash(""), "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
    assert!(!html.contains(" style=") && !html.contains(" onclick"), "the policy would not allow it");
}

#[test]
fn everything_from_outside_is_text() {
    let hostile = "</script><script>alert(1)</script>\u{202e}\u{0}\n\"'>";
    let (summary, course) = filled(30, hostile);
    let finding = Finding::new(Severity::Critical, Text::same(hostile.to_owned()));
    let html = made(&summary, &course, |report| {
        let why = Text::same(hostile.to_owned());
        report.judged = Ok(Judged {
            findings: vec![Finding { rows: Some(hostile.to_owned()), meaning: Some(why.clone()), ..finding }],
            not_judged: vec![NotJudged { check: "x", why: why.clone() }],
            lacks: vec![why.clone()],
            at: None,
        });
        report.breaks.push(Break { from: at(0), until: at(1), is_blank: false, what: why });
    });
    for tag in ["<script>alert", "<b>", "<i>", "<u>", "<s>", "\u{202e}", "\0"] {
        assert!(!html.contains(tag), "{tag:?}");
    }
    assert_eq!((html.matches("<script>").count(), html.matches("</script>").count()), (1, 1));
    assert!(html.contains("&lt;b&gt;host&lt;/b&gt;\\u{202e}"));
}

#[test]
fn a_page_is_never_large_whatever_there_was() {
    // Each character of these names becomes many.
    let (summary, course) = filled(20_000, &"\u{202e}".repeat(4000));
    let findings = vec![Finding::new(Severity::Warning, Text::same("a".repeat(500))); 5000];
    let html = made(&summary, &course, |report| {
        let gap = report.breaks[0].clone();
        report.breaks = vec![Break { is_blank: false, ..gap }; 20_000];
        report.judged = Ok(Judged { findings, ..Judged::default() });
    });
    assert!(html.len() < 5 << 20, "{}", html.len());
    assert!(html.contains("The first 200 of 20,000; 19,800 others are left out."));
}

#[test]
fn what_was_not_recorded_is_not_zero() {
    let (summary, course) = filled(3, "x");
    let html = made(&summary, &course, |_| ());
    let (_, figure) = html.split_once("<figure id=\"failures\">").unwrap();
    let figure = figure.split_once("</figure>").unwrap().0;
    let cells = |time: &str| {
        let (_, row) = figure.split_once(&format!(">{time}</th>")).unwrap();
        row.split_once("</tr>").unwrap().0.to_owned()
    };
    assert!(
        cells("2026-09-21 14:24 – 14:25").contains("<abbr title=\"not known\">–</abbr>"),
        "within the gap"
    );
    assert!(!cells("2026-09-21 14:23 – 14:24").contains("abbr"), "before it");
    assert!(html.contains("83.3 %") && html.contains("nobody wrote"));
    let nothing = made(&Summary::default(), &Course::default(), |report| report.breaks.clear());
    assert!(nothing.contains("Nothing is known of this span.") && nothing.contains("100 %"));
    assert!(nothing.contains("Not known: not all of the day before was recorded."));
}

#[test]
fn a_limit_is_drawn_where_it_is_near() {
    let (summary, mut course) = filled(3, "x");
    course.ports = vec![(end(1), vec![20_000; 60])];
    let near = made(&summary, &course, |_| ());
    assert!(near.contains("<line class=\"limit\"") && near.contains("28,232 ports in the range"));
    course.ports = vec![(end(1), vec![2; 60])];
    let far = made(&summary, &course, |_| ());
    assert!(!far.contains("<line class=\"limit\"") && far.contains("28,232"), "it is said all the same");
}
