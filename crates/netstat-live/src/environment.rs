//! What the view knows of the machine beside its sockets.

use netstat_engine::act::Circumstances;
use netstat_engine::enrich::{Geo, StandIns, UserNames};
use netstat_engine::filter::Lookups;
use netstat_engine::text::{Language, Zone};
use netstat_model::{Namespace, NetworkNamespace};
use netstat_os::NameLookup;
use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;

/// What the view knows of the machine beside its sockets, and how it shows what it knows.
pub struct Environment {
    /// The language of words.
    pub language: Language,
    /// The name of the machine.
    pub host: String,
    /// The names of users.
    pub users: Arc<UserNames>,
    /// The names of interfaces, by index.
    pub interfaces: HashMap<u32, OsString>,
    /// The network namespace of those interfaces.
    pub own: Option<Namespace>,
    /// Whether addresses have the names of interfaces, and not their numbers.
    pub names_zones: bool,
    /// Network namespaces, by inode.
    pub namespaces: HashMap<u64, NetworkNamespace>,
    /// For whom somebody else keeps a listener.
    pub stand_ins: StandIns,
    /// Countries and networks of addresses.
    pub geo: Arc<Geo>,
    /// The time zone of whoever looks.
    pub zone: Zone,
    /// What names in a filter stand for. Nobody waits for it: it asks nothing outside.
    pub lookups: Box<dyn Lookups>,
    /// What knows the names of addresses, if names are asked for.
    pub resolver: Arc<dyn NameLookup>,
    /// What this program itself depends on, which is not ended lightly.
    pub circumstances: Circumstances,
    /// Options that the view was started with and cannot change, as they are typed: each with a space before it.
    pub options: String,
    /// Whether a recorder's history can be asked for what is older than the looks that are kept.
    pub has_history: bool,
    /// Whether the terminal shows colours.
    pub colour: bool,
    /// Whether only ASCII is drawn.
    pub ascii: bool,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").field("host", &self.host).finish_non_exhaustive()
    }
}
