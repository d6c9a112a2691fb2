//! The view without a screen: what happens, one thing after another.

use crate::beside::Happened;
use crate::collect::{self, Order};
use crate::environment::Environment;
use crate::event::{Effect, Event};
use crate::open::Open;
use crate::state::{Beginning, State};
use crate::{Manner, Trouble};
use netstat_engine::flow::Rates;
use netstat_engine::text::Text;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

/// What is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Something happened to a socket that matches the filter.
    Happened(Happened),
    /// A look was taken. It comes behind what happened in it.
    Looked(Looked),
    /// A look failed; the next may succeed.
    Failed(Text),
}

/// What one look saw in sum, over all sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// When it was.
    pub time: Option<SystemTime>,
    /// Open sockets.
    pub sockets: usize,
    /// Sockets that were opened since the look before.
    pub opened: usize,
    /// Sockets that were closed.
    pub closed: usize,
    /// Sockets that changed their state.
    pub changed: usize,
    /// Ends and changes that nobody could be told of, since the beginning.
    pub lost: u64,
    /// Bytes a second; `None` where no rate is known yet.
    pub rates: Option<Rates>,
    /// How long the look took.
    pub took: Duration,
    /// Whether every socket was listed. What a look that did not says of sockets and rates may be older.
    pub whole: bool,
    /// How old the list of sockets is, where something has happened since.
    pub age: Duration,
    /// Whether the system tells of every TCP connection that opens and ends.
    pub by_events: bool,
}

/// Tells what happens until `tell` does not want to know more, or the time is over.
///
/// # Errors
/// Why it cannot begin, or what `tell` could not do.
pub fn follow(
    open: Open,
    environment: Environment,
    beginning: &Beginning,
    manner: Manner,
    mut tell: impl FnMut(Told) -> Result<bool, Text>,
) -> Result<(), Trouble> {
    let mut state = State::new(environment, beginning).map_err(Trouble::Filter)?;
    state.forget_the_past();
    let (events, happened) = channel();
    let orders = collect::begin(open, manner.walk, state.needs(), state.interval, events);
    let begun = Instant::now();
    let mut next = 0;
    let mut failure = None;
    loop {
        let event = match manner.lasts {
            None => happened.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(lasts) => happened.recv_timeout(lasts.saturating_sub(begun.elapsed())),
        };
        let look = match event {
            Ok(Event::Look(look)) => look,
            Ok(Event::Failed(why)) => {
                failure = Some(why.clone());
                if !tell(Told::Failed(why)).map_err(Trouble::Other)? {
                    return Ok(());
                }
                continue;
            }
            Ok(_) => continue,
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            // Nobody looks any more.
            Err(RecvTimeoutError::Disconnected) => {
                return failure.map_or(Ok(()), |why| Err(Trouble::Other(why)));
            }
        };
        let (time, took) = (look.info.at, look.took);
        for effect in state.update(Event::Look(look), begun.elapsed()) {
            match effect {
                Effect::Read(needs) => drop(orders.send(Order::Read(needs))),
                Effect::ForgetProcesses => drop(orders.send(Order::ForgetProcesses)),
                _ => {}
            }
        }
        let new = state.beside.happened.iter().filter(|event| event.number >= next && event.passes);
        let told: Vec<Told> = new.map(|event| Told::Happened(event.told())).collect();
        next = state.beside.happened.back().map_or(next, |event| event.number + 1);
        let last = &state.last;
        let looked = Looked {
            time,
            sockets: state.open(),
            opened: last.changes.opened,
            closed: last.changes.closed,
            changed: last.changes.changed,
            lost: last.lost,
            rates: last.rates.filter(|_| last.is_summed),
            took,
            whole: last.is_whole,
            age: last.age,
            by_events: last.by_events,
        };
        for told in told.into_iter().chain([Told::Looked(looked)]) {
            if !tell(told).map_err(Trouble::Other)? {
                return Ok(());
            }
        }
    }
}
