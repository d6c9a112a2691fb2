//! From the one text that a program is started with to its words, by the rules of Microsoft's C runtime.

use crate::windows::memory::text;
use std::ffi::OsString;

const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

fn is_blank(unit: u16) -> bool {
    unit == u16::from(b' ') || unit == u16::from(b'\t')
}

/// The words. In the first, which is a path, a backslash is nothing special; in the others it is before a quotation mark.
pub(super) fn split(line: &[u16]) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut rest = line;
    if !rest.is_empty() {
        let (first, after) = first_word(rest);
        words.push(text(&first));
        rest = after;
    }
    loop {
        while let Some((&unit, after)) = rest.split_first()
            && is_blank(unit)
        {
            rest = after;
        }
        if rest.is_empty() {
            return words;
        }
        let (word, after) = next_word(rest);
        words.push(text(&word));
        rest = after;
    }
}

fn first_word(line: &[u16]) -> (Vec<u16>, &[u16]) {
    let mut word = Vec::new();
    let mut quoted = false;
    for (index, &unit) in line.iter().enumerate() {
        match unit {
            QUOTE => quoted = !quoted,
            _ if is_blank(unit) && !quoted => return (word, line.get(index..).unwrap_or_default()),
            _ => word.push(unit),
        }
    }
    (word, &[])
}

/// Backslashes before a quotation mark stand for half as many, and an odd one makes the mark an ordinary character; two
/// marks in a row between marks are one.
fn next_word(line: &[u16]) -> (Vec<u16>, &[u16]) {
    let mut word = Vec::new();
    let (mut quoted, mut backslashes) = (false, 0usize);
    let mut units = line.iter().copied().enumerate().peekable();
    while let Some((index, unit)) = units.next() {
        match unit {
            BACKSLASH => {
                backslashes += 1;
                continue;
            }
            QUOTE => {
                word.extend(std::iter::repeat_n(BACKSLASH, backslashes / 2));
                if backslashes % 2 == 1 {
                    word.push(QUOTE);
                } else if quoted && units.peek().is_some_and(|&(_, next)| next == QUOTE) {
                    word.push(QUOTE);
                    units.next();
                } else {
                    quoted = !quoted;
                }
            }
            _ => {
                word.extend(std::iter::repeat_n(BACKSLASH, backslashes));
                if is_blank(unit) && !quoted {
                    return (word, line.get(index..).unwrap_or_default());
                }
                word.push(unit);
            }
        }
        backslashes = 0;
    }
    word.extend(std::iter::repeat_n(BACKSLASH, backslashes));
    (word, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(line: &str) -> Vec<String> {
        split(&line.encode_utf16().collect::<Vec<_>>())
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect()
    }

    #[test]
    fn words_are_those_a_program_gets() {
        for (line, expected) in [
            (r#"a.exe"#, &["a.exe"][..]),
            (r#""C:\Program Files\a.exe" -k  b"#, &[r"C:\Program Files\a.exe", "-k", "b"]),
            (r#"a "b c" d"#, &["a", "b c", "d"]),
            (r#"a "ab\"c" "\\" d"#, &["a", r#"ab"c"#, r"\", "d"]),
            (r#"a a\\\b d"e f"g h"#, &["a", r"a\\\b", "de fg", "h"]),
            (r#"a a\\\"b c d"#, &["a", r#"a\"b"#, "c", "d"]),
            (r#"a a\\\\"b c" d e"#, &["a", r"a\\b c", "d", "e"]),
            (r#"a "b""c" """#, &["a", r#"b"c"#, ""]),
            ("", &[]),
            ("  ", &[""]),
            (r"a b\", &["a", r"b\"]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_units_panic(line: Vec<u16>) {
            split(&line);
        }

        #[test]
        fn plain_words_come_apart(plain in proptest::collection::vec("[a-z0-9/:.-]{1,8}", 1..6)) {
            prop_assert_eq!(words(&plain.join(" ")), plain);
        }
    }
}
