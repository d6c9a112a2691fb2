use super::*;

use netlink_packet_core::Emitable;
use netlink_packet_sock_diag::inet::nlas::{MemInfo as TheirMemory, TcpInfo as Theirs};
use proptest::prelude::*;

/// Bytes of a structure in which every number differs from all others.
fn distinct(len: usize) -> Vec<u8> {
    (0..len.div_ceil(4))
        .flat_map(|word| (1_000 + u32::try_from(word).unwrap()).to_ne_bytes())
        .take(len)
        .collect()
}

fn tcp_info(bytes: &[u8]) -> TcpInfo {
    let mut info = TcpInfo::default();
    decode_tcp_info(bytes, TcpFields::all(), &mut info);
    info
}

#[test]
fn every_field_is_decoded_from_its_offset() {
    let info = tcp_info(&distinct(248));
    let word = |at: u32| Some(1_000 + at / 4);
    let micros = |at: u32| Some(Duration::from_micros(u64::from(1_000 + at / 4)));
    let millis = |at: u32| Some(Duration::from_millis(u64::from(1_000 + at / 4)));
    let long = |at: usize| Some(u64::from_ne_bytes(distinct(248)[at..at + 8].try_into().unwrap()));
    let total = |at| long(at).map(Duration::from_micros);
    assert_eq!(
        (info.rto, info.rtt, info.rttvar, info.min_rtt),
        (micros(8), micros(68), micros(72), micros(148))
    );
    assert_eq!(
        (info.recv_rtt, info.last_data_sent, info.last_data_received),
        (micros(92), millis(44), millis(52))
    );
    assert_eq!((info.mss, info.recv_mss, info.path_mtu), (word(16), word(20), word(60)));
    assert_eq!(
        (info.unacked, info.sacked, info.lost, info.retransmits),
        (word(24), word(28), word(32), word(36))
    );
    assert_eq!((info.ssthresh, info.cwnd, info.reordering), (word(76), word(80), word(88)));
    assert_eq!((info.recv_space, info.total_retransmits), (word(96), word(100)));
    assert_eq!((info.pacing_rate, info.bytes_acked, info.bytes_received), (long(104), long(120), long(128)));
    assert_eq!((info.segs_out, info.segs_in, info.notsent_bytes), (word(136), word(140), word(144)));
    assert_eq!(
        (info.data_segs_in, info.data_segs_out, info.delivery_rate),
        (word(152), word(156), long(160))
    );
    assert_eq!((info.busy_time, info.window_limited_time), (total(168), total(176)));
    assert_eq!(
        (info.buffer_limited_time, info.delivered, info.delivered_ce),
        (total(184), word(192), word(196))
    );
    assert_eq!((info.bytes_sent, info.bytes_retransmitted), (long(200), long(208)));
    assert_eq!((info.out_of_order, info.send_window, info.recv_window), (word(224), word(228), word(232)));
}

#[test]
fn fields_that_an_older_kernel_lacks_are_unknown() {
    // Linux 4.2 ends with the segments, 4.10 with the time limited by the send buffer.
    let info = tcp_info(&distinct(144));
    assert!(info.segs_in.is_some() && info.rtt.is_some());
    assert_eq!(
        (info.min_rtt, info.data_segs_in, info.delivery_rate, info.app_limited),
        (None, None, None, None)
    );
    assert!(info.last_data_sent.is_some(), "whether there was none is unknown");
    let info = tcp_info(&distinct(192));
    assert!(info.buffer_limited_time.is_some() && info.app_limited.is_some());
    assert_eq!((info.bytes_sent, info.send_window), (None, None));
    assert_eq!(tcp_info(&[]), TcpInfo::default());
    // Half of a number is unknown too.
    assert_eq!(tcp_info(&distinct(206)).bytes_sent, None);
}

#[test]
fn values_not_measured_yet_are_unknown() {
    let mut bytes = vec![0; 248];
    bytes[72..76].copy_from_slice(&250_000u32.to_ne_bytes());
    bytes[76..80].copy_from_slice(&0x7fff_ffffu32.to_ne_bytes());
    bytes[104..112].copy_from_slice(&u64::MAX.to_ne_bytes());
    bytes[148..152].copy_from_slice(&u32::MAX.to_ne_bytes());
    bytes[44..48].copy_from_slice(&5_000u32.to_ne_bytes());
    let info = tcp_info(&bytes);
    assert_eq!((info.rtt, info.rttvar, info.min_rtt, info.recv_rtt), (None, None, None, None));
    assert_eq!((info.ssthresh, info.pacing_rate, info.delivery_rate), (None, None, None));
    assert_eq!((info.last_data_sent, info.last_data_received), (None, None));
    assert_eq!((info.bytes_sent, info.total_retransmits, info.app_limited), (Some(0), Some(0), Some(false)));
}

#[test]
fn age_is_known_while_one_direction_is_silent() {
    let mut bytes = vec![0; 248];
    let mut set = |at: usize, number: u32| {
        bytes[at..at + 4].copy_from_slice(&number.to_ne_bytes());
        decode_age(&bytes)
    };
    set(44, 7_000);
    assert_eq!(set(52, 3_000), Some(Duration::from_secs(7)), "nothing was sent");
    assert_eq!(set(156, 1), Some(Duration::from_secs(3)), "something was sent, nothing received");
    assert_eq!(set(152, 1), None);
    assert_eq!(decode_age(&[0; 100]), None);
}

