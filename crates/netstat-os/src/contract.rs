//! What an operating system can be asked, in small traits: a store or a test implements only those it has answers for.

mod confined;
mod packets;
mod survival;

use crate::resolver::NameLookup;
pub use confined::Confined;
use netstat_model::history::{ConnectionEvent, EventCounts, EventMethod};
use netstat_model::query::{Listing, ProcessFields, RouteQuery, Scope, SocketQuery, Visit};
use netstat_model::{
    Answer, Conntrack, Counters, DescriptorUse, Error, Firewall, GroupMember, Inbound, Interface,
    InterfaceCounters, IpEndpoint, Keeper, Limits, Namespace, NetworkNamespace, NoBpf, Operation,
    OwnerMethod, PersistentRoute, Process, ProcessKey, RdmaEndpoint, Route, SnapshotInfo, SocketRef,
    SocketTable, StandIn,
};
pub use packets::{Packet, PacketCounts, PacketDirection, PacketStream, PacketTest, Packets};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
pub use survival::{KeptBack, KeptIn, NotPinned, Pinned};

/// Lists sockets.
pub trait Sockets {
    /// Lists the sockets that a query selects, of the current network namespace or of all of them. Each is shown to `visit` as soon as it is
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

    /// Whether this process may be told which part of a process made a socket (`-b`): on Windows elevated ones are.
    ///
    /// # Errors
    /// When the system refused to say.
    fn is_elevated(&self) -> Result<bool, Error> {
        Ok(true)
    }
}

/// Describes processes.
pub trait Processes {
    /// What is asked of the processes given, in the same order. A process that has ended meanwhile answers
    /// `Missing::Gone` for every field, never with what its successor of the same number has. What the system refuses or
    /// fails to tell is a warning for each reason.
    fn processes(&self, wanted: &[ProcessKey], fields: ProcessFields) -> Answer<Vec<Process>>;

    /// The listeners that these processes keep for others, as they are configured: on Linux those of systemd's socket units
    /// and those that the kernel has for tunnels and the like,
    /// on Windows those of http.sys and of the port proxy. What the kernel has is told of the network namespaces of the scope.
    /// Why some may be missing is a warning.
    fn stand_ins(&self, _keepers: &[Keeper], _scope: Scope) -> Answer<Vec<StandIn>> {
        Answer::whole(Vec::new())
    }
}

/// Tells which machine this is, and the time there.
pub trait Machine {
    /// The name of this machine as it was set, short or full.
    ///
    /// # Errors
    /// When the system refused it or it is not text.
    fn host_name(&self) -> Result<String, Error>;

    /// How long the system has been running: the clock by which two answers are told apart in time, in a replay as it
    /// was when they were recorded.
    ///
    /// # Errors
    /// When the system refused it or it made no sense.
    fn uptime(&self) -> Result<Duration, Error>;

    /// The time of day, in a replay that of the recording. It may jump when the clock is set. `None` where the system does
    /// not tell it, and in a recording made before the clock was part of one.
    fn now(&self) -> Option<SystemTime>;

    /// The random ID of this boot. `None` on Windows, and where the system refused it.
    fn boot_id(&self) -> Option<Box<str>>;

    /// The network namespace that sockets, routes and counters are of: that of the calling thread. `None` on Windows, and
    /// where the system refused it.
    fn namespace(&self) -> Option<Namespace>;

    /// The network namespaces of this machine, as far as they can be found, in the order of their inodes. What may be
    /// missing is a warning.
    ///
    /// # Errors
    /// When the system refused the list, or has no such thing.
    fn namespaces(&self) -> Result<Answer<Vec<NetworkNamespace>>, Error> {
        Err(Error::new(Operation::ListNamespaces, std::io::ErrorKind::Unsupported.into()))
    }

    /// Where and when data is taken: all of the above. What the system refuses is unknown.
    fn info(&self) -> SnapshotInfo {
        SnapshotInfo {
            at: self.now(),
            uptime: self.uptime().ok(),
            host: self.host_name().ok().filter(|name| !name.is_empty()),
            boot_id: self.boot_id(),
            namespace: self.namespace(),
        }
    }
}

/// Gives what names of ports, users and addresses are made from.
pub trait NameDatabases {
    /// The addresses of this machine's interfaces, loopback included.
    ///
    /// # Errors
    /// When the system refused the list.
    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error>;

    /// The services database as its file has it. Empty, with a warning, where there is none: ports then stay numbers.
    fn services(&self) -> Answer<Vec<u8>>;

