//! THE CONTRACT between this program and an operating system.
//!
//! A back end is a folder here with the same file names as the others. It asks the kernel (`fetch_*`), turns bytes
//! into the model (`decode_*`, pure functions that never panic) and says what it could not learn ([`netstat_model::Warning`]).
//! Every byte from the system passes one seam, which can be recorded to a folder and answered from it ([`tape`]).
//!
//! | function | Linux source | Windows source |
//! |---|---|---|
//! | [`Sockets::sockets`] | sock_diag (`NETLINK_SOCK_DIAG`), else `/proc/net/{tcp,tcp6,udp,udp6}` | `GetExtendedTcpTable`, `GetExtendedUdpTable`; beyond them `GetTcpTable2`, `GetPerTcpConnectionEStats`, `GetOwnerModuleFromTcpEntry` and its kin, and for bound sockets and UDP peers functions that are not documented |
//! | owners of sockets | a BPF program (`iter/task_file`), else `/proc/PID/fd` | in the same tables |
//! | [`Processes::processes`] | `/proc/PID/{comm,exe,cmdline,status,cgroup}`; names of containers from the files of their runtimes | `NtQuerySystemInformation`, `QueryFullProcessImageNameW`, the service manager |
//! | [`Sockets::is_elevated`] | not needed: what may not be seen is told by each answer | `GetTokenInformation`, `TokenElevation` |
//! | [`NameDatabases::local_addresses`] | rtnetlink `RTM_GETADDR` | `GetUnicastIpAddressTable` |
//! | [`Machine::host_name`] | `/proc/sys/kernel/hostname` | `GetComputerNameExW` |
//! | [`Routes::interfaces`] | rtnetlink `RTM_GETLINK`, `RTM_GETADDR` | `GetIfTable2`, `GetAdaptersAddresses`, `GetUnicastIpAddressTable` |
//! | [`Routes::routes`] | rtnetlink `RTM_GETROUTE`, `RTM_GETNEXTHOP` | `GetIpForwardTable2`, `GetIpInterfaceTable` |
//! | [`Routes::persistent_routes`] | the files of systemd-networkd, NetworkManager and ifupdown | the registry: `PersistentRoutes`, and the store of the network stack |
//! | [`NameDatabases::services`] | `/etc/services`, then `/usr/etc/services` | `%SystemRoot%\System32\drivers\etc\services` |
//! | [`NameDatabases::users`] | `/etc/passwd` | not needed: names come with the processes |
//! | [`NameDatabases::name_lookup`] | the system resolver, by getnameinfo | the same, by `GetNameInfoW` |
//! | [`Rdma::rdma`] | RDMA netlink `RDMA_NLDEV_CMD_RES_CM_ID_GET` | the registry: whether an adapter does RDMA (`*NetworkDirect`); connections are not documented |
//! | [`CounterSources::counters`] | `/proc/net/{snmp,snmp6,netstat,sockstat,sockstat6}`, limits from `/proc/sys/net/ipv4` | `GetIpStatisticsEx`, `GetIcmpStatisticsEx`, `GetTcpStatisticsEx2`, `GetUdpStatisticsEx2` |
//! | [`CounterSources::interface_counters`] | rtnetlink `RTM_GETLINK`, `IFLA_STATS64` | `GetIfTable2` |
//! | [`Restrictions::limits`] | `/proc/sys/net/{ipv4,core}` | `netsh interface ipv4 show dynamicport` and `show excludedportrange`, for each protocol and family |
//! | [`Restrictions::conntrack`] | `/proc/sys/net/netfilter`, `/proc/net/stat/nf_conntrack` | no such table |
//! | [`Restrictions::descriptors`] | `/proc/PID/{fd,limits}`, and the lists of sockets of all families | not told |
//! | [`Restrictions::firewall`] | `NETLINK_NETFILTER`, the chains, rules and sets of nftables | the registry, `FirewallPolicy` |
//! | [`Actions::close`] | sock_diag `SOCK_DESTROY` | `SetTcpEntry` (IPv4) |
//! | [`Actions::end`] | `pidfd_send_signal`, by the open `/proc/PID` | `TerminateProcess` |
//! | [`Actions::ancestry`] | `/proc/PID/stat` | `NtQuerySystemInformation` |
//! | [`Events::events`] | BPF programs (`inet_sock_set_state`, `tcp_destroy_sock`), else the messages of sock_diag about destroyed sockets, and looks at the table | looks at the table |
//! | [`SocketWatch`] | `/proc/thread-self/net/{snmp,snmp6,sockstat,sockstat6}`; the messages of sock_diag about destroyed sockets; sock_diag by cookie | nothing: the tables are listed again |
//! | [`Packets::packets`] | a packet socket with a ring (`TPACKET_V3`) | not yet |
//! | [`TextTables::text_table`] | `/proc/net/{route,ipv6_route,igmp,igmp6,dev_mcast,unix,raw,raw6,udplite,udplite6,dev,if_inet6,snmp,snmp6,netstat}` and those of old families, `/etc/networks`, `/etc/protocols` | no such tables |
//! | [`Machine::uptime`] | `/proc/uptime` | `GetTickCount64` |
//! | [`Machine::now`] | `CLOCK_REALTIME` | `GetSystemTimePreciseAsFileTime` |
//! | [`Machine::boot_id`] | `/proc/sys/kernel/random/boot_id` | none documented |
//! | [`Machine::namespace`] | the inode that `/proc/thread-self/ns/net` names | no such thing |
//!
//! To add a system, implement the traits of the contract for a type in a folder of its own, and open it in [`Opened`].
//!
//! ```
//! use netstat_model::query::{Kinds, Listing, OwnerSearch, SocketQuery, States, Visit};
//! use netstat_os::{Origin, Sockets};
//!
//! # fn main() -> Result<(), netstat_model::Error> {
//! let system = netstat_os::open(Origin::Live)?;
//! let query = SocketQuery::new(Kinds::TCP, States::LISTEN);
//! let listing = Listing { query: &query, owners: OwnerSearch::No, may_restart: true };
//! let (table, _) = system.sockets(&listing, &mut |_| Visit::Keep)?.data;
//! assert!(table.iter().all(|socket| socket.remote.is_none()));
//! # Ok(())
//! # }
//! ```

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

