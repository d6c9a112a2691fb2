//! Numbers in a few cells.

/// Formats a number in at most five cells: `0`, `999`, `9.4K`, `120K`, `8.1M`, `1.2G`. Thousands, as on the wire.
pub(crate) fn short(number: u64) -> String {
    const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
    if number < 1000 {
        return number.to_string();
    }
    let mut unit = 1000_u64;
    for (at, name) in UNITS.iter().enumerate() {
        // Rounded before it is compared: 999,950 is 1.0M and not 1000K.
        let tenths = (u128::from(number) * 10 + u128::from(unit) / 2) / u128::from(unit);
        if tenths < 100 {
            return format!("{}.{}{name}", tenths / 10, tenths % 10);
        }
        let whole = (u128::from(number) + u128::from(unit) / 2) / u128::from(unit);
        if whole < 1000 || at + 1 == UNITS.len() {
            return format!("{whole}{name}");
        }
        unit = unit.saturating_mul(1000);
    }
    number.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1.0K"),
            (9949, "9.9K"),
            (9950, "10K"),
            (120_400, "120K"),
            (999_499, "999K"),
            (999_500, "1.0M"),
            (8_140_000, "8.1M"),
            (1_200_000_000, "1.2G"),
            (u64::MAX, "18E"),
        ] {
            assert_eq!(short(number), text, "{number}");
        }
    }
}
