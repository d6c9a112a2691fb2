//! Texts that fit their cells.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Cuts a text that is wider than `width` in the middle, where addresses have what matters least.
pub(crate) fn cut(text: &str, width: usize, ascii: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mark = if ascii { ".." } else { "…" };
    let room = width.saturating_sub(mark.width());
    if room < 4 {
        return first(text, width);
    }
    let front = room / 2;
    let front = first(text, front);
    let back = last(text, room - front.width());
    format!("{front}{mark}{back}")
}

/// The first cells of a text.
pub(crate) fn first(text: &str, width: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= width
        })
        .collect()
}

fn last(text: &str, width: usize) -> String {
    let mut used = 0;
    let kept = text.chars().rev().take_while(|character| {
        used += character.width().unwrap_or(0);
        used <= width
    });
    let mut kept: Vec<char> = kept.collect();
    kept.reverse();
    kept.into_iter().collect()
}

/// A text without its first cells.
pub(crate) fn skip(text: &str, width: usize) -> String {
    let mut used = 0;
    text.chars()
        .skip_while(|character| {
            let skipped = used < width;
            used += character.width().unwrap_or(0);
            skipped
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_beginning_and_its_port() {
        assert_eq!(cut("[2001:db8:1111:2222:3333:4444:5555:6666]:443", 21, false), "[2001:db8:…:6666]:443");
        assert_eq!(cut("192.0.2.1:80", 21, false), "192.0.2.1:80");
        assert_eq!(cut("abcdefghijkl", 10, true), "abcd..ijkl");
        assert_eq!(cut("가나다라마바사", 9, false), "가나…바사");
        assert_eq!(cut("abcdef", 3, false), "abc");
    }
}
