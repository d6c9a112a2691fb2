use super::*;
use netstat_model::query::States;
use proptest::prelude::*;

const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000        0 4242 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0200007F:C350 06 00000000:00000000 03:00000578 00000000     0        0 0 3 0000000000000000
   2: 0100007F:C351 0200007F:0050 01 00000010:00000020 01:0000000A 00000003    33        0 99 1 0000000000000000 20 4 30 10 -1
";

const TCP6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF000001020304:0050 0000000000000000FFFF000005060708:1000 01 00000000:00000000 00:00000000 00000000     0        0 8 1 0000000000000000 20 4 30 10 -1
   2: 000080FE000000000000000001000000:0050 000080FE000000000000000002000000:1000 01 00000000:00000000 00:00000000 00000000     0        0 9 1 0000000000000000 20 4 30 10 -1
";

fn decode(text: &str, protocol: Transport, family: Family) -> Vec<Socket> {
    let mut sockets = Vec::new();
    assert_eq!(decode_table(text.as_bytes(), protocol, family, &mut sockets), 0);
    sockets
}

fn end(text: &str) -> IpEndpoint {
    let end: std::net::SocketAddr = text.parse().unwrap();
    IpEndpoint::new(end.ip(), end.port(), 0)
}

#[test]
fn ipv4_rows_are_decoded_field_by_field() {
    let rows = decode(TCP, Transport::Tcp, Family::V4);
    assert_eq!(rows.len(), 3);
    assert_eq!((rows[0].local.clone(), rows[0].remote.clone()), (end("127.0.0.1:8080").into(), None));
    assert_eq!(rows[0].state, Some(TcpState::Listen));
    assert_eq!((rows[0].recv_queue, rows[0].send_queue), (Some(2), None));
    assert_eq!((rows[0].id.inode, rows[0].uid), (Some(4242), Some(1000)));
    assert_eq!(rows[1].state, Some(TcpState::TimeWait));
    assert_eq!(rows[1].timer.unwrap().expires_in, Duration::from_secs(14));
    assert_eq!((rows[1].uid, rows[1].id.inode), (None, None));
    assert_eq!(rows[2].remote, Some(end("127.0.0.2:80").into()));
    assert_eq!((rows[2].send_queue, rows[2].recv_queue), (Some(16), Some(32)));
    assert_eq!(rows[2].timer.unwrap().retransmits, 3);
}

#[test]
fn ipv6_words_are_in_the_order_of_the_machine() {
    let rows = decode(TCP6, Transport::Tcp, Family::V6);
    assert_eq!((rows[0].local.clone(), rows[0].v6_only), (end("[::]:80").into(), None));
    if cfg!(target_endian = "little") {
        assert_eq!(rows[1].local, end("4.3.2.1:80"));
        assert_eq!(rows[2].local, end("[fe80::1]:80"));
    }
}

#[test]
fn a_malformed_line_is_counted_and_skipped() {
    let text = format!("{TCP}   3: nonsense\n   4: 0100007F:1F90\n\n");
    let mut sockets = Vec::new();
    assert_eq!(decode_table(text.as_bytes(), Transport::Tcp, Family::V4, &mut sockets), 2);
    assert_eq!(sockets.len(), 3);
}

#[test]
fn the_files_of_this_machine_list_an_own_listener() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let query = SocketQuery::new(Kinds::TCP_UDP, States::all());
    let answer = sockets(&crate::linux::live::Live, &query).unwrap();
    let local = end(&listener.local_addr().unwrap().to_string());
    assert!(answer.data.iter().any(|socket| socket.local == local && socket.remote.is_none()));
    assert_eq!(answer.warnings, []);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_decoded_without_panic(bytes: Vec<u8>) {
        for family in [Family::V4, Family::V6] {
            decode_table(&bytes, Transport::Tcp, family, &mut Vec::new());
        }
    }

    #[test]
    fn arbitrary_lines_are_decoded_without_panic(line in "[ :0-9A-Fé]{0,200}") {
        for family in [Family::V4, Family::V6] {
            decode_table(format!("head\n{line}\n").as_bytes(), Transport::Udp, family, &mut Vec::new());
        }
    }
}
