//! Evaluates a filter on a socket.

use super::expression::{Event, Expression, Join, Side, Test};
use super::{Filter, Glob, moment};
use crate::enrich::{Geo, Reach};
use crate::row::{LIFESPAN_FIELDS, started};
use crate::text::words::runtime_word;
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{
    Container, EndReason, Endpoint, EndpointRef, Family, IpEndpoint, Missing, NoOwner, Owner, OwnershipRef,
    Process, ProcessKey, Protocol, SocketRef, TcpFields, TcpState,
};
use std::ffi::OsStr;
use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

/// The result of a test: yes, no, or unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tri {
    /// The socket matches.
    Yes,
    /// The socket does not match.
    No,
    /// What would decide is unknown. Such a socket is not selected.
    Unknown,
}

impl Tri {
    /// Returns true if the socket is selected.
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    /// Returns the lesser of the two, in the order no, unknown, yes (Kleene's strong logic).
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

/// The set of results that are possible while something has not been read yet.
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

    /// Returns true if this is the only possible result.
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

/// Returns the possible results of an expression, given those of its tests.
pub(super) fn outcomes(expression: &Expression, of: &mut dyn FnMut(&Test) -> Outcomes) -> Outcomes {
    match expression {
        Expression::Test(test) => of(test),
        Expression::Not(inner) => outcomes(inner, of).negated(),
        Expression::Joined(join, members) => {
            let (decisive, combine): (_, fn(Outcomes, Outcomes) -> Outcomes) = match join {
                Join::All => (Tri::No, Outcomes::and),
                Join::Any => (Tri::Yes, Outcomes::or),
            };
            let mut combined = Outcomes::from(decisive.negated());
            for member in members {
                combined = combine(combined, outcomes(member, of));
                if combined.is(decisive) {
                    break;
                }
            }
            combined
        }
    }
}

/// What a filter reads beyond the socket table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FilterNeeds {
    /// The owners of sockets, at least of those that [`Filter::decided`] cannot decide without.
    pub owners: bool,
    /// Fields of the owning processes.
    pub processes: ProcessFields,
    /// Countries of addresses, see [`Filter::with_geo`].
    pub countries: bool,
    /// Networks of addresses, see [`Filter::with_geo`].
    pub networks: bool,
    /// Fields of sockets that are read only on request. [`Filter::narrow`] adds them to its query.
    pub fields: Fields,
    /// Fields of the course of TCP connections, likewise.
    pub tcp: TcpFields,
}

/// How much of a socket has been read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The socket itself; its owners only if it is known to have none.
    Socket,
    /// The socket and the IDs of its owners.
    Owners,
}

/// Data beside the socket: the processes that hold it.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    process: &'a dyn Fn(ProcessKey) -> Option<&'a Process>,
    /// The owner that counts alone, where one does.
    only: Option<ProcessKey>,
    /// Whether the first bytes of the connection were seen, and are of no protocol that is known.
    of_no_application: bool,
}

impl<'a> Context<'a> {
    /// Returns a context that finds processes by their identity; `None` stands for a process that was not read.
    pub fn new(process: &'a dyn Fn(ProcessKey) -> Option<&'a Process>) -> Self {
        Self { process, only: None, of_no_application: false }
    }

    /// Returns a context in which no other process holds the socket.
    #[must_use]
    pub fn as_if_held_by(self, only: ProcessKey) -> Self {
        Self { only: Some(only), ..self }
    }

    /// Returns a context in which a connection without an application certainly has none that is known.
    #[must_use]
    pub fn of_no_application(self) -> Self {
        Self { of_no_application: true, ..self }
    }
}

impl Context<'static> {
    /// A context without processes.
    pub const NOTHING: Self = Self { process: &|_| None, only: None, of_no_application: false };
}

