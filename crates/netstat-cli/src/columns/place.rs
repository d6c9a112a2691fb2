//! Where the foreign end is: its country and its network.

use super::{Column, Given, Kind, Needs, Origin, Value};
use crate::view::Row;
use std::ffi::OsString;
use std::net::IpAddr;

/// What is known of the foreign address; a socket without one is nowhere.
fn of_remote<'a>(row: &Row<'a>, of: impl Fn(IpAddr) -> Option<String>) -> Value<'a> {
    match row.socket.remote {
        None => Value::Absent("-"),
        Some(end) => of(end.address).map_or(Value::Unknown, |text| Value::Text(OsString::from(text).into())),
    }
}

/// The country.
pub(super) const COUNTRY: Column = Column {
    name: "country",
    key: "country",
    heading: "Country",
    unit: "",
    meaning: "Country of the foreign address, by its two letters",
    kind: Kind::Text,
    needs: Needs { countries: true, ..Needs::NOTHING },
    origin: Origin::Row(|row, given: &Given<'_>| {
        of_remote(row, |address| given.geo.country(address).map(|country| country.to_string()))
    }),
};

/// The network.
pub(super) const NETWORK: Column = Column {
    name: "network",
    key: "network",
    heading: "Network",
    unit: "",
    meaning: "Network of the foreign address: number and name of its autonomous system, with --geo",
    kind: Kind::Text,
    needs: Needs { networks: true, ..Needs::NOTHING },
    origin: Origin::Row(|row, given: &Given<'_>| {
        of_remote(row, |address| given.geo.network(address).map(|network| network.to_string()))
    }),
};
