//! Messages of DNS: the first question, and of an answer the first addresses.

use super::words::{Told, label, name};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Bytes of the header.
const HEADER: usize = 12;

/// The most bytes of a name on the wire, and so many times it may go on elsewhere; so many records are looked at.
const LONGEST_NAME: usize = 255;
const MOST_POINTERS: usize = 64;
const MOST_QUESTIONS: u16 = 64;
const MOST_RECORDS: u16 = 32;

/// So many addresses are told.
const MOST_ADDRESSES: usize = 4;

const A: u16 = 1;
const AAAA: u16 = 28;

/// Types by their names (IANA).
const TYPES: [(u16, &str); 20] = [
    (A, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (13, "HINFO"),
    (15, "MX"),
    (16, "TXT"),
    (AAAA, "AAAA"),
    (33, "SRV"),
    (35, "NAPTR"),
    (43, "DS"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (52, "TLSA"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (255, "ANY"),
    (257, "CAA"),
];

/// Why there is no answer, by the code of the response.
const CODES: [&str; 6] = ["", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

/// Reads the first message of a stream, which stands behind its length.
pub(super) fn in_stream(bytes: &[u8], is_last: bool) -> Told {
    let Some(length) = short(bytes, 0).map(usize::from) else { return Told::More };
    let behind = bytes.get(2..).unwrap_or_default();
    match behind.get(..length) {
        Some(whole) => message(whole).map_or(Told::Nothing, Told::Name),
        None if length < HEADER => Told::Nothing,
        None if is_last => message(behind).map_or(Told::Nothing, Told::Name),
        None => Told::More,
    }
}

/// Reads a message: the name and the type of its first question, of its first answer where it has no question; then why there
/// is no answer, or addresses. `None` for what is none.
pub(super) fn message(bytes: &[u8]) -> Option<Option<Box<str>>> {
    let flags = short(bytes, 2)?;
    let (questions, answers) = (short(bytes, 4)?, short(bytes, 6)?);
    let is_query = flags >> 11 & 15 == 0;
    let is_plausible = questions <= MOST_QUESTIONS && (questions > 0 || answers > 0);
    if !is_query || !is_plausible || bytes.len() < HEADER {
        return None;
    }
    let mut at = HEADER;
    let mut first = None;
    for _ in 0..questions {
        let read = owner(bytes, at).filter(|(_, _, class, _)| is_class(*class));
        let Some((name, kind, _, next)) = read else { break };
        first.get_or_insert((name, kind));
        at = next;
    }
    if first.is_none() && questions > 0 {
        return None;
    }
    let is_answer = flags & 0x8000 != 0;
    let mut addresses = Vec::new();
    for _ in 0..if is_answer { answers.min(MOST_RECORDS) } else { 0 } {
        let Some((name, kind, class, next)) = owner(bytes, at) else { break };
        if !is_class(class) {
            break;
        }
        let Some(length) = short(bytes, next + 4).map(usize::from) else { break };
        let Some(data) = bytes.get(next + 6..next + 6 + length) else { break };
        first.get_or_insert((name, kind));
        if addresses.len() < MOST_ADDRESSES {
            addresses.extend(address(kind, data));
        }
        at = next + 6 + length;
    }
    let (of, kind) = first?;
    let code = match usize::from(flags & 15) {
        _ if !is_answer => String::new(),
        code => CODES.get(code).map_or_else(|| format!("RCODE{code}"), |name| (*name).to_owned()),
    };
    let known = TYPES.iter().find(|(number, _)| *number == kind);
    let kind = known.map_or_else(|| format!("TYPE{kind}"), |(_, name)| (*name).to_owned());
    Some(name(Some(of), [kind, code, addresses.join(",")]))
}

/// Returns whether a class is one of those there are; the highest bit is a flag of multicast DNS.
fn is_class(class: u16) -> bool {
    matches!(class & 0x7fff, 1 | 3 | 4 | 254 | 255)
}

/// Reads the name, type and class at the start of a question or record. Returns what is behind them as well.
fn owner(bytes: &[u8], at: usize) -> Option<(String, u16, u16, usize)> {
    let (name, at) = domain(bytes, at)?;
    Some((name, short(bytes, at)?, short(bytes, at + 2)?, at + 4))
}

/// Reads a name, which may go on elsewhere, and returns what is behind it.
pub(super) fn domain(bytes: &[u8], begin: usize) -> Option<(String, usize)> {
    let mut text = String::new();
    let (mut at, mut length) = (begin, 1);
    let mut behind = None;
    // Each pointer leads to before all that was read, so that there is an end.
    let mut earliest = begin;
    let mut pointers = 0;
    loop {
        let first = *bytes.get(at)?;
        match first >> 6 {
            0 if first == 0 => {
                if text.is_empty() {
                    text.push('.');
                }
                return Some((text, behind.unwrap_or(at + 1)));
            }
            0 => {
                let next = at + 1 + usize::from(first);
                length += 1 + usize::from(first);
                if length > LONGEST_NAME {
                    return None;
                }
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(&label(bytes.get(at + 1..next)?));
                at = next;
            }
            3 => {
                let target = usize::from(short(bytes, at)? & 0x3fff);
                pointers += 1;
                if target >= earliest || pointers > MOST_POINTERS {
                    return None;
                }
                behind.get_or_insert(at + 2);
                (at, earliest) = (target, target);
            }
            _ => return None,
        }
    }
}

fn address(kind: u16, data: &[u8]) -> Option<String> {
    match kind {
        A => Some(Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?).to_string()),
        AAAA => Some(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?).to_string()),
        _ => None,
    }
}