impl Filter {
    /// Tests the socket. Owners and processes that were not read are unknown, see [`Filter::needs`].
    pub fn matches<'a>(&self, socket: impl Into<SocketRef<'a>>, context: &Context<'_>) -> Tri {
        let socket = &socket.into();
        let mut of = |test: &Test| Outcomes::from(self.evaluate(test, socket, context));
        // Each test has a single result, so the whole filter has one, too.
        outcomes(&self.expression, &mut of).list().next().unwrap_or(Tri::Unknown)
    }

    /// Tests the socket before everything is read: before its owners are looked up, and again before their processes are
    /// read. Returns `None` if the rest decides.
    pub fn decided<'a>(&self, socket: impl Into<SocketRef<'a>>, stage: Stage) -> Option<bool> {
        let socket = &socket.into();
        let mut of = |test: &Test| {
            let open = match test {
                Test::Pid(_) => stage == Stage::Socket && !socket.ownership().is_read(),
                test if test.is_of_process() => match socket.ownership() {
                    OwnershipRef::NotRead | OwnershipRef::Listed { .. } => stage == Stage::Socket,
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

    /// Tests what the protocol and the ends of a socket decide, whatever else there is to know of it. Returns `None` if the
    /// rest decides.
    pub fn by_ends<'a>(&self, socket: impl Into<SocketRef<'a>>) -> Option<bool> {
        let socket = &socket.into();
        let mut of = |test: &Test| {
            let is_open = !test.is_of_ends();
            if is_open { Outcomes::ANY } else { self.evaluate(test, socket, &Context::NOTHING).into() }
        };
        let possible = outcomes(&self.expression, &mut of);
        if !possible.may_be(Tri::Yes) {
            return Some(false);
        }
        possible.is(Tri::Yes).then_some(true)
    }

    /// Returns true if a filter may say another thing of the same socket later, although the processes that hold it are the
    /// same.
    pub fn is_of_the_moment(&self) -> bool {
        let mut found = false;
        self.each_test(|test| {
            found |= matches!(test, Test::State(_) | Test::Number(..) | Test::Time(..) | Test::Reason(_));
        });
        found
    }

    /// Returns true if the socket may match although [`Filter::matches`] does not say so: if what decides exists and could
    /// not be read, be it who holds the socket, a fact about a process, or whether an IPv6 listener also takes IPv4.
    pub fn may_match<'a>(&self, socket: impl Into<SocketRef<'a>>, context: &Context<'_>) -> bool {
        let socket = &socket.into();
        let mut of = |test: &Test| match self.evaluate(test, socket, context) {
            Tri::Unknown if is_unread(test, socket, context) => Outcomes::YES_OR_NO,
            answer => answer.into(),
        };
        outcomes(&self.expression, &mut of).may_be(Tri::Yes)
    }

    /// Returns true if a test asks what the first bytes of a connection tell.
    pub fn asks_first_bytes(&self) -> bool {
        let mut found = false;
        self.each_test(|test| found |= test.is_of_first_bytes());
        found
    }

    /// Returns true if the socket may match once its first bytes have told something. This is [`Filter::may_match`] for a
    /// connection of which they have not been seen yet.
    pub fn may_match_untold<'a>(&self, socket: impl Into<SocketRef<'a>>, context: &Context<'_>) -> bool {
        let socket = &socket.into();
        let mut of = |test: &Test| match self.evaluate(test, socket, context) {
            Tri::Unknown if test.is_of_first_bytes() => Outcomes::ANY,
            Tri::Unknown if is_unread(test, socket, context) => Outcomes::YES_OR_NO,
            answer => answer.into(),
        };
        outcomes(&self.expression, &mut of).may_be(Tri::Yes)
    }

    /// Returns true if the socket may match whoever holds it, because something about itself could not be read. This is
    /// [`Filter::may_match`] for sockets that are decided before their owners are looked for.
    pub fn may_match_unread<'a>(&self, socket: impl Into<SocketRef<'a>>) -> bool {
        let socket = &socket.into();
        let has_unread = may_be_dual(socket) || (socket.protocol == Protocol::Tcp && socket.state.is_none());
        has_unread && self.may_match(socket, &Context::NOTHING)
    }

    /// Returns what has to be read beyond the socket table.
    pub fn needs(&self) -> FilterNeeds {
        let mut needs = FilterNeeds::default();
        self.expression.each(&mut |test| {
            needs.owners |= matches!(test, Test::Pid(_)) || test.is_of_process();
            match test {
                Test::Country(_) => needs.countries = true,
                Test::NetworkNumber(_) | Test::NetworkName(_) => needs.networks = true,
                Test::Process(_) => needs.processes |= ProcessFields::NAME | ProcessFields::EXECUTABLE,
                Test::Path(_) => needs.processes |= ProcessFields::EXECUTABLE,
                Test::NamespacePid(_) => needs.processes |= ProcessFields::NAMESPACE_PID,
                Test::Unit(_) => needs.processes |= ProcessFields::UNIT,
                Test::Container(_) | Test::Pod(_) => needs.processes |= ProcessFields::CONTAINER,
                Test::Namespace(_) => needs.fields |= Fields::NAMESPACE,
                Test::Account(_) => needs.processes |= ProcessFields::ACCOUNT,
                Test::User(_) => needs.fields |= Fields::COMMON,
                Test::Time(..) => needs.fields |= LIFESPAN_FIELDS,
                Test::App(_) | Test::AppName(_) => needs.fields |= Fields::APPLICATION,
                Test::Reason(_) | Test::HostName(_) => needs.fields |= Fields::LIFESPAN,
                Test::Number(quantity, ..) => {
                    let (fields, tcp) = quantity.needs();
                    needs.fields |= fields;
                    needs.tcp |= tcp;
                }
                _ => {}
            }
        });
        needs
    }

    fn evaluate(&self, test: &Test, socket: &SocketRef<'_>, context: &Context<'_>) -> Tri {
        match test {
            Test::Port(side, ports) => ends(socket, *side, |end, _| ports.contains(end.port)),
            Test::Zone(side, index) => ends(socket, *side, |end, _| end.scope == *index),
            Test::Host(side, networks) => ends(socket, *side, |end, also_v4| {
                networks.iter().any(|network| {
                    network.contains(end.address)
                        || (also_v4 && network.contains(Ipv4Addr::UNSPECIFIED.into()))
                })
            }),
            Test::State(states) => match (socket.protocol, socket.state) {
                // An unnamed state is none of the named ones.
                (_, Some(TcpState::Unknown(_))) => Tri::No,
                (_, Some(state)) => states.contains(States::of(state)).into(),
                (Protocol::Tcp, None) => Tri::Unknown,
                (_, None) => Tri::No,
            },
            Test::Protocol(protocol) => (socket.protocol == *protocol).into(),
            Test::Kinds(kinds) => kinds.intersects(Kinds::of_protocol(socket.protocol)).into(),
            Test::Name(side, glob) => {
                let named = |end: Option<EndpointRef<'_>>| end.is_some_and(|end| is_named(end, glob));
                let is_local = *side != Side::Remote && named(Some(socket.local));
                (is_local || *side != Side::Local && named(socket.remote)).into()
            }
            Test::Family(Family::V4) if may_be_dual(socket) => Tri::Unknown,
            Test::Family(Family::V4) => socket.families().v4.into(),
            Test::Family(Family::V6) => socket.families().v6.into(),
            Test::Reach(reach) => {
                socket.remote_ip().is_some_and(|end| Reach::of(end.address) == Some(*reach)).into()
            }
            Test::Country(countries) => {
                self.of_remote(socket, |geo, address| Some(countries.contains(&geo.country(address)?)))
            }
            Test::NetworkNumber(numbers) => {
                self.of_remote(socket, |geo, address| Some(numbers.contains(&geo.network(address)?.number?)))
            }
            Test::NetworkName(glob) => self.of_remote(socket, |geo, address| {
                Some(glob.matches(geo.network(address)?.name?.to_lowercase().as_ref()))
            }),
            Test::Pid(pids) => owners(socket, context, |id| pids.contains(&id.pid).into()),
            Test::NamespacePid(pids) => processes(socket, context, |process| {
                matched(process.namespace_pid.as_ref(), |pid| pids.contains(pid))
            }),
            Test::Process(glob) => {
                processes(socket, context, |process| known(process.is_named(|name| glob.matches(name))))
            }
            Test::Path(glob) => processes(socket, context, |process| {
                matched(process.executable.as_ref(), |executable| glob.matches(executable.path.as_os_str()))
            }),
            Test::Unit(glob) => processes(socket, context, |process| {
                matched(process.unit.as_ref(), |unit| is_unit(glob, unit))
            }),
            Test::Container(glob) => processes(socket, context, |process| {
                matched(process.container.as_ref(), |container| is_container(glob, container))
            }),
            Test::Pod(glob) => processes(socket, context, |process| {
                matched(process.container.as_ref(), |container| {
                    let mut names = [&container.pod, &container.pod_name].into_iter().flatten();
                    names.any(|pod| glob.matches(OsStr::new(pod.as_ref())))
                })
            }),
            Test::HostName(glob) => {
                let host = socket.lifespan().and_then(|life| life.host.as_deref());
                known(host.map(|host| glob.matches_text(host)))
            }
            Test::Namespace(inodes) => known(socket.namespace().map(|of| inodes.contains(&of.inode))),
            Test::Account(glob) => processes(socket, context, |process| {
                matched(process.account.as_ref(), |account| is_account(glob, account))
            }),
            Test::User(users) => known(socket.uid().map(|uid| users.contains(&uid))),
            Test::Number(quantity, comparison, limit) => {
                known(quantity.of(socket).map(|number| comparison.holds(number, *limit)))
            }
            Test::Time(Event::Started, comparison, limit) => {
                known(started(socket, self.now).map(|time| comparison.holds(moment::micros(time), *limit)))
            }
            // What is there has not ended.
            Test::Time(Event::Ended, comparison, limit) => {
                ended(socket).is_some_and(|(time, _)| comparison.holds(moment::micros(time), *limit)).into()
            }
            Test::Reason(reasons) => {
                ended(socket).is_some_and(|(_, reason)| reasons.contains(&reason)).into()
            }
            Test::App(_) | Test::AppName(_)
                if context.of_no_application && socket.application().is_none() =>
            {
                Tri::No
            }
            Test::App(protocols) => {
                known(socket.application().map(|told| protocols.contains(&told.protocol)))
            }
            Test::AppName(glob) => known(
                socket
                    .application()
                    .map(|told| told.first_word().is_some_and(|name| glob.matches_text(name))),
            ),
        }
    }

    /// Tests the remote address against the databases. A socket without a remote end is in no country or network.
    fn of_remote(&self, socket: &SocketRef<'_>, of: impl Fn(&Geo, IpAddr) -> Option<bool>) -> Tri {
        let Some(remote) = socket.remote_ip() else { return Tri::No };
        known(self.geo.as_ref().and_then(|geo| of(geo, remote.address)))
    }
}

