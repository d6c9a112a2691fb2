//! Linux. Needs kernel 4.2 for sock_diag of TCP and UDP; works, knowing less, wherever `/proc/net` is.

mod actions;
mod addresses;
mod bpf;
mod clock;
mod config_files;
mod confine;
mod conntrack;
mod counters;
mod descriptor_links;
mod descriptors;
mod events;
#[cfg(test)]
mod fake;
mod firewall;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod groups;
mod host;
mod interface_counters;
mod interfaces;
mod kernel_sockets;
mod limits;
mod live;
mod mapping;
mod namespaces;
mod owners;
mod packet_ring;
mod packets;
mod persistent;
mod privileges;
mod processes;
mod procnet;
mod rdma;
mod reader;
mod routes;
mod services;
mod socket_units;
mod sockets;
mod sockopt;
mod source;
mod stat;
mod table;
mod tcp_info;
mod tcp_state;
mod text_tables;
mod unix_files;
mod unlisted;
mod users;
mod watch;
mod wire;

use super::resolver::{RecordingResolver, SystemResolver};
use super::tape::{Player, Recorder, refuse_change};
use super::{
    Actions, Closed, CounterSources, DestroyedSockets, Ended, Ending, EventStream, EventWishes, Events,
    KeptIn, Machine, NameDatabases, NameLookup, PacketStream, PacketTest, Packets, Processes, Rdma,
    Restrictions, Routes, SocketWatch, Sockets, TextTable, TextTables,
};
use live::Live;
use netstat_model::query::{Listing, ProcessFields, RouteQuery, Scope, SocketQuery, Visit};
use netstat_model::{
    Answer, Conntrack, Counters, DescriptorUse, Error, Firewall, GroupMember, Inbound, Interface,
    InterfaceCounters, Keeper, Limits, Namespace, NetworkNamespace, Operation, OwnerMethod, PersistentRoute,
    Process, ProcessKey, RdmaEndpoint, Route, SocketRef, SocketTable, StandIn,
};
use source::{Recording, Source};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The Linux back end.
pub(super) struct Linux {
    source: Arc<dyn Source + Send + Sync>,
    names: Arc<dyn NameLookup>,
    /// Whether this is the running system, which can be changed. What is asked for that is no part of a recording.
    is_live: bool,
}

impl Linux {
    /// The running system.
    pub(super) fn live() -> Self {
        Self { source: Arc::new(Live), names: Arc::new(SystemResolver::default()), is_live: true }
    }

    /// The running system, every answer of which is recorded.
    pub(super) fn record(recorder: &Arc<Recorder>) -> Self {
        Self {
            source: Arc::new(Recording::new(Live, Arc::clone(recorder))),
            names: Arc::new(RecordingResolver::new(SystemResolver::default(), Arc::clone(recorder))),
            is_live: true,
        }
    }

    /// A recording.
    pub(super) fn replay(player: Arc<Player>) -> Self {
        Self { source: Arc::clone(&player) as _, names: player, is_live: false }
    }

    fn source(&self) -> &dyn Source {
        &*self.source
    }
}

/// Returns the names of network namespaces; see [`super::named_namespaces`].
pub(super) fn named_namespaces() -> Vec<std::ffi::OsString> {
    live::named_namespaces()
}

/// Moves the calling thread into another network namespace; see [`super::enter_namespace`].
pub(super) fn enter_namespace(of: &std::ffi::OsStr) -> Result<(), Error> {
    live::enter_namespace(of).map_err(|error| Error::new(Operation::EnterNamespace, error))
}

/// Gives up rights; see [`super::confine`].
pub(super) fn confine() -> super::Confined {
    confine::confine()
}

impl Sockets for Linux {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        table::table(self.source(), listing, visit)
    }
}

impl Processes for Linux {
    fn processes(&self, wanted: &[ProcessKey], fields: ProcessFields) -> Answer<Vec<Process>> {
        processes::processes(self.source(), wanted, fields)
    }

    fn stand_ins(&self, keepers: &[Keeper], scope: Scope) -> Answer<Vec<StandIn>> {
        let mut answer = match keepers.contains(&Keeper::ServiceManager) {
            true => socket_units::stand_ins(self.source()),
            false => Answer::whole(Vec::new()),
        };
        if keepers.contains(&Keeper::Kernel) {
            let more = kernel_sockets::stand_ins(self.source(), scope);
            answer.data.extend(more.data);
            answer.warnings.extend(more.warnings);
        }
        answer
    }
}

impl Machine for Linux {
    fn host_name(&self) -> Result<String, Error> {
        host::host_name(self.source())
    }

    fn uptime(&self) -> Result<Duration, Error> {
        clock::uptime(self.source())
    }

    fn now(&self) -> Option<SystemTime> {
        clock::now(self.source())
    }

    fn boot_id(&self) -> Option<Box<str>> {
        host::boot_id(self.source())
    }

