//! The thread that asks the resolver for names of hosts, so that nobody waits for it.

use crate::event::Event;
use netstat_engine::enrich::HostResolver;
use netstat_model::HostAddress;
use netstat_os::NameLookup;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

/// What has been answered by then is shown; the rest is waited for further.
const ROUND: Duration = Duration::from_millis(250);

/// After so many rounds an address has no name.
const MOST_ROUNDS: usize = 40;

/// Returns a thread that looks up the names of the addresses that it is sent, the last ones sent first of all.
pub(crate) fn begin(lookup: Arc<dyn NameLookup>, events: Sender<Event>) -> Sender<Vec<HostAddress>> {
    let (wishes, wished) = channel::<Vec<HostAddress>>();
    thread::spawn(move || {
        let mut resolver = HostResolver::new(lookup);
        while let Ok(mut addresses) = wished.recv() {
            for _ in 0..MOST_ROUNDS {
                while let Ok(newer) = wished.try_recv() {
                    addresses = newer;
                }
                let names = resolver.resolve(addresses.iter().copied(), None, ROUND);
                let is_done = names.unanswered() == 0;
                let found = addresses
                    .iter()
                    .filter_map(|address| Some((*address, names.name(*address)?.to_owned())))
                    .collect();
                if events.send(Event::Named(found)).is_err() {
                    return;
                }
                if is_done {
                    break;
                }
            }
        }
    });
    wishes
}
