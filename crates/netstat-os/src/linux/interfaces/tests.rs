use super::*;
use crate::linux::wire::put_attribute;
use crate::linux::wire::tests::{Script, done, message};
use netlink_packet_core::Parseable;
use netlink_packet_route::link::{LinkAttribute, LinkMessage};
use proptest::prelude::*;
use std::os::unix::ffi::OsStringExt;

fn link(index: u32, link_type: u16, flags: u32, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    bytes.extend_from_slice(&link_type.to_ne_bytes());
    bytes.extend_from_slice(&index.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&[0; 4]);
    for (kind, value) in attributes {
        put_attribute(&mut bytes, *kind, value);
    }
    bytes
}

#[test]
fn all_parts_of_an_interface() {
    let mut info = Vec::new();
    put_attribute(&mut info, IFLA_INFO_KIND, b"veth\0");
    let mut map = Vec::new();
    map.extend([0xf710_0000, 0xf712_0000, 0x300u64].map(u64::to_ne_bytes).as_flattened());
    map.extend_from_slice(&20u16.to_ne_bytes());
    map.extend_from_slice(&[3, 4, 0, 0, 0, 0]);
    let bytes = link(
        7,
        1,
        1 | 1 << 6 | 1 << 15,
        &[
            (IFLA_IFNAME, b"v\xff0\0"),
            (IFLA_MTU, &1400u32.to_ne_bytes()),
            (IFLA_TXQLEN, &500u32.to_ne_bytes()),
            (IFLA_MAP, &map),
            (IFLA_ADDRESS, &[2, 0, 0, 0, 0, 1]),
            (IFLA_LINKINFO | 0x8000, &info),
            (IFLA_IFALIAS, b"uplink\0"),
        ],
    );
    let interface = decode_link(&bytes).unwrap();
    assert_eq!(interface.name, OsString::from_vec(b"v\xff0".to_vec()));
    assert_eq!(interface.kind, Some("veth".into()));
    assert_eq!(interface.alias, Some("uplink".into()));
    assert_eq!(interface.hardware_address.as_deref(), Some(&[2, 0, 0, 0, 0, 1][..]));
    assert_eq!((interface.index, interface.mtu, interface.link_type), (7, Some(1400), Some(1)));
    let hardware = InterfaceHardware {
        memory_start: 0xf710_0000,
        memory_end: 0xf712_0000,
        base_address: 0x300,
        interrupt: 20,
        dma: 3,
        port: 4,
    };
    assert_eq!((interface.queue_length, interface.hardware), (Some(500), Some(hardware)));
    assert_eq!(interface.flags, InterfaceFlags::UP | InterfaceFlags::RUNNING | InterfaceFlags::DYNAMIC);
}

#[test]
fn missing_attributes_are_none() {
    let interface =
        decode_link(&link(3, 65534, 0, &[(IFLA_IFNAME, b"tun0\0"), (IFLA_ADDRESS, &[])])).unwrap();
    assert_eq!((interface.hardware_address, interface.mtu, interface.kind), (None, None, None));
    assert_eq!((interface.queue_length, interface.hardware), (None, None));
    let short = link(3, 1, 0, &[(IFLA_IFNAME, b"x\0"), (IFLA_MAP, &[1; 27])]);
    assert_eq!(decode_link(&short).unwrap().hardware, None, "a part of it tells nothing");
    assert_eq!(decode_link(&link(3, 1, 0, &[])), None, "every interface has a name");
}

#[test]
fn addresses_find_their_interfaces() {
    let address = |index: u32, last| {
        let mut bytes = vec![2, 24, 0, 0];
        bytes.extend_from_slice(&index.to_ne_bytes());
        put_attribute(&mut bytes, 2, &[10, 0, 0, last]);
        message(20, 2, &bytes)
    };
    let named = |index, name: &[u8]| message(RTM_NEWLINK, 2, &link(index, 1, 0, &[(IFLA_IFNAME, name)]));
    let script = Script::new([
        (vec![named(1, b"lo\0"), named(9, b"eth0\0"), done()], None),
        (vec![address(9, 1), address(5, 2), address(9, 3), done()], None),
    ]);
    let answer = interfaces(&script).unwrap();
    let told: Vec<Vec<String>> = answer
        .data
        .iter()
        .map(|interface| interface.addresses.iter().map(|own| own.address.to_string()).collect())
        .collect();
    assert_eq!(told, [vec![], vec!["10.0.0.1".to_owned(), "10.0.0.3".to_owned()]]);
    assert_eq!(answer.warnings, []);
}

#[test]
fn a_refused_list_is_an_error() {
    let refused = message(2, 0, &(-1i32).to_ne_bytes());
    let error = interfaces(&Script::new([(vec![refused], None)])).unwrap_err();
    assert_eq!(error.operation, Operation::ListInterfaces);
}

proptest! {
    #[test]
    fn sound_messages_are_read_as_another_decoder_reads_them(
        index: u32, flags: u32, mtu: u32, queue: u32, name in "[a-z0-9]{1,15}", address: [u8; 6],
    ) {
        let text = format!("{name}\0");
        let bytes = link(index, 1, flags, &[
            (IFLA_IFNAME, text.as_bytes()), (IFLA_MTU, &mtu.to_ne_bytes()), (IFLA_ADDRESS, &address),
            (IFLA_TXQLEN, &queue.to_ne_bytes()),
        ]);
        let ours = decode_link(&bytes).unwrap();
        let theirs = LinkMessage::parse(&bytes).unwrap();
        prop_assert_eq!(ours.index, theirs.header.index);
        prop_assert_eq!(ours.flags.contains(InterfaceFlags::UP), theirs.header.flags.bits() & 1 != 0);
        prop_assert!(theirs.attributes.contains(&LinkAttribute::IfName(ours.name.into_string().unwrap())));
        prop_assert!(theirs.attributes.contains(&LinkAttribute::Mtu(ours.mtu.unwrap())));
        prop_assert!(theirs.attributes.contains(&LinkAttribute::TxQueueLen(ours.queue_length.unwrap())));
        let bits = FLAGS.into_iter().filter(|(_, flag)| ours.flags.contains(*flag)).map(|(bit, _)| bit);
        prop_assert_eq!(theirs.header.flags.bits() & 0xffff, bits.sum::<u32>());
        prop_assert!(theirs.attributes.contains(&LinkAttribute::Address(ours.hardware_address.unwrap().to_vec())));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = decode_link(&bytes);
    }
}
