//! THE CONTRACT between this program and an operating system.
//!
//! A back end is a folder here with the same file names as the others. It asks the kernel (`fetch_*`), turns bytes
//! into the model (`decode_*`, pure functions that never panic) and says what it could not learn ([`netstat_model::Warning`]).
//! Every byte from the system passes one seam, which can be recorded to a folder and answered from it ([`tape`]).
//!
//! | function | Linux source | Windows source |
//! |---|---|---|
//! | [`Backend::sockets`] | sock_diag (`NETLINK_SOCK_DIAG`), else `/proc/net/{tcp,tcp6,udp,udp6}` | `GetExtendedTcpTable`, `GetExtendedUdpTable`; beyond them `GetTcpTable2`, `GetPerTcpConnectionEStats`, `GetOwnerModuleFromTcpEntry` and its kin, and for bound sockets and UDP peers functions that are not documented |
//! | owners of sockets | a BPF program (`iter/task_file`), else `/proc/PID/fd` | in the same tables |
//! | [`Backend::processes`] | `/proc/PID/{comm,exe,cmdline,status,cgroup}` | `NtQuerySystemInformation`, `QueryFullProcessImageNameW`, the service manager |
//! | [`Backend::is_elevated`] | not needed: what may not be seen is told by each answer | `GetTokenInformation`, `TokenElevation` |
//! | [`Backend::local_addresses`] | rtnetlink `RTM_GETADDR` | `GetUnicastIpAddressTable` |
//! | [`Backend::host_name`] | `/proc/sys/kernel/hostname` | `GetComputerNameExW` |
//! | [`Backend::interfaces`] | rtnetlink `RTM_GETLINK`, `RTM_GETADDR` | `GetIfTable2`, `GetAdaptersAddresses`, `GetUnicastIpAddressTable` |
//! | [`Backend::routes`] | rtnetlink `RTM_GETROUTE`, `RTM_GETNEXTHOP` | `GetIpForwardTable2`, `GetIpInterfaceTable` |
//! | [`Backend::persistent_routes`] | the files of systemd-networkd, NetworkManager and ifupdown | the registry: `PersistentRoutes`, and the store of the network stack |
//! | [`Backend::services`] | `/etc/services`, then `/usr/etc/services` | `%SystemRoot%\System32\drivers\etc\services` |
//! | [`Backend::users`] | `/etc/passwd` | not needed: names come with the processes |
//! | [`Backend::name_lookup`] | the system resolver, by getnameinfo | the same, by `GetNameInfoW` |
//! | [`Backend::rdma`] | RDMA netlink `RDMA_NLDEV_CMD_RES_CM_ID_GET` | not documented |
//! | [`Backend::counters`] | `/proc/net/{snmp,snmp6,netstat,sockstat,sockstat6}`, limits from `/proc/sys/net/ipv4` | `GetIpStatisticsEx`, `GetIcmpStatisticsEx`, `GetTcpStatisticsEx2`, `GetUdpStatisticsEx2` |
//! | [`Backend::interface_counters`] | rtnetlink `RTM_GETLINK`, `IFLA_STATS64` | `GetIfTable2` |
//! | [`Backend::limits`] | `/proc/sys/net/{ipv4,core}` | `netsh interface ipv4 show dynamicport` and `show excludedportrange`, for each protocol and family |
//! | [`Backend::conntrack`] | `/proc/sys/net/netfilter`, `/proc/net/stat/nf_conntrack` | no such table |
//! | [`Backend::firewall`] | `NETLINK_NETFILTER`, the chains, rules and sets of nftables | the registry, `FirewallPolicy` |
//! | [`Backend::uptime`] | `/proc/uptime` | `GetTickCount64` |
//!
//! To add a system, begin with a copy of `unsupported.rs`.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

use netstat_model::query::{Listing, ProcessFields, RouteQuery, Visit};
use netstat_model::{Answer, Error, OwnerMethod};
use netstat_model::{
    Conntrack, Counters, Firewall, Inbound, Interface, InterfaceCounters, Limits, PersistentRoute, Process,
    ProcessId, RdmaEndpoint, Route, SocketRef, SocketTable,
};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

#[cfg(target_os = "linux")]
mod linux;
pub mod resolver;
pub mod tape;
#[cfg(not(any(target_os = "linux", windows)))]
mod unsupported;
#[cfg(any(windows, test, fuzzing))]
#[cfg_attr(
    not(windows),
    expect(dead_code, unreachable_pub, reason = "elsewhere it is there for the tests of its decoders alone")
)]
mod windows;

#[cfg(target_os = "linux")]
pub use linux::Linux as Native;
#[cfg(not(any(target_os = "linux", windows)))]
pub use unsupported::Unsupported as Native;
#[cfg(windows)]
pub use windows::Windows as Native;

/// The decoders, open to the fuzzer alone: `cargo fuzz run NAME` (see `fuzz/`). None of them may panic.
#[cfg(all(fuzzing, target_os = "linux"))]
pub mod fuzzing {
    pub use super::linux::fuzzing::*;
    pub use super::windows::fuzzing::*;
}

