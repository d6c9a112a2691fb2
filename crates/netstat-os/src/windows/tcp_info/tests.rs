use super::*;
use crate::windows::fake::Fake;
use crate::windows::memory::Memory;
use netstat_model::{IpEndpoint, Transport};
use proptest::prelude::*;
use std::mem::offset_of;
use windows_sys::Win32::NetworkManagement::IpHelper as ip;

#[test]
fn offsets_match_the_windows_structures() {
    type Data = ip::TCP_ESTATS_DATA_ROD_v0;
    assert_eq!(BYTES_OUT, offset_of!(Data, DataBytesOut));
    assert_eq!(DATA_SEGS_OUT, offset_of!(Data, DataSegsOut));
    assert_eq!(BYTES_IN, offset_of!(Data, DataBytesIn));
    assert_eq!(DATA_SEGS_IN, offset_of!(Data, DataSegsIn));
    assert_eq!(SEGS_OUT, offset_of!(Data, SegsOut));
    assert_eq!(SEGS_IN, offset_of!(Data, SegsIn));
    assert_eq!(BYTES_ACKED, offset_of!(Data, ThruBytesAcked));
    assert_eq!(BYTES_RECEIVED, offset_of!(Data, ThruBytesReceived));
    type Path = ip::TCP_ESTATS_PATH_ROD_v0;
    assert_eq!(SEGS_RETRANSMITTED, offset_of!(Path, PktsRetrans));
    assert_eq!(BYTES_RETRANSMITTED, offset_of!(Path, BytesRetrans));
    assert_eq!(SMOOTHED_RTT, offset_of!(Path, SmoothedRtt));
    assert_eq!(RTT_VAR, offset_of!(Path, RttVar));
    assert_eq!(MIN_RTT, offset_of!(Path, MinRtt));
    assert_eq!(CUR_RTO, offset_of!(Path, CurRto));
    assert_eq!(CUR_MSS, offset_of!(Path, CurMss));
    assert_eq!(ends(&[7; 160], Family::V4).unwrap().len() + 4, size_of::<ip::MIB_TCPROW_LH>());
    assert_eq!(ends(&[7; 192], Family::V6).unwrap().len() + 4, size_of::<ip::MIB_TCP6ROW>());
    assert_eq!((offset_of!(ip::MIB_TCP6ROW, State), offset_of!(ip::MIB_TCP6ROW, LocalAddr)), (0, 4));
}

fn connection() -> Socket {
    let mut socket = Socket::new(Transport::Tcp, Family::V4, IpEndpoint::ANY_V4, Some(IpEndpoint::ANY_V4));
    socket.state = Some(TcpState::Established);
    socket
}

fn question(what: Estats) -> Question {
    Question::Estats(what, Family::V4, [&5u32.to_le_bytes()[..], &[9; 16]].concat().into())
}

fn answers(collected: u64) -> Fake {
    let mut data = vec![0; 96];
    data[BYTES_OUT..][..8].copy_from_slice(&1000u64.to_le_bytes());
    data[BYTES_RECEIVED..][..8].copy_from_slice(&2000u64.to_le_bytes());
    data[SEGS_IN..][..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut path = vec![0; 160];
    path[SMOOTHED_RTT..][..4].copy_from_slice(&25u32.to_le_bytes());
    path[SEGS_RETRANSMITTED..][..4].copy_from_slice(&3u32.to_le_bytes());
    Fake::new()
        .says(question(Estats::Data), Memory::flat(data).after(collected))
        .says(question(Estats::Path), Memory::flat(path).after(collected))
}

fn filled(source: &Fake, socket: &mut Socket) -> Option<Warning> {
    let mut stats = ConnectionStats::default();
    stats.fill(source, socket, &[9; 16], 5);
    stats.warning()
}

#[test]
fn collected_statistics_are_filled_in() {
    let mut socket = connection();
    assert_eq!(filled(&answers(1), &mut socket), None);
    let info = socket.tcp.unwrap();
    assert_eq!((info.bytes_sent, info.bytes_received), (Some(1000), Some(2000)));
    assert_eq!((info.rtt, info.rttvar), (Some(Duration::from_millis(25)), None));
    assert_eq!((info.total_retransmits, info.segs_in, info.mss), (Some(3), None, None));
}

#[test]
fn statistics_that_are_not_collected_are_unknown() {
    let mut socket = connection();
    let said = filled(&answers(0), &mut socket).unwrap().to_string();
    assert!(said.contains("has enabled it"), "{said}");
    assert_eq!(socket.tcp, None);
}

#[test]
fn a_refusal_ends_the_questions_and_the_end_of_a_connection_does_not() {
    let source = Fake::new().fails(question(Estats::Data), 5);
    let mut stats = ConnectionStats::default();
    for _ in 0..3 {
        stats.fill(&source, &mut connection(), &[9; 16], 5);
    }
    assert_eq!(source.asked().len(), 1);
    assert!(stats.warning().is_some());

    let source = Fake::new().fails(question(Estats::Data), 1168).fails(question(Estats::Path), 1168);
    let mut stats = ConnectionStats::default();
    stats.fill(&source, &mut connection(), &[9; 16], 5);
    stats.fill(&source, &mut connection(), &[9; 16], 5);
    assert_eq!(source.asked().len(), 4);

    let mut listener = connection();
    listener.state = Some(TcpState::Listen);
    let source = Fake::new();
    assert_eq!((filled(&source, &mut listener), source.asked().len()), (None, 0));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        for what in [Estats::Data, Estats::Path] {
            decode(what, &bytes, &mut TcpInfo::default());
        }
    }
}
