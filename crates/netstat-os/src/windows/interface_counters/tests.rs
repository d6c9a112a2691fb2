use super::super::fake::{Fake, table};
use super::super::interfaces::tests::{filter, loopback, row};
use super::super::mib_table::FIRST_ROW;
use super::*;
use netstat_model::Warning;
use proptest::prelude::*;
use std::mem::offset_of;
use windows_sys::Win32::NetworkManagement::IpHelper::MIB_IF_ROW2;

/// The row with counters from `first` on.
fn counting(mut row: Vec<u8>, first: u64) -> Vec<u8> {
    for (number, place) in (first..).zip(row[FIRST_COUNTER..].chunks_exact_mut(8)) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    row
}

#[test]
fn offsets_match_the_windows_structure() {
    let places = [
        offset_of!(MIB_IF_ROW2, InOctets),
        offset_of!(MIB_IF_ROW2, InUcastPkts),
        offset_of!(MIB_IF_ROW2, InNUcastPkts),
        offset_of!(MIB_IF_ROW2, InDiscards),
        offset_of!(MIB_IF_ROW2, InErrors),
        offset_of!(MIB_IF_ROW2, InUnknownProtos),
        offset_of!(MIB_IF_ROW2, InUcastOctets),
        offset_of!(MIB_IF_ROW2, InMulticastOctets),
        offset_of!(MIB_IF_ROW2, InBroadcastOctets),
        offset_of!(MIB_IF_ROW2, OutOctets),
        offset_of!(MIB_IF_ROW2, OutUcastPkts),
        offset_of!(MIB_IF_ROW2, OutNUcastPkts),
        offset_of!(MIB_IF_ROW2, OutDiscards),
        offset_of!(MIB_IF_ROW2, OutErrors),
    ];
    for (number, place) in places.into_iter().enumerate() {
        assert_eq!(place, FIRST_COUNTER + number * 8);
    }
}

#[test]
fn counters_are_read_and_filters_are_left_out() {
    let large = u64::from(u32::MAX) * 4;
    let rows = [
        counting(row(9, "Ethernet", "Card"), large),
        counting(filter(row(10, "Ethernet-QoS Packet Scheduler-0000", "Card")), 500),
        counting(loopback(row(1, "Loopback", "Software Loopback Interface 1")), 7),
        vec![0; interfaces::ROW],
    ];
    let fake = Fake::new().says(Question::Interfaces, table(FIRST_ROW, &rows));
    let answer = interface_counters(&fake).unwrap();
    assert_eq!(answer.warnings, [Warning::OddMessages { what: interfaces::TABLE, count: 1 }]);
    let [loopback, card] = answer.data.as_slice() else { panic!("{answer:?}") };
    assert_eq!((loopback.index, loopback.loopback, loopback.stats.rx_bytes), (1, true, Some(7)));
    assert_eq!((card.index, card.loopback, card.name.to_str()), (9, false, Some("Ethernet")));
    let expected = InterfaceStats {
        rx_bytes: Some(large),
        rx_packets: Some(2 * large + 3),
        rx_unicast: Some(large + 1),
        rx_non_unicast: Some(large + 2),
        rx_dropped: Some(large + 3),
        rx_errors: Some(large + 4),
        rx_unknown_protocols: Some(large + 5),
        tx_bytes: Some(large + 9),
        tx_packets: Some(2 * large + 21),
        tx_unicast: Some(large + 10),
        tx_non_unicast: Some(large + 11),
        tx_dropped: Some(large + 12),
        tx_errors: Some(large + 13),
        ..InterfaceStats::default()
    };
    assert_eq!(card.stats, expected);
}

#[test]
fn a_refused_list_is_an_error() {
    let refused = interface_counters(&Fake::new()).unwrap_err().to_string();
    assert!(refused.starts_with("cannot list the network interfaces: "), "{refused}");
}

proptest! {
    #[test]
    fn no_row_panics(bytes in proptest::collection::vec(any::<u8>(), 0..1400)) {
        decode_row(&bytes);
    }
}
