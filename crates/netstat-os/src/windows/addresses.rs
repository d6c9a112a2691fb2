//! The addresses of this machine, from `GetUnicastIpAddressTable`.

use super::memory::{array_at, rows, u8_at, u16_at, u32_at};
use super::routes::FIRST_ROW;
use super::source::{Question, Source};
use netstat_model::{Answer, Error, Operation, Warning};
use netstat_model::{Family, InterfaceAddress};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where the fields of `MIB_UNICASTIPADDRESS_ROW` are.
const ROW: usize = 80;
const ADDRESS: usize = 0;
const INTERFACE: usize = 40;
const PREFIX_LENGTH: usize = 60;

const AF_INET: u16 = 2;
const AF_INET6: u16 = 23;

/// What a warning calls the table.
pub(super) const TABLE: &str = "list of addresses";

/// The addresses of all interfaces.
pub(super) fn local_addresses(source: &dyn Source) -> Result<Answer<Vec<IpAddr>>, Error> {
    let (addresses, odd) = fetch(source).map_err(|error| Error::new(Operation::ListAddresses, error))?;
    let mut answer = Answer::whole(addresses.into_iter().map(|(_, address)| address.address).collect());
    if odd > 0 {
        answer.warnings.push(Warning::OddMessages { what: TABLE, count: odd });
    }
    Ok(answer)
}

/// The addresses of all interfaces, each with the index of its interface, and how many rows made no sense.
pub(super) fn fetch(source: &dyn Source) -> io::Result<(Vec<(u32, InterfaceAddress)>, u64)> {
    Ok(decode_table(source.ask(&Question::Addresses)?.bytes()))
}

fn decode_table(table: &[u8]) -> (Vec<(u32, InterfaceAddress)>, u64) {
    let (rows, mut odd) = rows(table, FIRST_ROW, ROW);
    let mut addresses = Vec::new();
    for row in rows {
        match decode_address(row) {
            Some(address) => addresses.push(address),
            None => odd += 1,
        }
    }
    (addresses, odd)
}

#[doc(alias = "MIB_UNICASTIPADDRESS_ROW")]
pub(super) fn decode_address(row: &[u8]) -> Option<(u32, InterfaceAddress)> {
    let address = decode_socket_address(row.get(ADDRESS..)?)?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    // 255 stands for a length that is not known; such an address has no neighbours.
    let prefix_length = u8_at(row, PREFIX_LENGTH)?.min(longest);
    Some((u32_at(row, INTERFACE)?, InterfaceAddress { address, peer: None, prefix_length }))
}

/// The family that Windows has this number for.
pub(super) fn decode_family(number: [u8; 2]) -> Option<Family> {
    match u16::from_le_bytes(number) {
        AF_INET => Some(Family::V4),
        AF_INET6 => Some(Family::V6),
        _ => None,
    }
}

/// The address in a `SOCKADDR_INET`.
#[doc(alias = "SOCKADDR_INET")]
pub(super) fn decode_socket_address(bytes: &[u8]) -> Option<IpAddr> {
    match u16_at(bytes, 0)? {
        AF_INET => Some(IpAddr::V4(Ipv4Addr::from(array_at::<4>(bytes, 4)?))),
        AF_INET6 => Some(IpAddr::V6(Ipv6Addr::from(array_at::<16>(bytes, 8)?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
