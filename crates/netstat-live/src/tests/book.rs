//! What the book makes of looks that do not have every socket.

use super::made::{connection, look, moved, process};
use crate::beside::What;
use crate::book::Book;
use crate::mark::Mark;
use netstat_engine::look::Look;
use netstat_model::history::{ConnectionRole, EndReason, Lifespan};
use netstat_model::{NoOwner, Ownership, Socket, SocketId, SocketKey, TcpFields, TcpState};
use std::time::SystemTime;

const ENDS: (&str, &str) = ("192.0.2.1:1000", "198.51.100.1:443");

fn of(cookie: u64, received: u64) -> Socket {
    moved(connection(cookie, ENDS.0, ENDS.1, TcpState::Established, 7), received, 0)
}

fn part(second: u64, sockets: Vec<Socket>) -> Look {
    Look { whole: false, is_current: false, ..look(second, sockets, Vec::new()) }
}

fn take(book: &mut Book, look: Look) {
    book.apply(look, |_| false);
}

#[test]
fn who_holds_a_socket_is_what_the_last_whole_look_found() {
    let mut book = Book::default();
    take(&mut book, look(0, vec![of(1, 0)], vec![process(7, "curl", None)]));
    let owner = |book: &Book| {
        let slot = book.slot(&SocketKey::Cookie(1)).unwrap();
        book.socket(slot).unwrap().ownership().principal().map(|owner| owner.process.pid)
    };
    for second in 1..40 {
        take(&mut book, part(second, vec![Socket { ownership: Ownership::NotRead, ..of(1, second * 100) }]));
        assert_eq!(owner(&book), Some(7), "{second}");
        let slot = book.slot(&SocketKey::Cookie(1)).unwrap();
        assert_eq!(book.rates(slot).map(|rates| rates.down), Some(100), "{second}");
    }
    // Another look at owners is believed, also where it found nobody.
    let orphan = Socket { ownership: Ownership::Unowned(NoOwner::NoProcess), ..of(1, 4000) };
    take(&mut book, look(40, vec![orphan], Vec::new()));
    assert_eq!(owner(&book), None);
}

#[test]
fn the_first_rate_of_a_socket_is_that_since_all_were_listed() {
    let mut book = Book::default();
    take(&mut book, look(0, Vec::new(), Vec::new()));
    // Nobody listed it for ten seconds.
    for second in 1..10 {
        take(&mut book, part(second, Vec::new()));
    }
    take(&mut book, look(10, vec![of(1, 1_000_000)], Vec::new()));
    let slot = book.slot(&SocketKey::Cookie(1)).unwrap();
    assert_eq!(book.rates(slot).map(|rates| rates.down), Some(100_000));
}

#[test]
fn a_connection_that_comes_to_wait_has_not_ended_twice() {
    let mut book = Book::default();
    take(&mut book, look(0, vec![of(1, 0)], Vec::new()));
    let waiting = Socket {
        tcp: None,
        ownership: Ownership::Unowned(NoOwner::NoProcess),
        ..connection(2, ENDS.0, ENDS.1, TcpState::TimeWait, 0)
    };
    let mut both = look(1, vec![waiting], Vec::new());
    both.closed = vec![of(1, 0)];
    let changes = book.apply(both, |_| false);
    assert_eq!((changes.opened, changes.closed, changes.changed), (0, 0, 1));
    let slot = book.slot(&SocketKey::Cookie(2)).unwrap();
    assert_eq!(book.mark(slot), Mark::Changed);
    let changes = book.apply(look(61, Vec::new(), Vec::new()), |_| false);
    assert_eq!((changes.opened, changes.closed), (0, 0), "it was over");
}

#[test]
fn what_remains_in_fin_wait_2_is_the_same_connection() {
    let remains = |cookie: u64, state: TcpState| Socket {
        id: SocketId { inode: None, cookie: Some(cookie) },
        tcp: None,
        ownership: Ownership::Unowned(NoOwner::NoProcess),
        ..connection(cookie, ENDS.0, ENDS.1, state, 0)
    };
    let mut book = Book::default();
    take(&mut book, look(0, vec![of(1, 0)], Vec::new()));
    let mut both = look(1, vec![remains(2, TcpState::FinWait2)], Vec::new());
    both.closed = vec![of(1, 0)];
    let changes = book.apply(both, |_| false);
    assert_eq!((changes.opened, changes.closed, changes.changed), (0, 0, 1));
    let changes = book.apply(look(2, vec![remains(2, TcpState::TimeWait)], Vec::new()), |_| false);
    assert_eq!((changes.opened, changes.closed, changes.changed), (0, 0, 1));

    // With events its end was told when the program closed it.
    let by_events = |look: Look| Look { by_events: true, ..look };
    let mut book = Book::default();
    take(&mut book, by_events(look(0, vec![of(1, 0)], Vec::new())));
    let told = Look { closed: vec![of(1, 0)], ..look(1, vec![remains(2, TcpState::FinWait2)], Vec::new()) };
    let changes = book.apply(by_events(told), |_| false);
    assert_eq!((changes.opened, changes.closed), (0, 1));
    for second in 2..62 {
        take(&mut book, by_events(look(second, vec![remains(2, TcpState::FinWait2)], Vec::new())));
    }
    let changes = book.apply(by_events(look(62, Vec::new(), Vec::new())), |_| false);
    assert_eq!((changes.opened, changes.closed), (0, 0), "it was told before");

    // One that a program still holds is told when it ends.
    let held = connection(3, ENDS.0, ENDS.1, TcpState::FinWait2, 7);
    let mut book = Book::default();
    take(&mut book, look(0, vec![held], Vec::new()));
    let changes = book.apply(look(1, Vec::new(), Vec::new()), |_| false);
    assert_eq!((changes.opened, changes.closed), (0, 1));
}

