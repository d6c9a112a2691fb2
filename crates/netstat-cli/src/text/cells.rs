//! Widths in terminal cells, and padding to them.

use unicode_width::UnicodeWidthStr;

/// The blanks that [`pad`] writes from; no column of a table is wider.
const BLANKS: [u8; 64] = [b' '; 64];

/// Writes blanks.
pub fn blanks(out: &mut Vec<u8>, mut count: usize) {
    while count > 0 {
        let some = count.min(BLANKS.len());
        out.extend_from_slice(BLANKS.get(..some).unwrap_or_default());
        count -= some;
    }
}

/// Fills what was written since `start` up to `width` display cells; what is longer stays whole.
pub fn pad(out: &mut Vec<u8>, start: usize, width: usize) {
    let cells = cells(out.get(start..).unwrap_or_default());
    blanks(out, width.saturating_sub(cells));
}

/// How many display cells a text takes: the bytes of plain ASCII, else the widths of its characters.
pub fn cells(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    std::str::from_utf8(text).map_or(text.len(), UnicodeWidthStr::width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_counts_cells_and_never_cuts() {
        let mut out = b"ab".to_vec();
        out.extend_from_slice("한글".as_bytes());
        pad(&mut out, 2, 6);
        assert_eq!(out, "ab한글  ".as_bytes());
        pad(&mut out, 0, 3);
        assert_eq!(out, "ab한글  ".as_bytes());
    }
}
