//! The dynamic port ranges, from which Windows chooses local ports. Only `netsh` reports them, in the language of the
//! system, so numbers are parsed and words are not.

use super::source::{Question, Source};
use super::win32_error::{unavailable, warn_once};
use netstat_model::{Answer, DynamicPorts, Family, Limits, PortRange, Transport};
use std::io;

/// Returns the ranges. Those that cannot be read are unknown, with a warning. Windows has none of the other limits.
pub(super) fn limits(source: &dyn Source) -> Answer<Limits> {
    let mut warnings = Vec::new();
    let mut hangs = false;
    let mut ports = |protocol, family| {
        // After one timeout the remaining calls would hang as well.
        if hangs {
            return None;
        }
        dynamic_ports(source, protocol, family)
            .inspect_err(|error| {
                hangs = error.kind() == io::ErrorKind::TimedOut;
                warn_once(&mut warnings, unavailable("the range of ports that Windows chooses from", error));
            })
            .ok()
    };
    let limits = Limits {
        tcp_v4_ports: ports(Transport::Tcp, Family::V4),
        tcp_v6_ports: ports(Transport::Tcp, Family::V6),
        udp_v4_ports: ports(Transport::Udp, Family::V4),
        udp_v6_ports: ports(Transport::Udp, Family::V6),
        ..Limits::default()
    };
    Answer { data: limits, warnings }
}

fn dynamic_ports(source: &dyn Source, protocol: Transport, family: Family) -> io::Result<DynamicPorts> {
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "the output of netsh has an unknown format");
    let range = source.ask(&Question::DynamicPorts(protocol, family))?;
    let excluded = source.ask(&Question::ExcludedPorts(protocol, family))?;
    Ok(DynamicPorts {
        range: parse_range(range.bytes()).ok_or_else(odd)?,
        excluded: parse_excluded(excluded.bytes()).ok_or_else(odd)?,
        shared_by_remotes: false,
    })
}

/// Splits text of any code page into lines: digits, colons and blanks are the same in all of them.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii)
}

fn number(word: &[u8]) -> Option<u32> {
    // The standard library would accept a sign as well.
    std::str::from_utf8(word).ok().filter(|word| !word.starts_with('+'))?.parse().ok()
}

fn port_range(first: u32, last: u32) -> Option<PortRange> {
    let range = PortRange { first: u16::try_from(first).ok()?, last: u16::try_from(last).ok()? };
    (range.first <= range.last).then_some(range)
}

/// Parses two lines that end in a colon and a number: the first port, and how many there are.
fn parse_range(text: &[u8]) -> Option<PortRange> {
    let mut numbers = lines(text).filter_map(|line| {
        let colon = line.iter().rposition(|&byte| byte == b':')?;
        number(line.get(colon + 1..)?.trim_ascii())
    });
    let (first, count) = (numbers.next()?, numbers.next()?);
    match numbers.next() {
        Some(_) => None,
        None => port_range(first, first.checked_add(count.checked_sub(1)?)?),
    }
}

/// Parses the lines after a line of dashes: the first and the last port of a range, perhaps followed by a star.
fn parse_excluded(text: &[u8]) -> Option<Vec<PortRange>> {
    let mut lines = lines(text);
    lines.find(|line| line.starts_with(b"---"))?;
    lines
        .filter_map(|line| {
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            Some((number(words.next()?)?, number(words.next()?)?))
        })
        .map(|(first, last)| port_range(first, last))
        .collect()
}

/// Runs both parsers on any bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    parse_range(bytes);
    parse_excluded(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::fake::Fake;
    use crate::windows::memory::Memory;
    use proptest::prelude::*;

    const RANGE: &[u8] = b"\r\nProtocol tcp Dynamic Port Range\r\n---------------------------------\r\n\
        Start Port      : 49152\r\nNumber of Ports : 16384\r\n\r\n";
    const EXCLUDED: &[u8] = b"\r\nProtocol tcp Port Exclusion Ranges\r\n\r\nStart Port    End Port      \r\n\
        ----------    --------      \r\n      5357        5357      \r\n     50000       50059     *\r\n\r\n\
        * - Administered port exclusions.\r\n\r\n";

    fn range(first: u16, last: u16) -> PortRange {
        PortRange { first, last }
    }

    #[test]
    fn numbers_are_read_in_any_language() {
        assert_eq!(parse_range(RANGE), Some(range(49152, 65535)));
        // The same in Korean, code page 949.
        let korean = b"\r\n\xc7\xc1\xb7\xce\xc5\xe4\xc4\xdd tcp\r\n----\r\n\xbd\xc3\xc0\xdb : 1024\r\n\xbc\xf6 : 64511\r\n";
        assert_eq!(parse_range(korean), Some(range(1024, 65534)));
        assert_eq!(parse_excluded(EXCLUDED), Some(vec![range(5357, 5357), range(50000, 50059)]));
        assert_eq!(parse_excluded(b"\r\n----\r\n"), Some(Vec::new()));
    }

    #[test]
    fn malformed_output_is_refused() {
        for odd in [&b""[..], b"a: 1\n", b"a: 1\nb: 0\n", b"a: 60000\nb: 60000\n", b"a: 1\nb: 2\nc: 3\n"] {
            assert_eq!(parse_range(odd), None);
        }
        for odd in [&b""[..], b"1 2\n", b"---\n2 1\n", b"---\n1 70000\n"] {
            assert_eq!(parse_excluded(odd), None);
        }
    }

    /// A machine that reports every range.
    fn telling() -> Fake {
        let mut source = Fake::new();
        for family in [Family::V4, Family::V6] {
            for protocol in [Transport::Tcp, Transport::Udp] {
                source = source
                    .says(Question::DynamicPorts(protocol, family), Memory::flat(RANGE.to_vec()))
                    .says(Question::ExcludedPorts(protocol, family), Memory::flat(EXCLUDED.to_vec()));
            }
        }
        source
    }

    #[test]
    fn every_protocol_and_family_has_its_own_range() {
        let source = telling().fails(Question::DynamicPorts(Transport::Udp, Family::V6), 2);
        let answer = limits(&source);
        let ports = answer.data.tcp_v4_ports.unwrap();
        assert_eq!(
            (ports.range, ports.count(), ports.shared_by_remotes),
            (range(49152, 65535), 16384 - 60, false)
        );
        assert!(answer.data.tcp_v6_ports.is_some() && answer.data.udp_v4_ports.is_some());
        assert_eq!((answer.data.udp_v6_ports, answer.warnings.len()), (None, 1));
    }

    #[test]
    fn a_netsh_that_hangs_is_run_once() {
        /// `WAIT_TIMEOUT`, or `ETIMEDOUT` on Linux.
        const TIMED_OUT: i32 = if cfg!(windows) { 258 } else { 110 };
        let source = telling().fails(Question::DynamicPorts(Transport::Tcp, Family::V4), TIMED_OUT);
        let answer = limits(&source);
        assert_eq!((answer.data, answer.warnings.len()), (Limits::default(), 1));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            decode_all(&bytes);
        }
    }
}
