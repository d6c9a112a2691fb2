//! Whole numbers in decimal, without the formatting machinery of the standard library.

/// Writes a number in decimal.
pub fn decimal(out: &mut Vec<u8>, mut number: u64) {
    if let Ok(short) = u32::try_from(number)
        && short < 100_000
    {
        let (text, len) = up_to_five_digits(short);
        out.extend_from_slice(text.get(..len).unwrap_or_default());
        return;
    }
    let mut digits = [0u8; 20];
    let mut used = 0;
    for slot in digits.iter_mut().rev() {
        // A remainder of ten fits a byte.
        *slot = b'0' + u8::try_from(number % 10).unwrap_or_default();
        used += 1;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

/// Returns the digits of a number below 100,000, and how many there are. It has no branches: most numbers of a table of
/// sockets are ports and process IDs.
pub(super) fn up_to_five_digits(number: u32) -> ([u8; 8], usize) {
    let digits = [number % 10, number / 10 % 10, number / 100 % 10, number / 1_000 % 10, number / 10_000];
    // The first digit in the lowest byte.
    let text = digits.into_iter().fold(0, |text, digit| text << 8 | u64::from(digit) | u64::from(b'0'));
    let zeros = [10, 100, 1_000, 10_000].into_iter().map(|least| u32::from(number < least)).sum::<u32>();
    ((text >> (zeros * 8)).to_le_bytes(), 5 - zeros as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decimals_are_those_of_the_standard_library(number: u64, shift in 0..64u32) {
            let number = number >> shift;
            let mut out = Vec::new();
            decimal(&mut out, number);
            prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
