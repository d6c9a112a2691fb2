//! Whether words are a filter, whatever the names in it mean.

use netstat_engine::filter::{self, Filter, FilterError, Lookups, Next};
use netstat_engine::text::Text;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

/// Resolves every name, because the syntax of a filter does not depend on what names mean.
struct AnyName;

impl Lookups for AnyName {
    fn ports(&self, _: &str) -> Vec<u16> {
        vec![1]
    }

    fn addresses(&self, _: &str) -> Result<Vec<IpAddr>, Text> {
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }

    fn moment(&self, _: &str) -> Result<SystemTime, Text> {
        Ok(SystemTime::UNIX_EPOCH)
    }

    fn interface(&self, _: &str) -> Option<u32> {
        Some(1)
    }

    fn user(&self, _: &str) -> Result<Option<u32>, Text> {
        Ok(Some(0))
    }

    fn namespace(&self, _: &str) -> Result<Option<u64>, Text> {
        Ok(Some(0))
    }
}

/// Parses a filter. Names in it may not exist.
pub(super) fn parse(words: &[OsString]) -> Result<Filter, FilterError> {
    Filter::parse(words, &AnyName)
}

/// Returns what may stand at the end of a filter. Names in it may not exist.
pub(super) fn next(text: &str) -> Option<Next> {
    filter::next(text, &AnyName)
}
