//! Whether a socket matches.

use super::Filter;
use super::expression::{Expression, Side, Test};
use crate::enrich::{Geo, Reach};
use netstat_model::query::{Fields, ProcessFields, States};
use netstat_model::{
    Endpoint, Family, Missing, NoOwner, OwnershipRef, Process, ProcessId, Protocol, SocketRef, TcpFields,
    TcpState,
};
use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr};

/// Yes, no, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tri {
    /// It matches.
    Yes,
    /// It does not.
    No,
    /// What would decide is not known. Such a socket is not shown.
    Unknown,
}

impl Tri {
    /// Whether the socket is to be shown.
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }

    fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    /// Both: the lesser of the two, where no is less than unknown, and that less than yes.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }
}

impl From<bool> for Tri {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

/// The answers that are possible while something has not been read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcomes(u8);

impl Outcomes {
    const NONE: Self = Self(0);
    pub(super) const ANY: Self = Self(7);
    pub(super) const YES_OR_NO: Self = Self(3);

    const LIST: [(u8, Tri); 3] = [(1, Tri::Yes), (2, Tri::No), (4, Tri::Unknown)];

    pub(super) fn may_be(self, answer: Tri) -> bool {
        self.list().any(|possible| possible == answer)
    }

    /// Whether this is the only answer that is possible.
    pub(super) fn is(self, answer: Tri) -> bool {
        self == Self::from(answer)
    }

    fn list(self) -> impl Iterator<Item = Tri> {
        Self::LIST.into_iter().filter(move |(bit, _)| self.0 & bit != 0).map(|(_, answer)| answer)
    }

    pub(super) fn or_also(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn negated(self) -> Self {
        self.list().fold(Self::NONE, |all, answer| all.or_also(answer.negated().into()))
    }

    fn and(self, other: Self) -> Self {
        let pairs = self.list().flat_map(|a| other.list().map(move |b| a.and(b)));
        pairs.fold(Self::NONE, |all, answer| all.or_also(answer.into()))
    }

    fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }
}

impl From<Tri> for Outcomes {
    fn from(answer: Tri) -> Self {
        Self(Self::LIST.iter().find(|(_, listed)| *listed == answer).map_or(0, |(bit, _)| *bit))
    }
}

/// The outcome of an expression from those of its tests.
pub(super) fn outcomes(expression: &Expression, of: &mut dyn FnMut(&Test) -> Outcomes) -> Outcomes {
    match expression {
        Expression::Test(test) => of(test),
        Expression::Not(inner) => outcomes(inner, of).negated(),
        Expression::All(members) => {
            let mut all = Outcomes::from(Tri::Yes);
            for member in members {
                all = all.and(outcomes(member, of));
                if all.is(Tri::No) {
                    break;
                }
            }
            all
        }
        Expression::Any(members) => {
            let mut any = Outcomes::from(Tri::No);
            for member in members {
                any = any.or(outcomes(member, of));
                if any.is(Tri::Yes) {
                    break;
                }
            }
            any
        }
    }
}

/// What a filter needs beyond the socket table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// The owners of sockets, at least of those that [`Filter::decided`] does not decide without.
    pub owners: bool,
    /// What of the owners' processes.
    pub processes: ProcessFields,
    /// Countries of addresses, see [`Filter::with_geo`].
    pub countries: bool,
    /// Networks of addresses, from the same.
    pub networks: bool,
    /// Fields of sockets that come only when asked for. [`Filter::narrow`] adds them to its query.
    pub fields: Fields,
    /// Fields of the course of TCP connections, likewise.
    pub tcp: TcpFields,
}

/// What has been read of a socket so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The socket itself; its owners only where it says it has none.
    Socket,
    /// Its owners too, as numbers.
    Owners,
}

/// What is known beside the socket: the processes that hold it.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    process: &'a dyn Fn(ProcessId) -> Option<&'a Process>,
}

impl<'a> Context<'a> {
    /// Processes by their identity; `None` for one that was not read.
    pub fn new(process: &'a dyn Fn(ProcessId) -> Option<&'a Process>) -> Self {
        Self { process }
    }
}

impl Context<'static> {
    /// No process is known.
    pub const NOTHING: Self = Self { process: &|_| None };
}

