//! What is known beyond the tables of the system: names of users, places of addresses, lists of addresses, the policy.

use super::policy::Policy;
use netstat_engine::enrich::{AddressList, Entry, Geo, UserNames};
use netstat_engine::filter::Reach;
use netstat_model::{
    Family, Firewall, Inbound, Judgement, Missing, Process, Protocol, Socket, TcpState, UnreadRules,
};
use std::collections::HashMap;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What of it a check has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The names of users.
    pub(crate) users: bool,
    /// The files of countries and networks.
    pub(crate) places: bool,
    /// The lists of addresses that the settings name.
    pub(crate) lists: bool,
    /// The policy.
    pub(crate) policy: bool,
    /// What the firewall does with what comes to listeners.
    pub(crate) firewall: bool,
}

impl Wanted {
    pub(crate) const NOTHING: Self =
        Self { users: false, places: false, lists: false, policy: false, firewall: false };

    /// What either wants.
    pub(crate) fn and(self, other: Self) -> Self {
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
pub(crate) struct NamedList {
    pub(crate) name: String,
    pub(crate) list: AddressList,
}

/// All of it. What no check wanted is empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    pub(crate) users: Arc<UserNames>,
    pub(crate) geo: Arc<Geo>,
    pub(crate) lists: Arc<Vec<NamedList>>,
    /// `None` where there is none.
    pub(crate) policy: Option<Arc<Policy>>,
    /// What the firewall does with what comes to listeners, and which rules could not be read.
    pub(crate) firewall: Arc<Firewalled>,
}

/// What a firewall does with each of what was asked.
#[derive(Debug, Default)]
pub(crate) struct Firewalled {
    pub(crate) judgements: HashMap<Inbound, Judgement>,
    pub(crate) unread: Vec<UnreadRules>,
}

impl Firewalled {
    pub(crate) fn new(asked: Vec<Inbound>, firewall: Firewall) -> Self {
        let judged = asked.into_iter().zip(firewall.judgements);
        let judgements = judged.filter_map(|(inbound, judgement)| Some((inbound, judgement?))).collect();
        Self { judgements, unread: firewall.unread }
    }
}

/// The number of the loopback interface, on both systems.
const LOOPBACK: u32 = 1;

/// Whether nobody elsewhere reaches a socket: by its address, or by the interface that it is bound to.
pub(crate) fn is_for_this_machine(socket: &Socket) -> bool {
    Reach::of(socket.local.address) == Some(Reach::Loopback) || socket.interface == Some(LOOPBACK)
}

/// What somebody elsewhere sends first to a listener, by each family that it serves; nothing for a socket that waits
/// for nobody elsewhere.
pub(crate) fn inbound(socket: &Socket, process: Option<&Process>) -> Vec<Inbound> {
    let waits = match socket.protocol {
        Protocol::Tcp => socket.state == Some(TcpState::Listen),
        Protocol::Udp => socket.remote.is_none(),
    };
    if !waits || is_for_this_machine(socket) {
        return Vec::new();
    }
    let services = process.and_then(services);
    let program = process.and_then(program);
    let sections = socket.sections();
    [(sections.v4, Family::V4), (sections.v6, Family::V6)]
        .into_iter()
        .filter(|(serves, _)| *serves)
        .map(|(_, family)| Inbound {
            protocol: socket.protocol,
            family,
            port: socket.local.port,
            program: program.clone(),
            services: services.clone(),
        })
        .collect()
}

/// The file that a process runs; its name where that is not told, or there is none.
fn program(process: &Process) -> Option<PathBuf> {
    let file = process.executable.as_ref().ok().map(|file| file.path.clone());
    file.or_else(|| process.name.as_ref().ok().map(PathBuf::from))
}

/// The services in a process, which stand in one text.
fn services(process: &Process) -> Option<Vec<OsString>> {
    match &process.unit {
        Ok(unit) => Some(unit.to_string_lossy().split(", ").map(OsString::from).collect()),
        Err(Missing::NotApplicable) => Some(Vec::new()),
        Err(_) => None,
    }
}

impl Surroundings {
    /// The first list that an address is on.
    pub(crate) fn listed(&self, address: IpAddr) -> Option<(&str, Entry)> {
        self.lists.iter().find_map(|named| Some((named.name.as_str(), named.list.find(address)?)))
    }

    /// The user of a number, by name where it has one.
    pub(crate) fn user(&self, uid: u32) -> String {
        self.users.name(uid).map_or_else(|| uid.to_string(), str::to_owned)
    }
}