/// Returns true if what a test asks of this socket exists and could not be read. Facts that not every socket has, such as a
/// round-trip time, do not count, nor does what ended meanwhile.
fn is_unread(test: &Test, socket: &SocketRef<'_>, context: &Context<'_>) -> bool {
    let fact: fn(&Process) -> [Option<Missing>; 3] = match test {
        Test::Family(_) | Test::Host(..) => return may_be_dual(socket),
        Test::State(_) => return true,
        Test::Pid(_) => |_| [None; 3],
        Test::Process(_) => |process| {
            [process.name.as_ref().err(), process.comm.as_ref().err(), process.executable.as_ref().err()]
                .map(|why| why.copied())
        },
        Test::Path(_) => |process| [process.executable.as_ref().err().copied(), None, None],
        Test::NamespacePid(_) => |process| [process.namespace_pid.as_ref().err().copied(), None, None],
        Test::Account(_) => |process| [process.account.as_ref().err().copied(), None, None],
        Test::Unit(_) => |process| [process.unit.as_ref().err().copied(), None, None],
        Test::Container(_) | Test::Pod(_) => {
            |process| [process.container.as_ref().err().copied(), None, None]
        }
        _ => return false,
    };
    match socket.ownership() {
        OwnershipRef::NotRead | OwnershipRef::Listed { .. } => true,
        OwnershipRef::Unowned(why) => matches!(why, NoOwner::NotPermitted | NoOwner::OtherNamespace),
        ownership @ (OwnershipRef::One(_) | OwnershipRef::Several(_)) => {
            ownership.owners().iter().any(|owner| match (context.process)(owner.process) {
                None => true,
                Some(process) => {
                    let unread =
                        |why| matches!(why, Missing::NotPermitted | Missing::Unreadable | Missing::NotRead);
                    fact(process).into_iter().flatten().any(unread)
                }
            })
        }
    }
}

