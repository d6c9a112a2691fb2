use super::*;
use crate::linux::wire::put_attribute;
use proptest::prelude::*;

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}

fn row(kind: u8, ethertype: u16, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![AF_PACKET, kind];
    bytes.extend_from_slice(&ethertype.to_ne_bytes());
    bytes.extend(numbers(&[55, 7, 0]));
    for (kind, value) in attributes {
        put_attribute(&mut bytes, *kind, value);
    }
    bytes
}

#[test]
fn a_sniffer_is_decoded_field_by_field() {
    let mut memberships = Vec::new();
    for (kind, len) in [(1u16, 6u16), (0, 6), (0, 33)] {
        let mut one = numbers(&[2, 1]);
        one.extend_from_slice(&[kind.to_ne_bytes(), len.to_ne_bytes()].concat());
        one.extend_from_slice(&[1, 0, 0x5e, 0, 0, 0xfb]);
        one.resize(MEMBERSHIP, 0);
        memberships.extend(one);
    }
    let bytes = row(
        3,
        3,
        &[
            (PACKET_DIAG_INFO, &numbers(&[2, 2, 0, 0, 0, 1])),
            (PACKET_DIAG_MCLIST, &memberships),
            (PACKET_DIAG_RX_RING, &numbers(&[65536, 32, 2048, 1024, 0, 0, 0])),
            (PACKET_DIAG_FANOUT, &numbers(&[0x0001_0007])),
            (PACKET_DIAG_UID, &numbers(&[0])),
            (PACKET_DIAG_MEMINFO, &numbers(&[100, 1, 20, 1, 1, 1, 1, 1, 9])),
            (PACKET_DIAG_FILTER, &[0; 8]),
        ],
    );
    let socket = decode_row(&bytes).unwrap();
    assert_eq!(socket.protocol, Protocol::Packet(SocketType::Raw));
    assert_eq!(socket.local, Endpoint::Packet { interface: 2, ethertype: 3 });
    assert_eq!(socket.id, SocketId { inode: Some(55), cookie: Some(7) });
    assert_eq!((socket.interface, socket.uid), (Some(2), Some(0)));
    assert_eq!((socket.recv_queue, socket.send_queue), (Some(100), Some(20)));
    assert_eq!(socket.memory.unwrap().drops, Some(9));
    let facts = PacketFacts {
        receive_ring: Some(RingSize { block_size: 65536, blocks: 32 }),
        send_ring: None,
        fanout_group: Some(7),
        // An address that is longer than its room makes no sense.
        memberships: vec![
            PacketMembership { interface: 2, kind: MembershipKind::Promiscuous, address: Box::new([]) },
            PacketMembership {
                interface: 2,
                kind: MembershipKind::Multicast,
                address: Box::new([1, 0, 0x5e, 0, 0, 0xfb]),
            },
        ],
        has_filter: Some(true),
    };
    assert_eq!(socket.family_facts.as_deref(), Some(&FamilyFacts::Packet(facts)));
}

#[test]
fn what_is_not_there_is_unknown() {
    let socket = decode_row(&row(2, 0x0800, &[])).unwrap();
    assert_eq!(socket.local, Endpoint::Packet { interface: 0, ethertype: 0x0800 });
    assert_eq!((socket.interface, socket.uid, socket.recv_queue), (None, None, None));
    assert_eq!(socket.family_facts.as_deref(), Some(&FamilyFacts::Packet(PacketFacts::default())));
    assert_eq!(decode_row(&row(7, 3, &[])), None);
}

#[test]
fn proc_net_is_decoded_line_by_line() {
    let (sockets, odd) = decode_file(
        b"sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n\
          0000000000000000 3      3    88cc   2     1 768    1000   4711\n\
          what\n",
    );
    assert_eq!((sockets.len(), odd), (1, 1));
    assert_eq!(sockets[0].local, Endpoint::Packet { interface: 2, ethertype: 0x88cc });
    assert_eq!(
        (sockets[0].recv_queue, sockets[0].uid, sockets[0].id.inode),
        (Some(768), Some(1000), Some(4711))
    );
    assert_eq!(sockets[0].family_facts, None, "rings and memberships are unknown");
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(
        attributes in proptest::collection::vec((0u16..9, proptest::collection::vec(any::<u8>(), 0..60)), 0..6),
        file in "([0-9a-f \n]|\\PC){0,200}",
    ) {
        let attributes: Vec<_> = attributes.iter().map(|(kind, value)| (*kind, value.as_slice())).collect();
        let bytes = row(3, 3, &attributes);
        decode_row(&bytes);
        decode_row(&bytes[..bytes.len().saturating_sub(3)]);
        decode_file(file.as_bytes());
    }
}
