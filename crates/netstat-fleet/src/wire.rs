//! RowBinary: values as they go over the wire, little-endian, without anything between them.

use std::io::{self, BufRead};

/// The most bytes of one text; a name or a path has fewer.
const LONGEST: u64 = 1 << 20;

/// A value that has a form on the wire.
pub(crate) trait Wire: Sized {
    fn put(&self, out: &mut Vec<u8>);

    /// # Errors
    /// When the connection breaks, or what comes is none.
    fn take(from: &mut dyn BufRead) -> io::Result<Self>;
}

pub(crate) fn invalid() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// Reads so many bytes.
fn bytes<const N: usize>(from: &mut dyn BufRead) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Wire for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(from: &mut dyn BufRead) -> io::Result<Self> {
                bytes(from).map(Self::from_le_bytes)
            }
        })*
    };
}

numbers!(u8, u16, u32, u64, i64);

impl Wire for [u8; 16] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn take(from: &mut dyn BufRead) -> io::Result<Self> {
        bytes(from)
    }
}

/// Text, in whatever bytes it was.
impl Wire for Box<[u8]> {
    fn put(&self, out: &mut Vec<u8>) {
        let mut length = self.len();
        while length >= 0x80 {
            out.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
            length >>= 7;
        }
        out.push(u8::try_from(length).unwrap_or_default());
        out.extend_from_slice(self);
    }

    fn take(from: &mut dyn BufRead) -> io::Result<Self> {
        let mut length = 0u64;
        for shift in (0..35).step_by(7) {
            let [byte] = bytes(from)?;
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if length > LONGEST {
                    return Err(invalid());
                }
                let mut text = vec![0; usize::try_from(length).map_err(|_| invalid())?];
                from.read_exact(&mut text)?;
                return Ok(text.into());
            }
        }
        Err(invalid())
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_none()));
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut dyn BufRead) -> io::Result<Self> {
        match bytes(from)? {
            [0] => T::take(from).map(Some),
            [1] => Ok(None),
            _ => Err(invalid()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn comes_back<T: Wire + PartialEq + std::fmt::Debug>(value: &T) {
        let mut out = Vec::new();
        value.put(&mut out);
        let mut from = out.as_slice();
        assert_eq!(&T::take(&mut from).unwrap(), value);
        assert!(from.is_empty());
        assert!(T::take(&mut &out[..out.len() - 1]).is_err());
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(number: u64, signed: Option<i64>, text in proptest::collection::vec(any::<u8>(), 0..300)) {
            comes_back(&number);
            comes_back(&signed);
            comes_back(&text.clone().into_boxed_slice());
            comes_back(&Some(text.into_boxed_slice()));
        }

        #[test]
        fn any_bytes_are_text_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = <Option<Box<[u8]>> as Wire>::take(&mut bytes.as_slice());
        }
    }

    #[test]
    fn a_text_without_end_takes_no_memory() {
        assert!(<Box<[u8]>>::take(&mut &[0xff, 0xff, 0xff, 0xff, 0x0f][..]).is_err());
    }
}
