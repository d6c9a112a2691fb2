//! A route as the words of a configuration file describe it.

use crate::linux::routes::KINDS;
use netstat_model::{
    Family, PersistentRoute, Prefix, RouteKind, RouteStore, TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN,
};
use std::ffi::OsString;
use std::net::IpAddr;
use std::str::FromStr;

/// A route that is being put together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) destination: Option<Prefix>,
    pub(super) kind: Option<RouteKind>,
    pub(super) gateway: Option<IpAddr>,
    pub(super) interface: Option<String>,
    pub(super) metric: Option<u32>,
    pub(super) table: Option<u32>,
}

impl Draft {
    /// Sets what a word means in any of the formats. A word that does not say where the route leads is ignored; `None`
    /// when the value is not understood.
    pub(super) fn set(&mut self, word: &str, value: &str) -> Option<()> {
        match word {
            "Destination" => self.destination = Some(parse_prefix(value)?),
            "Gateway" | "gateway" | "via" | "gw" => self.gateway = Some(value.parse().ok()?),
            "dev" => self.interface = Some(value.to_owned()),
            "Metric" | "metric" | "preference" | "priority" => self.metric = Some(parse_decimal(value)?),
            "Table" | "table" => self.table = Some(parse_table(value)?),
            "Type" | "type" => self.kind = Some(parse_kind(value)?),
            _ => {}
        }
        Some(())
    }

    /// Returns a copy with these words set.
    pub(super) fn with<'w>(&self, words: impl IntoIterator<Item = (&'w str, &'w str)>) -> Option<Self> {
        let mut draft = self.clone();
        words.into_iter().try_for_each(|(word, value)| draft.set(word, value))?;
        Some(draft)
    }

    /// Completes the route. Without a destination it is a default route, which needs a gateway.
    pub(super) fn finish(self, store: RouteStore) -> Option<PersistentRoute> {
        let default = self.gateway.map(|gateway| default_route(gateway.is_ipv6()));
        Some(PersistentRoute {
            destination: self.destination.or(default)?,
            kind: self.kind.unwrap_or(RouteKind::Unicast),
            gateway: self.gateway.filter(|gateway| !gateway.is_unspecified()),
            interface: self.interface.map(OsString::from),
            metric: self.metric,
            table: self.table.unwrap_or(TABLE_MAIN),
            store,
        })
    }
}

pub(super) fn default_route(v6: bool) -> Prefix {
    Prefix::everything(if v6 { Family::V6 } else { Family::V4 })
}

/// Parses `address/length` or `address`. Host bits are cleared, because the kernel refuses a route that has some. An
/// IPv4-mapped address stays IPv6, as a route for it does.
pub(super) fn parse_prefix(text: &str) -> Option<Prefix> {
    let (address, length) =
        text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let whole = if address.is_ipv4() { 32 } else { 128 };
    Prefix::new(address, length.map_or(Some(whole), parse_decimal)?).map(Prefix::masked)
}

/// Parses digits alone; `parse` would take a sign too.
pub(super) fn parse_decimal<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn parse_table(text: &str) -> Option<u32> {
    match text {
        "main" => Some(TABLE_MAIN),
        "local" => Some(TABLE_LOCAL),
        "default" => Some(TABLE_DEFAULT),
        number => parse_decimal(number),
    }
}

pub(super) fn parse_kind(text: &str) -> Option<RouteKind> {
    KINDS.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind)
}
