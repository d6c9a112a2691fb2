//! Looks up the names that a table shows.

use crate::output::interrupt;
use crate::settings::{NameSettings, RESOLVE_TIMEOUT};
use netstat_engine::enrich::{HostNames, HostResolver, ServiceNames};
use netstat_engine::view::{ConnectionsView, Names};
use netstat_model::Warning;
use netstat_model::error::words_of;
use netstat_model::{HostAddress, IpEndpoint, Transport};
use netstat_os::{Machine, NameDatabases, NameLookup};
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

/// The source of names, kept while a report is repeated.
pub(super) struct NameSource {
    hosts: HostResolver,
    /// Read once: the file does not change during a run.
    services: Option<ServiceNames>,
}

pub(super) struct DisplayNames<'a> {
    hosts: HostNames,
    services: &'a ServiceNames,
    own_name: Option<String>,
    own_addresses: HashSet<IpAddr>,
}

impl NameSource {
    pub(super) fn new(lookup: Arc<dyn NameLookup>) -> Self {
        Self { hosts: HostResolver::new(lookup).giving_up_when(interrupt::is_pending), services: None }
    }

    /// Returns the names of ports.
    pub(super) fn services(
        &mut self,
        backend: &impl NameDatabases,
        warnings: &mut Vec<Warning>,
    ) -> &ServiceNames {
        self.services.get_or_insert_with(|| {
            let answer = backend.services();
            warnings.extend(answer.warnings);
            ServiceNames::parse(&answer.data)
        })
    }

    /// Looks up the names of these addresses, but for unspecified ones, which have none.
    pub(super) fn hosts(
        &mut self,
        addresses: impl IntoIterator<Item = IpAddr>,
        warnings: &mut Vec<Warning>,
    ) -> HostNames {
        let asked = addresses.into_iter().filter(|address| !address.is_unspecified());
        let deferred = interrupt::Deferred::new();
        let hosts = self.hosts.resolve(asked.map(|it| HostAddress::new(it, 0)), None, RESOLVE_TIMEOUT);
        drop(deferred);
        if hosts.unanswered() > 0 {
            warnings.push(Warning::NamesUnanswered { lookups: hosts.unanswered() });
        }
        hosts
    }

    /// Looks up what the table shows. Names that cannot be found stay numbers, with a warning that says why.
    pub(super) fn look_up(
        &mut self,
        backend: &(impl NameDatabases + Machine),
        view: &ConnectionsView<'_>,
        settings: &NameSettings,
        warnings: &mut Vec<Warning>,
    ) -> DisplayNames<'_> {
        let own_addresses = match backend.local_addresses() {
            Ok(answer) => {
                warnings.extend(answer.warnings);
                answer.data.into_iter().collect()
            }
            Err(error) => {
                let reason = words_of(&error.source);
                warnings
                    .push(Warning::SourceUnavailable { what: "which addresses are this machine's", reason });
                HashSet::new()
            }
        };
        let own_name = match backend.host_name() {
            Ok(name) => Some(name).filter(|name| !name.is_empty()),
            Err(error) => {
                let reason = words_of(&error.source);
                warnings.push(Warning::SourceUnavailable { what: "the name of this machine", reason });
                None
            }
        };
        let others = view
            .peers()
            .filter(|end| !end.address.is_loopback() && !own_addresses.contains(&end.address))
            .map(|end| HostAddress::new(end.address, end.scope));
        let full_name_of = own_name.as_deref().filter(|_| settings.full);
        let deferred = interrupt::Deferred::new();
        let hosts = self.hosts.resolve(others, full_name_of, settings.budget);
        drop(deferred);
        // Who does not wait at all asks for no names that are not known yet.
        if hosts.unanswered() > 0 && !settings.budget.is_zero() {
            warnings.push(Warning::NamesUnanswered { lookups: hosts.unanswered() });
        }
        let own_name = hosts.own_full_name().map(str::to_owned).or(own_name);
        let services = self.services(backend, warnings);
        DisplayNames { hosts, services, own_name, own_addresses }
    }
}

impl Names for DisplayNames<'_> {
    fn host(&self, end: &IpEndpoint) -> Option<&str> {
        self.hosts.name(HostAddress::new(end.address, end.scope))
    }

    fn service(&self, port: u16, protocol: Transport) -> Option<&str> {
        self.services.name(protocol, port)
    }

    fn own_name(&self) -> Option<&str> {
        self.own_name.as_deref()
    }

    fn is_own(&self, address: IpAddr) -> bool {
        self.own_addresses.contains(&address)
    }
}
