//! The tables.

use super::{Scene, sum};
use crate::report::LIVES;
use crate::shown::{Unit, end};
use crate::table::{Cell, Table};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_store::{Life, Listener, Traffic};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::SystemTime;

/// The most rows of a table.
const MOST: usize = 200;

static PROCESS: Text = Text::fixed("Process", "프로세스");
static REMOTE: Text = Text::fixed("Remote address", "외부 주소");
static CONNECTIONS: Text = Text::fixed("Connections", "연결");
static SENT: Text = Text::fixed("Sent", "송신");
static RECEIVED: Text = Text::fixed("Received", "수신");
static BOTH_WAYS: Text = Text::fixed("Both", "합계");
static WHERE: Text = Text::fixed("Destination", "목적지");
static HOW: Text = Text::fixed("Reason", "이유");
static COUNTRY: Text = Text::fixed("Country", "국가");
static ADDRESSES: Text = Text::fixed("Addresses", "주소");
static ENDED: Text = Text::fixed("Ended", "종료");
static LASTED: Text = Text::fixed("Lasted", "지속");
static LOCAL: Text = Text::fixed("Local address", "로컬 주소");
static MINUTE: Text = Text::fixed("Minute", "시각");
static NONE: Text = Text::fixed("None in this span.", "이 기간에는 없습니다.");
static YOUNG: Text = Text::fixed(
    "Not known: not all of the day before was recorded.",
    "알 수 없습니다: 전날 전체가 기록되어 있지 않습니다.",
);
static STILL_OPEN: Text = Text::fixed("still open", "아직 열려 있음");

/// A heading, and whether numbers are below it.
type Heading<'t> = (&'t Text, bool);

impl Scene<'_> {
    fn table<T>(
        &self,
        id: &'static str,
        title: &Text,
        columns: &[Heading<'_>],
        all: &[T],
        row: impl FnMut(&T) -> Vec<Cell>,
    ) -> Table {
        Table {
            id,
            title: self.say(title),
            note: None,
            columns: columns.iter().map(|(heading, is_number)| (self.say(heading), *is_number)).collect(),
            rows: all.iter().take(MOST).map(row).collect(),
            left_out: all.len().saturating_sub(MOST),
            empty: self.say(&NONE),
        }
    }
}

fn share(part: u64, of: u64) -> u32 {
    if of == 0 {
        return 0;
    }
    u32::try_from(u128::from(part) * 1000 / u128::from(of)).unwrap_or(1000)
}

fn traffic(who: String, of: &Traffic, most: u64) -> Vec<Cell> {
    vec![
        Cell::Text(who),
        Cell::Number(Some(of.ends), Unit::Count),
        Cell::Number(Some(of.sent), Unit::Bytes),
        Cell::Number(Some(of.received), Unit::Bytes),
        Cell::Bar(of.bytes(), Unit::Bytes, share(of.bytes(), most)),
    ]
}

