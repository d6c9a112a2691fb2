use super::super::fake::{Fake, table};
use super::super::mib_table::FIRST_ROW;
use super::*;
use proptest::prelude::*;
use std::mem::offset_of;
use windows_sys::Win32::NetworkManagement::IpHelper::{
    IP_ADAPTER_ADDRESSES_LH, IP_ADAPTER_ADDRESSES_LH_0_0, MIB_IF_ROW2, MIB_IF_TABLE2,
};

#[test]
fn offsets_match_the_windows_structures() {
    assert_eq!(ROW, size_of::<MIB_IF_ROW2>());
    assert_eq!(FIRST_ROW, offset_of!(MIB_IF_TABLE2, Table));
    assert_eq!(LUID, offset_of!(MIB_IF_ROW2, InterfaceLuid));
    assert_eq!(INDEX, offset_of!(MIB_IF_ROW2, InterfaceIndex));
    assert_eq!(ALIAS, offset_of!(MIB_IF_ROW2, Alias));
    assert_eq!(DESCRIPTION, offset_of!(MIB_IF_ROW2, Description));
    assert_eq!(DESCRIPTION - ALIAS, TEXT_UNITS * 2);
    assert_eq!(LINK_ADDRESS_LENGTH, offset_of!(MIB_IF_ROW2, PhysicalAddressLength));
    assert_eq!(LINK_ADDRESS, offset_of!(MIB_IF_ROW2, PhysicalAddress));
    let next = offset_of!(MIB_IF_ROW2, PermanentPhysicalAddress);
    assert_eq!(LINK_ADDRESS + LINK_ADDRESS_SIZE as usize, next);
    assert_eq!(MTU, offset_of!(MIB_IF_ROW2, Mtu));
    assert_eq!(TYPE, offset_of!(MIB_IF_ROW2, Type));
    assert_eq!(ACCESS_TYPE, offset_of!(MIB_IF_ROW2, AccessType));
    assert_eq!(FLAGS, offset_of!(MIB_IF_ROW2, InterfaceAndOperStatusFlags));
    assert_eq!(OPER_STATUS, offset_of!(MIB_IF_ROW2, OperStatus));
    assert_eq!(ADMIN_STATUS, offset_of!(MIB_IF_ROW2, AdminStatus));
    assert_eq!(FIRST_COUNTER, offset_of!(MIB_IF_ROW2, InOctets));
    assert_eq!(ADAPTER_INDEX, offset_of!(IP_ADAPTER_ADDRESSES_LH_0_0, IfIndex));
    assert_eq!(ADAPTER_NEXT, offset_of!(IP_ADAPTER_ADDRESSES_LH, Next));
    assert_eq!(ADAPTER_INDEX_V6, offset_of!(IP_ADAPTER_ADDRESSES_LH, Ipv6IfIndex));
}

/// The row of a network card that is up.
pub(in crate::windows) fn row(index: u32, alias: &str, description: &str) -> Vec<u8> {
    let mut row = vec![0; ROW];
    let mut put = |offset: usize, bytes: &[u8]| row[offset..][..bytes.len()].copy_from_slice(bytes);
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    put(LUID, &(u64::from(index) << 32).to_le_bytes());
    put(INDEX, &index.to_le_bytes());
    put(ALIAS, &wide(alias));
    put(DESCRIPTION, &wide(description));
    put(LINK_ADDRESS_LENGTH, &6u32.to_le_bytes());
    put(LINK_ADDRESS, &[0x74, 0xd4, 0xdd, 0xcf, 0x7a, 0xe3]);
    put(MTU, &1500u32.to_le_bytes());
    put(TYPE, &TYPE_ETHERNET.to_le_bytes());
    put(OPER_STATUS, &STATUS_UP.to_le_bytes());
    put(ADMIN_STATUS, &STATUS_UP.to_le_bytes());
    row
}

pub(in crate::windows) fn filter(mut row: Vec<u8>) -> Vec<u8> {
    row[FLAGS] |= FLAG_FILTER;
    row
}

pub(in crate::windows) fn loopback(mut row: Vec<u8>) -> Vec<u8> {
    row[TYPE..][..4].copy_from_slice(&TYPE_LOOPBACK.to_le_bytes());
    row[LINK_ADDRESS_LENGTH] = 0;
    row
}

