//! The addresses of this machine, from `GetUnicastIpAddressTable`.

use super::memory::{address_at, u8_at, u16_at, u32_at};
use super::mib_table::decode_rows;
use super::source::{Question, Source};
use netstat_model::{Answer, Error, Family, InterfaceAddress, Operation, Warning};
use std::io;
use std::net::IpAddr;

// Size and offsets of `MIB_UNICASTIPADDRESS_ROW`.
const ROW: usize = 80;
const ADDRESS: usize = 0;
const INTERFACE: usize = 40;
const PREFIX_LENGTH: usize = 60;

const AF_INET: u16 = 2;
const AF_INET6: u16 = 23;

/// The name of the table in warnings.
const TABLE: &str = "list of addresses";

/// Returns the addresses of all interfaces.
pub(super) fn local_addresses(source: &dyn Source) -> Result<Answer<Vec<IpAddr>>, Error> {
    let mut warnings = Vec::new();
    let addresses =
        fetch(source, &mut warnings).map_err(|error| Error::new(Operation::ListAddresses, error))?;
    Ok(Answer { data: addresses.into_iter().map(|(_, address)| address.address).collect(), warnings })
}

/// Returns the addresses of all interfaces, each with the index of its interface.
pub(super) fn fetch(
    source: &dyn Source,
    warnings: &mut Vec<Warning>,
) -> io::Result<Vec<(u32, InterfaceAddress)>> {
    let table = source.ask(&Question::Addresses)?;
    Ok(decode_rows(table.bytes(), ROW, TABLE, warnings, decode_address))
}

#[doc(alias = "MIB_UNICASTIPADDRESS_ROW")]
pub(super) fn decode_address(row: &[u8]) -> Option<(u32, InterfaceAddress)> {
    let address = decode_socket_address(row.get(ADDRESS..)?)?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    // 255 means that the length is unknown. Such an address has no on-link neighbours, as with the longest prefix.
    let prefix_length = u8_at(row, PREFIX_LENGTH)?.min(longest);
    Some((u32_at(row, INTERFACE)?, InterfaceAddress::new(address, prefix_length)))
}

/// Decodes an `ADDRESS_FAMILY`.
pub(super) fn decode_family(number: u16) -> Option<Family> {
    match number {
        AF_INET => Some(Family::V4),
        AF_INET6 => Some(Family::V6),
        _ => None,
    }
}

/// Decodes the address in a `SOCKADDR_INET`.
#[doc(alias = "SOCKADDR_INET")]
pub(super) fn decode_socket_address(bytes: &[u8]) -> Option<IpAddr> {
    match decode_family(u16_at(bytes, 0)?)? {
        Family::V4 => address_at(bytes, Family::V4, 4),
        Family::V6 => address_at(bytes, Family::V6, 8),
    }
}

#[cfg(test)]
mod tests;
