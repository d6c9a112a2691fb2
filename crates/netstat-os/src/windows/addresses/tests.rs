use super::super::fake::{Fake, table};
use super::super::mib_table::FIRST_ROW;
use super::*;
use proptest::prelude::*;
use std::mem::offset_of;
use windows_sys::Win32::NetworkManagement::IpHelper::{MIB_UNICASTIPADDRESS_ROW, MIB_UNICASTIPADDRESS_TABLE};
use windows_sys::Win32::Networking::WinSock::{self, SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_INET};

#[test]
fn offsets_match_the_windows_structures() {
    assert_eq!(ROW, size_of::<MIB_UNICASTIPADDRESS_ROW>());
    assert_eq!(FIRST_ROW, offset_of!(MIB_UNICASTIPADDRESS_TABLE, Table));
    assert_eq!(ADDRESS, offset_of!(MIB_UNICASTIPADDRESS_ROW, Address));
    assert_eq!(INTERFACE, offset_of!(MIB_UNICASTIPADDRESS_ROW, InterfaceIndex));
    assert_eq!(PREFIX_LENGTH, offset_of!(MIB_UNICASTIPADDRESS_ROW, OnLinkPrefixLength));
    assert_eq!((AF_INET, AF_INET6), (WinSock::AF_INET, WinSock::AF_INET6));
    assert_eq!(offset_of!(SOCKADDR_INET, si_family), 0);
    assert_eq!((offset_of!(SOCKADDR_IN, sin_addr), offset_of!(SOCKADDR_IN6, sin6_addr)), (4, 8));
}

fn row(address: IpAddr, interface: u32, prefix_length: u8) -> Vec<u8> {
    let mut row = vec![0; ROW];
    match address {
        IpAddr::V4(address) => {
            row[..2].copy_from_slice(&AF_INET.to_le_bytes());
            row[4..8].copy_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            row[..2].copy_from_slice(&AF_INET6.to_le_bytes());
            row[8..24].copy_from_slice(&address.octets());
        }
    }
    row[INTERFACE..][..4].copy_from_slice(&interface.to_le_bytes());
    row[PREFIX_LENGTH] = prefix_length;
    row
}

#[test]
fn addresses_of_both_families_belong_to_their_interface() {
    let v4: IpAddr = "192.0.2.2".parse().unwrap();
    let v6: IpAddr = "fe80::2".parse().unwrap();
    let rows = [row(v4, 4, 24), vec![0; ROW], row(v6, 1, 255)];
    let fake = Fake::new().says(Question::Addresses, table(FIRST_ROW, &rows));
    let own = InterfaceAddress::new;
    assert_eq!(fetch(&fake, &mut Vec::new()).unwrap(), [(4, own(v4, 24)), (1, own(v6, 128))]);
    let answer = local_addresses(&fake).unwrap();
    assert_eq!(answer.data, [v4, v6]);
    assert_eq!(answer.warnings, [Warning::OddMessages { what: TABLE, count: 1 }]);
    let refused = local_addresses(&Fake::new()).unwrap_err().to_string();
    assert!(refused.starts_with("cannot read the addresses of this machine: "), "{refused}");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode_address(&bytes);
        decode_socket_address(&bytes);
        let addresses = decode_rows(&bytes, ROW, TABLE, &mut Vec::new(), decode_address);
        prop_assert!(addresses.len() <= bytes.len() / ROW);
    }
}
