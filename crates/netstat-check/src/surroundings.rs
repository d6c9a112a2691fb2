//! What is known beyond the tables of the system: names of users, places of addresses, lists of addresses, the policy.

use super::policy_file::Policy;
use netstat_engine::enrich::{AddressList, Entry, Geo, Reach, StandIns, UserNames};
use netstat_model::{
    Family, Firewall, Inbound, IpSocketRef, Judgement, Missing, Process, Published, TcpState, Transport,
    UnreadRules,
};
use std::collections::HashMap;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// The part of it that a check needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The names of users.
    pub users: bool,
    /// The files of countries and networks.
    pub places: bool,
    /// The lists of addresses that the settings name.
    pub lists: bool,
    /// The policy.
    pub policy: bool,
    /// What the firewall does with what comes to listeners.
    pub firewall: bool,
}

impl Wanted {
    pub const NOTHING: Self =
        Self { users: false, places: false, lists: false, policy: false, firewall: false };

    /// Returns what either wants.
    pub fn and(self, other: Self) -> Self {
        Self {
            users: self.users || other.users,
            places: self.places || other.places,
            lists: self.lists || other.lists,
            policy: self.policy || other.policy,
            firewall: self.firewall || other.firewall,
        }
    }
}

/// A list of addresses, by the name of its file.
#[derive(Debug)]
pub struct NamedList {
    /// The name of its file, escaped.
    pub name: String,
    /// The addresses and networks.
    pub list: AddressList,
}

/// All of it; what no check wants is empty.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Names of users.
    pub users: Arc<UserNames>,
    /// Who is behind the listeners that one process keeps for another.
    pub stand_ins: Arc<StandIns>,
    /// Countries and networks of addresses.
    pub geo: Arc<Geo>,
    /// Lists of suspicious addresses.
    pub lists: Arc<Vec<NamedList>>,
    /// `None` without a policy file.
    pub policy: Option<Arc<Policy>>,
    /// What the firewall does with what comes to listeners, and which rules could not be read.
    pub firewall: Arc<Firewalled>,
}

/// What a firewall does with each packet that was asked about.
#[derive(Debug, Default)]
pub struct Firewalled {
    /// The verdict for each kind of incoming packet that was asked about.
    pub judgements: HashMap<Inbound, Judgement>,
    /// Ports that its rules pass on, as far as they could be read; `None` where a filter leaves them out, and on Windows,
    /// whose firewall passes no port on.
    pub published: Option<Vec<Published>>,
    /// Rules that could not be read.
    pub unread: Vec<UnreadRules>,
}

impl Firewalled {
    /// Pairs the questions with the answers of the firewall.
    pub fn new(asked: Vec<Inbound>, firewall: Firewall) -> Self {
        let judged = asked.into_iter().zip(firewall.judgements);
        let judgements = judged.filter_map(|(inbound, judgement)| Some((inbound, judgement?))).collect();
        let published = (!cfg!(windows)).then_some(firewall.published);
        Self { judgements, published, unread: firewall.unread }
    }
}

/// The number of the loopback interface, on both systems.
const LOOPBACK: u32 = 1;

/// Returns whether other hosts cannot reach a socket, because of its address or the interface it is bound to.
pub(crate) fn is_for_this_machine(socket: &IpSocketRef<'_>) -> bool {
    Reach::of(socket.local.address) == Some(Reach::Loopback) || socket.interface() == Some(LOOPBACK)
}

/// Returns the name of a protocol, as settings and filters have it.
pub(crate) fn protocol_word(protocol: Transport) -> &'static str {
    match protocol {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    }
}

/// Returns whether a socket waits for others: a TCP listener, or an unconnected UDP socket.
pub(crate) fn listens(socket: &IpSocketRef<'_>) -> bool {
    match socket.protocol {
        Transport::Tcp => socket.state == Some(TcpState::Listen),
        Transport::Udp => socket.remote.is_none(),
    }
}

/// Returns the first packet that another host would send to a listener, for each family that it serves; nothing for
/// other sockets.
pub(crate) fn inbound(socket: &IpSocketRef<'_>, process: Option<&Process>) -> Vec<Inbound> {
    if !listens(socket) || is_for_this_machine(socket) {
        return Vec::new();
    }
    let address = socket.local.address;
    let services = process.and_then(services);
    let program = process.and_then(program);
    let families = socket.families();
    [(families.v4, Family::V4), (families.v6, Family::V6)]
        .into_iter()
        .filter(|(serves, _)| *serves)
        .map(|(_, family)| Inbound {
            protocol: socket.protocol,
            family,
            address: (!address.is_unspecified()).then_some(address),
            port: socket.local.port,
            program: program.clone(),
            services: services.clone(),
        })
        .collect()
}

/// Returns the file that a process runs, or its name if the file is not known.
fn program(process: &Process) -> Option<PathBuf> {
    let file = process.executable.as_ref().ok().map(|file| file.path.clone());
    file.or_else(|| process.name.as_ref().ok().map(PathBuf::from))
}

/// Returns the Windows services in a process; their unit lists them in one text.
fn services(process: &Process) -> Option<Vec<OsString>> {
    match &process.unit {
        Ok(unit) => Some(unit.to_string_lossy().split(", ").map(OsString::from).collect()),
        Err(Missing::NotApplicable) => Some(Vec::new()),
        Err(_) => None,
    }
}

impl Surroundings {
    /// Returns the first list that an address is on.
    pub fn listed(&self, address: IpAddr) -> Option<(&str, Entry)> {
        self.lists.iter().find_map(|named| Some((named.name.as_str(), named.list.find(address)?)))
    }

    /// Returns the user of a number, by name if it has one.
    pub fn user(&self, uid: u32) -> String {
        self.users.name(uid).map_or_else(|| uid.to_string(), str::to_owned)
    }
}
