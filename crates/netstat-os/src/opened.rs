//! A back end as [`open`](super::open) finds it: that of the running system, or that of the system that a recording was
//! made on.

#[cfg(target_os = "linux")]
use super::linux::Linux;
use super::tape::{Player, Recorder, System};
use super::windows::Windows;
use super::{
    Actions, Backend, Closed, CounterSources, DestroyedSockets, Ended, Ending, EventStream, EventWishes,
    Events, KeptIn, Machine, NameDatabases, NameLookup, NotPinned, Origin, PacketStream, PacketTest, Packets,
    Processes, Rdma, Restrictions, Routes, SocketWatch, Sockets, TextTable, TextTables,
};
use netstat_model::query::{Listing, ProcessFields, RouteQuery, Scope, SocketQuery, Visit};
use netstat_model::{
    Answer, Conntrack, Counters, DescriptorUse, Error, Firewall, GroupMember, Inbound, Interface,
    InterfaceCounters, Keeper, Limits, Namespace, NetworkNamespace, Operation, OwnerMethod, PersistentRoute,
    Process, ProcessKey, RdmaEndpoint, Route, SocketRef, SocketTable, StandIn,
};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The back end of the running system, or of a recording.
pub struct Opened {
    backend: Box<dyn Backend>,
    recorder: Option<Arc<Recorder>>,
}

impl Opened {
    pub(super) fn open(origin: Origin<'_>) -> Result<Self, Error> {
        #[cfg(target_os = "linux")]
        use Linux as Native;
        #[cfg(windows)]
        use Windows as Native;
        Ok(match origin {
            Origin::Live => Self { backend: Box::new(Native::live()), recorder: None },
            Origin::Record(folder) => {
                let recorder =
                    Recorder::create(folder).map_err(|error| Error::new(Operation::Record, error))?;
                let recorder = Arc::new(recorder);
                Self { backend: Box::new(Native::record(&recorder)), recorder: Some(recorder) }
            }
            Origin::Replay(folder) => {
                let player = Player::open(folder).map_err(|error| Error::new(Operation::Replay, error))?;
                let system = player.system();
                let player = Arc::new(player);
                let backend: Box<dyn Backend> = match system {
                    #[cfg(target_os = "linux")]
                    System::Linux => Box::new(Linux::replay(player)),
                    System::Windows => Box::new(Windows::replay(player)),
                };
                Self { backend, recorder: None }
            }
        })
    }

    /// Ends a recording; does nothing where there is none.
    ///
    /// # Errors
    /// When a part of it could not be written.
    pub fn finish(&self) -> Result<(), Error> {
        let finished = self.recorder.as_ref().map_or(Ok(()), |recorder| recorder.finish());
        finished.map_err(|error| Error::new(Operation::Record, error))
    }
}

impl Sockets for Opened {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        self.backend.sockets(listing, visit)
    }

    fn is_elevated(&self) -> Result<bool, Error> {
        self.backend.is_elevated()
    }
}

impl Processes for Opened {
    fn processes(&self, wanted: &[ProcessKey], fields: ProcessFields) -> Answer<Vec<Process>> {
        self.backend.processes(wanted, fields)
    }

    fn stand_ins(&self, keepers: &[Keeper], scope: Scope) -> Answer<Vec<StandIn>> {
        self.backend.stand_ins(keepers, scope)
    }
}

impl Machine for Opened {
    fn host_name(&self) -> Result<String, Error> {
        self.backend.host_name()
    }

    fn uptime(&self) -> Result<Duration, Error> {
        self.backend.uptime()
    }

    fn now(&self) -> Option<SystemTime> {
        self.backend.now()
    }

    fn boot_id(&self) -> Option<Box<str>> {
        self.backend.boot_id()
    }

    fn namespace(&self) -> Option<Namespace> {
        self.backend.namespace()
    }

    fn namespaces(&self) -> Result<Answer<Vec<NetworkNamespace>>, Error> {
        self.backend.namespaces()
    }
}

