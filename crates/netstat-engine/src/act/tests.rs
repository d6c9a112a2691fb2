use super::*;
use crate::filter::NumbersOnly;
use netstat_model::query::{Listing, Visit};
use netstat_model::{
    Answer, Error, Family, Namespace, Operation, OwnerMethod, SocketKey, SocketRef, SocketTable, Warning,
};
use netstat_os::{Closed, Ended, Ending, Machine, Sockets};
use std::cell::{Cell, RefCell};
use std::io;
use std::time::{Duration, SystemTime};

fn end(text: &str) -> IpEndpoint {
    let end: std::net::SocketAddr = text.parse().unwrap();
    IpEndpoint::new(end.ip(), end.port(), 0)
}

fn socket(local: &str, remote: Option<&str>, state: TcpState, cookie: u64) -> Socket {
    let mut socket = Socket::new(Transport::Tcp, Family::V4, end(local), remote.map(end));
    (socket.state, socket.id.cookie) = (Some(state), Some(cookie));
    socket
}

fn connection(cookie: u64) -> Socket {
    socket("192.0.2.10:22", Some("198.51.100.7:60412"), TcpState::Established, cookie)
}

fn process(pid: u32) -> ProcessKey {
    ProcessKey { pid, start_time: u64::from(pid) * 10 }
}

fn held_by(socket: Socket, pids: &[u32]) -> Socket {
    let owner = |&pid| Owner { process: process(pid), parent: None, descriptor: Some(3) };
    Socket { ownership: Ownership::Held(pids.iter().map(owner).collect()), ..socket }
}

/// netstat (99), a shell (90), sshd (80), the first process.
fn here() -> Circumstances {
    Circumstances { ancestry: [99, 90, 80, FIRST].map(process).to_vec(), terminal: None }
}

