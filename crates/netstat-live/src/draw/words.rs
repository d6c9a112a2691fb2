//! Texts that fit their cells.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

fn mark(ascii: bool) -> &'static str {
    if ascii { ".." } else { "…" }
}

/// Cuts a text that is wider than `width` at its end.
pub(crate) fn cut(text: &str, width: usize, ascii: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mark = mark(ascii);
    match width.checked_sub(mark.width()) {
        Some(room) if room > 0 => format!("{}{mark}", first(text, room).trim_end()),
        _ => first(text, width),
    }
}

/// Cuts a text that is wider than `width` in the middle, where addresses have what matters least.
pub(crate) fn cut_middle(text: &str, width: usize, ascii: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mark = mark(ascii);
    let room = width.saturating_sub(mark.width());
    if room < 4 {
        return first(text, width);
    }
    let front = first(text, room / 2);
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

/// Breaks a text into lines at its spaces.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word.to_owned();
        loop {
            let line = lines.last_mut().map(std::mem::take).unwrap_or_default();
            let joined = if line.is_empty() { word.clone() } else { format!("{line} {word}") };
            let line = match (joined.width() <= width, line.is_empty()) {
                (true, _) => {
                    word.clear();
                    joined
                }
                // A word that is longer than a line is broken.
                (false, true) => {
                    let front = first(&word, width.max(2));
                    word = word.split_off(front.len());
                    front
                }
                (false, false) => line,
            };
            if let Some(last) = lines.last_mut() {
                *last = line;
            }
            if word.is_empty() {
                break;
            }
            lines.push(String::new());
        }
    }
    lines
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

/// Returns a line of bars for values, the latest last, none of them wider than a cell. What is not known is a blank.
pub(super) fn bars(
    values: impl DoubleEndedIterator<Item = Option<u64>>,
    width: usize,
    ascii: bool,
) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const ASCII_BARS: [char; 8] = ['_', '.', '.', '-', '-', '=', '=', '^'];
    let mut shown: Vec<Option<u64>> = values.rev().take(width).collect();
    shown.reverse();
    let most = shown.iter().flatten().copied().max().unwrap_or(0).max(1);
    let bar = |value: &Option<u64>| {
        let Some(value) = value else { return ' ' };
        let step = u128::from(*value) * 7 / u128::from(most);
        let bars = if ascii { ASCII_BARS } else { BARS };
        bars.get(usize::try_from(step).unwrap_or(7)).copied().unwrap_or(' ')
    };
    shown.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_beginning_and_its_port() {
        let long = "[2001:db8:1111:2222:3333:4444:5555:6666]:443";
        assert_eq!(cut_middle(long, 21, false), "[2001:db8:…:6666]:443");
        assert_eq!(cut_middle("192.0.2.1:80", 21, false), "192.0.2.1:80");
        assert_eq!(cut_middle("abcdefghijkl", 10, true), "abcd..ijkl");
        assert_eq!(cut_middle("가나다라마바사", 9, false), "가나…바사");
        assert_eq!(cut_middle("abcdef", 3, false), "abc");
    }

    #[test]
    fn lines_break_at_spaces_and_keep_every_word() {
        assert_eq!(wrapped("the table is old", 9), ["the table", "is old"]);
        assert_eq!(wrapped("", 9), [""]);
        assert_eq!(wrapped("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrapped("가나다 라", 4), ["가나", "다", "라"]);
    }

    #[test]
    fn a_sentence_keeps_its_beginning() {
        assert_eq!(cut("the table is old", 10, false), "the table…");
        assert_eq!(cut("the table is old", 11, true), "the table..");
        assert_eq!(cut("가나다라", 5, false), "가나…");
        assert_eq!(cut("가나다라", 8, false), "가나다라");
        assert_eq!(cut("abc", 1, false), "a");
        assert_eq!(cut("abc", 0, false), "");
    }

    #[test]
    fn bars_are_as_high_as_their_values() {
        let values = || [None, Some(0), Some(50), Some(100), Some(u64::MAX)].into_iter();
        assert_eq!(bars(values().take(4), 10, false), " ▁▄█");
        assert_eq!(bars(values(), 2, false), "▁█");
        assert_eq!(bars(values(), 9, true), " ___^");
        assert_eq!(bars(std::iter::empty(), 9, true), "");
    }
}
