//! JSON objects and strings, appended to a buffer. A table of sockets has millions of them, and a serializer needs several
//! times as long.

/// Writes a key, after a comma where something stands before it in its object. The key must need no escapes.
pub fn key(out: &mut Vec<u8>, key: &str) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Writes a string. What `write` appends must be UTF-8 without control characters, as [`super::escape`] leaves it.
pub fn string(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    let start = out.len();
    write(out);
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\');
    if out.iter().skip(start).any(is_special) {
        for byte in out.split_off(start) {
            if is_special(&byte) {
                out.push(b'\\');
            }
            out.push(byte);
        }
    }
    out.push(b'"');
}

/// Writes a list, each item by `write`.
pub fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_are_those_of_serde(text in "\\PC*") {
            let mut out = Vec::new();
            string(&mut out, |out| out.extend_from_slice(text.as_bytes()));
            prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
        }
    }
}