pub use resolver::NameLookup;

/// What an operating system can be asked. See the table above for where each answer comes from.
pub trait Backend {
    /// Lists the sockets of the current network namespace that a query selects. Each is shown to `visit` as soon as it is
    /// read, which says whether it goes into the table; a table of any length can so be passed on without being kept.
    /// Afterwards the owners of those sockets are looked for that `listing` and `visit` ask for: none of these is
    /// [`OwnershipRef::NotRead`](netstat_model::OwnershipRef::NotRead) then.
    ///
    /// # Errors
    /// When no source gave the table, or the only means allowed to find owners failed. A table that is whole but for some
    /// rows, or whose owners could not be found, comes with a warning.
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error>;

    /// What is asked of the processes given, in the same order. A process that has ended meanwhile answers
    /// `Missing::Gone` for every field, never with what its successor of the same number has.
    fn processes(&self, wanted: &[ProcessId], fields: ProcessFields) -> Vec<Process>;

    /// Whether this process may be told which part of a process made a socket (`-b`): on Windows elevated ones are.
    ///
    /// # Errors
    /// When the system refused to say.
    fn is_elevated(&self) -> Result<bool, Error> {
        Ok(true)
    }

    /// The addresses of this machine's interfaces, loopback included.
    ///
    /// # Errors
    /// When the system refused the list.
    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error>;

    /// The name of this machine as it was set, short or full.
    ///
    /// # Errors
    /// When the system refused it or it is not text.
    fn host_name(&self) -> Result<String, Error>;

    /// The services database as its file has it. Empty, with a warning, where there is none: ports then stay numbers.
    fn services(&self) -> Answer<Vec<u8>>;

    /// The users database as its file has it. Empty, with a warning, where there is none: users then stay numbers.
    fn users(&self) -> Answer<Vec<u8>>;

    /// Who tells the names of addresses. A replay answers from its recording and never asks the network.
    fn name_lookup(&self) -> Arc<dyn NameLookup>;

    /// RDMA connections and listeners. Empty on a machine without RDMA.
    ///
    /// # Errors
    /// When the system has RDMA but refused the list.
    fn rdma(&self) -> Result<Answer<Vec<RdmaEndpoint>>, Error>;

    /// What the protocols counted since the system started (on Linux: since the network namespace was made).
    ///
    /// # Errors
    /// When the counters of IPv4 could not be read, which every system has.
    fn counters(&self) -> Result<Answer<Counters>, Error>;

    /// What limits the number of sockets and ports. A limit that the system does not have is unknown.
    ///
    /// # Errors
    /// When the ports to choose from could not be read, which every system has.
    fn limits(&self) -> Result<Answer<Limits>, Error>;

    /// The table in which a firewall keeps the connections that it tracks; `None` where it tracks none.
    ///
    /// # Errors
    /// When there is such a table and the system refused it.
    fn conntrack(&self) -> Result<Answer<Option<Conntrack>>, Error>;

    /// What the firewall of this machine does with each of these, by the rules that can be read. Rules that cannot be are
    /// named with the reason.
    fn firewall(&self, asked: &[Inbound]) -> Firewall;

    /// How long the system has been running: the clock by which two answers are told apart in time, in a replay as it
    /// was when they were recorded.
    ///
    /// # Errors
    /// When the system refused it or it made no sense.
    fn uptime(&self) -> Result<Duration, Error>;

    /// Every interface with what it counted, loopback included, by index.
    ///
    /// # Errors
    /// When the system refused the list.
    fn interface_counters(&self) -> Result<Answer<Vec<InterfaceCounters>>, Error>;
    /// The network interfaces and their addresses, in the order of the system, also those that are down.
    ///
    /// # Errors
    /// When the system refused either list.
    fn interfaces(&self) -> Result<Answer<Vec<Interface>>, Error>;

    /// The routes of the tables and families asked for, in the order of the system, IPv4 first. What the kernel keeps
    /// for single destinations (the route cache) is left out. A family the system does not have has no routes.
    ///
    /// # Errors
    /// When the system refused the list.
    fn routes(&self, query: &RouteQuery) -> Result<Answer<Vec<Route>>, Error>;

    /// The routes that are configured to come back at the next start. Linux has no single place for them: the answer
    /// always carries the warning [`netstat_model::Warning::PersistentSources`], which says what was read.
    ///
    /// # Errors
    /// When the system has a single place for them and refused it.
    fn persistent_routes(&self) -> Result<Answer<Vec<PersistentRoute>>, Error>;
}

/// Where the system's answers come from and go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// The running system.
    Live,
    /// The running system, and every byte it gives is also written to this folder.
    Record(&'a Path),
    /// The folder of an earlier recording; the running system is not asked.
    Replay(&'a Path),
}

/// The back end of the system this program was built for.
///
/// # Errors
/// When the folder of the recording cannot be made or read.
pub fn open(origin: Origin<'_>) -> Result<Native, Error> {
    Native::open(origin)
}
