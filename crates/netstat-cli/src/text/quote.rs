//! Words of the command line, made safe for a terminal.

use std::ffi::OsStr;
use std::fmt::Write as _;

/// Characters of a word that are shown before it is cut; a mistyped word is recognised by far fewer.
const LONGEST: usize = 80;

/// The word in double quotes: control and invisible characters and bytes that are not UTF-8 are escaped.
pub fn quoted(word: &OsStr) -> String {
    let mut text = String::from("\"");
    let mut shown = 0_usize;
    for chunk in word.as_encoded_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            if shown == LONGEST {
                text.push_str("...\"");
                return text;
            }
            shown += 1;
            push_safe(&mut text, character);
        }
        for byte in chunk.invalid() {
            if shown == LONGEST {
                text.push_str("...\"");
                return text;
            }
            shown += 1;
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text.push('"');
    text
}

/// The text with everything escaped that is no visible character or blank, so that it stays one line.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        push_safe(&mut line, character);
    }
    line
}

fn push_safe(text: &mut String, character: char) {
    match character {
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        hidden if is_hidden(hidden) => {
            let _ = write!(text, "\\u{{{:x}}}", u32::from(hidden));
        }
        plain => text.push(plain),
    }
}

/// Control characters, and those that reorder, join, break or hide what stands beside them.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
