//! From UTF-8, which is all that this program makes, to the character set of whoever reads on.

/// A character set that has ASCII as it is.
pub(super) trait Charset {
    /// Appends the text in this character set, `?` for what it does not have.
    fn encode(&self, text: &str, out: &mut Vec<u8>);
}

/// Turns UTF-8, which comes in pieces, into a character set.
///
/// Code pages have pictures at the places of control characters (an arrow at that of ESC in 437), so that text from
/// outside could be turned into what moves the cursor of a terminal. No control character comes out that did not go in.
#[derive(Debug)]
pub(super) struct Encoder<C> {
    charset: C,
    /// The beginning of a character whose end is in the next piece.
    begun: Vec<u8>,
}

impl<C: Charset> Encoder<C> {
    pub(super) fn new(charset: C) -> Self {
        Self { charset, begun: Vec::new() }
    }

    /// The next piece.
    pub(super) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        if self.begun.is_empty() {
            self.encode(piece, out);
        } else {
            let joined = [std::mem::take(&mut self.begun).as_slice(), piece].concat();
            self.encode(&joined, out);
        }
    }

    /// The end: a character that was only begun is none.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.begun.is_empty() {
            self.begun.clear();
            out.push(b'?');
        }
    }

    fn encode(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let (text, rest) = match std::str::from_utf8(bytes) {
                Ok(text) => (text, &[][..]),
                Err(error) => {
                    let (valid, rest) = bytes.split_at_checked(error.valid_up_to()).unwrap_or_default();
                    let text = std::str::from_utf8(valid).unwrap_or_default();
                    match error.error_len() {
                        Some(odd) => {
                            self.text(text, out);
                            out.push(b'?');
                            bytes = rest.get(odd..).unwrap_or_default();
                            continue;
                        }
                        None => (text, rest),
                    }
                }
            };
            self.text(text, out);
            self.begun.extend_from_slice(rest);
            return;
        }
    }

    /// ASCII as it is, all else by the character set.
    fn text(&self, mut text: &str, out: &mut Vec<u8>) {
        while !text.is_empty() {
            let ascii = text.bytes().position(|byte| !byte.is_ascii()).unwrap_or(text.len());
            let (plain, rest) = text.split_at_checked(ascii).unwrap_or((text, ""));
            out.extend_from_slice(plain.as_bytes());
            let other = rest.bytes().position(|byte| byte.is_ascii()).unwrap_or(rest.len());
            let (foreign, rest) = rest.split_at_checked(other).unwrap_or((rest, ""));
            if !foreign.is_empty() {
                let start = out.len();
                self.charset.encode(foreign, out);
                for byte in out.iter_mut().skip(start).filter(|byte| byte.is_ascii_control()) {
                    *byte = b'?';
                }
            }
            text = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One byte for each character of Latin 1, and, as code page 437 does it, ESC for an arrow.
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
    fn what_the_character_set_has_is_kept_and_the_rest_asked_about() {
        assert_eq!(
            encoded(&["  TCP  Größe 한 é\r\n\x1b[0m".as_bytes()]),
            b"  TCP  Gr\xf6\xdfe ? \xe9\r\n\x1b[0m"
        );
    }

    #[test]
    fn no_picture_becomes_a_control_character() {
        assert_eq!(encoded(&["\u{2190}[31m".as_bytes()]), b"?[31m");
    }

    #[test]
    fn characters_may_be_cut_anywhere() {
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
    fn what_is_not_utf8_is_asked_about() {
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
