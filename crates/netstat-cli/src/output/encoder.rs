//! Converts UTF-8, which the program produces, to the character set of the reader.

/// A character set that contains ASCII unchanged.
pub(super) trait Charset {
    /// Appends the text in this character set, with `?` for characters that it lacks.
    fn encode(&self, text: &str, out: &mut Vec<u8>);
}

/// Converts UTF-8, which arrives in pieces, to a character set.
///
/// Code pages have pictures in the places of control characters (437 has an arrow in the place of ESC), so text from
/// outside could turn into an escape sequence. No control character comes out that did not go in.
#[derive(Debug)]
pub(super) struct Encoder<C> {
    charset: C,
    /// The beginning of a character that continues in the next piece.
    begun: Vec<u8>,
}

impl<C: Charset> Encoder<C> {
    pub(super) fn new(charset: C) -> Self {
        Self { charset, begun: Vec::new() }
    }

    /// Appends the next piece of text, converted.
    pub(super) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        if self.begun.is_empty() {
            self.encode(piece, out);
        } else {
            let joined = [std::mem::take(&mut self.begun).as_slice(), piece].concat();
            self.encode(&joined, out);
        }
    }

    /// Ends the text. A character of which only the beginning arrived becomes `?`.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.begun).is_empty() {
            out.push(b'?');
        }
    }

    fn encode(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.encode_text(chunk.valid(), out);
            let invalid = chunk.invalid();
            let cut_off = std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if cut_off && chunks.peek().is_none() {
                self.begun.extend_from_slice(invalid);
            } else if !invalid.is_empty() {
                out.push(b'?');
            }
        }
    }

    /// Copies ASCII and converts everything else.
    fn encode_text(&self, text: &str, out: &mut Vec<u8>) {
        for run in text.as_bytes().chunk_by(|one, next| one.is_ascii() == next.is_ascii()) {
            if run.is_ascii() {
                out.extend_from_slice(run);
                continue;
            }
            let start = out.len();
            // A run of non-ASCII bytes begins and ends at a character boundary.
            self.charset.encode(std::str::from_utf8(run).unwrap_or_default(), out);
            for byte in out.iter_mut().skip(start).filter(|byte| byte.is_ascii_control()) {
                *byte = b'?';
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Latin 1, but with ESC for an arrow, as in code page 437.
    struct Latin;

    impl Charset for Latin {
        fn encode(&self, text: &str, out: &mut Vec<u8>) {
            out.extend(text.chars().map(|character| match character {
                '\u{2190}' => 0x1b,
                other => u8::try_from(u32::from(other)).unwrap_or(b'?'),
            }));
        }
    }

    fn encoded(pieces: &[&[u8]]) -> Vec<u8> {
        let mut encoder = Encoder::new(Latin);
        let mut out = Vec::new();
        for piece in pieces {
            encoder.push(piece, &mut out);
        }
        encoder.finish(&mut out);
        out
    }

    #[test]
    fn a_character_that_the_charset_lacks_becomes_a_question_mark() {
        assert_eq!(
            encoded(&["  TCP  Größe 한 é\r\n\x1b[0m".as_bytes()]),
            b"  TCP  Gr\xf6\xdfe ? \xe9\r\n\x1b[0m"
        );
    }

    #[test]
    fn a_picture_never_becomes_a_control_character() {
        assert_eq!(encoded(&["\u{2190}[31m".as_bytes()]), b"?[31m");
    }

    #[test]
    fn a_character_may_be_split_between_pieces() {
        let text = "aé€😀한b".as_bytes();
        let whole = encoded(&[text]);
        assert_eq!(whole, b"a\xe9???b");
        for cut in 0..=text.len() {
            assert_eq!(encoded(&[&text[..cut], &text[cut..]]), whole, "{cut}");
        }
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(encoded(&single), whole);
    }

    #[test]
    fn invalid_utf8_becomes_a_question_mark() {
        assert_eq!(encoded(&[b"a\xffb\xed\xa0\x80c\xe2\x82"]), b"a?b???c?");
        assert_eq!(encoded(&[b"\xe2\x82", b"x"]), b"?x");
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(bytes: Vec<u8>, cuts in proptest::collection::vec(0usize..64, 0..4)) {
            let mut rest = bytes.as_slice();
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, more) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = more;
            }
            pieces.push(rest);
            prop_assert_eq!(encoded(&pieces), encoded(&[&bytes]));
        }
    }
}