#[cfg(not(any(target_os = "linux", windows)))]
compile_error!("there are back ends for Linux and Windows only");

use netstat_model::Error;

mod contract;
mod described;
#[cfg(target_os = "linux")]
mod linux;
mod looks;
mod opened;
pub mod resolver;
pub mod tape;
mod windows;

pub use opened::Opened;

/// The decoders, open to the fuzzer alone: `cargo fuzz run NAME` (see `fuzz/`). None of them may panic.
#[cfg(all(fuzzing, target_os = "linux"))]
pub mod fuzzing {
    pub use super::linux::fuzzing::*;
    pub use super::windows::fuzzing::*;
}

pub use contract::{
    Actions, Backend, Closed, Confined, CounterSources, Destroyed, DestroyedSockets, Ended, Ending,
    EventStream, EventWishes, Events, KeptBack, KeptIn, Machine, NameDatabases, NotPinned, Origin, Packet,
    PacketCounts, PacketDirection, PacketStream, PacketTest, Packets, Pinned, Processes, Rdma, Restrictions,
    Routes, SocketWatch, Sockets, TextTable, TextTables,
};
pub use described::{described, os_string};
pub use resolver::NameLookup;

/// Moves the calling thread into another network namespace, so that it, the threads that it starts from then on and every
/// back end ask there: that of a process by its ID, one that `ip netns` knows by name, or that of a file, which a path with a
/// slash leads to. Call it on the main thread before there are others, because `/proc/net` is that of the main thread.
///
/// # Errors
/// When there is no such namespace, the caller may not enter it (Linux: `CAP_SYS_ADMIN`), or the system has none (Windows).
pub fn enter_namespace(of: &std::ffi::OsStr) -> Result<(), Error> {
    #[cfg(target_os = "linux")]
    {
        linux::enter_namespace(of)
    }
    #[cfg(windows)]
    {
        let why = format!("{}: Windows has no network namespaces that a program could enter", of.display());
        let error = std::io::Error::new(std::io::ErrorKind::Unsupported, why);
        Err(Error::new(netstat_model::Operation::EnterNamespace, error))
    }
}

/// Gives up, for good, what a program needs no more that goes on looking: it opens no file to write and none that is new,
/// starts no program, speaks to nobody but the kernel, and changes nothing of the machine. Files and sockets that are open
/// stay so. Call it before other threads are started. `None` where the system has nothing like it (Windows).
pub fn confine() -> Option<Confined> {
    #[cfg(target_os = "linux")]
    {
        Some(linux::confine())
    }
    #[cfg(windows)]
    {
        None
    }
}

/// Returns the names by which [`enter_namespace`] knows network namespaces; none on Windows.
pub fn named_namespaces() -> Vec<std::ffi::OsString> {
    #[cfg(target_os = "linux")]
    {
        linux::named_namespaces()
    }
    #[cfg(windows)]
    {
        Vec::new()
    }
}

/// The back end of the system this program was built for, or of the one that a recording was made on.
///
/// # Errors
/// When the folder of the recording cannot be made or read, or no back end of this program replays it.
pub fn open(origin: Origin<'_>) -> Result<Opened, Error> {
    Opened::open(origin)
}
