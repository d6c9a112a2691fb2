//! What `netstat live` tells without a screen, a line each.

use netstat_engine::both;
use netstat_engine::text::{Text, Zone};
use netstat_live::{Happened, Looked, Told};
use serde::Serialize;
use std::time::SystemTime;

/// Returns the line for people.
pub(crate) fn plain(told: &Told, zone: &Zone) -> Text {
    let at = |time: Option<SystemTime>| time.map_or_else(|| "-".to_owned(), |time| zone.to_the_second(time));
    match told {
        Told::Happened(happened) => {
            let mark = match happened.what {
                "opened" => '+',
                "closed" => '-',
                _ => '~',
            };
            let Happened { process, local, foreign, .. } = happened;
            let pid = happened.pid.map_or_else(String::new, |pid| format!(" ({pid})"));
            let state = happened.state.as_ref().map_or_else(String::new, |state| format!("  {state}"));
            let reason = happened.reason.as_ref().map_or_else(String::new, |reason| format!("  {reason}"));
            let time = at(happened.time);
            Text::same(format!("{time} {mark} {process}{pid}  {local}  {foreign}{state}{reason}"))
        }
        Told::Looked(look) => {
            let rate =
                |of: Option<u64>| of.map_or_else(|| "-".to_owned(), netstat_engine::text::amount::grouped);
            both!(
                "{time} = {sockets:socket|sockets}, +{opened} -{closed} ~{changed}, down {down} up {up} B/s",
                "{time} = 소켓 {sockets}개, +{opened} -{closed} ~{changed}, 수신 {down} 송신 {up} B/s",
                time = at(look.time),
                sockets = look.sockets,
                opened = look.opened,
                closed = look.closed,
                changed = look.changed,
                down = rate(look.rates.map(|rates| rates.down)),
                up = rate(look.rates.map(|rates| rates.up))
            )
        }
        Told::Failed(why) => both!("the look failed: {why}", "조회하지 못했습니다: {why}", why),
    }
}

/// One line for programs. What is not known is null.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line<'a> {
    Opened(Socket<'a>),
    Closed(Socket<'a>),
    Changed(Socket<'a>),
    Look(Sum),
    Failed { why: &'a str },
}

#[derive(Serialize)]
struct Socket<'a> {
    time: Option<String>,
    process: &'a str,
    pid: Option<u64>,
    local: &'a str,
    foreign: &'a str,
    state: Option<&'a str>,
    reason: Option<&'a str>,
    lasted_us: Option<u64>,
    received: Option<u64>,
    sent: Option<u64>,
}

#[derive(Serialize)]
struct Sum {
    time: Option<String>,
    sockets: usize,
    opened: usize,
    closed: usize,
    changed: usize,
    lost: u64,
    down: Option<u64>,
    up: Option<u64>,
    took_us: u64,
    whole: bool,
    age_ms: u64,
    by_events: bool,
}

/// Returns the line for programs.
pub(crate) fn jsonl(told: &Told, zone: &Zone) -> Result<String, Text> {
    let at = |time: Option<SystemTime>| time.map(|time| zone.rfc_3339(time));
    let line = match told {
        Told::Happened(happened) => {
            let socket = Socket {
                time: at(happened.time),
                process: &happened.process,
                pid: happened.pid,
                local: &happened.local,
                foreign: &happened.foreign,
                state: happened.state.as_deref(),
                reason: happened.reason.as_deref(),
                lasted_us: happened.lasted.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
                received: happened.received,
                sent: happened.sent,
            };
            match happened.what {
                "opened" => Line::Opened(socket),
                "closed" => Line::Closed(socket),
                _ => Line::Changed(socket),
            }
        }
        Told::Looked(Looked {
            time,
            sockets,
            opened,
            closed,
            changed,
            lost,
            rates,
            took,
            whole,
            age,
            by_events,
        }) => Line::Look(Sum {
            time: at(*time),
            sockets: *sockets,
            opened: *opened,
            closed: *closed,
            changed: *changed,
            lost: *lost,
            down: rates.map(|rates| rates.down),
            up: rates.map(|rates| rates.up),
            took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            whole: *whole,
            age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
            by_events: *by_events,
        }),
        Told::Failed(why) => Line::Failed { why: why.english() },
    };
    serde_json::to_string(&line).map_err(|error| Text::same(error.to_string()))
}
