//! [`Past`]: a store as a system that can be asked, so that filters, columns, views and formats need no second way.

use crate::clock::Moment;
use crate::error::StoreError;
use crate::following::Place;
use crate::gap::Gap;
use crate::preselect::Preselection;
use crate::reader::{At, Reader, Span};
use netstat_model::query::{Listing, ProcessFields, Scope, Visit};
use netstat_model::{
    Answer, Error, Missing, Namespace, Operation, OwnerMethod, Process, ProcessKey, Socket, SocketRef,
    SocketTable, Warning,
};
use netstat_os::{Machine, Processes, Sockets};
use rustc_hash::FxHashMap;
use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

/// What of the past is asked about.
enum Asked {
    /// The table of a moment.
    Table(At),
    /// What ended in a span, and what was open at its end.
    Span(Span, Box<Preselection>, Option<At>),
    /// What has come between two places, opened sockets too, of ends those since a time.
    Between([Place; 2], bool, Option<SystemTime>),
}

/// A store as a system that can be asked for its sockets and processes.
pub struct Past<'r> {
    reader: &'r Reader,
    asked: Asked,
    /// The time of day that is asked about.
    time: SystemTime,
    processes: OnceCell<FxHashMap<ProcessKey, Process>>,
    damaged: RefCell<Vec<Gap>>,
    /// How many ends that were asked for are not there any more.
    missing: Cell<u64>,
}

impl<'r> Past<'r> {
    fn new(reader: &'r Reader, asked: Asked, time: SystemTime) -> Self {
        let (processes, damaged, missing) = (OnceCell::new(), RefCell::default(), Cell::new(0));
        Self { reader, asked, time, processes, damaged, missing }
    }

    /// Returns the table of a moment, in the network namespace of the recorder unless all are asked for: `time` is what the
    /// clock said.
    pub fn table(reader: &'r Reader, at: At, time: SystemTime) -> Self {
        Self::new(reader, Asked::Table(at), time)
    }

    /// Returns what there was in a span, in every network namespace: ends in their order, then what was open at its end,
    /// which is `last`, or for `None` when the store was last written. `now` is the time of whoever asks.
    pub fn span(
        reader: &'r Reader,
        span: Span,
        rows: Preselection,
        last: Option<At>,
        now: SystemTime,
    ) -> Self {
        Self::new(reader, Asked::Span(span, Box::new(rows), last), now)
    }

    /// Returns what has come between two places, in every network namespace: what was opened and is open still, where that is
    /// wanted, then what ended, at `since` or later, in the order in which it was written.
    pub fn between(
        reader: &'r Reader,
        places: [Place; 2],
        with_open: bool,
        since: Option<SystemTime>,
        now: SystemTime,
    ) -> Self {
        Self::new(reader, Asked::Between(places, with_open, since), now)
    }

    /// Returns how many of the ends that came between two places are not there any more, or are damaged.
    pub fn missing(&self) -> u64 {
        self.missing.get()
    }

    /// Returns what could not be read so far.
    pub fn damaged(&self) -> Vec<Gap> {
        self.damaged.borrow().clone()
    }

    fn each(&self, scope: Scope, each: &mut dyn FnMut(&Socket) -> ControlFlow<()>) -> Result<(), StoreError> {
        let mut damaged = match &self.asked {
            Asked::Table(at) => {
                let own = self.reader.namespace(*at).filter(|_| scope == Scope::Own);
                self.reader.open_at(*at, own, each)?
            }
            Asked::Span(span, rows, last) => {
                let mut damaged = self.reader.ends(span, rows, each)?;
                match last {
                    Some(last) => damaged.extend(self.reader.alive_at(*last, each)?),
                    None if span.until.is_none() => self.reader.still_open(each)?,
                    // Nothing that was recorded was open at its end.
                    None => {}
                }
                damaged
            }
            Asked::Between([from, to], with_open, since) => {
                self.missing.set(self.reader.between([from, to], *with_open, *since, each)?);
                Vec::new()
            }
        };
        self.damaged.borrow_mut().append(&mut damaged);
        Ok(())
    }
}

