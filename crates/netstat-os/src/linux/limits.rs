//! Limits of sockets and ports, from `/proc/sys/net`, which shows the current network namespace.

use super::reader::{Reader, decode_number};
use super::source::Source;
use netstat_model::{Answer, DynamicPorts, Error, Limits, Operation, PortRange, TimeWaitReuse};
use std::io;
use std::time::Duration;

const PORT_RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";
const RESERVED_PORTS: &str = "/proc/sys/net/ipv4/ip_local_reserved_ports";

/// Reads the limits. The range of dynamic ports, which every kernel has, is required.
pub(super) fn limits(source: &dyn Source) -> Result<Answer<Limits>, Error> {
    let mut bytes = Vec::new();
    let range = source
        .read(PORT_RANGE, &mut bytes)
        .and_then(|()| decode_port_range(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into()))
        .map_err(|error| Error::new(Operation::ReadLimits, error))?;
    let mut reader = Reader::new(source);
    let excluded = setting(&mut reader, RESERVED_PORTS, decode_port_list).unwrap_or_default();
    let ports = Some(DynamicPorts { range, excluded, shared_by_remotes: true });
    let mut number = |path| setting(&mut reader, path, decode_number);
    let data = Limits {
        tcp_v4_ports: ports.clone(),
        tcp_v6_ports: ports.clone(),
        udp_v4_ports: ports.clone(),
        udp_v6_ports: ports,
        time_wait_reuse: number("/proc/sys/net/ipv4/tcp_tw_reuse").map(|number| match number {
            0 => TimeWaitReuse::Never,
            2 => TimeWaitReuse::Loopback,
            _ => TimeWaitReuse::Always,
        }),
        unprivileged_ports_from: number("/proc/sys/net/ipv4/ip_unprivileged_port_start")
            .and_then(|first| u32::try_from(first).ok()),
        timestamps: number("/proc/sys/net/ipv4/tcp_timestamps").map(|number| number != 0),
        fin_timeout: number("/proc/sys/net/ipv4/tcp_fin_timeout").map(Duration::from_secs),
        somaxconn: number("/proc/sys/net/core/somaxconn"),
        max_syn_backlog: number("/proc/sys/net/ipv4/tcp_max_syn_backlog"),
        syn_cookies: number("/proc/sys/net/ipv4/tcp_syncookies").map(|number| number != 0),
    };
    Ok(Answer { data, warnings: reader.warnings })
}

/// Reads a setting; `None` where the kernel does not have it.
fn setting<T>(reader: &mut Reader<'_>, path: &'static str, decode: fn(&[u8]) -> Option<T>) -> Option<T> {
    let mut value = None;
    reader.optional(path, path, |bytes| {
        value = decode(bytes);
        u64::from(value.is_none())
    });
    value
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().map(str::trim)
}

/// Decodes `32768\t60999`.
fn decode_port_range(bytes: &[u8]) -> Option<PortRange> {
    let mut words = text(bytes)?.split_ascii_whitespace();
    let range = PortRange { first: words.next()?.parse().ok()?, last: words.next()?.parse().ok()? };
    (words.next().is_none() && range.first <= range.last).then_some(range)
}

/// Decodes `8080,9000-9100`; empty where no port is reserved.
fn decode_port_list(bytes: &[u8]) -> Option<Vec<PortRange>> {
    let pieces = text(bytes)?.split(',').filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| {
            let (first, last) = piece.split_once('-').unwrap_or((piece, piece));
            let range = PortRange { first: first.trim().parse().ok()?, last: last.trim().parse().ok()? };
            (range.first <= range.last).then_some(range)
        })
        .collect()
}

/// Runs every decoder on the same bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    decode_number(bytes);
    decode_port_range(bytes);
    decode_port_list(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;
    use crate::linux::live::Live;
    use proptest::prelude::*;
    use rustix::io::Errno;

    const fn range(first: u16, last: u16) -> PortRange {
        PortRange { first, last }
    }

    #[test]
    fn every_setting_is_read() {
        let fake = Fake::new()
            .file(PORT_RANGE, "32768\t60999\n")
            .file(RESERVED_PORTS, "40000-40009,50000\n")
            .file("/proc/sys/net/ipv4/tcp_tw_reuse", "2\n")
            .file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "80\n")
            .file("/proc/sys/net/ipv4/tcp_timestamps", "1\n")
            .file("/proc/sys/net/ipv4/tcp_fin_timeout", "30\n")
            .file("/proc/sys/net/core/somaxconn", "4096\n")
            .file("/proc/sys/net/ipv4/tcp_max_syn_backlog", "512\n")
            .file("/proc/sys/net/ipv4/tcp_syncookies", "0\n");
        let answer = limits(&fake).unwrap();
        assert_eq!(answer.warnings, []);
        let ports = answer.data.tcp_v4_ports.clone().unwrap();
        assert_eq!((ports.range, ports.count()), (range(32_768, 60_999), 28_232 - 11));
        assert_eq!(answer.data.udp_v6_ports, Some(ports));
        assert_eq!(answer.data.time_wait_reuse, Some(TimeWaitReuse::Loopback));
        assert_eq!((answer.data.timestamps, answer.data.syn_cookies), (Some(true), Some(false)));
        assert_eq!(answer.data.unprivileged_ports_from, Some(80));
        assert_eq!(answer.data.fin_timeout, Some(Duration::from_secs(30)));
        assert_eq!((answer.data.somaxconn, answer.data.max_syn_backlog), (Some(4096), Some(512)));
    }

    #[test]
    fn missing_settings_are_unknown_and_refused_ones_warn() {
        let fake = Fake::new()
            .file(PORT_RANGE, "1024 65535\n")
            .fails(RESERVED_PORTS, Errno::ACCESS)
            .file("/proc/sys/net/ipv4/tcp_tw_reuse", "yes\n");
        let answer = limits(&fake).unwrap();
        assert_eq!(answer.data.tcp_v4_ports.unwrap().count(), 64_512);
        assert_eq!((answer.data.time_wait_reuse, answer.data.somaxconn), (None, None));
        assert_eq!(answer.warnings.len(), 2, "{:?}", answer.warnings);
    }

    #[test]
    fn the_port_range_is_required() {
        for bytes in ["", "1", "2 1", "1 2 3", "1 65536", "a b"] {
            let error = limits(&Fake::new().file(PORT_RANGE, bytes)).unwrap_err();
            assert_eq!(error.operation, Operation::ReadLimits, "{bytes}");
        }
        assert!(limits(&Fake::new()).is_err());
    }

    #[test]
    fn lists_of_ports() {
        assert_eq!(decode_port_list(b"\n"), Some(Vec::new()));
        assert_eq!(decode_port_list(b"1,3-5\n"), Some(vec![range(1, 1), range(3, 5)]));
        assert_eq!(decode_port_list(b"5-3"), None);
        assert_eq!(decode_port_list(b"x"), None);
    }

    #[test]
    fn the_running_kernel_has_them() {
        let answer = limits(&Live).unwrap();
        assert_eq!(answer.warnings, []);
        assert!(answer.data.tcp_v4_ports.unwrap().count() > 0);
        assert!(answer.data.somaxconn.is_some() && answer.data.time_wait_reuse.is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>, text in "[0-9, \\t-]{0,40}") {
            decode_all(&bytes);
            decode_all(text.as_bytes());
        }
    }
}
