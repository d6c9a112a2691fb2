//! Which ports are taken, and by connections to where.

use super::super::Text;
use super::super::data::say;
use super::super::text::host;
use super::texts::{DATA, SOURCE};
use netstat_model::{
    DynamicPorts, Family, IpEndpoint, IpSocketRef, Limits, RowId, SocketTable, TcpState, TimeWaitReuse,
    Transport,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Connections that compete for the same ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Pool {
    /// TCP connections from one address to one remote end, or to all if the system gives no port twice.
    Tcp { local: IpAddr, remote: Option<IpEndpoint> },
    /// TCP sockets that programs have bound to one address themselves: listeners and bound-only ones.
    Bound { local: IpAddr },
    /// UDP sockets of one address.
    Udp { local: IpAddr },
}

impl Pool {
    /// Returns which pool it is, for a sentence.
    pub(super) fn text(&self) -> Text {
        match *self {
            Self::Tcp { local, remote: Some(remote) } => {
                say!("pool-remote", local, remote = SocketAddr::from(remote))
            }
            Self::Tcp { local, remote: None } => say!("pool-tcp", local),
            Self::Bound { local } => say!("pool-bound", local),
            Self::Udp { local } => say!("pool-udp", local),
        }
    }

    /// Returns the family and the protocol, in the words of netsh.
    pub(super) fn words(&self) -> (&'static str, &'static str) {
        let (Self::Tcp { local, .. } | Self::Bound { local } | Self::Udp { local }) = self;
        let family = if local.is_ipv4() { "ipv4" } else { "ipv6" };
        (family, if matches!(self, Self::Udp { .. }) { "udp" } else { "tcp" })
    }

    /// Returns the command that shows its sockets.
    pub(super) fn command(&self) -> String {
        match self {
            Self::Tcp { local, remote: Some(remote) } => {
                format!(
                    "netstat --group-by state,process src {local} dst {} rport {}",
                    host(*remote),
                    remote.port
                )
            }
            Self::Tcp { local, remote: None } => {
                format!("netstat --group-by raddr,rport,process src {local} tcp connected")
            }
            Self::Bound { local } => {
                format!("netstat -q --columns local,state,pid,process src {local} state listening,bound")
            }
            Self::Udp { local } => format!("netstat -a --group-by process src {local} udp"),
        }
    }
}

/// The ports of a pool that are taken.
#[derive(Debug)]
pub(super) struct Use<'a> {
    pub(super) pool: Pool,
    /// The ports that the system chooses from.
    pub(super) capacity: usize,
    /// Ports taken by the sockets of the pool that cannot be taken again.
    own: usize,
    /// Of these, by sockets in TIME_WAIT.
    pub(super) waiting: usize,
    /// Sockets in TIME_WAIT whose ports may be taken again.
    pub(super) reusable: usize,
    /// Ports of the range that programs have bound, which the pool cannot use either.
    pub(super) bound: usize,
    /// No port serves two remote ends here although the system would give it to both: programs have bound their address
    /// before they connected, and a port that is bound is given once.
    pub(super) bound_first: bool,
    table: &'a SocketTable,
    /// The sockets that take them: nearly all of the machine, so nothing but their places is held.
    rows: Vec<RowId>,
}

impl<'a> Use<'a> {
    /// Returns the sockets that take the ports.
    pub(super) fn sockets(&self) -> impl Iterator<Item = IpSocketRef<'a>> {
        self.rows.iter().filter_map(|row| self.table.get(*row)?.ip())
    }

    pub(super) fn taken(&self) -> usize {
        match self.pool {
            Pool::Tcp { .. } => self.own + self.bound,
            Pool::Bound { .. } | Pool::Udp { .. } => self.own,
        }
    }

    pub(super) fn percent(&self) -> f64 {
        if self.capacity == 0 { 0.0 } else { self.taken() as f64 * 100.0 / self.capacity as f64 }
    }

    /// Returns whether its own sockets take a good part of the ports; else the bound ports are reported, once.
    pub(super) fn is_of_its_own(&self) -> bool {
        self.own * 4 >= self.taken()
    }
}

