//! Closing sockets and ending processes: what is refused and why ([`plan_close`], [`plan_end`]), and what was seen afterwards
//! ([`close`], [`end`]).
//!
//! A target is an identity, which the system compares at the moment of acting: the cookie of a socket, the start time of a
//! process. Nothing here asks anybody whether it is meant.
//!
//! ```no_run
//! use netstat_engine::act::{self, Circumstances, Wishes};
//! use netstat_engine::Query;
//! use netstat_os::Origin;
//! use std::time::{Duration, SystemTime};
//!
//! let system = netstat_os::open(Origin::Live)?;
//! let seen = SystemTime::now();
//! let sockets = netstat_engine::Snapshot::take(&Query::tcp().owners())?;
//! let circumstances = Circumstances::of(&system, None);
//! let plan = act::plan_close(sockets.iter().map(|socket| socket.to_socket()), Wishes::default(), &circumstances);
//! let outcome = act::close(&system, &plan.free, seen, Duration::from_millis(200));
//! # Ok::<(), netstat_engine::model::Error>(())
//! ```

mod carry_out;

pub use carry_out::{Became, Outcome, close, end};

use crate::both;
use crate::filter::{Filter, Test};
use crate::text::address::write_end;
use crate::text::{Text, words};
use netstat_model::query::{Kinds, States};
use netstat_model::{IpEndpoint, NoOwner, Owner, Ownership, ProcessKey, Socket, TcpState, Transport};
use netstat_os::Actions;
use std::net::IpAddr;

/// The process that nothing may end: `init`, or `System` of Windows.
const FIRST: u32 = if cfg!(windows) { 4 } else { 1 };

/// What this program itself depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// This process, the one that started it, and so on.
    pub ancestry: Vec<ProcessKey>,
    /// The connection that the terminal comes through: its end here, and the other one.
    pub terminal: Option<(IpEndpoint, IpEndpoint)>,
}

impl Circumstances {
    /// Asks the system. `ssh_connection` is the environment variable of that name, which tells the connection of the terminal.
    pub fn of(system: &impl Actions, ssh_connection: Option<&str>) -> Self {
        Self { ancestry: system.ancestry(), terminal: ssh_connection.and_then(ends_of_terminal) }
    }

    /// Returns whether the terminal, or whatever else runs this program, ends with a process. The first process starts
    /// everything.
    fn depends_on(&self, process: ProcessKey) -> bool {
        process.pid != FIRST && self.ancestry.contains(&process)
    }

    /// Returns whether a socket is the connection that the terminal comes through.
    fn is_of_terminal(&self, socket: &Socket) -> bool {
        let Some((near, far)) = self.terminal else { return false };
        let is = |end: Option<IpEndpoint>, known: IpEndpoint| {
            end.is_some_and(|end| (end.address, end.port) == (known.address, known.port))
        };
        is(socket.local.ip(), near) && is(socket.remote.as_ref().and_then(|end| end.ip()), far)
    }

    /// Returns whether the terminal ends with a socket.
    fn comes_through(&self, socket: &Socket) -> bool {
        let mut owners = socket.ownership.owners().iter();
        self.is_of_terminal(socket) || owners.any(|owner| self.depends_on(owner.process))
    }
}

/// Reads `SSH_CONNECTION`: address and port of the client, address and port here.
fn ends_of_terminal(text: &str) -> Option<(IpEndpoint, IpEndpoint)> {
    let mut words = text.split_ascii_whitespace();
    let mut end = || {
        let (address, port) = (words.next()?, words.next()?);
        let address: IpAddr = address.split('%').next()?.parse().ok()?;
        Some(IpEndpoint::new(address, port.parse().ok()?, 0))
    };
    let far = end()?;
    Some((end()?, far))
}

/// What a filter has to ask for by name before it is closed, because it ends more than one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wishes {
    /// Listeners.
    pub listeners: bool,
    /// UDP sockets.
    pub datagrams: bool,
}

