use super::*;
use crate::linux::sockets::decode::tests::Row;
use crate::linux::wire::put_attribute;
use netstat_model::TcpState;
use proptest::prelude::*;

const RAW: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
    1: 00000000:0001 00000000:0000 07 00000000:00000300 00:00000000 00000000     7        0 4711 2 0000000000000000 5
    6: 0100007F:0006 0200007F:0000 01 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 0
nonsense
";

#[test]
fn raw_sockets_have_their_protocol_in_the_place_of_a_port() {
    let (sockets, odd) = decode_file(RAW.as_bytes(), Family::V4);
    let sockets: Vec<Socket> = sockets.into_iter().map(into_raw).collect();
    let [icmp, tcp] = &sockets[..] else { panic!("{sockets:?}") };
    assert_eq!(odd, 1);
    assert_eq!((icmp.protocol, tcp.protocol), (Protocol::Raw(1), Protocol::Raw(6)));
    assert_eq!((icmp.local.clone(), icmp.remote.clone()), (IpEndpoint::ANY_V4.into(), None));
    assert_eq!((icmp.recv_queue, icmp.uid, icmp.id.inode), (Some(0x300), Some(7), Some(4711)));
    assert_eq!(icmp.memory.as_ref().unwrap().drops, Some(5));
    assert_eq!(tcp.remote.as_ref().unwrap().to_string(), "127.0.0.2:0");
    assert_eq!(tcp.state, None);
}

#[test]
fn a_connection_of_mptcp_has_its_own_state_and_subflows() {
    let mut info = vec![2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    info.extend_from_slice(&0xdead_beef_u32.to_ne_bytes());
    let row = |state| {
        let mut bytes = Row::tcp4(state).bytes();
        put_attribute(&mut bytes, INET_DIAG_INFO, &info);
        decode_mptcp(&bytes).unwrap()
    };
    let facts = |socket: &Socket| match socket.family_facts.as_deref() {
        Some(FamilyFacts::Mptcp(facts)) => facts.clone(),
        other => panic!("{other:?}"),
    };
    let connection = row(8);
    assert_eq!((connection.protocol, connection.state), (Protocol::Mptcp, Some(TcpState::CloseWait)));
    assert_eq!(facts(&connection), MptcpFacts { more_subflows: Some(2), token: Some(0xdead_beef) });
    assert_eq!(facts(&row(10)), MptcpFacts::default(), "a listener has none");
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,200}") {
        decode_mptcp(&bytes);
        decode_file(&bytes, Family::V6);
        decode_file(format!("\n{text}").as_bytes(), Family::V4);
    }
}
