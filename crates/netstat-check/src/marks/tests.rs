use super::super::made::{marks, numbered, queues, tcp};
use super::*;
use netstat_model::Socket;

#[test]
fn a_socket_is_found_by_cookie_or_endpoints() {
    let of = |port: u16| tcp("10.0.0.1:80", &format!("192.0.2.1:{port}"), TcpState::Established);
    let listed: Vec<Socket> =
        (1..=9).map(|port| queues(of(port), 0, u32::from(port))).chain([numbered(of(5), 42)]).collect();
    let known = marks(&listed);
    let send_queue = |socket: &Socket| known.get(&socket.into()).map(|mark| mark.send_queue);
    assert_eq!(send_queue(&of(1)), Some(Some(1)));
    assert_eq!(send_queue(&of(9)), Some(Some(9)));
    assert_eq!(send_queue(&of(10)), None);
    assert_eq!(send_queue(&numbered(of(99), 42)), Some(None));
    assert_eq!(send_queue(&numbered(of(5), 43)), None, "another socket of the same ends");
    assert_eq!(Marks::default().get(&SocketRef::from(&of(1))).map(|mark| mark.send_queue), None);

    let again = marks(&[queues(of(1), 0, 1), queues(of(1), 0, 2)]);
    assert_eq!(
        again.get(&SocketRef::from(&of(1))).map(|mark| mark.send_queue),
        Some(Some(2)),
        "as it came last"
    );
}
