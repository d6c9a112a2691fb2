use super::*;
use netstat_model::{Endpoint, SocketTable, TcpState, TimerKind};
use proptest::prelude::*;

fn settings(fields: TcpFields, details: bool) -> TcpSettings {
    TcpSettings { fields, states: u32::MAX, details, ages: false }
}

/// A listener or connection on port 80 with the inode 7 and the cookie 9.
fn head(family: u8, state: u8, flags: u8) -> Vec<u8> {
    let mut head = vec![family, state, flags, 2];
    head.extend([3_u32, 7].into_iter().flat_map(u32::to_ne_bytes));
    head.extend(80_u16.to_ne_bytes());
    head.extend(4000_u16.to_be_bytes());
    head.extend(9_u64.to_ne_bytes());
    head
}

fn details() -> Vec<u8> {
    let numbers = [1000, 11, 12, 1500, 0x20, u32::MAX];
    let mut bytes: Vec<u8> = numbers.into_iter().flat_map(u32::to_ne_bytes).collect();
    bytes.extend(77_u64.to_ne_bytes());
    bytes.extend([4, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

/// Decodes whole rows; `None` where the bytes are none.
fn decoded(bytes: &[u8], settings: TcpSettings) -> Option<Vec<Socket>> {
    let mut sockets = Vec::new();
    let whole = decode_tcp_rows(bytes, settings, &mut |row| {
        let mut socket = row.head.to_socket();
        row.add_details(settings.fields, &mut socket, &mut None);
        sockets.push(socket);
        true
    });
    whole.then_some(sockets)
}

#[test]
fn the_fields_are_the_right_ones() {
    let addresses = [[127, 0, 0, 1], [10, 0, 0, 2]].concat();
    let bare = [head(2, 1, 0), addresses.clone()].concat();
    let listener = [head(10, 10, IS_V6_ONLY), vec![0; 32]].concat();
    let sockets = decoded(&[bare, listener].concat(), settings(TcpFields::empty(), false)).unwrap();
    let [connection, listener] = &sockets[..] else { panic!("{sockets:?}") };
    assert_eq!((connection.id.inode, connection.id.cookie), (Some(7), Some(9)));
    assert_eq!((connection.state, connection.uid), (Some(TcpState::Established), None));
    let end = |address: [u8; 4], port| Endpoint::Ip(IpEndpoint::new(IpAddr::from(address), port, 3));
    assert_eq!(connection.local, end([127, 0, 0, 1], 80));
    assert_eq!(connection.remote, Some(end([10, 0, 0, 2], 4000)));
    assert_eq!(
        (listener.state, listener.v6_only, &listener.remote),
        (Some(TcpState::Listen), Some(true), &None)
    );

    let wanted = TcpFields::BYTES_SENT | TcpFields::RTT;
    let course = [250_u64, 5000].into_iter().flat_map(u64::to_ne_bytes).collect();
    let whole = [head(2, 1, HAS_COURSE), details(), course, addresses].concat();
    let sockets = decoded(&whole, settings(wanted, true)).unwrap();
    let socket = &sockets[0];
    assert_eq!((socket.uid, socket.recv_queue, socket.send_queue), (Some(1000), Some(11), Some(12)));
    assert_eq!((socket.mark, socket.cgroup_id, socket.interface), (Some(0x20), Some(77), Some(3)));
    let timer = Timer { kind: TimerKind::KeepAlive, expires_in: Duration::from_millis(1500), retransmits: 4 };
    assert_eq!((socket.timer, socket.age), (Some(timer), None));
    let tcp = socket.tcp.as_ref().unwrap();
    assert_eq!((tcp.rtt, tcp.bytes_sent), (Some(Duration::from_micros(250)), Some(5000)));
}

#[test]
fn what_is_unknown_stays_so() {
    let course = u64::MAX.to_ne_bytes().to_vec();
    let nothing = [head(2, 6, 0), vec![0; DETAILS], course.clone(), vec![0; 8]].concat();
    let unknown = [head(2, 1, HAS_COURSE), vec![0; DETAILS], course, vec![0; 8]].concat();
    let sockets = decoded(&[nothing, unknown].concat(), settings(TcpFields::RTT, true)).unwrap();
    assert!(sockets[0].tcp.is_none() && sockets[0].cgroup_id.is_none());
    assert_eq!(sockets[1].tcp.as_ref().unwrap().rtt, None);
}

#[test]
fn pieces_of_rows_are_refused() {
    let bytes = [head(10, 1, HAS_COURSE), details(), vec![0; 8], vec![0; 32]].concat();
    let settings = settings(TcpFields::CWND, true);
    assert_eq!(decoded(&bytes, settings).unwrap().len(), 1);
    for length in 1..bytes.len() {
        assert_eq!(decoded(&bytes[..length], settings), None, "{length}");
    }
    assert_eq!(decoded(&[head(7, 1, 0), vec![0; 200]].concat(), settings), None);
}

#[test]
fn the_settings_are_those_of_the_program() {
    let wanted = TcpSettings { fields: TcpFields::RTTVAR, states: 5, details: false, ages: true };
    let words: Vec<u32> =
        wanted.to_bytes(4_000_000).as_chunks().0.iter().map(|word| u32::from_ne_bytes(*word)).collect();
    // Ages bring details.
    assert_eq!(
        words,
        if cfg!(target_endian = "big") { [0, 2, 5, 1, 1, 4_000_000] } else { [2, 0, 5, 1, 1, 4_000_000] }
    );
    let build = include_str!("../../../../bpf/generated/tcp.build");
    assert!(build.contains("map rodata\nprogram tcp\n"), "{build}");
    // MOST_FIELDS of bpf/tcp.h.
    assert_eq!(TcpFields::all().count(), 41);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), fields: u64, details: bool) {
        let settings = settings(TcpFields::from_bits_truncate(fields), details);
        let mut table = SocketTable::new(netstat_model::query::Keep::EVERYTHING);
        decode_tcp_rows(&bytes, settings, &mut |row| {
            let mut socket = row.head.to_socket();
            row.add_details(settings.fields, &mut socket, &mut None);
            table.push(&SocketRef::from(&socket))
        });
    }
}