fn error(error: &StoreError) -> Error {
    Error { operation: Operation::ReadHistory, source: io::Error::other(error.to_string()) }
}

/// Shows a socket of the past to a visitor, if the query asks for it, and does with it what that says. Who holds it is known already.
pub fn show(
    socket: &Socket,
    listing: &Listing<'_>,
    visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    table: &mut SocketTable,
) -> ControlFlow<()> {
    if !listing.query.selects(socket) {
        return ControlFlow::Continue(());
    }
    let socket = SocketRef::from(socket);
    // A table without room for a scope has no room for any further one.
    let _is_kept = match visit(&socket) {
        Visit::Skip => true,
        Visit::Keep | Visit::KeepWithOwners => table.push(&socket),
        Visit::KeepLight { owners } => table.push_light(&socket, owners),
        Visit::Stop => return ControlFlow::Break(()),
    };
    ControlFlow::Continue(())
}

impl Sockets for Past<'_> {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        let mut table = SocketTable::new(listing.query.keep());
        self.each(listing.query.scope, &mut |socket| show(socket, listing, visit, &mut table))
            .map_err(|why| error(&why))?;
        Ok(Answer { data: (table, OwnerMethod::NotNeeded), warnings: Vec::new() })
    }
}

impl Processes for Past<'_> {
    fn processes(&self, wanted: &[ProcessKey], _: ProcessFields) -> Answer<Vec<Process>> {
        if let Asked::Between(..) = self.asked {
            // A few, of what may be very many.
            let process = |key: &ProcessKey| {
                self.reader.process(*key).unwrap_or_else(|_| Process::unknown(*key, Missing::NotRead))
            };
            return Answer::whole(wanted.iter().map(process).collect());
        }
        let mut warnings = Vec::new();
        let known = self.processes.get_or_init(|| {
            let mut lack = |what, reason| warnings.push(Warning::SourceUnavailable { what, reason });
            match self.reader.processes() {
                Ok((processes, 0)) => processes,
                Ok((processes, damaged)) => {
                    lack("some processes of the history", format!("{damaged} are damaged"));
                    processes
                }
                Err(why) => {
                    lack("every process of the history", why.to_string());
                    FxHashMap::default()
                }
            }
        });
        let process = |key: &ProcessKey| {
            known.get(key).cloned().unwrap_or_else(|| Process::unknown(*key, Missing::Gone))
        };
        Answer { data: wanted.iter().map(process).collect(), warnings }
    }
}

impl Machine for Past<'_> {
    fn host_name(&self) -> Result<String, Error> {
        let missing = || Error { operation: Operation::ReadHostName, source: io::ErrorKind::NotFound.into() };
        let host = match self.asked {
            Asked::Table(At(moment)) => self.reader.host_of(moment).map(AsRef::as_ref),
            Asked::Span(..) | Asked::Between(..) => self.reader.host(),
        };
        host.map(str::to_owned).ok_or_else(missing)
    }

    fn uptime(&self) -> Result<Duration, Error> {
        match self.asked {
            Asked::Table(At(Moment { at, .. })) => Ok(Duration::from_micros(at)),
            Asked::Span(..) | Asked::Between(..) => {
                Err(Error { operation: Operation::ReadUptime, source: io::ErrorKind::Unsupported.into() })
            }
        }
    }

    fn now(&self) -> Option<SystemTime> {
        Some(self.time)
    }

    fn boot_id(&self) -> Option<Box<str>> {
        match self.asked {
            Asked::Table(At(Moment { boot, .. })) => self.reader.boot_id(boot),
            Asked::Span(..) | Asked::Between(..) => None,
        }
    }

    fn namespace(&self) -> Option<Namespace> {
        match self.asked {
            Asked::Table(at) => self.reader.namespace(at),
            Asked::Span(..) | Asked::Between(..) => None,
        }
    }
}
