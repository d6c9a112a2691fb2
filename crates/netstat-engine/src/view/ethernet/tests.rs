use super::*;

fn interface(index: u32, name: &str, packets: u64) -> InterfaceCounters {
    let stats = InterfaceStats {
        rx_bytes: Some(packets * 100),
        rx_packets: Some(packets),
        rx_multicast: Some(packets / 10),
        rx_errors: Some(3),
        rx_dropped: Some(5),
        rx_missed_errors: Some(7),
        rx_nohandler: Some(11),
        tx_bytes: Some(packets * 200),
        tx_packets: Some(packets * 2),
        tx_errors: Some(13),
        tx_dropped: Some(17),
        collisions: Some(19),
        ..InterfaceStats::default()
    };
    InterfaceCounters { index, name: name.into(), loopback: name == "lo", stats }
}

/// The totals of a row.
fn totals(block: &Block, measure: Measure) -> (Option<u64>, Option<u64>) {
    let row = row(block, measure);
    let total = |value| match value {
        Some(Value::Counter { total, .. }) => total,
        _ => None,
    };
    (total(row.received), total(row.sent))
}

fn row(block: &Block, measure: Measure) -> Row {
    *block.rows.iter().find(|row| row.measure == measure).unwrap()
}

/// What came within the interval, by a row.
fn grown(block: &Block, measure: Measure) -> (Option<u64>, Option<u64>) {
    let row = row(block, measure);
    let grown = |value| match value {
        Some(Value::Counter { rate, .. }) => rate.map(Rate::grown),
        _ => None,
    };
    (grown(row.received), grown(row.sent))
}

#[test]
fn what_windows_counts_stands_where_windows_shows_it() {
    let stats = InterfaceStats {
        rx_bytes: Some(1),
        rx_packets: Some(5),
        rx_unicast: Some(2),
        rx_non_unicast: Some(3),
        rx_dropped: Some(4),
        rx_errors: Some(5),
        rx_unknown_protocols: Some(6),
        tx_bytes: Some(7),
        tx_packets: Some(17),
        tx_unicast: Some(8),
        tx_non_unicast: Some(9),
        tx_dropped: Some(10),
        tx_errors: Some(11),
        ..InterfaceStats::default()
    };
    let now = [InterfaceCounters { index: 4, name: "Ethernet".into(), loopback: false, stats }];
    let block = total(&now, None, true);
    assert_eq!(totals(&block, Measure::Bytes), (Some(1), Some(7)));
    assert_eq!(totals(&block, Measure::Unicast), (Some(2), Some(8)));
    assert_eq!(totals(&block, Measure::NonUnicast), (Some(3), Some(9)));
    assert_eq!(totals(&block, Measure::Discards), (Some(4), Some(10)));
    assert_eq!(totals(&block, Measure::Errors), (Some(5), Some(11)));
    assert_eq!(totals(&block, Measure::UnknownProtocols), (Some(6), None));
    assert_eq!(block.rows, total(&now, None, false).rows, "nothing is left to add");
    assert_eq!(each(&now, None, true)[0].rows, block.rows);
}

#[test]
fn all_but_loopback_is_summed() {
    let now = [interface(1, "lo", 1_000_000), interface(2, "eth0", 100), interface(3, "eth1", 50)];
    let block = total(&now, None, true);
    assert_eq!(block.name, None);
    assert_eq!(totals(&block, Measure::Bytes), (Some(15_000), Some(30_000)));
    // A packet that is not multicast may be a broadcast.
    assert_eq!(totals(&block, Measure::Unicast), (None, None));
    assert_eq!(totals(&block, Measure::NonUnicast), (None, None));
    assert_eq!(totals(&block, Measure::Multicast), (Some(15), None));
    assert_eq!(totals(&block, Measure::Discards), (Some(10), Some(34)));
    assert_eq!(totals(&block, Measure::Errors), (Some(6), Some(26)));
    assert_eq!(totals(&block, Measure::Packets), (Some(150), Some(300)));
    assert_eq!(row(&block, Measure::UnknownProtocols).sent, None);
    assert_eq!(block.rows.len(), 8);
    assert_eq!(total(&now, None, false).rows, block.rows[..6]);
}

#[test]
fn a_machine_with_loopback_alone_has_zeros_that_are_known() {
    let block = total(&[interface(1, "lo", 7)], None, true);
    assert_eq!(totals(&block, Measure::Bytes), (Some(0), Some(0)));
    assert_eq!(block.rows.len(), 6, "the number of packets adds nothing");
}

#[test]
fn a_sum_with_an_unknown_part_is_unknown() {
    let mut now = vec![interface(2, "eth0", 100), interface(3, "eth1", 50)];
    now[1].stats.rx_errors = None;
    assert_eq!(totals(&total(&now, None, false), Measure::Errors), (None, Some(26)));
    now[1].stats.rx_bytes = Some(u64::MAX);
    assert_eq!(
        totals(&total(&now, None, false), Measure::Bytes).0,
        None,
        "a sum that does not fit is no number"
    );
}

#[test]
fn each_interface_has_a_block_with_its_name() {
    let now = [interface(1, "lo", 10), interface(2, "eth0", 100)];
    let blocks = each(&now, None, true);
    let names: Vec<_> = blocks.iter().map(|block| block.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["lo", "eth0"]);
    assert_eq!(totals(&blocks[1], Measure::Bytes), (Some(10_000), Some(20_000)));
    assert_eq!(totals(&blocks[1], Measure::Missed), (Some(7), None));
    assert_eq!(totals(&blocks[1], Measure::NoHandler), (Some(11), None));
    assert_eq!(totals(&blocks[1], Measure::Collisions), (None, Some(19)));
    assert_eq!(each(&now, None, false)[0].rows.len(), 6);
}

#[test]
fn rates_are_of_interfaces_that_were_there_before() {
    let before = vec![interface(1, "lo", 0), interface(2, "eth0", 100), interface(3, "gone", 100)];
    let now = [interface(1, "lo", 500), interface(2, "eth0", 110), interface(4, "new", 1_000_000)];
    let earlier = Some(Earlier { data: &before, elapsed: Duration::from_secs(1) });
    let block = total(&now, earlier, true);
    assert_eq!(grown(&block, Measure::Packets), (Some(10), Some(20)));
    assert_eq!(totals(&block, Measure::Packets), (Some(1_000_110), Some(2_000_220)));
    let blocks = each(&now, earlier, true);
    assert_eq!(grown(&blocks[0], Measure::Packets), (Some(500), Some(1000)));
    assert_eq!(grown(&blocks[2], Measure::Packets), (None, None));
}

#[test]
fn a_counter_that_went_backwards_has_no_rate() {
    let before = vec![interface(2, "eth0", 100), interface(3, "eth1", 100)];
    let now = [interface(2, "eth0", 5), interface(3, "eth1", 110)];
    let earlier = Some(Earlier { data: &before, elapsed: Duration::from_secs(1) });
    assert_eq!(grown(&total(&now, earlier, true), Measure::Packets), (None, None));
    // The same index under another name is another interface.
    let renamed = [interface(2, "eth9", 500), interface(3, "eth1", 110)];
    assert_eq!(grown(&each(&renamed, earlier, true)[0], Measure::Packets), (None, None));
    assert_eq!(grown(&total(&renamed, earlier, true), Measure::Packets), (Some(10), Some(20)));
}
