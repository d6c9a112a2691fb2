//! Filters on names, over packets that were made here.

use super::*;
use crate::captured::Captured;
use crate::first_bytes::sealed_hello;
use crate::frame::made::{tcp, udp, v4};
use crate::pcapng::{Origin, PcapngWriter};
use netstat_engine::filter::NumbersOnly;
use std::convert::Infallible;

const A: [u8; 4] = [192, 0, 2, 1];
const B: [u8; 4] = [192, 0, 2, 2];
const SYN: u8 = 2;
const ACK: u8 = 16;

/// A machine without sockets.
fn machine() -> Captured {
    Captured::read(&PcapngWriter::new(Vec::new(), &Origin::default()).unwrap().finish().unwrap()[..]).unwrap()
}

/// Takes a packet that goes out.
fn take(capture: &mut Capture<'_>, frame: &[u8]) {
    capture.packet(&Packet {
        at: Duration::from_secs(1),
        interface: 1,
        link_type: 1,
        is_loopback: false,
        direction: PacketDirection::Outgoing,
        protocol: 0x0800,
        frame,
        network: 0,
        length: u32::try_from(frame.len()).unwrap(),
        vlan: None,
        has_checksum: true,
    });
}

fn settle(capture: &mut Capture<'_>, is_last: bool) {
    let settled: Result<(), Infallible> = capture.settle(is_last, |_, _| Ok(()));
    let Ok(()) = settled;
}

fn filter(words: &str) -> Filter {
    Filter::parse(&[words.into()], &NumbersOnly).unwrap()
}

fn segment(flags: u8, sequence: u32, payload: &[u8]) -> Vec<u8> {
    v4(A, B, 6, 0, &tcp(40000, 80, flags, sequence, payload))
}

#[test]
fn names_are_told_however_many_connections_there_were() {
    let filter = filter("name a.org");
    let mut capture = Capture::new(&machine(), Some(&filter), Cut::default(), Owners::default(), false);
    let connections: u32 = 66_000;
    for number in 0..connections {
        take(&mut capture, &segment(SYN, number * 1000, b""));
        take(&mut capture, &segment(ACK, number * 1000 + 1, b"GET / HTTP/1.1\r\nHost: a.org\r\n\r\n"));
        settle(&mut capture, true);
    }
    let expected = Counts { read: 132_000, written: 132_000, without_process: 132_000, ..Counts::default() };
    assert_eq!(capture.counts(), expected);
}

#[test]
fn what_is_none_of_the_protocols_is_decided_at_once() {
    for (words, is_wanted) in [("not app tls", true), ("not name a.org", true), ("app tls", false)] {
        let filter = filter(words);
        let mut capture = Capture::new(&machine(), Some(&filter), Cut::default(), Owners::default(), false);
        take(&mut capture, &segment(SYN, 7, b""));
        settle(&mut capture, false);
        assert_eq!(capture.waiting(), 1, "it has not said anything yet");
        take(&mut capture, &segment(ACK, 8, b"\0what"));
        settle(&mut capture, true);
        let Counts { written, not_matched, not_attributed, .. } = capture.counts();
        let expected = if is_wanted { (2, 0, 0) } else { (0, 2, 0) };
        assert_eq!((written, not_matched, not_attributed), expected, "{words}");
    }
}

#[test]
fn another_client_of_quic_at_the_same_ends_has_a_name_of_its_own() {
    let filter = filter("name first.org");
    let mut capture = Capture::new(&machine(), Some(&filter), Cut::default(), Owners::default(), false);
    let datagram = |payload: &[u8]| v4(A, B, 17, 0, &udp(40000, 443, payload));
    for (id, name) in [(1, "first.org"), (2, "second.org")] {
        take(&mut capture, &datagram(&sealed_hello(&[id; 8], name)));
        take(&mut capture, &datagram(&[0x40; 100]));
    }
    settle(&mut capture, true);
    let Counts { written, not_matched, not_attributed, .. } = capture.counts();
    assert_eq!((written, not_matched, not_attributed), (2, 2, 0));
}