/// A list of adapters at an address, from pairs of IPv4 and IPv6 indices.
fn adapters(address: u64, indices: &[(u32, u32)]) -> Memory {
    const SIZE: usize = size_of::<IP_ADAPTER_ADDRESSES_LH>();
    let mut bytes = vec![0; SIZE * indices.len()];
    for (place, (entry, (v4, v6))) in bytes.chunks_exact_mut(SIZE).zip(indices).enumerate() {
        entry[ADAPTER_INDEX..][..4].copy_from_slice(&v4.to_le_bytes());
        entry[ADAPTER_INDEX_V6..][..4].copy_from_slice(&v6.to_le_bytes());
        if place + 1 < indices.len() {
            let next = address + (SIZE * (place + 1)) as u64;
            entry[ADAPTER_NEXT..][..8].copy_from_slice(&next.to_le_bytes());
        }
    }
    Memory::new(address, bytes)
}

fn address(index: u32, last: u8) -> Vec<u8> {
    let mut row = vec![0; 80];
    row[0] = 2;
    row[4..8].copy_from_slice(&[192, 0, 2, last]);
    row[40..44].copy_from_slice(&index.to_le_bytes());
    row[60] = 24;
    row
}

fn machine() -> Fake {
    let rows = [
        row(9, "이더넷", "Realtek PCIe GbE Family Controller"),
        filter(row(10, "이더넷-WFP Native MAC Layer LightWeight Filter-0000", "Realtek")),
        row(20, "Local Area Connection* 6", "WAN Miniport (IP)"),
        loopback(row(1, "Loopback Pseudo-Interface 1", "Software Loopback Interface 1")),
        row(14, "Teredo", "Teredo Tunneling Pseudo-Interface"),
    ];
    Fake::new()
        .says(Question::Interfaces, table(FIRST_ROW, &rows))
        .says(Question::Adapters, adapters(0x7000, &[(0, 14), (9, 9), (1, 1), (77, 77)]))
        .says(Question::Addresses, table(FIRST_ROW, &[address(9, 2), address(9, 3), address(5, 4)]))
}

#[test]
fn interfaces_with_ip_are_listed_in_the_order_of_windows() {
    let answer = interfaces(&machine()).unwrap();
    assert_eq!(answer.warnings, []);
    let listed: Vec<u32> = answer.data.iter().map(|interface| interface.index).collect();
    assert_eq!(listed, [14, 9, 1]);
    let card = &answer.data[1];
    assert_eq!(card.name, "이더넷");
    assert_eq!(card.description.as_deref().unwrap(), "Realtek PCIe GbE Family Controller");
    assert_eq!(card.hardware_address.as_deref(), Some(&[0x74, 0xd4, 0xdd, 0xcf, 0x7a, 0xe3][..]));
    assert_eq!((card.link_type, card.mtu), (Some(1), Some(1500)));
    assert_eq!(card.flags, InterfaceFlags::UP | InterfaceFlags::RUNNING);
    let own: Vec<String> = card.addresses.iter().map(|own| own.address.to_string()).collect();
    assert_eq!(own, ["192.0.2.2", "192.0.2.3"]);
    let loopback = &answer.data[2];
    assert!(loopback.flags.contains(InterfaceFlags::LOOPBACK));
    assert_eq!((loopback.hardware_address.as_deref(), loopback.link_type), (None, Some(772)));
}

#[test]
fn without_the_list_of_adapters_all_but_filters_are_listed() {
    let answer = interfaces(&machine().fails(Question::Adapters, 8)).unwrap();
    let listed: Vec<u32> = answer.data.iter().map(|interface| interface.index).collect();
    assert_eq!(listed, [9, 20, 1, 14]);
    let said = answer.warnings[0].to_string();
    assert!(said.starts_with("which interfaces carry IP is unknown: "), "{said}");
}

#[test]
fn odd_rows_are_counted() {
    let fake = machine().says(Question::Interfaces, table(FIRST_ROW, &[vec![0; ROW], row(9, "", "Card")]));
    let answer = interfaces(&fake).unwrap();
    assert_eq!(answer.warnings, [Warning::OddMessages { what: TABLE, count: 1 }]);
    assert_eq!(answer.data[0].name, "Card", "the description stands in for a missing name");
}

#[test]
fn a_cyclic_list_ends() {
    let mut bytes = adapters(0x100, &[(3, 3), (4, 4)]).bytes().to_vec();
    let second = size_of::<IP_ADAPTER_ADDRESSES_LH>();
    bytes[second + ADAPTER_NEXT..][..8].copy_from_slice(&0x100u64.to_le_bytes());
    let indices = decode_adapters(&Memory::new(0x100, bytes));
    assert!(indices.starts_with(&[3, 4, 3]) && indices.len() < 20, "{indices:?}");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1500)) {
        decode_all(&bytes);
    }

    #[test]
    fn no_row_panics(bytes in proptest::collection::vec(any::<u8>(), ROW)) {
        if let Some(row) = decode_row(&bytes) {
            prop_assert!(row.interface.hardware_address.is_none_or(|address| address.len() <= 32));
        }
    }
}