    /// The users database as its file has it. Empty, with a warning, where there is none: users then stay numbers.
    fn users(&self) -> Answer<Vec<u8>>;

    /// The hosts file as it is: names that this machine itself gives to addresses. Empty where there is none.
    fn hosts(&self) -> Answer<Vec<u8>> {
        Answer::whole(Vec::new())
    }

    /// Whether the user of a socket is the account of its process, as on Windows, and not a number of the socket.
    fn has_accounts(&self) -> bool {
        false
    }

    /// Who tells the names of addresses. A replay answers from its recording and never asks the network.
    fn name_lookup(&self) -> Arc<dyn NameLookup>;
}

/// Lists interfaces and routes.
pub trait Routes {
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

    /// The routes that are configured to come back at the next start. Linux has no single place for them: where
    /// a file could not be read or understood, the answer carries the warning
    /// [`netstat_model::Warning::PersistentSources`], which says what was read.
    ///
    /// # Errors
    /// When the system has a single place for them and refused it.
    fn persistent_routes(&self) -> Result<Answer<Vec<PersistentRoute>>, Error>;
}

/// Reads counters of protocols and interfaces.
pub trait CounterSources {
    /// What the protocols counted since the system started (on Linux: since the network namespace was made).
    ///
    /// # Errors
    /// When the counters of IPv4 could not be read, which every system has.
    fn counters(&self) -> Result<Answer<Counters>, Error>;

    /// Every interface with what it counted, loopback included, by index.
    ///
    /// # Errors
    /// When the system refused the list.
    fn interface_counters(&self) -> Result<Answer<Vec<InterfaceCounters>>, Error>;
}

/// Tells what limits or refuses connections.
pub trait Restrictions {
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

    /// The descriptors of the processes of the current network namespace: how many are in use, how many may be, and how many
    /// are sockets that no table lists. Processes that may not be read are counted; why something else is unknown is a
    /// warning. `None` where the system does not tell that.
    ///
    /// # Errors
    /// When the processes or the sockets could not be listed.
    fn descriptors(&self) -> Result<Answer<Option<DescriptorUse>>, Error> {
        Ok(Answer::whole(None))
    }

    /// What the firewall of this machine does with each of these, by the rules that can be read. Rules that cannot be are
    /// named with the reason.
    fn firewall(&self, asked: &[Inbound]) -> Firewall;
}

/// Tells what happens to sockets between two lists of them. A system that tells nothing of that has to be listed again.
pub trait SocketWatch {
    /// Counters of the current network namespace that move when a connection is opened or ends, and when a segment or datagram
    /// passes. They do not tell of sockets that are bound only, of one of UDP that took the place of another, and of one that
    /// came to another process. `None` where the system has none.
    fn pulse(&self) -> Option<Vec<u8>> {
        None
    }

    /// Begins to hear of TCP sockets of the current network namespace that the system destroys. `None` where it does not say.
    fn destroyed(&self) -> Option<Box<dyn DestroyedSockets + '_>> {
        None
    }

    /// Reads sockets again, by their identity: at most what a query asks of each, and no owners. Those that are there no more
    /// are left out.
    ///
    /// # Errors
    /// When the system refused, or knows no identity of a socket.
    fn again(&self, _sockets: &[SocketRef<'_>], _query: &SocketQuery) -> Result<SocketTable, Error> {
        Err(Error::new(Operation::ListSockets, std::io::ErrorKind::Unsupported.into()))
    }
}

/// Hears of sockets that the system destroys.
pub trait DestroyedSockets {
    /// Adds those since the last call, without waiting for one. Returns how many there were beside these.
    ///
    /// # Errors
    /// When the system refused. Some may be missing then.
    fn take(&mut self, into: &mut Vec<Destroyed>) -> Result<u64, Error>;
}

/// A TCP socket that the system has destroyed, as it said itself. Whose it was nobody knows by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destroyed {
    /// The identity of the socket.
    pub cookie: u64,
    /// The local end.
    pub local: IpEndpoint,
    /// The remote end; `None` for a listener, and where the system has let go of it.
    pub remote: Option<IpEndpoint>,
    /// Bytes of data sent, each once.
    pub bytes_sent: Option<u64>,
    /// Bytes of data received.
    pub bytes_received: Option<u64>,
    /// The smoothed round-trip time, in microseconds.
    pub rtt: Option<u32>,
    /// The shortest round-trip time of the last minutes, in microseconds.
    pub min_rtt: Option<u32>,
    /// Segments sent again.
    pub retransmits: Option<u32>,
}

