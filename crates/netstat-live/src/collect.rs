//! The thread that looks at the sockets. Whatever takes time happens here, and never where the screen is drawn.

use crate::event::Event;
use crate::hear;
use crate::open::Open;
use netstat_engine::columns::ColumnNeeds;
use netstat_engine::look::{LookSource, LookWishes, Walk, WalkWishes};
use netstat_engine::text::system;
use netstat_model::Socket;
use netstat_model::query::{Kinds, Owners};
use netstat_os::{CounterSources, Machine, Opened};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// The most batches of events that wait for a look: those of a minute.
const MOST_BATCHES: usize = 600;

/// What is asked of the thread that looks.
#[derive(Debug)]
pub(crate) enum Order {
    Every(Duration),
    Read(ColumnNeeds),
    Visible(Vec<Socket>),
    ForgetProcesses,
    Links(bool),
}

/// Begins to look. Looks are sent as events; who drops the sender of orders ends it.
pub(crate) fn begin(
    open: Open,
    how: WalkWishes,
    needs: ColumnNeeds,
    every: Duration,
    events: Sender<Event>,
) -> Sender<Order> {
    let (orders, ordered) = channel();
    thread::spawn(move || {
        let system = match open() {
            Ok(system) => system,
            Err(error) => {
                let _ = events.send(Event::Failed(system::error(&error)));
                return;
            }
        };
        let wishes = LookWishes { kinds: Kinds::TCP_UDP, needs };
        // Who looks seldom lets the buffer of the kernel fill, which counts what it has no room for.
        let (feed, events_of_system) = sync_channel(MOST_BATCHES);
        let mut walk = Walk::new(&system, how, wishes).with_events(events_of_system);
        let mut hearing = Some((open, how.owners == Owners::Proc, feed));
        look_on(&system, &mut walk, every, &events, &ordered, || {
            // Somebody waits for the first look: it is not kept waiting.
            if let Some((open, without_bpf, feed)) = hearing.take() {
                hear::begin(open, without_bpf, feed);
            }
        });
        drop(walk);
        let _ = system.finish();
    });
    orders
}

/// Looks until nobody takes the looks.
fn look_on(
    system: &Opened,
    source: &mut dyn LookSource,
    mut every: Duration,
    events: &Sender<Event>,
    ordered: &Receiver<Order>,
    mut looked: impl FnMut(),
) {
    let mut visible: Vec<Socket> = Vec::new();
    let mut links = false;
    loop {
        let begun = Instant::now();
        let event = match source.look(&visible) {
            Ok(look) => Event::Look(Box::new(look)),
            Err(error) => Event::Failed(system::error(&error)),
        };
        if events.send(event).is_err() {
            return;
        }
        looked();
        if links && events.send(ask_links(system)).is_err() {
            return;
        }
        let next = begun + every;
        loop {
            let left = next.saturating_duration_since(Instant::now());
            match ordered.recv_timeout(left) {
                Ok(Order::Every(pause)) => every = pause,
                Ok(Order::Read(needs)) => {
                    source.set_wishes(LookWishes { kinds: Kinds::TCP_UDP, needs });
                    // Somebody waits for it.
                    break;
                }
                Ok(Order::Visible(keys)) => visible = keys,
                Ok(Order::Links(wanted)) => {
                    links = wanted;
                    if wanted {
                        break;
                    }
                }
                Ok(Order::ForgetProcesses) => source.forget_processes(),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

/// Asks what the interfaces have counted.
fn ask_links(system: &Opened) -> Event {
    match system.interface_counters() {
        Ok(answer) => Event::Links(system.info().uptime.unwrap_or_default(), answer.data),
        Err(error) => Event::NoLinks(system::error(&error)),
    }
}