fn judged(socket: Socket, wishes: Wishes, here: &Circumstances) -> Result<bool, Refusal> {
    let plan = plan_close([socket], wishes, here);
    match (plan.free.len(), plan.of_terminal.len(), plan.refused.first()) {
        (1, 0, None) => Ok(false),
        (0, 1, None) => Ok(true),
        (0, 0, Some((_, why))) => Err(*why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn connections_alone_are_closed_unless_a_filter_names_others() {
    let listener = || socket("0.0.0.0:22", None, TcpState::Listen, 1);
    let datagrams = || {
        let mut socket = Socket::new(Transport::Udp, Family::V4, end("0.0.0.0:53"), None);
        socket.id.cookie = Some(2);
        socket
    };
    let bound = socket("0.0.0.0:80", None, TcpState::Bound, 3);
    for (filter, of_listener, of_datagrams) in [
        ("lport 22", Err(Refusal::Listener), Err(Refusal::Datagrams)),
        ("lport 22 listening", Ok(false), Err(Refusal::Datagrams)),
        ("lport 53 udp", Err(Refusal::Listener), Ok(false)),
        ("lport 22 (listening or established)", Err(Refusal::Listener), Err(Refusal::Datagrams)),
        ("lport 22 not listening", Err(Refusal::Listener), Err(Refusal::Datagrams)),
        ("lport 22 state time_wait,listening", Ok(false), Err(Refusal::Datagrams)),
    ] {
        let wishes = Wishes::of(&Filter::parse(&[filter.into()], &NumbersOnly).unwrap());
        assert_eq!(judged(listener(), wishes, &here()), of_listener, "{filter}");
        assert_eq!(judged(datagrams(), wishes, &here()), of_datagrams, "{filter}");
        assert_eq!(judged(bound.clone(), wishes, &here()), Err(Refusal::NoConnection));
        for state in [TcpState::Established, TcpState::TimeWait, TcpState::SynSent, TcpState::CloseWait] {
            assert_eq!(judged(Socket { state: Some(state), ..connection(4) }, wishes, &here()), Ok(false));
        }
    }
}

#[test]
fn what_cannot_be_known_again_or_belongs_to_the_kernel_stays() {
    let nameless = Socket { id: Default::default(), ..connection(1) };
    let expected = if cfg!(windows) { Ok(false) } else { Err(Refusal::Unidentified) };
    assert_eq!(judged(nameless, Wishes::default(), &here()), expected);
    let of = |why| Socket { ownership: Ownership::Unowned(why), ..connection(1) };
    assert_eq!(judged(of(NoOwner::Kernel), Wishes::default(), &here()), Err(Refusal::OfKernel));
    // A connection is known by its cookie, whoever holds it.
    assert_eq!(judged(of(NoOwner::NoProcess), Wishes::default(), &here()), Ok(false));
}

#[test]
fn the_connection_of_this_terminal_is_asked_about_by_itself() {
    let asked = |socket, here: &Circumstances| judged(socket, Wishes::default(), here);
    assert_eq!(asked(held_by(connection(1), &[80]), &here()), Ok(true));
    assert_eq!(asked(held_by(connection(1), &[70, 90]), &here()), Ok(true));
    assert_eq!(asked(held_by(connection(1), &[70]), &here()), Ok(false));
    assert_eq!(asked(held_by(connection(1), &[FIRST]), &here()), Ok(false));
    let reused = ProcessKey { start_time: 1, ..process(80) };
    let owner = Owner { process: reused, parent: None, descriptor: None };
    let other = Socket { ownership: Ownership::Held(vec![owner]), ..connection(1) };
    assert_eq!(asked(other, &here()), Ok(false), "it only has the number of sshd");
    // sudo takes the variable away, and tmux keeps an old one.
    let terminal =
        |text: &str| Circumstances { terminal: ends_of_terminal(text), ..Circumstances::default() };
    for (text, expected) in [
        ("198.51.100.7 60412 192.0.2.10 22", true),
        ("::ffff:198.51.100.7 60412 ::ffff:192.0.2.10 22", true),
        ("198.51.100.7 60413 192.0.2.10 22", false),
        ("192.0.2.10 22 198.51.100.7 60412", false),
    ] {
        assert_eq!(asked(connection(1), &terminal(text)), Ok(expected), "{text}");
    }
    for odd in ["", "198.51.100.7 60412 192.0.2.10", "a b c d", "198.51.100.7 99999 192.0.2.10 22"] {
        assert_eq!(ends_of_terminal(odd), None, "{odd}");
    }
    let zoned = ends_of_terminal("fe80::7%eth0 60412 fe80::1%eth0 22").unwrap();
    assert_eq!(zoned.0, end("[fe80::1]:22"));
}

#[test]
fn processes_end_but_for_this_one_and_the_first() {
    let sockets = [
        held_by(connection(1), &[70, 71]),
        held_by(connection(2), &[70]),
        held_by(connection(3), &[99, FIRST]),
        held_by(connection(4), &[80]),
        Socket { ownership: Ownership::Unowned(NoOwner::NotPermitted), ..connection(5) },
        connection(6),
    ];
    let (plan, unheld) = plan_end(&sockets, |_, _| true, &here());
    let of = |pid, sockets: &[usize]| Holding { process: process(pid), sockets: sockets.to_vec() };
    assert_eq!(plan.free, [of(70, &[0, 1]), of(71, &[0])]);
    assert_eq!(plan.of_terminal, [of(80, &[3])]);
    assert_eq!(plan.refused, [(of(99, &[2]), Refusal::Itself), (of(FIRST, &[2]), Refusal::First)]);
    assert_eq!(unheld, [(4, Refusal::NoHolder(NoOwner::NotPermitted)), (5, Refusal::HolderNotRead)]);
    let (plan, _) = plan_end(&sockets, |_, owner| owner.process.pid == 71, &here());
    assert_eq!((plan.free, plan.refused), (vec![of(71, &[0])], vec![]));
    // The server of this terminal, from which nothing here descends: tmux has begun anew.
    let far = Circumstances { terminal: ends_of_terminal("198.51.100.7 60412 192.0.2.10 22"), ..here() };
    let (plan, _) = plan_end(&sockets[1..2], |_, _| true, &far);
    assert_eq!((plan.free, plan.of_terminal), (vec![], vec![of(70, &[0])]));
}

#[test]
fn a_refusal_is_said_in_both_languages() {
    use NoOwner::{Kernel, NoProcess, NotPermitted, OtherNamespace, Vanished};
    let unheld = [Kernel, NoProcess, NotPermitted, OtherNamespace, Vanished].map(Refusal::NoHolder);
    let others = [
        Refusal::Listener,
        Refusal::Datagrams,
        Refusal::NoConnection,
        Refusal::Unidentified,
        Refusal::OfKernel,
        Refusal::HolderNotRead,
        Refusal::Itself,
        Refusal::First,
    ];
    for why in unheld.into_iter().chain(others) {
        let text = why.text();
        assert!(!text.english().is_empty() && text.english() != text.of(crate::text::Language::Korean));
    }
}

/// A system whose sockets go as it is told, or not.
#[derive(Default)]
struct Told {
    there: RefCell<Vec<Socket>>,
    /// What it answers to closing a socket with this cookie.
    answers: Vec<(u64, Result<Closed, io::ErrorKind>)>,
    /// Those that stay although closing them was accepted, for so many looks.
    stays: Vec<(u64, usize)>,
    looks: Cell<usize>,
    overruns: bool,
    is_blind: bool,
}

impl Actions for Told {
    fn close(&self, sockets: &[SocketRef<'_>], _: SystemTime) -> Vec<Result<Closed, Error>> {
        let one = |socket: &SocketRef<'_>| {
            let cookie = socket.id.cookie.unwrap();
            let (_, answer) = self.answers.iter().find(|(known, _)| *known == cookie).unwrap();
            answer.map_err(|kind| Error::new(Operation::CloseSocket, kind.into()))
        };
        sockets.iter().map(one).collect()
    }

    fn end(&self, _: &[ProcessKey], _: Ending, _: Duration) -> Vec<Result<Ended, Error>> {
        Vec::new()
    }

    fn ancestry(&self) -> Vec<ProcessKey> {
        Vec::new()
    }
}

impl Sockets for Told {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        if self.is_blind {
            return Err(Error::new(Operation::ListSockets, io::ErrorKind::Other.into()));
        }
        self.looks.set(self.looks.get() + 1);
        for socket in self.there.borrow().iter().filter(|socket| listing.query.selects(*socket)) {
            let cookie = socket.id.cookie.unwrap_or_default();
            let was_closed = self.answers.contains(&(cookie, Ok(Closed::Accepted)));
            let looks = self.stays.iter().find(|(known, _)| *known == cookie).map_or(0, |(_, looks)| *looks);
            if !was_closed || self.looks.get() <= looks {
                visit(&socket.into());
            }
        }
        let overrun = Warning::DumpOverrun { what: "table of TCP sockets" };
        let warnings = if self.overruns { vec![overrun] } else { Vec::new() };
        let data = (SocketTable::new(listing.query.keep()), OwnerMethod::NotNeeded);
        Ok(Answer { data, warnings })
    }
}

impl Machine for Told {
    fn host_name(&self) -> Result<String, Error> {
        Ok(String::new())
    }

    fn uptime(&self) -> Result<Duration, Error> {
        Ok(Duration::ZERO)
    }

    fn now(&self) -> Option<SystemTime> {
        None
    }

    fn boot_id(&self) -> Option<Box<str>> {
        None
    }

    fn namespace(&self) -> Option<Namespace> {
        Some(Namespace { inode: 1 })
    }
}

fn told(answers: &[(u64, Result<Closed, io::ErrorKind>)]) -> Told {
    let there = answers.iter().map(|(cookie, _)| connection(*cookie)).collect();
    Told { there: RefCell::new(there), answers: answers.to_vec(), ..Told::default() }
}

fn words(system: &Told, patience: Duration) -> Vec<&'static str> {
    let targets: Vec<Socket> = system.answers.iter().map(|(cookie, _)| connection(*cookie)).collect();
    let outcome = close(system, &targets, SystemTime::UNIX_EPOCH, patience);
    assert_eq!(outcome.blind.is_some(), system.is_blind);
    let word = |became| match became {
        Became::Gone => "gone",
        Became::GoneBefore => "gone before",
        Became::StillThere => "still there",
        Became::Refused(_) => "refused",
        Became::NotSeen => "not seen",
    };
    outcome.became.into_iter().map(word).collect()
}

#[test]
fn what_is_told_is_what_was_seen() {
    let mut system = told(&[
        (1, Ok(Closed::Accepted)),
        (2, Ok(Closed::NotFound)),
        (3, Err(io::ErrorKind::PermissionDenied)),
        (4, Ok(Closed::NotFound)),
        (5, Err(io::ErrorKind::PermissionDenied)),
        (6, Ok(Closed::Accepted)),
    ]);
    system.stays = vec![(6, usize::MAX)];
    system.there.borrow_mut().retain(|socket| ![2, 5].contains(&socket.id.cookie.unwrap()));
    let expected = ["gone", "gone before", "refused", "still there", "gone before", "still there"];
    assert_eq!(words(&system, Duration::from_millis(1)), expected);
    assert!(system.looks.get() >= 2, "it looks again before it says so");
}

#[test]
fn what_goes_a_moment_later_is_gone() {
    let mut system = told(&[(1, Ok(Closed::Accepted))]);
    system.stays = vec![(1, 2)];
    assert_eq!(words(&system, Duration::from_secs(60)), ["gone"]);
    assert_eq!(system.looks.get(), 3);
}

#[test]
fn a_look_that_lacks_rows_proves_nothing() {
    let mut system = told(&[(1, Ok(Closed::Accepted)), (2, Ok(Closed::NotFound))]);
    system.overruns = true;
    assert_eq!(words(&system, Duration::ZERO), ["not seen", "still there"]);
    system.is_blind = true;
    assert_eq!(words(&system, Duration::ZERO), ["not seen", "not seen"]);
}

#[test]
fn what_only_stays_bound_is_gone() {
    let system = told(&[(1, Ok(Closed::NotFound))]);
    system.there.borrow_mut()[0].state = Some(TcpState::Bound);
    assert_eq!(words(&system, Duration::ZERO), ["gone before"]);
    assert_eq!(SocketKey::of(&system.there.borrow()[0]), SocketKey::of(&connection(1)));
}