/// Returns the ports to choose from.
pub(super) fn ports(limits: &Limits, protocol: Transport, family: Family) -> Option<&DynamicPorts> {
    match (protocol, family) {
        (Transport::Tcp, Family::V4) => limits.tcp_v4_ports.as_ref(),
        (Transport::Tcp, Family::V6) => limits.tcp_v6_ports.as_ref(),
        (Transport::Udp, Family::V4) => limits.udp_v4_ports.as_ref(),
        (Transport::Udp, Family::V6) => limits.udp_v6_ports.as_ref(),
    }
}

/// The ports to choose from as a lookup table, because every socket is looked up in the same few ranges.
struct Choice {
    dynamic: Vec<bool>,
    count: usize,
    shared_by_remotes: bool,
}

impl Choice {
    fn new(ports: Option<&DynamicPorts>) -> Option<Self> {
        let ports = ports?;
        let dynamic: Vec<bool> = (0..=u16::MAX).map(|port| ports.contains(port)).collect();
        let count = dynamic.iter().filter(|&&is| is).count();
        Some(Self { dynamic, count, shared_by_remotes: ports.shared_by_remotes })
    }

    fn has(&self, port: u16) -> bool {
        self.dynamic.get(usize::from(port)).copied().unwrap_or(false)
    }
}

/// The choices of one protocol for IPv4 and IPv6.
struct Choices([Option<Choice>; 2]);

impl Choices {
    fn of(limits: &Limits, protocol: Transport) -> Self {
        Self([Family::V4, Family::V6].map(|family| Choice::new(ports(limits, protocol, family))))
    }

    fn choice(&self, address: IpAddr) -> Option<&Choice> {
        let [v4, v6] = &self.0;
        if address.is_ipv4() { v4.as_ref() } else { v6.as_ref() }
    }
}

/// Returns whether a port in TIME_WAIT may be taken again for the same ends.
fn is_reusable(socket: &IpSocketRef<'_>, limits: &Limits) -> bool {
    if socket.state != Some(TcpState::TimeWait) || limits.timestamps == Some(false) {
        return false;
    }
    let loopback = socket.local.address.is_loopback()
        && socket.remote.is_some_and(|remote| remote.address.is_loopback());
    let allowed = match limits.time_wait_reuse {
        Some(TimeWaitReuse::Always) => true,
        Some(TimeWaitReuse::Loopback) => loopback,
        Some(TimeWaitReuse::Never) | None => false,
    };
    allowed && socket.time_in_state().is_none_or(|time| time >= Duration::from_secs(1))
}

#[derive(Default)]
struct Count {
    rows: Vec<RowId>,
    waiting: usize,
    reusable: usize,
}

