//! Windows 10 and later, 64-bit.
//!
//! Only [`live`] calls Windows. Everything else compiles on other systems too, where tests give it recorded and made-up
//! answers.

mod addresses;
mod bound;
mod clock;
mod counters;
#[cfg(test)]
mod fake;
mod firewall;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod host;
mod interface_counters;
mod interfaces;
mod limits;
#[cfg(windows)]
mod live;
mod memory;
mod mib_table;
mod modules;
mod offload;
mod owners;
mod persistent;
mod processes;
mod registry;
mod routes;
mod services;
mod sockets;
mod source;
mod table;
mod tcp_info;
mod udp_peers;
mod win32_error;

#[cfg(all(windows, not(target_pointer_width = "64")))]
compile_error!("the structures of Windows are read as 64-bit systems have them");

use super::looks::Looks;
#[cfg(windows)]
use super::resolver::{RecordingResolver, SystemResolver};
use super::tape::{Player, Recorder};
use super::{
    CounterSources, EventStream, EventWishes, Events, Machine, NameDatabases, NameLookup, Origin, Processes,
    Rdma, Restrictions, Routes, Sockets,
};
#[cfg(windows)]
use live::Live;
use netstat_model::history::EventMethod;
use netstat_model::query::{Kinds, Listing, ProcessFields, RouteQuery, Visit};
use netstat_model::{
    Answer, Conntrack, Counters, Error, Firewall, Inbound, Interface, InterfaceCounters, Limits, Namespace,
    Operation, OwnerMethod, PersistentRoute, Process, ProcessKey, RdmaEndpoint, Route, SocketRef,
    SocketTable,
};
#[cfg(windows)]
use source::Recording;
use source::{Question, Source};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The Windows back end.
pub struct Windows {
    source: Box<dyn Source + Send + Sync>,
    names: Arc<dyn NameLookup>,
    recorder: Option<Arc<Recorder>>,
}

/// The resolver of Windows.
#[cfg(windows)]
fn system_resolver() -> SystemResolver {
    SystemResolver::new(live::names::name_of_end, live::names::own_full_name)
}

impl Windows {
    pub(super) fn open(origin: Origin<'_>) -> Result<Self, Error> {
        Ok(match origin {
            #[cfg(windows)]
            Origin::Live => {
                Self { source: Box::new(Live), names: Arc::new(system_resolver()), recorder: None }
            }
            #[cfg(windows)]
            Origin::Record(folder) => {
                let recorder =
                    Arc::new(Recorder::create(folder).map_err(|error| Error::new(Operation::Record, error))?);
                Self {
                    source: Box::new(Recording::new(Live, Arc::clone(&recorder))),
                    names: Arc::new(RecordingResolver::new(system_resolver(), Arc::clone(&recorder))),
                    recorder: Some(recorder),
                }
            }
            #[cfg(not(windows))]
            Origin::Live | Origin::Record(_) => {
                return Err(Error::new(Operation::Record, io::ErrorKind::Unsupported.into()));
            }
            Origin::Replay(folder) => {
                let player =
                    Arc::new(Player::open(folder).map_err(|error| Error::new(Operation::Replay, error))?);
                Self { source: Box::new(Arc::clone(&player)), names: player, recorder: None }
            }
        })
    }

    /// Ends a recording; does nothing if nothing is recorded.
    ///
    /// # Errors
    /// When a part of it could not be written.
    pub fn finish(&self) -> Result<(), Error> {
        let finished = self.recorder.as_ref().map_or(Ok(()), |recorder| recorder.finish());
        finished.map_err(|error| Error::new(Operation::Record, error))
    }

    fn source(&self) -> &dyn Source {
        &*self.source
    }
}

impl Sockets for Windows {
    /// The table of sockets names their owners, so there is one means only to find them.
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        table::table(self.source(), listing, visit)
    }

    fn is_elevated(&self) -> Result<bool, Error> {
        let elevated = self.source().ask(&Question::Elevation).and_then(|answer| {
            memory::u32_at(answer.bytes(), 0).ok_or_else(|| io::ErrorKind::InvalidData.into())
        });
        elevated.map(|elevated| elevated != 0).map_err(|error| Error::new(Operation::FindOwners, error))
    }
}

impl Processes for Windows {
    fn processes(&self, wanted: &[ProcessKey], fields: ProcessFields) -> Answer<Vec<Process>> {
        processes::processes(self.source(), wanted, fields)
    }
}

impl Machine for Windows {
    fn host_name(&self) -> Result<String, Error> {
        host::host_name(self.source())
    }

    fn uptime(&self) -> Result<Duration, Error> {
        clock::uptime(self.source())
    }

    fn now(&self) -> Option<SystemTime> {
        clock::now(self.source())
    }

    /// `None`: no documented function tells it.
    fn boot_id(&self) -> Option<Box<str>> {
        None
    }

    /// `None`: Windows has no such thing.
    fn namespace(&self) -> Option<Namespace> {
        None
    }
}

impl NameDatabases for Windows {
    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error> {
        addresses::local_addresses(self.source())
    }

    fn services(&self) -> Answer<Vec<u8>> {
        services::services(self.source())
    }

    /// Empty: each process comes with the name of its user.
    fn users(&self) -> Answer<Vec<u8>> {
        Answer::whole(Vec::new())
    }

    fn name_lookup(&self) -> Arc<dyn NameLookup> {
        Arc::clone(&self.names)
    }
}

impl Routes for Windows {
    fn interfaces(&self) -> Result<Answer<Vec<Interface>>, Error> {
        interfaces::interfaces(self.source())
    }

    fn routes(&self, query: &RouteQuery) -> Result<Answer<Vec<Route>>, Error> {
        routes::routes(self.source(), query)
    }

    fn persistent_routes(&self) -> Result<Answer<Vec<PersistentRoute>>, Error> {
        persistent::routes(self.source())
    }
}

impl CounterSources for Windows {
    fn counters(&self) -> Result<Answer<Counters>, Error> {
        counters::counters(self.source())
    }

    fn interface_counters(&self) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
        interface_counters::interface_counters(self.source())
    }
}

impl Restrictions for Windows {
    fn limits(&self) -> Result<Answer<Limits>, Error> {
        Ok(limits::limits(self.source()))
    }

    /// `None`: Windows has no such table.
    fn conntrack(&self) -> Result<Answer<Option<Conntrack>>, Error> {
        Ok(Answer::whole(None))
    }

    fn firewall(&self, asked: &[Inbound]) -> Firewall {
        firewall::firewall(self.source(), asked)
    }
}

impl Events for Windows {
    fn events(&self, wishes: EventWishes) -> Box<dyn EventStream + '_> {
        Box::new(Looks::new(self, Kinds::TCP_UDP, EventMethod::Looks(None), wishes))
    }
}

impl Rdma for Windows {
    fn rdma(&self) -> Result<Answer<Vec<RdmaEndpoint>>, Error> {
        let why = io::Error::new(io::ErrorKind::Unsupported, "Windows has no documented way to list them");
        Err(Error::new(Operation::ListRdma, why))
    }
}
