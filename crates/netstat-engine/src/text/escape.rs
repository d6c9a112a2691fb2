//! Makes untrusted text safe to print: process names, unit names, paths and host names may hold anything.
//!
//! Characters that are invisible, or change how others are displayed, are escaped:
//!
//! | what | how |
//! |---|---|
//! | control characters of ASCII, DEL | `\x1b` |
//! | bytes that are not UTF-8 (Linux) | `\xff` |
//! | other controls: U+0080 to U+009F | `\u{9b}` |
//! | direction marks and overrides, line and paragraph separators | `\u{202e}` |
//! | zero-width and other default-ignorable characters, joiners and variation selectors among them, tags, noncharacters | `\u{200b}` |
//! | lone surrogates (Windows) | `\u{d800}` |
//!
//! Joiners and variation selectors have legitimate uses in some scripts and in emoji; they are escaped all the same,
//! because two different names must not look alike.
//!
//! A backslash stays a backslash, because Windows paths are full of them. It is written as `\x5c` only where the
//! characters after it would make it look like one of the escapes above (`\x` and two hexadecimal digits, or `\u{`). So
//! whatever looks like an escape is one, and the original can be reconstructed.

use std::ffi::OsStr;

/// Writes text that may contain spaces: a path, a program name.
pub fn write_text(out: &mut Vec<u8>, text: &OsStr) {
    write(out, text, false);
}

/// Writes text that must stay one word of a table: a host name, a service name. White space is escaped too, so that a
/// name cannot pass for the next column.
pub fn write_word(out: &mut Vec<u8>, text: &OsStr) {
    write(out, text, true);
}

fn write(out: &mut Vec<u8>, text: &OsStr, word: bool) {
    // The encoding is ASCII-compatible on every system.
    let plain = text.as_encoded_bytes();
    let least = if word { b'!' } else { b' ' };
    if plain.iter().all(|&byte| (least..0x7f).contains(&byte) && byte != b'\\') {
        out.extend_from_slice(plain);
        return;
    }
    write_odd(out, text, word);
}

/// Writes bytes that are UTF-8 for the most part, and must stay one word of a table: the name of a Unix socket.
pub fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_chunks(out, bytes, true);
}

/// Writes bytes that are UTF-8 for the most part, and may contain spaces: a path that a recorder kept.
pub fn write_text_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_chunks(out, bytes, false);
}

#[cfg(not(windows))]
fn write_odd(out: &mut Vec<u8>, text: &OsStr, word: bool) {
    write_chunks(out, text.as_encoded_bytes(), word);
}

fn write_chunks(out: &mut Vec<u8>, bytes: &[u8], word: bool) {
    for piece in bytes.utf8_chunks() {
        // Look for escape look-alikes within a valid piece only: the next piece follows the `\xNN` of an invalid byte.
        let mut rest = piece.valid().chars();
        while let Some(character) = rest.next() {
            write_char(out, character, rest.as_str(), word);
        }
        for &byte in piece.invalid() {
            write_byte(out, byte);
        }
    }
}

#[cfg(windows)]
fn write_odd(out: &mut Vec<u8>, text: &OsStr, word: bool) {
    use std::os::windows::ffi::OsStrExt;
    write_utf16(out, text.encode_wide(), word);
}

/// Writes Windows text: UTF-16 in which surrogates need not be paired.
#[cfg(any(windows, test))]
fn write_utf16(out: &mut Vec<u8>, text: impl IntoIterator<Item = u16>, word: bool) {
    let units: Vec<_> = char::decode_utf16(text).collect();
    let mut ahead = String::new();
    for (index, unit) in units.iter().enumerate() {
        match unit {
            Ok(character) => {
                ahead.clear();
                if *character == '\\' {
                    // The longest start of an escape after its backslash: `x` and two digits.
                    ahead.extend(units.iter().skip(index + 1).take(3).map_while(|unit| unit.as_ref().ok()));
                }
                write_char(out, *character, &ahead, word);
            }
            Err(lone) => write_number(out, u32::from(lone.unpaired_surrogate())),
        }
    }
}

