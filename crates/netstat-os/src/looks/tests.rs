use super::*;
use netstat_model::{Answer, Family, NoBpf, Operation, OwnerMethod, Socket, SocketId, SocketTable};
use std::cell::RefCell;
use std::time::SystemTime;

/// A system that shows one table after the other, a second apart; `None` refuses a look.
struct Shown {
    tables: RefCell<Vec<Option<Vec<Socket>>>>,
    seconds: RefCell<u64>,
}

impl Shown {
    fn new(mut tables: Vec<Option<Vec<Socket>>>) -> Self {
        tables.reverse();
        Self { tables: RefCell::new(tables), seconds: RefCell::new(100) }
    }
}

impl Sockets for Shown {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        *self.seconds.borrow_mut() += 1;
        let shown = self.tables.borrow_mut().pop().flatten();
        let refused = || Error::new(Operation::ListSockets, std::io::ErrorKind::OutOfMemory.into());
        let mut table = SocketTable::new(listing.query.keep());
        for socket in shown.ok_or_else(refused)? {
            let socket = SocketRef::from(&socket);
            let _ = visit(&socket);
            assert!(table.push(&socket));
        }
        Ok(Answer { data: (table, OwnerMethod::NotNeeded), warnings: Vec::new() })
    }
}

impl Processes for Shown {
    fn processes(&self, _: &[ProcessKey], _: ProcessFields) -> Answer<Vec<Process>> {
        Answer { data: Vec::new(), warnings: Vec::new() }
    }
}

impl Machine for Shown {
    fn host_name(&self) -> Result<String, Error> {
        Ok("host".to_owned())
    }

    fn uptime(&self) -> Result<Duration, Error> {
        Ok(Duration::from_secs(*self.seconds.borrow()))
    }

    fn now(&self) -> Option<SystemTime> {
        None
    }

    fn boot_id(&self) -> Option<Box<str>> {
        None
    }

    fn namespace(&self) -> Option<netstat_model::Namespace> {
        None
    }
}

fn ends(cookie: u64) -> [IpEndpoint; 2] {
    let end = |last, port| IpEndpoint::new([10, 0, 0, last].into(), port, 0);
    [end(1, 1000 + u16::try_from(cookie).unwrap()), end(2, 443)]
}

fn socket(cookie: u64, state: TcpState) -> Socket {
    let [local, remote] = ends(cookie);
    Socket {
        state: Some(state),
        id: SocketId { inode: None, cookie: Some(cookie) },
        ..Socket::new(Transport::Tcp, Family::V4, local, Some(remote))
    }
}

fn gone(cookie: u64) -> Destroyed {
    let [local, remote] = ends(cookie);
    Destroyed {
        cookie,
        local,
        remote: Some(remote),
        bytes_sent: Some(7),
        bytes_received: None,
        rtt: None,
        min_rtt: None,
        retransmits: None,
    }
}

const SAMPLED: EventMethod = EventMethod::Closings(NoBpf::NotAsked);
const LOOKS: EventMethod = EventMethod::Looks(None);

fn looks(system: &Shown, method: EventMethod) -> Looks<'_, Shown> {
    Looks::new(system, Kinds::TCP, method, EventWishes::default())
}

/// Each end that was told: its cookie, when in seconds, how, and the bytes that it sent.
fn told(events: &[ConnectionEvent]) -> Vec<(u64, u64, EndReason, Option<u64>)> {
    let end = |event: &ConnectionEvent| match event {
        ConnectionEvent::Ended(record) => {
            let (at, reason) = record.ended.unwrap();
            Some((record.cookie, at.as_secs(), reason, record.bytes_sent))
        }
        _ => None,
    };
    events.iter().filter_map(end).collect()
}

#[test]
fn an_end_that_the_kernel_tells_is_told_once() {
    use TcpState::{Established, TimeWait};
    let open = |cookies: &[u64]| Some(cookies.iter().map(|cookie| socket(*cookie, Established)).collect());
    let system = Shown::new(vec![
        open(&[1, 2, 3]),
        // 1 is gone and the kernel tells it afterwards, 2 before, 3 waits.
        Some(vec![socket(3, TimeWait)]),
        Some(vec![socket(3, TimeWait)]),
        Some(vec![]),
    ]);
    let mut looks = looks(&system, SAMPLED);
    let mut events = Vec::new();
    looks.take(&mut events).unwrap();
    looks.end(gone(2), Duration::from_secs(101), &mut events);
    looks.take(&mut events).unwrap();
    looks.end(gone(1), Duration::from_secs(102), &mut events);
    looks.end(gone(3), Duration::from_secs(102), &mut events);
    looks.take(&mut events).unwrap();
    looks.take(&mut events).unwrap();
    looks.finish(&mut events);
    assert_eq!(
        told(&events),
        [
            (2, 101, EndReason::Unseen, Some(7)),
            (1, 102, EndReason::Unseen, Some(7)),
            (3, 102, EndReason::ClosedByUs, Some(7)),
        ]
    );
    assert_eq!((looks.counts().ended, looks.counts().ended_of_before), (0, 3));
}