impl Wishes {
    /// Reads a filter: `listening` and `udp` name them, where nothing passes without.
    pub fn of(filter: &Filter) -> Self {
        let mut wishes = Self::default();
        for test in filter.required_tests() {
            match test {
                Test::State(states) => {
                    // `all` names none.
                    let is_all = states.contains(States::ESTABLISHED | States::CLOSE_WAIT | States::SYN_SENT);
                    wishes.listeners |= states.contains(States::LISTEN) && !is_all;
                }
                Test::Protocol(transport) => wishes.datagrams |= *transport == Transport::Udp,
                Test::Kinds(kinds) => wishes.datagrams |= Kinds::UDP.contains(*kinds),
                _ => {}
            }
        }
        wishes
    }
}

/// Why something is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// It is a listener, and nobody asked for those.
    Listener,
    /// It is a UDP socket, and nobody asked for those.
    Datagrams,
    /// It is neither TCP nor UDP, or a mere reservation of a port.
    NoConnection,
    /// The system did not tell by what to know it again.
    Unidentified,
    /// The kernel itself holds it.
    OfKernel,
    /// No process is known to hold it.
    NoHolder(NoOwner),
    /// Nobody asked who holds it.
    HolderNotRead,
    /// It is this process.
    Itself,
    /// It is the first process of the system.
    First,
}

impl Refusal {
    /// Returns whether it is a rule that a filter can ask for otherwise: nothing is wrong then.
    pub fn is_rule(self) -> bool {
        matches!(self, Self::Listener | Self::Datagrams | Self::NoConnection)
    }

    /// Says it.
    pub fn text(self) -> Text {
        match self {
            Self::Listener => both!(
                "a listener stays unless the filter says listening of all that it matches",
                "수신 대기 소켓은 필터가 listening처럼 그 상태를 꼭 집어 고를 때만 닫음"
            ),
            Self::Datagrams => {
                both!(
                    "a UDP socket stays unless the filter says udp of all that it matches",
                    "UDP 소켓은 필터가 udp처럼 UDP만 고를 때 닫음"
                )
            }
            Self::NoConnection => both!("it is no connection", "연결이 아님"),
            Self::Unidentified => both!(
                "the system does not tell by what to know it again",
                "같은 소켓인지 확인할 값을 시스템이 알려 주지 않음"
            ),
            Self::OfKernel => both!(
                "the kernel itself holds it, for instance for a network file system",
                "네트워크 파일 시스템 등에 쓰려고 커널이 직접 가지고 있음"
            ),
            Self::NoHolder(NoOwner::NoProcess) => {
                both!("no process holds it any more", "가지고 있는 프로세스가 이미 없음")
            }
            Self::NoHolder(NoOwner::NotPermitted) => both!(
                "its process is not certain: some may not be looked into; it takes root",
                "어느 프로세스의 것인지 확실하지 않음. 볼 수 없는 프로세스가 있음. root 권한 필요"
            ),
            Self::NoHolder(NoOwner::Kernel) => both!("the kernel itself holds it", "커널이 직접 가지고 있음"),
            Self::NoHolder(NoOwner::OtherNamespace) => {
                both!("its process is in another PID namespace", "프로세스가 다른 PID 네임스페이스에 있음")
            }
            Self::NoHolder(NoOwner::Vanished) | Self::HolderNotRead => {
                both!("its process is not known", "어느 프로세스의 것인지 알 수 없음")
            }
            Self::Itself => both!("it is this program", "이 프로그램 자신임"),
            Self::First => both!("the whole system depends on it", "시스템 전체가 이 프로세스에 달려 있음"),
        }
    }
}

/// What is to be done, and what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<T> {
    /// What is done once somebody says yes.
    pub free: Vec<T>,
    /// What this terminal, or whatever runs this program, comes through: to be asked about by itself.
    pub of_terminal: Vec<T>,
    /// What is left as it is.
    pub refused: Vec<(T, Refusal)>,
}

impl<T> Plan<T> {
    fn of(targets: impl Iterator<Item = (T, Result<bool, Refusal>)>) -> Self {
        let mut plan = Self { free: Vec::new(), of_terminal: Vec::new(), refused: Vec::new() };
        for (target, judged) in targets {
            match judged {
                Ok(false) => plan.free.push(target),
                Ok(true) => plan.of_terminal.push(target),
                Err(why) => plan.refused.push((target, why)),
            }
        }
        plan
    }
}

