//! Words quoted in one-line messages, made safe for a terminal.

use super::escape::is_unseen;
use std::ffi::OsStr;
use std::fmt::Write as _;

/// Characters shown before a word is cut; a mistyped word is recognisable from far fewer.
const LONGEST: usize = 80;

/// Returns the word in double quotes, with control and invisible characters and bytes that are not UTF-8 escaped.
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

/// Returns a word as a shell takes it: in single quotes where it needs them, which the program takes off itself where the
/// command prompt of Windows hands them on.
pub fn for_shell(word: &OsStr) -> String {
    let word = one_line(&word.to_string_lossy());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/,@%+=".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Escapes every character that is not visible, so that the text stays one line.
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
        hidden if is_unseen(hidden) => {
            let _ = write!(text, "\\u{{{:x}}}", u32::from(hidden));
        }
        plain => text.push(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::for_shell;

    #[test]
    fn words_are_quoted_for_a_shell_where_they_need_it() {
        for (word, shown) in [
            ("lport", "lport"),
            ("close-wait.warning=200", "close-wait.warning=200"),
            ("yesterday 14:05", "'yesterday 14:05'"),
            ("[::1]:80", "'[::1]:80'"),
            ("it's", r"'it'\''s'"),
            ("a\u{1b}[2J", r"'a\u{1b}[2J'"),
            ("", "''"),
        ] {
            assert_eq!(for_shell(word.as_ref()), shown);
        }
    }
}
