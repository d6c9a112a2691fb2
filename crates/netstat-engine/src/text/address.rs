//! Addresses as the classic table spells them, without the formatting machinery of the standard library.
//!
//! IPv6 follows `RtlIpv6AddressToString` of Windows as other projects have observed it (the tests of this file have
//! the spellings that Wine's conformance tests expect): lower case; the longest run of two or more zero groups is
//! left out, the first of equals; a dotted IPv4 tail for
//!
//! - IPv4-compatible `::1.2.3.4`, mapped `::ffff:1.2.3.4` and translated `::ffff:0:1.2.3.4` addresses, but only
//!   when the group before the last is not zero, so that `::1` and `::ffff:0:1` stay as they are;
//! - ISATAP: the interface identifier `0:5efe:` or `200:5efe:`, behind any prefix.
//!
//! NAT64 (`64:ff9b::`) stays in hexadecimal.

use super::decimal::decimal;
use super::escape;
use super::line::Line;
use netstat_model::{Endpoint, EndpointRef, IpEndpoint};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Writes an end of any family: an IP endpoint as [`write_endpoint`] does, the name of a Unix socket escaped as a word, any
/// other as it is displayed. A relative path that begins as other names do has that character escaped.
pub fn write_end(out: &mut Vec<u8>, end: EndpointRef<'_>) {
    match end {
        Endpoint::Ip(end) => write_endpoint(out, &end),
        Endpoint::Path([first @ (b'@' | b'*'), rest @ ..]) => {
            out.extend_from_slice(format!("\\x{first:02x}").as_bytes());
            escape::write_bytes(out, rest);
        }
        Endpoint::Path(path) => escape::write_bytes(out, path),
        Endpoint::Abstract(name) => {
            out.push(b'@');
            escape::write_bytes(out, name);
        }
        other => out.extend_from_slice(other.to_string().as_bytes()),
    }
}

/// Writes `a.b.c.d:port` or `[address%scope]:port`.
pub fn write_endpoint(out: &mut Vec<u8>, end: &IpEndpoint) {
    if let IpAddr::V4(address) = end.address {
        let mut line = Line::new();
        line.put_v4_and_port(address, end.port);
        out.extend_from_slice(line.bytes());
        return;
    }
    write_host(out, end);
    out.push(b':');
    decimal(out, u64::from(end.port));
}

/// Writes what stands before the port: `a.b.c.d` or `[address%scope]`.
pub fn write_host(out: &mut Vec<u8>, end: &IpEndpoint) {
    match end.address {
        IpAddr::V4(address) => write_v4(out, address),
        IpAddr::V6(address) => {
            out.push(b'[');
            write_v6(out, address);
            if end.scope != 0 {
                out.push(b'%');
                decimal(out, u64::from(end.scope));
            }
            out.push(b']');
        }
    }
}

/// Writes a bare address.
pub fn write_ip(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => write_v4(out, address),
        IpAddr::V6(address) => write_v6(out, address),
    }
}

/// Writes a bare IPv4 address.
pub fn write_v4(out: &mut Vec<u8>, address: Ipv4Addr) {
    let mut line = Line::new();
    line.put_v4(address);
    out.extend_from_slice(line.bytes());
}

/// Writes a bare IPv6 address.
pub fn write_v6(out: &mut Vec<u8>, address: Ipv6Addr) {
    let groups = address.segments();
    let dotted = has_dotted_tail(groups);
    let groups = if dotted { groups.get(..6).unwrap_or_default() } else { groups.as_slice() };
    let (gap_start, gap_len) = longest_zero_run(groups);
    let gap_end = gap_start + gap_len;
    for (index, &group) in groups.iter().enumerate() {
        if (gap_start..gap_end).contains(&index) {
            if index == gap_start {
                out.extend_from_slice(b"::");
            }
            continue;
        }
        // The end of the gap has already written the colon.
        if index > 0 && index != gap_end {
            out.push(b':');
        }
        hex(out, group);
    }
    if dotted {
        if gap_end != groups.len() || gap_len == 0 {
            out.push(b':');
        }
        let [.., a, b, c, d] = address.octets();
        write_v4(out, Ipv4Addr::new(a, b, c, d));
    }
}

