use super::*;
use crate::linux::sockets::decode::tests::Row;
use crate::linux::wire::put_attribute;
use proptest::prelude::*;

const EPS: &str = "\
 ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS
00000000c1 00000000d1 2   10  29   11111 1000 70001 10.0.0.1 10.1.0.1
00000000c2 00000000d2 2   10  30   11112     0 70002 0000:0000:0000:0000:0000:0000:0000:0000
short
";

const ASSOCS: &str = "\
 ASSOC     SOCK   STY SST ST HBKT ASSOC-ID TX_QUEUE RX_QUEUE UID INODE LPORT RPORT LADDRS <-> RADDRS \
HBINT INS OUTS MAXRT T1X T2X RTXC wmema wmemq sndbuf rcvbuf
00000000a1 00000000d1 0   10  3  0       1      128       64    1000 70001 11111  40000  10.0.0.1 *10.1.0.1 <-> \
10.0.0.2 *10.1.0.2 \t    7500    10    10   10    0    0        0        1        0   212992   212992
00000000a2 00000000d3 2   1   5  0       2        0        0       0 70003 11111  40001  10.0.0.1 <-> *10.0.0.3
00000000a3 00000000d4 2   1   9  0       3        0        0       0 70004 1 2  10.0.0.1 <-> *10.0.0.3
";

fn facts(socket: &Socket) -> &SctpFacts {
    match socket.family_facts.as_deref() {
        Some(FamilyFacts::Sctp(facts)) => facts,
        other => panic!("{other:?}"),
    }
}

fn storage(address: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![0; ADDRESS];
    bytes[..2].copy_from_slice(&u16::from(AF_INET).to_ne_bytes());
    bytes[4..8].copy_from_slice(&address);
    bytes
}

fn association(state: u8) -> Vec<u8> {
    let mut bytes = Row::tcp4(state).bytes();
    put_attribute(&mut bytes, INET_DIAG_LOCALS, &storage([10, 0, 0, 1]));
    put_attribute(&mut bytes, INET_DIAG_PEERS, &[storage([10, 0, 0, 2]), storage([10, 1, 0, 2])].concat());
    bytes
}

fn endpoint(state: u8) -> Vec<u8> {
    let mut bytes = Row::tcp4(state).bytes();
    put_attribute(&mut bytes, INET_DIAG_LOCALS, &storage([10, 0, 0, 1]));
    bytes
}

#[test]
fn an_association_has_its_own_states_and_all_addresses() {
    for (number, state, as_of_tcp) in [
        (1, SctpState::CookieWait, TcpState::SynSent),
        (3, SctpState::Established, TcpState::Established),
        (7, SctpState::ShutdownAckSent, TcpState::LastAck),
    ] {
        let socket = decode_row(&association(number)).unwrap();
        assert_eq!((socket.protocol, socket.state), (Protocol::Sctp, Some(as_of_tcp)));
        assert!(socket.remote.is_some());
        let facts = facts(&socket);
        assert_eq!(facts.association, Some(state));
        assert_eq!(facts.local_addresses, [IpAddr::from([10, 0, 0, 1])]);
        assert_eq!(facts.remote_addresses, [IpAddr::from([10, 0, 0, 2]), [10, 1, 0, 2].into()]);
    }
    assert_eq!(decode_row(&association(8)), None);
}

#[test]
fn a_socket_that_does_not_listen_is_its_association_and_a_listener_is_there_once() {
    let rows = |all: &[Vec<u8>]| {
        let sockets = all.iter().map(|bytes| decode_row(bytes).unwrap()).collect();
        let states = without_repetition(sockets).into_iter().map(|socket| socket.state);
        states.collect::<Vec<_>>()
    };
    let (listening, established) = (Some(TcpState::Listen), Some(TcpState::Established));
    assert_eq!(rows(&[endpoint(1), association(3)]), [established]);
    assert_eq!(rows(&[endpoint(10), endpoint(10), association(3)]), [listening, established]);
    assert_eq!(rows(&[endpoint(7)]), [None]);
}

#[test]
fn the_files_have_listeners_and_associations() {
    let (listeners, odd) = decode_file(EPS.as_bytes(), decode_listener);
    assert_eq!((listeners.len(), odd), (2, 1));
    assert_eq!(listeners[0].local.to_string(), "10.0.0.1:11111");
    assert_eq!((listeners[0].uid, listeners[0].id.inode), (Some(1000), Some(70_001)));
    assert_eq!((listeners[0].state, listeners[0].remote.clone()), (Some(TcpState::Listen), None));
    assert_eq!(facts(&listeners[0]).local_addresses.len(), 2);
    assert_eq!(listeners[1].local.to_string(), "[::]:11112");

    let (associations, odd) = decode_file(ASSOCS.as_bytes(), decode_association);
    assert_eq!((associations.len(), odd), (2, 1), "a state that is none");
    let [first, second] = &associations[..] else { panic!("{associations:?}") };
    assert_eq!(first.local.to_string(), "10.0.0.1:11111");
    assert_eq!(first.remote.as_ref().unwrap().to_string(), "10.1.0.2:40000", "the one in use");
    assert_eq!((first.recv_queue, first.send_queue), (Some(64), Some(128)));
    assert_eq!(facts(first).remote_addresses.len(), 2);
    assert_eq!(facts(second).association, Some(SctpState::ShutdownSent));
    assert_eq!(without_repetition([listeners, associations].concat()).len(), 4);
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        tail in proptest::collection::vec(any::<u8>(), 0..300),
        lines in "(([0-9]{1,6}|\\*?[0-9.:]{1,20}|<->|\\PC{0,4}) ){0,20}\n?",
    ) {
        decode_row(&bytes);
        decode_row(&[association(3), tail].concat());
        decode_all(&bytes);
        decode_all(format!("\n{lines}").as_bytes());
    }
}
