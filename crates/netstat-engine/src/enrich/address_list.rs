//! Address lists such as blocklists, in the usual file formats.

use netstat_model::Prefix;
use netstat_model::warning::SkippedLines;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A set of addresses, networks and ranges, with the line of each. Made for hundreds of thousands of entries.
///
/// A line has an address, a network (`10.0.0.0/8`) or a range (`10.0.0.1-10.0.0.9`), alone or as the first in a line of
/// words, CSV or JSON; `add` lines of ipset and nft may have several. `#`, `;` and `//` begin comments.
///
/// ```
/// use netstat_engine::enrich::AddressList;
///
/// let (list, skipped) = AddressList::parse(b"# a blocklist\n192.0.2.0/24\n");
/// assert_eq!(list.find("192.0.2.7".parse()?).unwrap().line, 2);
/// assert_eq!(skipped.invalid, 0);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressList {
    /// Sorted, without overlaps.
    v4: Vec<Listed<u32>>,
    v6: Vec<Listed<u128>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listed<T> {
    first: T,
    last: T,
    line: usize,
}

/// The entry of a list that contains an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The first address.
    pub first: IpAddr,
    /// The last address, of the same family.
    pub last: IpAddr,
    /// The line of the file; the first line is 1.
    pub line: usize,
}

/// The content of a line.
enum Line {
    Ranges(Vec<(IpAddr, IpAddr)>),
    /// A comment, or part of the frame of the file format.
    Nothing,
    Name,
    Odd,
}

impl AddressList {
    /// Parses a file.
    pub fn parse(file: &[u8]) -> (Self, SkippedLines) {
        let (mut list, mut skipped) = (Self::default(), SkippedLines::default());
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        for (at, line) in file.split(|&byte| byte == b'\n').enumerate() {
            let number = at + 1;
            match std::str::from_utf8(line).map_or(Line::Odd, read_line) {
                Line::Ranges(ranges) => ranges.into_iter().for_each(|range| list.push(range, number)),
                Line::Nothing => {}
                Line::Name => skipped.names += 1,
                Line::Odd => {
                    skipped.invalid += 1;
                    skipped.first_invalid.get_or_insert(number);
                }
            }
        }
        tidy(&mut list.v4, |last| last.checked_add(1));
        tidy(&mut list.v6, |last| last.checked_add(1));
        (list, skipped)
    }

