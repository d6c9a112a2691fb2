//! [`Line`]: a line that is typed.

use crate::event::Key;

/// A line that is typed, with its cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Line {
    text: String,
    /// In bytes, at the beginning of a character.
    at: usize,
}

impl Line {
    /// Returns a line with the cursor at its end.
    pub(crate) fn new(text: String) -> Self {
        let at = text.len();
        Self { text, at }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns what stands before the cursor.
    pub(crate) fn before(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    fn behind(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes a key. Returns false for one that does not edit a line.
    pub(crate) fn press(&mut self, key: Key) -> bool {
        let back = || self.before().chars().next_back().map_or(0, char::len_utf8);
        let ahead = || self.behind().chars().next().map_or(0, char::len_utf8);
        match key {
            Key::Char(character) if !character.is_control() => {
                self.text.insert(self.at, character);
                self.at += character.len_utf8();
            }
            Key::Backspace => {
                let len = back();
                self.text.replace_range(self.at - len..self.at, "");
                self.at -= len;
            }
            Key::Delete => {
                let len = ahead();
                self.text.replace_range(self.at..self.at + len, "");
            }
            Key::Left => self.at -= back(),
            Key::Right => self.at += ahead(),
            Key::Home | Key::Ctrl('a') => self.at = 0,
            Key::End | Key::Ctrl('e') => self.at = self.text.len(),
            Key::Ctrl('u') => {
                self.text.replace_range(..self.at, "");
                self.at = 0;
            }
            Key::Ctrl('w') => {
                let kept = self.before().trim_end().rfind(' ').map_or(0, |space| space + 1);
                self.text.replace_range(kept..self.at, "");
                self.at = kept;
            }
            _ => return false,
        }
        true
    }

    /// Puts a text in the place of what stands before the cursor, from a byte on.
    pub(crate) fn complete(&mut self, from: usize, text: &str) {
        if self.text.is_char_boundary(from) && from <= self.at {
            self.text.replace_range(from..self.at, text);
            self.at = from + text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(keys: &[Key]) -> Line {
        let mut line = Line::default();
        for key in keys {
            line.press(*key);
        }
        line
    }

    #[test]
    fn a_line_is_edited_as_in_a_shell() {
        use Key::{Backspace, Char, Ctrl, Delete, Home, Left};
        assert_eq!(typed(&[Char('a'), Char('포'), Left, Char('b')]).text(), "ab포");
        assert_eq!(typed(&[Char('a'), Char('포'), Backspace]).text(), "a");
        assert_eq!(typed(&[Char('a'), Char('b'), Home, Delete]).text(), "b");
        let mut line = Line::new("port 80 or state".to_owned());
        line.press(Ctrl('w'));
        assert_eq!(line.text(), "port 80 or ");
        line.press(Ctrl('u'));
        assert_eq!(line.text(), "");
    }

    proptest! {
        #[test]
        fn no_key_breaks_it(keys in proptest::collection::vec(0..14_u8, 0..60)) {
            use Key::{Backspace, Char, Ctrl, Delete, End, Home, Left, Right, Up};
            let all = [
                Char('a'), Char('한'), Char(' '), Char('\u{301}'), Backspace, Delete, Left, Right, Home, End, Up,
                Ctrl('u'), Ctrl('w'), Ctrl('a'),
            ];
            let keys: Vec<Key> = keys.into_iter().filter_map(|at| all.get(usize::from(at)).copied()).collect();
            let line = typed(&keys);
            prop_assert!(line.text.is_char_boundary(line.at));
        }
    }
}
