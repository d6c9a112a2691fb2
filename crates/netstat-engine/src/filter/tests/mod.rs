//! Tests of the language as a whole.

mod errors;
mod evaluate;
mod generate;
#[cfg(target_os = "linux")]
mod kernel;
mod language;
mod programs;

use super::{Filter, FilterError, Lookups};
use crate::text::Text;
use std::ffi::OsString;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

/// Resolves a few fixed names of hosts, services and users.
struct Names;

impl Lookups for Names {
    fn ports(&self, service: &str) -> Vec<u16> {
        match service {
            "http" => vec![80],
            "netbios-ns" => vec![137],
            "domain" => vec![53, 53],
            _ => Vec::new(),
        }
    }

    /// Whatever was asked for.
    fn moment(&self, _: &str) -> Result<SystemTime, Text> {
        Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_953_600))
    }

    fn interface(&self, name: &str) -> Option<u32> {
        (name == "eth0").then_some(7)
    }

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Text> {
        match host {
            "example.org" => Ok(vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()]),
            "empty.example" => Ok(Vec::new()),
            _ => Err(Text::fixed("no such host", "그런 호스트 없음")),
        }
    }

    fn namespace(&self, name: &str) -> Result<Option<u64>, Text> {
        Ok((name == "web").then_some(4_026_532_001))
    }

    fn user(&self, name: &str) -> Result<Option<u32>, Text> {
        match name {
            "alice" => Ok(Some(1000)),
            "ldap" => Err(Text::fixed("the directory does not answer", "디렉터리 응답 없음")),
            _ => Ok(None),
        }
    }
}

fn try_parse(text: &str) -> Result<Filter, FilterError> {
    Filter::parse(&[OsString::from(text)], &Names)
}

fn parse(text: &str) -> Filter {
    try_parse(text).unwrap_or_else(|error| panic!("{error}"))
}
