//! `netstat history --summary` as text: what an operator reads the next morning.

use netstat_engine::enrich::Geo;
use netstat_engine::text::{Language, Zone, cells, escape, lifespan};
use netstat_model::IpEndpoint;
use netstat_store::{Summary, Traffic};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::SystemTime;

/// The most rows of a list.
const MOST: usize = 10;

/// What a summary is of.
pub(crate) struct Scope<'a> {
    pub(crate) host: Option<&'a str>,
    pub(crate) modes: Vec<&'a str>,
    pub(crate) from: SystemTime,
    pub(crate) until: SystemTime,
    pub(crate) zone: &'a Zone,
    pub(crate) geo: &'a Geo,
}

/// The words of a language.
struct Words {
    title: &'static str,
    this_host: &'static str,
    recorded: &'static str,
    complete: &'static str,
    sampled: &'static str,
    traced: &'static str,
    looks: &'static str,
    ended: &'static str,
    connections: &'static str,
    sent: &'static str,
    received: &'static str,
    failed: &'static str,
    by_process: &'static str,
    by_remote: &'static str,
    by_country: &'static str,
    no_country: &'static str,
    new_remotes: &'static str,
    new_listeners: &'static str,
    failures: &'static str,
    storms: &'static str,
    waiting: &'static str,
    most: &'static str,
    none: &'static str,
    unseen: &'static str,
    still_open: &'static str,
    too_young: &'static str,
    more: &'static str,
    in_a_minute: &'static str,
    unknown: &'static str,
}

const ENGLISH: Words = Words {
    title: "History of",
    this_host: "this host",
    recorded: "What was recorded:",
    complete: "every connection that ended, however short, with its process",
    sampled: "every connection that ended, of one network namespace; the process only of those that lived until a look, once a second",
    traced: "every TCP connection that was established, with its process; how it ended, and UDP, from looks, once a second",
    looks: "only connections that lived until a look, once a second, of one network namespace",

    ended: "Connections that ended",
    connections: "connections",
    sent: "sent",
    received: "received",
    failed: "never established",
    by_process: "Most bytes, by process",
    by_remote: "Most bytes, by foreign address",
    by_country: "Most bytes, by country",
    no_country: "(local, private, or not known)",
    new_remotes: "Foreign addresses that were not there the day before",
    new_listeners: "Listeners that were not there the day before",
    failures: "What failed or was reset",
    storms: "Storms of short connections (less than a second, 60 or more in a minute)",
    waiting: "Over the time: ends in CLOSE_WAIT (the peer closed, the program has not) and in TIME_WAIT",
    most: "most",
    none: "none",
    unseen: "unknown: part of it was recorded in a way that does not see how connections end",
    still_open: "still open",
    too_young: "unknown: not all of that day was recorded",
    more: " more",
    in_a_minute: "in a minute",
    unknown: "(unknown)",
};

const KOREAN: Words = Words {
    title: "연결 기록:",
    this_host: "이 호스트",
    recorded: "기록 범위:",
    complete: "아무리 짧은 연결도 빠짐없이, 프로세스와 함께 기록",
    sampled: "네트워크 네임스페이스 하나의 종료된 연결 전체. 프로세스는 1초마다 확인할 때까지 살아 있던 연결만 알 수 있음",
    traced: "맺어진 TCP 연결 전체를 프로세스와 함께. 어떻게 끝났는지와 UDP는 1초마다 확인해서 앎",
    looks: "네트워크 네임스페이스 하나에서 1초마다 확인할 때까지 살아 있던 연결만",

    ended: "종료된 연결",
    connections: "개 연결",
    sent: "송신",
    received: "수신",
    failed: "연결 실패",
    by_process: "프로세스별 전송량 상위",
    by_remote: "외부 주소별 전송량 상위",
    by_country: "국가별 전송량 상위",
    no_country: "(로컬, 사설 또는 알 수 없음)",
    new_remotes: "전날에는 없던 외부 주소",
    new_listeners: "전날에는 없던 수신 대기 포트",
    failures: "실패했거나 초기화(RST)된 연결",
    storms: "짧은 연결의 폭주 (1초 미만, 1분에 60개 이상)",
    waiting: "시간에 따른 CLOSE_WAIT(상대는 닫았지만 프로그램이 닫지 않음)와 TIME_WAIT 수",
    most: "최대",
    none: "없음",
    unseen: "알 수 없음: 일부는 연결이 어떻게 끝났는지 볼 수 없는 방식으로 기록됨",
    still_open: "아직 열려 있음",
    too_young: "알 수 없음: 전날 전체가 기록되어 있지 않음",
    more: "개 더",
    in_a_minute: "개/분",
    unknown: "(알 수 없음)",
};