#[test]
fn an_end_that_the_kernel_does_not_tell_is_told_by_the_next_look() {
    let one = || Some(vec![socket(1, TcpState::Established)]);
    let system = Shown::new(vec![one(), Some(vec![]), Some(vec![]), Some(vec![])]);
    let mut looks = looks(&system, SAMPLED);
    let mut events = Vec::new();
    looks.take(&mut events).unwrap();
    looks.take(&mut events).unwrap();
    assert_eq!(told(&events), []);
    looks.take(&mut events).unwrap();
    looks.take(&mut events).unwrap();
    assert_eq!(told(&events), [(1, 102, EndReason::Unseen, None)]);
    // Nor is one forgotten that was missed just before the recorder stops.
    let system = Shown::new(vec![one(), Some(vec![])]);
    let mut looks = super::tests::looks(&system, SAMPLED);
    let mut events = Vec::new();
    looks.take(&mut events).unwrap();
    looks.take(&mut events).unwrap();
    looks.finish(&mut events);
    looks.finish(&mut events);
    assert_eq!(told(&events), [(1, 102, EndReason::Unseen, None)]);
}

#[test]
fn an_end_that_a_look_told_is_not_told_again_when_the_process_closes_it_at_last() {
    let one = || Some(vec![socket(1, TcpState::Established)]);
    let empty = || Some(Vec::new());
    let system = Shown::new(vec![one(), empty(), empty(), empty(), empty(), one(), empty(), empty()]);
    let mut looks = looks(&system, SAMPLED);
    let mut events = Vec::new();
    (0..4).for_each(|_| looks.take(&mut events).unwrap());
    assert_eq!(told(&events), [(1, 102, EndReason::Unseen, None)]);
    looks.end(gone(1), Duration::from_secs(104), &mut events);
    assert_eq!(told(&events).len(), 1);
    looks.take(&mut events).unwrap();
    assert!(looks.open.is_empty(), "the kernel has told it, so it is forgotten");
    // Where the process connects it anew instead, that is another connection.
    (0..3).for_each(|_| looks.take(&mut events).unwrap());
    assert_eq!(told(&events).len(), 2);
    let system = Shown::new(vec![one(), empty(), empty(), one()]);
    let mut looks = super::tests::looks(&system, SAMPLED);
    let mut events = Vec::new();
    (0..4).for_each(|_| looks.take(&mut events).unwrap());
    looks.end(gone(1), Duration::from_secs(105), &mut events);
    assert_eq!(told(&events), [(1, 102, EndReason::Unseen, None), (1, 105, EndReason::Unseen, Some(7))]);
}

#[test]
fn when_it_began_is_a_bound_and_no_guess() {
    let system = Shown::new(vec![
        Some(vec![socket(1, TcpState::Established)]),
        Some(vec![socket(1, TcpState::Established), socket(2, TcpState::Established)]),
    ]);
    let mut looks = looks(&system, SAMPLED);
    let mut events = Vec::new();
    looks.take(&mut events).unwrap();
    looks.take(&mut events).unwrap();
    looks.end(gone(3), Duration::from_secs(102), &mut events);
    let bounds: Vec<_> = events
        .iter()
        .map(|event| match event {
            ConnectionEvent::Opened(record) | ConnectionEvent::Ended(record) => {
                assert_eq!((record.started, record.established), (None, None));
                (record.cookie, record.bound.unwrap())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let at = Duration::from_secs;
    assert_eq!(
        bounds,
        [
            (1, BeginBound::NoLaterThan(at(101))),
            (2, BeginBound::NoLaterThan(at(102))),
            (3, BeginBound::NoEarlierThan(at(102))),
        ]
    );
}

#[test]
fn a_look_tells_the_state_that_it_sees() {
    use TcpState::{CloseWait, Established, FinWait2, SynSent};
    let all = |states: [TcpState; 3]| {
        Some((1..).zip(states).map(|(cookie, state)| socket(cookie, state)).collect::<Vec<_>>())
    };
    let system = Shown::new(vec![
        all([SynSent, Established, CloseWait]),
        all([Established, FinWait2, CloseWait]),
        all([CloseWait, FinWait2, CloseWait]),
        all([CloseWait, FinWait2, CloseWait]),
    ]);
    let mut looks = looks(&system, LOOKS);
    let at = Duration::from_secs;
    let mut told = Vec::new();
    for _ in 0..4 {
        let mut events = Vec::new();
        looks.take(&mut events).unwrap();
        told.push(events.len());
    }
    assert_eq!(told, [3, 2, 1, 0], "each is told when something is new");
    let record = |cookie| &looks.open[&Key::Cookie(cookie)].record;
    assert_eq!((record(1).role, record(1).established), (ConnectionRole::Active, Some(at(102))));
    assert_eq!(record(1).first_fin, Some((at(103), false)));
    assert_eq!((record(2).role, record(2).first_fin), (ConnectionRole::Unknown, Some((at(102), true))));
    assert_eq!((record(3).established, record(3).first_fin), (None, Some((at(101), false))));
}

#[test]
fn a_look_that_is_refused_forgets_nothing() {
    for method in [SAMPLED, LOOKS] {
        let one = || Some(vec![socket(1, TcpState::Established)]);
        let system = Shown::new(vec![one(), None, one(), Some(vec![socket(1, TcpState::TimeWait)])]);
        let mut looks = looks(&system, method);
        let mut events = Vec::new();
        looks.take(&mut events).unwrap();
        assert!(looks.take(&mut events).is_err());
        looks.take(&mut events).unwrap();
        assert_eq!(events.len(), 1, "{method:?}");
        looks.take(&mut events).unwrap();
        looks.finish(&mut events);
        assert_eq!(told(&events), [(1, 104, EndReason::ClosedByUs, None)]);
    }
}
