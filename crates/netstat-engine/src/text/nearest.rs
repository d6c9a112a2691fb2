//! The word that was probably meant.

/// The longest word that is compared, in characters; no word that can be meant is nearly as long.
const LONGEST_COMPARED: usize = 40;

/// Returns the word with the fewest edits to the typed one, at most `furthest`; the first of equals. Letter case does not
/// count, and `_` is the same as `-`.
pub fn nearest<W: AsRef<str>>(typed: &str, words: impl IntoIterator<Item = W>, furthest: usize) -> Option<W> {
    let typed = fold(typed);
    if typed.is_empty() || typed.len() > LONGEST_COMPARED {
        return None;
    }
    let near = words.into_iter().filter_map(|word| {
        let distance = distance(&typed, &fold(word.as_ref()));
        (distance <= furthest).then_some((distance, word))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

fn fold(word: &str) -> Vec<char> {
    let folded = word.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() });
    folded.take(LONGEST_COMPARED + 1).collect()
}

/// Returns the number of letters to change, add, remove, or swap with a neighbour (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let (left, up, corner) = match (row.last(), last.get(j + 1), last.get(j)) {
                (Some(left), Some(up), Some(corner)) => (left + 1, up + 1, corner + usize::from(x != y)),
                _ => return usize::MAX,
            };
            let mut least = left.min(up).min(corner);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if let (true, Some(before)) = (swapped, before.get(j.wrapping_sub(1))) {
                least = least.min(before + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found() {
        let words = ["port", "lport", "state", "proto", "fin-wait-1"];
        for (typed, near) in [
            ("prot", Some("port")),
            ("POTR", Some("port")),
            ("sate", Some("state")),
            ("lprt", Some("lport")),
            ("FIN_WAIT_1", Some("fin-wait-1")),
            ("banana", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, words, 2), near, "{typed}");
        }
        assert_eq!(nearest(&"a".repeat(1_000_000), ["all"], usize::MAX), None);
    }

    #[test]
    fn edits_are_counted() {
        for (from, to, edits) in [("", "abc", 3), ("abc", "", 3), ("ab", "ba", 1), ("versoin", "version", 1)]
        {
            assert_eq!(distance(&fold(from), &fold(to)), edits, "{from}");
        }
        assert_eq!(distance(&fold("kitten"), &fold("sitting")), 3);
    }
}
