//! The thread that looks at the sockets. Whatever takes time happens here, and never where the screen is drawn.

use crate::event::Event;
use netstat_engine::columns::ColumnNeeds;
use netstat_engine::look::{LookSource, LookWishes, Walk, WalkWishes};
use netstat_engine::text::system;
use netstat_model::query::Kinds;
use netstat_model::{Error, SocketKey};
use netstat_os::Opened;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What is asked of the thread that looks.
#[derive(Debug)]
pub(crate) enum Order {
    Every(Duration),
    Read(ColumnNeeds),
    Visible(Vec<SocketKey>),
    ForgetProcesses,
}

/// Opens the system to look at.
pub type Open = Box<dyn FnOnce() -> Result<Opened, Error> + Send>;

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
        look_on(&mut Walk::new(&system, how, wishes), every, &events, &ordered);
        let _ = system.finish();
    });
    orders
}

/// Looks until nobody takes the looks.
fn look_on(
    source: &mut dyn LookSource,
    mut every: Duration,
    events: &Sender<Event>,
    ordered: &Receiver<Order>,
) {
    let mut visible = Vec::new();
    loop {
        let begun = Instant::now();
        let event = match source.look(&visible) {
            Ok(look) => Event::Look(Box::new(look)),
            Err(error) => Event::Failed(system::error(&error)),
        };
        if events.send(event).is_err() {
            return;
        }
        // A look that takes long leaves as much time to others.
        let next = begun + every.max(begun.elapsed() * 2);
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
                Ok(Order::ForgetProcesses) => source.forget_processes(),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}
