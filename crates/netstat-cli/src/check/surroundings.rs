//! What is known beyond the tables of the system: names of users, places of addresses, lists of addresses, the policy.

use super::policy::Policy;
use netstat_core::enrich::{AddressList, Entry, Geo, UserNames};
use std::net::IpAddr;
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
}

impl Wanted {
    pub(crate) const NOTHING: Self = Self { users: false, places: false, lists: false, policy: false };

    /// What either wants.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            users: self.users || other.users,
            places: self.places || other.places,
            lists: self.lists || other.lists,
            policy: self.policy || other.policy,
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
