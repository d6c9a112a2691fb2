//! Numbers in texts for people.

/// Formats a whole number with commas: `12,345`.
pub fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a rate or a share: one decimal if it is small, commas if it is large.
pub fn decimal(number: f64) -> String {
    if !number.is_finite() {
        return "-".to_owned();
    }
    if number >= 1000.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the nearest that fits will do"
        )]
        grouped(number.round() as u64)
    } else if number.abs() >= 100.0 || (number - number.round()).abs() < 0.05 {
        format!("{number:.0}")
    } else {
        format!("{number:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn decimals_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (0.26, "0.3"),
            (2.0, "2"),
            (123.4, "123"),
            (-2.5, "-2.5"),
            (7003.4, "7,003"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(decimal(number), text);
        }
    }
}
