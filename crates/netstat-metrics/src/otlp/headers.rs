//! The headers that `OTEL_EXPORTER_OTLP_HEADERS` names, as the specification writes them: `name=value`, separated by commas,
//! with `%20` for what cannot stand there.

/// Reads headers; `None` where they are not written like that. What is wrong is not said: they hold passwords.
pub fn parse_headers(text: &str) -> Option<Vec<(String, String)>> {
    let header = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let name = name.trim();
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return None;
        }
        Some((name.to_owned(), decoded(value.trim())?))
    };
    text.split(',').filter(|part| !part.trim().is_empty()).map(header).collect()
}

/// Returns a value with its `%20` read; `None` if it could not stand in a header.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        let mut byte = *first;
        if byte == b'%' {
            let [high, low, behind @ ..] = rest else { return None };
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            byte = digit(*high)? * 16 + digit(*low)?;
            rest = behind;
        }
        if !(b' '..0x7f).contains(&byte) {
            return None;
        }
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headers_are_those_of_the_specification() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            parse_headers("authorization=Basic%20YTpi=, x-scope-orgid = 7 ,"),
            Some(vec![pair("authorization", "Basic YTpi="), pair("x-scope-orgid", "7")])
        );
        assert_eq!(parse_headers(""), Some(Vec::new()));
        for wrong in ["a", "=b", "a b=c", "a=%0d%0ab", "a=%", "a=%2", "a=%zz", "a=ü", "a:b=c"] {
            assert_eq!(parse_headers(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_header_never_begins_another(text in ".*") {
            for (name, value) in parse_headers(&text).unwrap_or_default() {
                prop_assert!(!name.is_empty() && !(name + &value).contains(|letter: char| letter.is_control()));
            }
        }
    }
}
