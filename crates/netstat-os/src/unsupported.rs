//! The smallest example of the contract: every method answers that it cannot.

use super::resolver::SystemResolver;
use super::{
    CounterSources, Machine, NameDatabases, NameLookup, Origin, Processes, Rdma, Restrictions, Routes,
    Sockets,
};
use netstat_model::query::{Listing, ProcessFields, RouteQuery, Visit};
use netstat_model::{Answer, Error, Operation, OwnerMethod, Warning};
use netstat_model::{
    Conntrack, Counters, Firewall, Inbound, Interface, InterfaceCounters, Judgement, Limits, Missing,
    Namespace, Passage, PersistentRoute, Process, ProcessKey, RdmaEndpoint, Route, SocketRef, SocketTable,
    UnreadRules,
};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A system this program has no back end for.
#[derive(Debug)]
pub struct Unsupported;

impl Unsupported {
    pub(super) fn open(_: Origin<'_>) -> Result<Self, Error> {
        Ok(Self)
    }

    /// Ends a recording, of which there is none.
    ///
    /// # Errors
    /// Never.
    pub fn finish(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn refuse<T>(operation: Operation) -> Result<T, Error> {
    Err(Error::new(operation, io::Error::from(io::ErrorKind::Unsupported)))
}

impl Sockets for Unsupported {
    fn sockets(
        &self,
        _: &Listing<'_>,
        _: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        refuse(Operation::ListSockets)
    }
}

impl Processes for Unsupported {
    fn processes(&self, wanted: &[ProcessKey], _: ProcessFields) -> Vec<Process> {
        wanted.iter().map(|&id| Process::unknown(id, Missing::Unreadable)).collect()
    }
}

impl Machine for Unsupported {
    fn host_name(&self) -> Result<String, Error> {
        refuse(Operation::ReadHostName)
    }
    fn uptime(&self) -> Result<Duration, Error> {
        refuse(Operation::ReadUptime)
    }
    fn now(&self) -> Option<SystemTime> {
        None
    }
    fn boot_id(&self) -> Option<Box<str>> {
        None
    }
    fn namespace(&self) -> Option<Namespace> {
        None
    }
}

impl NameDatabases for Unsupported {
    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error> {
        refuse(Operation::ListAddresses)
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
        Arc::new(SystemResolver::default())
    }
}

impl Routes for Unsupported {
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

impl CounterSources for Unsupported {
    fn counters(&self) -> Result<Answer<Counters>, Error> {
        refuse(Operation::ReadCounters)
    }
    fn interface_counters(&self) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
        refuse(Operation::ListInterfaces)
    }
}

impl Restrictions for Unsupported {
    fn limits(&self) -> Result<Answer<Limits>, Error> {
        refuse(Operation::ReadLimits)
    }
    fn conntrack(&self) -> Result<Answer<Option<Conntrack>>, Error> {
        refuse(Operation::ReadConntrack)
    }
    fn firewall(&self, asked: &[Inbound]) -> Firewall {
        let reason = io::Error::from(io::ErrorKind::Unsupported).to_string();
        Firewall {
            judgements: vec![None; asked.len()],
            published: Vec::new(),
            unread: vec![UnreadRules { of: "the firewall", reason }],
        }
    }
}

impl Rdma for Unsupported {
    fn rdma(&self) -> Result<Answer<Vec<RdmaEndpoint>>, Error> {
        refuse(Operation::ListRdma)
    }
}
