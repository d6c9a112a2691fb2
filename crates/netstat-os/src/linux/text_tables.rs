//! Tables that the kernel has as text, undecoded.

use super::reader::is_cut;
use super::source::Source;
use crate::contract::TextTable;
use netstat_model::error::words_of;
use netstat_model::{Error, Operation};
use std::io;

/// Reads a table; `None` where the kernel does not have it.
pub(super) fn text_table(source: &dyn Source, table: TextTable) -> Result<Option<Vec<u8>>, Error> {
    let path = match table {
        TextTable::RoutesV4 => "/proc/net/route",
        TextTable::RoutesV6 => "/proc/net/ipv6_route",
        TextTable::Networks => "/etc/networks",
        TextTable::GroupsV4 => "/proc/net/igmp",
        TextTable::GroupsV6 => "/proc/net/igmp6",
        TextTable::GroupsLink => "/proc/net/dev_mcast",
        TextTable::Unix => "/proc/net/unix",
        TextTable::RawV4 => "/proc/net/raw",
        TextTable::RawV6 => "/proc/net/raw6",
        TextTable::UdpLiteV4 => "/proc/net/udplite",
        TextTable::UdpLiteV6 => "/proc/net/udplite6",
        TextTable::Sctp => "/proc/net/sctp/eps",
        TextTable::Ipx => "/proc/net/ipx/socket",
        TextTable::Ax25 => "/proc/net/ax25",
        TextTable::X25 => "/proc/net/x25/socket",
        TextTable::NetRom => "/proc/net/nr",
        TextTable::Rose => "/proc/net/rose",
        TextTable::Protocols => "/etc/protocols",
        TextTable::SecurityContexts => "/sys/fs/selinux/enforce",
        TextTable::Interfaces => "/proc/net/dev",
        TextTable::AddressesV6 => "/proc/net/if_inet6",
        TextTable::Snmp => "/proc/net/snmp",
        TextTable::Snmp6 => "/proc/net/snmp6",
        TextTable::Netstat => "/proc/net/netstat",
    };
    let mut text = Vec::new();
    match source.read(path, &mut text) {
        Ok(()) => match torn(table, &text) {
            None => Ok(Some(text)),
            Some(why) => Err(failed(path, io::ErrorKind::InvalidData, why)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, error.kind(), &words_of(&error))),
    }
}

fn failed(path: &str, kind: io::ErrorKind, why: &str) -> Error {
    Error::new(Operation::ReadTextTable, io::Error::new(kind, format!("{path}: {why}")))
}

/// Returns why a text cannot be the whole table. One that was cut would look like a shorter table.
fn torn(table: TextTable, text: &[u8]) -> Option<&'static str> {
    match table {
        // Without a heading, and written by people or a single digit.
        TextTable::Networks | TextTable::Protocols | TextTable::SecurityContexts => None,
        _ if is_cut(text) => Some("it ends in the middle of a line"),
        TextTable::RoutesV6
        | TextTable::GroupsV6
        | TextTable::GroupsLink
        | TextTable::AddressesV6
        | TextTable::Ax25 => None,
        _ => text.is_empty().then_some("it is empty, without even a heading"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;
    use rustix::io::Errno;

    #[test]
    fn a_table_that_was_cut_is_an_error_and_never_a_shorter_one() {
        let fake = Fake::new()
            .file("/proc/net/igmp", "Idx\tDevice\n1\tlo")
            .file("/proc/net/dev", "")
            .file("/proc/net/igmp6", "")
            .file("/etc/networks", "loopback 127.0.0.0");
        let error = text_table(&fake, TextTable::GroupsV4).unwrap_err().to_string();
        assert!(error.ends_with("/proc/net/igmp: it ends in the middle of a line"), "{error}");
        assert!(text_table(&fake, TextTable::Interfaces).is_err());
        assert!(
            text_table(&fake, TextTable::GroupsV6).is_ok() && text_table(&fake, TextTable::Networks).is_ok()
        );
    }

    #[test]
    fn a_table_that_is_refused_is_an_error_and_one_that_is_missing_is_not() {
        let fake = Fake::new().file("/proc/net/route", "Iface\n").fails("/proc/net/igmp", Errno::ACCESS);
        assert_eq!(text_table(&fake, TextTable::RoutesV4).unwrap(), Some(b"Iface\n".to_vec()));
        assert_eq!(text_table(&fake, TextTable::RoutesV6).unwrap(), None);
        let error = text_table(&fake, TextTable::GroupsV4).unwrap_err().to_string();
        assert!(error.starts_with("cannot read a table of the kernel: /proc/net/igmp: "), "{error}");
    }
}
