//! The events of the two providers, by their numbers and fixed layouts: the numbers of one are never a range, and what has
//! another length or version than is known here is not an event.
//!
//! The layouts are those of the manifests in Windows 10 and 11. Kernel-Network has one version: process, size, the remote
//! address, the local one, and both ports in network order stand first in every event with ends; `connid` at its end is always 0.
//! A begin has the options that both ends agreed on after them, so it is told when the handshake is over.
//! Event 17, a connect that failed, has neither ends nor a process: nothing can be kept of it.

use super::packed::{Provider, Raw};
use crate::windows::memory::{address_at, array_at, text_before_zero, u8_at, u32_at, u64_at};
use netstat_model::{Family, IpEndpoint, ProcessKey};
use std::ffi::OsString;

/// The events that are asked for. Others, those of each send and receive among them, are not worth what they cost.
#[cfg(any(windows, test))]
pub(in crate::windows) const NETWORK: [u16; 10] = [12, 13, 14, 15, 16, 28, 29, 30, 31, 32];
#[cfg(windows)]
pub(in crate::windows) const PROCESS: [u16; 2] = [1, 2];

/// What follows the ends: the options and windows of a start, and in all events two numbers, in bytes.
const OPTIONS: usize = 16;
const NUMBERS: usize = 8;

/// What happened to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// It is established, and the local end began it.
    Connected,
    /// It is established, and the remote end began it.
    Accepted,
    Disconnected,
    SentAgain,
    /// It is tried again, and is not established.
    TriedAgain,
}

/// An event that is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Connection {
        what: What,
        pid: u32,
        local: IpEndpoint,
        remote: IpEndpoint,
    },
    /// A process has started. Its image is a path of the kernel, as `\Device\HarddiskVolume3\Windows\notepad.exe`.
    Started {
        process: ProcessKey,
        parent: u32,
        image: OsString,
    },
    Stopped {
        process: ProcessKey,
    },
}

/// Decodes an event; `None` for one that is not known.
pub(super) fn decode(raw: &Raw<'_>) -> Option<Event> {
    match raw.provider {
        Provider::Network => connection(raw),
        Provider::Process => process(raw),
    }
}

fn connection(raw: &Raw<'_>) -> Option<Event> {
    let (what, family) = match (raw.version, raw.id) {
        (0, 12) => (What::Connected, Family::V4),
        (0, 13) => (What::Disconnected, Family::V4),
        (0, 14) => (What::SentAgain, Family::V4),
        (0, 15) => (What::Accepted, Family::V4),
        (0, 16) => (What::TriedAgain, Family::V4),
        (0, 28) => (What::Connected, Family::V6),
        (0, 29) => (What::Disconnected, Family::V6),
        (0, 30) => (What::SentAgain, Family::V6),
        (0, 31) => (What::Accepted, Family::V6),
        (0, 32) => (What::TriedAgain, Family::V6),
        _ => return None,
    };
    let bytes = raw.payload;
    let size = if family == Family::V4 { 4 } else { 16 };
    let ports = 8 + 2 * size;
    let rest = if matches!(what, What::Connected | What::Accepted) { OPTIONS + NUMBERS } else { NUMBERS };
    if bytes.len() < ports + 4 + rest {
        return None;
    }
    let port = |at| array_at(bytes, at).map(u16::from_be_bytes);
    let remote = IpEndpoint::new(address_at(bytes, family, 8)?, port(ports)?, 0);
    let local = IpEndpoint::new(address_at(bytes, family, 8 + size)?, port(ports + 2)?, 0);
    Some(Event::Connection { what, pid: u32_at(bytes, 0)?, local, remote })
}

fn process(raw: &Raw<'_>) -> Option<Event> {
    let bytes = raw.payload;
    let key = |start| Some(ProcessKey { pid: u32_at(bytes, 0)?, start_time: u64_at(bytes, start)? });
    let started = |created, parent, image: &[u8]| {
        Some(Event::Started {
            process: key(created)?,
            parent: u32_at(bytes, parent)?,
            image: text_before_zero(image),
        })
    };
    match (raw.id, raw.version) {
        (1, 0) => started(4, 12, bytes.get(20..)?),
        (1, 1 | 2) => started(4, 12, bytes.get(24..)?),
        (1, 3) => started(12, 20, bytes.get(48 + sid_length(bytes.get(48..)?)?..)?),
        (2, 0 | 1) => Some(Event::Stopped { process: key(4)? }),
        (2, 2) => Some(Event::Stopped { process: key(12)? }),
        _ => None,
    }
}

