//! Windows 10 and later, 64-bit.
//!
//! Only `live` calls Windows. Everything else is in the program for Linux too, which replays recordings made on Windows,
//! and where tests give it made-up answers.

#[cfg(any(windows, test))]
mod actions;
mod addresses;
mod bound;
mod clock;
mod counters;
mod etw;
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
mod rdma;
mod registry;
#[cfg(test)]
mod replay_tests;
mod routes;
mod services;
mod sockets;
mod source;
mod stand_ins;
mod table;
mod tcp_info;
mod templates;
mod udp_peers;
mod version;
mod win32_error;

#[cfg(all(windows, not(target_pointer_width = "64")))]
compile_error!("the structures of Windows are read as 64-bit systems have them");

use super::looks::Looks;
#[cfg(windows)]
use super::resolver::{RecordingResolver, SystemResolver};
#[cfg(windows)]
use super::tape::Recorder;
use super::tape::{Player, refuse_change};
use super::{
    Actions, Closed, CounterSources, Ended, Ending, EventStream, EventWishes, Events, Machine, NameDatabases,
    NameLookup, PacketStream, PacketTest, Packets, Processes, Rdma, Restrictions, Routes, SocketWatch,
    Sockets, TextTable, TextTables,
};
#[cfg(windows)]
use live::Live;
use netstat_model::history::EventMethod;
use netstat_model::query::{Kinds, Listing, ProcessFields, RouteQuery, Scope, Visit};
use netstat_model::{
    Answer, Conntrack, Counters, Error, Firewall, Inbound, Interface, InterfaceCounters, Keeper, Limits,
    Namespace, Operation, OwnerMethod, PersistentRoute, Process, ProcessKey, RdmaEndpoint, Route, SocketRef,
    SocketTable, StandIn,
};
#[cfg(windows)]
use source::Recording;
use source::{Question, Source};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The Windows back end.
pub(super) struct Windows {
    source: Box<dyn Source + Send + Sync>,
    names: Arc<dyn NameLookup>,
    /// Whether this is the running system, which can be changed. What is asked for that is no part of a recording.
    #[cfg(windows)]
    is_live: bool,
}

/// The resolver of Windows.
#[cfg(windows)]
fn system_resolver() -> SystemResolver {
    SystemResolver::new(live::names::name_of_end, live::names::own_full_name)
}

impl Windows {
    /// The running system.
    #[cfg(windows)]
    pub(super) fn live() -> Self {
        Self { source: Box::new(Live), names: Arc::new(system_resolver()), is_live: true }
    }

    /// The running system, every answer of which is recorded.
    #[cfg(windows)]
    pub(super) fn record(recorder: &Arc<Recorder>) -> Self {
        Self {
            source: Box::new(Recording::new(Live, Arc::clone(recorder))),
            names: Arc::new(RecordingResolver::new(system_resolver(), Arc::clone(recorder))),
            is_live: true,
        }
    }

    /// A recording.
    pub(super) fn replay(player: Arc<Player>) -> Self {
        Self {
            source: Box::new(Arc::clone(&player)),
            names: player,
            #[cfg(windows)]
            is_live: false,
        }
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

    fn stand_ins(&self, keepers: &[Keeper], _scope: Scope) -> Answer<Vec<StandIn>> {
        stand_ins::stand_ins(self.source(), keepers)
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

    fn has_accounts(&self) -> bool {
        true
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
        let looks = |method| Box::new(Looks::new(self, Kinds::TCP_UDP, method, wishes));
        // Whoever wants TCP alone shows it as it is: what the kernel tells comes too late for that.
        if wishes.tcp_alone {
            return looks(EventMethod::Looks(None));
        }
        match etw::begin(self, wishes) {
            Ok(traced) => Box::new(traced),
            Err(reason) => looks(EventMethod::NoTrace(reason)),
        }
    }
}

impl SocketWatch for Windows {}

impl Actions for Windows {
    fn close(
        &self,
        sockets: &[SocketRef<'_>],
        #[cfg_attr(not(windows), expect(unused_variables, reason = "a replay closes nothing"))]
        seen: SystemTime,
    ) -> Vec<Result<Closed, Error>> {
        #[cfg(windows)]
        if self.is_live {
            return live::actions::close(sockets, seen);
        }
        refuse_change(sockets, &Operation::CloseSocket)
    }

    fn end(
        &self,
        processes: &[ProcessKey],
        // There is one way only.
        _: Ending,
        #[cfg_attr(not(windows), expect(unused_variables, reason = "a replay ends nothing"))]
        patience: Duration,
    ) -> Vec<Result<Ended, Error>> {
        #[cfg(windows)]
        if self.is_live {
            return live::actions::end(processes, patience);
        }
        refuse_change(processes, &Operation::EndProcess)
    }

    fn ancestry(&self) -> Vec<ProcessKey> {
        #[cfg(windows)]
        if self.is_live {
            let listed = processes::list(&Live).unwrap_or_default();
            return actions::ancestry(&listed, std::process::id());
        }
        Vec::new()
    }
}

impl Packets for Windows {
    fn packets(&self, _: &[PacketTest]) -> Result<Box<dyn PacketStream + '_>, Error> {
        Err(Error::new(Operation::CapturePackets, std::io::ErrorKind::Unsupported.into()))
    }
}

impl Rdma for Windows {
    fn rdma(&self) -> Result<Answer<Vec<RdmaEndpoint>>, Error> {
        rdma::endpoints(self.source())
    }
}

impl TextTables for Windows {
    fn text_table(&self, _: TextTable) -> Result<Option<Vec<u8>>, Error> {
        let why = io::Error::new(io::ErrorKind::Unsupported, "Windows has no such tables");
        Err(Error::new(Operation::ReadTextTable, why))
    }
}
