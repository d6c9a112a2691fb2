//! A filter as words and signs, each with its place.

/// A comparing sign, or the word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// The words for the signs `>`, `>=`, `<`, `<=`, `=`, `!=`, which no shell takes for its own.
pub(super) const SIGN_WORDS: [(&str, Sign); 7] = [
    ("gt", Sign::Greater),
    ("ge", Sign::GreaterOrEqual),
    ("lt", Sign::Less),
    ("le", Sign::LessOrEqual),
    ("eq", Sign::Equal),
    ("ne", Sign::NotEqual),
    ("neq", Sign::NotEqual),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    /// `!`; the word is a [`Kind::Word`] like any other, since a process may have such a name.
    Not,
    /// `&&`
    And,
    /// `||`
    Or,
    Sign(Sign),
    Word(String),
    /// In quotes, which are taken off: never a word of the language.
    Quoted(String),
    End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
    pub(super) len: usize,
}

/// Signs that end a word, the longer ones first.
const SIGNS: [(&str, Kind); 13] = [
    ("(", Kind::Open),
    (")", Kind::Close),
    ("&&", Kind::And),
    ("||", Kind::Or),
    ("!=", Kind::Sign(Sign::NotEqual)),
    (">=", Kind::Sign(Sign::GreaterOrEqual)),
    ("=>", Kind::Sign(Sign::GreaterOrEqual)),
    ("<=", Kind::Sign(Sign::LessOrEqual)),
    ("=<", Kind::Sign(Sign::LessOrEqual)),
    (">", Kind::Sign(Sign::Greater)),
    ("<", Kind::Sign(Sign::Less)),
    ("==", Kind::Sign(Sign::Equal)),
    ("=", Kind::Sign(Sign::Equal)),
];

/// The tokens of the text, of which the last is [`Kind::End`].
///
/// Errors: where a quote begins that does not end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, usize> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(first) = rest.chars().next() else { break };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, len) = if first == '"' {
            quoted(rest).ok_or(at)?
        } else if let Some((sign, kind)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            (kind.clone(), sign.len())
        } else if first == '!' {
            (Kind::Not, 1)
        } else {
            let len = word_length(rest);
            (Kind::Word(rest.get(..len).unwrap_or_default().to_owned()), len)
        };
        tokens.push(Token { kind, at, len });
        at += len;
    }
    tokens.push(Token { kind: Kind::End, at: text.trim_end().len(), len: 0 });
    Ok(tokens)
}

/// What is between the quotes, and how long it is with them. A quote in it is written twice.
fn quoted(text: &str) -> Option<(Kind, usize)> {
    let mut inside = String::new();
    let mut rest = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = rest.next() {
        if character == '"' && rest.next_if(|(_, next)| *next == '"').is_none() {
            return Some((Kind::Quoted(inside), at + 1));
        }
        inside.push(character);
    }
    None
}

fn word_length(text: &str) -> usize {
    let ends = |at: usize, character: char| {
        let rest = text.get(at..).unwrap_or_default();
        character.is_whitespace() || character == '"' || SIGNS.iter().any(|(sign, _)| rest.starts_with(sign))
    };
    text.char_indices().find(|&(at, character)| ends(at, character)).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        tokens(text)
            .unwrap()
            .into_iter()
            .map(|token| match token.kind {
                Kind::Word(word) => word,
                Kind::Quoted(word) => format!("<{word}>"),
                Kind::End => "end".to_owned(),
                _ => text[token.at..token.at + token.len].to_owned(),
            })
            .collect()
    }

    #[test]
    fn signs_need_no_blanks() {
        assert_eq!(shown("recvq>=1K"), ["recvq", ">=", "1K", "end"]);
        assert_eq!(shown("!(a or b)"), ["!", "(", "a", "or", "b", ")", "end"]);
        assert_eq!(shown("dport!=:443"), ["dport", "!=", ":443", "end"]);
        assert_eq!(shown("a&&!b||c"), ["a", "&&", "!", "b", "||", "c", "end"]);
        assert_eq!(shown("process [!a]*x&y"), ["process", "[!a]*x&y", "end"]);
    }

    #[test]
    fn quotes() {
        assert_eq!(shown(r#"process "a b" pid"#), ["process", "<a b>", "pid", "end"]);
        assert_eq!(shown(r#""say ""hi""""#), ["<say \"hi\">", "end"]);
        assert_eq!(shown(r#""""#), ["<>", "end"]);
        assert_eq!(tokens(r#"a "b"#), Err(2));
        assert_eq!(shown("\"\"\"\""), ["<\">", "end"]);
        assert_eq!(tokens("\"\"\"\"\""), Err(0));
    }

    #[test]
    fn places_are_in_bytes() {
        let places: Vec<_> = tokens(" é  (x").unwrap().iter().map(|token| (token.at, token.len)).collect();
        assert_eq!(places, [(1, 2), (5, 1), (6, 1), (7, 0)]);
    }
}