    /// Returns the number of entries, not counting those within another.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Returns true if the list has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the entry that contains an address.
    pub fn find(&self, address: IpAddr) -> Option<Entry> {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let &Listed { first, last, line } = find(&self.v4, v4.to_bits())?;
                let [first, last] = [first, last].map(|bits| Ipv4Addr::from_bits(bits).into());
                Some(Entry { first, last, line })
            }
            IpAddr::V6(v6) => {
                let &Listed { first, last, line } = find(&self.v6, v6.to_bits())?;
                let [first, last] = [first, last].map(|bits| Ipv6Addr::from_bits(bits).into());
                Some(Entry { first, last, line })
            }
        }
    }

    fn push(&mut self, range: (IpAddr, IpAddr), line: usize) {
        match range {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                self.v4.push(Listed { first: first.to_bits(), last: last.to_bits(), line });
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                self.v6.push(Listed { first: first.to_bits(), last: last.to_bits(), line });
            }
            // Both ends of a range are of one family.
            _ => {}
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = match (self.first, self.last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => (first.to_bits() ^ last.to_bits()).leading_zeros(),
            (IpAddr::V6(first), IpAddr::V6(last)) => (first.to_bits() ^ last.to_bits()).leading_zeros(),
            _ => 0,
        };
        let network = u8::try_from(length).ok().and_then(|length| Prefix::containing(self.first, length));
        match network {
            Some(network) if ends(&network) == (self.first, self.last) => network.fmt(f),
            _ => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

/// Sorts a list, removes entries within another, and cuts entries that overlap the previous one.
fn tidy<T: Ord + Copy>(list: &mut Vec<Listed<T>>, after: impl Fn(T) -> Option<T>) {
    list.sort_by_key(|listed| (listed.first, std::cmp::Reverse(listed.last), listed.line));
    let mut kept: Vec<Listed<T>> = Vec::with_capacity(list.len());
    for mut listed in list.drain(..) {
        if let Some(before) = kept.last()
            && listed.first <= before.last
        {
            match after(before.last) {
                Some(next) if next <= listed.last => listed.first = next,
                _ => continue,
            }
        }
        kept.push(listed);
    }
    kept.shrink_to_fit();
    *list = kept;
}

fn find<T: Ord + Copy>(list: &[Listed<T>], wanted: T) -> Option<&Listed<T>> {
    let after = list.partition_point(|listed| listed.first <= wanted);
    list.get(after.checked_sub(1)?).filter(|listed| wanted <= listed.last)
}

fn read_line(line: &str) -> Line {
    let line = line.trim();
    if line.starts_with('{') && line.contains('"') {
        return read_json(line);
    }
    // The PeerGuardian format begins with a name, which may contain anything.
    if let Some((_, range)) = line.rsplit_once(':')
        && let Some(range) = read_range(range)
    {
        return Line::Ranges(vec![range]);
    }
    let line =
        ["#", ";", "//"].into_iter().fold(line, |line, mark| line.split(mark).next().unwrap_or_default());
    let mut words =
        line.split(|c: char| c.is_whitespace() || "{},\"'".contains(c)).filter(|word| !word.is_empty());
    match words.next() {
        None => return Line::Nothing,
        // The frame of an ipset or nft file.
        Some("create" | "table" | "set" | "type" | "flags" | "flush" | "COMMIT") => return Line::Nothing,
        Some("add" | "elements") => {
            let ranges: Vec<_> = words.filter_map(read).collect();
            return if ranges.is_empty() { Line::Nothing } else { Line::Ranges(ranges) };
        }
        Some(first) => {
            // A hosts file that blocks a name: this says nothing about the address.
            if let Ok(address) = first.parse::<IpAddr>()
                && (address.is_unspecified() || address.is_loopback())
            {
                return Line::Name;
            }
            if let Some(range) = read(first) {
                // `first - last`, with spaces.
                let mut rest = words.clone();
                let spread = (rest.next() == Some("-")).then(|| rest.next()).flatten();
                let spread = spread.and_then(|last| read_range(&format!("{first}-{last}")));
                return Line::Ranges(vec![spread.unwrap_or(range)]);
            }
        }
    }
    // In CSV the address need not come first.
    match line.split(',').map(|field| field.trim_matches(['"', '\'', ' '])).find_map(read) {
        Some(range) if line.contains(',') => Line::Ranges(vec![range]),
        _ => Line::Odd,
    }
}

/// Reads a line of JSON: an object with a network or an address, or with metadata of the list.
fn read_json(line: &str) -> Line {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(line.trim_end_matches(',')) else {
        return Line::Odd;
    };
    let found = ["cidr", "network", "prefix", "ip", "address", "ip_address"]
        .into_iter()
        .find_map(|key| value.get(key));
    match found.and_then(serde_json::Value::as_str) {
        Some(text) => read(text).map_or(Line::Odd, |range| Line::Ranges(vec![range])),
        None => Line::Nothing,
    }
}

/// Parses an address, a network, or a range.
fn read(word: &str) -> Option<(IpAddr, IpAddr)> {
    if let Ok(address) = word.parse::<IpAddr>() {
        let address = address.to_canonical();
        return Some((address, address));
    }
    if let Some((address, length)) = word.split_once('/') {
        let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let length = if digits { length.parse().ok()? } else { return None };
        let network = Prefix::containing(address.parse().ok()?, length)?;
        // A list of all addresses would be meaningless.
        return (network.length > 0).then(|| ends(&network));
    }
    // An address with a port.
    if let Ok(end) = word.parse::<std::net::SocketAddr>() {
        let address = end.ip().to_canonical();
        return Some((address, address));
    }
    read_range(word)
}

fn read_range(word: &str) -> Option<(IpAddr, IpAddr)> {
    let (first, last) = word.split_once('-')?;
    let first = first.trim().parse::<IpAddr>().ok()?.to_canonical();
    let last = last.trim().parse::<IpAddr>().ok()?.to_canonical();
    (first.is_ipv4() == last.is_ipv4() && first <= last).then_some((first, last))
}

/// Returns the first and the last address of a network.
fn ends(network: &Prefix) -> (IpAddr, IpAddr) {
    let length = u32::from(network.length);
    let last = match network.address {
        IpAddr::V4(first) => {
            IpAddr::V4(Ipv4Addr::from_bits(first.to_bits() | u32::MAX.checked_shr(length).unwrap_or(0)))
        }
        IpAddr::V6(first) => {
            IpAddr::V6(Ipv6Addr::from_bits(first.to_bits() | u128::MAX.checked_shr(length).unwrap_or(0)))
        }
    };
    (network.address, last)
}

#[cfg(test)]
mod tests;