/// Lists RDMA connections.
pub trait Rdma {
    /// RDMA connections and listeners. Empty on a machine without RDMA.
    ///
    /// # Errors
    /// When the system has RDMA but refused the list.
    fn rdma(&self) -> Result<Answer<Vec<RdmaEndpoint>>, Error>;
}

/// Watches connections open and end.
pub trait Events {
    /// Begins to watch, by the best means that this system and this user have. What is open already is told first.
    fn events(&self, wishes: EventWishes) -> Box<dyn EventStream + '_>;

    /// The same for events that are kept in a history: where the system can, the stream goes on where an earlier one of this
    /// history stopped that was not dropped, because its recorder was killed.
    fn events_kept(&self, wishes: EventWishes, _kept_in: &KeptIn) -> Box<dyn EventStream + '_> {
        self.events(wishes)
    }

    /// The folders of what recorders of a history left in the kernel when they were killed. They are removed, if that is wanted.
    ///
    /// # Errors
    /// When the system refused to look or to remove.
    fn left_behind(&self, _file: &Path, _remove: bool) -> Result<Vec<PathBuf>, NotPinned> {
        Ok(Vec::new())
    }
}

/// How connections are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventWishes {
    /// Whether to keep the arguments of processes, which may hold passwords.
    pub arguments: bool,
    /// Whether not to use BPF.
    pub without_bpf: bool,
    /// Whether connections of TCP are enough: UDP sockets are looked at, once a second.
    pub tcp_alone: bool,
    /// Whether to tell as well to whom each UDP socket sends and from whom it receives, where BPF can be used.
    pub flows: bool,
}

/// Connections as they open and end.
///
/// An event stays in the buffer between the kernel and this program until [`release`](EventStream::release) is called, so
/// that one that was taken and not yet kept is not lost with this program.
pub trait EventStream {
    /// By what means events are seen.
    fn method(&self) -> EventMethod;

    /// How long to wait before the next [`take`](EventStream::take), so that the buffer does not overflow.
    fn pause(&self) -> Duration;

    /// Adds what has happened since the last call. Never waits for something to happen.
    ///
    /// # Errors
    /// When the system refused. What was seen before that is added all the same; what was missed since the last call nobody
    /// tells, so whoever asks notes a gap. The next call may succeed.
    fn take(&mut self, into: &mut Vec<ConnectionEvent>) -> Result<(), Error>;

    /// Lets go of what was taken.
    fn release(&mut self);

    /// Adds what was kept back because more may become known of it. For the end of a recording.
    fn finish(&mut self, into: &mut Vec<ConnectionEvent>);

    /// What was counted since the stream began.
    fn counts(&self) -> EventCounts;

    /// Returns whether a part of what was open at the start is still to be told, by the next [`take`](EventStream::take), which
    /// need not wait.
    fn tells_on(&self) -> bool {
        false
    }

    /// Returns whether all that was open in a network namespace at the start was told, by the first take that succeeded and
    /// those that [told on](EventStream::tells_on). Where it was not, what was not told of may be there.
    fn has_listed(&self, namespace: Option<Namespace>) -> bool;

    /// Returns whether nothing more will come: it replays what was recorded, and is at its end.
    fn is_over(&self) -> bool {
        false
    }

    /// Whether it tells what happened since an earlier recorder of the same history wrote last.
    fn has_resumed(&self) -> bool {
        false
    }

    /// Whether, where it has resumed, the earlier recorder had taken something that it never wrote. It becomes a gap.
    fn has_lost_some(&self) -> bool {
        false
    }

    /// Whether the end of the socket with this cookie has been taken and will be told later.
    fn keeps_back(&self, _cookie: u64) -> bool {
        false
    }

    /// Whether it tells the flows of UDP, which were wished, or why not; `None` for a stream that never can.
    fn flows(&self) -> Option<Result<(), NoBpf>> {
        None
    }

    /// What a later stream needs to go on behind the events that were taken. It has to be written together with them.
    fn reached(&self) -> Option<Vec<u8>> {
        None
    }

    /// What a later stream needs of the events that were taken and will be told later, as far as that has changed since this was
    /// asked last. It has to be written with the rest.
    fn kept_back(&mut self) -> Vec<KeptBack> {
        Vec::new()
    }

