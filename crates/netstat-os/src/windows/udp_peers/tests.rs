use super::*;
use crate::windows::fake::{Fake, NOT_SUPPORTED, table};
use crate::windows::sockets::layout::{UDP_V4, UDP_V6};
use proptest::prelude::*;

/// The same row in the documented table and in the table with peers.
fn row(layout: &Layout, port: u16, created: u64, peer: Option<(&[u8], u16)>) -> (Vec<u8>, Vec<u8>) {
    let mut row = vec![0; layout.size];
    row[layout.local.port..][..2].copy_from_slice(&port.to_be_bytes());
    row[layout.pid..][..4].copy_from_slice(&7u32.to_le_bytes());
    row[layout.created..][..8].copy_from_slice(&created.to_le_bytes());
    let mut long = row.clone();
    let remote = layout.peer.unwrap();
    long.resize(remote.row_size, 0);
    if let Some((address, port)) = peer {
        long[remote.end.address..][..address.len()].copy_from_slice(address);
        long[remote.end.port..][..2].copy_from_slice(&port.to_be_bytes());
    }
    (row, long)
}

fn split(rows: &[(Vec<u8>, Vec<u8>)]) -> (Vec<u8>, Vec<u8>) {
    let documented: Vec<_> = rows.iter().map(|(row, _)| row.clone()).collect();
    let long: Vec<_> = rows.iter().map(|(_, long)| long.clone()).collect();
    (table(FIRST_ROW, &documented).bytes().to_vec(), table(FIRST_ROW, &long).bytes().to_vec())
}

#[test]
fn peers_follow_the_rows() {
    let rows = [
        row(&UDP_V4, 5000, 1, Some((&[192, 0, 2, 7], 443))),
        row(&UDP_V4, 5001, 2, None),
        // The same in every field, so which peer belongs to which is uncertain.
        row(&UDP_V4, 5002, 3, Some((&[192, 0, 2, 8], 443))),
        row(&UDP_V4, 5002, 3, Some((&[192, 0, 2, 9], 443))),
    ];
    let (documented, long) = split(&rows);
    let peers = Peers::decode(&long, &UDP_V4, &documented).unwrap();
    let of = |index: usize| peers.of(&rows[index].0, &UDP_V4);
    assert_eq!(of(0), Some(IpEndpoint::new("192.0.2.7".parse().unwrap(), 443, 0)));
    assert_eq!((of(1), of(2), of(3)), (None, None, None));
}

#[test]
fn the_end_of_an_ipv6_address_is_not_an_ipv4_address() {
    let address: std::net::Ipv6Addr = "2404:6800:4007:808::2003".parse().unwrap();
    let (documented, long) = split(&[row(&UDP_V6, 5000, 1, Some((&address.octets(), 443)))]);
    let v6 = Peers::decode(&long, &UDP_V6, &documented).unwrap();
    let twin = row(&UDP_V4, 5000, 1, None).0;
    let peer = |text: &str| IpEndpoint::new(text.parse().unwrap(), 443, 0);
    assert!(v6.is_end_of(peer("0.0.32.3"), &twin, &UDP_V4));
    assert!(!v6.is_end_of(peer("0.0.32.4"), &twin, &UDP_V4));
    let other = row(&UDP_V4, 5001, 1, None).0;
    assert!(!v6.is_end_of(peer("0.0.32.3"), &other, &UDP_V4));
}

#[test]
fn a_table_of_another_form_is_rejected() {
    let rows: Vec<_> =
        (0..8).map(|port| row(&UDP_V4, 5000 + port, 1, Some((&[192, 0, 2, 7], 443)))).collect();
    let (documented, long) = split(&rows);
    assert!(Peers::decode(&long, &UDP_V4, &documented).is_some());
    assert!(
        Peers::decode(&long[..long.len() - 1], &UDP_V4, &documented).is_none(),
        "the last row is cut off"
    );
    assert!(
        Peers::decode(&long, &UDP_V4, &split(&rows[..5]).0).is_none(),
        "three of eight are not documented"
    );
    assert!(Peers::decode(&long, &UDP_V4, &split(&rows[..6]).0).is_some(), "two may be new");
    let shifted = [&[8, 0, 0, 0], &long[..4], &long[8..]].concat();
    assert!(Peers::decode(&shifted[..shifted.len() - 4], &UDP_V4, &documented).is_none());
}

#[test]
fn a_function_that_fails_is_a_warning_and_a_missing_one_is_not() {
    let warned = |source: &Fake| {
        let mut warnings = Vec::new();
        Peers::read(source, &UDP_V4, &split(&[]).0, &mut warnings);
        Peers::read(source, &UDP_V4, &split(&[]).0, &mut warnings);
        warnings.len()
    };
    let question = || Question::UdpTable2(netstat_model::Family::V4);
    assert_eq!(warned(&Fake::new().fails(question(), 127)), 0);
    assert_eq!(warned(&Fake::new().fails(question(), NOT_SUPPORTED)), 1);
    let (_, long) = split(&[row(&UDP_V4, 1, 1, None)]);
    assert_eq!(warned(&Fake::new().says(question(), crate::windows::memory::Memory::flat(long))), 1);
}

proptest! {
    #[test]
    fn no_bytes_panic(one: Vec<u8>, two: Vec<u8>) {
        for layout in [&UDP_V4, &UDP_V6] {
            let _ = Peers::decode(&one, layout, &two);
        }
    }
}
