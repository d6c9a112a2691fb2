//! Entry points for the fuzzer: `cargo fuzz run NAME` (see `fuzz/`). No decoder or parser may panic.

use crate::enrich::{AddressList, CountryTable, Geo};
use crate::filter::{Context, Filter, NumbersOnly, next};
use netstat_model::query::{Kinds, SocketQuery, States};
use netstat_model::{Family, IpEndpoint, Socket, Transport};
use std::ffi::OsString;

/// The packed table of countries, and files in MaxMind's format.
pub fn geo(data: &[u8]) {
    let addresses =
        ["1.0.0.1", "255.255.255.254", "2001:4860::1", "64:ff9b::808:808"].map(|text| text.parse());
    let mut geo = Geo::built_in();
    let added = geo.add(data.to_vec());
    for address in addresses.into_iter().flatten() {
        if let Some(table) = CountryTable::new(data) {
            table.country(address);
        }
        if added.is_ok() {
            geo.country(address);
            geo.network(address);
        }
    }
}

/// Address lists.
pub fn address_list(data: &[u8]) {
    let (list, _) = AddressList::parse(data);
    for address in ["1.2.3.4", "2001:db8::1"].map(|text| text.parse()).into_iter().flatten() {
        if let Some(entry) = list.find(address) {
            assert!(entry.first <= address && address <= entry.last && !entry.to_string().is_empty());
        }
    }
}

/// Filters, one word per line. The text of a valid filter parses to the same filter, which can narrow a query and be
/// evaluated.
pub fn filter(data: &[u8]) {
    let words: Vec<OsString> = String::from_utf8_lossy(data).split('\n').map(OsString::from).collect();
    next(&String::from_utf8_lossy(data), &NumbersOnly);
    let filter = match Filter::parse(&words, &NumbersOnly) {
        Ok(filter) => filter,
        Err(error) => {
            assert_eq!(error.to_string().lines().count(), 3);
            return;
        }
    };
    let again = Filter::parse(&[OsString::from(filter.to_string())], &NumbersOnly);
    assert_eq!(again.as_ref(), Ok(&filter));
    filter.narrow(SocketQuery::new(Kinds::TCP_UDP, States::all()));
    let socket = Socket::new(Transport::Udp, Family::V4, IpEndpoint::ANY_V4, None);
    filter.matches(&socket, &Context::NOTHING);
}

/// Tables that the kernel has as text.
pub fn kernel_text(data: &[u8]) {
    crate::kernel_text::every_table(data);
}