impl NameDatabases for Opened {
    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error> {
        self.backend.local_addresses()
    }

    fn services(&self) -> Answer<Vec<u8>> {
        self.backend.services()
    }

    fn users(&self) -> Answer<Vec<u8>> {
        self.backend.users()
    }

    fn hosts(&self) -> Answer<Vec<u8>> {
        self.backend.hosts()
    }

    fn has_accounts(&self) -> bool {
        self.backend.has_accounts()
    }

    fn name_lookup(&self) -> Arc<dyn NameLookup> {
        self.backend.name_lookup()
    }
}

impl Routes for Opened {
    fn interfaces(&self) -> Result<Answer<Vec<Interface>>, Error> {
        self.backend.interfaces()
    }

    fn routes(&self, query: &RouteQuery) -> Result<Answer<Vec<Route>>, Error> {
        self.backend.routes(query)
    }

    fn persistent_routes(&self) -> Result<Answer<Vec<PersistentRoute>>, Error> {
        self.backend.persistent_routes()
    }
}

impl CounterSources for Opened {
    fn counters(&self) -> Result<Answer<Counters>, Error> {
        self.backend.counters()
    }

    fn interface_counters(&self) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
        self.backend.interface_counters()
    }
}

impl Restrictions for Opened {
    fn limits(&self) -> Result<Answer<Limits>, Error> {
        self.backend.limits()
    }

    fn conntrack(&self) -> Result<Answer<Option<Conntrack>>, Error> {
        self.backend.conntrack()
    }

    fn descriptors(&self) -> Result<Answer<Option<DescriptorUse>>, Error> {
        self.backend.descriptors()
    }

    fn firewall(&self, asked: &[Inbound]) -> Firewall {
        self.backend.firewall(asked)
    }
}

impl Rdma for Opened {
    fn rdma(&self) -> Result<Answer<Vec<RdmaEndpoint>>, Error> {
        self.backend.rdma()
    }
}

impl TextTables for Opened {
    fn text_table(&self, table: TextTable) -> Result<Option<Vec<u8>>, Error> {
        self.backend.text_table(table)
    }

    fn group_members(&self) -> Answer<Option<Vec<GroupMember>>> {
        self.backend.group_members()
    }
}

impl SocketWatch for Opened {
    fn pulse(&self) -> Option<Vec<u8>> {
        self.backend.pulse()
    }

    fn destroyed(&self) -> Option<Box<dyn DestroyedSockets + '_>> {
        self.backend.destroyed()
    }

    fn again(&self, sockets: &[SocketRef<'_>], query: &SocketQuery) -> Result<SocketTable, Error> {
        self.backend.again(sockets, query)
    }
}

impl Events for Opened {
    fn events(&self, wishes: EventWishes) -> Box<dyn EventStream + '_> {
        self.backend.events(wishes)
    }

    fn events_kept(&self, wishes: EventWishes, kept_in: &KeptIn) -> Box<dyn EventStream + '_> {
        self.backend.events_kept(wishes, kept_in)
    }

    fn left_behind(&self, file: &Path, remove: bool) -> Result<Vec<PathBuf>, NotPinned> {
        self.backend.left_behind(file, remove)
    }
}

impl Actions for Opened {
    fn close(&self, sockets: &[SocketRef<'_>], seen: SystemTime) -> Vec<Result<Closed, Error>> {
        self.backend.close(sockets, seen)
    }

    fn end(&self, processes: &[ProcessKey], how: Ending, patience: Duration) -> Vec<Result<Ended, Error>> {
        self.backend.end(processes, how, patience)
    }

    fn ancestry(&self) -> Vec<ProcessKey> {
        self.backend.ancestry()
    }
}

impl Packets for Opened {
    fn packets(&self, program: &[PacketTest]) -> Result<Box<dyn PacketStream + '_>, Error> {
        self.backend.packets(program)
    }
}
