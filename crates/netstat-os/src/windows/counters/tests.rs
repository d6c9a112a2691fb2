use super::super::fake::Fake;
use super::super::memory::Memory;
use super::*;
use proptest::prelude::*;
use std::mem::offset_of;
use windows_sys::Win32::NetworkManagement::IpHelper::{
    MIB_ICMP_EX_XPSP1, MIB_IPSTATS_LH, MIB_TCPSTATS_LH, MIB_TCPSTATS2, MIB_UDPSTATS, MIB_UDPSTATS2,
    MIBICMPSTATS_EX_XPSP1,
};

/// A structure of `size` bytes, in which each `DWORD` is the offset that it is at.
fn offsets(size: usize) -> Vec<u8> {
    (0..size).step_by(4).flat_map(|offset| u32::try_from(offset).unwrap().to_le_bytes()).collect()
}

/// The 64-bit number at an offset of [`offsets`].
fn wide(offset: usize) -> Option<u64> {
    Some(offset as u64 | (offset as u64 + 4) << 32)
}

fn at(offset: usize) -> Option<u64> {
    Some(offset as u64)
}

#[test]
fn ip() {
    let ip = decode_ip(&offsets(size_of::<MIB_IPSTATS_LH>())).unwrap();
    let expected = IpCounters {
        in_receives: at(offset_of!(MIB_IPSTATS_LH, dwInReceives)),
        in_hdr_errors: at(offset_of!(MIB_IPSTATS_LH, dwInHdrErrors)),
        in_addr_errors: at(offset_of!(MIB_IPSTATS_LH, dwInAddrErrors)),
        forw_datagrams: at(offset_of!(MIB_IPSTATS_LH, dwForwDatagrams)),
        in_unknown_protos: at(offset_of!(MIB_IPSTATS_LH, dwInUnknownProtos)),
        in_discards: at(offset_of!(MIB_IPSTATS_LH, dwInDiscards)),
        in_delivers: at(offset_of!(MIB_IPSTATS_LH, dwInDelivers)),
        out_requests: at(offset_of!(MIB_IPSTATS_LH, dwOutRequests)),
        routing_discards: at(offset_of!(MIB_IPSTATS_LH, dwRoutingDiscards)),
        out_discards: at(offset_of!(MIB_IPSTATS_LH, dwOutDiscards)),
        out_no_routes: at(offset_of!(MIB_IPSTATS_LH, dwOutNoRoutes)),
        reasm_reqds: at(offset_of!(MIB_IPSTATS_LH, dwReasmReqds)),
        reasm_oks: at(offset_of!(MIB_IPSTATS_LH, dwReasmOks)),
        reasm_fails: at(offset_of!(MIB_IPSTATS_LH, dwReasmFails)),
        frag_oks: at(offset_of!(MIB_IPSTATS_LH, dwFragOks)),
        frag_fails: at(offset_of!(MIB_IPSTATS_LH, dwFragFails)),
        frag_creates: at(offset_of!(MIB_IPSTATS_LH, dwFragCreates)),
        ..IpCounters::default()
    };
    assert_eq!(ip, expected);
    assert_eq!(ip.reasm_timeout, None, "it is a setting, not a counter");
}