#[test]
fn many_looks_that_tell_little_keep_every_row() {
    let mut book = Book::default();
    let all: Vec<Socket> = (1..200)
        .map(|at| connection(at, &format!("192.0.2.1:{}", 1000 + at), ENDS.1, TcpState::Established, 7))
        .collect();
    take(&mut book, look(0, all.clone(), Vec::new()));
    for second in 1..100 {
        let mut part = part(second, vec![all.get(usize::try_from(second).unwrap()).unwrap().clone()]);
        part.closed = vec![connection(10_000 + second, "192.0.2.9:9", ENDS.1, TcpState::Closed, 0)];
        take(&mut book, part);
    }
    assert_eq!(book.open(), all.len());
    for socket in &all {
        let slot = book.slot(&SocketKey::of(socket)).unwrap();
        assert_eq!(book.socket(slot).unwrap().to_socket().local, socket.local);
    }
}

#[test]
fn with_events_an_end_is_what_they_tell_whenever_a_list_lacks_it() {
    let by_events = |look: Look| Look { by_events: true, ..look };
    let waiting = Socket { tcp: None, ..connection(9, ENDS.0, ENDS.1, TcpState::TimeWait, 0) };
    let life = Lifespan {
        host: None,
        alike: 1,
        role: ConnectionRole::Active,
        started: None,
        started_before: None,
        started_after: None,
        established: None,
        first_fin: None,
        ended: Some((SystemTime::UNIX_EPOCH, EndReason::ClosedByUs)),
        lasted: None,
    };
    let ended = Socket { state: Some(TcpState::Closed), lifespan: Some(Box::new(life)), ..of(1, 500) };
    let mark = |book: &Book| book.slot(&SocketKey::Cookie(1)).map(|slot| book.mark(slot));
    // The list comes first, then the event.
    let mut book = Book::default();
    take(&mut book, by_events(look(0, vec![of(1, 0)], Vec::new())));
    let changes = book.apply(by_events(look(1, vec![waiting.clone()], Vec::new())), |_| false);
    assert_eq!((changes.opened, changes.closed, mark(&book)), (0, 0, Some(Mark::Nothing)));
    let told = Look { closed: vec![ended.clone()], ..by_events(part(2, Vec::new())) };
    let changes = book.apply(told, |_| false);
    assert_eq!((changes.opened, changes.closed, mark(&book)), (0, 1, Some(Mark::Gone)));
    let slot = book.slot(&SocketKey::Cookie(1)).unwrap();
    let socket = book.socket(slot).unwrap();
    assert_eq!(socket.tcp_number(TcpFields::BYTES_RECEIVED), Some(500), "all that it received");
    assert!(matches!(socket.lifespan().unwrap().ended, Some((_, EndReason::ClosedByUs))));

    // The event comes first, then the list.
    let mut book = Book::default();
    take(&mut book, by_events(look(0, vec![of(1, 0)], Vec::new())));
    let told = Look { closed: vec![ended.clone()], ..by_events(look(1, vec![waiting.clone()], Vec::new())) };
    let changes = book.apply(told, |_| false);
    assert_eq!((changes.opened, changes.closed, mark(&book)), (0, 1, Some(Mark::Gone)));
    assert_eq!(book.open(), 1, "what waits");

    // What waits may have the same cookie.
    for ended_first in [true, false] {
        let same = Socket { id: of(1, 0).id, ..waiting.clone() };
        let mut book = Book::default();
        take(&mut book, by_events(look(0, vec![of(1, 0)], Vec::new())));
        let told = Look { closed: vec![ended.clone()], ..by_events(part(1, Vec::new())) };
        let listed = by_events(look(1, vec![same], Vec::new()));
        let looks = if ended_first { [told, listed] } else { [listed, told] };
        let mut happened = Vec::new();
        for look in looks {
            take(&mut book, look);
            happened.extend(book.happened().iter().map(|(_, what)| *what));
        }
        assert_eq!(happened.last(), Some(&What::Closed), "{ended_first}");
        assert_eq!(mark(&book), Some(Mark::Gone));
    }

    // Nobody tells.
    let mut book = Book::default();
    take(&mut book, by_events(look(0, vec![of(1, 0)], Vec::new())));
    let closed: usize = (1..8)
        .map(|second| book.apply(by_events(look(second, Vec::new(), Vec::new())), |_| false).closed)
        .sum();
    assert_eq!((closed, book.open()), (1, 0));
}
