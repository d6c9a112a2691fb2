//! Tables of the IP Helper functions: a count, then rows of a fixed size.

use super::memory::u32_at;
use netstat_model::Warning;

/// Offset of the first row in a table whose rows are aligned to eight bytes. The count before it takes four.
pub(super) const FIRST_ROW: usize = 8;

/// Splits a table into its rows, which begin at `first` and have `size` bytes each. Also returns how many rows are
/// missing from what the count says.
pub(super) fn rows(table: &[u8], first: usize, size: usize) -> (impl Iterator<Item = &[u8]>, u64) {
    let count = u32_at(table, 0).unwrap_or(0) as usize;
    let whole = table.get(first..).unwrap_or_default().chunks_exact(size);
    let missing = count.saturating_sub(whole.len()) as u64;
    (whole.take(count), missing)
}

/// Decodes the rows of a table. Rows that are missing or malformed are counted in one warning about `what`.
pub(super) fn decode_rows<T>(
    table: &[u8],
    size: usize,
    what: &'static str,
    warnings: &mut Vec<Warning>,
    mut decode: impl FnMut(&[u8]) -> Option<T>,
) -> Vec<T> {
    let (rows, mut count) = rows(table, FIRST_ROW, size);
    let mut decoded = Vec::new();
    for row in rows {
        match decode(row) {
            Some(row) => decoded.push(row),
            None => count += 1,
        }
    }
    if count > 0 {
        warnings.push(Warning::OddMessages { what, count });
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_table_cut_short_has_fewer_rows_than_its_count() {
        let table = [3, 0, 0, 0, 1, 2, 3, 4, 5];
        let (rows, missing) = rows(&table, 4, 2);
        assert_eq!((rows.collect::<Vec<_>>(), missing), (vec![&[1, 2][..], &[3, 4]], 1));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(table: Vec<u8>) {
            let (rows, _) = rows(&table, FIRST_ROW, 5);
            prop_assert!(rows.count() <= table.len());
        }
    }
}