/// Returns when a socket ended and how; `None` for one that is there.
fn ended(socket: &SocketRef<'_>) -> Option<(SystemTime, EndReason)> {
    socket.lifespan()?.ended
}

/// Whether a unit has this name, which as in systemctl may lack its `.service`.
fn is_unit(glob: &Glob, unit: &OsStr) -> bool {
    let unit = unit.to_string_lossy();
    glob.matches_text(&unit) || unit.strip_suffix(".service").is_some_and(|name| glob.matches_text(name))
}

/// Returns whether a pattern means a container: its name, its ID, the first digits of that, or the runtime and either of them.
fn is_container(glob: &Glob, container: &Container) -> bool {
    let (id, pattern) = (container.id.as_ref(), glob.pattern());
    let begins = |digits: &str| digits.len() >= 4 && id.starts_with(digits);
    let runtime = runtime_word(container.runtime);
    let after = pattern.strip_prefix(runtime).and_then(|rest| rest.strip_prefix(':'));
    let is_named =
        |name: &str| glob.matches(OsStr::new(name)) || glob.matches(OsStr::new(&format!("{runtime}:{name}")));
    container.name.as_deref().is_some_and(is_named)
        || glob.matches(OsStr::new(id))
        || glob.matches(OsStr::new(&format!("{runtime}:{id}")))
        || begins(pattern)
        || after.is_some_and(begins)
}

