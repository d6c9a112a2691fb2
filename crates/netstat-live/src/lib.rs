//! The live view: the connections of a machine in a terminal, as they come and go.
//!
//! Three threads: one reads keys, one looks at the sockets ([`netstat_engine::look`]), one keeps what is known and draws. What
//! is shown is a pure function of a state, and the state one of events.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

mod acting;
mod amount;
mod beside;
mod book;
mod collect;
mod deed;
mod draw;
mod environment;
mod event;
mod export;
mod follow;
mod group;
mod hear;
mod item;
mod judge;
mod keys;
mod last;
mod layout;
mod line;
mod mark;
mod named;
mod names;
mod open;
mod paused;
mod recalled;
mod ring;
mod state;
mod tab;
mod terminal;
#[cfg(test)]
mod tests;

pub use beside::Happened;
pub use environment::Environment;
pub use follow::{Looked, Told, follow};
pub use open::Open;
pub use recalled::Recalled;
pub use state::Beginning;
pub use tab::Tab;

use collect::Order;
use event::{Effect, Event};
use netstat_check::Surroundings;
use netstat_engine::both;
use netstat_engine::columns::ColumnNeeds;
use netstat_engine::filter::FilterError;
use netstat_engine::look::WalkWishes;
use netstat_engine::text::Text;
use state::State;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use terminal::Screen;

/// Why there is no view.
#[derive(Debug)]
pub enum Trouble {
    /// The filter is wrong.
    Filter(FilterError),
    /// The terminal does not do what is needed.
    Terminal(io::Error),
    /// What else is in the way.
    Other(Text),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Terminal(error)
    }
}

/// Asks a recorder's history for the table of a moment, with what is to be read of each socket.
pub type Recall = Arc<dyn Fn(SystemTime, ColumnNeeds) -> Result<Recalled, Text> + Send + Sync>;

/// Writes a new file that somebody named.
pub type Write = Arc<dyn Fn(&Path, &[u8]) -> Result<(), Text> + Send + Sync>;

/// Writes the packets that a filter means to a new file, until somebody says to end or is gone. Returns what became of them.
pub type WritePackets = Arc<dyn Fn(&Path, &str, &Receiver<()>) -> Text + Send + Sync>;

/// How the view runs.
#[derive(Clone)]
pub struct Manner {
    /// How sockets are listed.
    pub walk: WalkWishes,
    /// Whether the mouse is used.
    pub mouse: bool,
    /// After this time it ends by itself.
    pub lasts: Option<Duration>,
    /// What a recorder has kept.
    pub recall: Recall,
    /// Writes files.
    pub write: Write,
    /// Writes packets.
    pub write_packets: WritePackets,
}

/// Shows the view until somebody ends it.
///
/// # Errors
/// Why it cannot be shown. The terminal is as it was then.
pub fn run(
    open: Open,
    environment: Environment,
    beginning: &Beginning,
    manner: Manner,
) -> Result<(), Trouble> {
    let mut state = State::new(environment, beginning).map_err(Trouble::Filter)?;
    let (events, happened) = channel();
    #[cfg(unix)]
    terminal::hear_signals(events.clone()).map_err(Trouble::Other)?;
    let mut screen = Screen::take(manner.mouse)?;
    terminal::listen(events.clone());
    let surroundings = Surroundings {
        users: Arc::clone(&state.environment.users),
        geo: Arc::clone(&state.environment.geo),
        ..Surroundings::default()
    };
    let judge = judge::begin(Arc::clone(&open), manner.walk.owners, surroundings, events.clone());
    let orders =
        collect::begin(Arc::clone(&open), manner.walk, state.needs(), state.interval, events.clone());
    let names = names::begin(Arc::clone(&state.environment.resolver), events.clone());
    // It ends when the view does.
    let mut packets = None;
    let begun = Instant::now();
    let (width, height) = screen.size();
    state.update(Event::Resize(width, height), Duration::ZERO);
    if let Some(time) = beginning.at {
        recall(&manner.recall, time, state.needs(), &events);
    }
    loop {
        if state.wants_drawing {
            screen.draw(state.size, |frame| draw::draw(&state, frame))?;
            state.wants_drawing = false;
        }
        let first = match manner.lasts {
            None => happened.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(lasts) => happened.recv_timeout(lasts.saturating_sub(begun.elapsed())),
        };
        let Ok(first) = first else { return Ok(()) };
        // What has happened meanwhile is shown at once.
        for event in std::iter::once(first).chain(std::iter::from_fn(|| happened.try_recv().ok())) {
            for effect in state.update(event, begun.elapsed()) {
                match effect {
                    Effect::End => return Ok(()),
                    #[cfg(unix)]
                    Effect::Suspend => screen.suspend()?,
                    #[cfg(not(unix))]
                    Effect::Suspend => {}
                    Effect::Clear => screen.clear()?,
                    Effect::Copy(text) => screen.copy(&text)?,
                    Effect::Every(pause) => drop(orders.send(Order::Every(pause))),
                    Effect::Read(needs) => drop(orders.send(Order::Read(needs))),
                    Effect::Visible(keys) => drop(orders.send(Order::Visible(keys))),
                    Effect::Links(wanted) => drop(orders.send(Order::Links(wanted))),
                    Effect::Judge(wanted) => drop(judge.send(wanted)),
                    Effect::Act(what, seen) => {
                        acting::carry_out(Arc::clone(&open), what, seen, events.clone())
                    }
                    Effect::Write(file, bytes, rows) => write(&manner.write, file, bytes, rows, &events),
                    Effect::Capture(file, filter) => {
                        packets = Some(Packets::begin(&manner.write_packets, file, filter, &events));
                    }
                    Effect::EndCapture => {
                        // It says so itself once the file is whole.
                        let _ = packets.as_mut().and_then(|packets: &mut Packets| packets.stop.take());
                    }
                    Effect::Name(addresses) => drop(names.send(addresses)),
                    Effect::Recall(time) => recall(&manner.recall, time, state.needs(), &events),
                    Effect::ForgetProcesses => drop(orders.send(Order::ForgetProcesses)),
                }
            }
        }
    }
}

/// Asks a history, on a thread of its own.
fn recall(recall: &Recall, time: SystemTime, needs: ColumnNeeds, events: &Sender<Event>) {
    let (recall, events) = (Arc::clone(recall), events.clone());
    std::thread::spawn(move || {
        let found = recall(time, needs).map(Box::new);
        let _ = events.send(Event::Recalled(time, found));
    });
}

/// Packets that are being written, until this is dropped.
struct Packets {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Packets {
    fn begin(write: &WritePackets, file: PathBuf, filter: String, events: &Sender<Event>) -> Self {
        let (write, events) = (Arc::clone(write), events.clone());
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let _ = events.send(Event::Captured(write(&file, &filter, &stopped)));
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Packets {
    fn drop(&mut self) {
        drop(self.stop.take());
        // The file is whole then.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Writes a file, on a thread of its own: a disk may be slow.
fn write(write: &Write, file: PathBuf, bytes: Vec<u8>, rows: usize, events: &Sender<Event>) {
    let (write, events) = (Arc::clone(write), events.clone());
    std::thread::spawn(move || {
        let name = file.to_string_lossy().into_owned();
        let said = match write(&file, &bytes) {
            Ok(()) => {
                both!("{rows:row|rows} written to {name}", "{name}에 {rows}행을 저장했습니다", rows, name)
            }
            Err(why) => {
                both!("{name} was not written: {why}", "{name}에 저장하지 못했습니다: {why}", name, why)
            }
        };
        let _ = events.send(Event::Said(said));
    });
}
