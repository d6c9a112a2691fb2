//! The filter of the command line, with names looked up as the system knows them.

use crate::output::Trouble;
use netstat_engine::enrich::{ServiceNames, UserNames};
use netstat_engine::filter::{Filter, Lookups};
use netstat_engine::text::{When, Zone};
use netstat_model::Transport;
use netstat_model::error::words_of;
use netstat_os::{Machine, NameDatabases, Routes};
use std::cell::LazyCell;
use std::ffi::OsString;
use std::net::{IpAddr, ToSocketAddrs};
use std::time::SystemTime;

/// The filter of these words; `None` where there are none. Times in it are those of this zone. `past_users` are the users of
/// the history that is asked, as [`NameDatabases::users`] has those of the system.
pub(super) fn filter(
    backend: &(impl Machine + NameDatabases + Routes),
    words: &[OsString],
    zone: &LazyCell<Zone>,
    past_users: Option<&[u8]>,
) -> Result<Option<Filter>, Trouble> {
    if words.is_empty() {
        return Ok(None);
    }
    let filter =
        Filter::parse(words, &SystemNames { system: backend, zone, past_users }).map_err(|error| {
            Trouble {
                line: "the filter cannot be used (netstat --help filter explains filters)".to_owned(),
                filter: Some(Box::new(error)),
                meaning: None,
            }
        })?;
    match filter.contradiction() {
        None => Ok(Some(filter)),
        Some((one, other)) => Err(format!(
            "nothing can match: no socket is both {one} and {other}; for either of them type {one} or {other}"
        )
        .into()),
    }
}

/// What names in a filter stand for, as the system knows them.
struct SystemNames<'a, B> {
    system: &'a B,
    zone: &'a LazyCell<Zone>,
    past_users: Option<&'a [u8]>,
}

impl<B: Machine + NameDatabases + Routes> Lookups for SystemNames<'_, B> {
    fn ports(&self, service: &str) -> Vec<u16> {
        let services = ServiceNames::parse(&self.system.services().data);
        [Transport::Tcp, Transport::Udp]
            .into_iter()
            .flat_map(|protocol| services.ports(protocol, service))
            .collect()
    }

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let ends = (host, 0).to_socket_addrs().map_err(|error| words_of(&error))?;
        Ok(ends.map(|end| end.ip()).collect())
    }

    fn moment(&self, words: &str) -> Result<SystemTime, String> {
        let now = self.system.now().ok_or_else(|| "the system does not tell what time it is".to_owned())?;
        When::parse(words)?.moment(now, self.zone)
    }

    fn interface(&self, name: &str) -> Option<u32> {
        let interfaces = self.system.interfaces().ok()?.data;
        interfaces.into_iter().find(|interface| interface.name == *name).map(|interface| interface.index)
    }

    /// A history of Linux has numbers of users, wherever it is read.
    fn has_accounts(&self) -> bool {
        self.system.has_accounts() && self.past_users.is_none_or(<[u8]>::is_empty)
    }

    fn user(&self, name: &str) -> Result<Option<u32>, String> {
        Ok(match self.past_users {
            Some(users) => UserNames::parse(users).uid(name),
            None => UserNames::parse(&self.system.users().data).uid(name),
        })
    }

    fn namespace(&self, name: &str) -> Result<Option<u64>, String> {
        let namespaces = self.system.namespaces().map_err(|error| words_of(&error.source))?.data;
        let found = namespaces.into_iter().find(|of| of.name.as_deref().is_some_and(|known| known == name));
        Ok(found.map(|of| of.id.inode))
    }
}
