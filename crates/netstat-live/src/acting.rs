//! The thread that closes connections and ends processes, once somebody has said yes.

use crate::deed::Deed;
use crate::event::Event;
use crate::open::Open;
use netstat_engine::act::{self, Became, Outcome};
use netstat_engine::both;
use netstat_engine::text::{Text, system};
use netstat_model::ProcessKey;
use netstat_os::Ending;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, SystemTime};

/// How long to wait for what was closed, and for processes to end.
const OF_SOCKETS: Duration = Duration::from_millis(300);
const OF_PROCESSES: Duration = Duration::from_secs(2);

/// Does it, on a thread of its own, and tells what was seen afterwards.
pub(crate) fn carry_out(open: Open, deed: Deed, seen: SystemTime, events: Sender<Event>) {
    thread::spawn(move || {
        let told = match open() {
            Err(error) => Event::Done { said: system::error(&error), left: None },
            Ok(system) => {
                let (outcome, closes) = match &deed {
                    Deed::Close(sockets) => (act::close(&system, sockets, seen, OF_SOCKETS), true),
                    Deed::End(processes, how) => (act::end(&system, processes, *how, OF_PROCESSES), false),
                };
                Event::Done { said: said(&outcome, closes), left: still_there(&deed, &outcome) }
            }
        };
        // Where nobody listens any more the view has ended.
        let _ = events.send(told);
    });
}

/// Returns what was seen, and the first reason why something is not gone.
fn said(outcome: &Outcome, closes: bool) -> Text {
    let why = outcome.became.iter().find_map(|became| match became {
        Became::Refused(error) => Some(system::error(error)),
        _ => None,
    });
    let result = outcome.text(closes);
    match why.or_else(|| outcome.blind.as_ref().map(system::error)) {
        Some(why) => both!("{result}: {why}", "{result}: {why}", result, why),
        None => result,
    }
}

/// Returns the processes that were asked to end and have not: they can be ended at once.
fn still_there(deed: &Deed, outcome: &Outcome) -> Option<Vec<ProcessKey>> {
    let Deed::End(processes, Ending::Asked) = deed else { return None };
    let left: Vec<ProcessKey> = processes
        .iter()
        .zip(&outcome.became)
        .filter(|(_, became)| matches!(became, Became::StillThere))
        .map(|(process, _)| *process)
        .collect();
    (!left.is_empty()).then_some(left)
}
