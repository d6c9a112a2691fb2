//! A short line on the stack. A table has hundreds of thousands of rows, and each is added to the output in one piece.

use super::decimal::last_pair;
use std::net::Ipv4Addr;

/// A line, which is written from the left. What goes beyond [`Line::WIDTH`] is lost, so only cells of a known greatest length
/// belong into it. Pieces are written in blocks of a fixed size, which is faster, and what a block has too much is written over
/// by the next one.
#[derive(Debug)]
pub struct Line {
    bytes: [u8; Self::WIDTH],
    len: usize,
}

/// An octet as text with a dot after it, the first character in the lowest byte, and how many characters those are.
const OCTETS: [(u32, u32); 256] = {
    let mut octets = [(0, 0); 256];
    let mut number = 0;
    while number < 256 {
        let [hundreds, tens, ones] = [number / 100, number / 10 % 10, number % 10];
        let mut text = b'.' as u32;
        text = text << 8 | (b'0' as u32 + ones);
        let mut len = 2;
        if number >= 10 {
            text = text << 8 | (b'0' as u32 + tens);
            len = 3;
        }
        if number >= 100 {
            text = text << 8 | (b'0' as u32 + hundreds);
            len = 4;
        }
        octets[number as usize] = (text, len);
        number += 1;
    }
    octets
};

impl Line {
    /// The greatest length of a line, in bytes.
    pub const WIDTH: usize = 96;

    /// Returns an empty line.
    #[inline]
    pub const fn new() -> Self {
        Self { bytes: [b' '; Self::WIDTH], len: 0 }
    }

    /// Writes a block, and goes on behind its first `len` bytes.
    #[inline]
    fn put_block<const N: usize>(&mut self, block: [u8; N], len: usize) {
        if let Some(place) = self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut) {
            *place = block;
        }
        self.len += len;
    }

    /// Adds text of ASCII characters.
    #[inline]
    pub fn put<const N: usize>(&mut self, text: &[u8; N]) {
        self.put_block(*text, N);
    }

    /// Adds a word of at most 12 ASCII characters.
    #[inline]
    pub fn put_word(&mut self, word: &str) {
        let mut block = [b' '; 12];
        let len = word.len().min(block.len());
        if let (Some(place), Some(word)) = (block.get_mut(..len), word.as_bytes().get(..len)) {
            place.copy_from_slice(word);
        }
        self.put_block(block, len);
    }

    /// Adds a number in decimal.
    #[inline]
    pub fn put_number(&mut self, number: u32) {
        match u16::try_from(number) {
            Ok(small) => self.put_small(small),
            Err(_) => {
                let mut digits = [0; 10];
                let mut rest = number;
                let mut len = 0;
                while rest > 0 {
                    // A digit fits a byte.
                    digits.rotate_right(1);
                    digits[0] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
                    rest /= 10;
                    len += 1;
                }
                self.put_block(digits, len);
            }
        }
    }

    /// Adds a number of at most five digits.
    #[inline]
    fn put_small(&mut self, number: u16) {
        let pair = |number: u16| u64::from(u16::from_le_bytes(last_pair(number.into())));
        let zeros = u32::from(number < 10_000)
            + u32::from(number < 1_000)
            + u32::from(number < 100)
            + u32::from(number < 10);
        let first = u64::from(b'0') + u64::from(number / 10_000);
        let digits = first | pair(number / 100) << 8 | pair(number) << 24;
        self.put_block((digits >> (8 * zeros)).to_le_bytes(), 5 - zeros as usize);
    }

    /// Adds `a.b.c.d`.
    #[inline]
    pub fn put_v4(&mut self, address: Ipv4Addr) {
        let [a, b, c, d] = address.octets().map(|octet| OCTETS[usize::from(octet)]);
        for ((one, len), (two, more)) in [(a, b), (c, d)] {
            let both = u64::from(one) | u64::from(two) << (8 * len);
            self.put_block(both.to_le_bytes(), (len + more) as usize);
        }
        // Without the last dot.
        self.len -= 1;
    }

    /// Adds `a.b.c.d:port`.
    #[inline]
    pub fn put_v4_and_port(&mut self, address: Ipv4Addr, port: u16) {
        self.put_v4(address);
        self.put(b":");
        self.put_small(port);
    }

    /// Adds blanks up to a column, at most 24, unless the line has reached it.
    #[inline]
    pub fn pad_to(&mut self, column: usize) {
        let missing = column.saturating_sub(self.len);
        if let Some(rest) = self.bytes.get_mut(self.len..) {
            match rest.first_chunk_mut::<24>() {
                Some(blanks) => *blanks = [b' '; 24],
                None => rest.fill(b' '),
            }
        }
        self.len += missing.min(24);
    }

    /// Returns the line.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cells_stand_at_their_columns(
            one: (Ipv4Addr, u16),
            two: (Ipv4Addr, u16),
            number in prop_oneof![any::<u32>(), 0..100_000u32],
        ) {
            let mut line = Line::new();
            line.put_v4_and_port(one.0, one.1);
            line.pad_to(23);
            line.put_v4_and_port(two.0, two.1);
            line.pad_to(46);
            line.put_word("TIME_WAIT");
            line.pad_to(56);
            line.put_number(number);
            let ends = [one, two].map(|(address, port)| format!("{address}:{port}"));
            let expected = format!("{:<23}{:<23}TIME_WAIT {number}", ends[0], ends[1]);
            prop_assert_eq!(std::str::from_utf8(line.bytes()).unwrap(), expected);
        }
    }

    #[test]
    fn what_does_not_fit_is_lost() {
        let mut line = Line::new();
        line.put(&[b'x'; Line::WIDTH - 3]);
        line.put_v4_and_port(Ipv4Addr::LOCALHOST, 80);
        line.put(b"end");
        line.put_word("TIME_WAIT");
        line.put_number(u32::MAX);
        assert_eq!(line.bytes().len(), Line::WIDTH);
    }
}
