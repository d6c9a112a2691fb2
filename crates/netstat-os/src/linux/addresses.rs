//! The addresses of this machine, from rtnetlink.

use super::source::{Netlink, Source};
use super::wire::{self, DumpEnd};
use libc::{IFA_ADDRESS, IFA_LOCAL, RTM_GETADDR, RTM_NEWADDR};
use netstat_model::{Answer, Error, InterfaceAddress, Operation};
use std::io;
use std::net::IpAddr;

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
    for (kind, value) in wire::attributes(payload.get(MESSAGE..)?) {
        match kind {
            IFA_LOCAL => local = Some(decode_ip(value)?),
            IFA_ADDRESS => address = Some(decode_ip(value)?),
            _ => {}
        }
    }
    let here = local.or(address)?;
    let peer = address.filter(|&other| other != here);
    Some((interface, InterfaceAddress { address: here, peer, prefix_length }))
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

    #[test]
    fn the_local_end_wins_over_the_peer() {
        let mut payload = vec![2, 32, 0, 0];
        payload.extend_from_slice(&5u32.to_ne_bytes());
        wire::put_attribute(&mut payload, IFA_ADDRESS, &[10, 0, 0, 2]);
        let (near, far) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let only = InterfaceAddress { address: far, peer: None, prefix_length: 32 };
        assert_eq!(decode_address(&payload), Some((5, only)));
        wire::put_attribute(&mut payload, IFA_LOCAL, &[10, 0, 0, 1]);
        let both = InterfaceAddress { address: near, peer: Some(far), prefix_length: 32 };
        assert_eq!(decode_address(&payload), Some((5, both)));
        assert_eq!(decode_address(&payload[..3]), None);
        assert_eq!(decode_address(&payload[..8]), None);
    }

    #[test]
    fn this_machine_has_a_loopback_address() {
        let answer = local_addresses(&super::super::live::Live).unwrap();
        assert!(answer.data.iter().any(IpAddr::is_loopback), "{answer:?}");
    }
}
