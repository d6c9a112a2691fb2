//! The nearest of several spellings.

/// The longest word that is compared, in characters; no spelling is nearly as long.
const LONGEST_COMPARED: usize = 40;

/// Returns the candidate with the fewest edits to the name, at most `furthest`; the first of equals.
pub(super) fn nearest(
    name: &str,
    candidates: impl IntoIterator<Item = &'static str>,
    furthest: usize,
) -> Option<&'static str> {
    let name: Vec<char> = name.to_ascii_lowercase().chars().take(LONGEST_COMPARED + 1).collect();
    if name.is_empty() || name.len() > LONGEST_COMPARED {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (edits(&name, candidate), candidate))
        .filter(|(distance, _)| *distance <= furthest)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns how many letters must be inserted, removed, replaced or swapped with their neighbour to turn one word into the
/// other (Damerau-Levenshtein distance, optimal string alignment).
fn edits(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    // The rows of the table of distances: two above, one above. Row 0 is "insert everything".
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    let mut previous_from = None;
    for (row, from_letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut left = row + 1;
        let mut previous_to = None;
        for (column, to_letter) in to.iter().enumerate() {
            let diagonal = above.get(column).copied().unwrap_or(usize::MAX);
            let up = above.get(column + 1).copied().unwrap_or(usize::MAX);
            let mut best = (diagonal.saturating_add(usize::from(from_letter != to_letter)))
                .min(up.saturating_add(1))
                .min(left.saturating_add(1));
            if previous_from == Some(to_letter) && previous_to == Some(from_letter) && column > 0 {
                let swapped = before.get(column - 1).copied().unwrap_or(usize::MAX);
                best = best.min(swapped.saturating_add(1));
            }
            current.push(best);
            left = best;
            previous_to = Some(to_letter);
        }
        before = above;
        above = current;
        previous_from = Some(from_letter);
    }
    above.last().copied().unwrap_or(from.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        let count = |from: &str, to| edits(&from.chars().collect::<Vec<_>>(), to);
        assert_eq!(count("", ""), 0);
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("abc", ""), 3);
        assert_eq!(count("tpc", "tcp"), 1);
        assert_eq!(count("versoin", "version"), 1);
        assert_eq!(count("nummeric", "numeric"), 1);
        assert_eq!(count("kitten", "sitting"), 3);
    }

    #[test]
    fn a_huge_word_is_not_compared() {
        assert_eq!(nearest(&"a".repeat(1_000_000), ["all"], usize::MAX), None);
    }
}
