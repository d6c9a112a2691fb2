//! The addresses of this machine, from rtnetlink.

use super::source::{Netlink, Source};
use super::wire::{self, Message, Rows};
use crate::{Answer, Error, Operation, Warning};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
/// `struct ifaddrmsg`.
const MESSAGE: usize = 8;

/// The addresses of all interfaces.
pub(super) fn local_addresses(source: &dyn Source) -> Result<Answer<Vec<IpAddr>>, Error> {
    let mut rows = Addresses(Vec::new());
    let request = wire::dump_request(RTM_GETADDR, &[0; MESSAGE]);
    let end = wire::dump(source, Netlink::Route, &request, &mut rows)
        .map_err(|error| Error::new(Operation::ListAddresses, error))?;
    let mut answer = Answer::whole(rows.0);
    if end.interrupted || end.overrun {
        answer.warnings.push(Warning::DumpInterrupted { what: "list of addresses" });
    }
    Ok(answer)
}

struct Addresses(Vec<IpAddr>);

impl Rows for Addresses {
    fn row(&mut self, message: Message<'_>) -> bool {
        if message.kind != RTM_NEWADDR {
            return false;
        }
        match decode_address(message.payload) {
            Some(address) => {
                self.0.push(address);
                true
            }
            None => false,
        }
    }

    fn restart(&mut self) {
        self.0.clear();
    }
}

/// `IFA_LOCAL` is this end of a point-to-point link, where `IFA_ADDRESS` is the other one.
pub(super) fn decode_address(payload: &[u8]) -> Option<IpAddr> {
    let mut address = None;
    for (kind, value) in wire::attributes(payload.get(MESSAGE..)?) {
        let decoded = match value.len() {
            4 => Some(IpAddr::V4(Ipv4Addr::from(wire::array_at::<4>(value, 0)?))),
            16 => Some(IpAddr::V6(Ipv6Addr::from(wire::array_at::<16>(value, 0)?))),
            _ => None,
        };
        match kind {
            IFA_LOCAL => return decoded,
            IFA_ADDRESS => address = decoded,
            _ => {}
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_end_wins_over_the_other_end_of_a_link() {
        let mut payload = vec![2, 32, 0, 0, 5, 0, 0, 0];
        wire::put_attribute(&mut payload, IFA_ADDRESS, &[10, 0, 0, 2]);
        assert_eq!(decode_address(&payload), Some("10.0.0.2".parse().unwrap()));
        wire::put_attribute(&mut payload, IFA_LOCAL, &[10, 0, 0, 1]);
        assert_eq!(decode_address(&payload), Some("10.0.0.1".parse().unwrap()));
        assert_eq!(decode_address(&payload[..3]), None);
    }

    #[test]
    fn this_machine_has_a_loopback_address() {
        let answer = local_addresses(&super::super::live::Live).unwrap();
        assert!(answer.data.iter().any(IpAddr::is_loopback), "{answer:?}");
    }
}
