use super::super::made::{marks, numbered, queues, tcp, with};
use super::super::registry::ALL;
use super::*;
use netstat_model::{Socket, TcpInfo, TcpState};
use std::time::Duration;

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

/// Returns whether the details of a connection are kept if all checks run and an earlier look saw it as `before`.
fn is_kept(before: &Socket, now: &Socket) -> bool {
    let (marks, now) = (marks(std::slice::from_ref(before)), SocketRef::from(now));
    JointNeeds::of(ALL.map(|check| check.needs)).keeps_details(marks.get(&now), &now)
}

#[test]
fn details_are_kept_only_where_a_check_reads_them() {
    let idle = connection(|_| {});
    assert!(!is_kept(&idle, &idle), "sent again long ago, and nothing since");
    assert!(is_kept(&idle, &connection(|tcp| tcp.total_retransmits = Some(4))), "sent again");

    let full = |acked| queues(connection(|tcp| tcp.bytes_acked = Some(acked)), 0, 5000);
    assert!(is_kept(&full(100), &full(100)), "nothing was acknowledged");
    assert!(!is_kept(&full(100), &full(101)), "it moves");

    let other = numbered(idle.clone(), 8);
    assert!(is_kept(&other, &idle), "nothing to compare it with");
    let mut waiting = idle.clone();
    waiting.state = Some(TcpState::CloseWait);
    assert!(is_kept(&idle, &waiting), "close-wait reads its age");
}
