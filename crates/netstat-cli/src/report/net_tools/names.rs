//! The names that lists and tables show.

use crate::render::net_tools::{InetNames, RouteNames};
use crate::report::names::NameSource;
use crate::settings::SocketList;
use netstat_engine::enrich::{HostNames, ServiceNames, UserNames};
use netstat_engine::kernel_text::{NetworkNames, ProtocolNames};
use netstat_model::{Family, HostAddress, SocketRef, Transport, Warning};
use netstat_os::NameDatabases;
use std::net::{IpAddr, Ipv4Addr};

/// Names of hosts, ports and users, each only where it is wanted.
pub(super) struct ListNames<'a> {
    hosts: Option<HostNames>,
    services: Option<&'a ServiceNames>,
    protocols: ProtocolNames,
    users: Option<UserNames>,
}

impl<'a> ListNames<'a> {
    /// Looks up what the list shows. Names that cannot be found stay numbers, with a warning that says why.
    pub(super) fn look_up(
        source: &'a mut NameSource,
        backend: &impl NameDatabases,
        list: &SocketList,
        addresses: impl Iterator<Item = IpAddr>,
        protocols: ProtocolNames,
        warnings: &mut Vec<Warning>,
    ) -> Self {
        let hosts = (!list.numeric_hosts).then(|| source.hosts(addresses, warnings));
        let users = (list.columns.user_and_inode && !list.numeric_users).then(|| {
            let answer = backend.users();
            warnings.extend(answer.warnings);
            UserNames::parse(&answer.data)
        });
        let services = if list.numeric_ports { None } else { Some(source.services(backend, warnings)) };
        Self { hosts, services, protocols, users }
    }
}

/// Returns the addresses that can have a name: net-tools finds none for an IPv4 address of an IPv6 socket.
pub(super) fn addresses_of<'s>(sockets: impl Iterator<Item = SocketRef<'s>>) -> impl Iterator<Item = IpAddr> {
    sockets
        .flat_map(|socket| {
            let four_in_six = socket.family == Some(Family::V6);
            [socket.local_ip(), socket.remote_ip()]
                .into_iter()
                .flatten()
                .filter(move |end| !(four_in_six && end.address.is_ipv4()))
        })
        .map(|end| end.address)
}

impl InetNames for ListNames<'_> {
    fn host(&self, address: IpAddr) -> Option<&str> {
        self.hosts.as_ref()?.name(HostAddress::new(address, 0))
    }

    fn service(&self, port: u16, protocol: Transport) -> Option<&str> {
        self.services?.name(protocol, port)
    }

    fn protocol(&self, number: u16) -> Option<&str> {
        self.protocols.name(number)
    }

    fn user(&self, uid: u32) -> Option<&str> {
        self.users.as_ref()?.name(uid)
    }

    fn names_hosts(&self) -> bool {
        self.hosts.is_some()
    }
}

/// Names of hosts and networks; no names at all where `hosts` is `None`.
pub(super) struct AddressNames<'a> {
    pub(super) hosts: Option<HostNames>,
    pub(super) networks: NetworkNames<'a>,
}

impl AddressNames<'_> {
    /// Returns the name of a host.
    pub(super) fn of(&self, address: IpAddr) -> Option<&str> {
        self.hosts.as_ref()?.name(HostAddress::new(address, 0))
    }
}

impl RouteNames for AddressNames<'_> {
    fn host(&self, address: IpAddr) -> Option<&str> {
        self.of(address)
    }

    fn network(&self, address: Ipv4Addr) -> Option<&str> {
        self.networks.name(address)
    }

    fn are_wanted(&self) -> bool {
        self.hosts.is_some()
    }
}
