//! The ports that Windows chooses from for whoever does not name one. Windows tells them by `netsh` alone, in the language
//! of the system; so numbers are read, and no words.

use super::source::{Question, Source};
use netstat_model::error::words_of;
use netstat_model::{Answer, Warning};
use netstat_model::{DynamicPorts, Family, Limits, PortRange, Protocol};
use std::io;

/// The ranges. What cannot be learned is unknown, with a warning; that Windows limits nothing else is known.
pub(super) fn limits(source: &dyn Source) -> Answer<Limits> {
    let mut warnings = Vec::new();
    let mut hangs = false;
    let mut ports = |protocol, family| {
        // Who has waited once in vain does not wait seven times more.
        if hangs {
            return None;
        }
        let error = match dynamic_ports(source, protocol, family) {
            Ok(ports) => return Some(ports),
            Err(error) => error,
        };
        hangs = error.kind() == io::ErrorKind::TimedOut;
        let warning = Warning::SourceUnavailable {
            what: "the range of ports that Windows chooses from",
            reason: words_of(&error),
        };
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
        None
    };
    let limits = Limits {
        tcp_v4_ports: ports(Protocol::Tcp, Family::V4),
        tcp_v6_ports: ports(Protocol::Tcp, Family::V6),
        udp_v4_ports: ports(Protocol::Udp, Family::V4),
        udp_v6_ports: ports(Protocol::Udp, Family::V6),
        ..Limits::default()
    };
    Answer { data: limits, warnings }
}

fn dynamic_ports(source: &dyn Source, protocol: Protocol, family: Family) -> io::Result<DynamicPorts> {
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "netsh says it in a form that is not known here");
    let range = source.ask(&Question::DynamicPorts(protocol, family))?;
    let excluded = source.ask(&Question::ExcludedPorts(protocol, family))?;
    Ok(DynamicPorts {
        range: decode_range(range.bytes()).ok_or_else(odd)?,
        excluded: decode_excluded(excluded.bytes()).ok_or_else(odd)?,
        shared_by_remotes: false,
    })
}

/// The lines of a text in whatever code page: digits, colons and blanks are the same in all.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii)
}

fn number(word: &[u8]) -> Option<u32> {
    std::str::from_utf8(word).ok().filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

/// Two lines with a colon and a number: the first port, and how many there are.
fn decode_range(text: &[u8]) -> Option<PortRange> {
    let mut numbers = lines(text).filter_map(|line| {
        let colon = line.iter().rposition(|&byte| byte == b':')?;
        number(line.get(colon + 1..)?.trim_ascii())
    });
    let (first, count) = (numbers.next()?, numbers.next()?);
    if numbers.next().is_some() {
        return None;
    }
    let last = first.checked_add(count.checked_sub(1)?)?;
    Some(PortRange { first: u16::try_from(first).ok()?, last: u16::try_from(last).ok()? })
}

/// After a line of dashes, lines with the first and the last port of a range, and perhaps a star.
fn decode_excluded(text: &[u8]) -> Option<Vec<PortRange>> {
    let mut lines = lines(text);
    lines.find(|line| line.starts_with(b"---"))?;
    let mut ranges = Vec::new();
    for line in lines {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (Some(first), Some(last)) = (words.next().and_then(number), words.next().and_then(number)) else {
            continue;
        };
        let range = PortRange { first: u16::try_from(first).ok()?, last: u16::try_from(last).ok()? };
        if range.first > range.last {
            return None;
        }
        ranges.push(range);
    }
    Some(ranges)
}

/// Any bytes as each of the answers.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    decode_range(bytes);
    decode_excluded(bytes);
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
        assert_eq!(decode_range(RANGE), Some(range(49152, 65535)));
        // The same in Korean, code page 949.
        let korean = b"\r\n\xc7\xc1\xb7\xce\xc5\xe4\xc4\xdd tcp\r\n----\r\n\xbd\xc3\xc0\xdb : 1024\r\n\xbc\xf6 : 64511\r\n";
        assert_eq!(decode_range(korean), Some(range(1024, 65534)));
        assert_eq!(decode_excluded(EXCLUDED), Some(vec![range(5357, 5357), range(50000, 50059)]));
        assert_eq!(decode_excluded(b"\r\n----\r\n"), Some(Vec::new()));
    }

    #[test]
    fn what_makes_no_sense_is_unknown() {
        for odd in [&b""[..], b"a: 1\n", b"a: 1\nb: 0\n", b"a: 60000\nb: 60000\n", b"a: 1\nb: 2\nc: 3\n"] {
            assert_eq!(decode_range(odd), None);
        }
        for odd in [&b""[..], b"1 2\n", b"---\n2 1\n", b"---\n1 70000\n"] {
            assert_eq!(decode_excluded(odd), None);
        }
    }

    /// What tells the ranges of all.
    fn telling() -> Fake {
        let mut source = Fake::new();
        for family in [Family::V4, Family::V6] {
            for protocol in [Protocol::Tcp, Protocol::Udp] {
                source = source
                    .says(Question::DynamicPorts(protocol, family), Memory::flat(RANGE.to_vec()))
                    .says(Question::ExcludedPorts(protocol, family), Memory::flat(EXCLUDED.to_vec()));
            }
        }
        source
    }

    #[test]
    fn every_protocol_and_family_has_its_own() {
        let source = telling().fails(Question::DynamicPorts(Protocol::Udp, Family::V6), 2);
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
    fn what_hangs_is_asked_once() {
        /// `WAIT_TIMEOUT`, and its kin where these tests run as well.
        const TIMED_OUT: i32 = if cfg!(windows) { 258 } else { 110 };
        let source = telling().fails(Question::DynamicPorts(Protocol::Tcp, Family::V4), TIMED_OUT);
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
