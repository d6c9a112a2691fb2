//! Makes a recording of 100,000 TCP sockets in ten processes, always the same, in the format that `--replay` reads
//! (`crates/netstat-os/src/tape.rs`).

use anyhow::{Context, Result};
use netstat_os::tape::Recorder;
use std::path::Path;

/// The number of TCP sockets.
pub(super) const SOCKETS: usize = 100_000;

/// Processes that hold the sockets, and processes without sockets.
const HOLDERS: usize = 10;
const OTHERS: usize = 90;

const FIRST_INODE: usize = 4_000_000;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const TCP: u8 = 6;
const ESTABLISHED: u8 = 1;
const LISTEN: u8 = 10;

/// Message types: the legacy request for TCP of both families, and the one for one protocol and family.
const TCPDIAG_GETSOCK: u16 = 18;
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// Writes the recording to `folder`. `requests` are the dump requests that it answers, in hexadecimal.
pub(super) fn write(folder: &Path, requests: &[String]) -> Result<()> {
    let _ = std::fs::remove_dir_all(folder);
    let tape = Recorder::create(folder).context("begin the recording")?;
    for request in requests {
        let (kind, family) = decode(request).with_context(|| format!("unknown dump request: {request}"))?;
        tape.add("netlink sock_diag", request, Ok(&dump(kind, family)));
    }
    let mut pids = Vec::new();
    for pid in 1..=HOLDERS + OTHERS {
        pack(&mut pids, 0, pid.to_string().as_bytes());
    }
    tape.add("names", "/proc", Ok(&pids));
    for pid in 1..=HOLDERS + OTHERS {
        tape.add("process", &pid.to_string(), Ok(&[]));
        tape.add("process links", &format!("{pid}/fd"), Ok(&links(pid)));
        // proc(5): parent, group, session, terminal, its group, flags and so on up to the start time.
        let stat =
            format!("{pid} (holder) S 1 {pid} {pid} 0 -1 4194560 {} {pid}00 0 0", "0 0 0 0 0 0 0 0 20 0 1 0");
        tape.add("process read", &format!("{pid}/stat"), Ok(stat.as_bytes()));
    }
    tape.add("read", "/proc/self/status", Ok(b"Name:\tnetstat\nNSpid:\t101\n"));
    tape.add("bpf load", "", Ok(&[]));
    tape.add("bpf owners", "quick", Ok(&descriptors()));
    tape.finish().context("write the recording")
}

fn pack(into: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    into.extend_from_slice(&number.to_le_bytes());
    into.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    into.extend_from_slice(bytes);
}

/// Decodes a request: returns its message type and the family of the TCP sockets that it asks for, `None` for both.
///
/// The type is at byte 4 in native byte order; family and protocol follow the 16-byte header.
fn decode(request: &str) -> Option<(u16, Option<u8>)> {
    let byte = |at: usize| u8::from_str_radix(request.get(at * 2..at * 2 + 2)?, 16).ok();
    match u16::from_ne_bytes([byte(4)?, byte(5)?]) {
        TCPDIAG_GETSOCK => Some((TCPDIAG_GETSOCK, None)),
        // There are no UDP sockets, and none of family 0.
        SOCK_DIAG_BY_FAMILY => {
            Some((SOCK_DIAG_BY_FAMILY, Some(if byte(17)? == TCP { byte(16)? } else { 0 })))
        }
        _ => None,
    }
}

/// Makes the answer to a request: datagrams of whole messages, and NLMSG_DONE in a datagram of its own.
fn dump(kind: u16, wanted: Option<u8>) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut datagram = Vec::new();
    let mut chance = 0x9e37_79b9_7f4a_7c15_u64;
    for number in 0..SOCKETS {
        // The kernel lists sockets in hash order, so addresses come in random order here too.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let family = if number % 8 == 0 { AF_INET6 } else { AF_INET };
        if wanted.is_none_or(|wanted| wanted == family) {
            row(&mut datagram, kind, number, family, chance);
        }
        if datagram.len() > 32_000 {
            pack(&mut packed, 0, &datagram);
            datagram.clear();
        }
    }
    if !datagram.is_empty() {
        pack(&mut packed, 0, &datagram);
    }
    let mut end = Vec::new();
    message(&mut end, 3, &[0; 4]);
    pack(&mut packed, 0, &end);
    packed
}

fn message(into: &mut Vec<u8>, kind: u16, payload: &[u8]) {
    into.extend_from_slice(&u32::try_from(16 + payload.len()).unwrap_or(u32::MAX).to_ne_bytes());
    into.extend_from_slice(&kind.to_ne_bytes());
    into.extend_from_slice(&2u16.to_ne_bytes());
    into.extend_from_slice(&1u32.to_ne_bytes());
    into.extend_from_slice(&1u32.to_ne_bytes());
    into.extend_from_slice(payload);
}

