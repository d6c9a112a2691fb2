//! The hosts file: names that this machine itself gives to addresses.

use rustc_hash::FxHashMap;
use std::net::IpAddr;

/// The most addresses that are kept: some files list all that somebody wants to block.
const MOST: usize = 1 << 16;

/// The most names of an address, and the most bytes of one, as in DNS.
const MOST_NAMES: usize = 16;
const LONGEST: usize = 253;

/// Names of addresses, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostsFile(FxHashMap<IpAddr, Vec<Box<str>>>);

impl HostsFile {
    /// Reads a hosts file. A line that makes no sense says nothing.
    pub fn parse(file: &[u8]) -> Self {
        let mut names = Self::default();
        for line in file.split(|byte| *byte == b'\n') {
            let line = line.split(|byte| *byte == b'#').next().unwrap_or_default();
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let address = words.next().and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
            let Some(address) = address else { continue };
            for name in words.filter_map(|word| std::str::from_utf8(word).ok()) {
                names.add(address, name);
            }
        }
        names
    }

    /// Adds a name; one that is none of a host is left out.
    pub fn add(&mut self, address: IpAddr, name: &str) {
        let is_name = (1..=LONGEST).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if !is_name || self.0.len() >= MOST && !self.0.contains_key(&address) {
            return;
        }
        let names = self.0.entry(address).or_default();
        if names.len() < MOST_NAMES && !names.iter().any(|known| **known == *name) {
            names.push(name.into());
        }
    }

    /// Takes the names of an address out; none where there are none, or they were taken before.
    pub fn take(&mut self, address: IpAddr) -> Vec<Box<str>> {
        self.0.remove(&address).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_lines_that_make_sense() {
        let file = b"127.0.0.1 localhost\n# 10.0.0.1 no\n10.0.0.2\tdb db.internal # the database\nx y\n\
                     ::1 localhost ev\x1bil a\xff\n10.0.0.2 db second\n10.0.0.3\n";
        let mut names = HostsFile::parse(file);
        let mut of = |address: &str| names.take(address.parse().unwrap()).join(" ");
        assert_eq!(of("127.0.0.1"), "localhost");
        assert_eq!(of("10.0.0.2"), "db db.internal second");
        assert_eq!(of("10.0.0.2"), "", "they were taken");
        assert_eq!(
            (of("::1").as_str(), of("10.0.0.1").as_str(), of("10.0.0.3").as_str()),
            ("localhost", "", "")
        );
    }

    #[test]
    fn nobody_can_make_it_keep_much() {
        let mut file = String::new();
        for number in 0..70_000u32 {
            file += &format!("10.{}.{}.{} a\n", number >> 16, number >> 8 & 255, number & 255);
        }
        for number in 0..100 {
            file += &format!("10.0.0.0 name{number} {}\n", "x".repeat(300));
        }
        let mut names = HostsFile::parse(file.as_bytes());
        assert_eq!(names.0.len(), MOST);
        assert_eq!(names.take([10, 0, 0, 0].into()).len(), MOST_NAMES);
    }
}
