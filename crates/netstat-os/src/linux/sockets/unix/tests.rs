use super::*;
use crate::linux::wire::put_attribute;
use netstat_model::Endpoint::{Abstract, Inode, Path};
use proptest::prelude::*;

/// Returns a row of the dump.
pub(in crate::linux::sockets) fn row(
    kind: u8,
    state: u8,
    inode: u32,
    attributes: &[(u16, &[u8])],
) -> Vec<u8> {
    let mut bytes = vec![AF_UNIX, kind, state, 0];
    for number in [inode, 7, 0] {
        bytes.extend_from_slice(&number.to_ne_bytes());
    }
    for (kind, value) in attributes {
        put_attribute(&mut bytes, *kind, value);
    }
    bytes
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}

fn connected(rows: &[Vec<u8>]) -> Vec<Socket> {
    connect(rows.iter().map(|row| decode_row(row).unwrap()).collect())
}

fn facts(socket: &Socket) -> &UnixFacts {
    socket.family_facts.as_ref().unwrap().unix().unwrap()
}

#[test]
fn a_row_is_decoded_field_by_field() {
    let bytes = row(
        1,
        10,
        55,
        &[
            (UNIX_DIAG_NAME, b"/run/db.sock\0"),
            (UNIX_DIAG_VFS, &numbers(&[1234, 0x0010_0002])),
            (UNIX_DIAG_RQLEN, &numbers(&[3, 128])),
            (UNIX_DIAG_UID, &numbers(&[1000])),
            (UNIX_DIAG_MEMINFO, &numbers(&[1, 2, 3, 4, 5, 6, 7, 8, 9])),
        ],
    );
    let Row { socket, inode, peer, waiting } = decode_row(&bytes).unwrap();
    assert_eq!((inode, peer, waiting), (55, None, vec![]));
    assert_eq!(socket.protocol, Protocol::Unix(SocketType::Stream));
    assert_eq!(socket.local, Path(b"/run/db.sock".as_slice().into()));
    assert_eq!((socket.state, socket.remote.clone()), (Some(TcpState::Listen), None));
    assert_eq!(socket.id, SocketId { inode: Some(55), cookie: Some(7) });
    assert_eq!((socket.recv_queue, socket.send_queue, socket.uid), (Some(3), Some(128), Some(1000)));
    assert_eq!(socket.memory.as_ref().unwrap().drops, Some(9));
    assert_eq!(facts(&socket).file, Some(SocketFile { inode: 1234, device: 0x0010_0002 }));
    assert_eq!(socket.ownership, Ownership::NotRead);
}

#[test]
fn names_are_paths_or_abstract_or_none() {
    let local = |name: &[u8]| decode_row(&row(2, 7, 9, &[(UNIX_DIAG_NAME, name)])).unwrap().socket.local;
    assert_eq!(local(b"\0a\0b"), Abstract(b"a\0b".as_slice().into()), "it may have any bytes");
    assert_eq!(local(b"/a\nb"), Path(b"/a\nb".as_slice().into()), "without a NUL, as older kernels send it");
    assert_eq!(local(b"\0"), Abstract(b"".as_slice().into()));
    assert_eq!(local(b""), Inode(9));
    assert_eq!(decode_row(&row(2, 7, 9, &[])).unwrap().socket.state, None, "not connected");
    assert!(decode_row(&row(9, 7, 9, &[])).is_none(), "no type that Unix sockets have");
    assert!(decode_row(&[2; 16]).is_none(), "another family");
}

#[test]
fn both_ends_of_a_connection_know_each_other() {
    let sockets = connected(&[
        row(1, 1, 10, &[(UNIX_DIAG_PEER, &numbers(&[11]))]),
        row(1, 1, 11, &[(UNIX_DIAG_NAME, b"/run/db\0"), (UNIX_DIAG_PEER, &numbers(&[10]))]),
        // Its peer is in another network namespace.
        row(1, 1, 12, &[(UNIX_DIAG_PEER, &numbers(&[99]))]),
        // Its peer is closed.
        row(1, 1, 13, &[(UNIX_DIAG_PEER, &numbers(&[0]))]),
    ]);
    let ends: Vec<_> = sockets.iter().map(|it| (it.remote.clone(), facts(it).peer)).collect();
    assert_eq!(
        ends,
        [
            (Some(Path(b"/run/db".as_slice().into())), Some(11)),
            (Some(Inode(10)), Some(10)),
            (Some(Inode(99)), Some(99)),
            (None, None),
        ]
    );
}