#[test]
fn icmp_has_a_counter_for_each_type() {
    let sent_at = offset_of!(MIB_ICMP_EX_XPSP1, icmpOutStats);
    assert_eq!(
        (ICMP_SIZE, sent_at),
        (size_of::<MIBICMPSTATS_EX_XPSP1>(), size_of::<MIBICMPSTATS_EX_XPSP1>())
    );
    assert_eq!(ICMP_TYPES, offset_of!(MIBICMPSTATS_EX_XPSP1, rgdwTypeCount));
    let bytes = offsets(size_of::<MIB_ICMP_EX_XPSP1>());
    let of = |kind: usize| at(ICMP_TYPES + kind * 4);
    let sent = |kind: usize| at(sent_at + ICMP_TYPES + kind * 4);
    let v4 = decode_icmp_v4(&bytes).unwrap();
    assert_eq!(
        (v4.in_msgs, v4.in_errors, v4.out_msgs, v4.out_errors),
        (at(0), at(4), at(sent_at), at(sent_at + 4))
    );
    let received =
        [v4.in_dest_unreachs, v4.in_echos, v4.in_echo_reps, v4.in_router_solicits, v4.in_router_adverts];
    assert_eq!(received, [of(3), of(8), of(0), of(10), of(9)]);
    assert_eq!([v4.out_time_excds, v4.out_addr_mask_reps], [sent(11), sent(18)]);
    let v6 = decode_icmp_v6(&bytes).unwrap();
    let received = [v6.in_dest_unreachs, v6.in_pkt_too_bigs, v6.in_echos, v6.in_redirects];
    assert_eq!(received, [of(1), of(2), of(128), of(137)]);
    assert_eq!([v6.out_neighbor_solicits, v6.out_mld_v2_reports], [sent(135), sent(143)]);
    assert!(IcmpV4Counters::NAMES.iter().all(|name| v4.get(name).is_some()), "{v4:?}");
    assert!(IcmpV6Counters::NAMES.iter().all(|name| v6.get(name).is_some()), "{v6:?}");
    assert_eq!(decode_icmp_v4(&bytes[..bytes.len() - 1]), None);
}

#[test]
fn tcp_of_either_width() {
    let old = decode_tcp(&offsets(size_of::<MIB_TCPSTATS_LH>())).unwrap();
    let expected = TcpCounters {
        max_conn: at(offset_of!(MIB_TCPSTATS_LH, dwMaxConn)),
        active_opens: at(offset_of!(MIB_TCPSTATS_LH, dwActiveOpens)),
        passive_opens: at(offset_of!(MIB_TCPSTATS_LH, dwPassiveOpens)),
        attempt_fails: at(offset_of!(MIB_TCPSTATS_LH, dwAttemptFails)),
        estab_resets: at(offset_of!(MIB_TCPSTATS_LH, dwEstabResets)),
        curr_estab: at(offset_of!(MIB_TCPSTATS_LH, dwCurrEstab)),
        in_segs: at(offset_of!(MIB_TCPSTATS_LH, dwInSegs)),
        out_segs: at(offset_of!(MIB_TCPSTATS_LH, dwOutSegs)),
        retrans_segs: at(offset_of!(MIB_TCPSTATS_LH, dwRetransSegs)),
        in_errs: at(offset_of!(MIB_TCPSTATS_LH, dwInErrs)),
        out_rsts: at(offset_of!(MIB_TCPSTATS_LH, dwOutRsts)),
        ..TcpCounters::default()
    };
    assert_eq!(old, expected);
    let new = decode_tcp_64(&offsets(size_of::<MIB_TCPSTATS2>())).unwrap();
    let expected = TcpCounters {
        in_segs: wide(offset_of!(MIB_TCPSTATS2, dw64InSegs)),
        out_segs: wide(offset_of!(MIB_TCPSTATS2, dw64OutSegs)),
        retrans_segs: at(offset_of!(MIB_TCPSTATS2, dwRetransSegs)),
        in_errs: at(offset_of!(MIB_TCPSTATS2, dwInErrs)),
        out_rsts: at(offset_of!(MIB_TCPSTATS2, dwOutRsts)),
        ..expected
    };
    assert_eq!(new, expected);
}