fn has_dotted_tail(groups: [u16; 8]) -> bool {
    match groups {
        [.., 0 | 0x200, 0x5efe, _, _] => true,
        [0, 0, 0, 0, 0, 0 | 0xffff, tail, _] | [0, 0, 0, 0, 0xffff, 0, tail, _] => tail != 0,
        _ => false,
    }
}

/// Returns where the first of the longest runs of zero groups begins, and its length; length 0 if no run has two
/// groups.
fn longest_zero_run(groups: &[u16]) -> (usize, usize) {
    let mut best = (groups.len(), 0);
    let mut run = 0;
    for (index, &group) in groups.iter().enumerate() {
        run = if group == 0 { run + 1 } else { 0 };
        if run >= 2 && run > best.1 {
            best = (index + 1 - run, run);
        }
    }
    best
}

fn hex(out: &mut Vec<u8>, group: u16) {
    let mut begun = false;
    for place in (0..4).rev() {
        let digit = u8::try_from((group >> (place * 4)) & 0xf).unwrap_or_default();
        begun |= digit != 0 || place == 0;
        if begun {
            out.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn v6(groups: [u16; 8]) -> String {
        let mut out = Vec::new();
        write_v6(&mut out, Ipv6Addr::from(groups));
        String::from_utf8(out).unwrap()
    }

    fn endpoint(address: &str, scope: u32, port: u16) -> String {
        let mut out = Vec::new();
        write_endpoint(&mut out, &IpEndpoint { address: address.parse().unwrap(), scope, port });
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn embedded_ipv4_addresses_are_dotted_as_on_windows() {
        for (wanted, groups) in [
            ("::13.1.68.3", [0, 0, 0, 0, 0, 0, 0xd01, 0x4403]),
            ("::0.1.0.0", [0, 0, 0, 0, 0, 0, 1, 0]),
            ("::ffff", [0, 0, 0, 0, 0, 0, 0, 0xffff]),
            ("::1", [0, 0, 0, 0, 0, 0, 0, 1]),
            ("::", [0; 8]),
            ("::ffff:13.1.68.3", [0, 0, 0, 0, 0, 0xffff, 0xd01, 0x4403]),
            ("::ffff:0:4403", [0, 0, 0, 0, 0, 0xffff, 0, 0x4403]),
            ("::ffff:0:0", [0, 0, 0, 0, 0, 0xffff, 0, 0]),
            ("::fffe:d01:4403", [0, 0, 0, 0, 0, 0xfffe, 0xd01, 0x4403]),
            ("::1:d01:4403", [0, 0, 0, 0, 0, 1, 0xd01, 0x4403]),
            ("::1:0:d01:4403", [0, 0, 0, 0, 1, 0, 0xd01, 0x4403]),
            ("::ffff:0:13.1.68.3", [0, 0, 0, 0, 0xffff, 0, 0xd01, 0x4403]),
            ("::ffff:0:0.1.0.0", [0, 0, 0, 0, 0xffff, 0, 1, 0]),
            ("::ffff:ffff:d01:4403", [0, 0, 0, 0, 0xffff, 0xffff, 0xd01, 0x4403]),
            ("::ffff:0:0:d01:4403", [0, 0, 0, 0xffff, 0, 0, 0xd01, 0x4403]),
            ("::5efe:0.0.0.0", [0, 0, 0, 0, 0, 0x5efe, 0, 0]),
            ("::5efe:129.144.52.38", [0, 0, 0, 0, 0, 0x5efe, 0x8190, 0x3426]),
            ("::200:5efe:129.144.52.38", [0, 0, 0, 0, 0x200, 0x5efe, 0x8190, 0x3426]),
            ("::300:5efe:8190:3426", [0, 0, 0, 0, 0x300, 0x5efe, 0x8190, 0x3426]),
            (
                "1111:2222:3333:4444:0:5efe:129.144.52.38",
                [0x1111, 0x2222, 0x3333, 0x4444, 0, 0x5efe, 0x8190, 0x3426],
            ),
            ("1111:2222:3333::5efe:129.144.52.38", [0x1111, 0x2222, 0x3333, 0, 0, 0x5efe, 0x8190, 0x3426]),
            ("64:ff9b::b854:e9e3", [0x64, 0xff9b, 0, 0, 0, 0, 0xb854, 0xe9e3]),
        ] {
            assert_eq!(v6(groups), wanted, "{groups:x?}");
        }
    }

    #[test]
    fn the_first_of_the_longest_runs_of_zeros_is_compressed() {
        for (wanted, groups) in [
            ("3ffe:b00::1:0:0:a", [0x3ffe, 0xb00, 0, 0, 1, 0, 0, 0xa]),
            ("1:0:0:2::3", [1, 0, 0, 2, 0, 0, 0, 3]),
            ("2403:8600:c090:42:0:401:9bfa:fd9f", [0x2403, 0x8600, 0xc090, 0x42, 0, 0x401, 0x9bfa, 0xfd9f]),
            ("0:1:2:3:4:5:6:7", [0, 1, 2, 3, 4, 5, 6, 7]),
            ("1:2:3:4:5:6::", [1, 2, 3, 4, 5, 6, 0, 0]),
            ("1:2:3:4:5:6:0:8", [1, 2, 3, 4, 5, 6, 0, 8]),
            ("::a:b:c:d:e", [0, 0, 0, 0xa, 0xb, 0xc, 0xd, 0xe]),
            ("1080::8:800:200c:417a", [0x1080, 0, 0, 0, 8, 0x800, 0x200c, 0x417a]),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", [0xffff; 8]),
        ] {
            assert_eq!(v6(groups), wanted, "{groups:x?}");
        }
    }

    #[test]
    fn endpoints_have_brackets_scope_and_port() {
        assert_eq!(endpoint("0.0.0.0", 0, 0), "0.0.0.0:0");
        assert_eq!(endpoint("255.255.255.255", 7, 65535), "255.255.255.255:65535");
        assert_eq!(endpoint("::", 0, 135), "[::]:135");
        assert_eq!(endpoint("fe80::244e:2f1e:2096:62b2", 9, 1900), "[fe80::244e:2f1e:2096:62b2%9]:1900");
        assert_eq!(endpoint("fe80::1", u32::MAX, 1), "[fe80::1%4294967295]:1");
    }

    /// Generates groups, often zero or those of the dotted forms.
    fn groups() -> impl Strategy<Value = [u16; 8]> {
        let group = prop_oneof![
            4 => Just(0u16),
            1 => Just(0xffffu16),
            1 => Just(0x5efeu16),
            1 => Just(0x200u16),
            2 => any::<u16>()
        ];
        proptest::array::uniform8(group)
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(groups in groups()) {
            let written = v6(groups);
            prop_assert_eq!(written.parse::<Ipv6Addr>().unwrap(), Ipv6Addr::from(groups), "{}", written);
            prop_assert!(!written.contains(char::is_uppercase));
        }

        #[test]
        fn undotted_spellings_are_those_of_rfc_5952(groups in groups()) {
            let address = Ipv6Addr::from(groups);
            if !has_dotted_tail(groups) && address.to_ipv4_mapped().is_none() {
                prop_assert_eq!(v6(groups), address.to_string());
            }
        }

        #[test]
        fn ipv4_as_the_standard_library_has_it(address: Ipv4Addr, port: u16) {
            let mut out = Vec::new();
            write_endpoint(&mut out, &IpEndpoint { address: address.into(), scope: 0, port });
            prop_assert_eq!(String::from_utf8(out).unwrap(), format!("{address}:{port}"));
        }
    }
}