#[test]
fn a_connection_that_waits_leads_to_the_listener() {
    let sockets = connected(&[
        row(1, 10, 20, &[(UNIX_DIAG_NAME, b"\0bus"), (UNIX_DIAG_ICONS, &numbers(&[21, 0]))]),
        row(1, 1, 21, &[(UNIX_DIAG_PEER, &numbers(&[0]))]),
        // What nobody has accepted has no inode.
        row(1, 1, 0, &[(UNIX_DIAG_NAME, b"\0bus"), (UNIX_DIAG_PEER, &numbers(&[21]))]),
    ]);
    let client = &sockets[1];
    assert_eq!(client.remote, Some(Abstract(b"bus".as_slice().into())));
    assert_eq!((facts(client).peer, facts(client).is_waiting), (Some(20), true));
    assert_eq!(sockets[2].ownership, Ownership::Unowned(NoOwner::NoProcess));
    assert_eq!((sockets[2].id.inode, sockets[2].remote.clone()), (None, Some(Inode(21))));
}

#[test]
fn an_inode_of_two_sockets_is_nobodys_peer() {
    let sockets = connected(&[
        row(1, 1, 10, &[(UNIX_DIAG_PEER, &numbers(&[11]))]),
        row(1, 1, 11, &[(UNIX_DIAG_NAME, b"/one\0")]),
        row(2, 7, 11, &[(UNIX_DIAG_NAME, b"/two\0")]),
    ]);
    assert_eq!((sockets[0].remote.clone(), facts(&sockets[0]).peer), (Some(Inode(11)), None));
}

#[test]
fn proc_net_is_decoded_line_by_line() {
    let (sockets, odd) = decode_file(
        b"Num       RefCount Protocol Flags    Type St Inode Path\n\
          0000000000000000: 00000002 00000000 00010000 0005 01 4711 /run/udev/a b\n\
          0000000000000000: 00000003 00000000 00000000 0001 03 16260\n\
          0000000000000000: 00000002 00000000 00000000 0002 01 12 @abs@x\n\
          a path with a line end\n",
    );
    assert_eq!(odd, 1);
    let shown: Vec<_> = sockets.iter().map(|it| (it.protocol, it.local.clone(), it.state)).collect();
    let unix = Protocol::Unix;
    assert_eq!(
        shown,
        [
            (unix(SocketType::SeqPacket), Path(b"/run/udev/a b".as_slice().into()), Some(TcpState::Listen)),
            (unix(SocketType::Stream), Inode(16260), Some(TcpState::Established)),
            (unix(SocketType::Datagram), Abstract(b"abs@x".as_slice().into()), None),
        ]
    );
    assert_eq!(sockets[0].id.inode, Some(4711));
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(
        rows in proptest::collection::vec((1u8..6, any::<u8>(), 0u32..5, proptest::collection::vec((0u16..9, proptest::collection::vec(any::<u8>(), 0..20)), 0..6), any::<bool>()), 0..9),
        file in "([0-9a-f :@/\n]|\\PC){0,200}",
    ) {
        let decoded: Vec<Row> = rows
            .iter()
            .filter_map(|(kind, state, inode, attributes, cut)| {
                let attributes: Vec<_> = attributes.iter().map(|(kind, value)| (*kind, value.as_slice())).collect();
                let mut bytes = row(*kind, *state, *inode, &attributes);
                bytes.truncate(if *cut { bytes.len() - 3 } else { bytes.len() });
                decode_row(&bytes)
            })
            .collect();
        let names: Vec<_> = decoded.iter().map(|row| row.socket.local.clone()).collect();
        let sockets = connect(decoded);
        prop_assert_eq!(sockets.len(), names.len());
        for (socket, name) in sockets.iter().zip(names) {
            prop_assert_eq!(&socket.local, &name, "its own end stays");
            prop_assert!(facts(socket).peer.is_none() || socket.remote.is_some());
        }
        decode_file(file.as_bytes());
    }
}