static OF_TRAFFIC: [Heading<'static>; 4] =
    [(&CONNECTIONS, true), (&SENT, true), (&RECEIVED, true), (&BOTH_WAYS, true)];

fn with_traffic(first: &'static Text) -> Vec<Heading<'static>> {
    std::iter::once((first, false)).chain(OF_TRAFFIC).collect()
}

/// Returns the tables of who talked.
pub(crate) fn talkers(scene: &Scene<'_>) -> Vec<Table> {
    let summary = scene.report.summary;
    let most = |list: &mut dyn Iterator<Item = u64>| list.max().unwrap_or(0);
    let of_processes = most(&mut summary.processes.iter().map(|(_, of)| of.bytes()));
    let processes = scene.table(
        "processes",
        &Text::fixed("Processes", "프로세스"),
        &with_traffic(&PROCESS),
        &summary.processes,
        |(name, of)| traffic(scene.process(name.as_deref()), of, of_processes),
    );
    let of_remotes = most(&mut summary.remotes.iter().map(|(_, of)| of.bytes()));
    let remotes = scene.table(
        "remotes",
        &Text::fixed("Remote addresses", "외부 주소"),
        &with_traffic(&REMOTE),
        &summary.remotes,
        |(address, of)| traffic(scene.place(*address), of, of_remotes),
    );
    let mut tables = vec![processes, remotes, countries(scene)];
    let without = sum(&scene.report.course.without_bytes);
    if without > 0 {
        let note = both!(
            "The bytes of {without:connection|connections} are not known and not in these sums.",
            "연결 {without}개의 바이트는 알 수 없어 이 합계에 없습니다.",
            without
        );
        tables.iter_mut().for_each(|table| table.note = Some(scene.say(&note)));
    }
    tables
}

fn countries(scene: &Scene<'_>) -> Table {
    let mut countries: BTreeMap<Option<String>, (u64, Traffic)> = BTreeMap::new();
    for ((address, _), of) in &scene.report.summary.remotes {
        let country = scene.report.geo.country(*address).map(|country| country.to_string());
        let (addresses, sum) = countries.entry(country).or_default();
        *addresses += 1;
        sum.ends = sum.ends.saturating_add(of.ends);
        sum.sent = sum.sent.saturating_add(of.sent);
        sum.received = sum.received.saturating_add(of.received);
    }
    let mut sorted: Vec<_> = countries.into_iter().collect();
    sorted.sort_by_key(|(_, (_, of))| std::cmp::Reverse((of.bytes(), of.ends)));
    let most = sorted.iter().map(|(_, (_, of))| of.bytes()).max().unwrap_or(0);
    let nowhere = Text::fixed("(none: local, private, or not known)", "(없음: 로컬, 사설 또는 알 수 없음)");
    let columns: Vec<Heading<'_>> =
        [(&COUNTRY, false), (&ADDRESSES, true)].into_iter().chain(OF_TRAFFIC).collect();
    scene.table(
        "countries",
        &Text::fixed("Countries", "국가"),
        &columns,
        &sorted,
        |(country, (addresses, of))| {
            let name = country.clone().unwrap_or_else(|| scene.say(&nowhere));
            let mut row = traffic(name, of, most);
            row.insert(1, Cell::Number(Some(*addresses), Unit::Count));
            row
        },
    )
}

/// Returns the tables of what was not there the day before.
pub(crate) fn news(scene: &Scene<'_>) -> Vec<Table> {
    let summary = scene.report.summary;
    let remotes = summary.new_remotes.as_deref();
    let row = |(address, of): &((IpAddr, u32), Traffic)| {
        let mut row = traffic(scene.place(*address), of, 0);
        row.pop();
        if of.ends == 0 {
            // With what is still open nothing has ended.
            row.truncate(1);
            row.push(Cell::Text(scene.say(&STILL_OPEN)));
            row.extend([Cell::Number(None, Unit::Bytes), Cell::Number(None, Unit::Bytes)]);
        }
        row
    };
    let columns = [(&REMOTE, false), (&CONNECTIONS, true), (&SENT, true), (&RECEIVED, true)];
    let title = Text::fixed("New remote addresses", "새 외부 주소");
    let mut new_remotes = scene.table("new-remotes", &title, &columns, remotes.unwrap_or_default(), row);
    let listeners = summary.new_listeners.as_deref();
    let row = |listener: &Listener| {
        vec![Cell::Word(end(&listener.local)), Cell::Text(scene.process(listener.process.as_deref()))]
    };
    let title = Text::fixed("New listeners", "새 수신 대기 포트");
    let columns = [(&LOCAL, false), (&PROCESS, false)];
    let mut new_listeners =
        scene.table("new-listeners", &title, &columns, listeners.unwrap_or_default(), row);
    let note = Text::fixed(
        "Not there at any time of the day before the span.",
        "이 기간의 전날에는 한 번도 없던 것.",
    );
    for (table, is_known) in
        [(&mut new_remotes, remotes.is_some()), (&mut new_listeners, listeners.is_some())]
    {
        table.note = Some(scene.say(&note));
        if !is_known {
            table.empty = scene.say(&YOUNG);
        }
    }
    vec![new_remotes, new_listeners]
}

/// Returns the tables of what failed.
pub(crate) fn troubles(scene: &Scene<'_>) -> Vec<Table> {
    let summary = scene.report.summary;
    let failures = scene.table(
        "failures-table",
        &Text::fixed("Failed and reset connections", "실패했거나 초기화된 연결"),
        &[(&CONNECTIONS, true), (&HOW, false), (&PROCESS, false), (&WHERE, false)],
        &summary.failures,
        |failure| {
            vec![
                Cell::Number(Some(failure.ends), Unit::Count),
                Cell::Word(scene.reason(failure.reason)),
                Cell::Text(scene.process(failure.process.as_deref())),
                Cell::Word(scene.direction(failure.came_in, &failure.end)),
            ]
        },
    );
    let mut storms = scene.table(
        "storms",
        &Text::fixed("Storms of short connections", "짧은 연결의 폭주"),
        &[(&MINUTE, false), (&CONNECTIONS, true), (&PROCESS, false), (&WHERE, false), (&HOW, false)],
        &summary.storms,
        |storm| {
            vec![
                moment(scene, storm.minute),
                Cell::Number(Some(storm.ends), Unit::Count),
                Cell::Text(scene.process(storm.process.as_deref())),
                Cell::Word(scene.direction(storm.came_in, &storm.end)),
                Cell::Word(scene.reason(storm.reason)),
            ]
        },
    );
    let note = Text::fixed(
        "Connections of one program with one end that lasted less than a second: 60 or more in a minute.",
        "한 프로그램이 한 곳과 맺은 1초 미만의 연결이 1분에 60개 이상.",
    );
    storms.note = Some(scene.say(&note));
    vec![failures, storms]
}

/// Returns the tables of single connections.
pub(crate) fn lives(scene: &Scene<'_>) -> Vec<Table> {
    let course = scene.report.course;
    let columns = [
        (&LASTED, true),
        (&SENT, true),
        (&RECEIVED, true),
        (&PROCESS, false),
        (&LOCAL, false),
        (&REMOTE, false),
        (&ENDED, false),
        (&HOW, false),
    ];
    let row = |life: &Life| {
        let until = life.ended.map_or(scene.report.until, |(at, _)| at);
        let lasted = until.duration_since(life.began).unwrap_or_default().as_micros();
        let lasted = u64::try_from(lasted).unwrap_or(u64::MAX);
        // Longer than what was seen of it, if nobody saw its start.
        let lasted = match life.began_is_known {
            true => Cell::Number(Some(lasted), Unit::Time),
            false => Cell::Time(format!("≥ {}", Unit::Time.text(lasted, scene.report.language)), lasted),
        };
        vec![
            lasted,
            Cell::Number(life.sent, Unit::Bytes),
            Cell::Number(life.received, Unit::Bytes),
            Cell::Text(scene.process(life.process.as_deref())),
            Cell::Word(end(&life.local)),
            Cell::Word(life.remote.as_ref().map_or_else(|| "–".to_owned(), end)),
            match life.ended {
                Some((at, _)) => moment(scene, at),
                None => Cell::Time(scene.say(&STILL_OPEN), u64::MAX),
            },
            Cell::Word(life.ended.map_or_else(String::new, |(_, reason)| scene.reason(reason))),
        ]
    };
    let of = |id, title: Text, list: &[Life]| {
        let mut table = scene.table(id, &title, &columns, list, row);
        let note = both!("Only the first {many}.", "처음 {many}개만 있습니다.", many = list.len());
        table.note = (list.len() >= LIVES).then(|| scene.say(&note));
        table
    };
    vec![
        of("longest", Text::fixed("Longest connections", "가장 오래 지속된 연결"), &course.longest),
        of("largest", Text::fixed("Largest connections", "가장 많이 전송한 연결"), &course.largest),
    ]
}

fn moment(scene: &Scene<'_>, at: SystemTime) -> Cell {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
    Cell::Time(scene.report.zone.to_the_second(at), u64::try_from(since).unwrap_or(u64::MAX))
}