#[test]
fn udp_of_either_width() {
    let old = decode_udp(&offsets(size_of::<MIB_UDPSTATS>())).unwrap();
    let expected = UdpCounters {
        in_datagrams: at(offset_of!(MIB_UDPSTATS, dwInDatagrams)),
        no_ports: at(offset_of!(MIB_UDPSTATS, dwNoPorts)),
        in_errors: at(offset_of!(MIB_UDPSTATS, dwInErrors)),
        out_datagrams: at(offset_of!(MIB_UDPSTATS, dwOutDatagrams)),
        ..UdpCounters::default()
    };
    assert_eq!(old, expected);
    let new = decode_udp_64(&offsets(size_of::<MIB_UDPSTATS2>())).unwrap();
    let expected = UdpCounters {
        in_datagrams: wide(offset_of!(MIB_UDPSTATS2, dw64InDatagrams)),
        no_ports: at(offset_of!(MIB_UDPSTATS2, dwNoPorts)),
        in_errors: at(offset_of!(MIB_UDPSTATS2, dwInErrors)),
        out_datagrams: wide(offset_of!(MIB_UDPSTATS2, dw64OutDatagrams)),
        ..UdpCounters::default()
    };
    assert_eq!(new, expected);
}

fn flat(size: usize) -> Memory {
    Memory::flat(offsets(size))
}

/// A machine with both families, on which the functions with 64 bits are not there.
fn machine() -> Fake {
    let mut fake = Fake::new();
    for family in [Family::V4, Family::V6] {
        fake = fake
            .says(Question::IpStatistics(family), flat(92))
            .says(Question::IcmpStatistics(family), flat(2064))
            .says(Question::TcpStatistics(family), flat(60))
            .says(Question::UdpStatistics(family), flat(20))
            .fails(Question::TcpStatistics64(family), 127)
            .fails(Question::UdpStatistics64(family), 127);
    }
    fake
}

#[test]
fn each_family_counts_for_itself_and_64_bits_are_preferred() {
    let machine = machine().says(Question::TcpStatistics64(Family::V6), flat(72));
    let answer = counters(&machine).unwrap();
    assert_eq!(answer.warnings, []);
    let all = answer.data;
    assert!([&all.ip_v4, &all.ip_v6].into_iter().all(Option::is_some));
    assert!(all.icmp_v4.is_some() && all.icmp_v6.is_some() && all.udp_v4.is_some() && all.udp_v6.is_some());
    assert_eq!((all.tcp, all.tcp_ext, all.levels), (None, None, None));
    assert_eq!(all.tcp_v4.unwrap().in_segs, at(36));
    assert_eq!(all.tcp_v6.unwrap().in_segs, wide(40));
    assert!(!machine.asked().contains(&Question::TcpStatistics(Family::V6)));
}

#[test]
fn an_unlimited_number_of_connections_is_unknown() {
    let mut bytes = offsets(60);
    bytes[12..16].fill(0xff);
    assert_eq!(decode_tcp(&bytes).unwrap().max_conn, None);
}

#[test]
fn a_machine_without_ipv6_is_no_warning() {
    let mut machine = machine();
    for question in [
        Question::IpStatistics(Family::V6),
        Question::IcmpStatistics(Family::V6),
        Question::TcpStatistics(Family::V6),
        Question::UdpStatistics(Family::V6),
    ] {
        machine = machine.fails(question, 50);
    }
    let answer = counters(&machine).unwrap();
    assert_eq!(answer.warnings, []);
    let all = answer.data;
    assert!(all.ip_v6.is_none() && all.icmp_v6.is_none() && all.tcp_v6.is_none() && all.udp_v6.is_none());
    assert!(all.tcp_v4.is_some());
}

#[test]
fn what_is_refused_or_short_is_unknown_with_a_reason() {
    let machine = machine()
        .fails(Question::IcmpStatistics(Family::V4), 5)
        .says(Question::UdpStatistics(Family::V6), flat(8));
    let answer = counters(&machine).unwrap();
    assert_eq!((answer.data.icmp_v4, answer.data.udp_v6), (None, None));
    let said: Vec<String> = answer.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("what ICMP counted is unknown: "), "{said:?}");
    assert_eq!(said[1], "what UDP over IPv6 counted is unknown: the answer of Windows is too short");
    assert!(counters(&Fake::new()).is_err(), "the counters of IPv4 are required");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2200)) {
        decode_all(&bytes);
    }
}
