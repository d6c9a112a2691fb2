//! Names of what is on this machine, for shells that offer them while a command line is typed.
//!
//! What cannot be found out, or takes rights that whoever types does not have, is left out.

use crate::options::KnownNames;
use netstat_check::Text;
use netstat_engine::both;
use netstat_engine::enrich::{ServiceNames, UserNames};
use netstat_engine::filter::{Names, Side};
use netstat_engine::select::{OwnersOf, Selection, read_processes};
use netstat_engine::text::Language;
use netstat_model::query::{Kinds, Owners, ProcessFields, SocketQuery, States};
use netstat_model::{ProcessKey, SocketRef};
use netstat_os::{NameDatabases, Opened, Origin, Routes};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::net::IpAddr;

/// Ports and addresses are offered as far as this many sockets have them, and the processes that hold so many: nobody reads more.
const MOST_SOCKETS: usize = 20_000;

/// The running system. It says what names mean in this language.
pub(crate) struct LiveNames {
    pub(crate) language: Language,
}

static INTERFACE: Text = Text::fixed("interface", "인터페이스");
static NAMESPACE: Text = Text::fixed("network namespace", "네트워크 네임스페이스");
static OWN_ADDRESS: Text = Text::fixed("address of this machine", "이 호스트의 주소");
static CONNECTED: Text = Text::fixed("connected", "연결됨");
static USER: Text = Text::fixed("user", "사용자");

impl KnownNames for LiveNames {
    fn names(&self, of: Names, typed: &str, every_family: bool) -> Vec<(String, String)> {
        let Ok(system) = netstat_os::open(Origin::Live) else { return Vec::new() };
        let kinds = if every_family { Kinds::LISTED } else { Kinds::TCP_UDP };
        let query = SocketQuery::new(kinds, States::all());
        match of {
            Names::Ports(side) => ports(&system, query, side, typed, self.language),
            Names::Addresses(side) => addresses(&system, query, side, self.language),
            Names::Interfaces => {
                let all = system.interfaces().map(|answer| answer.data).unwrap_or_default();
                all.iter()
                    .filter_map(|interface| named(&interface.name, INTERFACE.of(self.language)))
                    .collect()
            }
            Names::Users => {
                let users = UserNames::parse(&system.users().data);
                let mut all: Vec<(String, String)> = users
                    .all()
                    .map(|(uid, name)| (name.to_owned(), format!("{} {uid}", USER.of(self.language))))
                    .collect();
                all.sort();
                all
            }
            Names::Namespaces => {
                let names = netstat_os::named_namespaces();
                let all: BTreeMap<_, _> =
                    names.iter().filter_map(|name| named(name, NAMESPACE.of(self.language))).collect();
                all.into_iter().collect()
            }
            Names::Pids | Names::Processes | Names::Paths | Names::Units | Names::Containers => {
                holders(&system, query, of)
            }
        }
    }
}

fn named(name: &OsStr, what: &str) -> Option<(String, String)> {
    Some((name.to_str()?.to_owned(), what.to_owned()))
}