/// Plans to close sockets. They have to be listed with their owners, and on Linux with their cookies
/// ([`Fields::COMMON`](netstat_model::query::Fields::COMMON)).
pub fn plan_close(
    sockets: impl IntoIterator<Item = Socket>,
    wishes: Wishes,
    circumstances: &Circumstances,
) -> Plan<Socket> {
    Plan::of(sockets.into_iter().map(|socket| {
        let judged = may_be_closed(&socket, wishes).map(|()| circumstances.comes_through(&socket));
        (socket, judged)
    }))
}

/// Returns why a socket is not closed, whatever depends on it.
fn may_be_closed(socket: &Socket, wishes: Wishes) -> Result<(), Refusal> {
    let Some(transport) = socket.protocol.transport() else { return Err(Refusal::NoConnection) };
    match (transport, socket.state) {
        (Transport::Tcp, Some(TcpState::Bound | TcpState::Closed)) => return Err(Refusal::NoConnection),
        (Transport::Tcp, Some(TcpState::Listen)) if !wishes.listeners => return Err(Refusal::Listener),
        (Transport::Udp, _) if !wishes.datagrams => return Err(Refusal::Datagrams),
        _ => {}
    }
    if matches!(socket.ownership, Ownership::Unowned(NoOwner::Kernel)) {
        return Err(Refusal::OfKernel);
    }
    // Windows has no cookies: its back end compares other things.
    if socket.id.cookie.is_none() && !cfg!(windows) {
        return Err(Refusal::Unidentified);
    }
    Ok(())
}

/// A process that is to be ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The process.
    pub process: ProcessKey,
    /// Which of the sockets it holds, by their places.
    pub sockets: Vec<usize>,
}

/// Plans to end the processes that hold sockets, which have to be listed with their owners. Of several that share one, those are
/// ended that `is_meant` says. Also returns the sockets whose process is not known, by their places.
pub fn plan_end(
    sockets: &[Socket],
    is_meant: impl Fn(&Socket, &Owner) -> bool,
    circumstances: &Circumstances,
) -> (Plan<Holding>, Vec<(usize, Refusal)>) {
    let (mut holding, mut unheld): (Vec<Holding>, _) = (Vec::new(), Vec::new());
    for (place, socket) in sockets.iter().enumerate() {
        let why = match &socket.ownership {
            Ownership::Held(owners) => {
                for Owner { process, .. } in owners.iter().filter(|owner| is_meant(socket, owner)) {
                    match holding.iter_mut().find(|known| known.process == *process) {
                        Some(known) => known.sockets.push(place),
                        None => holding.push(Holding { process: *process, sockets: vec![place] }),
                    }
                }
                continue;
            }
            Ownership::Unowned(why) => Refusal::NoHolder(*why),
            Ownership::NotRead | Ownership::Listed { .. } => Refusal::HolderNotRead,
        };
        unheld.push((place, why));
    }
    let plan = Plan::of(holding.into_iter().map(|one| {
        let mut held = one.sockets.iter().filter_map(|place| sockets.get(*place));
        let of_terminal = held.any(|socket| circumstances.is_of_terminal(socket));
        let judged = may_be_ended(one.process, circumstances).map(|depends| depends || of_terminal);
        (one, judged)
    }));
    (plan, unheld)
}

/// Returns why a process is not ended, or whether this terminal ends with it.
fn may_be_ended(process: ProcessKey, circumstances: &Circumstances) -> Result<bool, Refusal> {
    match process.pid {
        0 | FIRST => Err(Refusal::First),
        _ if circumstances.ancestry.first() == Some(&process) => Err(Refusal::Itself),
        _ => Ok(circumstances.depends_on(process)),
    }
}

/// Returns protocol, ends and state of a socket, safe for a terminal.
pub fn line_of(socket: &Socket) -> String {
    let mut text = format!("{}  ", socket.protocol).into_bytes();
    write_end(&mut text, socket.local.as_ref());
    if let Some(remote) = &socket.remote {
        text.extend_from_slice(b" -> ");
        write_end(&mut text, remote.as_ref());
    }
    if let Some(state) = socket.state {
        text.extend_from_slice(b"  ");
        words::write_state(&mut text, state);
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests;
