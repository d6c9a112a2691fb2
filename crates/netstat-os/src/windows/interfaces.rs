//! The network interfaces: what each is, from `GetIfTable2`; which of them carry IP, and in which order Windows lists
//! them, from `GetAdaptersAddresses`.
//!
//! `GetIfTable2` also has what no packet of IP begins or ends at: the filters and the packet schedulers in the stack of
//! a card, and the miniports of the system.

use super::addresses;
use super::memory::{Memory, rows, text, u8_at, u32_at, u64_at, units};
use super::routes::FIRST_ROW;
use super::source::{Question, Source};
use netstat_model::{Answer, Error, Operation, Warning};
use netstat_model::{Interface, InterfaceFlags};
use rustc_hash::FxHashMap;
use std::ffi::OsString;
use std::io;

/// Where the fields of `MIB_IF_ROW2` are.
pub(super) const ROW: usize = 1352;
const LUID: usize = 0;
const INDEX: usize = 8;
const ALIAS: usize = 28;
const DESCRIPTION: usize = 542;
/// `IF_MAX_STRING_SIZE` and the zero after it.
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
/// `InOctets`, where the counters begin.
pub(super) const FIRST_COUNTER: usize = 1208;

const FLAG_FILTER: u8 = 1 << 1;
const ACCESS_POINT_TO_POINT: u32 = 3;
const STATUS_UP: u32 = 1;

const TYPE_ETHERNET: u32 = 6;
const TYPE_PPP: u32 = 23;
const TYPE_LOOPBACK: u32 = 24;
const TYPE_WIRELESS: u32 = 71;

/// Where the fields of `IP_ADAPTER_ADDRESSES` are, on 64-bit systems.
const ADAPTER_INDEX: usize = 4;
const ADAPTER_NEXT: usize = 8;
const ADAPTER_INDEX_V6: usize = 108;

/// What a warning calls the table.
pub(super) const TABLE: &str = "list of interfaces";

/// A row of `GetIfTable2`.
#[derive(Debug, PartialEq, Eq)]
#[doc(alias = "MIB_IF_ROW2")]
pub(super) struct Row {
    /// What the registry calls the interface by.
    pub(super) luid: u64,
    /// A part of the stack of another interface, whose packets it counts again.
    pub(super) filter: bool,
    pub(super) interface: Interface,
}

/// All interfaces that carry IP, with their addresses, in the order of Windows.
pub(super) fn interfaces(source: &dyn Source) -> Result<Answer<Vec<Interface>>, Error> {
    let failed = |error| Error::new(Operation::ListInterfaces, error);
    let (rows, odd) = fetch(source).map_err(failed)?;
    let (addresses, odd_addresses) = addresses::fetch(source).map_err(failed)?;
    let mut answer = Answer::default();
    for (what, count) in [(TABLE, odd), (addresses::TABLE, odd_addresses)] {
        if count > 0 {
            answer.warnings.push(Warning::OddMessages { what, count });
        }
    }
    let mut interfaces: Vec<Interface> =
        rows.into_iter().filter(|row| !row.filter).map(|row| row.interface).collect();
    match source.ask(&Question::Adapters) {
        Ok(adapters) => {
            let places: FxHashMap<u32, usize> = decode_adapters(&adapters)
                .into_iter()
                .enumerate()
                .map(|(place, index)| (index, place))
                .collect();
            interfaces.retain(|interface| places.contains_key(&interface.index));
            interfaces.sort_by_key(|interface| places.get(&interface.index).copied());
        }
        Err(error) => answer.warnings.push(Warning::SourceUnavailable {
            what: "which interfaces carry IP",
            reason: netstat_model::error::words_of(&error),
        }),
    }
    let places: FxHashMap<u32, usize> =
        interfaces.iter().enumerate().map(|(place, interface)| (interface.index, place)).collect();
    for (index, address) in addresses {
        // An interface made between the two lists is left out whole.
        if let Some(interface) = places.get(&index).and_then(|&place| interfaces.get_mut(place)) {
            interface.addresses.push(address);
        }
    }
    answer.data = interfaces;
    Ok(answer)
}