/// Shows sockets, up to a limit.
fn each_socket(system: &Opened, query: SocketQuery, mut show: impl FnMut(&SocketRef<'_>)) {
    let mut left = MOST_SOCKETS;
    // What was seen before an error is there all the same.
    let _ = Selection::new(query, None, Owners::Auto).stream(system, |socket| {
        show(socket);
        left = left.saturating_sub(1);
        left > 0
    });
}

/// Returns local ports of listeners, and of UDP sockets without a peer; remote ports of connections. Services are hundreds:
/// their names are there for whoever types a letter.
fn ports(
    system: &Opened,
    query: SocketQuery,
    side: Side,
    typed: &str,
    language: Language,
) -> Vec<(String, String)> {
    let services = ServiceNames::parse(&system.services().data);
    if typed.starts_with(|first: char| first.is_ascii_alphabetic()) {
        let names: BTreeMap<&str, u16> = services.all().map(|(_, port, name)| (name, port)).collect();
        return names
            .iter()
            .map(|(name, port)| {
                (
                    (*name).to_owned(),
                    both!("port {port}", "포트 {port}", port = *port).of(language).to_owned(),
                )
            })
            .collect();
    }
    // The kernel leaves out what has a peer, where that is most.
    let query = if side == Side::Remote { query } else { SocketQuery { states: States::LISTEN, ..query } };
    let mut numbers = BTreeSet::new();
    each_socket(system, query, |socket| match (side, socket.remote) {
        (Side::Local | Side::Either, None) => numbers.extend(socket.local.port()),
        (Side::Remote, Some(remote)) => numbers.extend(remote.port()),
        _ => {}
    });
    numbers.remove(&0);
    let names: BTreeMap<u16, &str> = services.all().map(|(_, port, name)| (port, name)).collect();
    let meaning = |port| names.get(port).map_or("", |name| name).to_owned();
    numbers.iter().map(|port| (port.to_string(), meaning(port))).collect()
}

fn addresses(system: &Opened, query: SocketQuery, side: Side, language: Language) -> Vec<(String, String)> {
    let mut all: BTreeMap<IpAddr, &Text> = BTreeMap::new();
    if side != Side::Remote {
        let own = system.local_addresses().map(|answer| answer.data).unwrap_or_default();
        all.extend(own.into_iter().map(|address| (address, &OWN_ADDRESS)));
    }
    if side != Side::Local {
        each_socket(system, query, |socket| {
            if let Some(address) = socket.remote.and_then(|end| end.address()) {
                all.entry(address).or_insert(&CONNECTED);
            }
        });
    }
    all.retain(|address, _| !address.is_unspecified());
    all.into_iter().map(|(address, what)| (address.to_string(), what.of(language).to_owned())).collect()
}

/// Returns names of the processes that hold sockets, or of what they belong to.
fn holders(system: &Opened, query: SocketQuery, of: Names) -> Vec<(String, String)> {
    let selection =
        Selection { owners_of: OwnersOf::Everything, ..Selection::new(query, None, Owners::Auto) };
    let mut left = MOST_SOCKETS;
    let mut is_near = || {
        left = left.saturating_sub(1);
        left > 0
    };
    let Ok(selected) = selection.take(system, |_| is_near()) else { return Vec::new() };
    let wanted: BTreeSet<ProcessKey> = selected
        .sockets
        .iter()
        .flat_map(|socket| socket.ownership().owners().iter().map(|owner| owner.process).collect::<Vec<_>>())
        .collect();
    let wanted: Vec<ProcessKey> = wanted.into_iter().collect();
    let fields = ProcessFields::NAME
        | match of {
            Names::Paths => ProcessFields::EXECUTABLE,
            Names::Units => ProcessFields::UNIT,
            Names::Containers => ProcessFields::CONTAINER,
            _ => ProcessFields::empty(),
        };
    let processes = read_processes(system, &wanted, fields, &mut Vec::new());
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for process in processes.values() {
        let name = process.name.as_deref().unwrap_or_default().to_string_lossy().into_owned();
        let pid = process.id.pid;
        let (word, meaning) = match of {
            Names::Pids => (Some(pid.to_string()), name),
            Names::Paths => {
                let path = process.executable.as_ref().ok().and_then(|file| file.path.to_str());
                (path.map(str::to_owned), format!("{name} ({pid})"))
            }
            Names::Units => {
                (process.unit.as_ref().ok().and_then(|unit| unit.to_str()).map(str::to_owned), name)
            }
            Names::Containers => {
                let container = process.container.as_ref().ok();
                let word = container.map(|container| match &container.name {
                    Some(name) => name.to_string(),
                    None => container.id.get(..12).unwrap_or(&container.id).to_owned(),
                });
                (word, name)
            }
            _ => (
                process.name.as_ref().ok().and_then(|name| name.to_str()).map(str::to_owned),
                pid.to_string(),
            ),
        };
        if let Some(word) = word {
            found.entry(word).or_default().insert(meaning);
        }
    }
    let list = |meanings: BTreeSet<String>| meanings.into_iter().take(3).collect::<Vec<_>>().join(", ");
    found.into_iter().map(|(word, meanings)| (word, list(meanings))).collect()
}