#[test]
fn the_time_since_the_last_ack_is_unknown_before_the_first() {
    let mut bytes = vec![0; 248];
    bytes[56..60].copy_from_slice(&79_000_000u32.to_ne_bytes());
    bytes[0] = 1;
    assert_eq!(tcp_info(&bytes).last_ack_received, Some(Duration::from_secs(79_000)));
    bytes[0] = 2;
    assert_eq!(tcp_info(&bytes).last_ack_received, None);
}

#[test]
fn memory_may_be_shorter_on_older_kernels() {
    let memory = decode_memory(&distinct(36));
    assert_eq!(
        (memory.recv_allocated, memory.backlog, memory.drops),
        (Some(1_000), Some(1_007), Some(1_008))
    );
    let memory = decode_memory(&distinct(32));
    assert_eq!((memory.backlog, memory.drops), (Some(1_007), None));
    assert_eq!(decode_memory(&[]), SocketMemory::default());
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_decoded_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (tcp_info(&bytes), decode_age(&bytes), decode_memory(&bytes));
    }

    /// The netlink-packet crates read the same bytes.
    #[test]
    fn an_independent_decoder_agrees(bytes in proptest::collection::vec(any::<u8>(), 232)) {
        let ours = tcp_info(&bytes);
        let theirs = Theirs::parse(&bytes).unwrap();
        let micros = |count: u32| (count != 0).then_some(Duration::from_micros(count.into()));
        let millis = |count: u32| Some(Duration::from_millis(count.into()));
        prop_assert_eq!((ours.rtt, ours.rto, ours.recv_rtt), (micros(theirs.rtt), micros(theirs.rto), micros(theirs.rcv_rtt)));
        prop_assert_eq!((ours.cwnd, ours.mss, ours.recv_mss), (Some(theirs.snd_cwnd), Some(theirs.snd_mss), Some(theirs.rcv_mss)));
        prop_assert_eq!((ours.unacked, ours.sacked, ours.lost), (Some(theirs.unacked), Some(theirs.sacked), Some(theirs.lost)));
        prop_assert_eq!((ours.timeouts, ours.retransmits), (Some(theirs.retransmits), Some(theirs.retrans)));
        prop_assert_eq!((ours.total_retransmits, ours.path_mtu), (Some(theirs.total_retrans), Some(theirs.pmtu)));
        prop_assert_eq!((ours.last_data_sent, ours.last_data_received), (millis(theirs.last_data_sent), millis(theirs.last_data_recv)));
        prop_assert_eq!((ours.bytes_acked, ours.bytes_received), (Some(theirs.bytes_acked), Some(theirs.bytes_received)));
        prop_assert_eq!((ours.bytes_sent, ours.bytes_retransmitted), (Some(theirs.bytes_sent), Some(theirs.bytes_retrans)));
        prop_assert_eq!((ours.segs_in, ours.segs_out), (Some(theirs.segs_in), Some(theirs.segs_out)));
        prop_assert_eq!((ours.data_segs_in, ours.data_segs_out), (Some(theirs.data_segs_in), Some(theirs.data_segs_out)));
        prop_assert_eq!((ours.pacing_rate, ours.delivery_rate), (Some(theirs.pacing_rate), Some(theirs.delivery_rate)));
        prop_assert_eq!(ours.busy_time, Some(Duration::from_micros(theirs.busy_time)));
        prop_assert_eq!((ours.delivered, ours.delivered_ce), (Some(theirs.delivered), Some(theirs.delivered_ce)));
        prop_assert_eq!((ours.notsent_bytes, ours.recv_space), (Some(theirs.notsent_bytes), Some(theirs.rcv_space)));
        prop_assert_eq!((ours.out_of_order, ours.send_window), (Some(theirs.rcv_ooopack), Some(theirs.snd_wnd)));
    }

    #[test]
    fn an_independent_encoder_agrees_on_memory(numbers: [u32; 9]) {
        let theirs = TheirMemory {
            receive_queue: numbers[0],
            receive_queue_max: numbers[1],
            bottom_send_queues: numbers[2],
            send_queue_max: numbers[3],
            cache: numbers[4],
            send_queue: numbers[5],
            options: numbers[6],
            backlog_queue_length: numbers[7],
            drops: numbers[8],
        };
        let mut bytes = vec![0; theirs.buffer_len()];
        theirs.emit(&mut bytes);
        let ours = decode_memory(&bytes);
        prop_assert_eq!((ours.recv_allocated, ours.recv_limit), (Some(numbers[0]), Some(numbers[1])));
        prop_assert_eq!((ours.send_allocated, ours.send_limit), (Some(numbers[2]), Some(numbers[3])));
        prop_assert_eq!((ours.reserved, ours.send_queued), (Some(numbers[4]), Some(numbers[5])));
        prop_assert_eq!((ours.options, ours.backlog, ours.drops), (Some(numbers[6]), Some(numbers[7]), Some(numbers[8])));
    }
}