/// Every row of `GetIfTable2`, and how many made no sense.
pub(super) fn fetch(source: &dyn Source) -> io::Result<(Vec<Row>, u64)> {
    let table = source.ask(&Question::Interfaces)?;
    let (rows, mut odd) = rows(table.bytes(), FIRST_ROW, ROW);
    let mut decoded = Vec::new();
    for row in rows {
        match decode_row(row) {
            Some(row) => decoded.push(row),
            None => odd += 1,
        }
    }
    Ok((decoded, odd))
}

/// An interface without an index is none.
pub(super) fn decode_row(row: &[u8]) -> Option<Row> {
    let index = u32_at(row, INDEX).filter(|&index| index != 0)?;
    let description = decode_text(row, DESCRIPTION)?;
    let alias = decode_text(row, ALIAS)?;
    let kind = u32_at(row, TYPE)?;
    let interface = Interface {
        index,
        name: alias.or_else(|| description.clone()).unwrap_or_default(),
        description,
        alias: None,
        kind: None,
        link_type: decode_link_type(kind),
        hardware_address: decode_link_address(row)?,
        flags: decode_flags(row, kind)?,
        mtu: Some(u32_at(row, MTU)?),
        addresses: Vec::new(),
    };
    Some(Row { luid: u64_at(row, LUID)?, filter: u8_at(row, FLAGS)? & FLAG_FILTER != 0, interface })
}

/// A text of a fixed size, up to its zero; an empty one is none.
fn decode_text(row: &[u8], offset: usize) -> Option<Option<OsString>> {
    let bytes = row.get(offset..)?.get(..TEXT_UNITS * 2)?;
    let units: Vec<u16> = units(bytes).take_while(|&unit| unit != 0).collect();
    Some((!units.is_empty()).then(|| text(&units)))
}

fn decode_link_address(row: &[u8]) -> Option<Option<Box<[u8]>>> {
    let length = u32_at(row, LINK_ADDRESS_LENGTH)?.min(LINK_ADDRESS_SIZE) as usize;
    let bytes = row.get(LINK_ADDRESS..)?.get(..length)?;
    Some((length > 0).then(|| bytes.into()))
}

fn decode_flags(row: &[u8], kind: u32) -> Option<InterfaceFlags> {
    Some(
        [
            (u32_at(row, ADMIN_STATUS)? == STATUS_UP, InterfaceFlags::UP),
            (u32_at(row, OPER_STATUS)? == STATUS_UP, InterfaceFlags::RUNNING),
            (kind == TYPE_LOOPBACK, InterfaceFlags::LOOPBACK),
            (u32_at(row, ACCESS_TYPE)? == ACCESS_POINT_TO_POINT, InterfaceFlags::POINT_TO_POINT),
        ]
        .into_iter()
        .filter(|&(is, _)| is)
        .map(|(_, flag)| flag)
        .collect(),
    )
}

/// The number that Linux has for a type of the link layer, where it has one for the same.
#[doc(alias = "IFTYPE")]
fn decode_link_type(kind: u32) -> Option<u16> {
    match kind {
        // Linux has wireless cards look like Ethernet, too.
        TYPE_ETHERNET | TYPE_WIRELESS => Some(1),
        TYPE_PPP => Some(512),
        TYPE_LOOPBACK => Some(772),
        _ => None,
    }
}

/// The indices of the list of adapters, in its order. An adapter that has IPv6 alone has its index in another place.
#[doc(alias = "IP_ADAPTER_ADDRESSES")]
fn decode_adapters(memory: &Memory) -> Vec<u32> {
    let mut indices = Vec::new();
    let mut entry = Some(memory.bytes());
    // The list may be made to lead back to where it was.
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

/// Both tables, for the fuzzer.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    decode_row(bytes);
    decode_adapters(&Memory::new(0x1000, bytes.to_vec()));
}

#[cfg(test)]
pub(super) mod tests;