/// Returns whether a pattern means an account: `DOMAIN\name`, or the name in whatever domain.
fn is_account(glob: &Glob, account: &OsStr) -> bool {
    let account = account.to_string_lossy();
    glob.matches_text(&account)
        || !glob.pattern().contains('\\')
            && account.rsplit_once('\\').is_some_and(|(_, name)| glob.matches_text(name))
}

/// Returns whether an end is a Unix socket with a name that matches.
fn is_named(end: EndpointRef<'_>, glob: &Glob) -> bool {
    match end {
        // As it is shown: this one is no abstract name.
        Endpoint::Path([b'@', rest @ ..]) => {
            glob.matches_text(&format!("\\x40{}", String::from_utf8_lossy(rest)))
        }
        Endpoint::Path(path) => glob.matches_text(&String::from_utf8_lossy(path)),
        Endpoint::Abstract(name) => glob.matches_text(&format!("@{}", String::from_utf8_lossy(name))),
        _ => false,
    }
}

/// Returns unknown for `None`.
fn known(answer: Option<bool>) -> Tri {
    answer.map_or(Tri::Unknown, Tri::from)
}

/// Tests one of the ends, or both. The second argument of `passes` is true for an IPv6 wildcard that stands for the IPv4
/// wildcard as well.
fn ends(socket: &SocketRef<'_>, side: Side, passes: impl Fn(&IpEndpoint, bool) -> bool) -> Tri {
    let remote = || socket.remote_ip().is_some_and(|end| passes(&end, false)).into();
    if side == Side::Remote {
        return remote();
    }
    let sections = socket.families();
    let dual = sections.v4 && sections.v6;
    let Some(end) = socket.local_ip() else { return Tri::No };
    let mut local = Tri::from(passes(&end, dual));
    if local == Tri::No && may_be_dual(socket) && passes(&end, true) {
        local = Tri::Unknown;
    }
    match (side, local) {
        (Side::Either, Tri::No) => remote(),
        _ => local,
    }
}

/// Returns true for an IPv6 wildcard of which the system does not tell whether it accepts IPv4.
fn may_be_dual(socket: &SocketRef<'_>) -> bool {
    socket.family == Some(Family::V6)
        && socket.v6_only.is_none()
        && socket.remote.is_none()
        && matches!(socket.local.address(), Some(IpAddr::V6(address)) if address.is_unspecified())
}

fn owners(socket: &SocketRef<'_>, context: &Context<'_>, mut of: impl FnMut(ProcessKey) -> Tri) -> Tri {
    let ownership = socket.ownership();
    match ownership {
        OwnershipRef::NotRead | OwnershipRef::Listed { .. } => Tri::Unknown,
        OwnershipRef::One(_) | OwnershipRef::Several(_) => {
            let counts = |owner: &&Owner| context.only.is_none_or(|only| only == owner.process);
            let owners = ownership.owners().iter().filter(counts);
            let none = owners.map(|owner| of(owner.process).negated()).fold(Tri::Yes, Tri::and);
            none.negated()
        }
        OwnershipRef::Unowned(NoOwner::NoProcess | NoOwner::Kernel) => Tri::No,
        OwnershipRef::Unowned(_) => Tri::Unknown,
    }
}

fn processes(socket: &SocketRef<'_>, context: &Context<'_>, of: impl Fn(&Process) -> Tri) -> Tri {
    owners(socket, context, |id| (context.process)(id).map_or(Tri::Unknown, &of))
}

fn matched<T>(fact: Result<&T, &Missing>, matches: impl FnOnce(&T) -> bool) -> Tri {
    match fact {
        Ok(fact) => matches(fact).into(),
        Err(Missing::NotApplicable) => Tri::No,
        Err(_) => Tri::Unknown,
    }
}
