//! The addresses of this machine, from rtnetlink.

use super::source::{Netlink, Source};
use super::wire::{self, DumpEnd};
use libc::{IFA_ADDRESS, IFA_BROADCAST, IFA_LABEL, IFA_LOCAL, RTM_GETADDR, RTM_NEWADDR};
use netstat_model::{Answer, Error, InterfaceAddress, Operation};
use std::io;
use std::net::{IpAddr, Ipv4Addr};

/// `struct ifaddrmsg`.
const MESSAGE: usize = 8;

/// The name of the table in warnings.
pub(super) const TABLE: &str = "list of addresses";

/// Lists the addresses of all interfaces.
pub(super) fn local_addresses(source: &dyn Source) -> Result<Answer<Vec<IpAddr>>, Error> {
    let (addresses, end) = fetch(source).map_err(|error| Error::new(Operation::ListAddresses, error))?;
    let mut answer = Answer::whole(addresses.into_iter().map(|(_, address)| address.address).collect());
    end.warn(TABLE, &mut answer.warnings);
    Ok(answer)
}

/// Fetches the addresses of all interfaces, each with the index of its interface.
pub(super) fn fetch(source: &dyn Source) -> io::Result<(Vec<(u32, InterfaceAddress)>, DumpEnd)> {
    wire::collect(source, Netlink::Route, RTM_GETADDR, &[0; MESSAGE], |message| {
        decode_address(message.of_kind(RTM_NEWADDR)?)
    })
}

/// Decodes a row as interface index and address. On a point-to-point link `IFA_LOCAL` is the near end and `IFA_ADDRESS`
/// the far one.
pub(super) fn decode_address(payload: &[u8]) -> Option<(u32, InterfaceAddress)> {
    let prefix_length = wire::u8_at(payload, 1)?;
    let interface = wire::u32_at(payload, 4)?;
    let (mut address, mut local) = (None, None);
    let (mut broadcast, mut label) = (None, None);
    for (kind, value) in wire::attributes(payload.get(MESSAGE..)?) {
        match kind {
            IFA_LOCAL => local = Some(decode_ip(value)?),
            IFA_ADDRESS => address = Some(decode_ip(value)?),
            IFA_BROADCAST => broadcast = wire::array_at::<4>(value, 0).map(Ipv4Addr::from),
            IFA_LABEL => label = wire::text(value),
            _ => {}
        }
    }
    let here = local.or(address)?;
    let peer = address.filter(|&other| other != here);
    Some((interface, InterfaceAddress { address: here, peer, prefix_length, broadcast, label }))
}

/// Decodes an address; its length determines the family.
pub(super) fn decode_ip(value: &[u8]) -> Option<IpAddr> {
    match value.len() {
        4 => wire::array_at::<4>(value, 0).map(IpAddr::from),
        16 => wire::array_at::<16>(value, 0).map(IpAddr::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netlink_packet_core::Parseable;
    use netlink_packet_route::address::{AddressAttribute, AddressMessage};
    use proptest::prelude::*;

    #[test]
    fn the_local_end_wins_over_the_peer() {
        let mut payload = vec![2, 32, 0, 0];
        payload.extend_from_slice(&5u32.to_ne_bytes());
        wire::put_attribute(&mut payload, IFA_ADDRESS, &[10, 0, 0, 2]);
        let (near, far) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let only = InterfaceAddress::new(far, 32);
        assert_eq!(decode_address(&payload), Some((5, only)));
        wire::put_attribute(&mut payload, IFA_LOCAL, &[10, 0, 0, 1]);
        let both = InterfaceAddress { peer: Some(far), ..InterfaceAddress::new(near, 32) };
        assert_eq!(decode_address(&payload), Some((5, both)));
        assert_eq!(decode_address(&payload[..3]), None);
        assert_eq!(decode_address(&payload[..8]), None);
    }

    #[test]
    fn broadcast_and_label_are_those_of_the_kernel() {
        let mut payload = vec![2, 24, 0, 0];
        payload.extend_from_slice(&5u32.to_ne_bytes());
        wire::put_attribute(&mut payload, IFA_LOCAL, &[192, 0, 2, 1]);
        wire::put_attribute(&mut payload, IFA_BROADCAST, &[192, 0, 2, 255]);
        wire::put_attribute(&mut payload, IFA_LABEL, b"eth0:1\0");
        let expected = InterfaceAddress {
            broadcast: Some(Ipv4Addr::new(192, 0, 2, 255)),
            label: Some("eth0:1".into()),
            ..InterfaceAddress::new([192, 0, 2, 1].into(), 24)
        };
        assert_eq!(decode_address(&payload), Some((5, expected)));
        wire::put_attribute(&mut payload, IFA_BROADCAST, &[192, 0, 2]);
        wire::put_attribute(&mut payload, IFA_LABEL, b"\0");
        let (_, address) = decode_address(&payload).unwrap();
        assert_eq!((address.broadcast, address.label), (None, None), "the last one counts");
    }

    #[test]
    fn this_machine_has_a_loopback_address() {
        let answer = local_addresses(&super::super::live::Live).unwrap();
        assert!(answer.data.iter().any(IpAddr::is_loopback), "{answer:?}");
    }
    proptest! {
        #[test]
        fn sound_messages_are_read_as_another_decoder_reads_them(
            index: u32, local: [u8; 4], broadcast: [u8; 4], label in "[a-z0-9:]{1,15}",
        ) {
            let mut payload = vec![2, 24, 0, 0];
            payload.extend_from_slice(&index.to_ne_bytes());
            wire::put_attribute(&mut payload, IFA_LOCAL, &local);
            wire::put_attribute(&mut payload, IFA_BROADCAST, &broadcast);
            wire::put_attribute(&mut payload, IFA_LABEL, format!("{label}\0").as_bytes());
            let (interface, ours) = decode_address(&payload).unwrap();
            let theirs = AddressMessage::parse(&payload).unwrap();
            prop_assert_eq!(interface, theirs.header.index);
            prop_assert_eq!(ours.prefix_length, theirs.header.prefix_len);
            prop_assert!(theirs.attributes.contains(&AddressAttribute::Local(ours.address)));
            prop_assert!(theirs.attributes.contains(&AddressAttribute::Broadcast(ours.broadcast.unwrap())));
            let label = ours.label.unwrap().into_string().unwrap();
            prop_assert!(theirs.attributes.contains(&AddressAttribute::Label(label)));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = decode_address(&bytes);
        }
    }
}
