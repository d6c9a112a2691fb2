use super::*;
use crate::windows::fake::Fake;
use crate::windows::memory::Memory;
use crate::windows::sockets::tests::tables;
use netstat_model::{IpEndpoint, Ownership, Socket, TcpState};

/// When the rows of [`tables`] were made.
const CREATED: u64 = 1234;

fn connection(local: (&str, u16), remote: (&str, u16), pid: u32) -> Socket {
    let end = |(address, port): (&str, u16)| IpEndpoint::new(address.parse().unwrap(), port, 0);
    let mut socket = Socket::new(Transport::Tcp, Family::V4, end(local), Some(end(remote)));
    socket.state = Some(TcpState::Established);
    socket.ownership = Ownership::Listed { pid, since: CREATED };
    socket
}

#[test]
fn the_row_of_the_connection_that_was_seen_is_found() {
    let source = tables();
    let seen = connection(("10.0.0.1", 50000), ("192.0.2.7", 443), 4);
    let row = row_to_close(&source, &SocketRef::from(&seen), CREATED + STEP).unwrap().unwrap();
    assert_eq!(row[..4], [12, 0, 0, 0]);
    assert_eq!((&row[4..8], &row[8..10]), (&[10, 0, 0, 1][..], &50000u16.to_be_bytes()[..]));
    assert_eq!((&row[12..16], &row[16..18]), (&[192, 0, 2, 7][..], &443u16.to_be_bytes()[..]));
}

#[test]
fn a_connection_that_took_its_place_is_not_closed() {
    let source = tables();
    let find = |socket: &Socket, seen| row_to_close(&source, &SocketRef::from(socket), seen).unwrap();
    let known = connection(("10.0.0.1", 50000), ("192.0.2.7", 443), 4);
    assert_eq!(find(&known, CREATED + STEP - 1), None, "it is younger than what was seen");
    for other in [
        connection(("10.0.0.1", 50000), ("192.0.2.7", 443), 5),
        connection(("10.0.0.1", 50002), ("192.0.2.7", 443), 4),
        connection(("10.0.0.1", 50000), ("192.0.2.7", 444), 4),
    ] {
        assert_eq!(find(&other, u64::MAX), None, "{other:?}");
    }
}

#[test]
fn a_connection_of_unknown_age_is_not_closed() {
    let mut row = tables().ask(&Question::TcpTable(Family::V4)).unwrap().bytes().to_vec();
    let second = FIRST_ROW + TCP_V4.size + TCP_V4.created;
    row[second..second + 8].fill(0);
    let source = Fake::new().says(Question::TcpTable(Family::V4), Memory::flat(row));
    let seen = connection(("10.0.0.1", 50000), ("192.0.2.7", 443), 4);
    let why = row_to_close(&source, &SocketRef::from(&seen), u64::MAX).unwrap_err();
    assert_eq!(why.kind(), io::ErrorKind::Unsupported, "{why}");
}

#[test]
fn what_windows_cannot_close_is_said() {
    let source = tables();
    let mut listener = connection(("10.0.0.1", 50000), ("192.0.2.7", 443), 4);
    listener.remote = None;
    let mut over_v6 = connection(("10.0.0.1", 50000), ("192.0.2.7", 443), 4);
    over_v6.family = Some(Family::V6);
    for socket in [listener, over_v6] {
        let why = row_to_close(&source, &SocketRef::from(&socket), u64::MAX).unwrap_err();
        assert_eq!(why.kind(), io::ErrorKind::Unsupported, "{why}");
    }
    assert!(source.asked().is_empty());
}

#[test]
fn a_younger_process_is_no_parent() {
    let listed =
        |pid, parent, start_time| Listed { id: ProcessKey { pid, start_time }, parent, name: "a.exe".into() };
    let all = [listed(10, 7, 500), listed(7, 5, 300), listed(5, 3, 400), listed(3, 0, 1)];
    let pids = |own| ancestry(&all, own).into_iter().map(|process| process.pid).collect::<Vec<_>>();
    assert_eq!(pids(10), [10, 7]);
    assert_eq!(pids(5), [5, 3]);
    assert_eq!(pids(9), [0; 0]);
    let circle = [listed(1, 2, 5), listed(2, 1, 5)];
    assert_eq!(ancestry(&circle, 1).len(), GENERATIONS);
}
