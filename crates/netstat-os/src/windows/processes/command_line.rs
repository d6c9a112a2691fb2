//! Splits a command line into arguments, by the rules of Microsoft's C runtime.

use crate::windows::memory::text;
use std::ffi::OsString;

const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

fn is_blank(unit: u16) -> bool {
    unit == u16::from(b' ') || unit == u16::from(b'\t')
}

/// Returns the arguments. Backslashes are special before a quotation mark, but not in the first argument, which is a path.
pub(super) fn split(line: &[u16]) -> Vec<OsString> {
    let mut arguments = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (argument, after) = next_argument(rest, arguments.is_empty());
        arguments.push(text(&argument));
        rest = after.get(after.iter().take_while(|&&unit| is_blank(unit)).count()..).unwrap_or_default();
    }
    arguments
}

/// Splits off one argument. Backslashes before a quotation mark count half, and an odd one makes the mark literal. Two
/// marks in a row inside of quotation marks are one literal mark. In a path neither rule holds.
fn next_argument(line: &[u16], path: bool) -> (Vec<u16>, &[u16]) {
    let mut argument = Vec::new();
    let (mut quoted, mut backslashes) = (false, 0usize);
    let mut units = line.iter().copied().enumerate().peekable();
    while let Some((index, unit)) = units.next() {
        match unit {
            BACKSLASH if !path => {
                backslashes += 1;
                continue;
            }
            QUOTE => {
                argument.extend(std::iter::repeat_n(BACKSLASH, backslashes / 2));
                let doubled = quoted && !path && units.peek().is_some_and(|&(_, next)| next == QUOTE);
                if backslashes % 2 == 1 {
                    argument.push(QUOTE);
                } else if doubled {
                    argument.push(QUOTE);
                    units.next();
                } else {
                    quoted = !quoted;
                }
            }
            _ => {
                argument.extend(std::iter::repeat_n(BACKSLASH, backslashes));
                if is_blank(unit) && !quoted {
                    return (argument, line.get(index..).unwrap_or_default());
                }
                argument.push(unit);
            }
        }
        backslashes = 0;
    }
    argument.extend(std::iter::repeat_n(BACKSLASH, backslashes));
    (argument, &[])
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
    fn arguments_are_those_that_a_program_gets() {
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
        fn plain_words_are_separated(plain in proptest::collection::vec("[a-z0-9/:.-]{1,8}", 1..6)) {
            prop_assert_eq!(words(&plain.join(" ")), plain);
        }
    }
}
