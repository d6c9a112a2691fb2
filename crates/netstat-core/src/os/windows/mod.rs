//! Windows 10 and later, 64-bit.
//!
//! Only [`live`] calls Windows. All else is compiled on other systems too, for tests that put recorded and made-up
//! answers to it.

#[cfg(test)]
mod fake;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
#[cfg(windows)]
mod live;
mod memory;
mod owners;
mod processes;
mod sockets;
mod source;
mod uptime;

#[cfg(all(windows, not(target_pointer_width = "64")))]
compile_error!("the structures of Windows are read as 64-bit systems have them");

use super::resolver::PlayedResolver;
#[cfg(windows)]
use super::resolver::{RecordingResolver, SystemResolver};
use super::tape::Player;
#[cfg(windows)]
use super::tape::Recorder;
use super::{Backend, NameLookup, Origin};
use crate::model::{
    Conntrack, Counters, Firewall, Inbound, Interface, InterfaceCounters, Judgement, Limits, Passage,
    PersistentRoute, Process, ProcessId, RdmaEndpoint, Route, Socket, UnreadRules,
};
use crate::query::{Owners, ProcessFields, RouteQuery, SocketQuery};
use crate::{Answer, Error, Operation, OwnerMethod, Warning};
#[cfg(windows)]
use live::Live;
#[cfg(windows)]
use source::Recording;
use source::Source;
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

fn refuse<T>(operation: Operation) -> Result<T, Error> {
    Err(Error::new(operation, io::Error::from(io::ErrorKind::Unsupported)))
}

impl Backend for Windows {
    fn sockets(&self, query: &SocketQuery) -> Result<Answer<Vec<Socket>>, Error> {
        sockets::sockets(self.source(), query)
    }

    /// The table of sockets names their owners, so there is one means only.
    fn attach_owners(
        &self,
        sockets: &mut [Socket],
        _: &SocketQuery,
        _: Owners,
    ) -> Result<Answer<OwnerMethod>, Error> {
        owners::attach(self.source(), sockets)
    }

    fn processes(&self, wanted: &[ProcessId], fields: ProcessFields) -> Vec<Process> {
        processes::processes(self.source(), wanted, fields)
    }

    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error> {
        refuse(Operation::ListAddresses)
    }

    fn host_name(&self) -> Result<String, Error> {
        refuse(Operation::ReadHostName)
    }

    fn services(&self) -> Answer<Vec<u8>> {
        let reason = io::Error::from(io::ErrorKind::Unsupported).to_string();
        Answer {
            data: Vec::new(),
            warnings: vec![Warning::SourceUnavailable { what: "the name of a port", reason }],
        }
    }

    fn users(&self) -> Answer<Vec<u8>> {
        let reason = io::Error::from(io::ErrorKind::Unsupported).to_string();
        Answer {
            data: Vec::new(),
            warnings: vec![Warning::SourceUnavailable { what: "the name of a user", reason }],
        }
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
        refuse(Operation::ListRdma)
    }

    fn counters(&self) -> Result<Answer<Counters>, Error> {
        refuse(Operation::ReadCounters)
    }

    fn limits(&self) -> Result<Answer<Limits>, Error> {
        refuse(Operation::ReadLimits)
    }

    /// Windows has no such table.
    fn conntrack(&self) -> Result<Answer<Option<Conntrack>>, Error> {
        Ok(Answer::whole(None))
    }

    fn firewall(&self, asked: &[Inbound]) -> Firewall {
        let reason = "this program does not read them yet".to_owned();
        Firewall {
            judgements: vec![None; asked.len()],
            unread: vec![UnreadRules { of: "the Windows firewall", reason }],
        }
    }

    fn uptime(&self) -> Result<Duration, Error> {
        uptime::uptime(self.source())
    }

    fn interface_counters(&self) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
        refuse(Operation::ListInterfaces)
    }

    fn interfaces(&self) -> Result<Answer<Vec<Interface>>, Error> {
        refuse(Operation::ListInterfaces)
    }

    fn routes(&self, _: &RouteQuery) -> Result<Answer<Vec<Route>>, Error> {
        refuse(Operation::ListRoutes)
    }

    fn persistent_routes(&self) -> Result<Answer<Vec<PersistentRoute>>, Error> {
        refuse(Operation::ListRoutes)
    }
}
