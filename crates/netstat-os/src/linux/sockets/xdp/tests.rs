use super::*;
use crate::linux::wire::put_attribute;
use proptest::prelude::*;

fn row(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![AF_XDP, 3, 0, 0];
    for number in [55u32, 7, 0] {
        bytes.extend_from_slice(&number.to_ne_bytes());
    }
    for (kind, value) in attributes {
        put_attribute(&mut bytes, *kind, value);
    }
    bytes
}

#[test]
fn interface_queue_and_memory_are_decoded() {
    let umem = [&(4u64 << 20).to_ne_bytes()[..], &[0; 24], &1u32.to_ne_bytes(), &[0; 4]].concat();
    let info = [2u32, 1].map(u32::to_ne_bytes).concat();
    let statistics = [&9u64.to_ne_bytes()[..], &[0; 40]].concat();
    let socket = decode_row(&row(&[
        (XDP_DIAG_INFO, &info),
        (XDP_DIAG_UMEM, &umem),
        (XDP_DIAG_STATS, &statistics),
        (XDP_DIAG_UID, &1000u32.to_ne_bytes()),
    ]))
    .unwrap();
    assert_eq!(socket.local, Endpoint::Xdp { interface: 2, queue: 1 });
    assert_eq!((socket.interface, socket.uid, socket.id.inode), (Some(2), Some(1000), Some(55)));
    let facts = XdpFacts { memory: Some(4 << 20), is_zero_copy: Some(true), dropped: Some(9) };
    assert_eq!(socket.family_facts.as_deref(), Some(&FamilyFacts::Xdp(facts)));
    let bare = decode_row(&row(&[])).unwrap();
    assert_eq!((bare.local, bare.interface), (Endpoint::Xdp { interface: 0, queue: 0 }, None));
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        decode_row(&[&[AF_XDP][..], &bytes].concat());
        decode_row(&bytes);
    }
}
