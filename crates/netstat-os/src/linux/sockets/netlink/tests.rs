use super::*;
use crate::linux::wire::put_attribute;
use proptest::prelude::*;

fn row(protocol: u8, port: u32, inode: u32, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![AF_NETLINK, 3, protocol, 0];
    for number in [port, 0, 0, inode, 7, 0] {
        bytes.extend_from_slice(&number.to_ne_bytes());
    }
    for (kind, value) in attributes {
        put_attribute(&mut bytes, *kind, value);
    }
    bytes
}

#[test]
fn a_row_is_decoded_field_by_field() {
    let words = [1usize | 1 << 4, 1 << 2].map(usize::to_ne_bytes).concat();
    let memory: Vec<u8> = [100u32, 1, 20, 1, 1, 1, 1, 1, 9].iter().flat_map(|it| it.to_ne_bytes()).collect();
    let bytes = row(0, 4711, 55, &[(NETLINK_DIAG_MEMINFO, &memory), (NETLINK_DIAG_GROUPS, &words)]);
    let socket = decode_row(&bytes).unwrap();
    assert_eq!((socket.protocol, socket.local.clone()), (Protocol::Netlink(0), Endpoint::Netlink(4711)));
    assert_eq!((socket.remote.clone(), socket.ownership.clone()), (None, Ownership::NotRead));
    assert_eq!(socket.id, SocketId { inode: Some(55), cookie: Some(7) });
    assert_eq!((socket.recv_queue, socket.send_queue), (Some(100), Some(20)));
    assert_eq!(socket.memory.as_ref().unwrap().drops, Some(9));
    let groups = vec![1, 5, usize::BITS + 3];
    let facts = FamilyFacts::Netlink(NetlinkFacts { groups });
    assert_eq!(socket.family_facts.as_deref(), Some(&facts));
}

#[test]
fn port_0_is_the_kernel() {
    let socket = decode_row(&row(15, 0, 12, &[])).unwrap();
    assert_eq!(socket.ownership, Ownership::Unowned(NoOwner::Kernel));
}

#[test]
fn proc_net_is_decoded_line_by_line() {
    let (sockets, odd) = decode_file(
        b"sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n\
          0000000000000000 0   4711       00000011 12       0        0     2        3        99\n\
          what\n",
    );
    assert_eq!((sockets.len(), odd), (1, 1));
    let socket = &sockets[0];
    assert_eq!((socket.protocol, socket.local.clone()), (Protocol::Netlink(0), Endpoint::Netlink(4711)));
    assert_eq!((socket.recv_queue, socket.id.inode), (Some(12), Some(99)));
    assert_eq!(socket.memory.as_ref().unwrap().drops, Some(3));
    let facts = FamilyFacts::Netlink(NetlinkFacts { groups: vec![1, 5] });
    assert_eq!(socket.family_facts.as_deref(), Some(&facts));
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..120),
        file in "([0-9a-f \n]|\\PC){0,200}",
    ) {
        let mut bytes = bytes;
        if let Some(family) = bytes.first_mut() {
            *family = AF_NETLINK;
        }
        decode_row(&bytes);
        decode_file(file.as_bytes());
    }
}