    /// Where the kernel keeps what goes on when the recorder is killed, or why nothing does. `None` for a stream of which
    /// nothing ever can. Dropping the stream removes it.
    fn pinned(&self) -> Pinned<'_> {
        None
    }
}

/// A table that the Linux kernel has as text. Programs of long ago read these, and some have columns that nothing else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextTable {
    /// `/proc/net/route`.
    RoutesV4,
    /// `/proc/net/ipv6_route`.
    RoutesV6,
    /// `/etc/networks`, the names of networks.
    Networks,
    /// `/proc/net/igmp`.
    GroupsV4,
    /// `/proc/net/igmp6`.
    GroupsV6,
    /// `/proc/net/dev_mcast`.
    GroupsLink,
    /// `/proc/net/unix`.
    Unix,
    /// `/proc/net/raw`.
    RawV4,
    /// `/proc/net/raw6`.
    RawV6,
    /// `/proc/net/udplite`.
    UdpLiteV4,
    /// `/proc/net/udplite6`.
    UdpLiteV6,
    /// `/proc/net/sctp/eps`.
    Sctp,
    /// `/proc/net/ipx/socket`.
    Ipx,
    /// `/proc/net/ax25`.
    Ax25,
    /// `/proc/net/x25/socket`.
    X25,
    /// `/proc/net/nr`.
    NetRom,
    /// `/proc/net/rose`.
    Rose,
    /// `/etc/protocols`, the names of the protocols over IP.
    Protocols,
    /// `/sys/fs/selinux/enforce`, which is there where SELinux is enabled.
    SecurityContexts,
    /// `/proc/net/dev`.
    Interfaces,
    /// `/proc/net/if_inet6`.
    AddressesV6,
    /// `/proc/net/snmp`.
    Snmp,
    /// `/proc/net/snmp6`.
    Snmp6,
    /// `/proc/net/netstat`.
    Netstat,
}

/// Gives the text of such tables.
pub trait TextTables {
    /// The text of a table as it is; `None` where the kernel was built without what it is about.
    ///
    /// # Errors
    /// When the system refused it or has no such tables.
    fn text_table(&self, table: TextTable) -> Result<Option<Vec<u8>>, Error>;

    /// Which sockets joined multicast groups of IP, once for each process that holds them; `None`, with the reason as a warning,
    /// where the system does not tell.
    fn group_members(&self) -> Answer<Option<Vec<GroupMember>>> {
        Answer::whole(None)
    }
}

/// Closes sockets and ends processes: all that this program ever changes on a machine. The running system alone does it; a
/// recording keeps nothing of it, and a replay refuses.
pub trait Actions {
    /// Closes these sockets at once, each only if it is still the one that was seen; the other end of a connection is told by
    /// a reset. `seen` is a time before they were listed. Whether a socket is gone then is for another look to tell.
    ///
    /// Linux compares the cookie. Windows closes TCP connections over IPv4 alone, if the same process still has one with these
    /// ends that is older than `seen`.
    fn close(&self, sockets: &[SocketRef<'_>], seen: SystemTime) -> Vec<Result<Closed, Error>>;

    /// Ends these processes, each only if it is still the one that was seen, and waits up to `patience` for all of them.
    fn end(&self, processes: &[ProcessKey], how: Ending, patience: Duration) -> Vec<Result<Ended, Error>>;

    /// This process, the one that started it, and so on, as far as that is known.
    fn ancestry(&self) -> Vec<ProcessKey>;
}

/// What became of a socket that was to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The system accepted to close it.
    Accepted,
    /// It was not found: it is gone, or another socket has its ends now.
    NotFound,
}

/// How to end a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// It is asked, and may finish what it does (SIGTERM). Windows has no such thing and ends it.
    Asked,
    /// At once (SIGKILL, `TerminateProcess`).
    Forced,
}

/// What became of a process that was to be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was seen to end.
    Yes,
    /// It had ended before. Another process may have its number.
    Before,
    /// It is still there.
    NotYet,
}

/// A whole operating system.
pub trait Backend:
    Sockets
    + Processes
    + Machine
    + NameDatabases
    + Routes
    + CounterSources
    + Restrictions
    + Rdma
    + TextTables
    + Events
    + SocketWatch
    + Actions
    + Packets
{
}

impl<T> Backend for T where
    T: Sockets
        + Processes
        + Machine
        + NameDatabases
        + Routes
        + CounterSources
        + Restrictions
        + Rdma
        + TextTables
        + Events
        + SocketWatch
        + Actions
        + Packets
{
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
