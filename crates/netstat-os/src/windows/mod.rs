//! Windows 10 and later, 64-bit.
//!
//! Only [`live`] calls Windows. All else is compiled on other systems too, for tests that put recorded and made-up
//! answers to it.

mod addresses;
mod bound;
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
mod uptime;

#[cfg(windows)]
pub(super) use live::names;

#[cfg(all(windows, not(target_pointer_width = "64")))]
compile_error!("the structures of Windows are read as 64-bit systems have them");

use super::resolver::PlayedResolver;
#[cfg(windows)]
use super::resolver::{RecordingResolver, SystemResolver};
use super::tape::Player;
#[cfg(windows)]
use super::tape::Recorder;
use super::{Backend, NameLookup, Origin};
#[cfg(windows)]
use live::Live;
use netstat_model::query::{Listing, ProcessFields, RouteQuery, Visit};
use netstat_model::{Answer, Error, Operation, OwnerMethod};
use netstat_model::{
    Conntrack, Counters, Firewall, Inbound, Interface, InterfaceCounters, Limits, PersistentRoute, Process,
    ProcessId, RdmaEndpoint, Route, SocketRef, SocketTable,
};
#[cfg(windows)]
use source::Recording;
use source::{Question, Source};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The Windows back end.
pub struct Windows {
    source: Origins,
}

enum Origins {
    #[cfg(windows)]
    Live(Live),
    #[cfg(windows)]
    Recording(Box<Recording>),
    Replay(Arc<Player>),
}

impl Windows {
    pub(super) fn open(origin: Origin<'_>) -> Result<Self, Error> {
        let source = match origin {
            #[cfg(windows)]
            Origin::Live => Origins::Live(Live),
            #[cfg(windows)]
            Origin::Record(folder) => {
                let recorder =
                    Recorder::create(folder).map_err(|error| Error::new(Operation::Record, error))?;
                Origins::Recording(Box::new(Recording::new(Live, Arc::new(recorder))))
            }
            #[cfg(not(windows))]
            Origin::Live | Origin::Record(_) => return refuse(Operation::Record),
            Origin::Replay(folder) => {
                let player = Player::open(folder).map_err(|error| Error::new(Operation::Replay, error))?;
                Origins::Replay(Arc::new(player))
            }
        };
        Ok(Self { source })
    }

    /// Ends a recording; does nothing where there is none.
    ///
    /// # Errors
    /// When a part of it could not be written.
    pub fn finish(&self) -> Result<(), Error> {
        match &self.source {
            #[cfg(windows)]
            Origins::Recording(recording) => {
                recording.finish().map_err(|error| Error::new(Operation::Record, error))
            }
            _ => Ok(()),
        }
    }

    fn source(&self) -> &dyn Source {
        match &self.source {
            #[cfg(windows)]
            Origins::Live(live) => live,
            #[cfg(windows)]
            Origins::Recording(recording) => recording.as_ref(),
            Origins::Replay(player) => player.as_ref(),
        }
    }
}

/// Whether an error says that the machine does not have what was asked for, a family of addresses for instance:
/// `ERROR_NOT_SUPPORTED`, `ERROR_NOT_FOUND`.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(50 | 1168))
}

#[cfg(not(windows))]
fn refuse<T>(operation: Operation) -> Result<T, Error> {
    Err(Error::new(operation, io::Error::from(io::ErrorKind::Unsupported)))
}

impl Backend for Windows {
    /// The table of sockets names their owners, so there is one means only to find them.
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        table::table(self.source(), listing, visit)
    }

    fn is_elevated(&self) -> Result<bool, Error> {
        let answer = self.source().ask(&Question::Elevation);
        let elevated = answer.and_then(|answer| {
            memory::u32_at(answer.bytes(), 0).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
        });
        elevated.map(|elevated| elevated != 0).map_err(|error| Error::new(Operation::FindOwners, error))
    }

    fn processes(&self, wanted: &[ProcessId], fields: ProcessFields) -> Vec<Process> {
        processes::processes(self.source(), wanted, fields)
    }

    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error> {
        addresses::local_addresses(self.source())
    }

    fn host_name(&self) -> Result<String, Error> {
        host::host_name(self.source())
    }

    fn services(&self) -> Answer<Vec<u8>> {
        services::services(self.source())
    }

    /// Names of users come with their processes.
    fn users(&self) -> Answer<Vec<u8>> {
        Answer::whole(Vec::new())
    }

    fn name_lookup(&self) -> Arc<dyn NameLookup> {
        match &self.source {
            #[cfg(windows)]
            Origins::Live(_) => Arc::new(SystemResolver),
            #[cfg(windows)]
            Origins::Recording(recording) => {
                Arc::new(RecordingResolver::new(SystemResolver, recording.recorder()))
            }
            Origins::Replay(player) => Arc::new(PlayedResolver::new(Arc::clone(player))),
        }
    }

    fn rdma(&self) -> Result<Answer<Vec<RdmaEndpoint>>, Error> {
        let why = io::Error::new(io::ErrorKind::Unsupported, "Windows has no documented way to list them");
        Err(Error::new(Operation::ListRdma, why))
    }

    fn counters(&self) -> Result<Answer<Counters>, Error> {
        counters::counters(self.source())
    }

    fn limits(&self) -> Result<Answer<Limits>, Error> {
        Ok(limits::limits(self.source()))
    }

    /// Windows has no such table.
    fn conntrack(&self) -> Result<Answer<Option<Conntrack>>, Error> {
        Ok(Answer::whole(None))
    }

    fn firewall(&self, asked: &[Inbound]) -> Firewall {
        firewall::firewall(self.source(), asked)
    }

    fn uptime(&self) -> Result<Duration, Error> {
        uptime::uptime(self.source())
    }

    fn interface_counters(&self) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
        interface_counters::interface_counters(self.source())
    }

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
