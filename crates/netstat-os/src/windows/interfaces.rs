//! The network interfaces: their properties from `GetIfTable2`; which of them carry IP, and the order of Windows, from
//! `GetAdaptersAddresses`.
//!
//! `GetIfTable2` also lists what no IP packet begins or ends at: filters and packet schedulers in the stack of a network
//! card, and the miniports of the system.

use super::addresses;
use super::memory::{Memory, text_before_zero, u8_at, u32_at, u64_at};
use super::mib_table::decode_rows;
use super::source::{Question, Source};
use super::win32_error::unavailable;
use netstat_model::{Answer, Error, Interface, InterfaceFlags, Operation, Warning};
use rustc_hash::FxHashMap;
use std::ffi::OsString;
use std::io;

// Size and offsets of `MIB_IF_ROW2`.
pub(super) const ROW: usize = 1352;
const LUID: usize = 0;
const INDEX: usize = 8;
const ALIAS: usize = 28;
const DESCRIPTION: usize = 542;
/// `IF_MAX_STRING_SIZE` and its terminating zero.
const TEXT_UNITS: usize = 257;
const LINK_ADDRESS_LENGTH: usize = 1056;
const LINK_ADDRESS: usize = 1060;
const LINK_ADDRESS_SIZE: u32 = 32;
const MTU: usize = 1124;
const TYPE: usize = 1128;
const ACCESS_TYPE: usize = 1144;
const FLAGS: usize = 1152;
const OPER_STATUS: usize = 1156;
const ADMIN_STATUS: usize = 1160;
/// `InOctets`, the first of the counters.
pub(super) const FIRST_COUNTER: usize = 1208;

const FLAG_FILTER: u8 = 1 << 1;
const ACCESS_POINT_TO_POINT: u32 = 3;
const STATUS_UP: u32 = 1;

const TYPE_ETHERNET: u32 = 6;
const TYPE_PPP: u32 = 23;
const TYPE_LOOPBACK: u32 = 24;
const TYPE_WIRELESS: u32 = 71;

// Offsets of `IP_ADAPTER_ADDRESSES`, 64 bits.
const ADAPTER_INDEX: usize = 4;
const ADAPTER_NEXT: usize = 8;
const ADAPTER_INDEX_V6: usize = 108;

/// The name of the table in warnings.
pub(super) const TABLE: &str = "list of interfaces";

/// A row of `GetIfTable2`.
#[derive(Debug, PartialEq, Eq)]
#[doc(alias = "MIB_IF_ROW2")]
pub(super) struct Row {
    /// Identifies the interface in the registry.
    pub(super) luid: u64,
    /// Belongs to the stack of another interface and counts its packets again.
    pub(super) filter: bool,
    pub(super) interface: Interface,
}

/// Returns all interfaces that carry IP, with their addresses, in the order of Windows.
pub(super) fn interfaces(source: &dyn Source) -> Result<Answer<Vec<Interface>>, Error> {
    let failed = |error| Error::new(Operation::ListInterfaces, error);
    let mut warnings = Vec::new();
    let rows = fetch(source, &mut warnings).map_err(failed)?;
    let addresses = addresses::fetch(source, &mut warnings).map_err(failed)?;
    let mut interfaces: Vec<Interface> =
        rows.into_iter().filter(|row| !row.filter).map(|row| row.interface).collect();
    match source.ask(&Question::Adapters) {
        Ok(adapters) => {
            let places = places(decode_adapters(&adapters));
            interfaces.retain(|interface| places.contains_key(&interface.index));
            interfaces.sort_by_key(|interface| places.get(&interface.index).copied());
        }
        Err(error) => warnings.push(unavailable("which interfaces carry IP", &error)),
    }
    let places = places(interfaces.iter().map(|interface| interface.index));
    for (index, address) in addresses {
        // An interface that came up between the two calls is left out altogether.
        if let Some(interface) = places.get(&index).and_then(|&place| interfaces.get_mut(place)) {
            interface.addresses.push(address);
        }
    }
    Ok(Answer { data: interfaces, warnings })
}

/// The place of each interface index in a list.
fn places(indices: impl IntoIterator<Item = u32>) -> FxHashMap<u32, usize> {
    indices.into_iter().enumerate().map(|(place, index)| (index, place)).collect()
}