impl Filter {
    /// Whether the socket matches. Owners and processes that were not read are not known, see [`Filter::needs`].
    pub fn matches<'a>(&self, socket: impl Into<SocketRef<'a>>, context: &Context<'_>) -> Tri {
        let socket = &socket.into();
        let mut of = |test: &Test| Outcomes::from(self.evaluate(test, socket, context));
        // Each test has one answer, so has the whole.
        outcomes(&self.expression, &mut of).list().next().unwrap_or(Tri::Unknown)
    }

    /// Whether the socket matches, if that can be said by what is known so far: before owners are looked for, and
    /// again before their processes are read. `None`: read more of this socket.
    pub fn decided<'a>(&self, socket: impl Into<SocketRef<'a>>, known: Known) -> Option<bool> {
        let socket = &socket.into();
        let mut of = |test: &Test| {
            let open = match test {
                Test::Pid(_) => known == Known::Socket && !socket.ownership().is_read(),
                Test::Process(_) | Test::Path(_) | Test::Unit(_) => match socket.ownership() {
                    OwnershipRef::NotRead | OwnershipRef::Listed { .. } => known == Known::Socket,
                    OwnershipRef::One(_) | OwnershipRef::Several(_) => true,
                    OwnershipRef::Unowned(_) => false,
                },
                _ => false,
            };
            if open { Outcomes::ANY } else { self.evaluate(test, socket, &Context::NOTHING).into() }
        };
        let possible = outcomes(&self.expression, &mut of);
        if !possible.may_be(Tri::Yes) {
            return Some(false);
        }
        possible.is(Tri::Yes).then_some(true)
    }

    /// What has to be read beyond the socket table.
    pub fn needs(&self) -> Needs {
        let mut needs = Needs {
            owners: false,
            processes: ProcessFields::empty(),
            countries: false,
            networks: false,
            fields: Fields::empty(),
            tcp: TcpFields::empty(),
        };
        self.expression.each(&mut |test| match test {
            Test::Country(_) => needs.countries = true,
            Test::NetworkNumber(_) | Test::NetworkName(_) => needs.networks = true,
            Test::Pid(_) => needs.owners = true,
            Test::Process(glob) => {
                needs.owners = true;
                needs.processes |= ProcessFields::NAME;
                if glob.shortest() > SHORT_NAME {
                    needs.processes |= ProcessFields::EXECUTABLE;
                }
            }
            Test::Path(_) => {
                needs.owners = true;
                needs.processes |= ProcessFields::EXECUTABLE;
            }
            Test::Unit(_) => {
                needs.owners = true;
                needs.processes |= ProcessFields::UNIT;
            }
            Test::User(_) => needs.fields |= Fields::COMMON,
            Test::Number(quantity, ..) => {
                let (fields, tcp) = quantity.needs();
                needs.fields |= fields;
                needs.tcp |= tcp;
            }
            _ => {}
        });
        needs
    }

    fn evaluate(&self, test: &Test, socket: &SocketRef<'_>, context: &Context<'_>) -> Tri {
        match test {
            Test::Country(countries) => self.of_remote(socket, |geo, address| {
                geo.country(address).map_or(Tri::Unknown, |country| countries.contains(&country).into())
            }),
            Test::NetworkNumber(numbers) => self.of_remote(socket, |geo, address| {
                let number = geo.network(address).and_then(|network| network.number);
                number.map_or(Tri::Unknown, |number| numbers.contains(&number).into())
            }),
            Test::NetworkName(glob) => self.of_remote(socket, |geo, address| {
                let name = geo.network(address).and_then(|network| network.name);
                name.map_or(Tri::Unknown, |name| glob.matches(name.to_lowercase().as_ref()).into())
            }),
            _ => evaluate(test, socket, context),
        }
    }

    /// What the databases say of the remote address; a socket without one is nowhere.
    fn of_remote(&self, socket: &SocketRef<'_>, of: impl Fn(&Geo, IpAddr) -> Tri) -> Tri {
        let Some(remote) = &socket.remote else { return Tri::No };
        self.geo.as_ref().map_or(Tri::Unknown, |geo| of(geo, remote.address))
    }
}

