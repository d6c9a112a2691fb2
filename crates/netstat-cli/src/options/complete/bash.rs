//! The command line as bash has it: words with their quotes, and the part of the last that bash replaces.

/// The quotes in which a word ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Not,
    Single,
    Double,
}

/// A command line up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The words before the cursor, without the name of the command.
    pub(super) before: Vec<String>,
    /// The word at the cursor without its quotes; may be empty.
    pub(super) word: String,
    /// How much of it stays: bash replaces what stands behind a quote that is open, or behind the last of its word breaks.
    stays: usize,
    quotes: Quotes,
}

impl Line {
    /// Splits a line; `breaks` are the word breaks (`COMP_WORDBREAKS`).
    pub(super) fn split(line: &str, breaks: &str) -> Self {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let (mut stays, mut quotes) = (0, Quotes::Not);
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            let so_far = word.as_ref().map_or(0, String::len);
            match (quotes, character) {
                (Quotes::Not, '\'') => (quotes, stays) = (Quotes::Single, so_far),
                (Quotes::Not, '"') => (quotes, stays) = (Quotes::Double, so_far),
                (Quotes::Single, '\'') | (Quotes::Double, '"') => quotes = Quotes::Not,
                (Quotes::Not, blank) if blank.is_ascii_whitespace() => {
                    words.extend(word.take());
                    stays = 0;
                    continue;
                }
                (Quotes::Not, '\\') => {
                    word.get_or_insert_default().extend(characters.next());
                    continue;
                }
                (Quotes::Double, '\\') => {
                    let escaped = characters.next_if(|next| matches!(next, '"' | '\\' | '$' | '`'));
                    word.get_or_insert_default().push(escaped.unwrap_or('\\'));
                    continue;
                }
                (Quotes::Not, plain) => {
                    let word = word.get_or_insert_default();
                    word.push(plain);
                    if breaks.contains(plain) {
                        stays = word.len();
                    }
                    continue;
                }
                (_, inside) => {
                    word.get_or_insert_default().push(inside);
                    continue;
                }
            }
            // Quotes alone are a word, too.
            word.get_or_insert_default();
        }
        // A closed quote is no break.
        if !words.is_empty() {
            words.remove(0);
        }
        Self { before: words, word: word.unwrap_or_default(), stays, quotes }
    }

    /// Returns what bash is to put in place of the part that it replaces, for this word; `None` if the word keeps another
    /// beginning than what was typed.
    pub(super) fn replacement(&self, word: &str) -> Option<String> {
        let replaced = word.get(self.stays..)?;
        let kept = word.get(..self.stays)?;
        if !self.word.starts_with(kept) {
            return None;
        }
        let mut text = String::new();
        for character in replaced.chars() {
            let quote = match self.quotes {
                Quotes::Not => !(character.is_alphanumeric() || "_-./:@%+=,".contains(character)),
                Quotes::Double => matches!(character, '"' | '\\' | '$' | '`'),
                Quotes::Single if character == '\'' => {
                    text.push_str("'\\''");
                    continue;
                }
                Quotes::Single => false,
            };
            if quote {
                text.push('\\');
            }
            text.push(character);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKS: &str = " \t\n\"'><=;|&(:";

    #[test]
    fn words_lose_their_quotes() {
        for (line, before, word) in [
            ("netstat -an ", &["-an"][..], ""),
            ("netstat 'lport 80' x\\ y a\"b c\"d", &["lport 80", "x y"], "ab cd"),
            ("netstat \"a \\\" b", &[], "a \" b"),
            ("netstat '' \"\" z", &["", ""], "z"),
            ("netstat \\", &[], ""),
            ("net", &[], "net"),
            ("", &[], ""),
        ] {
            let split = Line::split(line, BREAKS);
            assert_eq!(
                (split.before, &*split.word),
                (before.iter().map(|w| (*w).to_owned()).collect(), word),
                "{line}"
            );
        }
    }

    #[test]
    fn only_what_bash_replaces_is_answered_in_its_quotes() {
        for (line, word, replacement) in [
            ("netstat --lang=k", "--lang=ko", Some("ko")),
            ("netstat --sort pid:d", "pid:desc", Some("desc")),
            ("netstat 'lport 80 and po", "lport 80 and port", Some("lport 80 and port")),
            ("netstat --columns=\"pid,p", "--columns=pid,process", Some("pid,process")),
            ("netstat process ", "\"a 'b' $c\"", Some("\\\"a\\ \\'b\\'\\ \\$c\\\"")),
            ("netstat process '", "\"a 'b'\"", Some("\"a '\\''b'\\''\"")),
            ("netstat process \"", "\"$a\"", Some("\\\"\\$a\\\"")),
            ("netstat \\(", "(", Some("\\(")),
            ("netstat dst 2001:db8::", "2001:db8::1", Some("1")),
            ("netstat a:b", "x:y", None),
        ] {
            assert_eq!(Line::split(line, BREAKS).replacement(word).as_deref(), replacement, "{line}");
        }
    }
}
