//! Reads `/proc/net`. It has neither scopes nor processes nor `IPV6_V6ONLY`, and leaves out sockets that are only bound.

use crate::error::{Doing, LabError, Result};
use crate::row::{Family, Protocol, Row, TcpState};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

const TABLES: [(&str, Protocol, Family); 4] = [
    ("tcp", Protocol::Tcp, Family::V4),
    ("tcp6", Protocol::Tcp, Family::V6),
    ("udp", Protocol::Udp, Family::V4),
    ("udp6", Protocol::Udp, Family::V6),
];

/// Lists the sockets of the calling thread's namespace from `/proc/thread-self/net/{tcp,tcp6,udp,udp6}`.
pub fn proc_net() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, protocol, family) in TABLES {
        let path = format!("/proc/thread-self/net/{name}");
        let text = std::fs::read_to_string(&path).doing(|| format!("read {path}"))?;
        for line in text.lines().skip(1) {
            let row = parse_line(line, protocol, family).ok_or_else(|| {
                LabError::failed(format!("parse {path}"), format!("unexpected line: {line}"))
            })?;
            rows.push(row);
        }
    }
    Ok(rows)
}

/// `sl local remote state tx:rx timer:when retransmits uid timeout inode ...`
fn parse_line(line: &str, protocol: Protocol, family: Family) -> Option<Row> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let local = parse_end(words.next()?, family)?;
    let remote = parse_end(words.next()?, family)?;
    let number = u8::from_str_radix(words.next()?, 16).ok()?;
    let inode: u64 = words.nth(5)?.parse().ok()?;
    let state = match protocol {
        Protocol::Tcp => Some(TcpState::from_kernel(number)?),
        Protocol::Udp => None,
    };
    Some(Row {
        protocol,
        family,
        state,
        local,
        remote: (remote.port() != 0 || !remote.ip().is_unspecified()).then_some(remote),
        v6_only: None,
        inode: (inode != 0).then_some(inode),
        pids: Vec::new(),
    })
}

/// Parses address and port in hexadecimal. The address is printed as 32-bit words in native byte order.
fn parse_end(text: &str, family: Family) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    for word in address.as_bytes().chunks(8) {
        if word.len() != 8 {
            return None;
        }
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    Some(match family {
        Family::V4 => (Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?), port).into(),
        Family::V6 => (Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?), port).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn a_line_of_each_family_is_read() {
        let line =
            "   0: 0100007F:1F90 0200630A:0050 01 00000000:00000000 00:00000000 00000000  1000 0 4711 1 0";
        let row = parse_line(line, Protocol::Tcp, Family::V4).unwrap();
        assert_eq!(row.local, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(row.remote, Some("10.99.0.2:80".parse().unwrap()));
        assert_eq!(row.state, Some(TcpState::Established));
        assert_eq!(row.inode, Some(4711));

        let line = "  12: B80D0120000099000000000001000000:0016 00000000000000000000000000000000:0000 0A \
                    00000000:00000000 00:00000000 00000000     0        0 0 1 0";
        let row = parse_line(line, Protocol::Tcp, Family::V6).unwrap();
        assert_eq!(row.local, "[2001:db8:99::1]:22".parse().unwrap());
        assert_eq!((row.remote, row.inode), (None, None));
    }

    #[test]
    fn what_is_not_understood_is_no_row() {
        for line in ["", "0:", "0: 0100007F:1F90", "0: 01:1 02:2 01 0 0 0 0 0 0", "0: x:y z:w 01 0 0 0 0 0 0"]
        {
            assert_eq!(parse_line(line, Protocol::Tcp, Family::V4), None, "{line}");
        }
    }
}