/// Returns every pool of which a port is taken, in no particular order.
pub(super) fn uses<'a>(table: &'a SocketTable, limits: &Limits) -> Vec<Use<'a>> {
    let tcp = Choices::of(limits, Transport::Tcp);
    let udp = Choices::of(limits, Transport::Udp);
    let is_bound =
        |socket: &IpSocketRef<'_>| matches!(socket.state, Some(TcpState::Listen | TcpState::Bound));

    // No connection gets a port that a program has bound, whatever the address.
    let bound: FxHashSet<u16> = table
        .iter_ip()
        .filter(|socket| socket.protocol == Transport::Tcp && is_bound(socket))
        .filter(|socket| tcp.choice(socket.local.address).is_some_and(|choice| choice.has(socket.local.port)))
        .map(|socket| socket.local.port)
        .collect();

    let mut counts: FxHashMap<Pool, Count> = FxHashMap::default();
    for row in table.rows_as_given() {
        let Some(socket) = table.get(row).and_then(|socket| socket.ip()) else { continue };
        let local = socket.local.address;
        let choices = if socket.protocol == Transport::Tcp { &tcp } else { &udp };
        let Some(choice) = choices.choice(local).filter(|choice| choice.has(socket.local.port)) else {
            continue;
        };
        let pool = match (socket.protocol, socket.remote) {
            (Transport::Udp, _) => Pool::Udp { local },
            (Transport::Tcp, _) if is_bound(&socket) => Pool::Bound { local },
            // An accepted connection has the port of its listener.
            (Transport::Tcp, Some(_)) if bound.contains(&socket.local.port) => continue,
            (Transport::Tcp, Some(remote)) => {
                Pool::Tcp { local, remote: choice.shared_by_remotes.then_some(remote) }
            }
            (Transport::Tcp, None) => continue,
        };
        let count = counts.entry(pool).or_default();
        if is_reusable(&socket, limits) {
            count.reusable += 1;
            continue;
        }
        count.waiting += usize::from(socket.state == Some(TcpState::TimeWait));
        count.rows.push(row);
    }
    let each: Vec<Use<'a>> = counts
        .into_iter()
        .map(|(pool, Count { rows, waiting, reusable })| {
            let (Pool::Tcp { local, .. } | Pool::Bound { local } | Pool::Udp { local }) = pool;
            let choices = if matches!(pool, Pool::Udp { .. }) { &udp } else { &tcp };
            let mut own: Vec<u16> = rows.iter().filter_map(|row| table.get(*row)?.local.port()).collect();
            own.sort_unstable();
            own.dedup();
            Use {
                pool,
                capacity: choices.choice(local).map_or(0, |choice| choice.count),
                own: own.len(),
                waiting,
                reusable,
                bound: bound.len(),
                bound_first: false,
                table,
                rows,
            }
        })
        .collect();
    joined_where_bound_first(table, each)
}

/// The expected number of ports shared by chance from which on it is no coincidence that none is shared.
const NOT_CHANCE: u64 = 20;

/// Returns whether no port serves two remote ends of these connections of one address, and that cannot be chance: their
/// programs bound first.
pub(super) fn share_no_port<'a>(sockets: impl Iterator<Item = IpSocketRef<'a>>, capacity: usize) -> bool {
    let mut ends: FxHashMap<IpEndpoint, u64> = FxHashMap::default();
    let mut ports: FxHashSet<u16> = FxHashSet::default();
    for socket in sockets {
        let Some(remote) = socket.remote else { continue };
        if !ports.insert(socket.local.port) {
            return false;
        }
        *ends.entry(remote).or_default() += 1;
    }
    let own = ports.len() as u64;
    let within: u64 = ends.values().map(|count| count.pow(2)).sum();
    // The pairs of connections that could have shared a port.
    let pairs = own.pow(2).saturating_sub(within) / 2;
    pairs >= (capacity as u64).saturating_mul(NOT_CHANCE)
}

/// Joins all connections of an address to one pool if no port serves two of their remote ends. The kernel chooses for
/// each remote end separately, so some would share a port if it had chosen.
fn joined_where_bound_first<'a>(table: &'a SocketTable, uses: Vec<Use<'a>>) -> Vec<Use<'a>> {
    let mut rest = Vec::new();
    let mut by_local: FxHashMap<IpAddr, Vec<Use<'a>>> = FxHashMap::default();
    for used in uses {
        match used.pool {
            Pool::Tcp { local, remote: Some(_) } => by_local.entry(local).or_default().push(used),
            _ => rest.push(used),
        }
    }
    for (local, pools) in by_local {
        let capacity = pools.first().map_or(0, |used| used.capacity);
        if !share_no_port(pools.iter().flat_map(Use::sockets), capacity) {
            rest.extend(pools);
            continue;
        }
        let sum = |of: fn(&Use<'_>) -> usize| pools.iter().map(of).sum();
        rest.push(Use {
            pool: Pool::Tcp { local, remote: None },
            capacity: pools.first().map_or(0, |used| used.capacity),
            own: sum(|used| used.own),
            waiting: sum(|used| used.waiting),
            reusable: sum(|used| used.reusable),
            bound: pools.first().map_or(0, |used| used.bound),
            bound_first: true,
            table,
            rows: pools.into_iter().flat_map(|used| used.rows).collect(),
        });
    }
    rest
}