/// Returns the length of a SID: its revision, the number of its parts, six bytes, and four for each part.
fn sid_length(bytes: &[u8]) -> Option<usize> {
    let parts = u8_at(bytes, 1).filter(|&parts| parts <= 15)?;
    (u8_at(bytes, 0)? == 1).then_some(8 + 4 * usize::from(parts))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::IpAddr;

    /// The payload of an event with ends, the local one first.
    pub(in crate::windows) fn ends(pid: u32, local: (IpAddr, u16), remote: (IpAddr, u16)) -> Vec<u8> {
        let octets = |address: IpAddr| match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        let mut bytes = [pid.to_le_bytes(), 0u32.to_le_bytes()].concat();
        bytes.extend(octets(remote.0));
        bytes.extend(octets(local.0));
        bytes.extend([remote.1, local.1].into_iter().flat_map(u16::to_be_bytes));
        // Options, windows and numbers follow.
        bytes.extend([0; 24]);
        bytes
    }

    /// The payload of a start, with the SID of the medium level.
    pub(in crate::windows) fn start(version: u8, key: ProcessKey, parent: u32, image: &str) -> Vec<u8> {
        let mut bytes = key.pid.to_le_bytes().to_vec();
        if version == 3 {
            bytes.extend(77u64.to_le_bytes());
        }
        bytes.extend(key.start_time.to_le_bytes());
        bytes.extend(parent.to_le_bytes());
        if version == 3 {
            bytes.extend(76u64.to_le_bytes());
        }
        bytes.extend(1u32.to_le_bytes());
        if version > 0 {
            bytes.extend(0u32.to_le_bytes());
        }
        if version == 3 {
            bytes.extend([0; 8]);
            bytes.extend([1, 1, 0, 0, 0, 0, 0, 16, 0, 32, 0, 0]);
        }
        bytes.extend(image.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        bytes.extend([9; 6]);
        bytes
    }

    fn raw(provider: Provider, version: u8, id: u16, payload: &[u8]) -> Raw<'_> {
        Raw { provider, version, id, at: 0, payload }
    }

    #[test]
    fn an_event_has_the_ends_and_the_process() {
        let v4 = ends(940, ([10, 0, 0, 5].into(), 50_000), ([93, 184, 216, 34].into(), 443));
        let Some(Event::Connection { what, pid, local, remote }) =
            decode(&raw(Provider::Network, 0, 12, &v4))
        else {
            panic!()
        };
        assert_eq!((what, pid), (What::Connected, 940));
        assert_eq!(
            (local.to_string(), remote.to_string()),
            ("10.0.0.5:50000".into(), "93.184.216.34:443".into())
        );
        let six: IpAddr = "2001:db8::7".parse().unwrap();
        let v6 = ends(4, (six, 80), ("2001:db8::9".parse().unwrap(), 40_000));
        let Some(Event::Connection { what, local, remote, .. }) = decode(&raw(Provider::Network, 0, 31, &v6))
        else {
            panic!()
        };
        assert_eq!(what, What::Accepted);
        assert_eq!(
            (local.to_string(), remote.to_string()),
            ("[2001:db8::7]:80".into(), "[2001:db8::9]:40000".into())
        );
        for (id, version) in [(17, 0), (10, 0), (12, 1), (0, 0)] {
            assert_eq!(decode(&raw(Provider::Network, version, id, &v4)), None, "{id} {version}");
        }
        assert_eq!(decode(&raw(Provider::Network, 0, 28, &v4)), None, "too short for IPv6");
        assert_eq!(decode(&raw(Provider::Network, 0, 12, &v4[..43])), None);
        assert!(NETWORK.iter().all(|&id| decode(&raw(Provider::Network, 0, id, &v6)).is_some()));
    }

    #[test]
    fn every_version_of_a_start_names_the_process() {
        let process = ProcessKey { pid: 940, start_time: 133_000_000_000_000_000 };
        let image = r"\Device\HarddiskVolume3\Windows\System32\서버.exe";
        for version in 0..=3 {
            let bytes = start(version, process, 700, image);
            let expected = Event::Started { process, parent: 700, image: image.into() };
            assert_eq!(decode(&raw(Provider::Process, version, 1, &bytes)), Some(expected), "{version}");
        }
        let mut bytes = start(3, process, 700, image);
        assert_eq!(decode(&raw(Provider::Process, 4, 1, &bytes)), None);
        // No SID has so many parts.
        bytes[49] = 16;
        assert_eq!(decode(&raw(Provider::Process, 3, 1, &bytes)), None);
        let old = [&940u32.to_le_bytes()[..], &process.start_time.to_le_bytes()].concat();
        assert_eq!(decode(&raw(Provider::Process, 1, 2, &old)), Some(Event::Stopped { process }));
        let new = [&940u32.to_le_bytes()[..], &[0; 8], &process.start_time.to_le_bytes()].concat();
        assert_eq!(decode(&raw(Provider::Process, 2, 2, &new)), Some(Event::Stopped { process }));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(is_network: bool, version in 0u8..5, id in 0u16..60, payload: Vec<u8>) {
            let provider = if is_network { Provider::Network } else { Provider::Process };
            let decoded = decode(&raw(provider, version, id, &payload));
            prop_assert!(payload.len() >= 12 || decoded.is_none());
        }

        #[test]
        fn a_cut_start_never_panics(version in 0u8..4, cut: prop::sample::Index) {
            let whole = start(version, ProcessKey { pid: 1, start_time: 2 }, 3, "a");
            decode(&raw(Provider::Process, version, 1, &whole[..cut.index(whole.len())]));
        }
    }
}
