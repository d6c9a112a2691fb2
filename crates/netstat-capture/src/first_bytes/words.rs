//! Names as text: visible ASCII, whatever was in the packet.

use std::fmt::Write as _;

/// The most bytes of a name and what stands beside it: as many as a name of DNS has.
pub(super) const MOST: usize = 253;

/// What stands at the end of a name that was longer.
const CUT: &str = "...";

/// What a decoder says of the bytes so far.
#[derive(Debug)]
pub(super) enum Told {
    /// More of them may tell something.
    More,
    /// They are of another protocol.
    Nothing,
    /// They are of this protocol, and this is the name.
    Name(Option<Box<str>>),
}

/// Returns a byte as DNS writes it in its files (RFC 1035, 5.1): what is not visible, and the backslash, as three decimal
/// digits behind one.
fn escape(text: &mut String, byte: u8) {
    if byte.is_ascii_graphic() && byte != b'\\' {
        text.push(char::from(byte));
    } else {
        // A string takes everything.
        let _ = write!(text, "\\{byte:03}");
    }
}

/// Returns bytes as one word, at most one byte more than is shown.
pub(super) fn word(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes.iter().take(MOST + 1) {
        escape(&mut text, byte);
    }
    text
}

/// Returns one label of a name of DNS: a dot inside is escaped as well.
pub(super) fn label(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'.' => text.push_str("\\046"),
            _ => escape(&mut text, byte),
        }
    }
    text
}

/// Returns a name with what stands beside it, as far as whole words of that have room.
pub(super) fn name(name: Option<String>, beside: impl IntoIterator<Item = String>) -> Option<Box<str>> {
    let name = name.filter(|name| !name.is_empty());
    let is_named = name.is_some();
    let mut text = name.unwrap_or_else(|| "-".to_owned());
    if text.len() > MOST {
        // All of it is ASCII.
        text.truncate(MOST - CUT.len());
        text.push_str(CUT);
        return Some(text.into());
    }
    let mut has_more = false;
    for word in beside.into_iter().filter(|word| !word.is_empty()) {
        if text.len() + 1 + word.len() > MOST {
            break;
        }
        text.push(' ');
        text.push_str(&word);
        has_more = true;
    }
    (is_named || has_more).then(|| text.into())
}