/// Appends a row as Linux 6.18 sends it: `struct inet_diag_msg` and four attributes.
fn row(into: &mut Vec<u8>, kind: u16, number: usize, family: u8, chance: u64) {
    let [a, b, c, d, e, f, g, _] = chance.to_be_bytes();
    let small = u32::try_from(number).unwrap_or(u32::MAX);
    let listens = number % 1_000 == 1;
    let address = |host: [u8; 3]| {
        let [x, y, z] = host;
        match family {
            AF_INET => [10, x, y, z].iter().chain(&[0; 12]).copied().collect::<Vec<u8>>(),
            _ => [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, x, y, z].to_vec(),
        }
    };
    let mut body = vec![family, if listens { LISTEN } else { ESTABLISHED }, 0, 0];
    body.extend_from_slice(&[a | 0x80, b]);
    body.extend_from_slice(if listens { &[0, 0] } else { &[1, 187] });
    body.extend(address([0, c & 3, d]));
    body.extend(if listens { vec![0; 16] } else { address([e, f, g]) });
    for value in [0, small + 1, 0, 0, 0, 0, 1_000, small + u32::try_from(FIRST_INODE).unwrap_or(0)] {
        body.extend_from_slice(&value.to_ne_bytes());
    }
    let attributes: [(u16, &[u8]); 4] =
        [(8, &[0]), (15, &[0; 4]), (21, &[1, 0, 0, 0, 0, 0, 0, 0]), (22, &[0x52, 0])];
    for (kind, value) in attributes {
        body.extend_from_slice(&u16::try_from(4 + value.len()).unwrap_or(0).to_ne_bytes());
        body.extend_from_slice(&kind.to_ne_bytes());
        body.extend_from_slice(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    message(into, kind, &body);
}

/// Makes the descriptor links of a process: three that are not sockets, and its share of the sockets.
fn links(pid: usize) -> Vec<u8> {
    let mut packed = Vec::new();
    for descriptor in 0..3 {
        pack(&mut packed, descriptor, b"/dev/null");
    }
    if pid <= HOLDERS {
        for (descriptor, number) in (3..).zip((pid - 1..SOCKETS).step_by(HOLDERS)) {
            pack(&mut packed, descriptor, format!("socket:[{}]", FIRST_INODE + number).as_bytes());
        }
    }
    packed
}

/// Makes the same descriptors in the records of the BPF program (`crates/netstat-os/bpf/owners.h`).
fn descriptors() -> Vec<u8> {
    let mut packed = Vec::new();
    let mut piece = Vec::new();
    let number = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
    for pid in 1..=HOLDERS {
        for (descriptor, socket) in (3u32..).zip((pid - 1..SOCKETS).step_by(HOLDERS)) {
            let started = u64::from(number(pid)) * 1_000_000_000;
            piece.extend_from_slice(&started.to_ne_bytes());
            piece.extend_from_slice(&(u64::from(number(socket)) + 1).to_ne_bytes());
            for value in [number(FIRST_INODE + socket), descriptor, number(pid), 1] {
                piece.extend_from_slice(&value.to_ne_bytes());
            }
            if piece.len() >= 32_000 {
                pack(&mut packed, 0, &piece);
                piece.clear();
            }
        }
    }
    pack(&mut packed, 0, &piece);
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_decoded() {
        let legacy = "4c00000012000103010000000000000002000000";
        assert_eq!(decode(legacy), Some((TCPDIAG_GETSOCK, None)));
        let tcp = "4800000014000103010000000000000002060000ffffffff";
        assert_eq!(decode(tcp), Some((SOCK_DIAG_BY_FAMILY, Some(AF_INET))));
        let udp = "4800000014000103010000000000000002110000ffffffff";
        assert_eq!(decode(udp), Some((SOCK_DIAG_BY_FAMILY, Some(0))));
        assert_eq!(decode("4800"), None);
        assert_eq!(decode("48000000ff00010301000000000000000211"), None);
    }

    #[test]
    fn every_socket_is_in_the_dump_and_held_once() {
        let count = |kind, family| {
            let answer = dump(kind, family);
            let mut rest = answer.as_slice();
            let mut messages = 0;
            while !rest.is_empty() {
                let len = u32::from_le_bytes(rest[4..8].try_into().unwrap()) as usize;
                let mut datagram = &rest[8..8 + len];
                while !datagram.is_empty() {
                    let len = u32::from_ne_bytes(datagram[..4].try_into().unwrap()) as usize;
                    datagram = &datagram[len..];
                    messages += 1;
                }
                rest = &rest[8 + len..];
            }
            messages - 1
        };
        assert_eq!(count(TCPDIAG_GETSOCK, None), SOCKETS);
        let one = |family| count(SOCK_DIAG_BY_FAMILY, Some(family));
        assert_eq!((one(AF_INET) + one(AF_INET6), one(0)), (SOCKETS, 0));
        let held: usize = (1..=HOLDERS + OTHERS)
            .map(|pid| links(pid).windows(8).filter(|bytes| bytes == b"socket:[").count())
            .sum();
        assert_eq!(held, SOCKETS);
    }
}
