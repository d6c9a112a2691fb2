//! The filter of the command line, with names looked up as the system knows them.

use super::past::no_time;
use crate::output::Trouble;
use netstat_engine::both;
use netstat_engine::enrich::{ServiceNames, UserNames};
use netstat_engine::filter::{Filter, Lookups};
use netstat_engine::text::system::io_error;
use netstat_engine::text::{Text, When, Zone};
use netstat_model::Transport;
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
                line: both!(
                    "the filter cannot be used (netstat --help filter explains filters)",
                    "필터를 쓸 수 없습니다(필터 문법: netstat --help filter)"
                ),
                filter: Some(Box::new(error)),
                meaning: None,
            }
        })?;
    match filter.contradiction() {
        None => Ok(Some(filter)),
        Some((one, other)) => Err(both!(
            "nothing can match: no socket is both {one} and {other}; for either of them type {one} or {other}",
            "맞는 것이 있을 수 없습니다: {one}, {other} 모두에 맞는 소켓은 없습니다. 둘 중 하나라면 이렇게 입력하세요: {one} or {other}",
            one,
            other
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

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Text> {
        let ends = (host, 0).to_socket_addrs().map_err(|error| io_error(&error))?;
        Ok(ends.map(|end| end.ip()).collect())
    }

    fn moment(&self, words: &str) -> Result<SystemTime, Text> {
        let now = self.system.now().ok_or_else(no_time)?;
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

    fn user(&self, name: &str) -> Result<Option<u32>, Text> {
        Ok(match self.past_users {
            Some(users) => UserNames::parse(users).uid(name),
            None => UserNames::parse(&self.system.users().data).uid(name),
        })
    }

    fn namespace(&self, name: &str) -> Result<Option<u64>, Text> {
        let namespaces = self.system.namespaces().map_err(|error| io_error(&error.source))?.data;
        let found = namespaces.into_iter().find(|of| of.name.as_deref().is_some_and(|known| known == name));
        Ok(found.map(|of| of.id.inode))
    }
}
