//! Words of a text, and what they mean.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Splits a text into its lines, and each into its words.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    text.split(|&byte| byte == b'\n').map(words).filter(|words| !words.is_empty())
}

pub(super) fn words(line: &[u8]) -> Vec<&[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect()
}

pub(super) fn number<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

pub(super) fn hex(word: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()
}

/// Decodes an address that is written as a number in the byte order of this machine.
pub(super) fn address_v4(word: &[u8]) -> Option<Ipv4Addr> {
    hex(word).map(|number| Ipv4Addr::from(number.to_ne_bytes()))
}

/// Decodes an address that is written as 32 digits.
pub(super) fn address_v6(word: &[u8]) -> Option<Ipv6Addr> {
    let text = std::str::from_utf8(word).ok().filter(|text| text.len() == 32)?;
    u128::from_str_radix(text, 16).ok().map(Ipv6Addr::from)
}

/// Decodes bytes that are written as two digits each.
pub(super) fn octets(word: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = word.as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::try_from(hex(pair)?).ok();
    rest.is_empty().then(|| pairs.iter().map(byte).collect()).flatten()
}
