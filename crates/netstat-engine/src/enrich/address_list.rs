//! Lists of addresses, such as blocklists: a file in one of the usual forms, and whether an address is on it.

use netstat_model::Prefix;
use netstat_model::warning::SkippedLines;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses, networks and ranges, with the line of each. Hundreds of thousands are no burden.
///
/// A line has an address, a network (`10.0.0.0/8`) or a range (`10.0.0.1-10.0.0.9`), alone or as the first that a line of
/// words, of CSV or of JSON has; `add` lines of ipset and nft may have several. `#`, `;` and `//` begin comments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressList {
    /// Sorted, none overlapping another.
    v4: Vec<Listed<u32>>,
    v6: Vec<Listed<u128>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listed<T> {
    first: T,
    last: T,
    line: usize,
}

/// What of a list an address is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The first address; the last of the same family.
    pub first: IpAddr,
    /// The last.
    pub last: IpAddr,
    /// The line of the file, the first being 1.
    pub line: usize,
}

/// What a line has.
enum Line {
    Ranges(Vec<(IpAddr, IpAddr)>),
    /// A comment, or what belongs to the form of the file.
    Nothing,
    Name,
    Odd,
}

impl AddressList {
    /// Reads a file.
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

    /// How many entries it has; one within another does not count.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry that an address is in.
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
            // Ranges are read of one family.
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

/// Sorts; what lies within another goes, and what begins in another begins behind it.
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
    // In PeerGuardian's form a name comes first, and it may have anything in it.
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
        // The frame of a file for ipset or nft.
        Some("create" | "table" | "set" | "type" | "flags" | "flush" | "COMMIT") => return Line::Nothing,
        Some("add" | "elements") => {
            let ranges: Vec<_> = words.filter_map(read).collect();
            return if ranges.is_empty() { Line::Nothing } else { Line::Ranges(ranges) };
        }
        Some(first) => {
            // That a name leads to an address of nobody says nothing of the address.
            if let Ok(address) = first.parse::<IpAddr>()
                && (address.is_unspecified() || address.is_loopback())
            {
                return Line::Name;
            }
            if let Some(range) = read(first) {
                // `first - last`, with blanks.
                let mut rest = words.clone();
                let spread = (rest.next() == Some("-")).then(|| rest.next()).flatten();
                let spread = spread.and_then(|last| read_range(&format!("{first}-{last}")));
                return Line::Ranges(vec![spread.unwrap_or(range)]);
            }
        }
    }
    // The address of a line of CSV need not come first.
    match line.split(',').map(|field| field.trim_matches(['"', '\'', ' '])).find_map(read) {
        Some(range) if line.contains(',') => Line::Ranges(vec![range]),
        _ => Line::Odd,
    }
}

/// A line of JSON: an object with a network or an address in it, or with what else is said of the list.
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

/// An address, a network, or a range.
fn read(word: &str) -> Option<(IpAddr, IpAddr)> {
    if let Ok(address) = word.parse::<IpAddr>() {
        let address = address.to_canonical();
        return Some((address, address));
    }
    if let Some((address, length)) = word.split_once('/') {
        let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let length = if digits { length.parse().ok()? } else { return None };
        let network = Prefix::containing(address.parse().ok()?, length)?;
        // A list that everything is on says nothing.
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

/// The first and the last address of a network.
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