/// Returns the text, in lines that end with LF.
pub(crate) fn summary(summary: &Summary, scope: &Scope<'_>, language: Language) -> String {
    let words = match language {
        Language::English => &ENGLISH,
        Language::Korean => &KOREAN,
    };
    let mut text = String::new();
    let host = scope.host.map_or(words.this_host.to_owned(), |host| shown(OsStr::new(host)));
    let (from, until) = (scope.zone.to_the_second(scope.from), scope.zone.to_the_second(scope.until));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{} {host}, {from} - {until}", words.title);
    for mode in &scope.modes {
        let _ = writeln!(text, "{} {}", words.recorded, mode_in_words(mode, words));
    }
    let Traffic { ends, sent, received } = summary.total;
    let _ = writeln!(
        text,
        "\n{}: {} ({}: {}); {} {}, {} {}",
        words.ended,
        grouped(ends),
        words.failed,
        grouped(summary.failed),
        size(sent),
        words.sent,
        size(received),
        words.received
    );
    let traffic = |who: String, traffic: &Traffic| {
        vec![
            who,
            format!("{} {}", size(traffic.sent), words.sent),
            format!("{} {}", size(traffic.received), words.received),
            counted(traffic.ends, words.connections, language),
        ]
    };
    let place = |(address, _): (IpAddr, u32)| match scope.geo.country(address) {
        Some(country) => format!("{address} ({country})"),
        None => address.to_string(),
    };
    let process = |name: Option<&OsStr>| name.map_or(words.unknown.to_owned(), shown);
    let processes = summary.processes.iter();
    let rows = processes.map(|(name, of)| traffic(process(name.as_deref()), of)).collect();
    list(&mut text, words.by_process, rows, words);
    let rows = summary.remotes.iter().map(|(address, of)| traffic(place(*address), of)).collect();
    list(&mut text, words.by_remote, rows, words);
    let countries = countries(&summary.remotes, scope.geo);
    // Where nothing leads to a country, the list would say no more than the sum.
    if countries.iter().any(|(country, _)| country.is_some()) {
        let name = |country: &Option<String>| country.clone().unwrap_or_else(|| words.no_country.to_owned());
        let rows = countries.iter().map(|(country, of)| traffic(name(country), of)).collect();
        list(&mut text, words.by_country, rows, words);
    }
    match &summary.new_remotes {
        Some(new) => {
            let row = |(address, of): &((IpAddr, u32), Traffic)| match of.ends {
                0 => vec![place(*address), words.still_open.to_owned()],
                _ => traffic(place(*address), of),
            };
            let rows = new.iter().map(row).collect();
            list(&mut text, words.new_remotes, rows, words);
        }
        None => absent(&mut text, words.new_remotes, words.too_young),
    }
    match &summary.new_listeners {
        Some(new) => {
            let row = |listener: &netstat_store::Listener| {
                vec![end(&listener.local), process(listener.process.as_deref())]
            };
            list(&mut text, words.new_listeners, new.iter().map(row).collect(), words);
        }
        None => absent(&mut text, words.new_listeners, words.too_young),
    }
    let rows = summary
        .failures
        .iter()
        .map(|failure| {
            vec![
                grouped(failure.ends),
                lifespan::reason(failure.reason).into_owned(),
                process(failure.process.as_deref()),
                arrow(failure.came_in, &failure.end),
            ]
        })
        .collect();
    // Nobody saw how connections ended: that none failed is not known.
    if summary.failures.is_empty()
        && scope.modes.iter().any(|mode| matches!(*mode, "sampled" | "looks" | "traced"))
    {
        absent(&mut text, words.failures, words.unseen);
    } else {
        list(&mut text, words.failures, rows, words);
    }
    let rows = summary
        .storms
        .iter()
        .map(|storm| {
            let minute = scope.zone.to_the_second(storm.minute);
            vec![
                minute.get(..16).unwrap_or(&minute).to_owned(),
                match language {
                    Language::English => format!("{} {}", grouped(storm.ends), words.in_a_minute),
                    Language::Korean => format!("{}{}", grouped(storm.ends), words.in_a_minute),
                },
                process(storm.process.as_deref()),
                arrow(storm.came_in, &storm.end),
                match storm.alike {
                    all if all == storm.ends => lifespan::reason(storm.reason).into_owned(),
                    some => format!("{} {}", grouped(some), lifespan::reason(storm.reason)),
                },
            ]
        })
        .collect();
    list(&mut text, words.storms, rows, words);
    let _ = writeln!(text, "\n{}:", words.waiting);
    for (name, line) in [("CLOSE_WAIT", &summary.close_wait), ("TIME_WAIT ", &summary.time_wait)] {
        let most = line.iter().copied().max().unwrap_or(0);
        let _ = writeln!(text, "  {name}  {}  {} {}", drawn(line), words.most, grouped(most));
    }
    text
}

