//! The first request of HTTP/1: the host and the method. The path is never told: it may hold what is secret.

use super::words::{Told, name, word};

/// The lengths that methods have: from `GET` to `VERSION-CONTROL`, and a few letters more.
const SHORTEST: usize = 3;
const LONGEST: usize = 20;

/// Reads the first request of a client.
pub(super) fn request(bytes: &[u8], is_last: bool) -> Told {
    let is_of_method = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'-';
    let letters = bytes.iter().take(LONGEST + 1).take_while(|byte| is_of_method(byte)).count();
    let (method, rest) = bytes.split_at(letters);
    match rest.first() {
        None if letters <= LONGEST => return Told::More,
        Some(b' ') if (SHORTEST..=LONGEST).contains(&letters) => {}
        _ => return Told::Nothing,
    }
    let mut lines = rest.split_inclusive(|byte| *byte == b'\n');
    let Some(line) = lines.next().and_then(whole) else {
        return if rest.iter().any(|byte| *byte < b' ' && *byte != b'\r') {
            Told::Nothing
        } else {
            Told::More
        };
    };
    // A space, the target, a space, the version.
    let mut words = line.split(|byte| *byte == b' ').skip(1);
    let (Some(target), Some(version), None) = (words.next(), words.next(), words.next()) else {
        return Told::Nothing;
    };
    if target.is_empty() || !matches!(version, [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9']) {
        return Told::Nothing;
    }
    let mut host = None;
    let mut is_over = false;
    for line in lines.map_while(whole) {
        if line.is_empty() {
            is_over = true;
            break;
        }
        host = of_header(line);
        if host.is_some() {
            break;
        }
    }
    if host.is_none() && !is_over && !is_last {
        return Told::More;
    }
    let host = host.or_else(|| of_target(method, target)).map(without_user);
    Told::Name(name(host.map(word), [word(method)]))
}

/// Returns a line without its end; `None` where that has not come.
fn whole(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// Returns what a header says of the host.
fn of_header(line: &[u8]) -> Option<&[u8]> {
    let (field, value) = line.split_at_checked(5)?;
    let value = value.trim_ascii();
    (field.eq_ignore_ascii_case(b"host:") && !value.is_empty()).then_some(value)
}

/// Returns the host of a target that names it: that of a proxy.
fn of_target<'a>(method: &[u8], target: &'a [u8]) -> Option<&'a [u8]> {
    if method == b"CONNECT" {
        return Some(target);
    }
    let at = target.windows(3).position(|bytes| bytes == b"://")?;
    let is_scheme = target.iter().take(at).all(u8::is_ascii_alphabetic);
    let authority = target.get(at + 3..).filter(|_| is_scheme)?;
    authority.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next().filter(|host| !host.is_empty())
}

/// Returns a host without the name and the password of a user.
fn without_user(host: &[u8]) -> &[u8] {
    host.rsplit(|byte| *byte == b'@').next().unwrap_or(host)
}
