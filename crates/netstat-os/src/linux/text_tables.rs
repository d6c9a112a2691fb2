//! Tables that the kernel has as text, undecoded.

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
        TextTable::Interfaces => "/proc/net/dev",
        TextTable::Snmp => "/proc/net/snmp",
        TextTable::Snmp6 => "/proc/net/snmp6",
        TextTable::Netstat => "/proc/net/netstat",
    };
    let mut text = Vec::new();
    match source.read(path, &mut text) {
        Ok(()) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let named = io::Error::new(error.kind(), format!("{path}: {}", words_of(&error)));
            Err(Error::new(Operation::ReadTextTable, named))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;
    use rustix::io::Errno;

    #[test]
    fn a_table_that_is_refused_is_an_error_and_one_that_is_missing_is_not() {
        let fake = Fake::new().file("/proc/net/route", "Iface\n").fails("/proc/net/igmp", Errno::ACCESS);
        assert_eq!(text_table(&fake, TextTable::RoutesV4).unwrap(), Some(b"Iface\n".to_vec()));
        assert_eq!(text_table(&fake, TextTable::RoutesV6).unwrap(), None);
        let error = text_table(&fake, TextTable::GroupsV4).unwrap_err().to_string();
        assert!(error.starts_with("cannot read a table of the kernel: /proc/net/igmp: "), "{error}");
    }
}