/// Sums up by country, the one with the most bytes first.
fn countries(remotes: &[((IpAddr, u32), Traffic)], geo: &Geo) -> Vec<(Option<String>, Traffic)> {
    let mut sums: BTreeMap<Option<String>, Traffic> = BTreeMap::new();
    for ((address, _), of) in remotes {
        let sum = sums.entry(geo.country(*address).map(|country| country.to_string())).or_default();
        sum.ends = sum.ends.saturating_add(of.ends);
        sum.sent = sum.sent.saturating_add(of.sent);
        sum.received = sum.received.saturating_add(of.received);
    }
    let mut sorted: Vec<_> = sums.into_iter().collect();
    sorted.sort_by_key(|(_, of)| std::cmp::Reverse((of.bytes(), of.ends)));
    sorted
}

/// Returns what a recorder saw that called its mode so. A newer one may have other modes.
fn mode_in_words(mode: &str, words: &Words) -> String {
    match mode {
        "complete" => words.complete.to_owned(),
        "sampled" => words.sampled.to_owned(),
        "traced" => words.traced.to_owned(),
        "looks" => words.looks.to_owned(),
        other => shown(OsStr::new(other)),
    }
}

/// Writes a heading and the first rows of a list, with aligned columns.
fn list(text: &mut String, heading: &str, rows: Vec<Vec<String>>, words: &Words) {
    if rows.is_empty() {
        return absent(text, heading, words.none);
    }
    let _ = writeln!(text, "\n{heading}:");
    let first = rows.get(..MOST).unwrap_or(&rows);
    let width = |column: usize| {
        let cell = |row: &Vec<String>| row.get(column).map_or(0, |cell| cells(cell.as_bytes()));
        first.iter().map(cell).max().unwrap_or(0)
    };
    for row in first {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let free = width(column).saturating_sub(cells(cell.as_bytes()));
            let _ = write!(line, " {cell}{}", " ".repeat(free + 1));
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if let more @ 1.. = rows.len().saturating_sub(MOST) {
        let _ = writeln!(text, "  ... {}{}", grouped(more as u64), words.more);
    }
}

fn absent(text: &mut String, heading: &str, why: &str) {
    let _ = writeln!(text, "\n{heading}: {why}");
}

fn counted(ends: u64, noun: &str, language: Language) -> String {
    match language {
        Language::English if ends == 1 => "1 connection".to_owned(),
        Language::English => format!("{} {noun}", grouped(ends)),
        Language::Korean => format!("{}{noun}", grouped(ends)),
    }
}

fn shown(name: &OsStr) -> String {
    let mut out = Vec::new();
    escape::write_text(&mut out, name);
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns where connections led: to a remote end, or in by one of this host.
fn arrow(came_in: bool, to: &IpEndpoint) -> String {
    format!("{} {}", if came_in { "<-" } else { "->" }, end(to))
}

fn end(end: &IpEndpoint) -> String {
    end.to_string()
}

/// Returns a number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns bytes in the largest unit of which there is at least one, with one decimal.
fn size(bytes: u64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.into_iter().find(|(_, shift)| bytes >> shift > 0) {
        Some((unit, shift)) => {
            let tenths = (u128::from(bytes) * 10) >> shift;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

/// Draws a line: a blank for nothing, and eight heights up to the largest.
fn drawn(line: &[u64]) -> String {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = line.iter().copied().max().unwrap_or(0).max(1);
    let height = |number: u64| {
        if number == 0 {
            return '·';
        }
        let at = (u128::from(number) * 8).div_ceil(u128::from(most)).saturating_sub(1);
        usize::try_from(at).ok().and_then(|at| HEIGHTS.get(at)).copied().unwrap_or('█')
    };
    line.iter().copied().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::history::EndReason;
    use netstat_store::{Failure, Listener, Storm};
    use std::time::Duration;

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1023, 1536, 5 << 30].map(size), ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]);
        assert_eq!(drawn(&[0, 1, 4, 8]), "·▁▄█");
    }

    fn sample() -> Summary {
        let end = |text: &str| {
            let end: std::net::SocketAddr = text.parse().unwrap();
            IpEndpoint::new(end.ip(), end.port(), 0)
        };
        let traffic = |ends, sent, received| Traffic { ends, sent, received };
        let address = |text: &str| (text.parse().unwrap(), 0);
        Summary {
            total: traffic(1201, 5 << 20, 3 << 30),
            failed: 200,
            processes: vec![
                (Some("curl".into()), traffic(1000, 5 << 20, 3 << 30)),
                (Some("re\u{1b}try".into()), traffic(200, 0, 0)),
                (None, traffic(1, 0, 0)),
            ],
            remotes: vec![(address("198.51.100.7"), traffic(1000, 5 << 20, 3 << 30))],
            failures: vec![Failure {
                reason: EndReason::Refused,
                process: Some("retry".into()),
                end: end("203.0.113.9:5432"),
                came_in: false,
                ends: 200,
            }],
            storms: vec![Storm {
                minute: SystemTime::UNIX_EPOCH + Duration::from_secs(1_789_999_500),
                process: Some("retry".into()),
                end: end("203.0.113.9:5432"),
                came_in: true,
                ends: 200,
                reason: EndReason::Refused,
                alike: 200,
            }],
            new_remotes: Some(vec![
                (address("198.51.100.7"), traffic(1000, 5 << 20, 3 << 30)),
                (address("198.51.100.8"), traffic(0, 0, 0)),
            ]),
            new_listeners: Some(vec![Listener { local: end("[::]:4444"), process: Some("nc".into()) }]),
            close_wait: vec![0, 1, 2, 3],
            unclosed: Vec::new(),
            time_wait: vec![0; 4],
            damaged: Vec::new(),
        }
    }

    #[test]
    fn the_text_in_both_languages() {
        let geo = Geo::default();
        let scope = Scope {
            host: Some("web-1"),
            modes: vec!["complete", "looks", "\u{1b}new"],
            from: SystemTime::UNIX_EPOCH + Duration::from_secs(1_789_999_200),
            until: SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_085_600),
            zone: &Zone::UTC,
            geo: &geo,
        };
        insta::assert_snapshot!("english", summary(&sample(), &scope, Language::English));
        insta::assert_snapshot!("korean", summary(&sample(), &scope, Language::Korean));
        let mut abroad = sample();
        let known = (IpAddr::from([1, 1, 1, 1]), 0);
        abroad.remotes.push((known, Traffic { ends: 3, sent: 1, received: 2 }));
        let by_country = summary(&abroad, &scope, Language::English);
        if let Some(country) = geo.country(known.0) {
            let line = format!("{country}  ");
            let list = by_country.split("Most bytes, by country:").nth(1).unwrap();
            assert!(list.contains(&line) && list.contains("(local, private, or not known)"), "{list}");
        }
        let young = Summary { new_remotes: None, new_listeners: None, ..sample() };
        let unknown = summary(&young, &scope, Language::English);
        assert_eq!(unknown.matches("not there the day before: unknown").count(), 2, "{unknown}");
    }
}