/// Returns every row of `GetIfTable2`.
pub(super) fn fetch(source: &dyn Source, warnings: &mut Vec<Warning>) -> io::Result<Vec<Row>> {
    let table = source.ask(&Question::Interfaces)?;
    Ok(decode_rows(table.bytes(), ROW, TABLE, warnings, decode_row))
}

/// Decodes a row. One without an index is malformed.
pub(super) fn decode_row(row: &[u8]) -> Option<Row> {
    let index = u32_at(row, INDEX).filter(|&index| index != 0)?;
    let description = decode_text(row, DESCRIPTION)?;
    let alias = decode_text(row, ALIAS)?;
    let kind = u32_at(row, TYPE)?;
    let name = alias.or_else(|| description.clone()).unwrap_or_default();
    let interface = Interface {
        description,
        link_type: decode_link_type(kind),
        hardware_address: decode_link_address(row)?,
        flags: decode_flags(row, kind)?,
        mtu: Some(u32_at(row, MTU)?),
        ..Interface::new(index, name)
    };
    Some(Row { luid: u64_at(row, LUID)?, filter: u8_at(row, FLAGS)? & FLAG_FILTER != 0, interface })
}

/// Decodes a text field of a fixed size; `Some(None)` if it is empty.
fn decode_text(row: &[u8], offset: usize) -> Option<Option<OsString>> {
    let text = text_before_zero(row.get(offset..)?.get(..TEXT_UNITS * 2)?);
    Some(Some(text).filter(|text| !text.is_empty()))
}

fn decode_link_address(row: &[u8]) -> Option<Option<Box<[u8]>>> {
    let length = u32_at(row, LINK_ADDRESS_LENGTH)?.min(LINK_ADDRESS_SIZE) as usize;
    let bytes = row.get(LINK_ADDRESS..)?.get(..length)?;
    Some((length > 0).then(|| bytes.into()))
}

fn decode_flags(row: &[u8], kind: u32) -> Option<InterfaceFlags> {
    let mut flags = InterfaceFlags::empty();
    flags.set(InterfaceFlags::UP, u32_at(row, ADMIN_STATUS)? == STATUS_UP);
    flags.set(InterfaceFlags::RUNNING, u32_at(row, OPER_STATUS)? == STATUS_UP);
    flags.set(InterfaceFlags::LOOPBACK, kind == TYPE_LOOPBACK);
    flags.set(InterfaceFlags::POINT_TO_POINT, u32_at(row, ACCESS_TYPE)? == ACCESS_POINT_TO_POINT);
    Some(flags)
}

/// Converts a link layer type to the ARPHRD number of Linux, if Linux has the same type.
#[doc(alias = "IFTYPE")]
fn decode_link_type(kind: u32) -> Option<u16> {
    match kind {
        // Wireless cards look like Ethernet on Linux as well.
        TYPE_ETHERNET | TYPE_WIRELESS => Some(1),
        TYPE_PPP => Some(512),
        TYPE_LOOPBACK => Some(772),
        _ => None,
    }
}

/// Returns the interface indices of a list of adapters, in its order. An IPv6-only adapter has its index in another field.
#[doc(alias = "IP_ADAPTER_ADDRESSES")]
fn decode_adapters(memory: &Memory) -> Vec<u32> {
    let mut indices = Vec::new();
    let mut entry = Some(memory.bytes());
    // A malformed list may contain a cycle.
    let most = memory.bytes().len() / ADAPTER_INDEX_V6;
    while let Some(bytes) = entry.filter(|_| indices.len() <= most) {
        let (Some(v4), Some(v6)) = (u32_at(bytes, ADAPTER_INDEX), u32_at(bytes, ADAPTER_INDEX_V6)) else {
            break;
        };
        indices.push(if v4 == 0 { v6 } else { v4 });
        entry = u64_at(bytes, ADAPTER_NEXT).and_then(|next| memory.at(next));
    }
    indices
}

/// Runs both decoders on any bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    decode_row(bytes);
    decode_adapters(&Memory::new(0x1000, bytes.to_vec()));
}

#[cfg(test)]
pub(super) mod tests;
