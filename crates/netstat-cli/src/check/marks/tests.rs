use super::super::made::{numbered, queues, tcp, with};
use super::*;

fn connection(change: impl FnOnce(&mut TcpInfo)) -> Socket {
    let socket = tcp("10.0.0.1:80", "192.0.2.1:1000", TcpState::Established);
    with(numbered(queues(socket, 0, 0), 7), |tcp| {
        tcp.bytes_acked = Some(100);
        tcp.last_ack_received = Some(Duration::from_secs(1));
        tcp.total_retransmits = Some(3);
        tcp.data_segs_out = Some(10);
        change(tcp);
    })
}

/// Whether the course is kept of a socket that was looked at before.
fn is_kept(before: &Socket, mut now: Socket) -> bool {
    Mark::of(before).lighten(&mut now);
    now.tcp.is_some()
}

#[test]
fn the_course_is_kept_where_a_check_uses_it() {
    let idle = connection(|_| {});
    assert!(!is_kept(&idle, idle.clone()), "sent again long ago, and nothing since");
    assert!(is_kept(&idle, connection(|tcp| tcp.total_retransmits = Some(4))), "sent again");

    let full = |acked| {
        let connection = connection(|tcp| {
            tcp.bytes_acked = Some(acked);
            tcp.timeouts = Some(2);
        });
        queues(connection, 0, 5000)
    };
    assert!(is_kept(&full(100), full(100)), "nothing was acknowledged");
    assert!(!is_kept(&full(100), full(101)), "it moves");

    let mut waiting = idle.clone();
    waiting.state = Some(TcpState::CloseWait);
    assert!(is_kept(&idle, waiting), "its age is in there");
    let untold = connection(|tcp| tcp.last_ack_received = None);
    assert!(is_kept(&untold, untold.clone()), "whether data moves is not told, and that is");
}

#[test]
fn a_socket_is_found_by_its_number_or_its_ends() {
    let of = |port: u16| tcp("10.0.0.1:80", &format!("192.0.2.1:{port}"), TcpState::Established);
    let listed: Vec<Socket> =
        (1..=9).map(|port| queues(of(port), 0, u32::from(port))).chain([numbered(of(5), 42)]).collect();
    let marks: Marks = listed.iter().collect();
    let send_queue = |socket: &Socket| marks.get(socket).map(|mark| mark.send_queue);
    assert_eq!(send_queue(&of(1)), Some(Some(1)));
    assert_eq!(send_queue(&of(9)), Some(Some(9)));
    assert_eq!(send_queue(&of(10)), None);
    assert_eq!(send_queue(&numbered(of(99), 42)), Some(None));
    assert_eq!(send_queue(&numbered(of(5), 43)), None, "another socket of the same ends");
    assert_eq!(Marks::default().get(&of(1)).map(|mark| mark.send_queue), None);

    let again: Marks = [queues(of(1), 0, 1), queues(of(1), 0, 2)].iter().collect();
    assert_eq!(again.get(&of(1)).map(|mark| mark.send_queue), Some(Some(2)), "as it came last");
}