    fn namespace(&self) -> Option<Namespace> {
        host::namespace(self.source())
    }

    fn namespaces(&self) -> Result<Answer<Vec<NetworkNamespace>>, Error> {
        let Answer { data, warnings } = namespaces::find(self.source())?;
        Ok(Answer { data: data.into_iter().map(|place| place.namespace).collect(), warnings })
    }
}

impl NameDatabases for Linux {
    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error> {
        addresses::local_addresses(self.source())
    }

    fn services(&self) -> Answer<Vec<u8>> {
        services::services(self.source())
    }

    fn users(&self) -> Answer<Vec<u8>> {
        users::users(self.source())
    }

    fn hosts(&self) -> Answer<Vec<u8>> {
        services::hosts(self.source())
    }

    fn name_lookup(&self) -> Arc<dyn NameLookup> {
        Arc::clone(&self.names)
    }
}

impl Routes for Linux {
    fn interfaces(&self) -> Result<Answer<Vec<Interface>>, Error> {
        interfaces::interfaces(self.source())
    }

    fn routes(&self, query: &RouteQuery) -> Result<Answer<Vec<Route>>, Error> {
        routes::routes(self.source(), query)
    }

    fn persistent_routes(&self) -> Result<Answer<Vec<PersistentRoute>>, Error> {
        Ok(persistent::routes(self.source()))
    }
}

impl CounterSources for Linux {
    fn counters(&self) -> Result<Answer<Counters>, Error> {
        counters::counters(self.source())
    }

    fn interface_counters(&self) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
        interface_counters::interface_counters(self.source())
    }
}

impl Restrictions for Linux {
    fn limits(&self) -> Result<Answer<Limits>, Error> {
        limits::limits(self.source())
    }

    fn conntrack(&self) -> Result<Answer<Option<Conntrack>>, Error> {
        conntrack::conntrack(self.source())
    }

    fn descriptors(&self) -> Result<Answer<Option<DescriptorUse>>, Error> {
        let Answer { data, warnings } = descriptors::descriptors(self.source())?;
        Ok(Answer { data: Some(data), warnings })
    }

    fn firewall(&self, asked: &[Inbound]) -> Firewall {
        firewall::firewall(self.source(), asked)
    }
}

impl Events for Linux {
    fn events(&self, wishes: EventWishes) -> Box<dyn EventStream + '_> {
        events::events(self, wishes, None)
    }

    fn events_kept(&self, wishes: EventWishes, kept_in: &KeptIn) -> Box<dyn EventStream + '_> {
        events::events(self, wishes, Some(kept_in))
    }

    #[cfg(feature = "bpf")]
    fn left_behind(
        &self,
        file: &std::path::Path,
        remove: bool,
    ) -> Result<Vec<std::path::PathBuf>, super::NotPinned> {
        if self.is_live { bpf::left_behind(file, remove) } else { Ok(Vec::new()) }
    }
}

impl SocketWatch for Linux {
    fn pulse(&self) -> Option<Vec<u8>> {
        watch::pulse(self.source())
    }

    fn destroyed(&self) -> Option<Box<dyn DestroyedSockets + '_>> {
        Some(Box::new(watch::Hearing::begin(self.source())?))
    }

    fn again(&self, sockets: &[SocketRef<'_>], query: &SocketQuery) -> Result<SocketTable, Error> {
        watch::again(self.source(), sockets, query)
    }
}

impl Actions for Linux {
    fn close(&self, sockets: &[SocketRef<'_>], _: SystemTime) -> Vec<Result<Closed, Error>> {
        match self.is_live {
            true => actions::close(&Live, sockets),
            false => refuse_change(sockets, &Operation::CloseSocket),
        }
    }

    fn end(&self, processes: &[ProcessKey], how: Ending, patience: Duration) -> Vec<Result<Ended, Error>> {
        match self.is_live {
            true => actions::end(&Live, processes, how, patience),
            false => refuse_change(processes, &Operation::EndProcess),
        }
    }

    fn ancestry(&self) -> Vec<ProcessKey> {
        if self.is_live { actions::ancestry(&Live, std::process::id()) } else { Vec::new() }
    }
}

impl Packets for Linux {
    fn packets(&self, program: &[PacketTest]) -> Result<Box<dyn PacketStream + '_>, Error> {
        let opened = self.source().packets(program);
        let source = opened.map_err(|error| Error::new(Operation::CapturePackets, error))?;
        Ok(Box::new(packets::LinuxPackets::new(source)))
    }
}

impl Rdma for Linux {
    fn rdma(&self) -> Result<Answer<Vec<RdmaEndpoint>>, Error> {
        rdma::endpoints(self.source())
    }
}

impl TextTables for Linux {
    fn text_table(&self, table: TextTable) -> Result<Option<Vec<u8>>, Error> {
        text_tables::text_table(self.source(), table)
    }

    fn group_members(&self) -> Answer<Option<Vec<GroupMember>>> {
        groups::members(self.source())
    }
}
