//! Amounts in texts for people: whole numbers, rates, times.

use super::Text;
use std::time::Duration;

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

/// Formats a duration in at most two units: `3.2 s`, `45 s`, `2 min 5 s`, `3 h 7 min`, `12 d 4 h`.
pub fn duration(duration: Duration) -> Text {
    let seconds = duration.as_secs();
    let two = |big: u64, big_en: &str, big_ko: &str, small: u64, small_en: &str, small_ko: &str| {
        if small == 0 {
            return Text::new(format!("{big} {big_en}"), format!("{big}{big_ko}"));
        }
        Text::new(format!("{big} {big_en} {small} {small_en}"), format!("{big}{big_ko} {small}{small_ko}"))
    };
    match seconds {
        0..10 => {
            let tenths = duration.subsec_millis() / 100;
            if tenths == 0 {
                return Text::new(format!("{seconds} s"), format!("{seconds}초"));
            }
            Text::new(format!("{seconds}.{tenths} s"), format!("{seconds}.{tenths}초"))
        }
        10..60 => Text::new(format!("{seconds} s"), format!("{seconds}초")),
        60..3600 => two(seconds / 60, "min", "분", seconds % 60, "s", "초"),
        3600..86_400 => two(seconds / 3600, "h", "시간", seconds % 3600 / 60, "min", "분"),
        _ => two(seconds / 86_400, "d", "일", seconds % 86_400 / 3600, "h", "시간"),
    }
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
    use super::super::Language;
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
    fn durations_have_two_units_at_most() {
        for (milliseconds, english, korean) in [
            (0, "0 s", "0초"),
            (3200, "3.2 s", "3.2초"),
            (45_900, "45 s", "45초"),
            (125_000, "2 min 5 s", "2분 5초"),
            (3_600_000, "1 h", "1시간"),
            (11_220_000, "3 h 7 min", "3시간 7분"),
            (1_051_200_000, "12 d 4 h", "12일 4시간"),
        ] {
            let text = duration(Duration::from_millis(milliseconds));
            assert_eq!((text.of(Language::English), text.of(Language::Korean)), (english, korean));
        }
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
