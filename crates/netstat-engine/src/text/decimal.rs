//! Whole numbers in decimal, without the formatting machinery of the standard library.

/// The numbers below 100 with two digits.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

/// Returns the last two digits of a number.
pub(super) fn last_pair(number: u64) -> [u8; 2] {
    usize::try_from(number % 100).ok().and_then(|pair| PAIRS.get(pair).copied()).unwrap_or_default()
}

/// Writes a number in decimal.
pub fn decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut first = digits.len();
    for pair in digits.as_chunks_mut().0.iter_mut().rev() {
        *pair = last_pair(number);
        first -= if number < 10 { 1 } else { 2 };
        number /= 100;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(first..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decimals_are_those_of_the_standard_library(number: u64) {
            let mut out = Vec::new();
            decimal(&mut out, number);
            prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
