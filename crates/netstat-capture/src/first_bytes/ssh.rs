//! The line by which each end of SSH says what it is (RFC 4253, 4.2).

use super::words::{Told, name, word};

/// How it begins.
const BEGIN: &[u8] = b"SSH-";

/// The most bytes of the line, with its end.
const LONGEST: usize = 255;

/// Returns whether bytes begin as such a line does, as far as there are any.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.iter().zip(BEGIN).all(|(byte, expected)| byte == expected)
}

/// Reads the line: the version of the protocol and the program; then what stands behind a space.
pub(super) fn banner(bytes: &[u8], is_last: bool) -> Told {
    let Some(version) = bytes.get(BEGIN.len()) else { return Told::More };
    if !version.is_ascii_digit() {
        return Told::Nothing;
    }
    let line = bytes.get(..bytes.len().min(LONGEST)).unwrap_or(bytes);
    let Some(end) = line.iter().position(|byte| *byte == b'\n') else {
        return match () {
            () if line.len() == LONGEST => Told::Nothing,
            // Of a line that is cut off, the version may be as well.
            () if is_last => Told::Name(None),
            () => Told::More,
        };
    };
    let line = line.get(..end).unwrap_or(line);
    let mut words = line.strip_suffix(b"\r").unwrap_or(line).split(|byte| *byte == b' ').map(word);
    Told::Name(name(words.next(), words))
}
