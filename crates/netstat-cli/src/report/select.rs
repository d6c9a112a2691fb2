//! Which sockets a report is about: those of its query that match the filter, with no more read than that takes.

use crate::output::Trouble;
use netstat_engine::enrich::{ServiceNames, UserNames};
use netstat_engine::filter::{Context, Filter, Known, Lookups, Tri};
use netstat_model::error::words_of;
use netstat_model::query::{Kinds, Owners, ProcessFields, SocketQuery};
use netstat_model::{Answer, Error, OwnerMethod, Warning};
use netstat_model::{NoOwner, Ownership, Process, ProcessId, Protocol, Socket};
use netstat_os::{Backend, owners_unknown};
use std::collections::HashMap;
use std::ffi::OsString;
use std::net::{IpAddr, ToSocketAddrs};

/// The filter of these words; `None` where there are none.
pub(super) fn filter(backend: &impl Backend, words: &[OsString]) -> Result<Option<Filter>, Trouble> {
    if words.is_empty() {
        return Ok(None);
    }
    Filter::parse(words, &Names(backend)).map(Some).map_err(|error| Trouble {
        line: "the filter cannot be used (netstat --help filter explains filters)".to_owned(),
        filter: Some(error),
    })
}

/// What names in a filter stand for, as the system knows them.
struct Names<'a, B>(&'a B);

impl<B: Backend> Lookups for Names<'_, B> {
    fn ports(&self, service: &str) -> Vec<u16> {
        let services = ServiceNames::parse(&self.0.services().data);
        [Protocol::Tcp, Protocol::Udp]
            .into_iter()
            .flat_map(|protocol| services.ports(protocol, service))
            .collect()
    }

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let ends = (host, 0).to_socket_addrs().map_err(|error| words_of(&error))?;
        Ok(ends.map(|end| end.ip()).collect())
    }

    fn user(&self, name: &str) -> Result<Option<u32>, String> {
        if cfg!(windows) {
            return Err("Windows does not number its users".to_owned());
        }
        Ok(UserNames::parse(&self.0.users().data).uid(name))
    }
}

/// Sockets that match, and what was learned on the way.
pub(super) struct Selected {
    pub(super) sockets: Vec<Socket>,
    /// The parts of the table that can have rows.
    pub(super) kinds: Kinds,
    /// How owners were found.
    pub(super) method: OwnerMethod,
    /// How many more sockets there are that may match: their owners decide, and could not be seen.
    pub(super) undecided: usize,
    pub(super) warnings: Vec<Warning>,
}

/// Whether somebody holds the socket, perhaps, who could not be seen.
fn is_hidden(ownership: &Ownership) -> bool {
    match ownership {
        Ownership::NotRead
        | Ownership::Listed { .. }
        | Ownership::Unowned(NoOwner::NotPermitted | NoOwner::OtherNamespace) => true,
        Ownership::Held(_) | Ownership::Unowned(_) => false,
    }
}

/// How owners are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search {
    /// They are asked for; else they are looked for only where the filter cannot decide without.
    pub(super) always: bool,
    /// By what means.
    pub(super) by: Owners,
}

/// What becomes of each socket that matches: see [`Backend::sifted_sockets`].
pub(super) type Sift<'a> = &'a mut dyn FnMut(&mut Socket) -> bool;

/// The sockets of the query that match, as the sieve leaves them; with their owners, if those are asked for.
pub(super) fn select(
    backend: &impl Backend,
    filter: Option<&Filter>,
    query: SocketQuery,
    owners: Search,
    sift: Sift<'_>,
) -> Result<Selected, Error> {
    let Some(filter) = filter else {
        let Answer { data: mut sockets, mut warnings } = backend.sifted_sockets(&query, sift)?;
        let mut method = OwnerMethod::NotNeeded;
        if owners.always {
            method = attach_owners(backend, owners.by, &mut sockets, &query, &mut warnings)?;
        }
        return Ok(Selected { sockets, kinds: query.kinds, method, undecided: 0, warnings });
    };
    let needs = filter.needs();
    let query = filter.narrow(query).query;
    let mut answer = backend.sockets(&query)?;
    let mut warnings = std::mem::take(&mut answer.warnings);

    // Most sockets decide by themselves; owners are looked for where they decide, or are shown.
    let (mut matching, mut open) = (Vec::new(), Vec::new());
    for socket in answer.data {
        match filter.decided(&socket, Known::Socket) {
            Some(true) => matching.push(socket),
            Some(false) => {}
            None => open.push(socket),
        }
    }
    let mut method = OwnerMethod::NotNeeded;
    if owners.always {
        // One search serves both.
        let asked = open.len();
        open.append(&mut matching);
        method = attach_owners(backend, owners.by, &mut open, &query, &mut warnings)?;
        matching = open.split_off(asked);
    } else if !open.is_empty() {
        method = attach_owners(backend, owners.by, &mut open, &query, &mut warnings)?;
    }
    let mut undecided = 0;
    if !open.is_empty() {
        let processes = read(backend, &undecided_owners(filter, &open), needs.processes);
        let find = |id: ProcessId| processes.get(&id);
        let context = Context::new(&find);
        open.retain(|socket| {
            let answer = filter.matches(socket, &context);
            undecided += usize::from(answer == Tri::Unknown && is_hidden(&socket.ownership));
            answer.is_yes()
        });
    }
    matching.append(&mut open);
    matching.retain_mut(sift);
    Ok(Selected { sockets: matching, kinds: query.kinds, method, undecided, warnings })
}

/// Fills in the owners. Answers how they were found.
pub(super) fn attach_owners(
    backend: &impl Backend,
    by: Owners,
    sockets: &mut [Socket],
    query: &SocketQuery,
    warnings: &mut Vec<Warning>,
) -> Result<OwnerMethod, Error> {
    match backend.attach_owners(sockets, query, by) {
        Ok(answer) => {
            warnings.extend(answer.warnings);
            Ok(answer.data)
        }
        Err(error) => {
            warnings.push(owners_unknown(error, by)?);
            Ok(OwnerMethod::NotNeeded)
        }
    }
}

/// The owners of the sockets that numbers alone do not decide, each once.
fn undecided_owners(filter: &Filter, sockets: &[Socket]) -> Vec<ProcessId> {
    let owners = |socket: &Socket| match &socket.ownership {
        Ownership::Held(owners) => owners.iter().map(|owner| owner.process).collect(),
        Ownership::NotRead | Ownership::Listed { .. } | Ownership::Unowned(_) => Vec::new(),
    };
    let mut wanted: Vec<ProcessId> = sockets
        .iter()
        .filter(|socket| filter.decided(socket, Known::Owners).is_none())
        .flat_map(owners)
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// What is asked of the processes, by their identity.
pub(super) fn read(
    backend: &impl Backend,
    wanted: &[ProcessId],
    fields: ProcessFields,
) -> HashMap<ProcessId, Process> {
    if wanted.is_empty() || fields.is_empty() {
        return HashMap::new();
    }
    backend.processes(wanted, fields).into_iter().map(|process| (process.id, process)).collect()
}
