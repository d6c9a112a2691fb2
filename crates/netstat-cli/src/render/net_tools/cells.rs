//! Cells of the tables of net-tools, which counts bytes.

use netstat_engine::text::{blanks, escape};
use std::ffi::OsStr;
use std::net::{IpAddr, Ipv6Addr};

/// Appends blanks up to a number of bytes since `start`.
pub(super) fn fill(out: &mut Vec<u8>, start: usize, width: usize) {
    blanks(out, width.saturating_sub(out.len() - start));
}

/// Shortens text to a number of bytes at most, at the beginning of a character.
pub(super) fn cut(text: &mut Vec<u8>, most: usize) {
    let mut end = most.min(text.len());
    // Bytes that continue a character of UTF-8.
    while end < text.len() && text.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end = end.saturating_sub(1);
    }
    text.truncate(end);
}

/// Returns the name of a host, or its address where it has none.
pub(super) fn host(address: IpAddr, name: Option<&str>) -> Vec<u8> {
    let mut out = Vec::new();
    match (name, address) {
        (Some(name), _) => escape::write_word(&mut out, OsStr::new(name)),
        (None, IpAddr::V4(address)) => out.extend_from_slice(address.to_string().as_bytes()),
        (None, IpAddr::V6(address)) => out.extend_from_slice(v6(address).as_bytes()),
    }
    out
}

/// Returns an IPv6 address as glibc writes it.
fn v6(address: Ipv6Addr) -> String {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            format!("::{a}.{b}.{c}.{d}")
        }
        _ => address.to_string(),
    }
}
