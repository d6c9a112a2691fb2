//! Texts in both languages, and the numbers in them.

pub(crate) use netstat_engine::text::Language::{English as EN, Korean as KO};
pub use netstat_engine::text::{Text, amount::grouped, both::duration};
use netstat_model::IpEndpoint;

/// Returns the first of a list of names, and how many more there are: `a, b and 3 more`.
pub(crate) fn named(names: &[String], most: usize) -> Text {
    let first = names.get(..most).unwrap_or(names).join(", ");
    match names.len().saturating_sub(most) {
        0 => Text::same(first),
        more => Text::new(
            format!("{first} and {} more", grouped(more)),
            format!("{first} 외 {}개", grouped(more)),
        ),
    }
}

/// Formats the address of an end, with its zone where it has one, as filters and other programs take it.
pub(crate) fn host(end: IpEndpoint) -> String {
    match end.scope {
        0 => end.address.to_string(),
        zone => format!("{}%{zone}", end.address),
    }
}

/// Formats a number of bytes in the largest unit that is at least 1.
pub(crate) fn bytes(number: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut unit = 0;
    let mut tenths = u128::from(number) * 10;
    while tenths >= 10_240 && unit + 1 < units.len() {
        tenths /= 1024;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 || tenths >= 1000 {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_names_are_followed_by_how_many_more() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(named(&names, 3), Text::same("a, b, c".to_owned()));
        let more = named(&names, 2);
        assert_eq!((more.of(EN), more.of(KO)), ("a, b and 1 more", "a, b 외 1개"));
        assert_eq!(named(&[], 2), Text::default());
    }

    #[test]
    fn bytes_have_a_unit() {
        for (number, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (102_400, "100 KiB"),
            (5 * 1024 * 1024, "5.0 MiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
        assert!(bytes(u64::MAX).ends_with("PiB"));
    }
}