fn evaluate(test: &Test, socket: &SocketRef<'_>, context: &Context<'_>) -> Tri {
    match test {
        Test::Port(side, ports) => ends(socket, *side, |end, _| ports.contains(end.port)),
        Test::Host(side, networks) => ends(socket, *side, |end, also_v4| {
            networks.iter().any(|network| {
                network.contains(end.address) || (also_v4 && network.contains(Ipv4Addr::UNSPECIFIED.into()))
            })
        }),
        Test::State(states) => match (socket.protocol, socket.state) {
            (Protocol::Udp, _) => Tri::No,
            (Protocol::Tcp, None) => Tri::Unknown,
            // A state without a name is none of those with one.
            (Protocol::Tcp, Some(TcpState::Unknown(_))) => Tri::No,
            (Protocol::Tcp, Some(state)) => states.contains(States::of(state)).into(),
        },
        Test::Protocol(protocol) => (socket.protocol == *protocol).into(),
        Test::Family(Family::V4) if may_be_dual(socket) => Tri::Unknown,
        Test::Family(Family::V4) => socket.families().v4.into(),
        Test::Family(Family::V6) => socket.families().v6.into(),
        Test::Reach(reach) => socket.remote.is_some_and(|end| Reach::of(end.address) == Some(*reach)).into(),
        // Asked of the databases, which are elsewhere.
        Test::Country(_) | Test::NetworkNumber(_) | Test::NetworkName(_) => Tri::Unknown,
        Test::Pid(pids) => owners(socket, |id| pids.contains(&id.pid).into()),
        Test::Process(glob) => processes(socket, context, |process| {
            let by_name = matched(process.name.as_ref(), |name| glob.matches(name));
            if by_name == Tri::Yes || !is_cut(process.name.as_ref()) {
                return by_name;
            }
            // The rest of a long name is in the name of the file.
            let file = process.executable.as_ref().map(|executable| executable.path.file_name());
            if matches!(file, Ok(Some(file)) if begins_with(file, &process.name) && glob.matches(file)) {
                return Tri::Yes;
            }
            by_name
        }),
        Test::Path(glob) => processes(socket, context, |process| {
            matched(process.executable.as_ref(), |executable| glob.matches(executable.path.as_os_str()))
        }),
        Test::Unit(glob) => {
            processes(socket, context, |process| matched(process.unit.as_ref(), |unit| glob.matches(unit)))
        }
        Test::User(users) => socket.uid().map_or(Tri::Unknown, |uid| users.contains(&uid).into()),
        Test::Number(quantity, comparison, limit) => {
            quantity.of(socket).map_or(Tri::Unknown, |number| comparison.holds(number, *limit).into())
        }
    }
}

/// Whether one of the ends passes. The second argument of `passes` tells that the end is a wildcard that stands for
/// that of IPv4 as well.
fn ends(socket: &SocketRef<'_>, side: Side, passes: impl Fn(&Endpoint, bool) -> bool) -> Tri {
    let remote = || socket.remote.as_ref().is_some_and(|end| passes(end, false)).into();
    if side == Side::Remote {
        return remote();
    }
    let sections = socket.families();
    let dual = sections.v4 && sections.v6;
    let mut local = Tri::from(passes(&socket.local, dual));
    if local == Tri::No && may_be_dual(socket) && passes(&socket.local, true) {
        local = Tri::Unknown;
    }
    match (side, local) {
        (Side::Either, Tri::No) => remote(),
        _ => local,
    }
}

/// Whether the socket is a wildcard of which the system did not tell whether it takes IPv4.
fn may_be_dual(socket: &SocketRef<'_>) -> bool {
    socket.family == Family::V6
        && socket.v6_only.is_none()
        && socket.remote.is_none()
        && matches!(socket.local.address, IpAddr::V6(address) if address.is_unspecified())
}

fn owners(socket: &SocketRef<'_>, mut of: impl FnMut(ProcessId) -> Tri) -> Tri {
    let ownership = socket.ownership();
    match ownership {
        OwnershipRef::NotRead | OwnershipRef::Listed { .. } => Tri::Unknown,
        OwnershipRef::One(_) | OwnershipRef::Several(_) => {
            let none =
                ownership.owners().iter().map(|owner| of(owner.process).negated()).fold(Tri::Yes, Tri::and);
            none.negated()
        }
        OwnershipRef::Unowned(NoOwner::NoProcess | NoOwner::Kernel) => Tri::No,
        OwnershipRef::Unowned(_) => Tri::Unknown,
    }
}

fn processes(socket: &SocketRef<'_>, context: &Context<'_>, of: impl Fn(&Process) -> Tri) -> Tri {
    owners(socket, |id| (context.process)(id).map_or(Tri::Unknown, &of))
}

fn matched<T>(fact: Result<&T, &Missing>, matches: impl FnOnce(&T) -> bool) -> Tri {
    match fact {
        Ok(fact) => matches(fact).into(),
        Err(Missing::NotApplicable) => Tri::No,
        Err(_) => Tri::Unknown,
    }
}

/// Linux keeps 15 bytes of a name.
const SHORT_NAME: usize = 15;

fn is_cut(name: Result<&OsString, &Missing>) -> bool {
    cfg!(target_os = "linux") && name.is_ok_and(|name| name.len() == SHORT_NAME)
}

fn begins_with(file: &OsStr, name: &Result<OsString, Missing>) -> bool {
    let name = name.as_ref().map(|name| name.as_encoded_bytes());
    name.is_ok_and(|name| file.as_encoded_bytes().starts_with(name))
}