fn write_char(out: &mut Vec<u8>, character: char, rest: &str, word: bool) {
    match character {
        '\\' if looks_like_escape(rest) => write_byte(out, b'\\'),
        '\0'..='\x1f' | '\x7f' => write_byte(out, u32::from(character).to_le_bytes()[0]),
        ' ' if word => write_byte(out, b' '),
        _ if is_unseen(character) || (word && character.is_whitespace()) => {
            write_number(out, u32::from(character));
        }
        _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// Returns true if a backslash before this text would look like an escape.
fn looks_like_escape(rest: &str) -> bool {
    match rest.as_bytes() {
        [b'x', high, low, ..] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        [b'u', b'{', ..] => true,
        _ => false,
    }
}

/// Returns true for characters that are not visible or that move others: controls, `Default_Ignorable_Code_Point`,
/// bidirectional controls, line and paragraph separators, annotations, musical and shorthand format controls,
/// noncharacters, object replacement characters.
pub fn is_unseen(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffc}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
        || u32::from(character) & 0xfffe == 0xfffe
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn hex_digit(value: u32) -> u8 {
    HEX.get((value & 0xf) as usize).copied().unwrap_or(b'?')
}

fn write_byte(out: &mut Vec<u8>, byte: u8) {
    let byte = u32::from(byte);
    out.extend_from_slice(&[b'\\', b'x', hex_digit(byte >> 4), hex_digit(byte)]);
}

fn write_number(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(b"\\u{");
    let digits = (32 - number.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        out.push(hex_digit(number >> (place * 4)));
    }
    out.push(b'}');
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::ffi::OsStrExt;

    fn text(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        write_text(&mut out, OsStr::from_bytes(bytes));
        String::from_utf8(out).unwrap()
    }

    fn word(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        write_word(&mut out, OsStr::from_bytes(bytes));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn visible_text_is_unchanged() {
        assert_eq!(text(b"NVIDIA Web Helper.exe"), "NVIDIA Web Helper.exe");
        assert_eq!(text("카카오톡.exe".as_bytes()), "카카오톡.exe");
        assert_eq!(text("naïve 🦀".as_bytes()), "naïve 🦀");
        assert_eq!(text(b""), "");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(text(b"\x1b[31mred\n\x7f"), "\\x1b[31mred\\x0a\\x7f");
        assert_eq!(text("\u{9b}31m".as_bytes()), "\\u{9b}31m");
        assert_eq!(text(b"a\xffb\xc3"), "a\\xffb\\xc3");
    }

    #[test]
    fn invisible_and_bidirectional_characters_are_escaped() {
        for character in [
            '\u{202e}',
            '\u{2066}',
            '\u{200f}',
            '\u{61c}',
            '\u{2028}',
            '\u{200d}',
            '\u{feff}',
            '\u{ad}',
            '\u{fe0f}',
            '\u{e0041}',
            '\u{ffff}',
            '\u{10fffe}',
            '\u{180e}',
        ] {
            let wanted = format!("a\\u{{{:x}}}b", u32::from(character));
            assert_eq!(text(format!("a{character}b").as_bytes()), wanted);
        }
    }

    #[test]
    fn a_backslash_is_escaped_only_before_what_looks_like_an_escape() {
        assert_eq!(text(br"C:\Windows\x\u"), r"C:\Windows\x\u");
        assert_eq!(text(br"C:\xab\u{1}"), r"C:\x5cxab\x5cu{1}");
        assert_eq!(text(b"\\\xff"), r"\\xff");
    }

    #[test]
    fn white_space_in_a_word_is_escaped() {
        assert_eq!(word(b"a b\tc"), "a\\x20b\\x09c");
        assert_eq!(word("a\u{a0}b\u{3000}c".as_bytes()), "a\\u{a0}b\\u{3000}c");
        assert_eq!(text("a b".as_bytes()), "a b");
    }

    #[test]
    fn lone_surrogates_are_escaped() {
        let wide = |units: &[u16]| {
            let mut out = Vec::new();
            write_utf16(&mut out, units.iter().copied(), false);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(wide(&[0x61, 0xd800, 0x62, 0xdc00]), "a\\u{d800}b\\u{dc00}");
        assert_eq!(wide(&[0xd83e, 0xdd80]), "\u{1f980}");
        assert_eq!(wide(&[0x5c, 0x78, 0x61, 0x62]), r"\x5cxab");
        assert_eq!(wide(&[0x5c, 0x78, 0x61, 0xd800]), r"\xa\u{d800}");
    }

    /// Reverses the escapes.
    fn undo(text: &str) -> Vec<u8> {
        let bytes = text.as_bytes();
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let rest = &text.get(at..).unwrap_or_default();
            if byte == b'\\' && looks_like_escape(rest.get(1..).unwrap_or_default()) {
                if bytes[at + 1] == b'x' {
                    out.push(u8::from_str_radix(&text[at + 2..at + 4], 16).unwrap());
                    at += 4;
                } else {
                    let end = at + rest.find('}').unwrap();
                    let number = u32::from_str_radix(&text[at + 3..end], 16).unwrap();
                    let character = char::from_u32(number).unwrap();
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    at = end + 1;
                }
            } else {
                out.push(byte);
                at += 1;
            }
        }
        out
    }

    proptest! {
        #[test]
        fn both_systems_write_the_same_text(characters in r"[\\xu{}a-f0-9 \u{202e}\x1b가🦀]{0,20}", word: bool) {
            let mut bytes = Vec::new();
            write(&mut bytes, OsStr::new(&characters), word);
            let mut wide = Vec::new();
            write_utf16(&mut wide, characters.encode_utf16(), word);
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), String::from_utf8(wide).unwrap());
        }

        #[test]
        fn any_bytes_become_visible_and_can_be_told(bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"\\xu{}0a \xe2\x80\xae\x1b".to_vec())], 0..40))
        {
            for shown in [text(&bytes), word(&bytes)] {
                prop_assert!(shown.chars().all(|c| !c.is_control() && !is_unseen(c)), "{shown:?}");
                prop_assert_eq!(undo(&shown), bytes.clone(), "{}", shown);
            }
            prop_assert!(!word(&bytes).contains(char::is_whitespace));
        }

        #[test]
        fn any_characters_become_visible_and_are_reversible(characters: String) {
            let shown = text(characters.as_bytes());
            prop_assert!(shown.chars().all(|c| !c.is_control() && !is_unseen(c)), "{shown:?}");
            prop_assert_eq!(undo(&shown), characters.into_bytes());
        }
    }
}
