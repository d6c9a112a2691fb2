//! The thread that hears of connections as they open and end, so that the buffer of the kernel is drained whatever the looks do.

use crate::open::Open;
use netstat_model::history::{ConnectionEvent, EventMethod};
use netstat_os::{EventWishes, Events as _};
use std::sync::mpsc::SyncSender;
use std::thread;

/// Begins to hear. Where events are not complete nothing is sent: the looks know as much.
pub(crate) fn begin(open: Open, without_bpf: bool, feed: SyncSender<Vec<ConnectionEvent>>) {
    thread::spawn(move || {
        let Ok(system) = open() else { return };
        let wishes = EventWishes { arguments: false, without_bpf, tcp_alone: true, flows: false };
        let mut stream = system.events(wishes);
        if stream.method() != EventMethod::Bpf {
            return;
        }
        loop {
            let mut events = Vec::new();
            // One that fails is tried again; what was missed is a gap among the next.
            let taken = stream.take(&mut events);
            if feed.send(events).is_err() {
                return;
            }
            stream.release();
            if taken.is_err() || !stream.tells_on() {
                thread::sleep(stream.pause() * if taken.is_err() { 10 } else { 1 });
            }
        }
    });
}
